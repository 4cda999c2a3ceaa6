"""How sure is the answer to one question? GRADE: where it starts, what takes levels off or adds them, and why.

What data decide is computed (`grade.py`). What a person must decide is a recorded judgement, which replaces one step or
the whole while what was computed stays to be seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from osteon.case.answer import Answer
from osteon.evidence.grade import (
    EvidenceBody,
    Step,
    Threshold,
    computed_step,
    large_effect,
    line,
    reasons,
    spoken,
    starting,
    threshold,
    weights,
)
from osteon.knowledge.judgements import Judgement, concerns, judgements
from osteon.knowledge.records import CERTAINTIES

__all__ = [
    "Certainty",
    "Directness",
    "EvidenceBody",
    "Step",
    "certainty",
    "certainty_for",
    "certainty_sentence",
    "settings",
]


@dataclass(frozen=True, slots=True)
class Directness:
    """Whether a study would have included this joint, and in which words it differs where it would not."""

    study: str
    answer: Answer
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Certainty:
    """How sure an answer is: the word, how it came about, and the word that the data alone would give.

    `weights` are the studies' shares of the pool in percent; `overridden_by` is a judgement on the whole.
    """

    word: str
    computed: str
    start: str
    steps: tuple[Step, ...]
    weights: tuple[tuple[str, float], ...] = ()
    overridden_by: Step | None = None


def certainty(body: EvidenceBody, recorded: Iterable[Judgement] | None = None) -> Certainty:
    """The certainty of a body of evidence for patients like those it studied.

    Parameters
    ----------
    body
        The studies, their pooled effect and what is known of their limits.
    recorded
        The judgements that may replace a step; all of Osteon's if None.

    Examples
    --------
    >>> body = EvidenceBody(("statin",), ("observation",), "collapse", {"rct": 1}, 40, None)
    >>> rated = certainty(body, recorded=())
    >>> rated.start, rated.word
    ('high', 'low')
    """
    start, first = starting(body)
    computed = (first, *reasons(body, start))
    decided = {j.domain: j for j in (judgements().certainty if recorded is None else recorded) if is_about(j, body)}
    steps = tuple(judged(step, decided.get(step.domain)) for step in computed)
    steps += tuple(large_effect(body, start, steps))
    override = overall(decided["overall"], rated(start, steps)) if "overall" in decided else None
    alone = rated(start, (*computed, *large_effect(body, start, computed)))
    return Certainty(rated(start, steps, override), alone, start, steps, weights(body), override)


def certainty_for(general: Certainty, directness: Iterable[Directness]) -> Certainty:
    """The certainty for one joint: lower where the studies would not have included it.

    Parameters
    ----------
    general
        The certainty for patients like those studied.
    directness
        For each study whether its entry rules fit this joint; studies without weight in the pool do not count.

    Examples
    --------
    >>> general = Certainty("moderate", "moderate", "high", (Step("imprecision", -1, "Few joints."),), (("a", 100.0),))
    >>> certainty_for(general, [Directness("a", Answer.NO, ("your joint is ARCO III, the trial took I and II",))]).word
    'very_low'
    """
    step = applicability(dict(general.weights), directness)
    if step.change == 0:
        return replace(general, steps=(*general.steps, step))
    steps = (*(each for each in general.steps if each.change <= 0), step)
    return replace(general, word=rated(general.start, steps, general.overridden_by), steps=steps)


def certainty_sentence(found: Certainty) -> str:
    """The rating and every reason that moved it, in sentences.

    Examples
    --------
    >>> print(certainty_sentence(Certainty("low", "low", "high", (Step("imprecision", -2, "Few joints."),))))
    Low certainty. Two levels down for imprecision: Few joints.
    """
    moved = [told(step) for step in found.steps if step.change or step.domain == "start"]
    if found.overridden_by is not None:
        moved.append(told(found.overridden_by))
    if found.word != found.computed and any(step.basis == "judged" for step in stated(found)):
        moved.append(f"The data alone give {spoken(found.computed)}.")
    return " ".join([f"{spoken(found.word).capitalize()} certainty.", *moved])


def settings(found: Certainty) -> tuple[Threshold, ...]:
    """The lines behind a rating that no source draws, each once, to be declared beside it."""
    return tuple(threshold(name) for name in dict.fromkeys(n for step in stated(found) for n in step.setting))


def stated(found: Certainty) -> tuple[Step, ...]:
    return found.steps if found.overridden_by is None else (*found.steps, found.overridden_by)


def told(step: Step) -> str:
    if not step.change:
        return step.because
    levels = {1: "One level", 2: "Two levels", 3: "Three levels"}[abs(step.change)]
    kind = "the judgement as a whole" if step.domain == "overall" else step.domain.replace("_", " ")
    who = f" (judged by {step.by}, {step.on})" if step.by else ""
    return f"{levels} {'up' if step.change > 0 else 'down'} for {kind}{who}: {step.because}"


def rated(start: str, steps: Iterable[Step], override: Step | None = None) -> str:
    """The level after all steps; what would raise it counts only where nothing lowers it."""
    changes = [step.change for step in steps]
    lowered = sum(change for change in changes if change < 0)
    level = CERTAINTIES.index(start) + (lowered or sum(changes))
    if override is not None:
        level = min(max(level, 0), len(CERTAINTIES) - 1) + override.change
    return CERTAINTIES[min(max(level, 0), len(CERTAINTIES) - 1)]


def is_about(judgement: Judgement, body: EvidenceBody) -> bool:
    return concerns(judgement, body.of, body.versus, body.outcome)


def judged(step: Step, judgement: Judgement | None) -> Step:
    """The step, or the judgement that stands in for it."""
    if judgement is None:
        return step
    made = Step(judgement.domain, judgement.change or 0, judgement.because, "judged", judgement.source)
    return replace(made, by=judgement.by, on=judgement.on.isoformat(), replaces=step)


def overall(judgement: Judgement, word: str) -> Step:
    """A judgement on the whole, as the levels between what the steps give and what it says."""
    assert judgement.word is not None
    change = CERTAINTIES.index(judgement.word) - CERTAINTIES.index(word)
    made = Step("overall", change, judgement.because, "judged", judgement.source)
    return replace(made, by=judgement.by, on=judgement.on.isoformat())


def applicability(shares: Mapping[str, float], directness: Iterable[Directness]) -> Step:
    """Whether the studies' patients are like this one, by weight; unknown is named and not counted."""
    other = unknown = 0.0
    differs: dict[str, None] = {}
    for each in directness:
        if each.answer is Answer.NO:
            other += shares.get(each.study, 0.0)
            differs.update(dict.fromkeys(each.differs))
        elif each.answer is Answer.UNKNOWN:
            unknown += shares.get(each.study, 0.0)
    change = -2 if other > line("only_other_patients") else -1 if other > line("other_patients") else 0
    said = [f"{other:.0f} % of the weight comes from studies that would not have included this joint"]
    if differs:
        said[0] += f" ({'; '.join(differs)})"
    if unknown:
        said.append(f"for {unknown:.0f} % it is not known")
    return computed_step("applicability", change, f"{', '.join(said)}.", "other_patients", "only_other_patients")
