"""How far does the healthy marrow reach along every ray, taken over all rays together?

Choosing for every ray the depth at which a dark band begins, so that neighbours agree, is the problem that stereo
vision solves by semi-global matching (Hirschmüller, Accurate and efficient stereo processing by semi-global matching
and mutual information, CVPR 2005): the cost of every depth is summed with the cheapest way to get there along several
directions over the grid of rays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from osteon.imaging.lesion.rays import STEP_MM

Singles = NDArray[np.float32]

# Depth below the bone's surface that holds the bony plate (about 1 mm) and its blur, and tells nothing.
PLATE_MM = 1.5
# A bone mask that is too large by up to this much is made good.
LARGEST_EXCESS_MM = 2.0
# Signal in parts of marrow below which a sample starts to count as dark, and where it counts fully: noise and patchy
# marrow stay above the first, and a usual band blurred by a slice lies between the two.
DARK_FROM, DARK_FULL = 0.90, 0.50
# Cost of calling a millimetre of bright marrow lesion, against 1 for calling a millimetre of dark band marrow: a core
# as bright as fat stays lesion up to 25 mm deep behind a band of 1 mm.
BRIGHT_COST = 0.04
# Cost of each half millimetre's step between neighbouring rays, and the most a jump costs.
STEP_COST, JUMP_COST, WIDEST_STEP = 0.05, 0.6, 6
PATHS = ((0, 1), (0, -1), (1, 0), (-1, 0))


def reach_of(share: Singles, clear: Singles, seen: NDArray[np.bool_]) -> tuple[NDArray[np.int_], float]:
    """Index of the last healthy sample along each ray, shape (n, n), and the thickness of the plate in mm.

    Parameters
    ----------
    share
        Signal in parts of healthy marrow along each ray, shape (n, n, m), every `STEP_MM`.
    clear
        Depth in mm below the bone's surface at the same samples, the smallest within half a slice.
    seen
        The rays that end on the head.
    """
    first = cheapest(share, clear, PLATE_MM)
    # Healthy rays, the most of them, end at the plate: where they end deeper, the bone's mask is too large.
    ends = np.take_along_axis(clear, first[..., None], axis=-1)[..., 0][seen]
    usual = float(np.quantile(ends, 0.3)) if ends.size else PLATE_MM
    plate_mm = PLATE_MM + float(np.clip(usual - PLATE_MM, 0.0, LARGEST_EXCESS_MM))
    return cheapest(share, clear, plate_mm), plate_mm


def cheapest(share: Singles, clear: Singles, plate_mm: float) -> NDArray[np.int_]:
    """The depth of the least total cost on every ray."""
    cost = cost_of(share, clear, plate_mm)
    total = sum((along_path(cost, path) for path in PATHS), np.zeros_like(cost))
    return np.asarray(total.argmin(axis=-1))


def cost_of(share: Singles, clear: Singles, plate_mm: float) -> Singles:
    """What it costs to let the healthy marrow end at each sample: dark passed through and bright left behind, in mm."""
    tells = clear > plate_mm
    dark = np.where(tells, np.clip((DARK_FROM - share) / (DARK_FROM - DARK_FULL), 0, 1), 0)
    bright = np.where(tells, np.clip((share - DARK_FULL) / (DARK_FROM - DARK_FULL), 0, 1), 0)
    passed = np.cumsum(dark, axis=-1) - dark
    left = bright.sum(axis=-1, keepdims=True) - np.cumsum(bright, axis=-1)
    outside = 10.0 * (np.cumsum(clear <= 0, axis=-1) > 1)
    return np.asarray((STEP_MM * (passed + BRIGHT_COST * left) + outside).astype(np.float32))


def along_path(cost: Singles, path: tuple[int, int]) -> Singles:
    """Costs with the cheapest way to reach them when walking over the grid in one direction."""
    axis, way = (0, path[0]) if path[0] else (1, path[1])
    lines = np.moveaxis(cost, axis, 0)[::way]
    total = np.empty_like(lines)
    total[0] = lines[0]
    for i in range(1, len(lines)):
        total[i] = lines[i] + cheapest_step(total[i - 1])
    return np.moveaxis(total[::way], 0, axis)


def cheapest_step(before: Singles) -> Singles:
    """The cheapest way from any depth of the ray before to each depth of this one, less the cheapest of all."""
    least = before.min(axis=-1, keepdims=True)
    best = np.minimum(before, least + JUMP_COST)
    for step in range(1, WIDEST_STEP + 1):
        best[..., step:] = np.minimum(best[..., step:], before[..., :-step] + STEP_COST * step)
        best[..., :-step] = np.minimum(best[..., :-step], before[..., step:] + STEP_COST * step)
    return np.asarray(best - least)
