"""How many must be treated for one more to do better, or worse?"""

from __future__ import annotations

import math
from dataclasses import dataclass

INFINITY = "infinity"


@dataclass(frozen=True, slots=True)
class NumberNeeded:
    """The number needed to treat, positive for benefit (NNTB) and negative for harm (NNTH), with 95% interval.

    `best` and `worst` are the ends of the interval that are better and worse for the patient. Where the interval of the
    difference holds 0, it runs from `best` through infinity to `worst`; a difference of 0 is infinity itself.
    """

    estimate: float
    best: float
    worst: float


def number_needed(difference: float, ci_low: float, ci_high: float, more_is_better: bool = False) -> NumberNeeded:
    """The inverse of a risk difference and of the ends of its interval.

    Parameters
    ----------
    difference, ci_low, ci_high
        Share with the event in the treated group minus that in the other, with interval, from -1 to 1.
    more_is_better
        Whether the event is one that patients want, as with survival of the joint.

    Notes
    -----
    NNT = 1 / |difference|, its interval from the inverted ends of that of the difference; where this holds 0, it is
    told as NNTB to infinity to NNTH (Altman, BMJ 1998;317:1309-1312; Cochrane Handbook 5.1, section 12.5.4.5).

    Examples
    --------
    >>> number_needed(-0.10, -0.25, 0.05)
    NumberNeeded(estimate=10.0, best=4.0, worst=-20.0)
    """
    benefit = (difference, ci_high, ci_low) if more_is_better else (-difference, -ci_low, -ci_high)
    return NumberNeeded(*(1 / gain if gain else math.inf for gain in benefit))


def number_needed_words(needed: NumberNeeded) -> str:
    """The number with its interval in whole patients.

    Notes
    -----
    NNTB is rounded up, as the Cochrane open learning material has it, and NNTH down, so that no treatment is told
    better than it is.

    Examples
    --------
    >>> number_needed_words(number_needed(-0.19, -0.32, -0.055))
    'NNTB 6 (4 to 19)'
    >>> number_needed_words(number_needed(-0.10, -0.25, 0.05))
    'NNTB 10 (NNTB 4 to infinity to NNTH 20)'
    """
    ends = (needed.best, needed.worst)
    if math.isinf(needed.best) or math.isinf(needed.worst):
        span = " to ".join(labelled(end) for end in ends)
    elif needed.best > 0 > needed.worst:
        span = f"{labelled(needed.best)} to {INFINITY} to {labelled(needed.worst)}"
    else:
        span = " to ".join(str(whole(end)) for end in sorted(ends, key=abs))
    return f"{labelled(needed.estimate)} ({span})"


def labelled(needed: float) -> str:
    if math.isinf(needed):
        return INFINITY
    return f"{'NNTB' if needed > 0 else 'NNTH'} {whole(needed)}"


def whole(needed: float) -> int:
    """In whole patients: NNTB up, NNTH down, neither below one."""
    exact = round(needed, 6)  # 1 / 0.05 is 20, not a little more
    return max(1, math.ceil(exact) if exact > 0 else math.floor(-exact))
