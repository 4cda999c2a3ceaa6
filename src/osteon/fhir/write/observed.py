"""Findings and stages of a plan as Observations.

A finding bears Osteon's own code, so that it is read back as it was, and a LOINC code where exactly one means it. A
quantity with an interval is a Range: one number would hide how sure it is; the number itself stands in the note. A
list of several words is told by components under a code of its own (`urn:osteon:list`), which is not read back: a
reader that takes an Observation's one value would make the list shorter than it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from osteon.case.answer import Answer
from osteon.case.case import Joint
from osteon.case.finding import Finding
from osteon.case.possible import Interval
from osteon.case.vocabulary import Definition, vocabulary
from osteon.fhir.elements import (
    Resource,
    choice_system,
    coding,
    concept,
    finding_codings,
    identified,
    joint_concept,
    note,
    own,
    quantity,
    refer,
)
from osteon.fhir.write.occasion import Occasion
from osteon.knowledge.records import StagingSystem
from osteon.planning import JointPlan, Plan
from osteon.planning.card import or_list, spoken
from osteon.staging import Staging

OF_PERSON = ("birth_date",)  # told by the Patient
NO_STAGE = ("none",)
# What an Observation may be derived from in R4, of the types that are read.
DERIVABLE = ("Observation", "QuestionnaireResponse", "ImagingStudy")
CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
CATEGORY = {
    "history": "survey",
    "examination": "exam",
    "laboratory": "laboratory",
    **dict.fromkeys(("radiograph", "ct", "mri", "bone_scan", "imaging"), "imaging"),
}

Written = Mapping[str, Resource]


def finding_observations(plan: Plan, now: Occasion) -> tuple[Written, list[Written]]:
    """By finding: the Observations of the patient, and those of each joint in the order of the plan."""
    of_patient = {
        name: observation(finding, None, now)
        for name, finding in plan.case.patient.items()
        if vocabulary()[name].scope == "patient" and name not in OF_PERSON and now.is_new(finding)
    }
    return of_patient, [of_joint(each.joint, now) for each in plan.joints]


def of_joint(joint: Joint, now: Occasion) -> Written:
    return {
        name: observation(finding, joint, now)
        for name, finding in joint.findings.items()
        if vocabulary()[name].scope == "joint" and now.is_new(finding)
    }


def observation(finding: Finding, joint: Joint | None, now: Occasion) -> Resource:
    """One finding of the patient, or of a joint."""
    definition = vocabulary()[finding.name]
    codings = finding_codings(definition, ["loinc"] if len(definition.codes.get("loinc", ())) == 1 else [])
    if several(finding):
        codings = [coding(own("list"), finding.name, definition.question)]
    category = CATEGORY.get(definition.obtained)
    return identified(
        {
            "resourceType": "Observation",
            "status": "final",
            "category": [concept("", [coding(CATEGORIES, category)])] if category else [],
            "code": concept(definition.question, codings),
            "subject": now.subject,
            "bodySite": joint_concept(joint.site, joint.side, joint.name) if joint else None,
            "effectiveDateTime": finding.on or now.day.isoformat(),
            **value_of(finding, definition),
            "method": concept("Measured on images, for research only") if finding.origin == "measured" else None,
            "note": note(as_written(finding, definition), f"Source: {finding.source}"),
        }
    )


def value_of(finding: Finding, definition: Definition) -> Resource:
    """The value in the form that its kind asks for."""
    value = finding.value
    if isinstance(finding.possible, Interval) and definition.kind == "quantity":
        return measure(finding.possible, definition)
    if isinstance(value, date):
        return {"valueDateTime": value.isoformat()}
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if words := several(finding):
        return {"component": [component(definition, word) for word in words]}
    if isinstance(value, tuple):
        return {"valueCodeableConcept": choice(definition, value[0]) if value else concept("none")}
    if value is None:
        return {"dataAbsentReason": concept("Not decided: see the note")}
    return {"valueCodeableConcept": choice(definition, str(value))}


def several(finding: Finding) -> tuple[str, ...]:
    """The words of a finding that is a list of more than one; else none."""
    return finding.value if isinstance(finding.value, tuple) and len(finding.value) > 1 else ()


def measure(possible: Interval, definition: Definition) -> Resource:
    """A quantity, or the range it lies in within what is legal."""
    assert definition.unit and definition.low is not None and definition.high is not None
    low, high = max(possible.low, definition.low), min(possible.high, definition.high)
    if low == high:
        return {"valueQuantity": quantity(low, definition.unit)}
    return {"valueRange": {"low": quantity(low, definition.unit), "high": quantity(high, definition.unit)}}


def choice(definition: Definition, word: str) -> Resource:
    return concept("", [coding(choice_system(definition.name), word, definition.choices[word])])


def component(definition: Definition, word: str) -> Resource:
    """One of several things that a finding holds."""
    return {
        "code": concept("", finding_codings(definition, [])),
        "valueCodeableConcept": choice(definition, word),
    }


def as_written(finding: Finding, definition: Definition) -> str:
    """What a value that is not settled was given as."""
    if isinstance(finding.possible, Interval):
        known = finding.value is not None and finding.possible.low < finding.possible.high
        return f"Given as {finding.value:g} {definition.unit}" if known and definition.kind == "quantity" else ""
    if isinstance(finding.possible, frozenset) and finding.value is None:
        return f"One of: {', '.join(sorted(map(str, finding.possible)))}"
    return ""


# ------------------------------------------------------------------------------------------------------------ stages


def stage_observations(
    plan: JointPlan, written: Written, knowledge: Mapping[str, StagingSystem], now: Occasion
) -> Iterator[Resource]:
    """The stage in every system that says something of the joint: final where it is decided, else preliminary."""
    for staging in plan.staging:
        system = knowledge[staging.system]
        says_something = staging.decided or system.primary or len(staging.possible) < len(system.order)
        if says_something and staging.possible != NO_STAGE:
            yield stage_observation(staging, plan.joint, written, now)


def stage_observation(staging: Staging, joint: Joint, written: Written, now: Occasion) -> Resource:
    codings = [coding(own(f"staging:{staging.system}"), stage) for stage in staging.possible]
    missing = ", ".join(spoken(name) for name in staging.missing)
    rows = [
        f"{row.stage} {'holds' if row.answer is Answer.YES else 'may hold'}: {row.because}" for row in staging.because
    ]
    return identified(
        {
            "resourceType": "Observation",
            "status": "final" if staging.decided else "preliminary",
            "code": concept(staging.name, [coding(own("staging"), staging.system, staging.name)]),
            "subject": now.subject,
            "bodySite": joint_concept(joint.site, joint.side, joint.name),
            "effectiveDateTime": now.day.isoformat(),
            "performer": [now.device],
            "valueCodeableConcept": concept(or_list(staging.possible), codings if staging.decided else []),
            "note": note(*rows, f"Would be settled by: {missing}" if missing else ""),
            "derivedFrom": derived_from(staging, joint, written, now),
            "component": [] if staging.decided else [possible_stage(each) for each in codings],
        }
    )


def possible_stage(stage: Resource) -> Resource:
    return {"code": concept(f"Stage {stage['code']}", [stage]), "valueCodeableConcept": concept("possible")}


def derived_from(staging: Staging, joint: Joint, written: Written, now: Occasion) -> list[Resource]:
    """The Observations that a stage rests on, written here or on record."""
    names = dict.fromkeys(c.finding for row in staging.because for c in row.conditions if c.answer is Answer.YES)
    here = [refer(written[name]) for name in names if name in written]
    on_record = now.sources(joint.findings[name] for name in names if name in joint.findings)
    return [*here, *({"reference": name} for name in on_record if name.partition("/")[0] in DERIVABLE)]


def references(observations: Iterable[Resource]) -> list[Resource]:
    return [refer(each, each["code"]["text"]) for each in observations]
