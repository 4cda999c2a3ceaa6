"""What becomes of a joint under each option, as RiskAssessments.

A prediction gives the 95 % interval as `probabilityRange` in percent, and the estimate in an extension: a probability
without its interval would look surer than it is. FHIR has both in percent.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date

from osteon.fhir.elements import Resource, coding, concept, identified, note, own, quantity, treatment_concept
from osteon.fhir.write.occasion import Occasion
from osteon.knowledge.studies import studies
from osteon.planning import JointPlan
from osteon.planning.order import RANKED
from osteon.planning.plan import Option
from osteon.prognosis import EndpointForecast, Point, TreatmentEffect

ESTIMATE = own("estimate")
OUTCOMES: Mapping[str, str] = {
    "no_collapse": "The joint surface has not collapsed",
    "no_replacement": "The joint has not been replaced",
    "no_revision": "The replacement has not been revised",
}
NOT_COMPARED = "From a series without comparison: not to be set against other options."


def risk_assessments(plan: JointPlan, basis: list[Resource], now: Occasion) -> Iterator[tuple[Option, Resource]]:
    """For each option that can be offered and of which something is known: what the joint can expect."""
    for option in plan.options:
        if option.verdict in RANKED and any(each.points for each in option.outlook.forecast.endpoints):
            yield option, risk_assessment(plan, option, basis, now)


def risk_assessment(plan: JointPlan, option: Option, basis: list[Resource], now: Occasion) -> Resource:
    endpoints = option.outlook.forecast.endpoints
    certainty = f"Certainty of the evidence: {option.certainty.replace('_', ' ')}."
    return identified(
        {
            "resourceType": "RiskAssessment",
            "status": "final",
            "method": concept(
                f"Forecast of {plan.joint.name.replace('_', ' ')}: untreated course and effect of treatment"
            ),
            "code": treatment_concept(option.treatment),
            "subject": now.subject,
            "occurrenceDateTime": now.day.isoformat(),
            "performer": now.device,
            "basis": basis,
            "prediction": [prediction(each, point, now.day) for each in endpoints for point in each.points],
            "mitigation": option.treatment.name,
            "note": note(certainty, *(line for each in endpoints for line in said_of(each))),
        }
    )


def prediction(endpoint: EndpointForecast, point: Point, start: date) -> Resource:
    """One endpoint at one time: the share of such joints of which it is true by then."""
    return {
        "extension": [{"url": ESTIMATE, "valueQuantity": percent(point.estimate)}],
        "outcome": concept(
            OUTCOMES[endpoint.endpoint], [coding(own("endpoint"), endpoint.endpoint, OUTCOMES[endpoint.endpoint])]
        ),
        "probabilityRange": {"low": percent(point.low), "high": percent(point.high)},
        "whenPeriod": {"start": start.isoformat(), "end": months_after(start, round(point.months)).isoformat()},
        "rationale": f"{point}" if endpoint.comparable else f"{point}. {NOT_COMPARED}",
    }


def percent(share: float) -> Resource:
    return quantity(round(100 * share, 1), "%")


def months_after(start: date, months: int) -> date:
    """The same day so many months later, or the last of that month.

    Examples
    --------
    >>> months_after(date(2026, 11, 30), 15)
    datetime.date(2028, 2, 29)
    """
    years, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month + 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))


def said_of(endpoint: EndpointForecast) -> Iterator[str]:
    """What one endpoint rests on and takes for granted, and why some of it, or all, is not answered."""
    outcome = OUTCOMES[endpoint.endpoint]
    known = endpoint.evidence
    if endpoint.points and known and known.studies:
        kind = f"{known.basis} comparison" if isinstance(known, TreatmentEffect) else "series without comparison"
        cited = "; ".join(studies()[name].citation for name in known.studies)
        yield f"{outcome}: {kind}, {known.joints} joints. {cited}"
    for cohort in dict.fromkeys(match.cohort.name for match in endpoint.matched):
        yield f"{outcome}: untreated course of {cohort}"
    for setting in endpoint.settings:
        yield f"{outcome}. Assumed: {setting.text}"
    if endpoint.refusal:
        yield f"{outcome}: {endpoint.refusal}"
