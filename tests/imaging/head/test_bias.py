"""The coil's shading is read off one even tissue."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from osteon.anatomy import Volume
from osteon.imaging.bias import shading

SHAPE = (8, 40, 40)


# At most 1.83 times the middle: the field ends at 2.
@settings(max_examples=15, deadline=None)
@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.floats(-0.1, 0.1))
def test_dividing_by_the_field_makes_the_tissue_even(a, b, c):
    z, y, x = np.meshgrid(*[np.linspace(-1, 1, n) for n in SHAPE], indexing="ij")
    image = Volume(1000 * np.exp(a * x + b * y + c * x * y + 0.1 * z**2), np.eye(4))
    field = shading(image, image.with_array(np.ones(SHAPE, bool)))
    assert np.ptp(image.array / field.array) < 2


def test_a_dark_spot_in_the_tissue_does_not_bend_the_field():
    image = np.full(SHAPE, 1000.0)
    image[3:5, 10:18, 10:18] = 300
    field = shading(Volume(image, np.eye(4)), Volume(np.ones(SHAPE, bool), np.eye(4)))
    assert np.abs(field.array - 1).max() < 0.01


def test_too_little_tissue_gives_no_field():
    image = Volume(np.full(SHAPE, 1000.0), np.eye(4))
    even = np.zeros(SHAPE, bool)
    even[0, 0, :50] = True
    assert (shading(image, image.with_array(even)).array == 1).all()
