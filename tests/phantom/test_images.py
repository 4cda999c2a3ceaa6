"""What the two scanners make of a label map."""

import numpy as np
import pytest

from osteon.anatomy import Volume, sample
from osteon.phantom import Recipe, Tissue, on_slices
from osteon.phantom.mr import MARROW, across_slice, scan_grid, slice_directions, slice_profile

CENTER = np.array([90.0, 10.0, 400.0])


def test_a_slice_averages_what_lies_across_it():
    # A step at y = 0 seen by a coronal slice whose middle is 1 mm on the dark side.
    fine = Volume(np.zeros((20, 41, 20), np.float32), np.diag([0.5, 0.5, 0.5, 1.0]))
    fine.array[:, 21:, :] = 1.0
    fine.affine[:3, 3] = [0, -10.25, 0]
    places, weights = slice_profile(4.0)
    grid = Volume(np.zeros((1, 3, 3)), np.array([[0, 0, 1, 2], [4, 0, 0, -1], [0, -1, 0, 8], [0, 0, 0, 1.0]]))
    seen = across_slice(fine, grid, 0, places, weights)
    # The profile is 1 within 0.4, and falls to 0 at 0.6 of the slice: a quarter of its area lies beyond 1 mm.
    assert seen == pytest.approx(np.full((3, 3), 0.25), abs=0.03)


def test_a_slice_profile_has_the_area_of_its_thickness():
    places, weights = slice_profile(3.5)
    level = weights.max()
    assert weights.sum() == pytest.approx(1)
    assert weights.sum() / level * (places[1] - places[0]) == pytest.approx(3.5, rel=0.06)


@pytest.mark.parametrize(
    ("plane", "normal"), [("cor", [0.0, 1.0, 0.0]), ("sag", [-1.0, 0.0, 0.0]), ("ax", [0.0, 0.0, 1.0])]
)
def test_untilted_slices_lie_in_the_patients_planes(plane, normal):
    grid = scan_grid(Recipe(plane=plane), CENTER)
    np.testing.assert_allclose(grid.directions[:, 0], normal, atol=1e-12)


@pytest.mark.parametrize("plane", ["cor", "sag", "ax"])
def test_a_tilt_turns_the_slices_by_as_many_degrees(plane):
    level = np.cross(*slice_directions(Recipe(plane=plane)))
    turned = np.cross(*slice_directions(Recipe(plane=plane, tilt_deg=(15.0, 0.0))))
    both = slice_directions(Recipe(plane=plane, tilt_deg=(9.0, -12.0)))
    assert np.degrees(np.arccos(level @ turned)) == pytest.approx(15)
    assert both[0] @ both[1] == pytest.approx(0, abs=1e-12)


def test_the_middle_of_the_series_holds_the_heads_centre():
    grid = scan_grid(Recipe(seed=9, tilt_deg=(11.0, 4.0)), CENTER)
    index = grid.to_index(CENTER)
    assert abs(index[0] - (grid.shape[0] - 1) / 2) <= 0.5
    np.testing.assert_allclose(index[1:], (grid.shape[1] - 1) / 2)


def test_fatty_marrow_is_bright_bone_dark_and_muscle_between(healthy):
    places = healthy.mr.to_index(healthy.hip.head.center_mm).astype(int)
    near = healthy.mr.array[tuple(slice(i - 1, i + 2) for i in places)]
    # Shading up to 25 % and noise of a 22nd.
    assert MARROW * 0.7 < near.mean() < MARROW * 1.3
    neck = sample(healthy.labels, healthy.hip.head.center_mm + healthy.hip.head.radius_mm * 1.6 * healthy.hip.neck_axis)
    assert neck == Tissue.RED_MARROW


def test_masks_on_the_slices_keep_their_volume(collapsed):
    on_mr = on_slices(collapsed, collapsed.lesion)
    volume_ml = on_mr.array.sum() * on_mr.voxel_mm3 / 1000
    # Whole voxels of 3.85 x 1 x 1 mm on a lesion of about 12 ml.
    assert volume_ml == pytest.approx(collapsed.truth["lesion_ml_after_collapse"], rel=0.05)


def test_the_ct_shows_hounsfield_units_where_the_bone_is(healthy):
    center = healthy.hip.head.center_mm
    head = sample(healthy.ct, center + np.random.default_rng(1).uniform(-8, 8, (200, 3)))
    assert 200 < head.mean() < 330
    assert healthy.ct.array.max() > 900
    assert healthy.ct.array.dtype == np.int16


def test_every_bone_voxel_has_a_tissue_of_bone(collapsed):
    labels = collapsed.labels.array
    assert labels[collapsed.femur.array].min() >= Tissue.CORTEX
    assert set(np.unique(labels[collapsed.lesion.array])) <= {Tissue.CORE, Tissue.BAND, Tissue.PLATE}
    assert not (collapsed.femur.array & collapsed.pelvis.array).any()
