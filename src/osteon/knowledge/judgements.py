"""What has a person judged that data cannot decide, where do sources contradict each other, and which claims held?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from osteon.case.toml_files import parsed
from osteon.errors import Fault, KnowledgeError
from osteon.knowledge.load import Reader, label
from osteon.knowledge.records import CERTAINTIES, Knowledge, Review

ANY = "any"  # as `of`, `versus` or `outcome`: whichever it is
LOWERING = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
DOMAINS = (*LOWERING, "overall")
VERDICTS = (
    "confirmed", "plausible", "supported", "weakly_supported", "over_general", "not_confirmed", "not_supported",
    "contradicted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judgement:
    """One decision on certainty: it replaces the computed step of a GRADE domain, or the whole rating.

    `of` and `versus` name modalities, interventions or treatments, any of which the question may bear; a `versus` of
    () is a series without a comparison. `change` is in levels; `word` is the rating, for the domain "overall".
    """

    id: str
    of: tuple[str, ...]
    versus: tuple[str, ...]
    outcome: tuple[str, ...]
    domain: str
    because: str
    by: str
    on: date
    next_review: date
    source: tuple[str, ...]
    studies: tuple[str, ...] = ()
    change: int | None = None
    word: str | None = None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Sources that disagree, with their numbers, to be shown as such beside the pooled answer."""

    id: str
    of: tuple[str, ...]
    versus: tuple[str, ...]
    outcome: tuple[str, ...]
    text: str
    studies: tuple[str, ...] = ()
    source: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewStatement:
    """A claim with numbers of the 2025 review, what was read to check it, and how it came off."""

    id: str
    claims: tuple[str, ...]
    statement: str
    verdict: str
    found: str
    studies: tuple[str, ...] = ()
    source: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgements:
    """Every record of the three files, and who answers for each file."""

    certainty: tuple[Judgement, ...]
    contradictions: tuple[Contradiction, ...]
    statements: tuple[ReviewStatement, ...]
    reviews: Mapping[str, Review]


TABLES: Mapping[str, tuple[str, type]] = {
    "certainty": ("judgement", Judgement),
    "contradictions": ("contradiction", Contradiction),
    "review_statements": ("statement", ReviewStatement),
}
LEGAL: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "certainty": {"domain": DOMAINS, "word": CERTAINTIES},
    "contradictions": {},
    "review_statements": {"verdict": VERDICTS},
}


@cache
def judgements() -> Judgements:
    """Every recorded judgement, contradiction and checked statement, read once.

    Raises
    ------
    KnowledgeError
        With every fault of every file.

    Examples
    --------
    >>> [each.verdict for each in judgements().statements if "R39" in each.claims]
    ['confirmed']
    """
    return read_judgements(parsed({path.name: path.read_bytes() for path in judgement_files()}))


def judgement_files() -> list[Path]:
    return [Path(__file__).with_name("judgements") / f"{name}.toml" for name in TABLES]


def concerns(
    record: Judgement | Contradiction, of: Collection[str], versus: Collection[str], outcome: str | None = None
) -> bool:
    """Whether a record is about a question; an `outcome` of None asks for records on any outcome.

    Examples
    --------
    >>> [each.id for each in judgements().contradictions if concerns(each, ("tantalum",), ())]
    ['tantalum_over_time']
    """
    about = ANY in record.versus or bool(set(record.versus) & set(versus)) or not (record.versus or versus)
    return about and meets(record.of, of) and (outcome is None or meets(record.outcome, (outcome,)))


def meets(recorded: Collection[str], asked: Collection[str]) -> bool:
    return ANY in recorded or not set(recorded).isdisjoint(asked)


def read_judgements(raw: Mapping[str, Mapping[str, Any]]) -> Judgements:
    """All records from raw TOML tables by file name; raises `KnowledgeError` with every fault of every file."""
    faults: list[Fault] = []
    found: dict[str, tuple[Any, ...]] = {}
    reviews = {}
    for name, (key, cls) in TABLES.items():
        table = raw[f"{name}.toml"]
        reader = Reader(f"judgements/{name}.toml", None, faults)
        for strange in sorted(table.keys() - {key, "review"}):
            reader.fault(strange, f"is not a key here; the keys are {key}, review.")
        entries = table.get(key, [])
        records = [reader.record(cls, entry, f"{key} {label(entry, i)}") for i, entry in enumerate(entries, 1)]
        found[name] = tuple(record for record in records if record is not None)
        for record in found[name]:
            for message in wrong_in(record, LEGAL[name]):
                reader.fault(record.id, message)
        reviews[name] = reader.record(Review, table.get("review"), "review")
    ids = [record.id for records in found.values() for record in records]
    faults += [Fault("judgements", f"two records are called {twice!r}.") for twice in doubled(ids)]
    if faults:
        raise KnowledgeError(faults)
    return Judgements(found["certainty"], found["contradictions"], found["review_statements"], reviews)


def doubled(ids: Sequence[str]) -> list[str]:
    return sorted({each for each in ids if ids.count(each) > 1})


def wrong_in(record: Any, legal: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """What one record says that it may not: a strange word, no source, a change in the wrong direction."""
    for name, words in legal.items():
        word = getattr(record, name)
        if word is not None and word not in words:
            yield f"{name} is {word!r}; use one of {', '.join(words)}."
    if not (record.studies or record.source):
        yield "names neither a study nor a source. Say what was read."
    if isinstance(record, Judgement):
        yield from wrong_change(record)


def wrong_change(judgement: Judgement) -> Iterator[str]:
    if judgement.domain == "overall":
        if judgement.word is None or judgement.change is not None:
            yield "judges the whole, so give a word and no change."
        return
    if judgement.change is None or judgement.word is not None:
        yield f"judges {judgement.domain}, so give a change in levels and no word."
        return
    if not -2 <= judgement.change <= 0:
        yield f"change is {judgement.change}, but {judgement.domain} changes a rating by -2 to 0 levels."


def broken_references(found: Judgements, known: Knowledge, studies: Collection[str]) -> Iterator[Fault]:
    """Names of studies, sources and claims in the records that nothing bears.

    Parameters
    ----------
    found
        The records.
    known
        The knowledge whose sources and claims they may name.
    studies
        The ids of all studies.
    """
    for name in TABLES:
        for record in getattr(found, "statements" if name == "review_statements" else name):
            place = f"judgements/{name}.toml"
            for key in sorted(set(record.studies) - set(studies)):
                yield Fault(place, f"{record.id}: no study is called {key!r}.")
            for key in sorted(set(record.source) - known.sources.keys()):
                yield Fault(place, f"{record.id}: source {key!r} is not in sources/.")
            for key in sorted(set(getattr(record, "claims", ())) - known.claims.keys()):
                yield Fault(place, f"{record.id}: no claim is called {key!r}.")
