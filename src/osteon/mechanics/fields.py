"""What do the fields of a solve look like as a file that a viewer of volumes opens?"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from osteon.anatomy.volume import Array, Floats

# Values are packed in blocks, as VTK's readers expect; each block is unpacked alone.
BLOCK_BYTES = 1 << 20


def vti_bytes(fields: Mapping[str, Array], affine: Floats) -> bytes:
    """Values on the voxels of one grid as a VTK image file (XML, packed), in LPS millimetres.

    Parameters
    ----------
    fields
        Values by name, each of shape (z, y, x), or (z, y, x, c) with c components; kept in single precision, labels
        (whole numbers) as bytes.
    affine
        4 x 4; `affine @ (x, y, z, 1)` is the centre of voxel `[z, y, x]` in LPS mm; its axes are at right angles.

    Notes
    -----
    Layout: VTK file formats, XML ImageData with appended raw data and `vtkZLibDataCompressor`. Values belong to cells,
    so the origin written is the outer corner of the first voxel.

    Examples
    --------
    >>> vti_bytes({"modulus_mpa": np.ones((2, 3, 4))}, np.eye(4))[22:53].decode()
    '<VTKFile type="ImageData" versi'
    """
    shape = next(iter(fields.values())).shape[:3]
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    corner = affine[:3, 3] - affine[:3, :3].sum(axis=1) / 2
    extent = " ".join(f"0 {count}" for count in shape[::-1])
    packed = {name: block_packed(stored(values)) for name, values in fields.items()}
    starts = np.concatenate([[0], np.cumsum([len(each) for each in packed.values()])])
    declared = "".join(
        data_array(name, stored(values), int(start))
        for (name, values), start in zip(fields.items(), starts[:-1], strict=True)
    )
    head = (
        '<?xml version="1.0"?>\n<VTKFile type="ImageData" version="2.2" byte_order="LittleEndian" '
        'header_type="UInt64" compressor="vtkZLibDataCompressor">\n'
        f'<ImageData WholeExtent="{extent}" Origin="{numbers(corner)}" Spacing="{numbers(spacing)}" '
        f'Direction="{numbers((affine[:3, :3] / spacing).ravel())}">\n'
        f'<Piece Extent="{extent}"><CellData>\n{declared}</CellData></Piece>\n</ImageData>\n'
        '<AppendedData encoding="raw">\n_'
    )
    return head.encode() + b"".join(packed.values()) + b"\n</AppendedData>\n</VTKFile>\n"


def stored(values: Array) -> Array:
    """Whole numbers and marks as bytes, all else in single precision."""
    return values.astype(np.uint8) if values.dtype.kind in "bui" else values.astype("<f4")


def data_array(name: str, values: Array, offset: int) -> str:
    """How one field is declared."""
    kind = "UInt8" if values.dtype == np.uint8 else "Float32"
    components = values.shape[3] if values.ndim == 4 else 1
    return (
        f'<DataArray type="{kind}" Name="{name}" NumberOfComponents="{components}" '
        f'format="appended" offset="{offset}"/>\n'
    )


def block_packed(values: Array) -> bytes:
    """Bytes in packed blocks, behind the numbers that say how many there are and how long each is."""
    data = np.ascontiguousarray(values).tobytes()
    blocks = [zlib.compress(data[at : at + BLOCK_BYTES], 1) for at in range(0, len(data), BLOCK_BYTES)]
    sizes = [len(blocks), BLOCK_BYTES, len(data) % BLOCK_BYTES, *map(len, blocks)]
    header: NDArray[np.uint64] = np.array(sizes, "<u8")
    return header.tobytes() + b"".join(blocks)


def numbers(values: Floats) -> str:
    """Numbers with all their digits."""
    return " ".join(repr(float(each)) for each in values)
