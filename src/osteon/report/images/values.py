"""Which measured number is meant, and how is it said?"""

from __future__ import annotations

from osteon.anatomy import Arc
from osteon.imaging.examination import Examination
from osteon.imaging.series import Measured, Measurement

# How often a unit is written out in words; others are written as they are.
UNIT_SIGNS = {"deg": "°", "%": " %", "mm2": " mm²", "mL": " ml", "1": "", "": ""}


def measured(examination: Examination, name: str, convention: str = "") -> Measurement | None:
    """The measurement of a name, of the first convention where none is asked for; None where it was not taken."""
    for each in examination.measurements:
        if each.name == name and convention in ("", each.convention):
            return each
    return None


def number(examination: Examination, name: str, convention: str = "") -> float | None:
    """Its value where that is a number, else None."""
    found = measured(examination, name, convention)
    return float(found.value) if found is not None and isinstance(found.value, int | float) else None


def has_lesion(examination: Examination) -> bool:
    """Whether any voxel is marked."""
    return bool(examination.lesion.volume.array.any())


def arc_between(examination: Examination, begin: str, end: str) -> Arc | None:
    """The arc between two measured ends on a mid plane, None where there is none; it may pass below.

    A full circle has both ends at one place.
    """
    first, last = number(examination, begin), number(examination, end)
    if first is None or last is None:
        return None
    return Arc(first, last if last > first else last + 360.0)


def bearing_arc(examination: Examination) -> Arc | None:
    """The weight-bearing part of the acetabulum on the mid-coronal plane, None where it was not measured."""
    medial = number(examination, "weight_bearing_medial_end_deg")
    lateral = number(examination, "centre_edge_angle_deg")
    return None if medial is None or lateral is None or lateral <= medial else Arc(medial, lateral)


def value_text(value: Measured | None, unit: str = "") -> str:
    """A value with its unit: as many digits as it is sure to, words as they are.

    Examples
    --------
    >>> value_text(27.93, "%"), value_text(213.0, "deg"), value_text("C2"), value_text((1.0, 2.0, -3.25), "mm")
    ('27.9 %', '213°', 'C2', '1.0, 2.0, −3.2 mm')
    """
    sign = UNIT_SIGNS.get(unit, f" {unit}")
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return ", ".join(digits(part, unit) for part in value) + sign
    return digits(float(value), unit) + sign


def digits(value: float, unit: str) -> str:
    """A number as text: whole degrees and square millimetres, else one digit after the point; a true minus sign."""
    text = f"{value:.0f}" if unit in ("deg", "mm2") else f"{value:.1f}"
    return text.replace("-", "−") if float(text.replace("-0.0", "0")) else text.removeprefix("-")


def interval_text(each: Measurement) -> str:
    """Its interval over all readings, "" where nothing was varied; a point tells how far it may lie to either side."""
    low, high = each.low, each.high
    if low is None or high is None:
        return ""
    if isinstance(low, tuple) and isinstance(high, tuple):
        return f"± {(high[0] - low[0]) / 2:.1f} mm along each axis"
    if low == high == each.value:
        return "the same in every reading"
    return (
        f"{value_text(low)} to {value_text(high, each.unit)}" if isinstance(low, str) else number_range(low, high, each)
    )


def number_range(low: Measured, high: Measured, each: Measurement) -> str:
    """Two numbers with their unit once."""
    if isinstance(low, float | int) and isinstance(high, float | int):
        return f"{digits(low, each.unit)} to {digits(high, each.unit)}{UNIT_SIGNS.get(each.unit, f' {each.unit}')}"
    return f"{low} to {high}"
