"""The solid of a tract: volumes, distances and depths against closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osteon.anatomy import Volume, covering_grid, points_mm
from osteon.surgery import Tract, distance_mm, tracts_mask
from osteon.surgery.tracts import deepest, near, removed_ml, toward


def block(half_mm=30.0, spacing=1.0):
    grid = covering_grid([0, 0, 0], half_mm, spacing)
    return grid.with_array(np.ones(grid.shape, bool))


def ball(radius_mm, spacing=0.75):
    grid = covering_grid([0, 0, 0], radius_mm + 3, spacing)
    return grid.with_array(np.linalg.norm(points_mm(grid), axis=-1) < radius_mm)


def through(length_mm, diameter_mm, direction=(0.6, 0.0, 0.8)):
    half = length_mm / 2 * np.asarray(direction)
    return Tract(-half, half, diameter_mm)


@pytest.mark.parametrize("diameter_mm", [3.2, 10.0])
def test_a_hole_through_a_ball_takes_out_what_the_napkin_ring_leaves(diameter_mm):
    # 4/3 π (R³ - (R² - r²)^(3/2)); 1 % covers the ball's own voxels, 0.75 mm on a radius of 20 mm.
    expected = 4 / 3 * np.pi * (20.0**3 - (20.0**2 - diameter_mm**2 / 4) ** 1.5) / 1000

    taken = removed_ml(ball(20.0), [through(50.0, diameter_mm)])

    assert taken == pytest.approx(expected, rel=0.01)


def test_crossing_holes_are_counted_once():
    # Two equal cylinders at right angles share 16/3 r³.
    one, other = (
        Tract(np.array([-20.0, 0, 0]), np.array([20.0, 0, 0]), 8.0),
        Tract(np.array([0, -20.0, 0]), np.array([0, 20.0, 0]), 8.0),
    )
    alone = removed_ml(block(), [one])

    together = removed_ml(block(), [one, other])

    assert together == pytest.approx(2 * alone - 16 / 3 * 4.0**3 / 1000, rel=0.005)


def test_only_what_lies_in_the_counted_mask_is_counted():
    inner = block()
    upper = inner.with_array(points_mm(inner)[..., 0] > 0)
    hole = Tract(np.array([-10.0, 0, 0]), np.array([15.0, 0, 0]), 6.0)

    assert removed_ml(inner, [hole], upper) == pytest.approx(np.pi * 9 * 14.5 / 1000, rel=0.02)  # half a voxel of ramp


def test_the_mask_of_a_tract_has_its_volume():
    fine = block(25.0, 0.5)
    hole = Tract(np.array([0.0, 0.0, -25.5]), np.array([0.0, 0.0, 10.0]), 9.0)

    voxels = tracts_mask(fine, [hole])

    assert voxels.array.sum() * voxels.voxel_mm3 == pytest.approx(np.pi * 4.5**2 * 35.25, rel=0.01)


@settings(max_examples=40)
@given(
    st.tuples(*[st.floats(-30, 30)] * 3),
    st.floats(0.5, 8.0),
    st.floats(0.5, 8.0),
)
def test_a_tract_of_the_deepest_length_keeps_its_margin_to_a_point_and_no_more(point, radius_mm, margin_mm):
    spot = np.array([point])
    line = toward([-40.0, 0.0, 0.0], [[0.0, 0.0, 0.0]])

    length = deepest(near(line, spot, radius_mm + margin_mm), 1, radius_mm, margin_mm)[0]

    free = not np.isfinite(length)
    whole = 200.0 if free else max(float(length), 1e-6)
    gap = distance_mm(Tract(line.entries[0], line.entries[0] + whole * line.directions[0], 2 * radius_mm), spot)[0]
    # 0.02 mm: single precision of the search.
    assert gap >= margin_mm - 0.02 or length <= 0
    assert free or length <= 0 or gap == pytest.approx(margin_mm, abs=0.02) or gap > margin_mm


def test_distance_counts_from_the_solid_and_not_from_its_line():
    rod = Tract(np.zeros(3), np.array([0.0, 0.0, 20.0]), 10.0)
    spots = np.array([[0.0, 0.0, 24.0], [9.0, 0.0, 10.0], [8.0, 0.0, 24.0], [2.0, 0.0, 10.0]])

    assert distance_mm(rod, spots).tolist() == [4.0, 4.0, 5.0, 0.0]


def test_a_tract_knows_its_length_and_direction():
    rod = Tract(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 13.0]), 3.2)

    assert (rod.length_mm, rod.direction.tolist()) == (10.0, [0.0, 0.0, 1.0])


def test_a_tract_outside_the_bone_takes_nothing():
    grid = covering_grid([0, 0, 0], 10.0, 1.0)
    empty = Volume(np.zeros(grid.shape, bool), grid.affine)

    assert removed_ml(empty, [through(10.0, 3.0)]) == 0.0
