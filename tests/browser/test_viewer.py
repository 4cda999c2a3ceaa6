"""The viewer of a results folder, in a real browser: images are shown, a lesion is drawn, and the mask is saved."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path

import nibabel
import numpy as np
import pytest

from osteon.anatomy import Volume
from osteon.report.images.viewer import viewer_files
from osteon.whole_file import write_whole_folder

HERE = Path(__file__).parent
PICTURES = HERE.parents[1] / "build" / "screenshots"
CENTER_MM = np.array([80.0, -20.0, 40.0])

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]


def mask_of(path: Path) -> tuple[np.ndarray, np.ndarray]:
    image = nibabel.load(path)
    return np.asarray(image.dataobj) > 0, image.affine


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What the browser met on slices of a ball with a lesion on top, and the masks it saved."""
    folder = tmp_path_factory.mktemp("viewer")
    # Slices from front to back, rows from head to feet, columns from right to left: as a coronal series has them.
    affine = np.array([[0, 0, 1.0, 50], [3.5, 0, 0, -50], [0, -1.0, 0, 70], [0, 0, 0, 1]])
    grid = Volume(np.zeros((18, 60, 60)), affine)
    apart = np.linalg.norm(grid.to_mm(np.moveaxis(np.indices(grid.shape), 0, -1)) - CENTER_MM, axis=-1)
    high = grid.to_mm(np.moveaxis(np.indices(grid.shape), 0, -1))[..., 2] > CENTER_MM[2] + 8
    image = grid.with_array(np.where(apart < 22, 800, 200).astype(np.int16))
    lesion = grid.with_array((apart < 22) & high)
    write_whole_folder(folder / "results", viewer_files("left hip", image, lesion, CENTER_MM))
    untouched, drawn = folder / "untouched.nii.gz", folder / "drawn.nii.gz"
    PICTURES.mkdir(parents=True, exist_ok=True)
    words = [folder / "results" / "viewer.html", untouched, drawn, PICTURES / "viewer.png"]
    done = subprocess.run(
        ["node", str(HERE / "viewer.mjs"), *map(str, words)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), lesion, untouched, drawn


def test_the_viewer_opens_without_an_error_or_a_foreign_address(seen):
    assert (seen[0]["errors"], seen[0]["foreign_requests"]) == ([], [])


def test_the_viewer_says_how_much_is_marked(seen):
    assert seen[0]["told"] == f"Marked: {seen[1].array.sum() * 3.5 / 1000:.2f} ml."


def test_a_mask_saved_untouched_is_the_lesion_in_its_place(seen):
    saved, affine = mask_of(seen[2])

    places = np.argwhere(saved) @ affine[:3, :3].T + affine[:3, 3]
    truth = seen[1].to_mm(np.argwhere(seen[1].array)) * [-1, -1, 1]
    assert np.allclose(sorted(places.round(3).tolist()), sorted(truth.round(3).tolist()), atol=0.01)


def test_a_stroke_is_added_to_the_saved_mask(seen):
    before, after = mask_of(seen[2])[0], mask_of(seen[3])[0]

    assert (before & ~after).sum() == 0
    assert 5 < (after & ~before).sum() < 500


def test_the_saved_mask_is_compressed(seen):
    assert gzip.decompress(seen[3].read_bytes())[:4] == (348).to_bytes(4, "little")
