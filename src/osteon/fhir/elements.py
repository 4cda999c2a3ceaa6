"""The pieces that written resources are made of: ids, codings, references, quantities.

URIs of public code systems come from `mapping.toml`; those of Osteon's own (`urn:osteon:...`) are published beside the
knowledge.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from osteon.case.vocabulary import Definition
from osteon.fhir.mapping import mapping
from osteon.knowledge.records import Treatment

Resource = dict[str, Any]
OWN = "urn:osteon:"
UCUM = "http://unitsofmeasure.org"
IDS = UUID("8f4e1c52-5d0a-5c5e-9a6e-0b7d6a1f2c33")  # ours alone; another one would give every resource another id
# A product code (RxNorm) would say a strength and a form, which a plan does not choose.
ORDERABLE = ("snomed", "atc", "cpt", "hcpcs")


def identified(resource: Resource) -> Resource:
    """The resource without empty elements, under an id that its content alone decides.

    Examples
    --------
    >>> first, same = (identified({"resourceType": "Device", "note": note}) for note in ([], None))
    >>> first == same and "note" not in first
    True
    """
    content = without_empty(resource)
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return {"resourceType": content["resourceType"], "id": str(uuid5(IDS, text)), **content}


def without_empty(resource: Resource) -> Resource:
    """The resource without anything that FHIR forbids: no null, no empty text, list or object, at any depth.

    Examples
    --------
    >>> without_empty({"a": [{"b": ""}, {"c": False}], "d": None})
    {'a': [{'c': False}]}
    """
    return {key: kept for key, value in resource.items() if not is_empty(kept := filled(value))}


def filled(element: Any) -> Any:
    if isinstance(element, dict):
        return without_empty(element)
    if isinstance(element, (list, tuple)):
        return [kept for each in element if not is_empty(kept := filled(each))]
    return element.strip() if isinstance(element, str) else element


def is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def own(kind: str) -> str:
    """The URI of one of Osteon's own code systems or definitions."""
    return OWN + kind


def uri(system: str) -> str:
    """The URI of a code system by its name in `mapping.toml`."""
    return mapping().systems[system].uris[0]


def coding(system: str, code: str, display: str = "") -> Resource:
    return {"system": system, "code": code, "display": display}


def concept(text: str, codings: Iterable[Resource] = ()) -> Resource:
    return {"coding": list(codings), "text": text}


def refer(resource: Resource, display: str = "") -> Resource:
    """A reference to a resource of the same bundle."""
    return {"reference": f"urn:uuid:{resource['id']}", "type": resource["resourceType"], "display": display}


def quantity(value: float, unit: str) -> Resource:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def note(*texts: str) -> list[Resource]:
    return [{"text": text} for text in texts if text]


def finding_codings(definition: Definition, systems: Iterable[str]) -> list[Resource]:
    """The codings of a finding: Osteon's own, then those of the systems asked for, by name."""
    asked = [(uri(system), code) for system in systems for code in definition.codes.get(system, ())]
    return [coding(uri("osteon"), definition.name, definition.question), *(coding(*each) for each in asked)]


def treatment_concept(treatment: Treatment) -> Resource:
    """A treatment by Osteon's own code and by those that an order may bear."""
    codings = [coding(uri(name), code) for name in ORDERABLE for code in treatment.codes.get(name, ())]
    return concept(treatment.name, [coding(own("treatment"), treatment.id, treatment.name), *codings])


def choice_system(finding: str) -> str:
    """The URI of the code system that holds the choices of one finding."""
    return own(f"finding:{finding}")


def joint_concept(site: str, side: str | None, text: str = "") -> Resource:
    """A joint by Osteon's own code, and by the SNOMED CT body site that names exactly this joint and side."""
    mapped = mapping()
    snomed = [
        code
        for code, body in mapped.body_sites.items()
        if (place := mapped.sites.get(body.site)) and (place.joint, place.reading, body.side) == (site, "", side)
    ]
    name = " ".join(part for part in (side, site) if part)
    codings = [coding(uri("osteon_joint"), name), *(coding(uri("snomed"), code) for code in snomed)]
    return concept((text or name).replace("_", " "), codings)


def slug(name: str) -> str:
    """A record's id as FHIR allows one.

    Examples
    --------
    >>> slug("core_decompression_single")
    'core-decompression-single'
    """
    return name.replace("_", "-")
