"""`osteon images`, `measure`, `lesion`, `surgery`, `phantom` and `plan --images`: what they print, where, and how they end.

One synthetic hip, of which everything is known, is made and measured for all of them, by the commands of the manual.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("phantom")]

CASE = """fictional = true
[[joint]]
site = "femoral_head"
side = "{side}"
mri_lesion = true
"""
MANUAL = Path(__file__).parents[1] / "docs" / "how-to" / "measure-images.md"


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Path:
    """The folder that the commands of the manual's page on measuring leave behind."""
    folder = tmp_path_factory.mktemp("manual")
    for line in re.findall("^osteon .*$", MANUAL.read_text("utf-8"), re.M):
        words = [sys.executable, "-m", *shlex.split(line)]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
    return folder / "build"


@pytest.fixture(scope="module")
def phantom(build) -> Path:
    return build / "hip"


@pytest.fixture(scope="module")
def truth(phantom) -> dict[str, object]:
    return json.loads((phantom / "truth.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def measured(build) -> tuple[Path, dict[str, object]]:
    """The folder of results and the measurements of the phantom's MR, with nothing given."""
    out = build / "hip-measured"
    return out, json.loads((out / "measurements.json").read_text("utf-8"))


@pytest.fixture
def case(tmp_path) -> Path:
    path = tmp_path / "case.toml"
    path.write_text(CASE.format(side="left"), "utf-8")
    return path


def value(measured, name, convention=""):
    found = [m for m in measured["measurements"] if m["name"] == name and convention in m["convention"]]
    return found[0]["value"]


def test_every_measurement_says_where_it_comes_from(measured):
    keys = {"name", "value", "low", "high", "unit", "convention", "series", "author"}

    assert [m for m in measured[1]["measurements"] if not keys <= m.keys() or not m["convention"]] == []


def test_the_head_is_found_within_a_millimetre(measured, truth):
    off = np.linalg.norm(np.array(value(measured[1], "head_center_mm")) - truth["head_centre"])

    assert off <= 1.0
    assert value(measured[1], "head_radius_mm") == pytest.approx(truth["head_radius"], abs=0.5)


def test_the_proposed_lesion_has_the_true_size(measured, truth):
    share = value(measured[1], "lesion_fraction_percent", "proximal_to_0.55r")

    assert share == pytest.approx(truth["pct_of_head_plane"], abs=3)


def test_results_are_one_folder_with_a_page_that_names_its_files(measured):
    page = (measured[0] / "index.html").read_text("utf-8")
    files = {path.relative_to(measured[0]).as_posix() for path in measured[0].rglob("*") if path.is_file()}

    assert {"measurements.json", "measurements.csv", "viewer.html", "masks/lesion.nii.gz"} <= files
    assert {"dicom/segmentation.dcm", "dicom/measurements.dcm", "surfaces/hip.glb"} <= files
    assert "measurements.json" in page


def test_dicom_objects_refer_to_the_images_they_came_from(phantom, measured):
    from pydicom import dcmread

    segmentation, report = (dcmread(measured[0] / "dicom" / f"{name}.dcm") for name in ("segmentation", "measurements"))
    image = dcmread(next((phantom / "mr").iterdir()))

    assert segmentation.FrameOfReferenceUID == image.FrameOfReferenceUID
    assert report.StudyInstanceUID == segmentation.StudyInstanceUID == image.StudyInstanceUID


def test_the_masks_that_were_written_measure_the_same_again(osteon, phantom, measured):
    _, out, _ = osteon("measure", phantom / "mr", "--lesion", measured[0] / "masks" / "lesion.nii.gz", "--json")

    again = value(json.loads(out), "lesion_volume_ml")
    assert again == pytest.approx(value(measured[1], "lesion_volume_ml"), rel=0.02)  # the mask's grid rounds voxels


@pytest.mark.parametrize("command", ["phantom", "measure"])
def test_a_folder_that_holds_something_is_left_alone_before_any_work(osteon, phantom, tmp_path, command):
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    images = {"phantom": (), "measure": (phantom / "none",)}[command]  # images would be missed if they were looked for

    code, _, err = osteon(command, *images, "--out", tmp_path)

    assert code == 2
    assert "exists already and is not empty" in err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_images_lists_the_series_and_writes_a_contact_sheet(osteon, phantom, tmp_path):
    code, out, _ = osteon("images", phantom, "--sheet", tmp_path / "sheet.png")

    assert code == 0
    assert "MR T1 coronal" in out
    assert "CT" in out
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


def test_a_plan_takes_what_the_images_show_as_findings(osteon, phantom, case, tmp_path):
    report = tmp_path / "plan.html"

    code, out, _ = osteon("plan", case, "--images", phantom / "mr", "--json", "--report", report)

    found = json.loads(out)["joints"][0]["findings"]
    assert code == 0
    assert found["lesion_fraction_percent"]["origin"] == "measured"
    assert "lesion marked automatically" in found["lesion_fraction_percent"]["source"]
    assert 'src="data:image/png;base64,' in report.read_text("utf-8")


def test_a_case_without_that_side_is_told_so(osteon, phantom, tmp_path):
    case = tmp_path / "case.toml"
    case.write_text(CASE.format(side="right"), "utf-8")

    code, _, err = osteon("plan", case, "--images", phantom / "mr")

    assert code == 2
    assert "right" in err


def test_surgery_says_what_each_operation_would_look_like(osteon, phantom, case):
    lesion = phantom / "truth_lesion.nii.gz"

    code, out, _ = osteon("surgery", case, "--images", phantom / "mr", "--lesion", lesion, "--json")

    assert code == 0
    assert json.loads(out).keys() >= {"core", "pins", "strut", "grafts", "rotations", "implant"}


def test_a_correction_is_signed_and_compared_with_the_proposal(osteon, phantom):
    lesion = phantom / "truth_lesion.nii.gz"

    _, _, err = osteon("measure", phantom / "mr", "--lesion", lesion, "--corrected-by", "A. Reader", "--json")

    assert "Corrected by A. Reader: Dice of proposal and correction 0." in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--side", "up"), "--side"),
        (("--series", "s99"), "s99"),
        (("--corrected-by", "A. Reader"), "--lesion"),
    ],
)
def test_a_wrong_option_says_what_is_accepted(osteon, phantom, words, told):
    code, _, err = osteon("measure", phantom / "mr", *words)

    assert code == 2
    assert told in err


def test_without_the_libraries_the_message_says_what_to_install(osteon, phantom, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydicom", None)

    code, _, err = osteon("images", phantom / "mr")

    assert code == 2
    assert "pip install 'osteon[imaging]'" in err
