"""Where is the head's bony surface in every direction?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from osteon.anatomy import Floats, Volume
from osteon.anatomy.sphere import head_directions
from osteon.anatomy.volume import Array
from osteon.imaging.head.ball import ON_SPHERE_MM, Ball, Layers, on_sphere
from osteon.imaging.head.rays import Drops, joined
from osteon.imaging.head.whole import find_rises, moved

# Directions the surface is kept in: 2500 are 4 degrees apart, 1.6 mm on the head.
DIRECTIONS = 2500
# Places within this angle are averaged into one direction's distance: wide enough to take out a pixel's noise, narrow
# enough to keep the fovea and a dent.
SMOOTH_DEG = 7.0


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """The outer surface of the head's bone: its distance from the centre in evenly spread directions.

    `known` says where the image showed it; elsewhere the sphere stands in.
    """

    center_mm: Floats
    radius_mm: float
    directions: Floats
    distance_mm: Floats
    known: Array

    def radius_at(self, directions: Floats, neck_deg: Floats) -> Floats:
        """Distance of the surface from the centre; 0.9 of the radius in unknown directions near the neck."""
        nearest = cKDTree(self.directions).query(directions)[1]
        far = self.distance_mm[nearest]
        return np.where(self.known[nearest] | (neck_deg > 65.0), far, 0.9 * self.radius_mm)

    @property
    def points_mm(self) -> Floats:
        """LPS millimetres of the surface where the image showed it, shape (n, 3)."""
        return np.asarray(self.center_mm + (self.directions * self.distance_mm[:, None])[self.known])


def skin_of(image: Volume, ball: Ball, layers: Layers) -> Skin:
    """The surface from the edges on the sphere and from bone that has sunk in, each moved to the outer surface."""
    radius = float(ball.radius_mm + layers.outer_mm)
    offset = surface_places(image, ball, layers, radius) - ball.center_mm
    length = np.linalg.norm(offset, axis=1)
    units, gap = offset / length[:, None], length - radius
    directions = head_directions(DIRECTIONS)
    near = cKDTree(units).query_ball_point(directions, 2 * np.sin(np.radians(2 * SMOOTH_DEG) / 2))
    distance, known = np.full(DIRECTIONS, radius), np.zeros(DIRECTIONS, bool)
    for i, places in enumerate(near):
        if len(places) >= 3:
            distance[i] = radius + averaged(directions[i], units[places], gap[places])
            known[i] = True
    return Skin(ball.center_mm, radius, directions, distance, known)


# Height of a rise that ends the plate over a dark or grey lesion, in parts of a usual large one; and of one that is
# enough to doubt an edge deeper in. On phantoms hardly any rise on the sphere above the first is false, and about one
# in seven above the second.
RISE, FAINT_RISE = 0.2, 0.12
# Bone may have sunk in this far below the sphere (4 mm is the most that any staging asks about); nearer lies on it.
SUNK_MM = (1.0, 7.0)
# What lies between this and this outside an edge tells whether it is the joint that begins there, mm.
OUTSIDE_MM = (1.0, 2.5)
# How near it has to come to the joint's signal, in parts of the step from marrow to joint. In MR a lesion's core may be
# nearly as bright as cartilage and only its thin band tells them apart; in CT the joint is darker than any bone.
JOINT_MR, JOINT_CT = 0.15, 0.35
# Dead bone under a sunken plate is thicker than any band: a rise nearer behind healthy marrow ends the band.
DEAD_MM = 4.0
# Bone on the sphere this far outside a sunken edge disproves it, and all edges of which most within this angle are
# disproved.
APART_MM, AROUND_DEG = 1.2, 10.0


def surface_places(image: Volume, ball: Ball, layers: Layers, radius: float) -> Floats:
    """Places of the outer surface, LPS, shape (n, 3): drops and rises on the sphere, and the last ones below it."""
    drops = moved(ball, ball.drops, np.full(len(ball.drops.ray), layers.outer_mm))
    healthy = drops.only(ball.on)
    faint = standing(rises_of(image, ball, layers, FAINT_RISE), healthy, ball, radius)
    rises = rises_of(image, ball, layers, RISE)
    dark = standing(rises, healthy, ball, radius)
    upright = joined(healthy, dark)
    fallen = drops.only(sunken(drops, upright, ball, layers, radius))
    dead = rises.only(sunken(rises, joined(upright, fallen), ball, layers, radius) & over_dead_bone(rises, drops))
    deep = joined(fallen, dead)
    return np.concatenate([upright.place_mm, deep.place_mm[~disproved(deep, faint, ball)]])


def rises_of(image: Volume, ball: Ball, layers: Layers, least: float) -> Drops:
    """Rises from dark bone, at its outer surface; none in CT, where bone is never dark."""
    if layers.cortex >= layers.marrow:
        return ball.drops.only(np.zeros(len(ball.drops.ray), bool))
    return find_rises(image, ball, layers, least)


def standing(rises: Drops, healthy: Drops, ball: Ball, radius: float) -> Drops:
    """Rises on the sphere, on rays on which no healthy bone ends there."""
    on = on_sphere(rises, ball.center_mm, radius, ON_SPHERE_MM)
    return rises.only(on & ~np.isin(rises.ray, healthy.ray))


def sunken(edges: Drops, upright: Drops, ball: Ball, layers: Layers, radius: float) -> Array:
    """Which edges are the surface of bone that has sunk in.

    They are the last of a ray without an upright one, and the joint's own signal begins there: behind the rim of a
    lesion follows its dark (MR) or dense (CT) band or its core instead.
    """
    gap = np.linalg.norm(edges.place_mm - ball.center_mm, axis=1) - radius
    inside = (gap < -SUNK_MM[0]) & (gap > -SUNK_MM[1]) & ~np.isin(edges.ray, upright.ray)
    last = np.concatenate([edges.ray[1:] != edges.ray[:-1], [True]]) if len(edges.ray) else inside
    later = np.isin(edges.ray, edges.ray[gap > ON_SPHERE_MM])
    chosen = np.flatnonzero(inside & (last | later))
    beyond = ball.rays.reach_mm[None] - edges.reach_mm[chosen][:, None]
    outside = (beyond > OUTSIDE_MM[0]) & (beyond < OUTSIDE_MM[1])
    value = np.where(outside, ball.rays.profile[edges.ray[chosen]], np.nan)
    mean = np.nanmean(value, axis=1) if len(chosen) else np.zeros(0)
    result = np.zeros(len(edges.ray), bool)
    like = JOINT_MR if layers.cortex < layers.marrow else JOINT_CT
    result[chosen[np.abs(mean - layers.joint) < like * abs(layers.marrow - layers.joint)]] = True
    return result


def over_dead_bone(rises: Drops, drops: Drops) -> Array:
    """Which rises lie far enough behind the last healthy marrow of their ray, or not behind it at all."""
    ends = np.full(int(max(rises.ray.max(initial=0), drops.ray.max(initial=0))) + 1, -np.inf)
    marrow = drops.only(drops.marrow > 0.5)
    np.maximum.at(ends, marrow.ray, marrow.reach_mm)
    behind = rises.reach_mm - ends[rises.ray]
    return np.asarray((behind > DEAD_MM) | (behind < 0))


def disproved(deep: Drops, standing: Drops, ball: Ball) -> Array:
    """Which edges deep inside have bone that stands outside them: on their own ray, or on most of those beside it."""
    away = np.linalg.norm(deep.place_mm - ball.center_mm, axis=1)
    outer = np.full(len(ball.rays.origin), -np.inf)
    outer[standing.ray] = np.linalg.norm(standing.place_mm - ball.center_mm, axis=1)
    own = outer[deep.ray] > away + APART_MM
    if not own.any():
        return np.asarray(own)
    units = (deep.place_mm - ball.center_mm) / away[:, None]
    near = cKDTree(units).query_ball_point(units, 2 * np.sin(np.radians(AROUND_DEG) / 2))
    return np.asarray(own | np.array([own[places].mean() > 0.5 for places in near]))


def averaged(direction: Floats, units: Floats, gap: Floats) -> float:
    """Mean of gaps around a direction, by a Gaussian of the angle."""
    angle = np.degrees(np.arccos(np.clip(units @ direction, -1, 1)))
    weight = np.exp(-0.5 * (angle / SMOOTH_DEG) ** 2)
    return float((weight * gap).sum() / weight.sum())
