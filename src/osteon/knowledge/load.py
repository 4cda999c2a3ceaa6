"""From TOML files to checked records: every fault of every file is found before anything is used."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, fields
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from osteon.case.conditions import conditions
from osteon.case.toml_files import digest_of, parsed
from osteon.case.vocabulary import SITES, vocabulary
from osteon.errors import Fault, KnowledgeError
from osteon.knowledge import records as r

FOLDERS: Mapping[str, type] = {
    "staging": r.StagingSystem,
    "treatments": r.Treatment,
    "guidelines": r.Guideline,
    "trials": r.Trial,
    "advice": r.Advice,
}
RELEASE = "2026.11"  # year and month of the knowledge; the digest that follows it names the exact content

# Words that a field may hold, wherever it occurs under this class and name.
LEGAL: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("Rule", "verdict"): ("fits", "consider", "avoid", "contraindicated", "caution"),
    ("Rule", "certainty"): r.CERTAINTIES,
    ("Treatment", "certainty"): r.CERTAINTIES,
    ("Treatment", "kind"): tuple(r.TREATMENT_KINDS),
    ("Treatment", "invasiveness"): r.INVASIVENESS,
    ("Position", "position"): r.POSITIONS,
    ("Guideline", "kind"): r.GUIDELINE_KINDS,
    ("StagingSystem", "kind"): r.STAGING_KINDS,
    ("Advice", "category"): r.ADVICE_KINDS,
    ("AdviceRule", "per"): ("joint", "patient"),
    ("Criterion", "kind"): ("include", "exclude", "ask"),
    ("Statement", "direction"): r.DIRECTIONS,
    ("Source", "read"): ("full text", "abstract", "table", "label", "leaflet", "web page", "registry", "secondary"),
}
PARTS: Mapping[str, type] = {
    cls.__name__: cls
    for cls in (
        r.Statement, r.StageRow, r.Gap, r.Overlap, r.Rule, r.PatientText, r.Position, r.Criterion, r.AdviceRule,
        r.Setting, r.Review,
    )
}  # fmt: skip


class Reader:
    """Turns the raw tables of one file into records and collects what is wrong with them."""

    def __init__(self, file: str, stages: Mapping[str, tuple[str, ...]] | None, faults: list[Fault]) -> None:
        self.file, self.stages, self.faults = file, stages, faults

    def fault(self, where: str, message: str) -> None:
        self.faults.append(Fault(f"{self.file} {where}".strip(), message))

    def record(self, cls: type, raw: object, where: str) -> Any:
        """One dataclass from one table; None (and a fault) when it cannot be made."""
        if not isinstance(raw, Mapping):
            return self.fault(where, f"expected a table, got {type(raw).__name__}.")
        before = len(self.faults)
        known = fields_of(cls)
        for name in sorted(raw.keys() - known.keys()):
            self.fault(where, f"{name} is not a key here; the keys are {', '.join(known)}.")
        values = {}
        for name, key in known.items():
            if name in raw:
                values[name] = self.value(key, raw[name], where)
            elif key.required:
                self.fault(where, f"{name} is missing.")
        return cls(**values) if len(self.faults) == before else None

    def value(self, key: Key, raw: object, where: str) -> Any:
        """One field from what stands in the table; None (and a fault) when it cannot be used."""
        if key.plain is not None:
            try:
                value = key.plain(raw)
            except (TypeError, ValueError) as wrong:
                return self.fault(f"{where}.{key.name}".strip("."), str(wrong))
            if key.legal:
                self.check_words(key, value, where)
            return value
        here = f"{where}.{key.name}" if where else key.name
        if key.part is None:
            return self.when(raw, here)
        if not key.several:
            return self.record(key.part, raw, here)
        if not isinstance(raw, list):
            return self.fault(here, f"write it as [[{key.name}]].")
        return tuple([self.record(key.part, item, f"{here} {label(item, i)}") for i, item in enumerate(raw, 1)])

    def check_words(self, key: Key, value: object, where: str) -> None:
        for word in value if isinstance(value, tuple) else (value,):
            if word not in key.legal:
                self.fault(f"{where}.{key.name}".strip("."), f"is {word!r}; use one of {', '.join(key.legal)}.")

    def when(self, raw: object, where: str) -> Any:
        if not isinstance(raw, Mapping):
            return self.fault(where, "expected a table of conditions.")
        try:
            found = conditions(raw, self.stages)
        except ValueError as wrong:
            return self.fault(where, str(wrong))
        if not self.file.startswith("advice/") and any(condition.known is not None for condition in found):
            self.fault(where, "asks whether something is known, which only advice may.")
        return found


def label(item: object, number: int) -> str:
    """How a list item is named in a fault: by its id, else by its number."""
    return str(item["id"]) if isinstance(item, Mapping) and "id" in item else str(number)


class Key(NamedTuple):
    """One key of a TOML table: a plain value, a part (one or several tables), or a row's conditions."""

    name: str
    required: bool
    plain: Callable[[object], Any] | None
    part: type | None
    several: bool
    legal: tuple[str, ...]


@cache
def fields_of(cls: type) -> Mapping[str, Key]:
    """The keys of the TOML table that a record class mirrors."""
    return {field.name: key_of(cls, field) for field in fields(cls)}


def key_of(cls: type, field: Field[Any]) -> Key:
    name, annotation = field.name, str(field.type)
    several = annotation.startswith("tuple[")
    own = vars(sys.modules[cls.__module__])  # a module that is loaded apart, as studies are, names its words and parts
    words = own.get("LEGAL", LEGAL)
    legal = r.BASES if name == "basis" else SITES if name == "sites" else words.get((cls.__name__, name), ())
    required = field.default is MISSING and field.default_factory is MISSING
    part = own.get("PARTS", PARTS).get(annotation[6:-6] if several else annotation.removesuffix(" | None"))
    return Key(name, required, PLAIN.get(annotation), part, several, legal)


def text(raw: object) -> str:
    if not isinstance(raw, str) or not (raw.strip() or raw == ""):
        raise TypeError(f"expected text, got {raw!r}.")
    return raw


def some_text(raw: object) -> str:
    if not text(raw):
        raise ValueError("is empty. Fill it in.")
    return text(raw)


def words(raw: object) -> tuple[str, ...]:
    items = [raw] if isinstance(raw, str) else raw
    if not isinstance(items, list) or not all(isinstance(item, str) and item for item in items):
        raise TypeError(f"expected a word or a list of words, got {raw!r}.")
    return tuple(items)


def exactly(kind: type, raw: object) -> Any:
    if type(raw) is not kind:
        raise TypeError(f"expected {kind.__name__}, got {raw!r}.")
    return raw


def number(raw: object) -> int | float:
    """A number as it is written: 43 stays 43 and 35.3 stays 35.3."""
    if type(raw) is not int and not (type(raw) is float and math.isfinite(raw)):
        raise TypeError(f"expected a number, got {raw!r}.")
    return raw


def curve(raw: object) -> tuple[tuple[float, float], ...]:
    """Pairs of a month and a percentage."""
    if not isinstance(raw, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in raw):
        raise TypeError(f"expected pairs [[months, percent], ...], got {raw!r}.")
    return tuple((number(months), number(percent)) for months, percent in raw)


def day(raw: object) -> date:
    return raw if type(raw) is date else date.fromisoformat(text(raw))


def code_lists(raw: object) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(raw, Mapping):
        raise TypeError(f"expected a table of code lists, got {raw!r}.")
    return {str(system): words(codes) for system, codes in raw.items()}


PLAIN: Mapping[str, Callable[[object], Any]] = {
    "str": text,
    "Text": some_text,
    "str | None": text,
    "bool": partial(exactly, bool),
    "int | None": partial(exactly, int),
    "float": number,
    "float | None": number,
    "Curve": curve,
    "date": day,
    "tuple[str, ...]": words,
    "Mapping[str, tuple[str, ...]]": code_lists,
}


def read_knowledge(raw: Mapping[str, Mapping[str, Any]], version: str) -> r.Knowledge:
    """All records from raw TOML tables by file name; raises `KnowledgeError` with every fault of every file."""
    faults: list[Fault] = []
    stages = stage_names(raw)
    found: dict[str, dict[str, Any]] = {folder: {} for folder in FOLDERS}
    sources: dict[str, r.Source] = {}
    claims: dict[str, r.Claim] = {}
    for file, table in raw.items():
        folder, _, name = file.removesuffix(".toml").rpartition("/")
        reader = Reader(file, None if folder == "staging" else stages, faults)  # a stage rests on findings alone
        if folder == "sources":
            read_sources(reader, table, sources)
        elif folder in FOLDERS:
            record = reader.record(FOLDERS[folder], table, "")
            if record is not None and record.id != name:
                reader.fault("id", f"is {record.id!r}, but the file is called {name}.toml.")
            found[folder][name] = record
        elif file == "review_2025.toml":
            listed = table.get("claim", [])
            entries = listed if isinstance(listed, list) else [listed]
            read = [reader.record(r.Claim, claim, label(claim, i)) for i, claim in enumerate(entries, 1)]
            claims = {claim.id: claim for claim in read if claim is not None}
    if not faults:
        knowledge = r.Knowledge(version, sources, claims=claims, **found)
        faults = list(broken_references(knowledge))
    if faults:
        raise KnowledgeError(faults)
    return knowledge


def stage_names(raw: Mapping[str, Mapping[str, Any]]) -> Mapping[str, tuple[str, ...]]:
    """The stages of each system, which conditions may ask for; a faulty list is told when its file is read."""
    found = {}
    for file, table in raw.items():
        if file.startswith("staging/") and isinstance(table.get("id"), str):
            with suppress(TypeError):
                found[table["id"]] = words(table.get("order"))
    return found


def read_sources(reader: Reader, table: Mapping[str, Any], sources: dict[str, r.Source]) -> None:
    for key, entry in table.items():
        if key in sources:
            reader.fault(f"[{key}]", "is already in another file; a work stands once.")
        source = reader.record(r.Source, {"key": key, **entry} if isinstance(entry, dict) else entry, f"[{key}]")
        if source is not None:
            if not (source.link or source.via):
                reader.fault(f"[{key}]", "needs a doi, pmid, pmc or url, or via = the source that cites it.")
            sources[key] = source


def broken_references(knowledge: r.Knowledge) -> Iterator[Fault]:
    """Names in one record that no other record bears: sources, treatments, settings, stages, claims."""
    yield from doubled_works(knowledge.sources)
    for folder in FOLDERS:
        for record in getattr(knowledge, folder).values():
            file = f"{folder}/{record.id}.toml"
            yield from check_parts(record, file, knowledge)
    for system in knowledge.staging.values():
        yield from check_stages(system, f"staging/{system.id}.toml")
    for guideline in knowledge.guidelines.values():
        for position in guideline.position:
            for treatment in sorted(set(position.treatments) - knowledge.treatments.keys()):
                yield Fault(f"guidelines/{guideline.id}.toml", f"{position.id}: no treatment is called {treatment!r}.")
    for record in knowledge.treatments.values():
        for name in sorted(set(record.claims) - knowledge.claims.keys()):
            yield Fault(f"treatments/{record.id}.toml", f"claims: no claim is called {name!r}.")
    for claim in knowledge.claims.values():
        yield from check_claim(claim, knowledge)


def check_stages(system: r.StagingSystem, file: str) -> Iterator[Fault]:
    for name in sorted({row.id for row in system.stage} ^ set(system.order)):
        yield Fault(file, f"stage {name!r} stands in order or in a row, but not in both.")
    for name in sorted({name for overlap in system.overlap for name in overlap.stages} - set(system.order)):
        yield Fault(file, f"overlap: no stage is called {name!r}.")


def check_claim(claim: r.Claim, knowledge: r.Knowledge) -> Iterator[Fault]:
    for address in claim.lives_in:
        if not exists(address, knowledge):
            yield Fault("review_2025.toml", f"{claim.id} lives in {address!r}, which does not exist.")
    for key in sorted(set(claim.references) - knowledge.sources.keys()):
        yield Fault("review_2025.toml", f"{claim.id}: source {key!r} is not in sources/.")


def exists(address: str, knowledge: r.Knowledge) -> bool:
    """Whether there is such a finding (`findings/<name>`), record or row (`<folder>/<id>#<row>`)."""
    folder, _, place = address.partition("/")
    name, _, row = place.partition("#")
    if folder == "findings":
        return name in vocabulary()
    record = getattr(knowledge, folder).get(name) if folder in FOLDERS else None
    return record is not None and (not row or any(getattr(part, "id", None) == row for _, part in parts(record)))


def doubled_works(sources: Mapping[str, r.Source]) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for key, source in sources.items():
        if source.via and source.via not in sources:
            yield Fault(f"sources [{key}]", f"via {source.via!r} is not in sources/.")
        for address in filter(None, (source.doi, source.pmid, source.pmc, source.url)):
            if first := seen.get(address.lower()):
                yield Fault(f"sources [{key}]", f"{address} stands in [{first}] too; a work stands once.")
            seen[address.lower()] = key


def check_parts(record: Any, file: str, knowledge: r.Knowledge) -> Iterator[Fault]:
    """Sources and settings named anywhere in one record, and ids used twice."""
    settings = {setting.id for setting in record.setting}
    for place, part in parts(record):
        for key in (*getattr(part, "source", ()), *getattr(part, "certainty_source", ())):
            if key not in knowledge.sources:
                yield Fault(f"{file} {place}".strip(), f"source {key!r} is not in sources/.")
        setting = getattr(part, "setting", None)
        if isinstance(setting, str) and setting not in settings:
            yield Fault(f"{file} {place}".strip(), f"setting {setting!r} is not among its [[setting]]s.")
        if isinstance(part, r.Statement) and (fault := wrong_share(part)):
            yield Fault(f"{file} {place}", fault)
    for name in ("rule", "position"):
        ids = [part.id for part in getattr(record, name, ())]
        for twice in sorted({each for each in ids if ids.count(each) > 1}):
            yield Fault(file, f"two {name}s are called {twice!r}.")


def wrong_share(harm: r.Statement) -> str:
    """What is wrong with the numbers of a statement; "" where nothing is."""
    counts = [count for count in (harm.events, harm.total) if count is not None]
    percents = [percent for percent in (harm.percent_low, harm.percent_high) if percent is not None]
    if (len(counts), len(percents)) not in ((0, 0), (2, 0), (0, 2)):
        return "its share is either events and total or percent_low and percent_high, both numbers of the pair."
    if counts and not 0 <= counts[0] <= counts[1] > 0:
        return f"{counts[0]} events among {counts[1]}; events go from 0 to total, and total is 1 or more."
    if percents and not 0 <= percents[0] <= percents[1] <= 100:
        return f"percent_low {percents[0]} to percent_high {percents[1]}; both lie between 0 and 100, the lower first."
    return ""


def parts(record: Any) -> Iterator[tuple[str, Any]]:
    """A record and every table inside it, with its place."""
    yield "", record
    cls: type = type(record)
    for name in fields_of(cls):
        value = getattr(record, name)
        if isinstance(value, tuple):
            for number, item in enumerate(value, 1):
                if type(item).__name__ in PARTS:
                    yield f"{name} {getattr(item, 'id', None) or number}", item


@cache
def knowledge() -> r.Knowledge:
    """Everything Osteon knows, read and checked once.

    Raises
    ------
    KnowledgeError
        With every fault of every file.
    """
    contents = {name: path.read_bytes() for name, path in sorted(knowledge_files())}
    return read_knowledge(parsed(contents), f"{RELEASE}+{digest_of(everything())[:12]}")


def everything() -> Mapping[str, bytes]:
    """Every file an answer may rest on: the records, the studies, the vocabulary, and the settings of each step."""
    root = Path(__file__).parents[1]
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*.toml"))}


def knowledge_files() -> Iterator[tuple[str, Path]]:
    """The name and path of every file of knowledge."""
    root = Path(__file__).parent
    for folder in ("sources", *FOLDERS):
        for path in root.joinpath(folder).glob("*.toml"):
            yield f"{folder}/{path.name}", path
    yield "review_2025.toml", root / "review_2025.toml"
