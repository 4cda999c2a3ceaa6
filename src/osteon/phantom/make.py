"""What does a recipe become: a hip, its images and the truth about them?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from osteon.anatomy import Floats, Hip, Volume
from osteon.phantom.ct import HALF_MM, ct_image
from osteon.phantom.mr import across_slice, mr_image, scan_grid
from osteon.phantom.recipe import Recipe
from osteon.phantom.shape import bones_of
from osteon.phantom.tissue import tissues
from osteon.phantom.truth import truth_of
from osteon.phantom.voxels import solids_of


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """One synthetic hip with its images and its truth; all volumes in LPS.

    `labels` (values of `Tissue`), `femur`, `pelvis`, `lesion` and `head` share one grid of 0.5 mm; they show the hip
    as imaged, after any collapse. `mr` holds stored values (slice, row, column), `ct` Hounsfield units. `truth` is
    ready for JSON.
    """

    recipe: Recipe
    hip: Hip
    labels: Volume
    femur: Volume
    pelvis: Volume
    lesion: Volume
    head: Volume
    mr: Volume
    ct: Volume
    truth: dict[str, Any]


def make_phantom(recipe: Recipe, progress: Callable[[str, float], None] | None = None) -> Phantom:
    """Build a hip by a recipe, image it and work out the truth; the same recipe always gives the same phantom.

    Parameters
    ----------
    recipe
        What to build.
    progress
        Told the stage and the part of the whole work that is done, 0 to 1.

    Examples
    --------
    `make_phantom(Recipe(seed=3)).truth["modified_kerboul_deg"]` is the true angle of that hip.
    """
    tell = progress or quiet
    tell("bones", 0.0)
    bones = bones_of(recipe)
    solids = solids_of(recipe, bones, reach_mm(recipe, bones.head.center_mm))
    tell("tissues", 0.2)
    labels = solids.grid.with_array(tissues(recipe, bones, solids))
    tell("MR", 0.35)
    mr = mr_image(recipe, labels, bones.head.center_mm, lambda part: tell("MR", 0.35 + 0.35 * part))
    tell("CT", 0.7)
    ct = ct_image(recipe, solids, labels.array, bones.head.center_mm)
    tell("truth", 0.85)
    truth = {**truth_of(recipe, bones, solids), "mr": mr_truth(recipe, mr)}
    hip = Hip(recipe.side, bones.head, bones.neck_axis)
    seen_head = solids.head & solids.femur
    femur, pelvis, lesion, head = map(solids.grid.with_array, (solids.femur, solids.pelvis, solids.lesion, seen_head))
    tell("done", 1.0)
    return Phantom(recipe, hip, labels, femur, pelvis, lesion, head, mr, ct, truth)


def quiet(stage: str, done: float) -> None:
    """Tell nobody."""


def reach_mm(recipe: Recipe, center_mm: Floats) -> Floats:
    """How far the fine grid has to reach from the head's centre along x, y and z to hold all slices and the CT."""
    grid = scan_grid(recipe, center_mm)
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in grid.shape], indexing="ij")).reshape(3, -1).T
    farthest = np.abs(grid.to_mm(corners) - center_mm).max(axis=0) + recipe.slice_mm
    return np.asarray(np.maximum(farthest, HALF_MM) + 1)


def mr_truth(recipe: Recipe, mr: Volume) -> dict[str, Any]:
    """How the MR was taken."""
    return {
        "plane": recipe.plane,
        "slice_thickness": recipe.slice_mm,
        "gap": recipe.gap_mm,
        "pixel": recipe.pixel_mm,
        "tilt_deg": list(recipe.tilt_deg),
        "snr": recipe.snr,
        "slices": mr.shape[0],
    }


def on_slices(phantom: Phantom, mask: Volume) -> Volume:
    """A mask on the grid of the MR slices: voxels of which at least half, over the slice's thickness, is marked."""
    places = ((np.arange(8) + 0.5) / 8 - 0.5) * phantom.recipe.slice_mm
    fine, grid = mask.with_array(mask.array.astype(np.float32)), phantom.mr
    parts = [across_slice(fine, grid, k, places, np.full(8, 1 / 8)) for k in range(grid.shape[0])]
    return grid.with_array(np.stack(parts) >= 0.5)
