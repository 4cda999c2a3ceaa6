"""Bone breaks at its yield strain, and a layer without tension opens when it is pulled."""

import numpy as np
import pytest

from osteon.anatomy import Hip, Sphere
from osteon.mechanics.damage import collapse, slippery, solve_gap
from osteon.mechanics.materials import Elastic
from osteon.mechanics.model import Cover, HeadModel
from osteon.mechanics.solve import solve

SHAPE = (12, 6, 6)
YIELD_N = 0.0085 * 1000.0 * 36.0  # strain times modulus times cross-section


def column():
    """A column of 6 x 6 x 12 voxels of 1 mm, free to widen; the lower end is held along z."""
    hip = Hip("left", Sphere(np.array([3.0, 3.0, 6.0]), 40.0, 0.1, 90.0), np.array([0.0, 0.0, -1.0]))
    fixed = np.zeros((13, 7, 7, 3), bool)
    fixed[0, ..., 2] = fixed[:, :, 0, 0] = fixed[:, 0, :, 1] = True
    shares = {"bone": np.ones(SHAPE, np.float32)}
    model = HeadModel(
        hip, np.zeros(3), 1.0, shares, np.ones(SHAPE, np.float32), Cover(np.eye(3), np.ones(3, bool)), fixed
    )
    constant = [np.full(SHAPE, each, np.float32) for each in (1000.0, 0.3, 10.0)]
    return model, Elastic(*constant, 0.0085, 0.0061, (), ())


def along_z(total_n):
    """A force spread evenly over the upper end."""
    weight = np.outer([0.5, 1, 1, 1, 1, 1, 0.5], [0.5, 1, 1, 1, 1, 1, 0.5])
    force = np.zeros((13, 7, 7, 3))
    force[12, ..., 2] = total_n * weight / weight.sum()
    return force


def test_an_even_column_gives_way_when_it_reaches_its_yield_strain():
    found = collapse(*column(), along_z(-YIELD_N), multiples=(0.9, 0.99, 1.01, 1.5), tolerance=1e-6)
    assert [step.multiple for step in found.steps] == [0.9, 0.99, 1.01]
    assert [step.stiffness_left for step in found.steps] == pytest.approx([1.0, 1.0, 0.05], rel=1e-3)
    assert 0.99 < found.multiple < 1.01


def test_a_column_below_its_yield_strain_stands():
    found = collapse(*column(), along_z(-YIELD_N), multiples=(0.5, 0.9), tolerance=1e-6)
    assert found.multiple is None
    assert found.steps[-1].broken_ml == 0.0


def test_tension_breaks_at_its_own_yield_strain():
    found = collapse(*column(), along_z(YIELD_N * 61 / 85), multiples=(0.98, 1.02), tolerance=1e-6)
    assert [step.broken_ml > 0 for step in found.steps] == [False, True]


def test_a_layer_opens_where_it_is_pulled_and_stays_closed_where_it_is_pressed():
    model, elastic = column()
    layer = np.zeros(SHAPE, np.float32)
    layer[6] = 1.0
    pulled = solve_gap(model, elastic, layer, along_z(10.0), 1e-6)
    pressed = solve_gap(model, elastic, layer, along_z(-10.0), 1e-6)
    assert (pulled.open_share, pressed.open_share) == (1.0, 0.0)
    assert pulled.settled
    assert pressed.settled


def test_an_open_layer_moves_as_one_of_its_modulus_does():
    model, elastic = column()
    layer = np.zeros(SHAPE, np.float32)
    layer[6] = 1.0
    found = solve_gap(model, elastic, layer, along_z(36.0), 1e-8)
    again = solve(
        found.elastic.modulus_mpa,
        1.0,
        poisson=found.elastic.poisson,
        fixed=model.fixed,
        force_n=along_z(36.0),
        tolerance=1e-8,
    )
    assert found.solution.displacement_mm == pytest.approx(again.displacement_mm, abs=1e-6)
    assert found.solution.displacement_mm[12, ..., 2].mean() > 0.05  # bonded it would be 36 / 36 / 1000 * 12 = 0.012


def test_a_slippery_material_keeps_its_one_sided_stiffness_and_a_quarter_of_its_shear_stiffness():
    modulus, poisson = slippery(np.float64(1000.0), np.float64(0.3), 0.25)
    shear = modulus / (2 * (1 + poisson))
    assert shear == pytest.approx(0.25 * 1000 / 2.6)
    assert 2 * shear * (1 - poisson) / (1 - 2 * poisson) == pytest.approx(1000 * 0.7 / (1.3 * 0.4))
