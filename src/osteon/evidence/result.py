"""What is asked of the studies, and what comes back: a pooled answer with its certainty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from osteon.evidence.certainty import Certainty
from osteon.evidence.data import Counts, Estimate, Means, Rates, Single
from osteon.evidence.grade import Step
from osteon.evidence.pool import PooledEffect, StudyEffect


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """One comparison for one outcome.

    `of` and `versus` hold names of what `by` says: modalities, ids of interventions, ids of treatments, or ("")
    modalities and interventions alike. `versus` is () for series without a comparison and ("any",) for every other arm
    of the same study.
    """

    of: tuple[str, ...]
    versus: tuple[str, ...]
    outcome: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A study that asks the question but cannot be pooled, and why."""

    study: str
    because: str


@dataclass(frozen=True, slots=True)
class Result:
    """One question, the pooled answer, and how sure it is for patients like those studied.

    `randomised` is true of an answer from the randomised trials alone, where other comparisons were read too. `months`
    is the mean time at which the studies read the outcome, weighted by their joints; None where none prints it.
    """

    question: Question
    effect: PooledEffect
    certainty: Certainty
    left_out: tuple[LeftOut, ...]
    joints: int
    months: float | None = None
    randomised: bool = False


# The records that an answer is made of, by name: what a kept copy may hold.
KINDS: Mapping[str, type] = {
    cls.__name__: cls
    for cls in (
        *(Result, Question, LeftOut, PooledEffect, StudyEffect, Certainty, Step),
        *(Counts, Means, Rates, Estimate, Single),
    )
}
