"""Where is the head's bony surface in every direction?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from osteon.anatomy import Floats
from osteon.anatomy.sphere import head_directions
from osteon.anatomy.volume import Array
from osteon.imaging.head.ball import ON_SPHERE_MM, Ball, Layers

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


def skin_of(ball: Ball, layers: Layers) -> Skin:
    """The surface from the drops on the sphere and from sunken bone, moved from the drop to the outer surface."""
    radius = float(ball.radius_mm + layers.outer_mm)
    away = ball.drops.place_mm[ball.on | sunken(ball, layers)] - ball.center_mm
    length = np.linalg.norm(away, axis=1)
    units, gap = away / length[:, None], length - ball.radius_mm
    directions = head_directions(DIRECTIONS)
    near = cKDTree(units).query_ball_point(directions, 2 * np.sin(np.radians(2 * SMOOTH_DEG) / 2))
    distance, known = np.full(DIRECTIONS, radius), np.zeros(DIRECTIONS, bool)
    for i, places in enumerate(near):
        if len(places) >= 3:
            distance[i] = radius + averaged(directions[i], units[places], gap[places])
            known[i] = True
    return Skin(ball.center_mm, radius, directions, distance, known)


# Bone may have sunk in this far below the sphere (4 mm is the most that any staging asks about); nearer lies on it.
SUNK_MM = (1.0, 7.0)
# What lies between this and this outside a drop tells whether it is the joint that begins there, mm.
OUTSIDE_MM = (1.0, 2.5)
# How near it has to come to the joint's signal, in parts of the step from marrow to joint. In MR a lesion's core may be
# nearly as bright as cartilage and only its thin band tells them apart; in CT the joint is darker than any bone.
JOINT_MR, JOINT_CT = 0.15, 0.35


def sunken(ball: Ball, layers: Layers) -> Array:
    """Which drops are the surface of bone that has sunk in.

    They are the last of a ray that has none on the sphere, and the joint's own signal begins there: behind the rim of a
    lesion follows its dark (MR) or dense (CT) band or its core instead.
    """
    drops, rays = ball.drops, ball.rays
    gap = np.linalg.norm(drops.place_mm - ball.center_mm, axis=1) - ball.radius_mm
    inside = (gap < -SUNK_MM[0]) & (gap > -SUNK_MM[1]) & ~np.isin(drops.ray, drops.ray[ball.on])
    last = np.concatenate([drops.ray[1:] != drops.ray[:-1], [True]]) if len(drops.ray) else inside
    later = np.isin(drops.ray, drops.ray[gap > ON_SPHERE_MM])
    chosen = np.flatnonzero(inside & (last | later))
    beyond = rays.reach_mm[None] - drops.reach_mm[chosen][:, None]
    outside = (beyond > OUTSIDE_MM[0]) & (beyond < OUTSIDE_MM[1])
    value = np.where(outside, rays.profile[drops.ray[chosen]], np.nan)
    mean = np.nanmean(value, axis=1) if len(chosen) else np.zeros(0)
    result = np.zeros(len(drops.ray), bool)
    like = JOINT_MR if layers.cortex < layers.marrow else JOINT_CT
    result[chosen[np.abs(mean - layers.joint) < like * abs(layers.marrow - layers.joint)]] = True
    return result


def averaged(direction: Floats, units: Floats, gap: Floats) -> float:
    """Mean of gaps around a direction, by a Gaussian of the angle."""
    angle = np.degrees(np.arccos(np.clip(units @ direction, -1, 1)))
    weight = np.exp(-0.5 * (angle / SMOOTH_DEG) ** 2)
    return float((weight * gap).sum() / weight.sum())
