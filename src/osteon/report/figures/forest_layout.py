"""Where does everything in a forest plot lie? Columns of words on both sides, the axis in the room they leave."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osteon.report.figures.axis import Scale
from osteon.report.figures.forest_rows import (
    PREDICTION,
    ForestRow,
    arm_sums,
    arm_units,
    pooled_words,
    prediction_words,
    studies_words,
)
from osteon.report.figures.lettering import width, wrapped
from osteon.report.figures.measures import INTERVAL, MEASURES, column_name

if TYPE_CHECKING:
    from osteon.evidence.pool import PooledEffect

SIZE, SMALL = 11.0, 10.0
ROW, LINE_HEIGHT, GAP = 21.0, 13.0, 14.0
NATURAL_WIDTH, LEAST_PLOT = 760.0, 220.0
HEAD_ROOM, LONGEST_WORD = 100.0, 160.0  # a longer head of a column goes on on the next line
BIAS_ROOM = 54.0
FURTHEST = 1e3  # a ratio beyond this, or below its inverse, does not stretch the axis
LEAST_REACH = math.log(2)


@dataclass(frozen=True, slots=True)
class Column:
    """Words below each other: the lines of the head, the unit, a cell per study, the pooled row, the prediction."""

    head: tuple[str, ...]
    unit: str
    cells: tuple[str, ...]
    pooled: str
    prediction: str
    anchor: str

    @property
    def room(self) -> float:
        """The width of its widest words, in pixels."""
        bold = (width(words, SIZE, bold=True) for words in (*self.head, self.pooled))
        plain = (width(words, SIZE) for words in (*self.cells, self.prediction))
        return max(width(self.unit, SMALL), *bold, *plain)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything lies: columns with the pixel their words are set to, the axis, the middle of the signs."""

    columns: tuple[tuple[Column, float], ...]
    axis: Scale
    bias: float | None
    width: float
    head: float
    heaviest: float

    def row(self, number: int) -> float:
        """The middle of a row, counted from 0 below the head."""
        return self.head + ROW * (number + 0.5)


def place(effect: PooledEffect, rows: Sequence[ForestRow], arms: tuple[str, str], judged: bool) -> Layout:
    """The columns side by side, and the axis in what they leave of the natural width."""
    left, right = left_columns(effect, rows, arms), right_columns(effect, rows)
    bias = BIAS_ROOM if judged else 0.0
    taken = sum(column.room + GAP for column in (*left, *right)) + bias
    whole = max(NATURAL_WIDTH, taken + LEAST_PLOT)
    axis_start = sum(column.room + GAP for column in left)
    axis_end = axis_start + whole - taken
    columns = [*edges(left, 0.0), *edges(right, axis_end + GAP)]
    lines = max(len(column.head) + bool(column.unit) for column in (*left, *right))
    return Layout(
        columns=tuple(columns),
        axis=effect_axis(effect, axis_start + 4, axis_end - 4),
        bias=whole - BIAS_ROOM / 2 if judged else None,
        width=whole,
        head=LINE_HEIGHT * lines + 10,
        heaviest=max((row.study.weight_percent for row in rows), default=0.0) or 1.0,
    )


def edges(columns: Sequence[Column], start: float) -> list[tuple[Column, float]]:
    """Columns from `start` on, each with the pixel its words begin or end at."""
    placed = []
    for column in columns:
        placed.append((column, start if column.anchor == "start" else start + column.room))
        start += column.room + GAP
    return placed


def left_columns(effect: PooledEffect, rows: Sequence[ForestRow], arms: tuple[str, str]) -> list[Column]:
    """Study, and what each arm brings where the data hold more than an effect."""
    data = [study.row for study in effect.studies]
    names = tuple(row.name for row in rows)
    prediction = PREDICTION if prediction_words(effect) else ""
    count = max((len(row.arms) for row in rows), default=0)
    sums = arm_sums(data) or ("",) * count
    return [
        Column(("Study",), "", names, studies_words(effect.k), prediction, "start"),
        *(
            Column(
                head=head_lines(arms[i]),
                unit=arm_units(data),
                cells=tuple(row.arms[i] if row.arms else "" for row in rows),
                pooled=sums[i],
                prediction="",
                anchor="end",
            )
            for i in range(count)
        ),
    ]


def right_columns(effect: PooledEffect, rows: Sequence[ForestRow]) -> list[Column]:
    """Weight, and the effect with its interval."""
    head = head_lines(column_name(MEASURES[effect.measure]))
    effects = tuple(row.effect for row in rows)
    return [
        Column(("Weight",), "%", tuple(row.weight for row in rows), "100.0", "", "end"),
        Column(head, INTERVAL, effects, pooled_words(effect), prediction_words(effect), "end"),
    ]


def head_lines(name: str) -> tuple[str, ...]:
    """The head of a column in lines that cut no word, save one that is longer than a column may be."""
    longest = max((width(word, SIZE, bold=True) for word in name.split()), default=0.0)
    return wrapped(name, SIZE, min(max(HEAD_ROOM, longest), LONGEST_WORD), bold=True)


def effect_axis(effect: PooledEffect, start: float, end: float) -> Scale:
    """The axis: every estimate and the pooled interval, and of longer intervals as much as leaves those readable."""
    measure = MEASURES[effect.measure]
    if measure.scale == "percent":
        return Scale(0, 1, start, end)
    log = measure.scale == "log"
    estimates = (study.estimate for study in effect.studies)
    core = [1.0 if log else 0.0, effect.estimate, effect.ci_low, effect.ci_high, *estimates]
    ends = [bound for study in effect.studies for bound in (study.ci_low, study.ci_high)]
    ends += [bound for bound in (effect.prediction_low, effect.prediction_high) if bound is not None]
    low, high = stretched(
        [on_axis(value, log) for value in core if not math.isnan(value)],
        [on_axis(value, log) for value in ends if not math.isnan(value)],
        LEAST_REACH if log else 0.0,
    )
    return Scale(math.exp(low), math.exp(high), start, end, log=True) if log else Scale(low, high, start, end)


def on_axis(value: float, log: bool) -> float:
    return math.log(min(max(value, 1 / FURTHEST), FURTHEST)) if log else value


def stretched(core: Sequence[float], ends: Sequence[float], least: float) -> tuple[float, float]:
    """The two ends of an axis that shows all of `core`, and of the `ends` beyond it what lies within half its span.

    Examples
    --------
    >>> stretched([0.0, 10.0], [-100.0, 12.0], 0.0)
    (-5.68, 12.68)
    """
    finite = [value for value in core if math.isfinite(value)] or [0.0]
    reach = max((max(finite) - min(finite)) / 2, least) or 1.0
    low = min([min(finite), *(max(end, min(finite) - reach) for end in ends)])
    high = max([max(finite), *(min(end, max(finite) + reach) for end in ends)])
    margin = ((high - low) or 1.0) * 0.04
    return low - margin, high + margin
