"""Which rules does a code concern? The mapping turned round: from type of resource and code to its rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any, NamedTuple, TypeVar

from osteon.case.answer import Answer
from osteon.fhir.mapping import AnswerTable, Mapped, ResourceType, Row, System
from osteon.fhir.resources import Coded, Coding

Path = tuple[str, ...]
T = TypeVar("T")
LONGEST_CODE = 32  # characters that are compared; the longest code of the mapped systems has 18

Meant = tuple[tuple[int, Answer], ...]


class Element(NamedTuple):
    """An element by our attribute's name and by FHIR's."""

    attribute: str
    fhir: str


@dataclass(frozen=True, slots=True)
class TypeLookup:
    """What is asked of one type of resource: where its elements are, and the rules of each code."""

    codes: tuple[Path, ...]
    dates: tuple[Path, ...]
    status: Element
    gates: tuple[tuple[Element, AnswerTable], ...]
    route: Path
    by_code: Mapping[tuple[str | None, str | None], Meant]
    for_text: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """A mapping ready to be asked. `systems` names each code system by URI; `categories` are those with categories."""

    mapped: Mapped
    systems: Mapping[str | None, str]
    categories: Mapping[str | None, System]
    types: Mapping[str, TypeLookup]
    rows: Mapping[tuple[str | None, str | None], Row]

    def rules(self, kind: TypeLookup, codings: Iterable[Coding]) -> dict[int, Answer]:
        """The rules that any of the codings concerns: yes, or unknown where the code leaves it open."""
        found: dict[int, Answer] = {}
        for coding in codings:
            for meant in self.entries(coding, kind.by_code):
                for rule, means in meant:
                    if means is Answer.YES or rule not in found:
                        found[rule] = means
        return found

    def row(self, coding: Coding) -> Row | None:
        """What the table of diagnoses says of a code: its longest row."""
        return next(iter(self.entries(coding, self.rows)), None)

    def entries(self, coding: Coding, table: Mapping[tuple[str | None, str | None], T]) -> Sequence[T]:
        """Everything that a table says of a code, and of the categories it belongs to, the narrowest first."""
        system = self.categories.get(coding.system)
        if system is None:
            found = table.get((coding.system, coding.code))
            return () if found is None else (found,)
        code = system.plain(coding.code or "")[:LONGEST_CODE]
        parts = ((coding.system, code[:length]) for length in range(len(code), 0, -1))
        return [table[part] for part in parts if part in table]


@cache
def lookup(mapped: Mapped) -> Lookup:
    systems: dict[str | None, str] = {uri: name for name, system in mapped.systems.items() for uri in system.uris}
    return Lookup(
        mapped,
        systems,
        {uri: mapped.systems[name] for uri, name in systems.items() if mapped.systems[name].categories},
        {name: type_lookup(name, each, mapped) for name, each in mapped.resources.items()},
        {
            (uri, row.code): row
            for rule in mapped.rules
            for row in rule.value_set.rows
            for uri in mapped.systems[row.system].uris
        },
    )


def type_lookup(name: str, resource: ResourceType, mapped: Mapped) -> TypeLookup:
    by_code: dict[tuple[str | None, str | None], list[tuple[int, Answer]]] = {}
    own = [(number, rule) for number, rule in enumerate(mapped.rules) if rule.resource == name]
    for number, rule in own:
        for means, listed in ((Answer.YES, rule.value_set.codes), (Answer.UNKNOWN, rule.value_set.possible)):
            for system, codes in listed.items():
                for uri, code in product(mapped.systems[system].uris, codes):
                    by_code.setdefault((uri, code), []).append((number, means))
    return TypeLookup(
        tuple(path(each) for each in resource.codes),
        tuple(path(each) for each in resource.dates),
        Element(attribute(resource.status), resource.status),
        tuple((Element(attribute(name), name), table) for name, table in resource.gates.items()),
        path(resource.route or ""),
        {key: tuple(meant) for key, meant in by_code.items()},
        tuple(number for number, rule in own if rule.text_only),
    )


def path(fhir: str) -> Path:
    return tuple(attribute(part) for part in fhir.split(".") if part)


def attribute(element: str) -> str:
    """An element's name as the records of `resources.py` have it.

    Examples
    --------
    >>> attribute("onsetDateTime")
    'onset_date_time'
    """
    return re.sub(r"([A-Z])", lambda found: "_" + found[1].lower(), element)


def values(record: Any, along: Path) -> list[Any]:
    """Everything that stands at a path, through all lists on the way."""
    found = [record]
    for name in along:
        found = [each for holder in found for each in listed(getattr(holder, name, None))]
    return found if along else []


def listed(element: Any) -> Iterable[Any]:
    if element is None:
        return ()
    return [each for each in element if each is not None] if isinstance(element, list) else (element,)


def word(element: Any, named: Mapping[str, Any]) -> str | None:
    """A status as one word: of several codings the one that the table names; None where the element is missing."""
    if isinstance(element, Coded):
        codes = [coding.code for coding in element.codings()]
        return next((code for code in codes if code in named), codes[0] if codes else "text")
    if isinstance(element, bool):
        return "true" if element else "false"
    return None if element is None else str(element)


def local(reference: str) -> str:
    """A reference as the resources of one record name each other: type and id, without server and version.

    Examples
    --------
    >>> local("https://example.org/fhir/Patient/7/_history/2"), local("urn:uuid:5")
    ('Patient/7', 'urn:uuid:5')
    """
    if reference.count("/") == 1 or reference.startswith("urn:"):
        return reference
    return "/".join(reference.partition("/_history/")[0].split("/")[-2:])
