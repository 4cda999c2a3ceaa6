"""What is one study's contribution to a pool?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cache
from numbers import Real
from typing import cast

from osteon.errors import Fault, InputError

Z = 1.959963984540054  # 97.5 % point of the normal distribution: half of a two-sided 95 % interval
MEASURES = ("RR", "OR", "RD", "MD", "SMD", "HR", "IRR", "PR")
RATIOS = ("RR", "OR", "HR", "IRR")  # pooled on the log scale
LARGEST = 1e9  # of any number of a row; beyond it, two studies would no longer both count in double precision
LARGEST_LOG = 20.0  # of a log ratio, a logit or their standard error; a ratio of 500 million is nobody's finding


@dataclass(frozen=True, slots=True)
class Counts:
    """People or joints with the event in two groups; the effect is group 1 against group 2.

    Examples
    --------
    >>> Counts("Lai 2005", events_1=1, total_1=29, events_2=16, total_2=25).total_2
    25
    """

    study: str
    events_1: int
    total_1: int
    events_2: int
    total_2: int


@dataclass(frozen=True, slots=True)
class Means:
    """Mean and standard deviation in two groups; the effect is group 1 minus group 2.

    Examples
    --------
    >>> Means("Lai 2005", mean_1=74.4, sd_1=7.8, n_1=29, mean_2=49.2, sd_2=9.2, n_2=25).n_1
    29
    """

    study: str
    mean_1: float
    sd_1: float
    n_1: int
    mean_2: float
    sd_2: float
    n_2: int


@dataclass(frozen=True, slots=True)
class Rates:
    """Events and the time at risk (any unit, the same in both groups); the effect is group 1 against group 2.

    Examples
    --------
    >>> Rates("SPAF 1991", events_1=8, time_1=263, events_2=19, time_2=245).time_1
    263
    """

    study: str
    events_1: int
    time_1: float
    events_2: int
    time_2: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """An effect with its standard error, both on the scale that is pooled.

    That is the log for RR, OR, HR and IRR, the logit for PR, and the plain effect for RD, MD and SMD.

    Examples
    --------
    >>> Estimate("Registry", effect=0.365, se=0.11).se
    0.11
    """

    study: str
    effect: float
    se: float


@dataclass(frozen=True, slots=True)
class Single:
    """People or joints with the event in one group.

    Examples
    --------
    >>> Single("Veillette 2006", events=9, total=58).events
    9
    """

    study: str
    events: int
    total: int


@dataclass(frozen=True, slots=True)
class CountArm:
    """One arm of a trial: people or joints with the event.

    Examples
    --------
    >>> CountArm("Lai 2005", "alendronate", events=1, total=29).treatment
    'alendronate'
    """

    study: str
    treatment: str
    events: int
    total: int


@dataclass(frozen=True, slots=True)
class MeanArm:
    """One arm of a trial: mean and standard deviation.

    Examples
    --------
    >>> MeanArm("Lai 2005", "alendronate", mean=74.4, sd=7.8, n=29).sd
    7.8
    """

    study: str
    treatment: str
    mean: float
    sd: float
    n: int


@dataclass(frozen=True, slots=True)
class Contrast:
    """One comparison within a trial: treatment 1 against treatment 2, on the scale that is pooled (log of a ratio).

    Examples
    --------
    >>> Contrast("Registry", "resurfacing", "replacement", effect=0.3, se=0.1).treatment_2
    'replacement'
    """

    study: str
    treatment_1: str
    treatment_2: str
    effect: float
    se: float


Row = Counts | Means | Rates | Estimate | Single
NetworkRow = CountArm | MeanArm | Contrast

# What a measure can be made of.
ROWS: dict[str, tuple[type, ...]] = {
    "RR": (Counts, Estimate),
    "OR": (Counts, Estimate),
    "RD": (Counts, Estimate),
    "MD": (Means, Estimate),
    "SMD": (Means, Estimate),
    "HR": (Estimate,),
    "IRR": (Rates, Estimate),
    "PR": (Single, Estimate),
}


def check_rows(rows: Sequence[Row], measure: str) -> None:
    """Nothing when every row can be pooled as `measure`; otherwise `InputError` with all faults.

    Parameters
    ----------
    rows
        One row per study. Two rows may share a name (two papers of an author), but not all their numbers.
    measure
        One of `MEASURES`.

    Examples
    --------
    >>> check_rows([Single("A", 1, 9)], "RR")
    Traceback (most recent call last):
    osteon.errors.InputError: rows has 1 fault
      A: is Single, but RR is made of Counts or Estimate.
    """
    if measure not in MEASURES:
        raise InputError("measure", [Fault("", f"{measure!r} is not a measure; choose from {', '.join(MEASURES)}.")])
    faults = [Fault("", "there is no study. Give at least one.")] if not rows else []
    seen = set()
    for row in rows:
        if row in seen:
            faults.append(Fault(row.study, "occurs twice with the same numbers. One study counts once; take one out."))
        seen.add(row)
        if not isinstance(row, ROWS[measure]):
            faults.append(Fault(row.study, f"is {type(row).__name__}, but {measure} is made of {made_of(measure)}."))
        else:
            faults += [Fault(f"{row.study}, {where}", message) for where, message in faults_in(row, measure)]
    if faults:
        raise InputError("rows", faults)


def made_of(measure: str) -> str:
    """The kinds of row a measure accepts, in words."""
    return " or ".join(kind.__name__ for kind in ROWS[measure])


def faults_in(row: Row | NetworkRow, measure: str = "") -> Iterator[tuple[str, str]]:
    """Each field of a row that cannot be, with what is wrong and what is accepted.

    Examples
    --------
    >>> list(faults_in(Single("A", events=12, total=9)))
    [('events', '12 events are more than the total of 9.')]
    """
    kind: type = type(row)
    unusable = [name for name in names_of(kind) if not abs(number(row, name)) <= LARGEST]
    yield from ((name, f"{getattr(row, name)!r} is not a number up to {LARGEST:.0e}.") for name in unusable)
    if unusable:
        return
    for name in names_of(kind):
        if message := fault_of(name, number(row, name)):
            yield name, message
    for events, total in EVENTS_OF.get(kind, ()):
        if number(row, events) > number(row, total) > 0:
            yield events, f"{getattr(row, events)} events are more than the total of {getattr(row, total)}."
    if isinstance(row, Estimate | Contrast) and measure in (*RATIOS, "PR"):
        scale = "logit" if measure == "PR" else "log"
        for name in ("effect", "se"):
            if abs(number(row, name)) > LARGEST_LOG:
                yield (
                    name,
                    f"{number(row, name)} is too large on the {scale} scale. Give it for the {scale} of the effect.",
                )


# Counts of events and what they cannot exceed.
EVENTS_OF: dict[type, tuple[tuple[str, str], ...]] = {
    Counts: (("events_1", "total_1"), ("events_2", "total_2")),
    Single: (("events", "total"),),
    CountArm: (("events", "total"),),
}


def fault_of(name: str, value: float) -> str:
    """What is wrong with one number of a row by itself; empty when nothing is."""
    kind = name.split("_")[0]
    if kind in ("events", "total", "n") and value != int(value):
        return f"{value} is not a whole number."
    if kind == "events" and value < 0:
        return f"{value:g} is below 0."
    if kind == "total" and value < 1:
        return (
            f"{value:g} is an empty group; a group has at least 1. Leave the study out if the group was not reported."
        )
    if kind == "n" and value < 2:
        return f"{value:g} is too small for a standard deviation; a group has at least 2."
    if kind in ("sd", "se", "time") and value < 1 / LARGEST:
        return f"{value:g} is not above 0. If it was not reported, leave the study out."
    return ""


@cache
def names_of(kind: type) -> tuple[str, ...]:
    """The numbers of a kind of row, in order."""
    return tuple(field.name for field in fields(kind) if field.type != "str")


def number(row: Row | NetworkRow, name: str) -> float:
    """One number of a row; not-a-number when it is none."""
    value: object = getattr(row, name)
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    return cast(float, value)
