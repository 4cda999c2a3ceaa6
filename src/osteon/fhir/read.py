"""From a hospital's resources to the `Case` of one patient, with the resource behind every finding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from osteon.case import Case, Finding, Findings, Joint
from osteon.case.derive import derive
from osteon.case.read import from_other_joints, joint_name
from osteon.errors import Fault, InputError
from osteon.fhir.findings import Ignored, conclude, hear, joints
from osteon.fhir.instant import instant
from osteon.fhir.joints import RecordedJoint
from osteon.fhir.load import Loaded, Source, resources_of
from osteon.fhir.lookup import local, lookup
from osteon.fhir.mapping import mapping
from osteon.fhir.person import person
from osteon.fhir.provenance import UNDATED
from osteon.fhir.resources import Medication, Patient
from osteon.fhir.sayings import Asked
from osteon.fhir.stated import PLACE


@dataclass(frozen=True, slots=True)
class FhirRead:
    """What one patient's record says.

    `findings` holds the patient's findings as recorded, before anything is inferred from them; `joints` those of every
    joint with a diagnosis. `undecided` names, for findings that stay unknown, the resources that leave them open.
    `case` holds all that can be planned for, with everything that follows.
    """

    patient: str
    as_of: date
    findings: Mapping[str, Finding]
    joints: tuple[RecordedJoint, ...]
    undecided: Mapping[str, str]
    ignored: tuple[Ignored, ...]
    case: Case


def read_bundle(
    source: Source,
    *,
    as_of: date,
    patient: str = "",
    whole_record: bool = False,
    own_mapping: Path | None = None,
) -> FhirRead:
    """What the record of one patient says, and which of its resources say nothing.

    Parameters
    ----------
    source
        A FHIR R4 bundle, resource or NDJSON as bytes, as a path (a folder too), or as Python has it; R4B and R5 where
        their elements are the same.
    as_of
        The day of assessment: age is worked out for it, and what is dated later does not count.
    patient
        Id of the patient, where the source holds several.
    whole_record
        Whether the source is all that is known of the patient. Then a finding whose rule is `closed` is "no" where
        nothing on record speaks of it; otherwise silence is unknown.
    own_mapping
        A mapping file with rules to use in place of Osteon's (see `mapping`).

    Raises
    ------
    InputError
        With everything that cannot be read. No message repeats what the record says.

    Examples
    --------
    >>> from datetime import date
    >>> hip = {"resourceType": "Condition", "id": "c1", "clinicalStatus": {"coding": [{"code": "active"}]},
    ...        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M87051"}]}}
    >>> read = read_bundle(hip, as_of=date(2026, 11, 1))
    >>> print(read.case.joints[0], "from", read.findings["osteonecrosis_on_record"].source)
    right femoral_head from Condition/c1
    """
    by_patient = grouped(resources_of(source))
    known = [key for key in by_patient if key]
    if patient and patient not in known:
        raise InputError(named(source), [Fault("", "holds nothing of the patient asked for. Check the id.")])
    if not patient and len(known) > 1:
        raise InputError(named(source), [Fault("", f"holds {len(known)} patients. Say which one by its id.")])
    chosen = patient or "".join(known)
    asked = Asked(lookup(mapping(own_mapping)), as_of, medications(by_patient))
    read = read_patient(chosen, by_patient[chosen], asked, whole_record)
    strange = [each for key, group in by_patient.items() if key != chosen for each in group]
    others = [Ignored(each.name, why_not(each)) for each in strange if not isinstance(each.resource, Medication)]
    return replace(read, ignored=(*read.ignored, *others))


def read_patients(
    source: Source, *, as_of: date, whole_record: bool = True, own_mapping: Path | None = None
) -> Iterator[FhirRead]:
    """What the records of all patients of a source say, one after the other, in the order of the source.

    Takes what `read_bundle` takes; here a source is taken to hold everything that is known, unless told otherwise.
    """
    by_patient = grouped(resources_of(source))
    asked = Asked(lookup(mapping(own_mapping)), as_of, medications(by_patient))
    for patient, loaded in by_patient.items():
        if patient:
            yield read_patient(patient, loaded, asked, whole_record)


# ------------------------------------------------------------------------------------------------ whose resources


def why_not(each: Loaded) -> str:
    """Why a resource is not the patient's."""
    if each.resource is None:
        return f"{each.kind} is not read"
    return "it is of another patient" if patient_of(each, {}) else "it names no patient"


def grouped(loaded: Sequence[Loaded]) -> dict[str, list[Loaded]]:
    """The resources of each patient by the patient's id; those that name none under the empty text."""
    own_urls = {each.url: each.resource.id for each in loaded if each.kind == "Patient" and each.url and each.resource}
    found: dict[str, list[Loaded]] = {}
    for each in loaded:
        found.setdefault(patient_of(each, own_urls), []).append(each)
    return found


def patient_of(each: Loaded, own_urls: Mapping[str, str | None]) -> str:
    """The id of the patient that a resource is, or names; the empty text if it names none."""
    if each.resource is None:
        return ""
    if each.kind == "Patient":
        return each.resource.id or each.url or ""
    whom = each.resource.subject or each.resource.patient
    reference = (whom.target if whom else None) or ""
    if reference in own_urls:
        return own_urls[reference] or reference
    kind, _, name = local(reference).partition("/")
    return name if kind == "Patient" else reference if reference.startswith("urn:") else ""


def medications(by_patient: Mapping[str, Sequence[Loaded]]) -> dict[str, Medication]:
    """Every Medication by type and id, and by the address at which its bundle has it."""
    found: dict[str, Medication] = {}
    for each in (each for group in by_patient.values() for each in group):
        if isinstance(each.resource, Medication):
            found[f"Medication/{each.resource.id}"] = each.resource
            found[each.url or ""] = each.resource
    return found


def distinct(loaded: Sequence[Loaded]) -> tuple[list[Loaded], list[Ignored]]:
    """Each resource once, in its newest version; two versions of which neither is the newer are a fault."""
    newest: dict[tuple[str, str], Loaded] = {}
    ignored, faults = [], []
    for each in loaded:
        key = (each.kind, (each.resource.id if each.resource else None) or each.where)
        other = newest.setdefault(key, each)
        if other is each:
            continue
        if each.resource == other.resource:
            ignored.append(Ignored(each.name, "it is in the source twice"))
        elif updated(each) == updated(other):
            faults.append(Fault(each.where, "has the id of another resource that differs. Send one version of it."))
        else:
            older, newest[key] = sorted((each, other), key=updated)
            ignored.append(Ignored(older.name, "a newer version of it is in the source"))
    if faults:
        raise InputError("FHIR", faults)
    return list(newest.values()), ignored


def updated(each: Loaded) -> datetime:
    meta = each.resource.meta if each.resource else None
    return instant(meta.last_updated if meta else None) or UNDATED


def named(source: Source) -> str:
    return Path(source).name if isinstance(source, (str, Path)) else "FHIR"


# ------------------------------------------------------------------------------------------------- what they say


def read_patient(patient: str, loaded: Sequence[Loaded], asked: Asked, whole_record: bool) -> FhirRead:
    """What the resources of one patient say together."""
    resources, ignored = distinct(loaded)
    spoken = [each for each in resources if not isinstance(each.resource, Patient | Medication)]
    heard = hear(spoken, asked)
    found = conclude(heard, asked.lookup.mapped, whole_record)
    findings = dict(found.findings)
    for each in resources:
        if isinstance(each.resource, Patient):
            findings = {**person(each, each.resource, asked.as_of), **findings}
    recorded = tuple(joints(heard, asked))
    case, left_out = planned_for(patient, findings, recorded, asked.as_of)
    ignored += [*heard.ignored, *found.ignored, *dict.fromkeys(left_out)]
    return FhirRead(patient, asked.as_of, findings, recorded, found.undecided, tuple(ignored), case)


def planned_for(
    patient: str, findings: Mapping[str, Finding], recorded: Sequence[RecordedJoint], as_of: date
) -> tuple[Case, list[Ignored]]:
    """The case with all that follows from the findings; findings that contradict each other are left out and told."""
    left_out: list[Ignored] = []
    own = consistent(findings, left_out)
    stated = [dict(each.findings) for each in recorded if each.site]
    made = []
    for number, each in enumerate(stated):
        others = stated[:number] + stated[number + 1 :]
        known = consistent({**from_other_joints(each, others), **findings, **each}, left_out)
        made.append(Joint(joint_name(each), str(known["site"].value), side_of(known), Findings(known)))
    return Case(Findings(own), tuple(made), f"Patient {patient}" if patient else "", as_of), left_out


def consistent(stated: Mapping[str, Finding], left_out: list[Ignored]) -> dict[str, Finding]:
    """The findings and all that follows from them, without those that cannot all be true.

    Nobody can correct a hospital's record here, so what contradicts itself is unknown, and said to be; but what makes a
    joint that joint stays.
    """
    kept = dict(stated)
    while True:
        known, faults = derive(kept)
        wrong = {name: fault.where for fault in faults for name in fault.where.split(" and ")}
        wrong = {name: together for name, together in wrong.items() if name in kept and name not in PLACE}
        if not wrong:
            return known
        left_out += [Ignored(name, f"these contradict each other: {together}") for name, together in wrong.items()]
        kept = {name: finding for name, finding in kept.items() if name not in wrong}


def side_of(known: Mapping[str, Finding]) -> str | None:
    return str(known["side"].value) if "side" in known else None
