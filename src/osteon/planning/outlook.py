"""What do the studies say of each treatment for this joint, and what becomes of the joint under it?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from osteon.case.answer import Answer
from osteon.case.conditions import Condition, conditions
from osteon.evidence.by_treatment import Paper, Score, Series, treatment_evidence
from osteon.evidence.certainty import Certainty, Directness, certainty_for
from osteon.evidence.result import Result
from osteon.knowledge.records import Knowledge, Treatment
from osteon.knowledge.table import Worlds
from osteon.prognosis import (
    ENDPOINTS,
    HORIZONS,
    NO_TREATMENT,
    Baseline,
    Forecast,
    SingleArm,
    TreatmentEffect,
    baseline,
    forecast,
)
from osteon.prognosis.baseline import DRAWS
from osteon.prognosis.curve import Floats

OBSERVATION = "observation"
# Which outcomes of studies speak of an endpoint, best first: counts of the event, then the study's own survival.
OUTCOMES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "no_collapse": (("collapse", "RR"),),
    "no_replacement": (("tha-conversion", "RR"), ("arthroplasty", "RR"), ("survival", "HR")),
    "no_revision": (("revision", "RR"),),
}
TELLING = ("tha-conversion", "collapse", "arthroplasty", "survival", "revision", "progression")
MEASURES = ("RR", "HR", "MD", "SMD", "PR", "RD")


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What is known of one treatment for one joint.

    `results` are the pooled answers about it, the most telling first, each rated for this joint; `certainty` is that of
    the first, None where no study was read.
    """

    results: tuple[Result, ...]
    scores: tuple[Score, ...]
    forecast: Forecast

    @property
    def certainty(self) -> Certainty | None:
        return self.results[0].certainty if self.results else None


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """The untreated course of one joint under each endpoint, and which studies would have included it.

    `found` keeps each treatment's outlook once it was asked for: most are never looked at.
    """

    baselines: Mapping[str, Baseline]
    directness: Mapping[str, Directness]
    found: dict[str, Outlook] = field(default_factory=dict)


def course(worlds: Worlds, knowledge: Knowledge) -> Course:
    """Worked out once for a joint and shared by all its treatments.

    Parameters
    ----------
    worlds
        World 0 is the joint as known, with its stages.
    """
    untreated = {name: baseline(worlds, ENDPOINTS[name]) for name in ("no_collapse", "no_replacement")}
    asked = populations(knowledge)
    return Course(untreated, {study: direct(study, when, worlds) for study, when in asked.items()})


@cache
def populations(knowledge: Knowledge) -> Mapping[str, tuple[Condition, ...]]:
    """Whom each study took, as conditions."""
    stages = {system.id: system.order for system in knowledge.staging.values()}
    return {paper.id: conditions(nested(paper.when), stages) for paper in treatment_evidence().papers}


def nested(when: Mapping[str, object]) -> dict[str, object]:
    """`stage.x` keys as the table of stages that conditions are read from."""
    stages = {name.removeprefix("stage."): value for name, value in when.items() if name.startswith("stage.")}
    plain = {name: value for name, value in when.items() if not name.startswith("stage.")}
    return plain | ({"stage": stages} if stages else {})


def direct(study: str, when: Sequence[Condition], worlds: Worlds) -> Directness:
    """Whether a study would have taken this joint, and the conditions it fails."""
    answers = {condition.text: worlds.answers(condition).of(0) for condition in when}
    differs = tuple(text for text, answer in answers.items() if answer is Answer.NO)
    if differs:
        return Directness(study, Answer.NO, differs)
    known = when and all(answer is Answer.YES for answer in answers.values())
    return Directness(study, Answer.YES if known else Answer.UNKNOWN)


def outlook(treatment: Treatment, joint: Course) -> Outlook:
    """What the studies say of one treatment for one joint, and the forecast that rests on it."""
    if treatment.id not in joint.found:
        known = {name: each for name in ENDPOINTS if (each := evidence(treatment, name, joint)) is not None}
        joint.found[treatment.id] = Outlook(
            results=tuple([rated_for(result, joint.directness) for result in answers_about(treatment.id)]),
            scores=tuple(score for score in treatment_evidence().scores if score.treatment == treatment.id),
            forecast=forecast(treatment, joint.baselines, known, HORIZONS),
        )
    return joint.found[treatment.id]


def certainty_word(treatment: Treatment, joint: Course) -> str:
    """How sure the most telling answer is for this joint; the record's word where no study was read."""
    about = answers_about(treatment.id)
    return rated_for(about[0], joint.directness).certainty.word if about else treatment.certainty


@cache
def answers_about(treatment: str) -> tuple[Result, ...]:
    """Every pooled answer about a treatment, the most telling first; then, against nothing done, those of its class."""
    found = treatment_evidence()
    classes = {(modality,) for each, modality in found.classes if each == treatment}
    of_class = [r for r in found.of_class if r.question.of in classes and treatment != OBSERVATION]
    own = [r for r in (*found.results, *found.indirect) if r.question.of == (treatment,)]
    return (*sorted(own, key=telling), *sorted(of_class, key=telling))


def telling(result: Result) -> tuple[int, ...]:
    """How much an answer says of a treatment: against nothing done, then compared at all; by outcome, by joints."""
    question, outcome = result.question, result.question.outcome
    rank = TELLING.index(outcome) if outcome in TELLING else len(TELLING)
    against = 0 if question.versus == (OBSERVATION,) else 1 if question.versus else 2
    measure = MEASURES.index(result.effect.measure)
    return against, rank, not result.randomised, measure, is_indirect(result), -result.joints


def is_indirect(result: Result) -> bool:
    return result.effect.method == "network"


def rated_for(result: Result, directness: Mapping[str, Directness]) -> Result:
    met = [directness[each.study] for each in result.effect.studies if each.study in directness]
    return replace(result, certainty=certainty_for(result.certainty, met))


def evidence(treatment: Treatment, endpoint: str, joint: Course) -> TreatmentEffect | SingleArm | None:
    """What a forecast of one endpoint may rest on: a comparison with no treatment, else a series, else nothing."""
    if treatment.id == OBSERVATION:
        return NO_TREATMENT
    about = answers_about(treatment.id)
    for outcome, measure in OUTCOMES[endpoint]:
        compared = [
            r
            for r in about
            if r.question.versus == (OBSERVATION,) and (r.question.outcome, r.effect.measure) == (outcome, measure)
        ]
        if compared:
            return effect(max(compared, key=breadth))
    return survival_series(treatment, endpoint, joint) or counted_series(endpoint, about, joint)


def breadth(result: Result) -> tuple[bool, int, bool, bool]:
    """What a forecast rests on first: direct comparisons, of most studies, of the treatment itself, randomised.

    The class of a treatment has at least the studies of the treatment; where it has more, one trial of one drug against
    others of its like does not decide alone.
    """
    return not is_indirect(result), result.effect.k, result.question.by == "treatment", result.randomised


def effect(result: Result) -> TreatmentEffect:
    pooled = result.effect
    assert pooled.log_estimate is not None
    basis = "indirect" if is_indirect(result) else "direct" if result.question.by == "treatment" else "class"
    return TreatmentEffect(
        measure=pooled.measure,
        log_estimate=pooled.log_estimate,
        se=pooled.se,
        df=pooled.df if pooled.ci == "t" else None,
        k=pooled.k,
        joints=result.joints,
        basis=basis,
        comparison=result.question.outcome,
        studies=tuple(each.study for each in pooled.studies),
    )


def survival_series(treatment: Treatment, endpoint: str, joint: Course) -> SingleArm | None:
    """The survival of the series that prints most of the times asked for, then of that with most joints."""
    if endpoint != ("no_replacement" if treatment.keeps_joint else "no_revision"):
        return None
    own = [each for each in treatment_evidence().series if each.treatment == treatment.id and each.joints]
    fitting = [each for each in own if may_apply(each.study, joint)]
    if not fitting:
        return None
    return single_arm(max(fitting, key=lambda each: (sum(month in HORIZONS for month, _ in each.points), each.joints)))


def may_apply(study: str, joint: Course) -> bool:
    """Whether a study may have taken this joint."""
    return study not in joint.directness or joint.directness[study].answer is not Answer.NO


def single_arm(series: Series) -> SingleArm:
    low, high = series.percent_low, series.percent_high
    return SingleArm(
        points=tuple([(month, 100 - free) for month, free in series.points]),
        joints=series.joints,
        studies=(series.study,),
        percent_low=None if high is None else 100 - high,
        percent_high=None if low is None else 100 - low,
    )


def counted_series(endpoint: str, about: Sequence[Result], joint: Course) -> SingleArm | None:
    """The pooled proportion with the event, at the mean time the studies counted it."""
    outcomes = [outcome for outcome, measure in OUTCOMES[endpoint] if measure == "RR"]
    for result in about:
        studies = tuple(each.study for each in result.effect.studies)
        if result.question.versus or result.question.outcome not in outcomes or not result.months:
            continue
        if any(may_apply(study, joint) for study in studies):
            pooled = result.effect
            return SingleArm(
                points=((result.months, 100 * pooled.estimate),),
                joints=result.joints,
                studies=studies,
                percent_low=100 * pooled.ci_low,
                percent_high=100 * pooled.ci_high,
            )
    return None


def compared_at(joint: Course, latest_months: float) -> tuple[str, float] | None:
    """On which endpoint and at what time survival is compared: joints kept, else surfaces; None where neither is known.

    The time is the latest that the untreated course allows, up to `latest_months`.
    """
    for endpoint in ("no_replacement", "no_collapse"):
        times = [each for each in joint.baselines[endpoint].months if each <= latest_months]
        if times:
            return endpoint, max(times)
    return None


def survival_draws(treatment: Treatment, joint: Course, at: tuple[str, float] | None) -> Floats | None:
    """Draws of the share of joints that survive, compared as `compared_at` says; None where it says nothing.

    A treatment that was never compared is taken to leave the untreated course as it is: a benefit has to be shown.
    """
    if not treatment.keeps_joint:
        return np.zeros(DRAWS)
    if at is None:
        return None
    endpoint, months = at
    draws = joint.baselines[endpoint].draws
    if isinstance(evidence(treatment, endpoint, joint), TreatmentEffect):
        draws = outlook(treatment, joint).forecast.endpoint(endpoint).draws
    return draws[:, joint.baselines[endpoint].months.index(months)]


def cited_papers(outlooks: Iterable[Outlook]) -> tuple[Paper, ...]:
    """Every study that some answer or score of these treatments rests on, by id."""
    used = {each.study for found in outlooks for result in found.results for each in result.effect.studies}
    used |= {score.study for found in outlooks for score in found.scores}
    return tuple(paper for paper in treatment_evidence().papers if paper.id in used)
