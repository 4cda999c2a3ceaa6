"""Hips of spheres, cones and cylinders, whose measures are known in closed form."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest

from osteon.anatomy import Hip, Side, Sphere, Volume, covering_grid, points_mm
from osteon.imaging.found import FoundHip
from osteon.imaging.series import Mask, Series

RADIUS = 24.0
CENTER = np.array([90.0, -12.0, 40.0])
DEPTH = 10.0  # of the lesion under the surface
GAP = 4.0  # between head and acetabulum
CUP_AXIS_DEG, CUP_HALF_DEG = -30.0, 70.0  # so that its edge lies at 40 degrees and its lower end at -100


def center(side: Side) -> np.ndarray:
    """The head's centre; the right hip is the left one's mirror image."""
    return CENTER * [1.0 if side == "left" else -1.0, 1, 1]


def hip(side: Side = "left") -> Hip:
    """A hip whose neck runs down and outwards, and a little backwards."""
    lateral = 1.0 if side == "left" else -1.0
    neck = np.array([0.74 * lateral, 0.3, -0.6])
    shaft = np.array([0.1 * lateral, 0.0, -0.99])
    return Hip(
        side, Sphere(center(side), RADIUS, 0.1, 95.0), neck / np.linalg.norm(neck), shaft / np.linalg.norm(shaft)
    )


def direction(side: Side, lateral_deg: float, anterior_deg: float = 0.0) -> np.ndarray:
    """Unit vector from the centre: turned laterally from the top, then raised to the front."""
    lateral = 1.0 if side == "left" else -1.0
    a, b = np.radians([lateral_deg, anterior_deg])
    return np.array([lateral * np.sin(a) * np.cos(b), -np.sin(b), np.cos(a) * np.cos(b)])


def grid(side: Side = "left", spacing_mm: float = 1.0) -> Volume:
    """A cubic grid around the head that also holds the cup."""
    return covering_grid(center(side), 46.0, spacing_mm)


def slices(
    side: Side = "left", thick_mm: float = 4.0, pixel_mm: float = 0.75, turned: np.ndarray | None = None
) -> Volume:
    """Coronal slices through the hip, turned by a rotation matrix; the centre lies between two of them."""
    shape = (int(80 / thick_mm), int(92 / pixel_mm), int(92 / pixel_mm))
    affine = np.eye(4)
    # Slice, row and column rise backwards, down and to the patient's left; mirrored for a right hip.
    columns = np.array([1.0 if side == "left" else -1.0, 0, 0])
    axes = np.stack([[0.0, 1, 0], [0.0, 0, -1], columns], axis=1)
    affine[:3, :3] = (np.eye(3) if turned is None else turned) @ axes * [thick_mm, pixel_mm, pixel_mm]
    affine[:3, 3] = center(side) - affine[:3, :3] @ ((np.array(shape) - 1) / 2 + [0.2, 0.3, 0.1])
    return Volume(np.zeros(shape, np.float32), affine)


def from_center(volume: Volume, side: Side) -> tuple[np.ndarray, np.ndarray]:
    """Offsets of voxels from the head's centre, and their lengths."""
    offset = points_mm(volume) - center(side)
    return offset, np.linalg.norm(offset, axis=-1)


def femur(volume: Volume, side: Side = "left", dent_mm: float = 0.0, dent_at: np.ndarray | None = None) -> Volume:
    """A ball with a neck; with a dent, a flat-bottomed cap around a direction lies `dent_mm` deeper."""
    offset, away = from_center(volume, side)
    radius = np.full(away.shape, RADIUS)
    if dent_at is not None:
        angle = np.degrees(np.arccos(np.clip(offset @ dent_at / np.maximum(away, 1e-6), -1, 1)))
        radius -= dent_mm * np.clip((26 - angle) / 8, 0, 1)
    along = offset @ hip(side).neck_axis
    across = np.sqrt(np.maximum(away**2 - along**2, 0))
    return volume.with_array((away <= radius) | ((along > 0) & (across < 0.6 * RADIUS) & (along < 46)))


def cap(volume: Volume, side: Side, axis: np.ndarray, half_deg: float) -> Volume:
    """A lesion: everything within an angle of an axis, from the surface to 10 mm deep."""
    offset, away = from_center(volume, side)
    near = offset @ axis >= np.cos(np.radians(half_deg)) * away
    return volume.with_array(near & (away <= RADIUS) & (away > RADIUS - DEPTH))


def cap_ml(half_deg: float) -> float:
    """Volume of such a lesion: 2π (1 - cos α) (r³ - (r - d)³) / 3."""
    shell = (RADIUS**3 - (RADIUS - DEPTH) ** 3) / 3
    return float(2 * np.pi * (1 - np.cos(np.radians(half_deg))) * shell / 1000)


def cup(volume: Volume, side: Side = "left", edge_deg: float = CUP_AXIS_DEG + CUP_HALF_DEG) -> Volume:
    """An acetabulum 5 mm thick, concentric with the head, from its lower end at -100 degrees to its edge."""
    offset, away = from_center(volume, side)
    lower = CUP_AXIS_DEG - CUP_HALF_DEG
    axis = direction(side, (edge_deg + lower) / 2)
    near = offset @ axis >= np.cos(np.radians((edge_deg - lower) / 2)) * away
    return volume.with_array(near & (away >= RADIUS + GAP) & (away <= RADIUS + GAP + 5))


def series(volume: Volume, kind: str = "MR", name: str = "s1") -> Series:
    """Images on a grid; only the grid is measured."""
    return Series(name, kind, volume.with_array(np.zeros(volume.shape, np.float32)))


def found(bone: Volume, pelvis: Volume | None = None, side: Side = "left") -> FoundHip:
    """A hip as it would be found."""
    return FoundHip(hip(side), bone, pelvis, np.zeros((0, 3)), 1.0, "from a mask")


def drawn(lesion: Volume, method: str = "drawn") -> Mask:
    """A lesion marked by a person."""
    return Mask(lesion, "lesion", method, "reader 1")


@pytest.fixture(scope="session")
def bones() -> ModuleType:
    """The functions of this file."""
    return sys.modules[__name__]


@pytest.fixture(scope="session")
def value():
    """Finds the value of a measurement by its name and convention."""

    def find(measurements, name, convention=None):
        return pick(measurements, name, convention).value

    return find


@pytest.fixture(scope="session")
def record():
    """Finds a measurement by its name and convention."""
    return pick


def pick(measurements, name, convention=None):
    return next(m for m in measurements if m.name == name and convention in (None, m.convention))


@pytest.fixture(scope="session")
def capped(bones):
    """A left hip with acetabulum and a lesion of 35 degrees about an axis 20 degrees medial of the top, measured."""
    from osteon.imaging.measure import measure

    grid = bones.grid()
    lesion = bones.cap(grid, "left", bones.direction("left", -20.0), 35.0)
    hip = bones.found(bones.femur(grid), bones.cup(grid))
    return measure(bones.series(grid), hip, bones.drawn(lesion))
