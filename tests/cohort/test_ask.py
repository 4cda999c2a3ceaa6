"""A question is counted step by step, its patients are written as CSV and FHIR Group, and its page needs nothing else."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
from datetime import date
from pathlib import Path

import pytest

from osteon.cohort import screen
from osteon.cohort.ask import ask, group_resource, members_csv, screening_of, summary_html
from osteon.cohort.questions import read_question, ready_made
from osteon.errors import InputError
from osteon.knowledge import knowledge

from .conftest import REFERENCE, jsonl

TRUTH = jsonl(REFERENCE / "planted" / "truth.ndjson")


@pytest.fixture(scope="module")
def rule(eligibility):
    return eligibility("planted")


@pytest.fixture(scope="module")
def results(tmp_path_factory, rule):
    out = tmp_path_factory.mktemp("ask") / "r.parquet"
    rules = [str(rule), "questions"]
    return screen(REFERENCE / "planted", out, as_of=date(2022, 7, 1), rules=rules, inferred=False).results


@pytest.fixture(scope="module")
def reply(results, rule):
    return ask(results, read_question(rule, knowledge()), knowledge())


def test_the_patients_of_a_question_are_those_of_the_truth(reply):
    assert list(reply.members) == sorted(each["patient"] for each in TRUTH if each["eligible"] is True)
    assert list(reply.undecided) == sorted(each["patient"] for each in TRUTH if each["eligible"] is None)


def test_each_step_counts_those_who_came_to_it(reply):
    came = [reply.patients, *(step.passed for step in reply.steps)]

    assert came[0] == 52
    assert [step.passed + step.failed + step.unknown for step in reply.steps] == came[:-1]
    assert reply.steps[0].passed == sum(each["adult"] for each in TRUTH)


def test_every_ready_made_question_can_be_asked(results):
    questions = ready_made(knowledge())

    assert len(questions) >= 3
    assert {ask(results, question, knowledge()).patients for question in questions} == {52}


def test_the_group_holds_the_patients_and_is_a_valid_resource(reply):
    folder = os.environ.get("OSTEON_TEST_DATA")
    if not folder or not Path(folder, "fhir/schema").is_dir():
        pytest.skip("OSTEON_TEST_DATA does not name a folder that holds fhir/schema")
    import jsonschema_rs

    schema = json.loads(gzip.decompress(Path(folder, "fhir/schema/fhir.r4.schema.json.gz").read_bytes()))
    group = group_resource(reply)

    assert jsonschema_rs.validator_for(schema).is_valid(group)
    assert group == group_resource(reply)
    assert [each["entity"]["reference"] for each in group["member"]] == [f"Patient/{each}" for each in reply.members]


def test_a_line_of_csv_for_each_patient_and_none_that_a_spreadsheet_runs(reply):
    from dataclasses import replace

    lines = list(csv.reader(members_csv(replace(reply, members=("=1+1", *reply.members))).splitlines()))

    assert lines[1] == ["'=1+1", "yes"]
    assert len(lines) == 2 + len(reply.members) + len(reply.undecided)


def test_the_page_shows_every_count_and_fetches_nothing(reply, results):
    page = summary_html([reply], screening_of(results))

    assert f"<strong>{len(reply.members)}</strong> of 52 patients" in page
    assert re.findall(r"<script|src=|https?://|@import", page) == []


def test_markup_in_a_question_stays_text(reply, results):
    from dataclasses import replace

    page = summary_html([replace(reply, name="<script>alert(1)</script>{{ 7*7 }}")], screening_of(results))

    assert "<script>" not in page
    assert "{{ 7*7 }}" in page


def test_a_question_that_was_not_screened_is_told(results):
    with pytest.raises(InputError, match="Screen again"):
        ask(results, f"trials/{next(iter(knowledge().trials))}", knowledge())


def test_a_faulty_question_tells_all_its_faults(tmp_path):
    file = tmp_path / "q.toml"
    file.write_text('id = "q"\nnmae = "x"\n[[step]]\nid = "a"\nwhen = { no_such_finding = true }\n')

    with pytest.raises(InputError) as told:
        read_question(file, knowledge())

    assert {fault.where for fault in told.value.faults} == {"nmae", "name", "step 1"}
