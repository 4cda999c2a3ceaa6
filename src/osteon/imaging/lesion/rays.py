"""How does the head look from its neck: along every ray, what is met and where does the bone end?

A point in the neck sees the whole head. The healthy marrow reaches from there to the lesion's border, or to the bone's
surface where there is no lesion, so that one number for every direction, the reach of the healthy marrow, describes
lesions of any form whose border can be seen from the neck.

Directions are laid out on a square grid by the azimuthal equidistant projection: the middle looks from the neck through
the head's centre, and the distance from the middle is the angle off that line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from osteon.anatomy import Floats, Volume, crop, points_mm, sample
from osteon.imaging.found import FoundHip

# Where the rays start, in radii down the neck from the head's centre: past the region that counts as head (0.55), so
# that large lesions do not hold the point; nearer than the red marrow of the neck.
START_RADII = 0.7
# 3 degrees are 1.5 mm at 30 mm, half a slice's thickness: finer shows nothing more and takes longer.
STEP_DEG = 3.0
# Rays farther off the axis leave through the neck.
WIDEST_DEG = 99.0
STEP_MM = 0.5
# No bone of the head lies farther outside its sphere than this: real heads are round to about a millimetre.
ROUND_WITHIN_MM = 1.0
# The sphere bounds the bone proximal to this, in radii down the neck; past it lies the neck.
NECK_RADII = 0.55


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """Directions on a grid (n, n, 3), the point they start from, the head's centre, and where each leaves the bone.

    The last column of `frame` is the grid's middle direction, from the start through the centre.

    `surface_mm` is the distance from `start_mm` to where the ray leaves the femur first; `seen` marks the rays that
    lie within `WIDEST_DEG` and end on the head.
    """

    center_mm: Floats
    start_mm: Floats
    frame: Floats
    directions: Floats
    surface_mm: Floats
    seen: NDArray[np.bool_]

    @property
    def half(self) -> int:
        """Index of the middle ray along both axes of the grid."""
        return len(self.directions) // 2

    def place(self, points_mm: Floats) -> tuple[Floats, Floats]:
        """Grid indices (..., 2) of the rays through points, and the points' distance from the start in mm."""
        offset = (np.asarray(points_mm, float) - self.start_mm) @ self.frame
        distance = np.linalg.norm(offset, axis=-1)
        across = np.linalg.norm(offset[..., :2], axis=-1)
        angle = np.degrees(np.arctan2(across, offset[..., 2])) / STEP_DEG
        scale = angle / np.maximum(across, 1e-9)
        return offset[..., :2] * scale[..., None] + self.half, distance


def rays_of(found: FoundHip, depth: Volume) -> Rays:
    """The rays of one hip; `depth` is the depth below the bone's surface as `bone_depth_mm` gives it."""
    head, neck = found.hip.head, found.hip.neck_axis
    start = head.center_mm + START_RADII * head.radius_mm * neck
    frame = frame_about(-neck)
    count = int(WIDEST_DEG // STEP_DEG)
    directions, angle = directions_on(frame, count)
    along = sample(depth, start + ray_points(directions, 2.6 * head.radius_mm), outside=-1.0)
    surface = first_exit_mm(along)
    ends = start + surface[..., None] * directions - head.center_mm
    seen = (angle <= WIDEST_DEG) & (ends @ neck < START_RADII * head.radius_mm) & (surface > 0)
    return Rays(head.center_mm, start, frame, directions, surface, seen)


def frame_about(axis: Floats) -> Floats:
    """3 x 3, columns at right angles, the last one the given unit vector."""
    side = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
    side /= np.linalg.norm(side)
    return np.column_stack([side, np.cross(axis, side), axis])


def directions_on(frame: Floats, count: int) -> tuple[Floats, Floats]:
    """Unit vectors on the grid, and their angle off the axis in degrees."""
    line = np.arange(-count, count + 1) * np.radians(STEP_DEG)
    u, v = np.meshgrid(line, line, indexing="ij")
    angle = np.hypot(u, v)
    across = np.sinc(angle / np.pi)
    return np.stack([u * across, v * across, np.cos(angle)], axis=-1) @ frame.T, np.degrees(angle)


def ray_points(directions: Floats, longest_mm: float) -> Floats:
    """Offsets from the start along every ray, shape (n, n, m, 3), every `STEP_MM`."""
    return directions[..., None, :] * (np.arange(0, longest_mm, STEP_MM)[:, None])


def first_exit_mm(depth_along: Floats) -> Floats:
    """Distance along each ray to where the depth first turns negative, between the samples."""
    out = depth_along <= 0
    first = np.where(out.any(axis=-1), out.argmax(axis=-1), depth_along.shape[-1] - 1)
    before = np.maximum(first - 1, 0)
    d0 = np.take_along_axis(depth_along, before[..., None], -1)[..., 0]
    d1 = np.take_along_axis(depth_along, first[..., None], -1)[..., 0]
    part = np.clip(d0 / np.maximum(d0 - d1, 1e-6), 0, 1)
    return np.where(first == 0, 0.0, (before + part) * STEP_MM)


def bone_depth_mm(found: FoundHip) -> Volume:
    """Depth below the bone's surface around the head in mm, negative outside, on the grid of the femur's mask."""
    femur = around_head(found.femur, found, 1.3)
    spacing = femur.spacing_mm
    inside = femur.array.astype(bool)
    # The distance to the nearest centre outside counts half a voxel too much; in the plane of thick slices the
    # surface is crossed along the fine directions.
    half = float(spacing.min()) / 2
    to_out = ndimage.distance_transform_edt(inside, sampling=spacing).astype(np.float32) - half
    to_in = ndimage.distance_transform_edt(~inside, sampling=spacing).astype(np.float32) - half
    depth = np.where(inside, to_out, -to_in)
    # A mask that has leaked past the head would hide the surface there.
    head = found.hip.head
    below_sphere = head.radius_mm + ROUND_WITHIN_MM - np.linalg.norm(points_mm(femur) - head.center_mm, axis=-1)
    proximal = (points_mm(femur) - head.center_mm) @ found.hip.neck_axis < NECK_RADII * head.radius_mm
    return femur.with_array(np.where(proximal, np.minimum(depth, below_sphere), depth).astype(np.float32))


def around_head(volume: Volume, found: FoundHip, radii: float) -> Volume:
    """The part of a volume within so many radii of the head's centre."""
    head = found.hip.head
    center = volume.to_index(head.center_mm)
    reach = radii * head.radius_mm / volume.spacing_mm + 1
    return crop(volume, np.floor(center - reach), np.ceil(center + reach) + 1)
