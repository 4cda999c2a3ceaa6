"""Where does the bony surface of the head run on CT, also where it has sunk in?

A mask of the femur is drawn to be whole and smooth, and tends to bridge a dent. CT shows the plate of bone under the
cartilage so sharply that the surface can be read from the image itself, to a tenth of a voxel.
"""

from __future__ import annotations

import numpy as np

from osteon.anatomy import Floats, Hip, head_directions, sample
from osteon.anatomy.region import HEAD_PLANE_RADII
from osteon.anatomy.volume import Array
from osteon.imaging.series import Series

RAYS = 3000  # 1.4 mm apart on a head of 24 mm
STEP_MM = 0.25
# The joint space is the darkest place from a little inside the sphere to 3 mm outside it; the socket lies beyond.
JOINT_MM = (-1.0, 3.0)
DEEPEST_MM = 9.0  # a head that has sunk further is no sphere any more
# Above a sunken surface the joint is as dark as elsewhere, from this far outside the sphere: what is denser than this
# part of half the step to bone there is the plate itself, thin or beside a narrow joint: something under it was read.
ABOVE_MM, BONE_ABOVE = 2.0, 0.5
PLATE_MM = 6.0  # the brightest bone this far behind the darkest place is the plate: a wide joint and the plate itself
# Plate over joint in Hounsfield units: bone against cartilage and fluid is 400 to 900. Less is not CT of bone.
LEAST_CONTRAST_HU = 150.0


def bone_surface(series: Series, hip: Hip) -> Floats:
    """Points on the bony surface of the head proximal to the neck, LPS, shape (n, 3); none on MR or without contrast.

    Along every ray from outside inwards, from the darkest place of the joint, the surface is where the image has risen
    halfway from the joint to the plate (both as the middle over all rays).

    Parameters
    ----------
    series
        CT in Hounsfield units.
    hip
        The hip found there.
    """
    if series.kind != "CT":
        return np.zeros((0, 3))
    head = hip.head
    rays = head_directions(RAYS) * np.array([hip.lateral[0], 1.0, 1.0])
    rays = rays[rays @ hip.neck_axis < HEAD_PLANE_RADII]
    away = np.arange(head.radius_mm + JOINT_MM[1], head.radius_mm - DEEPEST_MM, -STEP_MM)
    profile = sample(series.volume, head.center_mm + rays[:, None] * away[:, None], outside=np.nan)
    rays, profile = rays[np.isfinite(profile).all(axis=1)], profile[np.isfinite(profile).all(axis=1)]
    if not len(rays):
        return np.zeros((0, 3))
    distance = crossings_mm(profile, away, away >= head.radius_mm + JOINT_MM[0])
    seen = np.isfinite(distance) & ~under_plate(profile, away, distance, head.radius_mm)
    return np.asarray(head.center_mm + rays[seen] * distance[seen, None])


def crossings_mm(profile: Floats, away: Floats, joint: Array) -> Floats:
    """Distance at which each profile rises halfway from the joint to the plate, NaN where it does not; shape (n,).

    Parameters
    ----------
    profile
        Values along each ray from outside inwards, shape (n, m).
    away
        Distances of the samples, shape (m,), falling.
    joint
        Which samples may be the joint, shape (m,).
    """
    rows, places = np.arange(len(profile)), np.arange(len(away))
    darkest = np.argmin(np.where(joint, profile, np.inf), axis=1)
    behind = places >= darkest[:, None]
    plate = np.where(behind & (places <= darkest[:, None] + PLATE_MM / STEP_MM), profile, -np.inf).max(axis=1)
    low, high = float(np.median(profile[rows, darkest])), float(np.median(plate))
    if high - low < LEAST_CONTRAST_HU:
        return np.full(len(profile), np.nan)
    half = (low + high) / 2
    above = behind & (profile > half)
    first = np.argmax(above, axis=1)
    before = profile[rows, np.maximum(first - 1, 0)]
    part = (profile[rows, first] - half) / np.maximum(profile[rows, first] - before, 1e-6)
    seen = above.any(axis=1) & (first > darkest)
    return np.where(seen, away[first] + STEP_MM * part, np.nan)


def under_plate(profile: Floats, away: Floats, distance: Floats, radius_mm: float) -> Array:
    """Which sunken surfaces lie under bone that stands; shape (n,)."""
    joint, plate = (float(np.median(part(profile, axis=1))) for part in (np.min, np.max))
    bone = profile > joint + BONE_ABOVE * (plate - joint) / 2
    above = (away < radius_mm + ABOVE_MM) & (away > distance[:, None] + 1.0)
    return np.asarray((bone & above).any(axis=1) & (distance < radius_mm + JOINT_MM[0]))
