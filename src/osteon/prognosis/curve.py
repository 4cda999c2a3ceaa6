"""How many joints are still free of an event over time: what was printed, draws around it, and what lies between.

A curve is kept as its cumulative hazard, minus the logarithm of the share without the event. Straight lines join the
printed times, so that share never rises, whatever is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Points: TypeAlias = Sequence[tuple[float, float]]

NORMAL_95 = 1.96  # half a 95 % interval in standard errors, to turn a printed interval into a number of joints
SMALLEST_SHARE = 1e-300  # keeps the logarithm finite where a drawn share is zero to machine precision
NOBODY_LEFT = 700.0  # a cumulative hazard that leaves nobody: exp(-700) is zero for every purpose


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Cumulative hazard at rising times from 0 on: `months` has shape [times], `hazard` [times, draws]."""

    months: Floats
    hazard: Floats

    @property
    def end(self) -> float:
        """The last time, in months."""
        return float(self.months[-1])

    def hazard_at(self, months: Sequence[float]) -> Floats:
        """Cumulative hazard [times, draws] at any times from 0 to `end`."""
        at = np.asarray(months, float)
        right = np.searchsorted(self.months, at).clip(1)
        left_month, right_month = self.months[right - 1], self.months[right]
        share = ((at - left_month) / (right_month - left_month))[:, None]
        hazard: Floats = self.hazard[right - 1] * (1 - share) + self.hazard[right] * share
        return hazard

    def survival(self, months: Sequence[float]) -> Floats:
        """The share without the event, 0 to 1, [times, draws].

        Examples
        --------
        >>> printed([(24, 25)], joints=20).survival([12, 24]).ravel().round(3).tolist()
        [0.866, 0.75]
        """
        return np.exp(-self.hazard_at(months))


def printed(points: Points, joints: float) -> Curve:
    """The curve through the printed figures, one draw.

    Parameters
    ----------
    points
        Months, rising, and percent with the event by then, not falling.
    joints
        How many were followed. Where all had the event, the line runs down to half a joint and then drops to none,
        since no straight hazard reaches zero.
    """
    months, hazard = [0.0], [0.0]
    for month, percent in points:
        if percent >= 100 and hazard[-1] < NOBODY_LEFT:
            months.append(float(np.nextafter(month, 0)))
            hazard.append(max(hazard[-1], -math.log(0.5 / (joints + 1))))
        months.append(month)
        hazard.append(-math.log1p(-percent / 100) if percent < 100 else NOBODY_LEFT)
    return Curve(np.array(months), np.array(hazard)[:, None])


def drawn(points: Points, joints: float, draws: int, random: np.random.Generator) -> Curve:
    """Curves that the printed figures allow, given how many joints they rest on.

    Parameters
    ----------
    points
        Months, rising, and percent with the event by then, not falling.
    joints
        The number at risk at the start; see `effective_joints` where an interval is printed.
    draws
        How many curves.
    random
        Where they come from.

    Notes
    -----
    With S the printed share without the event and p points, the share that stays free of it from point k-1 to point
    k is drawn from Beta(joints S[k] + 1/(2p), joints (S[k-1] - S[k]) + 1/(2p)): Jeffreys' interval of a proportion
    for one point, and half an event in all for several.
    """
    months = np.array([0.0, *(month for month, _ in points)])
    share = np.array([1.0, *(1 - percent / 100 for _, percent in points)])
    added = 0.5 / len(points)
    free = (joints * share[1:] + added)[:, None]
    lost = (joints * -np.diff(share) + added)[:, None]
    stays = np.maximum(random.beta(free, lost, (len(points), draws)), SMALLEST_SHARE)
    hazard = np.vstack([np.zeros(draws), -np.log(stays).cumsum(axis=0)])
    return Curve(months, hazard)


def effective_joints(percent: float, low: float, high: float) -> float:
    """How many joints, all watched to the end, would give this 95 % interval of a percentage: p (1 - p) / se².

    Examples
    --------
    >>> round(effective_joints(27.8, 20.4, 35.2))
    141
    """
    p, se = percent / 100, (high - low) / 100 / (2 * NORMAL_95)
    return p * (1 - p) / se**2


def carried_on(curve: Curve, longer: Curve) -> Curve:
    """The curve, and after its end the hazard that a longer curve, with as many draws, has after that time."""
    later = longer.months > curve.end
    added = longer.hazard[later] - longer.hazard_at([curve.end])
    return Curve(
        np.concatenate([curve.months, longer.months[later]]), np.vstack([curve.hazard, curve.hazard[-1] + added])
    )
