"""What does the header of one DICOM object say of each of its images?

Read without the pixels. A classic object is one frame, an enhanced one many; from here on both look the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from osteon.anatomy import Side
from osteon.anatomy.volume import Floats
from osteon.errors import printable
from osteon.imaging.read import limits
from osteon.imaging.read.attributes import (
    ORIGINALS,
    Chain,
    first,
    found,
    integer,
    number_of,
    numbers,
    sources,
    text,
)
from osteon.imaging.read.files import Member
from osteon.imaging.read.limits import Budget, Unreadable, broken_dicom
from osteon.imaging.read.unpacked import CountedBytes, dicom_bytes
from osteon.imaging.series import Kind

if TYPE_CHECKING:
    from pydicom import Dataset

# SOP classes by UID (DICOM PS3.4 annex B.5, PS3.6 annex A): classic, enhanced and legacy converted images.
IMAGES: dict[str, Kind] = {
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.2.1": "CT",
    "1.2.840.10008.5.1.4.1.1.2.2": "CT",
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.4.1": "MR",
    "1.2.840.10008.5.1.4.1.1.4.4": "MR",
}
# Segmentation, Label Map Segmentation, RT Structure Set.
MASKS = {
    "1.2.840.10008.5.1.4.1.1.66.4",
    "1.2.840.10008.5.1.4.1.1.66.7",
    "1.2.840.10008.5.1.4.1.1.481.3",
}
DICOMDIR = "1.2.840.10008.1.3.10"
NATIVE = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"}

TOP_LEVEL = [
    *["SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"],
    *["FrameOfReferenceUID", "PatientID", "PatientName", "PatientBirthDate", "Modality", "SeriesNumber"],
    *["SeriesDescription", "ProtocolName", "SequenceName", "PulseSequenceName", "ScanningSequence", "ScanOptions"],
    *["EchoPulseSequence", "InversionRecovery", "InversionTime", "InversionTimes", "RepetitionTime", "EchoTime"],
    *["AcquisitionContrast", "ImageType", "ComplexImageComponent", "Laterality", "ImageLaterality", "FlipAngle"],
    *["SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames", "Rows", "Columns", "BitsAllocated"],
    *["BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit", "PixelSpacing"],
    *["ImagePositionPatient", "ImageOrientationPatient", "SliceThickness", "RescaleSlope", "RescaleIntercept"],
    *["RescaleType", "ModalityLUTSequence", "DiffusionBValue", "DiffusionGradientOrientation", "TriggerTime"],
    *["TemporalPositionIdentifier", "AcquisitionNumber", "AcquisitionTime", "ContentTime"],
    *["ReferencedFrameOfReferenceSequence", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"],
]
EMBEDDED_OVERLAY = 0x60000102  # OverlayBitPosition: old files keep drawings in the unused high bits of the pixels
B_VALUES = ((0x0019, 0x100C), (0x0043, 0x1039))  # private places of the b-value: Siemens, GE

# Attributes by which images at one place are told apart, in the order they are tried (see stacks).
SPLIT_BY = (
    *("in-plane place", "image type", "b-value", "diffusion direction", "temporal position", "acquisition number"),
    *("inversion time", "flip angle", "trigger time", "stack", "acquisition time", "content time"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Header:
    """One MR or CT object: who, which series, how its pixels are stored.

    `pixels_at` is the offset of the pixel data element in the file, and `file_bytes` the file's size; both of the
    inflated file for the deflated syntax, which then counts as plain.
    `person` is (id, name, birth date) and never leaves this package.
    """

    member: Member
    kind: Kind
    sop_class_uid: str
    sop_instance_uid: str
    study_uid: str
    series_uid: str
    series_number: int
    frame_of_reference_uid: str
    description: str
    person: tuple[str, str, str]
    transfer_syntax: str
    pixels_at: int
    file_bytes: int
    frames: int
    rows: int
    columns: int
    bits: int
    bits_stored: int
    signed: bool
    inverted: bool  # MONOCHROME1: the lowest value is shown white
    overlay_bits: bool
    padding: tuple[int, int] | None
    lut: Dataset | None


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One image: where it lies (LPS mm), what its values mean, and what tells it from others at the same place.

    `position_mm` is the centre of its first pixel; `along_row` and `along_column` are unit vectors; `spacing_mm` is the
    distance between rows and between columns. `number` counts from 1 in enhanced objects and is 0 in classic ones.
    """

    header: Header
    number: int
    position_mm: Floats
    along_row: Floats
    along_column: Floats
    spacing_mm: tuple[float, float]
    thickness_mm: float | None
    slope: float
    intercept: float
    units: str  # RescaleType
    echo_time_ms: float | None
    repetition_time_ms: float | None
    laterality: Side | None
    words: MrWords
    split: tuple[str, ...]  # in the order of SPLIT_BY


@dataclass(frozen=True, slots=True)
class MrWords:
    """What the header says of the weighting."""

    text: str  # description, protocol and sequence names
    contrast: str
    sequence: frozenset[str]
    options: frozenset[str]
    inversion_time_ms: float | None


@dataclass(frozen=True, slots=True)
class MaskFile:
    """A segmentation or structure set: whose, and the series and frames of reference that it names."""

    member: Member
    person: tuple[str, str, str]
    refers: frozenset[str] = frozenset()


def read_header(member: Member, budget: Budget) -> tuple[Frame, ...] | MaskFile | None:
    """All images of one DICOM object; a MaskFile for SEG and RTSTRUCT; None for the index of a medium.

    Raises
    ------
    Unreadable
        For everything else, with the reason and what to send.
    """
    import pydicom

    data = dicom_bytes(member, limits.MAX_HEADER_BYTES)
    stream = CountedBytes(data, budget)
    try:
        tags: list[Any] = [*TOP_LEVEL, EMBEDDED_OVERLAY, *B_VALUES]
        dataset = pydicom.dcmread(stream, force=True, stop_before_pixels=True, specific_tags=tags)
        # A header may have been read in part; then an inflated file is longer than can be told here.
        cut_inflated = len(data) == limits.MAX_HEADER_BYTES > member.size
        size = limits.MAX_FILE_BYTES if cut_inflated else max(len(data), member.size)
        return frames_of(dataset, member, (stream.tell(), size))
    except broken_dicom():
        message = "has a DICOM header that is damaged or cut off. Copy it again from the archive."
        raise Unreadable(message) from None


def frames_of(dataset: Dataset, member: Member, place: tuple[int, int]) -> tuple[Frame, ...] | MaskFile | None:
    """Sorts one object by its class and reads its frames."""
    sop_class = text(dataset, "SOPClassUID") or str(dataset.file_meta.get("MediaStorageSOPClassUID", ""))
    if sop_class == DICOMDIR:
        return None
    if sop_class in MASKS:
        return MaskFile(member, person_of(dataset), frozenset(references(dataset)))
    if sop_class not in IMAGES:
        raise Unreadable(f"{class_in_words(sop_class)} Send the MR or CT images.")
    header = header_of(dataset, member, sop_class, place)
    items = list(sources(dataset, header.frames))
    missing = sorted({name for chain in items for name in GEOMETRY if found(chain, name) is None})
    if missing:
        raise Unreadable(f"does not say where it lies in the patient: no {', '.join(missing)}. {ORIGINALS}")
    enhanced = len(items) > 1 or "PerFrameFunctionalGroupsSequence" in dataset
    return tuple(frame_of(chain, header, k + 1 if enhanced else 0) for k, chain in enumerate(items))


def references(dataset: Dataset) -> Iterator[str]:
    """The series and frames of reference that a structure set was drawn on, at whatever depth they are named."""
    for name in ("FrameOfReferenceUID", "SeriesInstanceUID"):
        if dataset.get(name):
            yield str(dataset[name].value)
    for name in ("ReferencedFrameOfReferenceSequence", "RTReferencedStudySequence", "RTReferencedSeriesSequence"):
        for item in dataset.get(name) or []:
            yield from references(item)


GEOMETRY = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")


def class_in_words(sop_class: str) -> str:
    """What an object is that is no MR or CT image."""
    from pydicom.uid import UID

    if not sop_class:
        return "is a DICOM file that does not say what it holds."
    name = UID(sop_class).name if sop_class.startswith("1.2.840.10008.") else ""
    return f"is not an MR or CT image but: {name}." if name and name != sop_class else "is of a private DICOM class."


def header_of(dataset: Dataset, member: Member, sop_class: str, place: tuple[int, int]) -> Header:
    """The attributes that hold for the whole object, after it was found to be one grey image of a sane size."""
    photometric = text(dataset, "PhotometricInterpretation")
    if not photometric:
        raise Unreadable("has no pixels. Copy it again from the archive.")
    if integer(dataset, "SamplesPerPixel", 1) != 1 or not photometric.startswith("MONOCHROME"):
        raise Unreadable(f"is a colour picture, not measured values. {ORIGINALS}")
    if "MOSAIC" in text(dataset, "ImageType").upper():
        raise Unreadable("is a mosaic of slices in one picture. Send an ordinary series, not a functional one.")
    header = Header(
        member=member,
        kind=IMAGES[sop_class],
        sop_class_uid=sop_class,
        sop_instance_uid=text(dataset, "SOPInstanceUID"),
        study_uid=text(dataset, "StudyInstanceUID"),
        series_uid=text(dataset, "SeriesInstanceUID"),
        series_number=integer(dataset, "SeriesNumber", 0),
        frame_of_reference_uid=text(dataset, "FrameOfReferenceUID"),
        description=printable(text(dataset, "SeriesDescription") or text(dataset, "ProtocolName"))[:64],
        person=person_of(dataset),
        transfer_syntax=transfer_syntax_of(dataset),
        pixels_at=place[0],
        file_bytes=place[1],
        frames=max(1, integer(dataset, "NumberOfFrames", 1)),
        rows=integer(dataset, "Rows", 0),
        columns=integer(dataset, "Columns", 0),
        bits=integer(dataset, "BitsAllocated", 0),
        bits_stored=integer(dataset, "BitsStored", integer(dataset, "BitsAllocated", 0)),
        signed=integer(dataset, "PixelRepresentation", 0) == 1,
        inverted=photometric == "MONOCHROME1",
        overlay_bits=EMBEDDED_OVERLAY in dataset and int(dataset[EMBEDDED_OVERLAY].value or 0) > 0,
        padding=padding_of(dataset),
        lut=dataset if dataset.get("ModalityLUTSequence") else None,
    )
    check_size(header, integer(dataset, "HighBit", header.bits_stored - 1))
    return header


def transfer_syntax_of(dataset: Dataset) -> str:
    """How the file is written; worked out by the parser where the file does not say."""
    named = str(dataset.file_meta.get("TransferSyntaxUID", ""))
    if named:
        return named
    implicit, little = dataset.original_encoding
    if implicit:
        return "1.2.840.10008.1.2"
    return "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2"


def check_size(header: Header, high_bit: int) -> None:
    """Compares what the header declares with the limits and with the file, before any memory is asked for."""
    if min(header.rows, header.columns) < 1:
        raise Unreadable(f"says that it has {header.rows} rows and {header.columns} columns. {ORIGINALS}")
    if header.bits not in (8, 16, 32) or not 1 <= header.bits_stored <= header.bits:
        raise Unreadable(f"stores {header.bits_stored} of {header.bits} bits; 8, 16 and 32 are read. {ORIGINALS}")
    if high_bit != header.bits_stored - 1:
        raise Unreadable(f"keeps its values in the upper bits (HighBit {high_bit}), as no scanner does. {ORIGINALS}")
    voxels = header.rows * header.columns * header.frames
    if voxels > limits.MAX_VOXELS:
        message = f"says that it has {voxels / 1e6:,.0f} million voxels; {limits.MAX_VOXELS / 1e6:,.0f} are read."
        raise Unreadable(f"{message} Send the series of the hip only.")
    if header.pixels_at >= min(header.file_bytes, limits.MAX_HEADER_BYTES):
        raise Unreadable("has no pixels, or is cut off before them. Copy it again from the archive.")
    needed, there = voxels * header.bits // 8, header.file_bytes - header.pixels_at
    if header.transfer_syntax in NATIVE and there < needed:
        message = f"is cut off: {needed:,} bytes of pixels are declared, {there:,} are there."
        raise Unreadable(f"{message} Copy it again from the archive.")


def person_of(dataset: Dataset) -> tuple[str, str, str]:
    """Identifier, name and date of birth, spelled alike whoever wrote them; "" where not given."""
    name = text(dataset, "PatientName").split("=")[0].upper().replace("^", " ").replace(",", " ")
    return text(dataset, "PatientID").upper(), " ".join(name.split()), text(dataset, "PatientBirthDate")


def padding_of(dataset: Dataset) -> tuple[int, int] | None:
    """Lowest and highest stored value that stands for "outside the image", as the pixels' own type would show it."""
    ends = [dataset.get(name) for name in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    values = [int(end) for end in ends if end is not None and not isinstance(end, bytes | str)]
    if not values or ends[0] is None:
        return None
    if integer(dataset, "PixelRepresentation", 0) == 1:  # an unsigned number written for signed pixels
        bits = integer(dataset, "BitsAllocated", 16)
        values = [value - (1 << bits) if value >= 1 << (bits - 1) else value for value in values]
    return min(values), max(values)


def frame_of(chain: Chain, header: Header, number: int) -> Frame:
    """One image of the object."""
    position = numbers(chain, "ImagePositionPatient", 3)
    along_row, along_column = directions(numbers(chain, "ImageOrientationPatient", 6))
    between_rows, between_columns = (float(value) for value in numbers(chain, "PixelSpacing", 2))
    # Voxels of a clinical image have 0.05 to 20 mm; the limits keep out zeros and units mixed up.
    if not (0.01 <= between_rows <= 50 and 0.01 <= between_columns <= 50):
        raise Unreadable(f"has pixels of {between_rows:g} x {between_columns:g} mm; 0.01 to 50 are read. {ORIGINALS}")
    slope, intercept = number_of(chain, "RescaleSlope"), number_of(chain, "RescaleIntercept")
    if slope == 0:
        raise Unreadable(f"has a RescaleSlope of 0, so that its values are lost. {ORIGINALS}")
    return Frame(
        header=header,
        number=number,
        position_mm=position,
        along_row=along_row,
        along_column=along_column,
        spacing_mm=(between_rows, between_columns),
        thickness_mm=number_of(chain, "SliceThickness"),
        slope=1.0 if slope is None else slope,
        intercept=intercept or 0.0,
        units=str(found(chain, "RescaleType") or ("" if slope is None else "HU" if header.kind == "CT" else "US")),
        echo_time_ms=number_of(chain, "EffectiveEchoTime", "EchoTime"),
        repetition_time_ms=number_of(chain, "RepetitionTime"),
        laterality=laterality_of(found(chain, "FrameLaterality", "ImageLaterality", "Laterality")),
        words=words_of(chain),
        split=split_of(chain, position, along_row, along_column),
    )


def directions(orientation: Floats) -> tuple[Floats, Floats]:
    """Unit vectors along a row and along a column, made exactly perpendicular."""
    row, column = orientation[:3], orientation[3:]
    # Headers round to 3 digits or more; a larger error is no rounding.
    lengths = float(np.linalg.norm(row)), float(np.linalg.norm(column))
    if max(abs(lengths[0] - 1), abs(lengths[1] - 1), abs(float(row @ column))) > 2e-3:
        raise Unreadable(f"has rows and columns that are not at right angles (ImageOrientationPatient). {ORIGINALS}")
    row = row / lengths[0]
    column = column - row * (row @ column)
    return row, column / np.linalg.norm(column)


def laterality_of(letter: Any) -> Side | None:
    """L or R; both sides and none are not known."""
    sides: dict[str, Side] = {"L": "left", "R": "right"}
    return sides.get(str(letter).strip().upper())


def words_of(chain: Chain) -> MrWords:
    """What is said of the weighting, all in upper case."""
    names = ("SeriesDescription", "ProtocolName", "SequenceName", "PulseSequenceName")
    sequence = listed(found(chain, "ScanningSequence")) | listed(found(chain, "EchoPulseSequence"))
    if str(found(chain, "InversionRecovery")).upper() == "YES":
        sequence |= {"IR"}
    return MrWords(
        text=" ".join(str(found(chain, name) or "") for name in names).upper(),
        contrast=str(found(chain, "AcquisitionContrast") or "").upper(),
        sequence=sequence,
        options=listed(found(chain, "ScanOptions")),
        inversion_time_ms=number_of(chain, "InversionTime", "InversionTimes"),
    )


def listed(value: Any) -> frozenset[str]:
    """One word or several, in upper case."""
    words = [value] if isinstance(value, str) else list(value or [])
    return frozenset(str(word).strip().upper() for word in words)


def split_of(chain: Chain, position: Floats, along_row: Floats, along_column: Floats) -> tuple[str, ...]:
    """The values of SPLIT_BY as words that can be compared."""
    across = f"{round(float(position @ along_row))} {round(float(position @ along_column))}"
    private = [place[tag].value for place in chain for tag in B_VALUES if tag in place]
    b_value = found(chain, "DiffusionBValue") or (private[0] if private else None)
    direction = found(chain, "DiffusionGradientOrientation")
    image_type = [str(found(chain, name) or "") for name in ("FrameType", "ImageType", "ComplexImageComponent")]
    rest = (
        found(chain, "TemporalPositionIndex", "TemporalPositionIdentifier"),
        found(chain, "FrameAcquisitionNumber", "AcquisitionNumber"),
        found(chain, "InversionTime", "InversionTimes"),
        found(chain, "FlipAngle"),
        found(chain, "NominalCardiacTriggerDelayTime", "TriggerTime"),
        found(chain, "StackID"),
        found(chain, "FrameAcquisitionDateTime", "AcquisitionTime"),
        found(chain, "ContentTime"),
    )
    return tuple(str(value) for value in (across, image_type, first(b_value), direction, *rest))
