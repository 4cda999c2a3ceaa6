"""What did each study find, and what do they say together? A forest plot with the numbers beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osteon.report.figures.axis import Scale, Tick, bottom_axis, ticked, ticks
from osteon.report.figures.forest_layout import LINE_HEIGHT, ROW, SIZE, SMALL, Layout, place
from osteon.report.figures.forest_rows import (
    BIAS_WORDS,
    PREDICTION,
    UNNAMED,
    ForestRow,
    arm_sums,
    arm_units,
    forest_rows,
    method_words,
    pooled_words,
    prediction_words,
    studies_words,
    what_to_see,
)
from osteon.report.figures.lettering import width, wrapped
from osteon.report.figures.marks import (
    ACCENT,
    GREY,
    INK,
    LINE,
    PALE,
    PAPER,
    SOFT,
    Point,
    Table,
    circle,
    figure,
    line,
    polygon,
    rectangle,
    text,
)
from osteon.report.figures.measures import INTERVAL, MEASURES, Measure, column_name

if TYPE_CHECKING:
    from osteon.evidence.pool import PooledEffect

ARMS = ("Treatment", "Comparison")
FAVOURS_ROOM = 190.0
SQUARE = 14.0  # side of the square of the heaviest study, in pixels
BIAS_SIGNS = {"low": ("L", "#17566a"), "some_concerns": ("S", "#8a6400"), "high": ("H", "#8f2d13")}


@dataclass(frozen=True, slots=True)
class SideLabel:
    """Lines of words on one side of the line of no effect."""

    x: float
    anchor: str
    lines: tuple[str, ...]


def forest_plot(
    effect: PooledEffect,
    *,
    risk_of_bias: Mapping[str, str],
    favours: tuple[str, str],
    title: str,
    ident: str,
    arms: tuple[str, str] = ARMS,
    names: Mapping[str, str] = UNNAMED,
) -> str:
    """A forest plot as SVG: one row per study, the pooled diamond, the prediction interval beneath.

    The area of a square is the weight of its study; an interval that leaves the axis ends in an arrow.

    Parameters
    ----------
    effect
        As `osteon.evidence.pool.pool` gives it.
    risk_of_bias
        Study to low, some_concerns or high; a study that is absent or empty was not judged. An empty mapping leaves
        the column out.
    favours
        What values left and right of no effect favour; an empty word leaves its label out.
    title
        What is compared for which outcome.
    ident
        A word that no other figure of the page has; the ids inside the SVG begin with it.
    arms
        What the columns of the two arms are called; a single arm takes the first.
    names
        Study to the name printed; a study without one is printed as the data call it.
    """
    measure = MEASURES[effect.measure]
    rows = forest_rows(effect, risk_of_bias, names)
    layout = place(effect, rows, arms, judged=bool(risk_of_bias))
    foot = layout.row(len(rows) + bool(prediction_words(effect))) + ROW / 2 + 4
    labels = favours_labels(layout, effect, favours)
    notes_at = foot + 56 + LINE_HEIGHT * max((len(label.lines) for label in labels), default=0)
    notes = [words for note in (method_words(effect), *effect.notes) for words in wrapped(note, SMALL, layout.width)]
    key_at = notes_at + 14 * len(notes) + 6
    parts = [
        *heads(layout),
        *guides(layout, effect, foot),
        *(part for number, row in enumerate(rows) for part in study_parts(layout, number, row)),
        *pooled_parts(layout, effect, len(rows)),
        *bottom_axis(layout.axis, foot, axis_name(measure), axis_ticks(layout.axis, measure), measure.null),
        *(
            text((label.x, foot + 47 + LINE_HEIGHT * down), words, SMALL, label.anchor)
            for label in labels
            for down, words in enumerate(label.lines)
        ),
        *(text((0, notes_at + 14 * i), words, SMALL, colour=SOFT) for i, words in enumerate(notes)),
        *(bias_key(key_at, rows) if risk_of_bias else ()),
    ]
    height = key_at + 10 if risk_of_bias else key_at - 14
    return figure(ident, (layout.width, height), title, f"Forest plot. {what_to_see(effect, favours)}", parts)


def forest_table(
    effect: PooledEffect,
    *,
    risk_of_bias: Mapping[str, str],
    favours: tuple[str, str],
    title: str,
    arms: tuple[str, str] = ARMS,
    names: Mapping[str, str] = UNNAMED,
) -> Table:
    """The data of `forest_plot` in the same words; the caption says what to see."""
    data = [study.row for study in effect.studies]
    rows = forest_rows(effect, risk_of_bias, names)
    blank = ("",) * max((len(row.arms) for row in rows), default=0)
    body = [(row.name, *(row.arms or blank), row.weight, row.effect, BIAS_WORDS[row.bias]) for row in rows]
    body.append((studies_words(effect.k), *(arm_sums(data) or blank), "100.0", pooled_words(effect), ""))
    if prediction_words(effect):
        body.append((PREDICTION, *blank, "", prediction_words(effect), ""))
    header = (
        "Study",
        *(f"{arm}, {arm_units(data)}" for arm in arms[: len(blank)]),
        "Weight, %",
        f"{column_name(MEASURES[effect.measure])} {INTERVAL}",
        "Risk of bias",
    )
    caption = " ".join(filter(None, (f"{title}.", what_to_see(effect, favours), method_words(effect), *effect.notes)))
    return Table(caption, header, tuple(body))


def heads(layout: Layout) -> Iterator[str]:
    """The head of every column, and the rule beneath."""
    foot = layout.head - 10
    for column, x in layout.columns:
        if column.unit:
            yield text((x, foot), column.unit, SMALL, column.anchor, SOFT)
        last = foot - (LINE_HEIGHT if column.unit else 0)
        for up, words in enumerate(reversed(column.head)):
            yield text((x, last - LINE_HEIGHT * up), words, SIZE, column.anchor, bold=True)
    if layout.bias is not None:
        for up, words in enumerate(("of bias", "Risk")):
            yield text((layout.bias, foot - LINE_HEIGHT * up), words, SMALL, "middle", bold=True)
    yield line([(0, layout.head - 3), (layout.width, layout.head - 3)], INK)


def guides(layout: Layout, effect: PooledEffect, foot: float) -> Iterator[str]:
    """The rule above the pooled row, the line of no effect and the dashed line of the pooled estimate."""
    rule = layout.row(len(effect.studies)) - ROW / 2
    yield line([(0, rule), (layout.width, rule)], LINE)
    null = MEASURES[effect.measure].null
    if null is not None:
        x = layout.axis.at(null)
        yield line([(x, layout.head), (x, foot)], INK, 1, role="no-effect")
    if layout.axis.shows(effect.estimate):
        x = layout.axis.at(effect.estimate)
        yield line([(x, layout.head), (x, rule + ROW / 2)], ACCENT, 1, "2 3")


def study_parts(layout: Layout, number: int, row: ForestRow) -> Iterator[str]:
    """One study: its words, its square and interval, its sign for risk of bias."""
    y = layout.row(number)
    for column, x in layout.columns:
        yield text((x, y + 4), column.cells[number], SIZE, column.anchor)
    if layout.bias is not None:
        yield from bias_sign((layout.bias, y), row.bias)
    study = row.study
    if not math.isfinite(study.estimate):
        return
    if layout.axis.shows(study.estimate):
        x, side = layout.axis.at(study.estimate), SQUARE * math.sqrt(study.weight_percent / layout.heaviest)
        yield rectangle((x - side / 2, y - side / 2), (side, side), GREY, role="weight")
        yield line([(x, y - 3), (x, y + 3)], INK)
    yield from interval(layout.axis, y, study.ci_low, study.ci_high)


def interval(axis: Scale, y: float, low: float, high: float, colour: str = INK) -> Iterator[str]:
    """A line from `low` to `high`, with an arrow where it goes on beyond the axis."""
    start, end = axis.at(low), axis.at(high)
    yield line([(start, y), (end, y)], colour, 1.2, role="interval")
    if low < axis.low:
        yield polygon([(start - 1, y), (start + 6, y - 3.5), (start + 6, y + 3.5)], colour, role="arrow")
    if high > axis.high:
        yield polygon([(end + 1, y), (end - 6, y - 3.5), (end - 6, y + 3.5)], colour, role="arrow")


def pooled_parts(layout: Layout, effect: PooledEffect, number: int) -> Iterator[str]:
    """The pooled row with its diamond, and the row of the prediction interval."""
    y, axis = layout.row(number), layout.axis
    for column, x in layout.columns:
        yield text((x, y + 4), column.pooled, SIZE, column.anchor, bold=True)
        if column.prediction:
            yield text((x, y + ROW + 4), column.prediction, SIZE, column.anchor)
    low, middle, high = (axis.at(v) for v in (effect.ci_low, effect.estimate, effect.ci_high))
    yield polygon([(low, y), (middle, y - 7), (high, y), (middle, y + 7)], ACCENT, ACCENT, role="pooled")
    if effect.prediction_low is not None and effect.prediction_high is not None:
        yield from prediction_bar(axis, y + ROW, effect.prediction_low, effect.prediction_high)


def prediction_bar(axis: Scale, y: float, low: float, high: float) -> Iterator[str]:
    """A bar from `low` to `high`; an end beyond the axis is open and points on."""
    start, end = axis.at(low), axis.at(high)
    tip_left = (
        [(start + 6, y + 4), (start, y), (start + 6, y - 4)] if low < axis.low else [(start, y + 4), (start, y - 4)]
    )
    tip_right = [(end - 6, y - 4), (end, y), (end - 6, y + 4)] if high > axis.high else [(end, y - 4), (end, y + 4)]
    yield polygon([*tip_left, *tip_right], PALE, ACCENT, role="prediction")


def axis_name(measure: Measure) -> str:
    return f"{column_name(measure)}{', log scale' if measure.scale == 'log' else ''}"


def axis_ticks(axis: Scale, measure: Measure) -> list[Tick]:
    if measure.scale == "percent":
        return [(percent / 100, f"{percent}") for percent in range(0, 101, 20)]
    return ticked(ticks(axis))


def favours_labels(layout: Layout, effect: PooledEffect, favours: tuple[str, str]) -> list[SideLabel]:
    """What each side of the line of no effect favours, with an arrow, in lines that fit on that side."""
    null = MEASURES[effect.measure].null
    if null is None:
        return []
    x = layout.axis.at(null)
    left, right = favours
    left_lines = wrapped(f"← favours {left}", SMALL, min(x - 8, FAVOURS_ROOM)) if left else ()
    right_lines = wrapped(f"favours {right} →", SMALL, min(layout.width - x - 8, FAVOURS_ROOM)) if right else ()
    return [SideLabel(x - 8, "end", left_lines), SideLabel(x + 8, "start", right_lines)]


def bias_sign(middle: Point, judgement: str) -> Iterator[str]:
    """The letter of a judgement in a shape of its own: circle low, triangle some concerns, square high."""
    x, y = middle
    if judgement not in BIAS_SIGNS:
        yield text((x, y + 4), "–", SIZE, "middle", SOFT)
        return
    letter, fill = BIAS_SIGNS[judgement]
    if judgement == "low":
        yield circle(middle, 7, fill)
    elif judgement == "high":
        yield rectangle((x - 6.5, y - 6.5), (13, 13), fill)
    else:
        yield polygon([(x, y - 9), (x + 9.5, y + 7), (x - 9.5, y + 7)], fill)
    yield text((x, y + (5.5 if judgement == "some_concerns" else 3.5)), letter, 9, "middle", PAPER, bold=True)


def bias_key(y: float, rows: Sequence[ForestRow]) -> Iterator[str]:
    """What the signs mean, for those that occur."""
    yield text((0, y), "Risk of bias:", SMALL, colour=SOFT)
    x = width("Risk of bias:", SMALL) + 16
    for judgement, words in BIAS_WORDS.items():
        if any(row.bias == judgement for row in rows):
            yield from bias_sign((x, y - 3.5), judgement)
            yield text((x + 14, y), words, SMALL, colour=SOFT)
            x += width(words, SMALL) + 40
