"""Which DICOM images does a mask or a measurement refer to, and where do their slices lie?

The headers are read anew from the files that a series came from: an object that refers to images has to repeat their
patient and study word for word, and nothing of that is kept in memory otherwise.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from osteon.anatomy import Floats, Volume
from osteon.errors import Fault, InputError
from osteon.imaging.series import Series

if TYPE_CHECKING:
    from pydicom import Dataset

OFF_GRID_MM = 0.1  # slices further from an even stack could not be told apart from misplaced ones
# Elements that DICOM asks of every object, if need be empty; de-identified images often lack some.
MAY_BE_EMPTY = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
)
HEADER_BYTES = 2**26  # of one image without its pixels; enhanced objects with thousands of frames take a tenth


@dataclass(frozen=True, slots=True, eq=False)
class Slices:
    """The images of one series by position: a header for each, or one header and the frame for each.

    `grid` has the axes slice, row, column; its array is empty (False).
    """

    headers: tuple[Dataset, ...]
    frames: tuple[int, ...]  # from 1; empty for one object a slice
    grid: Volume


def source_headers(series: Series, root: Path) -> tuple[Dataset, ...]:
    """The headers, without pixels, of all DICOM objects that a series was read from, in the order of its instances.

    Parameters
    ----------
    series
        As read; its instances name the files.
    root
        The folder, zip or file that was read.

    Raises
    ------
    InputError
        When the series is not DICOM, or its files are gone or have changed since.
    """
    if not series.instances:
        message = "comes from a file that is not DICOM: nothing can refer to it in DICOM. Save the mask as NIfTI."
        raise InputError(series.source or f"series {series.id}", [Fault("", message)])
    paths = dict.fromkeys((each.path, each.sop_instance_uid) for each in series.instances)
    return tuple(header_at(root, path, uid) for path, uid in paths)


def header_at(root: Path, path: str, uid: str) -> Dataset:
    """The header of one object, when it is still the one that was read."""
    from pydicom import dcmread

    try:
        header = dcmread(BytesIO(file_bytes(root, path)), stop_before_pixels=True, force=True)
        if str(header.get("SOPInstanceUID", "")) == uid:
            return header
    except (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, zipfile.BadZipFile):
        pass  # the same message as for a file that holds another image
    message = "is gone, unreadable or another image than when it was read. Read the images again."
    raise InputError(PurePosixPath(path).name, [Fault("", message)])


def file_bytes(root: Path, path: str) -> bytes:
    """The bytes of one file below a folder, inside a zip, or of the file itself."""
    if root.is_file() and zipfile.is_zipfile(root):
        with zipfile.ZipFile(root) as archive, archive.open(path) as member:
            return member.read()
    base = (root if root.is_dir() else root.parent).resolve()
    file = (base / path).resolve()
    if not file.is_relative_to(base):
        raise ValueError("outside the folder that was read")
    return file.read_bytes()


def slices_of(series: Series, headers: Sequence[Dataset]) -> Slices:
    """The slices of a series by position, with headers that are complete enough to refer to.

    Raises
    ------
    InputError
        When the headers are not those of one even stack with a frame of reference.
    """
    source = series.source or f"series {series.id}"
    faults = faults_of(headers)
    if faults:
        raise InputError(source, [Fault("", each) for each in faults])
    frames = tuple(n for each in series.instances for n in each.frames) if "NumberOfFrames" in headers[0] else ()
    places = [place(headers[0], n) for n in frames] if frames else [place(each, 0) for each in headers]
    order = np.argsort([position @ normal_of(places[0]) for position, _, _ in places], kind="stable")
    grid = grid_of([places[i] for i in order], headers[0])
    if grid is None:
        message = "has slices that are not an even stack: a mask on it would be misplaced. Write the mask as NIfTI."
        raise InputError(source, [Fault("", message)])
    if frames:
        chosen = tuple(frames[i] for i in order)
        return Slices((one_of_frames(headers[0], chosen, [places[i] for i in order], grid),), chosen, grid)
    return Slices(tuple(completed(headers[i], headers[order[0]], grid) for i in order), (), grid)


def faults_of(headers: Sequence[Dataset]) -> list[str]:
    """Why a series cannot be referred to."""
    if not headers:
        return ["has no DICOM images behind it: nothing can refer to it in DICOM. Save the mask as NIfTI."]
    faults = []
    if len(headers) > 1 and any("NumberOfFrames" in each for each in headers):
        faults.append("is spread over several multi-frame objects. Export it as one object, or as single slices.")
    if not all(each.get("FrameOfReferenceUID") for each in headers):
        faults.append("names no frame of reference, which a DICOM mask needs. Save the mask as NIfTI.")
    if len({(each.get("StudyInstanceUID"), each.get("SeriesInstanceUID")) for each in headers}) > 1:
        faults.append("mixes images of several series. Read the images again.")
    return faults


Place = tuple[Floats, Floats, Floats]  # position of the first pixel; row and column cosines; spacing of rows, columns


def place(header: Dataset, frame: int) -> Place:
    """Where one image, or one frame (from 1) of a multi-frame one, lies."""
    if not frame:
        values = header.ImagePositionPatient, header.ImageOrientationPatient, header.PixelSpacing
    else:
        own, shared = header.PerFrameFunctionalGroupsSequence[frame - 1], header.SharedFunctionalGroupsSequence[0]

        def group(name: str) -> Any:
            return (own if name in own else shared)[name][0]

        values = (
            group("PlanePositionSequence").ImagePositionPatient,
            group("PlaneOrientationSequence").ImageOrientationPatient,
            group("PixelMeasuresSequence").PixelSpacing,
        )
    position, cosines, spacing = (np.array(each, float) for each in values)
    return position, cosines, spacing


def normal_of(at: Place) -> Floats:
    """Unit vector across a slice."""
    return np.asarray(np.cross(at[1][:3], at[1][3:]))


def grid_of(places: Sequence[Place], header: Dataset) -> Volume | None:
    """The even stack of slices that the places make; None where they make none."""
    positions = np.array([position for position, _, _ in places])
    cosines = np.array([each for _, each, _ in places])
    first, count = places[0], len(places)
    if count > 1:
        step = (positions[-1] - positions[0]) / (count - 1)
    else:
        step = normal_of(first) * float(header.get("SpacingBetweenSlices") or header.get("SliceThickness") or 1.0)
    off = np.abs(positions - positions[0] - np.outer(np.arange(count), step)).max()
    aside = np.linalg.norm(step - normal_of(first) * (step @ normal_of(first))) * count
    if off > OFF_GRID_MM or aside > OFF_GRID_MM or np.ptp(cosines, axis=0).max() > 1e-3 or not step.any():
        return None
    affine = np.eye(4)
    affine[:3, 0] = step
    affine[:3, 1] = first[1][3:] * first[2][0]
    affine[:3, 2] = first[1][:3] * first[2][1]
    affine[:3, 3] = positions[0]
    return Volume(np.zeros((count, int(header.Rows), int(header.Columns)), bool), affine)


def completed(header: Dataset, first: Dataset, grid: Volume) -> Dataset:
    """A copy with the elements that references need: the measured distance of slices, and one direction for all."""
    copy = with_empty_elements(header)
    step = float(grid.spacing_mm[0])
    copy.SpacingBetweenSlices = f"{step:.6g}"
    copy.SliceThickness = header.get("SliceThickness") or f"{step:.6g}"
    copy.ImageOrientationPatient = first.ImageOrientationPatient
    return copy


def one_of_frames(header: Dataset, frames: Sequence[int], places: Sequence[Place], grid: Volume) -> Dataset:
    """A copy of a multi-frame header that holds the given frames only, with one direction and spacing for all."""
    from pydicom import Dataset

    copy = with_empty_elements(header)
    _, cosines, spacing = places[0]
    orientation, measures, shared = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = [f"{v:.9g}" for v in cosines]
    measures.PixelSpacing = [f"{v:.9g}" for v in spacing]
    measures.SliceThickness = measures.SpacingBetweenSlices = f"{grid.spacing_mm[0]:.6g}"
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    copy.SharedFunctionalGroupsSequence = [shared]
    copy.PerFrameFunctionalGroupsSequence = [frame_at(position) for position, _, _ in places]
    copy.NumberOfFrames = len(frames)
    return copy


def frame_at(position: Floats) -> Dataset:
    """The functional groups of one frame, of which references need the position only."""
    from pydicom import Dataset

    plane, groups = Dataset(), Dataset()
    plane.ImagePositionPatient = [f"{v:.9g}" for v in position]
    groups.PlanePositionSequence = [plane]
    return groups


def with_empty_elements(header: Dataset) -> Dataset:
    """A copy with the elements that may be empty but not missing."""
    copy = deepcopy(header)
    for keyword in MAY_BE_EMPTY:
        if keyword not in copy:
            setattr(copy, keyword, "")
    return copy
