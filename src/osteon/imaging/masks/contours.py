"""Which voxels lie inside the contours of an RTSTRUCT?

Contours are drawn on the slices of one series. They are filled on planes of that series' grid and put on the grid
itself where they were drawn on other slices. A contour inside another one cuts a hole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from osteon.anatomy import Floats, Volume
from osteon.anatomy.volume import Array
from osteon.imaging.masks.dicom_file import dicom_damage_told
from osteon.imaging.masks.files import EmptyMaskError, check_memory, checked_grid, refusal
from osteon.imaging.masks.label_map import chosen_labels, marked
from osteon.imaging.masks.names import label_of, told_apart
from osteon.imaging.masks.placed import check_frame, mask_on
from osteon.imaging.series import Mask, Series

if TYPE_CHECKING:
    from pydicom import Dataset

CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
# Half a slice: a contour whose points spread further across slices was drawn on a plane tilted against them.
TILT_LIMIT = 0.5
EVEN_LIMIT = 0.1  # part of a step by which contours may miss even steps; their coordinates are rounded to 0.01 mm


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """One region of interest: its name and its closed contours, each of shape (n, 3) in LPS millimetres."""

    number: int
    name: str
    contours: tuple[Floats, ...]
    frame_of_reference_uid: str
    series_uid: str = ""


def masks_of_contours(
    dataset: Dataset, source: str, label: str | None, like: Volume | Series | None
) -> tuple[Mask, ...]:
    """One mask for each region with closed contours, on the grid of the image they were drawn on.

    Raises
    ------
    InputError
        When no image is given, or the contours do not lie on it.
    """
    if like is None:
        message = "holds contours, which need the image they were drawn on. Name that image beside it."
        raise refusal(source, message)
    grid = like.volume if isinstance(like, Series) else like
    with dicom_damage_told(source, "an RTSTRUCT"):
        regions = [each for each in regions_of(dataset) if each.contours]
    if not regions:
        raise EmptyMaskError(source)
    labels = told_apart([label_of(each.name, each.number) for each in regions])
    chosen = chosen_labels(labels, [each.number for each in regions], source, label)
    check_memory(grid.array.size, [labels[i] for i in chosen], source)
    masks = [region_mask(regions[i], labels[i], like, grid, source) for i in chosen]
    return tuple(mask for each in masks for mask in each)


def regions_of(dataset: Dataset) -> list[Region]:
    """Every region of interest with its closed contours."""
    frame = str(dataset.get("FrameOfReferenceUID", ""))
    names = {int(each.ROINumber): each for each in dataset.StructureSetROISequence}
    regions = []
    for each in dataset.ROIContourSequence:
        number = int(each.ReferencedROINumber)
        closed = [c for c in each.get("ContourSequence", []) if str(c.ContourGeometricType) in CLOSED]
        points = [np.array(c.ContourData, float).reshape(-1, 3) for c in closed]
        if any(not np.isfinite(p).all() for p in points):
            raise ValueError("a contour with missing numbers")
        own = names.get(number, {})
        name, uid = str(own.get("ROIName", "")), str(own.get("ReferencedFrameOfReferenceUID", "") or frame)
        regions.append(Region(number, name, tuple(p for p in points if len(p) > 2), uid))
    return regions


def region_mask(region: Region, label: str, like: Volume | Series, grid: Volume, source: str) -> tuple[Mask, ...]:
    """The mask of one region on the grid."""
    told = {"frame_of_reference_uid": region.frame_of_reference_uid}
    check_frame(region.frame_of_reference_uid, like, label)
    planes = filled(region.contours, grid, source)
    found = marked([(label, planes)], source, notes=("filled from contours",), **told)
    return tuple(replace(each, volume=mask_on(each, grid)) for each in found)


def filled(contours: Sequence[Floats], grid: Volume, source: str) -> Volume:
    """The inside of contours on planes of the grid: its slices, or planes parallel to them."""
    index = [grid.to_index(points) for points in contours]
    axis = slice_axis(index, source)
    heights = np.array([points[:, axis].mean() for points in index])
    low, step = even_steps(heights, source)
    places = np.rint((heights - low) / step).astype(int)
    rest = [k for k in range(3) if k != axis]
    shape = checked_grid((int(places.max()) + 1, grid.shape[rest[0]], grid.shape[rest[1]]), source)
    array = np.zeros(shape, bool)
    drawn: set[bytes] = set()
    for place, points in zip(places, index, strict=True):
        outline = np.ascontiguousarray(points[:, rest])
        if (key := bytes([place % 256]) + outline.tobytes()) not in drawn:  # the same contour twice is no hole
            drawn.add(key)
            array[place] ^= inside(outline, shape[1:])
    moved = np.eye(4)[:, [axis, *rest, 3]]
    moved[axis, 0], moved[axis, 3] = step, low
    return Volume(array, np.asarray(grid.affine @ moved))


def slice_axis(contours: Sequence[Floats], source: str) -> int:
    """The axis of the array across which every contour stays on one height."""
    spread = np.max([np.ptp(points, axis=0) for points in contours], axis=0)
    axis = int(np.argmin(spread))
    if spread[axis] > TILT_LIMIT:
        message = "has contours on planes that are tilted against the slices of this image."
        raise refusal(source, f"{message} Name the image they were drawn on.")
    return axis


def even_steps(heights: Floats, source: str) -> tuple[float, float]:
    """The lowest height and the step between heights, in slices of the grid; exactly 1 from a slice where they fit."""
    nearest = np.rint(heights)
    if np.abs(heights - nearest).max() <= EVEN_LIMIT and touching(nearest):
        return float(nearest.min()), 1.0
    gaps = np.diff(np.unique(np.round(heights, 2)))
    step = float(gaps.min()) if gaps.size else 1.0
    if gaps.size and np.abs(gaps / step - np.rint(gaps / step)).max() > 2 * EVEN_LIMIT:
        raise refusal(source, "has contours at uneven distances. Export it with a contour on every slice of its image.")
    return float(heights.min()), step


def touching(heights: Floats) -> bool:
    """Whether two of the heights are neighbours, so that contours were drawn slice by slice (or on one slice only)."""
    gaps = np.diff(np.unique(heights))
    return not gaps.size or bool(gaps.min() == 1)


def inside(outline: Floats, shape: tuple[int, ...]) -> Array:
    """Pixels whose centre lies inside a polygon given in (row, column)."""
    from skimage import draw

    polygon: Any = draw.polygon  # its annotations are incomplete
    pixels = np.zeros(shape, bool)
    pixels[polygon(outline[:, 0], outline[:, 1], shape)] = True
    return pixels
