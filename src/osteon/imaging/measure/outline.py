"""How far from its centre does the surface of the head lie, in every direction?

Two things go wrong with a mask of the femur. On thick slices its top and its front are sure to half a slice only, while
the points of the surface and the sphere are sure to a few tenths of a millimetre. And where the head has sunk it tends
to bridge the dent, which a CT shows.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from osteon.anatomy import Floats, Hip, Sphere, Volume, head_directions
from osteon.imaging.measure.rays import surface_mm

RAYS = 3000  # 1.4 mm apart on a head of 24 mm
NEAR_MM = 2.0  # a ray speaks for what lies this near to it
# The outline is redrawn proximal to this many radii along the neck; beyond, the head's outline turns into the neck's.
PROXIMAL_RADII = 0.3
DEPTH_MM = 10.0  # and from this far inside the sphere: deeper than any dent, and past the 5 mm that are looked at

NEIGHBOURS = 10
SMOOTHING_MM = 1.0  # docs/explanation/images.md, section 3: after smoothing over 1 mm
GAP_MM = 3.5  # the surface is not seen where the nearest point lies further from the ray; slices are up to 5 mm apart
SUNK_MM = 1.0  # a CT may lie a millimetre off the MR: only deeper dents are taken over


def away_mm(points_mm: Floats, head: Sphere, rays: Floats) -> Floats:
    """Distance of a surface from the head's centre along rays, in mm, smoothed over 1 mm; NaN where it is not seen.

    Parameters
    ----------
    points_mm
        On the surface, LPS, shape (n, 3).
    rays
        Unit vectors in LPS, shape (m, 3).
    """
    offset = points_mm - head.center_mm
    distance = np.linalg.norm(offset, axis=1)
    near = (distance > 0.6 * head.radius_mm) & (distance < 1.35 * head.radius_mm)
    if near.sum() < NEIGHBOURS:
        return np.full(len(rays), np.nan)
    tree = cKDTree(head.radius_mm * offset[near] / distance[near, None])
    across, found = tree.query(head.radius_mm * rays, k=NEIGHBOURS)
    weight = np.exp(-0.5 * (across / SMOOTHING_MM) ** 2) + 1e-9
    away = (weight * distance[near][found]).sum(axis=1) / weight.sum(axis=1)
    return np.where(across[:, 0] < GAP_MM, away, np.nan)


def redrawn(femur: Volume, points_mm: Floats, sunk_mm: Floats, hip: Hip, unsure_mm: float) -> Volume:
    """A soft mask of the femur with the outline of its head as the surface's points, the sphere and a CT tell.

    Parameters
    ----------
    femur
        Soft mask on a cubic grid along the patient's axes.
    points_mm
        The surface as found on the same images, LPS, shape (n, 3).
    sunk_mm
        The surface as a CT shows it, LPS; its dents are taken over. May be none.
    unsure_mm
        Where no point is near and the mask lies this near to the sphere, the sphere counts.
    """
    rays = head_directions(RAYS) * np.array([hip.lateral[0], 1.0, 1.0])
    rays = rays[rays @ hip.neck_axis < PROXIMAL_RADII]
    radius = hip.head.radius_mm
    own, mask = away_mm(points_mm, hip.head, rays), surface_mm(femur, hip.head.center_mm, rays, radius)
    away = np.where(np.isfinite(own), own, np.where(np.abs(mask - radius) < unsure_mm, radius, mask))
    dent = away_mm(sunk_mm, hip.head, rays)
    away = np.where(dent < radius - SUNK_MM, np.minimum(away, dent), away)
    return with_outline(femur, rays, away, hip)


def with_outline(femur: Volume, rays: Floats, away: Floats, hip: Hip) -> Volume:
    """A soft mask whose border lies at given distances along rays from the head's centre; elsewhere as it was."""
    radius = hip.head.radius_mm
    index = np.indices(femur.shape).reshape(3, -1).T
    place = femur.to_mm(index) - hip.head.center_mm
    length = np.linalg.norm(place, axis=1)
    shell = (length > radius - DEPTH_MM) & (length < 1.3 * radius) & (place @ hip.neck_axis < PROXIMAL_RADII * length)
    place, length, index = place[shell], length[shell], index[shell]
    across, nearest = cKDTree(radius * rays).query(radius * place / length[:, None])
    depth = away[nearest] - length
    told = (across < NEAR_MM) & np.isfinite(depth)
    array = femur.array.copy()
    array[tuple(index[told].T)] = 0.5 + depth[told]
    return femur.with_array(array)
