"""Bones whose every measure is known in closed form, and the real ones where they are at hand."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from osteon.anatomy import Hip, Sphere, Volume, covering_grid, points_mm


@dataclass(frozen=True)
class DrawnFemur:
    """A ball on a round neck on a round shaft; it can be voxelised on any grid."""

    center_mm: np.ndarray
    radius_mm: float
    neck: np.ndarray
    shaft: np.ndarray
    side: str

    def inside(self, points):
        away = points - self.center_mm
        ball = np.linalg.norm(away, axis=-1) < self.radius_mm
        neck = beside(away, self.neck, 0.0, 2.4 * self.radius_mm) < 0.62 * self.radius_mm
        top = 2.4 * self.radius_mm * self.neck - 0.3 * self.radius_mm * self.shaft
        shaft = beside(away - top, self.shaft, 0.0, 400.0) < 0.6 * self.radius_mm
        return ball | neck | shaft

    def mask(self, grid):
        return grid.with_array(self.inside(points_mm(grid)))

    @property
    def hip(self):
        return Hip(self.side, Sphere(self.center_mm, self.radius_mm, 0.0, 80.0), self.neck, self.shaft)


def beside(away, axis, low, high):
    """Distance from a line, infinite before and after the stretch that is meant."""
    along = away @ axis
    across = np.linalg.norm(away - along[..., None] * axis, axis=-1)
    return np.where((along >= low) & (along <= high), across, np.inf)


@pytest.fixture(scope="session")
def drawn_femur():
    """Makes a drawn femur: left, 24 mm, neck-shaft angle 127 degrees unless told otherwise."""

    def draw(center_mm=(90.0, -20.0, 300.0), radius_mm=24.0, side="left"):
        lateral = 1.0 if side == "left" else -1.0
        neck = np.array([0.8 * lateral, 0.0, -0.6])
        return DrawnFemur(np.asarray(center_mm, float), radius_mm, neck, np.array([0.0, 0.0, -1.0]), side)

    return draw


@pytest.fixture(scope="session")
def grid_about():
    """Makes an empty grid around a point with any spacing, turned by degrees about x, y, z and with its axes permuted."""

    def grid(center_mm, half_mm, spacing_mm, turn_deg=(0, 0, 0), axes=(0, 1, 2)):
        spacing = np.broadcast_to(np.asarray(spacing_mm, float), 3)
        half = np.broadcast_to(np.asarray(half_mm, float), 3)
        turn = Rotation.from_euler("xyz", turn_deg, degrees=True).as_matrix()
        shape = (2 * np.ceil(half / spacing)).astype(int) + 1
        affine = np.eye(4)
        affine[:3, :3] = turn * spacing
        affine[:3, 3] = np.asarray(center_mm, float) - affine[:3, :3] @ ((shape - 1) / 2)
        order = list(axes)
        affine[:3, :3] = affine[:3, order]
        return Volume(np.zeros(tuple(shape[order]), np.float32), affine)

    return grid


@pytest.fixture(scope="session")
def ball_hip():
    """A left hip whose femur is one ball of 24 mm about the origin, on a grid of 1 mm; its neck axis is chosen freely."""
    hip = Hip("left", Sphere(np.zeros(3), 24.0, 0.0, 100.0), np.array([0.8, 0.0, -0.6]))
    grid = covering_grid([0, 0, 0], 30.0, 1.0)
    return hip, grid.with_array(np.linalg.norm(points_mm(grid), axis=-1) < 24.0)


@pytest.fixture(scope="session")
def data():
    """The folder with real femurs, the shape model and the phantoms."""
    folder = os.environ.get("OSTEON_TEST_DATA")
    if not folder or not (Path(folder) / "libhip_femurs").is_dir():
        pytest.skip("OSTEON_TEST_DATA does not name a folder that holds libhip_femurs")
    return Path(folder)


@pytest.fixture(scope="session")
def real_femur(data):
    """Reads the surface of a real femur by its name: vertices (LPS mm) and faces."""

    def read(name):
        head, body = (data / "libhip_femurs" / f"{name}.ply").read_bytes().split(b"end_header\n", 1)
        lines = head.decode().splitlines()
        vertices, faces = (
            int(next(x for x in lines if x.startswith(f"element {w}")).split()[-1]) for w in ("vertex", "face")
        )
        points = np.frombuffer(body, "<f4", 3 * vertices).reshape(-1, 3).astype(float)
        row = [("n", "u1"), ("corners", "<i4", 3)] + ([("stl", "<u2")] if b"ushort stl" in head else [])
        return points, np.frombuffer(body[12 * vertices :], np.dtype(row), faces)["corners"]

    return read


@pytest.fixture(scope="session")
def shape_model(data):
    """A hip of the shape model for a seed (None: the mean): femur vertices and faces, pelvis vertices and faces."""
    model = dict(np.load(data / "femur_pelvis_ssm" / "femur_pelvis_ssm_left.npz"))

    def hip(seed=None):
        weights = np.zeros(20) if seed is None else np.random.default_rng(seed).normal(0, 0.9, 20)
        femur, pelvis = (
            model[f"{b}_mean"] + np.tensordot(weights, model[f"{b}_modes_per_sd"], 1) for b in ("femur", "pelvis")
        )
        return femur, model["femur_faces"], pelvis, model["pelvis_faces"]

    return hip


@pytest.fixture(scope="session")
def example(data):
    """One of the phantoms with exact truth: its truth and its masks on the MR grid."""

    def read(name):
        folder = data / "phantoms_examples" / name
        packed = np.load(folder / "truth_masks_mr_grid.npz")
        shape = tuple(int(n) for n in packed["shape"])
        affine = np.eye(4)
        axes = np.stack([packed["slice_dir"], packed["col_dir"], packed["row_dir"]], axis=1)
        affine[:3, :3], affine[:3, 3] = axes * packed["spacing"], packed["origin"]
        masks = {
            k: np.unpackbits(packed[k])[: np.prod(shape)].reshape(shape).astype(bool)
            for k in ("bone", "lesion", "head")
        }
        truth = json.loads((folder / "truth.json").read_text())
        return truth, {k: Volume(array, affine) for k, array in masks.items()}

    return read


@pytest.fixture(scope="session")
def true_hip():
    """The hip that a phantom's truth describes."""

    def hip(truth):
        neck = np.array(truth["neck_axis_from_head"])
        head = Sphere(np.array(truth["head_centre"]), truth["head_radius"], truth["sphere_fit_sd"], 80.0)
        return Hip("left" if truth["side"] == "L" else "right", head, neck / np.linalg.norm(neck))

    return hip


@pytest.fixture(scope="session")
def voxelised():
    """Fills a closed surface on a grid of any spacing; `top_mm` keeps the uppermost part only."""
    pyvista = pytest.importorskip("pyvista")

    def fill(vertices, faces, spacing_mm, top_mm=None):
        low, high = vertices.min(axis=0) - 5, vertices.max(axis=0) + 5
        low[2] = low[2] if top_mm is None else max(low[2], high[2] - top_mm)
        spacing = np.asarray(spacing_mm, float)
        shape = np.ceil((high - low) / spacing).astype(int) + 1
        surface = pyvista.PolyData(vertices, np.c_[np.full(len(faces), 3), faces].ravel())
        image = pyvista.ImageData(dimensions=shape, spacing=spacing, origin=low)
        filled = surface.voxelize_binary_mask(reference_volume=image).point_data["mask"]
        affine = np.diag([*spacing, 1.0])
        affine[:3, 3] = low
        return Volume(np.asarray(filled).reshape(shape, order="F").astype(bool), affine)

    return fill
