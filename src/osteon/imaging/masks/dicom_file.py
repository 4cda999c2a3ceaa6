"""What does a DICOM object say, when it may be deflated, without a preamble, or damaged?"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

from osteon.imaging.masks.files import damage_told, inflated
from osteon.imaging.read.limits import broken_dicom

if TYPE_CHECKING:
    from pydicom import Dataset

SEG = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP_SEG = "1.2.840.10008.5.1.4.1.1.66.7"
RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"

DEFLATED = b"1.2.840.10008.1.2.1.99"
NOT_DEFLATED = b"1.2.840.10008.1.2.1\0\0\0"  # as long as the above, so that no length in the file changes
MOST_INFLATED = 2**28  # 256 MB: a binary SEG of 512 x 512 x 1,024 with eight segments


def looks_like_dicom(data: bytes) -> bool:
    """Whether a file has DICOM's mark, or opens with an element of group 2 or 8 as files without a preamble do."""
    return data[128:132] == b"DICM" or (data[:2] in (b"\x02\x00", b"\x08\x00") and data[3:4] == b"\0")


@contextmanager
def dicom_damage_told(source: str, kind: str) -> Iterator[None]:
    """As `damage_told`, for files that pydicom reads."""
    with damage_told(source, kind, *broken_dicom()):
        yield


def dataset_of(data: bytes, source: str) -> Dataset:
    """All elements of one DICOM object.

    Raises
    ------
    InputError
        When it is damaged, or unpacks to more than memory should hold.
    """
    from pydicom import dcmread

    with dicom_damage_told(source, "a DICOM file"):
        return dcmread(BytesIO(without_deflation(data, source)), force=True)


def without_deflation(data: bytes, source: str) -> bytes:
    """The same file with its elements unpacked, up to a limit that the library itself does not keep."""
    if DEFLATED not in data[:1024]:
        return data
    if data[132:140] != b"\x02\0\0\0UL\x04\0":
        raise ValueError("no length of the file's head")  # becomes the refusal of a damaged file
    end = 144 + struct.unpack("<L", data[140:144])[0]
    return data[:end].replace(DEFLATED, NOT_DEFLATED) + inflated(data[end:], MOST_INFLATED, source)
