"""Hips in closed form: a ball, a neck, a shaft and a socket, imaged by sampling finely and averaging over each voxel."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import ndimage

from osteon.anatomy import Floats, Volume
from osteon.imaging.found import FoundHip
from osteon.imaging.head import find_hip
from osteon.imaging.series import Series

MUSCLE, MARROW, CORTEX, CARTILAGE, SOCKET = 0, 1, 2, 3, 4
MR_SIGNAL = np.array([450.0, 1400.0, 180.0, 760.0, 1100.0])
CT_HU = np.array([55.0, 260.0, 1050.0, 90.0, 230.0])
THICK_MM = 1.0


@dataclass(frozen=True)
class Drawn:
    """A hip by formula: a ball for the head, a cone-free neck, a shaft, a half shell for the socket."""

    center_mm: Floats = field(default_factory=lambda: np.array([95.0, 12.0, -40.0]))
    radius_mm: float = 23.0
    side: str = "left"
    lesion_cos: float | None = None  # a cap about the vertical is dark as muscle
    neck: bool = True

    @property
    def neck_axis(self) -> Floats:
        axis = np.array([0.75 if self.side == "left" else -0.75, -0.15, -0.64])
        return axis / np.linalg.norm(axis)

    def depth(self, p: Floats) -> Floats:
        """Signed distance outside the bone, roughly."""
        ball = np.linalg.norm(p - self.center_mm, axis=-1) - self.radius_mm
        if not self.neck:
            return ball
        end = self.center_mm + 50 * self.neck_axis
        return np.minimum(
            ball, np.minimum(tube(p, self.center_mm, end, 13.0), tube(p, end, end + np.array([0, 0, -90.0]), 14.0))
        )

    def tissue(self, p: Floats) -> Floats:
        depth = self.depth(p)
        away = p - self.center_mm
        r = np.linalg.norm(away, axis=-1)
        up = away[..., 2] / np.maximum(r, 1e-6)
        lateral = away[..., 0] * (1 if self.side == "left" else -1) / np.maximum(r, 1e-6)
        out = np.full(depth.shape, MUSCLE)
        covered = up - 0.8 * lateral > 0
        out[covered & (r < self.radius_mm + 4)] = CARTILAGE
        shell = covered & (r > self.radius_mm + 4) & (r < self.radius_mm + 18)
        out[shell] = SOCKET
        out[shell & ((r < self.radius_mm + 5.5) | (r > self.radius_mm + 16.5))] = CORTEX
        out[(depth > 0) & (depth < 2) & (r < self.radius_mm + 2)] = CARTILAGE
        out[depth <= 0] = CORTEX
        out[depth <= -THICK_MM] = MARROW
        if self.lesion_cos is not None:
            cap = (depth <= -THICK_MM) & (r < self.radius_mm) & (away[..., 2] > self.lesion_cos * self.radius_mm)
            out[cap] = MUSCLE
        return out


def tube(p: Floats, start: Floats, end: Floats, radius: float) -> Floats:
    axis = end - start
    t = np.clip(((p - start) @ axis) / (axis @ axis), 0, 1)
    return np.linalg.norm(p - start - t[..., None] * axis, axis=-1) - radius


PLANES = {
    "coronal": ([0, 1, 0], [0, 0, -1], [1, 0, 0]),
    "axial": ([0, 0, 1], [0, 1, 0], [1, 0, 0]),
    "sagittal": ([1, 0, 0], [0, 0, -1], [0, 1, 0]),
}


def grid(middle: Floats, plane: str, slices: int, slice_mm: float, pixels: int, pixel_mm: float) -> Volume:
    affine = np.eye(4)
    for k, (direction, mm) in enumerate(zip(PLANES[plane], (slice_mm, pixel_mm, pixel_mm), strict=True)):
        affine[:3, k] = np.array(direction) * mm
    shape = (slices, pixels, pixels)
    affine[:3, 3] = middle - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Volume(np.zeros(shape, np.float32), affine)


def imaged(hips: list[Drawn], like: Volume, value: Floats, noise: float, seed: int = 0) -> Volume:
    """The drawn hips on a grid; every voxel is the mean over its slice's thickness and its pixel."""
    total = np.zeros(like.shape)
    offsets = [(a, b, c) for a in (-0.4, -0.2, 0, 0.2, 0.4) for b, c in ((-0.25, -0.25), (0.25, 0.25))]
    if like.spacing_mm[0] < 1.5:
        offsets = [(a, b, c) for a in (-0.25, 0.25) for b, c in ((-0.25, 0.25), (0.25, -0.25))]
    index = np.moveaxis(np.indices(like.shape), 0, -1).astype(np.float32)
    for offset in offsets:
        p = like.to_mm(index + np.array(offset, np.float32))
        label = hips[0].tissue(p)
        for hip in hips[1:]:
            other = hip.tissue(p)
            label = np.where(other != MUSCLE, other, label)
        total += value[label]
    total /= len(offsets)
    smooth = ndimage.gaussian_filter(total, (0, 0.6, 0.6))
    return like.with_array((smooth + np.random.default_rng(seed).normal(0, noise, like.shape)).astype(np.float32))


def mr(hips: list[Drawn], middle: Floats | None = None, plane: str = "coronal", pixels: int = 130, **kwargs) -> Series:
    like = grid(hips[0].center_mm + 0.7 if middle is None else middle, plane, 16, 4.0, pixels, 0.8)
    return Series("s1", "MR", imaged(hips, like, MR_SIGNAL, 60.0), "T1 COR", weighting="T1", **kwargs)


def ct(hips: list[Drawn]) -> Series:
    like = grid(hips[0].center_mm + 0.3, "axial", 70, 1.3, 95, 1.0)
    return Series("s1", "CT", imaged(hips, like, CT_HU, 25.0), "CT")


@pytest.fixture(scope="session")
def draw() -> SimpleNamespace:
    """The functions above, for tests that draw their own hips."""
    return SimpleNamespace(Drawn=Drawn, grid=grid, imaged=imaged, mr=mr, ct=ct, MR_SIGNAL=MR_SIGNAL)


@pytest.fixture(scope="session")
def left_mr() -> Series:
    return mr([Drawn()])


@pytest.fixture(scope="session")
def found_left(left_mr) -> FoundHip:
    return find_hip(left_mr)


@pytest.fixture(scope="session")
def test_data() -> Path:
    folder = os.environ.get("OSTEON_TEST_DATA")
    if not folder:
        pytest.skip("OSTEON_TEST_DATA does not name the folder of test data")
    return Path(folder)
