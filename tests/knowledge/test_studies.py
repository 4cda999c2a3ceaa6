"""The studies are all there, say what their papers printed, and no mistake in one of them stays untold."""

from __future__ import annotations

import subprocess
import sys
from copy import deepcopy
from datetime import date

import pytest

from osteon.errors import KnowledgeError
from osteon.knowledge.studies import (
    NOT_PRINTED,
    Intervention,
    interventions,
    read_interventions,
    read_studies,
    studies,
)

MISSING = object()
FILE = "studies/demo_2001.toml"
REVIEW = {"written_by": "A. Writer", "checked_by": "", "reviewed_on": "2026-11-22", "next_review": "2028-11-22"}
KNOWN = {
    "rest": Intervention(id="rest", name="rest", modality="observation"),
    "drug": Intervention(id="drug", name="a drug", modality="statin"),
}
DEMO = {
    "id": "demo-2001",
    "citation": "Demo A. J Demo 2001",
    "design": "rct",
    "doi": "10.0/demo",
    "site": "femoral head",
    "site_id": "femoral_head",
    "when": {"site": "femoral_head", "stage": {"arco_2019": ["I", "II"]}},
    "population": {"stage_system": "ARCO", "mean_age_years": 43},
    "arm": [
        {
            "label": "drug",
            "modality": "statin",
            "intervention": "drug",
            "role": "intervention",
            "when": {"site": "knee"},
            "population": {"joints": 20, "mean_age_years": 35.3},
            "outcome": [
                {"name": "collapse", "type": "binary", "where": "table 2", "events": 2, "total": 20},
                {"name": "hhs", "type": "continuous", "where": "table 3", "population": {"stage_system": NOT_PRINTED}},
            ],
        },
        {
            "label": "rest",
            "modality": "observation",
            "intervention": "rest",
            "role": "comparator",
            "outcome": [{"name": "collapse", "type": "binary", "where": "table 2"}],
        },
    ],
    "review": REVIEW,
}


def spoilt(place, value):
    """The demo study with another value at a place such as `arm 0 role`; MISSING takes the key away."""
    raw = deepcopy(DEMO)
    *path, last = (int(part) if part.isdigit() else part for part in place.split())
    table = raw
    for part in path:
        table = table[part]
    if value is MISSING:
        del table[last]
    else:
        table[last] = value
    return raw


def told(raw):
    with pytest.raises(KnowledgeError) as refused:
        read_studies(raw, KNOWN)
    return [str(fault) for fault in refused.value.faults]


@pytest.fixture(scope="module")
def demo():
    return read_studies({FILE: DEMO}, KNOWN)["demo-2001"]


def test_every_study_is_there():
    assert len(studies()) == 178
    assert sum(len(arm.outcome) for study in studies().values() for arm in study.arm) == 729


@pytest.mark.parametrize(
    ("study", "arm", "outcome", "printed"),
    [
        # J Bone Joint Surg Am 2005;87(10):2155-2159, abstract: 2 of 29 hips collapsed, 19 of 25 without the drug
        ("lai-2005", 0, 0, ("collapse", 2, 29)),
        ("lai-2005", 1, 0, ("collapse", 19, 25)),
        # Arch Orthop Trauma Surg 2010;130(7):859-865, abstract: 7 of 59 hips replaced
        ("bmmc-cd-2010", 0, 2, ("tha-conversion", 7, 59)),
        # Diving Hyperb Med 2024;54(2):92-96, abstract: 9 of 14 femoral heads stable or better
        ("currie-2024", 0, 0, ("stage-unchanged", 9, 14)),
    ],
)
def test_a_figure_stands_as_its_paper_printed_it(study, arm, outcome, printed):
    found = studies()[study].arm[arm].outcome[outcome]
    assert (found.name, found.events, found.total) == printed


def test_whole_numbers_stay_whole_and_decimals_stay_decimals(demo):
    assert repr(demo.population.mean_age_years) == "43"
    assert repr(demo.arm[0].population.mean_age_years) == "35.3"


def test_an_arm_says_only_where_it_differs_from_its_study(demo):
    treated, control = (demo.population_of(arm) for arm in demo.arm)
    assert (treated.stage_system, treated.mean_age_years, treated.joints) == ("ARCO", 35.3, 20)
    assert (control.stage_system, control.mean_age_years, control.joints) == ("ARCO", 43, None)


def test_a_result_read_elsewhere_can_take_back_what_its_study_says(demo):
    arm = demo.arm[0]
    assert demo.population_of(arm, arm.outcome[0]).stage_system == "ARCO"
    assert demo.population_of(arm, arm.outcome[1]).stage_system == ""


def test_the_condition_of_an_arm_replaces_the_study_s_on_the_same_finding(demo):
    assert [condition.text for condition in demo.when_of(demo.arm[0])] == ["stage I or II (arco_2019)", "site is knee"]
    assert demo.when_of(demo.arm[1]) == demo.when


def test_every_risk_of_bias_says_why_where_and_when_it_was_judged():
    judged = [bias for study in studies().values() for bias in study.risk_of_bias]
    assert len(judged) > 50
    assert all(bias.because and bias.where and bias.by and bias.on <= date(2026, 11, 22) for bias in judged)


def test_studies_of_the_same_patients_name_each_other():
    pairs = {(study.id, other) for study in studies().values() for other in study.same_patients_as}
    assert pairs == {(other, study) for study, other in pairs}
    assert ("gangji-2004", "gangji-2011") in pairs


def test_every_intervention_is_used_by_a_study():
    assert interventions().keys() == {arm.intervention for study in studies().values() for arm in study.arm}


def test_a_plan_does_not_wait_for_the_studies():
    code = "import sys, osteon.knowledge as k; k.knowledge(); print('osteon.knowledge.studies' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("colour", "red", f"{FILE}: colour is not a key here; the keys are id, citation, year, design"),
        ("citation", MISSING, f"{FILE}: citation is missing."),
        ("citation", "", f"{FILE} citation: is empty. Fill it in."),
        ("id", "other-2001", f"{FILE} id: is 'other-2001', which belongs into other_2001.toml."),
        ("id", "../2001", f"{FILE} id: is '../2001'; use small letters and digits with hyphens between them"),
        ("design", "trial", f"{FILE} design: is 'trial'; use one of rct, "),
        ("site_id", "hip", f"{FILE} site_id: is 'hip'; use one of femoral_head, "),
        ("region", "", f"{FILE} region: is ''; use one of asia, europe, north_america, other."),
        ("when stage arco_2019", ["V"], f"{FILE} when: stage.arco_2019 is asked for ['V']; it has I, II, IIIA, IIIB"),
        ("when", {"joy": True}, f"{FILE} when: no finding is called 'joy'."),
        ("population mean_age_years", "43", f"{FILE} population.mean_age_years: expected a number, got '43'."),
        ("population mean_age_years", True, f"{FILE} population.mean_age_years: expected a number, got True."),
        ("population mean_age_years", float("nan"), f"{FILE} population.mean_age_years: expected a number, got nan."),
        ("population joints", 2.5, f"{FILE} population.joints: expected int, got 2.5."),
        ("same_patients_as", ["lost-1999"], f"{FILE}: same_patients_as: no study is called 'lost-1999'."),
        ("arm", [], f"{FILE} arm: is missing. A study has one arm or more."),
        ("arm 1 label", "drug", f"{FILE} arm: two arms are called 'drug'. Tell them apart."),
        ("arm 0 modality", "magic", f"{FILE} arm 1.modality: is 'magic'; use one of observation, "),
        ("arm 0 intervention", "magic", f"{FILE} arm 'drug': intervention 'magic' is not in interventions.toml."),
        ("arm 0 intervention", "rest", f"{FILE} arm 'drug': rest is of modality observation, but the arm of statin."),
        ("arm 0 outcome", [], f"{FILE} arm 'drug': has no outcome. Add one, or take the arm out."),
        ("arm 0 outcome 0 where", MISSING, f"{FILE} arm 1.outcome 1: where is missing."),
        ("arm 0 outcome 0 type", "rate", f"{FILE} arm 1.outcome 1.type: is 'rate'; use one of binary, "),
        ("arm 0 outcome 0 events", -1, f"{FILE} arm 'drug' outcome collapse: events is -1, but is 0 or more."),
        ("arm 0 outcome 0 events", 21, f"{FILE} arm 'drug' outcome collapse: events is 21 of a total of 20."),
        ("arm 0 outcome 0 sd", -0.1, f"{FILE} arm 'drug' outcome collapse: sd is -0.1, but is 0 or more."),
        ("arm 0 outcome 0 effect", 2.0, f"{FILE} arm 'drug' outcome collapse: effect is 2.0 without a measure."),
        ("arm 0 outcome 0", {**DEMO["arm"][0]["outcome"][0], "ci_low": 3, "ci_high": 2}, f"{FILE} arm 'drug' outcome collapse: ci_low is 3, above ci_high, 2."),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(place, value, message):
    found = told({FILE: spoilt(place, value)})
    assert any(fault.startswith(message) for fault in found), found


def test_all_mistakes_of_all_files_are_told_at_once():
    found = told({FILE: spoilt("design", "trial"), "studies/second_2002.toml": {"id": "second-2002"}})
    assert found[0].startswith(f"{FILE} design")
    assert "studies/second_2002.toml: citation is missing." in found


def test_a_paper_stands_once():
    again = {**DEMO, "id": "again-2001", "doi": "10.0/DEMO"}
    assert told({FILE: DEMO, "studies/again_2001.toml": again}) == [
        "studies/again_2001.toml: 10.0/demo stands in demo-2001 too; a paper stands once."
    ]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "rest", "modality": "magic"}, "interventions.toml [rest].modality: is 'magic'; use one of observation"),
        ({"name": "rest", "modality": "observation", "colour": "red"}, "interventions.toml [rest]: colour is not a key"),
        ({"name": "rest", "modality": "observation", "treatments": ["lost"]}, "interventions.toml [rest]: no treatment is called 'lost'."),
        ({"name": "rest", "modality": "observation", "joins": "lost"}, "interventions.toml [rest]: joins: no intervention is called 'lost'."),
        ("rest", "interventions.toml [rest]: expected a table, got str."),
    ],
)  # fmt: skip
def test_a_mistake_in_an_intervention_is_told(entry, message):
    with pytest.raises(KnowledgeError) as refused:
        read_interventions({"rest": entry}, {"observation"})
    assert str(refused.value).startswith(message)
