"""Which straight tract reaches most of the lesion without coming too near to anything, and what does it take out?

For every drill line the deepest tip that keeps all margins follows in closed form from the points of the bone's
surface, and reaching deeper never reaches less. So only the line is searched for: first all pairs of a coarse grid of
entries and aims, then the best of them are moved in ever smaller steps on the finest surface.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from osteon.anatomy import sample
from osteon.anatomy.volume import Array, Floats
from osteon.surgery.bone import PARTS, Bone, Part, Surface, lateral_cortex, lesion_cells, may_enter, one_per_cube
from osteon.surgery.settings import SurgeryOptions
from osteon.surgery.tracts import (
    ENTERED_AFTER_RADII,
    Lines,
    Tract,
    across,
    deepest,
    distance_mm,
    line_of,
    near,
    share_in_any,
    share_inside,
    toward,
)

# Coarse grid: entries and aims this far apart. From 4 and 3 mm the plan fell 2.6 % short of brute force on one of ten
# bones; from here it stays within 1 % (tests/surgery/test_drill.py).
ENTRY_STEP_MM, AIM_STEP_MM = 3.0, 2.5
# Points of the surface and cells of the lesion in the first search, and in the second.
COARSE_SURFACE_MM, FINE_SURFACE_MM = 2.5, 1.2
COARSE_CELL_MM, FINE_CELL_MM = 2.0, 1.0
# How many of the coarse lines are moved on, with what first and last step, and how often at most.
STARTS, FIRST_STEP_MM, LAST_STEP_MM, ROUNDS = 24, 2.5, 0.15, 24
# Two starts enter this far apart, or point this far apart: nearer ones climb the same hill.
APART_MM, APART_DEG = 5.0, 3.0
# The last search, on every point of the surface near the lines: how many lines, with what first step. A step that
# reaches less than this times more is no step up.
FINALISTS, FINAL_STEP_MM, LEAST_RISE = 6, 1.0, 1.0003
# The first search sees the surface thinned and so lets some lines pass that the second does not: this many are seen
# twice (half as many for a tract beside others), and starts are moved on while they reach this share of the best.
SEEN_TWICE, KEEP = 1500, 0.85
# Lines by surface points held at once: two arrays of this many single-precision numbers stay in a processor's cache.
AT_ONCE = 1_000_000
# Single precision places a point of the surface to a few thousandths of a millimetre.
ROUNDING_MM = 0.01
# Less than this share of the lesion is no reach: cells at the border count in part.
LEAST_SHARE = 0.002


class Margin(NamedTuple):
    """A distance as planned and the least that was asked for, mm."""

    distance_mm: float
    required_mm: float


@dataclass(frozen=True, slots=True)
class Demands:
    """One kind of tract: how wide it is and how far it stays from the joint's and the neck's surface, mm.

    `starts` is from how many lines of the first search the second sets out.
    """

    diameter_mm: float
    joint_mm: float
    neck_mm: float
    starts: int = STARTS

    @property
    def radius_mm(self) -> float:
        """Half the diameter."""
        return self.diameter_mm / 2


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """A bone at one fineness: surface points, lesion cells (middles LPS, ml each) and the edge of a cell."""

    bone: Bone
    surface: Surface
    cells: Floats
    cells_ml: Floats
    cell_mm: float

    @property
    def middle(self) -> Floats:
        """The lesion's centre of gravity, LPS mm; the head's centre where there is no lesion."""
        if not len(self.cells):
            return self.bone.hip.head.center_mm
        return np.asarray(np.average(self.cells, axis=0, weights=self.cells_ml))


def coarse_ground(bone: Bone) -> Ground:
    """The bone as the first search sees it."""
    return ground(bone, COARSE_SURFACE_MM, COARSE_CELL_MM)


def fine_ground(bone: Bone) -> Ground:
    """The bone as the second search sees it."""
    return ground(bone, FINE_SURFACE_MM, FINE_CELL_MM)


def ground(bone: Bone, surface_mm: float, cell_mm: float) -> Ground:
    """The bone with about one surface point every `surface_mm` and lesion cells of `cell_mm`."""
    cells, ml = lesion_cells(bone, cell_mm)
    return Ground(bone, bone.surface.thinned(surface_mm), cells, ml, cell_mm)


def limits(surface: Surface, lines: Lines, demands: Demands) -> Floats:
    """The deepest tips that the joint's, the neck's and all other surface allow: shape (3, n), mm from the entry."""
    return np.stack([limit_of(part, surface, lines, demands) for part in PARTS])


def limit_of(part: Part, surface: Surface, lines: Lines, demands: Demands) -> Floats:
    """The deepest tips that one part of the surface allows, shape (n,), mm from the entry; infinite without a limit.

    Surface that is neither joint nor neck asks only that the tract stays in the bone once it has entered with its whole
    width.
    """
    radius = demands.radius_mm
    margin = {"joint": demands.joint_mm, "neck": demands.neck_mm, "other": 0.0}[part]
    start = ENTERED_AFTER_RADII * radius if part == "other" else 0.0
    points, kept = surface.of(part), float(np.hypot(margin, surface.gap_mm))
    result = np.full(len(lines), np.inf)
    step = max(AT_ONCE // max(len(points), 1), 1)
    for first in range(0, len(lines) if len(points) else 0, step):
        some = lines[first : first + step]
        result[first : first + step] = deepest(near(some, points, radius + kept), len(some), radius, kept, start)
    return result


def tips(ground: Ground, lines: Lines, demands: Demands) -> Floats:
    """The deepest tips allowed by all of the surface, shape (n,), mm from the entry; 0 where the lesion is not reached.

    The neck stops most lines, so it is asked first, and the rest only about the others.
    """
    ahead = np.linalg.norm(ground.cells - ground.middle, axis=1).max(initial=0.0) + ground.cell_mm
    start = np.einsum("ij,ij->i", ground.middle - lines.entries, lines.directions) - ahead
    result = start + 2 * ahead
    for part in ("neck", "other", "joint"):
        going_on = np.flatnonzero(result > start)
        result[going_on] = np.minimum(result[going_on], limit_of(part, ground.surface, lines[going_on], demands))
    return np.where(result > np.maximum(start, 0.0), result, 0.0)


def reached_ml(ground: Ground, lines: Lines, depth_mm: Floats, radius_mm: float, left: Floats | None = None) -> Floats:
    """The ml of lesion in each tract; `left` (0 to 1 a cell) is what earlier tracts have left of it."""
    weight = ground.cells_ml if left is None else ground.cells_ml * left
    result = np.zeros(len(lines))
    step = max(AT_ONCE // max(len(weight), 1), 1)
    for first in range(0, len(lines) if len(weight) else 0, step):
        some = slice(first, first + step)
        found = near(lines[some], ground.cells, radius_mm + ground.cell_mm)
        inside = share_inside(found, depth_mm[some], radius_mm, ground.cell_mm) * weight[found.point]
        result[some] = np.bincount(found.line, inside, minlength=len(lines[some]))
    return result


def entries_and_aims(bone: Bone, options: SurgeryOptions, lowest_mm: float = 0.0) -> Lines:
    """The coarse grid: every entry on the lateral cortex with every aim across the lesion, if the drill bites."""
    entries = lateral_cortex(bone, options, lowest_mm)
    cells, ml = lesion_cells(bone, COARSE_CELL_MM)
    if not len(entries) or not len(cells):
        return Lines(np.zeros((0, 3)), np.zeros((0, 3)))
    entries = entries[one_per_cube(entries, ENTRY_STEP_MM)]
    aims = aims_across(cells, ml, np.median(entries, axis=0))
    lines = toward(np.repeat(entries, len(aims), axis=0), np.tile(aims, (len(entries), 1)))
    return lines[bites(bone, lines, options)]


def aims_across(cells: Floats, ml: Floats, seen_from: Floats) -> Floats:
    """Points of a plane through the lesion's middle, about `AIM_STEP_MM` apart, that cover the lesion as seen."""
    middle = np.average(cells, axis=0, weights=ml)
    side, other = across((middle - seen_from) / np.linalg.norm(middle - seen_from))
    flat = np.stack([(cells - middle) @ side, (cells - middle) @ other, np.zeros(len(cells))], axis=1)
    places = np.unique(np.round(flat / AIM_STEP_MM), axis=0) * AIM_STEP_MM
    return np.asarray(middle + places[:, :1] * side + places[:, 1:2] * other)


def bites(bone: Bone, lines: Lines, options: SurgeryOptions) -> Array:
    """Whether each line meets the cortex steeply enough to enter it."""
    against = -np.einsum("ij,ij->i", bone.faces(lines.entries), lines.directions)
    return np.asarray(against >= np.cos(np.radians(options.incidence_deg)))


def best_tract(
    coarse: Ground,
    fine: Ground,
    lines: Lines,
    depth_mm: Floats,
    demands: Demands,
    options: SurgeryOptions,
    others: Sequence[Tract] = (),
) -> Tract | None:
    """The tract that reaches most of what `others` have left of the lesion; None where none reaches any.

    Parameters
    ----------
    coarse, fine
        The bone for the first and the second search.
    lines, depth_mm
        The coarse grid and how deep each of its tracts may go.
    demands
        Diameter and margins.
    options
        Where a drill may enter, and the bone to leave between entries.
    others
        Tracts already chosen.
    """
    left = 1.0 - share_in_any(others, coarse.cells, coarse.cell_mm) if others else None
    gain = np.zeros(len(lines))
    some = np.flatnonzero(depth_mm > 0)
    gain[some] = reached_ml(coarse, lines[some], depth_mm[some], demands.radius_mm, left)
    gain[~spaced(lines.entries, others, demands, options)] = 0.0
    if not len(gain) or gain.max() <= LEAST_SHARE * coarse.cells_ml.sum():
        return None
    promising = lines[np.argsort(-gain)[: SEEN_TWICE // 2 if others else SEEN_TWICE]]
    left = 1.0 - share_in_any(others, fine.cells, fine.cell_mm) if others else None
    gain = worth(fine, promising, demands, options, others, left)
    return improved(fine, promising[apart(promising, gain, demands.starts)], demands, options, others)


def spaced(entries: Floats, others: Sequence[Tract], demands: Demands, options: SurgeryOptions) -> Array:
    """Whether entries leave the wanted bridge of bone to the entries of other tracts."""
    fits = np.ones(len(entries), bool)
    for other in others:
        least = demands.radius_mm + other.diameter_mm / 2 + options.pin_bridge_mm
        fits &= np.linalg.norm(entries - other.entry_mm, axis=1) >= least
    return fits


def apart(lines: Lines, gain: Floats, count: int) -> Array:
    """Indices of up to `count` of the best lines, of which no two enter and aim almost alike."""
    chosen: list[int] = []
    order = np.argsort(-gain)
    for i in order[gain[order] > 0]:
        near = np.linalg.norm(lines.entries[chosen] - lines.entries[i], axis=1) < APART_MM
        alike = lines.directions[chosen] @ lines.directions[i] > np.cos(np.radians(APART_DEG))
        if not (near & alike).any():
            chosen.append(int(i))
        if len(chosen) == count:
            break
    return np.array(chosen, int)


def improved(
    fine: Ground, lines: Lines, demands: Demands, options: SurgeryOptions, others: Sequence[Tract] = ()
) -> Tract | None:
    """The best tract found by moving entries and aims of some lines in ever smaller steps.

    First with the surface thinned, then the few best with all of it: whether a tract passes a narrow neck is settled by
    single points.
    """
    left = 1.0 - share_in_any(others, fine.cells, fine.cell_mm) if others else None
    lines, gain = climbed(fine, lines, demands, options, others, left, FIRST_STEP_MM)
    lines = lines[np.argsort(-gain)[:FINALISTS]]
    close = replace(fine, surface=along_lines(fine.bone.surface, lines, demands))
    lines, gain = climbed(close, lines, demands, options, others, left, FINAL_STEP_MM)
    whole = replace(fine, surface=fine.bone.surface)
    depth = tips(whole, lines, demands) - ROUNDING_MM
    gain = np.where(depth > 0, reached_ml(fine, lines, depth, demands.radius_mm, left), 0.0)
    if not len(gain) or gain.max() <= LEAST_SHARE * fine.cells_ml.sum():
        return None
    k = int(np.argmax(gain))
    entry, way = lines.entries[k], lines.directions[k]
    return Tract(entry, entry + depth[k] * way, demands.diameter_mm)


def along_lines(surface: Surface, lines: Lines, demands: Demands) -> Surface:
    """The points of the surface that tracts along some lines, moved a little, could come too near to."""
    reach = demands.radius_mm + max(demands.joint_mm, demands.neck_mm) + 4.0 * FINAL_STEP_MM
    kept = np.zeros(len(surface.points), bool)
    for k in range(len(lines)):
        kept[near(lines[[k]], surface.points, reach).point] = True
    return surface.only(kept)


def climbed(
    ground: Ground,
    lines: Lines,
    demands: Demands,
    options: SurgeryOptions,
    others: Sequence[Tract],
    left: Floats | None,
    first_step_mm: float,
) -> tuple[Lines, Floats]:
    """Lines moved as long as they reach more, steps halved where none does, and the ml that each now reaches."""
    rng = np.random.default_rng(0)  # moves are drawn alike each time: the same bone gives the same plan
    best, gain = (
        Lines(lines.entries.copy(), lines.directions.copy()),
        worth(ground, lines, demands, options, others, left),
    )
    step = np.full(len(lines), first_step_mm)
    for _ in range(ROUNDS):
        which = np.flatnonzero((step > LAST_STEP_MM) & (gain >= KEEP * gain.max(initial=0.0)))
        if not len(which):
            break
        tried = moved(ground.bone, best[which], step[which], ground.middle, rng)
        got = worth(ground, tried, demands, options, others, left).reshape(len(which), -1)
        top = got.argmax(axis=1)
        better = got[np.arange(len(which)), top] > gain[which] * LEAST_RISE
        place, pick = which[better], np.flatnonzero(better) * got.shape[1] + top[better]
        best.entries[place], best.directions[place] = tried.entries[pick], tried.directions[pick]
        gain[place] = got.max(axis=1)[better]
        step[which[~better]] /= 2.0
    return best, gain


MOVES = 28  # a line: both ways along each of the four ways to move it, and twenty drawn at random


def moved(bone: Bone, lines: Lines, step_mm: Floats, aim: Floats, rng: np.random.Generator) -> Lines:
    """`MOVES` lines for every line, its entry and its aim shifted aside by up to the step; entries on the cortex."""
    axes = np.repeat(np.eye(4), 2, axis=0) * np.tile([1.0, -1.0], 4)[:, None]
    shifts = np.concatenate([axes, rng.uniform(-1, 1, (MOVES - len(axes), 4))])
    entries, aims = [], []
    for start, way, step in zip(lines.entries, lines.directions, step_mm, strict=True):
        side, other = across(way)
        target = start + ((aim - start) @ way) * way
        shift = shifts * step
        entries.append(start + shift[:, :1] * side + shift[:, 1:2] * other)
        aims.append(target + shift[:, 2:3] * side + shift[:, 3:] * other)
    return on_cortex(bone, toward(np.concatenate(entries), np.concatenate(aims)))


def on_cortex(bone: Bone, lines: Lines, within_mm: float = 8.0) -> Lines:
    """The same lines with their entries where they first meet the bone; unmoved where that is not near."""
    steps = np.arange(-within_mm, within_mm + 0.5, 0.5)
    path = lines.entries[:, None] + steps[None, :, None] * lines.directions[:, None]
    inside = sample(bone.femur, path, outside=0.0) - 0.5
    first = np.argmax(inside >= 0, axis=1)
    rows = np.arange(len(lines))
    before, after = inside[rows, first - 1], inside[rows, first]
    met = (inside[rows, first] >= 0) & (first > 0)
    share = np.where(met, before / np.where(before < after, before - after, 1.0), 0.0)
    shift = np.where(met, steps[first - 1] + share * 0.5, 0.0)
    return Lines(lines.entries + shift[:, None] * lines.directions, lines.directions)


def worth(
    fine: Ground,
    lines: Lines,
    demands: Demands,
    options: SurgeryOptions,
    others: Sequence[Tract],
    left: Floats | None,
) -> Floats:
    """The ml each line reaches with the deepest tip allowed; 0 where it must not enter or cannot."""
    bone = fine.bone
    allowed = may_enter(bone, lines.entries, options) & bites(bone, lines, options)
    allowed &= (bone.height_mm(lines.entries) >= 0) & spaced(lines.entries, others, demands, options)
    allowed &= np.abs(sample(bone.femur, lines.entries, outside=0.0) - 0.5) < 0.25  # the entry did meet the cortex
    result = np.zeros(len(lines))
    some = np.flatnonzero(allowed)
    depth = tips(fine, lines[some], demands)
    some, depth = some[depth > 0], depth[depth > 0]
    result[some] = reached_ml(fine, lines[some], depth, demands.radius_mm, left)
    return result


def not_deeper_than_needed(tract: Tract, ground: Ground) -> Tract:
    """The tract drawn back to the deepest part of the lesion it reaches: beyond, it would only remove bone."""
    half = ground.cell_mm / 2
    met = near(line_of(tract), ground.cells, tract.diameter_mm / 2 + half).along
    needed = min(tract.length_mm, float(met[met < tract.length_mm + half].max(initial=0.0)) + half)
    return replace(tract, tip_mm=tract.entry_mm + needed * tract.direction)


def margins_of(bone: Bone, tracts: Sequence[Tract], demands: Demands, bridge_mm: float = 0.0) -> dict[str, Margin]:
    """How near the tracts come to each part of the bone's surface, with what was asked for, mm.

    `joint_surface` and `neck_cortex` are the distances of the nearest tract's solid from the surface; `other_cortex`
    counts from where the tract has entered with its whole width; `lesser_trochanter` is how far the lowest entry lies
    above its tip; `entry_bridge` is the bone between the edges of the two nearest entries.
    """
    result = {
        "joint_surface": Margin(nearest(bone, "joint", tracts), demands.joint_mm),
        "neck_cortex": Margin(nearest(bone, "neck", tracts), demands.neck_mm),
        "other_cortex": Margin(nearest(bone, "other", tracts), 0.0),
        "lesser_trochanter": Margin(float(bone.height_mm(np.stack([t.entry_mm for t in tracts])).min()), 0.0),
    }
    if len(tracts) > 1:
        pairs = [(a, b) for i, a in enumerate(tracts) for b in tracts[:i]]
        apart = [np.linalg.norm(a.entry_mm - b.entry_mm) - (a.diameter_mm + b.diameter_mm) / 2 for a, b in pairs]
        result["entry_bridge"] = Margin(float(min(apart)), bridge_mm)
    return {name: Margin(round(margin.distance_mm, 3), margin.required_mm) for name, margin in result.items()}


def nearest(bone: Bone, part: Part, tracts: Sequence[Tract]) -> float:
    """The least distance of any tract from a part of the surface, mm; no less than it truly is to the triangles."""
    least = np.inf
    for tract in tracts:
        points = bone.surface.of(part)
        if part == "other":
            entered = (points - tract.entry_mm) @ tract.direction > ENTERED_AFTER_RADII * tract.diameter_mm / 2
            points = points[entered]
        if len(points):
            least = min(least, float(distance_mm(tract, points).min()))
    return float(np.sqrt(max(least**2 - bone.surface.gap_mm**2, 0.0)))
