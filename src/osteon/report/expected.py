"""What may be expected of a joint, in words: how many of 100 are spared an event, with a treatment and without."""

from __future__ import annotations

from collections.abc import Iterator

from osteon.evidence.outcome_words import modality_words, outcome_words
from osteon.evidence.result import Result
from osteon.knowledge.records import Knowledge
from osteon.planning.order import RANKED
from osteon.planning.outlook import OBSERVATION
from osteon.planning.plan import JointPlan, Option
from osteon.prognosis import NO_TREATMENT, EndpointForecast, Point, SingleArm, TreatmentEffect
from osteon.prognosis.baseline import ALREADY_COLLAPSED
from osteon.prognosis.forecast import JOINT_GIVEN_UP, NO_STUDY
from osteon.report import words
from osteon.report.evidence.words import effect_words
from osteon.report.figures.curves import time_words
from osteon.report.page import Chance

FIVE_YEARS = 60.0
TIMES = (24.0, 60.0)  # months: the times that every option is told at, where it can be
LABELS = {"no_replacement": "Not replaced", "no_collapse": "Not collapsed", "no_revision": "Implant not revised"}
DOING = {
    "no_replacement": "have not been replaced",
    "no_collapse": "have not collapsed",
    "no_revision": "have had no revision",
}
SERIES_WORTH = (
    "Such a series says what became of those joints, not what the treatment added, and cannot be set beside the other "
    "figures."
)


def of_100(point: Point) -> str:
    """A share as joints of 100 with its interval.

    Examples
    --------
    >>> of_100(Point(60, 0.762, 0.61, 0.859))
    '76 (61 to 86)'
    """
    return f"{100 * point.estimate:.0f} ({100 * point.low:.0f} to {100 * point.high:.0f})"


def point_at(endpoint: EndpointForecast, months: float) -> Point | None:
    return next((point for point in endpoint.points if point.months == months), None)


def latest_point(endpoint: EndpointForecast) -> Point | None:
    """The forecast for five years, else for the last time before that."""
    return next((point for point in reversed(endpoint.points) if point.months <= FIVE_YEARS), None)


def untreated_point(plan: JointPlan, endpoint: str, months: float) -> Point | None:
    """What becomes of the joint at that time when it is left alone."""
    observed = next((o for o in plan.options if o.treatment.id == OBSERVATION), None)
    known = {each.endpoint: each for each in observed.outlook.forecast.endpoints} if observed else {}
    return point_at(known[endpoint], months) if endpoint in known else None


def can_be_offered(option: Option) -> bool:
    """Whether an option stands open, or is what the others are measured against."""
    return option.verdict in RANKED or option.treatment.id == OBSERVATION


def endpoints_of(option: Option) -> Iterator[EndpointForecast]:
    """The endpoints that mean something for a treatment, the one that is asked first in front; none if it is barred."""
    if not can_be_offered(option):
        return
    known = {each.endpoint: each for each in option.outlook.forecast.endpoints}
    asked = ("no_replacement", "no_collapse") if option.treatment.keeps_joint else ("no_revision",)
    yield from (known[name] for name in asked if name in known and known[name].refusal != ALREADY_COLLAPSED)


def chances(option: Option, plan: JointPlan, knowledge: Knowledge) -> tuple[Chance, ...]:
    """What the table says of one option: each endpoint that can be told, or in few words why none can."""
    told = [each for each in endpoints_of(option) if each.points]
    if told:
        return tuple(chance(each, plan) for each in told)
    return (Chance("", (), (), True, no_figure(option, knowledge)),)


def chance(endpoint: EndpointForecast, plan: JointPlan) -> Chance:
    points = [point for month in TIMES if (point := point_at(endpoint, month))] or [endpoint.points[-1]]
    untreated = [untreated_point(plan, endpoint.endpoint, point.months) for point in points]
    beside = endpoint.comparable and endpoint.evidence != NO_TREATMENT
    return Chance(
        label=LABELS[endpoint.endpoint],
        times=tuple((time_words(point.months), of_100(point)) for point in points),
        untreated=tuple(f"{100 * point.estimate:.0f}" for point in untreated if point) if beside else (),
        comparable=endpoint.comparable,
        refusal="",
    )


def no_figure(option: Option, knowledge: Knowledge) -> str:
    """Why nothing is forecast of an option, in few words."""
    if not can_be_offered(option):
        return "It cannot be offered here, so nothing is forecast."
    asked = next(endpoints_of(option), None)
    if asked is None:
        return "It gives up the joint; nothing is forecast."
    return refusal_words(asked, knowledge)


def refusal_words(endpoint: EndpointForecast, knowledge: Knowledge) -> str:
    """Why one endpoint has no figure, with findings as a reader calls them."""
    if endpoint.refusal in (NO_STUDY, JOINT_GIVEN_UP, ALREADY_COLLAPSED):
        return {NO_STUDY: "No study that was read counts it."}.get(endpoint.refusal, endpoint.refusal)
    if endpoint.may_match:
        names = words.unique(name for each in endpoint.may_match for name in each.missing)
        waits = words.joined([words.label(name, knowledge) for name in names])
        return f"No untreated joints can be set beside this one until more is known: {waits}."
    return "No untreated joints like this one were read of."


def promise(endpoint: EndpointForecast, plan: JointPlan) -> str:
    """One endpoint of one option as a sentence, at five years or the last time before."""
    point = latest_point(endpoint)
    if point is None:
        return ""
    doing, when = DOING[endpoint.endpoint], time_words(point.months)
    told = f"{100 * point.estimate:.0f} (from {100 * point.low:.0f} to {100 * point.high:.0f})"
    if not endpoint.comparable:
        joints = endpoint.evidence.joints if isinstance(endpoint.evidence, SingleArm) else 0
        size = f" ({joints} joints)" if joints else ""
        return f"Of 100 joints in studies without a comparison{size}, {told} {doing} at {when}. {SERIES_WORTH}"
    untreated = untreated_point(plan, endpoint.endpoint, point.months)
    if endpoint.evidence == NO_TREATMENT or untreated is None:
        return f"Of 100 joints like this one, {told} {doing} at {when} without treatment."
    return f"Of 100 joints like this one, {told} {doing} at {when} with it, and {of_100(untreated)} without treatment."


def basis_sentence(endpoint: EndpointForecast, option: Option) -> str:
    """What a comparable forecast rests on; "" for a series and for no treatment."""
    effect = endpoint.evidence
    if not isinstance(effect, TreatmentEffect) or effect == NO_TREATMENT or not endpoint.points:
        return ""
    behind = result_behind(effect, option)
    size = f"{studies_words(effect.k)}{f', {effect.joints} joints' if effect.joints else ''}"
    ratio = f" ({effect_words(behind.effect)})" if behind else ""
    counted = f"for {outcome_words(effect.comparison)}{ratio} comes from {size}"
    if effect.basis == "indirect":
        return f"No study compares it with no treatment. The effect {counted} that connect the two through others."
    if effect.basis == "direct" or behind is None:
        return f"The effect {counted} of this treatment against no treatment."
    of = words.joined([modality_words(name) for name in behind.question.of])
    return f"The effect {counted} of {of} against no treatment; whether this one does the same is not known."


def result_behind(effect: TreatmentEffect, option: Option) -> Result | None:
    """The pooled answer that an effect was taken from."""
    for result in option.outlook.results:
        studies = tuple(each.study for each in result.effect.studies)
        asked = (result.question.outcome, result.effect.measure, result.question.by == "treatment")
        if (studies, *asked) == (effect.studies, effect.comparison, effect.measure, effect.basis != "class"):
            return result
    return None


def studies_words(k: int) -> str:
    return "one study" if k == 1 else f"{k} studies"


def draws_words(share: float) -> str:
    """A share of draws as so many of 100.

    Examples
    --------
    >>> draws_words(0.3643), draws_words(0.001), draws_words(0.0)
    ('36', 'fewer than 1', '0')
    """
    return "fewer than 1" if 0 < share < 0.005 else f"{100 * share:.0f}"
