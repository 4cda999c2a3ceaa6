"""Millimetres and voxels: whatever way an array lies, a place in the patient stays where it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from osteon.anatomy import Volume, covering_grid, crop, points_mm, resample, same_grid, sample

ANGLES = st.tuples(*[st.floats(-180, 180)] * 3)
SPACINGS = st.tuples(*[st.floats(0.3, 6.0)] * 3)


def oblique(shape, angles, spacing):
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix() * np.array(spacing)
    affine[:3, 3] = (12.0, -40.0, 900.0)
    return Volume(np.zeros(shape), affine)


@settings(max_examples=20)
@given(ANGLES, SPACINGS)
def test_an_index_comes_back_from_its_millimetres(angles, spacing):
    volume = oblique((4, 5, 6), angles, spacing)
    index = np.array([[0.0, 0, 0], [3, 4, 5], [1.5, 2.25, 0.1]])
    # Rounding only: coordinates of 1e3 mm carry 1e-13 of them.
    assert np.allclose(volume.to_index(volume.to_mm(index)), index, atol=1e-8)


@settings(max_examples=20)
@given(ANGLES, SPACINGS)
def test_spacing_and_volume_do_not_depend_on_the_direction_of_the_axes(angles, spacing):
    volume = oblique((2, 2, 2), angles, spacing)
    assert np.allclose(volume.spacing_mm, spacing)
    assert volume.voxel_mm3 == pytest.approx(np.prod(spacing))
    assert np.allclose(volume.directions.T @ volume.directions, np.eye(3))


@settings(max_examples=15)
@given(ANGLES, SPACINGS)
def test_a_linear_image_is_sampled_exactly_on_an_oblique_grid(angles, spacing):
    empty = oblique((5, 6, 7), angles, spacing)
    slope = np.array([0.3, -0.7, 0.2])
    image = empty.with_array(points_mm(empty) @ slope)
    places = empty.to_mm(np.array([[1.2, 3.7, 2.5], [0.0, 0.0, 0.0], [3.9, 4.9, 5.9]]))
    assert np.allclose(sample(image, places), places @ slope, atol=1e-9)


def test_a_place_outside_has_no_value_unless_one_is_named():
    volume = Volume(np.ones((2, 2, 2)), np.eye(4))
    assert np.isnan(sample(volume, [5.0, 0, 0]))
    assert sample(volume, [5.0, 0, 0], outside=-1.0) == -1.0


def test_half_a_voxel_beyond_the_last_centre_is_still_inside():
    volume = Volume(np.full((2, 2, 2), 3.0), np.diag([2.0, 2.0, 2.0, 1.0]))
    assert sample(volume, [[2.9, 0, 0], [3.1, 0, 0]], outside=0.0).tolist() == [3.0, 0.0]


def test_a_mask_is_sampled_as_a_fraction():
    mask = Volume(np.array([[[False, True]]]), np.eye(4))
    assert sample(mask, [0, 0, 0.25]) == pytest.approx(0.25)


# Half way between 1 and 4 on a parabola: the nearest voxel's 4, the straight line's 2.5, the curve's own 2.25.
@pytest.mark.parametrize(("order", "value"), [(0, 4.0), (1, 2.5), (3, 2.25)])
def test_interpolation_is_nearest_linear_or_cubic(order, value):
    squares = Volume(np.arange(-6.0, 7).reshape(1, 1, -1) ** 2, np.eye(4))
    assert sample(squares, [0, 0, 7.5 + 1e-6], order=order) == pytest.approx(value, abs=0.01)


def test_resampling_onto_its_own_grid_changes_nothing():
    rng = np.random.default_rng(0)
    volume = Volume(rng.normal(size=(4, 5, 6)), np.diag([1.0, 2.0, 0.5, 1.0]))
    assert np.allclose(resample(volume, volume).array, volume.array)


def test_a_resampled_mask_is_a_mask_of_the_same_volume():
    fine = covering_grid([0, 0, 0], 20.0, 1.0)
    ball = fine.with_array(np.linalg.norm(points_mm(fine), axis=-1) < 15)
    turned = Volume(np.zeros((30, 30, 30)), np.diag([1.3, 1.3, 1.3, 1.0]))
    turned.affine[:3, :3] = Rotation.from_euler("z", 30, degrees=True).as_matrix() * 1.3
    turned.affine[:3, 3] = -turned.affine[:3, :3] @ np.full(3, 14.5)
    moved = resample(ball, turned)
    assert moved.array.dtype == bool
    # 2 %: the border of a ball of 15 mm holds about a tenth of its voxels, and errors of half a voxel cancel.
    assert moved.array.sum() * moved.voxel_mm3 == pytest.approx(4 / 3 * np.pi * 15**3, rel=0.02)


def test_crop_keeps_every_voxel_where_it_was():
    volume = oblique((6, 7, 8), (10, 20, 30), (1.0, 2.0, 0.5))
    part = crop(volume, [1, -3, 2], [4, 5, 99])
    assert part.shape == (3, 5, 6)
    assert np.allclose(part.to_mm([0, 0, 0]), volume.to_mm([1, 0, 2]))


def test_a_covering_grid_has_its_point_in_the_middle():
    grid = covering_grid([7.0, -3.0, 100.0], (4.0, 5.0, 6.0), 0.8)
    assert np.allclose(grid.to_mm((np.array(grid.shape) - 1) / 2), [7.0, -3.0, 100.0])
    assert np.all((np.array(grid.shape) - 1) / 2 * 0.8 >= [4.0, 5.0, 6.0])


def test_grids_are_the_same_only_when_every_voxel_coincides():
    a = covering_grid([0, 0, 0], 5.0, 1.0)
    nudged = Volume(a.array, a.affine.copy())
    nudged.affine[0, 3] += 0.02
    assert same_grid(a, covering_grid([0, 0, 0], 5.0, 1.0))
    assert not same_grid(a, nudged)
    assert not same_grid(a, crop(a, [0, 0, 0], [5, 5, 5]))
