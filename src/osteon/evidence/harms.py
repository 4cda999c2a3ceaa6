"""How often does a treatment do serious harm? The most frequent of its serious harms that somebody has counted."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from osteon.evidence.data import Z
from osteon.knowledge.records import Statement, Treatment


@dataclass(frozen=True, slots=True)
class HarmShare:
    """The share of those treated whom a harm struck, as fractions from 0 to 1, and the statement it comes from.

    Counts give their 95 % interval; printed percentages stand as printed, so `low` equals `high` where only one is.
    """

    low: float
    high: float
    text: str
    source: tuple[str, ...]


NO_HARM = HarmShare(0.0, 0.0, "Nothing is done that could harm.", ())


def worst_serious_harm(treatment: Treatment) -> HarmShare | None:
    """The serious harm of a treatment that struck the largest share, as observed; None where none was counted.

    A harm that was counted in a special group only (its `when` says which) is left out: its share is not that of the
    treatment. Nothing counted does not mean nothing happens.

    Examples
    --------
    >>> from osteon.knowledge import knowledge
    >>> worst = worst_serious_harm(knowledge().treatments["core_decompression_single"])
    >>> f"{worst.low:.3f} to {worst.high:.3f} ({worst.source[0]})"
    '0.012 to 0.034 (decompression_review_crd)'
    """
    counted = [harm for harm in treatment.harm if harm.serious and not harm.when and observed_share(harm) is not None]
    worst = max(counted, key=lambda harm: observed_share(harm) or 0.0, default=None)
    return harm_share(worst) if worst else None


def observed_share(harm: Statement) -> float | None:
    """Events over total, or the middle of the printed percentages, as a fraction; None where nothing was counted."""
    if harm.events is not None and harm.total is not None:
        return harm.events / harm.total
    if harm.percent_low is not None and harm.percent_high is not None:
        return (harm.percent_low + harm.percent_high) / 200
    return None


def harm_share(harm: Statement) -> HarmShare | None:
    """The share that a harm struck, with its range; None where nothing was counted."""
    if harm.events is not None and harm.total is not None:
        return HarmShare(*wilson_interval(harm.events, harm.total), harm.text, harm.source)
    if harm.percent_low is not None and harm.percent_high is not None:
        return HarmShare(harm.percent_low / 100, harm.percent_high / 100, harm.text, harm.source)
    return None


def wilson_interval(events: int, total: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion: both ends as fractions from 0 to 1.

    Parameters
    ----------
    events
        How many were struck, from 0 to `total`.
    total
        How many were counted, 1 or more.

    Notes
    -----
    With p = events / total, n = total and z = 1.96 it runs (p + z²/2n ± z √(p(1 - p)/n + z²/4n²)) / (1 + z²/n):
    Wilson EB. J Am Stat Assoc 1927;22:209-212. It stays within 0 and 1 and has a width when there were no events.

    Examples
    --------
    >>> [round(end, 3) for end in wilson_interval(0, 20)]
    [0.0, 0.161]
    """
    p, z2n = events / total, Z**2 / total
    middle, half = p + z2n / 2, Z * sqrt(p * (1 - p) / total + z2n / (4 * total))
    return max(0.0, (middle - half) / (1 + z2n)), min(1.0, (middle + half) / (1 + z2n))
