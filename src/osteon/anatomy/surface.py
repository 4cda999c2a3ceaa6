"""Where exactly does the bone of a mask or a surface end, and which way does it face there?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from osteon.anatomy.volume import Array, Floats, Volume, crop

# Axes along which voxels are this many times longer than the finest edge only tell "somewhere between two slices":
# no crossing is read along them. Below 1.5 common 0.8 x 0.8 x 1 mm CT would lose a third of its surface.
COARSE = 2.0

# Width of the smoothing across the staircase of a mask, in voxels, at most this many mm. Wider rounds the bone: the
# half level of a ball of radius r moves inwards by sigma² / r, here 0.03 mm for a head.
SMOOTHING_VOXELS = 1.0
SMOOTHING_MM = 0.8

# Sine of the angle between border and slice below which an outline in the slice is not read: there a slice shows the
# average of a nearly flat piece of bone. 0.3 (17 degrees) keeps all but 5 % of a sphere.
GRAZING = 0.3


def mask_surface(mask: Volume) -> tuple[Floats, Floats]:
    """Points on the border of a mask with sub-voxel accuracy, and the outward normals there.

    The mask is smoothed by about a voxel; grid edges on which it crosses one half give one point each, except those
    the border grazes. Edges along the thick axis of thick slices are left out, as the border can be anywhere on them;
    at the margin of the grid, where the bone is cut off, there is no border.

    Parameters
    ----------
    mask
        Bone; bool, or the bone's fraction 0..1 in every voxel.

    Returns
    -------
    Points (n, 3) in LPS millimetres and unit normals (n, 3).

    Examples
    --------
    >>> grid = np.moveaxis(np.indices((21, 21, 21)), 0, -1) - 10
    >>> points, normals = mask_surface(Volume((grid**2).sum(-1) < 64, np.eye(4)))
    >>> bool(abs(np.linalg.norm(points - 10, axis=1) - 8).mean() < 0.3)
    True
    """
    field = level(mask)
    fine = fine_axes(field)
    found = [crossings(field.array, int(axis)) for axis in np.flatnonzero(fine)]
    index = np.concatenate([place for place, _ in found])
    along = np.concatenate([axis for _, axis in found])
    normals = outward(field, index)
    steps = np.abs(normals @ field.directions) * fine
    steep = steps[np.arange(len(along)), along] > 0.5 * np.linalg.norm(steps, axis=1)
    steep &= np.linalg.norm(steps, axis=1) > GRAZING
    return field.to_mm(index[steep]), normals[steep]


def level(mask: Volume) -> Volume:
    """A smooth field that is above 0 inside a mask, below 0 outside, and 0 on its border between the voxels.

    Cubic and nearly cubic voxels: the mask smoothed by a voxel, less a half. Thick slices: the signed distance to the
    outline within each slice, in mm (shape-based interpolation, Raya and Udupa 1990), so that straight lines between
    the slices follow the bone. The grid is that of the mask, cropped to what it holds with a margin.
    """
    tight = cropped_to_content(mask, margin=4)
    spacing = tight.spacing_mm
    fine = fine_axes(tight)
    sigma = np.where(fine, np.minimum(SMOOTHING_VOXELS, SMOOTHING_MM / spacing), 0.0)
    if fine.all() or not tight.array.any():
        return tight.with_array(ndimage.gaussian_filter(tight.array.astype(np.float32), sigma, mode="nearest") - 0.5)
    axis = int(np.argmax(spacing))
    inside = np.moveaxis(tight.array >= 0.5, axis, 0)
    slices = outline_distances(inside, np.delete(spacing, axis), float(spacing[axis]))
    return tight.with_array(ndimage.gaussian_filter(np.moveaxis(slices, 0, axis), sigma, mode="nearest"))


def fine_axes(grid: Volume) -> NDArray[np.bool_]:
    """Which axes of a grid are sampled finely, shape (3,)."""
    return np.asarray(grid.spacing_mm < COARSE * grid.spacing_mm.min())


def outline_distances(inside: NDArray[np.bool_], pixel_mm: Floats, step_mm: float) -> Array:
    """Signed distance in mm to the outline in every slice of a stack (slice, row, column); empty slices from a cap."""
    half = 0.5 * float(pixel_mm.mean())  # the outline runs between two pixel centres, half a pixel from either
    field = np.full(inside.shape, np.nan, np.float32)
    filled = np.flatnonzero(inside.any(axis=(1, 2)))
    for k in filled:
        within = ndimage.distance_transform_edt(inside[k], pixel_mm)
        beyond = ndimage.distance_transform_edt(~inside[k], pixel_mm)
        field[k] = np.where(inside[k], within - half, half - beyond)
    for k in np.flatnonzero(np.isnan(field[:, 0, 0])):
        nearest = filled[np.argmin(np.abs(filled - k))]
        deepest = float(field[nearest].max())
        field[k] = field[nearest] - abs(nearest - k) * deepest * step_mm / cap_mm(deepest, step_mm)
    return field


def cap_mm(half_width_mm: float, step_mm: float) -> float:
    """How far bone reaches past its last slice: as the cap of a ball, where such a cap fits before the next slice.

    A cap of half width a on a ball of radius R is a² / 2R high. R = 24 mm, a usual femoral head; with 20 or 28 mm the
    height changes by a fifth. Bone that is wider than such a cap was cut off: half a slice.
    """
    height = half_width_mm**2 / (2 * 24.0)
    return max(height, 0.05 * step_mm) if height < step_mm else 0.5 * step_mm


def cropped_to_content(mask: Volume, margin: int) -> Volume:
    """The part of a mask's grid that holds it, with `margin` voxels around; the whole grid where it is empty."""
    if not mask.array.any():
        return mask
    kept = [np.flatnonzero(mask.array.any(axis=tuple(b for b in range(3) if b != a))) for a in range(3)]
    return crop(mask, [k[0] - margin for k in kept], [k[-1] + 1 + margin for k in kept])


def crossings(field: Array, axis: int) -> tuple[Floats, NDArray[np.intp]]:
    """Fractional indices where a field changes its sign along one axis, and that axis once per point."""
    ahead = np.moveaxis(field, axis, 0)
    before, after = ahead[:-1], ahead[1:]
    at = np.nonzero((before >= 0) != (after >= 0))
    index = np.stack(at, axis=1).astype(float)
    index[:, 0] += before[at] / (before[at] - after[at])
    return np.insert(index[:, 1:], axis, index[:, 0], axis=1), np.full(len(index), axis)


def outward(field: Volume, index: Floats) -> Floats:
    """Unit vectors in LPS against the gradient of a field at fractional indices."""
    slopes = [
        ndimage.map_coordinates(np.gradient(field.array, axis=axis), index.T, order=1, mode="nearest")
        for axis in range(3)
    ]
    normal = -(np.stack(slopes, axis=1) / field.spacing_mm) @ field.directions.T
    return np.asarray(normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9))


def vertex_normals(vertices_mm: ArrayLike, faces: ArrayLike) -> Floats:
    """Outward unit normal at every vertex of a triangulated surface, shape (n, 3); each triangle counts by its area.

    Outward is the side that gives the surface a positive volume, whichever way its triangles were wound.

    Examples
    --------
    >>> corners = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    >>> vertex_normals(corners, [[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]])[0].round(3).tolist()
    [-0.577, -0.577, -0.577]
    """
    vertices, triangles = np.asarray(vertices_mm, float), np.asarray(faces, int)
    a, b, c = (vertices[triangles[:, k]] - vertices.mean(axis=0) for k in range(3))
    area = np.cross(b - a, c - a)
    normals = np.stack(
        [np.bincount(triangles.ravel(), np.repeat(area[:, k], 3), minlength=len(vertices)) for k in range(3)], axis=1
    )
    outwards = 1.0 if float((a * area).sum()) >= 0 else -1.0
    return np.asarray(outwards * normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12))
