"""What have published reviews found? One TOML file a review under `meta_analyses/`, figures as printed.

Each result says which comparison of Osteon's own studies comes nearest, where one does, and why the two figures may
differ, so that they can stand side by side. The files are read when they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from osteon.case.toml_files import parsed
from osteon.errors import Fault, KnowledgeError
from osteon.knowledge.load import Reader
from osteon.knowledge.records import Review
from osteon.knowledge.studies import MODALITIES, file_stem

Cell = str | int | float
ANY = "any"  # as `versus`: whatever else the study compared it with
MEASURES = ("RR", "OR", "RD", "MD", "SMD", "HR", "IRR", "PR")  # PR: the proportion of one arm
LEGAL: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("OwnComparison", "modality"): tuple(MODALITIES),
    ("OwnComparison", "versus"): (*MODALITIES, ANY),
    ("OwnComparison", "measure"): MEASURES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnComparison:
    """The comparison of Osteon's own studies that comes nearest; `versus` is () for the proportion of one arm."""

    modality: tuple[str, ...]
    versus: tuple[str, ...] = ()
    outcome: str
    measure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedResult:
    """One figure of a review, in its own words: `measure`, `model` and `p` stand as printed, `i2` in percent.

    `effect` and what follows are None where nothing was printed, or where a review pools nothing. `k` is the number of
    studies behind the figure, or of the whole review where `note` says so.
    """

    question: str
    outcome: str
    model: str = ""
    k: int | None = None
    measure: str = ""
    effect: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    i2: float | None = None
    tau2: float | None = None
    p: str = ""
    note: str = ""
    ours: OwnComparison | None = None
    difference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaAnalysis:
    """One review, or one paper that prints results study by study; `note` holds of all its results."""

    id: str
    citation: str
    year: int | None = None
    doi: str = ""
    pmid: str = ""
    url: str
    note: str = ""
    result: tuple[PublishedResult, ...]
    review: Review


PARTS: Mapping[str, type] = {cls.__name__: cls for cls in (OwnComparison, PublishedResult, Review)}


@cache
def meta_analyses() -> Mapping[str, MetaAnalysis]:
    """Every published review that was read, by id, in the order of ids.

    Raises
    ------
    KnowledgeError
        With every fault of every file.

    Examples
    --------
    >>> found = meta_analyses()["yuan-2016"].result[0]
    >>> found.outcome, found.measure, found.effect, found.ours.versus
    ('collapse', 'RR', 0.71, ('observation',))
    """
    files = sorted(Path(__file__).with_name("meta_analyses").glob("*.toml"))
    return read_meta_analyses(parsed({f"meta_analyses/{path.name}": path.read_bytes() for path in files}))


def read_meta_analyses(raw: Mapping[str, Any]) -> Mapping[str, MetaAnalysis]:
    """Reviews by id from raw TOML tables by file name; raises `KnowledgeError` with every fault of every file."""
    faults: list[Fault] = []
    found: dict[str, MetaAnalysis] = {}
    for file, table in raw.items():
        reader = Reader(file, {}, faults)
        record = reader.record(MetaAnalysis, table, "")
        if record is None:
            continue
        if file != f"meta_analyses/{file_stem(record.id)}.toml":
            reader.fault("id", f"is {record.id!r}, which belongs into {file_stem(record.id)}.toml.")
        for number, result in enumerate(record.result, 1):
            for message in impossible(result):
                reader.fault(f"result {number}", message)
        found[record.id] = record
    if faults:
        raise KnowledgeError(faults)
    return dict(sorted(found.items()))


def impossible(result: PublishedResult) -> Iterator[str]:
    """What cannot be in one result."""
    effect, low, high = result.effect, result.ci_low, result.ci_high
    if effect is not None and not result.measure:
        yield "has an effect but no measure. Say what it is."
    if (low is None) != (high is None):
        yield "has one end of an interval. Give both, or neither."
    elif low is not None and high is not None and (effect is None or not low <= effect <= high):
        yield f"effect {effect} is not between ci_low {low} and ci_high {high}."
    if result.i2 is not None and not 0 <= result.i2 <= 100:
        yield f"i2 is {result.i2}, but goes from 0 to 100 percent."
    if result.ours and (result.ours.versus == ()) != (result.ours.measure == "PR"):
        yield "ours: a proportion (PR) has no versus, and every other measure has one."


def published_rows(reviews: Iterable[MetaAnalysis]) -> list[dict[str, Cell]]:
    """One row per published figure, with all that its review says filled in; "" where nothing is printed.

    Examples
    --------
    >>> row = published_rows([meta_analyses()["yuan-2016"]])[0]
    >>> row["review_id"], row["outcome"], row["k"], row["ci_high"]
    ('yuan-2016', 'collapse', 5, 1.24)
    """
    return [row_of(review, result) for review in reviews for result in review.result]


def row_of(review: MetaAnalysis, result: PublishedResult) -> dict[str, Cell]:
    row = {
        "review_id": review.id,
        "citation": review.citation,
        "doi": review.doi,
        "pmid": review.pmid,
        "url": review.url,
        "question": result.question,
        "outcome": result.outcome,
        "model": result.model,
        "k": result.k,
        "effect_measure": result.measure,
        "effect": result.effect,
        "ci_low": result.ci_low,
        "ci_high": result.ci_high,
        "i2": result.i2,
        "tau2": result.tau2,
        "p": result.p,
        "notes": "; ".join(filter(None, (result.note, review.note))),
    }
    return {column: "" if value is None else value for column, value in row.items()}
