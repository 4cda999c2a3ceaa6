"""The head and its parts: volumes in closed form, and the phantoms' denominators."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osteon.anatomy import (
    DENOMINATORS,
    OCTANTS,
    Hip,
    Sphere,
    bone_depth_mm,
    covering_grid,
    head_directions,
    head_region,
    latitude_longitude_deg,
    octants,
    pillar_shares,
    pillars,
    points_mm,
    subchondral_shell,
)

RADIUS = 24.0
NECK = np.array([0.8, 0.0, -0.6])


def volume_mm3(weights):
    return float(weights.array.sum() * weights.voxel_mm3)


def hip(center=(0.0, 0.0, 0.0), side="left"):
    return Hip(side, Sphere(np.asarray(center, float), RADIUS, 0.0, 90.0), NECK)


@settings(max_examples=10)
@given(
    st.tuples(*[st.floats(-1, 1)] * 3),
    st.tuples(*[st.floats(-30, 30)] * 3),
    st.sampled_from([(1, 1, 1), (0.6, 4.0, 0.6)]),
)
def test_the_sphere_has_its_volume_on_any_grid(grid_about, center, turn, spacing):
    grid = grid_about((0, 0, 0), RADIUS + 6, spacing, turn_deg=turn)
    ball = head_region(grid, hip(center), "sphere")
    # Voxels on the border are counted on a lattice of 0.7 mm.
    assert volume_mm3(ball) == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.003)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 4.0, 0.7)])
def test_bone_proximal_to_the_plane_is_a_ball_without_its_cap(grid_about, spacing):
    grid = grid_about((0, 0, 0), 34.0, spacing)
    ball = grid.with_array(np.linalg.norm(points_mm(grid), axis=-1) < RADIUS)
    height = RADIUS * (1 - 0.55)
    cap = np.pi * height**2 * (3 * RADIUS - height) / 3
    region = head_region(ball, hip(), "proximal_to_0.55r")
    assert region.array.dtype == np.float32
    # The ball's own mask counts whole voxels: 1 % on slices of 4 mm.
    assert volume_mm3(region) == pytest.approx(4 / 3 * np.pi * RADIUS**3 - cap, rel=0.012)


def test_bone_in_the_sphere_leaves_out_neck_and_all_else(drawn_femur, grid_about):
    femur = drawn_femur()
    mask = femur.mask(grid_about(femur.center_mm, 40.0, 1.0))
    region = head_region(mask, femur.hip, "bone_in_sphere")
    away = np.linalg.norm(points_mm(mask) - femur.center_mm, axis=-1)
    assert region.array[away > RADIUS + 2.0].max() == 0.0
    assert region.array[away < RADIUS - 2.0].min() == 1.0


def test_the_tip_of_the_greater_trochanter_is_no_head(grid_about):
    grid = grid_about((0, 0, 0), 60.0, 1.5)
    places = points_mm(grid)
    tip = np.linalg.norm(places - [10.0, 30.0, 40.0], axis=-1) < 8
    ball = np.linalg.norm(places, axis=-1) < RADIUS
    region = head_region(grid.with_array(ball | tip), hip(), "proximal_to_0.55r")
    assert region.array[tip].max() == 0.0


def test_a_head_outside_the_image_is_empty():
    far = covering_grid([500.0, 0, 0], 10.0, 1.0)
    assert head_region(far, hip(), "sphere").array.sum() == 0.0


@pytest.mark.parametrize("case", ["ex1", "ex2", "ex3"])
def test_the_phantoms_fractions_are_the_true_ones(example, true_hip, case):
    truth, masks = example(case)
    lesion_ml = masks["lesion"].array.sum() * masks["lesion"].voxel_mm3 / 1000
    keys = ("pct_of_head_plane", "pct_of_bone_in_sphere", "pct_of_sphere")
    for denominator, key in zip(DENOMINATORS, keys, strict=True):
        region = head_region(masks["bone"], true_hip(truth), denominator)
        # Half a point: the lesion's own mask loses 1 % on slices of 4 mm.
        assert 100 * lesion_ml / (volume_mm3(region) / 1000) == pytest.approx(truth[key], abs=0.5)


@pytest.mark.parametrize(
    ("denominator", "key"), list(zip(DENOMINATORS, ("head_plane_ml", "bone_in_sphere_ml", "sphere_ml"), strict=True))
)
@pytest.mark.parametrize("case", ["ex1", "ex2", "ex3"])
def test_the_phantoms_heads_have_the_true_volumes(example, true_hip, case, denominator, key):
    truth, masks = example(case)
    region = head_region(masks["bone"], true_hip(truth), denominator)
    assert volume_mm3(region) / 1000 == pytest.approx(truth[key], rel=0.01)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (4.0, 0.6, 0.6), (0.7, 4.4, 0.7)])
def test_the_octants_of_a_ball_are_equal_wherever_its_voxels_lie(grid_about, spacing):
    grid = grid_about((0.3, -0.4, 0.2), 30.0, spacing)
    ball = head_region(grid, hip(), "sphere")
    parts = octants(grid, hip())
    whole = ball.array.sum()
    assert tuple(parts) == OCTANTS
    assert np.allclose(sum(part.array for part in parts.values()), 1.0, atol=1e-5)
    assert [float((part.array * ball.array).sum() / whole) for part in parts.values()] == pytest.approx(
        [1 / 8] * 8, abs=0.003
    )


def test_an_octant_carries_the_patients_names():
    grid = covering_grid([0, 0, 0], 10.0, 2.0)
    left, right = octants(grid, hip()), octants(grid, hip(side="right"))
    place = tuple(grid.to_index([6.0, -6.0, 6.0]).astype(int))
    assert left["superior_anterior_lateral"].array[place] == 1.0
    assert right["superior_anterior_medial"].array[place] == 1.0


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 4.0, 0.7)])
def test_depth_in_a_ball_is_what_is_left_to_its_border(grid_about, spacing):
    grid = grid_about((0, 0, 0), 34.0, spacing)
    away = np.linalg.norm(points_mm(grid), axis=-1)
    ball = grid.with_array(away < RADIUS)
    depth = bone_depth_mm(ball, hip())
    inside = away < RADIUS - 2.0
    # On 4 mm slices the poles are only known to about a millimetre.
    assert np.abs(depth[inside] - (RADIUS - away[inside])).mean() < 0.35
    assert depth[~ball.array].max() == 0.0


def test_the_subchondral_shell_is_a_hollow_ball_without_its_cap(grid_about):
    grid = grid_about((0, 0, 0), 34.0, 1.0)
    ball = grid.with_array(np.linalg.norm(points_mm(grid), axis=-1) < RADIUS)
    shell = subchondral_shell(ball, hip(), (0.0, 5.0))
    whole, inner = head_region(ball, hip(), "proximal_to_0.55r"), RADIUS - 5.0
    height = inner - 0.55 * RADIUS
    core = 4 / 3 * np.pi * inner**3 - np.pi * height**2 * (3 * inner - height) / 3
    # 0.1 mm of depth over the whole shell is 2 % of its 5 mm.
    assert shell.array.sum() == pytest.approx(volume_mm3(whole) - core, rel=0.03)
    assert shell.array.dtype == bool


def test_the_pillars_share_the_width_by_30_40_30():
    medial, central, lateral = pillars(hip())
    assert medial.from_mm == -RADIUS
    assert lateral.to_mm == RADIUS
    widths = [p.to_mm - p.from_mm for p in (medial, central, lateral)]
    assert widths == pytest.approx([0.6 * RADIUS, 0.8 * RADIUS, 0.6 * RADIUS])


@pytest.mark.parametrize(("side", "sign"), [("left", 1.0), ("right", -1.0)])
def test_a_lesion_of_the_medial_pillar_is_seen_there_alone(side, sign):
    grid = covering_grid([0, 0, 0], 28.0, 0.8)
    ball = grid.with_array(np.linalg.norm(points_mm(grid), axis=-1) < RADIUS)
    medial = ball.with_array(ball.array & (points_mm(ball)[..., 0] * sign < -0.4 * RADIUS))
    upright = Hip(side, Sphere(np.zeros(3), RADIUS, 0.0, 90.0), np.array([0.8 * sign, 0.0, -0.6]))
    shares = pillar_shares(ball, medial, upright)
    # A voxel of 0.8 mm over a pillar of 14 mm.
    assert shares["medial"] == pytest.approx(1.0, abs=0.06)
    assert shares["central"] == pytest.approx(0.0, abs=0.06)
    assert shares["lateral"] == 0.0


@pytest.mark.parametrize(
    ("offset", "place"),
    [
        ((0, 0, 9), (90, 0)),
        ((9, 0, 0), (0, 0)),
        ((-9, 0, 0), (0, 180)),
        ((0, -9, 0), (0, 90)),
        ((0, 9, -9), (-45, -90)),
    ],
)
def test_latitude_rises_to_the_top_and_longitude_turns_from_lateral_to_the_front(offset, place):
    assert latitude_longitude_deg(np.array([5.0, 6.0, 7.0]) + offset, hip((5.0, 6.0, 7.0))) == pytest.approx(place)


def test_head_directions_stand_for_equal_areas():
    rays = head_directions(2000)
    assert np.allclose(np.linalg.norm(rays, axis=1), 1.0)
    # A cap of 30 degrees has 6.7 % of the sphere, wherever it lies.
    axes = head_directions(20)
    assert ((rays @ axes.T) > np.cos(np.radians(30))).mean(axis=0) == pytest.approx(
        (1 - np.cos(np.radians(30))) / 2, abs=0.003
    )
