"""What each page of the evidence is made of: one frozen object per page, and nothing else reaches a template."""

from __future__ import annotations

from dataclasses import dataclass

from osteon.report.figures import Table
from osteon.report.page import Declared, Head, Reason, SourceLine


@dataclass(frozen=True, slots=True)
class Link:
    """A page beside this one, and what it is called."""

    name: str
    file: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing with what to see in it and the table of the same data; `label` says in a word or two what it shows."""

    label: str
    caption: str
    svg: str
    table: Table


@dataclass(frozen=True, slots=True)
class RatingStep:
    """One reason for a certainty: what it took off or added, who judged it, and what was computed in its place."""

    domain: str
    levels: str
    because: Reason
    judged: str
    computed: str


@dataclass(frozen=True, slots=True)
class Rating:
    """A certainty in words with every reason; `alone` says what the data alone would give, where that differs."""

    word: str
    moved: str
    alone: str
    steps: tuple[RatingStep, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """Another look at the same studies: what it asks, what it says, its table and figure where it has any."""

    heading: str
    text: str
    table: Table | None = None
    figure: Figure | None = None


@dataclass(frozen=True, slots=True)
class ShortAnswer:
    """What the studies say on one outcome, in one sentence; `file` and `anchor` say where the whole of it stands."""

    outcome: str
    text: str
    certainty: str
    anchor: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class OutcomePart:
    """Everything on one outcome of one comparison; a single study is not pooled."""

    anchor: str
    title: str
    answer: tuple[str, ...]
    rating: Rating
    figure: Figure
    pooled: Table | None
    each_study: Table | None
    analyses: tuple[Analysis, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """An outcome that studies report without numbers for the measure that suits it, and what each of them lacks."""

    title: str
    measure: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BiasLine:
    """One domain of the risk of bias of one study."""

    domain: str
    judgement: str
    because: str
    where: str
    judged: str


@dataclass(frozen=True, slots=True)
class StudyCard:
    """One study as a reader needs it to judge what it is worth; arms stand as printed."""

    anchor: str
    name: str
    citation: str
    link: str
    design: str
    blinding: str
    arms: tuple[str, ...]
    population: tuple[str, ...]
    followup: str
    bias: str
    bias_lines: tuple[BiasLine, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComparisonLine:
    """One comparison with its answers in short; `further` says how many more there are, and how many have none."""

    link: Link
    answers: tuple[ShortAnswer, ...]
    further: str


@dataclass(frozen=True, slots=True)
class PublishedLine:
    """A figure of a published review, and Osteon's own beside it; `ours` is "" where there is none."""

    review: str
    link: str
    question: str
    printed: str
    note: str
    ours: str
    difference: str


@dataclass(frozen=True, slots=True)
class CoverageLine:
    """How much was read on one modality."""

    link: Link
    studies: str
    joints: str
    compared: tuple[Link, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NetworkPart:
    """The network of one outcome: how it hangs together, every pair, and the order of the treatments."""

    anchor: str
    title: str
    text: tuple[str, ...]
    figure: Figure
    ranks: Table
    league: Table


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A statement with numbers of the 2025 review, and how it came off."""

    claims: str
    statement: str
    verdict: str
    found: Reason


@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """Two modalities set against each other by some study, with all its outcomes."""

    head: Head
    facts: str
    sides: tuple[Link, ...]
    short: tuple[ShortAnswer, ...]
    outcomes: tuple[OutcomePart, ...]
    unanswered: tuple[Unanswered, ...]
    contradictions: tuple[Reason, ...]
    studies: tuple[StudyCard, ...]
    method: tuple[Reason, ...]
    limits: tuple[str, ...]
    settings: tuple[Declared, ...]
    sources: tuple[SourceLine, ...]


@dataclass(frozen=True, slots=True)
class ModalityPage:
    """Everything that was read on one modality."""

    head: Head
    facts: str
    gaps: tuple[str, ...]
    comparisons: tuple[ComparisonLine, ...]
    series: Table | None
    series_figures: tuple[Figure, ...]
    contradictions: tuple[Reason, ...]
    published: tuple[PublishedLine, ...]
    studies: tuple[StudyCard, ...]
    method: tuple[Reason, ...]
    limits: tuple[str, ...]
    sources: tuple[SourceLine, ...]


@dataclass(frozen=True, slots=True)
class IndexPage:
    """The way into the evidence."""

    head: Head
    facts: str
    coverage: tuple[CoverageLine, ...]
    comparisons: tuple[ComparisonLine, ...]
    networks: tuple[NetworkPart, ...]
    contradictions: tuple[Reason, ...]
    statements: tuple[StatementLine, ...]
    published: tuple[PublishedLine, ...]
    published_alone: tuple[PublishedLine, ...]
    method: tuple[Reason, ...]
    limits: tuple[str, ...]
    sources: tuple[SourceLine, ...]
