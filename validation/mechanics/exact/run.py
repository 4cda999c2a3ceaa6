"""Does the voxel solver reach the exact answers, and other programs' displacements? Writes the page that says so.

python validation/mechanics/exact/run.py              prints every figure and ends with 1 when one is off
python validation/mechanics/exact/run.py --write      also writes results.md and its pictures beside this file
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from calculix import available, calculix
from problems import (
    cantilever,
    cavity,
    clamped_bar,
    hollow,
    inclusion,
    mixed,
    order,
    patch,
    solved,
    two_layers,
)

from osteon.mechanics.solve import strain_energy_density
from osteon.whole_file import write_whole

HERE = Path(__file__).resolve().parent
SIZES = (12, 16, 24, 32, 48)
RATIOS = (0.02, 0.2, 10.0)


class Figure(NamedTuple):
    """One comparison: what was found, what it is held against, and the bar in words and as an answer."""

    name: str
    found: str
    expected: str
    bar: str
    reached: bool


def main() -> int:
    """Compute, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    begin = time.perf_counter()
    curves = {"two-layer sphere": errors(two_layers), "hollow sphere": errors(hollow)}
    hole = cavity()
    figures = [*closed_forms(curves, hole), *balances(), *other_programs()]
    lines = table(figures)
    sys.stdout.write("\n".join(lines) + f"\n\n{time.perf_counter() - begin:.0f} s\n")
    if write:
        draw_convergence(curves)
        draw_cavity(hole)
        write_whole(HERE / "results.md", page(lines).encode(), mode=0o644)
    return int(not all(figure.reached for figure in figures))


def errors(problem: Any) -> dict[int, float]:
    """Error of a convergence study by voxels in the radius."""
    return {n: problem(n) for n in SIZES}


def closed_forms(curves: dict[str, dict[int, float]], hole: tuple[Any, Any, Any]) -> Iterator[Figure]:
    """Exact answers of elasticity."""
    worst = max(patch(poisson=nu) for nu in (-0.5, 0.0, 0.3, 0.45))
    yield Figure("patch test, four Poisson ratios", f"{worst:.0e}", "0", "below 1e-9", worst < 1e-9)
    for ratio in RATIOS:
        found, exact = inclusion(ratio)
        name = f"Eshelby's sphere, {ratio:g} times as stiff: axial strain"
        yield Figure(name, f"{found:.4f}", f"{exact:.4f}", "within 3 %", abs(found / exact - 1) < 0.03)
    distance, found, exact = hole
    away = (distance > 14) & (distance < 40)
    off = float(np.abs(found / exact - 1)[away].max())
    yield Figure("Goodier's hole, 2 voxels from its wall on", f"{off:.1%} off", "0", "within 3 %", off < 0.03)
    for name, by_size in curves.items():
        slope, last = order(by_size), by_size[SIZES[-1]]
        yield Figure(f"{name}: order of convergence", f"{slope:.2f}", "1 (stepped surface)", "above 0.9", slope > 0.9)
        yield Figure(f"{name}, {SIZES[-1]} voxels in the radius", f"{last:.2%} off", "0", "below 1 %", last < 0.01)
    for deep, off in ((4, 0.06), (8, 0.03), (16, 0.015)):
        tip = cantilever(deep)
        name = f"Timoshenko's cantilever, {deep} voxels deep: tip"
        yield Figure(name, f"{tip:.4f}", "1", f"within {off:.1%}", abs(tip - 1) < off)


def balances() -> Iterator[Figure]:
    """Equilibrium, energy and superposition of a random block."""
    model = mixed((24, 22, 20))
    solution = solved(model, tolerance=1e-9)
    for name, off in (("forces", solution.equilibrium_error), ("moments", solution.moment_error)):
        yield Figure(f"random block: balance of {name}", f"{off:.0e}", "0", "below 1e-8", off < 1e-8)
    inside = float(strain_energy_density(solution).sum() * model["spacing_mm"] ** 3)
    work = float((model["force_n"] * solution.displacement_mm).sum() / 2)
    off = abs(inside / work - 1)
    yield Figure("energy of the voxels over half the work", f"1 + {off:.0e}", "1", "within 1e-8", off < 1e-8)
    other = model["force_n"][..., ::-1]
    cases = np.stack([model["force_n"], other, model["force_n"] + other])
    one, two, both = solved(model, force_n=cases, tolerance=1e-10).displacement_mm
    off = float(np.abs(one + two - both).max() / np.abs(both).max())
    yield Figure("two loads added", f"{off:.0e}", "0", "below 1e-8", off < 1e-8)


def other_programs() -> Iterator[Figure]:
    """CalculiX, where it is installed; scikit-fem is compared in the tests."""
    if not available():
        yield Figure("CalculiX", "not installed", "", "", True)
        return
    model = clamped_bar((800, 8, 8))
    theirs, ours = calculix(**model), solved(model, tolerance=1e-9).displacement_mm
    known = np.isfinite(theirs)
    off = float(np.abs(ours - theirs)[known].max() / np.abs(theirs[known]).max())
    elements = int((model["modulus_mpa"] > 0).sum())
    name = f"CalculiX (direct), {elements:,} elements: displacement"
    yield Figure(name, f"{off:.0e} off", "0 (7 digits printed)", "below 1e-6", off < 1e-6)


def table(figures: list[Figure]) -> list[str]:
    """The figures as a table for screen and page."""
    rows = [("", "found", "exact", "bar", ""), *((*f[:4], "reached" if f.reached else "MISSED") for f in figures)]
    widths = [max(len(row[k]) for row in rows) for k in range(5)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def page(lines: list[str]) -> str:
    """The page."""
    return "\n".join(
        [
            "# The voxel solver against exact answers",
            "",
            "Written by `python validation/mechanics/exact/run.py --write`; `README.md` says what each problem is.",
            "",
            *lines,
            "",
            "![Error of the displacement against the voxels in the radius](convergence.png)",
            "",
            "![Stress beside a spherical hole](cavity.png)",
            "",
        ]
    )


def draw_convergence(curves: dict[str, dict[int, float]]) -> None:
    """Error against voxel size, both as logarithms, with a line of first order."""
    from matplotlib.figure import Figure as Picture

    picture = Picture(figsize=(6, 4), layout="constrained")
    axes = picture.add_subplot()
    for (name, by_size), marker in zip(curves.items(), "os", strict=True):
        axes.loglog(list(by_size), list(by_size.values()), marker=marker, label=f"{name}, order {order(by_size):.2f}")
    axes.loglog(SIZES, [0.4 / n for n in SIZES], "k--", label="order 1")
    axes.set(xlabel="voxels in the radius", ylabel="error of the displacement")
    axes.set_xticks(SIZES, [str(n) for n in SIZES], minor=False)
    axes.set_xticks([], minor=True)
    axes.legend()
    picture.savefig(HERE / "convergence.png", dpi=110, metadata={"Software": None})


def draw_cavity(hole: tuple[Any, Any, Any]) -> None:
    """Stress along the equator of a hole."""
    from matplotlib.figure import Figure as Picture

    distance, found, exact = hole
    picture = Picture(figsize=(6, 4), layout="constrained")
    axes = picture.add_subplot()
    axes.plot(distance / 12, exact, "k-", label="exact")
    axes.plot(distance / 12, found, "o", markersize=4, label="voxels, 12 in the radius")
    axes.set(xlabel="distance from the centre, radii", ylabel="axial stress, remote stress = 1")
    axes.legend()
    picture.savefig(HERE / "cavity.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    sys.exit(main())
