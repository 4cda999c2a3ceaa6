"""What part of the healthy marrow's signal does every voxel of the head have?

On MR the coil makes the same marrow up to a quarter brighter on one side of the image than on the other. Its shading is
smooth, so that a polynomial of the second degree through the logarithm of healthy marrow describes it. CT has no
shading; there the border is a rim of denser bone, and density is turned round to look like the band on MR.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from osteon.anatomy import Floats, Volume, points_mm

# A voxel this far below the marrow around it, in parts, is no marrow for the fit; noise at SNR 20 stays within.
MARROW_TOLERANCE = 0.12
# Voxels used for a fit: more change nothing and take longer.
FIT_VOXELS = 6000
# Hounsfield units above cancellous bone at which a rim counts as dark as a full band (a share of 0.3). Rims of 200 HU
# do; the grain of cancellous bone, about 50 HU, stays above 0.8.
RIM_HU = 200.0


def marrow_share(image: Volume, allowed: NDArray[np.bool_], center_mm: Floats, radius_mm: float) -> Volume:
    """The MR image divided by the signal that healthy marrow would have at each place; healthy marrow comes out as 1.

    Parameters
    ----------
    image
        Signal around the head.
    allowed
        Voxels that may be healthy marrow: bone away from its surface; same shape as the image.
    center_mm, radius_mm
        The head's sphere, LPS: scales the polynomial's terms.
    """
    places = (points_mm(image) - center_mm) / radius_mm
    level = np.maximum(image.array.astype(np.float32), 1e-3)
    chosen = np.flatnonzero(allowed)[:: max(1, int(allowed.sum()) // FIT_VOXELS)]
    if chosen.size == 0:
        return image.with_array(np.ones(image.shape, np.float32))
    shading = fitted_shading(terms(places.reshape(-1, 3)[chosen]), np.log(level.ravel()[chosen]))
    expected = np.exp(terms(np.clip(places, -1.6, 1.6)) @ shading)
    return image.with_array((level / expected).astype(np.float32))


def fitted_shading(basis: Floats, log_level: Floats) -> Floats:
    """Coefficients of the shading: first a level, then slopes, then bends, each without the voxels below the fit."""
    shading = np.zeros(basis.shape[1])
    shading[0] = np.quantile(log_level, 0.8)
    darkest = np.log(1 - MARROW_TOLERANCE)
    for count in (1, 4, 4, 4, 10, 10, 10):
        rest = log_level - basis @ shading
        # Before the slopes are known, marrow on the dark side of the image is a quarter below the level.
        keep = (rest > darkest - (0.15 if count == 1 else 0.0)) & (rest < 0.35)
        if keep.sum() < 50:
            break
        part = basis[keep, :count]
        # A weak pull to zero keeps corners without marrow from running away.
        pull = np.diag([0.0] + [0.002 * keep.sum()] * (count - 1))
        shading = np.zeros(basis.shape[1])
        shading[:count] = np.linalg.solve(part.T @ part + pull, part.T @ log_level[keep])
    return shading


def terms(places: Floats) -> Floats:
    """1, x, y, z and the six products of two: shape (..., 10)."""
    x, y, z = places[..., 0], places[..., 1], places[..., 2]
    return np.stack([np.ones_like(x), x, y, z, x * x, y * y, z * z, x * y, x * z, y * z], axis=-1)


def rim_share(image: Volume, allowed: NDArray[np.bool_]) -> Volume:
    """CT turned round: cancellous bone comes out as 1, a sclerotic rim of `RIM_HU` more as 0.3, lucent bone above 1."""
    level = float(np.median(image.array[allowed])) if allowed.any() else 0.0
    share = 1 - 0.7 * (image.array.astype(np.float32) - level) / RIM_HU
    return image.with_array(np.clip(share, 0.0, 1.6).astype(np.float32))
