"""The resources a service needs: what came as prefetch, checked against its template, and the rest from the server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import msgspec
from msgspec import UNSET, Raw, Struct

from osteon.errors import InputError
from osteon.fhir.load import Loaded, resources_of
from osteon.web.cds.request import Refused, Request
from osteon.web.cds.services import kind_of, query

Fetch = Callable[[str], Awaitable[list[Raw]]]
NULL = b"null"


class Link(Struct, frozen=True):
    relation: str = ""
    url: str = ""


class Entry(Struct, frozen=True):
    resource: Raw | msgspec.UnsetType = UNSET


class Page(Struct, frozen=True, rename="camel"):
    """A Bundle, as far as its entries and its next page go; of another resource only what it is."""

    resource_type: str
    entry: list[Entry] = []
    link: list[Link] = []


PAGE = msgspec.json.Decoder(Page)


async def resources(asked: Request, needed: Mapping[str, str], fetch: Fetch | None) -> list[Loaded]:
    """Every resource that the templates ask for, the Patient in view among them.

    Parameters
    ----------
    asked
        The call.
    needed
        Prefetch templates by key.
    fetch
        Reads a relative URL from the client's FHIR server; None where we may not.

    Raises
    ------
    Refused
        412 when something is missing and cannot be fetched; 400 when prefetch is not what its template asks for.
    InputError
        When a resource is not as FHIR has it.
    """
    sent = {} if asked.prefetch is UNSET else asked.prefetch
    found: list[Loaded] = []
    missing = []
    for key, template in needed.items():
        delivered = complete(sent[key], kind_of(template), key) if key in sent else None
        if delivered is None:
            missing.append(template)
        else:
            found += delivered
    if missing:
        found += await fetched(missing, asked.context.patient_id, fetch)
    check_patient(found, asked.context.patient_id)
    return found


async def fetched(missing: Iterable[str], patient_id: str, fetch: Fetch | None) -> list[Loaded]:
    """What the templates ask for, read at once from the client's server."""
    if fetch is None:
        lacking = ", ".join(kind_of(template) for template in missing)
        raise Refused(412, f"Missing in prefetch, and no FHIR server may be read instead: {lacking}.")
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(fetch, template, patient_id)) for template in missing]
    except* (Refused, InputError) as wrong:
        raise wrong.exceptions[0] from None
    return [resource for task in tasks for resource in task.result()]


async def one(fetch: Fetch, template: str, patient_id: str) -> list[Loaded]:
    from osteon.fhir.client import Unreadable

    kind = kind_of(template)
    try:
        raw = await fetch(query(template, patient_id))
    except Unreadable:
        raise Refused(412, f"{kind} could not be read from the FHIR server.") from None
    return [each for each in loaded(raw) if each.kind == kind]


def complete(sent: Raw, kind: str, key: str) -> list[Loaded] | None:
    """The resources under one prefetch key; None where more pages are left, so that it has to be fetched."""
    if bytes(sent).strip() == NULL:
        return []
    try:
        page = PAGE.decode(sent)
    except msgspec.DecodeError:
        raise Refused(400, f"prefetch.{key} is not a FHIR resource.") from None
    if kind == "Patient" and page.resource_type == kind:
        return loaded([sent])
    if page.resource_type != "Bundle":
        raise Refused(400, f"prefetch.{key} does not hold what its template asks for.")
    if any(link.relation == "next" for link in page.link):
        return None
    inside = loaded([entry.resource for entry in page.entry if entry.resource is not UNSET])
    if any(each.kind not in (kind, "OperationOutcome") for each in inside):
        raise Refused(400, f"prefetch.{key} holds other resources than its template asks for.")
    return [each for each in inside if each.kind == kind]


def loaded(raw: Sequence[Raw]) -> list[Loaded]:
    return resources_of(raw) if raw else []


def check_patient(found: Iterable[Loaded], patient_id: str) -> None:
    """Refuses a call without its patient, or with another one."""
    patients = [each.resource.id for each in found if each.kind == "Patient" and each.resource]
    if not patients:
        raise Refused(412, "The patient is needed, and was not to be had.")
    if patients != [patient_id]:
        raise Refused(400, "prefetch.patient is not the patient of the context.")
