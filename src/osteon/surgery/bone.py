"""What does a drill have to keep away from in this bone, where may it enter, and what is it to reach?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage

from osteon.anatomy import Hip, Volume, level, sample
from osteon.anatomy.volume import Array, Floats
from osteon.errors import Fault, InputError
from osteon.surgery.landmarks import Landmarks, find_landmarks
from osteon.surgery.settings import SurgeryOptions

Part = Literal["joint", "neck", "other"]
PARTS: tuple[Part, ...] = ("joint", "neck", "other")

# The head ends 0.55 r down the neck axis from its centre (the head's border of the measured fractions).
HEAD_TO_RADII = 0.55
# The neck's sections are taken to 1.6 r (the range its axis is found in); beyond lie the trochanters.
NECK_TO_RADII = 1.6
# Surface this far from the centre is neither head nor neck, whatever its place along the neck axis.
FAR_RADII = 2.2

# Masks with voxels in this range are used as they are; others are redrawn at a size in between.
FINEST_MM, COARSEST_MM = 0.45, 1.25
REDRAWN_MM = 0.7
# Largest over smallest voxel edge that still counts as cubic.
CUBIC = 1.3

# Surface more than this below the lesser trochanter cannot be met by a line that aims at the head.
BELOW_TROCHANTER_MM = 40.0
# More bone than this on the image's border is bone that goes on beyond it.
CUT_MM3 = 100.0
LATERAL_CUT = (
    "The bone runs out of the image on its lateral side, above the lesser trochanter: entries there are not seen and "
    "not planned. An image that shows the whole lateral cortex may allow more."
)
# The direction a surface faces is that of the mask smoothed by this, which levels single voxels and keeps the shape.
FACING_SMOOTH_MM = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Points on the bone's surface (LPS mm, n x 3) with the part each belongs to (index into `PARTS`).

    `gap_mm` bounds how far the surface's triangles reach from their nearest point: a solid that keeps `√(m² + gap²)`
    from all points keeps `m` from the whole surface.
    """

    points: Floats
    part: Array
    gap_mm: float

    def of(self, part: Part) -> Floats:
        """The points of one part."""
        return np.asarray(self.points[self.part == PARTS.index(part)])

    def thinned(self, spacing_mm: float) -> Surface:
        """About one point in every cube of `spacing_mm`, for a first search; the gap grows by what was left out."""
        kept = one_per_cube(self.points, spacing_mm)
        return Surface(self.points[kept], self.part[kept], float(np.hypot(self.gap_mm, 0.5 * spacing_mm)))

    def only(self, which: Array) -> Surface:
        """Some of the points."""
        return Surface(self.points[which], self.part[which], self.gap_mm)


@dataclass(frozen=True, slots=True, eq=False)
class Bone:
    """One proximal femur made ready for planning: nothing here depends on a tract's diameter or its margins.

    `femur` is a mask of nearly cubic voxels without holes. `facing` holds, on its grid and one axis each, the direction
    the surface faces (LPS, not of unit length). `lesion` is the mask that was given.
    """

    hip: Hip
    femur: Volume
    lesion: Volume
    facing: tuple[Volume, Volume, Volume]
    surface: Surface
    landmarks: Landmarks
    warnings: tuple[str, ...] = ()

    def height_mm(self, points: Floats) -> Floats:
        """How far points lie above the lesser trochanter, mm: up the shaft or up the patient, whichever is less."""
        offset = np.asarray(points, float) - self.landmarks.trochanter_level_mm
        return np.minimum(-(offset @ self.landmarks.down), offset[..., 2])

    def faces(self, points: Floats) -> Floats:
        """Unit vectors in LPS that the surface faces at points on it, shape (n, 3)."""
        vector = np.stack([sample(each, points, outside=0.0) for each in self.facing], axis=-1)
        return np.asarray(vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-9))


def make_ready(hip: Hip, femur: Volume, lesion: Volume, options: SurgeryOptions) -> Bone:
    """The bone with its surface sorted into joint, neck and other, its landmarks, and the directions it faces.

    Parameters
    ----------
    hip
        Side, head and axes.
    femur
        Mask of all bone of the proximal femur, lesion included.
    lesion
        Mask of the lesion, on any grid.

    Raises
    ------
    InputError
        Where the femur's mask is empty or does not hold the head's centre.
    """
    check(hip, femur)
    solid = whole(cubic(femur, hip))
    landmarks = find_landmarks(solid, hip, options.lesser_trochanter_prominence_mm, options.lesser_trochanter_mm)
    warnings = landmarks.warnings + cut_off(femur, hip, landmarks)
    return Bone(hip, solid, lesion, facing(solid), surface_of(solid, hip, landmarks), landmarks, warnings)


def cut_off(femur: Volume, hip: Hip, landmarks: Landmarks) -> tuple[str, ...]:
    """A warning where the bone runs out of the image lateral of the neck: no drill can be planned to enter there."""
    edge = np.argwhere(femur.array.astype(bool) & ~ndimage.binary_erosion(np.ones(femur.shape, bool)))
    places = femur.to_mm(edge)
    beyond = (places - hip.head.center_mm) @ hip.lateral > hip.head.radius_mm
    beyond &= (places - landmarks.trochanter_level_mm) @ landmarks.down < 0
    return (LATERAL_CUT,) if beyond.sum() * femur.voxel_mm3 > CUT_MM3 else ()


def check(hip: Hip, femur: Volume) -> None:
    """Refuse masks that cannot be the femur of this hip."""
    if not femur.array.any():
        raise InputError("femur", [Fault("mask", "is empty. Send a mask of all bone of the proximal femur.")])
    if sample(femur.with_array(femur.array.astype(bool)), hip.head.center_mm[None], outside=0.0)[0] < 0.5:
        message = "does not hold the head's centre. Send the mask of this side, with the lesion filled in."
        raise InputError("femur", [Fault("mask", message)])


def cubic(mask: Volume, hip: Hip) -> Volume:
    """The mask with nearly cubic voxels, cut to the part about the hip.

    Thick slices are joined by the distance to their outlines, which leaves no steps between them.
    """
    mask = about(mask, hip)
    spacing = mask.spacing_mm
    if spacing.max() <= min(CUBIC * spacing.min(), COARSEST_MM) and spacing.min() >= FINEST_MM:
        return mask
    field = level(mask)
    wanted = float(np.clip(spacing.min(), REDRAWN_MM, 1.0))
    factor = spacing / wanted
    count = np.maximum(np.floor((np.array(field.shape) - 1) * factor).astype(int) + 1, 2)
    values: Floats = field.array
    for axis in range(3):
        values = along_axis(values, axis, np.arange(count[axis]) / factor[axis])
    affine = field.affine.copy()
    affine[:3, :3] = field.directions * wanted
    return Volume(values > 0, affine)


def along_axis(values: Floats, axis: int, places: Floats) -> Floats:
    """Values at fractional places along one axis, linear between neighbours."""
    low = np.clip(np.floor(places).astype(int), 0, max(values.shape[axis] - 2, 0))
    high = np.minimum(low + 1, values.shape[axis] - 1)
    share = (places - low).reshape([-1 if each == axis else 1 for each in range(3)]).astype(np.float32)
    return np.asarray(values.take(low, axis) * (1 - share) + values.take(high, axis) * share)


def about(mask: Volume, hip: Hip) -> Volume:
    """The mask cut to the box of its bone within 160 mm of the head's centre, with one empty voxel about it."""
    index = np.argwhere(mask.array)
    near = index[np.linalg.norm(mask.to_mm(index) - hip.head.center_mm, axis=1) < 160.0]
    low, high = np.maximum(near.min(axis=0) - 1, 0), np.minimum(near.max(axis=0) + 2, mask.shape)
    affine = mask.affine.copy()
    affine[:3, 3] = mask.to_mm(low)
    return Volume(mask.array[tuple(slice(a, b) for a, b in zip(low, high, strict=True))].astype(bool), affine)


def whole(mask: Volume) -> Volume:
    """The largest connected part of a mask with its holes filled: marrow that was left out is bone to a drill."""
    labels, count = ndimage.label(mask.array)
    largest = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:]) if count > 1 else mask.array
    return mask.with_array(ndimage.binary_fill_holes(largest))


def facing(mask: Volume) -> tuple[Volume, Volume, Volume]:
    """The direction the surface faces, LPS, as three volumes on its grid: down the slope of the smoothed mask."""
    smooth = ndimage.gaussian_filter(mask.array.astype(np.float32), FACING_SMOOTH_MM / mask.spacing_mm)
    slope = np.stack(np.gradient(smooth, *mask.spacing_mm), axis=-1)
    vector = -(slope @ mask.directions.T.astype(np.float32))
    return tuple(mask.with_array(vector[..., k]) for k in range(3))  # type: ignore[return-value]


def surface_of(mask: Volume, hip: Hip, landmarks: Landmarks) -> Surface:
    """Points half-way between every bone voxel and its neighbours that are none, sorted into parts.

    They are the corners of the surface that marching cubes draws. The mask's cut ends have no neighbours and so no
    points. No triangle of that surface reaches further than 0.75 voxel from its nearest corner.
    """
    points = []
    for axis in range(3):
        inside = np.moveaxis(mask.array, axis, 0)
        border = np.argwhere(inside[1:] != inside[:-1]).astype(float)
        border[:, 0] += 0.5
        points.append(np.insert(border[:, 1:], axis, border[:, 0], axis=1))
    everything = mask.to_mm(np.concatenate(points))
    below = (everything - landmarks.trochanter_level_mm) @ landmarks.down
    kept = everything[below < BELOW_TROCHANTER_MM]
    return Surface(kept, part_of(kept, hip), 0.75 * float(mask.spacing_mm.max()))


def part_of(points: Floats, hip: Hip) -> Array:
    """Which part of the surface points belong to: joint, neck or other, as an index into `PARTS`."""
    offset = points - hip.head.center_mm
    radii = offset @ hip.neck_axis / hip.head.radius_mm
    near = np.linalg.norm(offset, axis=1) < FAR_RADII * hip.head.radius_mm
    joint, neck = near & (radii < HEAD_TO_RADII), near & (radii >= HEAD_TO_RADII) & (radii < NECK_TO_RADII)
    return np.select([joint, neck], [0, 1], 2)


def halved(mask: Volume) -> Volume:
    """A finely sampled mask on voxels twice as long, each the share of bone in it; others as they are.

    Borders keep their place to a tenth of a millimetre, and all that is done with an eighth of the voxels is faster.
    """
    if mask.spacing_mm.max() > COARSEST_MM / 2 or min(mask.shape) < 4:
        return mask
    even: Array = mask.array[tuple(slice(0, n - n % 2) for n in mask.shape)].astype(np.float32)
    for axis in range(3):
        even = (even.take(range(0, even.shape[axis], 2), axis) + even.take(range(1, even.shape[axis], 2), axis)) / 2
    affine = mask.affine @ np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = mask.to_mm([0.5, 0.5, 0.5])
    return Volume(even, affine)


def one_per_cube(points: Floats, spacing_mm: float) -> Array:
    """Indices of one point for every cube of `spacing_mm` that holds any: the one nearest the cube's middle.

    Examples
    --------
    >>> one_per_cube(np.array([[0.1, 0, 0], [0.5, 0.5, 0.5], [3.4, 0, 0]]), 1.0).tolist()
    [1, 2]
    """
    cube = np.floor(points / spacing_mm)
    off = np.linalg.norm(points / spacing_mm - cube - 0.5, axis=1)
    order = np.lexsort((off, *cube.T))
    ordered = cube[order]
    first = np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)]
    return np.sort(order[first])


def lateral_cortex(bone: Bone, options: SurgeryOptions, lowest_mm: float = 0.0) -> Floats:
    """Points of the surface where a drill may enter, shape (n, 3) LPS: beyond the neck, facing lateral, not too low.

    `lowest_mm` is the least height above the lesser trochanter.
    """
    points = bone.surface.of("other")
    points = points[bone.height_mm(points) >= lowest_mm]
    return points[may_enter(bone, points, options)]


def may_enter(bone: Bone, points: Floats, options: SurgeryOptions) -> Array:
    """Whether the surface at points faces lateral enough to be entered, and lies beyond the neck."""
    lateral = bone.faces(points) @ bone.hip.lateral >= np.cos(np.radians(options.lateral_cortex_deg))
    beyond = (points - bone.hip.head.center_mm) @ bone.hip.neck_axis >= NECK_TO_RADII * bone.hip.head.radius_mm
    return np.asarray(lateral & beyond)


def lesion_cells(bone: Bone, cell_mm: float) -> tuple[Floats, Floats]:
    """The lesion as small cubes: their middles, shape (n, 3) LPS, and the ml of lesion in each.

    A cube that the lesion's border cuts counts in part, and so does one the bone's border cuts.
    """
    index = np.argwhere(bone.lesion.array)
    if not len(index):
        return np.zeros((0, 3)), np.zeros(0)
    corners = bone.lesion.to_mm(index)
    low, high = corners.min(axis=0) - bone.lesion.spacing_mm.max(), corners.max(axis=0) + bone.lesion.spacing_mm.max()
    axes = [np.arange(a, b + cell_mm, cell_mm) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    share = sample(bone.lesion.with_array(bone.lesion.array.astype(bool)), grid, outside=0.0)
    held = share > 0.01
    return grid[held], share[held] * cell_mm**3 / 1000.0
