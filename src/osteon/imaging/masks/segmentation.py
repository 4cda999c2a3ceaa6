"""Which masks does a DICOM Segmentation hold?

Its frames are slices of one grid in any order, some left out because they are empty; each belongs to one segment, or,
in a Label Map, holds the numbers of all segments. Geometry comes from the functional groups, never from the order.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from osteon.anatomy import Floats, Volume
from osteon.anatomy.volume import Array
from osteon.imaging.masks.dicom_file import dicom_damage_told
from osteon.imaging.masks.files import EmptyMaskError, check_memory, checked_grid, refusal
from osteon.imaging.masks.label_map import checked_affine, chosen_labels, marked
from osteon.imaging.masks.names import label_of, told_apart
from osteon.imaging.series import Mask

if TYPE_CHECKING:
    from pydicom import Dataset

HALF = 0.5  # a fraction from which a voxel counts as inside: the border runs where half a voxel is covered
OFF_GRID_MM = 0.1  # slices further from a straight, even stack than this would be misplaced by rounding them
RLE = "1.2.840.10008.1.2.5"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """What the header tells: one entry a frame in `position_mm` and `segment` (0 in a Label Map)."""

    kind: str  # BINARY, FRACTIONAL or LABELMAP
    rows: int
    columns: int
    position_mm: Floats
    segment: Array
    row_direction: Floats
    column_direction: Floats
    spacing_mm: tuple[float, float]  # between rows, between columns
    slice_step_mm: float  # as the header says; 0 where it does not
    slice_thickness_mm: float
    segments: tuple[tuple[int, str, str], ...]  # number, name, how it was made
    full_value: float  # the value of a voxel that is wholly inside
    author: str
    series_uid: str
    frame_of_reference_uid: str


def masks_of_segmentation(dataset: Dataset, source: str, label: str | None) -> tuple[Mask, ...]:
    """One mask for each segment that has voxels, on the grid of the segmentation's frames."""
    with dicom_damage_told(source, "a DICOM segmentation"):
        checked_grid(tuple(int(dataset.get(k, 1)) for k in ("NumberOfFrames", "Rows", "Columns")), source)
        frames = frames_of(dataset)
    slices, affine = stacked(frames, source)
    named = [each for each in frames.segments if each[0] > 0]
    labels = told_apart([label_of(name, number) for number, name, _ in named])
    chosen = chosen_labels(labels, [number for number, _, _ in named], source, label)
    shape = checked_grid((int(slices.max()) + 1, frames.rows, frames.columns), source)
    check_memory(int(np.prod(shape)), [labels[i] for i in chosen], source)
    arrays = {named[i][0]: np.zeros(shape, bool) for i in chosen}
    with dicom_damage_told(source, "a DICOM segmentation"):
        for k, pixels in enumerate(decoded(dataset, frames)):
            mark_frame(arrays, frames, k, slices[k], pixels)
    found = [i for i in chosen if arrays[named[i][0]].any()]
    if not found:
        raise EmptyMaskError(source)
    return tuple(
        mask
        for i in found
        for mask in one_segment(frames, named[i], labels[i], Volume(arrays[named[i][0]], affine), source)
    )


def one_segment(
    frames: Frames, segment: tuple[int, str, str], label: str, volume: Volume, source: str
) -> tuple[Mask, ...]:
    """The mask of one segment with what the object says about it."""
    told = {"series_uid": frames.series_uid, "frame_of_reference_uid": frames.frame_of_reference_uid}
    notes = (f"segmented {segment[2].lower()}",) if segment[2] else ()
    return marked([(label, volume)], source, frames.author, notes=notes, **told)


def mark_frame(arrays: dict[int, Array], frames: Frames, k: int, place: int, pixels: Array) -> None:
    """Add the voxels of one frame to the segments they belong to."""
    if frames.kind == "LABELMAP":
        for number, array in arrays.items():
            array[place] |= pixels == number
    elif int(frames.segment[k]) in arrays:
        arrays[int(frames.segment[k])][place] |= pixels >= HALF * frames.full_value


def frames_of(dataset: Dataset) -> Frames:
    """The header's facts; raises what the library raises when one is missing or of the wrong kind."""
    count, kind = int(dataset.get("NumberOfFrames", 1)), str(dataset.SegmentationType)
    full_value = float(dataset.MaximumFractionalValue) if kind == "FRACTIONAL" else 1.0
    if count > max(1, len(dataset.get("PerFrameFunctionalGroupsSequence") or [])) or full_value <= 0:
        raise ValueError("frames without a place, or fractions of nothing")
    groups = [Groups(dataset, k) for k in range(count)]
    cosines = np.array([each.item("PlaneOrientationSequence").ImageOrientationPatient for each in groups], float)
    measures = [each.item("PixelMeasuresSequence") for each in groups]
    spacing = np.array([each.PixelSpacing for each in measures], float)
    position = np.array([each.item("PlanePositionSequence").ImagePositionPatient for each in groups], float)
    if (cosines.shape[1:], spacing.shape[1:], position.shape[1:]) != ((6,), (2,), (3,)):
        raise ValueError("a place or direction with too few numbers")
    if np.ptp(cosines, axis=0).max() > 1e-3 or np.ptp(spacing, axis=0).max() > 1e-3:
        raise ValueError("frames in different directions or sizes")
    lengths = np.linalg.norm(cosines.reshape(-1, 3), axis=1)
    if not np.isfinite(position).all() or not np.abs(lengths - 1).max() < 1e-2:
        raise ValueError("a place or direction that is none")
    series = dataset.get("ReferencedSeriesSequence") or [{}]
    return Frames(
        kind=kind,
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        position_mm=position,
        segment=np.array([0 if kind == "LABELMAP" else each.segment() for each in groups]),
        row_direction=cosines[0, :3],
        column_direction=cosines[0, 3:],
        spacing_mm=(float(spacing[0, 0]), float(spacing[0, 1])),
        slice_step_mm=abs(float(measures[0].get("SpacingBetweenSlices") or 0.0)),
        slice_thickness_mm=abs(float(measures[0].get("SliceThickness") or 0.0)),
        segments=tuple(
            (int(each.SegmentNumber), str(each.get("SegmentLabel", "")), str(each.get("SegmentAlgorithmType", "")))
            for each in dataset.SegmentSequence
        ),
        full_value=full_value,
        author=str(dataset.get("ContentCreatorName", "") or ""),
        series_uid=str(series[0].get("SeriesInstanceUID", "")),
        frame_of_reference_uid=str(dataset.get("FrameOfReferenceUID", "")),
    )


@dataclass(frozen=True, slots=True)
class Groups:
    """The functional groups of one frame: its own, and behind them those that all frames share."""

    dataset: Dataset
    frame: int

    def item(self, name: str) -> Any:
        """The only item of one functional group."""
        own = self.dataset.get("PerFrameFunctionalGroupsSequence") or []
        if self.frame < len(own) and name in own[self.frame]:
            return own[self.frame][name][0]
        return self.dataset.SharedFunctionalGroupsSequence[0][name][0]

    def segment(self) -> int:
        """The number of the segment that the frame belongs to."""
        return int(self.item("SegmentIdentificationSequence").ReferencedSegmentNumber)


def stacked(frames: Frames, source: str) -> tuple[Array, Floats]:
    """For each frame its slice on the grid, and the grid's affine: index (slice, row, column) to LPS.

    Raises
    ------
    InputError
        When the frames are not slices of one even, straight stack.
    """
    normal = np.cross(frames.row_direction, frames.column_direction)
    along = frames.position_mm @ normal
    step = slice_step(along, frames)
    if not np.isfinite(step) or step <= 0 or min(frames.spacing_mm) <= 0:
        raise refusal(source, "does not tell the distance between its slices or pixels. Export it with its image.")
    slices = np.rint((along - along.min()) / step)
    first = frames.position_mm[int(np.argmin(along))]
    off = np.linalg.norm(frames.position_mm - first - np.outer(slices * step, normal), axis=1).max()
    if not off <= OFF_GRID_MM:
        message = f"has slices up to {off:.1f} mm off an even, straight stack. Resample it onto its image first."
        raise refusal(source, message)
    affine = np.eye(4)
    affine[:3, 0] = normal * step
    affine[:3, 1] = frames.column_direction * frames.spacing_mm[0]
    affine[:3, 2] = frames.row_direction * frames.spacing_mm[1]
    affine[:3, 3] = first
    return slices.astype(int), checked_affine(affine, source)


def slice_step(along: Floats, frames: Frames) -> float:
    """The distance between slices: what the header states where that fits the frames, or else the smallest one seen.

    The header is needed where empty frames were left out; some writers leave it out, others state a wrong one.
    """
    gaps = np.diff(np.sort(along))
    gaps = gaps[gaps > OFF_GRID_MM / 2]  # frames of several segments share a place, give or take its rounding
    if not gaps.size:
        return frames.slice_step_mm or frames.slice_thickness_mm
    for step in (frames.slice_step_mm, float(gaps.min())):
        counts = np.rint(gaps / step) if step > 0 else np.zeros_like(gaps)
        if counts.any() and np.abs(gaps - counts * step).max() <= OFF_GRID_MM:
            return float(gaps.sum() / counts.sum())
    return float(gaps.min())


def decoded(dataset: Dataset, frames: Frames) -> Iterator[Array]:
    """The pixels of each frame, shape (rows, columns)."""
    syntax = getattr(dataset, "file_meta", {}).get("TransferSyntaxUID", "")
    shape = (len(frames.segment), frames.rows, frames.columns)
    one_bit = int(dataset.get("BitsAllocated", 1)) == 1
    if syntax == DEFLATED_FRAMES or (syntax == RLE and one_bit):
        return unpacked(dataset, shape, one_bit, rle=syntax == RLE)
    if one_bit and not getattr(syntax, "is_compressed", False):
        return native_bits(dataset.PixelData, shape)
    from pydicom.pixels.utils import iter_pixels

    return iter(iter_pixels(dataset, raw=True))


def native_bits(data: bytes, shape: tuple[int, int, int]) -> Iterator[Array]:
    """Frames of one bit a pixel, packed without a gap between frames, lowest bit first."""
    size = shape[1] * shape[2]
    if len(data) * 8 < size * shape[0]:
        raise ValueError("fewer bits than pixels")
    packed = np.frombuffer(data, np.uint8)
    for k in range(shape[0]):
        first = k * size
        bits = np.unpackbits(packed[first // 8 : (first + size + 7) // 8], bitorder="little")
        yield bits[first % 8 : first % 8 + size].reshape(shape[1:])


def unpacked(dataset: Dataset, shape: tuple[int, int, int], one_bit: bool, rle: bool) -> Iterator[Array]:
    """Frames that were each packed on their own by a method that pydicom does not undo."""
    from pydicom.encaps import generate_frames

    size = shape[1] * shape[2]
    wide = 1 if one_bit else int(dataset.BitsAllocated) // 8
    for packed in generate_frames(dataset.PixelData, number_of_frames=shape[0]):
        data = run_lengths(packed, size) if rle else zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size * wide)
        if one_bit and len(data) < size:
            bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little", count=size)
            yield bits.reshape(shape[1:])
        else:
            yield np.frombuffer(data, f"<u{wide}", count=size).reshape(shape[1:])


def run_lengths(data: bytes, most: int) -> bytes:
    r"""The bytes of the only segment of an RLE frame (PackBits behind a head of 64 bytes), `most` at most.

    Examples
    --------
    >>> run_lengths(bytes([1, 0, 0, 0, 64] + [0] * 59) + b"\xfeA\x01BC", 100)
    b'AAABC'
    """
    out, at = bytearray(), 64
    while at < len(data) - 1 and len(out) < most:
        run = data[at]
        if run < 128:
            out += data[at + 1 : at + 2 + run]
            at += run + 2
        else:
            out += data[at + 1 : at + 2] * (257 - run if run > 128 else 0)
            at += 2 if run > 128 else 1
    return bytes(out[:most])
