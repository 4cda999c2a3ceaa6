"""The synthetic patients with planted osteonecrosis: every one of them gets valid cards, true to what was planted."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import uuid
from datetime import date
from pathlib import Path

import pytest

from osteon.web.cds.answer import answer
from osteon.web.cds.prefetch import resources
from osteon.web.cds.request import read_request
from osteon.web.cds.services import SEARCHES, templates

from .conftest import bundle


@pytest.fixture(scope="module")
def folder():
    root = os.environ.get("OSTEON_TEST_DATA")
    if not root:
        pytest.skip("OSTEON_TEST_DATA does not name the folder of test data")
    return Path(root, "fhir", "planted")


@pytest.fixture(scope="module")
def answered(folder):
    """Truth and response of each patient, as of the day the truth was written for."""
    kinds = {key: list(lines(folder / f"{kind}.ndjson.gz")) for key, kind in SEARCHES.items()}
    truths = {each["patient"]: each for each in lines(folder / "truth.ndjson")}
    return [
        (truths[patient["id"]], response(patient, kinds))
        for patient in lines(folder / "Patient.ndjson.gz")
        if patient["id"] in truths
    ]


def lines(path):
    if not path.exists():
        return []
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in content.splitlines()]


def response(patient, kinds):
    def own(resource):
        whom = resource.get("subject") or resource.get("patient") or {}
        return whom.get("reference", "").endswith(f"Patient/{patient['id']}")

    prefetch = {key: bundle(*filter(own, found)) for key, found in kinds.items()}
    asked = {
        "hook": "patient-view",
        "hookInstance": str(uuid.uuid4()),
        "context": {"userId": "Practitioner/1", "patientId": patient["id"]},
        "prefetch": {**prefetch, "patient": patient},
    }
    call = read_request(json.dumps(asked).encode(), "patient-view", 64)
    found = asyncio.run(resources(call, templates(), None))
    return answer(
        call, found, date(2022, 7, 1), lambda: str(uuid.uuid4()), lambda _: "https://cds.example.org/reports/x"
    )


def test_every_response_is_valid(answered, valid):
    assert [truth for truth, said in answered if not valid("response", said)] == []
    assert len(answered) == 52


def test_a_joint_is_told_where_a_hip_was_planted_and_nowhere_else(answered):
    def sides(said):
        return {card["summary"].split()[0].lower() for card in said["cards"] if "femoral head" in card["summary"]}

    planted = [(truth["hip_side"], sides(said)) for truth, said in answered if truth["osteonecrosis"]]
    assert [(side, told) for side, told in planted if side in ("left", "right") and told != {side}] == []
    assert [truth for truth, said in answered if truth["osteonecrosis"] is False and sides(said)] == []


def test_continuous_steroids_bring_the_advice_to_keep_them_low(answered):
    told = [any("lowest steroid dose" in card["detail"] for card in said["cards"]) for _, said in answered]

    assert told == [truth["systemic_steroid_active"] is True for truth, _ in answered]
