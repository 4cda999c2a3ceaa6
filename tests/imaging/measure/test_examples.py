"""The three given phantoms of real femurs: measured on their true masks, on the grid of their MR slices."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from osteon.anatomy import Hip, Sphere, Volume
from osteon.imaging.found import FoundHip
from osteon.imaging.measure import measure
from osteon.imaging.series import Mask, Series

DATA = os.environ.get("OSTEON_TEST_DATA")
CASES = ("ex1", "ex2", "ex3")
pytestmark = [
    pytest.mark.skipif(not DATA, reason="OSTEON_TEST_DATA names no folder with phantoms_examples"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module", params=CASES)
def case(request):
    """Truth and everything measured."""
    folder = Path(DATA or "", "phantoms_examples", request.param)
    truth = json.loads((folder / "truth.json").read_text())
    masks = masks_of(folder / "truth_masks_mr_grid.npz")
    neck = np.array(truth["neck_axis_from_head"])
    sphere = Sphere(np.array(truth["head_centre"]), truth["head_radius"], truth["sphere_fit_sd"], 90.0)
    hip = Hip("left" if truth["side"] == "L" else "right", sphere, neck / np.linalg.norm(neck))
    found = FoundHip(hip, masks["bone"], None, np.zeros((0, 3)), 1.0, "from a mask")
    lesion = Mask(masks["lesion"], "lesion", "drawn", "truth")
    return truth, measure(Series("s1", "MR", masks["bone"]), found, lesion)


def masks_of(path):
    """The packed masks on their grid: slice, row, column."""
    packed = np.load(path)
    shape = tuple(packed["shape"])
    affine = np.eye(4)
    axes = np.stack([packed["slice_dir"], packed["col_dir"], packed["row_dir"]], axis=1)
    affine[:3, :3], affine[:3, 3] = axes * packed["spacing"], packed["origin"]
    unpacked = {k: np.unpackbits(packed[k])[: np.prod(shape)].reshape(shape) for k in ("lesion", "bone")}
    return {name: Volume(array.astype(bool), affine) for name, array in unpacked.items()}


def test_the_arcs_agree_within_5_degrees(case, value):
    truth, measured = case

    for plane in ("coronal", "sagittal"):
        assert value(measured, f"kerboul_{plane}_deg", "mid_planes") == pytest.approx(
            truth[f"kerboul_{plane}_deg"], abs=5
        )


@pytest.mark.parametrize(
    ("convention", "key"),
    [
        ("proximal_to_0.55r", "pct_of_head_plane"),
        ("bone_in_sphere", "pct_of_bone_in_sphere"),
        ("sphere", "pct_of_sphere"),
    ],
)
def test_the_fractions_agree_within_1_point(case, value, convention, key):
    # The bar is 3 points; on the true mask only the slices' thickness is left.
    truth, measured = case

    assert value(measured, "lesion_fraction_percent", convention) == pytest.approx(truth[key], abs=1)


def test_no_collapse_is_seen_where_there_is_none(case, value):
    _, measured = case

    assert value(measured, "collapse_depth_mm") == 0


@pytest.mark.parametrize(
    ("name", "convention", "key"),
    [
        ("modified_kerboul_deg", "mid_planes", "modified_kerboul_deg"),
        ("kerboul_coronal_deg", "mid_planes", "kerboul_coronal_deg"),
        ("kerboul_sagittal_deg", "mid_planes", "kerboul_sagittal_deg"),
        ("lesion_volume_ml", "outer_margin_of_band", "lesion_ml"),
        ("lesion_fraction_percent", "proximal_to_0.55r", "pct_of_head_plane"),
        ("collapse_depth_mm", "intact_sphere", "collapse_depth_mm"),
    ],
)
def test_the_intervals_hold_the_truth(case, record, name, convention, key):
    truth, measured = case
    found = record(measured, name, convention)

    assert found.low <= truth[key] <= found.high
