"""Which resource of a hospital's record answers which finding, and how? `mapping.toml`, read and checked.

The reader of bundles (`findings.py`) and the SQL of cohorts are both made from these records, so that a patient gets
the same answers alone and among a million.

A rule asks one finding of one type of resource. A resource that has a code of the rule's value set gives an answer in
three values; the answer is Kleene's "and" of

- the match: yes for a code in `codes`; unknown for one in `possible` (yes, if one of `routes` is given with it), and,
  where the rule says `text_only`, unknown for a resource that has words and no coding at all;
- the status table of the rule, asked of the resource's `status` element;
- every gate of the resource type, such as verificationStatus or intent.

If any of these says "ignored" (None here), the resource says nothing, as if it were not there. So does one that is
dated after the day of assessment, or before the rule's `within_days`; one without date is then unknown.

The finding is Kleene's "or" of what all resources answer, whatever their type: one yes makes yes, else one unknown
makes unknown, else no. Where no resource says anything, it is unknown; with the whole record at hand, a `closed`
finding is then "no".

A rule for a quantity takes the newest Observation (by instant; time zones count; a date without a time is its first
moment in UTC; one without date is older than all others) whose status table says yes and whose value can be converted.
Components count like observations. Several at the same newest instant give the range from the lowest to the highest. A
comparator makes an interval: "<30" is all from the lowest legal value to just below 30.

Codes are compared without regard to display text. In a system of categories (ICD, ATC) dots and case do not count, and
a code stands for all that begin with it; the site and side of an ICD-10-CM code come from the longest row of
`osteonecrosis.csv` that its code begins with.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from osteon.case.answer import Answer
from osteon.case.toml_files import read_own
from osteon.case.vocabulary import vocabulary
from osteon.errors import Fault, KnowledgeError

HERE = Path(__file__).parent
WORDS: Mapping[str, Answer | None] = {
    "yes": Answer.YES,
    "no": Answer.NO,
    "unknown": Answer.UNKNOWN,
    "ignored": None,
}


@dataclass(frozen=True, slots=True)
class System:
    """A code system: every URI by which it comes, and whether a code stands for all that begin with it."""

    uris: tuple[str, ...]
    categories: bool = False

    def plain(self, code: str) -> str:
        """A code as it is compared: without dots and in capitals where the system has categories.

        Examples
        --------
        >>> System(("http://hl7.org/fhir/sid/icd-10-cm",), categories=True).plain("m87.051")
        'M87051'
        """
        return code.strip().replace(".", "").upper() if self.categories else code.strip()


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """What each value of one element says; None where it says nothing."""

    named: Mapping[str, Answer | None]
    absent: Answer | None
    other: Answer | None

    def answer(self, value: str | None) -> Answer | None:
        return self.absent if value is None else self.named.get(value, self.other)


@dataclass(frozen=True, slots=True)
class Row:
    """One code that means a diagnosis, with the site and side it names; None where it names none."""

    system: str
    code: str
    means: Answer
    cause: str | None
    site: str | None
    side: str | None


@dataclass(frozen=True, slots=True)
class ValueSet:
    """Codes that mean one thing: by system, in the form in which they are compared (`System.plain`)."""

    name: str
    codes: Mapping[str, tuple[str, ...]]
    possible: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    routes: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """Where a type of resource keeps what rules ask; paths in FHIR's element names."""

    name: str
    whom: str
    codes: tuple[str, ...]
    status: str
    dates: tuple[str, ...]
    gates: Mapping[str, AnswerTable]
    route: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """How one type of resource answers one finding; `units` maps each accepted unit of a quantity to its factor."""

    finding: str
    resource: str
    value_set: ValueSet
    status: AnswerTable
    closed: bool = False
    within_days: int | None = None
    text_only: bool = False
    units: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_quantity(self) -> bool:
        return vocabulary()[self.finding].kind == "quantity"


@dataclass(frozen=True, slots=True)
class JointSite:
    """The joint that a coded site stands for, and what was read into the code to say so."""

    joint: str
    reading: str = ""


@dataclass(frozen=True, slots=True)
class BodySite:
    """A coded body site: the site in the words of the diagnosis table, and the side if it names one."""

    site: str
    side: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """The whole mapping: see the module's text."""

    systems: Mapping[str, System]
    resources: Mapping[str, ResourceType]
    rules: tuple[Rule, ...]
    sites: Mapping[str, JointSite]
    body_sites: Mapping[str, BodySite]
    sides: Mapping[str, str]
    later_records: bool

    @property
    def closed(self) -> tuple[str, ...]:
        """Findings that are "no" where the whole record is at hand and nothing in it speaks of them."""
        return tuple(dict.fromkeys(rule.finding for rule in self.rules if rule.closed))


@cache
def mapping(own: Path | None = None) -> Mapped:
    """Osteon's mapping, or one with the tables of the file `own` in place of those of the same name.

    A file of one's own that names findings replaces all of Osteon's: its `[finding]` tables are then the only rules.

    Raises
    ------
    KnowledgeError
        With everything in the file that cannot be used.

    Examples
    --------
    >>> [rule.resource for rule in mapping().rules if rule.finding == "pregnant"]
    ['Condition']
    """
    tables = dict(read_own(HERE / "mapping.toml"))
    if own is not None:
        given = tomllib.loads(own.read_text("utf-8"))
        for name, table in given.items():
            tables[name] = table if name == "finding" else {**tables.get(name, {}), **table}
    try:
        return mapped(tables)
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise KnowledgeError([Fault((own or HERE / "mapping.toml").name, f"cannot be used: {wrong}")]) from None


def mapped(tables: Mapping[str, Any]) -> Mapped:
    """The records that the tables of a mapping file hold."""
    systems = {name: System(tuple(raw["uris"]), raw.get("categories", False)) for name, raw in tables["system"].items()}
    gates = {name: answer_table(raw) for name, raw in tables["gate"].items()}
    return Mapped(
        systems,
        {name: resource_type(name, raw, gates) for name, raw in tables["resource"].items()},
        tuple(rules(tables, systems)),
        {name: JointSite(**raw) for name, raw in tables["site"].items()},
        {code: BodySite(**raw) for code, raw in tables["body_site"].items()},
        dict(tables["side"]),
        {"ignored": False, "counted": True}[tables["setting"]["later_records"]],
    )


def answer_table(raw: Mapping[str, str]) -> AnswerTable:
    named = {value: WORDS[word] for value, word in raw.items() if value not in ("absent", "other")}
    return AnswerTable(named, WORDS[raw["absent"]], WORDS[raw["other"]])


def resource_type(name: str, raw: Mapping[str, Any], gates: Mapping[str, AnswerTable]) -> ResourceType:
    return ResourceType(
        name,
        raw["whom"],
        tuple(raw["codes"]),
        raw["status"],
        tuple(raw["dates"]),
        {element: gates[table] for element, table in raw.get("gates", {}).items()},
        raw.get("route"),
    )


def rules(tables: Mapping[str, Any], systems: Mapping[str, System]) -> Iterator[Rule]:
    """Every rule of every finding, in the order of the file."""
    for finding, raw in tables["finding"].items():
        definition = vocabulary()[finding]
        name = raw.get("codes")
        chosen = tables["value_set"][name] if name else {"codes": definition.codes, "source": "findings.toml"}
        values = value_set(name or finding, chosen, systems)
        units = {definition.unit: 1.0, **definition.also, **raw.get("units", {})} if definition.unit else {}
        for resource in (key for key in raw if key in tables["resource"]):
            yield Rule(
                finding,
                resource,
                values,
                answer_table(tables["status"][resource][raw[resource]]),
                raw.get("closed", False),
                raw.get("within_days"),
                raw.get("text_only", False),
                units,
            )


def value_set(name: str, raw: Mapping[str, Any], systems: Mapping[str, System]) -> ValueSet:
    """A value set in the form in which codes are compared; one with a table takes its codes from there."""
    if "table" in raw:
        rows = tuple(table_rows(raw["table"], systems))
        return ValueSet(
            name, by_system(rows, Answer.YES), by_system(rows, Answer.UNKNOWN), rows=rows, source=raw["source"]
        )

    def plain(codes: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
        return {system: tuple(systems[system].plain(code) for code in listed) for system, listed in codes.items()}

    return ValueSet(
        name, plain(raw["codes"]), plain(raw.get("possible", {})), tuple(raw.get("routes", ())), (), raw["source"]
    )


def table_rows(file: str, systems: Mapping[str, System]) -> Iterator[Row]:
    with (HERE / file).open(encoding="utf-8", newline="") as lines:
        for raw in csv.DictReader(lines):
            named = {key: None if value == "unspecified" else value for key, value in raw.items()}
            system = raw["system"]
            code, means = systems[system].plain(raw["code"]), Answer(raw["means"])
            yield Row(system, code, means, named["cause"], named["site"], named["side"])


def by_system(rows: tuple[Row, ...], means: Answer) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.means is means:
            found.setdefault(row.system, []).append(row.code)
    return {system: tuple(codes) for system, codes in found.items()}
