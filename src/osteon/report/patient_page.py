"""What the decision aid is made of: one frozen object, from which both the page and the text are written."""

from __future__ import annotations

from dataclasses import dataclass

from osteon.report.drawing import Drawing
from osteon.report.page import Head, Reason, SourceLine


@dataclass(frozen=True, slots=True)
class PatientChance:
    """What may become of a joint under one treatment, in plain words, with a hundred dots (SVG) where it is known.

    `warning` says that the number cannot be set beside those of other treatments.
    """

    warning: str
    told: tuple[str, ...]
    refs: tuple[int, ...]
    icon: str


@dataclass(frozen=True, slots=True)
class PatientChoice:
    """One treatment as it stands for one joint: in words, with what bars it or what it waits for."""

    name: str
    anchor: str
    sign: str
    standing: str
    reasons: tuple[Reason, ...]
    waits_for: tuple[str, ...]
    chance: PatientChance


@dataclass(frozen=True, slots=True)
class PatientJoint:
    """One joint in plain words."""

    anchor: str
    title: str
    stage: str
    stage_because: tuple[Reason, ...]
    drawing: Drawing | None
    not_known: tuple[str, ...]
    choices: tuple[PatientChoice, ...]


@dataclass(frozen=True, slots=True)
class Leaflet:
    """One treatment in plain words, with the same headings for each."""

    anchor: str
    name: str
    burden: str
    keeps_joint: bool
    certainty: str
    parts: tuple[tuple[str, str], ...]
    certainty_because: Reason
    harms: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class PatientPage:
    """The decision aid: compares, does not rank and does not advise."""

    head: Head
    purpose: str
    condition: Reason
    decision: str
    joints: tuple[PatientJoint, ...]
    leaflets: tuple[Leaflet, ...]
    values: tuple[tuple[str, str], ...]
    questions: tuple[str, ...]
    uncertain: tuple[str, ...]
    made: tuple[str, ...]
    sources: tuple[SourceLine, ...]
