"""The elements of FHIR resources that are read: of each type only these, in R4 with what R4B and R5 call differently.

Every element may be missing or null. An element of the wrong type makes the resource unreadable, since guessing what
was meant could hide a contraindication. Names are FHIR's, in Python's spelling. Not
read is what R5 shapes otherwise: Encounter.reason, ImagingStudy.procedure, the adherence of MedicationStatement.
"""

from __future__ import annotations

import msgspec


class Record(msgspec.Struct, rename="camel", gc=False):
    """Anything read from FHIR JSON."""


class Coding(Record):
    system: str | None = None
    code: str | None = None


class Reference(Record):
    reference: str | None = None


class Coded(Record):
    """A Coding, CodeableConcept, Reference or (R5) CodeableReference: whichever stands there."""

    coding: list[Coding | None] | None = None
    text: str | None = None
    system: str | None = None
    code: str | None = None
    concept: Coded | None = None
    reference: str | Reference | None = None

    def codings(self) -> list[Coding]:
        """Every coding that has a code."""
        found = [coding for coding in self.coding or () if coding is not None and coding.code]
        if self.code:
            found.insert(0, Coding(self.system, self.code))
        if self.concept is not None:
            found += self.concept.codings()
        return found

    @property
    def target(self) -> str | None:
        """What it refers to."""
        return self.reference.reference if isinstance(self.reference, Reference) else self.reference


class Period(Record):
    start: str | None = None
    end: str | None = None


class Meta(Record):
    last_updated: str | None = None


class Quantity(Record):
    value: float | None = None
    comparator: str | None = None
    unit: str | None = None
    code: str | None = None


class Range(Record):
    low: Quantity | None = None
    high: Quantity | None = None


class Value(Record):
    """The forms in which an Observation, a component or an answer gives its value."""

    value_quantity: Quantity | None = None
    value_range: Range | None = None
    value_codeable_concept: Coded | None = None
    value_coding: Coding | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_decimal: float | None = None
    value_string: str | None = None
    value_date: str | None = None
    value_date_time: str | None = None


class Resource(Record):
    """What every resource has, and the ways in which it names its patient."""

    id: str | None = None
    meta: Meta | None = None
    subject: Coded | None = None
    patient: Coded | None = None
    contained: list[msgspec.Raw] | None = None  # read only when something refers to one


class Extension(Record):
    url: str | None = None
    value_code: str | None = None


class Patient(Resource):
    birth_date: str | None = None
    gender: str | None = None
    extension: list[Extension] | None = None


class Condition(Resource):
    code: Coded | None = None
    clinical_status: Coded | None = None
    verification_status: Coded | None = None
    body_site: list[Coded] | None = None
    onset_date_time: str | None = None
    onset_period: Period | None = None
    recorded_date: str | None = None


class Reaction(Record):
    substance: Coded | None = None


class AllergyIntolerance(Resource):
    code: Coded | None = None
    clinical_status: Coded | None = None
    verification_status: Coded | None = None
    reaction: list[Reaction] | None = None
    onset_date_time: str | None = None
    onset_period: Period | None = None
    recorded_date: str | None = None


class Dosage(Record):
    route: Coded | None = None


class Medicine(Resource):
    """What MedicationRequest, MedicationStatement and MedicationAdministration share."""

    status: str | None = None
    medication_codeable_concept: Coded | None = None
    medication_reference: Coded | None = None
    medication: Coded | None = None


class MedicationRequest(Medicine):
    intent: str | None = None
    do_not_perform: bool | None = None
    authored_on: str | None = None
    dosage_instruction: list[Dosage] | None = None


class MedicationStatement(Medicine):
    effective_date_time: str | None = None
    effective_period: Period | None = None
    date_asserted: str | None = None
    dosage: list[Dosage] | None = None


class MedicationAdministration(Medicine):
    effective_date_time: str | None = None
    effective_period: Period | None = None
    occurence_date_time: str | None = None
    occurence_period: Period | None = None
    dosage: Dosage | None = None


class Procedure(Resource):
    status: str | None = None
    code: Coded | None = None
    body_site: list[Coded] | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None
    occurrence_date_time: str | None = None
    occurrence_period: Period | None = None


class Component(Value):
    code: Coded | None = None


class Observation(Value):
    """A resource too: the fields of `Resource` stand here again, since a record has one parent."""

    id: str | None = None
    meta: Meta | None = None
    subject: Coded | None = None
    patient: Coded | None = None
    contained: list[msgspec.Raw] | None = None
    status: str | None = None
    code: Coded | None = None
    body_site: Coded | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    effective_instant: str | None = None
    issued: str | None = None
    component: list[Component] | None = None


class DiagnosticReport(Resource):
    status: str | None = None
    conclusion_code: list[Coded] | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    issued: str | None = None


class Series(Record):
    body_site: Coded | None = None


class ImagingStudy(Resource):
    status: str | None = None
    procedure_code: list[Coded] | None = None
    series: list[Series] | None = None
    started: str | None = None


class Encounter(Resource):
    status: str | None = None
    reason_code: list[Coded] | None = None
    period: Period | None = None


class ServiceRequest(Resource):
    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    reason_code: list[Coded] | None = None
    body_site: list[Coded] | None = None
    authored_on: str | None = None


class Reply(Value):
    """One answer to one question; R4 and R5 let items follow an answer."""

    item: list[Item] | None = None


class Item(Record):
    link_id: str | None = None
    answer: list[Reply] | None = None
    item: list[Item] | None = None


class QuestionnaireResponse(Resource):
    status: str | None = None
    authored: str | None = None
    item: list[Item] | None = None


class Ingredient(Record):
    item_codeable_concept: Coded | None = None
    item: Coded | None = None


class Medication(Resource):
    code: Coded | None = None
    ingredient: list[Ingredient] | None = None


class Kind(Record):
    """What a resource calls itself, read before the rest."""

    resource_type: str | None = None


class Entry(Record):
    full_url: str | None = None
    resource: msgspec.Raw = msgspec.Raw(b"null")


class Bundle(Record):
    entry: list[Entry] | None = None


TYPES: dict[str, type[Resource | Observation]] = {
    "Patient": Patient,
    "Condition": Condition,
    "AllergyIntolerance": AllergyIntolerance,
    "MedicationRequest": MedicationRequest,
    "MedicationStatement": MedicationStatement,
    "MedicationAdministration": MedicationAdministration,
    "Medication": Medication,
    "Procedure": Procedure,
    "Observation": Observation,
    "DiagnosticReport": DiagnosticReport,
    "ImagingStudy": ImagingStudy,
    "Encounter": Encounter,
    "ServiceRequest": ServiceRequest,
    "QuestionnaireResponse": QuestionnaireResponse,
}
