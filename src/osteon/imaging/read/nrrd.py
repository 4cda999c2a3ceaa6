"""What does an NRRD file hold, in DICOM's frame?

Only files with their values inside are read: a header may name any other file on the disk.
"""

from __future__ import annotations

import bz2
from io import BytesIO
from typing import Any

import numpy as np

from osteon.anatomy import Volume
from osteon.anatomy.volume import Array, Floats
from osteon.imaging.read import limits
from osteon.imaging.read.files import Member
from osteon.imaging.read.grid import Grid, checked_affine, slices_first
from osteon.imaging.read.limits import BROKEN, Unreadable, inflate

# The spaces that name the patient's sides (NRRD definition, section 5), and what turns them into LPS.
SPACES = {
    "left-posterior-superior": (1, 1, 1),
    "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1),
    "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "las": (1, -1, 1),
}
MAX_TEXT_BYTES = 1_000_000  # a header is some lines of text; segmentations of Slicer write some hundred


def read_nrrd(member: Member) -> Grid:
    """The image of one NRRD file.

    Raises
    ------
    Unreadable
        When it is not one three-dimensional image with a space and its values inside, or is damaged or too large.
    """
    from nrrd import NRRDError

    data = member.read(limits.MAX_FILE_BYTES)
    try:
        header, start = header_in(data)
        affine = affine_of(header)
        array = values_in(data[start:], header)
    except (*BROKEN, NRRDError):
        raise Unreadable("is a damaged NRRD file. Copy it again, or send the DICOM files.") from None
    return slices_first(Volume(array, checked_affine(affine)), ())


def header_in(data: bytes) -> tuple[dict[str, Any], int]:
    """The fields, and where the values begin."""
    import nrrd

    stream = BytesIO(data[:MAX_TEXT_BYTES])
    header = nrrd.read_header(stream)
    if "data file" in header or "datafile" in header:
        raise Unreadable("keeps its values in another file. Save it with its values inside (.nrrd, not .nhdr).")
    if header.get("line skip", 0) or header.get("byte skip", 0) or "lineskip" in header or "byteskip" in header:
        raise Unreadable("skips a part of itself. Save it again as a plain .nrrd file.")
    return header, stream.tell()


def affine_of(header: dict[str, Any]) -> Floats:
    """LPS millimetres from voxel indices in the order of the file."""
    space = str(header.get("space", "")).lower()
    directions, origin = header.get("space directions"), header.get("space origin")
    if space not in SPACES or directions is None or origin is None:
        message = "does not say where it lies in the patient (space, space directions, space origin)."
        raise Unreadable(
            f"{message} Save it again from a program that keeps the patient's axes, or send the DICOM files."
        )
    if {str(unit).strip('"') for unit in header.get("space units", ["mm"])} - {"mm", ""}:
        raise Unreadable("measures in other units than mm. Save it in mm.")
    affine = np.eye(4)
    affine[:3, :3] = np.asarray(directions, float).reshape(3, 3).T
    affine[:3, 3] = np.asarray(origin, float)
    return np.diag([*map(float, SPACES[space]), 1.0]) @ affine


def values_in(body: bytes, header: dict[str, Any]) -> Array:
    """The values in the order of the axes of the file."""
    from nrrd.reader import _determine_datatype as datatype_of

    shape = [int(n) for n in header["sizes"]]
    if len(shape) != 3 or min(shape) < 1:
        raise Unreadable(f"has the size {' x '.join(map(str, shape))}; a volume has three sides. Send one image alone.")
    count = int(np.prod([float(n) for n in shape]))
    if count > limits.MAX_VOXELS:
        message = f"says that it has {count / 1e6:,.0f} million voxels; {limits.MAX_VOXELS / 1e6:,.0f} are read."
        raise Unreadable(f"{message} Cut out the hip.")
    if str(header.get("type")) == "block":
        raise Unreadable("holds blocks instead of numbers. Send plain values.")
    dtype = datatype_of(header)
    needed = count * dtype.itemsize
    plain = unpacked(body, str(header.get("encoding", "")).lower(), needed)
    if len(plain) < needed:
        message = f"is cut off: {needed:,} bytes are declared, {len(plain):,} are there. Copy it again."
        raise Unreadable(message)
    return np.frombuffer(plain, dtype, count).reshape(shape, order="F")


def unpacked(body: bytes, encoding: str, needed: int) -> bytes:
    """The values' bytes, never more than are needed."""
    if encoding == "raw":
        return body
    if encoding in ("gzip", "gz"):
        return inflate(body, needed, 31)
    if encoding in ("bzip2", "bz2"):
        return bz2.BZ2Decompressor().decompress(body, needed)
    raise Unreadable(f"is written as {encoding[:20] or 'nothing known'}; raw, gzip and bzip2 are read. Save it so.")
