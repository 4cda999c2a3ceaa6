"""A plan as FHIR: valid by the official R4 schema, whole, the same every time, and read back as it was."""

import base64
import copy
import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import osteon
from osteon.case import Finding, Findings
from osteon.case.parse import FORMATS
from osteon.case.possible import Interval
from osteon.errors import InputError
from osteon.fhir import read_bundle, read_patients
from osteon.fhir.elements import without_empty
from osteon.fhir.write import bundle_bytes, write_bundle

ROOT = Path(__file__).parents[3]
NAMES = sorted(path.name for path in (ROOT / "examples").iterdir() if path.suffix in FORMATS)
PLANTED = ROOT / "tests/fhir/read/planted"
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def references(element):
    """Every reference in an element, at any depth."""
    if isinstance(element, dict):
        own = [element["reference"]] if isinstance(element.get("reference"), str) else []
        return own + [each for value in element.values() for each in references(value)]
    return [each for value in element for each in references(value)] if isinstance(element, list) else []


def told(plan):
    """What a plan says of every joint: the verdicts and the stages."""
    return [
        (
            joint.joint.name,
            {option.treatment.id: option.verdict for option in joint.options},
            {staging.system: staging.possible for staging in joint.staging},
        )
        for joint in plan.joints
    ]


def planned_here(joint, **patient):
    return osteon.plan(osteon.read_case({"patient": patient, "joint": [joint]}))


def sha1(content):
    return base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()


# ------------------------------------------------------------------------------------------------- every example


@pytest.mark.parametrize("name", NAMES)
def test_the_bundle_of_an_example_is_valid_and_so_is_every_resource_in_it(name, written, r4_faults):
    bundle = written(name)

    assert [fault for entry in bundle["entry"] for fault in r4_faults(entry["resource"])] == []
    assert r4_faults(bundle) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_leads_to_a_resource_of_the_bundle_and_nothing_is_empty(name, written):
    bundle = written(name)
    urls = [entry["fullUrl"] for entry in bundle["entry"]]

    assert set(references(bundle)) <= set(urls)
    assert len(urls) == len(set(urls))
    assert without_empty(bundle) == bundle


@pytest.mark.parametrize("name", NAMES)
def test_what_was_written_is_read_back_to_the_same_plan(name, planned, written):
    plan = planned(name)

    read = read_bundle(written(name), as_of=plan.case.assessed_on)

    assert told(osteon.plan(read.case)) == told(plan)


# ---------------------------------------------------------------------------------------------- the schema decides


def mutated(bundle, kind, change):
    resource = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind)
    changed = copy.deepcopy(resource)
    change(changed)
    return changed


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("CarePlan", lambda r: r.pop("subject")),
        ("CarePlan", lambda r: r["activity"][0]["detail"].update(status="perhaps")),
        ("Observation", lambda r: r.pop("code")),
        ("Observation", lambda r: r.update(status="certain")),
        ("Observation", lambda r: r.update(effectiveDateTime="22.11.2026")),
        ("RiskAssessment", lambda r: r["prediction"][0].update(probability=0.5)),
        ("DetectedIssue", lambda r: r.update(severity="extreme")),
        ("GuidanceResponse", lambda r: r.update(status="done")),
        ("DiagnosticReport", lambda r: r.update(result="Observation/1")),
        ("Provenance", lambda r: r.pop("agent")),
        ("Device", lambda r: r.update(colour="grey")),
        ("Patient", lambda r: r.update(gender="unclear")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_resource_that_is_changed_against_the_standard_is_rejected(kind, change, written, r4_faults):
    assert r4_faults(mutated(written("demo_hip.toml"), kind, change)) != []


# -------------------------------------------------------------------------------------------------- ids and bytes


def test_the_same_plan_gives_the_same_bytes_whatever_the_order_of_hashes(planned):
    script = (
        "import sys, osteon; from datetime import UTC, datetime; from osteon.fhir.write import bundle_bytes\n"
        "plan = osteon.plan(osteon.read_case(sys.argv[1]))\n"
        "sys.stdout.buffer.write(bundle_bytes(plan, at=datetime(2026, 11, 22, 12, tzinfo=UTC)))"
    )
    case = str(ROOT / "examples/navicular.toml")
    done = subprocess.run(
        [sys.executable, "-c", script, case], capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": "7"}
    )

    assert done.stdout == bundle_bytes(planned("navicular.toml"), at=AT)


def test_the_same_plan_written_later_has_the_same_ids(planned):
    today, later = (write_bundle(planned("navicular.toml"), at=at) for at in (AT, AT + timedelta(days=30)))

    assert [entry["fullUrl"] for entry in today["entry"]] == [entry["fullUrl"] for entry in later["entry"]]
    assert today["timestamp"] != later["timestamp"]


def test_two_cases_that_differ_in_one_finding_are_two_patients(of_type):
    cases = [planned_here({"site": "lunate", "side": "left", "crescent_sign": sign}) for sign in (True, False)]
    first, second = (of_type(write_bundle(plan, at=AT), "Patient")[0] for plan in cases)

    assert first["id"] != second["id"]


# ------------------------------------------------------------------------------------------------ from a record


@pytest.fixture(scope="module")
def record():
    """A synthetic patient with osteonecrosis of a hip on record."""
    every = read_patients(PLANTED, as_of=date(2022, 7, 1))
    return next(each for each in every if each.case.joints and "steroid_current" in each.findings)


@pytest.fixture(scope="module")
def from_record(record):
    return write_bundle(osteon.plan(record.case), at=AT, patient=record.patient)


def test_the_plan_of_a_record_is_a_transaction_into_that_record(from_record, record, r4_faults):
    requests = {entry["request"]["url"]: entry["resource"] for entry in from_record["entry"]}

    assert [fault for entry in from_record["entry"] for fault in r4_faults(entry["resource"])] == []
    assert r4_faults(from_record) == []
    assert all(url == f"{each['resourceType']}/{each['id']}" for url, each in requests.items())
    assert f"Patient/{record.patient}" in references(from_record)


def test_what_is_on_record_or_what_it_is_silent_on_is_not_written_again(from_record, of_type):
    codings = [coding for each in of_type(from_record, "Observation") for coding in each["code"]["coding"]]

    assert {coding["system"] for coding in codings} == {"urn:osteon:staging"}
    assert of_type(from_record, "Patient") == []


def test_the_plan_names_the_resources_of_the_record_that_it_rests_on(from_record, record, of_type):
    used = [each["what"].get("reference") for each in of_type(from_record, "Provenance")[0]["entity"]]
    known = record.case.joints[0].findings["osteonecrosis_confirmed"].source

    assert any(name and name in known for name in used)
    assert of_type(from_record, "CarePlan")[0]["addresses"][0]["reference"].startswith("Condition/")


# ------------------------------------------------------------------------------------------------ what is said


def test_a_measurement_with_an_interval_is_a_range_and_tells_the_number(written, of_type):
    volumes = [
        r for r in of_type(written("demo_hip.toml"), "Observation") if "lesion_volume_ml" in json.dumps(r["code"])
    ]

    assert (volumes[0]["valueRange"]["low"]["value"], volumes[0]["valueRange"]["high"]["value"]) == (9, 13)
    assert volumes[0]["valueRange"]["low"]["code"] == "mL"
    assert {"text": "Given as 11 mL"} in volumes[0]["note"]


def test_what_was_measured_on_images_is_written_for_a_patient_on_record_too(of_type):
    case = osteon.read_case({"joint": [{"site": "femoral_head", "side": "left", "pain": True}]})
    volume = Finding("lesion_volume_ml", Interval(9, 13), 11.0, "measured", "series 4, mask 1")
    joint = replace(case.joints[0], findings=Findings({**case.joints[0].findings, volume.name: volume}))
    bundle = write_bundle(osteon.plan(replace(case, joints=(joint,))), at=AT, patient="7")
    findings = [r for r in of_type(bundle, "Observation") if r["code"]["coding"][0]["system"] == "urn:osteon:finding"]

    assert [r["code"]["coding"][0]["code"] for r in findings] == ["lesion_volume_ml"]
    assert findings[0]["method"]["text"] == "Measured on images, for research only"
    assert {"text": "Source: series 4, mask 1"} in findings[0]["note"]


def test_a_list_of_several_words_is_not_read_back_shorter_than_it_is(of_type):
    had = ["eswt", "alendronate"]
    plan = planned_here({"site": "femoral_head", "side": "left", "previous_treatment": had}, age_years=40)
    bundle = write_bundle(plan, at=AT)
    words = [
        c["valueCodeableConcept"]["coding"][0]["code"]
        for r in of_type(bundle, "Observation")
        for c in r.get("component", [])
        if "urn:osteon:list" in json.dumps(r["code"])
    ]

    assert sorted(words) == sorted(had)
    assert "previous_treatment" not in read_bundle(bundle, as_of=date(2026, 11, 22)).joints[0].findings


def test_an_undecided_stage_is_preliminary_and_names_what_would_settle_it(of_type):
    plan = planned_here({"site": "femoral_head", "side": "left", "crescent_sign": True})
    arco = next(r for r in of_type(write_bundle(plan, at=AT), "Observation") if "arco_2019" in json.dumps(r["code"]))

    assert (arco["status"], arco["valueCodeableConcept"]) == ("preliminary", {"text": "IIIA or IIIB or IV"})
    assert [part["code"]["coding"][0]["code"] for part in arco["component"]] == ["IIIA", "IIIB", "IV"]
    assert any(note["text"].startswith("Would be settled by: ") for note in arco["note"])


def test_the_probabilities_are_those_of_the_forecast(planned, written, of_type):
    option = next(o for o in planned("young_c2_hip.toml").joints[0].options if o.treatment.id == "observation")
    points = [point for each in option.outlook.forecast.endpoints for point in each.points]
    risks = of_type(written("young_c2_hip.toml"), "RiskAssessment")
    mine = next(r for r in risks if r["code"]["coding"][0]["code"] == "observation")

    low_high = [
        (p["probabilityRange"]["low"]["value"], p["probabilityRange"]["high"]["value"]) for p in mine["prediction"]
    ]
    estimates = [p["extension"][0]["valueQuantity"]["value"] for p in mine["prediction"]]
    assert low_high == [(round(100 * p.low, 1), round(100 * p.high, 1)) for p in points]
    assert estimates == [round(100 * p.estimate, 1) for p in points]


def test_a_contraindication_that_holds_is_final_and_one_not_excluded_is_preliminary(planned, written, of_type):
    issues = of_type(written("demo_hip.toml"), "DetectedIssue")
    options = [option for joint in planned("demo_hip.toml").joints for option in joint.options]
    barred = [option.treatment.name for option in options if option.verdict == "contraindicated"]

    final = [issue["detail"] for issue in issues if issue["status"] == "final"]
    assert len(final) == len(barred)
    assert all(detail.startswith(name) for detail, name in zip(final, barred, strict=True))
    assert all("Not excluded" in issue["detail"] for issue in issues if issue["status"] == "preliminary")


def test_options_are_proposed_and_those_to_be_avoided_are_marked(planned, written, of_type):
    care = of_type(written("demo_hip.toml"), "CarePlan")[0]
    offered = {o.treatment.id: o.verdict for o in planned("demo_hip.toml").joints[0].options}
    marked = {
        each["detail"]["code"]["coding"][0]["code"]: each["detail"]["doNotPerform"]
        for each in care["activity"]
        if "coding" in each["detail"]["code"]
    }

    assert (care["status"], care["intent"]) == ("draft", "proposal")
    assert marked == {
        name: verdict in ("avoid", "contraindicated") for name, verdict in offered.items() if verdict != "no indication"
    }


def test_a_report_is_embedded_with_its_digest(planned, of_type, r4_faults):
    page = b"<p>report</p>"
    bundle = write_bundle(planned("navicular.toml"), at=AT, documents={"text/html": page, "application/pdf": b"%PDF"})
    reports = of_type(bundle, "DocumentReference")
    pdf, html = (content["attachment"] for content in reports[0]["content"])

    assert (base64.b64decode(html["data"]), html["hash"], pdf["contentType"]) == (page, sha1(page), "application/pdf")
    assert r4_faults(reports[0]) == []


def test_fictional_patients_are_marked_as_test_data(written, of_type):
    tags = of_type(written("navicular.toml"), "Patient")[0]["meta"]["tag"]

    assert [tag["code"] for tag in tags] == ["HTEST"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"at": datetime(2026, 11, 22)}, "no time zone"),  # noqa: DTZ001
        ({"at": AT, "patient": "a b"}, "is no id"),
        ({"at": AT, "documents": {"text/plain": b"x"}}, "text/html and application/pdf"),
        ({"at": AT, "documents": {"text/html": b""}}, "not empty"),
    ],
)
def test_what_cannot_be_written_is_told(wrong, told, planned):
    with pytest.raises(InputError, match=re.escape(told)):
        write_bundle(planned("navicular.toml"), **wrong)
