"""Where in the patient does every voxel lie, and what is the image's value at any point?

One frame throughout: millimetres along the patient's axes as in DICOM, LPS (+x to the left, +y to the back, +z to the
head). Files in other frames are turned into this one when they are read, and only there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

Array = NDArray[Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """Values on a regular grid in the patient.

    Parameters
    ----------
    array
        Values, shape (n0, n1, n2), of any type; a mask is of type bool.
    affine
        4 x 4; `affine @ (i0, i1, i2, 1)` is the centre of voxel `array[i0, i1, i2]` in LPS millimetres. The axes of
        the array may lie in any direction, also obliquely; they are at right angles to each other.

    Examples
    --------
    >>> cube = Volume(np.zeros((2, 3, 4)), np.diag([4.0, 0.5, 0.5, 1.0]))
    >>> cube.spacing_mm.tolist()
    [4.0, 0.5, 0.5]
    >>> cube.voxel_mm3
    1.0
    """

    array: Array
    affine: Floats = field(repr=False)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along each axis of the array."""
        n0, n1, n2 = self.array.shape
        return n0, n1, n2

    @property
    def spacing_mm(self) -> Floats:
        """Distance between neighbouring voxel centres along each axis of the array, in mm."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0))

    @property
    def directions(self) -> Floats:
        """3 x 3; column `k` is the unit vector in LPS along which index `k` of the array rises."""
        return np.asarray(self.affine[:3, :3] / self.spacing_mm)

    @property
    def voxel_mm3(self) -> float:
        """Volume of one voxel, in mm³."""
        return float(np.prod(self.spacing_mm))

    def to_mm(self, index: ArrayLike) -> Floats:
        """LPS millimetres of points given as (fractional) array indices, shape (..., 3)."""
        return np.asarray(np.asarray(index, float) @ self.affine[:3, :3].T + self.affine[:3, 3])

    def to_index(self, points: ArrayLike) -> Floats:
        """Fractional array indices of points given in LPS millimetres, shape (..., 3)."""
        inverse = np.linalg.inv(self.affine[:3, :3])
        return np.asarray((np.asarray(points, float) - self.affine[:3, 3]) @ inverse.T)

    def with_array(self, array: Array) -> Volume:
        """Other values on the same grid."""
        return Volume(array, self.affine)


def points_mm(volume: Volume) -> Floats:
    """LPS millimetres of every voxel centre, shape (n0, n1, n2, 3).

    Examples
    --------
    >>> points_mm(Volume(np.zeros((1, 1, 2)), np.diag([1.0, 1.0, 3.0, 1.0])))[0, 0].tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 3.0]]
    """
    return volume.to_mm(np.moveaxis(np.indices(volume.shape), 0, -1))


def same_grid(a: Volume, b: Volume, tolerance_mm: float = 0.01) -> bool:
    """Whether every voxel of `a` has the same shape of grid as `b` and lies within `tolerance_mm` of its partner."""
    if a.shape != b.shape:
        return False
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in a.shape], indexing="ij")).reshape(3, -1).T
    return bool(np.abs(a.to_mm(corners) - b.to_mm(corners)).max() <= tolerance_mm)


def sample(volume: Volume, points: ArrayLike, order: int = 1, outside: float = np.nan) -> Floats:
    """Values of a volume at points.

    Parameters
    ----------
    volume
        The image or mask; a mask gives the fraction between 0 and 1.
    points
        LPS millimetres, shape (..., 3).
    order
        0 nearest voxel, 1 linear, 3 cubic spline.
    outside
        Value of points outside the grid; up to half a voxel beyond the outermost centres counts as inside.

    Returns
    -------
    Array of the shape of `points` without its last axis.

    Examples
    --------
    >>> ramp = Volume(np.arange(3.0).reshape(1, 1, 3), np.diag([1.0, 1.0, 2.0, 1.0]))
    >>> sample(ramp, [[0, 0, 1.0], [0, 0, 9.0]]).tolist()
    [0.5, nan]
    """
    index = volume.to_index(points)
    last = np.array(volume.shape) - 1
    within = (index >= -0.5) & (index <= last + 0.5)
    inside = within[..., 0] & within[..., 1] & within[..., 2]  # `all` over an axis of three is slow
    array = interpolable(volume.array)
    places = np.clip(index, 0, last).reshape(-1, 3).T
    values = ndimage.map_coordinates(array, places, order=order, mode="nearest", output=np.float64)
    return np.where(inside, values.reshape(inside.shape), outside)


def interpolable(array: Array) -> Array:
    """The values as floats, for counts and masks are rounded where they are interpolated as they are."""
    return array.astype(np.float32) if array.dtype.kind in "bui" else array


def resample(volume: Volume, like: Volume, order: int = 1, outside: float = 0.0) -> Volume:
    """The same image on the grid of `like`; a mask comes back as a mask (a half or more counts as inside).

    Only interpolates: shrinking an image much needs a smoothing first.

    Examples
    --------
    >>> fine = Volume(np.arange(4.0).reshape(1, 1, 4), np.eye(4))
    >>> coarse = Volume(np.zeros((1, 1, 2)), np.diag([1.0, 1.0, 2.0, 1.0]))
    >>> resample(fine, coarse).array.tolist()
    [[[0.0, 2.0]]]
    """
    # One slab at a time keeps the memory small: the points of a whole CT would take gigabytes.
    source = volume.with_array(interpolable(volume.array))
    rows = [sample(source, like.to_mm(slab_indices(like.shape, i)), order, outside) for i in range(like.shape[0])]
    array = np.stack(rows)
    return like.with_array(array >= 0.5 if volume.array.dtype == bool else array)


def slab_indices(shape: tuple[int, int, int], i: int) -> Floats:
    """Indices of slab `i` along the first axis, shape (n1, n2, 3)."""
    rest = np.moveaxis(np.indices(shape[1:]), 0, -1)
    return np.concatenate([np.full((*shape[1:], 1), float(i)), rest], axis=-1)


def covering_grid(center_mm: ArrayLike, half_mm: ArrayLike, spacing_mm: float) -> Volume:
    """An empty axis-aligned LPS grid of cubic voxels around a point: array axes are x, y, z.

    Parameters
    ----------
    center_mm
        The middle of the grid, LPS.
    half_mm
        Half the edge along x, y, z; one number for a cube.
    spacing_mm
        Edge of a voxel.

    Examples
    --------
    >>> grid = covering_grid([10, 0, 0], 2.0, 1.0)
    >>> grid.shape, grid.to_mm([2, 2, 2]).tolist()
    ((5, 5, 5), [10.0, 0.0, 0.0])
    """
    center = np.asarray(center_mm, float)
    steps = np.ceil(np.broadcast_to(np.asarray(half_mm, float), 3) / spacing_mm).astype(int)
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = center - steps * spacing_mm
    return Volume(np.zeros(tuple(2 * steps + 1), np.float32), affine)


def crop(volume: Volume, low: ArrayLike, high: ArrayLike) -> Volume:
    """The part of a volume between two array indices, `high` left out; both are cut to the grid."""
    start = np.clip(np.asarray(low, int), 0, volume.shape)
    stop = np.clip(np.asarray(high, int), start, volume.shape)
    affine = volume.affine.copy()
    affine[:3, 3] = volume.to_mm(start)
    return Volume(volume.array[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))], affine)
