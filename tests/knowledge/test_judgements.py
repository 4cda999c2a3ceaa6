"""Judgements, contradictions and checked statements: they are complete, and what they name exists."""

from copy import deepcopy

import pytest

from osteon.errors import KnowledgeError
from osteon.knowledge import knowledge
from osteon.knowledge.judgements import ANY, broken_references, concerns, judgements, read_judgements
from osteon.knowledge.studies import MODALITIES, interventions, studies

REVIEW = {"written_by": "A. Writer", "checked_by": "", "reviewed_on": "2026-11-22", "next_review": "2027-11-22"}
JUDGEMENT = {
    "id": "one", "of": ["drug"], "versus": ["observation"], "outcome": ["collapse"], "domain": "inconsistency",
    "change": -1, "because": "They differ.", "by": "A. Writer", "on": "2026-11-22", "next_review": "2027-11-22",
    "source": ["first2001"],
}  # fmt: skip
STATEMENT = {
    "id": "two",
    "claims": ["R99"],
    "statement": "So.",
    "verdict": "plausible",
    "found": "Read.",
    "studies": ["a"],
}
SMALL = {
    "certainty.toml": {"judgement": [JUDGEMENT], "review": REVIEW},
    "contradictions.toml": {"contradiction": [], "review": REVIEW},
    "review_statements.toml": {"statement": [STATEMENT], "review": REVIEW},
}
RECORDS = (*judgements().certainty, *judgements().contradictions)


def spoilt(**differing):
    raw = deepcopy(SMALL)
    raw["certainty.toml"]["judgement"][0] |= differing
    return raw


def test_what_the_records_name_exists():
    assert list(broken_references(judgements(), knowledge(), studies().keys())) == []


def test_a_name_that_nothing_bears_is_told():
    found = read_judgements(spoilt(studies=["nobody-2001"]))

    faults = [str(fault) for fault in broken_references(found, knowledge(), studies().keys())]

    assert faults == [
        "judgements/certainty.toml: one: no study is called 'nobody-2001'.",
        "judgements/certainty.toml: one: source 'first2001' is not in sources/.",
        "judgements/review_statements.toml: two: no study is called 'a'.",
        "judgements/review_statements.toml: two: no claim is called 'R99'.",
    ]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_a_record_is_about_treatments_and_outcomes_that_studies_report(record):
    names = {ANY, *MODALITIES, *interventions(), *knowledge().treatments}
    outcomes = {ANY} | {outcome.name for study in studies().values() for arm in study.arm for outcome in arm.outcome}

    assert {*record.of, *record.versus} <= names
    assert set(record.outcome) <= outcomes


@pytest.mark.parametrize("record", judgements().certainty, ids=lambda record: record.id)
def test_a_judgement_is_signed_and_falls_due(record):
    assert record.by == "Osteon contributors"
    assert record.next_review > record.on
    assert record.source


def test_every_statement_of_the_review_with_numbers_has_a_verdict():
    verdicts = {each.id: each.verdict for each in judgements().statements}

    assert verdicts == {
        "marrow_cells_2_of_53": "confirmed",
        "one_third_from_steroids": "plausible",
        "conservative_below_15_percent": "not_confirmed",
        "destroyed_within_five_years": "over_general",
        "statins_protect": "contradicted",
        "iloprost_early": "weakly_supported",
        "oxygen_early": "weakly_supported",
        "shock_waves_shrink_the_lesion": "not_supported",
    }


def test_the_contradiction_on_alendronate_names_the_open_and_the_blinded_trial():
    found = [
        each for each in judgements().contradictions if concerns(each, ("alendronate",), ("observation",), "collapse")
    ]

    assert [each.id for each in found] == ["alendronate_open_against_blinded"]
    assert set(found[0].studies) == {"lai-2005", "chen-2012", "lee-2015"}


@pytest.mark.parametrize(
    ("differing", "message"),
    [
        pytest.param({"domain": "luck"}, "domain is 'luck'; use one of risk_of_bias", id="domain"),
        pytest.param({"change": 1}, "change is 1, but inconsistency changes a rating by -2 to 0 levels.", id="up"),
        pytest.param({"change": -3}, "change is -3, but inconsistency changes", id="too far"),
        pytest.param({"word": "low"}, "judges inconsistency, so give a change in levels and no word.", id="word"),
        pytest.param({"domain": "overall"}, "judges the whole, so give a word and no change.", id="overall"),
        pytest.param({"source": []}, "names neither a study nor a source.", id="no source"),
        pytest.param({"id": "two"}, "two records are called 'two'.", id="id twice"),
        pytest.param({"reason": "x"}, "reason is not a key here", id="strange key"),
    ],
)
def test_a_faulty_judgement_is_told(differing, message):
    with pytest.raises(KnowledgeError) as refused:
        read_judgements(spoilt(**differing))

    assert message in refused.value.faults[0].message


def test_every_fault_of_every_file_is_told_at_once():
    raw = spoilt(domain="luck")
    raw["contradictions.toml"]["notes"] = []
    raw["review_statements.toml"]["statement"][0]["verdict"] = "perhaps"

    with pytest.raises(KnowledgeError) as refused:
        read_judgements(raw)

    assert len(refused.value.faults) == 3
