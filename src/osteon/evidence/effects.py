"""What does each study say by itself, on the scale that is pooled?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from osteon.errors import Fault, InputError
from osteon.evidence.data import RATIOS, Contrast, Counts, Means, Rates, Row, Single

Array = NDArray[np.float64]
MOST_PRECISE = 1e5  # ratio of two standard errors; weights are its square, and double precision carries 16 digits


def study_effects(rows: Sequence[Row], measure: str) -> tuple[Array, Array]:
    """Effect and variance of each study, shape (k,) each, on the scale that is pooled.

    Examples
    --------
    >>> from osteon.evidence.data import Counts
    >>> effects, variances = study_effects([Counts("A", 1, 29, 16, 25)], "RR")
    >>> f"{effects[0]:.3f} {variances[0]:.3f}"
    '-2.921 0.988'
    """
    pairs = [effect_and_variance(row, measure) for row in rows]
    effects, variances = np.array([effect for effect, _ in pairs]), np.array([variance for _, variance in pairs])
    check_precision(rows, np.sqrt(variances))
    return effects, variances


def check_precision(rows: Sequence[Row | Contrast], standard_errors: Array) -> None:
    """Nothing when all studies can count; `InputError` when one is so precise that another is lost in rounding."""
    sharp, vague = int(standard_errors.argmin()), int(standard_errors.argmax())
    ratio = standard_errors[vague] / standard_errors[sharp]
    if ratio > MOST_PRECISE:
        message = f"is {ratio:.0e} times as precise as {rows[vague].study}. Check the units of their numbers."
        raise InputError("rows", [Fault(rows[sharp].study, message)])


def effect_and_variance(row: Row, measure: str) -> tuple[float, float]:
    """Effect of one study on the scale that is pooled, and its variance."""
    from pimeta import escalc

    match row:
        case Counts(_, e1, n1, e2, n2):
            add = 0.0 if measure == "PETO" else 0.5
            made = escalc(measure, ai=[e1], bi=[n1 - e1], ci=[e2], di=[n2 - e2], add=add, drop00=False)
        case Means(_, m1, sd1, n1, m2, sd2, n2):
            made = escalc(measure, m1i=[m1], sd1i=[sd1], n1i=[n1], m2i=[m2], sd2i=[sd2], n2i=[n2])
        case Rates(_, e1, t1, e2, t2):
            add = 0.5 * has_empty_cell(row)
            made = escalc(measure, x1i=[e1 + add], t1i=[t1], x2i=[e2 + add], t2i=[t2])
        case Single(_, events, total):
            add = 0.5 * has_empty_cell(row)
            made = escalc("PLO", xi=[events + add], ni=[total + 2 * add])
        case _:
            return row.effect, row.se**2
    return made.yi[0], made.vi[0]


def to_natural(measure: str) -> Callable[[float], float]:
    """From the scale that is pooled to the natural one."""
    if measure in RATIOS:
        return math.exp
    if measure == "PR":
        return lambda logit: 1 / (1 + math.exp(-logit))
    return float


def without_ratio(row: Row) -> bool:
    """Whether nobody, or everybody, has the event in both groups."""
    match row:
        case Counts(_, 0, _, 0, _) | Rates(_, 0, _, 0, _):
            return True
        case Counts(_, events_1, total_1, events_2, total_2):
            return events_1 == total_1 and events_2 == total_2
    return False


def has_empty_cell(row: Row) -> bool:
    """Whether inverse variance needs 0.5 added to the counts of this study."""
    match row:
        case Counts(_, events_1, total_1, events_2, total_2):
            return 0 in (events_1, total_1 - events_1, events_2, total_2 - events_2)
        case Rates(_, events_1, _, events_2, _):
            return 0 in (events_1, events_2)
        case Single(_, events, total):
            return events in (0, total)
    return False
