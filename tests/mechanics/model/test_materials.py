"""Stiffness and strength follow the printed laws and figures, and every choice is declared."""

from dataclasses import replace

import numpy as np
import pytest

from osteon.errors import InputError
from osteon.knowledge.materials import materials
from osteon.mechanics import HeadModel, Materials, ash_of_ct, elastic, put
from osteon.mechanics.materials import law_of, law_values

IMPLANTS = ("titanium_alloy", "cobalt_chromium", "stainless_steel", "solid_tantalum", "alumina")


def block(**shares):
    """Two voxels with an ash density of 0.3 and 0.6 g/cm³, filled as given."""
    ash = np.array([[[0.3, 0.6]]], np.float32)
    arrays = {name: np.full((1, 1, 2), share, np.float32) for name, share in shares.items()}
    return HeadModel(None, np.zeros(3), 1.0, arrays, ash, None, np.ones((2, 2, 3), bool))


@pytest.mark.parametrize(
    ("law", "ash", "printed"),
    [
        ("keyak", 0.26999, 1903),  # the two pieces as printed meet at 1,903 and 1,902
        ("keyak", 0.27001, 1902),
        ("keyak", 0.6, 3653),
        ("keyak", 0.60001, 3653),
        ("keller_femur_229", 1.0, 10500),
        ("keller_femur_251", 1.0, 10500),
        ("keller_vertebra", 1.0, 1890),
        ("morgan_neck", 0.598, 6850),  # apparent density 1 g/cm³
        ("morgan_trochanter", 0.598, 15010),
        ("eberle_femurs", 1.0989, 12486),  # K2HPO4 density 1 g/cm³
    ],
)
def test_a_law_gives_what_is_printed(law, ash, printed):
    assert law_values(law_of("modulus", law), np.array([ash]))[0] == pytest.approx(printed, rel=1e-3)


@pytest.mark.parametrize("law", materials().laws.values(), ids=lambda law: law.id)
def test_a_law_rises_with_density(law):
    values = law_values(law, np.linspace(0.0, 1.2, 200))

    assert values[0] >= 0
    assert np.diff(values).min() > -2  # Keyak's strength steps down by 1 MPa where its pieces meet


def test_the_default_law_gives_cortical_bone_its_modulus():
    cortex = materials().materials["cortical_bone"].modulus_mpa[0].value

    assert law_values(law_of("modulus", ""), np.array([1.1]))[0] == pytest.approx(cortex, rel=0.03)


def test_contradicting_exponents_are_both_kept():
    pair = [materials().laws[name].piece[0] for name in ("keller_femur_229", "keller_femur_251")]

    assert [piece.exponent for piece in pair] == [2.29, 2.51]
    assert pair[0].factor == pair[1].factor


def test_a_voxel_is_as_stiff_as_its_parts():
    found = elastic(block(bone_cement=0.5, porous_tantalum=0.25))

    np.testing.assert_allclose(found.modulus_mpa, 0.5 * 2500 + 0.25 * 3000)
    np.testing.assert_allclose(found.poisson, 0.3, rtol=1e-6)


@pytest.mark.parametrize("name", sorted(materials().materials))
def test_every_material_makes_a_legal_voxel(name):
    found = elastic(block(**{name: 1.0}))

    assert (found.modulus_mpa >= 1).all()
    assert ((found.poisson > 0) & (found.poisson < 0.5)).all()


@pytest.mark.parametrize("name", IMPLANTS)
def test_a_strength_that_was_not_read_is_not_a_number(name):
    found = elastic(block(**{name: 0.8, "bone": 0.2}))

    assert np.isnan(found.strength_mpa).all()


def test_necrotic_bone_is_a_part_of_the_healthy_bone_of_the_place():
    healthy, dead = elastic(block(bone=1.0)), elastic(block(necrotic_bone=1.0))

    np.testing.assert_allclose(dead.modulus_mpa / healthy.modulus_mpa, 0.4, rtol=1e-6)
    assert any("Stiffness of necrotic bone" in each for each in dead.settings)


def test_a_replaced_figure_is_used_and_declared():
    found = elastic(block(necrotic_bone=1.0), Materials(modulus_factor={"necrotic_bone": 0.1}))

    np.testing.assert_allclose(found.modulus_mpa, elastic(block(bone=1.0)).modulus_mpa * 0.1, rtol=1e-6)
    assert "necrotic_bone: part of healthy bone's modulus 0.1" in found.settings
    assert not any("Stiffness of necrotic bone" in each for each in found.settings)


def test_another_law_is_used_and_declared():
    found = elastic(block(bone=1.0), Materials(modulus_law="keyak"))

    assert found.modulus_mpa[0, 0, 1] == pytest.approx(3653, rel=1e-3)
    assert "stiffness of bone by the law Keyak, in three pieces" in found.settings
    assert "femur_laws_restated" in found.sources


def test_marrow_without_trabeculae_keeps_a_floor():
    empty = replace(block(bone=1.0), ash_g_cm3=np.zeros((1, 1, 2), np.float32))

    assert elastic(empty).modulus_mpa.tolist() == [[[1.0, 1.0]]]


def test_an_empty_voxel_is_void_and_legal():
    found = elastic(block(bone=0.0))

    assert found.modulus_mpa.max() == 0
    assert found.strength_mpa.max() == 0
    assert (found.poisson == np.float32(0.3)).all()


def test_all_faults_are_told_at_once():
    wrong = Materials(
        modulus_law="nobody_1900", modulus_mpa={"bone_cement": -1.0}, strength_factor={"chewing_gum": 0.5}
    )

    with pytest.raises(InputError) as told:
        elastic(put(block(bone=1.0), "plasticine", np.ones((1, 1, 2))), wrong)

    places = [fault.where for fault in told.value.faults]
    assert places == ["model", "modulus_law", "strength_factor", "modulus_mpa.bone_cement"]


def test_ct_numbers_become_ash_by_the_calibration():
    ash = ash_of_ct(np.array([-500.0, 300.0]), 0.001, 0.01, "k2hpo4")

    assert ash.tolist() == pytest.approx([1.06 * -0.031 + 0.0389, 1.06 * 0.31 + 0.0389])
    assert ash_of_ct(np.array([300.0]), 0.001, 0.01, "ash").tolist() == pytest.approx([0.31])


def test_a_calibration_without_a_law_is_refused():
    with pytest.raises(InputError, match=r"slope(.|\n)*phantom"):
        ash_of_ct(np.zeros(1), 0.0, 0.0, "hydroxyapatite")
