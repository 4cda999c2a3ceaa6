"""Which forces on the nodes stand for a pressure on the surface?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from osteon.errors import Fault, InputError


def pressure_force(modulus_mpa: ArrayLike, spacing_mm: float, pressure_mpa: ArrayLike) -> NDArray[np.float64]:
    """Nodal forces of a pressure on the open faces of voxels, in N, [z + 1, y + 1, x + 1, 3].

    Every face between a voxel with material and void, or the end of the grid, is pressed inwards by pressure x edge², a
    quarter on each of its corners. On a stepped surface the sum is the pressure times the area seen along each axis, as
    on the smooth one.

    Parameters
    ----------
    modulus_mpa
        Modulus of each voxel, [z, y, x]; 0 is void.
    spacing_mm
        Edge of a voxel.
    pressure_mpa
        Pressure on the open faces of each voxel, [z, y, x]; negative pulls; ignored in void and within the bone.

    Examples
    --------
    >>> force = pressure_force(np.ones((1, 1, 1)), 2.0, np.ones((1, 1, 1)))
    >>> force[1, :, :, 2].sum(), force.sum()
    (np.float64(-4.0), np.float64(0.0))
    """
    material = np.asarray(modulus_mpa) > 0
    pressure = np.asarray(pressure_mpa, float)
    if material.ndim != 3 or pressure.shape != material.shape:
        message = f"has shape {pressure.shape}; give one number for each voxel of {material.shape}, [z, y, x]."
        raise InputError("the load", [Fault("pressure_mpa", message)])
    force = np.zeros((*(n + 1 for n in material.shape), 3))
    push = np.where(material, pressure, 0) * spacing_mm**2 / 4
    padded = np.pad(material, 1)
    for axis in range(3):
        for side in (0, 1):
            inner = [slice(1, -1)] * 3
            inner[axis] = slice(2 * side, padded.shape[axis] - 2 + 2 * side)
            open_push = np.where(padded[tuple(inner)], 0, push) * (1 - 2 * side)
            add_to_corners(force[..., 2 - axis], open_push, axis, side)
    return force


def add_to_corners(nodal: NDArray[np.float64], on_face: NDArray[np.float64], axis: int, side: int) -> None:
    """Add each voxel's value to the four nodes of its lower (0) or upper (1) face across an axis."""
    for corner in np.ndindex(2, 2, 2):
        if corner[axis] == side:
            nodal[tuple(slice(up, up + n) for up, n in zip(corner, on_face.shape, strict=True))] += on_face
