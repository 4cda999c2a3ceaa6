"""Are strain, stress and what follows from them those of a known displacement?"""

import numpy as np
import pytest

from osteon.mechanics.solve import (
    pressure_force,
    principal_strains,
    principal_stresses,
    strain,
    strain_energy_density,
    stress,
    von_mises,
)

GRADIENT = np.array([[1e-3, 2e-4, -1e-4], [3e-4, -5e-4, 2e-4], [-2e-4, 1e-4, 7e-4]])


@pytest.fixture
def uniform(problems):
    """A block with one void voxel under a uniform strain."""
    exact = problems.corners((4, 5, 6)) @ GRADIENT.T * 0.5
    modulus = np.full((4, 5, 6), 1000.0)
    modulus[2, 2, 2] = 0
    fixed = np.ones(exact.shape, bool)
    return problems.solve(
        modulus, 0.5, poisson=0.25, fixed=fixed, force_n=np.zeros_like(exact), prescribed_mm=exact, tolerance=1e-9
    )


def test_strain_is_the_symmetric_part_of_the_gradient(uniform):
    expected = [1e-3, -5e-4, 7e-4, 3e-4, -3e-4, 5e-4]

    assert strain(uniform)[0, 1, 2] == pytest.approx(expected)
    assert not strain(uniform)[2, 2, 2].any()


def test_stress_follows_hooke(uniform):
    tensor = (GRADIENT + GRADIENT.T) / 2
    hooke = 400 * np.trace(tensor) * np.eye(3) + 800 * tensor

    six = stress(uniform)[3, 4, 5]

    assert six == pytest.approx([hooke[0, 0], hooke[1, 1], hooke[2, 2], hooke[1, 2], hooke[2, 0], hooke[0, 1]])
    assert principal_stresses(six) == pytest.approx(np.linalg.eigvalsh(hooke))
    assert principal_strains(strain(uniform))[3, 4, 5] == pytest.approx(np.linalg.eigvalsh(tensor))
    deviator = hooke - np.trace(hooke) / 3 * np.eye(3)
    assert von_mises(six) == pytest.approx(np.sqrt(1.5 * (deviator**2).sum()))


def test_energy_density_is_half_stress_times_strain_where_both_are_uniform(uniform):
    half = (stress(uniform) * strain(uniform)).sum(axis=-1) / 2

    assert strain_energy_density(uniform) == pytest.approx(half)


def test_fields_of_several_cases_keep_the_first_axis(mixed, problems):
    forces = np.stack([mixed["force_n"], 2 * mixed["force_n"]])

    both = problems.solved(mixed, force_n=forces, tolerance=1e-8)

    assert stress(both).shape == (2, *mixed["modulus_mpa"].shape, 6)
    assert stress(both)[1] == pytest.approx(2 * stress(both)[0], rel=1e-5, abs=1e-6)
    density = strain_energy_density(both)
    assert density.sum(axis=(1, 2, 3)) * 0.5**3 == pytest.approx(both.strain_energy_n_mm)


def test_pressure_on_a_ball_has_no_resultant_and_on_its_upper_half_presses_its_shadow():
    z, y, x = np.meshgrid(*[np.arange(20) - 9.5] * 3, indexing="ij")
    ball = np.where(x**2 + y**2 + z**2 < 81, 1.0, 0)
    shadow = (ball.max(axis=0) > 0).sum() * 0.5**2

    everywhere = pressure_force(ball, 0.5, np.full_like(ball, 3.0))
    above = pressure_force(ball, 0.5, np.where(z > 0, 3.0, 0))

    assert everywhere.sum(axis=(0, 1, 2)) == pytest.approx(np.zeros(3), abs=1e-9)
    assert above.sum(axis=(0, 1, 2)) == pytest.approx([0, 0, -3 * shadow], abs=1e-9)
