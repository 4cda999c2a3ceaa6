"""Where does the bony surface of the head run above a lesion on T1-type MR, also where it has sunk in?

Healthy marrow is bright up to the bony plate. A lesion may be as grey as the cartilage over it, and what is left to see
is the plate itself: a dark line under the grey joint. It is followed over all directions together, from outside
inwards; where slices lie flat on the surface their thickness hides it, and nothing is said there.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from osteon.anatomy import Floats, Volume, sample
from osteon.anatomy.volume import Array
from osteon.imaging.found import FoundHip
from osteon.imaging.lesion.rays import bone_depth_mm, directions_on, frame_about
from osteon.imaging.lesion.reach import PATHS, along_path
from osteon.imaging.lesion.view import share_of
from osteon.imaging.series import Series

COUNT = 33  # rays to either side of the middle one, 3 degrees apart
STEP_MM = 0.25
FROM_MM, TO_MM = 2.0, -9.0  # past the sphere; a head that has sunk further is no sphere any more
HIGHEST_MM = 1.25  # the surface lies no farther outside the sphere: past it begins the socket's plate
SMOOTH_RAYS = 0.7  # 1 mm on the head: halves the noise
# Samples outwards and inwards of the surface that show the joint and the plate: 0.5 to 1.25 mm and 0.25 to 0.75 mm.
JOINT, PLATE = (2, 3, 4, 5), (1, 2, 3)
# Signal in parts of healthy marrow. The joint is no brighter than the first; the second is marrow or a fatty core.
JOINT_AT_MOST, BRIGHT_FROM = 0.65, 0.72
# What a clear edge is worth against a millimetre of bright bone passed on the way in, and against a millimetre away
# from the sphere; all times the weight against steps between neighbours (`osteon.imaging.lesion.reach`).
WEIGHT, CLEAREST, BRIGHT_COST, AWAY_COST = 3.0, 0.4, 0.3, 0.03
# Drop of the signal from joint to plate that counts as seen. On phantoms plates that slices cut across drop by 0.14 to
# 0.28, those that slices lie flat on by -0.03 to 0.06.
SEEN = 0.12
NEAR = 0.06  # chord of 3.4 degrees: a ray of the grid speaks for what lies between it and its neighbours


def plate_surface(series: Series, found: FoundHip, lesion: Volume, *, drawn: bool) -> Floats:
    """Points on the bony surface of the head above a lesion, LPS, shape (n, 3); none on CT or a blank image.

    Parameters
    ----------
    lesion
        Mask of the lesion, plain or soft.
    drawn
        Whether a person set the lesion's border: its outer border then counts as a clear edge of the bone.
    """
    if series.kind == "CT" or not float(np.ptp(series.volume.array)) > 0:
        return np.zeros((0, 3))
    head = found.hip.head
    rays, _ = directions_on(frame_about(-found.hip.neck_axis), COUNT)
    away = head.radius_mm + np.arange(FROM_MM, TO_MM, -STEP_MM)
    points = head.center_mm + rays[..., None, :] * away[:, None]
    share, _ = share_of(series, found, bone_depth_mm(found))
    edge, cost = edges(sample(share, points, outside=JOINT_AT_MOST), away - head.radius_mm)
    marked = sample(lesion, points, outside=-1.0)
    border = (np.abs(marked - 0.5) < STEP_MM / 2) & drawn
    cost = cost - CLEAREST * border + drawn * STEP_MM * np.cumsum(marked > 0.5, axis=-1)
    total = sum((along_path((WEIGHT * cost).astype(np.float32), path) for path in PATHS), np.zeros_like(cost))
    chosen = total.argmin(axis=-1)
    told, seen, over = (at(each, chosen) for each in (border, edge >= SEEN, beneath(marked)))
    surface = away[chosen]
    healthy = head.center_mm + (rays * surface[..., None])[seen & ~over]
    surface = np.where(told, surface, surface - outside_mm(healthy, found))
    return np.asarray((head.center_mm + rays * surface[..., None])[over & (told | seen)])


def outside_mm(points: Floats, found: FoundHip) -> float:
    """How far points of the healthy surface, as the plate is followed, lie outside the surface as found: the middle."""
    if not len(points) or not len(found.surface_mm):
        return 0.0
    tree, reach = directions_tree(found.surface_mm - found.hip.head.center_mm)
    away = np.linalg.norm(points - found.hip.head.center_mm, axis=1)
    across, nearest = tree.query((points - found.hip.head.center_mm) / away[:, None])
    near = across < NEAR
    return float(np.median(away[near] - reach[nearest][near])) if near.any() else 0.0


def directions_tree(offsets: Floats) -> tuple[cKDTree, Floats]:
    """Offsets from the centre as a tree of their directions, and their lengths."""
    length = np.linalg.norm(offsets, axis=1)
    return cKDTree(offsets / length[:, None]), length


def at(values: Array, chosen: Array) -> Array:
    """The chosen sample of every ray."""
    return np.asarray(np.take_along_axis(values, chosen[..., None], axis=-1)[..., 0])


def beneath(marked: Floats) -> Array:
    """At which samples of a ray the lesion lies 2 mm further in."""
    ahead = round(2.0 / STEP_MM)
    return np.pad(marked[..., ahead:] > 0.5, [(0, 0), (0, 0), (0, ahead)])


def edges(share: Floats, past_mm: Floats) -> tuple[Floats, Floats]:
    """How far the signal drops from joint to plate at every sample, and what it costs to put the surface there.

    Parameters
    ----------
    share
        Signal in parts of healthy marrow along each ray from outside inwards, shape (n, n, m).
    past_mm
        How far outside the sphere the samples lie, shape (m,).
    """
    smooth = ndimage.gaussian_filter(share, (SMOOTH_RAYS, SMOOTH_RAYS, 0))
    joint = np.mean([np.roll(smooth, k, axis=-1) for k in JOINT], axis=0)
    plate = np.mean([np.roll(smooth, -k, axis=-1) for k in PLATE], axis=0)
    edge = np.clip(joint, None, JOINT_AT_MOST) - plate
    margin = np.arange(len(past_mm))
    edge[..., (past_mm > HIGHEST_MM) | (margin <= max(JOINT)) | (margin >= len(margin) - max(PLATE))] = -9.0
    bright = STEP_MM * np.cumsum(np.clip((smooth - BRIGHT_FROM) / (1 - BRIGHT_FROM), 0, 1), axis=-1)
    cost = -np.clip(edge, None, CLEAREST) + BRIGHT_COST * bright + AWAY_COST * np.abs(past_mm)
    return edge, cost
