"""How do measurements read as a JSON table, and which findings of a case do they fill?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from osteon.imaging.measure.settings import convention_text, setting_text, settings
from osteon.imaging.measure.shape import UNCLEAR
from osteon.imaging.series import Measured, Measurement


def measurements_dict(measurements: Sequence[Measurement]) -> dict[str, Any]:
    """Measurements as JSON takes them: {"measurements": [{"name", "value", "low", "high", "unit", ...}]}.

    Examples
    --------
    >>> radius = Measurement("head_radius_mm", 24.04, 23.5, 24.5, "mm", "fitted_sphere", "s1", "found in T1 MR")
    >>> measurements_dict([radius])["measurements"][0]["value"]
    24.04
    """
    return {"measurements": [row_of(each) for each in measurements]}


def as_findings(
    measurements: Sequence[Measurement], series: Mapping[str, str] | None = None
) -> dict[str, dict[str, Any]]:
    """The findings of a case that measurements fill, each as it would stand in the case file.

    Only where the finding's definition agrees with the measurement's (table `finding` of settings.toml); a yes or no,
    or a choice, only when both ends of the interval agree on it.

    Parameters
    ----------
    series
        What each series is, by its id, for the source sentence: {"s1": "T1 coronal"}.

    Examples
    --------
    >>> radius = Measurement("head_diameter_mm", 48.0, 47.0, 49.0, "mm", "fitted_sphere", "s1", "found in T1 MR")
    >>> as_findings([radius], {"s1": "T1 coronal"})["head_diameter_mm"]["source"]
    'measured on series s1 (T1 coronal) by the convention fitted sphere, found in T1 MR'
    """
    by_key = {(each.name, each.convention): each for each in measurements}
    filled = {}
    for name, row in settings()["finding"].items():
        each = by_key.get((row["measurement"], row["convention"]))
        if each is None or set(row.get("unless", ())) & set(each.settings):
            continue
        amount = finding_value(row, each)
        if amount is not None:
            filled[name] = amount | {"source": source_text(each, series or {})}
    return filled


def row_of(each: Measurement) -> dict[str, Any]:
    """One measurement with the texts of its convention and settings; no value, where the images do not show it."""
    return {
        "name": each.name,
        "value": None if each.value == UNCLEAR else plain(each.value),
        "low": plain(each.low),
        "high": plain(each.high),
        "unit": each.unit,
        "convention": each.convention,
        "series": each.series,
        "author": each.author,
        "border": each.border,
        "convention_text": convention_text(each.convention),
        "settings": {name: setting_text(name) for name in each.settings},
    }


def plain(value: Measured | None) -> Any:
    """A value as JSON holds it: numbers to 4 digits after the point, a point as a list."""
    if isinstance(value, tuple):
        return [round(float(part), 4) for part in value]
    return value if value is None or isinstance(value, str) else round(float(value), 4)


def finding_value(row: Mapping[str, Any], each: Measurement) -> dict[str, Any] | None:
    """The value of one finding (with low, high and unit where it is a quantity); None where it stays open."""
    if "above" in row:
        answer = yes_or_no(row, each)
        return None if answer is None else {"value": answer}
    if "choice" in row:
        ends = {row["choice"].get(str(end)) for end in (each.value, each.low or each.value, each.high or each.value)}
        return {"value": ends.pop()} if len(ends) == 1 and None not in ends else None
    return quantity(row, each)


def yes_or_no(row: Mapping[str, Any], each: Measurement) -> bool | None:
    """Whether the measurement lies above the row's border; None where its interval holds the border."""
    low, high = ends_of(each)
    if low > row["above"]:
        return True
    if high > row["above"] or set(row.get("no_unless", ())) & set(each.settings):
        return None
    return False


def quantity(row: Mapping[str, Any], each: Measurement) -> dict[str, Any] | None:
    """Value, low, high and unit of a quantity, cut to what the vocabulary allows."""
    low, high = ends_of(each)
    if low <= row.get("low_above", float("-inf")):
        return None
    # One digit after the point is more than any of them is sure to; rounding keeps their order.
    value, low, high = (round(float(str(part)), 1) for part in (each.value, low, high))
    return {"value": value, "low": low, "high": high, "unit": each.unit}


def ends_of(each: Measurement) -> tuple[float, float]:
    """The interval of a number; the number itself where nothing was varied."""
    ends = [each.value if end is None else end for end in (each.low, each.high)]
    low, high = (float(str(end)) for end in ends)
    return low, high


def source_text(each: Measurement, series: Mapping[str, str]) -> str:
    """Where a finding comes from, in one sentence."""
    kind = f" ({series[each.series]})" if each.series in series else ""
    if not settings()["measurement"][each.name].get("lesion"):
        by = each.author
    elif "automatic_lesion" in each.settings:
        by = "lesion marked automatically"
    else:
        by = f"lesion marked by {each.author}"
    convention = each.convention.replace("_", " ")
    return f"measured on series {each.series}{kind} by the convention {convention}, {by}"
