"""From where is a plane looked at, and which way round does it lie on the picture?

As on a light box: coronal planes are seen from the front, so that the patient's right is on the left; sagittal planes
from the patient's left, so that the front is on the left; the plane along the neck from below, the front upwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osteon.anatomy import Floats, Hip, Plane
from osteon.anatomy.hip import ANTERIOR, SUPERIOR
from osteon.anatomy.plane import mid_coronal, mid_oblique, mid_sagittal
from osteon.anatomy.volume import Volume

PATIENT_LEFT = np.array([1.0, 0.0, 0.0])
POSTERIOR = -ANTERIOR

# Ends of the axes x, y, z in LPS: left, posterior, head; and right, anterior, foot.
LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))
# A direction is named after an axis it leans to by more than this (cosine; 30 degrees off another axis).
LEANS = 0.5
PLANES = ("mid-coronal", "mid-sagittal", "mid-oblique")


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A plane as it lies on a picture: its middle (LPS mm), and unit vectors in LPS to its right and up."""

    center_mm: Floats
    right: Floats
    up: Floats

    @property
    def as_plane(self) -> Plane:
        """The plane whose samples lie as the picture does."""
        return Plane("view", self.center_mm, self.up, self.right)

    @property
    def away(self) -> Floats:
        """Unit vector in LPS from the reader's eye into the picture."""
        return np.asarray(np.cross(self.up, self.right))


def plane_named(hip: Hip, name: str) -> Plane:
    """The mid plane that measurements are taken on."""
    return {"mid-coronal": mid_coronal, "mid-sagittal": mid_sagittal, "mid-oblique": mid_oblique}[name](hip)


def view_named(hip: Hip, name: str) -> View:
    """How a mid plane lies on a picture.

    Parameters
    ----------
    name
        mid-coronal, mid-sagittal or mid-oblique.

    Examples
    --------
    >>> from osteon.anatomy import Sphere
    >>> right = Hip("right", Sphere(np.zeros(3), 24.0, 0.4, 80.0), np.array([-0.8, 0.0, -0.6]))
    >>> letter(-view_named(right, "mid-coronal").right), letter(-view_named(right, "mid-sagittal").right)
    ('R', 'A')
    """
    center = hip.head.center_mm
    if name == "mid-coronal":
        return View(center, PATIENT_LEFT, SUPERIOR)
    if name == "mid-sagittal":
        return View(center, POSTERIOR, SUPERIOR)
    plane = mid_oblique(hip)
    return View(center, towards(plane.up, PATIENT_LEFT), plane.positive)


def towards(line: Floats, wanted: Floats) -> Floats:
    """The unit vector along a line, in that of its two directions which leans to the wanted one."""
    return np.asarray(line if line @ wanted >= 0 else -line)


def slice_views(volume: Volume, center_mm: Floats) -> tuple[tuple[int, View], ...]:
    """Every slice of a series as it lies on a picture, with its index; each is seen about the same point.

    The slices are those across the axis along which voxels are longest; with equal voxels the first axis.
    """
    axis = int(np.argmax(volume.spacing_mm.round(3)))
    through = volume.directions[:, axis]
    rest = [volume.directions[:, k] for k in range(3) if k != axis]
    first = volume.to_mm(np.zeros(3))
    right, up = laid_out(through, rest)
    views = []
    for k in range(volume.shape[axis]):
        off = (first + k * volume.spacing_mm[axis] * through - center_mm) @ through
        views.append((k, View(center_mm + off * through, right, up)))
    return tuple(views)


def laid_out(through: Floats, rest: list[Floats]) -> tuple[Floats, Floats]:
    """The in-plane axes of a slice as right and up of a picture, as on a light box."""
    nearest = int(np.argmax(np.abs(through)))
    wanted_right = POSTERIOR if nearest == 0 else PATIENT_LEFT
    wanted_up = ANTERIOR if nearest == 2 else SUPERIOR
    across, along = sorted(rest, key=lambda axis: -abs(axis @ wanted_right))
    return towards(across, wanted_right), towards(along, wanted_up)


def on_picture(view: View, vectors: Floats) -> Floats:
    """Offsets in LPS, shape (..., 3), as offsets to the right and up on the picture, shape (..., 2)."""
    return np.asarray(np.stack([vectors @ view.right, vectors @ view.up], axis=-1))


def letter(direction: Floats) -> str:
    """Where a direction points in the patient: one of L, R, A, P, H, F, or two where it leans to two axes.

    Examples
    --------
    >>> letter(np.array([-1.0, 0.0, 0.0])), letter(np.array([0.8, 0.0, -0.6]))
    ('R', 'LF')
    """
    order = np.argsort(-np.abs(direction), kind="stable")
    return "".join(
        LETTERS[k][0 if direction[k] > 0 else 1] for k in order if abs(direction[k]) > LEANS or k == order[0]
    )
