"""What displacement answers a force nearly, in one pass over ever coarser grids?

Geometric, 2:1, trilinear transfer; a coarse voxel is as stiff as the mean of its eight children (void counts as 0) and
its grid is discretised anew. The smoother is Chebyshev's on [bound/ratio, bound] with the bound of `element`, in single
precision. The coarsest grid is inverted once.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osteon.mechanics.solve.element import CORNERS, stiffness_matrix
from osteon.mechanics.solve.grid import Grid, Holds, make_grid, on_planes, single, smooth, subtract_product, zeros
from osteon.mechanics.solve.kernel import RIGID
from osteon.mechanics.solve.vectors import apply_dense, first_step, invert, prolong, restrict

Array = NDArray[Any]

# The coarsest grid: small enough to invert within milliseconds.
COARSEST_FREEDOMS = 400
# The smoother damps the upper part of the spectrum, [bound/RATIO, bound]. From 8 to 40 it matters little.
RATIO = 20.0
# Smoothing steps before and after each visit to the coarser grid.
STEPS = 3
# Visits to the coarser grid from the finest and from all others. Two halve the iterations of a femur, whose shaft
# bends: what is to be mended is then smooth, and large. From the finest they cost more than they save.
VISITS = (1, 2)


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """A grid in single precision with its vectors: force b, displacement u, step d, and y for what comes next."""

    grid: Grid
    b: NDArray[np.float32]
    u: NDArray[np.float32]
    y: NDArray[np.float32]
    d: NDArray[np.float32]
    line: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Hierarchy:
    """All levels, finest first; `solution` is the inverse of the coarsest stiffness on its free components `free`."""

    levels: tuple[Level, ...]
    free: NDArray[np.intp]
    solution: NDArray[np.float32]
    bound: float
    steps: int = STEPS


def make_hierarchy(lam: Array, mu: Array, holds: Holds, fine: Grid, bound: float, threads: int) -> Hierarchy:
    """The levels below the grid of voxels with lambda and mu times edge/16, which is `fine` in double precision."""
    grids = [single(fine)]
    while np.count_nonzero(fine.inverse) > COARSEST_FREEDOMS:
        # Twice the edge, so twice lambda and mu times edge.
        lam, mu, holds = 2 * mean_of_children(lam), 2 * mean_of_children(mu), coarse_holds(holds)
        fine = make_grid(lam, mu, holds, threads)
        grids.append(single(fine))
    free, solution = inverse_stiffness(fine)
    return Hierarchy(tuple(map(make_level, grids)), free, solution, bound)


def stronger(hierarchy: Hierarchy) -> Hierarchy:
    """One more smoothing step, for materials of high contrast."""
    return replace(hierarchy, steps=STEPS + 1)


def make_level(grid: Grid) -> Level:
    """The grid with empty vectors."""
    b, u, y, d = (zeros(grid.shape, np.float32) for _ in range(4))
    return Level(grid, b, u, y, d, zeros((len(grid.cuts), grid.shape[3]), np.float32))


def mean_of_children(values: Array) -> Array:
    """The mean over 2 x 2 x 2 voxels; beyond an odd side lies void.

    Examples
    --------
    >>> mean_of_children(np.ones((2, 2, 3))).tolist()
    [[[1.0, 0.5]]]
    """
    even = np.pad(values, [(0, n % 2) for n in values.shape]) if any(n % 2 for n in values.shape) else values
    pairs = even[0::2] + even[1::2]
    pairs = pairs[:, 0::2] + pairs[:, 1::2]
    return np.asarray((pairs[:, :, 0::2] + pairs[:, :, 1::2]) / 8)


def coarse_holds(holds: Holds) -> Holds:
    """A coarse component is fixed where a fine one next to it is; springs are shared out as forces are."""
    ups = CORNERS[:, ::-1]
    node = np.concatenate([(holds.node + up) // 2 for up in ups])
    component = np.tile(holds.component, len(ups))
    shape = (*(node.max(axis=0, initial=0) + 1), 3)
    flat, inverse = np.unique(np.ravel_multi_index((*node.T, component), shape), return_inverse=True)
    rigid = np.tile(holds.stiffness == RIGID, len(ups))
    springs = np.bincount(inverse[~rigid], np.tile(holds.stiffness / len(ups), len(ups))[~rigid], len(flat))
    fixed = np.bincount(inverse[rigid], minlength=len(flat)) > 0
    *places, component = np.unravel_index(flat, shape)
    return Holds(np.stack(places, axis=1), np.asarray(component), np.where(fixed, RIGID, springs))


def inverse_stiffness(grid: Grid) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Flat places of the free components in a packed array, and the dense inverse of their stiffness."""
    free = np.flatnonzero(grid.inverse)
    number = np.full(grid.hold.size, -1)
    number[free] = np.arange(len(free))
    matrix = np.zeros((len(free), len(free)))
    by_lam, by_mu = stiffness_matrix(16.0, 0.0), stiffness_matrix(0.0, 16.0)
    strides = np.array((*grid.shape[1:], 1))[::-1].cumprod()[::-1]
    corners = CORNERS[:, ::-1] @ strides[[0, 1, 3]]
    offsets = (corners[:, None] + strides[2] * np.arange(3)).ravel()
    for z, y, x in np.argwhere(grid.stiffness[:, :, 1] > 0):
        rows = number[z * strides[0] + y * strides[1] + x + offsets]
        own = by_lam * grid.stiffness[z, y, 0, x] + by_mu * grid.stiffness[z, y, 1, x]
        kept = rows >= 0
        matrix[np.ix_(rows[kept], rows[kept])] += own[np.ix_(kept, kept)]
    diagonal = matrix.diagonal() + grid.hold.ravel()[free]
    # A hundred-millionth more keeps the factors real where a part hangs on by almost nothing.
    np.fill_diagonal(matrix, diagonal * (1 + 1e-8))
    invert(matrix)
    return free, matrix.astype(np.float32)


def cycle(pool: Executor, hierarchy: Hierarchy, depth: int = 0, fresh: bool = True) -> Array:
    """Approximate displacement under the forces `b` of the level at `depth`, from zero if `fresh`, else from its `u`.

    The answer lies in the level's `u`, until its next cycle.
    """
    level = hierarchy.levels[depth]
    if depth == len(hierarchy.levels) - 1:
        apply_dense(hierarchy.solution, hierarchy.free, level.b.reshape(-1), level.u.reshape(-1))
        return level.u
    # The first step from zero changes no vectors, so starting in y ends in u.
    u, spare = (level.y, level.u) if fresh else (level.u, level.y)
    u, spare = smoothed(pool, hierarchy, level, u, spare, fresh)
    below = hierarchy.levels[depth + 1]
    subtract_product(pool, level.grid, u, level.b, spare)
    pass_down(pool, level, below, spare)
    for visit in range(VISITS[depth > 0]):
        correction = cycle(pool, hierarchy, depth + 1, fresh=visit == 0)
    pass_up(pool, level, correction, u)
    u, _ = smoothed(pool, hierarchy, level, u, spare, fresh=False)
    return u


def smoothed(
    pool: Executor, hierarchy: Hierarchy, level: Level, u: Array, spare: Array, fresh: bool
) -> tuple[Array, Array]:
    """Chebyshev steps; gives the vector with the result and the other."""
    gains = chebyshev(hierarchy.bound, hierarchy.steps)
    if fresh:
        start_smoothing(pool, level, u, gains.pop(0)[1])
    for keep, gain in gains:
        smooth(pool, level.grid, u, level.b, level.d, spare, keep, gain)
        u, spare = spare, u
    return u, spare


def chebyshev(bound: float, steps: int) -> list[tuple[float, float]]:
    """How much of the last step each step keeps, and its gain, for eigenvalues from bound/RATIO to bound.

    Examples
    --------
    >>> [(round(keep, 3), round(gain, 3)) for keep, gain in chebyshev(2.0, 2)]
    [(0.0, 0.952), (0.693, 1.612)]
    """
    center, half_width = bound * (1 + 1 / RATIO) / 2, bound * (1 - 1 / RATIO) / 2
    gains, rho = [(0.0, 1 / center)], half_width / center
    for _ in range(1, steps):
        following = 1 / (2 * center / half_width - rho)
        gains.append((rho * following, 2 * following / half_width))
        rho = following
    return gains


def start_smoothing(pool: Executor, level: Level, u: Array, gain: float) -> None:
    """The first step from zero."""
    grid, single_gain = level.grid, np.float32(gain)
    spans, inverse = (grid.first, grid.last), grid.inverse
    on_planes(pool, grid, lambda _, a, b: first_step(a, b, *spans, level.b, inverse, single_gain, level.d, u))


def pass_down(pool: Executor, level: Level, below: Level, force: Array) -> None:
    """Coarse forces from fine ones."""
    coarse, half = below.grid, np.float32(0.5)
    planes = level.grid.cells[0] // 2 + 2
    rows = level.grid.cells[1] // 2
    on_planes(
        pool,
        coarse,
        lambda t, a, b: restrict(
            a, min(b, planes), rows, coarse.first, coarse.last, force, below.b, level.line[t], half
        ),
    )


def pass_up(pool: Executor, level: Level, correction: Array, u: Array) -> None:
    """Add coarse displacements to fine ones."""
    grid, half = level.grid, np.float32(0.5)
    on_planes(
        pool,
        grid,
        lambda t, a, b: prolong(a, b, grid.first, grid.last, correction, grid.inverse, u, level.line[t], half),
    )
