"""A plan as one Bundle of R4 resources."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha1

from osteon.errors import Fault, InputError
from osteon.fhir.elements import Resource, coding, concept, identified, own, refer
from osteon.fhir.write.decided import care_plan, detected_issues, diagnostic_report, guidance, patient_plan
from osteon.fhir.write.expected import risk_assessments
from osteon.fhir.write.observed import Written, finding_observations, references, stage_observations
from osteon.fhir.write.occasion import Occasion, occasion
from osteon.planning import JointPlan, Plan

DOCUMENTS = {"text/html": "Osteon report (HTML)", "application/pdf": "Osteon report (PDF)"}
ASSEMBLER = coding("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "assembler", "Assembler")
# The element of each type that says when it was written. It is added after the id, so that the same plan made again on
# another day replaces the resources of the first day in a server and does not stand beside them.
INSTANTS: Mapping[str, str] = {
    "Observation": "issued",
    "DiagnosticReport": "issued",
    "CarePlan": "created",
    "DetectedIssue": "identifiedDateTime",
    "GuidanceResponse": "occurrenceDateTime",
    "DocumentReference": "date",
    "Provenance": "recorded",
}


def bundle_bytes(plan: Plan, *, at: datetime, patient: str = "", documents: Mapping[str, bytes] | None = None) -> bytes:
    """What `write_bundle` gives, as JSON: the same plan at the same instant gives the same bytes."""
    return as_text(write_bundle(plan, at=at, patient=patient, documents=documents)).encode()


def as_text(bundle: Resource) -> str:
    return json.dumps(bundle, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def write_bundle(
    plan: Plan, *, at: datetime, patient: str = "", documents: Mapping[str, bytes] | None = None
) -> Resource:
    """A plan as a FHIR R4 Bundle: findings, stages, forecasts, options, contraindications, and where they come from.

    Parameters
    ----------
    plan
        As `osteon.planning.plan` makes it.
    at
        The instant of writing, with time zone. No id depends on it.
    patient
        Id of the Patient from whose record the case was read. The Bundle is then a transaction that puts every resource
        into that record and refers to the resources the case rests on; findings that are on record are not written
        again. Without it the Bundle is a collection with a Patient of its own.
    documents
        The report by content type: text/html, application/pdf.

    Raises
    ------
    InputError
        When `at` has no time zone, `patient` is no id, or a document is of another type or empty.

    Examples
    --------
    >>> from datetime import UTC
    >>> from osteon.case import read_case
    >>> from osteon.planning import plan
    >>> made = plan(read_case({"joint": [{"site": "lunate", "side": "left", "crescent_sign": True}]}))
    >>> bundle = write_bundle(made, at=datetime(2026, 11, 22, 12, tzinfo=UTC))
    >>> [entry["resource"]["resourceType"] for entry in bundle["entry"]][:3]
    ['Device', 'Patient', 'Observation']
    """
    if wrong := [kind for kind, content in (documents or {}).items() if kind not in DOCUMENTS or not content]:
        accepted = " and ".join(DOCUMENTS)
        raise InputError("FHIR", [Fault(kind[:60], f"is no report: give {accepted}, not empty.") for kind in wrong])
    now, first = occasion(plan, at, patient)
    written = [*first, *resources(plan, documents or {}, now)]
    distinct = {each["id"]: each for each in written}
    return {
        "resourceType": "Bundle",
        "type": "transaction" if patient else "collection",
        "timestamp": now.at,
        "entry": [entry(each, now) for each in [*distinct.values(), provenance(plan, distinct.values(), now)]],
    }


def resources(plan: Plan, documents: Mapping[str, bytes], now: Occasion) -> Iterator[Resource]:
    """Every resource of the plan, each after those it refers to."""
    of_patient, of_joints = finding_observations(plan, now)
    yield from of_patient.values()
    report = [document(documents, now)] if documents else []
    yield from report
    stages = []
    for joint, own_findings in zip(plan.joints, of_joints, strict=True):
        known = {**of_patient, **own_findings}
        stages.append(list(stage_observations(joint, known, plan.knowledge.staging, now)))
        yield from own_findings.values()
        yield from stages[-1]
        yield from proposals(joint, known, stages[-1], report, now)
    if plan.advice:
        yield patient_plan(plan, [refer(each) for each in report], now)
    if any(stages):
        yield diagnostic_report(plan, stages, plan.knowledge, now)


def proposals(
    joint: JointPlan, known: Written, stages: list[Resource], report: list[Resource], now: Occasion
) -> Iterator[Resource]:
    """What follows from the findings and stages of one joint."""
    risks = list(risk_assessments(joint, references(stages), now))
    yield from (risk for _, risk in risks)
    expected = [refer(risk, option.treatment.name) for option, risk in risks]
    proposal = care_plan(joint, [*references(stages), *expected, *map(refer, report)], now)
    yield proposal
    yield from detected_issues(joint, proposal, known, now)
    yield guidance(joint, proposal, now)


def document(documents: Mapping[str, bytes], now: Occasion) -> Resource:
    """The report as it was shown, with the digest that FHIR asks for (SHA-1; it guards against damage, not forgery)."""
    return identified(
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "type": concept("Report of staging and options of treatment", [coding(own("report"), "plan")]),
            "subject": now.subject,
            "author": [now.device],
            "content": [
                {
                    "attachment": {
                        "contentType": kind,
                        "language": "en",
                        "data": b64encode(content).decode(),
                        "size": len(content),
                        "hash": b64encode(sha1(content, usedforsecurity=False).digest()).decode(),
                        "title": DOCUMENTS[kind],
                    }
                }
                for kind, content in sorted(documents.items())
            ],
        }
    )


def provenance(plan: Plan, written: Iterable[Resource], now: Occasion) -> Resource:
    """That Osteon made all of it, from which resources of the record, or from which sources as the case names them."""
    findings = [*plan.case.patient.values(), *(f for joint in plan.joints for f in joint.joint.findings.values())]
    stated = dict.fromkeys(each.source for each in findings if each.origin in ("stated", "measured"))
    on_record = [{"reference": each} for each in now.sources(findings)]
    knowledge = {"display": f"Knowledge {plan.knowledge.version}"}
    used = [*(on_record or [{"display": each} for each in stated]), knowledge]
    return identified(
        {
            "resourceType": "Provenance",
            "target": [refer(each) for each in written if each["resourceType"] not in ("Device", "Patient")],
            "activity": concept("Decision support; a professional decides"),
            "agent": [{"type": concept("", [ASSEMBLER]), "who": now.device}],
            "entity": [{"role": "source", "what": each} for each in used],
        }
    )


def entry(resource: Resource, now: Occasion) -> Resource:
    """A resource in its Bundle; with a request to put it where a record waits for it."""
    kind, name = resource["resourceType"], resource["id"]
    stamp = {INSTANTS[kind]: now.at} if kind in INSTANTS else {}
    request = {"request": {"method": "PUT", "url": f"{kind}/{name}"}} if now.on_record else {}
    return {"fullUrl": f"urn:uuid:{name}", "resource": {**resource, **stamp}, **request}
