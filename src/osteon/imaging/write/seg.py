"""What are the bytes of masks as a DICOM Segmentation?

Written so that the widest range of readers places it right: binary, a frame for every slice of the series also where a
segment is empty there, on the very grid of the images, with the distance of the slices stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from osteon.anatomy import Side
from osteon.anatomy.volume import Array
from osteon.errors import Fault, InputError
from osteon.imaging.masks import mask_on
from osteon.imaging.series import Mask, Series
from osteon.imaging.write.codes import code, segment_codes, side_of_label, table
from osteon.imaging.write.source import Slices, slices_of
from osteon.imaging.write.stamp import Stamp
from osteon.version import __version__

if TYPE_CHECKING:
    from highdicom.seg import SegmentDescription
    from pydicom import Dataset

SERIES_NUMBER = 9001  # far above the numbers that scanners give
MANUFACTURER = "Osteon"
UTF_8 = "ISO_IR 192"

# How a mask came about, as DICOM calls it. What was imported is nobody's claim: at least a person chose it.
ALGORITHM_TYPES = {
    "drawn": "MANUAL",
    "automatic": "AUTOMATIC",
    "corrected": "SEMIAUTOMATIC",
    "imported": "SEMIAUTOMATIC",
}
FAMILY = ["123104", "DCM", "Morphological Operations"]  # CID 7162


@dataclass(frozen=True, slots=True)
class Layout:
    """How segments are stored: one bit each, which every reader knows, or one number a voxel."""

    kind: str
    syntax: str = "1.2.840.10008.1.2.1"  # uncompressed: compressed one-bit frames stop most readers


BINARY = Layout("BINARY")
LABEL_MAP = Layout("LABELMAP")


def seg_bytes(
    masks: Sequence[Mask],
    series: Series,
    headers: Sequence[Dataset],
    stamp: Stamp,
    *,
    side: Side | None = None,
    label_map: bool = False,
) -> bytes:
    """The content of a DICOM Segmentation file that holds the masks as segments, in the order given.

    Parameters
    ----------
    masks
        At least one, each with a voxel; on any grid that lies on the series.
    series
        The series that was segmented; its instances are referred to.
    headers
        Of its DICOM objects, from `source_headers`.
    stamp
        Time and seed of the identifiers.
    side
        The hip, for segments whose label names no side.
    label_map
        Write a Label Map Segmentation, where each voxel has one number: voxels of several segments then belong to
        the smallest of them, and the other segments' descriptions say so. Few readers know it yet.

    Raises
    ------
    InputError
        With every mask that is empty or does not lie on the series, or when the series cannot be referred to.
    """
    import warnings

    from highdicom.seg import Segmentation

    slices = slices_of(series, headers)
    arrays = placed(masks, series, slices)
    parts = described(masks, arrays, stamp, side, overlapping_told=label_map)
    layout = LABEL_MAP if label_map else BINARY
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of odd but legal values in other makers' headers
        written = Segmentation(
            source_images=slices.headers,
            pixel_array=smallest_wins(arrays) if label_map else np.stack(arrays, axis=-1).astype(np.uint8),
            segmentation_type=layout.kind,
            segment_descriptions=parts,
            series_instance_uid=stamp.uid(f"seg series {series.series_uid} {layout.kind}"),
            series_number=SERIES_NUMBER,
            sop_instance_uid=stamp.uid(f"seg {series.series_uid} {series.id} {layout.kind}"),
            instance_number=1,
            transfer_syntax_uid=layout.syntax,
            omit_empty_frames=False,
            content_label="OSTEON",
            content_description="Segments of the hip",
            content_creator_name=creator(masks),
            **equipment(stamp, slices, [mask.author for mask in masks]),
        )
    finish(written, stamp, series, slices)
    return saved(written)


def equipment(stamp: Stamp, slices: Slices, texts: Iterable[str]) -> dict[str, Any]:
    """What every object says about the program that wrote it, when, and in which characters."""
    return {
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MANUFACTURER,
        "software_versions": __version__,
        "device_serial_number": __version__,
        "content_date": stamp.at.date(),
        "content_time": stamp.at.time().replace(tzinfo=None),
        "series_date": stamp.at.date(),
        "series_time": stamp.at.time().replace(tzinfo=None),
        "specific_character_set": character_set(slices.headers[0], texts),
    }


def character_set(header: Dataset, texts: Iterable[str]) -> str | None:
    """The characters of the images where they suffice for all texts, so that names stay the same bytes; or UTF-8."""
    from pydicom.charset import python_encoding

    stated = header.get("SpecificCharacterSet") or ""
    encoding = python_encoding.get(stated) if isinstance(stated, str) else None
    try:
        "".join(texts).encode(encoding if encoding and stated else "ascii")
    except UnicodeEncodeError:
        return UTF_8
    if encoding is None:
        return UTF_8  # several sets joined by escapes, as in Japan, which not every program follows
    return stated or None


def placed(masks: Sequence[Mask], series: Series, slices: Slices) -> list[Array]:
    """Every mask on the grid of the images.

    Raises
    ------
    InputError
        With every mask that is empty or lies elsewhere.
    """
    on = replace(series, volume=slices.grid, frame_of_reference_uid=str(slices.headers[0].FrameOfReferenceUID))
    arrays, faults = [], []
    for mask in masks:
        try:
            arrays.append(mask_on(mask, on).array)
        except InputError as wrong:
            faults += [Fault(mask.label, fault.message) for fault in wrong.faults]
            continue
        if not arrays[-1].any():
            faults.append(
                Fault(mask.label, "has no voxel on this series. Leave it out: an empty segment says nothing.")
            )
    if not masks:
        faults.append(Fault("", "holds no mask. Give at least one."))
    if faults:
        raise InputError("DICOM segmentation", faults)
    return arrays


def described(
    masks: Sequence[Mask], arrays: Sequence[Array], stamp: Stamp, side: Side | None, overlapping_told: bool
) -> list[SegmentDescription]:
    """What each segment is, where, and how it came about."""
    parts = []
    for number, (mask, array) in enumerate(zip(masks, arrays, strict=True), start=1):
        part = segment_description(number, mask, stamp, side_of_label(mask.label) or side)
        if overlapping_told:
            inner = [other.label for other, held in zip(masks, arrays, strict=True) if wins(held, array)]
            part.SegmentDescription = f"Without the voxels of: {', '.join(inner)}"[:1024] if inner else "All its voxels"
        parts.append(part)
    return parts


def segment_description(number: int, mask: Mask, stamp: Stamp, side: Side | None) -> SegmentDescription:
    """One segment: label, codes, colour, algorithm."""
    from highdicom.color import CIELabColor
    from highdicom.content import AlgorithmIdentificationSequence
    from highdicom.seg import SegmentDescription

    entry = segment_codes(mask.label)
    kind = ALGORITHM_TYPES.get(mask.method, "SEMIAUTOMATIC")
    name = "imported mask" if mask.method == "imported" else (mask.author or MANUFACTURER)
    automatic = AlgorithmIdentificationSequence(name[:64], code(FAMILY), __version__, source=MANUFACTURER)
    part = SegmentDescription(
        segment_number=number,
        segment_label=mask.label[:64],
        segmented_property_category=code(entry["category"]),
        segmented_property_type=code(entry["type"]),
        algorithm_type=kind,
        algorithm_identification=None if kind == "MANUAL" else automatic,
        tracking_uid=stamp.uid(f"segment {number} {mask.label}"),
        tracking_id=mask.label[:64],
        anatomic_regions=[code(entry["site"])] if "site" in entry else None,
        display_color=CIELabColor.from_rgb(*entry["rgb"]),
    )
    if side:
        laterality = as_item(code(table()["side"][side]))
        if "site" in entry:
            part.AnatomicRegionSequence[0].AnatomicRegionModifierSequence = [laterality]
        else:
            part.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [laterality]
    return part


def as_item(value: Any) -> Dataset:
    """A code as an item of a sequence."""
    from highdicom.sr.coding import CodedConcept

    return CodedConcept.from_code(value)


def wins(one: Array, other: Array) -> bool:
    """Whether voxels that two segments share go to `one`: the smaller."""
    return one is not other and bool(one.sum() < other.sum()) and bool((one & other).any())


def smallest_wins(arrays: Sequence[Array]) -> Array:
    """The number of the smallest segment that holds each voxel, 0 for none.

    Raises
    ------
    InputError
        When smaller segments leave nothing of one.
    """
    numbers = np.zeros(arrays[0].shape, np.uint8)
    for i in sorted(range(len(arrays)), key=lambda i: int(arrays[i].sum()), reverse=True):
        numbers[arrays[i]] = i + 1
    lost = [i + 1 for i in range(len(arrays)) if not (numbers == i + 1).any()]
    if lost:
        message = "lies wholly inside smaller ones, so that a label map cannot hold it. Write a binary segmentation."
        raise InputError("DICOM segmentation", [Fault(f"segment {number}", message) for number in lost])
    return numbers


def creator(masks: Sequence[Mask]) -> str:
    """The person who drew or corrected the first mask that a person had a hand in, as DICOM writes names."""
    names = [mask.author for mask in masks if mask.method in ("drawn", "corrected") and mask.author]
    return (names[0].translate(str.maketrans("\\=", "  "))[:63] + ("" if "^" in names[0] else "^")) if names else ""


def finish(written: Dataset, stamp: Stamp, series: Series, slices: Slices) -> None:
    """Put what the library takes from clocks and dice under the stamp, and the frames' true numbers into references."""
    organization = stamp.uid(f"dimensions {series.series_uid} {series.id}")
    written.DimensionOrganizationSequence[0].DimensionOrganizationUID = organization
    for index in written.DimensionIndexSequence:
        index.DimensionOrganizationUID = organization
    under_stamp(written, stamp)
    if slices.frames:
        groups = written.PerFrameFunctionalGroupsSequence
        sources = [source for each in groups for source in each.DerivationImageSequence[0].SourceImageSequence]
        # Frames of several segments at one place share one item: each is to be numbered once.
        for source in {id(each): each for each in sources}.values():
            source.ReferencedFrameNumber = slices.frames[int(source.ReferencedFrameNumber) - 1]


def under_stamp(written: Dataset, stamp: Stamp) -> None:
    """Put the times of writing that the library takes from the clock under the stamp."""
    written.InstanceCreationDate, written.InstanceCreationTime = written.ContentDate, written.ContentTime
    for equipment_item in written.get("ContributingEquipmentSequence", []):
        equipment_item.ContributionDateTime = f"{stamp.at:%Y%m%d%H%M%S.%f}"


def saved(written: Dataset) -> bytes:
    """The bytes of the file."""
    stream = BytesIO()
    cast("Any", written).save_as(stream, enforce_file_format=True)
    return stream.getvalue()
