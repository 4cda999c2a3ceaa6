"""A rigid socket on a cartilage layer presses as the closed form says, and on a femur as was published."""

import numpy as np
import pytest
from scipy.optimize import brentq

from osteon.errors import InputError
from osteon.mechanics import (
    Layer,
    Materials,
    contact_load,
    cosine_load,
    elastic,
    joint_force,
    joint_patch,
    linear_layer,
    template_model,
)
from osteon.mechanics.contact import rigid_contact
from osteon.mechanics.loads import loads

RADIUS = 24.0
FORCE = np.array([0.0, 0.0, -1500.0])


def closed_form(stiffness, clearance, force):
    """Peak pressure and contact area of a rigid cup that is wider by c on a layer over a rigid ball of radius R.

    The layer is compressed by s cos t - c; F = 2 pi R^2 k (s (1 - u^3) / 3 - c (1 - u^2) / 2) with u = c / s.
    """

    def missing(s):
        u = clearance / s
        return 2 * np.pi * RADIUS**2 * stiffness * (s * (1 - u**3) / 3 - clearance * (1 - u**2) / 2) - force

    s = brentq(missing, clearance * (1 + 1e-9), clearance + 100)
    return stiffness * (s - clearance), 2 * np.pi * RADIUS**2 * (1 - clearance / s)


@pytest.mark.parametrize(("stiffness", "clearance"), [(9.0, 0.2), (40.0, 0.5), (80.0, 1.0)])
def test_a_rigid_ball_is_pressed_as_the_closed_form_says(ball_model, stiffness, clearance):
    patch = joint_patch(ball_model(1.0, 90.0))
    peak, area = closed_form(stiffness, clearance, 1500.0)

    pressure, _ = rigid_contact(patch, FORCE, Layer(stiffness, clearance), np.zeros(len(patch.area_mm2)))

    assert pressure.max() == pytest.approx(peak, rel=0.02)
    assert patch.area_mm2[pressure > 0].sum() == pytest.approx(area, rel=0.05)
    np.testing.assert_allclose(
        -(pressure * patch.area_mm2) @ patch.outward, FORCE, atol=1e-5 * 1500
    )  # Newton's method stops at 1e-9


def test_a_socket_that_fits_presses_with_a_cosine(ball_model):
    patch = joint_patch(ball_model(2.0, 50.0))

    pressure, _ = rigid_contact(patch, FORCE, Layer(9.0, 0.0), np.zeros(len(patch.area_mm2)))

    np.testing.assert_allclose(pressure, cosine_load(patch, FORCE).pressure_mpa, rtol=1e-6)


def test_a_stiff_ball_of_voxels_is_nearly_rigid(ball_model):
    model = ball_model(2.0, 90.0)
    stiff = elastic(model, Materials(modulus_law="morgan_trochanter"))
    rigid, _ = rigid_contact(joint_patch(model), FORCE, Layer(2.0, 0.3), np.zeros(len(joint_patch(model).area_mm2)))

    found = contact_load(model, stiff, FORCE, Layer(2.0, 0.3))

    assert found.load.pressure_mpa.max() == pytest.approx(rigid.max(), rel=0.03)
    np.testing.assert_allclose(found.load.forces_n.sum(axis=0), FORCE, atol=0.1)


def test_a_softer_bone_spreads_the_pressure(ball_model):
    model = ball_model(2.0, 90.0)
    layer = Layer(40.0, 0.5)

    hard, soft = (
        contact_load(model, elastic(model, Materials(modulus_law=law)), FORCE, layer)
        for law in ("morgan_trochanter", "keller_vertebra")
    )

    assert soft.peak_mpa < hard.peak_mpa
    assert soft.load.contact_area_mm2 > hard.load.contact_area_mm2


def test_each_round_is_told_and_the_last_one_stands_still(ball_model):
    model, told = ball_model(4.0, 90.0), []

    found = contact_load(model, elastic(model), FORCE, Layer(9.0, 0.3), progress=lambda *round_: told.append(round_))

    assert [number for number, _ in told] == list(range(1, found.rounds + 1))
    assert told[-1][1] == found.change < 0.01


def test_a_layer_that_is_far_stiffer_than_the_bone_is_refused(ball_model):
    model = ball_model(4.0, 90.0)

    with pytest.raises(InputError, match="Use a softer or thicker layer"):
        contact_load(model, elastic(model, Materials(modulus_law="keller_vertebra")), FORCE, Layer(1e6, 0.3))


def test_linear_cartilage_is_as_stiff_as_its_aggregate_modulus():
    assert linear_layer(0.45).stiffness_mpa_per_mm == pytest.approx(10 * 0.55 / (1.45 * 0.1) / 4.19)
    assert linear_layer(0.0, 1.0) == Layer(10 / 4.19, 1.0)


def test_cartilage_that_cannot_be_compressed_is_refused():
    with pytest.raises(InputError, match=r"below 0\.5"):
        linear_layer(0.5)


@pytest.mark.slow
def test_on_the_template_pressure_and_area_are_as_published():
    model = template_model("left", voxel_mm=1.5)
    direction = joint_force("walking", model.hip, 800.0).force_n
    force = direction / np.linalg.norm(direction) * 2.33 * 800

    found = contact_load(model, elastic(model), force)

    published = loads()["contact"]["published"]
    assert published[0]["peak_mpa"][0] <= found.peak_mpa <= published[0]["peak_mpa"][1]
    assert published[1]["area_mm2"][0] <= found.load.contact_area_mm2 <= published[1]["area_mm2"][1]
