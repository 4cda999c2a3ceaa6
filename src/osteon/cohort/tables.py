"""What do the resources of an export say? FHIR elements to flat columns for each type, by the mapping's paths.

The exact columns that are asked of NDJSON come from the elements that `osteon.fhir.resources` reads; nothing is guessed
from a sample. All leaves are read as text and converted later, so that one odd value spoils no line.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from osteon.case.answer import Answer
from osteon.cohort.engines import Engine, Shape
from osteon.cohort.sql import all_of, any_of, name, word, words
from osteon.fhir import resources
from osteon.fhir.mapping import AnswerTable, Mapped, ResourceType

ANSWERS = {Answer.YES: 1, Answer.UNKNOWN: 0, Answer.NO: -1}  # so that Kleene's "and" is least, and "or" greatest
CODING = {"system": "text", "code": "text"}
CODED = {"coding": [CODING], "text": "text"}
EITHER = {**CODED, "concept": CODED, "reference": "text"}  # R5: a concept or a reference
PLACED = {**CODING, "concept": CODED}  # R4: a coding; R5: a concept
REFERENCE = {"reference": "text"}
SPECIAL: Mapping[str, Shape] = {
    "subject": REFERENCE,
    "patient": REFERENCE,
    "medicationReference": REFERENCE,
    "medication": EITHER,
}


def shape_of(kind: str, mapped: Mapped) -> dict[str, Shape]:
    """The elements of one type of resource that the mapping asks for, with their types.

    Examples
    --------
    >>> from osteon.fhir.mapping import mapping
    >>> shape_of("Encounter", mapping())["period"]
    {'start': 'text', 'end': 'text'}
    """
    elements = elements_of(resources.TYPES[kind])
    wanted = {"resourceType", "id", *PARTS.get(kind, ())}
    if (resource := mapped.resources.get(kind)) is not None:
        paths = (
            resource.whom,
            *resource.codes,
            resource.status,
            *resource.dates,
            *resource.gates,
            resource.route or "id",
        )
        wanted |= {path.partition(".")[0] for path in paths}
    return {"resourceType": "text", **{element: shape for element, shape in elements.items() if element in wanted}}


PARTS: Mapping[str, tuple[str, ...]] = {
    "Patient": ("birthDate", "gender", "extension"),
    "Medication": ("code", "ingredient"),
    "Observation": ("bodySite", "component", "valueQuantity"),
    "Condition": ("bodySite",),
    "Procedure": ("bodySite",),
    "ServiceRequest": ("bodySite",),
    "MedicationRequest": ("contained",),
    "MedicationStatement": ("contained",),
    "MedicationAdministration": ("contained",),
}


def elements_of(record: type) -> dict[str, Shape]:
    """The elements of one record of `osteon.fhir.resources` by FHIR's names."""
    hints = get_type_hints(record, vars(resources))
    found: dict[str, Shape] = {}
    for field in msgspec.structs.fields(record):
        element = field.encode_name
        found[element] = SPECIAL[element] if element in SPECIAL else shape(hints[field.name])
    if "component" in found:
        found["component"] = [{"code": CODED, "valueQuantity": found["valueQuantity"]}]
    if "contained" in found:
        found["contained"] = [{"resourceType": "text", **elements_of_medication()}]
    return found


def elements_of_medication() -> dict[str, Shape]:
    return {"id": "text", "code": CODED, "ingredient": [{"itemCodeableConcept": CODED, "item": EITHER}]}


def shape(hint: Any) -> Shape:
    """The shape of one annotation: lists and records stay, every leaf is text."""
    if get_origin(hint) in (types.UnionType, Union):
        hint = next(part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is list:
        return [shape(get_args(hint)[0])]
    if hint is resources.Coded:
        return CODED
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return elements_of(hint)
    return "text"


def records_sql(kind: str, mapped: Mapped, codes: Sequence[str], engine: Engine, medications: bool) -> str:
    """The flat table of one type of resource, from the view that has its name.

    One row a resource (for Observation also one a component): `patient`; `instant`, in microseconds; `status`, as the
    word that the status tables know; `gate`, the least answer of all gates (a resource that a gate ignores is left
    out); `codings`, `routes`, `sites`; `worded`, for words without a code; and what an Observation measured.
    Only resources with one of the `codes`, or with words alone, are in it. `medications` says that there is a view of
    Medication resources to look references up in.
    """
    resource, source = mapped.resources[kind], shape_of(kind, mapped)
    arrays, table = coded_sql(kind, mapped, engine, medications)
    codings = engine.together(arrays, CODING)
    columns = {
        "patient": patient_sql(f"{resource.whom}.reference"),
        "instant": instant_sql(resource.dates, engine),
        "status": status_sql(resource, source, mapped, engine),
        "gate": gate_sql(resource, source, engine),
        "codings": codings,
        "worded": all_of([worded_sql(resource, source), f"{engine.first(codings)} IS NULL"]),
    }
    if resource.route:
        columns["routes"] = engine.together(codings_sql(resource.route, source, engine), CODING)
    if "bodySite" in source:
        columns["sites"] = engine.together(codings_sql("bodySite", source, engine), CODING)
    gated = [f"{columns['gate']} IS NOT NULL"] if resource.gates else []
    spoken = all_of([f"{resource.whom}.reference IS NOT NULL", *gated])
    coded = any_of([has_code(array, codes, engine) for array in arrays])
    if kind != "Observation":
        return f"{select(columns)} FROM {table} WHERE {spoken} AND ({any_of([coded, columns['worded']])})"
    whole = select({**columns, **measured_sql("")})
    component = select({**columns, "codings": "part.code.coding", "worded": "FALSE", **measured_sql("part.")})
    inside = has_code(f"flatten({engine.each('component', 'code.coding')})", codes, engine)
    parts = f"(SELECT *, explode(component) AS part FROM {table} WHERE component IS NOT NULL AND {inside}) AS parts"
    return f"{whole} FROM {table} WHERE {spoken} AND {coded} UNION ALL {component} FROM {parts} WHERE {spoken}"


def has_code(codings: str, codes: Sequence[str], engine: Engine) -> str:
    """Whether an array of codings holds one of the codes, whatever its system."""
    return holds(codings, f"code IN {words(codes)}", engine) if codes else "FALSE"


def holds(codings: str, test: str, engine: Engine) -> str:
    """Whether some coding passes a test of one of its elements; most arrays hold one, which is asked without a loop."""
    several = f"{engine.first(engine.where(codings, f'x.{test}'))} IS NOT NULL"
    if "(" in codings:  # an array that must be made first would be made twice
        return several
    return f"CASE WHEN size({codings}) = 1 THEN {engine.first(codings)}.{test} ELSE {several} END"


def coded_sql(kind: str, mapped: Mapped, engine: Engine, medications: bool) -> tuple[list[str], str]:
    """The arrays that hold the codings of a resource, and the table to take them from."""
    resource, source = mapped.resources[kind], shape_of(kind, mapped)
    codings = [array for path in resource.codes for array in codings_sql(path, source, engine)]
    table = name(kind)
    if kind.startswith("Medication"):
        codings += [medication_sql(array, engine) for array in contained_sql(source, engine)]
        if medications:
            codings.append("referred.codings")
            table = (
                f"{table} LEFT JOIN {name('medication codings')} AS referred ON referred.id = {referred_sql(source)}"
            )
    return codings, table


def all_codings_sql(kind: str, mapped: Mapped, engine: Engine, medications: bool) -> str:
    """Every coding of one type of resource, one a row and as often as it comes: a column `c`."""
    arrays, table = coded_sql(kind, mapped, engine, medications)
    alone = f"SELECT explode({engine.together(arrays, CODING)}) AS c FROM {table}"
    if kind != "Observation":
        return alone
    parts = f"(SELECT explode(component) AS part FROM {table} WHERE component IS NOT NULL) AS parts"
    return f"{alone} UNION ALL SELECT explode(part.code.coding) AS c FROM {parts}"


def medication_codings_sql(engine: Engine) -> str:
    """The codes of every Medication resource, by its id."""
    return f"SELECT id, {medication_sql('', engine)} AS codings FROM {name('Medication')}"


def select(columns: Mapping[str, str]) -> str:
    return "SELECT " + ", ".join(f"{sql} AS {name(column)}" for column, sql in columns.items())


def patient_sql(reference: str) -> str:
    """The patient's id out of a reference: relative, absolute, versioned, or a UUID."""
    inside = f"split_part(split_part({reference}, 'Patient/', 2), '/', 1)"
    return f"NULLIF(CASE WHEN {reference} LIKE 'urn:uuid:%' THEN substr({reference}, 10) ELSE {inside} END, '')"


def patients_sql(kind: str, mapped: Mapped) -> str:
    """Everybody that one type of resource names."""
    whom = patient_sql(f"{mapped.resources[kind].whom}.reference")
    return f"SELECT {whom} AS patient FROM {name(kind)} WHERE {whom} IS NOT NULL"


def instant_sql(dates: Sequence[str], engine: Engine) -> str:
    """The first of the dates in microseconds since 1970; NULL where there is none that a calendar knows."""
    moments = [engine.moment(padded(written)) for written in dates]
    return f"unix_micros(COALESCE({', '.join([*moments, 'NULL'])}))"


def padded(written: str) -> str:
    """A FHIR date with its first month and day where it has none, so that both engines can read it."""
    return f"concat({written}, CASE length({written}) WHEN 4 THEN '-01-01' WHEN 7 THEN '-01' ELSE '' END)"


def status_sql(resource: ResourceType, source: Mapping[str, Shape], mapped: Mapped, engine: Engine) -> str:
    """The status as a word of the type's status tables; "(absent)" and "(other)" for what they do not name."""
    named = status_words(resource.name, mapped)
    said = word_sql(resource.status, source, named, engine)
    known = f"WHEN {said} IN {words(named)} THEN {said}"
    return f"CASE WHEN {resource.status} IS NULL THEN '(absent)' {known} ELSE '(other)' END"


def status_words(kind: str, mapped: Mapped) -> list[str]:
    """Every word that some status table of a type of resource names."""
    return sorted({word for rule in mapped.rules if rule.resource == kind for word in rule.status.named})


def word_sql(element: str, source: Mapping[str, Shape], named: Sequence[str], engine: Engine) -> str:
    """An element as one word: of several codings the first that is named, else the first."""
    if source[element] != CODED:
        return element
    known = engine.where(f"{element}.coding", f"x.code IN {words(named)}")
    return f"COALESCE({engine.first(known)}.code, {engine.first(f'{element}.coding')}.code, 'text')"


def gate_sql(resource: ResourceType, source: Mapping[str, Shape], engine: Engine) -> str:
    """The least answer of all gates; NULL where one of them ignores the resource."""
    gates = [
        answer_sql(element, word_sql(element, source, sorted(table.named), engine), table)
        for element, table in resource.gates.items()
    ]
    if len(gates) < 2:
        return gates[0] if gates else "1"
    return f"CASE WHEN {' AND '.join(f'({gate}) IS NOT NULL' for gate in gates)} THEN least({', '.join(gates)}) END"


def answer_sql(element: str, said: str, table: AnswerTable) -> str:
    """What an answer table says of an element, as a number; NULL where it says nothing."""

    def number(answer: Answer | None) -> str:
        return "NULL" if answer is None else str(ANSWERS[answer])

    named = " ".join(f"WHEN {word(value)} THEN {number(answer)}" for value, answer in sorted(table.named.items()))
    other = f"CASE {said} {named} ELSE {number(table.other)} END" if named else number(table.other)
    return f"CASE WHEN {element} IS NULL THEN {number(table.absent)} ELSE {other} END"


def codings_sql(path: str, source: Mapping[str, Shape], engine: Engine) -> list[str]:
    """Arrays of all codings at a path; none where the element is no concept."""
    array, kind = at_path(path, source, engine)
    if isinstance(kind, list):
        kind, found = kind[0], []
        if "code" in kind:
            found.append(engine.pairs(array))
        if "concept" in kind:
            found.append(f"flatten({engine.each(engine.each(array, 'concept'), 'coding')})")
        return [*found, f"flatten({engine.each(array, 'coding')})"] if "coding" in kind else found
    concept = [f"{array}.concept.coding"] if "concept" in kind else []
    return [f"{array}.coding", *concept] if "coding" in kind else []


def at_path(path: str, source: Mapping[str, Shape], engine: Engine) -> tuple[str, Shape]:
    """The SQL of the element at a path and its shape; an array where one is passed on the way."""
    first, *rest = path.split(".")
    sql, kind = first, source[first]
    for element in rest:
        if isinstance(kind, list):
            inside = kind[0][element]
            each = engine.each(sql, element)
            sql, kind = (f"flatten({each})", inside) if isinstance(inside, list) else (each, [inside])
        else:
            sql, kind = f"{sql}.{element}", kind[element]
    return sql, kind


def contained_sql(source: Mapping[str, Shape], engine: Engine) -> list[str]:
    """The contained resource that a medication refers to, as an array of one or none."""
    if "contained" not in source:
        return []
    return [engine.where("contained", f"concat('#', x.id) = {reference_of(source)}")]


def reference_of(source: Mapping[str, Shape]) -> str:
    """What a medication refers to: R4's reference, or R5's inside of `medication`."""
    inside = "get_json_object(medication.reference, '$.reference')"
    return f"COALESCE(medicationReference.reference, {inside})" if "medication" in source else "NULL"


def referred_sql(source: Mapping[str, Shape]) -> str:
    return f"split_part(split_part({reference_of(source)}, 'Medication/', 2), '/', 1)"


def medication_sql(array: str, engine: Engine) -> str:
    """The codings of a Medication and its ingredients: of an array of them, or of the row's own (no array)."""
    if not array:
        inside = [
            engine.each("ingredient", "itemCodeableConcept.coding"),
            engine.each("ingredient", "item.concept.coding"),
        ]
        return engine.together(["code.coding", *(f"flatten({each})" for each in inside)], CODING)
    own = f"flatten({engine.each(array, 'code.coding')})"
    parts = f"flatten({engine.each(array, 'ingredient')})"
    inside = [engine.each(parts, "itemCodeableConcept.coding"), engine.each(parts, "item.concept.coding")]
    return engine.together([own, *(f"flatten({each})" for each in inside)], CODING)


def worded_sql(resource: ResourceType, source: Mapping[str, Shape]) -> str:
    """Whether a resource has words where its codes should stand."""
    paths = [path for path in resource.codes if "." not in path and source[path] == CODED]
    return any_of([f"{path}.text IS NOT NULL" for path in paths])


def measured_sql(at: str) -> dict[str, str]:
    """What an Observation, or the component that is called `instant`, gives as its value."""
    quantity = f"{at}valueQuantity"
    return {
        "value": f"TRY_CAST({quantity}.value AS DOUBLE)",
        "comparator": f"{quantity}.comparator",
        "unit": f"{quantity}.unit",
        "unit_code": f"{quantity}.code",
    }
