"""Files cut, flipped and stuffed at random (fixed seeds) are read or refused: nothing else may happen."""

import gzip
import random
import struct
import time
import zipfile
from io import BytesIO

import numpy as np
import pytest

from osteon.errors import InputError
from osteon.imaging.read import read_images

pytestmark = pytest.mark.slow

SEEDS = 120


def damaged(data, seed):
    """The bytes with some of them cut off, taken out, put in or changed; most often near the start, where sizes stand."""
    draw = random.Random(seed)
    out = bytearray(data)
    head = min(len(out), draw.choice([200, 700, 3000, len(out)]))
    kind = draw.random()
    if kind < 0.15:
        del out[draw.randrange(len(out)) :]
    elif kind < 0.25:
        at = draw.randrange(head)
        del out[at : at + draw.randrange(1, 50)]
    elif kind < 0.35:
        at = draw.randrange(head)
        out[at:at] = draw.randbytes(draw.randrange(1, 20))
    else:
        for _ in range(draw.choice([1, 1, 3, 10, 60])):
            at = draw.randrange(head)
            out[at] = draw.choice([0, 255, draw.randrange(256), out[at] ^ (1 << draw.randrange(8))])
    return bytes(out)


def read_or_refused(path):
    """Whether a path is read, with sound volumes, or refused in words that can be printed."""
    start = time.monotonic()
    try:
        series, said = read_images(path).series, ""
    except InputError as refused:
        series, said = (), str(refused)
    assert said.replace("\n", "").isprintable()
    for one in series:
        assert np.isfinite(one.volume.affine).all()
        assert np.isfinite(one.volume.array).all()
        assert min(one.volume.shape) >= 2
    # Nothing here takes more than 2 s on a busy machine; 30 s would be a hang.
    assert time.monotonic() - start < 30


def check_all(place, name, data):
    for seed in range(SEEDS):
        path = place / name
        path.write_bytes(damaged(data, seed))
        read_or_refused(path)


@pytest.mark.parametrize(
    "name",
    [
        *["MR_small.dcm", "MR_small_implicit.dcm", "MR_small_bigendian.dcm", "CT_small.dcm", "liver_1frame.dcm"],
        *["image_dfl.dcm", "no_meta_group_length.dcm", "rtplan.dcm", "rtstruct.dcm", "DICOMDIR", "emri_small_RLE.dcm"],
    ],
)
def test_damaged_files_of_pydicom(tmp_path, pydicom_file, name):
    check_all(tmp_path, name, pydicom_file(name).read_bytes())


@pytest.mark.parametrize("name", ["enhanced_mr/siemens_xa10_6_1.dcm", "seg/24x38x3/label.seg", "seg/24x38x3/mf.dcm"])
def test_damaged_real_objects(tmp_path, data, name):
    check_all(tmp_path, "a.dcm", (data / "dicom_odd" / name).read_bytes())


@pytest.mark.parametrize("name", ["MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_RLE.dcm"])
def test_damaged_slices_of_compressed_series(tmp_path, pydicom_file, name):
    from pydicom import dcmread

    for seed in range(15):
        for k in range(2):
            one = dcmread(pydicom_file(name))
            one.ImagePositionPatient = [0, 0, 3.0 * k]
            one.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
            one.SeriesInstanceUID = f"1.2.{seed + 10}"
            one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = f"1.2.{seed + 10}.{k + 1}"
            one.save_as(tmp_path / f"{seed}-{k}.dcm")
        whole = (tmp_path / f"{seed}-0.dcm").read_bytes()
        pixels = whole.rindex(b"\xe0\x7f\x10\0") + 12
        (tmp_path / f"{seed}-0.dcm").write_bytes(whole[:pixels] + damaged(whole[pixels:], seed))

    read_or_refused(tmp_path)


def test_damaged_series_in_a_folder_and_in_a_zip(tmp_path, stack):
    folder = stack(4)
    slice_ = (folder / "02.dcm").read_bytes()
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"study/{path.name}")

    for seed in range(SEEDS):
        (folder / "02.dcm").write_bytes(damaged(slice_, seed))
        read_or_refused(folder)
    check_all(tmp_path, "a.zip", packed.getvalue())


def test_damaged_nifti_and_nrrd(tmp_path):
    import nibabel as nib
    import nrrd

    array = np.random.default_rng(0).integers(0, 900, (6, 7, 8)).astype(np.int16)
    one = nib.Nifti1Image(array, np.diag([1, 1, 2, 1.0])).to_bytes()
    two = nib.Nifti2Image(array, np.diag([1, 1, 2, 1.0])).to_bytes()
    place = {"space": "LPS", "space directions": np.eye(3), "space origin": [0, 0, 0]}
    files = {"a.nii": one, "a.nii.gz": gzip.compress(one), "b.nii": two}
    for encoding in ("raw", "gzip", "bzip2"):
        nrrd.write(str(tmp_path / "a.nrrd"), array, {**place, "encoding": encoding})
        files[f"{encoding}.nrrd"] = (tmp_path / "a.nrrd").read_bytes()

    for name, data in files.items():
        check_all(tmp_path, name, data)


def test_random_bytes_behind_every_magic_word(tmp_path):
    starts = [
        bytes(128) + b"DICM",
        b"NRRD0004\n",
        struct.pack("<i", 348),
        b"\x1f\x8b\x08",
        b"PK\3\4",
        b"\x08\0\x05\0",
        b"",
    ]
    for seed in range(SEEDS):
        for start in starts:
            (tmp_path / "a").write_bytes(start + random.Random(seed).randbytes(700))
            read_or_refused(tmp_path / "a")


@pytest.mark.parametrize(
    "content",
    [
        b"\x09\0\x10\0LO\x02\0ab" * 1_600_000,
        bytes(16_000_000),
        b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0\0\0\0\0" * 2_000_000,
        b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff" + bytes(16_000_000),
        b"\0\x52\x30\x92SQ\0\0"
        + struct.pack("<I", 15_000_000)
        + b"\xfe\xff\0\xe0"
        + struct.pack("<I", 14_999_992)
        + bytes(15_000_000),
    ],
    ids=["elements", "zeros", "items", "zeros in an item", "zeros in a frame"],
)
def test_a_header_of_nothing_but_small_elements_ends_in_time(tmp_path, content):
    start = bytes(128) + b"DICM" + b"\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0"
    image = b"\x08\0\x16\0UI\x1a\x001.2.840.10008.5.1.4.1.1.4\0"
    (tmp_path / "a.dcm").write_bytes(start + image + content)

    began = time.monotonic()
    with pytest.raises(InputError):
        read_images(tmp_path)

    # About 10 s on a busy core; without the limits on elements and items it took minutes.
    assert time.monotonic() - began < 60


def test_sequences_nested_without_end_are_refused(tmp_path):
    start = bytes(128) + b"DICM" + b"\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0"
    deeper = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0\xff\xff\xff\xff"
    (tmp_path / "a.dcm").write_bytes(start + deeper * 20_000)

    with pytest.raises(InputError):
        read_images(tmp_path)
