"""Does the solver reach the closed forms of elasticity, with the order that voxels allow?"""

import numpy as np
import pytest


@pytest.mark.parametrize("poisson", [-0.5, 0.0, 0.3, 0.45])
def test_a_linear_displacement_on_the_surface_is_found_inside(problems, poisson):
    assert problems.patch(poisson=poisson) < 1e-9


def test_a_bar_gets_longer_by_force_times_length_over_stiffness_and_narrows(problems, bar):
    bar["force_n"][10, :, :, 2] = 3 / 4

    top = problems.solved(bar, poisson=0.25, tolerance=1e-10).displacement_mm[10, 1, 1]

    assert top[2] == pytest.approx(3 * 20 / (100 * 4), rel=1e-9)
    assert top[:2] == pytest.approx(-0.25 * top[2] / 10, rel=1e-9)


def test_a_cantilever_bends_as_timoshenko_says_within_2_percent_at_8_voxels(problems):
    assert problems.cantilever(8) == pytest.approx(1, abs=0.02)


def test_a_stiff_shell_around_a_soft_core_converges_at_least_linearly(problems):
    errors = {n: problems.two_layers(n) for n in (12, 24)}

    assert errors[24] < 0.02
    assert problems.order(errors) > 1


def test_a_hollow_sphere_under_inner_pressure_converges_at_least_linearly(problems):
    errors = {n: problems.hollow(n) for n in (12, 24, 36)}

    assert errors[36] < 0.01
    assert problems.order(errors) > 1


@pytest.mark.parametrize("ratio", [0.02, 0.2, 10])
def test_a_sphere_in_a_strained_body_is_strained_as_eshelby_says_within_3_percent(problems, ratio):
    found, exact = problems.inclusion(ratio)

    assert found == pytest.approx(exact, rel=0.03)


def test_stress_beside_a_hole_falls_as_goodier_says_within_3_percent(problems):
    distance, found, exact = problems.cavity()

    away = (distance > 14) & (distance < 40)  # two voxels from the stepped wall, and clear of the box's end
    assert found[away] == pytest.approx(exact[away], rel=0.03)
    assert np.argmax(exact) == 0
