"""Arcs of dead bone: closed forms on a ball with a cone of lesion, and the phantoms' truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osteon.anatomy import (
    Arc,
    Hip,
    Sphere,
    covering_grid,
    directions,
    head_directions,
    lesion_arc,
    lesion_surface_fraction,
    level,
    longest_arc,
    mid_coronal,
    mid_sagittal,
    necrotic,
    necrotic_shares,
    points_mm,
    surface_distances,
    tilted,
    within_turn,
)


def cone(grid, axis, half_angle_deg, from_mm=0.0, to_mm=99.0):
    places = points_mm(grid)
    away = np.linalg.norm(places, axis=-1)
    inside = places @ axis >= away * np.cos(np.radians(half_angle_deg))
    return grid.with_array(inside & (away >= from_mm) & (away <= to_mm))


def unit(*parts):
    return np.array(parts) / np.linalg.norm(parts)


@settings(max_examples=12)
@given(st.floats(-180, 180), st.floats(20, 80))
def test_a_cone_in_the_plane_is_twice_its_half_angle_wide(ball_hip, towards, half_angle):
    hip, ball = ball_hip
    plane = mid_coronal(hip)
    lesion = cone(ball, directions(plane, towards), half_angle)
    lesion = lesion.with_array(lesion.array & ball.array)
    arc = lesion_arc(ball, lesion, hip, plane)
    # Half a voxel of 1 mm is 1.4 degrees at 21 mm, at either end, and the step is 1 degree.
    assert arc.extent_deg == pytest.approx(2 * half_angle, abs=3.0)
    assert abs(within_turn(arc.middle_deg - towards)) < 1.5


@pytest.mark.parametrize("off_deg", [20.0, 35.0])
def test_a_cone_beside_the_plane_is_cut_by_spherical_trigonometry(ball_hip, off_deg):
    hip, ball = ball_hip
    off = np.radians(off_deg)
    lesion = cone(ball, np.array([0.0, -np.sin(off), np.cos(off)]), 50.0)
    arc = lesion_arc(ball, lesion, hip, mid_coronal(hip))
    assert arc.extent_deg == pytest.approx(2 * np.degrees(np.arccos(np.cos(np.radians(50)) / np.cos(off))), abs=3.0)


# 60 % of the bone from 1 to 5 mm deep is 2.4 mm: a lesion from the surface must go 3.4 mm deep.
@pytest.mark.parametrize(("depth_mm", "counts"), [(2.0, False), (3.0, False), (3.8, True), (6.0, True)])
def test_a_thin_leak_along_the_surface_does_not_count(depth_mm, counts):
    grid = covering_grid([0, 0, 0], 28.0, 0.5)
    ball = grid.with_array(np.linalg.norm(points_mm(grid), axis=-1) < 24.0)
    leak = cone(ball, np.array([0.0, 0.0, 1.0]), 60.0, from_mm=24.0 - depth_mm)
    ray = np.array([[0.0, 0.0, 1.0], [0.3, 0.1, 0.95]])
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)
    assert necrotic(ball, leak, np.zeros(3), ray).tolist() == [counts, counts]


def test_a_share_grows_with_the_depth_of_the_lesion():
    grid = covering_grid([0, 0, 0], 28.0, 0.5)
    ball = grid.with_array(np.linalg.norm(points_mm(grid), axis=-1) < 24.0)
    leak = cone(ball, np.array([0.0, 0.0, 1.0]), 60.0, from_mm=21.0)
    share = necrotic_shares(ball, leak, np.zeros(3), np.array([[0.0, 0.0, 1.0]]))
    # From 1 to 3 mm of the 1 to 5 mm; half a voxel of 0.5 mm either way.
    assert share[0] == pytest.approx(0.5, abs=0.08)


def test_directions_without_bone_are_not_necrotic(ball_hip):
    _, ball = ball_hip
    half = ball.with_array(ball.array & (points_mm(ball)[..., 2] < 3.0))
    ray = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]])
    assert necrotic(half, half, np.zeros(3), ray).tolist() == [False, True]


def test_the_surface_is_the_outermost_bone_within_reach(ball_hip):
    _, ball = ball_hip
    places = points_mm(ball)
    hollow = ball.with_array(ball.array & (np.linalg.norm(places - [0, 0, 15.0], axis=-1) > 4.0))
    rays = head_directions(50)
    found = surface_distances(level(hollow), np.zeros(3), rays)
    # Smoothing moves the border of a ball of 24 mm inwards by sigma²/r = 0.03 mm; the staircase adds 0.2 mm of noise.
    assert found.mean() == pytest.approx(24.0, abs=0.1)
    assert np.abs(found - 24.0).max() < 0.5


def test_no_lesion_has_no_arc_and_no_surface(ball_hip):
    hip, ball = ball_hip
    none = ball.with_array(np.zeros(ball.shape, bool))
    assert lesion_arc(ball, none, hip, mid_coronal(hip)) is None
    assert lesion_surface_fraction(ball, none, hip) == 0.0


def test_a_head_that_is_all_lesion_is_a_full_turn(ball_hip):
    hip, ball = ball_hip
    assert lesion_arc(ball, ball, hip, mid_coronal(hip)) == Arc(-180.0, 180.0)
    assert lesion_surface_fraction(ball, ball, hip) == 1.0


@settings(max_examples=40)
@given(st.lists(st.booleans(), min_size=8, max_size=72), st.integers(0, 71))
def test_the_longest_arc_turns_with_its_flags(flags, turn):
    step = 360 / len(flags)
    angles = -180 + step * np.arange(1, len(flags) + 1)
    first = longest_arc(np.array(flags), angles)
    rolled = longest_arc(np.roll(flags, turn), angles)
    assert (first is None) == (rolled is None) == (not any(flags))
    assert first is None or rolled.extent_deg == pytest.approx(first.extent_deg)
    assert first is None or first.extent_deg <= step * sum(flags) + 1e-9


def test_two_arcs_do_not_add_up():
    flags = np.zeros(360, bool)
    flags[10:40] = flags[100:150] = True
    assert longest_arc(flags, np.arange(-179.0, 181.0)).extent_deg == 50.0


def test_an_arc_over_the_bottom_is_unbroken():
    flags = np.zeros(360, bool)
    flags[-20:] = flags[:15] = True
    arc = longest_arc(flags, np.arange(-179.0, 181.0))
    assert (arc.extent_deg, arc.from_deg, arc.to_deg) == (35.0, 160.5, 195.5)
    assert arc.middle_deg == 178.0


@pytest.mark.parametrize(("given_deg", "same"), [(180.0, 180.0), (-180.0, 180.0), (190.0, -170.0), (-350.0, 10.0)])
def test_angles_lie_in_one_turn(given_deg, same):
    assert within_turn(given_deg) == same


def test_the_share_of_the_surface_is_that_of_a_cap(ball_hip):
    hip, ball = ball_hip
    lesion = cone(ball, unit(-0.3, -0.3, 0.9), 45.0)
    # A cap of half angle a has (1 - cos a) / 2 of a sphere, and the head ends at 0.55 r along the neck.
    expected = (1 - np.cos(np.radians(45))) / (1 + 0.55)
    assert lesion_surface_fraction(ball, lesion, hip) == pytest.approx(expected, abs=0.012)


def test_a_right_hip_measures_the_same_as_its_mirror_image(ball_hip):
    hip, ball = ball_hip
    lesion = cone(ball, unit(0.4, -0.5, 0.8), 42.0)
    mirror = Hip("right", Sphere(np.zeros(3), 24.0, 0.0, 100.0), hip.neck_axis * [-1, 1, 1])
    flipped = lesion.with_array(lesion.array[::-1])
    for plane in (mid_coronal, mid_sagittal):
        ours, theirs = lesion_arc(ball, lesion, hip, plane(hip)), lesion_arc(ball, flipped, mirror, plane(mirror))
        assert (ours.from_deg, ours.to_deg) == pytest.approx((theirs.from_deg, theirs.to_deg), abs=1e-6)


@pytest.mark.parametrize("axes", [(1, 2, 0), (2, 1, 0)])
def test_the_order_of_the_arrays_axes_changes_nothing(example, true_hip, axes):
    truth, masks = example("ex1")
    hip = true_hip(truth)

    def turned(mask):
        return type(mask)(mask.array.transpose(axes), mask.affine[:, [*axes, 3]])

    plane = mid_coronal(hip)
    assert lesion_arc(turned(masks["bone"]), turned(masks["lesion"]), hip, plane) == lesion_arc(
        masks["bone"], masks["lesion"], hip, plane
    )


@pytest.mark.parametrize("case", ["ex1", "ex2", "ex3"])
@pytest.mark.parametrize("name", ["coronal", "sagittal"])
def test_the_phantoms_arcs_are_the_true_ones(example, true_hip, case, name):
    truth, masks = example(case)
    hip = true_hip(truth)
    plane = {"coronal": mid_coronal, "sagittal": mid_sagittal}[name](hip)
    arc = lesion_arc(masks["bone"], masks["lesion"], hip, plane, step_deg=0.5)
    # Masks on slices 3.9 to 4.4 mm apart; the bar is 3 degrees.
    assert arc.extent_deg == pytest.approx(truth[f"kerboul_{name}_deg"], abs=3.0)
    assert (arc.from_deg, arc.to_deg) == pytest.approx(truth[f"{name}_lesion_from_to_deg"], abs=3.0)


def test_turning_the_plane_a_little_changes_the_angle_a_little(example, true_hip):
    truth, masks = example("ex2")
    hip = true_hip(truth)
    plane = mid_coronal(hip)
    extents = [lesion_arc(masks["bone"], masks["lesion"], hip, tilted(plane, t)).extent_deg for t in (-2.0, 0.0, 2.0)]
    assert np.ptp(extents) < 10.0
