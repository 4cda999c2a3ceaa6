"""How stiff is one cube of an isotropic material, and how far do its eigenvalues reach?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

CORNERS = np.array([(x, y, z) for z in (0, 1) for y in (0, 1) for x in (0, 1)])
"""Corner 0 to 7 of a cube as (x, y, z) of 0 or 1, x fastest."""


def lame(modulus: Any, poisson: Any) -> tuple[Any, Any]:
    """Lamé's lambda and mu in the unit of the modulus: E nu / ((1 + nu)(1 - 2 nu)) and E / (2 (1 + nu)).

    Examples
    --------
    >>> [round(float(value), 6) for value in lame(np.float64(2.6), 0.3)]
    [1.5, 1.0]
    """
    mu = modulus / (2 * (1 + poisson))
    return mu * (2 * poisson / (1 - 2 * poisson)), mu


def strain_rows(point: Floats, edge: float) -> Floats:
    """Strain at a point of the cube per corner displacement, shape (6, 24): xx, yy, zz, yz, zx, xy (engineering shear).

    Parameters
    ----------
    point
        (x, y, z) from -1 to 1.
    edge
        Edge of the cube; the strain is per this unit of length.
    """
    sign = 2.0 * CORNERS - 1
    factors = (1 + sign * point) / 2
    slopes = np.stack([sign[:, k] / edge * np.delete(factors, k, axis=1).prod(axis=1) for k in range(3)])
    rows = np.zeros((6, 8, 3))
    for k in range(3):
        rows[k, :, k] = slopes[k]
        one, other = (k + 1) % 3, (k + 2) % 3
        rows[3 + k, :, one], rows[3 + k, :, other] = slopes[other], slopes[one]
    return rows.reshape(6, 24)


def elasticity(lam: float, mu: float) -> Floats:
    """Stress per strain, shape (6, 6), for engineering shear strains.

    Examples
    --------
    >>> elasticity(1.5, 1.0).diagonal().tolist()
    [3.5, 3.5, 3.5, 1.0, 1.0, 1.0]
    """
    matrix = np.diag([2 * mu] * 3 + [mu] * 3)
    matrix[:3, :3] += lam
    return matrix


def stiffness_matrix(lam: float, mu: float, edge: float = 1.0) -> Floats:
    """The cube's 24 x 24 stiffness by 2 x 2 x 2 Gauss points, which is exact; corners as `CORNERS`, then x, y, z.

    Examples
    --------
    >>> matrix = stiffness_matrix(1.5, 1.0)
    >>> bool(abs(matrix.reshape(24, 8, 3).sum(axis=1)).max() < 1e-14)  # moved as a whole, it feels nothing
    True
    """
    points = (2.0 * CORNERS - 1) / np.sqrt(3)
    rows = [strain_rows(point, edge) for point in points]
    return np.asarray(sum(row.T @ elasticity(lam, mu) @ row for row in rows) * edge**3 / 8)


def nodal_diagonal(lam: Floats, mu: Floats) -> Floats:
    """What one cube adds to the diagonal of each of its 24 components, for lambda and mu times edge/16."""
    return (16 * lam + 64 * mu) / 9


def eigenvalue_bound(poisson: float) -> float:
    """No eigenvalue of the diagonally scaled stiffness is above this, whatever the moduli in the voxels.

    The largest eigenvalue of a cube's matrix over its diagonal, 9 (3 lambda + 2 mu) / (2 lambda + 8 mu), bounds every
    sum of cubes. It needs no estimate, which matters: a power iteration that stops early makes the smoother diverge.

    Examples
    --------
    >>> round(eigenvalue_bound(0.3), 3)
    5.318
    """
    lam, mu = lame(np.float64(1.0), poisson)
    # With negative Poisson ratios the largest eigenvalue is another one: shear modes, (2 mu) 9 / (2 lambda + 8 mu).
    return float(9 * max(3 * lam + 2 * mu, 2 * mu) / (2 * lam + 8 * mu))
