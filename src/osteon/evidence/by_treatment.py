"""What do the studies say of each treatment, as a plan needs it: answers, series, scores, and whom they studied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from osteon.evidence.kept import kept
from osteon.evidence.result import KINDS, Result


@dataclass(frozen=True, slots=True)
class Paper:
    """Whom one study took, so that a plan can tell whether it would have taken this joint."""

    id: str
    citation: str
    year: int | None
    design: str
    link: str
    when: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Series:
    """Survival printed by one study of joints that all had the treatment: months and percent still free of the event.

    `percent_low` and `percent_high` are the printed 95 % interval of the last one; `joints` 0 where not printed.
    """

    treatment: str
    study: str
    points: tuple[tuple[float, float], ...]
    joints: int
    percent_low: float | None
    percent_high: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """One score before and after one treatment in one study, with the months between; higher is better for hhs only."""

    treatment: str
    study: str
    outcome: str
    unit: str
    months: float
    mean_before: float
    mean_after: float
    joints: int


@dataclass(frozen=True, slots=True)
class TreatmentEvidence:
    """Everything a plan needs of the studies.

    `of_class` are whole modalities against untreated joints; `classes` says which treatment belongs to which modality.
    """

    results: tuple[Result, ...]
    of_class: tuple[Result, ...]
    indirect: tuple[Result, ...]
    series: tuple[Series, ...]
    scores: tuple[Score, ...]
    papers: tuple[Paper, ...]
    classes: tuple[tuple[str, str], ...]


@cache
def treatment_evidence() -> TreatmentEvidence:
    """What all studies say of Osteon's treatments, kept on disk between runs.

    Examples
    --------
    >>> found = treatment_evidence().results
    >>> sorted({result.question.of[0] for result in found if result.question.outcome == "radiographic-healing"})
    ['hyperbaric_oxygen']
    """
    return kept(
        "treatments", made, {**KINDS} | {cls.__name__: cls for cls in (Paper, Series, Score, TreatmentEvidence)}
    )


def made() -> TreatmentEvidence:
    from osteon.evidence.treatment_base import made_of

    return made_of()
