"""How far does the dead bone reach along the surface of the head?

A direction from the head's centre counts as necrotic where at least 60 % of the bone from 1 to 5 mm under the surface
is lesion. Without a rule that asks for depth, thin leaks of a mask add up to 133 degrees to an angle
(docs/explanation/images.md, section 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from osteon.anatomy.hip import Hip
from osteon.anatomy.plane import Plane, directions
from osteon.anatomy.sphere import head_directions
from osteon.anatomy.surface import level
from osteon.anatomy.volume import Array, Floats, Volume, sample

Flags = NDArray[np.bool_]

# The rule of docs/explanation/images.md, section 2 (DERIVED there): the depth under the bone's surface that is looked
# at, and the
# share of it that has to be lesion. Shallower, and the blur of a voxel decides; deeper, and small lesions vanish.
DEPTHS_MM = (1.0, 5.0)
NECROTIC_SHARE = 0.6

# The bone's surface is looked for this many radii from the centre: past a flattened or overgrown head, and short of the
# greater trochanter.
REACH_RADII = 1.5
# Where the radius is not told: 1.5 times a usual head of 24 mm.
REACH_MM = 36.0

RAY_STEP_MM = 0.2
# Bone begins to be looked for here, so that a hole at the centre is no surface.
RAY_START_MM = 4.0


@dataclass(frozen=True, slots=True)
class Arc:
    """An unbroken stretch of directions on a plane, in degrees; `to_deg` may exceed 180 where it passes below."""

    from_deg: float
    to_deg: float

    @property
    def extent_deg(self) -> float:
        """Length of the arc in degrees, 0 to 360."""
        return self.to_deg - self.from_deg

    @property
    def middle_deg(self) -> float:
        """Its middle, in (-180, 180] degrees."""
        return within_turn((self.from_deg + self.to_deg) / 2)


def lesion_arc(femur: Volume, lesion: Volume, hip: Hip, plane: Plane, step_deg: float = 1.0) -> Arc | None:
    """The longest unbroken arc of necrotic directions on a plane, or None where no direction is necrotic.

    Parameters
    ----------
    femur, lesion
        Masks; they may lie on different grids. The femur holds the lesion.
    plane
        Its centre is the vertex.
    step_deg
        Between directions; an arc is told to one step.
    """
    angles = np.arange(-180 + step_deg, 180 + step_deg / 2, step_deg)
    reach = REACH_RADII * hip.head.radius_mm
    flags = necrotic(femur, lesion, plane.center_mm, directions(plane, angles), reach_mm=reach)
    return longest_arc(flags, angles)


def necrotic(
    femur: Volume, lesion: Volume, center_mm: ArrayLike, directions: Floats, *, reach_mm: float = REACH_MM
) -> Flags:
    """Whether at least 60 % of the bone from 1 to 5 mm under the surface is lesion, for each direction, shape (n,).

    Parameters
    ----------
    femur, lesion
        Masks, on any grids; thick slices are interpolated by their outlines.
    center_mm
        The head's centre, LPS.
    directions
        Unit vectors in LPS, shape (n, 3).
    reach_mm
        The surface is the outermost bone along the ray within this distance.
    """
    return necrotic_shares(femur, lesion, center_mm, directions, reach_mm=reach_mm) >= NECROTIC_SHARE


def necrotic_shares(
    femur: Volume, lesion: Volume, center_mm: ArrayLike, directions: Floats, *, reach_mm: float = REACH_MM
) -> Floats:
    """Share 0..1 of the bone from 1 to 5 mm under the surface that is lesion, for each direction, shape (n,).

    0 where there is no bone.
    """
    bone = level(femur)
    surface = surface_distances(bone, center_mm, directions, reach_mm)
    return shares_beneath(bone, level(lesion), center_mm, directions, surface)


def shares_beneath(
    bone: Volume, lesion: Volume, center_mm: ArrayLike, directions: Floats, surface_mm: Floats
) -> Floats:
    """Share 0..1 of the bone from 1 to 5 mm under a surface already found that is lesion, shape (n,).

    Parameters
    ----------
    bone, lesion
        Fields that are above 0 inside: `level` of the masks.
    center_mm
        The head's centre, LPS.
    directions
        Unit vectors in LPS, shape (n, 3).
    surface_mm
        What `surface_distances` gives for these directions: NaN, and the share 0, where there is no bone.
    """
    depths = np.arange(DEPTHS_MM[0] + RAY_STEP_MM / 2, DEPTHS_MM[1], RAY_STEP_MM)
    away = np.nan_to_num(surface_mm)[:, None] - depths
    points = np.asarray(center_mm, float) + away[..., None] * directions[:, None]
    in_bone = (sample(bone, points, outside=-1.0) > 0) & np.isfinite(surface_mm)[:, None]
    dead = in_bone & (sample(lesion, points, outside=-1.0) > 0)
    return np.asarray(dead.sum(axis=1) / np.maximum(in_bone.sum(axis=1), 1))


def surface_distances(bone: Volume, center_mm: ArrayLike, directions: Floats, reach_mm: float = REACH_MM) -> Floats:
    """Distance in mm from the centre to the outermost bone within reach along each direction; NaN where none is.

    Parameters
    ----------
    bone
        A field that is above 0 in bone: `level(femur)`.
    directions
        Unit vectors in LPS, shape (n, 3).
    """
    away = np.arange(RAY_START_MM, reach_mm + RAY_STEP_MM / 2, RAY_STEP_MM)
    points = np.asarray(center_mm, float) + away[:, None] * directions[:, None, :]
    field = sample(bone, points, outside=-1.0)
    inside = field > 0
    last = inside.shape[1] - 1 - np.argmax(inside[:, ::-1], axis=1)
    beyond = np.minimum(last + 1, inside.shape[1] - 1)
    rows = np.arange(len(field))
    here, there = field[rows, last], field[rows, beyond]
    part = np.where(beyond > last, here / np.maximum(here - there, 1e-9), 0.0)
    return np.where(inside.any(axis=1), away[last] + np.clip(part, 0, 1) * RAY_STEP_MM, np.nan)


def longest_arc(flags: Array, angles_deg: ArrayLike) -> Arc | None:
    """The longest unbroken run of flagged directions around a full turn; None where none is flagged.

    Parameters
    ----------
    flags
        One per angle, shape (n,).
    angles_deg
        Evenly spaced over the whole turn and rising. Each direction stands for one step, half to either side.

    Examples
    --------
    >>> longest_arc(np.array([True, False, True, True]), [-90.0, 0.0, 90.0, 180.0])
    Arc(from_deg=45.0, to_deg=315.0)
    """
    angles = np.asarray(angles_deg, float)
    set_ = np.asarray(flags, bool)
    step = 360.0 / len(angles)
    if not set_.any():
        return None
    if set_.all():
        return Arc(-180.0, 180.0)
    starts = np.flatnonzero(set_ & ~np.roll(set_, 1))
    gaps = np.flatnonzero(~set_)
    lengths = [int(((gaps - start) % len(set_)).min()) for start in starts]
    best = int(np.argmax(lengths))
    begin = float(angles[starts[best]]) - step / 2
    return Arc(begin, begin + lengths[best] * step)


def within_turn(angle_deg: float) -> float:
    """The same angle in (-180, 180] degrees."""
    return 180.0 - (180.0 - angle_deg) % 360.0


def lesion_surface_fraction(femur: Volume, lesion: Volume, hip: Hip, n: int = 3000) -> float:
    """Share 0..1 of the head's surface that has lesion beneath it, by the same rule of depth as the arcs.

    The head's surface is where bone ends within 1.5 radii of the centre and proximal to the plane across the neck axis
    at 0.55 radii past the centre; each of `n` even directions counts by the area it stands for on the bone, which is
    nearly the square of its distance.
    """
    rays = head_directions(n)
    reach = REACH_RADII * hip.head.radius_mm
    surface = surface_distances(level(femur), hip.head.center_mm, rays, reach)
    on_head = np.isfinite(surface) & (np.nan_to_num(surface) * (rays @ hip.neck_axis) < 0.55 * hip.head.radius_mm)
    if not on_head.any():
        return 0.0
    dead = necrotic(femur, lesion, hip.head.center_mm, rays[on_head], reach_mm=reach)
    area = surface[on_head] ** 2
    return float((dead * area).sum() / area.sum())
