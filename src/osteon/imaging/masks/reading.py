"""Which masks does a file hold?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from osteon.anatomy import Volume
from osteon.imaging.masks.contours import masks_of_contours
from osteon.imaging.masks.dicom_file import (
    LABEL_MAP_SEG,
    RTSTRUCT,
    SEG,
    dataset_of,
    dicom_damage_told,
    looks_like_dicom,
)
from osteon.imaging.masks.files import EmptyMaskError, bytes_of, refusal
from osteon.imaging.masks.label_map import masks_of_nifti, masks_of_nrrd
from osteon.imaging.masks.names import label_of, label_of_file
from osteon.imaging.masks.segmentation import masks_of_segmentation
from osteon.imaging.series import Mask, Series

ACCEPTED = "Send a DICOM SEG or RTSTRUCT, a NIfTI (.nii, .nii.gz) or an NRRD (.nrrd, .seg.nrrd) file."
FILES = (".nii", ".nii.gz", ".nrrd", ".dcm")
NAMED_BY_THEIR_FILE = "segment_"


def read_mask(path: Path, label: str | None = None, *, like: Volume | Series | None = None) -> tuple[Mask, ...]:
    """The masks that a file holds, each with the label it was saved under.

    Reads DICOM SEG (binary, fractional from one half on, label map; overlapping segments stay apart), RTSTRUCT, NIfTI
    and NRRD label maps with the names that TotalSegmentator, nnU-Net and 3D Slicer give, and a folder with one file a
    class, as TotalSegmentator writes it (its files of the hip).

    Parameters
    ----------
    path
        The file, or the folder with one file a class.
    label
        The one to read, by its name or number. A file that marks one thing and does not name it gets this label.
    like
        The image that contours (RTSTRUCT) were drawn on; other formats bring their own grid.

    Returns
    -------
    At least one mask with at least one voxel, each on the grid it was saved on, in LPS.

    Raises
    ------
    InputError
        When the file is none of these, damaged, too large, empty, or does not tell where its voxels lie.
    """
    if path.is_dir():
        return masks_of_folder(path, label, like)
    return masks_of_bytes(bytes_of(path), path.name, label, like=like, names_beside=names_beside(path))


def masks_of_bytes(
    data: bytes,
    source: str,
    label: str | None = None,
    *,
    like: Volume | Series | None = None,
    names_beside: bytes = b"",
) -> tuple[Mask, ...]:
    """The same from the bytes of one file.

    Parameters
    ----------
    data
        The whole file.
    source
        Its name: for messages, and for the label where the file gives none.
    names_beside
        The `dataset.json` of nnU-Net that lies beside the file, where there is one.
    """
    if looks_like_dicom(data):
        masks = masks_of_dicom(data, source, label, like)
    elif data[:7] == b"NRRD000":
        masks = masks_of_nrrd(data, source, label, names_beside)
    elif data[:2] == b"\x1f\x8b" or is_nifti(data):
        masks = masks_of_nifti(data, source, label, names_beside)
    else:
        raise refusal(source, f"is no mask in a known format. {ACCEPTED}")
    if len(masks) == 1 and masks[0].label.startswith(NAMED_BY_THEIR_FILE):
        return (replace(masks[0], label=label_of(label) if label else label_of_file(source)),)
    return masks


def is_nifti(data: bytes) -> bool:
    """Whether a file opens like NIfTI-1 or NIfTI-2, in either byte order."""
    return data[:4] in (b"\x5c\x01\0\0", b"\0\0\x01\x5c", b"\x1c\x02\0\0", b"\0\0\x02\x1c")


def masks_of_dicom(data: bytes, source: str, label: str | None, like: Volume | Series | None) -> tuple[Mask, ...]:
    """The masks in a DICOM object, when it is one that holds masks."""
    dataset = dataset_of(data, source)
    with dicom_damage_told(source, "a DICOM file"):
        kind = str(dataset.get("SOPClassUID", ""))
    if kind in (SEG, LABEL_MAP_SEG):
        return masks_of_segmentation(dataset, source, label)
    if kind == RTSTRUCT:
        return masks_of_contours(dataset, source, label, like)
    raise refusal(source, f"is a DICOM object without masks. {ACCEPTED}")


def masks_of_folder(folder: Path, label: str | None, like: Volume | Series | None) -> tuple[Mask, ...]:
    """The masks of a folder with one file a class: the named one, or those of the hip."""
    files = sorted(each for each in folder.iterdir() if each.is_file() and each.name.lower().endswith(FILES))
    stems = {each: label_of(each.name.split(".")[0]) for each in files}
    wanted = label_of(label) if label else None
    chosen = [each for each in files if (stems[each] == wanted if wanted else label_of_file(each.name) != "mask")]
    if not chosen:
        held = ", ".join(sorted(set(map(label_of_file, stems.values())) - {"mask"})) or "none"
        what = f"no file for {label!r}" if label else "no mask of the hip"
        raise refusal(folder.name, f"holds {what}; the files of the hip in it are: {held}. {ACCEPTED}")
    # A class that was not found is an empty file beside the others: only all of them empty is a refusal.
    masks = [mask for each in chosen for mask in masks_of_class(each, wanted, like, last=len(chosen) == 1)]
    if not masks:
        raise refusal(folder.name, "holds only empty masks of the hip: nothing was marked. Segment the image again.")
    return tuple(masks)


def masks_of_class(path: Path, wanted: str | None, like: Volume | Series | None, last: bool) -> tuple[Mask, ...]:
    """The mask of one class, without one where its file is empty."""
    try:
        return read_mask(path, wanted, like=like)
    except EmptyMaskError:
        if last:
            raise
        return ()


def names_beside(path: Path) -> bytes:
    """The `dataset.json` of nnU-Net in the same folder, up to a size that names need; nothing where there is none."""
    beside = path.with_name("dataset.json")
    try:
        return beside.read_bytes() if beside.is_file() and beside.stat().st_size < 2**20 else b""
    except OSError:
        return b""
