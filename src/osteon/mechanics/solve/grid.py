"""How are voxels and their nodes laid out for the kernel, and which rows hold anything?

Packed arrays of nodes are [plane, row, component, x]: node (z, y, x) of a grid lies at [z + 1, y + 1, :, x], and
element (z, y, x) likewise, so that an empty row and plane come before the first and after the last. Rows are padded to
whole vectors of 16 numbers. Empty pages are never written, so the corners of a box around a ball take no memory.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from osteon.mechanics.solve.element import nodal_diagonal
from osteon.mechanics.solve.kernel import PRODUCT, RESIDUAL, RIGID, SCRATCH_SIZE, SMOOTH, sweep

Array = NDArray[Any]
Result = TypeVar("Result")

VECTOR = 16
# Below this many nodes a product takes less time than handing it to another thread.
NODES_PER_THREAD = 8_000


@dataclass(frozen=True, slots=True, eq=False)
class Holds:
    """Fixed components and springs: node indices as rows (z, y, x), component 0 to 2, stiffness in N/mm or `RIGID`."""

    node: NDArray[np.intp]
    component: NDArray[np.intp]
    stiffness: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Voxels in one precision, ready for the kernel.

    `cells` counts voxels along z, y, x, all even. `stiffness` holds lambda and mu times edge/16. `first` and `last`
    bound the x of each row of nodes where the kernel works; `held` marks rows with holds; `inverse` is one over the
    diagonal, 0 where a node is fixed or touches no material. Thread t works on planes `cuts[t]` to `cuts[t + 1]`.
    """

    cells: tuple[int, int, int]
    stiffness: Array
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    hold: Array
    held: NDArray[np.bool_]
    inverse: NDArray[np.float32]
    cuts: tuple[int, ...]
    waiting: Array
    scratch: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a packed array of nodes."""
        return self.hold.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Precision of the arithmetic."""
        return self.stiffness.dtype


def make_grid(lam: Array, mu: Array, holds: Holds, threads: int) -> Grid:
    """The grid of voxels with lambda and mu times edge/16, [z, y, x], in double precision."""
    cells = tuple(n + n % 2 for n in lam.shape)
    rows, planes = cells[1] + 3, cells[0] + 3
    width = -(-(cells[2] + 2) // VECTOR) * VECTOR
    stiffness = zeros((planes, rows, 2, width), np.float64)
    inner = slice(1, 1 + lam.shape[0]), slice(1, 1 + lam.shape[1])
    stiffness[*inner, 0, : lam.shape[2]], stiffness[*inner, 1, : lam.shape[2]] = lam, mu
    first, last = working_rows(mu, stiffness.shape)
    hold = zeros((planes, rows, 3, width), np.float64)
    place = (holds.node[:, 0] + 1, holds.node[:, 1] + 1, holds.component, holds.node[:, 2])
    rigid = holds.stiffness == RIGID
    np.add.at(hold, tuple(index[~rigid] for index in place), holds.stiffness[~rigid])
    hold[tuple(index[rigid] for index in place)] = RIGID
    held = np.zeros((planes, rows), bool)
    held[place[0], place[1]] = True
    cuts = plane_cuts(first, last, threads)
    return Grid(
        cells=(cells[0], cells[1], cells[2]),
        stiffness=stiffness,
        first=first,
        last=last,
        hold=hold,
        held=held,
        inverse=inverse_diagonal(stiffness, hold),
        cuts=cuts,
        waiting=zeros((len(cuts) - 1, rows, 3, width), np.float64),
        scratch=zeros((len(cuts) - 1, SCRATCH_SIZE), np.float64),
    )


def single(grid: Grid) -> Grid:
    """The same grid in single precision."""
    return Grid(
        cells=grid.cells,
        stiffness=cast(grid.stiffness, np.float32),
        first=grid.first,
        last=grid.last,
        hold=cast(grid.hold, np.float32, grid.held),
        held=grid.held,
        inverse=grid.inverse,
        cuts=grid.cuts,
        waiting=zeros(grid.waiting.shape, np.float32),
        scratch=zeros(grid.scratch.shape, np.float32),
    )


def cast(array: Array, dtype: DTypeLike, rows: NDArray[np.bool_] | None = None) -> Array:
    """A copy in another precision; rows without anything stay unwritten."""
    copy = zeros(array.shape, dtype)
    for plane, values in enumerate(array):
        filled = values.any(axis=(1, 2)) if rows is None else rows[plane]
        copy[plane, filled] = values[filled]
    return copy


def zeros(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """An empty array with one more vector behind it, for the kernel reads one value beyond each row."""
    return np.zeros(int(np.prod(shape)) + VECTOR, dtype)[:-VECTOR].reshape(shape)


def working_rows(material: Array, shape: tuple[int, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First and past-the-last x of each row of nodes in which the kernel works, in whole vectors; equal where in none.

    A row of nodes touches the element rows before and behind it on both sides, and the kernel carries along what the
    next row of elements will need: so the range covers the material of these six.
    """
    width = shape[3]
    filled = material > 0
    some = filled.any(axis=2)
    begin, end = np.full(shape[:2], width, np.intp), np.zeros(shape[:2], np.intp)
    inner = slice(1, 1 + material.shape[0]), slice(1, 1 + material.shape[1])
    begin[inner] = np.where(some, filled.argmax(axis=2), width)
    end[inner] = np.where(some, material.shape[2] - filled[:, :, ::-1].argmax(axis=2), 0)
    first, last = begin.copy(), end.copy()
    for dz in (0, 1):
        for dy in (-1, 0, 1):
            neighbour = np.roll(begin, (dz, dy), (0, 1)), np.roll(end, (dz, dy), (0, 1))
            first, last = np.minimum(first, neighbour[0]), np.maximum(last, neighbour[1])
    # The element behind the last is worked on too: it is empty and closes the row.
    first, last = first // VECTOR * VECTOR, -(-(last + 1) // VECTOR) * VECTOR
    return np.where(first < last, first, 0), np.where(first < last, last, 0)


def inverse_diagonal(stiffness: Array, hold: Array) -> NDArray[np.float32]:
    """One over the diagonal; 0 where a component is fixed or its node touches no material."""
    inverse = np.asarray(zeros(hold.shape, np.float32))
    for plane in range(1, len(stiffness) - 1):
        own = nodal_diagonal(stiffness[plane - 1 : plane + 1, :, 0], stiffness[plane - 1 : plane + 1, :, 1]).sum(axis=0)
        own[1:] += own[:-1].copy()
        own[:, 1:] += own[:, :-1].copy()
        rows = own.any(axis=1)
        rigid, spring = hold[plane, rows] == RIGID, hold[plane, rows]
        total = own[rows, None] + spring
        free = (own[rows, None] > 0) & ~rigid
        inverse[plane, rows] = np.divide(1, total, out=np.zeros_like(total), where=free)
    return inverse


def plane_cuts(first: NDArray[np.intp], last: NDArray[np.intp], threads: int) -> tuple[int, ...]:
    """Node planes at which the threads' ranges begin and end, with equal work in each."""
    work = (last - first).sum(axis=1)[1:-1].cumsum()
    parts = int(np.clip(work[-1] // NODES_PER_THREAD, 1, threads)) if len(work) else 1
    inner = np.searchsorted(work, work[-1] * np.arange(1, parts) / parts) + 1
    return tuple(sorted({1, *inner.tolist(), len(work) + 1}))


def on_planes(pool: Executor, grid: Grid, task: Callable[[int, int, int], Result]) -> list[Result]:
    """Run `task(thread, first plane, past the last plane)` on each thread's planes."""
    ranges = range(len(grid.cuts) - 1), grid.cuts[:-1], grid.cuts[1:]
    return list(pool.map(task, *ranges)) if len(grid.cuts) > 2 else [task(0, grid.cuts[0], grid.cuts[-1])]


def multiply(pool: Executor, grid: Grid, u: Array, y: Array, with_holds: bool = True) -> float:
    """Put A u into y, zero where fixed; without holds, the forces of the material alone. Gives u y."""
    held = grid.held if with_holds else np.zeros_like(grid.held)
    return sum(swept(pool, grid, PRODUCT, held, u, y, u, u, 0, 0))


def subtract_product(pool: Executor, grid: Grid, u: Array, b: Array, y: Array) -> None:
    """Put b - A u into y."""
    swept(pool, grid, RESIDUAL, grid.held, u, y, b, u, 0, 0)


def smooth(pool: Executor, grid: Grid, u: Array, b: Array, d: Array, y: Array, keep: float, gain: float) -> None:
    """A smoothing step: d = keep d + gain D^-1 (b - A u), y = u + d."""
    swept(pool, grid, SMOOTH, grid.held, u, y, b, d, keep, gain)


def swept(
    pool: Executor, grid: Grid, what: int, held: Array, u: Array, y: Array, b: Array, d: Array, keep: float, gain: float
) -> list[float]:
    """The kernel on each thread's planes."""
    number = grid.dtype.type

    def planes(thread: int, start: int, stop: int) -> float:
        own = grid.waiting[thread], grid.scratch[thread]
        spans = grid.stiffness, grid.first, grid.last, grid.hold, held
        numbers = number(keep), number(gain), number(1 / 3)
        return float(sweep(what, start, stop, *spans, u, y, b, d, grid.inverse, *numbers, *own))

    return on_planes(pool, grid, planes)


def pack(grid: Grid, nodal: Array) -> Array:
    """An array over nodes [z, y, x, component] in the kernel's layout, in the grid's precision."""
    packed = zeros(grid.shape, grid.dtype)
    _, ny, nx, _ = nodal.shape
    # Rows the kernel works on, and of these only the ones with anything in them: loads are few.
    for plane in np.flatnonzero(nodal.any(axis=(1, 2, 3))):
        rows = grid.last[plane + 1, 1 : ny + 1] > 0
        packed[plane + 1, 1 : ny + 1, :, :nx][rows] = np.moveaxis(nodal[plane][rows], 2, 1)
    return packed


def unpack(packed: Array, shape: tuple[int, int, int]) -> Array:
    """An array [z, y, x, component] over the nodes of `shape`; inverse of `pack`."""
    nz, ny, nx = shape
    return np.ascontiguousarray(np.moveaxis(packed[1 : nz + 1, 1 : ny + 1, :, :nx], 2, 3))
