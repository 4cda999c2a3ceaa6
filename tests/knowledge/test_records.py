"""What holds of every record that Osteon ships: proved, sourced, alive, and never turned round by knowing less."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import osteon
from osteon.case.answer import Answer
from osteon.case.derive import implications, settle
from osteon.case.vocabulary import SITES, vocabulary
from osteon.knowledge import knowledge
from osteon.knowledge.check import check
from osteon.knowledge.load import FOLDERS, parts
from osteon.knowledge.proof import prove, witnesses
from osteon.knowledge.table import worlds_of
from osteon.staging import stage, with_stages

ROWS = {"treatments": "rule", "guidelines": "position", "trials": "criterion", "advice": "rule"}
RECORDS = [(folder, record) for folder in FOLDERS for record in getattr(knowledge(), folder).values()]
WITH_ROWS = [(folder, record) for folder, record in RECORDS if folder in ROWS]
NAMES = [f"{folder}/{record.id}" for folder, record in RECORDS]
NAMES_WITH_ROWS = [f"{folder}/{record.id}" for folder, record in WITH_ROWS]
TODAY = max(record.review.reviewed_on for _, record in RECORDS)
UNUSED_SOURCES = {
    "cheng2020_trapdoor",
}  # read and kept; no statement rests on it yet
# Choices of dose, drug or interval that belong to the whole record: no single row rests on them.
UNNAMED_SETTINGS = {
    "eswt dose",
    "observation watching_interval",
    "restricted_weight_bearing how_long",
    "statin_prevention which_statin",
}


def known_from(facts):
    """Facts with all that follows, in one world, with the stages they lead to."""
    closed = dict(facts)
    settle(closed, list(closed))
    return with_stages(worlds_of(closed), knowledge().staging.values())


def answer(when, facts):
    return known_from(facts).all_hold(when).of(0)


def sure_witness(when):
    """Findings under which a row answers yes: a witness, if need be with one more finding that settles a stage."""
    return next((facts for facts in candidates(when) if answer(when, facts) is Answer.YES), None)


def candidates(when):
    """Each witness, and each with one more yes-no finding that would settle a stage the row asks for."""
    for facts in witnesses(when, knowledge()):
        yield facts
        for name in missing(when, facts):
            yield {**facts, name: frozenset({False})}
            yield {**facts, name: frozenset({True})}


def missing(when, facts):
    """Yes-no findings that the stages of a row still wait for."""
    closed = dict(facts)
    settle(closed, list(closed))
    systems = [knowledge().staging[c.name.removeprefix("stage.")] for c in when if c.name.startswith("stage.")]
    names = dict.fromkeys(name for system in systems for name in stage(closed, system).missing)
    return [name for name in names if name not in facts and vocabulary()[name].kind == "yes_no"]


def rows(folder, record):
    return getattr(record, ROWS[folder])


def evidence_files():
    """What the records beside the plan's own hold, as written: cohorts, judgements, and the settings of each step."""
    root = Path(osteon.__file__).parent
    folders = (
        "knowledge/materials",
        "mechanics",
        "knowledge/natural_history",
        "knowledge/judgements",
        "evidence",
        "prognosis",
    )
    return [tomllib.loads(path.read_text()) for folder in folders for path in sorted((root / folder).glob("*.toml"))]


def named_in(raw):
    """Every source named anywhere in raw tables."""
    for key, value in raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ():
        if key == "source":
            yield from [value] if isinstance(value, str) else value
        else:
            yield from named_in(value)


def used_sources():
    """Every source named by a record, a finding, an implication, a claim, or by another source."""
    found = {key for _, record in RECORDS for _, part in parts(record) for key in getattr(part, "source", ())}
    found |= {key for treatment in knowledge().treatments.values() for key in treatment.certainty_source}
    found |= {finding.source for finding in vocabulary().values()} | {clause.source for clause in implications()}
    found |= {key for claim in knowledge().claims.values() for key in claim.references}
    found |= set(named_in(evidence_files()))
    return found | {source.via for source in knowledge().sources.values()}


def test_there_are_17_systems_48_treatments_and_42_claims_at_least():
    counts = {name: len(getattr(knowledge(), name)) for name in ("staging", "treatments", "claims")}

    assert counts["staging"] >= 17
    assert counts["treatments"] >= 48
    assert counts["claims"] >= 42


@pytest.mark.parametrize("system", knowledge().staging.values(), ids=lambda system: system.id)
def test_a_staging_system_is_complete_and_free_of_contradiction(system):
    assert prove(system).faults == ()


@pytest.mark.parametrize("site", SITES[:-1])
def test_a_bone_has_one_headline_stage(site):
    primary = [system.id for system in knowledge().staging.values() if system.primary and site in system.sites]

    assert len(primary) == 1


@pytest.mark.parametrize("site", SITES)
def test_watching_is_an_option_for_every_bone(site):
    assert site in knowledge().treatments["observation"].sites


@pytest.mark.parametrize(("folder", "record"), WITH_ROWS, ids=NAMES_WITH_ROWS)
def test_every_row_answers_yes_for_somebody(folder, record):
    assert [row.id for row in rows(folder, record) if sure_witness(row.when) is None] == []


@pytest.mark.parametrize(("folder", "record"), WITH_ROWS, ids=NAMES_WITH_ROWS)
def test_knowing_less_never_turns_a_row_into_its_opposite(folder, record):
    turned = [
        f"{row.id} without {name}"
        for row in rows(folder, record)
        for facts in [sure_witness(row.when) or {}]
        for name in facts.keys() - {c.name for c in row.when if c.known}
        if answer(row.when, {key: value for key, value in facts.items() if key != name}) is Answer.NO
    ]

    assert turned == []


@pytest.mark.parametrize(("folder", "record"), WITH_ROWS, ids=NAMES_WITH_ROWS)
def test_nothing_is_known_of_somebody_of_whom_nothing_is_stated(folder, record):
    settled = [
        row.id
        for row in rows(folder, record)
        if row.when and not any(c.known is False for c in row.when) and answer(row.when, {}) is Answer.YES
    ]

    assert settled == []


@pytest.mark.parametrize(("folder", "record"), RECORDS, ids=NAMES)
def test_a_record_says_who_wrote_it_and_when_it_is_due(folder, record):
    review = record.review

    assert review.written_by
    assert review.reviewed_on <= datetime.now(UTC).date()
    assert review.reviewed_on < review.next_review <= review.reviewed_on + timedelta(days=3 * 366)


@pytest.mark.parametrize(("folder", "record"), RECORDS, ids=NAMES)
def test_no_sentence_of_a_record_is_empty(folder, record):
    sentences = ("because", "text", "purpose", "not_for", "advice", "mechanism", "certainty_because", "leaves_possible")
    empty = [
        f"{place} {name}"
        for place, part in parts(record)
        for name in sentences
        if getattr(part, name, "said").strip() == ""
    ]

    assert empty == []


@pytest.mark.parametrize("treatment", knowledge().treatments.values(), ids=lambda treatment: treatment.id)
def test_a_treatment_tells_the_patient_every_part(treatment):
    told = treatment.patient

    assert all((told.what_it_is, told.how_it_may_help, told.what_can_go_wrong, told.recovery, told.afterwards))


@pytest.mark.parametrize("treatment", knowledge().treatments.values(), ids=lambda treatment: treatment.id)
def test_a_contraindication_is_a_positive_fact(treatment):
    """So that an unknown fact leaves it unknown, and it is named to be checked before."""
    rules = [rule for rule in treatment.rule if rule.verdict == "contraindicated"]

    assert [rule.id for rule in rules if answer(rule.when, {}) is not Answer.UNKNOWN] == []


def test_nothing_is_unsourced_and_no_fault_is_left():
    found = check(knowledge(), TODAY)

    assert (found.faults, found.unsourced, found.overdue) == ((), (), ())


def test_reviews_are_told_once_they_are_overdue():
    last = max(record.review.next_review for _, record in RECORDS)

    found = check(knowledge(), last + timedelta(days=1))

    assert len(found.overdue) == len(RECORDS)


def test_every_source_is_used_or_listed_as_unused():
    assert knowledge().sources.keys() - used_sources() == UNUSED_SOURCES


def test_every_source_that_anything_names_is_written_down():
    assert used_sources() - {None} - knowledge().sources.keys() == set()


def test_every_setting_is_named_by_a_statement_that_rests_on_it():
    unnamed = {
        f"{record.id} {setting.id}"
        for _, record in RECORDS
        for setting in record.setting
        if setting.id not in {getattr(part, "setting", None) for _, part in parts(record)}
    }

    assert unnamed == UNNAMED_SETTINGS
