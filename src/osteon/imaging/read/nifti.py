"""What does a NIfTI file hold, in DICOM's frame?

NIfTI counts to the right, front and head (RAS); here it becomes left, back and head (LPS). A compressed file is
unpacked up to the size that its header declares, never further.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from osteon.anatomy import Volume
from osteon.anatomy.volume import Array, Floats
from osteon.imaging.read import limits
from osteon.imaging.read.files import Member
from osteon.imaging.read.grid import Grid, checked_affine, slices_first
from osteon.imaging.read.limits import BROKEN, Unreadable, inflate

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
# Header of NIfTI-1 is 348 bytes, of NIfTI-2 540, each followed by 4 that tell of extensions.
HEADER_BYTES = 544
UNITS_MM = {"mm": 1.0, "unknown": 1.0, "meter": 1000.0, "micron": 0.001}


def read_nifti(member: Member) -> Grid:
    """The image of one NIfTI file (.nii or .nii.gz), with what has to be said of it.

    Raises
    ------
    Unreadable
        When it is not one three-dimensional image with a place in the patient, or is damaged or too large.
    """
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    data = member.read(limits.MAX_FILE_BYTES)
    packed = data.startswith(b"\x1f\x8b")
    try:
        header, two = header_in(inflate(data, HEADER_BYTES, 31) if packed else data[:HEADER_BYTES])
        needed = check_shape(header)
        affine, warnings = affine_of(header)
        if packed:
            data = inflate(data, needed, 31)
        if len(data) < needed:
            message = f"is cut off: {needed:,} bytes are declared, {len(data):,} are there. Copy it again."
            raise Unreadable(message)
        array = values_in(data, two)
    except (*BROKEN, HeaderDataError, ImageFileError, WrapStructError):
        raise Unreadable("is a damaged NIfTI file. Copy it again, or send the DICOM files.") from None
    return slices_first(Volume(array, checked_affine(affine)), warnings)


def header_in(start: bytes) -> tuple[Any, bool]:
    """The header, and whether it is of NIfTI-2."""
    import nibabel as nib

    two = start[4:7] in (b"n+2", b"ni2")
    if not two and start[344:348] not in (b"n+1\0", b"ni1\0"):
        raise Unreadable("is an Analyze file, which does not say left from right. Send NIfTI or the DICOM files.")
    if start[4:7] == b"ni2" or start[344:347] == b"ni1":
        raise Unreadable("is one half of a pair (.hdr and .img). Send a single .nii or .nii.gz file.")
    kind = cast(Any, nib.Nifti2Header if two else nib.Nifti1Header)
    return kind(start[: kind.sizeof_hdr], check=False), two


def check_shape(header: Any) -> int:
    """Refuses what is not one sane volume; the bytes that the file must have unpacked."""
    shape = [int(n) for n in header["dim"][1 : 1 + max(0, min(7, int(header["dim"][0])))]]
    while len(shape) > 3 and shape[-1] == 1:
        shape.pop()
    if len(shape) > 3 and min(shape) >= 1:
        message = f"holds {np.prod([float(n) for n in shape[3:]]):g} volumes (over time, echoes or directions)."
        raise Unreadable(f"{message} Send each as a file of its own.")
    if len(shape) < 3 or min(shape) < 1:
        raise Unreadable(
            f"has the size {' x '.join(map(str, shape)) or 'none'}; a volume has three sides of 1 or more."
        )
    if np.prod([float(n) for n in shape]) > limits.MAX_VOXELS:
        message = f"says that it has {np.prod([float(n) for n in shape]) / 1e6:,.0f} million voxels;"
        raise Unreadable(f"{message} {limits.MAX_VOXELS / 1e6:,.0f} are read. Cut out the hip.")
    dtype = header.get_data_dtype()
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise Unreadable("holds colours or complex numbers. Send plain values.")
    offset = float(header["vox_offset"])
    if not 0 <= offset <= limits.MAX_HEADER_BYTES:
        raise Unreadable("says that its values begin nowhere in the file. Copy it again.")
    return int(offset) + int(np.prod(shape)) * int(dtype.itemsize)


def affine_of(header: Any) -> tuple[Floats, tuple[str, ...]]:
    """LPS millimetres from voxel indices, by the sform, else the qform."""
    warnings = []
    if int(header["sform_code"]) > 0:
        affine = header.get_sform()
        if int(header["qform_code"]) > 0 and not np.allclose(affine, header.get_qform(), atol=0.1):
            warnings.append("places itself in two ways (sform and qform) that differ; the sform is used")
        if int(header["sform_code"]) in (3, 4):
            warnings.append("was moved to a standard space: sizes may not be the patient's own")
    elif int(header["qform_code"]) > 0:
        affine = header.get_qform()
    else:
        message = (
            "does not say where it lies in the patient (neither sform nor qform), so left and right are not known."
        )
        raise Unreadable(f"{message} Convert the DICOM files again, or send them.")
    scale = UNITS_MM.get(header.get_xyzt_units()[0], 1.0)
    return RAS_TO_LPS @ np.diag([scale, scale, scale, 1.0]) @ np.asarray(affine, float), tuple(warnings)


def values_in(data: bytes, two: bool) -> Array:
    """The values with the file's own scaling, shape as in the file."""
    import nibabel as nib

    image = cast(Any, nib.Nifti2Image if two else nib.Nifti1Image).from_bytes(data)
    plain = (image.dataobj.slope, image.dataobj.inter) == (1.0, 0.0)
    array = image.dataobj.get_unscaled() if plain else np.asarray(image.dataobj, np.float32)
    return np.asarray(array).reshape(array.shape[:3])
