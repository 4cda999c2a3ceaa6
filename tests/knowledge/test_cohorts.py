"""Cohorts of natural history are read whole, and every mistake in one is told."""

from __future__ import annotations

from copy import deepcopy

import pytest

from osteon.errors import KnowledgeError
from osteon.knowledge import knowledge
from osteon.knowledge.cohorts import cohorts, read_cohorts

REVIEW = {"written_by": "A. Writer", "checked_by": "", "reviewed_on": "2026-11-22", "next_review": "2027-11-22"}
DEMO = {
    "id": "demo",
    "name": "Demo hips",
    "source": "kuroda2019",
    "design": "invented",
    "treatment": "untreated",
    "use": "baseline",
    "when": {"site": "femoral_head"},
    "setting": [{"id": "shared", "text": "A choice."}],
    "stratum": [
        {
            "id": "all",
            "name": "all hips",
            "joints": 20,
            "setting": "shared",
            "endpoint": [
                {"event": "collapse", "where": "abstract", "timed": "fixed", "events": 5, "total": 20, "months": 24},
                {"event": "pain", "where": "abstract", "timed": "kaplan_meier", "curve": [[12, 10], [24, 25.5]]},
                {"event": "surgery", "where": "abstract", "timed": "not_stated", "events": 5, "total": 20},
            ],
        }
    ],
    "review": REVIEW,
}


def read(raw, file="demo.toml"):
    stages = {system.id: system.order for system in knowledge().staging.values()}
    return read_cohorts({file: raw}, stages, knowledge().sources)


def told(raw, file="demo.toml"):
    with pytest.raises(KnowledgeError) as refused:
        read(raw, file)
    return [str(fault) for fault in refused.value.faults]


def spoiled(endpoint=0, **changes):
    raw = deepcopy(DEMO)
    raw["stratum"][0]["endpoint"][endpoint].update(changes)
    return raw


def test_counts_and_curves_both_give_months_and_percent():
    counted, curve, timeless = read(DEMO)["demo"].stratum[0].endpoint

    assert (counted.points, curve.points, timeless.points) == (((24, 25.0),), ((12, 10), (24, 25.5)), ())


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (DEMO | {"source": "nobody"}, "source 'nobody' is not in sources/."),
        (DEMO | {"setting": []}, "stratum all: setting 'shared' is not among its [[setting]]s."),
        (DEMO | {"use": "both"}, "use: is 'both'; use one of baseline, check."),
        (spoiled(event="death"), "stratum all.endpoint 1.event: is 'death'; use one of collapse, pain,"),
        (spoiled(timed="later"), "stratum all.endpoint 1.timed: is 'later'; use one of kaplan_meier,"),
        (spoiled(events=21), "stratum all collapse: months must be above 0 and percents within 0 to 100."),
        (spoiled(months=0), "stratum all collapse: months must be above 0 and percents within 0 to 100."),
        (spoiled(curve=[[24, 25]]), "stratum all collapse: takes a curve, or events and total, not both."),
        (spoiled(1, curve=[[24, 10], [12, 20]]), "stratum all pain: months must rise and percents must not fall."),
        (spoiled(1, curve=[[12, 20], [24, 10]]), "stratum all pain: months must rise and percents must not fall."),
        (spoiled(1, curve=[12, 20]), "curve: expected pairs [[months, percent], ...], got [12, 20]."),
        (spoiled(1, curve=[["x", 20]]), "curve: expected a number, got 'x'."),
    ],
)
def test_a_mistake_is_told_with_its_place(raw, fault):
    assert any(fault in each for each in told(raw))


def test_a_cohort_is_called_as_its_file():
    assert told(DEMO, "other.toml") == ["natural_history/other.toml: id is 'demo', but the file is called other.toml."]


def test_all_mistakes_are_told_at_once():
    raw = spoiled(curve=[[24, 25]]) | {"source": "nobody"}

    assert told(raw) == [
        "natural_history/demo.toml: source 'nobody' is not in sources/.",
        "natural_history/demo.toml: stratum all collapse: takes a curve, or events and total, not both.",
    ]


@pytest.mark.parametrize("cohort", cohorts().values(), ids=lambda cohort: cohort.id)
def test_a_cohort_says_something(cohort):
    assert cohort.stratum or cohort.factor


@pytest.mark.parametrize("cohort", cohorts().values(), ids=lambda cohort: cohort.id)
def test_every_setting_of_a_cohort_is_named_where_it_is_used(cohort):
    named = {part.setting for stratum in cohort.stratum for part in (stratum, *stratum.endpoint)}

    assert {setting.id for setting in cohort.setting} == named - {None}


@pytest.mark.parametrize("cohort", cohorts().values(), ids=lambda cohort: cohort.id)
def test_the_strata_of_a_cohort_are_told_apart_by_their_ids(cohort):
    ids = [stratum.id for stratum in cohort.stratum]

    assert sorted(set(ids)) == sorted(ids)
