"""What did a folder of images turn out to hold?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from osteon.anatomy import Side, Volume

Kind = Literal["MR", "CT", "mask", "other"]


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One DICOM object a series was read from: what a report or a mask has to name to refer to it."""

    sop_class_uid: str
    sop_instance_uid: str
    path: str  # below the folder that was read; inside a zip the member's name
    frames: tuple[int, ...] = ()  # frame numbers from 1, for multi-frame objects only


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One image volume with a sure geometry.

    `id` is short and stable within one reading ("s1", "s2", ...). `volume.array` is float32: Hounsfield units for CT.
    `instances` follow the first axis of the array for DICOM; they are empty for NIfTI and NRRD. `patient_key` tells
    patients apart without naming them.
    """

    id: str
    kind: Kind
    volume: Volume
    description: str = ""
    plane: str = ""  # coronal, sagittal, axial or oblique (nearest plane and degrees off)
    weighting: str = ""  # T1, PD, T2, STIR or "" where the header does not tell
    echo_time_ms: float | None = None
    repetition_time_ms: float | None = None
    slice_thickness_mm: float | None = None
    laterality: Side | None = None
    study_uid: str = ""
    series_uid: str = ""
    frame_of_reference_uid: str = ""
    patient_key: str = ""
    source: str = ""  # file or folder below the one that was read
    instances: tuple[Instance, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was not read: what, why, and what to send instead."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """All that was found in one folder, zip or file."""

    series: tuple[Series, ...]
    masks: tuple[Mask, ...] = ()
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """Voxels that belong to something, and who said so.

    `volume.array` is bool. `label` is what is marked (such as "lesion", "femoral_head", "femur_left"). `method` is
    "drawn", "automatic", "corrected" or "imported".
    """

    volume: Volume
    label: str
    method: str
    author: str
    series_uid: str = ""
    on: str | None = None  # ISO date
    notes: tuple[str, ...] = field(default=())
    frame_of_reference_uid: str = ""  # of the object it was read from; "" where that tells none


Measured = float | str | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number with its interval, the convention it was taken by, the series it came from and who marked the lesion.

    `value` is a number, a word (a class), or three numbers (a point in LPS millimetres); `low` and `high` are of the
    same kind, and None where nothing was perturbed. `border` says how far the next class lies, where there is one.
    """

    name: str
    value: Measured
    low: Measured | None
    high: Measured | None
    unit: str  # UCUM; "" for words
    convention: str
    series: str
    author: str
    settings: tuple[str, ...] = ()  # named settings this value rests on that no source confirms
    border: str = ""
