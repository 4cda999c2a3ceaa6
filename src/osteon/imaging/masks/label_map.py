"""Which masks does a label map hold: a NIfTI or NRRD file whose voxels are the numbers of what they belong to?"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np

from osteon.anatomy import Floats, Volume
from osteon.anatomy.volume import Array
from osteon.imaging.masks.files import (
    EmptyMaskError,
    bunzipped,
    check_memory,
    checked_grid,
    damage_told,
    gunzipped,
    refusal,
)
from osteon.imaging.masks.names import label_of, told_apart
from osteon.imaging.series import Mask

MOST_LABELS = 256  # more different numbers than any atlas of the body names: an image, not a mask
HEADER_BYTES = 2**22  # a NIfTI header with its extensions; TotalSegmentator's names take 12 kB
SHEAR_LIMIT = 1e-3  # cosine between two axes from which a grid is no longer at right angles
LARGEST_MM = 1e5  # a coordinate beyond 100 m is a damaged header

# What NRRD calls the direction of a coordinate, as the sign that turns it into LPS.
NRRD_SPACES = {
    "left-posterior-superior": (1, 1, 1),
    "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1),
    "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "las": (1, -1, 1),
}

NRRD_TYPES = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    **dict.fromkeys(("longlong", "long long", "int64", "int64_t"), "i8"),
    **dict.fromkeys(("ulonglong", "unsigned long long", "uint64", "uint64_t"), "u8"),
    "float": "f4",
    "double": "f8",
}


def masks_of_nifti(data: bytes, source: str, label: str | None, names_beside: bytes = b"") -> tuple[Mask, ...]:
    """The masks of a NIfTI label map, by the names in its header extension or in nnU-Net's `dataset.json`."""
    import nibabel
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    damage = (ImageFileError, HeaderDataError, WrapStructError)
    zipped = data[:2] == b"\x1f\x8b"
    with damage_told(source, "a NIfTI file", *damage):
        head = gunzipped(data, HEADER_BYTES) if zipped else data[:HEADER_BYTES]
        kind: Any = nibabel.Nifti2Image if head[:4] in (b"\x1c\x02\0\0", b"\0\0\x02\x1c") else nibabel.Nifti1Image
        header = kind.header_class.from_fileobj(BytesIO(head))
        shape = tuple(int(n) for n in header.get_data_shape())
        offset, item = int(header.get_data_offset()), header.get_data_dtype().itemsize
        coded = int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    grid = checked_grid(shape, source)
    if not coded:
        raise refusal(source, "does not tell where its voxels lie (sform and qform are unset). Save it with its image.")
    with damage_told(source, "a NIfTI file", *damage):
        needed = offset + math.prod(grid) * item
        raw = gunzipped(data, needed) if zipped else data
        image = kind.from_bytes(raw)
        array = np.asarray(image.dataobj).reshape(grid)
        affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.asarray(image.affine, float)  # RAS to LPS
        names = names_in_extensions(image.header.extensions)
    volume = Volume(whole_numbers(array, source), checked_affine(affine, source))
    return split_labels(volume, names or names_of_nnunet(names_beside), source, label)


def names_in_extensions(extensions: Any) -> dict[int, str]:
    """The label table that Connectome Workbench and TotalSegmentator write into the header, number to name."""
    text = b" ".join(bytes(each.content) for each in extensions)[:HEADER_BYTES].decode("utf-8", "replace")
    entries = re.findall(r'<Label\s+Key="(\d{1,5})"[^>]{0,200}>(?:<!\[CDATA\[)?([^<\]]{1,200})', text)
    return {int(key): name.strip() for key, name in entries}


def names_of_nnunet(dataset_json: bytes) -> dict[int, str]:
    """The labels in nnU-Net's `dataset.json`: name to number in version 2, number to name in version 1."""
    try:
        labels = json.loads(dataset_json or b"{}").get("labels", {})
        pairs = [(k, v) if str(k).isdigit() else (v, k) for k, v in labels.items()]
        return {int(number): str(name) for number, name in pairs if str(number).isdigit()}
    except (ValueError, AttributeError, RecursionError):
        return {}  # another program's file of this name: the labels stay numbers


def masks_of_nrrd(data: bytes, source: str, label: str | None, names_beside: bytes = b"") -> tuple[Mask, ...]:
    """The masks of an NRRD label map; of 3D Slicer's `.seg.nrrd` with the names and layers of its segments."""
    import nrrd

    stream = BytesIO(data)
    with damage_told(source, "an NRRD file", nrrd.NRRDError):
        header = nrrd.read_header(stream)
        sizes = tuple(int(n) for n in header["sizes"])
        dtype = np.dtype(NRRD_TYPES[str(header["type"])]).newbyteorder(">" if header.get("endian") == "big" else "<")
        directions, origin = np.atleast_2d(header.get("space directions", [])), header.get("space origin")
    if {"data file", "datafile", "line skip", "byte skip", "lineskip", "byteskip"} & set(header):
        raise refusal(source, "keeps its voxels in another file or skips some. Save it as one file (.nrrd).")
    layers = sizes[0] if len(sizes) == 4 and np.isnan(directions[0]).all() else 1
    grid = checked_grid(sizes[-3:] if layers > 1 or sizes[:-3] == (1,) else sizes, source)
    checked_grid((layers, math.prod(grid), 1), source)
    affine = nrrd_affine(header, directions, origin, source)
    with damage_told(source, "an NRRD file"):
        content = nrrd_content(
            header["encoding"], data[stream.tell() :], layers * math.prod(grid) * dtype.itemsize, source
        )
        array = np.frombuffer(content, dtype).reshape((layers, *grid), order="F")
    layered = [Volume(whole_numbers(layer, source), affine) for layer in array]
    segments = slicer_segments(header)
    if segments:
        return masks_of_slicer(layered, segments, source, label)
    if layers > 1:
        raise refusal(
            source, f"has {layers} layers without names. Save it from 3D Slicer as .seg.nrrd, or one file each."
        )
    return split_labels(layered[0], names_of_nnunet(names_beside), source, label)


def nrrd_affine(header: Mapping[str, Any], directions: Floats, origin: Any, source: str) -> Floats:
    """Array index to LPS from the header's directions, which hold an empty row for an axis of layers."""
    signs = NRRD_SPACES.get(str(header.get("space", "")).lower())
    with damage_told(source, "an NRRD file"):
        rows = directions[np.isfinite(directions).all(axis=1)] if directions.size else directions
        affine = np.eye(4)
        if signs and origin is not None and rows.shape == (3, 3):
            affine[:3, :3] = np.asarray(rows, float).T * np.array(signs)[:, None]
            affine[:3, 3] = np.asarray(origin, float) * np.array(signs)
            return checked_affine(affine, source)
    message = (
        "does not tell where its voxels lie: it needs space, space directions and space origin. Save it with its image."
    )
    raise refusal(source, message)


def nrrd_content(encoding: str, data: bytes, needed: int, source: str) -> bytes:
    """The bytes of the voxels, unpacked to the number that the header promises and no further."""
    if encoding == "raw":
        content = data[:needed]
    elif encoding in ("gzip", "gz"):
        content = gunzipped(data, needed)
    elif encoding in ("bzip2", "bz2"):
        content = bunzipped(data, needed)
    else:
        raise refusal(source, f"is encoded as {encoding!r}. Save it as raw, gzip or bzip2.")
    if len(content) < needed:
        raise refusal(source, f"ends after {len(content):,} of {needed:,} bytes of voxels. Copy or export it again.")
    return content


def slicer_segments(header: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """Name, number and layer of every segment that 3D Slicer lists in the header."""
    numbers = [int(found[1]) for key in header if (found := re.fullmatch(r"Segment(\d{1,4})_LabelValue", key))]
    segments = []
    for n in sorted(numbers):
        value, layer = str(header[f"Segment{n}_LabelValue"]), str(header.get(f"Segment{n}_Layer", "0"))
        if value.isdigit() and layer.isdigit():
            segments.append((str(header.get(f"Segment{n}_Name", "")), int(value), int(layer)))
    return segments


def masks_of_slicer(
    layers: list[Volume], segments: list[tuple[str, int, int]], source: str, label: str | None
) -> tuple[Mask, ...]:
    """One mask for each named segment that has voxels."""
    usable = [each for each in segments if each[2] < len(layers)]
    labels = told_apart([label_of(name, value) for name, value, _ in usable])
    chosen = chosen_labels(labels, [value for _, value, _ in usable], source, label)
    check_memory(layers[0].array.size, [labels[i] for i in chosen], source)
    volumes = [(labels[i], layers[usable[i][2]], usable[i][1]) for i in chosen]
    return marked([(name, volume.with_array(volume.array == value)) for name, volume, value in volumes], source)


def split_labels(volume: Volume, names: Mapping[int, str], source: str, label: str | None) -> tuple[Mask, ...]:
    """One mask for each number above 0 that occurs."""
    numbers = [n for n in occurring(volume.array) if n > 0]
    if not numbers:
        raise EmptyMaskError(source)
    if len(numbers) > MOST_LABELS:
        message = f"holds {len(numbers)} different values: it looks like an image. Send the mask drawn on it."
        raise refusal(source, message)
    labels = told_apart([label_of(names.get(n, ""), n) for n in numbers])
    chosen = chosen_labels(labels, numbers, source, label)
    check_memory(volume.array.size, [labels[i] for i in chosen], source)
    return marked([(labels[i], volume.with_array(volume.array == numbers[i])) for i in chosen], source)


def occurring(array: Array) -> list[int]:
    """The different values of an array of whole numbers, smallest first."""
    counts = np.zeros(int(array.max()) + 1, np.int64)
    for slab in np.moveaxis(array, -1, 0):  # counting all voxels at once would take eight bytes for each
        counts += np.bincount(slab.reshape(-1), minlength=counts.size)
    return [int(n) for n in np.flatnonzero(counts)]


def chosen_labels(labels: list[str], numbers: list[int], source: str, label: str | None) -> list[int]:
    """Places in the list of the labels that are asked for; of all of them when none is."""
    unnamed = len(labels) == 1 and labels[0].startswith("segment_")
    if label is None or unnamed:
        return list(range(len(labels)))
    wanted = label_of(label)
    chosen = [i for i, (name, n) in enumerate(zip(labels, numbers, strict=True)) if wanted in (name, str(n))]
    if not chosen:
        raise refusal(source, f"holds no mask called {wanted!r}; it holds {', '.join(labels[:30])}. Name one of these.")
    return chosen


def marked(masks: list[tuple[str, Volume]], source: str, author: str = "", **told: Any) -> tuple[Mask, ...]:
    """The masks that have voxels.

    Raises
    ------
    EmptyMaskError
        When none has.
    """
    found = [
        Mask(volume, label, "imported", author or "not told by the file", **told)
        for label, volume in masks
        if volume.array.any()
    ]
    if not found:
        raise EmptyMaskError(source)
    return tuple(found)


def whole_numbers(array: Array, source: str) -> Array:
    """The voxels as whole numbers from 0 to 65,535, when they are."""
    if array.dtype.kind not in "buif":
        raise refusal(source, f"has voxels of type {array.dtype}; a mask has one number in each. Save a label map.")
    if array.dtype.kind == "f" and not np.array_equal(array, np.rint(array)):
        message = "holds values that are not whole numbers: it is an image, or probabilities."
        raise refusal(source, f"{message} Cut probabilities at one half and save the mask.")
    if array.size and (array.min() < 0 or array.max() > 65535):
        message = f"holds values from {array.min():g} to {array.max():g}; labels are 0 to 65535."
        raise refusal(source, f"{message} Send the mask, not the image.")
    return array.astype(np.uint16, copy=False) if array.dtype != np.uint8 else array


def checked_affine(affine: Floats, source: str) -> Floats:
    """The affine, when it places voxels on a grid at right angles somewhere near a patient."""
    columns = affine[:3, :3]
    lengths = np.linalg.norm(columns, axis=0)
    if not np.isfinite(affine).all() or (lengths < 1e-3).any() or np.abs(affine).max() > LARGEST_MM:
        raise refusal(source, "has a geometry with missing, zero or impossible numbers. Save it again with its image.")
    cosines = np.abs((columns / lengths).T @ (columns / lengths) - np.eye(3)).max()
    if cosines > SHEAR_LIMIT:
        degrees = math.degrees(math.asin(min(1.0, float(cosines))))
        message = f"has axes that are {degrees:.1f}° off a right angle. Resample it onto its image first."
        raise refusal(source, message)
    return affine
