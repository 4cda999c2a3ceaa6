"""The forecast of every joint as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

from osteon.evidence.outcome_words import outcome_words
from osteon.planning.card import spoken
from osteon.planning.plan import JointPlan, Option, Plan
from osteon.prognosis import Baseline, EndpointForecast, SingleArm, TreatmentEffect, scores

WORDS = {
    "no_collapse": "surface not collapsed",
    "no_replacement": "own joint kept",
    "no_revision": "implant not revised",
}
BASES = {"direct": "compared with no treatment", "indirect": "through other treatments", "class": "of its class"}


def forecast_card(plan: Plan, treatment: str, width: int) -> str:
    """What becomes of each joint untreated and under each treatment, or only under one of them.

    Parameters
    ----------
    plan
        As `osteon.planning.plan` makes it.
    treatment
        A treatment's id, or "" for all.
    width
        Characters of a line.
    """
    lines = [line for joint in plan.joints for line in joint_lines(joint, treatment, width)]
    return "\n".join(lines) + "\n" if lines else "The case names no joint.\n"


def joint_lines(joint: JointPlan, treatment: str, width: int) -> Iterator[str]:
    yield joint.joint.name.replace("_", " ").upper()
    yield "Of 100 joints like this one (95 % interval):"
    yield from untreated_lines(joint, width)
    for option in joint.options:
        if option.treatment.id == treatment or (not treatment and option.treatment.id != "observation"):
            yield from option_lines(option, width)
    yield ""


def untreated_lines(joint: JointPlan, width: int) -> Iterator[str]:
    """The untreated course, and the cohorts it was read from; figures type by type where the type is open."""
    yield "Untreated"
    for name, untreated in joint.course.baselines.items():
        observed = next((o for o in joint.options if o.treatment.id == "observation"), None)
        if observed is not None:
            yield from endpoint_lines(observed.outlook.forecast.endpoint(name), width)
        yield from cohort_lines(untreated, width)


def cohort_lines(untreated: Baseline, width: int) -> Iterator[str]:
    for match in untreated.matched:
        met = ", ".join(spoken(condition.test) for condition in match.conditions if condition.finding != "site")
        mark = "the estimate" if match.primary else "beside it"
        yield indented(f"{mark}: {match} ({match.joints:.0f} joints{f'; {met}' if met else ''})", 6, width)
    for may in untreated.may_match if not untreated.matched else ():  # no single figure: each type has its own
        months, percent = may.endpoint.points[-1]
        yield indented(f"as {may}: {percent:.3g} % by {months:.0f} months", 6, width)


def option_lines(option: Option, width: int) -> Iterator[str]:
    yield f"{option.treatment.name}: {option.verdict}"
    for endpoint in option.outlook.forecast.endpoints:
        yield from endpoint_lines(endpoint, width)
    for mean in scores(option.outlook.scores):
        scale = f", scale {mean.unit}" if mean.unit not in ("", "points") else ""
        told = f"{mean.mean_before:.3g} before, {mean.mean_after:.3g} after {mean.months:.0f} months"
        size = f"{len(mean.studies)} studies, {mean.joints} joints{scale}; before and after, without a comparison"
        yield indented(f"{outcome_words(mean.outcome)}: {told} ({size})", 2, width)


def endpoint_lines(endpoint: EndpointForecast, width: int) -> Iterator[str]:
    if not endpoint.points:
        yield indented(f"{WORDS[endpoint.endpoint]}: {spoken(endpoint.refusal)}", 2, width)
        return
    told = "; ".join(f"{point.months / 12:g} y {point}" for point in endpoint.points)
    yield indented(f"{WORDS[endpoint.endpoint]}: {told}", 2, width)
    yield indented(f"{resting_on(endpoint)} {endpoint.refusal}".strip(), 4, width)


def resting_on(endpoint: EndpointForecast) -> str:
    """What the figures rest on, in a sentence."""
    known = endpoint.evidence
    if isinstance(known, SingleArm):
        studies = f"{len(known.studies)} series" if len(known.studies) > 1 else known.studies[0]
        return f"From {studies} without a comparison, {known.joints} joints: not comparable with the others."
    if isinstance(known, TreatmentEffect) and known.studies:
        ratio = f"{known.measure} {known.estimate:.2f} for: {outcome_words(known.comparison)}"
        return f"{ratio}, {BASES[known.basis]}: {known.k} studies, {known.joints} joints."
    return ""


def indented(text: str, by: int, width: int) -> str:
    return fill(text, width, initial_indent=" " * by, subsequent_indent=" " * (by + 2))
