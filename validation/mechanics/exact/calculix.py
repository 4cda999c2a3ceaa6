"""What does CalculiX find for the same voxels? Writes a model as an .inp file, runs `ccx` and reads the displacements.

Displacements are printed with seven digits, so they agree with ours to half a millionth of the greatest at best.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Corners of a C3D8 as (z, y, x): round the lower face, then round the upper one.
CORNERS = np.array([(0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 0), (1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0)])


def available() -> bool:
    """Whether `ccx` is installed."""
    return shutil.which("ccx") is not None


def calculix(
    modulus_mpa: Array, spacing_mm: float, poisson: float, fixed: Array, force_n: Array, solver: str = "SPOOLES"
) -> Array:
    """Displacements in mm at the nodes of voxels with material, [z + 1, y + 1, x + 1, 3]; NaN elsewhere.

    `solver` is CalculiX's word: SPOOLES is direct, ITERATIVE CHOLESKY stops at about 1e-4.
    """
    with tempfile.TemporaryDirectory() as folder:
        text = "\n".join(model(modulus_mpa, spacing_mm, poisson, fixed, force_n, solver))
        Path(folder, "voxels.inp").write_text(text + "\n")
        subprocess.run(["ccx", "-i", "voxels"], cwd=folder, check=True, capture_output=True)
        return displacements(Path(folder, "voxels.dat"), fixed.shape[:3])


def model(
    modulus_mpa: Array, spacing_mm: float, poisson: float, fixed: Array, force_n: Array, solver: str
) -> Iterator[str]:
    """Lines of the .inp file: equal moduli make one material."""
    nodes = tuple(n + 1 for n in modulus_mpa.shape)
    cells = np.argwhere(modulus_mpa > 0)
    number = np.ravel_multi_index(tuple(np.moveaxis(cells[:, None] + CORNERS, 2, 0)), nodes) + 1
    used = np.unique(number)
    place = np.stack(np.unravel_index(used - 1, nodes), axis=1)[:, ::-1] * spacing_mm
    yield "*NODE, NSET=ALL"
    yield from (f"{n}, {x:.9g}, {y:.9g}, {z:.9g}" for n, (x, y, z) in zip(used, place, strict=True))
    values, kind = np.unique(modulus_mpa[tuple(cells.T)], return_inverse=True)
    for k, value in enumerate(values):
        yield f"*ELEMENT, TYPE=C3D8, ELSET=E{k}"
        yield from (f"{e + 1}, " + ", ".join(map(str, number[e])) for e in np.flatnonzero(kind == k))
        yield f"*MATERIAL, NAME=M{k}\n*ELASTIC\n{value:.15g}, {poisson:.15g}\n*SOLID SECTION, ELSET=E{k}, MATERIAL=M{k}"
    yield "*BOUNDARY"
    yield from (f"{n}, {c}, {c}" for n, c in node_components(fixed, used))
    yield f"*STEP\n*STATIC, SOLVER={solver}\n*CLOAD"
    for n, c in node_components(force_n != 0, used):
        yield f"{n}, {c}, {force_n.reshape(-1, 3)[n - 1, c - 1]:.15g}"
    yield "*NODE PRINT, NSET=ALL\nU\n*END STEP"


def node_components(chosen: Array, used: Array) -> list[tuple[int, int]]:
    """Numbers of node and component, from 1 on, where a mask holds, on nodes in use."""
    full = np.broadcast_to(chosen if chosen.ndim == 4 else chosen[..., None], (*chosen.shape[:3], 3))
    node, component = np.nonzero(full.reshape(-1, 3))
    kept = np.isin(node + 1, used)
    return list(zip((node[kept] + 1).tolist(), (component[kept] + 1).tolist(), strict=True))


def displacements(path: Path, nodes: tuple[int, ...]) -> Array:
    """The table of displacements that CalculiX prints."""
    rows = [line.split() for line in path.read_text().splitlines() if line.strip() and line.split()[0].isdigit()]
    found = np.full((int(np.prod(nodes)), 3), np.nan)
    found[[int(row[0]) - 1 for row in rows]] = [[float(value) for value in row[1:]] for row in rows]
    return found.reshape(*nodes, 3)
