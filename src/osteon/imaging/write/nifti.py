"""What are the bytes of a volume as a NIfTI file?"""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np

from osteon.anatomy import Volume
from osteon.anatomy.volume import Array

# LPS to NIfTI's RAS: left and posterior change their sign.
TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def nifti_bytes(volume: Volume) -> bytes:
    """The content of a `.nii.gz` file: the array as it is, and the affine in RAS millimetres.

    Masks become 0 and 1 in eight bits, other arrays keep their type where NIfTI has it (64 bits become 32). Scanner
    coordinates in both of NIfTI's forms, so that every reader places it alike. The same volume gives the same bytes.

    Examples
    --------
    >>> mask = Volume(np.ones((2, 3, 4), bool), np.diag([4.0, 0.5, 0.5, 1.0]))
    >>> gzip.decompress(nifti_bytes(mask))[344:347]
    b'n+1'
    """
    import nibabel

    kind: Any = nibabel.Nifti1Image  # its annotations are incomplete
    image = kind(storable(volume.array), TO_RAS @ volume.affine)
    image.set_sform(TO_RAS @ volume.affine, code="scanner")
    image.set_qform(TO_RAS @ volume.affine, code="scanner")
    image.header.set_xyzt_units("mm")
    return gzip.compress(image.to_bytes(), compresslevel=6, mtime=0)


def storable(array: Array) -> Array:
    """The array in a type that every reader of NIfTI knows."""
    if array.dtype == bool:
        return array.astype(np.uint8)
    if array.dtype.itemsize == 8:
        return array.astype(np.float32 if array.dtype.kind == "f" else np.int32)
    return array
