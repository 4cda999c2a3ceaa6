"""Forces are those that were measured, and the pressure on the head balances them exactly."""

import csv
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from osteon.errors import InputError
from osteon.knowledge import knowledge
from osteon.mechanics import (
    cosine_load,
    joint_force,
    joint_patch,
    measured_forces,
    nodal_forces,
    relieved,
    share_inside,
    take_out,
    unit_loads,
)
from osteon.mechanics.loads import femur_axes, loads

CENTER = np.array([91.3, -12.4, 40.2])  # of the ball
RADIUS = 24.0
FORCE = np.array([500.0, 100.0, -2000.0])


@pytest.mark.parametrize(
    ("activity", "mean", "resultant", "people"),
    [
        ("walking", [67.7, -23.6, -235.8], 247, 10),
        ("one_leg_stance", [73.6, -15.0, -248.8], 261, 10),
        ("standing_up", [86.1, -23.4, -194.5], 215, 9),
    ],
)
def test_the_mean_of_the_measured_people(hip_of, activity, mean, resultant, people):
    hip = hip_of()
    forces = np.array([each.force_n for each in measured_forces(activity, hip, 100.0)])

    assert len(forces) == people
    assert (forces.mean(axis=0) @ femur_axes(hip).T).round(1).tolist() == mean
    assert np.linalg.norm(forces, axis=1).mean() == pytest.approx(resultant, abs=0.6)


def test_the_vectors_are_those_of_the_data_files():
    if "OSTEON_TEST_DATA" not in os.environ:
        pytest.skip("OSTEON_TEST_DATA does not name the folder of test data")
    path = Path(os.environ["OSTEON_TEST_DATA"], "orthoload_hip", "peak_hip_contact_forces.csv")
    rows = list(csv.DictReader(path.read_text().splitlines()))
    printed = {(row["activity"], row["subject"]): [float(row[f"F{axis}_pctBW"]) for axis in "xyz"] for row in rows}

    ours = {(t["name"], who): vector for t in loads()["activity"].values() for who, vector in t["people"].items()}

    assert ours.keys() == printed.keys()
    np.testing.assert_allclose(list(ours.values()), [printed[key] for key in ours], atol=0.005)


def test_the_force_points_down_lateral_and_back_on_both_sides(hip_of):
    left, right = (joint_force("walking", hip_of(side), 800.0).force_n for side in ("left", "right"))

    assert (np.sign(left) == [1, 1, -1]).all()  # LPS: lateral is +x on the left, +y is the back
    np.testing.assert_allclose(right, left * [-1, 1, 1])


def test_the_force_follows_a_tilted_shaft(hip_of):
    down = np.array([-0.1, 0.05, -0.99])
    down /= np.linalg.norm(down)
    axes = femur_axes(hip_of(shaft=down))

    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(axes[2], -down)
    assert axes[0, 0] > 0.9


def test_an_activity_of_which_only_the_size_is_known_goes_along_walking(hip_of):
    walking, stairs = (joint_force(name, hip_of(), 800.0) for name in ("walking", "stairs_down"))

    assert np.linalg.norm(stairs.force_n) == pytest.approx(2.60 * 800)
    np.testing.assert_allclose(np.cross(stairs.force_n, walking.force_n), 0, atol=1e-6)
    assert any("direction of level walking" in each for each in stairs.settings)


def test_crutches_are_a_declared_part_of_the_force(hip_of):
    force = joint_force("walking", hip_of(), 800.0)
    eased = relieved(force, "crutches")

    np.testing.assert_allclose(eased.force_n, 0.6 * force.force_n)
    assert any("derived" in each for each in eased.settings)


@pytest.mark.parametrize(("activity", "weight"), [("flying", 800.0), ("walking", 80.0), ("walking", float("nan"))])
def test_an_activity_or_a_weight_that_cannot_be_is_refused(hip_of, activity, weight):
    with pytest.raises(InputError):
        measured_forces(activity, hip_of(), weight)


def test_an_unknown_aid_is_refused(hip_of):
    with pytest.raises(InputError, match="cane, crutches"):
        relieved(joint_force("walking", hip_of(), 800.0), "wings")


def test_every_source_of_a_load_is_written_down():
    named = [row["source"] for group in ("activity", "resultant", "relief") for row in loads()[group].values()]
    named += [row["source"] for row in loads()["contact"]["published"]]
    keys = {key for each in named for key in ([each] if isinstance(each, str) else each)}

    assert keys - knowledge().sources.keys() == set()


@pytest.mark.parametrize("spacing_mm", [1.0, 2.0])
@pytest.mark.parametrize("cap_deg", [40.0, 60.0, 90.0])
def test_the_pressure_balances_the_force_to_rounding(ball_model, spacing_mm, cap_deg):
    model = ball_model(spacing_mm, cap_deg)

    load = cosine_load(joint_patch(model), FORCE)

    np.testing.assert_allclose(nodal_forces(model, load).sum(axis=(0, 1, 2)), FORCE, atol=1e-9 * 2000)
    assert load.pressure_mpa.min() >= 0


@given(tilt_deg=st.floats(0, 50), around_deg=st.floats(0, 360), size_n=st.floats(1, 1e5), cap_deg=st.floats(60, 120))
@settings(max_examples=25)
def test_any_force_into_the_head_is_balanced(ball_model, tilt_deg, around_deg, size_n, cap_deg):
    tilt, around = np.radians([tilt_deg, around_deg])
    force = -size_n * np.array([np.sin(tilt) * np.cos(around), np.sin(tilt) * np.sin(around), np.cos(tilt)])

    load = cosine_load(joint_patch(ball_model(4.0, cap_deg)), force)

    np.testing.assert_allclose(load.forces_n.sum(axis=0), force, atol=1e-9 * size_n)
    assert load.pressure_mpa.min() >= 0


@pytest.mark.parametrize("cap_deg", [40.0, 60.0, 90.0])
def test_a_patch_on_a_staircase_has_the_area_of_the_sphere(ball_model, cap_deg):
    area = joint_patch(ball_model(1.0, cap_deg)).area_mm2.sum()

    # The rays of the cover lie 3 degrees apart, which blurs the patch's edge.
    assert area == pytest.approx(2 * np.pi * RADIUS**2 * (1 - np.cos(np.radians(cap_deg))), rel=0.03)


def test_a_cosine_over_half_the_ball_peaks_at_three_halves_of_the_mean(ball_model):
    load = cosine_load(joint_patch(ball_model(1.0, 90.0)), [0, 0, -2000.0])

    assert load.pressure_mpa.max() == pytest.approx(3 * 2000 / (2 * np.pi * RADIUS**2), rel=0.01)


def test_unit_forces_add_up_on_one_patch(ball_model):
    patch = joint_patch(ball_model(2.0, 50.0))
    force, units = np.array([100.0, 50.0, -2000.0]), unit_loads(patch)

    summed = sum(part * unit.pressure_mpa for part, unit in zip(force, units, strict=True))

    np.testing.assert_allclose(summed, cosine_load(patch, force).pressure_mpa, atol=1e-12)


@pytest.mark.parametrize("force", [[0.0, 0.0, 2000.0], [0.0, 0.0, 0.0]])
def test_a_force_that_pulls_or_is_none_is_refused(ball_model, force):
    with pytest.raises(InputError, match=r"balances this force|not all 0"):
        cosine_load(joint_patch(ball_model(2.0, 40.0)), force)


def test_a_socket_that_covers_nothing_is_refused(ball_model):
    model = ball_model(2.0)
    bare = replace(model.cover, covered=np.zeros(len(model.cover.rays), bool))

    with pytest.raises(InputError, match="covers none"):
        joint_patch(replace(model, cover=bare))


def test_the_floor_of_a_cavity_is_no_joint_surface(ball_model):
    model = ball_model(1.0, 60.0)
    hollow = CENTER + np.array([0, 0, 12])
    cavity = share_inside(model, lambda points: np.linalg.norm(points - hollow, axis=1) - 6.0)

    assert len(joint_patch(take_out(model, cavity)).nodes) == len(joint_patch(model).nodes)


def test_a_turned_socket_covers_what_it_is_turned_to(ball_model):
    cover = ball_model(2.0, 30.0).cover
    tipped = cover.turned(Rotation.from_euler("y", 90, degrees=True))

    assert cover.holds([[0, 0, 1.0], [1.0, 0, 0]]).tolist() == [True, False]
    assert tipped.holds([[0, 0, 1.0], [1.0, 0, 0]]).tolist() == [False, True]
