"""Real femurs in phantoms and real patients: the head lies where truth or another series of the same patient has it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from osteon.errors import InputError
from osteon.imaging.head import find_hip, find_hips
from osteon.imaging.read import read_images

pytestmark = pytest.mark.slow

SIDES = {"L": "left", "R": "right"}


@pytest.mark.parametrize("case", ["ex1", "ex2", "ex3"])
@pytest.mark.parametrize(("what", "center_mm", "radius_mm"), [("mr", 1.0, 0.5), ("ct.nii.gz", 0.5, 0.3)])
def test_the_head_of_a_phantom_is_found(test_data, case, what, center_mm, radius_mm):
    folder = test_data / "phantoms_examples" / case
    truth = json.loads((folder / "truth.json").read_text())
    found = find_hip(read_images(folder / what).series[0])
    assert found.hip.side == SIDES[truth["side"]]
    assert np.linalg.norm(found.hip.head.center_mm - truth["head_centre"]) < center_mm
    assert abs(found.hip.head.radius_mm - truth["head_radius"]) < radius_mm


def test_two_planes_of_a_localizer_agree_on_both_hips(test_data):
    series = read_images(test_data / "pelvis_mr_prostatex" / "0218_localizer_3plane").series
    found = {s.plane: find_hips(s) for s in series if s.plane in ("coronal", "axial")}
    assert [hip.hip.side for hip in found["coronal"]] == ["right", "left"]
    assert [hip.hip.side for hip in found["axial"]] == ["right", "left"]
    for a, b in zip(found["coronal"], found["axial"], strict=True):
        # Five slices 10.5 mm apart each: a third of that is what two such series can agree to.
        assert np.linalg.norm(a.hip.head.center_mm - b.hip.head.center_mm) < 3.5
        assert any("apart" in note for note in a.warnings)


def test_heads_cut_by_the_image_are_found_and_said_to_be_cut(test_data):
    series = read_images(test_data / "pelvis_mr_prostatex" / "0000_t2_coronal").series[0]
    found = find_hips(series)
    assert [hip.hip.side for hip in found] == ["right", "left"]
    assert all(any("cut by the edge" in note for note in hip.warnings) for hip in found)
    assert all(21 < hip.hip.head.radius_mm < 29 for hip in found)


def test_a_knee_is_refused(test_data):
    series = read_images(test_data / "knee_mr_ge_t2map").series[0]
    with pytest.raises(InputError, match="no femoral head was found"):
        find_hip(series)
