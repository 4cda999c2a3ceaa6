"""Which tissue fills every voxel around a hip?"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from osteon.phantom.recipe import Recipe
from osteon.phantom.shape import Bones
from osteon.phantom.voxels import VOXEL_MM, Mask, Solids, offsets, outside_distance_mm

# A distance (or another length) of every voxel.
Layer = NDArray[np.float32]


class Tissue(IntEnum):
    """What a voxel of the label map is."""

    MUSCLE = 0
    FAT = 1
    AIR = 2
    CARTILAGE = 3
    FLUID = 4
    PELVIS_CORTEX = 5
    PELVIS_MARROW = 6
    CORTEX = 7
    FATTY_MARROW = 8
    RED_MARROW = 9
    CORE = 10
    BAND = 11
    PLATE = 12
    CRESCENT = 13


def tissues(recipe: Recipe, bones: Bones, solids: Solids) -> NDArray[np.uint8]:
    """The label map on the grid of the solids, values of `Tissue`."""
    random = np.random.default_rng([recipe.seed, 4])
    labels = surroundings(bones, solids, random)
    down = down_the_neck(bones, solids)
    femur_mm = outside_distance_mm(solids.femur)
    pelvis_mm = outside_distance_mm(solids.pelvis)
    labels[joint(bones, solids, down, femur_mm, pelvis_mm)] = Tissue.CARTILAGE
    labels[effusion(recipe, down, femur_mm, labels)] = Tissue.FLUID
    labels[solids.pelvis] = Tissue.PELVIS_MARROW
    labels[solids.pelvis & (pelvis_mm > -random.uniform(0.9, 1.4))] = Tissue.PELVIS_CORTEX
    labels[solids.femur] = femur_tissues(down[solids.femur], -femur_mm[solids.femur], random)
    if recipe.has_lesion:
        fill_lesion(recipe, solids, labels, femur_mm)
    return labels


def surroundings(bones: Bones, solids: Solids, random: np.random.Generator) -> NDArray[np.uint8]:
    """Muscle in a ball about a point below and medial to the hip, fat around it, air outside the skin."""
    middle = bones.head.center_mm - bones.lateral * random.uniform(5, 25) - [0.0, 0.0, random.uniform(20, 40)]
    x, y, z = offsets(solids.grid, middle)
    squared = x**2 + (y * random.uniform(0.85, 1.1)) ** 2 + z**2
    muscle = random.uniform(78, 95)
    skin = muscle + random.uniform(25, 50)
    labels = np.full(solids.grid.shape, Tissue.MUSCLE, np.uint8)
    labels[squared > muscle**2] = Tissue.FAT
    labels[squared > skin**2] = Tissue.AIR
    return labels


def joint(bones: Bones, solids: Solids, down: Layer, femur_mm: Layer, pelvis_mm: Layer) -> Mask:
    """Cartilage of head and socket: near the head's round part, and between it and the socket."""
    x, y, z = offsets(solids.grid, bones.head.center_mm)
    close = x**2 + y**2 + z**2 < (bones.head.radius_mm + 9) ** 2
    own = (femur_mm > 0) & (femur_mm < 2.2) & (down < 0.3)
    between = (femur_mm > 0) & (pelvis_mm > 0) & (femur_mm + pelvis_mm < 5.0)
    return np.asarray(close & (own | between))


def effusion(recipe: Recipe, down: Layer, femur_mm: Layer, labels: NDArray[np.uint8]) -> Mask:
    """Fluid around head and neck inside the capsule."""
    inside = (down > -0.5) & (down < 1.5) & (labels == Tissue.MUSCLE)
    return np.asarray(inside & (femur_mm > 0) & (femur_mm < recipe.effusion_mm))


def down_the_neck(bones: Bones, solids: Solids) -> Layer:
    """Distance past the head's centre along the neck's axis, in radii."""
    x, y, z = offsets(solids.grid, bones.head.center_mm)
    axis = (bones.neck_axis / bones.head.radius_mm).astype(np.float32)
    return np.asarray(x * axis[0] + y * axis[1] + z * axis[2])


def femur_tissues(down: Layer, depth_mm: Layer, random: np.random.Generator) -> NDArray[np.uint8]:
    """Marrow and cortex of the femur's voxels: a thin plate over the head, growing thicker down neck and shaft.

    The marrow changes from fatty to red in one step, as at the scar of the growth plate.
    """
    head, shaft = random.uniform(0.4, 1.1), random.uniform(3.5, 5.5)
    part = np.clip((down - 0.7) / 2.3, 0, 1)
    thick = head + (shaft - head) * part * part * (3 - 2 * part)
    marrow = np.where(down > random.uniform(1.0, 1.35), Tissue.RED_MARROW, Tissue.FATTY_MARROW)
    return np.where(depth_mm < thick, Tissue.CORTEX, marrow).astype(np.uint8)


def fill_lesion(recipe: Recipe, solids: Solids, labels: NDArray[np.uint8], femur_mm: Layer) -> None:
    """Write core, low-signal band, bony plate and crescent into the label map, inside the lesion."""
    box = ndimage.find_objects(ndimage.binary_dilation(solids.lesion, iterations=2).astype(np.uint8))[0]
    lesion, part, depth = solids.lesion[box], labels[box], -femur_mm[box]
    healthy = solids.femur[box] & ~lesion
    within = ndimage.distance_transform_edt(~healthy) * VOXEL_MM
    plate = part == Tissue.CORTEX
    part[lesion] = Tissue.CORE
    part[lesion & (within <= recipe.band_mm + VOXEL_MM / 2)] = Tissue.BAND
    part[lesion & plate] = Tissue.PLATE
    if recipe.crescent:
        under = lesion & ~plate & (depth < 2.6) & (within > 2 * recipe.band_mm)
        part[under] = Tissue.CRESCENT
