"""Which values does a measured quantity leave possible? Units converted, comparators and ranges as intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping

from osteon.case.possible import Interval
from osteon.case.read import converted
from osteon.case.vocabulary import Definition
from osteon.fhir.resources import Quantity, Value


def interval(value: Value, definition: Definition, units: Mapping[str, float]) -> Interval | str:
    """The legal values that an observation's quantity or range leaves possible, or why it says nothing.

    Examples
    --------
    >>> from osteon.case import vocabulary
    >>> asked = vocabulary()["egfr_ml_min_173m2"]
    >>> below = Value(value_quantity=Quantity(value=30, comparator="<", code="mL/min"))
    >>> interval(below, asked, {"mL/min": 1}).high < 30
    True
    """
    if value.value_quantity is not None:
        return of_quantity(value.value_quantity, definition, units)
    both = value.value_range
    if both is None or both.low is None or both.high is None:
        return "it has no value that is a quantity"
    low, high = of_quantity(both.low, definition, units), of_quantity(both.high, definition, units)
    if isinstance(low, str) or isinstance(high, str):
        return low if isinstance(low, str) else str(high)
    return Interval(low.low, high.high) if low.low <= high.high else "its range is upside down"


def of_quantity(quantity: Quantity, definition: Definition, units: Mapping[str, float]) -> Interval | str:
    factor = units.get(quantity.code or "", units.get(quantity.unit or ""))
    if quantity.value is None or not math.isfinite(quantity.value):
        return "it has no value"
    if factor is None:
        return f"its unit is none of {', '.join(units)}"
    assert definition.low is not None and definition.high is not None
    number = converted(quantity.value, factor)
    if not definition.low <= number <= definition.high:
        return f"its value is not {definition.low:g} to {definition.high:g} {definition.unit}"
    return compared(number, quantity.comparator, definition.low, definition.high)


def compared(number: float, comparator: str | None, low: float, high: float) -> Interval | str:
    """What a number with its comparator leaves possible between the lowest and the highest legal value."""
    match comparator:
        case None:
            return Interval(number, number)
        case "<":
            found = Interval(low, math.nextafter(number, -math.inf))
        case "<=":
            found = Interval(low, number)
        case ">=":
            found = Interval(number, high)
        case ">":
            found = Interval(math.nextafter(number, math.inf), high)
        case _:
            return "its comparator is none of <, <=, >= and >"
    return found if found.low <= found.high else "it is compared with the end of the legal range"
