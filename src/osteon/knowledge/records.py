"""The shapes of everything that is written down under `knowledge/`; `docs/reference/knowledge-files.md` explains them.

Each class mirrors one TOML table: a field without a default must be there, a field with one may be left out, and no
other key is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from osteon.case.conditions import Condition
from osteon.case.vocabulary import SITES

VERDICTS = ("fits", "consider", "depends", "no indication", "avoid", "contraindicated")
CERTAINTIES = ("very_low", "low", "moderate", "high")
INVASIVENESS = ("none", "medicine", "device", "percutaneous", "open", "replacement")
TREATMENT_KINDS = (
    "observation load immobilisation drug physical joint_preserving cell_therapy replacement salvage".split()
)
POSITIONS = ("for", "consider", "against", "experimental")
GUIDELINE_KINDS = ("guideline", "consensus", "payer", "review", "algorithm", "survey")
STAGING_KINDS = ("stage", "type", "grade", "flag")
ADVICE_KINDS = ("imaging", "other_side", "other_joints", "prevention", "causes", "follow_up", "referral")
BASES = ("read", "restated", "derived")
DIRECTIONS = ("favours", "no_difference", "against", "single_arm", "contradicts")


@dataclass(frozen=True, slots=True)
class Source:
    """One citation. `read` says how much of it was read; `via` the source that cites it, where it has no address."""

    key: str
    citation: str
    read: str
    year: int | None = None
    doi: str | None = None
    pmid: str | None = None
    pmc: str | None = None
    url: str | None = None
    via: str | None = None
    note: str | None = None

    @property
    def link(self) -> str:
        """The address a reader can open; "" where none is known."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        if self.pmc:
            return f"https://pmc.ncbi.nlm.nih.gov/articles/{self.pmc}"
        return f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}" if self.pmid else self.url or ""


@dataclass(frozen=True, slots=True)
class Review:
    """Who wrote a record, who checked it, and when it is due again."""

    written_by: str
    checked_by: str
    reviewed_on: date
    next_review: date


@dataclass(frozen=True, slots=True)
class Setting:
    """A choice that sources do not settle; every answer that rests on it names it."""

    id: str
    text: str
    source: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence with its source; `direction` only for evidence, `id` and `name` only for variants.

    Only for harms: how many of how many it struck (or between which percentages), whether it is serious, and `when`
    those counted were a special group.
    """

    text: str
    source: tuple[str, ...]
    where: str = ""
    basis: str = "read"
    setting: str | None = None
    direction: str | None = None
    id: str | None = None
    name: str | None = None
    events: int | None = None
    total: int | None = None
    percent_low: float | None = None
    percent_high: float | None = None
    serious: bool = False
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class StageRow:
    """One way of being in one stage."""

    id: str
    when: tuple[Condition, ...]
    because: str
    source: tuple[str, ...] = ()
    where: str = ""
    basis: str = "read"
    setting: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Combinations of findings that rightly have no stage."""

    because: str
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Overlap:
    """Stages that may hold together, and why that is right."""

    stages: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True)
class StagingSystem:
    """One edition of one staging system, type, grade or flag; `order` lists its stages, mildest first."""

    id: str
    name: str
    kind: str
    sites: tuple[str, ...]
    purpose: str
    not_for: str
    source: tuple[str, ...]
    order: tuple[str, ...]
    stage: tuple[StageRow, ...]
    review: Review
    primary: bool = False
    gap: tuple[Gap, ...] = ()
    overlap: tuple[Overlap, ...] = ()
    note: tuple[Statement, ...] = ()
    setting: tuple[Setting, ...] = ()

    @property
    def tables(self) -> tuple[tuple[Condition, ...], ...]:
        """The conditions of every row and every gap."""
        return (*(row.when for row in self.stage), *(gap.when for gap in self.gap))


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a treatment: when it holds, the treatment has this verdict, for this reason."""

    id: str
    when: tuple[Condition, ...]
    verdict: str
    because: str
    source: tuple[str, ...]
    where: str = ""
    basis: str = "read"
    setting: str | None = None
    certainty: str | None = None


@dataclass(frozen=True, slots=True)
class PatientText:
    """What a patient should know of a treatment, in plain words and equal detail for each."""

    what_it_is: str
    how_it_may_help: str
    what_can_go_wrong: str
    recovery: str
    afterwards: str


@dataclass(frozen=True, slots=True)
class Treatment:
    """One treatment: what it is, when it fits and when it does not, what it costs the patient, what is known."""

    id: str
    name: str
    kind: str
    sites: tuple[str, ...]
    purpose: str
    mechanism: str
    not_for: str
    invasiveness: str
    keeps_joint: bool
    leaves_possible: str
    certainty: str
    certainty_because: str
    rule: tuple[Rule, ...]
    patient: PatientText
    review: Review
    certainty_source: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    variant: tuple[Statement, ...] = ()
    evidence: tuple[Statement, ...] = ()
    harm: tuple[Statement, ...] = ()
    monitoring: tuple[Statement, ...] = ()
    recovery: tuple[Statement, ...] = ()
    note: tuple[Statement, ...] = ()
    setting: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True)
class Position:
    """What a guideline says of some treatments in some situation; `strength` is its own word."""

    id: str
    treatments: tuple[str, ...]
    when: tuple[Condition, ...]
    position: str
    strength: str
    because: str
    source: tuple[str, ...]
    where: str = ""
    basis: str = "read"
    setting: str | None = None


@dataclass(frozen=True, slots=True)
class Guideline:
    """One published guideline, consensus, payer policy, review, survey or algorithm."""

    id: str
    name: str
    kind: str
    sites: tuple[str, ...]
    source: tuple[str, ...]
    read: str
    review: Review
    year: int | None = None
    region: str | None = None
    position: tuple[Position, ...] = ()
    note: tuple[Statement, ...] = ()
    setting: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True)
class Criterion:
    """One entry rule of a trial; rows with one id are alternatives."""

    id: str
    kind: str
    text: str
    when: tuple[Condition, ...] = ()
    where: str = ""
    basis: str = "read"
    setting: str | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """One registered trial and its entry rules, as far as they could be read."""

    id: str
    name: str
    registry: str
    url: str
    sites: tuple[str, ...]
    status: str
    status_seen: str
    list_complete: bool
    source: tuple[str, ...]
    criterion: tuple[Criterion, ...]
    review: Review
    note: tuple[Statement, ...] = ()
    setting: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True)
class AdviceRule:
    """What to do beside treating this joint, and when."""

    id: str
    per: str
    when: tuple[Condition, ...]
    advice: str
    because: str
    source: tuple[str, ...]
    where: str = ""
    strength: str = "not stated"
    basis: str = "read"
    setting: str | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """Advice of one kind: next imaging, other side, other joints, prevention, causes, follow-up, referral."""

    id: str
    name: str
    category: str
    rule: tuple[AdviceRule, ...]
    review: Review
    sites: tuple[str, ...] = SITES
    note: tuple[Statement, ...] = ()
    setting: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of the 2025 review, and where in Osteon it lives."""

    id: str
    section: str
    text: str
    lives_in: tuple[str, ...]
    references: tuple[str, ...] = ()
    later: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """All records, by id, and the version that names this very content."""

    version: str
    sources: Mapping[str, Source]
    staging: Mapping[str, StagingSystem]
    treatments: Mapping[str, Treatment]
    guidelines: Mapping[str, Guideline]
    trials: Mapping[str, Trial]
    advice: Mapping[str, Advice]
    claims: Mapping[str, Claim]
