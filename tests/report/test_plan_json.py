"""The JSON of a plan: follows its schema, repeats byte for byte, and holds what the plan holds."""

import json
from pathlib import Path

import jsonschema
import pytest

import osteon
from osteon.case.parse import FORMATS
from osteon.report.plan_json import as_dict, plan_json, plan_schema

EXAMPLES = sorted(path for path in (Path(__file__).parents[2] / "examples").iterdir() if path.suffix in FORMATS)
PROMISED = {"osteon", "knowledge", "joints", "patient"}
PROMISED_OF_A_JOINT = {"site", "side", "findings", "staging", "options", "would_change"}
PROMISED_OF_AN_OPTION = {
    "treatment", "verdict", "because", "check_before", "positions", "evidence", "forecast", "rank",
}  # fmt: skip


@pytest.fixture(scope="module")
def schema():
    jsonschema.Draft202012Validator.check_schema(plan_schema())
    return jsonschema.Draft202012Validator(plan_schema())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_follows_the_schema(example, schema):
    text = plan_json(osteon.plan(osteon.read_case(example)))

    assert [error.message for error in schema.iter_errors(json.loads(text))] == []


def test_a_plan_that_lacks_a_key_is_refused_by_the_schema(schema):
    plan = as_dict(osteon.plan(osteon.read_case(EXAMPLES[0])))
    del plan["joints"][0]["options"][0]["verdict"]

    assert not schema.is_valid(plan)


def test_a_verdict_that_does_not_exist_is_refused_by_the_schema(schema):
    plan = as_dict(osteon.plan(osteon.read_case(EXAMPLES[0])))
    plan["joints"][0]["options"][0]["verdict"] = "perhaps"

    assert not schema.is_valid(plan)


def test_the_promised_keys_are_there():
    plan = as_dict(osteon.plan(osteon.read_case(EXAMPLES[0])))

    assert plan.keys() >= PROMISED
    assert plan["joints"][0].keys() >= PROMISED_OF_A_JOINT
    assert plan["joints"][0]["options"][0].keys() >= PROMISED_OF_AN_OPTION


def test_every_source_that_is_named_is_listed():
    text = plan_json(osteon.plan(osteon.read_case(EXAMPLES[0])))
    plan = json.loads(text)
    named = {key for option in plan["joints"][0]["options"] for row in option["because"] for key in row["source"]}

    assert named <= plan["sources"].keys()
