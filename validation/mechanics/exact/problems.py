"""Which elastic problems have exact answers, and how far from them are voxels?

The closed forms: linear displacement (patch test), Timoshenko's beam, Lamé's hollow sphere and its two-layer sphere
(continuity of u and of the radial stress), Goodier's spherical cavity under tension, Eshelby's sphere (Eshelby 1957,
Proc R Soc A 241:376; in the form of Parnell 2016, J Elasticity, doi 10.1007/s10659-016-9573-6). Spheres are solved on
one octant: the three planes through the centre are planes of symmetry. Lengths are in voxel edges unless a name says
otherwise.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from osteon.mechanics.solve import Solution, pressure_force, solve, strain, stress

Array = NDArray[Any]

NU = 0.3


def centres(shape: tuple[int, ...]) -> Array:
    """(x, y, z) of every voxel's centre, [z, y, x, 3]."""
    return np.stack(np.meshgrid(*[np.arange(n) + 0.5 for n in shape], indexing="ij")[::-1], axis=-1)


def corners(shape: tuple[int, ...]) -> Array:
    """(x, y, z) of every node, [z + 1, y + 1, x + 1, 3]."""
    return np.stack(np.meshgrid(*[np.arange(n + 1.0) for n in shape], indexing="ij")[::-1], axis=-1)


def outer(shape: tuple[int, ...]) -> Array:
    """True on all nodes of the box's surface."""
    place = corners(shape)
    return ((place == 0) | (place == np.array(shape[::-1]))).any(axis=-1)


def symmetry(shape: tuple[int, ...]) -> Array:
    """Components fixed by the three planes of symmetry x = 0, y = 0, z = 0."""
    return corners(shape) == 0


def patch(shape: tuple[int, int, int] = (16, 17, 18), spacing_mm: float = 0.7, poisson: float = NU) -> float:
    """Error of the displacement inside a block whose surface follows a linear field, relative to the greatest."""
    gradient = np.array([[1e-3, 2e-4, -1e-4], [3e-4, -5e-4, 2e-4], [-2e-4, 1e-4, 7e-4]])
    exact = corners(shape) @ gradient.T * spacing_mm
    solution = solve(
        np.full(shape, 1000.0),
        spacing_mm,
        poisson=poisson,
        fixed=outer(shape),
        force_n=np.zeros_like(exact),
        prescribed_mm=exact,
        tolerance=1e-10,
    )
    return float(np.abs(solution.displacement_mm - exact).max() / np.abs(exact).max())


def cantilever(deep: int) -> float:
    """Tip deflection over Timoshenko's, of a beam 1 x 1 x 8 of `deep` voxels through its depth, clamped at z = 0."""
    shape, edge, modulus, length = (8 * deep, deep, deep), 1 / deep, 1000.0, 8.0
    fixed = np.zeros(tuple(n + 1 for n in shape), bool)
    fixed[0] = True
    force = np.zeros((*fixed.shape, 3))
    # A uniform traction: nodes on edges take half, corners a quarter.
    line = np.r_[0.5, np.ones(deep - 1), 0.5] / deep
    force[-1, :, :, 0] = np.outer(line, line)
    tip = solve(np.full(shape, modulus), edge, fixed=fixed, force_n=force, tolerance=1e-8).displacement_mm[-1, :, :, 0]
    shear = 10 * (1 + NU) / (12 + 11 * NU)
    exact = length**3 / (3 * modulus / 12) + length / (shear * modulus / (2 * (1 + NU)))
    return float(tip.mean() / exact)


def two_layers(n: int, soft: float = 500.0, stiff: float = 10_000.0, inner: float = 0.8) -> float:
    """Displacement error (root mean square over the greatest) of a two-layer sphere of radius n, squeezed evenly."""
    a, b, ub = inner * n, float(n), -0.001 * n
    lam_core, mu_core = soft * NU / ((1 + NU) * (1 - 2 * NU)), soft / (2 * (1 + NU))
    lam_shell, mu_shell = lam_core * stiff / soft, mu_core * stiff / soft
    rows = [
        [a, -a, -1 / a**2],
        [3 * lam_core + 2 * mu_core, -3 * lam_shell - 2 * mu_shell, 4 * mu_shell / a**3],
        [0, b, 1 / b**2],
    ]
    core, linear, falling = np.linalg.solve(rows, [0, 0, ub])
    shape = (n + 1, n + 1, n + 1)
    place = corners(shape)
    r = np.maximum(np.linalg.norm(place, axis=-1), 1e-9)
    exact = place * np.where(r < a, core, linear + falling / r**3)[..., None]
    distance = np.linalg.norm(centres(shape), axis=-1)
    modulus = np.where(distance < a, soft, stiff) * (distance < b + 1)
    solution = solve(
        modulus,
        1.0,
        fixed=symmetry(shape) | (r >= b)[..., None],
        force_n=np.zeros_like(exact),
        prescribed_mm=exact,
        tolerance=1e-6,
    )
    off = np.linalg.norm(solution.displacement_mm - exact, axis=-1)[r < b]
    return float(np.sqrt((off**2).mean()) / abs(ub))


def hollow(n: int, inner: float = 0.5) -> float:
    """Displacement error (root mean square over the greatest) of a hollow sphere of radius n under inner pressure."""
    a, b, modulus, pressure = inner * n, float(n), 1000.0, 1.0
    linear = (1 - 2 * NU) * pressure * a**3 / (modulus * (b**3 - a**3))
    falling = (1 + NU) * a**3 * b**3 * pressure / (2 * modulus * (b**3 - a**3))
    shape = (n, n, n)
    distance = np.linalg.norm(centres(shape), axis=-1)
    wall = np.where((distance > a) & (distance < b), modulus, 0)
    # The planes of symmetry are open faces too, but what presses on them presses on fixed components.
    force = pressure_force(wall, 1.0, pressure * (distance < (a + b) / 2))
    fixed = symmetry(shape)
    force[fixed] = 0
    solution = solve(wall, 1.0, fixed=fixed, force_n=force, tolerance=1e-6)
    place = corners(shape)
    r = np.linalg.norm(place, axis=-1)
    within = (r > a) & (r < b) & (solution.displacement_mm != 0).any(axis=-1)
    exact = place[within] * (linear + falling / r[within] ** 3)[:, None]
    off = np.linalg.norm(solution.displacement_mm[within] - exact, axis=-1)
    return float(np.sqrt((off**2).mean()) / (linear * a + falling / a**2))


def inclusion(ratio: float, radius: int = 12, half_box: int = 48) -> tuple[float, float]:
    """Axial strain in a sphere `ratio` times as stiff as what is around it, over the far strain: found and exact."""
    shape = (half_box,) * 3
    place, far = corners(shape), 1e-3
    remote = place * np.array([-NU * far, -NU * far, far])
    inside = np.linalg.norm(centres(shape), axis=-1) < radius
    solution = solve(
        np.where(inside, ratio * 1000.0, 1000.0),
        1.0,
        fixed=symmetry(shape) | (place == half_box).any(axis=-1)[..., None],
        force_n=np.zeros_like(place),
        prescribed_mm=remote,
        tolerance=1e-5,
    )
    core = np.linalg.norm(centres(shape), axis=-1) < 0.7 * radius
    alpha, beta = (1 + NU) / (3 * (1 - NU)), 2 * (4 - 5 * NU) / (15 * (1 - NU))
    volumetric = (1 - 2 * NU) / (1 + alpha * (ratio - 1))
    deviatoric = (1 - (1 - 2 * NU) / 3) / (1 + beta * (ratio - 1))
    return float(strain(solution)[core, 2].mean() / far), volumetric / 3 + deviatoric


def cavity(radius: int = 12, half_box: int = 48) -> tuple[Array, Array, Array]:
    """Axial stress over the remote one at the equator of a spherical hole: distance from its centre, found, exact."""
    shape, tension, modulus = (half_box,) * 3, 1.0, 1000.0
    place = corners(shape)
    inside = np.linalg.norm(centres(shape), axis=-1) < radius
    remote = place * np.array([-NU, -NU, 1.0]) * tension / modulus
    solution = solve(
        np.where(inside, 0, modulus),
        1.0,
        fixed=symmetry(shape) | (place == half_box).any(axis=-1)[..., None],
        force_n=np.zeros_like(place),
        prescribed_mm=remote,
        tolerance=1e-5,
    )
    # The row of voxels along the x-axis.
    distance = np.arange(radius, half_box) + 0.5
    found = stress(solution)[0, 0, radius:, 2] / tension
    near, reach = radius / distance, 2 * (7 - 5 * NU)
    return distance, found, 1 + (4 - 5 * NU) / reach * near**3 + 9 / reach * near**5


def order(errors: dict[int, float]) -> float:
    """Slope of the error against the voxel size, both as logarithms."""
    return float(-np.polyfit(np.log(list(errors)), np.log(list(errors.values())), 1)[0])


def mixed(shape: tuple[int, int, int] = (14, 12, 10), seed: int = 5) -> dict[str, Any]:
    """A block of random moduli and Poisson ratios with holes, standing on the ground, under random forces."""
    random = np.random.default_rng(seed)
    modulus = 100 * 200 ** random.random(shape)
    modulus[tuple(slice(n // 3, n // 2) for n in shape)] = 0
    fixed = np.zeros(tuple(n + 1 for n in shape), bool)
    fixed[0] = True
    force = np.zeros((*fixed.shape, 3))
    force[-1] = random.normal(size=force.shape[1:])
    poisson = random.uniform(-0.2, 0.45, shape)
    return {"modulus_mpa": modulus, "spacing_mm": 0.5, "poisson": poisson, "fixed": fixed, "force_n": force}


def clamped_bar(shape: tuple[int, int, int], seed: int = 3) -> dict[str, Any]:
    """A bar of twelve moduli at random with a hole, clamped at both ends, under random forces beyond its middle."""
    random = np.random.default_rng(seed)
    modulus = random.choice(np.geomspace(100, 20_000, 12).round(3), shape)
    modulus[shape[0] // 2 - 2 : shape[0] // 2, 2:5, 3:6] = 0
    fixed = np.zeros(tuple(n + 1 for n in shape), bool)
    fixed[[0, -1]] = True
    force = np.zeros((*fixed.shape, 3))
    force[3 * shape[0] // 4] = random.normal(size=force.shape[1:])
    return {"modulus_mpa": modulus, "spacing_mm": 0.5, "poisson": NU, "fixed": fixed, "force_n": force}


def solved(problem: dict[str, Any], **settings: Any) -> Solution:
    """The solution of a problem written as a dictionary of arguments."""
    return solve(**{**problem, **settings})
