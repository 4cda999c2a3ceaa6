"""What the service answers: valid by the standard's schemas, and what the decision tables say."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from osteon.knowledge import knowledge

from .conftest import (
    ALENDRONATE,
    DECOMPRESSION,
    EARLY,
    HEALTHY,
    LATE,
    PARACETAMOL,
    PREDNISOLONE,
    PREDNISONE,
    bundle,
    egfr,
    order,
    osteonecrosis,
    record,
    request,
    staged,
)

HERE = Path(__file__).parent
CALLS = {
    "a healthy chart": request("patient-view"),
    "a late hip": request("patient-view", LATE),
    "an early hip": request("patient-view", EARLY),
    "a steroid selected": request("order-select", HEALTHY, [PREDNISONE]),
    "a steroid signed": request("order-sign", HEALTHY, [PREDNISONE]),
    "drilling a late hip": request("order-sign", LATE, [DECOMPRESSION]),
    "a drug the kidneys forbid": request("order-sign", record(egfr(20)), [ALENDRONATE]),
    "something else": request("order-sign", LATE, [PARACETAMOL]),
    "everything": request("order-select", LATE, [PREDNISONE, ALENDRONATE, DECOMPRESSION]),
    "no orders": request("order-sign", LATE),
}


@pytest.fixture
def cards(call):
    def ask(asked):
        answer = call(asked)
        assert answer.status_code == 200, answer.text
        return answer.json()["cards"]

    return ask


def test_discovery_is_valid_and_names_the_three_hooks(http, token, valid):
    answer = http.get("/cds-services", headers={"Authorization": f"Bearer {token()}"})

    assert valid("discovery", answer.json())
    assert [each["hook"] for each in answer.json()["services"]] == ["patient-view", "order-select", "order-sign"]


def test_prefetch_templates_use_only_the_token_that_2_0_allows(http, token):
    answer = http.get("/cds-services", headers={"Authorization": f"Bearer {token()}"})

    templates = [each for service in answer.json()["services"] for each in service["prefetch"].values()]
    assert {each.split("{{")[1] for each in templates} == {"context.patientId}}"}


@pytest.mark.parametrize("name", CALLS)
def test_every_request_and_response_is_valid(name, call, valid):
    answer = call(CALLS[name])

    assert valid("request", CALLS[name])
    assert answer.status_code == 200
    assert valid("response", answer.json()), answer.text


@pytest.mark.parametrize("path", sorted((HERE / "inferno").glob("*.json")), ids=lambda path: path.stem)
def test_requests_of_the_inferno_kit_are_answered_as_the_standard_says(path, call):
    asked = json.loads(path.read_text())
    ours = asked["hook"] in ("order-select", "order-sign")
    where = f"/cds-services/osteon-{asked['hook'] if ours else 'patient-view'}"

    answer = call(asked, where)

    assert answer.status_code == (
        412 if ours else 400
    )  # their FHIR server is not one of ours, and prefetch is not ours
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("path", sorted((HERE / "inferno").glob("order_s*.json")), ids=lambda path: path.stem)
def test_requests_of_the_inferno_kit_get_cards_when_the_record_comes_along(path, call, valid):
    patient = {"resourceType": "Patient", "id": "example"}
    prefetch = {**dict.fromkeys(HEALTHY), "patient": patient}

    answer = call({**json.loads(path.read_text()), "prefetch": prefetch})

    assert answer.status_code == 200
    assert valid("response", answer.json())


def test_a_chart_without_risk_gets_no_card(cards):
    assert cards(request("patient-view")) == []


def test_a_late_hip_is_told_with_stage_and_treatments(cards):
    first = cards(request("patient-view", LATE))[0]

    assert first["summary"] == "Right femoral head: ARCO 2019 (revised): IIIB; treatments: 1 fit, 3 to consider"
    assert "Total hip arthroplasty" in first["detail"]
    assert first["indicator"] == "info"


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_a_systemic_steroid_triggers_the_prevention_advice_of_the_knowledge(hook, cards):
    (card,) = cards(request(hook, HEALTHY, [PREDNISONE]))

    rules = {rule.id: rule for rule in knowledge().advice["prevention"].rule}
    assert rules["lowest_steroid_dose_planned"].advice in card["detail"]
    assert rules["statin_before_steroids"].advice in card["detail"]
    assert card["summary"].startswith("Systemic steroid ordered: ")


def test_a_steroid_whose_route_is_open_is_told_as_open(cards):
    (card,) = cards(request("order-sign", HEALTHY, [PREDNISOLONE]))

    assert card["summary"].startswith("If this order is a systemic steroid")


def test_a_route_settles_what_the_code_leaves_open(cards):
    by_mouth = {"route": {"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]}}

    (card,) = cards(request("order-sign", HEALTHY, [{**PREDNISOLONE, "dosageInstruction": [by_mouth]}]))

    assert card["summary"].startswith("Systemic steroid ordered")


def test_the_display_text_of_an_order_counts_for_nothing(cards):
    named = order(
        "MedicationRequest", "m9", "http://example.org/own", "1", medicationCodeableConcept={"text": "prednisone"}
    )

    assert cards(request("order-sign", HEALTHY, [named])) == []


def test_joint_preserving_surgery_of_a_late_hip_is_flagged_with_reasons(cards):
    (card,) = cards(request("order-sign", LATE, [DECOMPRESSION]))

    rules = {rule.id: rule for rule in knowledge().treatments["core_decompression_single"].rule}
    assert card["indicator"] == "warning"
    assert "right femoral head" in card["summary"]
    assert "stage IIIB or IV (arco 2019): yes" in card["detail"]
    assert any(rule.because in card["detail"] for rule in rules.values() if rule.verdict == "avoid")


def test_joint_preserving_surgery_of_an_early_hip_is_not_flagged(cards):
    assert {card["indicator"] for card in cards(request("order-sign", EARLY, [DECOMPRESSION]))} <= {"info"}


def test_an_order_for_the_other_side_is_not_flagged(cards):
    left = {**DECOMPRESSION, "bodySite": [{"coding": [{"system": "http://snomed.info/sct", "code": "7771000"}]}]}

    assert cards(request("order-sign", LATE, [left])) == []


@pytest.mark.parametrize("conditions", [[], [osteonecrosis()]], ids=["without a joint", "with a hip"])
def test_a_contraindicated_drug_is_flagged_and_can_be_removed(cards, conditions):
    (card,) = cards(request("order-sign", record(egfr(20), conditions=conditions), [ALENDRONATE]))

    assert card["indicator"] == "critical"
    assert card["suggestions"][0]["actions"] == [
        {"type": "delete", "description": "Remove this draft order", "resourceId": "MedicationRequest/m3"}
    ]
    assert card["selectionBehavior"] == "at-most-one"


def test_a_drug_that_is_fine_gets_no_card(cards):
    assert cards(request("order-sign", record(egfr(90)), [ALENDRONATE])) == []


def test_only_selected_orders_are_told_at_order_select(cards):
    asked = request("order-select", LATE, [PREDNISONE, DECOMPRESSION], selections=["ServiceRequest/s1"])

    assert [card["source"]["topic"]["system"] for card in cards(asked)] == ["urn:osteon:cds:treatment"]


def test_a_medication_may_stand_inside_or_beside_its_order(cards):
    steroid = {"resourceType": "Medication", "id": "med", "code": PREDNISONE["medicationCodeableConcept"]}
    bare = {name: value for name, value in PREDNISONE.items() if name != "medicationCodeableConcept"}
    inside = {**bare, "medicationReference": {"reference": "#med"}, "contained": [steroid]}
    beside = {**bare, "medicationReference": {"reference": "Medication/med"}}

    assert len(cards(request("order-sign", HEALTHY, [inside]))) == 1
    assert len(cards(request("order-sign", HEALTHY, [beside, steroid]))) == 1


def test_orders_for_another_patient_are_left_out(cards):
    other = {**PREDNISONE, "subject": {"reference": "Patient/other"}}

    assert cards(request("order-sign", HEALTHY, [other])) == []


def test_every_card_names_its_sources_and_the_versions_that_made_it(cards):
    made = cards(CALLS["everything"])

    assert [card["indicator"] for card in made] == ["info", "info", "warning"]
    assert all(
        f"knowledge {knowledge().version}" in card["detail"] and "**Sources**" in card["detail"] for card in made
    )


def test_the_report_opens_by_the_cards_link_and_by_no_other(cards, http):
    link = cards(request("patient-view", LATE))[0]["links"][0]["url"]
    path = link.removeprefix("https://cds.example.org")

    shown = http.get(path)

    assert shown.status_code == 200
    assert "femoral head" in shown.text
    assert (shown.headers["cache-control"], shown.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert http.get(f"{path}x").status_code == 404


def remove(*path):
    def change(body):
        for step in path[:-1]:
            body = body[step]
        del body[path[-1]]

    return change


def put(value, *path):
    def change(body):
        for step in path[:-1]:
            body = body[step]
        body[path[-1]] = value

    return change


MUTATIONS = {
    "no cards": remove("cards"),
    "no summary": remove("cards", 0, "summary"),
    "a long summary": put("x" * 140, "cards", 0, "summary"),
    "an empty detail": put("", "cards", 0, "detail"),
    "null detail": put(None, "cards", 0, "detail"),
    "a loud indicator": put("error", "cards", 0, "indicator"),
    "no indicator": remove("cards", 0, "indicator"),
    "no source": remove("cards", 0, "source"),
    "no source label": remove("cards", 0, "source", "label"),
    "empty links": put([], "cards", 0, "links"),
    "a link without address": remove("cards", 0, "links", 0, "url"),
    "a link of another type": put("relative", "cards", 0, "links", 0, "type"),
    "appContext on an absolute link": put("x", "cards", 0, "links", 0, "appContext"),
    "suggestions without behaviour": remove("cards", 0, "selectionBehavior"),
    "unknown behaviour": put("some", "cards", 0, "selectionBehavior"),
    "a suggestion without label": remove("cards", 0, "suggestions", 0, "label"),
    "an action without description": remove("cards", 0, "suggestions", 0, "actions", 0, "description"),
    "an action of another type": put("patch", "cards", 0, "suggestions", 0, "actions", 0, "type"),
    "a creation of nothing": put("create", "cards", 0, "suggestions", 0, "actions", 0, "type"),
    "a reason without words": remove("cards", 0, "overrideReasons", 0, "display"),
    "a reason without system": remove("cards", 0, "overrideReasons", 0, "system"),
    "empty system actions": put([], "systemActions"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_response_that_is_changed_is_not_valid_any_more(name, call, valid):
    body = call(CALLS["drilling a late hip"]).json()
    changed = copy.deepcopy(body)

    MUTATIONS[name](changed)

    assert valid("response", body)
    assert not valid("response", changed)


def test_hostile_text_in_the_record_stays_out_of_cards(call):
    text = "<script>alert(1)</script> {{context.patientId}} '; drop table card; --"
    hostile = {**osteonecrosis(), "code": {**osteonecrosis()["code"], "text": text}, "note": [{"text": text}]}

    answer = call(request("patient-view", record(staged("IIIB"), conditions=[hostile])))

    assert answer.status_code == 200
    assert not any(part in answer.text for part in ("script", "{{", "drop table"))


def test_a_bundle_of_orders_that_is_none_is_refused(call):
    asked = request("order-sign")
    asked["context"]["draftOrders"] = {"resourceType": "Patient"}

    assert call(asked).status_code == 400
    assert bundle()["entry"] == []
