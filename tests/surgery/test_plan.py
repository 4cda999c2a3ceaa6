"""All operations together: sizes, grafts, JSON, the card, and what an answer has to declare."""

import json
import tomllib
from importlib import resources

import numpy as np
import pytest

from osteon.errors import InputError
from osteon.surgery import (
    default_options,
    make_ready,
    plan_operations,
    settings,
    surgery_card,
    surgery_dict,
)
from osteon.surgery.graft import cavity
from osteon.surgery.implant import acetabulum, implant_size

UP_AND_FRONT = np.array([0.0, -0.35, 0.9])


@pytest.fixture(scope="module")
def plan(drawn):
    hip, femur = drawn.hip(), drawn.femur()
    options = default_options(pin_count=2, weight_bearing_deg=(-50.0, 28.0))
    return plan_operations(hip, femur, drawn.lesion(hip, femur, UP_AND_FRONT, 45, 14), options=options)


def test_sizes_of_the_model_are_those_it_was_drawn_with(plan):
    # The shaft's line lies 58 mm down the neck's axis from the centre: offset is that length across the shaft.
    neck = plan.hip.neck_axis

    assert plan.implant.head_diameter_mm == 48.0
    assert plan.implant.femoral_offset_mm == pytest.approx(58.0 * np.hypot(neck[0], neck[1]), abs=0.7)
    assert plan.implant.frontal_offset_mm == pytest.approx(58.0 * neck[0], abs=0.7)
    assert plan.implant.neck_shaft_angle_deg == pytest.approx(np.degrees(np.arccos(neck[2])), abs=0.1)
    assert plan.implant.center_above_lesser_trochanter_mm == pytest.approx(57.0, abs=2.0)
    assert plan.implant.center_above_greater_trochanter_mm == pytest.approx(3.0, abs=2.0)
    assert "17.6 %" in plan.implant.notes[0]


def test_the_socket_is_measured_by_its_own_sphere(drawn):
    hip, femur = drawn.hip(), drawn.femur()
    from osteon.anatomy import points_mm

    offset = points_mm(femur) - (hip.head.center_mm + np.array([0.0, 0.0, 0.5]))
    away = np.linalg.norm(offset, axis=-1)
    cup = femur.with_array((away > 27.0) & (away < 33.0) & (offset[..., 2] > 3.0))

    socket = acetabulum(cup, hip)

    assert socket.radius_mm == pytest.approx(27.0, abs=0.3)
    assert socket.center_mm == pytest.approx(hip.head.center_mm + np.array([0.0, 0.0, 0.5]), abs=0.5)


def test_without_a_shaft_offset_and_angle_are_left_out(drawn):
    from dataclasses import replace

    hip = replace(drawn.hip(), shaft_axis=None)
    femur = drawn.femur(lowest=-30.0)
    size = implant_size(make_ready(hip, femur, femur.with_array(femur.array & False), default_options()), None)

    assert (size.femoral_offset_mm, size.neck_shaft_angle_deg, size.acetabular_diameter_mm) == (None, None, None)


def test_cavities_are_the_lesion_and_the_way_to_it(plan):
    by_kind = {each.kind.split(",")[0].split(" ")[0]: each for each in plan.grafts}

    assert list(by_kind) == ["trapdoor", "light", "medullary", "strut"]
    assert by_kind["trapdoor"].cavity_ml == by_kind["trapdoor"].lesion_ml
    core_beyond = plan.core.bone_removed_ml - plan.core.reached_ml
    assert by_kind["medullary"].cavity_ml == pytest.approx(by_kind["trapdoor"].lesion_ml + core_beyond, abs=0.05)
    assert by_kind["strut"].cavity_ml == pytest.approx(np.pi * 25 * plan.strut.length_mm / 1000, abs=0.002)
    assert all(each.low_ml <= each.cavity_ml <= each.high_ml for each in plan.grafts)


def test_the_interval_of_a_cavity_holds_the_lesion_half_a_voxel_smaller_and_larger(drawn):
    # A ball of 10 mm: 4/3 π (r ± 0.5)³, and the faces of its voxels tell its surface to 5 %.
    hip, femur = drawn.hip(), drawn.femur()
    from osteon.anatomy import points_mm

    ball = femur.with_array(np.linalg.norm(points_mm(femur) - hip.head.center_mm, axis=-1) < 10.0)

    found = cavity("ball", make_ready(hip, femur, ball, default_options()), None)

    assert found.high_ml - found.low_ml == pytest.approx(4 * np.pi * 100 / 1000, rel=0.06)


def test_the_plan_as_json_carries_frame_units_and_settings(plan):
    told = json.loads(json.dumps(surgery_dict(plan)))

    assert "LPS" in told["frame"]
    assert len(told["core"]["tracts"][0]["entry_mm"]) == 3
    assert told["core"]["margins"]["joint_surface"] == {
        "distance_mm": plan.core.margins["joint_surface"].distance_mm,
        "required_mm": 5.0,
    }
    assert "joint_margin_mm = 5 mm" in told["core"]["settings"]
    assert told["rotations"][0]["kind"] == "anterior rotation"
    assert np.linalg.norm(told["core"]["tracts"][0]["direction"]) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("width", [60, 100])
def test_the_card_fits_its_width_and_says_what_it_is_not(plan, width):
    card = surgery_card(plan, width)

    assert max(map(len, card.splitlines())) <= width
    assert "not what should be done" in " ".join(card.split())
    assert "reaches" in card
    assert "joint_margin_mm = 5 mm" in card


def test_a_plan_that_is_not_possible_is_told_with_its_reason(drawn):
    hip, femur = drawn.hip(), drawn.femur()
    thin = drawn.lesion(hip, femur, UP_AND_FRONT, 30, 1.5)

    card = surgery_card(plan_operations(hip, femur, thin), 200)

    assert "Not possible with these margins. In the way: from the joint surface" in card
    assert "Send a mask of the pelvis" in card


def test_progress_runs_from_nothing_to_all(drawn):
    hip, femur = drawn.hip(), drawn.femur()
    told = []

    plan_operations(
        hip,
        femur,
        drawn.lesion(hip, femur, UP_AND_FRONT, 40, 12),
        options=default_options(pin_count=1),
        progress=lambda stage, done: told.append((stage, done)),
    )

    shares = [done for _, done in told]
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert shares == sorted(shares)


def test_a_mask_of_the_other_side_is_refused_with_what_to_send(drawn):
    with pytest.raises(InputError, match=r"does not hold the head's centre\. Send"):
        plan_operations(drawn.hip("right"), drawn.femur("left"), drawn.femur("left"))


def test_an_empty_femur_is_refused(drawn):
    femur = drawn.femur()
    with pytest.raises(InputError, match="is empty"):
        plan_operations(drawn.hip(), femur.with_array(femur.array & False), femur)


def test_options_out_of_range_are_told_all_at_once():
    with pytest.raises(InputError) as wrong:
        default_options(core_diameter_mm=60.0, joint_margin_mm=-1.0)

    assert {fault.where for fault in wrong.value.faults} == {"core_diameter_mm", "joint_margin_mm"}


def test_an_unknown_option_is_refused_with_those_there_are():
    with pytest.raises(InputError, match="joint_margin_mm"):
        default_options(joint_margins=3.0)


def test_every_source_of_a_setting_is_a_work_in_the_knowledge():
    folder = resources.files("osteon.knowledge") / "sources"
    works = {
        key
        for file in folder.iterdir()
        if file.name.endswith(".toml")
        for key in tomllib.loads(file.read_text("utf-8"))
    }

    assert {each.source for each in settings().values() if each.source} <= works


def test_every_sourced_setting_says_where_it_stands():
    assert all(bool(each.source) == bool(each.where) for each in settings().values())
