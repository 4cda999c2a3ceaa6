"""How does the joint surface look once the lesion under it has sunk in?

The surface is given by R(u), its distance from the head's centre in the direction u. A collapse of depth d moves it to
(1 - w) R(u) + w (r - d), where r is the radius of the head and w falls smoothly from 1 around the lesion's axis to 0
inside the lesion's edge. So the deepest point lies d inside the head's sphere, exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from osteon.anatomy import Floats, Volume, sample
from osteon.phantom.shape import Bones

Mask = NDArray[np.bool_]

# Bone nearer to the centre than this part of R stays in place; the rest is pressed together.
STILL = 0.3

# The dent reaches this part of the way to the lesion's edge, and is flat over this part of its own angle: lowest and
# highest that may be drawn.
REACH, FLAT = (0.6, 0.95), (0.15, 0.5)

# Narrower and the dent would be a hole, in radians; wider and it would reach round the head.
NARROWEST, WIDEST = np.radians(12), np.radians(65)


@dataclass(frozen=True, slots=True, eq=False)
class Dent:
    """Where and how far a joint surface has sunk in.

    `radius_at` gives R before the collapse for points on the plane of azimuthal angles: (angle from the axis in
    radians) times (cosine, sine) of the azimuth.
    """

    center_mm: Floats
    radius_mm: float
    frame: Floats  # 3 x 3: rows are the dent's axis and two directions across it
    edge_rad: float
    flat: float  # part of the edge's angle up to which the full depth is kept
    depth_mm: float
    radius_at: Callable[[Floats], Floats]

    def sunk_radius(self, angles: Floats, before: Floats) -> Floats:
        """R after the collapse, for angles from the axis (radians) and R before it."""
        part = np.clip((angles / self.edge_rad - self.flat) / (1 - self.flat), 0, 1)
        weight = np.cos(np.pi / 2 * part) ** 2
        return np.asarray(np.minimum(before, (1 - weight) * before + weight * (self.radius_mm - self.depth_mm)))


def dent_of(bones: Bones, axis: Floats, depth_mm: float, lesion: Volume, random: np.random.Generator) -> Dent:
    """A dent of a given depth around an axis, not wider than the lesion under the surface."""
    from scipy.interpolate import LinearNDInterpolator

    across = np.cross(axis, bones.neck_axis)
    across /= np.linalg.norm(across)
    frame = np.stack([axis, across, np.cross(axis, across)])
    offset = bones.femur.vertices_mm - bones.head.center_mm
    near = np.linalg.norm(offset, axis=1) < 1.3 * bones.head.radius_mm
    radius_at = LinearNDInterpolator(angular(offset[near] @ frame.T), np.linalg.norm(offset[near], axis=1))
    reach, flat = random.uniform(*REACH), random.uniform(*FLAT)
    widest = Dent(bones.head.center_mm, bones.head.radius_mm, frame, WIDEST, flat, depth_mm, radius_at)
    edge = np.clip(reach * lesion_edge_rad(widest, lesion), NARROWEST, WIDEST)
    return replace(widest, edge_rad=float(edge))


def angular(local: Floats) -> Floats:
    """Points (n, 3) in a dent's frame as (angle from the axis) times (cosine, sine) of their azimuth."""
    flat = np.hypot(local[:, 1], local[:, 2])
    angle = np.arctan2(flat, local[:, 0])
    return np.asarray(local[:, 1:] * (angle / np.maximum(flat, 1e-9))[:, None])


def rings(angles: Floats) -> tuple[Floats, Floats]:
    """Directions in a dent's frame, 72 on each ring of an angle, shape (rings, 72, 3); and their `radius_at` places."""
    azimuth = np.radians(np.arange(0, 360, 5))
    unit = np.stack([np.cos(azimuth), np.sin(azimuth)], axis=-1)
    across = np.sin(angles)[:, None, None] * unit
    up = np.broadcast_to(np.cos(angles)[:, None, None], (len(angles), 72, 1))
    return np.concatenate([up, across], axis=-1), angles[:, None, None] * unit


def lesion_edge_rad(dent: Dent, lesion: Volume) -> float:
    """The angle from the dent's axis up to which nine tenths of the bone 2 mm under the surface is lesion."""
    angles = np.radians(np.arange(1.0, 90.0))
    directions, places = rings(angles)
    depth = dent.radius_at(places)[..., None] - 2.0
    marked = sample(lesion, dent.center_mm + (directions * depth) @ dent.frame, outside=0.0) >= 0.5
    whole = np.append(marked.mean(axis=1) >= 0.9, False)
    return float(np.radians(np.argmin(whole)))


def fallen(dent: Dent, grid: Volume, femur: Mask, lesion: Mask) -> tuple[Mask, Mask]:
    """Femur and lesion after the collapse, on the grid of both."""
    reach = dent.radius_mm + 4.0
    low = np.maximum(np.floor(grid.to_index(dent.center_mm - reach)).astype(int), 0)
    high = np.minimum(np.ceil(grid.to_index(dent.center_mm + reach)).astype(int) + 1, grid.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    index = np.indices(tuple(high - low), np.float32).reshape(3, -1).T + low
    local = (index @ grid.affine[:3, :3].T + grid.affine[:3, 3] - dent.center_mm) @ dent.frame.T
    radius = np.linalg.norm(local, axis=1)
    angle = np.arccos(np.clip(local[:, 0] / np.maximum(radius, 1e-6), -1, 1))
    moving = np.flatnonzero((angle < dent.edge_rad) & (radius > STILL * dent.radius_mm))
    before = dent.radius_at(angular(local[moving]))
    after = dent.sunk_radius(angle[moving], before)
    still = STILL * dent.radius_mm
    source = still + (radius[moving] - still) * (before - still) / (after - still)
    points = dent.center_mm + (local[moving] * (source / radius[moving])[:, None]) @ dent.frame
    left = radius[moving] <= after
    return (
        replaced(femur, box, moving, left),
        replaced(lesion, box, moving, left & (sample(grid.with_array(lesion), points, outside=0.0) >= 0.5)),
    )


def replaced(mask: Mask, box: tuple[slice, ...], which: NDArray[np.intp], values: Mask) -> Mask:
    """The mask with other values at some voxels (flat indices) of a box."""
    result = mask.copy()
    part = result[box].copy()
    part.reshape(-1)[which] = values
    result[box] = part
    return result


def sunk_area_mm2(dent: Dent, least_mm: float = 1.0) -> float:
    """Area of the head's sphere under which the surface lies more than `least_mm` inside it, within the dent."""
    step = np.radians(0.5)
    angles = np.arange(step / 2, dent.edge_rad, step)
    _, places = rings(angles)
    deviation = dent.radius_mm - dent.sunk_radius(angles[:, None], dent.radius_at(places))
    covered = (deviation > least_mm).mean(axis=1)
    return float((covered * np.sin(angles)).sum() * step * 2 * np.pi * dent.radius_mm**2)
