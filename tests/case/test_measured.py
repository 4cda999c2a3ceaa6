"""What was measured on images enters the case beside what the case states."""

from __future__ import annotations

import pytest

from osteon.case import read_case
from osteon.errors import InputError

HIP = {"fictional": True, "joint": [{"site": "femoral_head", "side": "left"}]}
SOURCE = "measured on series s1, lesion marked automatically"
MEASURED = {
    "left femoral_head": {
        "lesion_fraction_percent": {"value": 22.0, "low": 19.0, "high": 25.0, "unit": "%", "source": SOURCE},
        "kerboul_coronal_deg": {"value": 100.0, "low": 90.0, "high": 110.0, "unit": "deg", "source": SOURCE},
        "kerboul_sagittal_deg": {"value": 80.0, "low": 70.0, "high": 95.0, "unit": "deg", "source": SOURCE},
    }
}


def test_a_measured_finding_enters_with_its_interval_and_where_it_comes_from():
    found = read_case(HIP, MEASURED).joints[0].findings["lesion_fraction_percent"]

    assert (found.value, found.interval, found.origin, found.source) == (22.0, (19.0, 25.0), "measured", SOURCE)


def test_what_follows_from_measured_findings_carries_their_intervals():
    found = read_case(HIP, MEASURED).joints[0].findings["modified_kerboul_deg"]

    assert (found.interval, found.origin) == ((160.0, 205.0), "derived")


def test_what_the_case_states_stays_and_the_measured_value_is_named_beside_it():
    stated = {"joint": [{"site": "femoral_head", "side": "left", "lesion_fraction_percent": 30}]}

    found = read_case(stated, MEASURED).joints[0].findings["lesion_fraction_percent"]

    assert (found.value, found.origin) == (30.0, "stated")
    assert found.source == f"case file; {SOURCE}: 22 % (19 to 25)"


def test_images_of_a_joint_that_the_case_does_not_hold_are_a_fault():
    with pytest.raises(InputError, match="the images show the left femoral_head, which the case does not hold"):
        read_case({"joint": [{"site": "femoral_head", "side": "right"}]}, MEASURED)


def test_a_lesion_that_the_case_denies_stays_denied_and_the_images_are_named():
    denied = {"joint": [{"site": "femoral_head", "side": "left", "mri_lesion": False}]}
    seen = {"left femoral_head": {"mri_lesion": {"value": True, "source": SOURCE}, **MEASURED["left femoral_head"]}}

    found = read_case(denied, seen).joints[0].findings["mri_lesion"]

    assert (found.value, found.source) == (False, f"case file; {SOURCE}: True")
