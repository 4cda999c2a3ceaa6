"""Patients with known answers get them from the cohort engine too; cut off, poisoned or packed, the table is the same."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from shutil import copytree

import pytest

from osteon.cohort import screen
from osteon.cohort.engines import Duck
from osteon.cohort.sql import name
from osteon.errors import InputError
from osteon.fhir import read_patients

from .conftest import ELIGIBILITY, REFERENCE, dict_rows, jsonl, python_answers

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet", "ignore::DeprecationWarning")
PLANTED = REFERENCE / "planted"
AS_OF = date(2022, 7, 1)


def table(results, columns="*", order="patient, site, side"):
    engine = Duck("1GB", 1, results.parent / "spill")
    engine.open_parquet("results", [results])
    rows = engine.rows(f"SELECT {columns} FROM results ORDER BY {order}")
    engine.close()
    return rows


def answers(results, question, steps):
    """For each patient the answer to each step of a question and to the whole."""
    columns = [f"questions/{question}#{step}" for step in steps] + [f"questions/{question}"]
    rows = table(results, ", ".join(map(name, ("patient", *columns))), order="patient")
    return {row[0]: dict(zip((*steps, "eligible"), row[1:], strict=True)) for row in rows}


def planted_truth(steps):
    return {
        each["patient"]: {step: each[step] for step in (*steps, "eligible")} for each in jsonl(PLANTED / "truth.ndjson")
    }


@pytest.mark.parametrize(
    "engine", ["duckdb", pytest.param("local[2]", marks=[pytest.mark.slow, pytest.mark.xdist_group("spark")])]
)
def test_every_planted_patient_gives_the_truth_in_every_column(engine, eligibility, tmp_path, request):
    if engine != "duckdb":
        request.getfixturevalue("spark")
    rule = str(eligibility("planted"))

    done = screen(PLANTED, tmp_path / "r.parquet", as_of=AS_OF, rules=[rule], engine=engine, inferred=False)

    steps = tuple(ELIGIBILITY["planted"])
    assert done.patients == 52
    assert answers(done.results, "planted", steps) == planted_truth(steps)


@pytest.mark.slow
def test_the_reference_engine_of_cql_gives_the_same_answers_for_every_patient(eligibility, tmp_path):
    folder = os.environ.get("OSTEON_TEST_DATA")
    if not folder or not Path(folder, "fhir/synthea2019").is_dir():
        pytest.skip("OSTEON_TEST_DATA does not name a folder that holds fhir/synthea2019")
    data = Path(folder, "fhir/synthea2019")
    rule, own = str(eligibility("cql_reference")), REFERENCE / "cql_reference.toml"

    done = screen(data, tmp_path / "r.parquet", as_of=date(2020, 1, 1), rules=[rule], own_mapping=own, inferred=False)

    wanted = {line.pop("patient"): line for line in jsonl(data / "cql_reference.ndjson")}
    wanted = {patient: {"eligible": each.pop("Eligible"), **each} for patient, each in wanted.items()}
    assert len(wanted) == 312
    assert answers(done.results, "cql_reference", tuple(ELIGIBILITY["cql_reference"])) == wanted


@pytest.fixture(scope="module")
def all_rules(tmp_path_factory):
    """Every rule for every planted patient: what `screen` says of its work."""
    return screen(PLANTED, tmp_path_factory.mktemp("all") / "r.parquet", as_of=AS_OF)


@pytest.mark.slow
def test_every_rule_answers_as_the_plan_of_the_same_patient(all_rules):
    rows = dict_rows(all_rules.results)
    reads = {read.patient: read for read in read_patients(PLANTED, as_of=AS_OF)}

    wrong = [
        (patient, address, row[address], wanted)
        for (patient, site, side), row in rows.items()
        for address, wanted in python_answers(reads[patient].case, site, side)
        if row[address] != wanted
    ]

    assert len(rows) >= 52
    assert wrong == []


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_to_the_same_table(eligibility, tmp_path):
    rule, whole = str(eligibility("planted")), tmp_path / "whole.parquet"
    screen(PLANTED, whole, as_of=AS_OF, rules=[rule])
    cut = tmp_path / "cut.parquet"
    code = (
        "import sys, datetime, pathlib\nfrom osteon.cohort import screen\n"
        "def stop(step):\n    print(step, flush=True)\n    step.startswith('patients') and sys.stdin.read()\n"
        "screen(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), as_of=datetime.date(2022, 7, 1),"
        " rules=[sys.argv[3]], progress=stop)"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", code, str(PLANTED), str(cut), rule], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert running.stdout is not None
    while not running.stdout.readline().startswith(b"patients"):
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert not cut.exists()

    told = []
    screen(PLANTED, cut, as_of=AS_OF, rules=[rule], progress=told.append)

    assert "collecting answers" not in told
    assert table(cut) == table(whole)
    assert not list(tmp_path.glob("*.work"))


def test_names_of_files_and_words_of_records_are_never_read_as_sql(eligibility, tmp_path):
    data = copytree(PLANTED, tmp_path / "it's; DROP TABLE people --")
    evil = {
        "resourceType": "Condition",
        "id": "'; DROP TABLE codes; --",
        "subject": {"reference": "Patient/x'); DELETE FROM people; --"},
        "clinicalStatus": {"coding": [{"code": "active'; --"}]},
        "code": {"coding": [{"system": "http://snomed.info/sct' OR '1'='1", "code": "${env:HOME}\\'"}]},
    }
    (data / "Condition 'two'.ndjson").write_text(json.dumps(evil) + "\n")

    done = screen(data, tmp_path / "o'ut.parquet", as_of=AS_OF, rules=[str(eligibility("planted"))], inferred=False)

    steps = tuple(ELIGIBILITY["planted"])
    assert answers(done.results, "planted", steps) == planted_truth(steps)


def test_a_file_that_is_cut_short_leaves_nothing_behind(tmp_path, eligibility):
    whole = gzip.compress(gzip.decompress((PLANTED / "Condition.ndjson.gz").read_bytes()))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "Condition.ndjson.gz").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(InputError, match=r"cut short|cannot be read"):
        screen(tmp_path / "data", tmp_path / "r.parquet", as_of=AS_OF, rules=[str(eligibility("planted"))])

    assert not (tmp_path / "r.parquet").exists()


def test_a_line_that_is_no_resource_is_told_without_its_words(tmp_path, eligibility):
    (tmp_path / "Condition.ndjson").write_text('{"resourceType": "Condition", "id": "a", "code": "Secret Name"}\n')

    with pytest.raises(InputError) as told:
        screen(tmp_path, tmp_path / "r.parquet", as_of=AS_OF, rules=[str(eligibility("planted"))])

    assert "Condition" in str(told.value)
    assert "Secret" not in str(told.value)


def test_rules_that_are_not_there_are_told(tmp_path):
    with pytest.raises(InputError, match="names no rule"):
        screen(PLANTED, tmp_path / "r.parquet", as_of=AS_OF, rules=["treatments/leeches"])


def test_what_no_patient_can_be_told_is_listed(all_rules):
    assert "alcohol_ethanol_g_per_week" in {
        finding for missing in all_rules.undecidable.values() for finding in missing
    }
    assert "Procedure" in all_rules.absent
