"""Studies, effects and questions of the evidence in the words of its pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from osteon.evidence.comparisons import Question
from osteon.evidence.data import Counts
from osteon.evidence.nnt import number_needed, number_needed_words
from osteon.evidence.outcome_words import (
    better,
    counted_words,
    event_words,
    favours,
    more_is_better,
    outcome_words,
    outcomes,
    side_words,
)
from osteon.evidence.pool import PooledEffect, StudyEffect
from osteon.evidence.result import Result
from osteon.knowledge.studies import Study, studies
from osteon.report.figures.forest_rows import prediction_words
from osteon.report.figures.measures import MEASURES, decimals, interval_words, percent
from osteon.report.words import capital

DESIGNS: Mapping[str, str] = {
    "rct": "randomised trial",
    "prospective-comparative": "prospective comparison, not randomised",
    "retrospective-comparative": "retrospective comparison",
    "case-series": "case series",
    "registry": "registry",
    "systematic-review": "systematic review",
}
BLINDINGS: Mapping[str, str] = {
    "double": "double-blind",
    "assessor": "those who read the outcome were blinded",
    "none": "nobody was blinded",
    "": "blinding not read",
}
BIAS_DOMAINS: Mapping[str, str] = {
    "randomisation": "randomisation",
    "deviations": "deviations from the planned treatment",
    "missing_outcome_data": "missing outcome data",
    "measurement": "measurement of the outcome",
    "selective_reporting": "selective reporting",
    "confounding": "confounding",
    "selection": "selection of patients",
}
RATING_DOMAINS: Mapping[str, str] = {
    "start": "start",
    "risk_of_bias": "risk of bias",
    "inconsistency": "inconsistency",
    "indirectness": "indirectness",
    "imprecision": "imprecision",
    "publication_bias": "publication bias",
    "large_effect": "large effect",
    "overall": "judgement as a whole",
}
SCALES: Mapping[str, str] = {"more": "Higher is better.", "less": "Lower is better.", "neither": ""}
LONGEST_NAME = 30  # letters of a title that stands for authors nobody read
AUTHOR = re.compile(
    r"((?:van |D )?[A-Z][a-z]+(?: [A-Z][a-z]+)?)(?: [A-Z]{1,3})?(?:, [A-Z][a-z]+ [A-Z]| et al|\. | \d{4},)"
)


@cache
def study_names() -> Mapping[str, str]:
    """The name of every study by its id."""
    return {study.id: study_name(study) for study in studies().values()}


def study_name(study: Study) -> str:
    """First author and year, or the first words of the title where no author was read.

    Examples
    --------
    >>> study_name(studies()["lai-2005"]), study_name(studies()["beckmann-2013"])
    ('Lai 2005', '‘Infusion, core decompression…’ 2013')
    """
    author = AUTHOR.match(study.citation)
    year = "" if study.year is None else str(study.year)
    if author:
        return f"{author[1]} {year or '(no year)'}"
    before, _, after = study.citation.partition(": ")
    title = after if after and re.search(r"\d", before) else study.citation
    title = re.split(r" \(|: |\. |; |, authors", title)[0]  # without journal, numbers and notes
    short = shortened_title(title)
    return f"‘{capital(short)}’ {year}".strip()


def shortened_title(title: str) -> str:
    if len(title) <= LONGEST_NAME:
        return title
    return f"{title[: LONGEST_NAME + 1].rpartition(' ')[0].rstrip(',')}…"


def named(text: str) -> str:
    """A sentence with the names of studies in place of their ids.

    Examples
    --------
    >>> named("reports patients of li-2021, which has more of them.")
    'reports patients of Li 2021, which has more of them.'
    """
    return re.sub(r"\b[a-z][a-z0-9]*(?:-[a-z0-9]+)+\b", lambda found: study_names().get(found[0], found[0]), text)


def comparison_title(question: Question) -> str:
    """The two sides as a heading.

    Examples
    --------
    >>> comparison_title(Question(("msc",), ("core-decompression",), "collapse"))
    'Mesenchymal stem cells against core decompression'
    """
    return capital(f"{side_words(question.of)} against {side_words(question.versus)}")


def place_of(outcome: str) -> int:
    """Where an outcome stands on a page: the fate of the joint first."""
    return list(outcomes()).index(outcome)


def effect_words(effect: PooledEffect) -> str:
    """The pooled effect with its measure and interval.

    Examples
    --------
    >>> from osteon.evidence.pool import pool
    >>> zhao = [Counts("Zhao 2012", 2, 53, 10, 44)]
    >>> effect_words(pool(zhao, "RR"))
    'risk ratio 0.17 (95 % interval 0.04 to 0.72)'
    >>> effect_words(pool(zhao, "RD"))
    'risk difference 19 fewer of 100 (95 % interval 32 fewer to 6 fewer)'
    """
    value = value_words(effect, effect.measure).replace("(", "(95 % interval ", 1)
    return f"{MEASURES[effect.measure].name} {value}"


def value_words(effect: PooledEffect | StudyEffect, measure: str) -> str:
    """An effect with its interval; differences of risk and shares in joints of 100."""
    values = (effect.estimate, effect.ci_low, effect.ci_high)
    if measure == "RD":
        middle, low, high = map(fewer_or_more, values)
        return f"{middle} of 100 ({low} to {high})"
    words = interval_words(MEASURES[measure], values, decimals(values))
    return words.replace(" (", " of 100 (", 1) if measure == "PR" else words


def fewer_or_more(share: float) -> str:
    """A difference of shares in joints of 100; no interval goes beyond all of them.

    Examples
    --------
    >>> fewer_or_more(-0.189), fewer_or_more(0.002), fewer_or_more(0.0)
    ('19 fewer', '<1 more', '0')
    """
    return percent(min(100.0, 100 * abs(share))) + (" fewer" if share < 0 else " more" if share > 0 else "")


def needed_words(effect: PooledEffect | StudyEffect, outcome: str) -> str:
    """The number needed to treat that follows from a risk difference; "" where no direction is better."""
    if better(outcome) == "neither":
        return ""
    needed = number_needed(effect.estimate, effect.ci_low, effect.ci_high, more_is_better(outcome))
    return number_needed_words(needed)


def of_100(result: Result) -> str:
    """A risk ratio as joints of 100 on both sides, from the share that the second side had; "" without counts.

    The share with the first treatment is that of the second times the ratio, and never more than 100. Where the second
    side had no event, its share is not known well enough for that, and the counts themselves are told.
    """
    question, effect = result.question, result.effect
    rows = [study.row for study in effect.studies if isinstance(study.row, Counts)]
    if effect.measure not in ("RR", "RD") or len(rows) < effect.k:
        return ""
    first, second = side_words(question.of), side_words(question.versus)
    event, who = event_words(question.outcome), counted_words(question.outcome)
    events, total = sum(row.events_2 for row in rows), sum(row.total_2 for row in rows)
    if effect.measure == "RD" or not events:
        treated = f"{sum(row.events_1 for row in rows)} of {sum(row.total_1 for row in rows)} {who} with {first}"
        return f"{treated} {event}; with {second} {events} of {total}."
    share = 100 * events / total
    middle, low, high = (percent(min(100, share * ratio)) for ratio in (effect.estimate, effect.ci_low, effect.ci_high))
    return (
        f"Of 100 {who} with {second}, {percent(share)} {event}; with {first} it would be {middle} of 100 "
        f"({low} to {high})."
    )


def counted(number: int, one: str, several: str) -> str:
    """A number with its noun.

    Examples
    --------
    >>> counted(1, "study", "studies"), counted(0, "study", "studies")
    ('1 study', 'no studies')
    """
    return f"{number or 'no'} {one if number == 1 else several}"


def studies_joints(result: Result) -> str:
    """How many studies and joints stand behind an answer, and when it was read."""
    average = " on average" if result.effect.k > 1 else ""
    months = "" if not result.months else f", read at {result.months:.0f} months{average}"
    who = counted_words(result.question.outcome)
    joints = f"{result.joints} {who}" if result.joints else f"number of {who} not printed"
    return f"{counted(result.effect.k, 'study', 'studies')}, {joints}{months}"


def short_answer(result: Result) -> str:
    """One answer with its numbers: joints of 100 where there are counts, then the effect and what stands behind it."""
    said = [of_100(result), f"{capital(effect_words(result.effect))}; {studies_joints(result)}."]
    if result.effect.measure in ("MD", "SMD"):
        said.append(SCALES[better(result.question.outcome)])
    return " ".join(filter(None, said))


def direction(result: Result) -> str:
    """Which side the whole interval speaks for, or that it leaves the question open."""
    effect, question = result.effect, result.question
    null = MEASURES[effect.measure].null
    if null is None:
        return ""
    if effect.ci_low <= null <= effect.ci_high:
        return "The interval includes no difference, so these studies leave open which side does better."
    side = favours(question, effect.measure)[0 if effect.ci_high < null else 1]
    if not side:
        return "The whole interval lies on one side of no difference."
    return f"The whole interval lies on the side of {side}."


def expected_words(effect: PooledEffect) -> str:
    """The prediction interval; "" where there is none."""
    if effect.measure != "RD" or effect.prediction_low is None or effect.prediction_high is None:
        return prediction_words(effect)
    return f"{fewer_or_more(effect.prediction_low)} to {fewer_or_more(effect.prediction_high)}"


def prediction_sentence(effect: PooledEffect) -> str:
    """Where the effect of a further study would be expected; "" where that is not known."""
    low, _, high = expected_words(effect).partition(" to ")
    return f"In a further study the true effect would be expected between {low} and {high}." if low else ""


def outcome_title(name: str) -> str:
    return capital(outcome_words(name))
