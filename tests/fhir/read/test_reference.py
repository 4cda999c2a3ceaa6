"""Against the outside world: patients whose answers were planted, and those of the reference engine for CQL."""

from __future__ import annotations

import json
import os
import tomllib
from datetime import date
from pathlib import Path

import pytest

from osteon.case.answer import Answer, all_of
from osteon.case.conditions import conditions
from osteon.fhir import read_patients

HERE = Path(__file__).parent
ELIGIBILITY = tomllib.loads((HERE / "eligibility.toml").read_text())
TRUTH = {Answer.YES: True, Answer.NO: False, Answer.UNKNOWN: None}


def answers(findings, rule):
    """The answer to each condition of a rule, from the findings as recorded, and whether all hold."""
    known = {name: finding.possible for name, finding in findings.items()}
    each = {column: conditions(wanted)[0] for column, wanted in rule.items()}
    given = {column: condition.answer(known.get(condition.name)) for column, condition in each.items()}
    return {column: TRUTH[answer] for column, answer in given.items()} | {"eligible": TRUTH[all_of(given.values())]}


def hip_side(joints):
    """The side of a hip with osteonecrosis; "unspecified?" where no site was named at all."""
    hips = [joint.side or "unspecified" for joint in joints if joint.site == "femoral_head"]
    nowhere = ["unspecified?" for joint in joints if not joint.named and joint.osteonecrosis is Answer.YES]
    return next(iter(hips + nowhere), None)


def planted(folder):
    truth = [json.loads(line) for line in (HERE / "planted" / "truth.ndjson").read_text().splitlines()]
    reads = {read.patient: read for read in read_patients(folder, as_of=date(2022, 7, 1))}
    found = {
        each["patient"]: answers(reads[each["patient"]].findings, ELIGIBILITY["planted"])
        | {"hip_side": hip_side(reads[each["patient"]].joints)}
        for each in truth
    }
    wanted = {each["patient"]: {name: each[name] for name in found[each["patient"]]} for each in truth}
    return found, wanted


def test_every_planted_patient_gives_the_truth_in_every_column():
    found, wanted = planted(HERE / "planted")
    assert len(found) == 52
    assert found == wanted


@pytest.fixture
def fhir_data():
    folder = os.environ.get("OSTEON_TEST_DATA")
    if not folder or not Path(folder, "fhir").is_dir():
        pytest.skip("OSTEON_TEST_DATA does not name a folder that holds fhir")
    return Path(folder, "fhir")


def test_the_whole_records_of_the_planted_patients_give_the_truth_too(fhir_data):
    found, wanted = planted(fhir_data / "planted")
    assert found == wanted


@pytest.mark.slow
def test_the_reference_engine_of_cql_gives_the_same_answers_for_every_patient(fhir_data):
    folder = fhir_data / "synthea2019"
    lines = (folder / "cql_reference.ndjson").read_text().splitlines()
    wanted = {line["patient"]: line for line in map(json.loads, lines)}
    reads = read_patients(folder, as_of=date(2020, 1, 1), own_mapping=HERE / "cql_reference.toml")
    found = {read.patient: answers(read.findings, ELIGIBILITY["cql_reference"]) for read in reads}
    assert len(found) == 312
    assert found == {
        patient: {name: wanted[patient]["Eligible" if name == "eligible" else name] for name in columns}
        for patient, columns in found.items()
    }
