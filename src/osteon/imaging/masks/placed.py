"""Where does a mask lie on another grid?

A mask drawn on thick slices has steps. Between its slices the outline is taken from the signed distance to the outline
on each of them (Raya and Udupa's shape-based interpolation), so that the result is smooth; the level is then moved by
less than half a pixel so that the volume stays what was drawn.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from osteon.anatomy import Floats, Volume, crop, same_grid, sample
from osteon.anatomy.volume import Array, slab_indices
from osteon.errors import Fault, InputError
from osteon.imaging.series import Mask, Series

THICK = 1.5  # times the pixel: from here on slices are joined by their outlines, below the grid counts as even
MARGIN = 2  # voxels around the marked ones that the outline can depend on
# Part of the mask's voxel by which samples are moved: where two grids share planes, outlines run exactly through voxel
# centres, and the nudge takes those of one side and leaves those of the other instead of losing both.
NUDGE = 0.003
# Weight of the distance itself, which puts in order the voxels that the end of a thick slice cuts exactly in half.
ORDER = 0.01
FINEST = 8  # most samples along one edge of a coarse voxel; an edge of 8 mm over pixels of 1 mm


def mask_on(mask: Mask, like: Volume | Series) -> Volume:
    """The mask on the grid of another image: smooth, and of the same volume.

    Parameters
    ----------
    mask
        On any grid, also an oblique or a coarse one.
    like
        The image whose grid is wanted; a series also tells its frame of reference.

    Returns
    -------
    A mask of type bool with the shape and affine of `like`. On the same grid it is the same voxel by voxel. Voxels
    beyond the image's edge are lost; the volume is then only that of the part inside.

    Raises
    ------
    InputError
        When the mask lies outside the image, with the distance, when both name different frames of reference, or when
        the image is too coarse to hold it.

    Examples
    --------
    >>> slices = np.zeros((6, 20, 20), bool)
    >>> slices[2:4, 5:15, 5:15] = True
    >>> thick = Mask(Volume(slices, np.diag([4.0, 1.0, 1.0, 1.0])), "lesion", "drawn", "reader")
    >>> fine = mask_on(thick, Volume(np.zeros((24, 20, 20)), np.diag([1.0, 1.0, 1.0, 1.0])))
    >>> int(slices.sum() * 4), int(fine.array.sum())
    (800, 800)
    """
    grid = like.volume if isinstance(like, Series) else like
    check_frame(mask.frame_of_reference_uid, like, mask.label)
    if same_grid(mask.volume, grid):
        return grid.with_array(np.asarray(mask.volume.array, bool))
    if not mask.volume.array.any():
        return grid.with_array(np.zeros(grid.shape, bool))
    marked = around_marked(mask.volume)
    wholly = check_overlap(marked, grid, mask.label)
    low, high = touched(marked, grid)
    part = crop(grid, low, high)
    score = covered(marked, part)
    array = np.zeros(grid.shape, bool)
    wanted = marked.array.sum() * marked.voxel_mm3 / grid.voxel_mm3
    place = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    array[place] = fullest(score, wanted) if wholly else score > 0.5
    if not array.any():
        message = "fills no voxel of this image by half: it is too small for so coarse an image. Send a finer one."
        raise InputError(f"mask {mask.label!r}", [Fault("", message)])
    return grid.with_array(array)


def lying_on(mask: Mask, series: Series) -> Mask:
    """The mask on its own grid, once it is sure that it was drawn on these images or beside them.

    Raises
    ------
    InputError
        When the mask names another frame of reference, or no marked voxel lies on the images.
    """
    check_frame(mask.frame_of_reference_uid, series, mask.label)
    if mask.volume.array.any():
        check_overlap(mask.volume, series.volume, mask.label)
    return mask


def check_frame(uid: str, like: Volume | Series, label: str) -> None:
    """Refuse to compare places of two frames of reference; files that name none are trusted."""
    other = like.frame_of_reference_uid if isinstance(like, Series) else ""
    if uid and other and uid != other:
        message = (
            "was drawn in another frame of reference than this image, so that its place on it is unknown. "
            "Send the image it was drawn on, or register the two first."
        )
        raise InputError(f"mask {label!r}", [Fault("", message)])


def check_overlap(marked: Volume, grid: Volume, label: str) -> bool:
    """Whether the mask lies wholly inside the image; refused when no part of it does."""
    points = marked.to_mm(np.argwhere(marked.array))
    index = grid.to_index(points)
    beyond = np.maximum(np.maximum(-0.5 - index, index - (np.array(grid.shape) - 0.5)), 0) * grid.spacing_mm
    distance = np.linalg.norm(beyond, axis=1)
    if distance.min() > 0:
        message = (
            f"lies outside the image, {distance.min():.1f} mm from it at the nearest. "
            "Send the image it was drawn on, or save it again in that image's space."
        )
        raise InputError(f"mask {label!r}", [Fault("", message)])
    return bool(distance.max() <= 0)


def around_marked(volume: Volume) -> Volume:
    """The part of a mask that holds its voxels and a margin of empty ones, also where the grid ends at a voxel."""
    index = np.argwhere(volume.array)
    low, high = index.min(axis=0), index.max(axis=0) + 1
    held = crop(volume, low, high)
    affine = held.affine.copy()
    affine[:3, 3] = held.to_mm([-MARGIN] * 3)
    return Volume(np.pad(np.asarray(held.array, bool), MARGIN), affine)


def touched(marked: Volume, grid: Volume) -> tuple[Array, Array]:
    """The indices of the grid between which voxels of the mask can come to lie."""
    corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in marked.shape], indexing="ij")).reshape(3, -1).T
    index = grid.to_index(marked.to_mm(corners))
    low = np.clip(np.floor(index.min(axis=0)).astype(int), 0, np.array(grid.shape) - 1)
    high = np.clip(np.ceil(index.max(axis=0)).astype(int) + 1, low + 1, grid.shape)
    return low, high


def covered(marked: Volume, grid: Volume) -> Floats:
    """How much of every voxel of the grid lies inside, about 0 to 1, with a ramp of two pixels across the outline."""
    signed = marked.with_array(signed_distance(marked))
    ramp = 2 * float(marked.spacing_mm.min())
    parts, nudge = samples_along(marked, grid), marked.affine[:3, :3] @ np.full(3, NUDGE)
    total = np.zeros(grid.shape, np.float32)
    for offset in np.ndindex(*parts):
        shift = (np.array(offset) + 0.5) / parts - 0.5
        for i in range(grid.shape[0]):
            distance = sample(signed, grid.to_mm(slab_indices(grid.shape, i) + shift) + nudge, outside=-ramp)
            total[i] += np.clip(distance / ramp + 0.5, 0, 1) + ORDER * np.clip(distance / (20 * ramp), -1, 1)
    return np.asarray(total / np.prod(parts))


def samples_along(marked: Volume, grid: Volume) -> tuple[int, int, int]:
    """Samples along each edge of a voxel of the grid: one where it is as fine as the mask, more where it is coarse."""
    steps = np.abs(np.linalg.inv(marked.affine[:3, :3]) @ grid.affine[:3, :3]).max(axis=0)
    n0, n1, n2 = (int(n) for n in np.clip(np.ceil(steps - 0.01), 1, FINEST))
    return n0, n1, n2


def signed_distance(marked: Volume) -> Array:
    """Millimetres to the outline, positive inside: on each slice where slices are thick, in space otherwise."""
    spacing = marked.spacing_mm
    thick = int(np.argmax(spacing))
    if spacing[thick] < THICK * np.median(spacing):
        return both_sides(marked.array, spacing)
    slices = np.moveaxis(marked.array, thick, 0)
    flat = np.delete(spacing, thick)
    filled = slices.any(axis=(1, 2))
    signed = np.zeros(slices.shape, np.float32)
    for k in np.flatnonzero(filled):
        signed[k] = both_sides(slices[k], flat)
    # Beyond the last slice with voxels the mask ends flat, half a slice further: there the distance changes its sign.
    nearest = ndimage.distance_transform_edt(~filled, return_distances=False, return_indices=True)[0]
    signed[~filled] = -np.abs(signed[nearest[~filled]])
    return np.moveaxis(signed, 0, thick)


def both_sides(array: Array, spacing: Floats) -> Array:
    """Distance to the nearest voxel of the other kind, positive inside: zero half-way between the two kinds."""
    inside = ndimage.distance_transform_edt(array, sampling=spacing)
    outside = ndimage.distance_transform_edt(~array, sampling=spacing)
    return np.asarray(inside - outside, np.float32)


def fullest(score: Floats, voxels: float) -> Array:
    """The voxels with the highest scores, as many as are wanted: all above one half where that is as many.

    A ramp of two pixels makes a quarter of the score half a pixel: what is below 0.25 never counts as inside, and what
    is above 0.75 always does, so that the outline moves no further.
    """
    wanted = round(voxels)
    inside = score > 0.5
    if int(inside.sum()) == wanted:
        return np.asarray(inside)
    inside = score > 0.75
    near = np.flatnonzero((score > 0.25) & ~inside)
    best = near[np.argsort(-score.reshape(-1)[near], kind="stable")]
    inside.reshape(-1)[best[: max(0, wanted - int(inside.sum()))]] = True
    return np.asarray(inside)
