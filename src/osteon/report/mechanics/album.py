"""What is written of a comparison: fields of every option, pictures, numbers, and a page?"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np

from osteon.anatomy.volume import Array
from osteon.mechanics.card import comparison_card, comparison_dict
from osteon.mechanics.compare import Comparison
from osteon.mechanics.fields import vti_bytes
from osteon.mechanics.model import HeadModel
from osteon.mechanics.risk import Fields
from osteon.mechanics.solved import Solved
from osteon.report.html import environment
from osteon.report.mechanics.figures import cuts_png, maps_png, sheets, top_of
from osteon.report.mechanics.page import mechanics_page
from osteon.report.mechanics.shots import Shot, shot


@dataclass(slots=True)
class Album:
    """Collects what a comparison shows while it is solved, so that no field is kept longer than it takes to pack it.

    `keep` is what `osteon.mechanics.compare.compare` is to call with every solve; `files` gives the folder.
    """

    pictures: bool = True
    fields: dict[str, bytes] = field(default_factory=dict)
    shots: list[Shot] = field(default_factory=list)

    def keep(self, solved: Solved, fields: Fields) -> None:
        """Takes the fields of one option, and its pictures where they are wanted."""
        self.fields[f"fields/{solved.option.id}.vti"] = packed(solved, fields)
        if self.pictures:
            self.shots.append(shot(solved, fields))

    def files(self, comparison: Comparison) -> dict[str, bytes]:
        """Every file of the folder by its name."""
        told = json.dumps(comparison_dict(comparison), ensure_ascii=False, indent=2) + "\n"
        files = {"mechanics.json": told.encode(), "mechanics.txt": comparison_card(comparison).encode(), **self.fields}
        if not self.pictures:
            return files
        top = top_of(self.shots)
        for at, some in enumerate(sheets(self.shots), start=1):
            files[f"cuts-{at}.png"], files[f"maps-{at}.png"] = cuts_png(some, top), maps_png(some, top)
        page = mechanics_page(comparison, files)
        return {"index.html": environment().get_template("mechanics.html.j2").render(page=page).encode(), **files}


def packed(solved: Solved, fields: Fields) -> bytes:
    """Stiffness, both indices and the displacement of the middles of voxels as a VTK image file."""
    model = solved.option.model
    shown: dict[str, Array] = {
        "modulus_mpa": solved.elastic.modulus_mpa,
        "stress_index": fields.stress_index,
        "strain_index": fields.strain_index,
        "displacement_mm": middles(solved.solution.displacement_mm),
    }
    return vti_bytes(shown, affine_of(model))


def middles(nodal: Array) -> Array:
    """Values at the nodes as the mean of every voxel's eight, [z, y, x, 3]."""
    result: Array = nodal.astype(np.float32)
    for axis in range(3):
        low = [slice(None)] * 4
        high = [slice(None)] * 4
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        result = (result[tuple(low)] + result[tuple(high)]) / 2
    return np.asarray(result)


def affine_of(model: HeadModel) -> Array:
    """From x, y, z indices of a voxel to its middle in LPS mm."""
    affine = np.diag([model.spacing_mm] * 3 + [1.0])
    affine[:3, 3] = model.origin_mm + model.spacing_mm / 2
    return affine
