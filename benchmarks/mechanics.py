"""How fast is the voxel solver, against others on the same ball in the same run, and against the machine's limits?

    python benchmarks/mechanics.py                  balls of 48 and 104 voxels across, peers at 48
    python benchmarks/mechanics.py --large          also 208 voxels across (4.2 million elements), peers also at 104
    python benchmarks/mechanics.py --parosol PATH   also ParOSol, from this program, started by mpirun on 2 processes
        --peers 0       leave the others out
        --operations    only compare all operations on the template femur at 0.5 mm, as a command of its own

The ball: 48 mm across, cut and fixed 0.6 radii below its centre, random moduli of 100 to 20,000 MPa, 2,000 N as cosine
pressure on a cap of 40 degrees tilted by 15. Everything stops at a relative residual of 1e-6 (CalculiX at its own) and
uses 2 threads where it can. Absolute times belong to one machine; ratios travel. Nothing here is a test.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "2")

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, cg

from osteon.mechanics.solve import Solution, solve
from osteon.mechanics.solve.element import CORNERS, lame, stiffness_matrix

Array = NDArray[Any]

VALIDATION = Path(__file__).resolve().parents[1] / "validation" / "mechanics" / "exact"
TOLERANCE = 1e-6
THREADS = 2
ROUNDS = 3
POISSON = 0.3

# Arithmetic operations of the kernel for one element: modes 45, coupling 53, spreading 30, turning back 27.
FLOPS = 155
# All levels over the finest: the next is visited once, each further one twice as often as the one above it.
LEVELS = 1 + 1 / 8 / (1 - 2 / 8)
# Products of the cycle: 5 smoothing steps and 1 residual.
CYCLE_PRODUCTS = 6 * LEVELS
# Bytes of one node and iteration, a written line counted as read and written. Of all levels, in single precision, 5
# smoothing steps of 92, residual 56, first step 72, transfers 48; in double, product 88, update 156, two more of 60.
BYTES = (5 * 92 + 56 + 72 + 48) * LEVELS + 88 + 156 + 60 + 60


class Ball(NamedTuple):
    """The common problem, as `solve` takes it."""

    modulus_mpa: Array
    spacing_mm: float
    fixed: Array
    force_n: Array

    @property
    def elements(self) -> int:
        """Voxels with material."""
        return int((self.modulus_mpa > 0).sum())

    @property
    def nodes(self) -> int:
        """Nodes that touch material."""
        return int(touched(self.modulus_mpa > 0).astype(bool).sum())


def main() -> None:
    """Measure and print everything that was asked for."""
    options = arguments()
    if options.memory:
        print(peak_bytes(options.memory))
        return
    if options.operations:
        print(operations_line())
        return
    print("\n".join(compile_lines()), flush=True)
    limits = machine_limits()
    print("memory {:.0f} GB/s, arithmetic {:.0f} GFLOP/s (single precision), {} threads\n".format(*limits, THREADS))
    sizes = [48, 104, 208] if options.large else [48, 104]
    print(f"{'across':>6}{'elements':>11}{'unknowns':>12}{'iterations':>11}{'seconds':>9}{'B/unknown':>10}  of limits")
    for across in sizes:
        print(own_line(across, limits), flush=True)
    print(pair_line(ball(48)), flush=True)
    if options.peers:
        for line in peer_lines(sizes, options):
            print(line, flush=True)


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--parosol", type=Path)
    parser.add_argument("--peers", type=int, default=1)
    parser.add_argument("--operations", action="store_true")
    parser.add_argument("--memory", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def ball(across: int) -> Ball:
    """The common problem with so many voxels across."""
    edge, radius = 48 / across, 24.0
    centre = (np.arange(across) + 0.5) * edge - radius
    z, y, x = np.meshgrid(centre, centre, centre, indexing="ij", sparse=True)
    cut = int((centre < -0.6 * radius).sum())
    inside = (x**2 + y**2 + z**2 < radius**2)[cut:]
    random = np.random.default_rng(1).random(tuple(-(-n // 2) for n in inside.shape))
    # 64 moduli, because CalculiX wants a name for each.
    field = (np.rint(63 * random) / 63).repeat(2, 0).repeat(2, 1).repeat(2, 2)[tuple(map(slice, inside.shape))]
    touching = touched(inside)
    surface = np.argwhere((touching > 0) & (touching < 8))
    place = surface[:, ::-1] * edge - radius + np.array([0, 0, cut * edge])
    axis = np.array([np.sin(np.radians(15)), 0, np.cos(np.radians(15))])
    normal = place / np.linalg.norm(place, axis=1)[:, None]
    angle = np.degrees(np.arccos(normal @ axis))
    push = -normal * np.where(angle < 40, np.cos(np.radians(90 * angle / 40)), 0)[:, None]
    force = np.zeros((*touching.shape, 3))
    force[tuple(surface.T)] = push * (2000 / np.abs(push @ axis).sum())
    fixed = np.zeros(touching.shape, bool)
    fixed[0] = True
    return Ball(np.where(inside, 100 * 200**field, 0), edge, fixed, force)


def touched(material: Array) -> Array:
    """How many voxels with material each node touches."""
    padded = np.pad(material, 1).astype(np.int8)
    nodes = [n + 1 for n in material.shape]
    parts = [padded[tuple(slice(up, up + n) for up, n in zip(c, nodes, strict=True))] for c in CORNERS]
    return np.asarray(sum(parts))


def solved(model: Ball) -> Solution:
    """Our answer."""
    return solve(*model[:2], fixed=model.fixed, force_n=model.force_n, tolerance=TOLERANCE, threads=THREADS)


def seconds(work: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, Any]:
    """Median wall time, and the last result."""
    times, result = [], None
    for _ in range(rounds):
        begin = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times), result


def own_line(across: int, limits: tuple[float, float]) -> str:
    """The line of one size in the table."""
    model = ball(across)
    wall, solution = seconds(lambda: solved(model))
    per_unknown = int(run_self("--memory", str(across))) / model.nodes / 3
    iterations = solution.iterations
    gigabytes = BYTES * model.nodes * iterations / 1e9 / wall
    # A double-precision product counts twice: half as many numbers fit into a vector.
    gigaflops = FLOPS * model.elements * iterations * (CYCLE_PRODUCTS + 2) / 1e9 / wall
    share = f"memory {gigabytes / limits[0]:.0%}, arithmetic {gigaflops / limits[1]:.0%}"
    counts = f"{across:>6}{model.elements:>11,}{3 * model.nodes:>12,}{iterations:>11}"
    return f"{counts}{wall:>9.2f}{per_unknown:>10.0f}   {share}"


def pair_line(model: Ball) -> str:
    """Seconds of two heads at 1 mm with the default tolerance: the ball, and one with a cap a fiftieth as stiff."""
    lesion = np.arange(len(model.modulus_mpa))[:, None, None] > 26
    sick = model._replace(modulus_mpa=model.modulus_mpa * np.where(lesion, 0.02, 1))

    def both() -> None:
        for one in (model, sick):
            solve(*one[:2], fixed=one.fixed, force_n=one.force_n, threads=THREADS)

    return f"\nhealthy and diseased ball at 1 mm to 1e-4: {seconds(both)[0]:.2f} s warm"


def operations_line() -> str:
    """What the command takes for all operations at 0.5 mm, without intervals: from nothing to the printed table."""
    case = Path(__file__).resolve().parents[1] / "examples" / "demo_hip.toml"
    words = ["mechanics", str(case), "--joint", "right femoral_head", "--voxel", "0.5", "--draws", "0"]
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-m", "osteon", *words], check=True, capture_output=True)
    wall, used = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    took = f"{wall:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of processors"
    return f"all operations at 0.5 mm: {took}, {used.ru_maxrss / 1e6:.1f} GB at most"


def peak_bytes(across: int) -> int:
    """Growth of this process's peak memory by one solve, its result included, its input not."""
    solved(ball(16))
    model = ball(across)
    # Linux forgets the process's peak so far when told to.
    Path("/proc/self/clear_refs").write_text("5")
    before = peak_memory()
    solution = solved(model)
    assert solution.residual <= TOLERANCE
    return peak_memory() - before


def peak_memory() -> int:
    """Most bytes this process had in memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def run_self(*words: str, **environment: str) -> str:
    """This script in a process of its own."""
    command = [sys.executable, str(Path(__file__).resolve()), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | environment).stdout


def compile_lines() -> Iterator[str]:
    """Seconds from nothing to the answer of a small ball: compiled, then from the cache, then warm."""
    with tempfile.TemporaryDirectory() as cache:
        for words in ("compiled at the first call", "compiled code from the cache"):
            begin = time.perf_counter()
            run_self("--memory", "16", NUMBA_CACHE_DIR=cache)
            yield f"{words:<32}{time.perf_counter() - begin:>8.2f} s, Python and imports included"
    solved(ball(16))
    yield f"{'warm':<32}{seconds(lambda: solved(ball(16)))[0]:>8.2f} s"


def machine_limits() -> tuple[float, float]:
    """GB/s of a triad (a line that is written counts as read too) and GFLOP/s of additions to products."""
    size = 16_000_000
    a, b, c = (np.ones(size, np.float32) for _ in range(3))
    parts = [slice(t * size // THREADS, (t + 1) * size // THREADS) for t in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        best_triad = min(timed_on(pool, lambda part: triad(a[part], b[part], c[part]), parts) for _ in range(5))
        best_chain = min(timed_on(pool, lambda _: chains(c[:1024], 100_000), parts) for _ in range(5))
    return 16 * size / best_triad / 1e9, THREADS * 1024 * 100_000 * 16 / best_chain / 1e9


def timed_on(pool: ThreadPoolExecutor, work: Callable[[slice], object], parts: list[slice]) -> float:
    """Seconds of some work on all parts at once."""
    begin = time.perf_counter()
    list(pool.map(work, parts))
    return time.perf_counter() - begin


@njit(nogil=True, fastmath=True, cache=True)
def triad(a, b, c):  # type: ignore[no-untyped-def]
    for i in range(len(a)):
        a[i] = b[i] + np.float32(2) * c[i]


@njit(nogil=True, fastmath={"contract"}, cache=True)
def chains(c, rounds):  # type: ignore[no-untyped-def]
    """Eight multiply-adds on every number, over and over; returns something that needs them all."""
    y = c.copy()
    for _ in range(rounds):
        for i in range(len(y)):
            v = y[i]
            for _ in range(8):
                v = v * np.float32(0.999) + np.float32(0.001)
            y[i] = v
    return y.sum()


def peer_lines(sizes: list[int], options: argparse.Namespace) -> Iterator[str]:
    """One line for each other solver and size: seconds, ratio to ours, greatest difference of displacements."""
    yield f"\n{'peer':<44}{'across':>7}{'seconds':>9}{'ours':>7}{'ratio':>7}   difference"
    for across in [48, 104] if options.large else [48]:
        model = ball(across)
        exact = solve(*model[:2], fixed=model.fixed, force_n=model.force_n, tolerance=1e-9).displacement_mm
        for name, work in peers(model, across):
            yield peer_line(name, across, model, exact, work)
    if options.parosol and not importlib.util.find_spec("h5py"):
        yield "ParOSol is left out: its files need h5py, which is not installed here."
        return
    for across in sizes if options.parosol else []:
        model = ball(across)
        exact = solve(*model[:2], fixed=model.fixed, force_n=model.force_n, tolerance=1e-9).displacement_mm
        yield peer_line("ParOSol", across, model, exact, lambda model=model: parosol(model, options.parosol))


def peer_line(name: str, across: int, model: Ball, exact: Array, work: Callable[[], tuple[float, Array]]) -> str:
    """One peer's line, between two measurements of ours, because a shared machine is not always as fast."""
    before, _ = seconds(lambda: solved(model))
    try:
        wall, found = work()
    except subprocess.CalledProcessError as wrong:
        return f"{name:<44}{across:>7}   did not run: {(wrong.stderr or b'').decode().strip()[:200]}"
    own = statistics.mean((before, seconds(lambda: solved(model))[0]))
    known = np.isfinite(found)
    off = np.abs(found - exact)[known].max() / np.abs(exact).max()
    return f"{name:<44}{across:>7}{wall:>9.2f}{own:>7.2f}{wall / own:>7.0f}   {off:.0e}"


def peers(model: Ball, across: int) -> Iterator[tuple[str, Callable[[], tuple[float, Array]]]]:
    """The others that are here."""
    if across == 48:
        yield "scipy, assembled, Jacobi conjugate gradients", lambda: scipy_jacobi(model)
    if importlib.util.find_spec("pyamg"):
        yield "pyamg, smoothed aggregation", lambda: pyamg(model)
    if shutil.which("ccx"):
        yield "CalculiX, ITERATIVE CHOLESKY, files included", lambda: calculix(model)


def assembled(model: Ball) -> tuple[sparse.bsr_array, Array, Array]:
    """Stiffness in blocks of 3 x 3 and force of the free nodes, and their flat numbers."""
    nodes = model.fixed.shape
    element = stiffness_matrix(*lame(1.0, POISSON), model.spacing_mm).reshape(8, 3, 8, 3)
    blocks = np.zeros((*nodes, 27, 3, 3))
    corners = CORNERS[:, ::-1]
    for a, b in product(range(8), range(8)):
        beside = int(np.ravel_multi_index(tuple(corners[b] - corners[a] + 1), (3, 3, 3)))
        rows = tuple(slice(up, up + n) for up, n in zip(corners[a], model.modulus_mpa.shape, strict=True))
        blocks[rows][..., beside, :, :] += model.modulus_mpa[..., None, None] * element[a, :, b]
    free = np.flatnonzero((touched(model.modulus_mpa > 0) > 0) & ~model.fixed)
    number = np.full(int(np.prod(nodes)), -1)
    number[free] = np.arange(len(free))
    steps = np.array([(z * nodes[1] + y) * nodes[2] + x for z, y, x in product((-1, 0, 1), repeat=3)])
    column = np.pad(number, steps[-1], constant_values=-1)[free[:, None] + steps + steps[-1]]
    values = blocks.reshape(-1, 27, 3, 3)[free]
    there = (column >= 0) & values.any(axis=(2, 3))
    starts = np.r_[0, there.sum(axis=1).cumsum()]
    size = 3 * len(free)
    matrix = sparse.bsr_array((values[there], column[there], starts), shape=(size, size))
    return matrix, model.force_n.reshape(-1, 3)[free].ravel(), free


def everywhere(model: Ball, free: Array, found: Array) -> Array:
    """Displacements of all nodes from those of the free ones."""
    full = np.zeros((model.fixed.size, 3))
    full[free] = found.reshape(-1, 3)
    return full.reshape(model.force_n.shape)


def scipy_jacobi(model: Ball) -> tuple[float, Array]:
    """Assembly and plain conjugate gradients."""
    begin = time.perf_counter()
    matrix, force, free = assembled(model)
    rows, inverse = matrix.tocsr(), 1 / matrix.diagonal()
    found, _ = cg(rows, force, rtol=TOLERANCE, M=LinearOperator(rows.shape, lambda r: inverse * r.ravel()))
    return time.perf_counter() - begin, everywhere(model, free, found)


def pyamg(model: Ball) -> tuple[float, Array]:
    """Assembly and smoothed aggregation with the six rigid movements, block Gauss-Seidel."""
    from pyamg import smoothed_aggregation_solver

    begin = time.perf_counter()
    matrix, force, free = assembled(model)
    z, y, x = np.unravel_index(free, model.fixed.shape)
    rigid = np.zeros((len(free), 3, 6))
    rigid[:, [0, 1, 2], [0, 1, 2]] = 1
    rigid[:, 1, 3], rigid[:, 2, 3] = -z, y
    rigid[:, 0, 4], rigid[:, 2, 4] = z, -x
    rigid[:, 0, 5], rigid[:, 1, 5] = -y, x
    smoother = ("block_gauss_seidel", {"sweep": "symmetric", "iterations": 1})
    old = sparse.bsr_matrix((matrix.data, matrix.indices, matrix.indptr), shape=matrix.shape)
    levels = smoothed_aggregation_solver(old, B=rigid.reshape(-1, 6), presmoother=smoother, postsmoother=smoother)
    found = levels.solve(force, tol=TOLERANCE, accel="cg")
    return time.perf_counter() - begin, everywhere(model, free, found)


def calculix(model: Ball) -> tuple[float, Array]:
    """CalculiX's iterative solver, which stops at its own tolerance, with writing and reading its files."""
    spec = importlib.util.spec_from_file_location("calculix", VALIDATION / "calculix.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    begin = time.perf_counter()
    found = module.calculix(*model[:2], POISSON, model.fixed, model.force_n, "ITERATIVE CHOLESKY")
    return time.perf_counter() - begin, found


def parosol(model: Ball, program: Path) -> tuple[float, Array]:
    """ParOSol on two processes, the file it reads not counted; its own clock is not asked."""
    import h5py

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ball.h5")
        with h5py.File(path, "w") as file:
            write_parosol(file.create_group("Image_Data"), model)
        command = ["mpirun", "-n", "2", str(program), "--tol", "1e-6", str(path)]
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        wall = time.perf_counter() - begin
        with h5py.File(path) as file:
            node = np.rint(file["Mesh/Coordinates"][:] / model.spacing_mm).astype(int)
            found = np.full(model.force_n.shape, np.nan)
            found[tuple(node[:, ::-1].T)] = file["Solution/Nodal displacements"][:]
    return wall, found


def write_parosol(group: Any, model: Ball) -> None:
    """The model in the form that ParOSol's TU Wien fork reads."""
    used = model.fixed & (touched(model.modulus_mpa > 0) > 0)
    fixed = np.argwhere(np.broadcast_to(used[..., None], model.force_n.shape))
    loaded = np.argwhere(model.force_n != 0)
    group["Image"] = model.modulus_mpa.astype(np.float32)
    group["Voxelsize"], group["Poisons_ratio"] = np.array([model.spacing_mm]), np.array([POISSON])
    group["Fixed_Displacement_Coordinates"] = fixed.astype(np.uint16)
    group["Fixed_Displacement_Values"] = np.zeros(len(fixed), np.float32)
    group["Loaded_Nodes_Coordinates"] = loaded.astype(np.uint16)
    group["Loaded_Nodes_Values"] = model.force_n[tuple(loaded.T)].astype(np.float32)


if __name__ == "__main__":
    main()
