"""The border of a mask, between voxels and between slices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osteon.anatomy import Volume, covering_grid, points_mm
from osteon.imaging.measure.border import inside, moved_per_half_voxel, soft_mask
from osteon.imaging.measure.ct_surface import crossings_mm, under_plate
from osteon.imaging.measure.outline import away_mm, redrawn
from osteon.imaging.measure.rays import dead_share, surface_mm


def ball(radius, spacing, offset=(0.0, 0.0, 0.0)):
    """A ball on slices of the given voxels, its centre anywhere between them."""
    shape = tuple(int(2 * radius / step) + 8 for step in spacing)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -(np.array(shape) - 1) / 2 * spacing + offset
    grid = Volume(np.zeros(shape, bool), affine)
    return grid.with_array(np.linalg.norm(points_mm(grid), axis=-1) <= radius)


@pytest.mark.parametrize(
    ("spacing", "within_mm"), [((0.5, 0.5, 0.5), 0.1), ((1.0, 0.8, 0.8), 0.1), ((4.4, 0.6, 0.6), 0.35)]
)
def test_the_smooth_border_of_a_ball_runs_where_the_ball_ends(spacing, within_mm):
    soft = soft_mask(ball(22.0, spacing, (0.2, 0.1, 0.05)), covering_grid([0, 0, 0], 26, 1.0))

    away = np.linalg.norm(points_mm(soft), axis=-1)
    near = np.abs(away - 22) < 1.5
    off = (soft.array - 0.5)[near] - (22 - away[near])

    assert abs(off.mean()) < within_mm  # between slices 4 mm apart a chord lies up to 0.1 mm inside the circle
    assert off.std() < 0.3


@given(st.floats(-0.8, 0.8), st.floats(-0.8, 0.8))
@settings(max_examples=10)
def test_a_mask_that_is_grown_more_holds_more(first, second):
    soft = soft_mask(ball(12.0, (3.0, 0.8, 0.8)), covering_grid([0, 0, 0], 16, 1.0))

    volumes = [inside(soft.with_array(soft.array + mm)).sum() for mm in sorted((first, second))]

    assert volumes[0] <= volumes[1]


def test_half_a_voxel_moves_the_border_by_half_its_edge_along_each_axis():
    images = Volume(np.zeros((2, 2, 2)), np.diag([4.0, 0.6, 0.6, 1.0]))
    soft = soft_mask(ball(12.0, (4.0, 0.6, 0.6)), covering_grid([0, 0, 0], 16, 1.0))

    moved = moved_per_half_voxel(soft, images)

    middle = np.array(soft.shape) // 2
    assert moved[middle[0] + 11, middle[1], middle[2]] == pytest.approx(2.0, abs=0.1)
    assert moved[middle[0], middle[1] + 11, middle[2]] == pytest.approx(0.3, abs=0.1)


def test_nothing_is_marked_outside_the_masks_own_grid():
    whole = Volume(np.ones((4, 4, 4), bool), np.eye(4))

    soft = soft_mask(whole, covering_grid([20, 20, 20], 4, 1.0))

    assert soft.array.max() < 0.5


def test_an_empty_mask_is_far_from_everywhere():
    soft = soft_mask(Volume(np.zeros((4, 4, 4), bool), np.eye(4)), covering_grid([2, 2, 2], 3, 1.0))

    assert inside(soft).max() == 0


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1))
@settings(max_examples=15)
def test_rays_find_the_surface_of_a_ball_from_any_point_near_its_middle(x, y, z):
    grid = covering_grid([0, 0, 0], 34, 1.0)
    soft = grid.with_array((20.5 - np.linalg.norm(points_mm(grid), axis=-1)).astype(np.float32))
    start = np.array([x, y, z])
    rays = np.array([[0.0, 0.0, 1.0], [0.6, 0.8, 0.0], [0.0, -1.0, 0.0]])

    found = surface_mm(soft, start, rays, 20.0)

    # |start + t ray| = 20
    along = rays @ start
    exact = -along + np.sqrt(along**2 + 400 - start @ start)
    assert np.abs(found - exact).max() < 0.1


def test_a_ray_without_bone_has_no_surface_and_nothing_dead():
    grid = covering_grid([0, 0, 0], 34, 1.0)
    nothing = grid.with_array(np.full(grid.shape, -5.0, np.float32))
    rays = np.array([[0.0, 0.0, 1.0]])

    surface = surface_mm(nothing, np.zeros(3), rays, 20.0)

    assert np.isnan(surface).all()
    assert dead_share(nothing, nothing, np.zeros(3), rays, surface).tolist() == [0.0]


@pytest.mark.parametrize(("dead_to_mm", "share"), [(1.0, 0.0), (3.0, 0.5), (5.0, 1.0)])
def test_the_dead_share_counts_the_bone_from_1_to_5_mm(dead_to_mm, share):
    grid = covering_grid([0, 0, 0], 34, 0.5)
    away = np.linalg.norm(points_mm(grid), axis=-1)
    bone = grid.with_array((20.5 - away).astype(np.float32))
    dead = grid.with_array((0.5 + np.minimum(20 - away, away - (20 - dead_to_mm))).astype(np.float32))
    rays = np.array([[0.0, 0.0, 1.0], [0.6, 0.0, 0.8]])

    found = dead_share(bone, dead, np.zeros(3), rays, surface_mm(bone, np.zeros(3), rays, 20.0))

    assert np.abs(found - share).max() < 0.08  # samples are 0.25 mm apart, on 4 mm


def test_a_surface_is_seen_between_its_points_but_not_far_from_them(bones):
    head = bones.hip().head
    rays = np.array([bones.direction("left", angle) for angle in (-40.0, 0.0, 80.0)])
    seen = [bones.direction("left", a, b) for a in np.arange(-60, 20, 4.0) for b in np.arange(-40, 40, 4.0)]
    points = head.center_mm + 23.0 * np.array(seen)

    away = away_mm(points, head, rays)

    assert away[:2] == pytest.approx([23.0, 23.0])
    assert np.isnan(away[2])


def test_the_outline_takes_a_dent_from_the_ct_and_the_rest_from_its_own_points(bones):
    hip = bones.hip()
    grid = bones.grid()
    soft = soft_mask(bones.femur(grid), grid)
    around = np.array([bones.direction("left", a, b) for a in np.arange(-90, 90, 3.0) for b in np.arange(-85, 85, 3.0)])
    dent = around @ bones.direction("left", 0.0) > np.cos(np.radians(20))
    ct = hip.head.center_mm + around * np.where(dent, bones.RADIUS - 3, bones.RADIUS - 0.5)[:, None]

    drawn = redrawn(soft, hip.head.center_mm + bones.RADIUS * around, ct, hip, 0.5)

    rays = np.array([bones.direction("left", 0.0), bones.direction("left", -45.0)])
    found = surface_mm(drawn, hip.head.center_mm, rays, bones.RADIUS)
    assert found == pytest.approx([bones.RADIUS - 3, bones.RADIUS], abs=0.25)


def test_on_ct_the_surface_lies_where_the_image_has_risen_halfway():
    away = np.arange(27.0, 15.0, -0.25)
    joint = away >= 23.0
    plate = np.clip((24.1 - away) / 2.0, 0, 1)  # rises from 24.1 to 22.1 mm: half of it at 23.1
    profile = 40 + 860 * np.tile(plate, (5, 1)) + 700 * (away > 26.6)  # and the socket outside

    assert crossings_mm(profile, away, joint) == pytest.approx(23.1, abs=0.05)


def test_on_ct_bone_that_stands_over_a_place_keeps_it_from_counting_as_sunken_surface():
    away = np.arange(27.0, 15.0, -0.25)
    sunken = np.where(away < 20.0, 900.0, 40.0)
    thin_plate = np.where(np.abs(away - 24.0) < 0.5, 400.0, sunken)

    hidden = under_plate(np.array([sunken, thin_plate]), away, np.array([20.0, 20.0]), 24.0)

    assert hidden.tolist() == [False, True]


def test_without_contrast_there_is_no_surface():
    away = np.arange(27.0, 15.0, -0.25)

    assert np.isnan(crossings_mm(np.full((3, len(away)), 50.0), away, away >= 23)).all()
