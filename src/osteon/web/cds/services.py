"""Which services are there, and what must be known for each? The answer to discovery."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

TOKEN = re.compile(r"\{\{context\.patientId\}\}")  # a root-level, primitive field: the only token we use
SEARCHES: Mapping[str, str] = {
    "conditions": "Condition",
    "observations": "Observation",
    "medications": "MedicationRequest",
    "allergies": "AllergyIntolerance",
    "procedures": "Procedure",
}


@dataclass(frozen=True, slots=True)
class Service:
    """One CDS service: its id, the hook it answers, and what it is for."""

    id: str
    hook: str
    title: str
    description: str


SERVICES: Mapping[str, Service] = {
    each.id: each
    for each in (
        Service(
            "osteon-patient-view",
            "patient-view",
            "Osteonecrosis: where this patient stands",
            "Stage, treatments that fit with their reasons, and what prevents further lesions, for the chart in view.",
        ),
        Service(
            "osteon-order-select",
            "order-select",
            "Osteonecrosis: the orders just selected",
            "Prevention when a systemic steroid is selected; reasons against a drug or an operation for this joint.",
        ),
        Service(
            "osteon-order-sign",
            "order-sign",
            "Osteonecrosis: the orders about to be signed",
            "Prevention when a systemic steroid is ordered; reasons against a drug or an operation for this joint.",
        ),
    )
}


@cache
def templates() -> Mapping[str, str]:
    """The prefetch templates by key, the same for every service: all of it is needed to tell "no" from "unknown"."""
    searches = {key: f"{kind}?patient={{{{context.patientId}}}}" for key, kind in SEARCHES.items()}
    return {"patient": "Patient/{{context.patientId}}", **searches}


def query(template: str, patient_id: str) -> str:
    """A template as a relative URL for one patient.

    Examples
    --------
    >>> query("Condition?patient={{context.patientId}}", "a-1")
    'Condition?patient=a-1'
    """
    return TOKEN.sub(quote(patient_id, safe=""), template)


def kind_of(template: str) -> str:
    """The resource type a template asks for."""
    return re.split(r"[/?]", template, maxsplit=1)[0]


def discovery() -> dict[str, Any]:
    """The body of the discovery response."""
    return {
        "services": [
            {
                "hook": each.hook,
                "title": each.title,
                "description": each.description,
                "id": each.id,
                "prefetch": dict(templates()),
                "usageRequirements": "For health professionals; supports their decision and never makes one.",
            }
            for each in SERVICES.values()
        ]
    }
