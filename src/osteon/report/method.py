"""How was the plan made, on which choices does it rest, and what does it not say?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from osteon.case.finding import Finding
from osteon.knowledge.records import Setting
from osteon.planning.options import RuleAnswer
from osteon.planning.order import ordering
from osteon.planning.plan import Option, Plan
from osteon.report import words
from osteon.report.citations import Citations, places_of
from osteon.report.evidence_method import evidence_sentences, evidence_settings
from osteon.report.page import Declared, Method

FORECAST_LIMITS = (
    "A forecast takes a treatment's effect to be the same at all times and in joints like this one; its interval holds "
    "the chance in the numbers and the disagreement of the cohorts, not how much a new group may differ from all of "
    "them.",
    "The untreated hips of Lai 2005 and Lee 2015 stand on both sides: among the untreated cohorts and in the pooled "
    "effect of bisphosphonates.",
    "What was seen in studies without a comparison is shown and marked, and is not comparable with anything else.",
    "Forecasts were set against cohorts that were kept out of them, with misses among them (validation/calibration.md "
    "in Osteon's source); nothing else validates them.",
)
LIMITS = (
    "Osteon supports a professional's decision; it does not diagnose, prescribe or decide. It has not been validated "
    "on patients' outcomes.",
    "Unknown is never read as absent. A reason that has not been recorded may still decide against a treatment.",
)


def method(plan: Plan, cite: Citations) -> Method:
    """The method paragraph, the limits, and every declared choice and derived reason that answers rest on."""
    choices, reasons = dict.fromkeys(settings(plan, cite)), dict.fromkeys(derived(plan, cite))
    return Method(
        paragraph=tuple(paragraph(plan)),
        evidence=tuple(evidence_sentences(plan, cite)),
        ordering=str(ordering()["note"]),
        limits=(*FORECAST_LIMITS, *LIMITS, *limits(plan, cite)),  # counts the sources, so all must have been cited
        settings=tuple(choices),
        derived=tuple(reasons),
    )


def paragraph(plan: Plan) -> Iterator[str]:
    """What each step did, in the order of the steps."""
    made = Counter(finding.origin for finding in all_findings(plan))
    if made["measured"]:
        yield f"{counted(made['measured'], 'finding was', 'findings were')} measured on images, which is for research."
    yield (
        f"{counted(made['stated'], 'finding was', 'findings were')} stated; {made['derived']} more were worked out by "
        f"formulas and {made['implied']} follow from the others."
    )
    for joint in plan.joints:
        systems = counted(len(joint.staging), "staging system", "staging systems")
        rules = sum(len(option.treatment.rule) for option in joint.options)
        yield (
            f"{words.joint_title(joint.joint)}: the joint was placed in {systems}; {rules} rules of "
            f"{counted(len(joint.options), 'treatment', 'treatments')} were answered yes, no or unknown, and the plan "
            f"was remade under each value of each missing finding."
        )
    yield (
        "A treatment is contraindicated if any absolute bar holds; else avoided if any reason to avoid it holds; else "
        "it fits if a rule says so; else it is considered; else it depends on what is missing, or has no indication."
    )


def all_findings(plan: Plan) -> Iterator[Finding]:
    """Every finding of the patient once, and those of each joint."""
    yield from plan.case.patient.values()
    for joint in plan.joints:
        yield from (f for name, f in joint.joint.findings.items() if name not in plan.case.patient)


def counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def limits(plan: Plan, cite: Citations) -> Iterator[str]:
    """What is to be known of the sources and records that this page uses."""
    read = Counter(source.read for key in cite.numbers if (source := cite.knowledge.sources.get(key)))
    parts = [f"{count} as {how}" for how, count in read.most_common() if how != "full text"]
    yield (
        f"Of {sum(read.values())} sources cited, {read['full text']} were read in full text"
        f"{', ' + words.joined(parts) if parts else ''}; the list says which."
    )
    if cited := cite.cited_studies():
        abstracts = sum(all("abstract" in place for place in places_of(study)) for study in cited)
        yield (
            f"Of {counted(len(cited), 'study', 'studies')} cited that are not sources as well, {abstracts} rest on "
            f"abstracts alone."
        )
    reviews = {option.treatment.id: option.treatment.review for joint in plan.joints for option in joint.options}
    if reviews:
        unchecked = sum(not review.checked_by for review in reviews.values())
        due = min(review.next_review for review in reviews.values())
        yield (
            f"{unchecked} of {len(reviews)} treatment records have not been checked by a second person. The first of "
            f"them is due for review on {words.day(due)}; nothing updates itself."
        )


def settings(plan: Plan, cite: Citations) -> Iterator[Declared]:
    """The choices that sources do not settle and on which some answer of this page rests."""
    knowledge = cite.knowledge
    yield from evidence_settings(plan, cite)
    for joint in plan.joints:
        for staging in joint.staging:
            used = {answer.setting for answer in staging.because}
            yield from declared(staging.name, knowledge.staging[staging.system].setting, used, cite)
        for option in joint.options:
            treatment = option.treatment
            parts = (*treatment.evidence, *treatment.variant, *treatment.monitoring)
            parts += (*treatment.harm, *treatment.recovery, *treatment.note)
            used = {row.rule.setting for row in rows(option)} | {part.setting for part in parts}
            yield from declared(treatment.name, treatment.setting, used, cite)
            for said in option.positions:
                yield from declared(said.guideline.name, said.guideline.setting, {said.position.setting}, cite)
    for answer in (*(a for joint in plan.joints for a in joint.advice), *plan.advice):
        yield from declared(answer.advice.name, answer.advice.setting, {answer.rule.setting}, cite)


def declared(record: str, known: tuple[Setting, ...], used: set[str | None], cite: Citations) -> Iterator[Declared]:
    for setting in known:
        if setting.id in used:
            yield Declared(record, setting.text, cite.cite(setting.source))


def derived(plan: Plan, cite: Citations) -> Iterator[Declared]:
    """The reasons behind a stage or a verdict that no source states in these words."""
    for joint in plan.joints:
        for staging in joint.staging:
            for answer in staging.because:
                if answer.basis != "read" and staging.decided:
                    yield Declared(staging.name, noted(answer.because, answer.basis), cite.cite(answer.source))
        for option in joint.options:
            for row in option.because:
                if row.rule.basis != "read":
                    yield Declared(
                        option.treatment.name, noted(row.rule.because, row.rule.basis), cite.cite(row.rule.source)
                    )


def noted(text: str, basis: str) -> str:
    return f"{text} ({words.BASIS_NOTES[basis]})"


def rows(option: Option) -> Iterator[RuleAnswer]:
    """Every rule of a treatment that the page shows."""
    yield from (*option.because, *option.supporting, *option.cautions, *option.check_before)
