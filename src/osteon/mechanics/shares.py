"""How much of every voxel lies inside a shape?

Blocks of voxels, then voxels, that lie well inside or outside are told by the signed distance at their middle; voxels
that the border may cut are asked at 4 x 4 x 4 points. Half-filled voxels then carry half the stiffness, which levels
most of a voxel model's staircase.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from osteon.anatomy import Floats, Volume, level, sample
from osteon.mechanics.model import HeadModel, Share

Distance = Callable[[Floats], Floats]
Inside = Callable[[Floats], NDArray[np.bool_]]

# Points per voxel edge: with 4 a ball of 24 voxels radius is right to 0.05 % of its volume.
POINTS = 4
# Voxels per edge of the blocks that are asked first.
BLOCK = 8
# Points asked at a time, which bounds the memory.
CHUNK = 2_000_000


def share_inside(model: HeadModel, distance_mm: Distance) -> Share:
    """The part of every voxel that lies inside a shape, [z, y, x], 0 to 1.

    Parameters
    ----------
    distance_mm
        Takes points in LPS mm, shape (n, 3), and gives the signed distance to the shape's border, shape (n,), below 0
        inside. It may be too small in size (a bound), never too large.

    Examples
    --------
    `share_inside(model, lambda p: np.linalg.norm(p - middle, axis=1) - 5.0)` is a ball of 5 mm.
    """
    share = np.zeros(tuple(-(-count // BLOCK) * BLOCK for count in model.shape), np.float32)
    blocks = share.reshape([part for count in share.shape for part in (count // BLOCK, BLOCK)]).transpose(
        0, 2, 4, 1, 3, 5
    )
    first = np.argwhere(np.ones(blocks.shape[:3]))
    signed = distance_mm(model.nodes_mm(first * BLOCK) + BLOCK * model.spacing_mm / 2)
    blocks[tuple(first[signed < 0].T)] = 1
    cut = first[np.abs(signed) < BLOCK * model.spacing_mm * np.sqrt(3) / 2]
    places = np.argwhere(np.ones((BLOCK,) * 3))
    for some in np.array_split(cut, pieces(len(cut) * len(places))):
        middles = (model.nodes_mm(some[:, None] * BLOCK + places) + model.spacing_mm / 2).reshape(-1, 3)
        found = shares_about(middles, distance_mm, model.spacing_mm)
        blocks[tuple(some.T)] = found.reshape(-1, *(BLOCK,) * 3)
    nz, ny, nx = model.shape
    return np.ascontiguousarray(share[:nz, :ny, :nx])


def share_of_mask(model: HeadModel, mask: Volume) -> Share:
    """The part of every voxel that lies inside a mask on any grid (its border smoothed between its voxels).

    An empty mask fills nothing.
    """
    if not mask.array.any():
        return np.zeros(model.shape, np.float32)
    field = level(mask.with_array(mask.array.astype(bool)))
    return share_of_level(model, field)


def share_of_level(model: HeadModel, field: Volume) -> Share:
    """The part of every voxel in which a smooth field, on any grid in LPS, is above 0; outside its grid it is not."""
    values = on_grid(model, field, outside=-1.0)
    near = np.argwhere(near_border(values))
    share = (values > 0).astype(np.float32)
    middles = model.origin_mm + (near[:, ::-1] + 0.5) * model.spacing_mm
    share[tuple(near.T)] = counted(middles, model.spacing_mm, lambda p: np.asarray(sample(field, p, outside=-1.0) > 0))
    return share


def on_grid(model: HeadModel, field: Volume, outside: float) -> NDArray[np.float32]:
    """Values of a volume at every voxel's middle, [z, y, x], linear between its own."""
    from scipy import ndimage

    to_index = np.linalg.inv(field.affine) @ model.volume(model.ash_g_cm3).affine
    values = ndimage.affine_transform(
        field.array.astype(np.float32, copy=False), to_index, output_shape=model.shape, order=1, cval=outside
    )
    return np.asarray(values)


def near_border(values: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Voxels beside which the sign of a field changes.

    One whose sign differs only from a diagonal neighbour's is cut at a corner, by a fiftieth of it at most, inwards as
    often as outwards.
    """
    from scipy import ndimage

    inside = values > 0
    return np.asarray(ndimage.binary_dilation(inside) & ~ndimage.binary_erosion(inside, border_value=1))


def shares_about(middles: Floats, distance_mm: Distance, spacing_mm: float) -> Share:
    """The part of every voxel inside a shape, from the distance at its middle and, near the border, sub-points."""
    signed = distance_mm(middles)
    share = (signed < 0).astype(np.float32)
    near = np.abs(signed) < spacing_mm * np.sqrt(3) / 2
    share[near] = counted(middles[near], spacing_mm, lambda p: np.asarray(distance_mm(p) < 0))
    return share


def counted(middles: Floats, spacing_mm: float, inside: Inside) -> Share:
    """The part of 4 x 4 x 4 points of every voxel that lie inside, shape (n,)."""
    line = ((np.arange(POINTS) + 0.5) / POINTS - 0.5) * spacing_mm
    offsets = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    parts = np.array_split(middles, pieces(len(middles) * len(offsets)))
    means = [inside((part[:, None] + offsets).reshape(-1, 3)).reshape(len(part), -1).mean(axis=1) for part in parts]
    return np.concatenate(means).astype(np.float32)


def pieces(count: int) -> int:
    """Into how many parts points are cut."""
    return max(1, -(-count // CHUNK))
