"""How much of an input is looked at, and what is said of one that is too large or broken?

Sizes that a file declares are compared with these limits before any memory is asked for; nothing is written to disk.
"""

from __future__ import annotations

import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from zipfile import BadZipFile

MB = 1_000_000

# One examination of a hip has some hundred files, a full CT and MR study some thousand. More is a whole archive.
MAX_FILES = 20_000
# A CD from a hospital has about 6 levels. Deeper trees are made to exhaust a reader.
MAX_DEPTH = 24
# One enhanced CT of 512 x 512 x 3000 at 16 bits has 1.6 GB. A file is held in memory whole while its pixels are read.
MAX_FILE_BYTES = 2_000 * MB
# All that comes before the pixels: 1000 frames at the 10 kB that vendors write for each make 10 MB. Reading a header
# takes time in proportion to its size and to the number of its elements, so these three bound how long a file made of
# nothing but small elements can take: about 10 s. An enhanced object has about 300 elements and 20 items a frame.
MAX_HEADER_BYTES, MAX_ELEMENTS, MAX_ITEMS = 16 * MB, 600_000, 100_000
# All headers of one input: 20 000 classic images of 400 elements have 8 million. More would take minutes.
MAX_ELEMENTS_IN_ALL = 30_000_000
# 512 x 512 x 1024 voxels, 1.1 GB as float32: a CT of the whole trunk. More would not fit beside its masks.
MAX_VOXELS = 2**28
# All series of one input together: 2.1 GB as float32.
MAX_VOXELS_IN_ALL = 2**29
# What a zip says its members have in all when unpacked, each member being read by itself.
MAX_ZIP_BYTES = 8_000 * MB
# Images shrink to a third, empty masks to a hundredth, zip bombs to a thousandth. Small zips are never worth refusing.
MAX_ZIP_RATIO, SMALL_ZIP_BYTES = 200, 256 * MB
# The list of members: 16 MB hold about 150 000 names, far beyond MAX_FILES; a larger one would fill the memory.
MAX_ZIP_DIRECTORY_BYTES = 16 * MB
# A SEG or label map of a whole trunk has up to 300 MB; more is not handed on.
MAX_MASK_BYTES = 512 * MB
# JPEG 2000 takes about 0.1 s per megapixel here; ten times as long for one object means that it never ends.
DECODE_SECONDS, DECODE_SECONDS_PER_FRAME = 30.0, 1.0

# Everything that libraries raise on broken files, as seen when fuzzing them; defects of Osteon's own code raise these
# as well, so the calls they are caught around are kept few and small.
BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BadZipFile,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def broken_dicom() -> tuple[type[Exception], ...]:
    """What the DICOM library raises on broken files: some of its errors are of none of the kinds above."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    return (*BROKEN, BytesLengthException, InvalidDicomError)


class Unreadable(Exception):  # noqa: N818  (says what it is: a file that is refused, not a fault of the program)
    """One file or stack that is refused: the reason, and what to send instead."""


class Budget:
    """What may still be read from this input: voxels, and elements of headers."""

    __slots__ = ("elements", "voxels")

    def __init__(self) -> None:
        self.elements, self.voxels = MAX_ELEMENTS_IN_ALL, MAX_VOXELS_IN_ALL

    def take_voxels(self, voxels: int) -> None:
        """Raises Unreadable when one series, or all together, are too large."""
        if voxels > MAX_VOXELS:
            message = f"has {voxels / 1e6:,.0f} million voxels; {MAX_VOXELS / 1e6:,.0f} are read."
            raise Unreadable(f"{message} Send the part with the hip.")
        if voxels > self.voxels:
            message = f"does not fit beside the others: {MAX_VOXELS_IN_ALL / 1e6:,.0f} million voxels are read."
            raise Unreadable(f"{message} Send the series of the hip only.")
        self.voxels -= voxels


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings or log lines of libraries: they quote the file's content, which may name the patient."""
    loggers = [logging.getLogger(name) for name in ("pydicom", "nibabel.global", "nrrd")]
    before = [logger.disabled for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.disabled = True
        try:
            yield
        finally:
            for logger, was in zip(loggers, before, strict=True):
                logger.disabled = was


def inflate(data: bytes, most: int, wbits: int) -> bytes:
    """The first `most` bytes of compressed data, or all of it when it has fewer.

    Parameters
    ----------
    data
        A gzip file (`wbits` 31) or a bare deflate stream (`wbits` -15).
    most
        Where to stop, however much more the data would unpack to.

    Examples
    --------
    >>> len(inflate(zlib.compress(bytes(10**6), wbits=31), 100, 31))
    100
    """
    stream = zlib.decompressobj(wbits)
    out = stream.decompress(data, most)
    # A gzip file may be several streams one after the other.
    while wbits == 31 and stream.eof and stream.unused_data and len(out) < most:
        data = stream.unused_data
        stream = zlib.decompressobj(wbits)
        try:
            out += stream.decompress(data, most - len(out))
        except zlib.error:
            break  # padding after the end
    return out
