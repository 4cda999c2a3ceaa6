"""The options of one joint on the clinician's page: the table, and all that is behind each row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from osteon.case.answer import Answer
from osteon.case.case import PREFERENCES
from osteon.case.vocabulary import vocabulary
from osteon.knowledge.records import VERDICTS, Knowledge, Statement, Treatment
from osteon.knowledge.table import ConditionAnswer
from osteon.planning.assume import OFFERED
from osteon.planning.options import RuleAnswer
from osteon.planning.order import Rank
from osteon.planning.others import PositionAnswer
from osteon.planning.plan import JointPlan, Option
from osteon.report import words
from osteon.report.citations import Citations
from osteon.report.expected import chances, draws_words, studies_words
from osteon.report.page import OptionDetail, OptionRow, Reason, RecordPart, Section, Share, VerdictGroup
from osteon.report.studied import studied


def verdict_groups(plan: JointPlan, anchor: str, cite: Citations) -> tuple[VerdictGroup, ...]:
    """The table of options: one group per verdict, in the order of the plan."""
    return tuple(
        VerdictGroup(
            verdict=verdict,
            sign=words.VERDICT_SIGNS[verdict],
            meaning=words.VERDICT_MEANINGS[verdict],
            rows=tuple(option_row(option, plan, anchor, cite) for option in options),
        )
        for verdict, options in groupby(plan.options, key=lambda option: option.verdict)
    )


def option_row(option: Option, plan: JointPlan, anchor: str, cite: Citations) -> OptionRow:
    treatment, rank = option.treatment, option.rank
    return OptionRow(
        anchor=f"{anchor}-{treatment.id}",
        name=treatment.name,
        why=why(option, cite),
        further=max(0, len(option.because) - 1),
        chances=chances(option, plan, cite.knowledge),
        certainty=option.certainty.replace("_", " "),
        rests_on=rests_on(option),
        cautions=words.unique(word for row in option.cautions for word in triggers(row, cite.knowledge)),
        check_before=words.unique(word for row in option.check_before for word in open_words(row, cite.knowledge)),
        place=f"{rank.place} of {rank.of}" if rank else "",
        first=first(rank) if rank else "",
    )


def first(rank: Rank) -> str:
    """In how many draws nothing with the same verdict came before it; "" where nothing else has the verdict."""
    return f"first in {draws_words(rank.first)} of 100 draws" if len(rank.acceptability) > 1 else ""


def rests_on(option: Option) -> str:
    """From how many studies the certainty was computed, and the record's word where that differs."""
    if not option.outlook.results:
        return "its record's word; no study was read"
    told = option.outlook.results[0]
    joints = f", {told.joints} joints" if told.joints else ""
    own = option.treatment.certainty
    record = "" if own == option.certainty else f"; its record: {own.replace('_', ' ')}"
    return f"{studies_words(told.effect.k)}{joints}{record}"


def why(option: Option, cite: Citations) -> Reason:
    """The one sentence that tells why the treatment has its verdict."""
    if not option.because:
        return Reason("No rule that was read supports it in this situation.")
    row = option.because[0]
    reason = rule_reason(row, cite)
    if option.verdict != "depends":
        return reason
    waits = words.joined([words.label(name, cite.knowledge) for name in option.missing])
    return Reason(f"Depends on: {waits}. If it holds: {words.lower(reason.text)}", reason.refs)


def rule_reason(row: RuleAnswer, cite: Citations) -> Reason:
    rule = row.rule
    return cite.reason(rule.because, rule.source, rule.where, rule.basis, rule.setting, row.conditions, rule.verdict)


def triggers(row: RuleAnswer, knowledge: Knowledge) -> Iterator[str]:
    """What it is in this joint that calls for care."""
    told = [c for c in row.conditions if c.finding != "site"]
    yield from (trigger(condition, knowledge) for condition in told)
    if not told:
        yield "in every such joint"


def trigger(condition: ConditionAnswer, knowledge: Knowledge) -> str:
    name = words.label(condition.finding, knowledge)
    known = words.possible_text(condition.finding, condition.known, knowledge)
    definition = vocabulary().get(condition.finding)
    if definition is not None and definition.kind == "yes_no":
        return name if known == "yes" else f"{name}: {known}"
    return f"{name} {known}" if definition is None or definition.kind == "quantity" else f"{name}: {known}"


def open_words(row: RuleAnswer, knowledge: Knowledge) -> Iterator[str]:
    """The findings that must be known before the treatment is begun."""
    return (words.label(name, knowledge) for name in row.missing)


def described_at(plans: Sequence[JointPlan]) -> Mapping[str, tuple[str, str]]:
    """Anchor and title of where each treatment is described: the first joint that can be offered it, if any."""
    places: dict[str, tuple[str, str]] = {}
    for wanted in (OFFERED, VERDICTS):
        for number, plan in enumerate(plans, 1):
            for option in plan.options:
                if option.verdict in wanted:
                    at = f"{words.joint_anchor(number)}-{option.treatment.id}"
                    places.setdefault(option.treatment.id, (at, words.joint_title(plan.joint)))
    return places


def option_details(
    plan: JointPlan,
    anchor: str,
    cite: Citations,
    preferences: Mapping[str, str],
    described: Mapping[str, tuple[str, str]],
) -> tuple[OptionDetail, ...]:
    """All that is behind each row; what is the same for every joint stands where the treatment is `described`."""
    return tuple(option_detail(option, plan, anchor, cite, preferences, described) for option in plan.options)


def option_detail(
    option: Option,
    plan: JointPlan,
    anchor: str,
    cite: Citations,
    preferences: Mapping[str, str],
    described: Mapping[str, tuple[str, str]],
) -> OptionDetail:
    treatment, rank = option.treatment, option.rank
    here = f"{anchor}-{treatment.id}"
    first_at, first_in = described[treatment.id]
    return OptionDetail(
        anchor=here,
        name=treatment.name,
        verdict=option.verdict,
        sign=words.VERDICT_SIGNS[option.verdict],
        on_paper=option.verdict in OFFERED,
        sections=tuple(section for section in reasons(option, cite) if section.reasons),
        simulated=option.simulated,
        studied=studied(option, plan, here, first_at == here, cite),
        place=f"{rank.place} of {rank.of}" if rank else "",
        score=f"{rank.score:.2f}" if rank else "",
        shares=shares(rank, preferences) if rank else (),
        record=record_part(treatment, cite) if first_at == here else None,
        record_at=first_at,
        record_in=first_in,
    )


def reasons(option: Option, cite: Citations) -> Iterator[Section]:
    """Why it has this verdict, what else holds, what to mind, and what sources say."""
    yield Section("Why this verdict", tuple(rule_reason(row, cite) for row in option.because))
    yield Section("What else holds", tuple(rule_reason(row, cite) for row in option.supporting))
    yield Section("Mind", tuple(rule_reason(row, cite) for row in option.cautions))
    yield Section("Check before", tuple(rule_reason(row, cite) for row in option.check_before))
    yield Section("What sources say for this joint", tuple(position_reason(p, cite) for p in option.positions))


def position_reason(answer: PositionAnswer, cite: Citations) -> Reason:
    position, guideline = answer.position, answer.guideline
    year = f", {guideline.year}" if guideline.year and str(guideline.year) not in guideline.name else ""
    applies = "" if answer.answer is Answer.YES else ", if its situation applies"
    strength = f" (“{position.strength}”)" if position.strength != "not stated" else ""
    return cite.reason(
        f"{guideline.name}{year}{strength}: {position.because}",
        position.source,
        position.where,
        position.basis,
        position.setting,
        answer.conditions if applies else (),
        f"{position.position}{applies}",
    )


def shares(rank: Rank, preferences: Mapping[str, str]) -> tuple[Share, ...]:
    return tuple(
        Share(PREFERENCES[name], importance(preferences.get(name)), f"{points:.2f}")
        for name, points in rank.contributions.items()
    )


def importance(stated: str | None) -> str:
    """How important a criterion is to the patient, in words."""
    if stated is None:
        return "not stated, counted as somewhat important"
    return f"{stated} important"


def record_part(treatment: Treatment, cite: Citations) -> RecordPart:
    """What the record says of the treatment whoever the patient is."""
    certainty = Reason(
        f"How sure the benefit is: {treatment.certainty.replace('_', ' ')}. {treatment.certainty_because}",
        cite.cite(treatment.certainty_source),
    )
    parts = (
        Section("Evidence", (certainty, *statements(treatment.evidence, cite))),
        Section("Regimen or technique", statements(treatment.variant, cite)),
        Section("Monitoring", statements(treatment.monitoring, cite)),
        Section("Harms", statements(treatment.harm, cite)),
        Section("Recovery", statements(treatment.recovery, cite)),
        Section("Notes", statements(treatment.note, cite)),
    )
    return RecordPart(
        purpose=treatment.purpose,
        mechanism=treatment.mechanism,
        not_for=treatment.not_for,
        leaves_possible=treatment.leaves_possible,
        burden=words.capital(words.BURDENS[treatment.invasiveness]),
        sections=tuple(part for part in parts if part.reasons),
        review=review_line(treatment),
    )


def statements(parts: Iterable[Statement], cite: Citations) -> tuple[Reason, ...]:
    return tuple(
        cite.reason(
            f"{part.name}. {part.text}" if part.name else part.text,
            part.source,
            part.where,
            part.basis,
            part.setting,
            kind=words.DIRECTIONS.get(part.direction or "", ""),
        )
        for part in parts
    )


def review_line(treatment: Treatment) -> str:
    review = treatment.review
    checked = f"checked by {review.checked_by}" if review.checked_by else "not yet checked by a second person"
    return (
        f"Record written by {review.written_by}, {checked}; reviewed on {words.day(review.reviewed_on)}, "
        f"due again on {words.day(review.next_review)}."
    )
