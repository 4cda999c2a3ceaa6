"""What did published reviews pool, and what do Osteon's own studies give where they ask the same?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from osteon.errors import InputError
from osteon.evidence.base import FEWEST_FOR_T
from osteon.evidence.comparisons import Question, answers
from osteon.evidence.outcome_words import outcome_words, outcomes
from osteon.evidence.pool import PooledEffect, pool
from osteon.knowledge.meta_analyses import MetaAnalysis, OwnComparison, PublishedResult, meta_analyses
from osteon.knowledge.studies import studies
from osteon.report.evidence.page import PublishedLine
from osteon.report.evidence.words import counted, effect_words
from osteon.report.figures.measures import MEASURES, MINUS
from osteon.report.words import capital, number


def published_lines(reviews: Iterable[MetaAnalysis] | None = None) -> tuple[PublishedLine, ...]:
    """Every printed figure of all published reviews, or of some, with Osteon's own beside it."""
    found = meta_analyses().values() if reviews is None else reviews
    return tuple(published_line(review, result) for review in found for result in review.result)


def published_line(review: MetaAnalysis, result: PublishedResult) -> PublishedLine:
    return PublishedLine(
        review=review.citation,
        link=review.url,
        question=f"{capital(result.question)}: {outcome_named(result.outcome)}",
        printed=printed_words(result),
        note="; ".join(filter(None, (result.note, review.note))),
        ours=own_words(result.ours),
        difference=result.difference,
    )


def outcome_named(printed: str) -> str:
    """An outcome as a record names it, with the short names of ours in words.

    Examples
    --------
    >>> outcome_named("hhs at 12 months"), outcome_named("collapse (age <40)"), outcome_named("collapse")
    ('Harris hip score at 12 months', 'collapse (age <40)', 'collapse of the joint surface')
    """
    if printed in outcomes():
        return outcome_words(printed)
    return re.sub(r"[a-z]+(?:-[a-z]+)*", lambda found: spelt_out(found[0]), printed)


def spelt_out(word: str) -> str:
    """A short name in words; one that is itself a word of them stays."""
    return outcome_words(word) if word in outcomes() and word not in outcome_words(word) else word


def concerning(modality: str) -> tuple[PublishedLine, ...]:
    """The figures that stand beside a comparison of one modality."""
    return tuple(
        published_line(review, result)
        for review in meta_analyses().values()
        for result in review.result
        if result.ours and modality in (*result.ours.modality, *result.ours.versus)
    )


def printed_words(result: PublishedResult) -> str:
    """A figure as its review prints it.

    Examples
    --------
    >>> printed_words(meta_analyses()["yuan-2016"].result[0])
    'Risk ratio 0.71 (0.41 to 1.24), 5 studies, p 0.23, random effects'
    """
    measure = MEASURES[result.measure].name if result.measure in MEASURES else result.measure
    effect = "nothing pooled" if result.effect is None else f"{measure} {number_words(result.effect)}"
    if result.ci_low is not None and result.ci_high is not None:
        effect += f" ({number_words(result.ci_low)} to {number_words(result.ci_high)})"
    parts = [
        effect,
        "" if result.k is None else counted(result.k, "study", "studies"),
        "" if result.i2 is None else f"I² {number(result.i2)} %",
        f"p {result.p}" if result.p else "",
        f"{result.model} effects" if result.model in ("random", "fixed") else result.model,
    ]
    return capital(", ".join(filter(None, parts)))


def number_words(value: float) -> str:
    return number(value).replace("-", MINUS)


@cache
def own_pool(ours: OwnComparison) -> PooledEffect | None:
    """Osteon's own studies of the same question, by REML; None where none has numbers for the measure."""
    question = Question(ours.modality, ours.versus, ours.outcome, "modality")
    rows = answers(question, ours.measure, studies().values()).rows
    try:
        return pool(rows, ours.measure, ci="t" if len(rows) >= FEWEST_FOR_T else "z") if rows else None
    except InputError:
        return None


def own_words(ours: OwnComparison | None) -> str:
    """Osteon's own figure in words; "" where nothing of ours comes near."""
    if ours is None:
        return ""
    effect = own_pool(ours)
    if effect is None:
        return "Our studies have no numbers for this measure."
    return f"{capital(effect_words(effect))}, {counted(effect.k, 'study', 'studies')}"
