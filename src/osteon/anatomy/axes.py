"""Which way do the neck and the shaft of this femur run, and which side is it?"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from osteon.anatomy.hip import SUPERIOR, Hip, Side, Sphere
from osteon.anatomy.sphere import head_sphere_of_mask
from osteon.anatomy.surface import cropped_to_content, level
from osteon.anatomy.volume import Array, Floats, Volume, sample
from osteon.errors import Fault, InputError

# Where along the axis the neck is looked for, in radii from the head's centre (docs/explanation/images.md, section
# 1). Nearer than
# 1.0 the section is still head; beyond 1.6 it enters the trochanters.
NECK_RADII = (1.0, 1.6)
NECK_SECTIONS = 13
# Sections this much wider than the narrowest one still count as neck around it.
NECK_WIDENING = 1.15

# The shaft begins this many radii below the head's centre: in seven femurs the cross-section has shrunk to that of the
# shaft 3.0 to 3.25 radii below. Sections through the lesser trochanter lie off the shaft's axis.
SHAFT_FROM_RADII = 3.25
# A femur bows further down; 7 radii are about 16 cm.
SHAFT_TO_RADII = 7.0
# With a shorter piece the direction follows the noise of its ends: 1 mm over 25 mm is 2 degrees.
SHORTEST_SHAFT_MM = 25.0

SECTION_STEP_MM = 0.8


def neck_axis(femur: Volume, head: Sphere) -> Floats:
    """Unit vector in LPS from the head's centre down the neck.

    The axis runs from the centre through the mean centroid of the cross-sections around the narrowest one, 1.0 to 1.6
    radii from the centre; the sections are laid at right angles to it, so it is found by repetition
    (docs/explanation/images.md,
    section 1).

    Parameters
    ----------
    femur
        Mask of the femur that holds head and neck.
    head
        Sphere of its head.
    """
    bone = level(femur)
    axis = first_guess(femur, head)
    for _ in range(12):
        middle = neck_middle(bone, head, axis)
        turned = (middle - head.center_mm) / np.linalg.norm(middle - head.center_mm)
        settled = float(turned @ axis) > np.cos(np.radians(0.1))
        axis = turned
        if settled:
            break
    return np.asarray(axis)


def shaft_axis(femur: Volume, head: Sphere, neck: Floats) -> Floats | None:
    """Unit vector in LPS down the shaft, or None where less than 25 mm of it is seen.

    The best line through the centroids of the cross-sections from 3.25 to 7 radii below the head's centre.
    """
    bone = level(femur)
    below = np.linspace(SHAFT_FROM_RADII, SHAFT_TO_RADII, 15) * head.radius_mm
    axis = -SUPERIOR
    start = head.center_mm + 2.0 * head.radius_mm * (neck - (neck @ axis) * axis)
    for _ in range(4):
        centroids = shaft_centroids(bone, start, axis, below, 2.2 * head.radius_mm)
        if len(centroids) < 3 or np.ptp(centroids @ axis) < SHORTEST_SHAFT_MM:
            return None
        middle = centroids.mean(axis=0)
        line = np.linalg.svd(centroids - middle)[2][0]
        axis = line * np.sign(line @ -SUPERIOR)
        # Depth is measured from the head's centre along the axis, wherever the sections are centred.
        start = middle + ((head.center_mm - middle) @ axis) * axis
    return np.asarray(axis)


def neck_shaft_angle_deg(hip: Hip) -> float | None:
    """Angle between neck and shaft in space, in degrees (about 125 in adults); None without a shaft axis.

    With these definitions it lies 5 to 9 degrees below the centre-line values published for the four LibHip femurs
    (docs/explanation/images.md, section 1, found 5 to 8 in the same way): state the method with the number.

    Examples
    --------
    >>> straight = Hip("left", Sphere(np.zeros(3), 24.0, 0.4, 80.0), np.array([1.0, 0, 0]), np.array([0, 0, -1.0]))
    >>> neck_shaft_angle_deg(straight)
    90.0
    """
    if hip.shaft_axis is None:
        return None
    return float(np.degrees(np.arccos(np.clip(-hip.neck_axis @ hip.shaft_axis, -1, 1))))


def side_of(femur: Volume, head: Sphere) -> Side | None:
    """Which femur this is: the rest of the bone lies lateral of its head. None where too little is seen to tell.

    At least a tenth of the bone must lie outside the head, and its middle a quarter radius to one side.
    """
    places = bone_points(femur)
    away = np.linalg.norm(places - head.center_mm, axis=1) / head.radius_mm
    beyond = places[(away > 1.1) & (away < 4.0)]  # further down a whole femur comes back to the midline
    if len(beyond) < 0.1 * (away <= 4.0).sum():
        return None
    lateral = float(beyond[:, 0].mean() - head.center_mm[0])
    if abs(lateral) < 0.25 * head.radius_mm:
        return None
    return "left" if lateral > 0 else "right"


def hip_of_mask(femur: Volume, side: Side | None = None) -> Hip:
    """The hip that a femur's mask shows: sphere, neck axis and, where enough is seen, shaft axis.

    Parameters
    ----------
    femur
        Mask of one femur with head and neck.
    side
        Where not given it is derived from the bone.

    Raises
    ------
    InputError
        When no head is found, or the side cannot be told.
    """
    head = head_sphere_of_mask(femur, side)
    derived = side or side_of(femur, head)
    if derived is None:
        message = "the mask shows too little beyond the head to tell left from right. Name the side: left or right."
        raise InputError("the femur's mask", [Fault("side", message)])
    neck = neck_axis(femur, head)
    return Hip(derived, head, neck, shaft_axis(femur, head, neck))


def bone_points(femur: Volume) -> Floats:
    """LPS millimetres of a mask's voxels, shape (n, 3)."""
    return femur.to_mm(np.argwhere(femur.array >= 0.5))


def first_guess(femur: Volume, head: Sphere) -> Floats:
    """Unit vector from the centre to the middle of the bone just outside the head."""
    near = cropped_to_content(femur, margin=0)
    away = bone_points(near) - head.center_mm
    distance = np.linalg.norm(away, axis=1)
    shell = away[(distance > 1.15 * head.radius_mm) & (distance < 1.7 * head.radius_mm)]
    if not len(shell):
        message = "the mask ends at the head. Send a mask that goes on down the neck, at least to the trochanters."
        raise InputError("the femur's mask", [Fault("neck", message)])
    middle = shell.mean(axis=0)
    return np.asarray(middle / np.linalg.norm(middle))


def neck_middle(bone: Volume, head: Sphere, axis: Floats) -> Floats:
    """Mean centroid of the sections around the narrowest part of the neck, LPS mm."""
    away = np.linspace(*NECK_RADII, NECK_SECTIONS) * head.radius_mm
    centers = head.center_mm + away[:, None] * axis
    found = [section(bone, center, axis, 1.4 * head.radius_mm) for center in centers]
    areas = np.array([area for area, _ in found])
    whole = areas > 0
    if not whole.any():
        message = "no bone is seen where the neck should be. Send a mask that holds the whole neck."
        raise InputError("the femur's mask", [Fault("neck", message)])
    narrow = whole & (areas < NECK_WIDENING * areas[whole].min())
    return np.asarray(np.array([centroid for _, centroid in found])[narrow].mean(axis=0))


def section(bone: Volume, center: Floats, axis: Floats, half_mm: float) -> tuple[float, Floats]:
    """Area (mm²) and centroid (LPS mm) of the piece of bone nearest to `center` in the plane across `axis`."""
    u, v = across(axis)
    steps = np.arange(-half_mm, half_mm + SECTION_STEP_MM / 2, SECTION_STEP_MM)
    offsets = steps[:, None, None] * u + steps[None, :, None] * v
    inside = sample(bone, center + offsets, outside=-1.0) > 0
    piece = nearest_piece(inside)
    if not piece.any():
        return 0.0, center
    return float(piece.sum() * SECTION_STEP_MM**2), center + offsets[piece].mean(axis=0)


def nearest_piece(inside: Array) -> Array:
    """The connected piece of a section that comes nearest to its middle."""
    pieces, n = ndimage.label(inside)
    if n <= 1:
        return np.asarray(inside)
    at = np.argwhere(inside)
    nearest = at[np.argmin(((at - (np.array(inside.shape) - 1) / 2) ** 2).sum(axis=1))]
    return np.asarray(pieces == pieces[tuple(nearest)])


def across(axis: Floats) -> tuple[Floats, Floats]:
    """Two unit vectors at right angles to `axis` and to each other."""
    u = np.cross(axis, np.eye(3)[int(np.argmin(np.abs(axis)))])
    u /= np.linalg.norm(u)
    return u, np.cross(axis, u)


def shaft_centroids(bone: Volume, start: Floats, axis: Floats, below: Floats, half_mm: float) -> Floats:
    """Centroids (n, 3) of the shaft's sections that lie wholly in the image."""
    found = [section(bone, start + depth * axis, axis, half_mm) for depth in below]
    areas = np.array([area for area, _ in found])
    seen = areas > 0
    if not seen.any():
        return np.empty((0, 3))
    # A section cut off by the margin of the image is smaller than its neighbours.
    seen &= areas > 0.6 * np.median(areas[seen])
    return np.array([centroid for _, centroid in found])[seen]
