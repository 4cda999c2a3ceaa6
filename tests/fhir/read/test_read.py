"""One resource at a time: what it says, what it leaves open, and what is passed over."""

from __future__ import annotations

from datetime import date

import pytest

from osteon.case.answer import Answer
from osteon.errors import InputError
from osteon.fhir import read_bundle, record_card

DAY = date(2022, 7, 1)
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LOINC = "http://loinc.org"


def coded(*codings):
    return {"coding": [{"system": system, "code": code} for system, code in codings]}


def condition(*codings, status="active", verification="confirmed", **more):
    return {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/p"},
        "clinicalStatus": {"coding": [{"code": status}]},
        "verificationStatus": {"coding": [{"code": verification}]},
        "code": coded(*codings),
        **more,
    }


def order(code, status="active", system=RXNORM, **more):
    return {
        "resourceType": "MedicationRequest",
        "id": "m",
        "subject": {"reference": "Patient/p"},
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": coded((system, code)),
        **more,
    }


def observation(value, when="2022-06-01T00:00:00Z", code="98979-8", status="final", number=1, **quantity):
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "subject": {"reference": "Patient/p"},
        "status": status,
        "code": coded((LOINC, code)),
        "effectiveDateTime": when,
        "valueQuantity": {"value": value, "code": "mL/min/{1.73_m2}", **quantity},
    }


def patient(**more):
    return {"resourceType": "Patient", "id": "p", **more}


def bundle(*resources):
    return {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]}


def read(*resources, whole_record=False):
    return read_bundle(bundle(*resources), as_of=DAY, whole_record=whole_record)


def value(found, name):
    finding = found.findings.get(name)
    return None if finding is None else finding.value


# ------------------------------------------------------------------------------------------------------ diagnoses


@pytest.mark.parametrize(
    ("status", "verification", "said"),
    [
        ("active", "confirmed", True),
        ("recurrence", "confirmed", True),
        ("relapse", "confirmed", True),
        ("resolved", "confirmed", False),
        ("remission", "confirmed", False),
        ("inactive", "confirmed", False),
        ("active", "provisional", None),
        ("active", "differential", None),
        ("active", "unconfirmed", None),
        ("active", "refuted", None),
        ("active", "entered-in-error", None),
        ("resolved", "provisional", False),
        ("something else", "confirmed", None),
    ],
)
def test_status_and_verification_decide_what_a_diagnosis_says(status, verification, said):
    found = read(condition((ICD, "M87.051"), status=status, verification=verification))
    assert value(found, "osteonecrosis_on_record") is said


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_a_refuted_diagnosis_is_as_if_it_were_not_there_but_a_provisional_one_keeps_the_answer_open(verification):
    refuted = read(condition((ICD, "M87.051"), verification=verification), whole_record=True)
    provisional = read(condition((ICD, "M87.051"), verification="provisional"), whole_record=True)
    assert value(refuted, "osteonecrosis_on_record") is False
    assert value(provisional, "osteonecrosis_on_record") is None
    assert provisional.undecided["osteonecrosis_on_record"] == "Condition/c"


def test_silence_is_unknown_unless_the_whole_record_is_at_hand():
    assert value(read(patient()), "pregnant") is None
    whole = read(patient(), whole_record=True)
    assert value(whole, "pregnant") is False
    assert whole.findings["pregnant"].source == "nothing on record"


def test_a_pregnancy_that_is_over_does_not_say_that_there_is_none_today():
    assert value(read(condition((SNOMED, "77386006"), status="resolved")), "pregnant") is None


def test_words_without_code_leave_osteonecrosis_open_and_words_beside_a_code_never_count():
    words = condition(code={"text": "AVN right femoral head"})
    trap = condition(code={"coding": [{"system": SNOMED, "code": "239872002", "display": "avascular necrosis"}]})
    assert value(read(words, whole_record=True), "osteonecrosis_on_record") is None
    assert value(read(trap, whole_record=True), "osteonecrosis_on_record") is False


@pytest.mark.parametrize(
    ("codings", "joint"),
    [
        ([(ICD, "M87.051")], "right femoral_head"),
        ([(ICD, "M87051")], "right femoral_head"),
        ([(ICD, "m87.152")], "left femoral_head"),
        ([(ICD, "M90.552")], "left femoral_head"),
        ([(ICD, "M87.256")], "femoral_head"),
        ([(ICD, "M87.353")], "femoral_head"),
        ([("urn:oid:2.16.840.1.113883.6.90", "M87.811")], "right humeral_head"),
        ([("urn:local", "X1"), (ICD, "M87.852"), (SNOMED, "397758007")], "left femoral_head"),
        ([(SNOMED, "444849002")], "femoral_head"),
        ([(SNOMED, "444849002"), (ICD, "M87.051")], "right femoral_head"),
    ],
)
def test_the_joint_and_its_side_come_from_the_code(codings, joint):
    assert [each.name for each in read(condition(*codings)).case.joints] == [joint]


@pytest.mark.parametrize("code", ["M87.180", "M87.9", "M87.09"])
def test_a_diagnosis_of_no_joint_of_ours_makes_none(code):
    found = read(condition((ICD, code)))
    assert value(found, "osteonecrosis_on_record") is True
    assert found.case.joints == ()


@pytest.mark.parametrize("code", ["M91.11", "M93.251", "M16.7"])
def test_perthes_dissecans_and_arthritis_are_not_osteonecrosis(code):
    assert value(read(condition((ICD, code)), whole_record=True), "osteonecrosis_on_record") is False


def test_side_and_site_come_from_the_body_site_where_the_code_names_none():
    site = [coded((SNOMED, "71341001")), coded((SNOMED, "7771000"))]
    hip = [coded((SNOMED, "287579007"))]
    assert read(condition((SNOMED, "397758007"), bodySite=site)).case.joints[0].name == "left femoral_head"
    assert read(condition((SNOMED, "397758007"), bodySite=hip)).case.joints[0].name == "right femoral_head"


def test_sides_that_contradict_each_other_leave_the_side_open():
    site = [coded((SNOMED, "7771000"))]
    assert read(condition((ICD, "M87.051"), bodySite=site)).case.joints[0].side is None


def test_a_diagnosis_without_side_adds_no_joint_where_the_same_site_is_known_with_its_side():
    found = read(condition((ICD, "M87.051")), condition((SNOMED, "444849002"), id="d"))
    assert [joint.name for joint in found.case.joints] == ["right femoral_head"]


def test_both_hips_become_two_joints_and_know_of_each_other():
    found = read(condition((ICD, "M87.051")), condition((ICD, "M87.052"), id="d"))
    assert [joint.name for joint in found.case.joints] == ["right femoral_head", "left femoral_head"]
    assert found.case.joints[0].findings["bilateral"].value is True


def test_what_was_read_into_a_code_is_told_with_the_finding():
    site = read(condition((ICD, "M87.051"))).case.joints[0].findings["site"]
    assert site.source == "Condition/c; the code says femur, not which end: taken as the femoral head"


def test_necrosis_after_an_injury_is_traumatic():
    assert read(condition((ICD, "M87.251"))).case.joints[0].findings["traumatic"].value is True


def test_sickle_cell_trait_is_not_the_disease():
    assert value(read(condition((ICD, "D57.3")), whole_record=True), "sickle_cell_disease") is False
    assert value(read(condition((ICD, "D57.1"))), "sickle_cell_disease") is True


def test_the_reason_of_a_visit_is_a_question_and_not_a_diagnosis():
    visit = {
        "resourceType": "Encounter",
        "id": "e",
        "status": "finished",
        "subject": {"reference": "Patient/p"},
        "reasonCode": [coded((ICD, "M87.051"))],
    }
    found = read(visit, whole_record=True)
    assert value(found, "osteonecrosis_on_record") is None
    assert found.joints[0].osteonecrosis is Answer.UNKNOWN


def test_a_heart_attack_counts_only_as_long_as_it_is_recent():
    recent = condition((ICD, "I21.9"), status="resolved", onsetDateTime="2022-05-01")
    old = condition((ICD, "I21.9"), status="resolved", onsetDateTime="2012-05-01")
    undated = condition((ICD, "I21.9"), status="resolved")
    assert value(read(recent), "myocardial_infarction_within_6_months") is True
    assert value(read(old, whole_record=True), "myocardial_infarction_within_6_months") is False
    assert value(read(undated, whole_record=True), "myocardial_infarction_within_6_months") is None


# ------------------------------------------------------------------------------------------------------ medicines


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        (order("312615"), True),
        (order("8640"), True),
        (order("H02AB07", system="http://www.whocc.no/atc"), True),
        (order("312615", status="stopped"), False),
        (order("312615", status="on-hold"), False),
        (order("312615", status="entered-in-error"), False),
        (order("312615", intent="proposal"), False),
        (order("312615", doNotPerform=True), False),
        (order("106258"), False),
        (order("895994"), False),
        (order("5492"), None),
        (order("5492", dosageInstruction=[{"route": coded((SNOMED, "26643006"))}]), True),
        (order("312615", status="unknown"), None),
        (order("312615", authoredOn="2022-07-02"), False),
    ],
)
def test_a_systemic_steroid_is_current_when_it_is_ordered_active_and_systemic(resource, said):
    assert value(read(resource, whole_record=True), "steroid_current") is said


def test_one_certain_code_or_record_is_enough_beside_an_open_one():
    both = order("5492")
    both["medicationCodeableConcept"] = coded((RXNORM, "5492"), (RXNORM, "312615"))
    assert value(read(both), "steroid_current") is True
    assert value(read(order("5492"), order("312615") | {"id": "n"}), "steroid_current") is True


def test_a_stopped_steroid_was_an_exposure_and_a_draft_is_planned():
    assert value(read(order("312615", status="stopped")), "steroid_exposure") is True
    assert value(read(order("312615", status="draft")), "steroid_planned") is True
    assert value(read(order("312615", status="draft")), "steroid_exposure") is None


@pytest.mark.parametrize("where", ["contained", "entry", "ingredient"])
def test_a_medication_is_followed_wherever_it_stands(where):
    medication = {"resourceType": "Medication", "id": "x", "code": coded((RXNORM, "312615"))}
    request = order("0")
    del request["medicationCodeableConcept"]
    if where == "contained":
        request |= {"contained": [medication], "medicationReference": {"reference": "#x"}}
        resources = [request]
    else:
        if where == "ingredient":
            medication["ingredient"] = [{"itemCodeableConcept": medication.pop("code")}]
        request["medicationReference"] = {"reference": "https://example.org/fhir/Medication/x"}
        resources = [request, medication]
    assert value(read(*resources), "steroid_current") is True


def test_r5_names_its_medication_in_a_codeable_reference():
    request = order("0")
    del request["medicationCodeableConcept"]
    request["medication"] = {"concept": coded((RXNORM, "312615"))}
    assert value(read(request), "steroid_current") is True


# --------------------------------------------------------------------------------------------------- measurements


def test_the_newest_value_counts_by_instant_in_every_time_zone():
    later = observation(20, "2022-06-01T23:30:00-05:00", number=1)
    earlier = observation(80, "2022-06-02T01:00:00+00:00", number=2)
    found = read(later, earlier)
    assert value(found, "egfr_ml_min_173m2") == 20
    assert found.findings["egfr_ml_min_173m2"].source == "Observation/o1 (2022-06-02)"
    assert ("Observation/o2", "a newer egfr_ml_min_173m2 is on record") in found.ignored


@pytest.mark.parametrize("status", ["preliminary", "entered-in-error", "registered", "cancelled", "unknown"])
def test_a_value_that_is_not_final_does_not_count(status):
    found = read(observation(60, "2022-01-01"), observation(12, "2022-06-01", status=status, number=2))
    assert value(found, "egfr_ml_min_173m2") == 60


@pytest.mark.parametrize(
    ("comparator", "number", "at_least_35"),
    [("<", 30, "no"), ("<", 60, "unknown"), (">=", 35, "yes"), (">", 90, "yes"), ("<=", 35, "unknown")],
)
def test_a_comparator_answers_only_when_the_bound_decides(comparator, number, at_least_35):
    from osteon.case.conditions import conditions

    found = read(observation(number, comparator=comparator)).findings["egfr_ml_min_173m2"]
    (condition_,) = conditions({"egfr_ml_min_173m2": {"at_least": 35}})
    assert condition_.answer(found.possible).value == at_least_35


def test_units_are_converted_to_those_of_the_vocabulary():
    creatinine = observation(88.4, code="2160-0")
    creatinine["valueQuantity"] = {
        "value": 88.4,
        "unit": "µmol/l",
        "system": "http://unitsofmeasure.org",
        "code": "umol/L",
    }
    assert value(read(creatinine), "creatinine_mg_dl") == pytest.approx(1.0, abs=1e-6)


def test_a_value_in_a_unit_nobody_can_convert_is_passed_over_and_said_to_be():
    found = read(observation(60) | {"valueQuantity": {"value": 60, "code": "mL/h"}})
    assert value(found, "egfr_ml_min_173m2") is None
    assert found.ignored[0].why.startswith("its unit is none of mL/min/{1.73_m2}")


def test_values_of_the_same_instant_give_their_range():
    found = read(observation(40), observation(55, number=2)).findings["egfr_ml_min_173m2"]
    assert (found.value, found.interval) == (None, (40, 55))


def test_components_count_like_observations():
    pressure = observation(1, code="85354-9")
    del pressure["valueQuantity"]
    pressure["component"] = [{"code": coded((LOINC, "8480-6")), "valueQuantity": {"value": 85, "code": "mm[Hg]"}}]
    assert value(read(pressure), "systolic_bp_mmhg") == 85


# ----------------------------------------------------------------------------------------------- patient, references


def test_age_is_worked_out_for_the_day_of_assessment():
    assert value(read(patient(birthDate="2004-07-01")), "age_years") == 18
    assert value(read(patient(birthDate="2004-07-02")), "age_years") < 18


def test_a_birth_date_without_day_leaves_the_age_a_range():
    found = read(patient(birthDate="2004")).findings["age_years"]
    assert found.value is None
    assert found.interval == pytest.approx((17.5, 18.5), abs=0.01)


def test_sex_recorded_at_birth_comes_before_administrative_gender():
    birth = [{"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex", "valueCode": "F"}]
    assert value(read(patient(gender="male", extension=birth)), "sex") == "female"
    assert value(read(patient(gender="male")), "sex") == "male"
    assert value(read(patient(gender="other")), "sex") is None


@pytest.mark.parametrize("reference", ["Patient/p", "https://example.org/fhir/Patient/p/_history/3", "urn:uuid:1"])
def test_references_lead_to_the_patient_in_every_form(reference):
    entries = [
        {"fullUrl": "urn:uuid:1", "resource": patient()},
        {"resource": condition((ICD, "M87.051"), subject={"reference": reference})},
    ]
    found = read_bundle({"resourceType": "Bundle", "entry": entries}, as_of=DAY)
    assert value(found, "osteonecrosis_on_record") is True


def test_resources_of_nobody_are_passed_over():
    found = read(patient(), condition((ICD, "M87.051"), subject={}))
    assert value(found, "osteonecrosis_on_record") is None
    assert ("Condition/c", "it names no patient") in found.ignored


def test_a_bundle_of_two_patients_must_be_told_which():
    other = patient() | {"id": "q"}
    sick = condition((ICD, "M87.051"), subject={"reference": "Patient/q"})
    with pytest.raises(InputError, match="holds 2 patients"):
        read(patient(), other)
    found = read_bundle(bundle(patient(), other, sick), as_of=DAY, patient="p")
    assert value(found, "osteonecrosis_on_record") is None
    assert ("Condition/c", "it is of another patient") in found.ignored


def test_of_two_versions_of_a_resource_the_newer_counts_and_a_tie_is_a_fault():
    new = condition((ICD, "M87.051"), status="resolved", meta={"lastUpdated": "2022-01-02T00:00:00Z"})
    old = condition((ICD, "M87.051"), meta={"lastUpdated": "2022-01-01T00:00:00Z"})
    assert value(read(new, old), "osteonecrosis_on_record") is False
    assert value(read(old, old), "osteonecrosis_on_record") is True
    with pytest.raises(InputError, match="has the id of another resource that differs"):
        read(condition((ICD, "M87.051")), condition((ICD, "M87.052")))


def test_findings_that_contradict_each_other_are_left_out_of_the_case_and_told():
    hip = condition((ICD, "M87.051"))
    flat = stated("flattening", valueBoolean=True)
    normal = stated("radiograph_abnormal", valueBoolean=False, number=2)
    found = read(hip, flat, normal)
    assert "flattening" not in found.case.joints[0].findings
    assert {each.what for each in found.ignored} == {"flattening", "radiograph_abnormal"}


# ------------------------------------------------------------------------------------------------ other resources


def of_patient(kind, **more):
    return {"resourceType": kind, "id": "x", "subject": {"reference": "Patient/p"}, **more}


def test_a_final_report_that_concludes_osteonecrosis_is_a_diagnosis_and_a_preliminary_one_a_question():
    report = of_patient("DiagnosticReport", status="final", conclusionCode=[coded((SNOMED, "444849002"))])
    assert read(report).case.joints[0].findings["osteonecrosis_confirmed"].value is True
    early = read(report | {"status": "preliminary"}, whole_record=True)
    assert value(early, "osteonecrosis_on_record") is None


def test_a_request_that_asks_about_osteonecrosis_is_a_question():
    request = of_patient("ServiceRequest", status="active", intent="order", reasonCode=[coded((ICD, "M87.052"))])
    assert value(read(request, whole_record=True), "osteonecrosis_on_record") is None


@pytest.mark.parametrize(
    "study",
    [
        of_patient("ImagingStudy", status="available", series=[{"bodySite": {"system": SNOMED, "code": "29836001"}}]),
        of_patient("ImagingStudy", status="available", series=[{"bodySite": {"concept": coded((SNOMED, "29836001"))}}]),
        of_patient("Procedure", status="completed", code=coded((SNOMED, "268425006"))),
    ],
)
def test_imaging_of_a_hip_is_seen_in_studies_of_r4_and_r5_and_in_procedures(study):
    assert value(read(study), "hip_imaging_on_record") is True
    assert value(read(study | {"status": "cancelled"}, whole_record=True), "hip_imaging_on_record") is False


def test_a_hip_replacement_is_seen_in_procedures_whatever_the_system():
    done = of_patient(
        "Procedure", status="completed", code=coded(("http://www.cms.gov/Medicare/Coding/ICD10", "0SR904A"))
    )
    assert value(read(done), "hip_replacement_on_record") is True


def test_an_allergy_counts_while_it_is_active():
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "patient": {"reference": "Patient/p"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": coded((RXNORM, "1191")),
    }
    assert value(read(allergy), "allergy_aspirin_or_nsaid") is True
    assert value(read(allergy | {"verificationStatus": coded(("", "refuted"))}), "allergy_aspirin_or_nsaid") is None


@pytest.mark.parametrize(
    ("kind", "status", "current", "ever"),
    [
        ("MedicationStatement", "active", True, True),
        ("MedicationStatement", "completed", None, True),
        ("MedicationStatement", "not-taken", None, None),
        ("MedicationAdministration", "in-progress", True, True),
        ("MedicationAdministration", "completed", None, True),
        ("MedicationAdministration", "not-done", None, None),
    ],
)
def test_statements_and_administrations_say_what_was_taken(kind, status, current, ever):
    found = read(of_patient(kind, status=status, medicationCodeableConcept=coded((RXNORM, "312615"))))
    assert (value(found, "steroid_current"), value(found, "steroid_exposure")) == (current, ever)


def test_types_that_are_not_read_are_named():
    assert read(patient(), of_patient("Claim")).ignored == (("Claim (entry 2)", "Claim is not read"),)


def test_the_card_of_a_record_tells_findings_open_questions_and_what_was_ignored():
    card = record_card(read(patient(), condition((ICD, "M87.051"), verification="provisional"), order("1")))
    assert "right femoral_head: site, side" in card
    assert "osteonecrosis_on_record: Condition/c" in card
    assert "1: it has no code that answers a finding (MedicationRequest/m)" in card


# -------------------------------------------------------------------------------------- Osteon's own words


def stated(name, number=1, joint="right femoral_head", **answer):
    return {
        "resourceType": "Observation",
        "id": f"s{number}",
        "subject": {"reference": "Patient/p"},
        "status": "final",
        "code": coded(("urn:osteon:finding", name)),
        "bodySite": coded(("urn:osteon:joint", joint)),
        "effectiveDateTime": "2022-06-01",
        **answer,
    }


def test_an_observation_coded_by_a_finding_states_it_of_its_joint():
    found = read(
        stated("depression_mm", valueQuantity={"value": 0.3, "code": "cm"}),
        stated("lateral_pillar", number=2, valueCodeableConcept=coded(("urn:osteon:choice", "whole"))),
        stated("diabetes", number=3, valueBoolean=False),
    )
    (joint,) = found.case.joints
    assert joint.name == "right femoral_head"
    assert (joint.findings["depression_mm"].value, joint.findings["lateral_pillar"].value) == (3.0, "whole")
    assert value(found, "diabetes") is False


def test_a_statement_that_is_not_final_does_not_count():
    assert not read(stated("depression_mm", status="preliminary", valueInteger=3)).joints


def test_a_statement_against_the_coded_record_leaves_the_finding_open():
    found = read(condition((ICD, "E11.9")), stated("diabetes", valueBoolean=False))
    assert value(found, "diabetes") is None
    assert "against" in found.undecided["diabetes"]


def test_a_questionnaire_is_read_by_its_link_ids():
    response = {
        "resourceType": "QuestionnaireResponse",
        "id": "q",
        "status": "completed",
        "authored": "2022-06-01",
        "subject": {"reference": "Patient/p"},
        "item": [
            {"linkId": "hiv", "answer": [{"valueBoolean": False}]},
            {
                "linkId": "joint",
                "item": [
                    {"linkId": "site", "answer": [{"valueCoding": {"code": "femoral_head"}}]},
                    {"linkId": "side", "answer": [{"valueString": "left"}]},
                    {"linkId": "crescent_sign", "answer": [{"valueCoding": {"code": "yes"}}]},
                    {"linkId": "depression_mm", "answer": [{"valueDecimal": 1.5}]},
                ],
            },
        ],
    }
    found = read(response)
    (joint,) = found.case.joints
    assert joint.name == "left femoral_head"
    assert (joint.findings["crescent_sign"].value, joint.findings["depression_mm"].value) == (True, 1.5)
    assert value(found, "hiv") is False
