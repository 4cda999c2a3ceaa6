"""What do the studies say of each treatment, as a plan needs it: answers, series, scores, and whom they studied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from osteon.evidence.base import KINDS, Result, results
from osteon.evidence.comparisons import names_of
from osteon.evidence.kept import kept
from osteon.evidence.networks import indirect
from osteon.evidence.study_toml import when_table
from osteon.knowledge.studies import Arm, Outcome, Study, studies

SCORES = ("hhs", "vas")
PRIMARY = ("rct", "prospective-comparative", "retrospective-comparative", "case-series", "registry")


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
    """Everything a plan needs of the studies; `of_class` are whole modalities against untreated joints."""

    results: tuple[Result, ...]
    of_class: tuple[Result, ...]
    indirect: tuple[Result, ...]
    series: tuple[Series, ...]
    scores: tuple[Score, ...]
    papers: tuple[Paper, ...]


@cache
def treatment_evidence() -> TreatmentEvidence:
    """What all studies say of Osteon's treatments, kept on disk between runs.

    Examples
    --------
    >>> found = treatment_evidence().results
    >>> sorted({result.question.of[0] for result in found if result.question.outcome == "radiographic-healing"})
    ['hyperbaric_oxygen']
    """
    kinds = {**KINDS} | {cls.__name__: cls for cls in (Paper, Series, Score, TreatmentEvidence)}
    return kept("treatments", made, kinds)


def made() -> TreatmentEvidence:
    known = studies()
    found = tuple(results(known, "treatment"))
    of_class = tuple(each for each in results(known, "modality") if each.question.versus == ("observation",))
    through = tuple(indirect(known, found))
    survivals = tuple(series(known.values()))
    scored = tuple(scores(known.values()))
    used = {each.study for result in (*found, *of_class, *through) for each in result.effect.studies}
    used |= {each.study for each in survivals} | {each.study for each in scored}
    return TreatmentEvidence(
        found, of_class, through, survivals, scored, tuple(paper(known[name]) for name in sorted(used))
    )


def paper(study: Study) -> Paper:
    link = f"https://doi.org/{study.doi}" if study.doi else study.url
    return Paper(study.id, study.citation, study.year, study.design, link, when_table(study.when))


def series(known: Iterable[Study]) -> Iterator[Series]:
    """Survivals in percent, one entry per arm and treatment; none where they only concern parts of the arm."""
    for study in known:
        for arm in study.arm:
            printed = [o for o in arm.outcome if is_survival(o)]
            if study.design in PRIMARY and printed and len({o.timepoint_months for o in printed}) == len(printed):
                last = max(printed, key=lambda o: o.timepoint_months or 0)
                for treatment in names_of(arm, "treatment"):
                    yield Series(
                        treatment=treatment,
                        study=study.id,
                        points=tuple(sorted((o.timepoint_months or 0, o.mean or 0) for o in printed)),
                        joints=study.population_of(arm, last).joints or 0,
                        percent_low=last.ci_low,
                        percent_high=last.ci_high,
                    )


def is_survival(outcome: Outcome) -> bool:
    kept_unit = outcome.unit == "%" and outcome.name == "survival" and not outcome.subset
    return outcome.type == "survival" and kept_unit and bool(outcome.timepoint_months) and outcome.mean is not None


def scores(known: Iterable[Study]) -> Iterator[Score]:
    """Means before and at the last time after treatment, of arms that print both in one unit."""
    for study in known:
        for arm in study.arm:
            for name in SCORES:
                pair = before_and_after(arm, name)
                for treatment in names_of(arm, "treatment") if pair else ():
                    yield score(treatment, study, arm, *pair)


def before_and_after(arm: Arm, name: str) -> tuple[Outcome, Outcome] | tuple[()]:
    means = [
        o for o in arm.outcome if o.name == name and o.type == "continuous" and o.mean is not None and not o.subset
    ]
    before = [o for o in means if o.timepoint_months == 0]
    after = [o for o in means if o.timepoint_months != 0]
    if len(before) != 1 or not after or any(o.unit != before[0].unit for o in after):
        return ()
    return before[0], max(after, key=lambda o: float("inf") if o.timepoint_months is None else o.timepoint_months)


def score(treatment: str, study: Study, arm: Arm, before: Outcome, after: Outcome) -> Score:
    population = study.population_of(arm, after)
    months = after.timepoint_months or population.followup_months or 0
    joints = after.total or population.joints or 0
    return Score(treatment, study.id, after.name, after.unit, months, before.mean or 0, after.mean or 0, joints)
