"""Which voxels hang together, and which of these parts are held firmly enough to carry a load?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osteon.mechanics.solve.element import CORNERS
from osteon.mechanics.solve.grid import Holds

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Part:
    """Voxels that hang together by their faces.

    `low` and `high` bound it in voxel indices (z, y, x), `high` left out. `held` counts the ways of moving as a rigid
    body, of six, that its supports prevent.
    """

    voxels: int
    low: tuple[int, int, int]
    high: tuple[int, int, int]
    held: int

    def __str__(self) -> str:
        place = " ".join(f"{axis} {a}..{b - 1}" for axis, a, b in zip("zyx", self.low, self.high, strict=True))
        return f"{self.voxels} voxel{'s' if self.voxels > 1 else ''} at {place}, held in {self.held} of 6 ways"


def parts(labels: Array, holds: Holds) -> list[Part]:
    """Every part of an array of labels from 1 on, in the order of the labels."""
    from scipy import ndimage

    boxes = ndimage.find_objects(labels)
    sizes = np.bincount(labels.ravel(), minlength=len(boxes) + 1)[1:]
    held = ways_held(labels, len(boxes), holds)
    corners = [([s.start for s in box], [s.stop for s in box]) for box in boxes]
    return [
        Part(int(size), (low[0], low[1], low[2]), (high[0], high[1], high[2]), int(ways))
        for size, (low, high), ways in zip(sizes, corners, held, strict=True)
    ]


def label(material: NDArray[np.bool_]) -> Array:
    """0 in void, else the number of the part, from 1 on; voxels that share only an edge or a corner are apart."""
    from scipy import ndimage

    return np.asarray(ndimage.label(material)[0])


def ways_held(labels: Array, count: int, holds: Holds) -> NDArray[np.intp]:
    """Of the six rigid movements of each part, how many its fixed components and springs prevent."""
    padded = np.pad(labels, 1)
    node, component = holds.node, holds.component
    around = np.stack([padded[tuple((node + up).T)] for up in CORNERS], axis=1)
    constraint = np.zeros((len(node), 6))
    rows = np.arange(len(node))
    constraint[rows, component] = 1.0
    # Turning by w moves a point r by w x r; places are scaled so that the ranks below do not depend on the size.
    place = node[:, ::-1] / max(labels.shape) - 0.5
    one, other = (component + 1) % 3, (component + 2) % 3
    constraint[rows, 3 + one], constraint[rows, 3 + other] = place[rows, other], -place[rows, one]
    grams = np.zeros((count + 1, 6, 6))
    for corner in range(8):
        first = (around[:, corner, None] != around[:, :corner]).all(axis=1)
        mine = first & (around[:, corner] > 0)
        np.add.at(grams, around[mine, corner], constraint[mine, :, None] * constraint[mine, None, :])
    values = np.linalg.eigvalsh(grams[1:])
    return np.asarray((values > 1e-10 * np.maximum(values[:, -1:], 1)).sum(axis=1))
