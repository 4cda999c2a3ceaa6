"""Where exactly is the outer margin of the low-signal band, in parts of a voxel?

The border found ray by ray is bent smoothly until slices simulated from it match the measured ones. In the model the
signal is 1 in healthy marrow, `band` over `width_mm` inside the border, and the core's own signal behind that; a voxel
is the mean over its slice's thickness, blurred by the pixel. The fit is Gauss-Newton least squares with a thin-plate
penalty, which also carries the border on to the bone's surface, where the bony plate hides it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse.linalg import spsolve
from scipy.special import ndtr

from osteon.anatomy import Floats
from osteon.imaging.lesion.rays import STEP_DEG

Mask = NDArray[np.bool_]
Whole = NDArray[np.int_]
Triplets = tuple[Floats, Whole, Whole]

# Points over a slice's thickness that are averaged: with 5 they lie less than a millimetre apart in a 4.4 mm slice.
SLICE_POINTS = 5
# Weight of bending (mm per ray squared, squared) against squared misfit in parts of the noise: lower follows noise,
# much higher flattens the waves of real borders, which are 10 mm long and more.
BENDING = 20.0
ROUNDS = 6
# A border moves at most so far in one round: the model is linear only over about the band's width.
LARGEST_STEP_MM = 1.0
# Voxels nearer than this to the border, in mm along the ray, take part: deeper ones belong to the core, which varies.
OUTSIDE_MM, INSIDE_MM = 5.0, 5.0
# Where the fit of band and width starts: a dark band of usual width.
BAND, WIDTH_MM = 0.35, 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Voxels:
    """What the border is fitted to.

    `ray` (n, points, 2) and `distance_mm` (n, points) place points over the thickness of the slice of every voxel in
    the grid of rays, `share` (n) is its signal in parts of marrow and `blur_mm` the blur in the slice's plane.
    """

    ray: Floats
    distance_mm: Floats
    share: Floats
    blur_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Border:
    """Distance of the band's outer margin from the rays' start in mm, and the band's signal and width."""

    reach_mm: Floats
    band: float = BAND
    width_mm: float = WIDTH_MM
    noise: float = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Modelled:
    """The signal the model gives every voxel, and its change with the reach at each point, the band and its width."""

    share: Floats
    per_reach: Floats
    per_band: Floats
    per_width: Floats


def fitted_border(rough_mm: Floats, known: Mask, free: Mask, core: Floats, voxels: Voxels) -> Border:
    """The border bent to match the voxels.

    Parameters
    ----------
    rough_mm, known
        The reach found for each ray in mm, and the rays on which a band was found; (n, n).
    free
        The rays on which the border is wanted; it is carried on from the known ones.
    core
        Signal behind the band along each ray in parts of marrow; (n, n).
    voxels
        What the border is fitted to.
    """
    bending = thin_plate(free)
    border = Border(carried_on(rough_mm, known, free, bending))
    for _ in range(ROUNDS):
        border = better(border, free, core, voxels, bending)
    return border


def carried_on(rough_mm: Floats, known: Mask, free: Mask, bending: sparse.csr_array) -> Floats:
    """The known reach, smoothed a little and carried on over all free rays without bending."""
    weight = sparse.diags_array(known[free].astype(float))
    # 0.3 evens out half-millimetre steps and leaves waves of four rays and longer.
    reach = rough_mm.copy()
    lift = sparse.eye_array(int(free.sum())) * 1e-6
    reach[free] = spsolve((weight + 0.3 * bending + lift).tocsc(), (weight + lift) @ rough_mm[free])
    return reach


def thin_plate(free: Mask) -> sparse.csr_array:
    """Matrix of the thin-plate energy over the free rays: squared second differences along and across the grid."""
    number = numbered(free)
    quad = [number[:-1, :-1], number[1:, :-1], number[:-1, 1:], number[1:, 1:]]
    root = float(np.sqrt(2))
    parts = [
        differences([number[:-2], number[1:-1], number[2:]], (1.0, -2.0, 1.0)),
        differences([number[:, :-2], number[:, 1:-1], number[:, 2:]], (1.0, -2.0, 1.0)),
        # The mixed difference counts twice in the thin-plate energy.
        differences(quad, (root, -root, -root, root)),
    ]
    count = int(free.sum())
    total = sparse.csr_array((count, count))
    for values, row, column in parts:
        matrix = sparse.csr_array((values, (row, column)), shape=(int(row.max(initial=-1)) + 1, count))
        total = total + matrix.T @ matrix
    return sparse.csr_array(total)


def numbered(free: Mask) -> Whole:
    """Numbers 0, 1, 2 ... for the free rays, -1 for the others."""
    number = np.full(free.shape, -1)
    number[free] = np.arange(int(free.sum()))
    return number


def differences(members: list[Whole], weights: tuple[float, ...]) -> Triplets:
    """Values, rows and columns of a matrix with one row for each place where all members are free."""
    complete = np.all([member >= 0 for member in members], axis=0)
    columns = np.stack([member[complete] for member in members], axis=1)
    rows = np.repeat(np.arange(len(columns)), len(members))
    return np.tile(np.asarray(weights), len(columns)), rows, columns.ravel()


def better(border: Border, free: Mask, core: Floats, voxels: Voxels, bending: sparse.csr_array) -> Border:
    """One Gauss-Newton round."""
    near = near_border(border, free, voxels)
    if near.sum() < 30:
        return border
    chosen = Voxels(voxels.ray[near], voxels.distance_mm[near], voxels.share[near], voxels.blur_mm)
    numbers, weights = corners(chosen.ray, free)
    model = modelled(border, core, chosen)
    misfit = chosen.share - model.share
    noise = max(0.02, 1.4826 * float(np.median(np.abs(misfit))))
    # Huber weights: spots that no model explains must not bend the border.
    trust = np.minimum(1.0, 2.0 * noise / np.maximum(np.abs(misfit), 1e-9)) / noise**2
    jacobian = jacobian_of(model, numbers, weights, int(free.sum()))
    step = solved(jacobian, trust, misfit, border.reach_mm[free], bending)
    reach = border.reach_mm.copy()
    reach[free] += np.clip(step[:-2], -LARGEST_STEP_MM, LARGEST_STEP_MM)
    band = float(np.clip(border.band + np.clip(step[-2], -0.1, 0.1), 0.05, 0.8))
    width = float(np.clip(border.width_mm + np.clip(step[-1], -0.4, 0.4), 0.8, 5.0))
    return Border(reach, band, width, noise)


def near_border(border: Border, free: Mask, voxels: Voxels) -> Mask:
    """Voxels all of whose points lie between free rays, and which lie near the border."""
    low = np.floor(voxels.ray).astype(int)
    low = np.clip(low, 0, np.array(free.shape) - 2)
    whole = free[:-1, :-1] & free[1:, :-1] & free[:-1, 1:] & free[1:, 1:]
    inside = whole[low[..., 0], low[..., 1]].all(axis=1)
    gap = bilinear(border.reach_mm, voxels.ray) - voxels.distance_mm
    return np.asarray(inside & (gap.max(axis=1) > -INSIDE_MM) & (gap.min(axis=1) < OUTSIDE_MM))


def bilinear(grid: Floats, ray: Floats) -> Floats:
    """Values of a grid between its rays."""
    return np.asarray(ndimage.map_coordinates(grid, np.moveaxis(ray, -1, 0), order=1, mode="nearest"))


def corners(ray: Floats, free: Mask) -> tuple[Whole, Floats]:
    """Numbers of the four free rays around every point and their weights in between; (n, points, 4)."""
    number = numbered(free)
    low = np.clip(np.floor(ray).astype(int), 0, np.array(free.shape) - 2)
    part = ray - low
    i, j, p, q = low[..., 0], low[..., 1], part[..., 0], part[..., 1]
    numbers = np.stack([number[i, j], number[i + 1, j], number[i, j + 1], number[i + 1, j + 1]], axis=-1)
    return numbers, np.stack([(1 - p) * (1 - q), p * (1 - q), (1 - p) * q, p * q], axis=-1)


def modelled(border: Border, core: Floats, voxels: Voxels) -> Modelled:
    """The signal of every voxel under the model."""
    band, width, blur = border.band, border.width_mm, voxels.blur_mm
    steep = bilinear(upright(border.reach_mm), voxels.ray)
    outward = (bilinear(border.reach_mm, voxels.ray) - voxels.distance_mm) * steep
    behind = bilinear(core, voxels.ray)
    healthy, inner = ndtr(outward / blur), ndtr(-(outward + width) / blur)
    bell, inner_bell = gaussian(outward / blur) / blur, gaussian((outward + width) / blur) / blur
    share = band + (1 - band) * healthy + (behind - band) * inner
    slope = ((1 - band) * bell - (behind - band) * inner_bell) * steep
    return Modelled(
        share=share.mean(axis=1),
        per_reach=slope / share.shape[1],
        per_band=(1 - healthy - inner).mean(axis=1),
        per_width=(-(behind - band) * inner_bell).mean(axis=1),
    )


def gaussian(x: Floats) -> Floats:
    """The standard normal density."""
    return np.asarray(np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi))


def upright(reach_mm: Floats) -> Floats:
    """Cosine between each ray and the border's normal: turns distances along the ray into distances from the border."""
    across_mm = np.maximum(reach_mm, 1.0) * np.radians(STEP_DEG)
    slopes = np.gradient(reach_mm)
    return np.asarray(1 / np.sqrt(1 + (slopes[0] ** 2 + slopes[1] ** 2) / across_mm**2))


def jacobian_of(model: Modelled, numbers: Whole, weights: Floats, count: int) -> sparse.csr_array:
    """Change of every voxel's signal with the reach of each free ray, the band's signal and its width."""
    n = len(model.share)
    values = (model.per_reach[..., None] * weights).reshape(n, -1)
    rows = np.repeat(np.arange(n), values.shape[1])
    reach = sparse.csr_array((values.ravel(), (rows, numbers.reshape(n, -1).ravel())), shape=(n, count))
    return sparse.csr_array(sparse.hstack([reach, model.per_band[:, None], model.per_width[:, None]]))


def solved(
    jacobian: sparse.csr_array, trust: Floats, misfit: Floats, reach: Floats, bending: sparse.csr_array
) -> Floats:
    """The least-squares step under the thin-plate penalty."""
    count = len(reach)
    smooth = sparse.block_diag([BENDING * bending, sparse.diags_array([50.0, 5.0])])
    # A faint pull keeps rays that no voxel speaks for where they are.
    hold = sparse.diags_array(np.full(count + 2, 1e-3))
    weighted = jacobian.T @ sparse.diags_array(trust)
    right = weighted @ misfit - np.concatenate([BENDING * (bending @ reach), [0.0, 0.0]])
    return np.asarray(spsolve((weighted @ jacobian + smooth + hold).tocsc(), right))
