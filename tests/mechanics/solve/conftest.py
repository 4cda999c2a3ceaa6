"""The exact problems of `validation/mechanics/exact`, and small models to solve."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

EXACT = Path(__file__).parents[3] / "validation" / "mechanics" / "exact"


def module(name):
    full = f"validation_mechanics_exact_{name}"
    spec = importlib.util.spec_from_file_location(full, EXACT / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[full] = loaded
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="session")
def problems():
    return module("problems")


@pytest.fixture(scope="session")
def ccx():
    return module("calculix")


@pytest.fixture
def mixed(problems):
    """Random moduli and Poisson ratios with a hole, standing on the ground, under random forces."""
    return problems.mixed()


@pytest.fixture
def bar():
    """Ten voxels of 2 mm and 100 MPa in a row along z, free to narrow, with nothing pulling yet."""
    fixed = np.zeros((11, 2, 2, 3), bool)
    fixed[0, :, :, 2] = fixed[0, 0, 0] = fixed[0, 0, 1, 1] = True
    return {
        "modulus_mpa": np.full((10, 1, 1), 100.0),
        "spacing_mm": 2.0,
        "fixed": fixed,
        "force_n": np.zeros((11, 2, 2, 3)),
    }
