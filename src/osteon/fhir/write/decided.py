"""What is proposed for a joint and why: CarePlan, DetectedIssue, GuidanceResponse, DiagnosticReport.

A CarePlan here is a proposal in draft: its activities are options to choose from, in Osteon's order, and not a list of
orders. Each names its verdict (`urn:osteon:verdict`) and the rules it rests on as reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from osteon.case.answer import Answer
from osteon.case.vocabulary import vocabulary
from osteon.fhir.elements import (
    Resource,
    coding,
    concept,
    finding_codings,
    identified,
    note,
    own,
    refer,
    treatment_concept,
)
from osteon.fhir.write.observed import references
from osteon.fhir.write.occasion import Occasion
from osteon.knowledge.records import Knowledge
from osteon.knowledge.table import ConditionAnswer
from osteon.planning import JointPlan, Plan
from osteon.planning.assume import OFFERED
from osteon.planning.card import names_of, or_list, reason
from osteon.planning.options import RuleAnswer
from osteon.planning.order import RANKED
from osteon.planning.others import AdviceAnswer
from osteon.planning.plan import Option

REFUSED = ("avoid", "contraindicated")
NO_ORDER = "Options to choose from, in Osteon's order. Not all are to be done; none is ordered. A professional decides."


def care_plan(plan: JointPlan, support: list[Resource], now: Occasion) -> Resource:
    """The options of one joint, those that are to be avoided marked as not to be done, and the advice for it."""
    options = [option_detail(option) for option in plan.options if option.verdict in (*RANKED, *REFUSED)]
    diagnosis = now.sources(f for name, f in plan.joint.findings.items() if name in ("site", "osteonecrosis_confirmed"))
    conditions = [{"reference": each} for each in diagnosis if each.startswith("Condition/")]
    details = [*options, *map(advice_detail, plan.advice)]
    return proposed(f"Options for {named(plan)}", conditions, support, details, now)


def patient_plan(plan: Plan, support: list[Resource], now: Occasion) -> Resource:
    """The advice for the patient as a whole."""
    return proposed("Advice for the patient as a whole", [], support, [*map(advice_detail, plan.advice)], now)


def proposed(
    title: str, conditions: list[Resource], support: list[Resource], details: list[Resource], now: Occasion
) -> Resource:
    return identified(
        {
            "resourceType": "CarePlan",
            "status": "draft",
            "intent": "proposal",
            "title": title,
            "description": NO_ORDER,
            "subject": now.subject,
            "author": now.device,
            "addresses": conditions,
            "supportingInfo": support,
            "activity": [{"detail": detail} for detail in details],
        }
    )


def named(plan: JointPlan) -> str:
    return plan.joint.name.replace("_", " ")


def option_detail(option: Option) -> Resource:
    treatment = option.treatment
    rows = [
        concept(f"{row.rule.because} ({answers(row)})", [rule_coding(option, row)])
        for row in (*option.because, *option.supporting)
    ]
    return {
        "kind": "MedicationRequest" if treatment.kind == "drug" else "ServiceRequest",
        "instantiatesUri": [own(f"plan-definition:{treatment.id}")],
        "code": treatment_concept(treatment),
        "reasonCode": [concept(option.verdict, [coding(own("verdict"), option.verdict)]), *rows],
        "status": "not-started",
        "doNotPerform": option.verdict in REFUSED,
        "description": " ".join(sentences(option)),
    }


def sentences(option: Option) -> Iterator[str]:
    """The verdict with its reason, place, what to mind and what to check first."""
    yield f"{option.verdict.capitalize()}: {reason(option)}"
    if option.rank:
        yield f"Place {option.rank.place} of {option.rank.of}."
    for row in option.cautions:
        yield f"Caution: {row.rule.because}"
    if option.rank and option.check_before:
        yield f"Check before: {names_of(option.check_before)}."
    for row in (*option.because, *option.supporting, *option.cautions):
        if row.rule.setting:
            yield f"Rests on a setting that sources do not settle: {row.rule.setting.replace('_', ' ')}."


def answers(row: RuleAnswer) -> str:
    """Every condition of a rule with its answer."""
    return "; ".join(f"{each.test}: {each.answer.value}" for each in row.conditions) or "asks nothing"


def rule_coding(option: Option, row: RuleAnswer) -> Resource:
    return coding(own("rule"), f"{option.treatment.id}.{row.rule.id}")


def advice_detail(answer: AdviceAnswer) -> Resource:
    rule = answer.rule
    code = coding(own("rule"), f"{answer.advice.id}.{rule.id}")
    return {
        "instantiatesUri": [own(f"plan-definition:{answer.advice.id}")],
        "code": concept(answer.advice.name),
        "reasonCode": [concept(rule.because, [code])],
        "status": "not-started",
        "description": f"{rule.advice} Strength: {rule.strength.replace('_', ' ')}.",
    }


# -------------------------------------------------------------------------------------------------- contraindications


def detected_issues(
    plan: JointPlan, proposal: Resource, written: Mapping[str, Resource], now: Occasion
) -> Iterator[Resource]:
    """Contraindications that hold (final), and of options that may be chosen those not excluded yet (preliminary)."""
    for option in plan.options:
        if option.verdict == "contraindicated":
            yield detected_issue(plan, option, option.because, "final", proposal, written, now)
        elif option.verdict in OFFERED and option.check_before:
            yield detected_issue(plan, option, option.check_before, "preliminary", proposal, written, now)


def detected_issue(
    plan: JointPlan,
    option: Option,
    rows: Iterable[RuleAnswer],
    status: str,
    proposal: Resource,
    written: Mapping[str, Resource],
    now: Occasion,
) -> Resource:
    holds = "" if status == "final" else "Not excluded: "
    return identified(
        {
            "resourceType": "DetectedIssue",
            "status": status,
            "code": concept("Contraindication", [coding(own("verdict"), "contraindicated")]),
            "patient": now.subject,
            "author": now.device,
            "implicated": [refer(proposal)],
            "evidence": [evidence(option, row, plan, written, now) for row in rows],
            "detail": f"{option.treatment.name}, {named(plan)}. {holds}{' '.join(row.rule.because for row in rows)}",
        }
    )


def evidence(
    option: Option, row: RuleAnswer, plan: JointPlan, written: Mapping[str, Resource], now: Occasion
) -> Resource:
    """One rule with the answers to its conditions, and the resources that gave them."""
    return {
        "code": [concept(answers(row), [rule_coding(option, row)])],
        "detail": answered_by(row.conditions, plan, written, now),
    }


def answered_by(
    conditions: Iterable[ConditionAnswer], plan: JointPlan, written: Mapping[str, Resource], now: Occasion
) -> list[Resource]:
    names = [each.finding for each in conditions if each.answer is not Answer.UNKNOWN]
    known = [plan.joint.findings[name] for name in names if name in plan.joint.findings]
    on_record = [{"reference": each} for each in now.sources(known)]
    return [*references(written[name] for name in names if name in written), *on_record]


# ---------------------------------------------------------------------------------------------------------- summaries


def guidance(plan: JointPlan, proposal: Resource, now: Occasion) -> Resource:
    """That a plan was made, and as `dataRequirement` the findings that would change it, the most telling first."""
    names = dict.fromkeys(effect.finding for effect in plan.would_change)
    return identified(
        {
            "resourceType": "GuidanceResponse",
            "moduleUri": own("plan"),
            "status": "success",
            "subject": now.subject,
            "performer": now.device,
            "note": note(f"Plan for {named(plan)}. What is asked for under dataRequirement would change it."),
            "result": refer(proposal),
            "dataRequirement": [data_requirement(name) for name in names if name in vocabulary()],
        }
    )


def data_requirement(name: str) -> Resource:
    """A finding as a requirement for an Observation."""
    codings = finding_codings(vocabulary()[name], ["loinc"])
    return {"type": "Observation", "mustSupport": ["code", "value"], "codeFilter": [{"path": "code", "code": codings}]}


def diagnostic_report(plan: Plan, stages: list[list[Resource]], knowledge: Knowledge, now: Occasion) -> Resource:
    """The stages of all joints in one report; its conclusion has the leading systems."""
    lines = [
        f"{named(joint)}: {staging.name} {or_list(staging.possible)}."
        for joint in plan.joints
        for staging in joint.staging
        if knowledge.staging[staging.system].primary and staging.possible != ("none",)
    ]
    return identified(
        {
            "resourceType": "DiagnosticReport",
            "status": "final",
            "code": concept("Staging of osteonecrosis and options of treatment", [coding(own("report"), "plan")]),
            "subject": now.subject,
            "effectiveDateTime": now.day.isoformat(),
            "performer": [now.device],
            "result": references(each for of_joint in stages for each in of_joint),
            "conclusion": " ".join(lines),
        }
    )
