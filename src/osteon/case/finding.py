"""What is known about one fact, and where it comes from; and all that is known about one joint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from osteon.case.answer import Answer
from osteon.case.possible import Interval, Items, Possible, inside
from osteon.case.vocabulary import vocabulary

Value = bool | float | str | tuple[str, ...] | date


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact: the values it may have, where it comes from, and when it was found.

    `value` is what was written down, in the vocabulary's unit; None where only a range is known.
    `origin` is stated (in the case), measured (on images), derived (by a formula) or implied (by another finding).
    """

    name: str
    possible: Possible
    value: Value | None
    origin: str = "stated"
    source: str = "case file"
    on: str | None = None

    @property
    def unit(self) -> str | None:
        """UCUM unit of `value`; None where the fact has no unit."""
        return vocabulary()[self.name].unit

    @property
    def interval(self) -> tuple[float, float] | None:
        """Lowest and highest possible value of a quantity; None for other kinds."""
        return (self.possible.low, self.possible.high) if isinstance(self.possible, Interval) else None


def settled(possible: Possible) -> Value | None:
    """The one value left; None while several are possible."""
    if isinstance(possible, frozenset):
        return next(iter(possible)) if len(possible) == 1 else None
    if isinstance(possible, Items):
        return tuple(sorted(possible.values))
    return possible.low if possible.low == possible.high else None


@dataclass(frozen=True, slots=True)
class Findings(Mapping[str, Finding]):
    """Everything known about one joint of one patient, by finding name. A name that is missing is unknown."""

    known: Mapping[str, Finding] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Finding:
        return self.known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)

    def answer(self, name: str) -> Answer:
        """Whether a yes-no finding is present.

        Examples
        --------
        >>> Findings().answer("crescent_sign")
        <Answer.UNKNOWN: 'unknown'>
        """
        return inside(self.possible(name), frozenset({True}))

    def possible(self, name: str) -> Possible | None:
        """The values the finding may have; None when nothing is known of it."""
        finding = self.known.get(name)
        return None if finding is None else finding.possible
