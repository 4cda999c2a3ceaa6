"""What a simulation says stands beside each option, in every form of the plan, and moves no verdict."""

import json
from pathlib import Path

import jsonschema
import pytest

from osteon.case import read_case
from osteon.planning import plan, with_simulation
from osteon.planning.card import plan_card
from osteon.report.html import render_html
from osteon.report.plan_json import plan_json, plan_schema

DEMO = Path(__file__).parents[2] / "examples" / "demo_hip.toml"
TOLD = "Simulation: it predicts direction, not outcome. With one empty tract: stress 24 % higher."
LEFT, RIGHT = "left femoral_head", "right femoral_head"


@pytest.fixture(scope="module")
def plain():
    return plan(read_case(DEMO))


@pytest.fixture(scope="module")
def told(plain):
    return with_simulation(plain, RIGHT, {"core_decompression_single": (TOLD,)})


def joint(made, name):
    return next(each for each in made.joints if each.joint.name == name)


def test_it_stands_beside_the_treatment_of_that_joint_alone(told):
    assert joint(told, RIGHT).option("core_decompression_single").simulated == (TOLD,)
    assert not any(each.simulated for each in joint(told, LEFT).options)
    assert joint(told, RIGHT).option("core_decompression_multiple").simulated == ()


def test_no_verdict_and_no_place_changes(plain, told):
    assert [(each.verdict, each.rank) for each in joint(told, RIGHT).options] == [
        (each.verdict, each.rank) for each in joint(plain, RIGHT).options
    ]


def test_the_card_and_the_report_say_that_it_is_a_simulation(told):
    assert TOLD in " ".join(plan_card(told).split())
    assert TOLD in render_html(told, "clinician")


def test_the_json_holds_it_and_keeps_to_its_schema(told):
    written = json.loads(plan_json(told))

    jsonschema.validate(written, plan_schema())
    assert plan_json(told).count(TOLD) == 1
