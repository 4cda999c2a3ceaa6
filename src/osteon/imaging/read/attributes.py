"""Where does a DICOM object keep an attribute, and is it a plain number?

Enhanced objects keep most of them in functional groups, of one frame or shared by all; classic ones at the top.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from osteon.anatomy.volume import Floats
from osteon.imaging.read.limits import Unreadable

if TYPE_CHECKING:
    from pydicom import Dataset

ORIGINALS = "Send the original images from the scanner or archive, not an export of pictures."

# Functional groups of enhanced objects that hold one of the attributes above (DICOM PS3.3 C.7.6.16 and C.8.13.5).
MACROS = (
    *("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence", "PixelValueTransformationSequence"),
    *("FrameContentSequence", "FrameAnatomySequence", "MRImageFrameTypeSequence", "CTImageFrameTypeSequence"),
    *("MREchoSequence", "MRTimingAndRelatedParametersSequence", "MRModifierSequence", "MRDiffusionSequence"),
    *("CardiacSynchronizationSequence", "UnassignedPerFrameConvertedAttributesSequence"),
    *("UnassignedSharedConvertedAttributesSequence",),
)

Chain = list["Dataset"]


def sources(dataset: Dataset, frames: int) -> Iterator[Chain]:
    """For each frame the places where an attribute may stand: its own groups, the shared ones, the object itself."""
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    shared = macros(next(iter(dataset.get("SharedFunctionalGroupsSequence") or []), None))
    if per_frame and len(per_frame) != frames:
        message = f"says that it has {frames} frames but describes {len(per_frame)}."
        raise Unreadable(f"{message} Copy it again from the archive.")
    if not per_frame and frames > 1:
        message = f"has {frames} images but says of none where it lies in the patient."
        raise Unreadable(f"{message} {ORIGINALS}")
    for item in per_frame or [None]:
        yield [*macros(item), *shared, dataset]


def macros(item: Dataset | None) -> Chain:
    """The first item of each functional group that is used here."""
    if item is None:
        return []
    groups = (item.get(name) for name in MACROS)
    return [group[0] for group in groups if group]


def found(chain: Chain, *names: str) -> Any:
    """The first value that is given under one of the names; None where there is none."""
    for name in names:
        for place in chain:
            value = place.get(name)
            if value is not None and value != "":
                return value
    return None


def first(value: Any) -> Any:
    """The first of several values, or the only one."""
    several = isinstance(value, list | tuple) or (hasattr(value, "__iter__") and not isinstance(value, str | bytes))
    return next(iter(value), None) if several else value


def text(dataset: Dataset, name: str) -> str:
    """An attribute as text; "" where it is missing or empty."""
    value = dataset.get(name)
    return "" if value is None else str(value).strip(" \0")


def integer(dataset: Dataset, name: str, otherwise: int) -> int:
    """An attribute as a whole number."""
    value = dataset.get(name)
    return otherwise if value is None or value == "" else int(value)


def number_of(chain: Chain, *names: str) -> float | None:
    """A finite number, or None where none is given."""
    value = first(found(chain, *names))
    number = None if value is None else float(value)
    if number is not None and not math.isfinite(number):
        raise Unreadable(f"has a {names[0]} that is no number. {ORIGINALS}")
    return number


def numbers(chain: Chain, name: str, count: int) -> Floats:
    """Several finite numbers."""
    value = found(chain, name)
    array = np.array([float(part) for part in value] if hasattr(value, "__iter__") else [float(value)])
    if array.shape != (count,) or not np.isfinite(array).all():
        raise Unreadable(f"has {name} without {count} plain numbers. {ORIGINALS}")
    return array
