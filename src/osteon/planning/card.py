"""A plan and a staging as plain text that fits a terminal, and as a small table for a notebook."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from osteon.knowledge.records import VERDICTS
from osteon.planning.outlook import evidence
from osteon.prognosis import TreatmentEffect
from osteon.staging import Staging

if TYPE_CHECKING:
    from osteon.planning.assume import WouldChange
    from osteon.planning.options import RuleAnswer
    from osteon.planning.order import Rank
    from osteon.planning.plan import JointPlan, Option, Plan

SIGNS = {"fits": "+", "consider": "~", "depends": "?", "no indication": "·", "avoid": "-", "contraindicated": "x"}
WIDEST_STAGES = 24  # columns for the stages of a staging table; a longer list pushes its own line out
MOST_MISSING = 5  # findings named under "would change the plan"
FIVE_YEARS = 60  # months: the time that is told, or the last before it
SPARED = {"no_replacement": "keep it", "no_collapse": "not collapsed"}  # endpoints, the first known is told


def spoken(name: str) -> str:
    """A finding's or stage's name in words.

    Examples
    --------
    >>> spoken("stage.arco_2019"), spoken("depression_mm")
    ('stage in arco 2019', 'depression mm')
    """
    return name.replace("stage.", "stage in ").replace("_", " ")


def plan_card(plan: Plan, width: int = 100) -> str:
    """The plan of every joint on one card."""
    lines = []
    if plan.case.title:
        lines.append(plan.case.title + (" (fictional)" if plan.case.fictional else ""))
    for joint in plan.joints:
        lines += ["", *joint_lines(joint, width)]
    if plan.advice:
        lines += ["", "FOR THE PATIENT"]
        for answer in plan.advice:
            lines += wrapped(f"{answer.rule.advice}", width, "  - ")
    version = f"Osteon {plan.osteon}, knowledge {plan.knowledge.version}."
    lines += ["", *wrapped(f"{version} Supports a professional's decision; never makes one.", width)]
    return "\n".join(lines).strip() + "\n"


def joint_lines(plan: JointPlan, width: int = 100) -> Iterator[str]:
    yield plan.joint.name.replace("_", " ").upper()
    for staging in plan.staging:
        if staging.decided or staging is plan.staging[0]:
            yield from wrapped(stage_line(staging), width, "  ")
    for verdict, options in groupby(plan.options, key=lambda option: option.verdict):
        yield ""
        yield from verdict_lines(verdict, list(options), width)
    yield from missing_lines(plan.would_change, width)
    for answer in plan.advice:
        yield from wrapped(answer.rule.advice, width, "  next: ")


def stage_line(staging: Staging) -> str:
    if staging.decided:
        return str(staging)
    return f"{staging} (settled by {', '.join(map(spoken, staging.missing))})"


def verdict_lines(verdict: str, options: Sequence[Option], width: int) -> Iterator[str]:
    yield f"{SIGNS[verdict]} {verdict.upper()}"
    if verdict == "no indication":
        yield from wrapped(", ".join(option.treatment.name for option in options), width, "    ")
        return
    for option in options:
        place = f"{option.rank.place:>2}. " if option.rank else "    "
        yield from wrapped(f"{option.treatment.name}: {reason(option)}", width, place)
        if option.rank and (told := outlook_line(option, option.rank)):
            yield from wrapped(told, width, "      ")
        if option.rank and option.check_before:
            yield from wrapped(f"check before: {names_of(option.check_before)}", width, "      ")
        for told in option.simulated:
            yield from wrapped(told, width, "      ")


def reason(option: Option) -> str:
    """Why an option has its verdict, in one or two sentences."""
    if option.verdict == "depends":
        return f"depends on {names_of(option.because)}. {option.because[0].rule.because}"
    said = option.because[0].rule.because if option.because else ""
    if option.verdict in ("fits", "consider"):
        return f"{said} Certainty {option.certainty.replace('_', ' ')}."
    return said


def outlook_line(option: Option, rank: Rank) -> str:
    """How many of 100 joints an option keeps where that can be compared, and how often it comes first."""
    alone = len(rank.acceptability) == 1
    first = "" if alone else f"first in {100 * rank.first:.0f} of 100 draws"
    return "; ".join(filter(None, (expected(option), first)))


def expected(option: Option) -> str:
    """Of 100 joints, how many keep it or have not collapsed at five years or the last time before; "" where unknown."""
    for name, words in SPARED.items():
        if isinstance(evidence(option.treatment, name, option.course), TreatmentEffect):
            points = [point for point in option.outlook.forecast.endpoint(name).points if point.months <= FIVE_YEARS]
            for point in points[-1:]:
                low, middle, high = (f"{100 * share:.0f}" for share in (point.low, point.estimate, point.high))
                return f"{point.months / 12:g} y: {middle} of 100 {words} ({low}-{high})"
    return ""


def names_of(rows: Iterable[RuleAnswer]) -> str:
    """What open rows wait for, each once."""
    return ", ".join(dict.fromkeys(spoken(name) for row in rows for name in row.missing))


def missing_lines(effects: Sequence[WouldChange], width: int) -> Iterator[str]:
    names = list(dict.fromkeys(effect.finding for effect in effects))[:MOST_MISSING]
    if names:
        yield ""
        yield "WOULD CHANGE THE PLAN"
    for effect in effects:
        if effect.finding in names:
            yield from wrapped(effect_line(effect), width, "  ")


def effect_line(effect: WouldChange) -> str:
    """One assumption and the first few verdicts it would change."""
    value = {"True": "present", "False": "absent"}.get(str(effect.value), effect.value)
    moves = [f"{spoken(c.treatment)} {c.before} → {c.after}" for c in effect.changes]
    more = f" and {len(moves) - 4} more" if len(moves) > 4 else ""
    return f"{spoken(effect.finding)} {value}: {'; '.join(moves[:4])}{more}"


def staging_card(stagings: Sequence[Staging], width: int = 100) -> str:
    """All systems side by side: what is possible, why, and what would settle it."""
    systems = max((len(staging.name) for staging in stagings), default=0)
    stages = min(max((len(or_list(staging.possible)) for staging in stagings), default=0), WIDEST_STAGES)
    lines: list[str] = []
    for staging in stagings:
        head = f"{staging.name:<{systems}}  {or_list(staging.possible):<{stages}}  "
        why = " ".join(answer.because for answer in staging.because)
        said = why if staging.decided else f"settled by {', '.join(map(spoken, staging.missing))}"
        lines += wrapped(said, max(width, len(head) + 40), head)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def or_list(stages: Sequence[str]) -> str:
    """Stages as alternatives."""
    return " or ".join(stages)


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=" " * len(indent)) or [indent]


def plan_table(plan: Plan) -> str:
    """The plan as one HTML table per joint, for a notebook."""
    parts = []
    for joint in plan.joints:
        stage = escape(stage_line(joint.staging[0])) if joint.staging else "no staging system"
        rows = "".join(
            f"<tr><th scope='row'>{escape(o.treatment.name)}</th><td>{o.verdict}</td><td>{escape(reason(o))}</td></tr>"
            for o in sorted(joint.options, key=lambda o: VERDICTS.index(o.verdict))
        )
        parts.append(
            f"<h3>{escape(joint.joint.name.replace('_', ' '))}</h3><p>{stage}</p><table><thead><tr><th>Treatment</th>"
            f"<th>Verdict</th><th>Why</th></tr></thead><tbody>{rows}</tbody></table>"
        )
    return "".join(parts)
