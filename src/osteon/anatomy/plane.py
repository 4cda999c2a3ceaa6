"""On which plane is this head looked at, and what does the image show there exactly?

A slice that is 4 mm off changes the Kerboul angle by 14 to 57 degrees (docs/explanation/images.md, section 1). So the
planes run
exactly through the head's centre and the image is resampled onto them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from osteon.anatomy.hip import ANTERIOR, SUPERIOR, Hip
from osteon.anatomy.volume import Floats, Volume, sample


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """A plane through a point, with the direction in which its angles begin and the one in which they rise.

    Parameters
    ----------
    name
        As it stands in a report, such as "mid-coronal".
    center_mm
        Vertex of the angles, LPS.
    up
        Unit vector in LPS at 0 degrees.
    positive
        Unit vector in LPS at +90 degrees, at right angles to `up`.
    """

    name: str
    center_mm: Floats
    up: Floats
    positive: Floats

    @property
    def normal(self) -> Floats:
        """Unit vector across the plane: `up` x `positive`."""
        return np.asarray(np.cross(self.up, self.positive))


def mid_coronal(hip: Hip) -> Plane:
    """The patient's coronal plane through the head's centre: 0 = superior, + = lateral.

    Examples
    --------
    >>> from osteon.anatomy.hip import Sphere
    >>> right = Hip("right", Sphere(np.zeros(3), 24.0, 0.4, 80.0), np.array([-0.8, 0.0, -0.6]))
    >>> directions(mid_coronal(right), [90.0]).round(6).tolist()
    [[-1.0, 0.0, 0.0]]
    """
    return Plane("mid-coronal", hip.head.center_mm, SUPERIOR, hip.lateral)


def mid_sagittal(hip: Hip) -> Plane:
    """The patient's sagittal plane through the head's centre: 0 = superior, + = anterior."""
    return Plane("mid-sagittal", hip.head.center_mm, SUPERIOR, ANTERIOR)


def mid_oblique(hip: Hip) -> Plane:
    """The plane through the head's centre that holds the neck axis and lies across the neck's coronal tilt.

    0 = along the neck axis out of the head (proximally), + = anterior. The anterior necrotic angle is then the angle
    of the lesion's anterior end (criteria text of the Japanese health ministry: between the middle line of the neck
    and the line from the
    centre to the lesion's anterior end). That 0 lies on the proximal side of the neck's line is DERIVED: only so does
    a larger lesion have the larger angle.
    """
    up = -hip.neck_axis
    anterior = ANTERIOR - (ANTERIOR @ up) * up
    return Plane("mid-oblique", hip.head.center_mm, up, anterior / np.linalg.norm(anterior))


def tilted(plane: Plane, degrees: float, about: Literal["up", "positive", "normal"] = "up") -> Plane:
    """The plane turned about one of its own axes through its centre; "normal" turns its zero within the plane.

    Parameters
    ----------
    degrees
        Right-handed about the axis, any size.

    Examples
    --------
    >>> level = Plane("level", np.zeros(3), np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]))
    >>> tilted(level, 90.0).positive.round(6).tolist()
    [0.0, 1.0, 0.0]
    """
    axis = {"up": plane.up, "positive": plane.positive, "normal": plane.normal}[about]
    name = f"{plane.name}, turned {degrees:g}° about {about}"
    return Plane(name, plane.center_mm, turned(plane.up, axis, degrees), turned(plane.positive, axis, degrees))


def turned(vector: Floats, axis: Floats, degrees: float) -> Floats:
    """A vector turned about a unit vector, right-handed (Rodrigues' formula)."""
    angle = np.radians(degrees)
    along = (vector @ axis) * axis
    return np.asarray(along + np.cos(angle) * (vector - along) + np.sin(angle) * np.cross(axis, vector))


def shifted(plane: Plane, mm: float) -> Plane:
    """The parallel plane `mm` further along its normal; its centre moves with it."""
    return Plane(f"{plane.name}, {mm:+g} mm", plane.center_mm + mm * plane.normal, plane.up, plane.positive)


def directions(plane: Plane, angles_deg: ArrayLike) -> Floats:
    """Unit vectors in LPS at angles on a plane, shape (n, 3): cos(angle) up + sin(angle) positive."""
    angles = np.radians(np.asarray(angles_deg, float))[..., None]
    return np.asarray(np.cos(angles) * plane.up + np.sin(angles) * plane.positive)


def angle_deg(plane: Plane, point_mm: ArrayLike) -> float:
    """Angle about the plane's centre of a point's projection onto the plane, in (-180, 180] degrees.

    Examples
    --------
    >>> level = Plane("level", np.zeros(3), np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]))
    >>> angle_deg(level, [2.0, 7.0, 2.0])
    45.0
    """
    away = np.asarray(point_mm, float) - plane.center_mm
    angle = float(np.degrees(np.arctan2(away @ plane.positive, away @ plane.up)))
    return 180.0 if angle == -180.0 else angle


def slice_image(
    volume: Volume, plane: Plane, half_mm: float, step_mm: float, order: int = 1
) -> tuple[Floats, Floats, Floats]:
    """The image on a plane, resampled exactly through its centre.

    Parameters
    ----------
    volume
        Image or mask; beyond its grid the result is NaN.
    half_mm
        Half the edge of the square that is shown.
    step_mm
        Distance between samples; the centre is one of them.
    order
        0 nearest voxel, 1 linear, 3 cubic spline.

    Returns
    -------
    `image[v, u]`, and the offsets from the centre `u_mm` along `positive` and `v_mm` along `up`, both rising (draw it
    with the origin below).

    Examples
    --------
    >>> level = Plane("level", np.ones(3), np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]))
    >>> image, u_mm, v_mm = slice_image(Volume(np.arange(27.0).reshape(3, 3, 3), np.eye(4)), level, 1.0, 1.0)
    >>> image[1].tolist(), u_mm.tolist()
    ([4.0, 13.0, 22.0], [-1.0, 0.0, 1.0])
    """
    n = int(np.floor(half_mm / step_mm + 1e-9))
    offsets = np.asarray(np.arange(-n, n + 1) * step_mm, float)
    points = plane.center_mm + offsets[:, None, None] * plane.up + offsets[None, :, None] * plane.positive
    return sample(volume, points, order), offsets, offsets.copy()
