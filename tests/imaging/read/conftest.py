"""Series of images that tests write themselves, so that every voxel's place and value is known."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest

MR, CT = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.2"
AXIAL = (1, 0, 0, 0, 1, 0)
CORONAL = (1, 0, 0, 0, 0, -1)
SAGITTAL = (0, 1, 0, 0, 0, -1)


def dicom_slice(
    k=0,
    orientation=AXIAL,
    spacing=(0.5, 0.75),
    apart=3.0,
    origin=(10.0, -20.0, 30.0),
    pixels=None,
    kind=MR,
    **attributes,
):
    """Slice `k` of a stack as a pydicom dataset that is ready to be saved; None takes an attribute away."""
    import pydicom
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    if pixels is None:
        pixels = np.arange(6 * 5, dtype=np.int16).reshape(6, 5) + 100 * k
    along_row, along_column = np.array(orientation[:3], float), np.array(orientation[3:], float)
    position = np.array(origin) + k * apart * np.cross(along_row, along_column)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = kind
    uid = f"1.2.3.{abs(hash((k, tuple(orientation), tuple(map(str, attributes.items()))))) % 10**12}"
    meta.MediaStorageSOPInstanceUID = uid
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    given = {
        "SOPClassUID": kind,
        "SOPInstanceUID": uid,
        "Modality": "MR" if kind == MR else "CT",
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.4",
        "FrameOfReferenceUID": "1.2.3.5",
        "PatientID": "7",
        "SeriesNumber": 2,
        "InstanceNumber": k + 1,
        "ImageOrientationPatient": [float(x) for x in orientation],
        "ImagePositionPatient": [round(float(x), 6) for x in position],
        "PixelSpacing": list(spacing),
        "SliceThickness": apart,
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1 if pixels.dtype.kind == "i" else 0,
        "PixelData": pixels.astype(f"<{pixels.dtype.kind}2").tobytes(),
        **attributes,
    }
    if kind == CT:
        given = {"RescaleSlope": 1, "RescaleIntercept": -1024, **given}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in given.items():
            if value is not None:
                setattr(dataset, name, value)
    assert pydicom.uid.UID(uid).is_valid
    return dataset


@pytest.fixture
def stack(tmp_path):
    """Writes slices into a folder: `stack(4, EchoTime=9)`; a callable attribute is asked for each slice."""

    def write(count=4, folder="series", name="{k:02}.dcm", **attributes):
        place = tmp_path / folder
        place.mkdir(exist_ok=True, parents=True)
        for k in range(count):
            own = {key: value(k) if callable(value) else value for key, value in attributes.items()}
            dicom_slice(k, **own).save_as(place / name.format(k=k))
        return place

    return write


@pytest.fixture
def slice_of():
    """One dataset, to be changed before it is saved."""
    return dicom_slice


@pytest.fixture(scope="session")
def data():
    """The folder of real images, where there is one."""
    folder = os.environ.get("OSTEON_TEST_DATA")
    if not folder:
        pytest.skip("OSTEON_TEST_DATA is not set to the folder of real images")
    return Path(folder)


@pytest.fixture
def pydicom_file():
    """The path of one of pydicom's own test files."""
    from pydicom.data import get_testdata_file

    def path(name):
        found = get_testdata_file(name, download=False)
        assert found is not None, f"{name} is not among pydicom's test files"
        return Path(found)

    return path
