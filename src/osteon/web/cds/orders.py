"""What do the draft orders of a call ask for: a systemic steroid, one of the treatments we know, and for which side?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import msgspec
from msgspec import UNSET, Raw, Struct

from osteon.case import Answer
from osteon.fhir.mapping import ValueSet, mapping
from osteon.fhir.resources import Coded, Coding, Dosage, Medication, Resource
from osteon.knowledge.records import Knowledge
from osteon.web.cds.prefetch import PAGE
from osteon.web.cds.request import Refused, Request

ORDERED = ("MedicationRequest", "ServiceRequest")
STEROID = "steroid_planned"  # the finding that a drafted systemic steroid answers


class Reference(Struct, frozen=True):
    reference: str = ""


class Head(Struct, frozen=True, rename="camel"):
    """The part of a draft that says what it is and whom it is about."""

    resource_type: str
    id: str = ""
    subject: Reference | None = None
    patient: Reference | None = None


class Draft(Resource):
    """A draft order, as far as what it orders goes."""

    code: Coded | None = None
    medication_codeable_concept: Coded | None = None
    medication_reference: Coded | None = None
    medication: Coded | None = None
    dosage_instruction: list[Dosage] | None = None
    body_site: list[Coded] | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One order: its place in the client, whether it is a systemic steroid, the treatments it may be, and the side."""

    reference: str
    steroid: Answer
    treatments: tuple[str, ...]
    side: str | None


HEAD = msgspec.json.Decoder(Head)
DRAFT = msgspec.json.Decoder(Draft)
MEDICATION = msgspec.json.Decoder(Medication)


def orders(asked: Request, knowledge: Knowledge) -> list[Order]:
    """The orders that the call is about: those just selected, or all that are to be signed, for this patient.

    Raises
    ------
    Refused
        With status 400 when draftOrders is no Bundle of resources.
    """
    if asked.context.draft_orders is UNSET:
        return []
    drafts = [(head(raw), raw) for raw in resources_in(asked.context.draft_orders)]
    chosen = None if asked.context.selections is UNSET else set(asked.context.selections)
    medications = {about.id: raw for about, raw in drafts if about.resource_type == "Medication"}
    found = []
    for about, raw in drafts:
        names = {about.id, f"{about.resource_type}/{about.id}"}
        meant = chosen is None or not chosen.isdisjoint(names)
        if meant and about.resource_type in ORDERED and concerns(about, asked.context.patient_id):
            found.append(order(raw, f"{about.resource_type}/{about.id}" if about.id else "", medications, knowledge))
    return found


def resources_in(bundle: Raw) -> list[Raw]:
    try:
        page = PAGE.decode(bundle)
    except msgspec.DecodeError:
        raise Refused(400, "context.draftOrders is not a Bundle.") from None
    if page.resource_type != "Bundle":
        raise Refused(400, "context.draftOrders is not a Bundle.")
    return [entry.resource for entry in page.entry if isinstance(entry.resource, Raw)]


def head(raw: Raw) -> Head:
    try:
        return HEAD.decode(raw)
    except msgspec.DecodeError:
        raise Refused(400, "context.draftOrders holds something that is no FHIR resource.") from None


def concerns(draft: Head, patient_id: str) -> bool:
    """Whether a draft names the patient as subject, by a relative or absolute reference.

    Examples
    --------
    >>> concerns(Head("MedicationRequest", subject=Reference("Patient/b")), "a")
    False
    """
    whom = draft.subject or draft.patient
    return whom is not None and whom.reference.split("/_history/")[0].split("/")[-2:] == ["Patient", patient_id]


def order(raw: Raw, reference: str, medications: Mapping[str, Raw], knowledge: Knowledge) -> Order:
    try:
        draft = DRAFT.decode(raw)
        found = list(codings(draft, medications))
    except msgspec.DecodeError:
        raise Refused(400, "context.draftOrders holds an order that is not FHIR.") from None
    treatments = [each for each in knowledge.treatments.values() if any(stands_for(code, each.codes) for code in found)]
    return Order(reference, steroid(found, draft), tuple(each.id for each in treatments), side(draft))


def stands_for(coding: Coding, codes: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a coding is among `codes`, which are listed by system; in ICD and ATC, or below one of them."""
    for name, listed in codes.items():
        system = mapping().systems[name]
        if coding.system in system.uris:
            code, wanted = system.plain(coding.code or ""), tuple(map(system.plain, listed))
            return code.startswith(wanted) if system.categories else code in wanted
    return False


def codings(draft: Draft, medications: Mapping[str, Raw]) -> Iterator[Coding]:
    """Every code that says what is ordered; the medication may stand in the order, inside it, or beside it."""
    for concept in (draft.code, draft.medication_codeable_concept, draft.medication):
        yield from concept.codings() if concept else ()
    for concept in (draft.medication_reference, draft.medication):
        if target := concept and concept.target:
            medication = referred(target, draft, medications)
            yield from medication.code.codings() if medication and medication.code else ()


def referred(target: str, draft: Draft, medications: Mapping[str, Raw]) -> Medication | None:
    if not target.startswith("#"):
        raw = medications.get(target.split("/")[-1])
        return MEDICATION.decode(raw) if raw else None
    inside = (MEDICATION.decode(raw) for raw in draft.contained or ())
    return next((each for each in inside if each.id == target[1:]), None)


def steroid(found: list[Coding], draft: Draft) -> Answer:
    """Whether an order is a systemic steroid; unknown where its code leaves that open and no route settles it."""
    values = steroids()
    if any(stands_for(coding, values.codes) for coding in found):
        return Answer.YES
    if not any(stands_for(coding, values.possible) for coding in found):
        return Answer.NO
    given = [dosage.route.codings() for dosage in draft.dosage_instruction or () if dosage.route]
    settled = any(coding.code in values.routes for route in given for coding in route)
    return Answer.YES if settled else Answer.UNKNOWN


@cache
def steroids() -> ValueSet:
    """The value set by which the record is read, too."""
    return next(rule.value_set for rule in mapping().rules if rule.finding == STEROID)


def side(draft: Draft) -> str | None:
    """The side an order names by the codes of its body site; None where it names none, or both."""
    known = mapping()
    codes = [coding.code or "" for site in draft.body_site or () for coding in site.codings()]
    sides = {known.sides.get(code) for code in codes}
    sides |= {known.body_sites[code].side for code in codes if code in known.body_sites}
    named = sides - {None}
    return named.pop() if len(named) == 1 else None
