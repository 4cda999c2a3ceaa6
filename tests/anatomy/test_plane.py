"""The planes run exactly through the head's centre and their angles follow one convention."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osteon.anatomy import (
    Hip,
    Plane,
    Sphere,
    Volume,
    angle_deg,
    directions,
    mid_coronal,
    mid_oblique,
    mid_sagittal,
    points_mm,
    shifted,
    slice_image,
    tilted,
)

CENTER = np.array([80.0, -20.0, 500.0])


def hip(side="left"):
    lateral = 1.0 if side == "left" else -1.0
    return Hip(side, Sphere(CENTER, 24.0, 0.4, 80.0), np.array([0.76 * lateral, 0.1, -np.sqrt(1 - 0.76**2 - 0.01)]))


def test_zero_is_up_and_ninety_is_lateral_on_either_side():
    assert np.allclose(directions(mid_coronal(hip("left")), [0, 90]), [[0, 0, 1], [1, 0, 0]])
    assert np.allclose(directions(mid_coronal(hip("right")), [0, 90]), [[0, 0, 1], [-1, 0, 0]])


def test_ninety_is_anterior_on_the_sagittal_plane():
    assert np.allclose(directions(mid_sagittal(hip()), [0, 90, 180]), [[0, 0, 1], [0, -1, 0], [0, 0, -1]])


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_oblique_plane_holds_the_neck_and_rises_to_the_front(side):
    plane = mid_oblique(hip(side))
    assert np.allclose(directions(plane, 180.0), hip(side).neck_axis)
    assert plane.positive[1] < -0.9
    assert abs(plane.up @ plane.positive) < 1e-12


@settings(max_examples=25)
@given(st.floats(-179.9, 180), st.floats(1, 60))
def test_an_angle_comes_back_from_a_point_at_it(angle, away):
    plane = tilted(mid_sagittal(hip()), 17.0, "positive")
    assert angle_deg(plane, plane.center_mm + away * directions(plane, angle)) == pytest.approx(angle, abs=1e-6)


def test_straight_down_is_plus_180():
    assert angle_deg(mid_coronal(hip("right")), CENTER - [0.0, 0.0, 5.0]) == 180.0


@settings(max_examples=20)
@given(st.floats(-90, 90), st.sampled_from(["up", "positive", "normal"]))
def test_a_turned_plane_still_has_right_angles_and_turns_back(degrees, about):
    plane = mid_coronal(hip())
    turned = tilted(plane, degrees, about)
    assert abs(turned.up @ turned.positive) < 1e-12
    assert np.allclose(tilted(turned, -degrees, about).positive, plane.positive)
    assert np.allclose(turned.center_mm, CENTER)


def test_the_angle_between_a_plane_and_the_turned_one_is_the_one_asked_for():
    plane = mid_coronal(hip())
    assert plane.normal @ tilted(plane, 15.0, "up").normal == pytest.approx(np.cos(np.radians(15)))
    assert plane.normal @ tilted(plane, 15.0, "normal").normal == pytest.approx(1.0)


def test_a_shifted_plane_is_parallel():
    moved = shifted(mid_coronal(hip()), 4.0)
    assert np.allclose(moved.center_mm - CENTER, 4.0 * moved.normal)
    assert np.allclose(moved.up, [0, 0, 1])


def test_a_linear_image_is_shown_exactly_on_any_plane():
    grid = Volume(np.zeros((40, 30, 50)), np.diag([1.5, 3.0, 1.2, 1.0]))
    grid.affine[:3, 3] = CENTER - [28.0, 44.0, 29.0]
    slope = np.array([1.0, -2.0, 0.5])
    plane = tilted(tilted(mid_coronal(hip()), 12.0), 8.0, "positive")
    image, u, v = slice_image(grid.with_array(points_mm(grid) @ slope), plane, 20.0, 2.5)
    expected = (CENTER @ slope) + v[:, None] * (plane.up @ slope) + u[None, :] * (plane.positive @ slope)
    assert image.shape == (17, 17)
    assert u[8] == v[8] == 0.0
    assert np.allclose(image, expected)


def test_a_slice_beyond_the_image_is_not_a_number():
    small = Volume(np.zeros((3, 3, 3)), np.eye(4))
    plane = Plane("through", np.ones(3), np.array([0.0, 0, 1]), np.array([1.0, 0, 0]))
    image, _, _ = slice_image(small, plane, 3.0, 1.0)
    assert np.isnan(image).sum() == 49 - 9
