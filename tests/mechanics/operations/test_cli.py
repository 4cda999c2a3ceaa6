"""The command reads a case, compares, and writes a folder that appears whole or not at all."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from osteon.errors import InputError
from osteon.mechanics_cli import add_commands
from osteon.phantom import Recipe, make_phantom, write_phantom

CASE = str(Path(__file__).parents[3] / "examples" / "young_c2_hip.toml")
CORE = ("--voxel", "3", "--draws", "0", "--operations", "core_tract")


def run(*words):
    app = typer.Typer(pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    add_commands(app)
    return CliRunner().invoke(app, ["mechanics", CASE, *words])


@pytest.mark.slow
def test_the_folder_holds_numbers_fields_pictures_and_a_page(tmp_path):
    done = run(*CORE, "--out", str(tmp_path / "new"), "--report", "--json")
    assert done.exit_code == 0
    names = {str(path.relative_to(tmp_path / "new")) for path in (tmp_path / "new").rglob("*.*")}
    fields = {f"fields/{each}.vti" for each in ("healthy", "untreated", "core_tract")}
    pictures = {"cuts-1.png", "maps-1.png"}
    assert names == fields | pictures | {"index.html", "mechanics.json", "mechanics.txt"}
    told = json.loads((tmp_path / "new" / "mechanics.json").read_text(encoding="utf-8"))
    assert [each["id"] for each in told["outcomes"]] == ["healthy", "untreated", "core_tract"]
    assert told["outcomes"][2]["to_untreated"]["cap_stiffness"]["value"] < 1
    page = (tmp_path / "new" / "index.html").read_text(encoding="utf-8")
    assert "predicts direction, not outcome" in page


@pytest.mark.slow
def test_with_images_the_bone_and_the_lesion_are_those_of_the_images(tmp_path):
    """MR and CT of an invented hip: the template's femur is gone from what the numbers rest on, the lesion is there."""
    images = tmp_path / "hip"
    write_phantom(make_phantom(Recipe(side="right", lesion_percent=22.0)), images)
    done = run(*CORE, "--images", str(images), "--lesion", str(images / "truth_lesion.nii.gz"), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["side"] == "right"
    assert not [each for each in told["settings"] if "femur is a template" in each]
    assert told["outcomes"][1]["to_healthy"]["lesion_index"]["value"] > 1.3
    assert told["outcomes"][2]["to_untreated"]["cap_stiffness"]["value"] < 1


def test_a_folder_that_holds_something_is_refused_before_anything_is_solved(tmp_path):
    (tmp_path / "mine.txt").write_text("mine", "utf-8")

    done = run("--images", str(tmp_path / "none"), "--out", str(tmp_path))  # images would be missed if looked for
    assert "exists already and is not empty" in str(done.exception)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--voxel", "9"), "0.2 to 3 mm"),
        (("--draws", "-1"), "20 or more"),
        (("--template", "horse"), "give mean, or a number from 1"),
        (("--template", "0"), "give mean, or a number from 1"),
        (("--template", "7", "--images", "x"), "is for hips without images"),
        (("--report",), "name a new one with --out"),
    ],
)
def test_options_that_cannot_be_are_refused_before_anything_is_solved(words, said):
    done = run(*words)
    assert isinstance(done.exception, InputError)
    assert said in str(done.exception)
