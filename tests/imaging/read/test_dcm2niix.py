"""dcm2niix, an independent reader, agrees on every series; what it reads and we refuse has a written reason.

`OSTEON_WRITE_GOLDEN=1` writes the list of what every test file gives anew; read the difference before it is committed.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from osteon.errors import InputError
from osteon.imaging.read import read_images, read_series

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("dcm2niix")]

LIST = Path(__file__).with_name("every_test_file.txt")
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])

# Why a file that dcm2niix converts is refused here, by the words of the refusal.
REASONS = {
    "single slice": "One slice has no thickness to measure in; dcm2niix writes a flat image.",
    "not an MR or CT image": "Radiographs, ultrasound, captures, dose and reports; dcm2niix writes their pixels unplaced.",
    "does not say what it holds": "No SOP class; dcm2niix writes an empty image of one voxel.",
    "says of none where it lies": "Enhanced object without places; dcm2niix makes them up.",
    "not a DICOM, NIfTI or NRRD": "Text and others.",
    "no pixels": "Nothing to read; dcm2niix writes an empty image of one voxel.",
    "holds no files": "An index alone (DICOMDIR); dcm2niix writes an empty image of one voxel.",
    "need the image they were drawn on": "Contours alone.",
    "images of 2 patients": "Each is read when sent alone; dcm2niix mixes them in one folder.",
}


def converted(source, out):
    """Every volume that dcm2niix writes: values and affine in LPS. `-p n` turns off its private Philips scaling."""
    import nibabel as nib

    program = shutil.which("dcm2niix", path=str(Path(sys.executable).parent)) or shutil.which("dcm2niix")
    if program is None:
        pytest.skip("dcm2niix is not installed")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    one = ["-s", "y"] if source.is_file() else []
    subprocess.run(
        [program, *one, "-p", "n", "-b", "n", "-f", "%s_%p_%e", "-o", str(out), str(source)],
        capture_output=True,
        timeout=120,
        check=False,
    )
    volumes = []
    for path in sorted(out.glob("*.nii*")):
        image = nib.load(path)
        array = np.asanyarray(image.dataobj)
        if array.dtype.fields is None:
            array = array.reshape(*array.shape[:3], -1)
            volumes += [(array[..., k].astype(np.float32), LPS @ image.affine) for k in range(array.shape[3])]
    return volumes


def difference(series, volume):
    """Largest distance between voxel centres in mm and largest difference of values; None when the grids differ."""
    array, affine = volume
    shape = series.volume.shape
    if sorted(shape) != sorted(array.shape):
        return None
    index = np.indices(shape).reshape(3, -1)
    there = np.linalg.inv(affine) @ series.volume.affine
    exact = there[:3, :3] @ index + there[:3, 3:]
    nearest = np.rint(exact).astype(int)
    if (nearest < 0).any() or (nearest >= np.array(array.shape)[:, None]).any():
        return None
    off_mm = float(np.linalg.norm(affine[:3, :3] @ (exact - nearest), axis=0).max())
    return off_mm, float(np.abs(array[tuple(nearest)].reshape(shape) - series.volume.array).max())


def best(series, volumes):
    """The smallest difference to any of the volumes."""
    return min(filter(None, (difference(series, volume) for volume in volumes)), key=lambda pair: pair[1], default=None)


def check_agreement(series, volumes):
    found = best(series, volumes)
    assert found is not None, f"dcm2niix has no volume on the grid of {series.source}"
    assert found[0] < 0.01  # mm
    assert found[1] <= 1e-6 * max(1.0, float(np.abs(series.volume.array).max()))  # both keep 32-bit floats


def given_by(path):
    """What a path gives: series, masks, and refusals in words without their numbers."""
    try:
        images = read_images(path)
    except InputError as refused:
        return (), [fault.message for fault in refused.faults], 0
    return images.series, [one.reason for one in images.refused], len(images.masks)


FOLDERS = [
    "pelvis_mr_prostatex/0000_t2_coronal",
    "pelvis_mr_prostatex/0000_t2_axial",
    "pelvis_mr_prostatex/0218_localizer_3plane",
    "knee_mr_ge_t2map",
    "dicom_odd/enhanced_mr",
    "dicom_odd/seg/24x38x3",
    "phantoms_examples/ex1/mr",
    "phantoms_examples/ex2/mr",
    "phantoms_examples/ex3/mr",
]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_real_series_agrees(data, tmp_path, folder):
    images = read_images(data / folder)
    volumes = converted(data / folder, tmp_path / "out")

    assert images.series
    for series in images.series:
        check_agreement(series, volumes)


def test_every_series_of_dcm2niix_is_read_too(data, tmp_path):
    for folder in FOLDERS[:5]:
        series = read_images(data / folder).series
        assert len(series) == len(converted(data / folder, tmp_path / "out"))


def test_files():
    """pydicom's own test files and those of pydicom-data, as far as they are on the disk."""
    from pydicom.data import get_testdata_files

    files = sorted({Path(name) for name in get_testdata_files() if Path(name).is_file()})
    return [path for path in files if "__pycache__" not in path.parts]


test_files.__test__ = False


def short_name(path):
    parts = path.parts
    start = max(k for k, part in enumerate(parts) if part in ("test_files", "data", "charset_files", "palettes"))
    return "/".join(parts[start:])


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """For each test file: what we give, and what dcm2niix gives."""
    out = tmp_path_factory.mktemp("every") / "out"
    return {short_name(path): (*given_by(path), converted(path, out)) for path in test_files()}


def explained(words):
    return any(known in words for known in REASONS) or words.startswith("and ")


def test_every_test_file_agrees_or_is_refused_with_a_written_reason(everything):
    unexplained = []
    for name, (series, refused, _, volumes) in everything.items():
        for one in series:
            check_agreement(one, volumes)
        if volumes and not series:
            unexplained += [(name, words) for words in refused if not explained(words)]

    assert unexplained == []
    assert all(any(known in words for _, told, *_ in everything.values() for words in told) for known in REASONS)
    assert sum(bool(series) for series, *_ in everything.values()) >= 1


def test_the_list_of_what_every_test_file_gives_is_kept(everything):
    lines = []
    for name, (series, refused, masks, _) in sorted(everything.items()):
        told = [f"{one.kind} {one.plane} {'x'.join(map(str, one.volume.shape))}" for one in series]
        told += [f"{masks} masks"] * bool(masks) + sorted(set(refused))
        lines.append(f"{name}: {' | '.join(told)}\n")
    text = "".join(lines)
    if os.environ.get("OSTEON_WRITE_GOLDEN"):
        LIST.write_text(text, encoding="utf-8")

    assert text == LIST.read_text(encoding="utf-8")


SINGLE = [
    *["MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm", "MR_small_padded.dcm"],
    *["MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_expb.dcm", "CT_small.dcm"],
    *["693_UNCI.dcm", "693_J2KR.dcm", "693_J2KI.dcm", "MR2_UNCI.dcm", "MR2_J2KR.dcm", "MR2_J2KI.dcm"],
    *["MR-SIEMENS-DICOM-WithOverlays.dcm", "explicit_VR-UN.dcm", "bad_sequence.dcm", "examples_overlay.dcm"],
]


def doubled(path, folder):
    """A series of two slices with the same pixels, the second one 2.5 mm along the normal."""
    import warnings

    from pydicom import dcmread

    folder.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for k in range(2):
            one = dcmread(path)
            along = np.array(one.ImageOrientationPatient, float)
            step = np.cross(along[:3], along[3:]) * 2.5 * k
            place = np.array(one.ImagePositionPatient, float) + step
            one.ImagePositionPatient = [f"{value:.6f}"[:16] for value in place]
            one.SOPInstanceUID = f"1.2.3.{k + 1}"
            one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
            one.InstanceNumber = k + 1
            one.SliceThickness = one.SpacingBetweenSlices = 2.5
            one.save_as(folder / f"{k}.dcm")
    return folder


@pytest.mark.parametrize("name", SINGLE)
def test_single_slices_agree_when_a_second_one_is_laid_on_top(pydicom_file, tmp_path, name):
    """Most test files are one slice; doubled along their normal they become series in every way of writing pixels."""
    folder = doubled(pydicom_file(name), tmp_path / "two")

    check_agreement(read_series(folder), converted(folder, tmp_path / "out"))


def test_signed_pixels_in_an_unsigned_stream_keep_their_sign(pydicom_file, tmp_path):
    """Here header (signed) and JPEG 2000 stream (unsigned, 13 bits) differ; dcm2niix shows air as 7192."""
    folder = doubled(pydicom_file("J2K_pixelrep_mismatch.dcm"), tmp_path / "two")
    series = read_series(folder)
    theirs = converted(folder, tmp_path / "out")[0][0]

    assert series.volume.array.min() == -2000
    assert np.array_equal(np.unique(series.volume.array % 8192), np.unique(theirs))


@pytest.mark.parametrize("folder", ["77654033", "98892001", "98892003", "TINY_ALPHA"])
def test_patients_of_the_dicomdir_of_pydicom_agree_where_they_are_read(tmp_path, folder, pydicom_file):
    place = pydicom_file("DICOMDIR").parent / folder
    series, refused, _ = given_by(place)
    volumes = converted(place, tmp_path / "out")

    for one in series:
        check_agreement(one, volumes)
    assert all(re.search(r"[Ss]end|[Cc]opy|and \d+ more", words) for words in refused)
    assert bool(series) == (folder == "98892001")
