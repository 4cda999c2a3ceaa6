"""Which sizes would a resurfacing or a replacement have to restore in this hip?

No implant is named: sizes are those of the bone, in mm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osteon.anatomy import Hip, Sphere, Volume, fit_sphere, mask_surface, neck_shaft_angle_deg
from osteon.anatomy.volume import Floats
from osteon.errors import InputError
from osteon.surgery.bone import Bone
from osteon.surgery.osteotomy import about_head
from osteon.surgery.settings import settings

# The acetabulum's bony surface lies within this much outside the head: cartilage of both sides and a narrow gap (normal
# joint space 2 to 7 mm), and a little inside where two masks overlap.
SOCKET_MM = (-1.5, 8.0)
# It faces the head's centre within this angle; the rim and the fossa do not.
FACING_DEG = 40.0
SMALL_HEAD_MM = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class ImplantSize:
    """What the bone measures where an implant would replace it; None where the part is not in view.

    Offset: distance of the head's centre from the middle line of the shaft, in space and as seen from the front.
    Heights of the centre are along the shaft, positive above the trochanter's tip.
    """

    head_diameter_mm: float
    acetabular_diameter_mm: float | None
    acetabular_center_mm: Floats | None
    femoral_offset_mm: float | None
    frontal_offset_mm: float | None
    neck_shaft_angle_deg: float | None
    center_above_lesser_trochanter_mm: float | None
    center_above_greater_trochanter_mm: float | None
    notes: tuple[str, ...] = ()


def implant_size(bone: Bone, pelvis: Volume | None) -> ImplantSize:
    """Sizes of head and socket, offset, neck-shaft angle and centre heights.

    Parameters
    ----------
    bone
        The femur made ready.
    pelvis
        Mask of the acetabulum, or None.
    """
    hip, marks = bone.hip, bone.landmarks
    socket = None if pelvis is None else acetabulum(pelvis, hip)
    angle = neck_shaft_angle_deg(hip)
    diameter = round(2 * float(hip.head.radius_mm), 1)
    return ImplantSize(
        diameter,
        None if socket is None else round(2 * socket.radius_mm, 1),
        None if socket is None else socket.center_mm,
        offset_mm(hip, marks.shaft_point_mm, frontal=False),
        offset_mm(hip, marks.shaft_point_mm, frontal=True),
        None if angle is None else round(angle, 1),
        above(hip, marks.lesser_trochanter_mm, marks.down),
        above(hip, marks.greater_trochanter_mm, marks.down),
        (settings()["small_head"].text,) if diameter < SMALL_HEAD_MM else (),
    )


def acetabulum(pelvis: Volume, hip: Hip) -> Sphere | None:
    """The sphere of the acetabulum's bony surface over the head; None where too little of it is in view."""
    near = about_head(pelvis, hip, 2.0)
    if not near.array.any():
        return None
    points, normals = mask_surface(near)
    inward = hip.head.center_mm - points
    away = np.linalg.norm(inward, axis=1)
    low, high = SOCKET_MM
    kept = (away > hip.head.radius_mm + low) & (away < hip.head.radius_mm + high)
    kept &= np.einsum("ij,ij->i", normals, inward) > away * np.cos(np.radians(FACING_DEG))
    if kept.sum() < 50:
        return None
    radius_range = (hip.head.radius_mm + low, hip.head.radius_mm + high)
    try:
        # The normals of a socket point inwards; the fit expects those of a ball.
        return fit_sphere(points[kept], -normals[kept], radius_range_mm=radius_range)
    except InputError:  # no sphere fits: reported as not in view
        return None


def offset_mm(hip: Hip, shaft_point_mm: Floats | None, *, frontal: bool) -> float | None:
    """Distance of the head's centre from the line of the shaft, mm; as seen from the front without its depth."""
    if hip.shaft_axis is None or shaft_point_mm is None:
        return None
    across = hip.head.center_mm - shaft_point_mm
    along = hip.shaft_axis
    if frontal:
        across, along = across * [1, 0, 1], along * [1, 0, 1] / np.linalg.norm(along * [1, 0, 1])
    return round(float(np.linalg.norm(across - (across @ along) * along)), 1)


def above(hip: Hip, landmark_mm: Floats | None, down: Floats) -> float | None:
    """How far the head's centre lies above a landmark along the shaft, mm."""
    return None if landmark_mm is None else round(float((landmark_mm - hip.head.center_mm) @ down), 1)
