"""A small MR series on disk with masks and measurements on it, and the programs of others that judge what is written."""

import os
import shutil
import subprocess
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from osteon.anatomy import Volume, points_mm
from osteon.imaging.series import Instance, Mask, Measurement, Series
from osteon.imaging.write import Stamp, seg_bytes, source_headers, sr_bytes

MR, ENHANCED = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1"
STUDY = {
    "SpecificCharacterSet": "ISO_IR 100",
    "PatientName": "Schäfer^Zoë",
    "PatientID": "P-77",
    "PatientBirthDate": "19700102",
    "PatientSex": "F",
    "StudyInstanceUID": "2.25.1001",
    "StudyDate": "20260101",
    "StudyTime": "120000",
    "StudyID": "1",
    "AccessionNumber": "A1",
    "ReferringPhysicianName": "Doe^Jo",
    "FrameOfReferenceUID": "2.25.1003",
    "PositionReferenceIndicator": "",
    "SeriesInstanceUID": "2.25.1002",
    "SeriesNumber": 3,
    "Modality": "MR",
    "Manufacturer": "maker",
    "BodyPartExamined": "HIP",
}


@pytest.fixture(scope="session")
def stamp():
    return Stamp(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "test")


def oblique_grid(slices=10):
    """Coronal slices of 3.5 mm, tilted by 10 degrees, 50 x 46 pixels of 0.8 x 0.9 mm."""
    c, s = np.cos(np.deg2rad(10)), np.sin(np.deg2rad(10))
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, 1.0], [c, -s, 0], [-s, -c, 0]]) * [3.5, 0.8, 0.9]
    affine[:3, 3] = (70.0, -20.0, 30.0)
    return Volume(np.zeros((slices, 50, 46), np.float32), affine)


def header(kind, instance, number):
    """An empty MR object of the study."""
    import pydicom
    from pydicom.dataset import FileDataset, FileMetaDataset

    made = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = kind
    made.file_meta.MediaStorageSOPInstanceUID = instance
    values = {**STUDY, "SOPClassUID": kind, "SOPInstanceUID": instance, "InstanceNumber": number}
    pixels = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 16, "BitsStored": 12}
    for name, value in {**values, **pixels, "HighBit": 11, "PixelRepresentation": 0}.items():
        setattr(made, name, value)
    return made


def write_slices(folder, grid):
    """One MR object a slice, its names and numbers in another order than its place."""
    order = np.random.default_rng(5).permutation(grid.shape[0])
    instances = []
    for k in range(grid.shape[0]):
        made = header(MR, f"2.25.2{k:03}", int(order[k]) + 1)
        made.ImageType = ["ORIGINAL", "PRIMARY"]
        made.ScanningSequence, made.SequenceVariant, made.ScanOptions, made.MRAcquisitionType = "SE", "SK", "", "2D"
        made.RepetitionTime, made.EchoTime, made.EchoTrainLength = 550, 12, 3
        made.ImageOrientationPatient = [f"{v:.9g}" for v in (*grid.directions[:, 2], *grid.directions[:, 1])]
        made.ImagePositionPatient = [f"{v:.9g}" for v in grid.to_mm([k, 0, 0])]
        made.PixelSpacing = [f"{v:.9g}" for v in grid.spacing_mm[1:]]
        made.SliceThickness, made.PatientPosition = "3", "HFS"
        made.Rows, made.Columns = grid.shape[1:]
        made.PixelData = np.full(grid.shape[1:], 7 * k, np.uint16).tobytes()
        path = f"im{order[k]:02}.dcm"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made.save_as(folder / path, enforce_file_format=True)
        instances.append(Instance(MR, f"2.25.2{k:03}", path))
    return tuple(instances)


def write_frames(folder, grid):
    """One enhanced MR object with the slices in reverse and an echo that is none of the series between them."""
    from pydicom.dataset import Dataset

    made, count = header(ENHANCED, "2.25.3000", 1), grid.shape[0]
    made.Rows, made.Columns, made.NumberOfFrames = *grid.shape[1:], 2 * count
    made.SharedFunctionalGroupsSequence, made.PerFrameFunctionalGroupsSequence = [Dataset()], []
    for k in range(count - 1, -1, -1):
        for _ in range(2):
            place, turn, measures, groups = Dataset(), Dataset(), Dataset(), Dataset()
            place.ImagePositionPatient = [f"{v:.9g}" for v in grid.to_mm([k, 0, 0])]
            turn.ImageOrientationPatient = [f"{v:.9g}" for v in (*grid.directions[:, 2], *grid.directions[:, 1])]
            measures.PixelSpacing, measures.SliceThickness = [f"{v:.9g}" for v in grid.spacing_mm[1:]], "3"
            groups.PlanePositionSequence, groups.PlaneOrientationSequence = [place], [turn]
            groups.PixelMeasuresSequence = [measures]
            made.PerFrameFunctionalGroupsSequence.append(groups)
    made.PixelData = bytes(2 * 2 * count * grid.shape[1] * grid.shape[2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.save_as(folder / "enhanced.dcm", enforce_file_format=True)
    frames = [2 * (count - 1 - k) + 2 for k in range(count)]
    return tuple(Instance(ENHANCED, "2.25.3000", "enhanced.dcm", (n,)) for n in frames)


def series_of(grid, instances):
    uids = {"study_uid": "2.25.1001", "series_uid": "2.25.1002", "frame_of_reference_uid": "2.25.1003"}
    return Series("s1", "MR", grid, instances=instances, slice_thickness_mm=3.0, **uids)


@pytest.fixture(scope="session")
def mr(tmp_path_factory):
    """A folder with one object a slice, and the series that was read from it."""
    folder, grid = tmp_path_factory.mktemp("mr"), oblique_grid()
    return folder, series_of(grid, write_slices(folder, grid))


@pytest.fixture(scope="session")
def enhanced(tmp_path_factory):
    """The same series as every second frame of one enhanced object."""
    folder, grid = tmp_path_factory.mktemp("enhanced"), oblique_grid()
    return folder, series_of(grid, write_frames(folder, grid))


def masks_on(series):
    """A lesion within a femoral head within a femur, by three people and programs."""
    grid = series.volume
    center = grid.to_mm((np.array(grid.shape) - 1) / 2)
    points = points_mm(grid)
    distance = np.linalg.norm(points - center, axis=-1)
    lesion = (distance < 12) & (points[..., 2] > center[2])
    neck = np.linalg.norm((points - center)[..., :2], axis=-1) < 8
    return (
        Mask(grid.with_array(lesion), "lesion", "corrected", "Müller^Ä"),
        Mask(grid.with_array(distance < 15), "femoral_head", "automatic", "Osteon 0.1.0"),
        Mask(
            grid.with_array((distance < 15) | (neck & (points[..., 2] < center[2]))), "femur_left", "imported", "other"
        ),
    )


@pytest.fixture(scope="session")
def masks(mr):
    return masks_on(mr[1])


def measurement(name, value, low, high, unit, convention, **more):
    return Measurement(name, value, low, high, unit, convention, "s1", "Müller^Ä", **more)


@pytest.fixture(scope="session")
def measurements(mr):
    """Numbers, words and a point; with and without an interval, with and without a code."""
    center = mr[1].volume.to_mm((np.array(mr[1].volume.shape) - 1) / 2)
    fractions = (("proximal_to_0.55r", 22.0), ("bone_in_sphere", 18.9), ("sphere", 18.5))
    return (
        measurement("head_center_mm", tuple(center), tuple(center - 1), tuple(center + 1), "mm", "fitted_sphere"),
        measurement("head_radius_mm", 15.25, 14.75, 16.0, "mm", "fitted_sphere"),
        measurement("lesion_volume_ml", 3.6, 3.1, 4.4, "mL", "outer_margin_of_band"),
        *[measurement("lesion_fraction_percent", v, v - 2, v + 3, "%", name) for name, v in fractions],
        measurement("modified_kerboul_deg", 211.0, None, None, "deg", "mid_planes", border="11.0 deg above 1/2"),
        measurement("jic_type", "C1", "B", "C2", "", "jic_2002_borders", settings=("exact thirds",)),
        measurement("steinberg_size", "B", None, None, "", "proximal_to_0.55r"),
        measurement("a_new_class", "large", None, None, "", "a convention in words"),
        measurement("collapse_depth_mm", 0.0, 0.0, 0.7, "mm", "intact_sphere"),
        measurement("a_new_share_percent", 1 / 3, 0.1, 0.9, "%", "a convention in words"),
    )


@pytest.fixture(scope="session")
def written(mr, masks, measurements, stamp):
    """Segmentation, Label Map and report of the series, as bytes by name."""
    folder, series = mr
    headers = source_headers(series, folder)
    seg = seg_bytes(masks, series, headers, stamp, side="left")
    return {
        "seg": seg,
        "label_map": seg_bytes(masks, series, headers, stamp, side="left", label_map=True),
        "sr": sr_bytes(measurements, series, headers, stamp, seg=seg, side="left"),
    }


@pytest.fixture
def program():
    """Runs a program that comes with the development packages or with Debian: its output, after it succeeded."""

    def run(name, *words, succeeds=True):
        beside = Path(sys.executable).with_name(name)
        found = str(beside) if beside.exists() else shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
        if not found:
            pytest.fail(f"{name} is not installed. Run tools/system_packages.sh dicom as root, or make test.")
        done = subprocess.run([found, *map(str, words)], capture_output=True, timeout=120, check=False)
        told = (done.stdout + done.stderr).decode("utf-8", "replace")
        assert done.returncode == 0 or not succeeds, told[-2000:]
        return told

    return run


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
