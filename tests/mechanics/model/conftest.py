"""Balls and blocks whose every measure is known, and the template femur at a coarse size."""

import numpy as np
import pytest

from osteon.anatomy import Hip, Sphere, Volume
from osteon.mechanics import Cover, HeadModel, share_inside, template_model
from osteon.mechanics.bone import spread_rays
from osteon.mechanics.template import template_femur

CENTER = np.array([91.3, -12.4, 40.2])
RADIUS = 24.0


def hip_of(side="left", shaft=None):
    """A hip with nothing but a round head."""
    neck = np.array([0.7 if side == "left" else -0.7, 0.2, -0.6])
    return Hip(side, Sphere(CENTER, RADIUS, 0.1, 80.0), neck / np.linalg.norm(neck), shaft)


def ball_model(spacing_mm=1.0, cap_deg=180.0, radius_mm=RADIUS, offset_mm=0.123):
    """A ball of bone, covered from the top down to an angle, off the grid's points and held at its lowest layer."""
    rays = spread_rays()
    cover = Cover(rays, rays[:, 2] >= np.cos(np.radians(cap_deg)))
    count = int(2 * (radius_mm + 3) / spacing_mm)
    shape = (count, count, count)
    fixed = np.zeros((count + 1,) * 3, bool)
    low = CENTER - radius_mm - 3 + offset_mm
    empty = HeadModel(hip_of(), low, spacing_mm, {}, np.full(shape, 0.4, np.float32), cover, fixed)
    return filled(empty, share_inside(empty, lambda p: np.linalg.norm(p - CENTER, axis=1) - radius_mm))


def filled(model, share, material="bone"):
    """A model of one material, held where it is lowest."""
    solid = np.argwhere(share > 0)
    fixed = np.zeros_like(model.fixed)
    fixed[solid[:, 0].min()] = True
    return HeadModel(
        model.hip, model.origin_mm, model.spacing_mm, {material: share}, model.ash_g_cm3, model.cover, fixed
    )


@pytest.fixture(name="ball_model", scope="session")
def give_ball_model():
    """Makes balls."""
    return ball_model


@pytest.fixture(name="hip_of", scope="session")
def give_hip_of():
    """Makes hips."""
    return hip_of


@pytest.fixture(scope="session")
def healthy():
    """The left template at 2 mm."""
    return template_model("left", voxel_mm=2.0)


@pytest.fixture(scope="session")
def diseased():
    """The left template at 2 mm with a lesion of 30 % of the head."""
    return template_model("left", voxel_mm=2.0, lesion_percent=30.0)


@pytest.fixture(scope="session")
def coarse():
    """Hip and mask of the left template on every second of its voxels."""
    hip, femur = template_femur("left")
    affine = femur.affine.copy()
    affine[:3, :3] *= 2
    return hip, Volume(femur.array[::2, ::2, ::2], affine)
