"""Spheres and layers come out as they were put in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osteon.anatomy.sphere import head_directions
from osteon.imaging.head.ball import Layers, biweight, layers_of, profile, sphere_through
from osteon.imaging.head.whole import rise_offset


@settings(max_examples=25, deadline=None)
@given(st.floats(15, 33), st.floats(-200, 200), st.floats(0.3, 1.0))
def test_points_on_part_of_a_sphere_give_the_sphere(radius, x, part):
    units = head_directions(400)
    center = np.array([x, -x / 2, 50.0])
    points = center + radius * units[units[:, 2] < 2 * part - 1 + 1e-9]
    found, found_radius = sphere_through(points, np.ones(len(points)))
    assert np.allclose(found, center, atol=1e-6)
    assert found_radius == pytest.approx(radius, abs=1e-6)


@pytest.mark.parametrize(("cortex", "marrow", "joint"), [(200.0, 1500.0, 750.0), (1000.0, 260.0, 90.0)])
@pytest.mark.parametrize("thickness", [0.4, 0.8, 1.5])
@pytest.mark.parametrize("outer", [-0.5, 0.6, 1.2])
def test_the_outer_surface_is_read_off_a_blurred_profile(cortex, marrow, joint, thickness, outer):
    depth = np.arange(-5, outer + 1.75, 0.25)
    true = Layers(marrow, joint, cortex, thickness, 0.7, outer)
    found = layers_of(depth, profile(depth, true), cortex, 0.5)
    assert found.outer_mm == pytest.approx(outer, abs=0.2)  # weak expectations pull thin and thick plates a little


def test_a_wrong_guess_of_the_cortex_moves_the_surface_little():
    depth = np.arange(-5, 2.5, 0.25)
    mean = profile(depth, Layers(1500.0, 750.0, 150.0, 0.9, 0.7, 1.0))
    found = layers_of(depth, mean, 300.0, 0.5)
    assert found.outer_mm == pytest.approx(1.0, abs=0.25)


def test_bone_that_sank_in_does_not_move_the_sphere():
    assert biweight(np.array([-1.2, -3.0, 1.7]), 1.0).tolist() == [0.0, 0.0, 0.0]
    assert biweight(np.array([-0.8]), 1.0) < biweight(np.array([0.8]), 1.0)


def test_a_rise_from_a_dark_core_is_the_surface_and_that_behind_a_thin_plate_lies_outside_it():
    layers = Layers(1500.0, 750.0, 200.0, 0.9, 0.5, 1.0)
    dark, grey = rise_offset(layers, np.array([200.0, 800.0]))
    assert dark == pytest.approx(0.0, abs=0.1)
    assert 0.4 < grey < 0.8
