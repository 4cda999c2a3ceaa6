"""Where does the bone end in each direction from the head's centre, and is there lesion beneath?

The same rule as `osteon.anatomy.necrotic`, on soft masks: these hold distances, so that a ray finds the surface in
few long steps. Intervals ask for some hundred thousand rays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from osteon.anatomy import Floats, Volume
from osteon.anatomy.arc import DEPTHS_MM, REACH_RADII

Flags = NDArray[np.bool_]

STEPS = 14  # rays that run along a surface need many steps; after 14 fewer than one in a thousand is still outside
SHORTEST_STEP_MM = 0.2
NEAREST_MM = 4.0  # nearer to the centre there is no head's surface
DEPTH_STEP_MM = 0.25


def surface_mm(soft: Volume, center_mm: Floats, rays: Floats, radius_mm: float) -> Floats:
    """Distance in mm from a centre to the outermost border of a soft mask within 1.5 radii; NaN where there is none.

    Parameters
    ----------
    soft
        On a cubic grid along the patient's axes.
    center_mm
        Where the rays begin, LPS: shape (3,), or (n, 3) for a centre each.
    rays
        Unit vectors in LPS, shape (n, 3).
    radius_mm
        Of the head.

    Examples
    --------
    >>> from osteon.anatomy import covering_grid, points_mm
    >>> grid = covering_grid([0, 0, 0], 30, 1.0)
    >>> ball = grid.with_array(20.5 - np.linalg.norm(points_mm(grid), axis=-1))
    >>> surface_mm(ball, np.zeros(3), np.array([[0.0, 0.0, 1.0], [0.6, 0.8, 0.0]]), 20.0).round(1).tolist()
    [20.0, 20.0]
    """
    away = np.full(len(rays), REACH_RADII * radius_mm)
    center = np.broadcast_to(center_mm, rays.shape)
    outside = np.arange(len(rays))
    for _ in range(STEPS):
        beyond = 0.5 - values(soft, center[outside] + away[outside, None] * rays[outside])
        outside, beyond = outside[beyond > 0], beyond[beyond > 0]
        away[outside] -= np.maximum(beyond, SHORTEST_STEP_MM)
    met = np.clip(values(soft, center + away[:, None] * rays) - 0.5, -0.5, 0.5)
    away += np.where(away < REACH_RADII * radius_mm, met, 0.0)  # the last step went a little too far
    away[outside] = np.where(values(soft, center[outside] + away[outside, None] * rays[outside]) > 0, away[outside], 0)
    return np.where(away > NEAREST_MM, away, np.nan)


def dead_share(femur: Volume, lesion: Volume, center_mm: Floats, rays: Floats, surface: Floats) -> Floats:
    """Share 0..1 of the bone from 1 to 5 mm under the surface that is lesion, along each ray; 0 where there is no bone.

    Parameters
    ----------
    femur, lesion
        Soft masks on one grid.
    surface
        From `surface_mm`, shape (n,).
    """
    depths = np.arange(DEPTHS_MM[0] + DEPTH_STEP_MM / 2, DEPTHS_MM[1], DEPTH_STEP_MM)
    center = np.broadcast_to(center_mm, rays.shape)
    points = center[:, None] + (np.nan_to_num(surface)[:, None] - depths)[..., None] * rays[:, None]
    bone = (values(femur, points) >= 0.5) & np.isfinite(surface)[:, None]
    dead = bone & (values(lesion, points) >= 0.5)
    return np.asarray(dead.sum(axis=1) / np.maximum(bone.sum(axis=1), 1))


def values(soft: Volume, points: Floats) -> Floats:
    """Values of a volume on a cubic grid along the patient's axes, linear between voxels, at points in LPS."""
    index = (points - soft.affine[:3, 3]) / soft.affine[0, 0]
    found = ndimage.map_coordinates(soft.array, index.reshape(-1, 3).T, order=1, mode="nearest")
    return np.asarray(found, float).reshape(index.shape[:-1])
