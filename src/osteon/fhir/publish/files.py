"""All that is published, as NDJSON files: one for each type of resource, R4 and R5 apart."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from osteon.fhir.elements import Resource
from osteon.fhir.publish.definitions import definitions
from osteon.fhir.publish.evidence import evidence_resources
from osteon.fhir.publish.questionnaire import questionnaire
from osteon.fhir.publish.systems import code_systems
from osteon.knowledge.records import Knowledge


def knowledge_files(knowledge: Knowledge) -> Mapping[str, bytes]:
    """The content of each file by its name, such as `r4-PlanDefinition.ndjson`; the same knowledge, the same bytes."""
    r4 = [*definitions(knowledge), questionnaire(knowledge), *code_systems(knowledge)]
    return {**by_type("r4", r4), **by_type("r5", evidence_resources(knowledge))}


def by_type(release: str, resources: Iterable[Resource]) -> dict[str, bytes]:
    files: dict[str, list[str]] = {}
    for each in resources:
        line = json.dumps(each, ensure_ascii=False, allow_nan=False)
        files.setdefault(f"{release}-{each['resourceType']}.ndjson", []).append(line)
    return {name: ("\n".join(lines) + "\n").encode() for name, lines in files.items()}
