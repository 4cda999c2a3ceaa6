"""Whatever is sent, the reader answers with a reading or with one clear error that repeats nothing of the patient."""

from __future__ import annotations

import gzip
import json
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osteon.errors import InputError
from osteon.fhir import FhirRead, load, read_bundle, read_patients
from osteon.fhir.resources import TYPES

DAY = date(2022, 7, 1)
SECRET = "Zaphod-Beeblebrox-1952"
HIP = {
    "resourceType": "Condition",
    "id": "c",
    "subject": {"reference": "Patient/p"},
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M87.051"}]},
}


def refused(source):
    with pytest.raises(InputError) as told:
        read_bundle(source, as_of=DAY)
    assert SECRET not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "not whole JSON"),
        (b"{", "not whole JSON"),
        (b"null", "Expected `object`"),
        (b"[]", "Expected `object`"),
        (b"\xff\xfe\x00", "not whole JSON"),
        (b'{"a": ' * 200_000, "nested deeper"),
        (b'{"resourceType": "Patient", "contained": ' + b"[" * 100_000, "nested deeper"),
        (b"{}", "no resourceType"),
        (b'{"resourceType": "Bundle"}', "holds no resource"),
        (b'{"resourceType": "Bundle", "entry": [{"resource": null}, {}]}', "holds no resource"),
        (b'{"resourceType": "Observation", "valueQuantity": {"value": 1e999}}', "out of range"),
        (b"\x1f\x8bnonsense", "broken gzip"),
        (gzip.compress(b'{"resourceType": "Patient", "id": "p"}')[:-6], "broken gzip"),
    ],
)
def test_text_that_is_no_record_is_refused_in_one_sentence(text, says):
    assert says in refused(text)


def test_every_wrong_type_is_told_with_its_place_at_once_and_no_value():
    entries = [
        {"resource": HIP | {"code": SECRET}},
        {"resource": HIP | {"id": 5}},
        {"resource": HIP},
        {"resource": {"resourceType": "Patient", "birthDate": {"x": SECRET}}},
    ]
    told = refused({"resourceType": "Bundle", "entry": entries})
    assert told.startswith("FHIR has 3 faults")
    assert all(f"entry {number}: is not as FHIR R4 has it" in told for number in (1, 2, 4))


def test_a_file_that_is_cut_off_names_the_file_and_nothing_else(tmp_path):
    lines = "\n".join(json.dumps(HIP | {"id": f"c{number}", "note": SECRET}) for number in range(500))
    path = tmp_path / "Condition.ndjson.gz"
    path.write_bytes(gzip.compress(lines.encode())[:-40])
    assert refused(path) == "Condition.ndjson.gz has 1 fault\n  is broken gzip. Copy the file again."


def test_a_line_that_is_cut_off_is_told_by_its_number():
    assert "line 3: is not whole JSON" in refused((json.dumps(HIP) + "\n").encode() * 2 + b'{"resourceType": "Cond')


def test_more_than_one_record_can_hold_is_refused_without_reading_it_all(tmp_path, monkeypatch):
    monkeypatch.setattr(load, "MAX_DOCUMENT", 1 << 20)
    path = tmp_path / "huge.json.gz"
    path.write_bytes(gzip.compress(b" " * (20 << 20), 1))
    assert "holds more than 1 MB" in refused(path)
    assert "holds more than 1 MB" in refused(path.read_bytes())
    assert "is larger than 1 MB" in refused(b'{"resourceType": "Patient", "id": "' + b"p" * (2 << 20) + b'"}')


def test_references_in_circles_and_to_nowhere_end():
    circle = HIP | {"resourceType": "MedicationRequest", "contained": [{"resourceType": "Medication", "id": "x"}]}
    circle |= {"medicationReference": {"reference": "#x"}, "status": "active", "intent": "order"}
    loop = {"resourceType": "Medication", "id": "y", "code": {"reference": "Medication/y"}}
    nowhere = circle | {"id": "n", "medicationReference": {"reference": "Medication/none"}}
    again = circle | {"id": "l", "medicationReference": {"reference": "Medication/y"}}
    found = read_bundle([circle, loop, nowhere, again], as_of=DAY)
    assert [each.why for each in found.ignored] == ["it has no code that answers a finding"] * 3


def test_bundles_within_bundles_are_read_to_a_depth():
    bundle = HIP
    for _ in range(3):
        bundle = {"resourceType": "Bundle", "entry": [{"resource": bundle}]}
    assert read_bundle(bundle, as_of=DAY).case.joints
    assert "more than 3 deep" in refused({"resourceType": "Bundle", "entry": [{"resource": bundle}]})


def test_questions_nested_without_end_are_passed_over():
    item = {"linkId": "hiv", "answer": [{"valueBoolean": True}]}
    for _ in range(100):
        item = {"linkId": "group", "item": [item]}
    response = {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [item]}
    assert not read_bundle(response, as_of=DAY).findings


def test_a_folder_is_read_whole_whatever_else_lies_in_it(tmp_path):
    (tmp_path / "a.ndjson").write_text(json.dumps(HIP) + "\n")
    (tmp_path / "b.json").write_text('{"manifest": true}')
    (tmp_path / "notes.txt").write_text("not read")
    (tmp_path / "empty").mkdir()
    (read,) = read_patients(tmp_path, as_of=DAY)
    assert read.case.joints[0].name == "right femoral_head"
    with pytest.raises(InputError, match="holds no file"):
        load.resources_of(tmp_path / "empty")


@pytest.mark.parametrize(
    ("name", "text", "is_fhir"),
    [
        ("bundle.json", '{"resourceType": "Bundle"}', True),
        ("case.json", '{"patient": {}}', False),
        ("broken.json", "{", False),
        ("case.toml", "[patient]", False),
        ("lines.ndjson", "", True),
    ],
)
def test_a_record_is_told_from_a_case_file(tmp_path, name, text, is_fhir):
    (tmp_path / name).write_text(text)
    assert load.is_record(tmp_path / name) is is_fhir


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(InputError, match="is no file or folder"):
        load.resources_of(tmp_path / "missing.json")


# --------------------------------------------------------------------------------------------------- at random

ENDS = (FhirRead, InputError)


def outcome(source):
    try:
        return read_bundle(source, as_of=DAY)
    except InputError as told:
        return told


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
CODES = st.sampled_from(["M87.051", "M87", "8640", "98979-8", "397758007", "lateral_pillar", "active", "final", ""])
WORDS = SCALARS | CODES | st.sampled_from(["2022-02-30", "0001-01-01T00:00:00+14:00", "Patient/p", "#x", "\ud800"])
ELEMENTS = st.sampled_from(
    "code coding system text subject reference status clinicalStatus valueQuantity value unit item linkId answer "
    "component effectiveDateTime birthDate contained bodySite id meta lastUpdated entry resource valueBoolean".split()
)
ANYTHING = st.recursive(
    WORDS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ELEMENTS, inner, max_size=5), max_leaves=20
)
RESOURCES = st.builds(
    lambda kind, rest: rest | {"resourceType": kind},
    st.sampled_from([*TYPES, "Bundle", "Claim"]),
    st.dictionaries(ELEMENTS, ANYTHING, max_size=8),
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(RESOURCES, max_size=4))
def test_any_resources_are_read_or_refused(resources):
    assert isinstance(outcome({"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}), ENDS)


@settings(max_examples=150)
@given(st.data())
def test_a_record_with_any_byte_changed_is_read_or_refused(data):
    text = bytearray(json.dumps({"resourceType": "Bundle", "entry": [{"resource": HIP}]}).encode())
    place = data.draw(st.integers(0, len(text) - 1))
    text[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    assert isinstance(outcome(bytes(text)), ENDS)


@settings(max_examples=100)
@given(
    st.permutations(
        [
            HIP,
            HIP | {"id": "d", "clinicalStatus": {"coding": [{"code": "resolved"}]}},
            {"resourceType": "Patient", "id": "p"},
        ]
    )
)
def test_the_order_of_a_record_changes_nothing(resources):
    found = read_bundle(resources, as_of=DAY)
    assert found.findings["osteonecrosis_on_record"].source == "Condition/c"
    assert [joint.name for joint in found.case.joints] == ["right femoral_head"]
