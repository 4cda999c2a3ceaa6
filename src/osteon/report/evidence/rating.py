"""Why is an answer as certain as it is? Every reason of its rating in words, judged ones with who and when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from osteon.evidence.certainty import Certainty, Step, settings, stated
from osteon.report.citations import Citations
from osteon.report.evidence.page import Rating, RatingStep
from osteon.report.evidence.words import RATING_DOMAINS, named
from osteon.report.page import Declared
from osteon.report.words import capital, day, joined

LEVELS = {0: "no change", 1: "one level", 2: "two levels", 3: "three levels"}


def rating(found: Certainty, cite: Citations) -> Rating:
    """The certainty with every reason, those that moved it first in one line."""
    steps = stated(found)
    moved = [f"{levels(step)} for {RATING_DOMAINS[step.domain]}" for step in steps if step.change]
    return Rating(
        word=spoken(found.word),
        moved=joined(moved),
        alone=spoken(found.computed) if found.word != found.computed else "",
        steps=tuple(rating_step(step, cite) for step in steps),
    )


def choices(found: Iterable[Certainty], cite: Citations) -> tuple[Declared, ...]:
    """The lines behind some ratings that no source draws, each once."""
    lines = {line.id: line for each in found for line in settings(each)}
    return tuple(Declared("", line.text, cite.cite(line.source)) for line in lines.values())


def rating_step(step: Step, cite: Citations) -> RatingStep:
    return RatingStep(
        domain=capital(RATING_DOMAINS[step.domain]),
        levels=levels(step),
        because=cite.reason(named(step.because), step.source),
        judged=f"Judged by {step.by}, {day(date.fromisoformat(step.on))}." if step.by else "",
        computed="" if step.replaces is None else f"Computed: {levels(step.replaces)}. {step.replaces.because}",
    )


def levels(step: Step) -> str:
    """By how much a reason moves the rating.

    Examples
    --------
    >>> levels(Step("imprecision", -2, "Few joints.")), levels(Step("start", 0, "Randomised."))
    ('two levels down', '')
    """
    if step.domain == "start":
        return ""
    moved = LEVELS[min(abs(step.change), 3)]
    return moved if not step.change else f"{moved} {'up' if step.change > 0 else 'down'}"


def spoken(word: str) -> str:
    return word.replace("_", " ")
