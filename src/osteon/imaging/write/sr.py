"""What are the bytes of measurements as a DICOM Structured Report?

A Comprehensive 3D SR by template TID 1500 with up to three measurement groups: the lesion (TID 1411, which refers to
its segment where a Segmentation is given), the head's sphere with its centre as a point in space, and the joint. Each
number has its unit, its convention as a coded method where there is a code, the sentence beside it, and the ends of
its interval as the ranges of upper and lower uncertainty (TID 310).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from osteon.anatomy import Side
from osteon.errors import Fault, InputError
from osteon.imaging.series import Measurement, Series
from osteon.imaging.write.codes import (
    code,
    measurement_code,
    method_code,
    table,
    unit_code,
    word_code,
)
from osteon.imaging.write.seg import MANUFACTURER, equipment, saved, under_stamp
from osteon.imaging.write.source import Slices, slices_of
from osteon.imaging.write.stamp import Stamp
from osteon.version import __version__

if TYPE_CHECKING:
    from highdicom.sr import AlgorithmIdentification, FindingSite, TrackingIdentifier
    from highdicom.sr import Measurement as NumberItem
    from pydicom import Dataset

SERIES_NUMBER = 9002
CENTER, RADIUS = "head_center_mm", "head_radius_mm"
GROUPS = {"lesion": "Lesion", "head": "Femoral head", "joint": "Joint"}


def sr_bytes(
    measurements: Sequence[Measurement],
    series: Series,
    headers: Sequence[Dataset],
    stamp: Stamp,
    *,
    seg: bytes | None = None,
    side: Side | None = None,
) -> bytes:
    """The content of a DICOM Structured Report file with every measurement.

    Parameters
    ----------
    measurements
        Numbers, words and points of one hip, as they were taken; `head_center_mm` needs `head_radius_mm` beside it.
    series
        The series that was measured.
    headers
        Of its DICOM objects, from `source_headers`.
    stamp
        Time and seed of the identifiers.
    seg
        The Segmentation of the same series, from `seg_bytes`; the lesion's group then refers to its segment and says
        that a finding is there.
    side
        The hip.

    Raises
    ------
    InputError
        With every measurement that is no number, or when the series cannot be referred to.
    """
    import warnings

    from highdicom.sr import Comprehensive3DSR
    from highdicom.sr.coding import CodedConcept
    from pydicom import dcmread

    check(measurements)
    slices = slices_of(series, headers)
    segmentation = dcmread(BytesIO(seg)) if seg else None
    evidence = [*slices.headers, *([segmentation] if segmentation else [])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of odd but legal values in other makers' headers
        content = report(measurements, series, slices, stamp, segmentation, side)
        written = Comprehensive3DSR(
            evidence=evidence,
            content=content,
            series_instance_uid=stamp.uid(f"sr series {series.series_uid}"),
            series_number=SERIES_NUMBER,
            sop_instance_uid=stamp.uid(f"sr {series.series_uid} {series.id} {side}"),
            instance_number=1,
            is_complete=True,
            coding_schemes=private_scheme(),
            performed_procedure_codes=[CodedConcept.from_code(procedure(series))],
            **equipment(stamp, slices, [line for each in measurements for line in (*sentences(each), str(each.value))]),
        )
    under_stamp(written, stamp)
    return saved(written)


def check(measurements: Sequence[Measurement]) -> None:
    """Refuse what a report cannot hold."""
    faults = [Fault(each.name, "is not a finite number. Leave it out.") for each in measurements if not finite(each)]
    names = {each.name for each in measurements}
    if not names - {CENTER}:
        faults.append(Fault("", "holds no measurement. Give at least one."))
    if CENTER in names and RADIUS not in names:
        faults.append(Fault(CENTER, f"needs {RADIUS} beside it. Give both."))
    if faults:
        raise InputError("measurements", faults)


def finite(measurement: Measurement) -> bool:
    """Whether all numbers of a measurement are numbers."""
    values = (measurement.value, measurement.low, measurement.high)
    return all(bool(np.isfinite(v).all()) for v in values if v is not None and not isinstance(v, str))


def private_scheme() -> list[Any]:
    """What says whose codes 99OSTEON are."""
    from highdicom import coding_schemes

    entry = table()["private"]
    return [
        coding_schemes.CodingSchemeIdentificationItem(
            entry["designator"], name=entry["name"], responsible_organization=entry["organization"]
        )
    ]


def procedure(series: Series) -> Any:
    """The kind of examination."""
    entries = table()["procedure"]
    return code(entries.get(series.kind, entries["other"]))


def report(
    measurements: Sequence[Measurement],
    series: Series,
    slices: Slices,
    stamp: Stamp,
    segmentation: Dataset | None,
    side: Side | None,
) -> Any:
    """The content tree: who observed, which images, and the groups of measurements."""
    from highdicom import sr
    from pydicom.sr.codedict import codes

    device = sr.DeviceObserverIdentifyingAttributes(
        uid=stamp.uid("device"),
        name=MANUFACTURER,
        manufacturer_name=MANUFACTURER,
        model_name=MANUFACTURER,
        serial_number=__version__,
    )
    observer = sr.ObserverContext(observer_type=codes.DCM.Device, observer_identifying_attributes=device)
    grouped = {name: [each for each in measurements if group_of(each) == name] for name in GROUPS}
    return sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=procedure(series),
        imaging_measurements=[
            group(name, members, slices, stamp, segmentation, side) for name, members in grouped.items() if members
        ],
        title=codes.DCM.ImagingMeasurementReport,
        referenced_images=library_images(slices),
    )


def library_images(slices: Slices) -> Sequence[Dataset]:
    """The images that the report's library describes; of a multi-frame one no slice, since it has many."""
    if not slices.frames:
        return slices.headers
    copy = deepcopy(slices.headers[0])
    copy.Modality = "OT"  # for the library's description alone, which asks for one slice's place of MR and CT
    return (copy,)


def group_of(measurement: Measurement) -> str:
    """The measurement group that a measurement stands in."""
    return str(table()["measurement"].get(measurement.name, {}).get("group", "joint"))


def group(
    name: str,
    members: Sequence[Measurement],
    slices: Slices,
    stamp: Stamp,
    segmentation: Dataset | None,
    side: Side | None,
) -> Any:
    """One measurement group: of a segment where it has one (TID 1411), of the images otherwise (TID 1501)."""
    from highdicom import sr

    finding, numbers = table()["finding"], [each for each in members if isinstance(each.value, int | float)]
    center = next((each for each in members if each.name == CENTER), None)
    told: dict[str, Any] = {
        "finding_sites": [site(side)],
        "measurements": [number_item(each, slices, center if each.name == RADIUS else None) for each in numbers],
        "qualitative_evaluations": [],
    }
    segment = segment_called(segmentation, name) if segmentation else None
    if segment is None:
        made: Any = sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracking(name, stamp), source_images=source_images(slices), **told
        )
    else:
        made = sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracking(name, stamp, segment),
            referenced_segment=reference(segmentation, segment, slices),
            finding_type=code(finding[name]),
            finding_category=code(finding["category"]),
            **told,
        )
    made[0].ContentSequence.extend(word_item(each) for each in members if isinstance(each.value, str))
    return made


def tracking(name: str, stamp: Stamp, segment: Dataset | None = None) -> TrackingIdentifier:
    """The identifier of what is measured: that of its segment where there is one."""
    from highdicom.sr import TrackingIdentifier

    uid = str(segment.get("TrackingUID", "")) if segment is not None else ""
    return TrackingIdentifier(uid=uid or stamp.uid(f"group {name}"), identifier=GROUPS[name])


def segment_called(segmentation: Dataset, name: str) -> Dataset | None:
    """The segment that a group measures, by its label; only the lesion's group has one."""
    wanted = [each for each in segmentation.SegmentSequence if str(each.SegmentLabel).split("_")[0] == name]
    return wanted[0] if wanted and name in table()["finding"] else None


def reference(segmentation: Dataset | None, segment: Dataset, slices: Slices) -> Any:
    """The segment, and the series it was drawn on."""
    from highdicom.sr import ReferencedSegment, SourceSeriesForSegmentation

    assert segmentation is not None
    return ReferencedSegment(
        sop_class_uid=segmentation.SOPClassUID,
        sop_instance_uid=segmentation.SOPInstanceUID,
        segment_number=int(segment.SegmentNumber),
        source_series=SourceSeriesForSegmentation(slices.headers[0].SeriesInstanceUID),
    )


def source_images(slices: Slices) -> list[Any]:
    """The images that a group without a segment was measured on."""
    from highdicom.sr import SourceImageForMeasurementGroup

    frames = list(slices.frames) or None
    return [SourceImageForMeasurementGroup(h.SOPClassUID, h.SOPInstanceUID, frames) for h in slices.headers]


def site(side: Side | None) -> FindingSite:
    """The head of the femur, with its side where that is known."""
    from highdicom.sr import FindingSite

    laterality = code(table()["side"][side]) if side else None
    return FindingSite(anatomic_location=code(table()["finding"]["site"]), laterality=laterality)


def number_item(measurement: Measurement, slices: Slices, center: Measurement | None) -> NumberItem:
    """One number with unit, method, interval and the sentences beside it; the radius with the centre it is about."""
    from highdicom import sr

    value = float(np.asarray(measurement.value, float))
    extra = [] if center is None else [f"centre: {line}" for line in sentences(center)]
    points = None
    if center is not None:
        points = [
            sr.CoordinatesForMeasurement3D(
                graphic_type=sr.GraphicTypeValues3D.POINT,
                graphic_data=np.array([center.value], float),
                frame_of_reference_uid=slices.headers[0].FrameOfReferenceUID,
                purpose=code(table()["finding"]["head_center"]),
            )
        ]
    item = sr.Measurement(
        name=measurement_code(measurement.name),
        value=value,
        unit=unit_code(measurement.unit),
        method=method_code(measurement.convention),
        algorithm_id=algorithm([*sentences(measurement), *extra]),
        referenced_coordinates=points,
    )
    item[0].ContentSequence.extend(interval_items(measurement, value))
    return item


def interval_items(measurement: Measurement, value: float) -> list[Any]:
    """How far the interval reaches above and below the value, in its unit (TID 310)."""
    from highdicom.sr import NumContentItem, RelationshipTypeValues

    entries: Mapping[str, list[str]] = table()["uncertainty"]
    ends = {"upper": (measurement.high, 1.0), "lower": (measurement.low, -1.0)}
    return [
        NumContentItem(
            name=code(entries[which]),
            value=max(0.0, sign * (float(np.asarray(end, float)) - value)),
            unit=unit_code(measurement.unit),
            relationship_type=RelationshipTypeValues.HAS_PROPERTIES,
        )
        for which, (end, sign) in ends.items()
        if end is not None
    ]


def word_item(measurement: Measurement) -> Any:
    """One class, as a code where the word has one and as text otherwise, with the sentences beside it."""
    from highdicom.sr import CodeContentItem, ContentSequence, RelationshipTypeValues, TextContentItem

    name, word = measurement_code(measurement.name), str(measurement.value)
    known = word_code(measurement.name, word)
    contains = RelationshipTypeValues.CONTAINS
    item: Any = (
        CodeContentItem(name=name, value=known, relationship_type=contains)
        if known
        else TextContentItem(name=name, value=word, relationship_type=contains)
    )
    item.ContentSequence = ContentSequence(algorithm(sentences(measurement)))
    method = method_code(measurement.convention)
    if method:
        what = code(["370129005", "SCT", "Measurement Method"])
        item.ContentSequence.append(
            CodeContentItem(name=what, value=method, relationship_type=RelationshipTypeValues.HAS_CONCEPT_MOD)
        )
    return item


def algorithm(lines: Sequence[str]) -> AlgorithmIdentification:
    """The program, and by what it measured (TID 4019)."""
    from highdicom.sr import AlgorithmIdentification

    return AlgorithmIdentification(MANUFACTURER, __version__, parameters=list(lines), manufacturer=MANUFACTURER)


def sentences(measurement: Measurement) -> list[str]:
    """All that a reader must know beside the value."""
    interval = (measurement.low, measurement.high)
    lines = [f"name: {measurement.name}", f"convention: {measurement.convention}"]
    if measurement.author:
        lines.append(f"marked by: {measurement.author}")
    if None not in interval and not isinstance(measurement.value, int | float):
        lines.append(f"interval: {text_of(interval[0])} to {text_of(interval[1])}")
    lines += [f"setting that no source confirms: {each}" for each in measurement.settings]
    return lines + ([f"next class: {measurement.border}"] if measurement.border else [])


def text_of(value: Any) -> str:
    """A word, or a point in millimetres."""
    return value if isinstance(value, str) else "(" + ", ".join(f"{v:.2f}" for v in value) + ") mm"
