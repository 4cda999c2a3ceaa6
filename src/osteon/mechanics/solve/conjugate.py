"""Which displacement balances these forces, to a tolerance?

Conjugate gradients in double precision; the multigrid cycle in single precision points the way. Because its rounding,
and a change of the cycle on the way, make it slightly another operator each time, the new direction is found by Polak
and Ribière's formula, which forgives this; it costs one more product of vectors, none more of the matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from osteon.errors import Fault, InputError
from osteon.mechanics.solve.grid import Grid, multiply, on_planes, subtract_product, zeros
from osteon.mechanics.solve.multigrid import STEPS, Hierarchy, cycle, stronger
from osteon.mechanics.solve.vectors import advance, products, turn

Array = NDArray[Any]
Progress = Callable[[int, float], None]

# A cycle that gains less than this in so many iterations meets a contrast it cannot resolve: then it is made stronger.
STALL_ITERATIONS, STALL_GAIN = 8, 10.0


# The updated residual drifts from the true one by rounding: it is computed anew at the end, and work goes on.
REFRESHES = 4


class Vectors(NamedTuple):
    """Displacement, residual, direction, and the force of moving along it; packed, in double precision."""

    x: Array
    r: Array
    p: Array
    q: Array


@dataclass(frozen=True, slots=True)
class Stop:
    """When to end: at this part of the reference force, or in despair."""

    tolerance: float
    max_iterations: int
    progress: Progress | None


def balance(
    pool: Executor, fine: Grid, hierarchy: Hierarchy, force: Array, x: Array, reference: float, stop: Stop
) -> tuple[float, ...]:
    """Change the packed displacement x until it balances the packed force; gives the relative residuals.

    Parameters
    ----------
    force
        Zero where a component is fixed.
    x
        Where to begin, with the prescribed values where components are fixed; they stay. If this leaves more than no
        displacement of the others would, work begins from that.
    reference
        Norm of the forces that `stop.tolerance` is relative to.
    """
    vectors = Vectors(x, *(zeros(fine.shape, np.float64) for _ in range(3)))
    history: list[float] = []
    for _ in range(REFRESHES):
        left = residual(pool, fine, hierarchy, force, vectors) / reference
        if left > 1 and not history:
            x[fine.inverse > 0] = 0
            left = residual(pool, fine, hierarchy, force, vectors) / reference
        history = [*history[:-1], left]
        if history[-1] <= stop.tolerance:
            break
        iterate(pool, fine, hierarchy, vectors, history, reference, stop)
    return tuple(history)


def iterate(
    pool: Executor,
    fine: Grid,
    hierarchy: Hierarchy,
    vectors: Vectors,
    history: list[float],
    reference: float,
    stop: Stop,
) -> None:
    """Conjugate directions until the residual, which is updated and not computed anew, is small enough."""
    alpha, energy = 0.0, 0.0
    tell(stop, history)
    while history[-1] > stop.tolerance:
        refuse_despair(history, hierarchy, stop)
        if stalled(history) and hierarchy.steps == STEPS:
            hierarchy, energy = stronger(hierarchy), 0.0
        z = cycle(pool, hierarchy)
        next_energy, change = shares(pool, fine, vectors, z)
        redirect(pool, fine, vectors, z, -alpha * change / energy if energy else 0.0)
        energy = next_energy
        alpha = energy / multiply(pool, fine, vectors.p, vectors.q)
        history.append(step(pool, fine, hierarchy, vectors, alpha) / reference)
        tell(stop, history)


def residual(pool: Executor, fine: Grid, hierarchy: Hierarchy, force: Array, vectors: Vectors) -> float:
    """The norm of the residual computed anew, which is handed to the cycle: a step of no length does both."""
    subtract_product(pool, fine, vectors.x, force, vectors.r)
    return step(pool, fine, hierarchy, vectors, 0.0)


def step(pool: Executor, fine: Grid, hierarchy: Hierarchy, vectors: Vectors, alpha: float) -> float:
    """Go alpha along p; gives the norm of the residual, which is handed to the cycle."""
    top, spans, (x, r, p, q) = hierarchy.levels[0].b, (fine.first, fine.last), vectors
    squares = on_planes(pool, fine, lambda _, a, b: advance(a, b, *spans, x, r, p, q, alpha, top))
    return float(np.sqrt(sum(squares)))


def shares(pool: Executor, fine: Grid, vectors: Vectors, z: Array) -> tuple[float, float]:
    """The products r z and q z."""
    found = on_planes(pool, fine, lambda _, a, b: products(a, b, fine.first, fine.last, vectors.r, vectors.q, z))
    return sum(one for one, _ in found), sum(other for _, other in found)


def redirect(pool: Executor, fine: Grid, vectors: Vectors, z: Array, beta: float) -> None:
    """Turn to p = z + beta p."""
    on_planes(pool, fine, lambda _, a, b: turn(a, b, fine.first, fine.last, vectors.p, z, beta))


def tell(stop: Stop, history: list[float]) -> None:
    """Report the latest residual to whoever asked."""
    if stop.progress is not None:
        stop.progress(len(history) - 1, history[-1])


def stalled(history: list[float]) -> bool:
    """Whether the last iterations gained too little."""
    return len(history) > STALL_ITERATIONS and history[-1] * STALL_GAIN > history[-1 - STALL_ITERATIONS]


def refuse_despair(history: list[float], hierarchy: Hierarchy, stop: Stop) -> None:
    """End an iteration that does not arrive, and say why it may not."""
    if len(history) <= stop.max_iterations and np.isfinite(history[-1]):
        return
    material = hierarchy.levels[0].grid.stiffness[:, :, 1]
    contrast = material.max() / material[material > 0].min()
    why = (
        f"after {len(history) - 1} iterations {history[-1]:.1e} of the forces is left; wanted is {stop.tolerance:.1e}. "
        f"The stiffest voxel is {contrast:.1g} times the softest; a part may hang on by a thread. "
        "Raise the softest modulus, mend thin joints, loosen the tolerance or raise max_iterations."
    )
    raise InputError("the mechanical model", [Fault("tolerance", why)])
