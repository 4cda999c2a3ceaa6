"""How many of 100 joints are still well, year by year, under each option? All options as curves in one figure.

"Comparable" curves rest on the same joints, so that the gap between two of them means something; the others were seen
in other patients, and are drawn thin, dotted, hollow and without a band. Every curve begins with all joints well.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osteon.report.figures.axis import Scale, Tick, bottom_axis, left_axis, ticked, ticks
from osteon.report.figures.lettering import spread, width, wrapped
from osteon.report.figures.marks import INK, PAPER, SOFT, Point, Table, circle, figure, line, polygon, text

if TYPE_CHECKING:
    from osteon.prognosis.forecast import Point as Forecasted

COLOURS = ("#17566a", "#b3530b", "#6b3f87", "#3f7d3a", "#a3305c", "#7a6200", "#1d2429", "#2f6fb0", "#8a4b2a", "#4c5860")
DASHES = ("", "9 3", "4 2.5", "9 3 2 3", "14 4", "6 2 2 2 2 2", "12 3 4 3", "2.5 2.5", "16 3 2 3", "5 5")
DOTS = "1 3"
SHAPES = 5
LEFT, TOP, PLOT_WIDTH, LEAST_HEIGHT, AXIS = 40.0, 26.0, 380.0, 270.0, 40.0
LABEL_ROOM, LEADER = 230.0, 26.0
SIZE, SMALL, LINE_HEIGHT = 10.5, 9.5, 12.5
NOT_COMPARABLE = "Dotted, hollow marks, no band: seen in other patients, so not comparable with the other curves."
STOPS = "A curve ends where its data end; the fine grey line only leads to its name."
LEADER_COLOUR = "#98a4ab"
MANY = 8  # more points than this are not marked one by one
BAND_INK = 0.6  # shared by all bands, so that many of them do not blacken each other


@dataclass(frozen=True, slots=True)
class OptionCurve:
    """One option's forecast in order of time; `comparable` says that it was compared with the others."""

    name: str
    points: tuple[Forecasted, ...]
    comparable: bool


@dataclass(frozen=True, slots=True)
class Style:
    """What tells one curve from the next: colour, dashes and the shape of its marks."""

    colour: str
    dash: str
    shape: int
    width: float
    hollow: bool


def forecast_curves(curves: Sequence[OptionCurve], *, outcome: str, title: str, ident: str) -> str:
    """All options' curves as SVG, named at their ends; a band is the interval of a comparable curve.

    Parameters
    ----------
    curves
        At least one, each with at least one point after the start; shares from 0 to 1.
    outcome
        What the axis counts, for example "keep their head".
    title
        What is forecast for which joint.
    ident
        A word that no other figure of the page has; the ids inside the SVG begin with it.

    Examples
    --------
    >>> from osteon.prognosis.forecast import Point
    >>> observed = OptionCurve("Observation", (Point(24, 0.6, 0.45, 0.75),), comparable=True)
    >>> forecast_curves([observed], outcome="keep their head", title="Forecast", ident="f").count("<text")
    11
    """
    labels = [end_label(curve) for curve in curves]
    heights = [LINE_HEIGHT * len(label) + 3 for label in labels]
    height = max(LEAST_HEIGHT, sum(heights))
    across, down = scales(curves, height)
    foot = TOP + height
    styles = curve_styles(curves)
    share = min(0.1, BAND_INK / len(curves))
    ends = [(across.at(years(curve.points[-1])), down.at(curve.points[-1].estimate)) for curve in curves]
    middles = spread([y for _, y in ends], heights, TOP - 6, foot + 6)
    label_at = across.end + LEADER
    whole = label_at + max(width(words, SIZE) for label in labels for words in label) * 1.05 + 2
    note = [words for sentence in notes(curves) for words in wrapped(sentence, SMALL, whole)]
    parts = [
        text((0, 10), f"Of 100 joints, how many {outcome}", SIZE, colour=SOFT),
        *left_axis(down, LEFT, [(tens / 10, f"{10 * tens}") for tens in range(0, 11, 2)], across.end),
        *(
            part
            for curve, style in zip(curves, styles, strict=True)
            for part in band(across, down, curve, style, share)
        ),
        *(part for curve, style in zip(curves, styles, strict=True) for part in drawn(across, down, curve, style)),
        *bottom_axis(across, foot, "Years", year_ticks(across, curves)),
        *(
            part
            for end, middle, label, style in zip(ends, middles, labels, styles, strict=True)
            for part in labelled(end, (label_at, middle), label, style)
        ),
        *(text((0, foot + AXIS + 10 + 12 * i), words, SMALL, colour=SOFT) for i, words in enumerate(note)),
    ]
    size = (whole, foot + AXIS + 2 + 12 * len(note))
    return figure(ident, size, title, curves_sentence(curves, outcome), parts)


def forecast_table(curves: Sequence[OptionCurve], *, outcome: str, title: str) -> Table:
    """The data of `forecast_curves`: options by time, each with its interval."""
    times = sorted({point.months for curve in curves for point in curve.points})
    header = ("Option", *(time_words(months) for months in times), "Comparable with the others")
    body = []
    for curve in curves:
        at = {point.months: point_words(point) for point in curve.points}
        body.append((curve.name, *(at.get(months, "") for months in times), "yes" if curve.comparable else "no"))
    return Table(f"{title}. {curves_sentence(curves, outcome)}", header, tuple(body))


def curves_sentence(curves: Sequence[OptionCurve], outcome: str) -> str:
    """One sentence on what the curves show: each option's last value."""
    last = "; ".join(
        f"{curve.name} {point_words(curve.points[-1])} at {time_words(curve.points[-1].months)}" for curve in curves
    )
    return f"Of 100 joints, so many {outcome}: {last}."


def point_words(point: Forecasted) -> str:
    """A value of 100 with its interval.

    Examples
    --------
    >>> from osteon.prognosis.forecast import Point
    >>> point_words(Point(24, 0.612, 0.45, 0.749))
    '61 (45 to 75)'
    """
    return f"{100 * point.estimate:.0f} ({100 * point.low:.0f} to {100 * point.high:.0f})"


def time_words(months: float) -> str:
    """A time in words: years where they are whole or halves, else months.

    Examples
    --------
    >>> time_words(12), time_words(30), time_words(4)
    ('1 year', '2.5 years', '4 months')
    """
    if months < 12 or months % 6:
        return f"{months:g} month{'' if months == 1 else 's'}"
    return f"{months / 12:g} year{'' if months == 12 else 's'}"


def years(point: Forecasted) -> float:
    return point.months / 12


def notes(curves: Sequence[OptionCurve]) -> Iterator[str]:
    """What a reader must know of these curves to read them."""
    if any(not curve.comparable for curve in curves):
        yield NOT_COMPARABLE
    if len({curve.points[-1].months for curve in curves}) > 1:
        yield STOPS


def year_ticks(across: Scale, curves: Sequence[OptionCurve]) -> list[Tick]:
    """The times that were forecast, in years; round years where they are many or fall between months."""
    times = sorted({0.0, *(years(point) for curve in curves for point in curve.points)})
    few = len(times) <= MANY and all(time == round(time, 1) for time in times)
    return ticked(times if few else ticks(across))


def scales(curves: Sequence[OptionCurve], height: float) -> tuple[Scale, Scale]:
    """Years across, of 100 joints upwards."""
    last = max(years(point) for curve in curves for point in curve.points)
    across = Scale(0, max(math.ceil(last), 1), LEFT, LEFT + PLOT_WIDTH)
    return across, Scale(0, 1, TOP + height, TOP)


def curve_styles(curves: Sequence[OptionCurve]) -> list[Style]:
    """A style for each curve in turn; a curve that is not comparable is thin, dotted and hollow."""
    return [
        Style(COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)], i % SHAPES, 2, hollow=False)
        if curve.comparable
        else Style(COLOURS[i % len(COLOURS)], DOTS, i % SHAPES, 1.4, hollow=True)
        for i, curve in enumerate(curves)
    ]


def band(across: Scale, down: Scale, curve: OptionCurve, style: Style, share: float) -> Iterator[str]:
    """The interval of a comparable curve as a pale band with a fine edge."""
    if not curve.comparable:
        return
    upper = [(across.at(years(point)), down.at(point.high)) for point in curve.points]
    lower = [(across.at(years(point)), down.at(point.low)) for point in curve.points]
    yield polygon([(across.start, down.end), *upper, *reversed(lower)], style.colour, role="band", opacity=share)


def drawn(across: Scale, down: Scale, curve: OptionCurve, style: Style) -> Iterator[str]:
    """The curve and a mark at each point that was forecast."""
    at = [(across.at(years(point)), down.at(point.estimate)) for point in curve.points]
    yield line([(across.start, down.end), *at], style.colour, style.width, style.dash, role="curve")
    if len(at) <= MANY:
        yield from (mark(where, style) for where in at)


def mark(where: Point, style: Style) -> str:
    """A circle, square, triangle, diamond or triangle on its tip."""
    x, y = where
    fill = PAPER if style.hollow else style.colour
    if style.shape == 0:
        return circle(where, 3.4, fill, style.colour, role="mark")
    shapes = (
        ((-3, -3), (3, -3), (3, 3), (-3, 3)),
        ((0, -4.2), (3.9, 3), (-3.9, 3)),
        ((0, -4.4), (4.4, 0), (0, 4.4), (-4.4, 0)),
        ((0, 4.2), (3.9, -3), (-3.9, -3)),
    )
    corners = [(x + dx, y + dy) for dx, dy in shapes[style.shape - 1]]
    return polygon(corners, fill, style.colour, role="mark")


def end_label(curve: OptionCurve) -> tuple[str, ...]:
    """The name in lines, and the last value on the last line where it fits."""
    *first, last = wrapped(curve.name, SIZE, LABEL_ROOM) or ("",)
    count = point_words(curve.points[-1])
    together = f"{last} {count}"
    return (*first, together) if width(together, SIZE) <= LABEL_ROOM else (*first, last, count)


def labelled(end: Point, at: Point, label: Sequence[str], style: Style) -> Iterator[str]:
    """The name beside the end of its curve, with a fine line that leads to it and the curve's mark before it."""
    (x, y), (label_x, middle) = end, at
    elbow = max(x + 5, label_x - LEADER + 4)
    yield line([(x + 5, y), (elbow, y), (label_x - 14, middle)], LEADER_COLOUR, 0.8, "1 2", role="leader")
    yield mark((label_x - 8, middle), style)
    first = middle - LINE_HEIGHT * (len(label) - 1) / 2 + 3.8
    for i, words in enumerate(label):
        yield text((label_x, first + LINE_HEIGHT * i), words, SIZE, colour=INK)
