"""Where does the head's sphere lie once the bone over a lesion counts as well as healthy bone?

A sphere through healthy bone alone hangs on one side of a head that is not quite round, up to 1 mm off. Over a lesion
the surface still shows in MR: a core nearly as bright as marrow drops into the bony plate, and a dark one rises to the
brighter cartilage.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from osteon.anatomy import Floats, Volume
from osteon.anatomy.volume import Array
from osteon.imaging.head.ball import ON_SPHERE_MM, Ball, Layers, on_sphere, profile, sphere_through
from osteon.imaging.head.rays import EDGE_SD_MM, STEP_MM, Drops, find_drops

# A drop with this weight ends healthy marrow; a lighter one of this height, in parts of the usual highest, may end a
# bright core.
HEALTHY, HIGH = 0.2, 0.5
# Over a lesion, edges count this far inside and outside the sphere: the rim of sunken bone begins further in.
OVER_LESION_MM = (0.7, 0.9)
# Rises this far inside the sphere with nothing behind them are bone that has sunk in. Where they are more than this
# share of a lesion's edges within this angle, none of those counts: the rim of a dent bends down with it.
SUNK_MM, AROUND_DEG, SHARE = (1.2, 6.0), 20.0, 0.2
# The darkest level this far before a rise tells a thin dark plate from a dark band or core.
INSIDE_MM = (2.0, 4.0)


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Places of the bone's outer surface: the ends of healthy marrow, of a lesion's bright core, and of a dark one."""

    healthy: Drops
    bright: Drops
    dark: Drops


def wholly_fitted(image: Volume, ball: Ball, layers: Layers) -> Ball:
    """The sphere refitted through all of the head's outer surface that MR shows; unchanged in CT."""
    if layers.cortex >= layers.marrow:
        return ball
    edges = edges_of(image, ball, layers)
    center, outer = ball.center_mm, ball.radius_mm + layers.outer_mm
    for _ in range(8):
        places = surface(edges, center, outer)
        if len(places) < 30:
            return ball
        center, outer = sphere_through(places, np.ones(len(places)))
    inner = outer - layers.outer_mm
    return replace(ball, center_mm=center, radius_mm=inner, on=on_sphere(ball.drops, center, inner, ON_SPHERE_MM))


def edges_of(image: Volume, ball: Ball, layers: Layers) -> Edges:
    """All edges of the rays, moved to the outer surface that they would belong to."""
    drops = moved(ball, ball.drops, np.full(len(ball.drops.ray), layers.outer_mm))
    healthy = drops.weight > HEALTHY
    high = drops.height > HIGH * np.percentile(drops.height, 90)
    dark = find_rises(image, ball, layers)
    return Edges(drops.only(healthy), drops.only(~healthy & high & (drops.marrow > 0.5)), dark)


def find_rises(image: Volume, ball: Ball, layers: Layers, least: float = 0.3) -> Drops:
    """Every rise along every ray of at least `least` of a usual large one, as the outer surface that it would end."""
    rises = find_drops(image.with_array(-image.array), replace(ball.rays, profile=-ball.rays.profile), least)
    return moved(ball, rises, -rise_offset(layers, level_before(ball, rises)))


def moved(ball: Ball, drops: Drops, outward_mm: Floats) -> Drops:
    """The drops with their places moved away from the centre."""
    away = drops.place_mm - ball.center_mm
    units = away / np.linalg.norm(away, axis=1)[:, None]
    return replace(drops, place_mm=drops.place_mm + outward_mm[:, None] * units)


def level_before(ball: Ball, rises: Drops) -> Floats:
    """The darkest value shortly before each rise."""
    steps = np.arange(round(INSIDE_MM[0] / STEP_MM), round(INSIDE_MM[1] / STEP_MM) + 1)
    at = np.round((rises.reach_mm - ball.rays.reach_mm[0]) / STEP_MM).astype(int)[:, None] - steps
    return np.asarray(ball.rays.profile[rises.ray[:, None], np.maximum(at, 0)].min(axis=1))


def rise_offset(layers: Layers, level: Floats) -> Floats:
    """How far outside the bone's surface the steepest rise is found, by the level inside the plate, mm.

    None where all inside is as dark as the plate. Where the plate is a thin dark line, smoothing spreads its two edges:
    0.6 mm behind a plate of 0.9 mm whose inside is as bright as the joint.
    """
    depth = np.arange(-6.0, 3.0, STEP_MM / 5)
    levels = np.linspace(layers.cortex, layers.marrow, 9)
    lines = np.stack([profile(depth, replace(layers, marrow=one, outer_mm=0.0)) for one in levels])
    slope = ndimage.gaussian_filter1d(lines, 5 * EDGE_SD_MM / STEP_MM, axis=1, order=1, mode="nearest")
    return np.asarray(np.interp(np.nan_to_num(level), levels, depth[slope.argmax(axis=1)]))


def surface(edges: Edges, center: Floats, radius: float) -> Floats:
    """Places near the sphere, at most one a ray, healthy bone's first; none of a lesion's beside bone that sank in."""
    on = on_sphere(edges.healthy, center, radius, ON_SPHERE_MM)
    taken, over = edges.healthy.ray[on], []
    for kind in (edges.bright, edges.dark):
        gap = np.linalg.norm(kind.place_mm - center, axis=1) - radius
        near = on_sphere(kind, center, radius, OVER_LESION_MM[1]) & (gap > -OVER_LESION_MM[0])
        near &= ~np.isin(kind.ray, taken)
        taken = np.concatenate([taken, kind.ray[near]])
        over.append(kind.place_mm[near])
    lesion = np.concatenate(over)
    beside = in_dent(lesion - center, sunk_places(edges, center, radius) - center)
    return np.concatenate([edges.healthy.place_mm[on], lesion[~beside]])


def sunk_places(edges: Edges, center: Floats, radius: float) -> Floats:
    """Rises well inside the sphere with no edge behind them on their ray up to the sphere."""
    kinds = (edges.dark, edges.bright, edges.healthy)
    ray = np.concatenate([kind.ray for kind in kinds])
    place = np.concatenate([kind.place_mm for kind in kinds])
    gap = np.linalg.norm(place - center, axis=1) - radius
    order = np.lexsort((gap, ray))
    order = order[gap[order] < ON_SPHERE_MM]
    last = order[np.diff(ray[order], append=-1) != 0]
    deep = (gap[last] < -SUNK_MM[0]) & (gap[last] > -SUNK_MM[1])
    return np.asarray(place[last[(last < len(edges.dark.ray)) & deep]])


def in_dent(away: Floats, sunk: Floats) -> Array:
    """Whether too much of what lies around each direction has sunk in."""
    if not len(away) or not len(sunk):
        return np.zeros(len(away), bool)
    own, other = (cKDTree(x / np.linalg.norm(x, axis=1)[:, None]) for x in (away, sunk))
    reach = 2 * np.sin(np.radians(AROUND_DEG) / 2)
    standing, fallen = (tree.query_ball_point(own.data, reach, return_length=True) for tree in (own, other))
    return np.asarray(fallen > SHARE * (fallen + standing))
