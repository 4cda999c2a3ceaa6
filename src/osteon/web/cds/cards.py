"""How is what the tables say told on a card? Words of the knowledge records, their conditions, and their sources.

No sentence about medicine is written here: verdicts, reasons and advice come from the records. Nothing that a client
sent is repeated on a card but the site and side of a joint, in our own words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from osteon.case import Answer, Case, Joint
from osteon.knowledge.records import VERDICTS, Knowledge, Source
from osteon.knowledge.table import ConditionAnswer
from osteon.planning.card import spoken
from osteon.planning.options import Judgement, RuleAnswer
from osteon.planning.others import AdviceAnswer
from osteon.version import __version__
from osteon.web.cds.orders import Order
from osteon.web.cds.verdicts import PREVENTION, JointVerdicts, Verdicts, ordered, under_steroids

LONGEST = 139  # characters of a summary: fewer than 140
SYSTEM = "urn:osteon:cds"
TOLD = ("fits", "consider", "depends", "avoid", "contraindicated")
INDICATOR = {"contraindicated": "critical", "avoid": "warning"}
SAID = {"contraindicated": "is contraindicated", "avoid": "is to be avoided"}
SAFETY = ("contraindicated",)  # of a drug, all that holds whatever it is given for
AGAINST = ("contraindicated", "avoid")
OVERRIDE_REASONS = {
    "already-considered": "Already considered",
    "other-indication": "Ordered for another reason",
    "record-wrong": "The record is out of date or wrong",
    "patient-wish": "The patient wishes it",
    "disagree": "I judge it otherwise",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """What cards are written with: the knowledge, and a maker of unique ids."""

    knowledge: Knowledge
    new_id: Callable[[], str]


def view_cards(found: Verdicts, desk: Desk) -> list[dict[str, Any]]:
    """Cards for a chart that is opened: one for each joint, and one with advice for the patient as a whole."""
    cards = [joint_card(each, desk) for each in found.joints]
    advice = [each for each in found.advice if found.joints or each.advice.category == PREVENTION]
    return cards + ([advice_card("", advice, "advice", desk)] if advice else [])


def order_cards(case: Case, asked: Sequence[Order], desk: Desk) -> list[dict[str, Any]]:
    """Cards for orders: prevention where one is a systemic steroid, and what speaks against an ordered treatment."""
    cards = []
    steroids = [order.steroid for order in asked if order.steroid is not Answer.NO]
    if steroids and (advice := under_steroids(case, desk.knowledge)):
        sure = Answer.YES in steroids
        lead = "Systemic steroid ordered" if sure else "If this order is a systemic steroid, which its code leaves open"
        cards.append(advice_card(lead, advice, "steroid", desk))
    for order in asked:
        if order.treatments:
            cards += treatment_cards(order, case, desk)
    return cards


# ---------------------------------------------------------------------------------------------------- one kind each


def joint_card(found: JointVerdicts, desk: Desk) -> dict[str, Any]:
    by_verdict = {verdict: [j for j in found.judgements.items() if j[1].verdict == verdict] for verdict in TOLD}
    counts = [f"{len(by_verdict[verdict])} {word}" for verdict, word in (("fits", "fit"), ("consider", "to consider"))]
    stage = str(found.staging) if found.staging else "no staging system"
    lines = [f"**{stage}**{missing_words(found)}"]
    sources: dict[str, None] = {}
    for verdict, judgements in by_verdict.items():
        if judgements:
            lines += ["", f"**{verdict.capitalize()}** (in no order)"]
            lines += [f"- {name_of(name, desk)}: {because(judgement)}" for name, judgement in judgements]
            sources |= dict.fromkeys(source for _, j in judgements for row in j.deciding for source in row.rule.source)
    if found.advice:
        lines += ["", "**Next**", *(f"- {answer.rule.advice}" for answer in found.advice)]
        sources |= dict.fromkeys(source for answer in found.advice for source in answer.rule.source)
    summary = f"{titled(found.joint)}: {stage}; treatments: {', '.join(counts)}"
    return card(summary, "info", lines, list(sources), ("joint", found.joint.site), desk)


def missing_words(found: JointVerdicts) -> str:
    if found.staging is None or found.staging.decided or not found.staging.missing:
        return ""
    return f"; would be settled by {', '.join(map(spoken, found.staging.missing))}"


def advice_card(lead: str, advice: Sequence[AdviceAnswer], topic: str, desk: Desk) -> dict[str, Any]:
    lines = []
    for answer in advice:
        lines.append(f"- {answer.rule.advice} {answer.rule.because} Strength: {answer.rule.strength}.")
        lines += [f"  - {condition_words(condition)}" for condition in answer.conditions]
    summary = ": ".join(filter(None, (lead or advice[0].advice.name, advice[0].rule.advice)))
    sources = list(dict.fromkeys(source for answer in advice for source in answer.rule.source))
    return card(summary, "info", lines, sources, ("advice", topic), desk)


def treatment_cards(order: Order, case: Case, desk: Desk) -> list[dict[str, Any]]:
    """What the tables say against an ordered treatment: at each joint it may be meant for, or for the person alone."""
    cards = []
    for joint, judged in ordered(case, order.treatments, desk.knowledge):
        if joint and order.side and joint.side and order.side != joint.side:
            continue
        judgement = min(judged.values(), key=lambda each: VERDICTS.index(each.verdict))  # what least speaks against it
        meant = Meant(tuple(judged), joint)
        drug = desk.knowledge.treatments[meant.treatments[0]].kind == "drug"
        if judgement.verdict in (SAFETY if drug or not joint else AGAINST):
            cards.append(against_card(order, meant, judgement, desk))
        elif joint and (unknown := judgement.rows(Answer.UNKNOWN, "contraindicated")):
            cards.append(open_card(meant, unknown, desk))
    return cards


class Meant(NamedTuple):
    """What an order may mean: the treatments that its code stands for, and the joint; None for the person alone."""

    treatments: tuple[str, ...]
    joint: Joint | None

    def words(self, desk: Desk) -> str:
        return " or ".join(name_of(each, desk) for each in self.treatments)

    @property
    def where(self) -> str:
        return f" in the {spoken(self.joint.name)}" if self.joint else ""


def against_card(order: Order, meant: Meant, judgement: Judgement, desk: Desk) -> dict[str, Any]:
    rows = judgement.deciding
    summary = f"{meant.words(desk)} {SAID[judgement.verdict]}{meant.where}: {rows[0].rule.because}"
    topic = ("treatment", meant.treatments[0])
    made = card(summary, INDICATOR[judgement.verdict], row_lines(rows), sources_of(rows), topic, desk)
    if order.reference:
        removal = {"type": "delete", "description": "Remove this draft order", "resourceId": order.reference}
        made["suggestions"] = [{"label": "Remove this order", "uuid": desk.new_id(), "actions": [removal]}]
        made["selectionBehavior"] = "at-most-one"
    return made


def open_card(meant: Meant, rows: Sequence[RuleAnswer], desk: Desk) -> dict[str, Any]:
    missing = ", ".join(dict.fromkeys(spoken(each) for row in rows for each in row.missing))
    summary = f"{meant.words(desk)}{meant.where}: check before: {missing}"
    return card(summary, "info", row_lines(rows), sources_of(rows), ("check", meant.treatments[0]), desk)


# --------------------------------------------------------------------------------------------------- parts of a card


def card(
    summary: str, indicator: str, lines: Sequence[str], sources: Sequence[str], topic: tuple[str, str], desk: Desk
) -> dict[str, Any]:
    """One card as the standard wants it; `sources` are keys of the knowledge, the first of which it is credited to."""
    kind, code = topic
    cited = [desk.knowledge.sources[key] for key in sources]
    footer = [
        *(["", "**Sources**"] if cited else []),
        *(f"- {citation(source)}" for source in cited),
        "",
        f"Osteon {__version__}, knowledge {desk.knowledge.version}. "
        "Supports a professional's decision; never makes one.",
    ]
    made: dict[str, Any] = {
        "uuid": desk.new_id(),
        "summary": fitted(summary),
        "detail": "\n".join([*lines, *footer]),
        "indicator": indicator,
        "source": {
            "label": fitted(f"Osteon, after {cited[0].citation}" if len(cited) == 1 else f"Osteon {__version__}"),
            "topic": {"system": f"{SYSTEM}:{kind}", "code": code},
        },
        "overrideReasons": [
            {"system": f"{SYSTEM}:override", "code": reason, "display": words}
            for reason, words in OVERRIDE_REASONS.items()
        ],
    }
    if len(cited) == 1 and cited[0].link:
        made["source"]["url"] = cited[0].link
    return made


def row_lines(rows: Iterable[RuleAnswer]) -> list[str]:
    lines = []
    for row in rows:
        lines.append(f"- {row.rule.because}")
        lines += [f"  - {condition_words(condition)}" for condition in row.conditions]
    return lines


def condition_words(condition: ConditionAnswer) -> str:
    return f"{condition.test.replace('_', ' ')}: {condition.answer.value}"


def because(judgement: Judgement) -> str:
    """The reason of a verdict in one sentence, and what it waits for."""
    rows = judgement.deciding
    said = rows[0].rule.because if rows else ""
    if judgement.verdict == "depends":
        return f"{said} (open: {', '.join(dict.fromkeys(spoken(name) for row in rows for name in row.missing))})"
    return said


def sources_of(rows: Iterable[RuleAnswer]) -> list[str]:
    return list(dict.fromkeys(source for row in rows for source in row.rule.source))


def citation(source: Source) -> str:
    return f"[{source.citation}](<{source.link}>)" if source.link else source.citation


def name_of(treatment: str, desk: Desk) -> str:
    return desk.knowledge.treatments[treatment].name


def titled(joint: Joint) -> str:
    name = spoken(joint.name)
    return name[0].upper() + name[1:]


def fitted(text: str) -> str:
    """The text in fewer than 140 characters, cut after a whole word where it is longer.

    Examples
    --------
    >>> len(fitted("bone " * 40)), fitted("bone")
    (135, 'bone')
    """
    if len(text) <= LONGEST:
        return text
    return text[: LONGEST - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
