"""Which voxels of a fine grid are femur, pelvis and lesion, before and after the collapse?

Everything is on one grid of 0.5 mm along the patient's axes (array axes x, y, z in LPS).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from osteon.anatomy import Floats, Volume, covering_grid
from osteon.phantom.collapse import Dent, dent_of, fallen
from osteon.phantom.recipe import Recipe
from osteon.phantom.shape import Bones, Surface

Mask = NDArray[np.bool_]

# Fine against a 1 mm band and a 0.6 mm pixel; half of it would take eight times the memory.
VOXEL_MM = 0.5

# Where the head ends and the neck begins, in radii down the neck's axis: one of the three denominators of a fraction.
HEAD_END_RADII = 0.55


@dataclass(frozen=True, slots=True, eq=False)
class Solids:
    """Masks on one grid. `femur` and `lesion` are as imaged, after any collapse; `intact_*` are before it.

    `head` is the part of the intact femur proximal to the plane 0.55 radius past its centre. `dent` is None without a
    collapse.
    """

    grid: Volume
    femur: Mask
    pelvis: Mask
    lesion: Mask
    intact_femur: Mask
    intact_lesion: Mask
    head: Mask
    dent: Dent | None = None


def solids_of(recipe: Recipe, bones: Bones, half_mm: Floats) -> Solids:
    """Voxelise a hip and put its lesion in, on a grid reaching `half_mm` (x, y, z) from the head's centre."""
    # Reaching past the head by at least 16 mm on all sides keeps the whole joint inside.
    half = np.maximum(half_mm, bones.head.radius_mm + 16)
    grid = covering_grid(bones.head.center_mm, half, VOXEL_MM)
    femur = voxelised(bones.femur, grid)
    gap = 1.5 if recipe.seated else np.random.default_rng([recipe.seed, 2]).uniform(2.5, 4.0)
    pelvis = voxelised(bones.pelvis, grid) & (outside_distance_mm(femur) > gap)
    head = head_of(femur, grid, bones)
    lesion = lesion_of(recipe, bones, grid, head)
    if not recipe.collapse_depth_mm:
        return Solids(grid, femur, pelvis, lesion, femur, lesion, head)
    random = np.random.default_rng([recipe.seed, 9])
    axis, depth = lesion_axis(recipe, bones), recipe.collapse_depth_mm
    dent = dent_of(bones, axis, depth, grid.with_array(lesion), random)
    fallen_femur, fallen_lesion = fallen(dent, grid, femur, lesion)
    return Solids(grid, fallen_femur, pelvis, fallen_lesion, femur, lesion, head, dent)


def voxelised(surface: Surface, grid: Volume) -> Mask:
    """Voxels of the grid whose centre lies inside a closed surface."""
    import pyvista as pv

    faces = np.column_stack([np.full(len(surface.faces), 3), surface.faces])
    mesh = pv.PolyData(surface.vertices_mm, faces.ravel())
    image = pv.ImageData(dimensions=grid.shape, spacing=(VOXEL_MM,) * 3, origin=grid.affine[:3, 3])
    inside = mesh.voxelize_binary_mask(reference_volume=image)["mask"]
    return np.ascontiguousarray(np.asarray(inside).reshape(grid.shape, order="F").astype(bool))


def outside_distance_mm(mask: Mask) -> NDArray[np.float32]:
    """Distance of every voxel outside the mask to its border in mm; negative inside.

    Measured on every second voxel and smoothed, right to about 0.2 mm: enough for tissue layers, not for truth.
    """
    coarse = mask[::2, ::2, ::2]
    out = ndimage.distance_transform_edt(~coarse).astype(np.float32)
    inside = ndimage.distance_transform_edt(coarse).astype(np.float32)
    signed = np.where(coarse, 0.5 - inside, out - 0.5) * (2 * VOXEL_MM)
    smooth = ndimage.gaussian_filter(signed, 0.7)
    return finer(smooth)


def finer(coarse: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values midway between neighbours put in along every axis: from n to 2 n - 1 voxels."""
    for axis in range(3):
        shape = list(coarse.shape)
        shape[axis] = 2 * shape[axis] - 1
        fine = np.empty(shape, np.float32)
        even, odd = np.moveaxis(fine, axis, 0)[::2], np.moveaxis(fine, axis, 0)[1::2]
        values = np.moveaxis(coarse, axis, 0)
        even[...] = values
        odd[...] = (values[:-1] + values[1:]) / 2
        coarse = fine
    return coarse


def head_of(femur: Mask, grid: Volume, bones: Bones) -> Mask:
    """The part of the femur proximal to the plane across the neck's axis 0.55 radius past the head's centre."""
    x, y, z = offsets(grid, bones.head.center_mm)
    along = x * bones.neck_axis[0] + y * bones.neck_axis[1] + z * bones.neck_axis[2]
    return np.asarray(femur & (along < HEAD_END_RADII * bones.head.radius_mm))


def offsets(grid: Volume, center_mm: Floats) -> list[NDArray[np.float32]]:
    """Distance from a point along x, y and z, as three arrays that broadcast to the grid."""
    start = grid.affine[:3, 3] - center_mm
    lines = [(start[k] + VOXEL_MM * np.arange(n)).astype(np.float32) for k, n in enumerate(grid.shape)]
    return [lines[0][:, None, None], lines[1][None, :, None], lines[2][None, None, :]]


def lesion_axis(recipe: Recipe, bones: Bones) -> Floats:
    """Unit vector from the head's centre through the middle of the lesion."""
    coronal, anterior = np.radians([recipe.lesion_coronal_deg, recipe.lesion_anterior_deg])
    up = np.array([0.0, 0.0, np.cos(coronal)]) + np.sin(coronal) * bones.lateral
    return np.asarray(np.cos(anterior) * up + np.sin(anterior) * np.array([0.0, -1.0, 0.0]))


# Rise of the lesion's base, in mm per mm away from its axis: a wedge is narrow at its root, a bowl follows the surface.
SLOPES = {"cap": (-0.15, 0.15), "wedge": (0.4, 0.8), "bowl": (-0.25, -0.1)}


def lesion_of(recipe: Recipe, bones: Bones, grid: Volume, head: Mask) -> Mask:
    """The voxels of the head farthest along the lesion's axis, as many as the recipe's percentage asks for."""
    if not recipe.has_lesion:
        return np.zeros_like(head)
    random = np.random.default_rng([recipe.seed, 3])
    slope = random.uniform(*SLOPES[recipe.lesion_kind])
    axis = lesion_axis(recipe, bones)
    places = np.argwhere(head).astype(np.float32) * VOXEL_MM + (grid.affine[:3, 3] - bones.head.center_mm)
    height = places @ axis
    away = np.linalg.norm(places - np.outer(height, axis), axis=1)
    # Counted laterally, so that the same seed gives a mirrored lesion on the other side.
    own = places * [bones.lateral[0], 1.0, 1.0]
    score = height - slope * away + recipe.irregularity_mm * unrest(own, random)
    count = round(len(score) * recipe.lesion_percent / 100)
    border = np.partition(score, len(score) - count)[len(score) - count]
    lesion = np.zeros_like(head)
    lesion[head] = score >= border
    return largest_piece(lesion)


def unrest(places: Floats, random: np.random.Generator) -> Floats:
    """A smooth random field of spread 1 over the places (mm), made of waves 12 to 30 mm long."""
    directions = random.normal(size=(10, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    waves = 2 * np.pi * directions / random.uniform(12, 30, 10)[:, None]
    phases = random.uniform(0, 2 * np.pi, 10)
    total = np.zeros(len(places))
    for wave, phase in zip(waves, phases, strict=True):
        total += np.sin(places @ wave + phase)
    return np.asarray(total / np.sqrt(5))


def largest_piece(mask: Mask) -> Mask:
    """The largest connected part of a mask: a random border may cut off specks."""
    pieces, count = ndimage.label(mask)
    if count <= 1:
        return mask
    return np.asarray(pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:])))
