"""Masks that tests write themselves, in every format, so that every voxel's place is known."""

import os
import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from osteon.anatomy import Volume, points_mm
from osteon.imaging.series import Mask


def tilted_affine(spacing=(3.0, 0.75, 0.5), origin=(12.0, -34.0, 56.0), degrees=12.0):
    """An affine whose axes lie obliquely in the patient: slices, rows, columns."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, 1.0], [-s, c, 0], [c, s, 0]]) * np.array(spacing)
    affine[:3, 3] = origin
    return affine


@pytest.fixture
def tilted():
    """The function above."""
    return tilted_affine


@pytest.fixture
def segments():
    """Two overlapping segments on a grid of 5 x 7 x 9 voxels: a frame of 63 bits fills no whole bytes."""
    rng = np.random.default_rng(3)
    first = rng.random((5, 7, 9)) < 0.4
    second = rng.random((5, 7, 9)) < 0.3
    first[3] = second[3] = False  # a slice without voxels, which writers like to leave out
    affine = tilted_affine()
    return Volume(first, affine), Volume(second, affine)


@pytest.fixture
def ball():
    """A mask of type bool on the grid of a volume: a sphere about a point."""

    def make(grid, radius_mm, center_mm=(0.0, 0.0, 0.0)):
        inside = np.linalg.norm(points_mm(grid) - np.array(center_mm), axis=-1) <= radius_mm
        return Mask(grid.with_array(inside), "ball", "drawn", "reader")

    return make


def source_image(volume, k):
    """The header of the CT slice that lies under slice `k` of a volume."""
    import pydicom
    from pydicom.dataset import FileDataset, FileMetaDataset

    image = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    image.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    cosines = [*volume.directions[:, 2], *volume.directions[:, 1]]
    values = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
        "SOPInstanceUID": f"1.2.3.{k + 1}",
        "Modality": "CT",
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.4",
        "FrameOfReferenceUID": "1.2.3.5",
        "PatientID": "7",
        "ImageOrientationPatient": [float(x) for x in cosines],
        "ImagePositionPatient": [float(x) for x in volume.to_mm([k, 0, 0])],
        "PixelSpacing": [float(volume.spacing_mm[1]), float(volume.spacing_mm[2])],
        "SliceThickness": float(volume.spacing_mm[0]),
        "Rows": volume.shape[1],
        "Columns": volume.shape[2],
    }
    empty = "PatientName PatientBirthDate PatientSex AccessionNumber StudyID StudyDate StudyTime"
    for name, value in {**dict.fromkeys(empty.split(), ""), **values}.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            setattr(image, name, value)
    return image


@pytest.fixture
def segmentation():
    """A DICOM Segmentation of volumes, as a pydicom dataset made by highdicom."""

    def make(volumes, kind="BINARY", pixels=None, omit=False, names=("Lesion", "Femoral head")):
        from highdicom.seg import Segmentation, SegmentDescription
        from pydicom.sr.codedict import codes

        bone = (codes.SCT.Tissue, codes.SCT.Bone, "MANUAL")
        parts = [SegmentDescription(k + 1, names[k], *bone) for k in range(len(volumes))]
        array = np.stack([each.array for each in volumes], axis=-1).astype(np.uint8) if pixels is None else pixels
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = Segmentation(
                [source_image(volumes[0], k) for k in range(volumes[0].shape[0])],
                array,
                kind,
                parts,
                "1.2.3.6",
                1,
                "1.2.3.6.1",
                1,
                "maker",
                "model",
                "1",
                "1",
                omit_empty_frames=omit,
                max_fractional_value=200,
                content_creator_name="Reader^One",
            )
        # what the library takes from clocks and dice would make every run cut and flip another file
        made.DimensionOrganizationSequence[0].DimensionOrganizationUID = "1.2.3.8"
        for index in made.DimensionIndexSequence:
            index.DimensionOrganizationUID = "1.2.3.8"
        made.InstanceCreationDate = made.ContentDate = "20260102"
        made.InstanceCreationTime = made.ContentTime = "030405"
        for equipment in made.get("ContributingEquipmentSequence", []):
            equipment.ContributionDateTime = "20260102030405"
        return made

    return make


@pytest.fixture
def saved():
    """The bytes of a pydicom dataset."""

    def make(dataset):
        stream = BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset.save_as(stream, enforce_file_format=True)
        return stream.getvalue()

    return make


@pytest.fixture
def real_data():
    """A folder of the real images that tests may use."""

    def folder(name):
        root = os.environ.get("OSTEON_TEST_DATA")
        if not root:
            pytest.skip("OSTEON_TEST_DATA does not name the folder of real images")
        found = Path(root, name)
        if not found.exists():
            pytest.skip(f"OSTEON_TEST_DATA has no {name}")
        return found

    return folder
