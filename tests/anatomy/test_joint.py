"""Cover and weight-bearing part: closed forms on a cup, and the edges of the phantoms and of real pelves."""

import numpy as np
import pytest

from osteon.anatomy import (
    Hip,
    Sphere,
    WeightBearing,
    acetabular_edge_deg,
    covering_grid,
    crop,
    hip_of_mask,
    mid_coronal,
    middle_area_percent,
    points_mm,
    resample,
    teardrop_deg,
    weight_bearing,
    weight_bearing_percent,
)

RADIUS = 24.0


def hip(side="left"):
    lateral = 1.0 if side == "left" else -1.0
    return Hip(side, Sphere(np.zeros(3), RADIUS, 0.0, 90.0), np.array([0.8 * lateral, 0.0, -0.6]))


def cup(side="left", edge_deg=30.0, end_deg=-115.0, gap_mm=3.0, thick_mm=3.0):
    """A wedge of a hollow ball, from `end_deg` to `edge_deg` of the coronal plane."""
    grid = covering_grid([0, 0, 0], RADIUS + gap_mm + thick_mm + 4, 0.8)
    x, _, z = np.moveaxis(points_mm(grid), -1, 0)
    angle = np.degrees(np.arctan2(x if side == "left" else -x, z))
    away = np.linalg.norm(points_mm(grid), axis=-1) - RADIUS
    return grid.with_array((away > gap_mm) & (away < gap_mm + thick_mm) & (angle < edge_deg) & (angle > end_deg))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("edge_deg", [-12.0, 5.0, 28.5, 45.0])
def test_the_edge_of_a_cup_is_where_it_ends(side, edge_deg):
    found = acetabular_edge_deg(cup(side, edge_deg), hip(side), mid_coronal(hip(side)))
    # Voxels of 0.8 mm at 28 mm, half of one is 0.8 degrees, and steps of 0.5.
    assert found == pytest.approx(edge_deg, abs=1.5)


def test_a_hole_of_the_mask_is_no_edge():
    pelvis = cup(edge_deg=35.0)
    x, _, z = np.moveaxis(points_mm(pelvis), -1, 0)
    hole = np.abs(np.degrees(np.arctan2(x, z)) - 10.0) < 1.0
    pierced = pelvis.with_array(pelvis.array & ~hole)
    assert acetabular_edge_deg(pierced, hip(), mid_coronal(hip())) == pytest.approx(35.0, abs=1.5)


def test_bone_far_from_the_head_does_not_cover_it():
    assert acetabular_edge_deg(cup(gap_mm=14.0), hip(), mid_coronal(hip())) is None


def test_a_head_inside_bone_all_round_has_no_edge():
    assert acetabular_edge_deg(cup(edge_deg=179.9, end_deg=-180.0), hip(), mid_coronal(hip())) is None


def test_the_lower_end_of_a_thin_cup_is_its_teardrop():
    assert teardrop_deg(cup(), hip(), mid_coronal(hip())) == pytest.approx(-115.0, abs=3.0)


@pytest.mark.parametrize("side", ["left", "right"])
def test_on_a_thin_round_cup_the_medial_end_is_half_way(side):
    sector = weight_bearing(cup(side, thick_mm=2.0), hip(side), mid_coronal(hip(side)))
    # The perpendicular at the middle of a chord runs through the centre: (30 - 115) / 2.
    assert sector.medial_deg == pytest.approx(-42.5, abs=2.5)
    assert sector.lateral_deg == pytest.approx(30.0, abs=1.5)
    assert sector.extent_deg == sector.lateral_deg - sector.medial_deg


def test_on_a_thick_cup_the_medial_end_follows_the_construction():
    thick = 12.0
    found = weight_bearing(cup(thick_mm=thick, end_deg=-120.0), hip(), mid_coronal(hip()))

    def at(angle, away):
        return away * np.array([np.sin(np.radians(angle)), np.cos(np.radians(angle))])

    # The lowest bone of such a cup is its outer corner.
    edge, lowest = at(30.0, RADIUS + 3.0), at(-120.0, RADIUS + 3.0 + thick)
    middle, chord = (edge + lowest) / 2, (lowest - edge) / np.linalg.norm(lowest - edge)
    across = np.array([chord[1], -chord[0]]) * np.sign(chord[1] * -1 - chord[0])
    along = -middle @ across + np.sqrt((middle @ across) ** 2 + (RADIUS + 3.0) ** 2 - middle @ middle)
    meets = middle + along * across
    # The sharp outer corner is rounded by about a voxel, and 1 mm there turns the perpendicular by 1.5 degrees.
    assert found.medial_deg == pytest.approx(np.degrees(np.arctan2(*meets)), abs=3.0)


def test_constructions_that_no_source_confirms_are_declared():
    settings = weight_bearing(cup(), hip(), mid_coronal(hip())).settings
    assert len(settings) == 2
    assert all("DERIVED" in setting for setting in settings)


def test_without_a_pelvis_there_is_no_weight_bearing_part():
    empty = cup()
    empty = empty.with_array(np.zeros(empty.shape, bool))
    assert weight_bearing(empty, hip(), mid_coronal(hip())) is None
    assert teardrop_deg(empty, hip(), mid_coronal(hip())) is None


def test_a_wall_that_goes_on_downwards_has_no_teardrop():
    pelvis = cup(thick_mm=6.0)
    tall = covering_grid([0, 0, 0], 75.0, 1.5)
    wall = tall.with_array(np.abs(points_mm(tall)[..., 0] + RADIUS + 6) < 3)
    roofed = wall.with_array(wall.array | resample(pelvis, wall).array)
    assert teardrop_deg(roofed, hip(), mid_coronal(hip())) is None


@pytest.fixture(scope="module")
def ball():
    grid = covering_grid([0, 0, 0], 28.0, 1.0)
    return grid.with_array(np.linalg.norm(points_mm(grid), axis=-1) < RADIUS)


def test_a_lesion_of_one_half_of_the_weight_bearing_cortex_is_fifty_percent(ball):
    # The wedge from the vertical to the lateral side, over the whole depth of the head.
    wedge = ball.with_array(ball.array & (points_mm(ball)[..., 0] > 0))
    sector = WeightBearing(-30.0, 30.0)
    percent = weight_bearing_percent(ball, wedge, hip(), mid_coronal(hip()), sector)
    assert percent == pytest.approx(50.0, abs=3.0)
    assert weight_bearing_percent(ball, ball, hip(), mid_coronal(hip()), sector) == 100.0


def test_the_middle_area_of_a_lesion_is_its_share_of_the_slices(ball):
    whole = middle_area_percent(ball, ball, hip(), mid_coronal(hip()))
    front = ball.with_array(ball.array & (points_mm(ball)[..., 1] < 0.5))
    assert whole == 100.0
    # 11 planes from -10 to 10 mm: the middle one is larger than the outer ones and lies in the front half.
    assert middle_area_percent(ball, front, hip(), mid_coronal(hip())) == pytest.approx(54.0, abs=3.0)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["ex1", "ex2", "ex3"])
def test_the_edge_of_the_phantoms_ct_is_the_true_one(data, example, case):
    nibabel = pytest.importorskip("nibabel")
    from scipy import ndimage

    truth, masks = example(case)
    image = nibabel.load(data / "phantoms_examples" / case / "ct.nii.gz")
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine
    bone = np.asarray(image.dataobj, np.float32)
    measured = hip_of_mask(masks["bone"])
    femur = resample(masks["bone"], type(masks["bone"])(bone, affine))
    # Cortex is about 1200 HU on soft tissue of 50: 300 keeps thin walls, closing fills the marrow between them.
    rest = ndimage.binary_closing((bone > 300) & ~ndimage.binary_dilation(femur.array, iterations=2), iterations=2)
    pieces = ndimage.label(rest)[0]
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    pelvis = femur.with_array(pieces == sizes.argmax())
    found = acetabular_edge_deg(pelvis, measured, mid_coronal(measured))
    assert found == pytest.approx(truth["acetabular_edge_deg"], abs=2.0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [None, 5])
def test_real_acetabula_have_edge_teardrop_and_a_weight_bearing_part(shape_model, voxelised, seed):
    femur, femur_faces, pelvis, pelvis_faces = shape_model(seed)
    ours = hip_of_mask(voxelised(femur, femur_faces, (1.2, 1.2, 1.2), top_mm=150), "left")
    whole = voxelised(pelvis, pelvis_faces, (1.2, 1.2, 1.2))
    center = whole.to_index(ours.head.center_mm)
    near = crop(whole, center - 60, center + 60)
    sector = weight_bearing(near, ours, mid_coronal(ours))
    assert 15 < sector.lateral_deg < 75
    assert -140 < teardrop_deg(near, ours, mid_coronal(ours)) < -90
    assert -75 < sector.medial_deg < -15
