"""Where exactly does the border of a marked region run, also between thick slices?

A soft mask holds 0.5 on the border and rises by 1 for every millimetre inwards, so that a mask grown by 0.3 mm is the
same array plus 0.3, and everything that asks "is it a half or more?" can read it as it reads a plain mask.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from osteon.anatomy import Volume
from osteon.anatomy.volume import Array

# Voxels of a mask beyond which it is averaged before its distances are computed: a 0.5 mm CT of one hip has 6 million,
# and their exact distances would take longer than all measurements together.
MANY_VOXELS = 1_500_000
# Smoothing of the border, in mm: takes the stairs of the voxels away, and moves the border of a ball of 20 mm by 0.02.
SMOOTHING_MM = 0.6
# Slope of the distances: 1, but up to 2 across the gap between thick slices; beyond that it is noise.
SLOPES = (1.0, 2.5)


def soft_mask(mask: Volume, grid: Volume) -> Volume:
    """The border of a mask as a soft mask on another grid: 0.5 on the border, rising by 1 per mm inwards.

    Between slices the border follows the distances to the outlines on both (shape-based interpolation), so that it
    runs smoothly where the slices are thick. Outside the mask's own grid nothing is marked.

    Parameters
    ----------
    mask
        Marked voxels, on any grid; a half or more counts as marked.
    grid
        The cubic grid wanted; its values are not read.

    Examples
    --------
    >>> slices = Volume(np.zeros((4, 9, 9), bool), np.diag([4.0, 1.0, 1.0, 1.0]))
    >>> slices.array[1:3, 2:7, 2:7] = True
    >>> fine = Volume(np.zeros((13, 9, 9), np.float32), np.eye(4))
    >>> soft = soft_mask(slices, fine)
    >>> bool(soft.array[6, 4, 4] > 0.5), bool(soft.array[0, 4, 4] > 0.5), soft.array.shape
    (True, False, (13, 9, 9))
    """
    part = around(mask, grid)
    if not part.array.any():
        return grid.with_array(np.full(grid.shape, -far_mm(grid), np.float32))
    if part.array.size > MANY_VOXELS:
        part = averaged(part, grid)
    distance = on_grid(part.with_array(signed_distance_mm(part)), grid)
    smooth = ndimage.gaussian_filter(distance, SMOOTHING_MM / grid.spacing_mm)
    return grid.with_array(0.5 + smooth / np.clip(slope(smooth, grid), *SLOPES))


def moved_per_half_voxel(soft: Volume, images: Volume) -> Array:
    """How far the border moves, in mm, when a mask grows by half a voxel of its images.

    The growth is by the ellipsoid whose half axes are half the voxel's edges: along the normal `n` of the border it
    moves by √Σ (sₖ (n·eₖ) / 2)².

    Parameters
    ----------
    soft
        The soft mask on a cubic grid along the patient's axes.
    images
        What it was marked on; only its grid is read.

    Returns
    -------
    float32 array of the shape of `soft`.
    """
    x, y, z = np.gradient(soft.array)
    normal = np.stack([x, y, z], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-6
    half_edges = (images.affine[:3, :3] / 2).astype(np.float32)
    return np.asarray(np.linalg.norm(normal @ half_edges, axis=-1))


def inside(soft: Volume) -> Array:
    """How much of each voxel of a cubic grid lies inside the border of a soft mask, 0 to 1.

    Examples
    --------
    >>> inside(Volume(np.array([[[0.0, 0.25, 0.5, 2.0]]]), np.eye(4))).tolist()
    [[[0.0, 0.25, 0.5, 1.0]]]
    """
    return np.asarray(np.clip(0.5 + (soft.array - 0.5) / np.float32(soft.spacing_mm[0]), 0, 1))


def around(mask: Volume, grid: Volume) -> Volume:
    """The part of a mask that lies on the grid, with one empty layer around what the mask itself does not cover."""
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in grid.shape], indexing="ij")).reshape(3, -1).T
    index = mask.to_index(grid.to_mm(corners))
    low = np.clip(np.floor(index.min(axis=0)).astype(int) - 1, -1, mask.shape)
    high = np.clip(np.ceil(index.max(axis=0)).astype(int) + 2, low + 1, np.array(mask.shape) + 1)
    kept = tuple(slice(max(a, 0), min(b, n)) for a, b, n in zip(low, high, mask.shape, strict=True))
    missing = [(max(-a, 0), max(b - n, 0)) for a, b, n in zip(low, high, mask.shape, strict=True)]
    affine = mask.affine.copy()
    affine[:3, 3] = mask.to_mm(low)
    return Volume(np.pad(mask.array[kept] >= 0.5, missing), affine)


def averaged(part: Volume, grid: Volume) -> Volume:
    """A mask on fine voxels as a mask on the voxels of the grid, each as most of its volume is."""
    width = grid.spacing_mm[0] / part.spacing_mm / 2.4  # standard deviation of a box as wide as the new voxel
    smooth = part.with_array(ndimage.gaussian_filter(part.array.astype(np.float32), width, truncate=2.5))
    return grid.with_array(on_grid(smooth, grid) >= 0.5)


def signed_distance_mm(part: Volume) -> Array:
    """Distance of each voxel's centre to the border, positive inside.

    The border is taken half of the finest voxel edge before the nearest centre on its other side.
    """
    outer = ndimage.distance_transform_edt(~part.array, part.spacing_mm)
    inner = ndimage.distance_transform_edt(part.array, part.spacing_mm)
    half = np.where(part.array, -0.5, 0.5) * part.spacing_mm.min()
    return np.asarray(inner - outer + half, np.float32)


def on_grid(volume: Volume, grid: Volume) -> Array:
    """Values of a volume at the voxel centres of a grid, linear between its own; beyond its edge as at the edge."""
    turn = np.linalg.inv(volume.affine) @ grid.affine
    return np.asarray(
        ndimage.affine_transform(volume.array, turn[:3, :3], turn[:3, 3], grid.shape, order=1, mode="nearest"),
        np.float32,
    )


def slope(values: Array, grid: Volume) -> Array:
    """Length of the gradient of values on a cubic grid, per mm."""
    steps = np.gradient(values, float(grid.spacing_mm[0]))
    return np.asarray(np.sqrt(sum(step * step for step in steps)), np.float32)


def far_mm(grid: Volume) -> float:
    """A distance longer than any on the grid."""
    return float(np.linalg.norm(grid.spacing_mm * grid.shape))
