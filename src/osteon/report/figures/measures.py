"""How is an effect measure called, on which scale is it drawn, and how are its numbers printed?"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

MINUS = "−"
NOT_ESTIMABLE = "not estimable"
INTERVAL = "(95 % interval)"


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of effect: its name, the value that stands for no effect, and the scale on which it is symmetric."""

    name: str
    null: float | None
    scale: str  # log | linear | percent


MEASURES = {
    "RR": Measure("risk ratio", 1.0, "log"),
    "OR": Measure("odds ratio", 1.0, "log"),
    "HR": Measure("hazard ratio", 1.0, "log"),
    "IRR": Measure("rate ratio", 1.0, "log"),
    "RD": Measure("risk difference", 0.0, "linear"),
    "MD": Measure("mean difference", 0.0, "linear"),
    "SMD": Measure("standardised mean difference", 0.0, "linear"),
    "PR": Measure("proportion", None, "percent"),
}


def column_name(measure: Measure) -> str:
    """What stands above a column of effects."""
    return f"{measure.name.capitalize()}{', %' if measure.scale == 'percent' else ''}"


def interval_words(measure: Measure, values: tuple[float, float, float], digits: int) -> str:
    """Estimate and interval as printed in a column.

    Examples
    --------
    >>> interval_words(MEASURES["RR"], (0.616, 0.4, 26.04), 2)
    '0.62 (0.40 to 26.0)'
    >>> interval_words(MEASURES["PR"], (0.25, 0.1, 0.5), 2)
    '25 (10 to 50)'
    """
    if not math.isfinite(values[0]):
        return NOT_ESTIMABLE
    estimate, low, high = (numeral(measure, value, digits) for value in values)
    return f"{estimate} ({low} to {high})"


def range_words(measure: Measure, low: float, high: float, digits: int) -> str:
    return f"{numeral(measure, low, digits)} to {numeral(measure, high, digits)}"


def numeral(measure: Measure, value: float, digits: int) -> str:
    """One value of a measure as printed: a proportion in percent, a ratio with two decimals below ten."""
    if not math.isfinite(value):
        return "no limit"
    if measure.scale == "percent":
        return percent(100 * value)
    if measure.scale == "log":
        return ratio(value)
    rounded = round(value, digits) + 0.0
    return f"{abs(rounded):.{digits}f}" if rounded >= 0 else f"{MINUS}{abs(rounded):.{digits}f}"


def percent(value: float) -> str:
    """A share of a hundred without decimals, save that little is not nothing and nearly all is not all.

    Examples
    --------
    >>> percent(23.4), percent(0.2), percent(99.8), percent(0.0)
    ('23', '<1', '>99', '0')
    """
    if 0 < value < 0.5:
        return "<1"
    return ">99" if 99.5 <= value < 100 else f"{value:.0f}"


def ratio(value: float) -> str:
    """A ratio with three figures where they mean something.

    Examples
    --------
    >>> ratio(0.5), ratio(12.34), ratio(250.1), ratio(0.001), ratio(4000)
    ('0.50', '12.3', '250', '<0.01', '>1000')
    """
    if 0 < value < 0.005:
        return "<0.01"
    if value >= 999.5:
        return ">1000"
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"


def decimals(values: Iterable[float]) -> int:
    """Decimals for a column of differences, so that the largest has at least two figures.

    Examples
    --------
    >>> decimals([0.12, -0.4]), decimals([-12.0, 3.0]), decimals([140.0])
    (2, 1, 0)
    """
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    return 2 if largest < 10 else 1 if largest < 100 else 0


def p_words(p: float) -> str:
    """A p value as printed.

    Examples
    --------
    >>> p_words(0.0312), p_words(0.00002)
    ('p 0.031', 'p <0.001')
    """
    return "p <0.001" if p < 0.001 else f"p {p:.3f}" if p < 0.1 else f"p {p:.2f}"
