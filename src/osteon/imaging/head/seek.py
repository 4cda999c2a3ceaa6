"""Where in the image might the head of a femur be?

Round bright discs with a dark rim vote for their centres in every slice (a Hough transform on gradient directions), and
discs that stack up to a ball of a head's size win. Only candidates come out: each has to be checked by rays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from osteon.anatomy import Floats, Volume
from osteon.anatomy.volume import Array

# Radii of adult heads lie between about 19 and 29 mm; a margin on both sides keeps children's and large heads.
RADII_MM = (17.0, 19.5, 22.0, 24.5, 27.0, 30.0)
# Votes are cast on a coarse grid: coarser loses the joint space, finer costs time and gains nothing before the rays.
PIXEL_MM, SLICE_MM = 2.0, 2.5
# Slices further apart than this many pixels are thick: each is then looked at by itself.
THICK = 1.8
# Two layers of cartilage and the socket's cortex; 2 to 5 mm all work, as votes are counted to about 2 mm.
SOCKET_MM = 3.0
DISC_MM = np.arange(8.0, 32.1, 2.0)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A place that might be a head's centre (LPS mm), the rough radius and the share of the rim that voted (0 to 1)."""

    center_mm: Floats
    radius_mm: float
    votes: float


def seek_balls(image: Volume, count: int = 10) -> tuple[Candidate, ...]:
    """The best `count` centres of bright balls of a head's size, the likeliest first.

    `image` has its slices along the first axis; bright means brighter than what lies around.

    Examples
    --------
    >>> from osteon.anatomy import covering_grid, points_mm
    >>> grid = covering_grid([5, 0, 0], 40, 2.0)
    >>> ball = grid.with_array((np.linalg.norm(points_mm(grid), axis=-1) < 23).astype(np.float32))
    >>> bool(np.linalg.norm(seek_balls(ball, 1)[0].center_mm) < 4)
    True
    """
    small = shrunk(image)
    if min(small.shape[1:]) < 8:
        return ()
    if is_thick(image):
        discs = disc_votes(small)
        balls = np.stack([stacked_votes(discs, float(small.spacing_mm[0]), radius) for radius in RADII_MM])
    else:
        balls = ball_votes(small)
    best = balls.max(axis=0)
    found = peaks(best, np.maximum(1, np.round(10.0 / small.spacing_mm)).astype(int), count)
    return tuple(Candidate(small.to_mm(i), RADII_MM[int(balls[:, *i].argmax())], float(best[tuple(i)])) for i in found)


def is_thick(image: Volume) -> bool:
    """Whether slices lie so far apart that nothing should be interpolated across them."""
    return bool(image.spacing_mm[0] > THICK * image.spacing_mm[1:].max())


def shrunk(image: Volume) -> Volume:
    """The image averaged in blocks of about `SLICE_MM` x `PIXEL_MM` x `PIXEL_MM`."""
    wanted = np.array([SLICE_MM, PIXEL_MM, PIXEL_MM])
    block = np.clip(np.floor(wanted / image.spacing_mm + 0.3).astype(int), 1, image.shape)
    kept = np.array(image.shape) // block
    trimmed = image.array[tuple(slice(0, n) for n in kept * block)]
    split = trimmed.reshape(kept[0], block[0], kept[1], block[1], kept[2], block[2])
    affine = image.affine.copy()
    affine[:3, :3] = image.affine[:3, :3] * block
    affine[:3, 3] = image.to_mm((block - 1) / 2)
    return Volume(split.mean(axis=(1, 3, 5), dtype=np.float32), affine)


def ball_votes(small: Volume) -> Floats:
    """Votes for balls, per radius in `RADII_MM`: by the head's surface, and by the socket that faces it.

    The socket lies about `SOCKET_MM` outside the head about the same centre and is brighter than the joint; where
    voxels are as thick as the joint is wide it is often the only edge there.
    """
    smooth = ndimage.gaussian_filter(small.array, 0.7)
    if min(small.shape) < 3:
        return np.zeros((len(RADII_MM), *small.shape))
    rise = np.stack(np.gradient(smooth, *small.spacing_mm))
    steep = np.sqrt((rise**2).sum(axis=0))
    place = np.nonzero(steep > np.percentile(steep, 75))
    toward = np.stack([r[place] for r in rise]) / np.maximum(steep[place], 1e-9)
    head = [ball_votes_at(small, place, toward, radius) for radius in RADII_MM]
    socket = [ball_votes_at(small, place, -toward, radius + SOCKET_MM) for radius in RADII_MM]
    return np.asarray(np.stack(head) + np.stack(socket))


def ball_votes_at(small: Volume, place: tuple[Array, ...], toward: Floats, radius: float) -> Floats:
    """Share of a ball's surface that votes for each centre, roughly."""
    named = [
        np.round(at + t * radius / mm).astype(int) for at, t, mm in zip(place, toward, small.spacing_mm, strict=True)
    ]
    inside = np.all([(at >= 0) & (at < n) for at, n in zip(named, small.shape, strict=True)], axis=0)
    flat = np.ravel_multi_index([at[inside] for at in named], small.shape)
    votes = np.bincount(flat, minlength=small.array.size).reshape(small.shape).astype(np.float32)
    near = ndimage.gaussian_filter(votes, 1.2) * (4 * np.pi * 1.2**2) ** 1.5
    return np.asarray(near * small.voxel_mm3 ** (2 / 3) / (4 * np.pi * radius**2))


def disc_votes(small: Volume) -> Floats:
    """Share of the rim that votes for a disc, per radius in `DISC_MM`, slice, row and column; cut off at 1."""
    smooth = ndimage.gaussian_filter(small.array, (0, 0.7, 0.7))
    rise = np.stack(np.gradient(smooth, *small.spacing_mm[1:], axis=(1, 2)))
    steep = np.hypot(*rise)
    place = np.nonzero(steep > np.percentile(steep, 75))
    toward = np.stack([r[place] for r in rise]) / steep[place]
    return np.stack([votes_at(small, place, toward, radius) for radius in DISC_MM])


def votes_at(small: Volume, place: tuple[Array, ...], toward: Floats, radius: float) -> Floats:
    """Votes for discs of one radius: every steep place names the point `radius` up its gradient."""
    step = radius / small.spacing_mm[1:]
    row = np.round(place[1] + toward[0] * step[0]).astype(int)
    column = np.round(place[2] + toward[1] * step[1]).astype(int)
    inside = (row >= 0) & (row < small.shape[1]) & (column >= 0) & (column < small.shape[2])
    flat = np.ravel_multi_index((place[0][inside].astype(int), row[inside], column[inside]), small.shape)
    votes = np.bincount(flat, minlength=small.array.size).reshape(small.shape).astype(np.float32)
    # Votes of a true disc scatter over a few pixels; a rim is about one and a half pixels thick.
    near = ndimage.uniform_filter(votes, (1, 3, 3)) * 9
    return np.asarray(np.minimum(near / (1.5 * 2 * np.pi * radius / small.spacing_mm[1:].mean()), 1.0))


def stacked_votes(discs: Floats, spacing_mm: float, radius: float) -> Floats:
    """Mean vote of the discs that a ball of this radius shows in the slices within 0.75 of its radius."""
    reach = int(0.75 * radius / spacing_mm)
    total = np.zeros(discs.shape[1:], np.float32)
    for k in range(-reach, reach + 1):
        disc = discs[int(np.abs(DISC_MM - np.sqrt(radius**2 - (k * spacing_mm) ** 2)).argmin())]
        low, high = max(0, -k), min(len(total), len(total) - k)
        if low < high:
            total[low:high] += disc[low + k : high + k]
    return total / (2 * reach + 1)


def peaks(votes: Floats, apart: Array, count: int) -> Array:
    """Indices of the highest places that are not within `apart` voxels of a higher one, shape (n, 3)."""
    top = (ndimage.maximum_filter(votes, size=tuple(2 * apart + 1)) == votes) & (votes > 0)
    place = np.argwhere(top)
    order = np.argsort(-votes[top], kind="stable")
    return place[order[:count]]
