"""Where on the femur are the places that operations are measured from: trochanters and the line of the shaft?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal

from osteon.anatomy import Hip, Volume
from osteon.anatomy.volume import Floats

# The lesser trochanter points backwards and inwards; seen from 50 degrees behind medial it stands out of the shaft on
# every femur looked at, while from straight medial the neck hides it and from straight behind the crest does.
BEHIND_MEDIAL_DEG = 50.0

# From 1.3 radii past the head's centre along the neck, bone that rises highest is greater trochanter, no longer neck.
TROCHANTER_FROM_RADII = 1.3

# The shaft proper starts this far below the lesser trochanter's tip; nearer, its base pulls the middle inwards.
SHAFT_BELOW_TROCHANTER_MM = 15.0

NOT_IN_VIEW = (
    "The lesser trochanter is not in view: the lower end of the view stands for its level. Mark its tip to change this."
)


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Places on one femur, LPS mm.

    `down` is the unit vector down the shaft (straight down where the shaft is not seen). `trochanter_level_mm` is the
    height of the lesser trochanter's tip, as a point; `shaft_point_mm` is a point on the middle line of the shaft.
    """

    down: Floats
    trochanter_level_mm: Floats
    lesser_trochanter_mm: Floats | None
    greater_trochanter_mm: Floats | None
    shaft_point_mm: Floats | None
    warnings: tuple[str, ...] = ()


def find_landmarks(femur: Volume, hip: Hip, prominence_mm: float, lesser_trochanter_mm: Floats | None) -> Landmarks:
    """Trochanters and shaft of a femur.

    Parameters
    ----------
    femur
        Mask of all bone of the proximal femur.
    hip
        Its head, neck axis and shaft axis.
    prominence_mm
        How far the lesser trochanter has to stand out to be taken for one.
    lesser_trochanter_mm
        Its tip, LPS, where a person marked it; None to look for it.
    """
    bone = femur.to_mm(np.argwhere(femur.array))
    down = np.array([0.0, 0.0, -1.0]) if hip.shaft_axis is None else hip.shaft_axis
    found = lesser_trochanter_mm
    if found is None:
        found = lesser_trochanter(bone, hip, down, prominence_mm)
    lowest = bone[np.argmax(bone @ down)]
    warnings = () if found is not None else (NOT_IN_VIEW,)
    level = lowest if found is None else np.asarray(found, float)
    return Landmarks(down, level, found, greater_trochanter(bone, hip, down), shaft_point(bone, down, found), warnings)


def lesser_trochanter(bone_mm: Floats, hip: Hip, down: Floats, prominence_mm: float) -> Floats | None:
    """The tip of the lesser trochanter in LPS: the bump of the bone's outline seen from behind medial, below the head.

    `bone_mm` are all points of the bone, shape (n, 3). None where no bump stands out by `prominence_mm`, above and
    below.
    """
    offset = bone_mm - hip.head.center_mm
    height = offset @ down
    reach = offset @ behind_medial(hip, down)
    below = height > 0
    level = np.floor(height[below]).astype(int)
    outline = np.full(level.max(initial=0) + 1, -np.inf)
    np.maximum.at(outline, level, reach[below])
    outline = outline[: int(np.argmin(np.isfinite(outline))) or len(outline)]  # up to the first level without bone
    smooth = ndimage.gaussian_filter1d(outline, 2.0)
    peaks, facts = signal.find_peaks(smooth, prominence=prominence_mm)
    standing_out = np.where(peaks > 0.8 * hip.head.radius_mm, facts["prominences"], 0.0)  # higher up is the head itself
    if not standing_out.any():
        return None
    at = peaks[int(np.argmax(standing_out))]
    near = np.flatnonzero(below)[level == at]
    return np.asarray(bone_mm[near[np.argmax(reach[near])]])


def behind_medial(hip: Hip, down: Floats) -> Floats:
    """The direction across the shaft that the lesser trochanter points in: LPS unit vector."""
    medial = -(hip.neck_axis - (hip.neck_axis @ down) * down)
    medial /= np.linalg.norm(medial)
    behind = np.cross(down, medial)
    behind = behind if behind[1] > 0 else -behind
    turn = np.radians(BEHIND_MEDIAL_DEG)
    return np.asarray(np.cos(turn) * medial + np.sin(turn) * behind)


def greater_trochanter(bone_mm: Floats, hip: Hip, down: Floats) -> Floats | None:
    """The highest point of the bone beyond the neck, LPS; None where the view ends at the neck."""
    beyond = (bone_mm - hip.head.center_mm) @ hip.neck_axis > TROCHANTER_FROM_RADII * hip.head.radius_mm
    if not beyond.any():
        return None
    part = bone_mm[beyond]
    return np.asarray(part[np.argmin(part @ down)])


def shaft_point(bone_mm: Floats, down: Floats, lesser_trochanter_mm: Floats | None) -> Floats | None:
    """A point on the middle line of the shaft, LPS; None where less than 10 mm of it are seen below the trochanter."""
    if lesser_trochanter_mm is None:
        return None
    height = (bone_mm - lesser_trochanter_mm) @ down
    shaft = bone_mm[height > SHAFT_BELOW_TROCHANTER_MM]
    if not len(shaft) or np.ptp(shaft @ down) < 10.0:
        return None
    return np.asarray(shaft.mean(axis=0))
