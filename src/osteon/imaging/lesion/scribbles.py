"""Which part of the head is lesion, when a person has marked a little of it and a little of what is not?

Both ways share out the femur's voxels between the marks. The random walker gives a voxel to the marks that a walker,
who avoids steps between unlike voxels, reaches first in most of its walks (Grady, as implemented in scikit-image).
Grow-cut gives it to the mark with the shortest path, where unlike neighbours lie far apart: the exact form of the
cellular automaton of Vezhnevets and Konouchine (Graphicon 2005, 150-156) that Zhu and others gave (Interactive Medical
Image Computing, MICCAI 2014).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from osteon.anatomy import Floats, Volume, covering_grid, crop, points_mm, sample
from osteon.errors import Fault, InputError
from osteon.imaging.found import FoundHip
from osteon.imaging.lesion.rays import around_head, bone_depth_mm
from osteon.imaging.lesion.view import share_of, smoothed_in_plane
from osteon.imaging.series import Mask, Series

Labels = NDArray[np.int8]

LESION, NOT_LESION = 1, 2
# How strongly walkers avoid unlike neighbours; signal in parts of marrow. Lower lets them pass faint bands, higher
# makes them follow noise. Neighbours in the next slice count like those in the same one: scikit-image would weaken
# steps by the distance, and walkers would slip through between thick slices.
BETA = 400.0
# A millimetre counts as much as so large a step of the signal, in parts of marrow: without it paths wander round a
# band.
STEP_PER_MM = 0.02
# Where the solver stops; looser answers leave the range of probabilities near the marks.
TOLERANCE = 1e-4
# Slices nearer than this are thin: the work is then done on cubic voxels of 1 mm, which keeps it under seconds.
THIN_MM = 1.5
REACH_RADII = 1.2


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """Signal in parts of marrow, the bone that is shared out, and the marks on it, on one grid."""

    share: Volume
    bone: NDArray[np.bool_]
    marks: Labels


def random_walker(series: Series, found: FoundHip, scribbles: Volume, author: str = "reader") -> Mask:
    """The lesion by random walks from the marks.

    Parameters
    ----------
    series, found
        The images and the hip in them.
    scribbles
        Marks on any grid: 1 lesion, 2 not lesion, 0 unmarked.
    author
        Who marked.

    Returns
    -------
    A mask "lesion", method "drawn", on the grid of the series around the head (thin slices: cubic voxels of 1 mm).

    Raises
    ------
    InputError
        When one of the two marks is missing from the bone of the head.
    """
    from skimage.segmentation import random_walker as walk

    marked = marked_head(series, found, scribbles)
    labels = np.where(marked.bone, marked.marks, -1)
    shared = walk(
        marked.share.array,
        without_islands(labels),
        beta=BETA,
        mode="cg_j",
        tol=TOLERANCE,
        # Only its warning: rounding near the marks does not move the border.
        prob_tol=np.inf,
    )
    return drawn(series, marked, np.asarray(shared) == LESION, author, "random walker")


def grow_cut(series: Series, found: FoundHip, scribbles: Volume, author: str = "reader") -> Mask:
    """The lesion by the shortest path from the marks; parameters and result as for `random_walker`."""
    marked = marked_head(series, found, scribbles)
    number = np.full(marked.bone.shape, -1)
    number[marked.bone] = np.arange(int(marked.bone.sum()))
    marks = marked.marks[marked.bone]
    sources = np.flatnonzero(marks)
    distance, _, nearest = sparse.csgraph.dijkstra(
        paths_between(marked.share, number), directed=False, indices=sources, min_only=True, return_predecessors=True
    )
    shared = np.zeros(marked.bone.shape, np.bool_)
    shared[marked.bone] = np.isfinite(distance) & (marks[np.maximum(nearest, 0)] == LESION)
    return drawn(series, marked, shared, author, "grow-cut")


def marked_head(series: Series, found: FoundHip, scribbles: Volume) -> Marked:
    """The head with its marks on the grid the work is done on."""
    depth = bone_depth_mm(found)
    share, _ = share_of(series, found, depth)
    axis = int(np.argmax(share.spacing_mm))
    share = smoothed_in_plane(share, axis, 0.5)
    if share.spacing_mm.max() < THIN_MM:
        grid = covering_grid(found.hip.head.center_mm, REACH_RADII * found.hip.head.radius_mm, 1.0)
        share = grid.with_array(sample(share, points_mm(grid), outside=1.0).astype(np.float32))
    bone = sample(depth, points_mm(share), outside=-1.0) > 0
    marks = marks_on(share, scribbles, found)
    missing = [
        Fault("scribbles", f"no mark {number} ({name}) lies on the bone of the head; draw at least one such stroke.")
        for number, name in ((LESION, "lesion"), (NOT_LESION, "not lesion"))
        if not (marks[bone] == number).any()
    ]
    if missing:
        raise InputError("the scribbles", missing)
    return Marked(share, bone, marks)


def marks_on(grid: Volume, scribbles: Volume, found: FoundHip) -> Labels:
    """Marks carried to the nearest voxel of another grid; a stroke thinner than a voxel is kept."""
    near = around_head(scribbles, found, REACH_RADII)
    marks = np.zeros(grid.shape, np.int8)
    for number in (NOT_LESION, LESION):
        index = np.round(grid.to_index(near.to_mm(np.argwhere(near.array == number)))).astype(int)
        inside = ((index >= 0) & (index < np.array(grid.shape))).all(axis=-1)
        marks[tuple(index[inside].T)] = number
    return marks


def without_islands(labels: Labels) -> Labels:
    """Labels with bone that no path joins to a mark taken out of the walk."""
    from scipy import ndimage

    pieces, count = ndimage.label(labels >= 0)
    joined = np.zeros(count + 1, np.bool_)
    joined[np.unique(pieces[labels > 0])] = True
    return np.asarray(np.where(joined[pieces], labels, -1))


def paths_between(share: Volume, number: NDArray[np.int_]) -> sparse.csr_array:
    """Lengths between neighbouring voxels of the bone: their difference in signal, and a little for the way."""
    spacing = share.spacing_mm
    rows, columns, lengths = [], [], []
    for axis in range(3):
        here, there = near_pair(number, axis)
        both = (here >= 0) & (there >= 0)
        one, other = near_pair(share.array, axis)
        rows.append(here[both])
        columns.append(there[both])
        lengths.append(np.abs(other - one)[both] + STEP_PER_MM * spacing[axis])
    count = int(number.max()) + 1
    return sparse.csr_array((np.concatenate(lengths), (np.concatenate(rows), np.concatenate(columns))), (count, count))


def near_pair(array: Floats | NDArray[np.int_], axis: int) -> tuple[Floats, Floats]:
    """The array without its last and without its first layer along an axis: neighbours lie at the same place."""
    return np.delete(array, -1, axis), np.delete(array, 0, axis)


def drawn(series: Series, marked: Marked, shared: NDArray[np.bool_], author: str, way: str) -> Mask:
    """The voxels that fell to the lesion, cropped to the head, as a mask that a person drew."""
    counts = [int((marked.marks[marked.bone] == number).sum()) for number in (LESION, NOT_LESION)]
    note = f"{way} from {counts[0]} voxels marked lesion and {counts[1]} marked not lesion; check the band is included"
    volume = crop(marked.share.with_array(shared & marked.bone), (0, 0, 0), marked.share.shape)
    return Mask(volume, "lesion", "drawn", author, series_uid=series.series_uid, notes=(note,))
