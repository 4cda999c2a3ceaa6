"""What becomes of this joint if it is left alone: which cohorts say so, how each matches, and what would sharpen it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from osteon.knowledge.cohorts import Curve, Stratum, cohorts
from osteon.knowledge.judgements import judgements
from osteon.knowledge.records import Knowledge
from osteon.knowledge.table import Worlds, worlds_of
from osteon.planning.outlook import OBSERVATION
from osteon.planning.plan import JointPlan
from osteon.planning.relevant import relevant
from osteon.prognosis import Baseline, by_lesion_type
from osteon.prognosis.baseline import ALREADY_COLLAPSED, Figures, Match, MayMatch, matching
from osteon.report import words
from osteon.report.citations import Citations
from osteon.report.expected import DOING, of_100
from osteon.report.figures.curves import time_words
from osteon.report.page import CohortLine, Reason, Untreated, UntreatedCourse
from osteon.report.studied import dots
from osteon.staging import with_stages

HEADINGS = {"no_collapse": "Collapse of the joint surface", "no_replacement": "Replacement of the joint"}
HAD = {"no_collapse": "had collapsed", "no_replacement": "had been replaced"}
CLAIM = "destroyed_within_five_years"  # the statement of the review of 2025 that this section answers
REVIEW = "review2025"


def untreated(plan: JointPlan, anchor: str, cite: Citations) -> Untreated:
    """The section on the untreated course of one joint; `anchor` begins the names inside its figures."""
    worlds = worlds_at(plan, cite.knowledge)
    courses = tuple(course(name, plan, anchor, worlds, cite) for name in plan.course.baselines)
    collapsed = plan.course.baselines["no_collapse"].refusal == ALREADY_COLLAPSED
    said, answer = (None, None) if collapsed else claim(by_lesion_type(worlds, "collapse"), cite)
    return Untreated(courses, said, answer)


def worlds_at(plan: JointPlan, knowledge: Knowledge) -> Worlds:
    """The joint as known, with its stages."""
    facts = {name: finding.possible for name, finding in plan.joint.findings.items()}
    return with_stages(worlds_of(facts), relevant(knowledge, plan.joint.site).systems)


def course(name: str, plan: JointPlan, anchor: str, worlds: Worlds, cite: Citations) -> UntreatedCourse:
    """One endpoint: what is to be expected, and every cohort behind it side by side."""
    known = plan.course.baselines[name]
    matches, may_match = ((), ()) if known.refusal == ALREADY_COLLAPSED else all_matching(worlds, known.event)
    return UntreatedCourse(
        heading=HEADINGS[name],
        told=told(name, known, plan, cite.knowledge),
        had=HAD[name],
        icon=icon(name, plan, f"{anchor}-untreated-{name}"),
        cohorts=(
            *(matched_line(match, known, cite) for match in matches),
            *(may_line(tuple(group), cite) for _, group in groupby(may_match, key=lambda each: each.cohort.id)),
        ),
    )


def all_matching(worlds: Worlds, event: str) -> tuple[tuple[Match, ...], tuple[MayMatch, ...]]:
    return matching(worlds, event, cohorts().values())


def told(name: str, known: Baseline, plan: JointPlan, knowledge: Knowledge) -> str:
    """The forecast without treatment at every time that can be answered, or why there is none."""
    if known.refusal == ALREADY_COLLAPSED:
        return known.refusal
    if known.refusal:
        names = words.unique(name for each in known.may_match for name in each.missing)
        if not names:
            return f"{known.refusal} No figure is given."
        waits = words.joined([words.label(name, knowledge) for name in names])
        return f"Which of the cohorts below this joint resembles is open, so no figure is given. To know: {waits}."
    points = plan.option(OBSERVATION).outlook.forecast.endpoint(name).points
    times = words.joined([f"{of_100(point)} at {time_words(point.months)}" for point in points])
    later = " Later times are not answered: no matching cohort was followed for longer." if known.beyond else ""
    return f"Of 100 joints like this one that are left alone, so many {DOING[name]}: {times}.{later}"


def icon(name: str, plan: JointPlan, ident: str) -> str:
    """A hundred dots; "" where nothing is forecast."""
    endpoint = plan.option(OBSERVATION).outlook.forecast.endpoint(name)
    return dots(endpoint, ident) if endpoint.points else ""


def matched_line(match: Match, known: Baseline, cite: Citations) -> CohortLine:
    used = {(each.cohort.id, each.stratum.id): each for each in known.matched}
    own = used.get((match.cohort.id, match.stratum.id))
    carries = any(match.cohort.id in each.carried_on_by for each in known.matched)
    return CohortLine(
        name=match.cohort.name,
        refs=cite.cite(match.cohort.source, match.endpoint.where),
        groups=((match.stratum.name, figures(match.endpoint.points)),),
        size=size(match.stratum, match.endpoint.total),
        asked=tuple(cite.asked(each) for each in match.conditions if each.finding != "site"),
        assumed=tuple(words.label(name, cite.knowledge) for name in match.assumed),
        missing=(),
        part=part(own, carries),
    )


def part(own: Match | None, carries: bool) -> str:
    """What one matching cohort contributes."""
    if own is None:
        return "Matches less closely" + ("; its later risk carries others on." if carries else "; not counted.")
    counted = "Gives the estimate" if own.primary else "Shares in the interval"
    return f"{counted}; after its end others carry it on." if own.carried_on_by else f"{counted}."


def may_line(group: Sequence[MayMatch], cite: Citations) -> CohortLine:
    """The parts of one cohort that may describe the joint."""
    first = group[0]
    missing = words.unique(name for each in group for name in each.missing)
    return CohortLine(
        name=first.cohort.name,
        refs=cite.cite(first.cohort.source, first.endpoint.where),
        groups=tuple((each.stratum.name, figures(each.endpoint.points)) for each in group),
        size="",
        asked=(),
        assumed=(),
        missing=tuple(words.label(name, cite.knowledge) for name in missing),
        part="May match.",
    )


def figures(points: Curve) -> str:
    """What was printed, in percent with the event.

    Examples
    --------
    >>> figures(((24, 23.2), (60, 66.6667)))
    '23.2 % by 2 years, 66.7 % by 5 years'
    """
    return ", ".join(f"{percent:.3g} % by {time_words(month)}" for month, percent in points)


def size(stratum: Stratum, total: int | None) -> str:
    joints = total or stratum.joints
    return f"{joints} joints" if joints else ""


def claim(found: Sequence[Figures], cite: Citations) -> tuple[Reason, Reason]:
    """What the review of 2025 says of untreated joints, what was read on it, and what that means for this joint."""
    statement = next(each for each in judgements().statements if each.id == CLAIM)
    said = Reason(
        f"The review of 2025 says: {words.lower(statement.statement)} Read against it, in hips: {statement.found}",
        (*cite.cite([REVIEW]), *cite.studies(statement.studies), *cite.cite(statement.source)),
        kind=statement.verdict.replace("_", " "),
    )
    return said, own_answer(found, cite)


def own_answer(found: Sequence[Figures], cite: Citations) -> Reason:
    """The same question for this joint: the figures of its type, or of all types while its type is open."""
    known = [each for each in found if not each.missing]
    if known:
        told = words.joined([f"{last_figure(each)} ({each.stratum.name})" for each in known])
        return Reason(
            f"Study by study, this share of joints like this one had collapsed: {told}.", refs_of(known, cite)
        )
    types = widest(found)
    if len(types) < 2:
        return Reason("Whether that holds for this joint is not known: nothing that was read follows such joints.")
    low, high = (f"{last_figure(each)} in {each.stratum.name}" for each in (types[0], types[-1]))
    return Reason(
        f"Which lesion type this joint has is open, so no one figure answers it: from {low} to {high} had collapsed.",
        refs_of(types, cite),
    )


def widest(found: Sequence[Figures]) -> list[Figures]:
    """The parts of the cohort that was divided into most types and followed longest, mildest first."""
    by_cohort: dict[str, list[Figures]] = {}
    for each in found:
        by_cohort.setdefault(each.cohort.id, []).append(each)
    parts = max(by_cohort.values(), key=lambda each: (len(each), each[0].points[-1][0]), default=[])
    return sorted(parts, key=lambda each: each.points[-1][1])


def last_figure(each: Figures) -> str:
    return figures(each.points[-1:])


def refs_of(found: Sequence[Figures], cite: Citations) -> tuple[int, ...]:
    return cite.cite(words.unique(key for each in found for key in each.cohort.source))
