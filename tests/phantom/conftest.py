"""Phantoms that several tests look at: made once, coarse so that they are quick."""

from dataclasses import replace

import pytest

from osteon.phantom import Recipe, make_phantom

COLLAPSED = Recipe(
    seed=12, side="right", lesion_percent=25, collapse_depth_mm=3, tilt_deg=(10, -5), pixel_mm=1, field_mm=100
)


@pytest.fixture(scope="session")
def collapsed():
    """A right hip with a collapsed lesion, on oblique coronal slices."""
    return make_phantom(COLLAPSED)


@pytest.fixture(scope="session")
def mirrored():
    """The same hip on the left; its slices are turned the other way."""
    return make_phantom(replace(COLLAPSED, side="left", tilt_deg=(-10, -5)))


@pytest.fixture(scope="session")
def healthy():
    """A hip without a lesion."""
    return make_phantom(Recipe(seed=5, lesion_percent=0, plane="sag", pixel_mm=1, field_mm=100))
