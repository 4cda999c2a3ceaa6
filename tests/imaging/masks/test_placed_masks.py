"""Where a mask comes to lie on another grid, and how large it then is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from osteon.anatomy import Volume, points_mm, resample
from osteon.errors import InputError
from osteon.imaging.masks import mask_on
from osteon.imaging.series import Mask, Series


def grid(shape, spacing, turned=(0, 0, 0), center=(0, 0, 0)):
    """An empty grid about a point, turned by three angles."""
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("zyx", turned, degrees=True).as_matrix() @ np.diag(spacing)
    affine[:3, 3] = np.array(center) - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Volume(np.zeros(shape, bool), affine)


THICK = grid((14, 80, 80), (3.85, 0.6, 0.6))
FINE = grid((50, 50, 50), (1, 1, 1), (20, 5, -10))


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def cone(grid):
    """A cone 30 mm high with its axis across the slices of THICK."""
    x, y, z = np.moveaxis(points_mm(grid), -1, 0)
    return grid.with_array((np.abs(x) < 15) & (np.hypot(y, z) < (15 - x) / 2))


def test_on_its_own_grid_a_mask_stays_as_it_is(ball):
    mask = ball(THICK, 18.0)
    assert np.array_equal(mask_on(mask, THICK).array, mask.volume.array)


def test_on_a_part_of_its_grid_it_is_cut_and_no_more(ball):
    from osteon.anatomy import crop

    mask = ball(THICK, 18.0)
    part = crop(THICK, [4, 20, 30], [12, 70, 80])
    assert np.array_equal(mask_on(mask, part).array, mask.volume.array[4:12, 20:70, 30:80])


@settings(max_examples=8)
@given(
    turned=st.tuples(*[st.floats(-60, 60)] * 3),
    radius=st.floats(6, 19),
    spacing=st.sampled_from([(1, 1, 1), (0.7, 0.7, 0.7), (2, 1, 1), (4, 1, 1)]),
)
def test_the_volume_stays_on_any_grid(turned, radius, spacing):
    inside = np.linalg.norm(points_mm(THICK) - [0.3, -0.7, 1.1], axis=-1) <= radius
    shape = tuple(int(48 / each) for each in spacing)
    placed = mask_on(Mask(THICK.with_array(inside), "ball", "drawn", ""), grid(shape, spacing, turned))
    drawn, now = inside.sum() * THICK.voxel_mm3, placed.array.sum() * placed.voxel_mm3
    # half a voxel: so many voxels are taken as make up the volume
    assert now == pytest.approx(drawn, abs=0.51 * placed.voxel_mm3)


@pytest.mark.parametrize("shape", [lambda g: g.with_array(np.linalg.norm(points_mm(g), axis=-1) < 20.3), cone])
def test_thick_slices_are_joined_by_their_outlines_and_not_by_steps(shape):
    truth = shape(FINE).array
    smooth = mask_on(Mask(shape(THICK), "x", "drawn", ""), FINE).array
    steps = resample(shape(THICK), FINE).array
    assert dice(smooth, truth) > 0.965
    assert dice(smooth, truth) > dice(steps, truth) + 0.01


def test_one_slice_becomes_a_slab_as_thick_as_the_slice(ball):
    flat = ball(THICK, 18.0)
    array = np.zeros_like(flat.volume.array)
    array[7] = flat.volume.array[7]
    placed = mask_on(Mask(THICK.with_array(array), "x", "drawn", ""), grid((60, 60, 60), (0.7, 0.7, 0.7)))
    along = placed.array.any(axis=(1, 2)).sum() * 0.7
    assert along == pytest.approx(3.85, abs=0.7)  # to one voxel


def test_half_outside_only_the_inside_is_kept(ball):
    mask = ball(THICK, 10.0, (0, 0, 12))
    placed = mask_on(mask, grid((24, 24, 24), (1, 1, 1)))
    assert 0.4 < placed.array.sum() / (mask.volume.array.sum() * THICK.voxel_mm3) < 0.6


def test_a_mask_beside_the_image_is_refused_with_the_distance(ball):
    # the ball's nearest voxel lies about 100 - 10 mm from the centre, the image ends at 20 mm
    with pytest.raises(InputError, match=r"lies outside the image, (69|70)\.\d mm from it at the nearest"):
        mask_on(ball(grid((40, 40, 40), (1, 1, 1), center=(100, 0, 0)), 10.0, (100, 0, 0)), grid((40,) * 3, (1, 1, 1)))


def test_another_frame_of_reference_is_refused_and_an_unnamed_one_is_trusted(ball):
    mask = ball(THICK, 10.0)
    named = Mask(mask.volume, "x", "drawn", "", frame_of_reference_uid="1.2.3")
    with pytest.raises(InputError, match="another frame of reference"):
        mask_on(named, Series("s1", "MR", FINE, frame_of_reference_uid="1.2.4"))
    assert mask_on(named, Series("s1", "MR", FINE)).array.any()
    assert mask_on(mask, Series("s1", "MR", FINE, frame_of_reference_uid="1.2.4")).array.any()


def test_an_empty_mask_stays_empty():
    assert not mask_on(Mask(THICK, "x", "drawn", ""), FINE).array.any()


def test_an_image_too_coarse_for_the_mask_is_refused(ball):
    with pytest.raises(InputError, match="fills no voxel of this image by half"):
        mask_on(ball(THICK, 3.0), grid((5, 5, 5), (20, 20, 20)))
