"""How does this bone deform under these forces, and does the answer balance?"""

from __future__ import annotations

import os
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from osteon.errors import Fault, InputError
from osteon.mechanics.solve.check import Problem, checked
from osteon.mechanics.solve.conjugate import Progress, Stop, balance
from osteon.mechanics.solve.element import eigenvalue_bound, lame
from osteon.mechanics.solve.grid import Grid, make_grid, multiply, pack, subtract_product, unpack, zeros
from osteon.mechanics.solve.kernel import RIGID
from osteon.mechanics.solve.multigrid import Hierarchy, make_hierarchy

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Displacements of one model under one load, or under several along a first axis, with what shows they are right.

    Lengths in mm, forces in N, moduli in MPa; arrays are [z, y, x] and components x, y, z.

    `displacement_mm` is [z + 1, y + 1, x + 1, 3], or [case, ...]. `iterations` and `residual` (what is left of the
    forces, relative to them) are those of the slowest and the worst case; `history` has the residuals of each iteration
    of the slowest. `load_n` and `reaction_n` are the sums of applied forces and of all supports' forces,
    `equilibrium_error` and `moment_error` what is left of their balance relative to all forces, and `energy_error` how
    far the strain energy is from half the work of loads and supports, relative to it. `notes` says what this model
    cannot show.
    """

    displacement_mm: NDArray[np.float64]
    modulus_mpa: Array
    poisson: Array
    spacing_mm: float
    iterations: int
    residual: float
    history: tuple[float, ...]
    load_n: NDArray[np.float64]
    reaction_n: NDArray[np.float64]
    strain_energy_n_mm: NDArray[np.float64]
    equilibrium_error: float
    moment_error: float
    energy_error: float
    notes: tuple[str, ...]


def solve(
    modulus_mpa: ArrayLike,
    spacing_mm: float,
    *,
    poisson: ArrayLike = 0.3,
    fixed: ArrayLike,
    force_n: ArrayLike,
    prescribed_mm: ArrayLike | None = None,
    spring_n_per_mm: ArrayLike | None = None,
    tolerance: float = 1e-4,
    start: ArrayLike | None = None,
    progress: Progress | None = None,
    max_iterations: int = 300,
    threads: int | None = None,
    memory_gb: float | None = None,
) -> Solution:
    """Displacements of linear elastic voxels under forces, by conjugate gradients around a multigrid cycle.

    Parameters
    ----------
    modulus_mpa
        Young's modulus of each cubic voxel, [z, y, x]; 0 is void.
    spacing_mm
        Edge of a voxel.
    poisson
        Poisson ratio, one for all voxels or one for each; above -1 and below 0.5. Near 0.5 cubes of full integration
        are too stiff; up to 0.4 is safe.
    fixed
        True where a node is held, [z + 1, y + 1, x + 1], or where a component of it is, [..., 3] in x, y, z.
    force_n
        Force on each node, [z + 1, y + 1, x + 1, 3]; several load cases along a first axis share the set-up.
    prescribed_mm
        Displacement of the fixed components, like `force_n`; zero when left out. Values elsewhere are not read.
    spring_n_per_mm
        Springs from nodes to the ground, for each component, like one case of `force_n`.
    tolerance
        Iterations stop when the forces left are this part of those applied. 1e-4 gives strains to about 1e-4 (99th
        percentile of the error over the median); take 1e-6 to verify.
    start
        A displacement to begin with, such as that of a similar model; for one case or for each. One that leaves larger
        forces than no displacement, as where stiff metal has taken the place of bone, is not used.
    progress
        Called with the number of the iteration and its relative residual; what it raises ends the solve.
    max_iterations
        Where to give up.
    threads
        All processors this process may use, when left out.
    memory_gb
        Larger models are refused beforehand; nine tenths of the machine's memory when left out.

    Raises
    ------
    InputError
        With all faults of the input: shapes, values, memory, parts without support; or when the iteration does not
        arrive.

    Notes
    -----
    Exactly integrated trilinear cubes. Stresses of single voxels at a stepped surface mean little: average over 27 or
    more. Iterations grow with the contrast of moduli, not with the size: to 1e-6, 6 for one material, 7 to 21 for
    rods, tracts and shells at 1 : 30,000, 44 for voxels of such contrast at random. Stacked layers of such contrast
    across the whole model may not arrive.

    Examples
    --------
    A column of ten voxels of 1 mm and 100 MPa, pulled by 1 N, gets longer by F L / (E A) = 0.1 mm, when it may narrow.

    >>> fixed = np.zeros((11, 2, 2, 3), bool)
    >>> fixed[0, :, :, 2] = fixed[0, 0, 0] = fixed[0, 0, 1, 1] = True
    >>> force = np.zeros((11, 2, 2, 3))
    >>> force[10, :, :, 2] = 1 / 4
    >>> solution = solve(np.full((10, 1, 1), 100.0), 1.0, fixed=fixed, force_n=force, tolerance=1e-9)
    >>> round(float(solution.displacement_mm[10, 0, 0, 2]), 9)
    0.1
    """
    refuse_settings(tolerance, max_iterations, threads)
    problem = checked(
        modulus_mpa,
        spacing_mm,
        poisson,
        fixed,
        force_n,
        prescribed_mm=prescribed_mm,
        spring_n_per_mm=spring_n_per_mm,
        start=start,
        memory_gb=memory_gb,
    )
    count = threads or processors()
    stop = Stop(tolerance, max_iterations, progress)
    fine, hierarchy = set_up(problem, count)
    with ThreadPoolExecutor(count) as pool:
        cases = [solve_case(pool, problem, fine, hierarchy, case, stop) for case in range(len(problem.force_n))]
    return joined(cases) if np.ndim(force_n) == 5 else cases[0]


def refuse_settings(tolerance: float, max_iterations: int, threads: int | None) -> None:
    """Settings that cannot be meant."""
    faults = []
    if not 0 < tolerance < 1:
        faults.append(Fault("tolerance", f"is {tolerance}; give a number between 0 and 1, such as 1e-4."))
    if max_iterations < 1:
        faults.append(Fault("max_iterations", f"is {max_iterations}; give 1 or more."))
    if threads is not None and threads < 1:
        faults.append(Fault("threads", f"is {threads}; give 1 or more, or leave it out."))
    if faults:
        raise InputError("the mechanical model", faults)


def processors() -> int:
    """How many processors this process may use; of all there are, where the system does not say."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def set_up(problem: Problem, threads: int) -> tuple[Grid, Hierarchy]:
    """The grid in double precision and the levels of the cycle."""
    modulus = problem.modulus_mpa * (problem.spacing_mm / 16)
    used = problem.poisson if problem.poisson.ndim == 0 else np.where(modulus > 0, problem.poisson, 0)
    lam, mu = lame(modulus, used)
    fine = make_grid(lam, mu, problem.holds, threads)
    bound = max(eigenvalue_bound(float(nu)) for nu in (used.min(), used.max()))
    return fine, make_hierarchy(lam, mu, problem.holds, fine, bound, threads)


def solve_case(pool: Executor, problem: Problem, fine: Grid, hierarchy: Hierarchy, case: int, stop: Stop) -> Solution:
    """One load case."""
    force, nodes = problem.force_n[case], problem.fixed.shape[:3]
    free_force = pack(fine, force)
    free_force[rigid_places(problem)] = 0
    x, reference = beginning(pool, problem, fine, free_force, case)
    history = balance(pool, fine, hierarchy, free_force, x, reference, stop) if reference else (0.0,)
    inner = zeros(fine.shape, np.float64)
    multiply(pool, fine, x, inner, with_holds=False)
    displacement = unpack(x, nodes)
    return Solution(
        displacement_mm=displacement,
        modulus_mpa=problem.modulus_mpa,
        poisson=problem.poisson,
        spacing_mm=problem.spacing_mm,
        iterations=len(history) - 1,
        residual=history[-1],
        history=history,
        notes=(*problem.notes, *rounding_note(history[-1], stop.tolerance)),
        **balance_of(problem, force, x, inner),
    )


def rounding_note(residual: float, tolerance: float) -> tuple[str, ...]:
    """What to say when numbers of 16 digits cannot do better."""
    reached = residual <= tolerance
    return () if reached else (f"Rounding leaves {residual:.1e} of the forces; {tolerance:.1e} was asked for.",)


def beginning(pool: Executor, problem: Problem, fine: Grid, force: Array, case: int) -> tuple[Array, float]:
    """Where to begin, and the norm of the forces that have to be balanced: those applied and those of the supports."""
    lifted, rest = zeros(fine.shape, np.float64), force
    if problem.prescribed_mm is not None:
        lifted[rigid_places(problem)] = problem.prescribed_mm[problem.fixed]
        rest = zeros(fine.shape, np.float64)
        subtract_product(pool, fine, lifted, force, rest)
    reference = norm(rest)
    if problem.start_mm is None or reference == 0:
        return lifted, reference
    start = pack(fine, problem.start_mm[min(case, len(problem.start_mm) - 1)])
    np.copyto(start, lifted, where=fine.inverse == 0)
    return start, reference


def rigid_places(problem: Problem) -> tuple[Array, ...]:
    """The fixed components as indices of a packed array, in the order of `problem.fixed`."""
    rigid = problem.holds.stiffness == RIGID
    z, y, x = problem.holds.node[rigid].T
    return z + 1, y + 1, problem.holds.component[rigid], x


def norm(packed: Array) -> float:
    """Euclidean norm, plane by plane to need no copy."""
    return float(np.sqrt(sum(np.square(plane).sum() for plane in packed)))


def balance_of(problem: Problem, force: Array, x: Array, inner: Array) -> dict[str, Any]:
    """Sums of loads and of the supports' forces, and how well forces, moments and energies agree.

    Parameters
    ----------
    force
        Of one case.
    x, inner
        Displacement and the material's forces, packed.
    """
    node, component, rigid = problem.holds.node, problem.holds.component, problem.holds.stiffness == RIGID
    place = (node[:, 0] + 1, node[:, 1] + 1, component, node[:, 2])
    moved, pull = x[place], np.where(rigid, 0, problem.holds.stiffness) * x[place]
    reaction = np.where(rigid, inner[place] - force[*node.T, component], -pull)
    energy = (total(x, inner) + float(pull @ moved)) / 2
    loaded = np.argwhere(force.any(axis=-1))
    pushes = np.asarray(force[tuple(loaded.T)], float)
    moves = x[loaded[:, 0] + 1, loaded[:, 1] + 1, :, loaded[:, 2]]
    work = (float(np.vdot(moves, pushes)) + float(moved[rigid] @ reaction[rigid])) / 2
    held = reaction[:, None] * np.eye(3)[component]
    forces = float(np.abs(pushes).sum() + np.abs(reaction).sum())
    turning = np.abs(moments(loaded, pushes) + moments(node, held)).max() / max(problem.modulus_mpa.shape)
    return {
        "load_n": pushes.sum(axis=0),
        "reaction_n": held.sum(axis=0),
        "strain_energy_n_mm": np.float64(energy),
        "equilibrium_error": float(np.abs(pushes.sum(axis=0) + held.sum(axis=0)).max()) / forces if forces else 0.0,
        "moment_error": float(turning) / forces if forces else 0.0,
        "energy_error": abs(energy - work) / energy if energy else 0.0,
    }


def total(one: Array, other: Array) -> float:
    """Sum of products of two packed arrays, without an array of them."""
    return sum(float(np.einsum("yci,yci", *planes)) for planes in zip(one, other, strict=True))


def moments(node: Array, force: Array) -> NDArray[np.float64]:
    """Sum of place x force over nodes [k, j, i], places counted in voxels."""
    return np.asarray(np.cross(node[:, ::-1], force).sum(axis=0))


def joined(cases: list[Solution]) -> Solution:
    """Several cases along a first axis."""
    slowest = max(cases, key=lambda case: case.iterations)
    arrays = ("displacement_mm", "load_n", "reaction_n", "strain_energy_n_mm")
    errors = ("residual", "equilibrium_error", "moment_error", "energy_error")
    several: dict[str, Any] = {name: np.stack([getattr(case, name) for case in cases]) for name in arrays}
    worst = {name: max(getattr(case, name) for case in cases) for name in errors}
    notes = tuple(dict.fromkeys(note for case in cases for note in case.notes))
    return replace(slowest, **several, **worst, notes=notes)
