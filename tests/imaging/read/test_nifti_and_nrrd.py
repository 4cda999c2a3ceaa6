"""NIfTI and NRRD are placed in DICOM's frame, or refused when they do not say where they lie."""

import bz2
import gzip

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from osteon.errors import InputError
from osteon.imaging.read import limits, read_images, read_series

RAMP = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6) * 7 + 300  # no label map, no CT


def nifti(path, array=RAMP, affine=None, sform=1, qform=0, units="mm", two=False, **fields):
    import nibabel as nib

    kind = nib.Nifti2Image if two else nib.Nifti1Image
    image = kind(array, np.diag([1.0, 2.0, 3.0, 1.0]) if affine is None else affine)
    image.header.set_xyzt_units(units)
    image.set_sform(image.affine, sform)
    image.set_qform(image.affine, qform)
    data = image.to_bytes()
    header = type(image.header)(data[: image.header.sizeof_hdr])
    for name, value in fields.items():  # what the library would not write
        header.structarr[name] = value
    data = header.binaryblock + data[len(header.binaryblock) :]
    path.write_bytes(gzip.compress(data) if path.name.endswith(".gz") else data)
    return path


def nrrd_file(path, array=RAMP, body=None, **fields):
    lines = {
        "type": "int16",
        "dimension": "3",
        "sizes": " ".join(map(str, array.shape)),
        "space": "left-posterior-superior",
        "space directions": "(1,0,0) (0,2,0) (0,0,3)",
        "space origin": "(10,20,30)",
        "endian": "little",
        "encoding": "raw",
    } | {name.replace("_", " "): value for name, value in fields.items()}
    text = "".join(f"{name}: {value}\n" for name, value in lines.items() if value is not None)
    path.write_bytes(b"NRRD0004\n" + text.encode() + b"\n" + (array.tobytes(order="F") if body is None else body))
    return path


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("two", [False, True])
def test_nifti_counts_right_front_head_and_comes_back_as_left_back_head(tmp_path, name, two):
    affine = np.diag([1.0, 2.0, 3.0, 1.0])
    affine[:3, 3] = 10, 20, 30

    series = read_series(nifti(tmp_path / name, affine=affine, two=two))

    # Voxel (1, 2, 3) of the file lies at (11, 24, 39) in RAS, which is (-11, -24, 39) in LPS; slices come first.
    assert series.volume.to_mm([3, 2, 1]) == pytest.approx([-11, -24, 39])
    assert series.volume.array[3, 2, 1] == RAMP[1, 2, 3]
    assert series.volume.array.dtype == np.float32
    assert series.plane == "axial"


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turn=st.tuples(*[st.floats(-180, 180)] * 3), spacing=st.tuples(*[st.floats(0.3, 5)] * 3))
def test_every_voxel_of_an_oblique_nifti_keeps_its_place(tmp_path, turn, spacing):
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", turn, degrees=True).as_matrix() * spacing

    volume = read_series(nifti(tmp_path / "a.nii", affine=affine)).volume

    value = RAMP[3, 1, 4]
    index = np.argwhere(volume.array == value)[0]
    # The affine of a NIfTI file has 7 digits.
    assert volume.to_mm(index) == pytest.approx(np.diag([-1, -1, 1]) @ affine[:3, :3] @ [3, 1, 4], abs=1e-4)


def test_slices_come_first_along_the_thickest_voxels(tmp_path):
    series = read_series(nifti(tmp_path / "a.nii", affine=np.diag([0.6, 3.0, 0.6, 1.0])))

    assert series.volume.shape == (5, 6, 4)
    assert series.plane == "coronal"


def test_the_qform_is_used_where_there_is_no_sform(tmp_path):
    series = read_series(nifti(tmp_path / "a.nii", sform=0, qform=1))

    assert series.volume.spacing_mm == pytest.approx([3, 2, 1])


def test_scaled_values_are_scaled(tmp_path):
    series = read_series(nifti(tmp_path / "a.nii", scl_slope=2.0, scl_inter=-1.0))

    assert series.volume.array[0, 0, 0] == 2 * 300 - 1


def test_metres_become_millimetres(tmp_path):
    series = read_series(nifti(tmp_path / "a.nii", affine=np.diag([0.001, 0.001, 0.003, 1]), units="meter"))

    assert series.volume.spacing_mm == pytest.approx([3, 1, 1])


def test_values_down_to_fat_and_air_are_taken_for_ct_and_that_is_said(tmp_path):
    soft = np.random.default_rng(0).normal(40, 20, (20, 20, 20))
    soft[:4] = -100
    soft[10:12] = 900

    series = read_series(nifti(tmp_path / "a.nii", soft.astype(np.int16)))

    assert series.kind == "CT"
    assert "taken for CT" in series.warnings[0]


def test_a_ct_cut_close_around_the_bones_is_still_a_ct(tmp_path):
    soft = np.random.default_rng(0).normal(40, 15, (20, 20, 20))
    soft[:, 0, 0] = -110  # a quarter of a percent is fat
    soft[10:12] = 900

    assert read_series(nifti(tmp_path / "a.nii", soft.astype(np.int16))).kind == "CT"


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(0, 1, (9, 9, 9)),  # standardised signal
        np.random.default_rng(0).integers(-5000, 5000, (9, 9, 9)).astype(float),  # phase
        np.where(np.arange(729).reshape(9, 9, 9) == 5, -80.0, 700.0) + np.arange(729).reshape(9, 9, 9) / 7,  # ringing
    ],
)
def test_other_negative_values_are_not_taken_for_ct(tmp_path, values):
    series = read_series(nifti(tmp_path / "a.nii", values.astype(np.float32)))

    assert series.kind == "MR"
    assert "taken for MR" in series.warnings[0]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"sform": 0, "qform": 0}, "neither sform nor qform"),
        ({"srow_x": [np.nan, 0, 0, 0]}, "no number"),
        ({"srow_x": [0, 0, 0, 0]}, "voxels of 0 x"),
        ({"srow_x": [1, 0.5, 0, 0]}, "not at right angles"),
        ({"affine": np.diag([1000.0, 1, 1, 1])}, "voxels of 1000 x"),
        ({"sform": 0, "qform": 1, "pixdim": [1, 0, 0, 0, 0, 0, 0, 0]}, "voxels of 0 x"),
        ({"dim": [3, 32767, 32767, 32767, 1, 1, 1, 1]}, "million voxels"),
        ({"dim": [3, 4, 5, -6, 1, 1, 1, 1]}, "size 4 x 5 x -6"),
        ({"dim": [0, 4, 5, 6, 1, 1, 1, 1]}, "size none"),
        ({"dim": [3, 40, 50, 60, 1, 1, 1, 1]}, "cut off"),
        ({"dim": [4, 4, 5, 3, 2, 1, 1, 1]}, "holds 2 volumes"),
        ({"dim": [3, 4, 30, 1, 1, 1, 1, 1]}, "single slice"),
        ({"datatype": 128, "bitpix": 24}, "colours or complex"),
        ({"datatype": 7777}, "damaged"),
        ({"vox_offset": np.nan}, "nowhere|damaged"),
        ({"vox_offset": 1e30}, "nowhere"),
        ({"magic": b"ni1"}, "half of a pair"),
        ({"magic": b""}, "Analyze"),
    ],
)
def test_nifti_without_a_sure_grid_is_refused_with_the_reason(tmp_path, changed, words):
    with pytest.raises(InputError, match=words):
        read_images(nifti(tmp_path / "a.nii", **changed))


def test_values_that_are_no_numbers_are_refused(tmp_path):
    array = RAMP.astype(np.float32)
    array[1, 1, 1] = np.nan

    with pytest.raises(InputError, match="values that are no numbers"):
        read_images(nifti(tmp_path / "a.nii", array))


def test_a_gzip_bomb_is_unpacked_no_further_than_its_header_says(tmp_path):
    import tracemalloc

    path = nifti(tmp_path / "a.nii")
    path.write_bytes(gzip.compress(path.read_bytes() + bytes(200_000_000), 9))
    tracemalloc.start()
    try:
        series = read_series(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert series.volume.shape == (6, 5, 4)
    assert peak < 20_000_000


def test_a_gzip_of_several_streams_and_padding_is_read(tmp_path):
    path = nifti(tmp_path / "a.nii")
    data = path.read_bytes()
    path.write_bytes(gzip.compress(data[:400]) + gzip.compress(data[400:]) + bytes(64))

    assert np.array_equal(read_series(path).volume.array, RAMP.transpose())


def test_a_cut_off_gzip_is_refused(tmp_path):
    path = nifti(tmp_path / "a.nii.gz", np.random.default_rng(0).integers(0, 999, (20, 20, 20)).astype(np.int16))
    path.write_bytes(path.read_bytes()[:2000])

    with pytest.raises(InputError, match="cut off"):
        read_images(path)


def test_a_gzip_of_something_else_is_refused(tmp_path):
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(b"no image" * 100))

    with pytest.raises(InputError, match="other than NIfTI"):
        read_images(tmp_path)


@pytest.mark.parametrize(
    ("space", "place"),
    [
        ("left-posterior-superior", (11, 24, 39)),
        ("LPS", (11, 24, 39)),
        ("right-anterior-superior", (-11, -24, 39)),
        ("RAS", (-11, -24, 39)),
        ("LAS", (11, -24, 39)),
    ],
)
def test_nrrd_is_placed_by_its_space(tmp_path, space, place):
    series = read_series(nrrd_file(tmp_path / "a.nrrd", space=space))

    assert series.volume.to_mm([3, 2, 1]) == pytest.approx(place)
    assert series.volume.array[3, 2, 1] == RAMP[1, 2, 3]


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("bzip2", bz2.compress)])
def test_packed_nrrd_is_unpacked(tmp_path, encoding, pack):
    path = nrrd_file(tmp_path / "a.nrrd", encoding=encoding, body=pack(RAMP.tobytes(order="F")))

    assert read_series(path).volume.array[3, 2, 1] == RAMP[1, 2, 3]


def test_big_endian_nrrd_has_the_same_values(tmp_path):
    path = nrrd_file(tmp_path / "a.nrrd", endian="big", body=RAMP.astype(">i2").tobytes(order="F"))

    assert read_series(path).volume.array[3, 2, 1] == RAMP[1, 2, 3]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"space": None}, "does not say where it lies"),
        ({"space": "scanner-xyz"}, "does not say where it lies"),
        ({"space_directions": None}, "does not say where it lies"),
        ({"space_directions": "(1,0,0) (0,0,0) (0,0,3)"}, "voxels of 1 x 0"),
        ({"space_directions": "(1,0,0) (1,2,0) (0,0,3)"}, "not at right angles"),
        ({"space_directions": "(nan,0,0) (0,2,0) (0,0,3)"}, "no number"),
        ({"space_units": '"m" "m" "m"'}, "other units"),
        ({"data_file": "../../etc/passwd"}, "another file"),
        ({"data_file": "LIST"}, "another file|damaged"),
        ({"byte_skip": "10"}, "skips a part"),
        ({"line_skip": "1"}, "skips a part"),
        ({"encoding": "hex"}, "written as hex"),
        ({"sizes": "99999 99999 99999"}, "million voxels"),
        ({"sizes": "40 50 60"}, "cut off"),
        ({"sizes": "4 5 -6"}, "4 x 5 x -6|damaged"),
        ({"type": "block", "block_size": "8"}, "blocks"),
    ],
)
def test_nrrd_without_a_sure_grid_is_refused_with_the_reason(tmp_path, changed, words):
    with pytest.raises(InputError, match=words):
        read_images(nrrd_file(tmp_path / "a.nrrd", **changed))


@pytest.mark.parametrize("encoding", ["gzip", "bzip2"])
def test_a_bomb_in_an_nrrd_is_unpacked_no_further_than_its_header_says(tmp_path, encoding):
    import tracemalloc

    pack = {"gzip": gzip.compress, "bzip2": bz2.compress}[encoding]
    path = nrrd_file(tmp_path / "a.nrrd", encoding=encoding, body=pack(RAMP.tobytes(order="F") + bytes(100_000_000)))
    tracemalloc.start()
    try:
        read_series(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 20_000_000


def test_an_image_beyond_the_limit_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_VOXELS", 100)

    with pytest.raises(InputError, match="million voxels"):
        read_images(nifti(tmp_path / "a.nii"))


def test_array_without_geometry_is_refused(data):
    with pytest.raises(InputError, match="NumPy array"):
        read_images(data / "hip_ct_cube" / "hip_test_image.npy")


def test_real_ct_is_told_by_its_values(data):
    for name in ("ct_pelvis_totalseg/example_ct.nii.gz", "phantoms_examples/ex2/ct.nii.gz"):
        assert read_series(data / name).kind == "CT"
