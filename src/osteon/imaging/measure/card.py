"""What was measured, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import fill

from osteon.imaging.measure.settings import setting_text
from osteon.imaging.series import Measured, Measurement

NAME, VALUE = 34, 30  # columns


def measurements_card(measurements: Sequence[Measurement], width: int) -> str:
    """Every measurement with its interval and convention, then what no source confirms; ends with a line break.

    Examples
    --------
    >>> radius = Measurement("head_radius_mm", 24.04, 23.5, 24.5, "mm", "fitted_sphere", "s1", "found in T1 MR")
    >>> print(measurements_card([radius], 80), end="")
    MEASURED ON s1 (found in T1 MR). FOR RESEARCH.
      head radius                       24.0 mm (23.5 to 24.5)        fitted sphere
    """
    lines: list[str] = []
    for (series, author), group in groupby(measurements, lambda each: (each.series, each.author)):
        lines += [f"MEASURED ON {series} ({author}). FOR RESEARCH.", *rows(list(group))]
    used = dict.fromkeys(name for each in measurements for name in each.settings)
    if used:
        lines.append("THESE NUMBERS REST ON CHOICES THAT NO SOURCE CONFIRMS")
        lines += [hanging(f"{name.replace('_', ' ')}: {setting_text(name)}", width) for name in used]
    return "\n".join(lines) + "\n"


def rows(measurements: Sequence[Measurement]) -> Iterator[str]:
    """One line for each measurement; the border of its class follows on a line of its own."""
    for each in measurements:
        name, convention = words(each.name, each.unit), each.convention.replace("_", " ")
        yield f"  {name:<{NAME}}{amount(each):<{VALUE}}{convention}"
        if each.border:
            yield f"  {'':<{NAME}}{each.border}"


def words(name: str, unit: str) -> str:
    """A measurement's name in words, without the unit that stands beside its value."""
    bare = name.removesuffix("_percent") if unit == "%" else name.removesuffix(f"_{unit.lower()}")
    return bare.replace("_", " ")


def amount(each: Measurement) -> str:
    """Value, unit and interval."""
    value = f"{shown(each.value)} {each.unit if each.unit != '1' else ''}".rstrip()
    if each.low is None or each.high is None or isinstance(each.value, tuple) or each.low == each.high == each.value:
        return value
    return f"{value} ({shown(each.low)} to {shown(each.high)})"


def shown(value: Measured) -> str:
    """A value with one digit after the point; a point as three numbers."""
    if isinstance(value, tuple):
        return ", ".join(f"{part:.1f}" for part in value)
    return value if isinstance(value, str) else f"{value:.1f}"


def hanging(text: str, width: int) -> str:
    return fill(text, width, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False)
