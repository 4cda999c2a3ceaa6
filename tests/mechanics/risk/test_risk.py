"""Every measure agrees with its closed form on fields that are known."""

from types import SimpleNamespace

import numpy as np
import pytest

from osteon.anatomy import Hip, Sphere
from osteon.mechanics.materials import Elastic
from osteon.mechanics.model import Cover, HeadModel
from osteon.mechanics.risk import ends, fields, measures, regions_of

DOWN = np.array([0.0, 0.0, -2000.0])


def block(lesion=None):
    """A cube of bone of 20 voxels of 2 mm about the head's centre, all of it head; E 1,000 MPa, strength 10 MPa."""
    shape = (20, 20, 20)
    dead = np.zeros(shape, np.float32) if lesion is None else lesion.astype(np.float32)
    hip = Hip("left", Sphere(np.zeros(3), 40.0, 0.1, 90.0), np.array([0.0, 0.0, -1.0]))
    rays = np.eye(3)
    shares = {"bone": 1 - dead, "necrotic_bone": dead}
    cover = Cover(rays, np.ones(3, bool))
    model = HeadModel(hip, np.full(3, -20.0), 2.0, shares, np.ones(shape, np.float32), cover, np.zeros((21,) * 3, bool))
    constant = [np.full(shape, each, np.float32) for each in (1000.0, 0.3, 10.0)]
    return model, Elastic(*constant, 0.0085, 0.0061, (), ())


def pressed(mpa=2.0):
    """Strain and stress of even uniaxial pressure along z."""
    stress, strain = np.zeros((20, 20, 20, 6)), np.zeros((20, 20, 20, 6))
    stress[..., 2] = -mpa
    strain[..., 2], strain[..., 0], strain[..., 1] = -mpa / 1000, 0.3 * mpa / 1000, 0.3 * mpa / 1000
    return strain, stress


def shown(model, elastic, strain, stress):
    """The fields of strain and stress given on the whole block, all of which has a modulus."""
    return fields(model, elastic, *(each.reshape(-1, 6).astype(np.float32) for each in (strain, stress)), DOWN)


@pytest.fixture
def halved():
    """A lesion of half the cross-section from top to bottom, under even pressure of 2 MPa."""
    lesion = np.zeros((20, 20, 20), bool)
    lesion[:, :10] = True
    model, elastic = block(lesion)
    strain, stress = pressed()
    found = shown(model, elastic, strain, stress)
    return SimpleNamespace(model=model, found=measures(model, found, DOWN, regions_of(model)))


def test_the_stress_index_is_stress_over_strength(halved):
    assert halved.found["head_index"] == pytest.approx(0.2)
    assert halved.found["lesion_index"] == pytest.approx(0.2)


def test_a_lesion_carries_its_part_of_an_evenly_pressed_section(halved):
    assert halved.found["lesion_load"] == pytest.approx(50.0)


def test_stiffness_is_force_squared_over_twice_the_energy_of_the_cap(halved):
    energy = 0.5 * 2.0 * 0.002 * 40 * 40 * 20  # half of stress times strain, in the upper half of the cube, N mm
    assert halved.found["cap_stiffness"] == pytest.approx(2000.0**2 / (2 * energy) / 1000)


def test_two_pieces_beyond_yield_are_told_together_and_the_larger_one_apart():
    model, elastic = block()
    strain, stress = pressed(mpa=0.0)
    strain[2:8, 2:8, 2:8, 2] = strain[12:16, 12:16, 12:16, 2] = -0.05
    found = measures(model, shown(model, elastic, strain, stress), DOWN, regions_of(model))
    assert found["yielded_ml"] > found["yielded_region_ml"] > 6**3 * 8 / 1000 * 0.9


def test_one_voxel_alone_moves_an_index_by_its_twenty_seventh_at_most():
    model, elastic = block()
    strain, stress = pressed(mpa=0.0)
    stress[10, 10, 10, 2] = -270.0
    found = shown(model, elastic, strain, stress)
    assert np.nanmax(found.stress_index) == pytest.approx(1.0)


def test_a_region_of_fewer_than_27_voxels_has_no_number():
    lesion = np.zeros((20, 20, 20), bool)
    lesion[9:11, 9:11, 9:12] = True
    model, elastic = block(lesion)
    found = measures(model, shown(model, elastic, *pressed()), DOWN, regions_of(model))
    assert found["lesion_index"] is None
    assert found["lesion_load"] is None


def test_principal_strains_are_those_of_a_general_eigenvalue_solver():
    six = np.random.default_rng(1).normal(size=(200, 6))
    x, y, z, yz, zx, xy = six.T * np.array([1, 1, 1, 0.5, 0.5, 0.5])[:, None]
    values = np.linalg.eigvalsh(np.moveaxis(np.array([[x, xy, zx], [xy, y, yz], [zx, yz, z]]), -1, 0))
    assert np.stack(ends(six), axis=1) == pytest.approx(values[:, [0, 2]], abs=1e-9)
