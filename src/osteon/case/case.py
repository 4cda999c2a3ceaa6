"""One patient with one or more joints, checked: what was stated, and all that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from osteon.case.finding import Findings

PREFERENCES: Mapping[str, str] = {
    "keep_joint": "keeping one's own joint",
    "avoid_surgery": "avoiding an operation, or having a smaller one",
    "sure_evidence": "treatments whose benefit is surer",
    "avoid_harm": "avoiding serious harm from the treatment itself",
}
IMPORTANCE = ("not", "somewhat", "very")


@dataclass(frozen=True, slots=True)
class Joint:
    """One joint: `findings` holds the patient's findings too, and everything that follows from both."""

    name: str
    site: str
    side: str | None
    findings: Findings

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Case:
    """One patient, as far as known on the day of assessment.

    `patient` holds what is known of the person alone; `preferences` maps each of `PREFERENCES` that was stated to
    one of `IMPORTANCE`; `source` cites a published case, `fictional` marks an invented one.
    """

    patient: Findings
    joints: tuple[Joint, ...]
    title: str = ""
    assessed_on: date | None = None
    fictional: bool = False
    source: str = ""
    preferences: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        known = [f"{joint} ({len(joint.findings)} findings known)" for joint in self.joints]
        return f"{self.title or 'Case'}: {', '.join(known) or 'no joint'}"
