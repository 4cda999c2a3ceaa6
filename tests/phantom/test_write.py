"""The files of a phantom: read back, conformant, and the same every time."""

import io
import json
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest

from osteon.errors import InputError
from osteon.phantom import Recipe, make_phantom, phantom_files, write_phantom


@pytest.fixture(scope="module")
def folder(collapsed, tmp_path_factory):
    """A phantom as files."""
    target = tmp_path_factory.mktemp("phantom")
    write_phantom(collapsed, target)
    return target


def test_the_slices_read_back_where_and_as_they_are(collapsed, folder):
    slices = [pydicom.dcmread(path) for path in sorted((folder / "mr").iterdir())]
    for one in slices:
        index = collapsed.mr.to_index(np.array(one.ImagePositionPatient, float))
        k = round(index[0])
        np.testing.assert_allclose(index, [k, 0, 0], atol=0.001)
        np.testing.assert_array_equal(one.pixel_array, collapsed.mr.array[k])
        assert one.PatientName == "PHANTOM^SYNTHETIC"
        assert one.SOPInstanceUID.startswith("2.25.")
    assert len(slices) == collapsed.mr.shape[0]
    assert sorted(one.InstanceNumber for one in slices) == list(range(1, len(slices) + 1))


def test_neither_names_nor_numbers_follow_the_position(folder):
    slices = [pydicom.dcmread(path) for path in sorted((folder / "mr").iterdir())]
    normal = np.cross(slices[0].ImageOrientationPatient[:3], slices[0].ImageOrientationPatient[3:])
    by_name = [float(np.dot(one.ImagePositionPatient, normal)) for one in slices]
    by_number = [
        float(np.dot(one.ImagePositionPatient, normal)) for one in sorted(slices, key=lambda one: one.InstanceNumber)
    ]
    assert by_name != sorted(by_name)
    assert by_number != sorted(by_number)


def test_masks_and_ct_read_back_in_the_patients_frame(collapsed, folder):
    for name, volume in (("ct", collapsed.ct), ("truth_lesion", collapsed.lesion), ("truth_head", collapsed.head)):
        image = nib.load(folder / f"{name}.nii.gz")
        np.testing.assert_array_equal(np.asarray(image.dataobj), volume.array)
        # NIfTI keeps its affine in single precision.
        np.testing.assert_allclose(np.diag([-1, -1, 1, 1]) @ image.affine, volume.affine, atol=1e-3)
        assert image.header.get_xyzt_units()[0] == "mm"


def test_masks_on_the_slices_read_back_as_the_examples_do(collapsed, folder):
    stored = np.load(folder / "truth_masks_mr_grid.npz")
    shape = tuple(stored["shape"])
    lesion = np.unpackbits(stored["lesion"])[: np.prod(shape)].reshape(shape)
    ml = lesion.sum() * np.prod(stored["spacing"]) / 1000
    assert shape == collapsed.mr.shape
    assert ml == pytest.approx(collapsed.truth["lesion_ml_after_collapse"], rel=0.05)


def test_truth_and_recipe_are_json(collapsed, folder):
    assert json.loads((folder / "truth.json").read_bytes())["head_radius"] == collapsed.truth["head_radius"]
    recipe = json.loads((folder / "recipe.json").read_bytes())
    recipe["tilt_deg"] = tuple(recipe["tilt_deg"])
    assert Recipe(**recipe) == collapsed.recipe
    assert recipe == asdict(collapsed.recipe)


def test_a_reader_is_told_that_nobody_was_scanned(folder):
    assert "not a patient" in (folder / "README.txt").read_text(encoding="utf-8")


def test_a_second_phantom_does_not_mix_into_the_folder_of_a_first(healthy, folder):
    before = sorted(path.name for path in folder.rglob("*"))
    with pytest.raises(InputError, match="not empty"):
        write_phantom(healthy, folder)
    assert sorted(path.name for path in folder.rglob("*")) == before


@pytest.mark.slow
def test_the_same_recipe_gives_the_same_bytes(collapsed, folder):
    again = phantom_files(make_phantom(collapsed.recipe))
    assert {name: (folder / name).read_bytes() for name in again} == again


def test_a_dicom_validator_finds_nothing_wrong(folder):
    validator = shutil.which("dciodvfy", path=str(Path(sys.executable).parent)) or shutil.which("dciodvfy")
    if validator is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    first = sorted((folder / "mr").iterdir())[0]
    told = subprocess.run([validator, str(first)], capture_output=True, text=True, check=False)
    assert "Error" not in told.stdout + told.stderr
    assert "MRImage" in told.stdout + told.stderr


def test_slices_of_three_millimetres_are_2d_and_of_one_are_3d():
    from osteon.phantom.write import acquisition

    thick = acquisition(type("Scan", (), {"recipe": Recipe(slice_mm=3.0)}))
    thin = acquisition(type("Scan", (), {"recipe": Recipe(slice_mm=1.0, gap_mm=0.0)}))
    assert (thick["MRAcquisitionType"], thin["MRAcquisitionType"]) == ("2D", "3D")
    assert thin["SpacingBetweenSlices"] == "1"


def test_files_are_gzipped_without_a_time(collapsed):
    content = phantom_files(collapsed)["ct.nii.gz"]
    assert io.BytesIO(content).read(10)[4:8] == b"\0\0\0\0"
