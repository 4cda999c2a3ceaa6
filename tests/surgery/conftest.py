"""Femurs whose every measure is known, and real ones where the folder of test data is named."""

import os
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from osteon.anatomy import Hip, Sphere, Volume, covering_grid, hip_of_mask, points_mm

CENTER = np.array([90.0, -10.0, 40.0])
RADIUS = 24.0
NECK = np.array([0.74, 0.22, -0.64]) / np.linalg.norm([0.74, 0.22, -0.64])
SHAFT = np.array([0.0, 0.0, -1.0])
SHAFT_POINT = CENTER + 58.0 * NECK
LESSER_TROCHANTER_Z = -17.0  # the height of its middle


def beside_shaft(*offset):
    """A point beside the top of the shaft."""
    return SHAFT_POINT + np.array(offset, float)


def capsule(points, start, end, radius):
    """Whether points lie within a radius of a straight line between two points."""
    along = (end - start) / np.linalg.norm(end - start)
    reach = np.clip((points - start) @ along, 0, np.linalg.norm(end - start))
    return np.linalg.norm(points - start - reach[..., None] * along, axis=-1) < radius


def model_hip(side="left"):
    """A left femur of a ball, three rods and two knobs; a right one is its mirror image."""
    mirror = np.array([1.0 if side == "left" else -1.0, 1.0, 1.0])
    return Hip(side, Sphere(CENTER * mirror, RADIUS, 0.4, 70.0), NECK * mirror, SHAFT)


@cache
def model_femur(side="left", lowest=-75.0, spacing=1.0):
    """The mask of `model_hip`, with all measures below known; the view ends `lowest` mm below the patient's origin."""
    mirror = np.array([1.0 if side == "left" else -1.0, 1.0, 1.0])
    grid = covering_grid((CENTER + np.array([30, 5, -40])) * mirror, [70, 45, 75], spacing)
    places = points_mm(grid) * mirror
    bone = np.linalg.norm(places - CENTER, axis=-1) < RADIUS
    bone |= capsule(places, CENTER, SHAFT_POINT, 15.0)
    bone |= capsule(places, beside_shaft(0, 0, 12), beside_shaft(0, 0, -140), 15.5)
    bone |= capsule(places, beside_shaft(2, 6, 10), beside_shaft(2, 6, 22), 13.0)
    level = LESSER_TROCHANTER_Z - SHAFT_POINT[2]
    bone |= capsule(places, beside_shaft(0, 0, level), beside_shaft(-11, 13, level), 8.0)
    kept = np.flatnonzero(places[0, 0, :, 2] >= lowest)
    affine = grid.affine.copy()
    affine[:3, 3] = grid.to_mm([0, 0, kept[0]])
    return Volume(bone[:, :, kept], affine)


def cone_lesion(hip, femur, axis, half_deg, depth_mm):
    """The part of the head within an angle of an axis from its centre and within a depth of the sphere."""
    offset = points_mm(femur) - hip.head.center_mm
    away = np.linalg.norm(offset, axis=-1)
    axis = np.asarray(axis, float) / np.linalg.norm(axis)
    cone = offset @ axis > away * np.cos(np.radians(half_deg))
    inside = cone & (away > hip.head.radius_mm - depth_mm) & (away < 1.3 * hip.head.radius_mm)
    return femur.with_array(inside & femur.array)


def voxelised(vertices, faces, spacing_mm, below_mm, center):
    """A closed surface as a mask, cut `below_mm` under the head's centre."""
    import pyvista as pv

    low, high = vertices.min(axis=0) - 2, vertices.max(axis=0) + 2
    low[2] = max(low[2], center[2] - below_mm)
    count = np.ceil((high - low) / spacing_mm).astype(int) + 1
    image = pv.ImageData(dimensions=tuple(count), spacing=(spacing_mm,) * 3, origin=tuple(low))
    mesh = pv.PolyData(vertices, np.c_[np.full(len(faces), 3), faces].ravel())
    filled = mesh.voxelize_binary_mask(reference_volume=image)
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = low
    return Volume(np.asarray(filled["mask"]).reshape(tuple(count), order="F").astype(bool), affine)


@pytest.fixture(scope="session")
def drawn():
    """What draws a femur, its hip and a lesion, and the height of its lesser trochanter."""
    return SimpleNamespace(
        hip=model_hip, femur=model_femur, lesion=cone_lesion, lesser_trochanter_z=LESSER_TROCHANTER_Z, center=CENTER
    )


@pytest.fixture(scope="session")
def test_data():
    """The folder of real bones."""
    folder = os.environ.get("OSTEON_TEST_DATA")
    if not folder:
        pytest.skip("OSTEON_TEST_DATA does not name the folder of test data")
    return Path(folder)


@pytest.fixture(scope="session")
def real_femurs(test_data):
    """Ten femurs of people as masks with their hips: six drawn from the shape model, four scanned."""
    import pyvista as pv

    model = np.load(test_data / "femur_pelvis_ssm" / "femur_pelvis_ssm_left.npz")
    found = {}
    for seed in range(3, 9):
        weights = np.random.default_rng(seed).normal(0, 0.9, 20)
        vertices = model["femur_mean"] + np.tensordot(weights, model["femur_modes_per_sd"], 1)
        center = model["femur_head_centre_mean"]
        femur = voxelised(vertices, model["femur_faces"].astype(int), 1.0, 110.0, center)
        found[f"model {seed}"] = (hip_of_mask(femur, "left"), femur)
    for name in ("m3_left", "m3_right", "m4_left", "m4_right"):
        mesh = pv.read(test_data / "libhip_femurs" / f"{name}.ply")
        vertices = np.asarray(mesh.points, float)
        top = vertices[vertices[:, 2].argmax()]
        femur = voxelised(vertices, mesh.faces.reshape(-1, 4)[:, 1:], 1.0, 130.0, top)
        found[name] = (hip_of_mask(femur, name.split("_")[1]), femur)
    return found
