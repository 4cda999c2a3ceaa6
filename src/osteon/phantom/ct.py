"""What does the scanner make of the tissues: a CT in Hounsfield units?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from osteon.anatomy import Floats, Volume, crop, resample
from osteon.phantom.recipe import Recipe
from osteon.phantom.tissue import Tissue
from osteon.phantom.voxels import VOXEL_MM, Solids

# Hounsfield units: lowest and highest that a recipe's seed may draw. Air and water fix the scale; a sclerotic rim is
# denser than the marrow it borders, the dead core about as dense or thinner.
HOUNSFIELD: dict[Tissue, tuple[float, float]] = {
    Tissue.MUSCLE: (45, 65),
    Tissue.FAT: (-110, -80),
    Tissue.AIR: (-1000, -1000),
    Tissue.CARTILAGE: (80, 120),
    Tissue.FLUID: (5, 25),
    Tissue.PELVIS_CORTEX: (900, 1200),
    Tissue.PELVIS_MARROW: (180, 260),
    Tissue.CORTEX: (1000, 1350),
    Tissue.FATTY_MARROW: (230, 300),
    Tissue.RED_MARROW: (80, 180),
    Tissue.CORE: (120, 380),
    Tissue.BAND: (420, 620),
    Tissue.PLATE: (800, 1100),
    Tissue.CRESCENT: (-150, 30),
}

# In-plane pixel, slice distance and the box around the head's centre that is kept, as in a focused reconstruction.
PIXEL_MM, SLICE_MM = 0.8, 1.0
HALF_MM = (52.0, 52.0, 50.0)


def ct_image(recipe: Recipe, solids: Solids, labels: NDArray[np.uint8], center_mm: Floats) -> Volume:
    """The CT of a label map: blurred, sampled at 0.8 x 0.8 x 1 mm, with correlated noise; int16, array axes x, y, z."""
    random = np.random.default_rng([recipe.seed, 7])
    table = np.array([random.uniform(*HOUNSFIELD[tissue]) for tissue in Tissue], np.float32)
    grid = ct_grid(center_mm)
    margin_mm = 3.0
    low, high = solids.grid.to_index(np.stack([grid.to_mm([0, 0, 0]) - margin_mm, grid.to_mm(grid.shape) + margin_mm]))
    near = crop(solids.grid.with_array(labels), low, high)
    fine = ndimage.gaussian_filter(table[near.array], (0.4 / VOXEL_MM, 0.4 / VOXEL_MM, 0.5 / VOXEL_MM))
    image = resample(near.with_array(fine), grid).array
    grain = ndimage.gaussian_filter(random.standard_normal(grid.shape, np.float32), 0.8)
    image = image + grain * (random.uniform(18, 35) / grain.std())
    return grid.with_array(np.clip(np.rint(image), -1024, 3071).astype(np.int16))


def ct_grid(center_mm: Floats) -> Volume:
    """An empty CT around the head's centre."""
    spacing = np.array([PIXEL_MM, PIXEL_MM, SLICE_MM])
    shape = np.rint(2 * np.array(HALF_MM) / spacing).astype(int)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = center_mm - spacing * (shape - 1) / 2
    return Volume(np.zeros(tuple(shape), np.int16), affine)
