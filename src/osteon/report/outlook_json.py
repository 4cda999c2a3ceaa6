"""What studies say of an option and what becomes of the joint, as plain values for the JSON of a plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from osteon.evidence.by_treatment import Score
from osteon.evidence.certainty import Certainty, certainty_sentence
from osteon.evidence.grade import Step
from osteon.evidence.result import Result
from osteon.knowledge.records import Setting
from osteon.knowledge.studies import Study
from osteon.planning.outlook import Outlook
from osteon.planning.plan import JointPlan
from osteon.prognosis import NO_TREATMENT, Baseline, EndpointForecast, Forecast, Point, SingleArm, TreatmentEffect
from osteon.prognosis.baseline import Match, MayMatch
from osteon.prognosis.forecast import points
from osteon.report.citations import read_of, study_link


def untreated_dict(plan: JointPlan) -> dict[str, Any]:
    """The untreated course by endpoint."""
    return {name: baseline_dict(known) for name, known in plan.course.baselines.items()}


def baseline_dict(known: Baseline) -> dict[str, Any]:
    return {
        "event": known.event,
        "points": [point_dict(point) for point in points(known.months, np.array(known.survival), known.draws)],
        "refusal": known.refusal,
        "beyond": known.beyond,
        "matched": [match_dict(match) for match in known.matched],
        "may_match": [may_match_dict(may) for may in known.may_match],
        "settings": settings_list(known.settings),
    }


def point_dict(point: Point) -> dict[str, Any]:
    """Months, and the share from 0 to 1 that is spared by then with its interval."""
    return {
        "months": point.months,
        "estimate": round(float(point.estimate), 4),
        "low": round(float(point.low), 4),
        "high": round(float(point.high), 4),
    }


def match_dict(match: Match) -> dict[str, Any]:
    return {
        **cohort_dict(match),
        "primary": match.primary,
        "carried_on_by": list(match.carried_on_by),
        "assumed": list(match.assumed),
        "joints": round(match.joints),
        "conditions": [condition.test for condition in match.conditions],
    }


def may_match_dict(may: MayMatch) -> dict[str, Any]:
    return {**cohort_dict(may), "missing": list(may.missing)}


def cohort_dict(match: Match | MayMatch) -> dict[str, Any]:
    """A cohort and its part, with months and percent with the event as printed."""
    return {
        "cohort": match.cohort.id,
        "name": match.cohort.name,
        "stratum": match.stratum.name,
        "printed": [{"months": month, "percent": round(percent, 2)} for month, percent in match.endpoint.points],
        "source": list(match.cohort.source),
        "where": match.endpoint.where,
    }


def settings_list(settings: Iterable[Setting]) -> list[dict[str, Any]]:
    return [{"id": setting.id, "text": setting.text} for setting in settings]


def forecast_dict(found: Forecast) -> dict[str, Any]:
    return {"endpoints": [endpoint_dict(endpoint) for endpoint in found.endpoints]}


def endpoint_dict(endpoint: EndpointForecast) -> dict[str, Any]:
    """One endpoint; `effect` or `series` says what it rests on, the other is null."""
    known = endpoint.evidence
    return {
        "endpoint": endpoint.endpoint,
        "comparable": endpoint.comparable,
        "refusal": endpoint.refusal,
        "points": [point_dict(point) for point in endpoint.points],
        "effect": effect_dict(known) if isinstance(known, TreatmentEffect) and known != NO_TREATMENT else None,
        "series": series_dict(known) if isinstance(known, SingleArm) else None,
        "cohorts": [f"{match.cohort.id}.{match.stratum.id}" for match in endpoint.matched],
        "settings": [setting.id for setting in endpoint.settings],
    }


def effect_dict(effect: TreatmentEffect) -> dict[str, Any]:
    return {
        "measure": effect.measure,
        "estimate": significant(effect.estimate),
        "se": significant(effect.se),
        "k": effect.k,
        "joints": effect.joints,
        "basis": effect.basis,
        "outcome": effect.comparison,
        "studies": list(effect.studies),
    }


def series_dict(series: SingleArm) -> dict[str, Any]:
    return {"joints": series.joints, "studies": list(series.studies)}


def computed_dict(found: Outlook) -> dict[str, Any]:
    """What was computed from the studies of a treatment for this joint; the steps of the most telling answer."""
    return {
        "certainty": found.certainty.word if found.certainty else None,
        "because": certainty_sentence(found.certainty) if found.certainty else "",
        "steps": steps_list(found.certainty) if found.certainty else [],
        "results": [result_dict(result) for result in found.results],
        "scores": [score_dict(score) for score in found.scores],
    }


def steps_list(certainty: Certainty) -> list[dict[str, Any]]:
    steps = (*certainty.steps, *([certainty.overridden_by] if certainty.overridden_by else []))
    return [step_dict(step) for step in steps]


def step_dict(step: Step) -> dict[str, Any]:
    return {
        "domain": step.domain,
        "change": step.change,
        "because": step.because,
        "basis": step.basis,
        "source": list(step.source),
    }


def result_dict(result: Result) -> dict[str, Any]:
    """One pooled answer; numbers to four significant figures."""
    effect, question = result.effect, result.question
    return {
        "of": list(question.of),
        "versus": list(question.versus),
        "outcome": question.outcome,
        "level": question.by,
        "measure": effect.measure,
        "method": effect.method,
        "randomised_only": result.randomised,
        "k": effect.k,
        "joints": result.joints,
        "months": None if result.months is None else significant(result.months),
        "estimate": significant(effect.estimate),
        "ci_low": significant(effect.ci_low),
        "ci_high": significant(effect.ci_high),
        "i2": significant(effect.i2),
        "tau2": significant(effect.tau2),
        "prediction_low": None if effect.prediction_low is None else significant(effect.prediction_low),
        "prediction_high": None if effect.prediction_high is None else significant(effect.prediction_high),
        "certainty": result.certainty.word,
        "studies": [each.study for each in effect.studies],
    }


def significant(number: float) -> float:
    """A number to four significant figures.

    Examples
    --------
    >>> significant(0.123456), significant(1234.56), significant(0.0)
    (0.1235, 1235.0, 0.0)
    """
    return float(f"{number:.4g}")


def score_dict(score: Score) -> dict[str, Any]:
    return {
        "outcome": score.outcome,
        "unit": score.unit,
        "months": score.months,
        "mean_before": score.mean_before,
        "mean_after": score.mean_after,
        "joints": score.joints,
        "study": score.study,
    }


def study_dict(study: Study) -> dict[str, Any]:
    """A study as an entry of the plan's sources."""
    return {"citation": study.citation, "year": study.year, "link": study_link(study), "read": read_of(study)}


def studies_named(outlooks: Iterable[Outlook]) -> set[str]:
    """The ids of all studies that some result, score or forecast rests on."""
    found: set[str] = set()
    for each in outlooks:
        found.update(study.study for result in each.results for study in result.effect.studies)
        found.update(score.study for score in each.scores)
        rests_on = [endpoint.evidence for endpoint in each.forecast.endpoints if endpoint.evidence]
        found.update(study for known in rests_on for study in known.studies)
    return found
