"""What does a drilled tract touch, how near does it come to a surface, and how much does it take out?

A tract is a solid cylinder with a flat end, from its entry on the bone's surface to its tip. All distances are from
that solid, not from its middle line. Lines are drilled from outside, so bone beside a slanting entry is cut as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from osteon.anatomy import Volume, sample
from osteon.anatomy.volume import Array, Floats

# Volumes along a tract are summed over cells of this size; 0.5 mm keeps the error of a 3 mm pin below 1 %.
CELL_MM = 0.5

# A drill that meets the cortex at a slant of up to 70 degrees has entered with its whole width after 3 radii.
ENTERED_AFTER_RADII = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Tract:
    """One drilled hole, rod or strut: `entry_mm` on the cortex and `tip_mm`, the middle of its flat end, both LPS."""

    entry_mm: Floats
    tip_mm: Floats
    diameter_mm: float

    @property
    def length_mm(self) -> float:
        """From entry to tip."""
        return float(np.linalg.norm(self.tip_mm - self.entry_mm))

    @property
    def direction(self) -> Floats:
        """Unit vector in LPS from entry to tip."""
        return np.asarray((self.tip_mm - self.entry_mm) / self.length_mm)


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Many drill lines: entries, shape (n, 3), LPS mm, and unit directions into the bone, shape (n, 3)."""

    entries: Floats
    directions: Floats

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, which: slice | Array | list[int]) -> Lines:
        return Lines(self.entries[which], self.directions[which])


def toward(entries: ArrayLike, aims: ArrayLike) -> Lines:
    """Lines from entries to aims, both (n, 3) or one of them (3,), LPS mm."""
    start, end = np.broadcast_arrays(np.asarray(entries, float), np.asarray(aims, float))
    along = end - start
    return Lines(start, along / np.linalg.norm(along, axis=-1, keepdims=True))


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """The pairs of a line and a point near it: which line, which point, how far along it and how far beside, mm."""

    line: Array
    point: Array
    along: Floats
    aside: Floats


def near(lines: Lines, points: Floats, within_mm: float) -> Near:
    """Every pair of a line and a point no further than `within_mm` beside it.

    Examples
    --------
    >>> found = near(toward([0, 0, 0], [[0, 0, 9]]), np.array([[3.0, 4.0, 7.0], [9.0, 0.0, 0.0]]), 6.0)
    >>> found.point.tolist(), found.along.tolist(), found.aside.tolist()
    ([0], [7.0], [5.0])
    """
    # Two matrix products instead of n x m x 3 differences; about a middle point, or single precision loses 0.01 mm.
    middle = points.mean(axis=0) if len(points) else np.zeros(3)
    spots, starts = (points - middle).astype(np.float32), (lines.entries - middle).astype(np.float32)
    ways = lines.directions.astype(np.float32)
    along = ways @ spots.T
    along -= np.einsum("ij,ij->i", starts, ways)[:, None]
    square = (-2.0 * starts) @ spots.T
    square += np.einsum("ij,ij->i", spots, spots)
    square += np.einsum("ij,ij->i", starts, starts)[:, None]
    square -= along * along
    pair = np.flatnonzero(square <= within_mm**2)
    line, point = np.divmod(pair, max(len(points), 1))
    aside = np.sqrt(np.maximum(square.ravel()[pair], 0.0))
    return Near(line, point, along.ravel()[pair].astype(float), aside.astype(float))


def deepest(found: Near, count: int, radius_mm: float, margin_mm: float, from_mm: float = 0.0) -> Floats:
    """How long tracts may be before they come nearer than a margin to any of some points: one number a line, mm.

    A point at `t` along and `rho` beside the line is nearer than `m` to the flat-ended cylinder of length `L` unless
    `L ≤ t - √(m² - max(0, rho - R)²)`; points with `rho ≥ R + m` never are. Points up to `from_mm` along the line are
    passed over, and those behind the entry.

    Parameters
    ----------
    found
        The pairs within `radius_mm + margin_mm`, from `near`.
    count
        Number of lines.
    radius_mm
        Half the tract's diameter, R.
    margin_mm
        The distance to keep, m.
    from_mm
        Where the check begins.

    Examples
    --------
    >>> line = toward([0, 0, 0], [[0, 0, 9]])
    >>> ahead, beside = np.array([[0.0, 0.0, 30.0]]), np.array([[9.0, 0.0, 30.0]])
    >>> deepest(near(line, ahead, 9.0), 1, radius_mm=5.0, margin_mm=4.0).tolist()
    [26.0]
    >>> deepest(near(line, beside, 9.0), 1, radius_mm=5.0, margin_mm=4.0).tolist()
    [30.0]
    """
    ahead = found.along > from_mm
    gap = np.maximum(found.aside[ahead] - radius_mm, 0.0)
    limit = found.along[ahead] - np.sqrt(np.maximum(margin_mm**2 - gap**2, 0.0))
    result = np.full(count, np.inf)
    np.minimum.at(result, found.line[ahead], limit)
    return result


def share_inside(found: Near, depth_mm: Floats, radius_mm: float, cell_mm: float) -> Floats:
    """How much of the cell about each point of some pairs lies in the tract, 0 to 1.

    A ramp one cell wide across the tract's border; `depth_mm` is the length of every line's tract.
    """
    beside = np.clip((radius_mm - found.aside) / cell_mm + 0.5, 0.0, 1.0)
    return np.asarray(beside * np.clip((depth_mm[found.line] - found.along) / cell_mm + 0.5, 0.0, 1.0))


def distance_mm(tract: Tract, points: Floats) -> Floats:
    """Distance of points, shape (n, 3) LPS, from the solid of a tract; 0 inside.

    Examples
    --------
    >>> rod = Tract(np.zeros(3), np.array([0.0, 0.0, 10.0]), 4.0)
    >>> distance_mm(rod, np.array([[0, 0, 13.0], [5, 0, 14.0], [1, 0, 5.0]])).tolist()
    [3.0, 5.0, 0.0]
    """
    offset = np.asarray(points, float) - tract.entry_mm
    along = offset @ tract.direction
    aside = np.linalg.norm(offset - along[..., None] * tract.direction, axis=-1)
    beyond = np.maximum(np.maximum(along - tract.length_mm, -along), 0.0)
    return np.asarray(np.hypot(beyond, np.maximum(aside - tract.diameter_mm / 2, 0.0)))


def share_in_any(tracts: Sequence[Tract], points: Floats, cell_mm: float) -> Floats:
    """How much of each cell about a point lies in any of the tracts, 0 to 1, shape (m,)."""
    share = np.zeros(len(points))
    for tract in tracts:
        found = near(line_of(tract), points, tract.diameter_mm / 2 + cell_mm)
        begun = np.clip((found.along + reach_before_entry(tract)) / cell_mm + 0.5, 0.0, 1.0)
        inside = begun * share_inside(found, np.array([tract.length_mm]), tract.diameter_mm / 2, cell_mm)
        share[found.point] = np.maximum(share[found.point], inside)
    return share


def line_of(tract: Tract) -> Lines:
    """A tract's line, alone."""
    return toward(tract.entry_mm[None], tract.tip_mm[None])


def reach_before_entry(tract: Tract) -> float:
    """How far before its entry a slanting drill already cuts bone beside it, at most; mm."""
    return ENTERED_AFTER_RADII * tract.diameter_mm / 2


def removed_ml(femur: Volume, tracts: Sequence[Tract], count: Volume | None = None) -> float:
    """Volume of the bone (marrow included) that the tracts take out together, in ml; overlaps count once.

    Parameters
    ----------
    femur
        Mask of the bone.
    tracts
        The holes.
    count
        A second mask, such as the lesion; only bone within it is counted then.
    """
    total = 0.0
    for i, tract in enumerate(tracts):
        cells = cells_of(tract)
        bone = sample(femur, cells, outside=0.0)
        if count is not None:
            bone = bone * sample(count, cells, outside=0.0)
        earlier = share_in_any(tracts[:i], cells, CELL_MM)
        total += float((bone * (1.0 - earlier)).sum()) * cell_ml(tract)
    return total


def cells_of(tract: Tract) -> Floats:
    """Middles of equal cells that fill the tract and its way before the entry, shape (n, 3), LPS mm."""
    radii, turns = ring_cells(tract.diameter_mm / 2)
    side, other = across(tract.direction)
    disc = radii[:, None] * (np.cos(turns)[:, None] * side + np.sin(turns)[:, None] * other)
    length = tract.length_mm + reach_before_entry(tract)
    steps = max(round(length / CELL_MM), 1)
    stations = (np.arange(steps) + 0.5) * length / steps - reach_before_entry(tract)
    middles = tract.entry_mm + stations[:, None] * tract.direction
    return np.asarray((middles[:, None] + disc[None]).reshape(-1, 3))


def cell_ml(tract: Tract) -> float:
    """Volume of one of `cells_of`, in ml."""
    length = tract.length_mm + reach_before_entry(tract)
    count = len(ring_cells(tract.diameter_mm / 2)[0]) * max(round(length / CELL_MM), 1)
    return float(np.pi * (tract.diameter_mm / 2) ** 2 * length / count / 1000.0)


def ring_cells(radius_mm: float) -> tuple[Floats, Floats]:
    """Polar places of equally large cells of a disc: radii in mm and angles in radians (the sunflower's spiral)."""
    count = max(int(np.ceil(np.pi * radius_mm**2 / CELL_MM**2)), 16)
    order = np.arange(count)
    golden = np.pi * (3.0 - np.sqrt(5.0))
    return radius_mm * np.sqrt((order + 0.5) / count), order * golden


def across(direction: Floats) -> tuple[Floats, Floats]:
    """Two unit vectors at right angles to a direction and to each other."""
    least = np.eye(3)[np.argmin(np.abs(direction))]
    side = np.cross(direction, least)
    side = side / np.linalg.norm(side)
    return side, np.cross(direction, side)


def tracts_mask(femur: Volume, tracts: Sequence[Tract]) -> Volume:
    """The bone that the tracts take out, as a mask on the grid of `femur`: voxels whose middle lies in a tract.

    Thin pins on coarse voxels may miss every middle: take a grid finer than a third of the diameter for a volume.

    Examples
    --------
    >>> block = Volume(np.ones((20, 20, 20), bool), np.eye(4))
    >>> hole = Tract(np.array([10.0, 10.0, 0.0]), np.array([10.0, 10.0, 9.0]), 4.0)
    >>> int(tracts_mask(block, [hole]).array.sum())
    130
    """
    inside = np.zeros(femur.shape, bool)
    for tract in tracts:
        start = tract.entry_mm - reach_before_entry(tract) * tract.direction
        ends = femur.to_index(np.stack([start, tract.tip_mm]))
        reach = tract.diameter_mm / 2 / femur.spacing_mm + 1
        low = np.clip(np.floor(ends.min(axis=0) - reach), 0, femur.shape).astype(int)
        high = np.clip(np.ceil(ends.max(axis=0) + reach) + 1, low, femur.shape).astype(int)
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        middles = femur.to_mm(np.moveaxis(np.indices(tuple(high - low)), 0, -1) + low)
        longer = Tract(start, tract.tip_mm, tract.diameter_mm)
        inside[box] |= distance_mm(longer, middles) <= 0.0
    return femur.with_array(inside & femur.array.astype(bool))
