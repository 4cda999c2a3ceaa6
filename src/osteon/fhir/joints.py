"""Which joints have osteonecrosis on record, and on which side?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from osteon.case.answer import Answer
from osteon.case.finding import Finding
from osteon.fhir.lookup import Lookup, values
from osteon.fhir.provenance import stated
from osteon.fhir.resources import Coded
from osteon.fhir.sayings import Saying


class Place(NamedTuple):
    """Where a diagnosis lies: the joint (None where it is none that Osteon knows, or none is named) and its side.

    `reading` is what was read into the code; `named` tells whether a site was named at all.
    """

    site: str | None
    side: str | None
    reading: str
    named: bool
    traumatic: bool


@dataclass(frozen=True, slots=True)
class RecordedJoint:
    """One joint of the record, or one diagnosis whose joint is not known (`site` is None).

    `osteonecrosis` is what the record says of the diagnosis; `named` tells whether it names a site, if none of ours.
    """

    site: str | None
    side: str | None
    osteonecrosis: Answer
    named: bool = True
    findings: Mapping[str, Finding] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.side, self.site or "site not stated") if part)


def recorded_joints(diagnoses: Sequence[Saying], lookup: Lookup) -> list[RecordedJoint]:
    """Every joint that the diagnoses name, and one entry for those whose joint is not known.

    A diagnosis that has resolved makes no joint. One without side says nothing new where the same site is known with
    its side.
    """
    groups: dict[tuple[str | None, str | None, bool], list[tuple[Saying, Place]]] = {}
    for saying in diagnoses:
        if saying.answer is not Answer.NO:
            found = place(saying, lookup)
            groups.setdefault((found.site, found.side, found.named), []).append((saying, found))
    sided = {site for site, side, _ in groups if side}
    return [joint(each) for (site, side, _), each in groups.items() if side or not site or site not in sided]


def joint(diagnoses: Sequence[tuple[Saying, Place]]) -> RecordedJoint:
    """One joint with what its diagnoses say of it."""
    site, side, reading, named, _ = diagnoses[0][1]
    certain = [saying for saying, _ in diagnoses if saying.answer is Answer.YES]
    traumatic = [saying for saying, found in diagnoses if found.traumatic and saying.answer is Answer.YES]
    all_sayings = [saying for saying, _ in diagnoses]
    findings = {}
    if site:
        findings["site"] = stated("site", site, all_sayings, reading)
    if side:
        findings["side"] = stated("side", side, all_sayings)
    if site and certain:
        findings["osteonecrosis_confirmed"] = stated("osteonecrosis_confirmed", True, certain)
    if site and traumatic:
        findings["traumatic"] = stated("traumatic", True, traumatic)
    return RecordedJoint(site, side, Answer.YES if certain else Answer.UNKNOWN, named, findings)


def place(saying: Saying, lookup: Lookup) -> Place:
    """Where the diagnosis of one resource lies, by its codes and its body sites; never by words."""
    rows = [row for coding in saying.codings if (row := lookup.row(coding))]
    bodies = list(body_sites(saying.loaded.resource, lookup))
    sites = {row.site for row in rows if row.site} or {site for site, _ in bodies if site}
    sides = {side for side in [*(row.side for row in rows), *(side for _, side in bodies)] if side}
    joints = [lookup.mapped.sites[site] for site in sites if site in lookup.mapped.sites]
    names = {joint.joint for joint in joints}
    reading = "" if any(not joint.reading for joint in joints) else joints[0].reading if joints else ""
    return Place(
        names.pop() if len(names) == 1 and len(joints) == len(sites) else None,
        sides.pop() if len(sides) == 1 else None,
        reading,
        bool(sites),
        any(row.cause == "trauma" for row in rows),
    )


def body_sites(resource: object, lookup: Lookup) -> Iterator[tuple[str | None, str | None]]:
    """Site and side of every body site that is coded."""
    mapped = lookup.mapped
    for concept in values(resource, ("body_site",)):
        assert isinstance(concept, Coded)
        for coding in concept.codings():
            if lookup.systems.get(coding.system) == "snomed" and coding.code:
                body = mapped.body_sites.get(coding.code)
                yield (body.site, body.side) if body else (None, mapped.sides.get(coding.code))
