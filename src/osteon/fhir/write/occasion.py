"""Of whom, by what and when is a bundle written, and on which resources of the record does it rest?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid5

from osteon.case.case import Case
from osteon.case.finding import Finding
from osteon.case.possible import Interval, Items
from osteon.errors import Fault, InputError
from osteon.fhir.elements import IDS, Resource, coding, concept, identified, own, refer
from osteon.fhir.findings import NOTHING
from osteon.fhir.mapping import mapping
from osteon.planning import Plan

TEST_DATA = coding("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST", "test health data")
READ_TYPES = ("Patient", "QuestionnaireResponse", *mapping().resources)
NAMED = re.compile(rf"(?:^|, )((?:{'|'.join(READ_TYPES)})/[A-Za-z0-9.-]{{1,64}})(?= \(|, |;|:|$)")


@dataclass(frozen=True, slots=True)
class Occasion:
    """What all resources of one bundle share.

    `subject` refers to the patient, `device` to Osteon; `at` is the instant of writing, `day` that of assessment;
    `on_record` says that the case was read from the patient's record, so that sources name resources of it.
    """

    subject: Resource
    device: Resource
    at: str
    day: date
    on_record: bool

    def sources(self, findings: Iterable[Finding]) -> list[str]:
        """The resources of the record that findings rest on, each once, such as `Condition/7`."""
        if not self.on_record:
            return []
        return list(dict.fromkeys(name for finding in findings for name in NAMED.findall(finding.source)))

    def is_new(self, finding: Finding) -> bool:
        """Whether a finding is to be written: measured on images, or stated anywhere but in the patient's record."""
        return finding.origin == "measured" or (
            finding.origin == "stated" and not self.on_record and finding.source != NOTHING
        )


def occasion(plan: Plan, at: datetime, patient: str) -> tuple[Occasion, list[Resource]]:
    """What a bundle's resources share, and the resources that say it: Osteon, and the patient where none is named."""
    if at.tzinfo is None:
        raise InputError("FHIR", [Fault("at", "has no time zone. Give an instant, such as 2026-11-22T12:00:00+00:00.")])
    if patient and not re.fullmatch(r"[A-Za-z0-9.-]{1,64}", patient):
        raise InputError(
            "FHIR", [Fault("patient", "is no id of a Patient: 1 to 64 letters, digits, - and full stops.")]
        )
    device = software(plan)
    written = [device] if patient else [device, person(plan.case)]
    subject = {"reference": f"Patient/{patient}", "type": "Patient"} if patient else refer(written[1])
    day = plan.case.assessed_on or at.date()
    return Occasion(subject, refer(device), at.isoformat(timespec="seconds"), day, bool(patient)), written


def software(plan: Plan) -> Resource:
    """Osteon with its version and that of its knowledge."""
    versions = {"software": plan.osteon, "knowledge": plan.knowledge.version}
    return identified(
        {
            "resourceType": "Device",
            "deviceName": [{"name": "Osteon", "type": "model-name"}],
            "version": [{"type": concept(kind), "value": value} for kind, value in versions.items()],
            "type": concept("Clinical decision support software"),
        }
    )


def person(case: Case) -> Resource:
    """A Patient with what the case says of the person. Two cases are two people unless they agree in everything."""
    born, sex = case.patient.get("birth_date"), case.patient.get("sex")
    return identified(
        {
            "resourceType": "Patient",
            "meta": {"tag": [TEST_DATA] if case.fictional else []},
            "identifier": [{"system": own("case"), "value": case_key(case)}],
            "birthDate": born.value.isoformat() if born and isinstance(born.value, date) else None,
            "gender": sex.value if sex else None,
        }
    )


def case_key(case: Case) -> str:
    """A key that tells cases apart: the same for the same title and the same facts."""
    everyone = [("", case.patient), *((joint.name, joint.findings) for joint in case.joints)]
    facts = [f"{who} {name} {spelled(each)}" for who, known in everyone for name, each in sorted(known.items())]
    return str(uuid5(IDS, "\n".join([case.title, str(case.assessed_on), *facts])))


def spelled(finding: Finding) -> str:
    """The values a finding may have, as text that is the same on every run."""
    possible = finding.possible
    if isinstance(possible, Interval):
        return f"{possible.low} {possible.high}"
    return " ".join(sorted(map(str, possible.values if isinstance(possible, Items) else possible)))
