"""What is missing is fetched with the client's token from the client's own server, or the call is refused with 412."""

from __future__ import annotations

import json

import pytest

from .conftest import EARLY, HEALTHY, LATE, PATIENT, SUBJECT, osteonecrosis, request, staged

AUTHORIZATION = {
    "access_token": "lent-token",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/*.rs",
    "subject": "osteon",
}


@pytest.fixture
def ask(call, records):
    """Asks about a patient whose record is at the client's server, with some of it sent along."""

    def post(prefetch=None, server="/fhir", **more):
        access = {"fhirServer": records.url + server, "fhirAuthorization": AUTHORIZATION, **more}
        return call(request("patient-view", prefetch, **access))

    return post


def without(*keys):
    return {key: value for key, value in LATE.items() if key not in keys}


def test_a_call_without_prefetch_is_answered_from_the_clients_server(ask, records):
    answer = ask()

    assert answer.json()["cards"][0]["summary"].startswith("Right femoral head: ARCO 2019 (revised): IIIB")
    assert sorted(path for path, _ in records.calls) == [
        "/fhir/AllergyIntolerance?patient=fict-1",
        "/fhir/Condition?patient=fict-1",
        "/fhir/MedicationRequest?patient=fict-1",
        "/fhir/Observation?patient=fict-1",
        "/fhir/Patient/fict-1",
        "/fhir/Procedure?patient=fict-1",
    ]
    assert {header for _, header in records.calls} == {"Bearer lent-token"}


def test_only_what_is_missing_is_fetched(ask, records):
    assert ask(without("observations")).status_code == 200
    assert [path for path, _ in records.calls] == ["/fhir/Observation?patient=fict-1"]


def test_null_means_that_there_is_nothing_to_fetch(ask, records):
    assert ask(LATE).status_code == 200
    assert records.calls == []


def test_a_bundle_with_a_next_page_is_fetched_whole(ask, records):
    paged = {**LATE["observations"], "link": [{"relation": "next", "url": "https://ehr.example.org/2"}]}

    assert ask({**LATE, "observations": paged}).status_code == 200
    assert [path for path, _ in records.calls] == ["/fhir/Observation?patient=fict-1"]


def test_pages_of_the_server_are_followed(ask, records):
    first = {"resourceType": "Bundle", "link": [{"relation": "next", "url": records.url + "/fhir/Observation?page=2"}]}
    records.plan("Observation", (200, json.dumps(first).encode()))
    records.plan("Observation?page=2")

    answer = ask(without("observations"))

    assert "IIIB" in answer.json()["cards"][0]["summary"]


@pytest.mark.parametrize("missing", ["patient", "conditions", "observations", "medications", "allergies", "procedures"])
def test_what_cannot_be_had_is_412(missing, call):
    assert call(request("patient-view", without(missing))).status_code == 412


def test_a_patient_who_is_null_is_412(call):
    assert call(request("patient-view", {**LATE, "patient": None})).status_code == 412


PAGE = json.dumps({"resourceType": "Bundle", "link": [{"relation": "next", "url": "https://evil.example.org/fhir"}]})
FAILURES = {
    "refused": (403,),
    "broken": (500,),
    "redirected": (302, b"", [("Location", "http://169.254.169.254/latest/meta-data")]),
    "no FHIR": (200, b"<html></html>"),
    "deep": (200, b'{"resourceType":"Bundle","entry":' + b"[" * 100_000),
    "endless": (200, b'{"resourceType": "Bundle", "x": "' + b"a" * 9_000_000 + b'"}'),
    "a page elsewhere": (200, PAGE.encode()),
    "vanished": "vanish",
    "slow": "slow",
}


@pytest.mark.parametrize("kind", FAILURES)
def test_a_server_that_fails_is_412(kind, ask, records):
    records.plan("Condition", FAILURES[kind])

    answer = ask(without("conditions"))

    assert answer.status_code == 412
    assert answer.json()["issue"][0]["diagnostics"] == "Condition could not be read from the FHIR server."


@pytest.mark.parametrize("server", ["/fhir/../admin", "/fhir@evil.example.org/", "/fhirx", "/fhir?x=", "", "/FHIR"])
def test_a_server_that_is_not_on_our_list_is_never_called(server, ask, records):
    assert ask(server=server).status_code == 412
    assert records.calls == []


def test_a_token_without_server_is_refused(call):
    assert call(request("patient-view", LATE, fhirAuthorization=AUTHORIZATION)).status_code == 400


@pytest.mark.parametrize("lent", ["", "a\r\nX-Evil: 1", "a" * 9000, "ü"], ids=["empty", "header", "long", "not ASCII"])
def test_a_token_that_is_no_token_is_refused(lent, ask):
    assert ask(fhirAuthorization={**AUTHORIZATION, "access_token": lent}).status_code == 400


WRONG = {
    "another patient": ("patient", {**PATIENT, "id": "other"}),
    "another type": ("patient", osteonecrosis()),
    "another type in a bundle": ("conditions", EARLY["observations"]),
    "a string": ("conditions", "x"),
    "a number": ("patient", 7),
    "a list": ("observations", []),
}


@pytest.mark.parametrize("kind", WRONG)
def test_prefetch_that_is_not_what_was_asked_for_is_refused(kind, call):
    key, value = WRONG[kind]

    assert call(request("patient-view", {**LATE, key: value})).status_code == 400


def test_resources_of_another_patient_are_not_mixed_in(call):
    foreign = {**staged("IV"), "subject": {"reference": "Patient/other"}, "effectiveDateTime": "2026-06-01"}
    mixed = {
        **LATE,
        "observations": {**LATE["observations"], "entry": [*LATE["observations"]["entry"], {"resource": foreign}]},
    }

    assert "IIIB" in call(request("patient-view", mixed)).json()["cards"][0]["summary"]


@pytest.mark.parametrize(
    "reference", ["Patient/fict-1", "https://ehr.example.org/fhir/Patient/fict-1", "Patient/fict-1/_history/3"]
)
def test_every_form_of_reference_to_the_patient_is_known(reference, call):
    hip = {**osteonecrosis(), "subject": {**SUBJECT, "reference": reference}}
    listed = {"resourceType": "Bundle", "entry": [{"resource": hip}]}

    assert len(call(request("patient-view", {**HEALTHY, "conditions": listed})).json()["cards"]) > 0


UNREADABLE = {
    "an element of another type": {**osteonecrosis(), "code": {"coding": "M87.051"}},
    "no type": {"id": "M87"},
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_record_that_is_not_fhir_is_told_without_what_it_says(kind, call):
    listed = {"resourceType": "Bundle", "entry": [{"resource": UNREADABLE[kind]}]}

    answer = call(request("patient-view", {**HEALTHY, "conditions": listed}))

    assert answer.status_code == 422
    assert "M87" not in answer.text


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_fetched_record_that_is_not_fhir_is_told_too(kind, ask, records):
    records.plan(
        "Condition", (200, json.dumps({"resourceType": "Bundle", "entry": [{"resource": UNREADABLE[kind]}]}).encode())
    )

    assert ask(without("conditions")).status_code == 422
