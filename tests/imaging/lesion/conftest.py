"""A hip whose truth is known in closed form: a ball for a head, a cylinder for a neck, a cap of the ball for a lesion."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import ndimage

from osteon.anatomy import Hip, Sphere, Volume, points_mm
from osteon.imaging.found import FoundHip
from osteon.imaging.series import Series

CENTER = np.array([80.0, -10.0, 5.0])
RADIUS = 24.0
NECK = np.array([0.70, 0.20, -0.69]) / np.linalg.norm([0.70, 0.20, -0.69])
TOP = np.array([-0.30, -0.30, 0.90]) / np.linalg.norm([-0.30, -0.30, 0.90])
PLATE_MM, BAND_MM = 1.0, 2.0


@dataclass(frozen=True)
class Ball:
    """Images of the ball, the hip as found in them, and the truth."""

    series: Series
    found: FoundHip
    lesion: Volume
    lesion_ml: float
    bone: Volume


def bone_depth(places):
    offset = places - CENTER
    along = offset @ NECK
    neck = np.where(along > 0, 14.0 - np.linalg.norm(offset - along[..., None] * NECK, axis=-1), -1.0)
    return np.maximum(RADIUS - np.linalg.norm(offset, axis=-1), neck)


def tissue(places, height_mm, core, kind):
    """Signal (parts of marrow) on MR, Hounsfield units on CT."""
    depth = bone_depth(places)
    into = (places - CENTER) @ TOP - (RADIUS - height_mm)
    lesion = into >= 0 if height_mm else np.zeros(into.shape, bool)
    outside, plate, marrow, band = (0.35, 0.15, 1.0, 0.30) if kind == "MR" else (40.0, 700.0, 260.0, 460.0)
    inside = np.where(lesion, np.where(into < BAND_MM, band, core), marrow)
    return np.where(depth < 0, outside, np.where(depth < PLATE_MM, plate, inside))


def empty_series(kind, step_mm, pixel_mm, turn_deg):
    """Coronal slices about the head, turned about the patient's long axis: array axes back, down, left."""
    counts = np.array([np.ceil(66 / step_mm), np.ceil(66 / pixel_mm), np.ceil(66 / pixel_mm)]).astype(int)
    turn = np.radians(turn_deg)
    back, down = np.array([-np.sin(turn), np.cos(turn), 0]), np.array([0.0, 0.0, -1.0])
    left = np.array([np.cos(turn), np.sin(turn), 0])
    affine = np.eye(4)
    affine[:3, :3] = np.column_stack([back * step_mm, down * pixel_mm, left * pixel_mm])
    affine[:3, 3] = CENTER - affine[:3, :3] @ ((counts - 1) / 2 + [0.3, 0.2, 0.1])
    return Volume(np.zeros(tuple(counts), np.float32), affine)


def ball(height_mm=12.0, core=0.7, kind="MR", *, noise=0.045, shading=0.25, step_mm=3.85, pixel_mm=0.6, turn_deg=0.0):
    grid = empty_series(kind, step_mm, pixel_mm, turn_deg)
    places = points_mm(grid)
    thickness = step_mm / 1.1
    shifts = (np.arange(7) - 3) / 7 * thickness
    across = grid.directions[:, 0]
    image = np.mean([tissue(places + shift * across, height_mm, core, kind) for shift in shifts], axis=0)
    image = ndimage.gaussian_filter(image, [0, 0.6, 0.6])
    scale = 1.0 if kind == "CT" else 1500 * (1 + shading * np.sin((places[..., 0] - 70) / 25))
    random = np.random.default_rng(7).normal(size=image.shape)
    array = image * scale + random * (30.0 if kind == "CT" else 1500 * noise)
    series = Series("s1", kind, grid.with_array(array.astype(np.float32)), slice_thickness_mm=thickness)
    bone = grid.with_array(bone_depth(places) > 0)
    lesion = grid.with_array(bone.array & ((places - CENTER) @ TOP >= RADIUS - height_mm) & (height_mm > 0))
    hip = Hip("left", Sphere(CENTER, RADIUS, 0.3, 80.0), NECK)
    found = FoundHip(hip, bone, None, np.zeros((0, 3)), 1500.0, "from the truth")
    cap_ml = np.pi * height_mm**2 * (3 * RADIUS - height_mm) / 3 / 1000
    return Ball(series, found, lesion, float(cap_ml), bone)


@pytest.fixture(scope="session")
def make_ball():
    """Builds a ball hip: `make_ball(height_mm=12, core=0.7, kind="MR", ...)`; a height of 0 is a healthy head."""
    return ball


@pytest.fixture(scope="session")
def usual_ball():
    """A cap of 12 mm with a grey core on T1 MR."""
    return ball()
