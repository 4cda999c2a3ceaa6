"""The sphere of a head that has sunk in, carried from MR to CT."""

from __future__ import annotations

import numpy as np
import pytest

from osteon.anatomy import head_directions
from osteon.imaging.measure.carried import shift


def test_a_patient_who_moved_between_the_examinations_is_followed():
    rays = head_directions(1500)
    moved = np.array([1.5, -0.8, 2.0])
    unlike = np.random.default_rng(3).normal(0, 0.3, len(rays))

    assert shift(rays, rays @ moved + unlike)[:3] == pytest.approx(moved, abs=0.1)


def test_a_dent_that_only_ct_shows_does_not_pull_the_sphere_along():
    rays = head_directions(1500)
    dent = np.where(rays[:, 2] > np.cos(np.radians(30)), -4.0, 0.0)

    assert np.abs(shift(rays, dent)).max() < 0.1
