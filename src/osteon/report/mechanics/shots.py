"""What of one solved option is kept to be drawn, once its fields are gone?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from osteon.anatomy import Floats, Hip, sample, slice_image
from osteon.anatomy.volume import Array
from osteon.mechanics.model import HALF, HeadModel
from osteon.mechanics.risk import Fields
from osteon.mechanics.solved import Solved
from osteon.report.images.head_map import map_rays
from osteon.report.images.views import view_named

# Half the edge of a cut, in radii, and the step of its samples: finer than the voxels of most models.
CUT_RADII, CUT_STEP_MM = 1.7, 0.75
# The map shows what lies this deep under the head's sphere: below the plate, and below the shell of a resurfacing.
MAP_DEPTH_MM, MAP_STEP = 4.5, 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One option as it is drawn.

    `cut` is the stress index on the mid-coronal plane, rows from below to above, NaN outside of bone, with `filled` and
    `lesion` as parts of a voxel, 0 to 1, on the same samples, `half_mm` from its middle to its edges. `map` is the
    stress index under the head's surface seen from above, rows from back to front, NaN outside.
    """

    name: str
    hip: Hip
    cut: Floats
    filled: Floats
    lesion: Floats
    half_mm: float
    map: Floats
    map_lesion: Floats


def shot(solved: Solved, fields: Fields, name: str = "") -> Shot:
    """What is drawn of one option.

    Parameters
    ----------
    solved, fields
        As `osteon.mechanics.compare` hands them to `seen`.
    name
        What to write above it; the option's own name where left out.
    """
    model = solved.option.model
    half = CUT_RADII * model.hip.head.radius_mm
    spread = beyond_border(fields.stress_index)
    bone = np.isfinite(fields.stress_index)
    rays, on_map = map_rays(np.arange(-1.0, 1.0 + MAP_STEP / 2, MAP_STEP))
    under = model.hip.head.center_mm + (model.hip.head.radius_mm - MAP_DEPTH_MM) * rays
    seen = sampled(model, bone, under) >= HALF
    return Shot(
        name or solved.option.name,
        model.hip,
        np.where(on_cut(model, bone, half) >= HALF, on_cut(model, spread, half), np.nan),
        on_cut(model, model.filled, half),
        on_cut(model, model.share("necrotic_bone"), half),
        half,
        np.where(on_map & seen, sampled(model, spread, under), np.nan),
        np.where(on_map, sampled(model, model.share("necrotic_bone"), under), 0.0),
    )


def beyond_border(values: Floats) -> Array:
    """The values with those outside taken from the nearest inside, so that a border does not mix with nothing."""
    missing = ~np.isfinite(values)
    if missing.all():
        return np.zeros(values.shape, np.float32)
    nearest = ndimage.distance_transform_edt(missing, return_distances=False, return_indices=True)
    return np.asarray(values[tuple(nearest)], np.float32)


def on_cut(model: HeadModel, values: Array, half_mm: float) -> Floats:
    """Values on the mid-coronal plane through the head's centre, 0 outside the grid."""
    view = view_named(model.hip, "mid-coronal").as_plane
    return np.nan_to_num(slice_image(model.volume(values), view, half_mm, CUT_STEP_MM)[0])


def sampled(model: HeadModel, values: Array, points: Floats) -> Floats:
    """Values at points in LPS, 0 outside the grid."""
    return sample(model.volume(values), points, outside=0.0)
