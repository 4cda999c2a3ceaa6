"""What the report is made of: one frozen object, and nothing else reaches its templates.

A reason is a sentence with its sources; what is asked is one condition of a rule with what is known of it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from osteon.report.drawing import Drawing
from osteon.report.figures.marks import Table


@dataclass(frozen=True, slots=True)
class Asked:
    """One condition of a rule: what it asks, what is known, and the answer."""

    finding: str
    wanted: str
    known: str
    answer: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence with the numbers of its sources, the place in them, and what it rests on."""

    text: str
    refs: tuple[int, ...] = ()
    where: str = ""
    note: str = ""
    asked: tuple[Asked, ...] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One entry of the list of sources; without a `link`, `cited_in` is the number of the source that cites it."""

    number: int
    citation: str
    link: str
    cited_in: int | None
    read: str
    places: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Known:
    """One finding as it went in: value, where it comes from, and how far it lies from the next class border."""

    label: str
    value: str
    origin: str
    border: str = ""


@dataclass(frozen=True, slots=True)
class StageLine:
    """What one staging system says, why, and what would settle it."""

    system: str
    stages: str
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """These treatments (and `further` more) would go from one verdict to another."""

    names: tuple[str, ...]
    further: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What one value of a missing finding would do; `further` counts the treatments that are not spelt out."""

    value: str
    moves: tuple[Move, ...]
    further: int


@dataclass(frozen=True, slots=True)
class MissingLine:
    """A finding that is missing, how it is obtained, and what it would change; `same` would change just the same."""

    obtained: str
    label: str
    question: str
    effects: tuple[Effect, ...]
    same: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chance:
    """How many of 100 joints are spared one event, at up to two times, and untreated; or why that is not told.

    Without a `label` there is only the `refusal`. What is not `comparable` was seen in joints that all had it.
    """

    label: str
    times: tuple[tuple[str, str], ...]
    untreated: tuple[str, ...]
    comparable: bool
    refusal: str


@dataclass(frozen=True, slots=True)
class OptionRow:
    """One treatment in the table of options; `rests_on` says how many studies the certainty is computed from."""

    anchor: str
    name: str
    why: Reason
    further: int
    chances: tuple[Chance, ...]
    certainty: str
    rests_on: str
    cautions: tuple[str, ...]
    check_before: tuple[str, ...]
    place: str
    first: str


@dataclass(frozen=True, slots=True)
class VerdictGroup:
    """The treatments with one verdict, with the verdict's sign, word and meaning."""

    verdict: str
    sign: str
    meaning: str
    rows: tuple[OptionRow, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """What one criterion gave to a treatment's score."""

    criterion: str
    importance: str
    points: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with sentences under it."""

    heading: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing as SVG, what to see in it, and the same data as a table."""

    svg: str
    caption: str
    table: Table


@dataclass(frozen=True, slots=True)
class Promise:
    """What may be expected under one endpoint, what that rests on, and a hundred dots (SVG) where it is comparable."""

    told: Reason
    basis: str
    icon: str


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One question that studies answer: the effect, what it means for 100 joints, how many studies, how sure."""

    outcome: str
    against: str
    effect: str
    of_100: str
    studies: int
    joints: int
    months: str
    certainty: str
    note: str
    refs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Studied:
    """What is computed of one option from the studies, for this joint.

    `rating` tells how sure the most telling answer is; `record_rating` the record's own word where it differs.
    `further` counts the questions without a row; `forest_compares` is false of a plot of series without comparison.
    """

    promises: tuple[Promise, ...]
    rating: Reason | None
    record_rating: str
    rows: tuple[SummaryRow, ...]
    further: int
    forest: Figure | None
    forest_compares: bool
    contradictions: tuple[Reason, ...]
    scores: tuple[Reason, ...]
    moved: str


@dataclass(frozen=True, slots=True)
class RecordPart:
    """What is the same for every patient: aim, evidence, technique, harms, recovery, and who wrote it."""

    purpose: str
    mechanism: str
    not_for: str
    leaves_possible: str
    burden: str
    sections: tuple[Section, ...]
    review: str


@dataclass(frozen=True, slots=True)
class OptionDetail:
    """All that is behind one row of the table; `record` is None where another joint of the page shows it.

    Only options that can be offered now are printed (`on_paper`).
    """

    anchor: str
    name: str
    verdict: str
    sign: str
    on_paper: bool
    sections: tuple[Section, ...]
    simulated: tuple[str, ...]
    studied: Studied
    place: str
    score: str
    shares: tuple[Share, ...]
    record: RecordPart | None
    record_at: str
    record_in: str


@dataclass(frozen=True, slots=True)
class MapColumn:
    """One source in the map, under a letter."""

    letter: str
    place: str
    year: str
    name: str
    read: str
    refs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MapCell:
    """What one source says of one treatment in this joint: sign, words and the words' kind."""

    letter: str
    sign: str
    words: str
    kind: str


@dataclass(frozen=True, slots=True)
class MapRow:
    """One treatment in the map."""

    name: str
    cells: tuple[MapCell, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A treatment on which sources contradict each other, and who says what."""

    name: str
    sides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConsensusMap:
    """What the sources say of each treatment for this joint, and where they contradict each other.

    `unheard` names sources that were read and say nothing that applies here; `uncovered` the treatments on which no
    source of the map has a word.
    """

    columns: tuple[MapColumn, ...]
    rows: tuple[MapRow, ...]
    disagreements: tuple[Disagreement, ...]
    unheard: tuple[str, ...]
    uncovered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrialLine:
    """A trial that the joint might enter, as far as its rules were read."""

    name: str
    registry: str
    url: str
    answer: str
    status: str
    missing: tuple[str, ...]
    ask: tuple[str, ...]
    refs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CohortLine:
    """One cohort of untreated joints: its groups with what was printed of each, how it matches, and its part.

    `asked` are conditions that hold, `assumed` what would rule it out and is not known, `missing` what it waits for.
    """

    name: str
    refs: tuple[int, ...]
    groups: tuple[tuple[str, str], ...]
    size: str
    asked: tuple[Asked, ...]
    assumed: tuple[str, ...]
    missing: tuple[str, ...]
    part: str


@dataclass(frozen=True, slots=True)
class UntreatedCourse:
    """One event without treatment: what is to be expected, and the cohorts behind it."""

    heading: str
    told: str
    had: str
    icon: str
    cohorts: tuple[CohortLine, ...]


@dataclass(frozen=True, slots=True)
class Untreated:
    """What becomes of a joint that is left alone; `claim` is what the review says of it, `answer` what holds here."""

    courses: tuple[UntreatedCourse, ...]
    claim: Reason | None
    answer: Reason | None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture made from images of the joint: `png` is the file, `alt` says what is to be seen in it."""

    png: bytes
    alt: str
    caption: str

    @property
    def address(self) -> str:
        """The picture as an address that needs no other file."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")


@dataclass(frozen=True, slots=True)
class JointSection:
    """Everything about one joint, in the order in which it is read."""

    anchor: str
    title: str
    stage: str
    stage_because: tuple[Reason, ...]
    stage_missing: tuple[str, ...]
    lesion: str
    cause: str
    drawing: Drawing | None
    no_drawing: str
    measurements: tuple[Known, ...]
    pictures: tuple[Picture, ...]
    missing: tuple[MissingLine, ...]
    missing_further: tuple[str, ...]
    untreated: Untreated
    groups: tuple[VerdictGroup, ...]
    forecast: Figure | None
    map: ConsensusMap
    details: tuple[OptionDetail, ...]
    staging: tuple[StageLine, ...]
    findings: tuple[Known, ...]
    advice: tuple[Section, ...]
    trials: tuple[TrialLine, ...]
    trials_barred: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """A choice that sources do not settle, or a reason nobody has read as it stands, and where it is used."""

    record: str
    text: str
    refs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Method:
    """How the plan was made, and what it does not say."""

    paragraph: tuple[str, ...]
    evidence: tuple[Reason, ...]
    ordering: str
    limits: tuple[str, ...]
    settings: tuple[Declared, ...]
    derived: tuple[Declared, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a page: whose plan, when, by which versions, and whether the patient is real."""

    title: str
    running: str
    person: str
    assessed: str
    osteon: str
    knowledge: str
    fictional: bool
    case_source: str


@dataclass(frozen=True, slots=True)
class ClinicianPage:
    """The report for the professional."""

    head: Head
    preferences: tuple[str, ...]
    joints: tuple[JointSection, ...]
    patient_findings: tuple[Known, ...]
    advice: tuple[Section, ...]
    method: Method
    sources: tuple[SourceLine, ...]
