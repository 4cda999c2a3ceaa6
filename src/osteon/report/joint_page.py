"""One joint on the clinician's page, from its head line to its trials."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from osteon.case.answer import Answer
from osteon.case.case import Joint
from osteon.case.finding import Finding, Findings
from osteon.case.possible import Interval
from osteon.case.vocabulary import Definition, vocabulary
from osteon.knowledge.records import Knowledge, StagingSystem
from osteon.planning.assume import OFFERED, Change, WouldChange
from osteon.planning.order import RANKED
from osteon.planning.others import AdviceAnswer, TrialAnswer
from osteon.planning.plan import JointPlan
from osteon.report import words
from osteon.report.citations import Citations
from osteon.report.consensus import consensus
from osteon.report.drawing import draw
from osteon.report.forecast_figure import forecast_figure
from osteon.report.options_page import option_details, verdict_groups
from osteon.report.page import (
    Effect,
    JointSection,
    Known,
    MissingLine,
    Move,
    Picture,
    Reason,
    Section,
    StageLine,
    TrialLine,
)
from osteon.report.untreated import untreated
from osteon.staging import Staging

MOST_MISSING = 5
MOST_MOVES = 2
MOST_NAMES = 2
MEASURED_GROUPS = ("Lesion", "Imaging", "Other joints")
UNSOURCED = "case file"  # the source of a finding that names none
IDENTIFYING = ("birth_date",)  # never printed
LESION_LINE: Mapping[str, str] = {
    "lesion_fraction_percent": "{} of the head or bone affected",
    "lesion_location": "place: {}",
    "weight_bearing_fraction_percent": "{} of the weight-bearing portion",
    "modified_kerboul_deg": "modified Kerboul angle {}",
    "depression_mm": "surface sunk by {}",
}
ORIGINS: Mapping[str, str] = {"derived": "worked out: ", "implied": "follows: "}


def joint_section(
    plan: JointPlan,
    number: int,
    cite: Citations,
    preferences: Mapping[str, str],
    described: Mapping[str, tuple[str, str]],
    pictures: tuple[Picture, ...] = (),
) -> JointSection:
    """Everything about one joint; `described` says where on the page each treatment is described."""
    joint, knowledge, anchor = plan.joint, cite.knowledge, words.joint_anchor(number)
    primary = next((s for s in plan.staging if knowledge.staging[s.system].primary), None)
    stage = stage_line(primary, cite) if primary else None
    missing, missing_further = missing_lines(plan.would_change, knowledge)
    drawing = draw(joint, f"{anchor}-section")
    return JointSection(  # sources are numbered in this order, which is that of the page
        anchor=anchor,
        title=words.joint_title(joint),
        stage=words.stage_line(plan, knowledge),
        stage_because=stage.reasons if stage and not stage.missing else (),
        stage_missing=stage.missing if stage else (),
        lesion=lesion_line(joint.findings),
        cause=cause_line(joint.findings),
        drawing=drawing,
        no_drawing="" if drawing else "No section is drawn: Osteon draws the femoral head only.",
        measurements=tuple(measurement(f, plan, knowledge) for f in measurements(joint)),
        pictures=pictures,
        missing=missing,
        missing_further=missing_further,
        untreated=untreated(plan, anchor, cite),
        groups=verdict_groups(plan, anchor, cite),
        forecast=forecast_figure(plan, f"{anchor}-forecast"),
        map=consensus(plan, cite),
        details=option_details(plan, anchor, cite, preferences, described),
        staging=tuple(stage_line(staging, cite) for staging in plan.staging),
        findings=tuple(known(f) for f in other_findings(joint)),
        advice=advice_sections(plan.advice, cite),
        trials=tuple(trial_line(t, cite) for t in plan.trials if t.answer != "no"),
        trials_barred=tuple(barred_line(t) for t in plan.trials if t.answer == "no"),
    )


def stage_line(staging: Staging, cite: Citations) -> StageLine:
    shown = [answer for answer in staging.because if staging.decided or answer.answer is Answer.YES]
    return StageLine(
        system=staging.name,
        stages=words.staging_text(staging),
        reasons=tuple(cite.reason(a.because, a.source, a.where, a.basis, a.setting, a.conditions) for a in shown),
        missing=tuple(words.label(name, cite.knowledge) for name in staging.missing),
    )


def lesion_line(findings: Findings) -> str:
    parts = [
        form.format(words.value_text(findings[name]))
        for name, form in LESION_LINE.items()
        if name in findings and findings[name].value not in (None, 0)
    ]
    if findings.answer("crescent_sign") is Answer.YES:
        parts.append("crescent sign")
    return words.capital("; ".join(parts)) + "." if parts else "Size and place of the lesion are not stated."


def cause_line(findings: Findings) -> str:
    cause = findings.get("aetiology")
    return f"Cause held responsible: {words.value_text(cause)}." if cause else "Cause: not stated."


def measurements(joint: Joint) -> Iterator[Finding]:
    """What was measured on this joint, in the vocabulary's order."""
    for name, definition in vocabulary().items():
        if name in joint.findings and is_measurement(definition) and joint.findings[name].origin != "implied":
            yield joint.findings[name]


def is_measurement(definition: Definition) -> bool:
    measured = definition.group == "Lesion" or definition.kind == "quantity"
    return definition.scope == "joint" and definition.group in MEASURED_GROUPS and measured


def other_findings(joint: Joint) -> Iterator[Finding]:
    """Everything else known of this joint alone."""
    told = {finding.name for finding in measurements(joint)} | {"site", "side"}
    for name, definition in vocabulary().items():
        if name in joint.findings and definition.scope == "joint" and name not in told:
            yield joint.findings[name]


def patient_findings(findings: Mapping[str, Finding]) -> tuple[Known, ...]:
    """Everything known of the patient, without what could identify one."""
    return tuple(
        known(findings[name])
        for name, definition in vocabulary().items()
        if name in findings and definition.scope == "patient" and name not in IDENTIFYING
    )


def known(finding: Finding) -> Known:
    return Known(words.capital(words.finding_label(finding.name)), words.value_text(finding), origin(finding))


def measurement(finding: Finding, plan: JointPlan, knowledge: Knowledge) -> Known:
    """A measurement with its nearest class border; that it stands in the case file goes without saying."""
    systems = [knowledge.staging[staging.system] for staging in plan.staging]
    told = origin(finding) if finding.source != UNSOURCED else finding.on or ""
    return replace(known(finding), origin=told, border=nearest_border(finding, systems))


def origin(finding: Finding) -> str:
    """Where a finding comes from, and when it was found."""
    text = ORIGINS.get(finding.origin, "") + words.plain_names(finding.source)
    return f"{text}, {finding.on}" if finding.on else text


def nearest_border(finding: Finding, systems: Iterable[StagingSystem]) -> str:
    """How far a measurement lies from the nearest value at which some system gives another class."""
    definition = vocabulary()[finding.name]
    if definition.kind != "quantity" or not isinstance(finding.value, int | float):
        return ""
    value = float(finding.value)
    borders = {
        float(f"{end:.12g}"): system.name
        for system in systems
        for row in system.stage
        for condition in row.when
        if condition.name == finding.name and isinstance(condition.accepted, Interval)
        for end in (condition.accepted.low, condition.accepted.high)
        if math.isfinite(end) and definition.low != end != definition.high
    }
    if not borders:
        return ""
    border = min(borders, key=lambda end: (abs(end - value), end))
    away = words.with_unit(words.number(round(abs(border - value), 1)), definition)
    return f"nearest border {words.with_unit(words.number(border), definition)}, {away} away ({borders[border]})"


def by_finding(effects: Iterable[WouldChange]) -> dict[str, list[WouldChange]]:
    """What would change the plan, finding by finding, most decisive first.

    A treatment that is not offered before or after, such as one to avoid that would also be barred, is left out.
    """
    found: dict[str, list[WouldChange]] = {}
    for effect in effects:
        if changes := tuple(c for c in effect.changes if {c.before, c.after} & {*RANKED}):
            found.setdefault(effect.finding, []).append(replace(effect, changes=changes))
    return dict(sorted(found.items(), key=lambda item: -max(effect.decisiveness for effect in item[1])))


def missing_lines(
    effects: Iterable[WouldChange], knowledge: Knowledge
) -> tuple[tuple[MissingLine, ...], tuple[str, ...]]:
    """The most decisive missing findings, and the labels of the rest; those that change the same share a line."""
    same: dict[tuple[tuple[str | bool, tuple[Change, ...]], ...], list[str]] = {}
    found = by_finding(effects)
    for name, values in found.items():
        same.setdefault(tuple((value.value, value.changes) for value in values), []).append(name)
    groups = list(same.values())
    lines = tuple(missing_line(names, found[names[0]], knowledge) for names in groups[:MOST_MISSING])
    return lines, tuple(words.finding_label(name) for names in groups[MOST_MISSING:] for name in names)


def missing_line(names: Sequence[str], effects: Iterable[WouldChange], knowledge: Knowledge) -> MissingLine:
    return MissingLine(
        obtained=words.obtained(names[0]),
        label=words.finding_label(names[0]),
        question=vocabulary()[names[0]].question,
        effects=tuple(effect_line(names[0], effect, knowledge) for effect in effects),
        same=tuple(words.finding_label(name) for name in names[1:]),
    )


def effect_line(name: str, effect: WouldChange, knowledge: Knowledge) -> Effect:
    """The changes under one value; those from and to the same verdict together, the most telling first."""
    groups: dict[tuple[str, str], list[str]] = {}
    for change in effect.changes:
        treatment = words.lower(knowledge.treatments[change.treatment].name)
        groups.setdefault((change.before, change.after), []).append(treatment)
    ordered = sorted(groups.items(), key=lambda group: (group[0][0] in OFFERED) is (group[0][1] in OFFERED))
    return Effect(
        value=condition_of(name, effect.value),
        moves=tuple(
            Move(tuple(names[:MOST_NAMES]), len(names[MOST_NAMES:]), before, after)
            for (before, after), names in ordered[:MOST_MOVES]
        ),
        further=sum(len(names) for _, names in ordered[MOST_MOVES:]),
    )


def condition_of(name: str, value: bool | str) -> str:
    """Under which value of the missing finding: "If so", "If it is lateral", "If it is above 2 mm"."""
    if isinstance(value, bool):
        return "If so" if value else "If not"
    definition = vocabulary()[name]
    if definition.kind == "choice":
        return f"If it is {definition.choices.get(value, value)}"
    meaning = words.units(words.shortened(value), definition)
    return f"If it is {meaning}"


def advice_sections(answers: Iterable[AdviceAnswer], cite: Citations) -> tuple[Section, ...]:
    """Advice by category, in the order in which a clinician acts on it."""
    groups: dict[str, list[Reason]] = {category: [] for category in words.CATEGORIES}
    for answer in answers:
        rule = answer.rule
        groups[answer.advice.category].append(
            cite.reason(
                f"{rule.advice} {rule.because}",
                rule.source,
                rule.where,
                rule.basis,
                rule.setting,
                kind="" if rule.strength == "not stated" else rule.strength,
            )
        )
    return tuple(Section(words.CATEGORIES[category], tuple(said)) for category, said in groups.items() if said)


def trial_line(answer: TrialAnswer, cite: Citations) -> TrialLine:
    trial = answer.trial
    return TrialLine(
        name=trial.name,
        registry=trial.registry,
        url=trial.url,
        answer=answer.answer,
        status=f"{trial.status} ({trial.status_seen})",
        missing=tuple(words.label(name, cite.knowledge) for name in answer.missing),
        ask=tuple(criterion.text for criterion in answer.ask),
        refs=cite.cite(trial.source),
    )


def barred_line(answer: TrialAnswer) -> str:
    return f"{answer.trial.name} ({words.joined([words.lower(criterion.text) for criterion in answer.because])})"
