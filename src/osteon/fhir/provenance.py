"""Where does a finding come from? The resources it rests on, newest first, with their dates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol

from osteon.case.finding import Finding, Value
from osteon.case.possible import Interval
from osteon.fhir.load import Loaded

MOST_NAMED = 3  # resources named with one finding; further ones are counted
UNDATED = datetime.min.replace(tzinfo=UTC)


class Dated(Protocol):
    """A saying or a reading: it has a resource and may have a date."""

    @property
    def loaded(self) -> Loaded: ...

    @property
    def when(self) -> datetime | None: ...


def stated(name: str, value: bool | str, basis: Iterable[Dated], reading: str = "") -> Finding:
    """A finding that resources state; `reading` is what was read into a code to say so."""
    return Finding(name, frozenset({value}), value, "stated", sources(basis, reading), day(basis))


def measured(name: str, possible: Interval, basis: Iterable[Dated]) -> Finding:
    """A quantity that observations give; its value is None where they leave a range."""
    value: Value | None = possible.low if possible.low == possible.high else None
    return Finding(name, possible, value, "stated", sources(basis), day(basis))


def sources(basis: Iterable[Dated], reading: str = "") -> str:
    """The newest resources with their dates, such as `Condition/7 (2021-03-04)`."""
    ordered = sorted(basis, key=moment, reverse=True)
    names = list(dict.fromkeys(named(each) for each in ordered))
    more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return "; ".join(filter(None, (", ".join([*names[:MOST_NAMED], *more]), reading)))


def named(each: Dated) -> str:
    return each.loaded.name + (f" ({each.when.date().isoformat()})" if each.when else "")


def day(basis: Iterable[Dated]) -> str | None:
    """The date of the newest resource."""
    dates = [each.when for each in basis if each.when]
    return max(dates).date().isoformat() if dates else None


def moment(each: Dated) -> datetime:
    return each.when or UNDATED
