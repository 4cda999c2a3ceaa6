"""What do all studies say on every treatment and outcome? Pooled once, and kept until a study or a rule changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache

from osteon.errors import InputError
from osteon.evidence.certainty import certainty
from osteon.evidence.comparisons import (
    FAMILIES,
    Answers,
    Question,
    answers,
    family,
    followup_months,
    joints_in,
    questions,
    series,
    size,
)
from osteon.evidence.data import Counts, Row
from osteon.evidence.grade import EvidenceBody
from osteon.evidence.kept import kept
from osteon.evidence.pool import PooledEffect, pool
from osteon.evidence.result import KINDS, Result
from osteon.knowledge.studies import Study, studies

FEWEST_FOR_T = 3  # of two studies the spread cannot be estimated, and the interval of Hartung and Knapp says nothing
MEASURES_KEPT: Mapping[str, tuple[str, ...]] = {**FAMILIES, "binary": ("RR", "RD"), "continuous": ("MD",)}


@cache
def evidence_base(level: str = "modality") -> tuple[Result, ...]:
    """Every question that some study answers at one level, by each measure that suits it.

    Parameters
    ----------
    level
        "modality", "intervention" or "treatment": what the two sides of a question are called.

    Examples
    --------
    >>> question = Question(("bisphosphonate",), ("observation",), "tha-conversion", "modality")
    >>> [result.effect.k for result in evidence_base() if result.question == question and result.effect.measure == "RR"]
    [3]
    """
    return kept(level, lambda: tuple(results(studies(), level)), KINDS)


def results(known: Mapping[str, Study], level: str) -> Iterator[Result]:
    """Every question at one level, pooled by every measure of its family; the randomised trials apart."""
    reporting: dict[str, dict[str, Study]] = {}
    for study in known.values():
        for outcome in (each for arm in study.arm for each in arm.outcome):
            reporting.setdefault(outcome.name, {})[study.id] = study
    for question in (*questions(known.values(), level), *series(known.values(), level)):
        asked = reporting[question.outcome]
        for measure in MEASURES_KEPT[family(question, asked.values())]:
            yield from answered(question, measure, asked.values())


def answered(question: Question, measure: str, known: Collection[Study]) -> Iterator[Result]:
    found = answers(question, measure, known)
    if measure == "MD" and len(found.units) > 1:
        yield from answered(question, "SMD", known)
        return
    if result := pooled(found):
        yield result
    trials = {study.id: study for study in found.studies if study.design == "rct"}
    if question.versus and 0 < len(trials) < len(found.studies) and (alone := pooled(only(found, trials))):
        yield replace(alone, randomised=True)


def only(found: Answers, kept: Mapping[str, Study]) -> Answers:
    rows = tuple(row for row in found.rows if row.study in kept)
    counted = sum(size(row) or joints_in(kept[row.study], found.question) for row in rows)
    return replace(found, rows=rows, studies=tuple(kept.values()), joints=counted)


def pooled(found: Answers) -> Result | None:
    """The pooled answer; None where no study has numbers, or no events for a ratio, of which the difference tells."""
    if not found.rows:
        return None
    try:
        effect = pooled_effect(found.rows, found.measure)
    except InputError:
        return None
    body = evidence_body(found, effect)
    return Result(found.question, effect, certainty(body), found.left_out, body.joints, mean_months(found))


@cache
def pooled_effect(rows: tuple[Row, ...], measure: str) -> PooledEffect:
    """The rows pooled; the same rows often answer for a modality, an intervention and a treatment."""
    return pool(rows, measure, ci="t" if len(rows) >= FEWEST_FOR_T else "z")


def mean_months(found: Answers) -> float | None:
    """The mean time of the answers, each study weighted by its joints."""
    times = [
        (followup_months(study, found.question), size(row))
        for study, row in zip(found.studies, found.rows, strict=True)
    ]
    timed = [(months, joints) for months, joints in times if months is not None and joints]
    joints = sum(joints for _, joints in timed)
    return sum(months * weight for months, weight in timed) / joints if joints else None


def evidence_body(found: Answers, effect: PooledEffect) -> EvidenceBody:
    """What the certainty of an answer depends on."""
    counted = [row for row in found.rows if isinstance(row, Counts)]
    return EvidenceBody(
        of=found.question.of,
        versus=found.question.versus,
        outcome=found.question.outcome,
        designs=Counter(study.design for study in found.studies),
        joints=found.joints,
        pooled=effect,
        events=sum(row.events_1 + row.events_2 for row in counted) if counted else None,
        bias={study.id: [(bias.domain, bias.judgement) for bias in study.risk_of_bias] for study in found.studies},
        blinding={study.id: study.blinding for study in found.studies},
    )
