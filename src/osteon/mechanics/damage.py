"""At what load does this head give way, and how deep does it sink?

The load is raised in steps; bone strained beyond yield loses most of its stiffness, which loads its neighbours, until
nothing more breaks at that step. A layer that carries no tension is solved in the same manner. Every solve starts from
the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from osteon.anatomy import Floats
from osteon.anatomy.volume import Array
from osteon.mechanics.materials import Elastic
from osteon.mechanics.model import HALF, HeadModel, Share
from osteon.mechanics.operations import value as operation_value
from osteon.mechanics.risk import bone_share, mean_strain_index, normal, regions_of, value
from osteon.mechanics.solve import Solution, solve, strain_at

# The load in steps of the given force. Further apart they jump over the collapse, nearer only the time grows.
MULTIPLES = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0)
# At most so many solves at one step: a step that is still breaking then goes on in the next.
ROUNDS = 8
# A step is over when fewer than this part of the head's voxels breaks anew.
STILL = 5e-4
# A layer opens and closes until fewer than this part of it changes, in at most so many solves.
GAP_STILL, GAP_ROUNDS = 0.02, 6
# A voxel that is pulled or pressed less than this part of the layer's mean stays as it is: it would open and close in
# turn for ever.
GAP_DOUBT = 0.1
# Which voxels are open is told by strains to about a hundredth.
GAP_TOLERANCE = 1e-2

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of load: multiple of the force, depth the loaded surface has sunk beyond elastic, and what broke."""

    multiple: float
    sunk_mm: float
    stiffness_left: float
    broken_ml: float


@dataclass(frozen=True, slots=True)
class Collapse:
    """How a head gives way.

    `multiple` is the multiple of the force at which the stiffness under load has fallen to the part named by the
    setting `collapse_stiffness`, between two steps by a straight line, and `sunk_mm` how far the loaded surface has
    sunk there beyond the elastic; None where it has not within the steps.
    """

    multiple: float | None
    sunk_mm: float | None
    steps: tuple[Step, ...]
    solves: int


def collapse(
    model: HeadModel,
    elastic: Elastic,
    force_n: Floats,
    multiples: tuple[float, ...] = MULTIPLES,
    tolerance: float = 1e-4,
    progress: Progress | None = None,
) -> Collapse:
    """Loads a head in steps until it gives way.

    Parameters
    ----------
    model, elastic
        The bone.
    force_n
        Nodal forces of the load of one, [z + 1, y + 1, x + 1, 3], N.
    multiples
        Steps of load, rising.

    Notes
    -----
    Bone of the head breaks where the principal strain, averaged over 27 voxels, is beyond yield in compression or
    tension; it keeps `left_after_yield` of its stiffness. Broken bone does not heal when it is unloaded, and
    displacements are small ones: depths beyond a few millimetres are a sign of collapse, no measure of it.
    """
    solved = solve_with(elastic, None, model, force_n, tolerance, None)
    sound = work(solved, force_n)
    size_n = float(np.linalg.norm(force_n.reshape(-1, 3).sum(axis=0)))
    left, solves, steps, head = np.ones(model.shape, np.float32), 1, [], regions_of(model).head
    for count, multiple in enumerate(multiples):
        left, solved, more = broken_down(model, elastic, head, left, solved, force_n, multiple, tolerance)
        solves += more
        # The mean of the loaded nodes weighted by their force moves by work over force.
        sunk = multiple * (work(solved, force_n) - sound) / size_n
        broken_ml = float((left < 1).sum() * model.spacing_mm**3 / 1000)
        steps.append(Step(multiple, sunk, sound / work(solved, force_n), broken_ml))
        if progress:
            progress("raising the load", (count + 1) / len(multiples))
        if steps[-1].stiffness_left < value("collapse_stiffness"):
            break
    return Collapse(*given_way(steps), tuple(steps), solves)


def broken_down(
    model: HeadModel,
    elastic: Elastic,
    breakable: NDArray[np.bool_],
    left: Share,
    solved: Solution,
    force_n: Floats,
    multiple: float,
    tolerance: float,
) -> tuple[Share, Solution, int]:
    """What is left of the stiffness once nothing more breaks at a multiple of the load, its solve, and their number.

    Parameters
    ----------
    breakable
        Where bone may break, [z, y, x].
    left, solved
        As the step before left them; displacements are those of the load of one.
    """
    share, where = bone_share(model), elastic.modulus_mpa > 0
    for count in range(ROUNDS):
        strained = multiple * mean_strain_index(strain_at(solved, where), where, share, elastic)
        broken = breakable & (left == 1.0) & (share >= HALF) & (strained > 1.0)
        if broken.sum() <= STILL * breakable.sum():
            return left, solved, count
        left = np.where(broken, np.float32(value("left_after_yield")), left)
        solved = solve_with(elastic, left, model, force_n, tolerance, solved.displacement_mm)
    return left, solved, ROUNDS


def solve_with(
    elastic: Elastic,
    left: Share | None,
    model: HeadModel,
    force_n: Floats,
    tolerance: float,
    start: Floats | None,
    threads: int | None = None,
) -> Solution:
    """One solve with a part of the stiffness left, all of it where none is given."""
    modulus = elastic.modulus_mpa if left is None else elastic.modulus_mpa * left
    return solve(
        modulus,
        model.spacing_mm,
        poisson=elastic.poisson,
        fixed=model.fixed,
        force_n=force_n,
        tolerance=tolerance,
        start=start,
        threads=threads,
    )


def work(solved: Solution, force_n: Floats) -> float:
    """The load's work, twice the energy stored, N mm."""
    return float(np.vdot(solved.displacement_mm, force_n))


def given_way(steps: list[Step]) -> tuple[float | None, float | None]:
    """The multiple of load at which the stiffness falls to the limit, and how far the surface has sunk there.

    On the straight line between two steps; None where it does not.

    Examples
    --------
    >>> given_way([Step(1.0, 0.0, 0.9, 0.0), Step(2.0, 0.1, 0.4, 1.0)])
    (1.8, 0.08)
    """
    limit = value("collapse_stiffness")
    before = Step(0.0, 0.0, 1.0, 0.0)
    for step in steps:
        if step.stiffness_left < limit:
            part = (before.stiffness_left - limit) / (before.stiffness_left - step.stiffness_left)
            multiple = before.multiple + part * (step.multiple - before.multiple)
            return round(multiple, 6), round(before.sunk_mm + part * (step.sunk_mm - before.sunk_mm), 6)
        before = step
    return None, None


# ----------------------------------------------------------------------------------------------- layers without tension


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """A layer that carries no tension, as it lies under load: what was solved, and how much of the layer is open.

    `open_share` is of the layer's volume, 0 to 1; `solves` how many it took, `settled` whether the last changed next to
    nothing.
    """

    solution: Solution
    elastic: Elastic
    open_share: float
    solves: int
    settled: bool


def solve_gap(
    model: HeadModel,
    elastic: Elastic,
    layer: Share,
    force_n: Floats,
    tolerance: float = 1e-4,
    start: Floats | None = None,
    threads: int | None = None,
) -> Gap:
    """Solves a bone in which a layer opens where it would be pulled.

    Parameters
    ----------
    layer
        The part of every voxel in the layer, [z, y, x], such as that about a rod, or the border of a lesion where dead
        bone has come away.
    start, threads
        As for `solve`.

    Notes
    -----
    Voxels of the layer keep their stiffness across it while it is pressed, and `loose_shear` of their shear stiffness;
    where it is pulled they keep `gap_left`. Which voxels are open is found by repeated solves, each from the one
    before. The layer is one voxel thick at least, so its width is that of the grid; voxels are isotropic, so an open
    one also loses its stiffness along the layer. Only the last solve, which is shown, is made to the tolerance.
    """
    marked = layer >= HALF
    across = across_layer(layer)[marked]
    closed, ratio = slippery(elastic.modulus_mpa, elastic.poisson, operation_value("loose_shear"))
    modulus = np.where(marked, closed, elastic.modulus_mpa).astype(np.float32)
    poisson = np.where(marked, ratio, elastic.poisson).astype(np.float32)
    pressed = replace(elastic, modulus_mpa=modulus, poisson=poisson)
    is_open, solves, settled = np.zeros(int(marked.sum()), bool), 0, False
    while not settled and solves < GAP_ROUNDS:
        left = left_open(marked, is_open)
        solution = solve_with(pressed, left, model, force_n, max(tolerance, GAP_TOLERANCE), start, threads)
        start, solves = solution.displacement_mm, solves + 1
        # Strain, not stress: an open voxel has next to no stress, but closes when it is squeezed again.
        pulled = pull(strain_at(solution, marked), poisson[marked], across)
        change = ((pulled > 0) != is_open) & (np.abs(pulled) > GAP_DOUBT * np.abs(pulled).sum() / max(len(pulled), 1))
        settled = bool(change.sum() <= GAP_STILL * len(change))
        is_open = is_open if settled else is_open ^ change
    left = left_open(marked, is_open)
    solution = solve_with(pressed, left, model, force_n, tolerance, start, threads)
    shown = replace(pressed, modulus_mpa=modulus * left)
    return Gap(solution, shown, float(is_open.mean()) if len(is_open) else 0.0, solves + 1, settled)


def left_open(marked: NDArray[np.bool_], is_open: NDArray[np.bool_]) -> Share:
    """What is left of every voxel's stiffness, [z, y, x], where some of those marked are open."""
    left = np.ones(marked.shape, np.float32)
    left[marked] = np.where(is_open, np.float32(value("gap_left")), np.float32(1))
    return left


def slippery(modulus: Array, poisson: Array, shear: float) -> tuple[Array, Array]:
    """Modulus and Poisson ratio of a material with the same stiffness in one-sided compression and less in shear.

    With lambda' + 2 mu' = lambda + 2 mu and mu' = shear * mu.

    Examples
    --------
    >>> [round(float(each), 4) for each in slippery(np.float64(1000.0), np.float64(0.3), 1.0)]
    [1000.0, 0.3]
    """
    mu = modulus / (2 * (1 + poisson))
    across = mu * (2 + 2 * poisson / (1 - 2 * poisson))
    less = shear * mu
    lam = across - 2 * less
    ratio = np.divide(lam, 2 * (lam + less), out=np.array(poisson, dtype=float), where=np.asarray(modulus) > 0)
    return 2 * less * (1 + ratio), ratio


def pull(strain_: Array, poisson: Array, across: Array) -> Array:
    """Normal stress across the layer per unit of modulus, from strains: its sign does not fade as a voxel opens."""
    volume = strain_[..., :3].sum(axis=-1)
    halved = strain_ * np.array([1, 1, 1, 0.5, 0.5, 0.5])
    return np.asarray((1 - 2 * poisson) * normal(halved, across) + poisson * volume)


def across_layer(layer: Share) -> Array:
    """Unit vectors (x, y, z) across a thin layer at every voxel: along which it changes most (structure tensor)."""
    slope = np.gradient(ndimage.gaussian_filter(layer, 0.7))[::-1]
    marked: NDArray[np.bool_] = layer > 0
    tensor = np.empty((int(marked.sum()), 3, 3), np.float32)
    for i in range(3):
        for j in range(i, 3):
            tensor[:, i, j] = tensor[:, j, i] = ndimage.gaussian_filter(slope[i] * slope[j], 1.0)[marked]
    result = np.zeros((*layer.shape, 3), np.float32)
    result[marked] = np.linalg.eigh(tensor)[1][..., -1]
    return result
