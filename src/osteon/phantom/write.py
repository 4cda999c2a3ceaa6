"""How does a phantom become files: DICOM slices, NIfTI volumes and the truth?"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from osteon.anatomy import Volume
from osteon.phantom.make import Phantom, on_slices
from osteon.whole_file import write_whole_folder

if TYPE_CHECKING:
    from pydicom import Dataset

README = """A synthetic hip
===============

This is not a patient. Bones come from a statistical shape model, tissue, lesion and noise were invented; name, dates
and identifiers too. Made to check software against a known truth; not for teaching diagnosis, not for decisions on
people.

mr/                       T1-weighted MR slices, DICOM; names and instance numbers are shuffled on purpose
ct.nii.gz                 CT of the same hip in Hounsfield units
truth.json                what is exactly true of it (millimetres in DICOM's LPS axes, ml, degrees)
truth_lesion.nii.gz       masks on a grid of 0.5 mm, as imaged (after any collapse): lesion,
truth_femur.nii.gz        femur,
truth_head.nii.gz         head (femur proximal to the plane 0.55 radius past its centre)
truth_pelvis.nii.gz       and pelvis
truth_masks_mr_grid.npz   lesion, head and femur on the grid of the MR slices (bits packed), with that grid
recipe.json               what it was made from; the same recipe gives the same files

The lesion is everything inside the outer margin of the low-signal band.
Bone shapes: Mozilla Public License 2.0, https://www.mozilla.org/MPL/2.0/
"""


def write_phantom(phantom: Phantom, folder: Path) -> None:
    """Write a phantom's images, truth and recipe into a new or empty folder: all of it or nothing.

    The same recipe gives the same bytes.

    Raises
    ------
    InputError
        When the folder holds something already, or cannot be written.
    """
    write_whole_folder(folder, phantom_files(phantom))


def phantom_files(phantom: Phantom) -> dict[str, bytes]:
    """The content of every file of a phantom by its name below the folder."""
    return {
        **{f"mr/{name}.dcm": content for name, content in mr_files(phantom).items()},
        "ct.nii.gz": nifti(phantom.ct),
        "truth_lesion.nii.gz": nifti(phantom.lesion),
        "truth_femur.nii.gz": nifti(phantom.femur),
        "truth_head.nii.gz": nifti(phantom.head),
        "truth_pelvis.nii.gz": nifti(phantom.pelvis),
        "truth_masks_mr_grid.npz": slice_masks(phantom),
        "truth.json": as_json(phantom.truth),
        "recipe.json": as_json(asdict(phantom.recipe)),
        "README.txt": README.encode(),
    }


def as_json(content: dict[str, Any]) -> bytes:
    """JSON text with one key a line."""
    return (json.dumps(content, indent=1) + "\n").encode()


def nifti(volume: Volume) -> bytes:
    """A gzipped NIfTI file; masks become 0 and 1. NIfTI counts x to the right and y to the front: both are turned."""
    import nibabel as nib

    array = volume.array.astype(np.uint8) if volume.array.dtype == bool else volume.array
    image: Any = nib.Nifti1Image(array, np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.affine)  # type: ignore[no-untyped-call]
    image.header.set_xyzt_units("mm")
    image.set_qform(image.affine, code=1)
    image.set_sform(image.affine, code=1)
    return gzip.compress(image.to_bytes(), 6, mtime=0)


def slice_masks(phantom: Phantom) -> bytes:
    """Masks on the slices as an npz file: packed bits, shape, origin, directions and spacing of the grid."""
    grid = phantom.mr
    masks = {"lesion": phantom.lesion, "head": phantom.head, "bone": phantom.femur}
    slice_dir, col_dir, row_dir = grid.directions.T
    arrays: dict[str, Any] = {
        **{name: np.packbits(on_slices(phantom, mask).array) for name, mask in masks.items()},
        "shape": np.array(grid.shape),
        "origin": grid.affine[:3, 3],
        "row_dir": row_dir,
        "col_dir": col_dir,
        "slice_dir": slice_dir,
        "spacing": grid.spacing_mm,
    }
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def mr_files(phantom: Phantom) -> dict[str, bytes]:
    """One DICOM file a slice under a nine-figure name; neither names nor instance numbers follow the position."""
    count = phantom.mr.shape[0]
    random = np.random.default_rng([phantom.recipe.seed, 8])
    names = random.choice(10**9, count, replace=False)
    numbers = random.permutation(count) + 1
    return {f"{names[k]:09d}": slice_file(phantom, k, int(numbers[k])) for k in range(count)}


def slice_file(phantom: Phantom, k: int, number: int) -> bytes:
    """Slice `k` as a DICOM file with this instance number."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian

    dataset = slice_dataset(phantom, k, number)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.ImplementationClassUID = UID(uid("osteon phantom"))
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def uid(*parts: object) -> str:
    """A UID under 2.25 that depends on the parts alone."""
    digest = hashlib.sha256("\n".join(map(repr, parts)).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:15], 'big')}"


def slice_dataset(phantom: Phantom, k: int, number: int) -> Dataset:
    """All attributes of one slice as MR Image Storage."""
    from pydicom import Dataset
    from pydicom.uid import MRImageStorage

    recipe, grid = phantom.recipe, phantom.mr
    dataset = Dataset()
    fixed = {**identity(), **acquisition(phantom), **pixels(grid)}
    for keyword, value in fixed.items():
        setattr(dataset, keyword, value)
    dataset.SOPClassUID = MRImageStorage
    dataset.SOPInstanceUID = uid(recipe, "slice", k)
    dataset.StudyInstanceUID = uid(recipe, "study")
    dataset.SeriesInstanceUID = uid(recipe, "series")
    dataset.FrameOfReferenceUID = uid(recipe, "frame of reference")
    dataset.PatientID = f"phantom-{uid(recipe)[-10:]}"
    dataset.InstanceNumber = number
    dataset.ImagePositionPatient = decimals(grid.to_mm([k, 0, 0]))
    dataset.ImageOrientationPatient = decimals(np.concatenate([grid.directions[:, 2], grid.directions[:, 1]]))
    dataset.PixelData = grid.array[k].astype("<u2").tobytes()
    return dataset


def decimals(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[str]:
    """Numbers as DICOM decimal strings of at most 16 characters."""
    return [f"{value:.8g}" if abs(value) < 1e-4 else f"{value:.10g}"[:16] for value in values]


def identity() -> dict[str, Any]:
    """Who and when: nobody, at a made-up time."""
    return {
        "PatientName": "PHANTOM^SYNTHETIC",
        "PatientBirthDate": "",
        "PatientSex": "O",
        "StudyDate": "20260101",
        "SeriesDate": "20260101",
        "AcquisitionDate": "20260101",
        "ContentDate": "20260101",
        "StudyTime": "120000",
        "SeriesTime": "120000",
        "AcquisitionTime": "120000",
        "ContentTime": "120000",
        "StudyID": "1",
        "SeriesNumber": 1,
        "AcquisitionNumber": 1,
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "Manufacturer": "synthetic phantom",
        "StudyDescription": "Synthetic hip",
    }


def acquisition(phantom: Phantom) -> dict[str, Any]:
    """How the series was taken."""
    recipe = phantom.recipe
    volume = recipe.slice_mm <= 1.5
    return {
        "Modality": "MR",
        "ImageType": ["DERIVED", "PRIMARY", "OTHER"],
        "SeriesDescription": f"T1 {recipe.plane.upper()} phantom",
        "ProtocolName": "T1 3D spoiled gradient echo" if volume else "T1 spin echo",
        "BodyPartExamined": "HIP",
        "Laterality": recipe.side[0].upper(),
        "ScanningSequence": "GR" if volume else "SE",
        "SequenceVariant": "SP" if volume else "SK",
        "ScanOptions": "",
        "MRAcquisitionType": "3D" if volume else "2D",
        "RepetitionTime": "20" if volume else "550",
        "EchoTime": "4.2" if volume else "12",
        "FlipAngle": "30" if volume else "90",
        "EchoTrainLength": 1 if volume else 3,
        "MagneticFieldStrength": "1.5",
        "SliceThickness": f"{recipe.slice_mm:g}",
        "SpacingBetweenSlices": f"{recipe.spacing_mm:g}",
        "PatientPosition": "HFS",
        "PositionReferenceIndicator": "",
    }


def pixels(grid: Volume) -> dict[str, Any]:
    """How the pixels are stored."""
    return {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": grid.shape[1],
        "Columns": grid.shape[2],
        "PixelSpacing": [f"{grid.spacing_mm[1]:g}", f"{grid.spacing_mm[2]:g}"],
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "WindowCenter": "900",
        "WindowWidth": "1600",
    }
