"""What can this joint expect under one treatment? The untreated course with the treatment's effect applied to it.

Two things feed a forecast. A `TreatmentEffect` compares the treatment with no treatment and is applied to the joint's
own baseline; such forecasts can be set side by side. A `SingleArm` is a series without comparison: its figures are
given as they are, marked as not comparable.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from osteon.evidence.by_treatment import Score
from osteon.knowledge.records import Setting, Treatment
from osteon.prognosis.baseline import ALREADY_COLLAPSED, DRAWS, HORIZONS, SEED, Baseline, Match, MayMatch, past, setting
from osteon.prognosis.curve import Floats, drawn, effective_joints, printed

ENDPOINTS: Mapping[str, str] = {"no_collapse": "collapse", "no_replacement": "replacement", "no_revision": "revision"}
NO_COURSE = "No untreated course was asked for."
JOINT_GIVEN_UP = "This treatment gives up the joint itself, so the question does not arise."
NO_STUDY = "No study that was read reports this for this treatment."


@dataclass(frozen=True, slots=True)
class TreatmentEffect:
    """How a treatment changes the risk of one event, against no treatment.

    Parameters
    ----------
    measure
        RR multiplies the cumulative risk (which stops at 1), HR the cumulative hazard, OR the odds; RD is added to
        the risk.
    log_estimate, se
        The effect and its standard error on the scale on which it is normal: the logarithm, and for RD the risk
        difference itself. Below 0 the treatment helps.
    df
        Degrees of freedom, where the interval rests on Student's t; None where it rests on the normal distribution.
    k, joints
        How many studies, and how many joints in them.
    basis
        direct (compared with no treatment), indirect (through another treatment) or class (of similar treatments).
    comparison
        What was compared with what, in words.
    studies
        The ids of the studies.
    """

    measure: str
    log_estimate: float
    se: float
    df: int | None
    k: int
    joints: int
    basis: str
    comparison: str
    studies: tuple[str, ...]

    @property
    def estimate(self) -> float:
        """The effect as printed: a ratio, or for RD a difference of risks."""
        return self.log_estimate if self.measure == "RD" else float(np.exp(self.log_estimate))


NO_TREATMENT = TreatmentEffect("HR", 0.0, 0.0, None, 0, 0, "direct", "the untreated course itself", ())


@dataclass(frozen=True, slots=True)
class SingleArm:
    """What became of joints that all had the treatment: months and percent with the event by then, both rising.

    `joints` is how many; `percent_low` and `percent_high` are the printed 95 % interval of the last percentage.
    """

    points: tuple[tuple[float, float], ...]
    joints: int
    studies: tuple[str, ...]
    percent_low: float | None = None
    percent_high: float | None = None


Evidence: TypeAlias = TreatmentEffect | SingleArm


@dataclass(frozen=True, slots=True)
class Point:
    """The chance of staying free of the event until some time, 0 to 1, with its 95 % interval."""

    months: float
    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.estimate:.0f} of 100 ({100 * self.low:.0f} to {100 * self.high:.0f})"


@dataclass(frozen=True, slots=True)
class EndpointForecast:
    """One endpoint under one treatment.

    `points` holds the times that could be answered; `refusal` says why the others, or all, are missing, "" if none
    is. `matched` are the cohorts the baseline rests on, `may_match` those that would count if more were known.
    `comparable` is true only where the treatment was compared with others. `draws` has shape [draws, points].
    """

    endpoint: str
    points: tuple[Point, ...] = ()
    evidence: Evidence | None = None
    comparable: bool = False
    matched: tuple[Match, ...] = ()
    may_match: tuple[MayMatch, ...] = ()
    settings: tuple[Setting, ...] = ()
    refusal: str = ""
    draws: Floats = field(default_factory=lambda: np.empty((DRAWS, 0)), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Every endpoint of one treatment."""

    treatment: str
    endpoints: tuple[EndpointForecast, ...]

    def endpoint(self, name: str) -> EndpointForecast:
        """The endpoint with this name, one of `ENDPOINTS`."""
        return {each.endpoint: each for each in self.endpoints}[name]


def forecast(
    treatment: Treatment,
    baselines: Mapping[str, Baseline],
    evidence: Mapping[str, Evidence],
    months: Sequence[float] = HORIZONS,
) -> Forecast:
    """The chance of no collapse, no replacement and, where the joint is replaced, no revision.

    Parameters
    ----------
    treatment
        The treatment; whether it keeps or replaces the joint decides which endpoints apply.
    baselines
        The untreated course (`osteon.prognosis.baseline`) of the joint under each of no_collapse and no_replacement,
        made once and shared by all treatments.
    evidence
        What is known of the treatment under each endpoint; an endpoint may be missing. `NO_TREATMENT` stands for
        leaving the joint alone.
    months
        Times after today, rising; those of `baselines`.

    Examples
    --------
    >>> from osteon.knowledge import knowledge
    >>> untreated = Baseline("collapse", (24.0,), (0.6,), draws=np.full((DRAWS, 1), 0.6))
    >>> halved = TreatmentEffect("RR", float(np.log(0.5)), 0.0, None, 1, 40, "direct", "against none", ())
    >>> drug = knowledge().treatments["alendronate"]
    >>> print(forecast(drug, {"no_collapse": untreated}, {"no_collapse": halved}).endpoint("no_collapse").points[0])
    80 of 100 (80 to 80)
    """
    asked = tuple(ENDPOINTS) if treatment.kind == "replacement" else ("no_collapse", "no_replacement")
    found = []
    for name in asked:
        untreated = baselines.get(name, Baseline(ENDPOINTS[name], refusal=NO_COURSE))
        found.append(endpoint_forecast(name, treatment, untreated, evidence.get(name), months))
    return Forecast(treatment.id, tuple(found))


def endpoint_forecast(
    name: str, treatment: Treatment, untreated: Baseline, known: Evidence | None, months: Sequence[float]
) -> EndpointForecast:
    """One endpoint: refused, from a comparison and the baseline, or from a series alone."""
    if name != "no_revision" and not treatment.keeps_joint:
        return EndpointForecast(name, refusal=JOINT_GIVEN_UP)
    if untreated.refusal == ALREADY_COLLAPSED:
        return EndpointForecast(name, refusal=ALREADY_COLLAPSED)
    if known is None:
        return EndpointForecast(name, refusal=NO_STUDY)
    if isinstance(known, SingleArm):
        return from_series(name, known, months)
    if untreated.refusal:
        return EndpointForecast(name, evidence=known, may_match=untreated.may_match, refusal=untreated.refusal)
    return from_comparison(name, known, untreated)


def from_comparison(name: str, effect: TreatmentEffect, untreated: Baseline) -> EndpointForecast:
    """The baseline with the effect applied to the estimate and to every draw."""
    alone = effect == NO_TREATMENT
    apply = APPLIED[effect.measure]
    draws = untreated.draws if alone else apply(untreated.draws, effect_draws(effect)[:, None])
    estimate = apply(np.array(untreated.survival), np.array(effect.log_estimate))
    return EndpointForecast(
        endpoint=name,
        points=points(untreated.months, estimate, draws),
        evidence=effect,
        comparable=True,
        matched=untreated.matched,
        may_match=untreated.may_match,
        settings=untreated.settings if alone else (*untreated.settings, setting("effect_at_all_times")),
        refusal=untreated.beyond,
        draws=draws,
    )


def by_risk_ratio(survival: Floats, log_ratio: Floats) -> Floats:
    """Cumulative risk times the ratio, at most 1."""
    return (1 - (1 - survival) * np.exp(log_ratio)).clip(0)


def by_hazard_ratio(survival: Floats, log_ratio: Floats) -> Floats:
    """Cumulative hazard times the ratio."""
    return np.power(survival, np.exp(log_ratio))


def by_odds_ratio(survival: Floats, log_ratio: Floats) -> Floats:
    """Odds of the event times the ratio."""
    return survival / (survival + (1 - survival) * np.exp(log_ratio))


def by_risk_difference(survival: Floats, difference: Floats) -> Floats:
    """Risk plus the difference, from 0 to 1."""
    return (survival - difference).clip(0, 1)


APPLIED: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "RR": by_risk_ratio,
    "HR": by_hazard_ratio,
    "OR": by_odds_ratio,
    "RD": by_risk_difference,
}


def effect_draws(effect: TreatmentEffect) -> Floats:
    """Draws of the effect on the scale of its standard error; one set for all times, the same for equal effects."""
    random = np.random.default_rng((SEED, zlib.crc32(repr(effect).encode())))
    spread = random.standard_normal(DRAWS) if effect.df is None else random.standard_t(effect.df, DRAWS)
    return effect.log_estimate + effect.se * spread


def from_series(name: str, series: SingleArm, months: Sequence[float]) -> EndpointForecast:
    """The figures of a series without comparison, as far as it was followed."""
    end = series.points[-1][0]
    reached = tuple(month for month in months if month <= end)
    joints = float(series.joints)
    if series.percent_low is not None and series.percent_high is not None:
        joints = effective_joints(series.points[-1][1], series.percent_low, series.percent_high)
    random = np.random.default_rng((SEED, zlib.crc32(repr(series).encode())))
    draws = drawn(series.points, joints, DRAWS, random).survival(reached).T
    estimate = printed(series.points, joints).survival(reached).ravel()
    between = not set(reached) <= {month for month, _ in series.points}
    named = ["linear_hazard"] * between + ["nobody_left_early"] * (series.percent_low is None)
    return EndpointForecast(
        endpoint=name,
        points=points(reached, estimate, draws),
        evidence=series,
        settings=tuple(setting(each) for each in named),
        refusal=past(months, end, "No series without comparison"),
        draws=draws,
    )


def points(months: Sequence[float], estimate: Floats, draws: Floats) -> tuple[Point, ...]:
    """Estimates with the middle 95 % of the draws, widened where the estimate itself lies outside (0 or all events)."""
    if not months:
        return ()
    ends = round(0.025 * DRAWS), round(0.975 * DRAWS) - 1
    low, high = np.partition(draws.T, ends, axis=1)[:, ends].T
    low, high = np.minimum(low, estimate), np.maximum(high, estimate)
    return tuple(Point(*each) for each in zip(months, estimate.tolist(), low.tolist(), high.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class ScoreForecast:
    """A score as patients reported it before and after one treatment: means over all joints of the studies.

    `months` is the mean time between; `unit` tells scales of one score apart.
    """

    outcome: str
    unit: str
    months: float
    mean_before: float
    mean_after: float
    joints: int
    studies: tuple[str, ...]


def scores(rows: Iterable[Score]) -> tuple[ScoreForecast, ...]:
    """One `ScoreForecast` for each score and unit; a study counts by its joints, and not without their number or time.

    Examples
    --------
    >>> from osteon.evidence.by_treatment import Score
    >>> first = Score("eswt", "first", "hhs", "points", 24, 60, 80, 30)
    >>> second = Score("eswt", "second", "hhs", "points", 12, 70, 80, 10)
    >>> means = scores([first, second])[0]
    >>> means.mean_before, means.mean_after, means.months
    (62.5, 80.0, 21.0)
    """
    groups: dict[tuple[str, str], list[Score]] = {}
    for row in rows:
        if row.joints and row.months:
            groups.setdefault((row.outcome, row.unit), []).append(row)
    return tuple(score_forecast(groups[key]) for key in sorted(groups))


def score_forecast(rows: Sequence[Score]) -> ScoreForecast:
    joints = [row.joints for row in rows]
    numbers = [(row.months, row.mean_before, row.mean_after) for row in rows]
    months, before, after = np.average(numbers, axis=0, weights=joints).tolist()
    studies = tuple(row.study for row in rows)
    return ScoreForecast(rows[0].outcome, rows[0].unit, months, before, after, sum(joints), studies)
