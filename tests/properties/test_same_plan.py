"""What must change nothing: side, order, format, unit, repetition, the patient before, another process."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from osteon.case.read import read_case
from osteon.case.vocabulary import vocabulary
from osteon.planning import plan
from osteon.report.plan_json import as_dict, plan_json

EXAMPLES = Path(__file__).parents[2] / "examples"
OTHER = {"left": "right", "right": "left"}


def rebuilt(value, change):
    """The same nested data with every table passed through `change`."""
    if isinstance(value, dict):
        return change({key: rebuilt(each, change) for key, each in value.items()})
    return [rebuilt(each, change) for each in value] if isinstance(value, list) else value


def mirrored(raw):
    return rebuilt(raw, lambda table: {k: OTHER.get(v, v) if k == "side" else v for k, v in table.items()})


def sideless(plan_dict):
    """A plan without the words that name a side."""
    text = re.sub(r'"(left|right)( \w+)?"', r'"side\2"', json.dumps(plan_dict))
    return json.loads(text)


def backwards(raw):
    """The same tables with their keys in the opposite order; the joints stay in theirs."""
    return rebuilt(raw, lambda table: dict(reversed(table.items())))


def shuffled(raw, chance):
    return rebuilt(raw, lambda table: dict(chance.sample(list(table.items()), len(table))))


def in_other_units(raw):
    """Every number of a finding that may come in another unit, written in that unit."""
    return rebuilt(raw, lambda table: {key: other_unit(key, value) for key, value in table.items()})


def other_unit(name, value):
    definition = vocabulary().get(name)
    entry = value if isinstance(value, dict) else {"value": value}
    if definition is None or not definition.also or entry.get("unit", definition.unit) != definition.unit:
        return value
    unit, factor = next(iter(definition.also.items()))
    numbers = {key: entry[key] / factor for key in ("value", "low", "high") if key in entry}
    return {**entry, **numbers, "unit": unit}


def as_json(raw):
    return json.dumps(raw, ensure_ascii=False)


def as_yaml(raw):
    written = StringIO()
    YAML().dump(raw, written)
    return written.getvalue()


def as_toml(raw):
    tables = {"patient": raw.get("patient", {}), "preferences": raw.get("preferences", {})}
    joints = raw.get("joint", [])
    lines = [f"{key} = {inline(value)}" for key, value in raw.items() if key not in (*tables, "joint")]
    for head, table in [*((f"[{name}]", table) for name, table in tables.items()), *(("[[joint]]", j) for j in joints)]:
        lines += [head, *(f"{key} = {inline(value)}" for key, value in table.items())]
    return "\n".join(lines)


def inline(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {inline(each)}" for key, each in value.items()) + "}"
    return "[" + ", ".join(map(inline, value)) + "]" if isinstance(value, list) else json.dumps(value)


def test_left_and_right_get_the_same_plan(example, example_plan, planned):
    assert sideless(planned(mirrored(example))) == sideless(as_dict(example_plan))


@settings(max_examples=20)
@given(data=st.data())
def test_any_joint_gets_the_same_plan_on_the_other_side(data, joints, as_case, planned):
    raw = as_case(data.draw(joints))

    assert sideless(planned(mirrored(raw))) == sideless(planned(raw))


def test_the_order_of_keys_changes_no_byte(example, example_plan):
    assert plan_json(plan(read_case(backwards(example)))) == plan_json(example_plan)


@settings(max_examples=20)
@given(data=st.data(), chance=st.randoms(use_true_random=False))
def test_no_order_of_keys_changes_a_byte(data, chance, joints, as_case):
    raw = as_case(data.draw(joints))

    assert plan_json(plan(read_case(shuffled(raw, chance)))) == plan_json(plan(read_case(raw)))


@pytest.mark.parametrize("write", [as_json, as_yaml, as_toml], ids=["json", "yaml", "toml"])
def test_the_format_of_the_file_changes_nothing(tmp_path, example, write):
    path = tmp_path / f"case.{write.__name__.removeprefix('as_')}"
    path.write_text(write(example), encoding="utf-8")

    assert read_case(path) == read_case(example)


def test_units_change_nothing(example):
    assert read_case(in_other_units(example)) == read_case(example)


def test_the_order_of_joints_only_reorders_the_plan(example, example_plan, planned):
    turned = {**example, "joint": example.get("joint", [])[::-1]}

    assert planned(turned)["joints"] == as_dict(example_plan)["joints"][::-1]


def test_repetition_changes_no_byte(example, example_plan):
    plan(read_case({"joint": [{"site": "knee", "side": "left", "mri_lesion": True}]}))  # another patient in between

    assert plan_json(plan(read_case(example))) == plan_json(example_plan)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "seed"), [("demo_hip.toml", "1"), ("e5_leukaemia.toml", "2026")])
def test_another_process_with_another_hash_seed_gives_the_same_bytes(name, seed):
    command = [sys.executable, "-m", "osteon", "plan", EXAMPLES / name, "--json"]

    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed}, check=True)

    assert done.stdout.decode() == plan_json(plan(read_case(EXAMPLES / name)))
