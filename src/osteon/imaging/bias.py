"""How does the coil shade this image?"""

from __future__ import annotations

import numpy as np

from osteon.anatomy import Floats, Volume

# The field is read from at most this many voxels, and a polynomial is plenty sure long before.
VOXELS = 20_000
# It may not leave these limits relative to its middle: beyond them a polynomial is only guessing past its voxels.
LIMITS = (0.5, 2.0)


def shading(image: Volume, even: Volume, order: int = 2) -> Volume:
    """The smooth field by which an image is shaded, 1 on average where tissue is known to be even; divide by it.

    A polynomial of low order in the array's indices is fitted to the logarithm of the image, and refitted without the
    voxels that stray most (vessels, noise, a lesion's rim).

    Parameters
    ----------
    image
        MR signal, 0 or more.
    even
        Mask on the same grid of one tissue that would be equally bright everywhere, such as fatty marrow.
    order
        1 or 2.

    Examples
    --------
    >>> ramp = np.exp(0.01 * np.arange(40.0)) * np.ones((4, 40, 40))
    >>> field = shading(Volume(ramp, np.eye(4)), Volume(ramp > 0, np.eye(4)))
    >>> bool(np.ptp(ramp / field.array) < 1e-3)
    True
    """
    places = np.argwhere(even.array & (image.array > 0))
    if len(places) < 200:
        return image.with_array(np.ones(image.shape, np.float32))
    places = places[:: max(1, len(places) // VOXELS)]
    value = np.log(image.array[tuple(places.T)].astype(float))
    terms = polynomial([2 * p / max(n - 1, 1) - 1 for p, n in zip(places.T, image.shape, strict=True)], order)
    keep = np.ones(len(value), bool)
    for _ in range(3):
        weight = np.linalg.lstsq(terms[keep], value[keep], rcond=None)[0]
        off = value - terms @ weight
        keep = np.abs(off - np.median(off)) < 2.5 * max(float(np.median(np.abs(off))) * 1.48, 1e-6)
    return field_of(weight, image, order, float((terms @ weight).mean()))


def polynomial(x: list[Floats], order: int) -> Floats:
    """Terms 1, x, y, z and (order 2) their products and squares, stacked along the last axis."""
    terms = [np.ones_like(x[0], float), *x]
    if order > 1:
        terms += [x[i] * x[j] for i in range(3) for j in range(i, 3)]
    return np.stack(terms, axis=-1)


def field_of(weight: Floats, image: Volume, order: int, middle: float) -> Volume:
    """The fitted polynomial on the whole grid, as a factor."""
    axes = [np.linspace(-1, 1, n, dtype=np.float32) if n > 1 else np.zeros(1, np.float32) for n in image.shape]
    x = [axis.reshape([-1 if i == k else 1 for i in range(3)]) for k, axis in enumerate(axes)]
    log = np.float32(weight[0] - middle) + sum(np.float32(weight[1 + k]) * x[k] for k in range(3))
    if order > 1:
        pairs = [(i, j) for i in range(3) for j in range(i, 3)]
        log = log + sum(np.float32(w) * x[i] * x[j] for w, (i, j) in zip(weight[4:], pairs, strict=True))
    return image.with_array(np.clip(np.exp(np.broadcast_to(log, image.shape)), *LIMITS).astype(np.float32))
