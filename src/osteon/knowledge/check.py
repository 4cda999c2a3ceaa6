"""Is the knowledge whole, proved, sourced and still in date?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from osteon.knowledge.load import FOLDERS, parts
from osteon.knowledge.proof import Proof, prove, witness
from osteon.knowledge.records import Knowledge


@dataclass(frozen=True, slots=True)
class Check:
    """What a check of the knowledge found. `faults` must be empty; the other lists are for people to read."""

    proofs: tuple[Proof, ...]
    faults: tuple[str, ...]
    unsourced: tuple[str, ...]
    overdue: tuple[str, ...]
    settings: tuple[str, ...]
    derived: int
    restated: int
    unchecked: int


def check(knowledge: Knowledge, today: date, further: Mapping[str, Any] | None = None) -> Check:
    """Proves every staging system, looks for rules that can never hold, statements without source and old reviews.

    Parameters
    ----------
    knowledge
        The records that plans reason with.
    today
        Reviews due before it are listed.
    further
        Other reviewed records by name, such as studies and cohorts, of which only the review is looked at.
    """
    proofs = tuple(prove(system) for system in knowledge.staging.values())
    records = [(f"{folder}/{r.id}", r) for folder in FOLDERS for r in getattr(knowledge, folder).values()]
    placed = [(f"{name} {place}".strip(), part) for name, record in records for place, part in parts(record)]
    bases = [getattr(part, "basis", "read") for _, part in placed]
    reviewed = [*records, *(further or {}).items()]
    faults = [f"staging/{proof.system}: {fault}" for proof in proofs for fault in proof.faults]
    return Check(
        proofs=proofs,
        faults=(*faults, *dead_rules(knowledge)),
        unsourced=tuple(place for place, part in placed if unsourced(part)),
        overdue=tuple(f"{name}, due {r.review.next_review}" for name, r in reviewed if r.review.next_review < today),
        settings=tuple(f"{name} {setting.id}: {setting.text}" for name, r in records for setting in r.setting),
        derived=bases.count("derived"),
        restated=bases.count("restated"),
        unchecked=sum(not record.review.checked_by for _, record in reviewed),
    )


def unsourced(part: object) -> bool:
    """Whether a statement that must name a source names none."""
    return type(part).__name__ in ("Rule", "Statement", "Position", "AdviceRule", "StagingSystem") and not part.source  # type: ignore[attr-defined]


def dead_rules(knowledge: Knowledge) -> Iterator[str]:
    """Rules, positions, criteria and advice that no patient can meet."""
    for folder, name in (
        ("treatments", "rule"),
        ("guidelines", "position"),
        ("trials", "criterion"),
        ("advice", "rule"),
    ):
        for record in getattr(knowledge, folder).values():
            for row in getattr(record, name):
                if witness(row.when, knowledge) is None:
                    yield f"{folder}/{record.id} {name} {row.id} can never hold"


def check_text(found: Check) -> str:
    """The check in words."""
    combinations = sum(proof.combinations for proof in found.proofs)
    lines = [f"{len(found.proofs)} staging systems proved over {combinations} combinations of findings."]
    for head, items in (
        ("Faults", found.faults),
        ("Statements without a source", found.unsourced),
        ("Reviews that are overdue", found.overdue),
        ("Choices that sources do not settle (named settings)", found.settings),
    ):
        lines.append(f"{head}: {len(items) or 'none'}")
        lines += [f"  - {item}" for item in items]
    lines.append(
        f"Statements worked out from sources (derived): {found.derived}; read in a restatement: {found.restated}."
    )
    lines.append(f"Records not yet checked by a second person: {found.unchecked}.")
    return "\n".join(lines)
