"""A hip of a ball and two rods with a lesion that is a cone of the ball, so that every outline is known."""

from dataclasses import replace

import numpy as np
import pytest

from osteon.anatomy import Hip, Sphere, Volume, covering_grid, points_mm
from osteon.imaging.examination import Examination
from osteon.imaging.found import FoundHip
from osteon.imaging.series import Images, Mask, Measurement, Series

CENTER = np.array([90.0, -10.0, 40.0])
RADIUS = 24.0
NECK = np.array([0.74, 0.22, -0.64]) / np.linalg.norm([0.74, 0.22, -0.64])
HALF_CONE_DEG = 30.0
NUMBERS = (
    ("lesion_fraction_percent", 12.0, "%", "proximal_to_0.55r", ()),
    ("modified_kerboul_deg", 120.0, "deg", "mid_planes", ()),
    ("kerboul_coronal_deg", 60.0, "deg", "mid_planes", ()),
    ("kerboul_sagittal_deg", 60.0, "deg", "mid_planes", ()),
    ("lesion_medial_end_deg", -30.0, "deg", "mid_planes", ()),
    ("lesion_lateral_end_deg", 30.0, "deg", "mid_planes", ()),
    ("lesion_posterior_end_deg", -30.0, "deg", "mid_planes", ()),
    ("lesion_anterior_end_deg", 30.0, "deg", "mid_planes", ()),
    ("jic_type", "C1", "", "jic_2002_borders", ("acetabular_edge",)),
    ("weight_bearing_medial_end_deg", -50.0, "deg", "ministry_weight_bearing", ("acetabular_edge",)),
    ("centre_edge_angle_deg", 35.0, "deg", "patient_vertical", ("acetabular_edge",)),
    ("head_center_mm", tuple(CENTER.tolist()), "mm", "fitted_sphere", ()),
)

# What a header and a folder may tell of a person, and no page may.
PRIVATE = {"source": "/home/somebody/scans", "description": "DOE^JANE 1950-01-01", "patient_key": "k123"}


def examined(side="left", *, lesion=True):
    """One hip, its lesion a cone of 30 degrees about the top of the head; the right hip is the left one's mirror."""
    mirror = np.array([1.0 if side == "left" else -1.0, 1.0, 1.0])
    center, neck = CENTER * mirror, NECK * mirror
    grid = covering_grid(center, 52.0, 1.0)
    away = points_mm(grid) - center
    distance = np.linalg.norm(away, axis=-1)
    along = np.clip(away @ neck, 0, 44.0)
    femur = (distance < RADIUS) | (np.linalg.norm(away - along[..., None] * neck, axis=-1) < 13.0)
    cone = (distance < RADIUS) & (away[..., 2] > np.cos(np.radians(HALF_CONE_DEG)) * distance) & lesion
    socket = (distance > RADIUS + 4.0) & (distance < RADIUS + 12.0) & (away[..., 2] > 0)
    image = 900.0 * femur + 300.0 * socket - 600.0 * cone
    series = Series(
        "s1", "MR", Volume(image.astype(np.float32), grid.affine), plane="sagittal", weighting="T1", **PRIVATE
    )
    hip = Hip(side, Sphere(center, RADIUS, 0.4, 80.0), neck)
    found = FoundHip(
        hip, Volume(femur, grid.affine), Volume(socket, grid.affine), np.zeros((0, 3)), 900.0, "found in T1 MR"
    )
    mask = Mask(Volume(cone, grid.affine), "lesion", "drawn", "reader one")
    return Examination(Images((series,)), series, found, mask, tuple(measurements(lesion)))


def measurements(lesion=True):
    """Some measurements with their intervals; without a lesion only those that do not rest on it."""
    for name, value, unit, convention, settings in NUMBERS:
        if lesion or not name.startswith(("lesion", "kerboul", "modified", "jic")):
            low, high = (value, value) if isinstance(value, str) else (shifted(value, -2.0), shifted(value, 2.0))
            yield Measurement(
                name, value, low, high, unit, convention, "s1", "reader one", settings, "2 % below a border"
            )


def shifted(value, by):
    """A number, or every number of a point, moved."""
    return tuple(each + by for each in value) if isinstance(value, tuple) else value + by


@pytest.fixture(scope="session")
def left():
    return examined()


@pytest.fixture(scope="session")
def right():
    return examined("right")


@pytest.fixture(scope="session")
def healthy():
    return examined(lesion=False)


@pytest.fixture(scope="session")
def sunken():
    """The top of the head lies 5 mm deeper within 20 degrees than the sphere."""
    hip = examined()
    femur = hip.found.femur
    away = points_mm(femur) - CENTER
    distance = np.linalg.norm(away, axis=-1)
    gone = (away[..., 2] > np.cos(np.radians(20.0)) * distance) & (distance > RADIUS - 5.0)
    depth = Measurement("collapse_depth_mm", 5.0, 4.5, 5.5, "mm", "intact_sphere", "s1", "reader one")
    found = replace(hip.found, femur=femur.with_array(femur.array & ~gone))
    return replace(hip, found=found, measurements=(*hip.measurements, depth))
