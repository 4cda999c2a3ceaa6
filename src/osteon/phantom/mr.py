"""What does the scanner make of the tissues: T1-weighted MR slices?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from osteon.anatomy import Floats, Volume
from osteon.phantom.recipe import Recipe
from osteon.phantom.tissue import Tissue
from osteon.phantom.voxels import VOXEL_MM

# Signal of healthy fatty marrow, in the units of the stored pixels: half of what 12 bits hold, as scanners scale.
MARROW = 1500.0

# Signal on T1-weighted spin echo in parts of fatty marrow: lowest and highest that a recipe's seed may draw. Fat and
# fatty marrow bright, muscle and fluid dark grey, cortical bone and air black: the order is what matters.
SIGNALS: dict[Tissue, tuple[float, float]] = {
    Tissue.MUSCLE: (0.30, 0.42),
    Tissue.FAT: (1.15, 1.4),
    Tissue.AIR: (0.0, 0.01),
    Tissue.CARTILAGE: (0.46, 0.62),
    Tissue.FLUID: (0.22, 0.34),
    Tissue.PELVIS_CORTEX: (0.10, 0.22),
    Tissue.PELVIS_MARROW: (0.68, 0.9),
    Tissue.CORTEX: (0.10, 0.22),
    Tissue.FATTY_MARROW: (1.0, 1.0),
    Tissue.BAND: (0.15, 0.3),
    Tissue.PLATE: (0.12, 0.25),
    Tissue.CRESCENT: (0.15, 0.3),
}

# Slices reach this far from the head's centre along their normal, as an examination of one hip does.
REACH_MM = 35.0


def scan_grid(recipe: Recipe, center_mm: Floats) -> Volume:
    """An empty series: array axes are slice, row, column.

    The head's centre lies in the middle of the image and anywhere between two slices.
    """
    random = np.random.default_rng([recipe.seed, 5])
    count = 2 * int(np.ceil(REACH_MM / recipe.spacing_mm))
    size = int(recipe.field_mm / recipe.pixel_mm)
    row, column = slice_directions(recipe)
    step = np.stack([np.cross(row, column) * recipe.spacing_mm, column * recipe.pixel_mm, row * recipe.pixel_mm], 1)
    middle = np.array([(count - 1) / 2 + random.uniform(-0.5, 0.5), (size - 1) / 2, (size - 1) / 2])
    affine = np.eye(4)
    affine[:3, :3] = step
    affine[:3, 3] = center_mm - step @ middle
    return Volume(np.zeros((count, size, size), np.uint16), affine)


def slice_directions(recipe: Recipe) -> tuple[Floats, Floats]:
    """Unit vectors in LPS along the image's rows (to the right of the screen) and down its columns."""
    from scipy.spatial.transform import Rotation

    level = {"cor": ([1, 0, 0], [0, 0, -1]), "sag": ([0, 1, 0], [0, 0, -1]), "ax": ([1, 0, 0], [0, 1, 0])}
    row, column = (np.array(direction, float) for direction in level[recipe.plane])
    about_vertical, about_horizontal = np.radians(recipe.tilt_deg)
    row = Rotation.from_rotvec(-about_vertical * column).apply(row)
    return row, Rotation.from_rotvec(about_horizontal * row).apply(column)


def mr_image(recipe: Recipe, labels: Volume, center_mm: Floats, progress: Callable[[float], None]) -> Volume:
    """The T1-weighted series of a label map with slice profile, shading and noise; stored values, uint16."""
    random = np.random.default_rng([recipe.seed, 6])
    signal = labels.with_array(signals(recipe, labels.array, random))
    grid = scan_grid(recipe, center_mm)
    shade = shading(recipe, random)
    slices = np.empty(grid.shape, np.float32)
    for k in range(grid.shape[0]):
        slices[k] = averaged(signal, grid, recipe, k)
        progress((k + 1) / grid.shape[0])
    slices *= shade(grid)
    noise = MARROW / recipe.snr
    real = slices + noise * random.standard_normal(grid.shape, np.float32)
    imaginary = noise * random.standard_normal(grid.shape, np.float32)
    return grid.with_array(np.clip(np.rint(np.hypot(real, imaginary)), 0, 4095).astype(np.uint16))


def signals(recipe: Recipe, labels: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.float32]:
    """Signal of every voxel of a label map."""
    table = np.zeros(len(Tissue), np.float32)
    for tissue, limits in SIGNALS.items():
        table[tissue] = random.uniform(*limits) * MARROW
    table[Tissue.RED_MARROW] = recipe.red_marrow_signal * MARROW
    table[Tissue.CORE] = recipe.core_signal * MARROW
    return np.asarray(table[labels])


def averaged(signal: Volume, grid: Volume, recipe: Recipe, k: int) -> NDArray[np.float32]:
    """One slice: the signal averaged over the slice's profile and over each pixel's square."""
    image = across_slice(signal, grid, k, *slice_profile(recipe.slice_mm))
    # Linear interpolation has already averaged over one fine voxel; the rest of the pixel's square is added here.
    rest = max(recipe.pixel_mm**2 - 2 * VOXEL_MM**2, 0.0) / 12
    return np.asarray(ndimage.gaussian_filter(image, np.sqrt(rest) / recipe.pixel_mm))


def across_slice(values: Volume, grid: Volume, k: int, places_mm: Floats, weights: Floats) -> NDArray[np.float32]:
    """Values of a fine volume (float32) on slice `k` of a coarse one, averaged over places along its normal."""
    to_fine = np.linalg.inv(values.affine) @ grid.affine
    rows, columns = np.indices(grid.shape[1:], np.float32)
    along = np.linalg.inv(values.affine)[:3, :3] @ grid.directions[:, 0]
    start = to_fine[:3, 3] + k * to_fine[:3, 0]
    flat = [
        np.float32(start[a]) + np.float32(to_fine[a, 1]) * rows + np.float32(to_fine[a, 2]) * columns for a in range(3)
    ]
    total = np.zeros(grid.shape[1:], np.float32)
    for place, weight in zip(places_mm, weights, strict=True):
        index = [flat[a] + np.float32(place * along[a]) for a in range(3)]
        total += weight * ndimage.map_coordinates(values.array, index, order=1, mode="nearest")
    return total


def slice_profile(slice_mm: float) -> tuple[Floats, Floats]:
    """Places across a slice (mm from its middle) and their weights: level in the middle, sloping edges.

    The profile of a selective pulse is no exact box: here its edges fall over a fifth of the slice, half of it outside
    the nominal thickness, so that its area is that of the box.
    """
    count = max(5, int(np.ceil(1.2 * slice_mm / 0.45)))
    places = (np.arange(count) + 0.5) / count * 1.2 - 0.6
    weights = np.clip((0.6 - np.abs(places)) / 0.2, 0, 1)
    return places * slice_mm, weights / weights.sum()


def shading(recipe: Recipe, random: np.random.Generator) -> Callable[[Volume], NDArray[np.float32]]:
    """The coil's shading: a quadratic field over the image that reaches 1 - bias and 1 + bias at its extremes."""
    linear, curved = random.normal(size=3), random.normal(size=3) * 0.7

    def field(grid: Volume) -> NDArray[np.float32]:
        ends = [np.linspace(-1, 1, n, dtype=np.float32) for n in grid.shape]
        parts = [linear[k] * end + curved[k] * end**2 for k, end in enumerate(ends)]
        raw = parts[0][:, None, None] + parts[1][None, :, None] + parts[2][None, None, :]
        span = (raw - raw.min()) / (raw.max() - raw.min())
        return np.asarray(1 + recipe.bias * (2 * span - 1), np.float32)

    return field
