"""What are the bytes of a file, when the file may be damaged or meant to do harm?

Every size is checked before memory is taken for it, and whatever a library says about a damaged file becomes one
sentence for the reader.
"""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from osteon.errors import Fault, InputError
from osteon.imaging.read.limits import BROKEN, quiet

# A CT of 512 x 512 x 1,024 voxels, from the knees to the neck; while it is read it may take 8 bytes a voxel.
MAX_VOXELS = 2**28
# The masks of one file together, one byte a voxel: all 117 classes of a whole-body label map would need 60 GB.
MAX_MASK_BYTES = 2**30
MAX_FILE_BYTES = 2**30


class EmptyMaskError(InputError):
    """A file that can be read and marks nothing."""

    def __init__(self, source: str) -> None:
        message = "has no marked voxel. Send a mask in which something is marked, or none at all."
        super().__init__(source, [Fault("", message)])


def refusal(source: str, message: str) -> InputError:
    """The error that says why one file was not read and what to send instead."""
    return InputError(source, [Fault("", message)])


@contextmanager
def damage_told(source: str, kind: str, *also: type[Exception]) -> Iterator[None]:
    """Turns whatever a library raises on a damaged file into a refusal, and keeps its warnings off the screen.

    Parameters
    ----------
    source
        The file's name.
    kind
        What the file should be, with its article.
    also
        The library's own exceptions, where they are of no common kind.
    """
    kinds: tuple[type[Exception], ...] = (*BROKEN, *also)
    try:
        with quiet():
            yield
    except kinds as wrong:
        message = f"is damaged or cut off, or not {kind}: it cannot be read to its end. Export or copy it again."
        raise refusal(source, message) from wrong


def bytes_of(path: Path) -> bytes:
    """All bytes of one file.

    Raises
    ------
    InputError
        When there is no such file, it cannot be read, or it is larger than any mask.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise refusal(path.name, "is not a file. Send a DICOM SEG, RTSTRUCT, NIfTI or NRRD file.")
        if size > MAX_FILE_BYTES:
            raise refusal(path.name, f"has {size / 2**30:.1f} GB; a mask has 1 GB at most. Crop it to the hip.")
        return path.read_bytes()
    except OSError as wrong:
        reason = "does not exist" if isinstance(wrong, FileNotFoundError) else "cannot be read"
        raise refusal(path.name, f"{reason}. Name an existing file that you may read.") from wrong


def gunzipped(data: bytes, most: int) -> bytes:
    """The first `most` bytes that a gzip file holds, or all of them; never more, whatever the file claims.

    Examples
    --------
    >>> import gzip
    >>> gunzipped(gzip.compress(b"abc" * 1000), 4)
    b'abca'
    """
    content = b""
    while data and len(content) <= most:
        # One byte more than is wanted makes zlib read on to its checksum where nothing follows.
        stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
        content += stream.decompress(data, most + 1 - len(content))
        if not stream.eof and len(content) <= most:
            raise EOFError("cut off")
        data = stream.unused_data.lstrip(b"\0")  # some writers join several packed parts
    return content[:most]


def bunzipped(data: bytes, most: int) -> bytes:
    """The same of a bzip2 file."""
    return bz2.BZ2Decompressor().decompress(data, max(most, 1))


def inflated(data: bytes, most: int, source: str) -> bytes:
    """What a bare deflate stream holds, refused when that is more than `most` bytes."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    content = stream.decompress(data, most)
    if stream.unconsumed_tail:
        raise refusal(source, f"unpacks to more than {most / 2**20:.0f} MB. Export it without compression.")
    return content


def checked_grid(shape: tuple[int, ...], source: str) -> tuple[int, int, int]:
    """The numbers of voxels along three axes, when they are possible ones."""
    if len(shape) != 3 or min(shape) < 1:
        message = f"has the shape {' x '.join(map(str, shape))}; a mask has three axes. Save the label map alone."
        raise refusal(source, message)
    if shape[0] * shape[1] * shape[2] > MAX_VOXELS:
        message = f"claims {' x '.join(map(str, shape))} voxels, more than {MAX_VOXELS:,}. Crop it to the hip."
        raise refusal(source, message)
    return shape[0], shape[1], shape[2]


def check_memory(voxels: int, labels: list[str], source: str) -> None:
    """Refuse to unfold more labels than fit into memory."""
    if voxels * len(labels) > MAX_MASK_BYTES:
        named = ", ".join(labels[:20]) + (", ..." if len(labels) > 20 else "")
        message = f"holds {len(labels)} labels on {voxels:,} voxels. Name the one to read; it holds {named}."
        raise refusal(source, message)
