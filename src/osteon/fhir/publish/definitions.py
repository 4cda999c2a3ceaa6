"""Treatments, guidelines and advice as PlanDefinitions, and each treatment as an ActivityDefinition (R4).

They follow the pattern of Clinical Practice Guidelines on FHIR - an action for each rule, with its condition, sources
and what it leads to - and claim no conformance to that guide. A condition stands in Osteon's own words, and as FHIRPath
that is asked of the Bundle of a plan (`fhirpath.py` says what it cannot tell). A rule that recommends leads to an
activity; one that speaks against does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from osteon.case.conditions import Condition
from osteon.case.vocabulary import vocabulary
from osteon.fhir.elements import (
    Resource,
    coding,
    concept,
    finding_codings,
    joint_concept,
    own,
    slug,
    treatment_concept,
    without_empty,
)
from osteon.fhir.publish.fhirpath import fhirpath
from osteon.knowledge.records import Advice, Guideline, Knowledge, Review, Setting, Treatment

PLAN_TYPES = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
RECOMMENDS = ("fits", "consider", "for")


class Reasoned(Protocol):
    """What every row of every table has."""

    @property
    def id(self) -> str: ...
    @property
    def when(self) -> tuple[Condition, ...]: ...
    @property
    def because(self) -> str: ...
    @property
    def source(self) -> tuple[str, ...]: ...
    @property
    def where(self) -> str: ...
    @property
    def basis(self) -> str: ...
    @property
    def setting(self) -> str | None: ...


class Reviewed(Protocol):
    """What every record has."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def review(self) -> Review: ...
    @property
    def setting(self) -> tuple[Setting, ...]: ...


def definitions(knowledge: Knowledge) -> Iterator[Resource]:
    """Every definition, treatments first.

    Examples
    --------
    >>> from osteon.knowledge import knowledge
    >>> found = {each["id"]: each["resourceType"] for each in definitions(knowledge())}
    >>> found["alendronate"], found["alendronate-activity"]
    ('PlanDefinition', 'ActivityDefinition')
    """
    for treatment in knowledge.treatments.values():
        yield of_treatment(treatment, knowledge)
        yield activity(treatment, knowledge)
    for guideline in knowledge.guidelines.values():
        yield of_guideline(guideline, knowledge)
    for advice in knowledge.advice.values():
        yield of_advice(advice, knowledge)


def of_treatment(treatment: Treatment, knowledge: Knowledge) -> Resource:
    actions = [
        action(
            rule,
            f"{treatment.name}: {rule.verdict}",
            coding(own("verdict"), rule.verdict),
            [treatment.id] if rule.verdict in RECOMMENDS else [],
            treatment.setting,
            knowledge,
        )
        for rule in treatment.rule
    ]
    return definition(treatment, treatment.purpose, treatment.not_for, treatment.sites, actions, knowledge)


def of_guideline(guideline: Guideline, knowledge: Knowledge) -> Resource:
    actions = [
        action(
            position,
            f"{position.position}: {', '.join(knowledge.treatments[name].name for name in position.treatments)}",
            coding(own("position"), position.position, f"{position.position}, strength: {position.strength}"),
            position.treatments if position.position in RECOMMENDS else (),
            guideline.setting,
            knowledge,
        )
        for position in guideline.position
    ]
    purpose = (
        f"What this {guideline.kind} says of the treatments, in its own strength. How it was read: {guideline.read}"
    )
    return definition(guideline, purpose, "", guideline.sites, actions, knowledge)


def of_advice(advice: Advice, knowledge: Knowledge) -> Resource:
    actions = [
        action(rule, rule.advice, coding(own("advice"), advice.category), (), advice.setting, knowledge)
        for rule in advice.rule
    ]
    return definition(advice, f"Advice on {advice.category.replace('_', ' ')}.", "", advice.sites, actions, knowledge)


def definition(
    record: Reviewed, purpose: str, usage: str, sites: Iterable[str], actions: list[Resource], knowledge: Knowledge
) -> Resource:
    return without_empty(
        {
            "resourceType": "PlanDefinition",
            "id": slug(record.id),
            "url": own(f"plan-definition:{record.id}"),
            **described(record, knowledge),
            "type": concept("", [coding(PLAN_TYPES, "eca-rule", "ECA Rule")]),
            "purpose": purpose,
            "usage": usage,
            "useContext": [bone(site) for site in sites],
            "action": actions,
        }
    )


def described(record: Reviewed, knowledge: Knowledge) -> Resource:
    """Name, version and review of a record: a draft until somebody other than its writer has checked it."""
    review = record.review
    return {
        "version": knowledge.version,
        "name": "".join(part.capitalize() for part in record.id.split("_")),
        "title": record.name,
        "status": "active" if review.checked_by else "draft",
        "date": review.reviewed_on.isoformat(),
        "lastReviewDate": review.reviewed_on.isoformat(),
        "effectivePeriod": {"start": review.reviewed_on.isoformat(), "end": review.next_review.isoformat()},
        "author": [{"name": review.written_by}],
        "reviewer": [{"name": review.checked_by}],
    }


def bone(site: str) -> Resource:
    context = coding("http://terminology.hl7.org/CodeSystem/usage-context-type", "focus", "Clinical Focus")
    return {"code": context, "valueCodeableConcept": joint_concept(site, None)}


def action(
    row: Reasoned,
    title: str,
    code: Resource,
    treatments: Iterable[str],
    settings: Iterable[Setting],
    knowledge: Knowledge,
) -> Resource:
    """One row of a table: when it holds, what it says, on whose word."""
    chosen = [
        {"title": knowledge.treatments[t].name, "definitionCanonical": canonical(t, knowledge)} for t in treatments
    ]
    only = chosen[0]["definitionCanonical"] if len(chosen) == 1 else None
    asked = [c.name for c in row.when if c.name in vocabulary()]
    return {
        "id": slug(row.id),
        "title": title,
        "description": row.because,
        "code": [concept("", [code])],
        "documentation": [*citations(row, knowledge), *declared(row, settings)],
        "condition": [condition(each) for each in row.when],
        "input": [{"type": "Observation", "codeFilter": [asked_for(name)]} for name in dict.fromkeys(asked)],
        "definitionCanonical": only,
        **({"selectionBehavior": "any", "action": chosen} if len(chosen) > 1 else {}),
    }


def canonical(treatment: str, knowledge: Knowledge) -> str:
    return f"{own(f'activity-definition:{treatment}')}|{knowledge.version}"


def condition(each: Condition) -> Resource:
    asked = {"description": each.text, "language": "text/fhirpath", "expression": fhirpath(each)}
    return {"kind": "applicability", "expression": asked}


def asked_for(name: str) -> Resource:
    return {"path": "code", "code": finding_codings(vocabulary()[name], ["loinc", "snomed"])}


def citations(row: Reasoned, knowledge: Knowledge) -> Iterator[Resource]:
    """Each source of a row with the place in it, and whether it was read there or taken from elsewhere."""
    for key in row.source:
        source = knowledge.sources[key]
        yield {
            "type": "citation",
            "label": key,
            "display": f"{row.where} ({row.basis})" if row.where else row.basis,
            "citation": source.citation,
            "url": source.link,
        }


def declared(row: Reasoned, settings: Iterable[Setting]) -> Iterator[Resource]:
    """The choice that a row rests on and that no source settles."""
    for setting in settings:
        if setting.id == row.setting:
            yield {"type": "justification", "label": "setting", "display": setting.text}


def activity(treatment: Treatment, knowledge: Knowledge) -> Resource:
    """A treatment as what would be asked for. No dose, device or approach is chosen here."""
    drug = treatment.kind == "drug"
    what: Mapping[str, Resource] = {"productCodeableConcept" if drug else "code": treatment_concept(treatment)}
    return without_empty(
        {
            "resourceType": "ActivityDefinition",
            "id": f"{slug(treatment.id)}-activity",
            "url": own(f"activity-definition:{treatment.id}"),
            **described(treatment, knowledge),
            "description": treatment.mechanism,
            "purpose": treatment.purpose,
            "usage": treatment.not_for,
            "kind": "MedicationRequest" if drug else "ServiceRequest",
            "intent": "proposal",
            **what,
        }
    )
