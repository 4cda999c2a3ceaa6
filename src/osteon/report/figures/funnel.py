"""Do small studies find something else than large ones? A funnel plot: each effect against its standard error."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osteon.evidence.data import Z
from osteon.report.figures.axis import Scale, Tick, bottom_axis, left_axis, linear_ticks, ticked, ticks
from osteon.report.figures.forest_rows import UNNAMED, effect_decimals, pooled_words, studies_words
from osteon.report.figures.lettering import wrapped
from osteon.report.figures.marks import ACCENT, FAINT, INK, SOFT, Table, circle, figure, line, polygon, text
from osteon.report.figures.measures import INTERVAL, MEASURES, Measure, column_name, interval_words

if TYPE_CHECKING:
    from osteon.evidence.pool import PooledEffect

WIDTH, HEIGHT = 460.0, 330.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 12.0, 26.0, 62.0
SIZE, SMALL = 10.0, 9.5
PERCENTS = (0.1, 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9)
FURTHEST = 7.0  # a log ratio or logit beyond this does not stretch the figure


@dataclass(frozen=True, slots=True)
class FunnelPoint:
    """One study on the scale that is pooled: the logarithm of a ratio, the logit of a proportion."""

    study: str
    effect: float
    se: float


def funnel_plot(effect: PooledEffect, *, title: str, ident: str, names: Mapping[str, str] = UNNAMED) -> str:
    """A funnel plot as SVG; the pale triangle holds 95 % of studies where all share the pooled effect.

    Parameters
    ----------
    effect
        As `osteon.evidence.pool.pool` gives it.
    title
        What is compared for which outcome.
    ident
        A word that no other figure of the page has; the ids inside the SVG begin with it.
    names
        Study to the name shown when a reader points at its mark.
    """
    measure = MEASURES[effect.measure]
    points = funnel_points(effect)
    centre = pooled_scale(measure, effect.estimate)
    down = Scale(0, (max((point.se for point in points), default=0.0) or 1.0) * 1.08, TOP, HEIGHT - BOTTOM)
    across = funnel_axis(measure, centre, points, down.high)
    middle = across.at(natural_scale(measure, centre))
    note = f"Shaded: where 95 % of studies would lie if all shared the pooled {measure.name} and nothing were missing."
    parts = [
        *limits(across, down, measure, centre),
        *left_axis(down, LEFT, ticked(linear_ticks(0, down.high, 4)), WIDTH - RIGHT),
        text((0, 11), "Standard error, larger studies above", SIZE, colour=SOFT),
        line([(middle, down.start), (middle, down.end)], ACCENT, 1.2, role="pooled"),
        *(study_mark(across, down, measure, point, names) for point in points),
        *bottom_axis(across, HEIGHT - BOTTOM, axis_name(measure), axis_ticks(across, measure), measure.null),
        *(
            text((0, HEIGHT - 14 + 12 * i), words, SMALL, colour=SOFT)
            for i, words in enumerate(wrapped(note, SMALL, WIDTH))
        ),
    ]
    return figure(ident, (WIDTH, HEIGHT + 4), title, f"Funnel plot. {funnel_sentence(effect)}", parts)


def funnel_table(effect: PooledEffect, *, title: str, names: Mapping[str, str] = UNNAMED) -> Table:
    """The data of `funnel_plot`: each study's effect and standard error, and whether it lies within the limits."""
    measure, digits = MEASURES[effect.measure], effect_decimals(effect)
    centre = pooled_scale(measure, effect.estimate)
    natural = {s.study: (s.estimate, s.ci_low, s.ci_high) for s in effect.studies}
    rows = tuple(
        (
            names.get(point.study, point.study),
            interval_words(measure, natural[point.study], digits),
            f"{point.se:.2f}",
            "yes" if within(point, centre) else "no",
        )
        for point in funnel_points(effect)
    )
    header = ("Study", f"{column_name(measure)} {INTERVAL}", se_name(measure), "Within the limits")
    return Table(f"{title}. {funnel_sentence(effect)}", header, rows)


def funnel_sentence(effect: PooledEffect) -> str:
    """One sentence on what the funnel shows."""
    measure = MEASURES[effect.measure]
    points = funnel_points(effect)
    centre = pooled_scale(measure, effect.estimate)
    outside = sum(not within(point, centre) for point in points)
    small = [point for point in points if point.se > sorted(p.se for p in points)[len(points) // 2]]
    lower = sum(point.effect < centre for point in small)
    tail = (
        f" Of the {len(small)} least precise studies {lower} lie below the pooled value and {len(small) - lower} above."
        if small
        else ""
    )
    start = f"{studies_words(effect.k)} around the pooled {measure.name} of {pooled_words(effect)}"
    return f"{start}; {outside} outside the 95 % limits.{tail}"


def funnel_points(effect: PooledEffect) -> list[FunnelPoint]:
    """The studies whose interval has two ends, with the standard error that the interval rests on."""
    measure = MEASURES[effect.measure]
    points = []
    for study in effect.studies:
        middle, low, high = (pooled_scale(measure, v) for v in (study.estimate, study.ci_low, study.ci_high))
        if math.isfinite(middle) and math.isfinite(high - low):
            points.append(FunnelPoint(study.study, middle, (high - low) / (2 * Z)))
    return points


def within(point: FunnelPoint, centre: float) -> bool:
    return abs(point.effect - centre) <= Z * point.se


def pooled_scale(measure: Measure, value: float) -> float:
    """From the natural scale to the one that is pooled.

    Examples
    --------
    >>> pooled_scale(MEASURES["RR"], 1.0), pooled_scale(MEASURES["PR"], 0.5), pooled_scale(MEASURES["RR"], 0.0)
    (0.0, 0.0, -inf)
    """
    if measure.scale == "linear":
        return value
    odds = value / (1 - value) if measure.scale == "percent" and value < 1 else value
    if measure.scale == "percent" and value >= 1:
        return math.inf
    return math.log(odds) if odds > 0 else -math.inf


def natural_scale(measure: Measure, value: float) -> float:
    """From the scale that is pooled to the one of the axis: ratios, differences, or the odds of a proportion."""
    return value if measure.scale == "linear" else math.exp(value)


def funnel_axis(measure: Measure, centre: float, points: Sequence[FunnelPoint], se: float) -> Scale:
    """All points and both limits at the foot, as far as a reader could use them."""
    ends = [centre - Z * se, centre + Z * se, *(point.effect for point in points)]
    if measure.scale != "linear":
        ends = [min(max(end, -FURTHEST), FURTHEST) for end in ends]
    margin = (max(ends) - min(ends) or 1.0) * 0.04
    low, high = (natural_scale(measure, end) for end in (min(ends) - margin, max(ends) + margin))
    return Scale(low, high, LEFT, WIDTH - RIGHT, log=measure.scale != "linear")


def axis_name(measure: Measure) -> str:
    scale = {"log": ", log scale", "percent": ", %, logit scale", "linear": ""}[measure.scale]
    return f"{measure.name.capitalize()}{scale}"


def axis_ticks(across: Scale, measure: Measure) -> list[Tick]:
    """Round values; for a proportion, percents at the pixel of their odds."""
    if measure.scale != "percent":
        return ticked(ticks(across))
    odds = [(percent / (100 - percent), f"{percent:g}") for percent in PERCENTS]
    return [tick for tick in odds if across.shows(tick[0])]


def se_name(measure: Measure) -> str:
    of = {"log": " of the logarithm", "percent": " of the logit", "linear": ""}[measure.scale]
    return f"Standard error{of}"


def limits(across: Scale, down: Scale, measure: Measure, centre: float) -> Iterator[str]:
    """The triangle of the 95 % limits."""
    steps = [i / 20 * down.high for i in range(21)]
    lower = [(across.at(natural_scale(measure, centre - Z * se)), down.at(se)) for se in steps]
    upper = [(across.at(natural_scale(measure, centre + Z * se)), down.at(se)) for se in steps]
    yield polygon([*lower, *reversed(upper)], FAINT, role="limits")
    yield line(lower, SOFT, 0.8, "4 3")
    yield line(upper, SOFT, 0.8, "4 3")


def study_mark(across: Scale, down: Scale, measure: Measure, point: FunnelPoint, names: Mapping[str, str]) -> str:
    """A dot for one study; a reader who points at it sees the name."""
    middle = (across.at(natural_scale(measure, point.effect)), down.at(point.se))
    return circle(middle, 4, ACCENT, INK, role="study", tip=names.get(point.study, point.study))
