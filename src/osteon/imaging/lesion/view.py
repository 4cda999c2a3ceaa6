"""What does a head show along the rays from its neck, in parts of healthy marrow?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from osteon.anatomy import Floats, Volume, points_mm, sample
from osteon.imaging.found import FoundHip
from osteon.imaging.lesion.marrow import marrow_share, rim_share
from osteon.imaging.lesion.rays import START_RADII, STEP_MM, Rays, around_head, bone_depth_mm, ray_points, rays_of
from osteon.imaging.series import Series

Singles = NDArray[np.float32]

# Blur across the slice before sampling along rays: halves the noise and keeps a band of 1 mm.
SMOOTH_MM = {"MR": 0.5, "CT": 0.8}
# Marrow is looked for at this depth below the bone's surface and more; nearer, the bony plate darkens thick slices.
MARROW_DEPTH_MM = 2.5
# Rays are followed this far past the bone's surface.
BEYOND_MM = 4.0
# Noise whose double stays below this share of the signal needs no margin: such dips cost nothing anyway.
QUIET = 0.10


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One head along its rays.

    `depth` and `share` are volumes: mm below the bone's surface, and signal in parts of healthy marrow. `along`,
    `depth_along` and `clear_along` (n, n, m) hold the signal, the depth, and the smallest depth within half a slice,
    every `STEP_MM` along every ray. `slice_step_mm` is the vector across one slice's thickness, `blur_mm` the
    standard deviation of the blur in its plane.
    """

    rays: Rays
    depth: Volume
    share: Volume
    along: Singles
    depth_along: Singles
    clear_along: Singles
    slice_step_mm: Floats
    blur_mm: float

    @property
    def sample_mm(self) -> Floats:
        """Distance of every sample from the start, shape (m,)."""
        return np.asarray(np.arange(self.along.shape[-1]) * STEP_MM, float)


def view_of(series: Series, found: FoundHip) -> View:
    """The head of a hip in a series, as its rays show it."""
    depth = bone_depth_mm(found)
    rays = rays_of(found, depth)
    share, healthy = share_of(series, found, depth)
    axis = int(np.argmax(share.spacing_mm))
    across = share.directions[:, axis]
    smooth = smoothed_in_plane(share, axis, SMOOTH_MM["CT" if series.kind == "CT" else "MR"])
    along, below, clear = along_rays(rays, depth, beyond_noise(smooth, healthy), share.spacing_mm[axis] * across)
    thickness = series.slice_thickness_mm or float(share.spacing_mm[axis])
    blur = 0.5 * float(np.delete(share.spacing_mm, axis).mean())
    return View(rays, depth, share, along, below, clear, across * thickness, blur)


def along_rays(rays: Rays, depth: Volume, share: Volume, slice_mm: Floats) -> tuple[Singles, Singles, Singles]:
    """Signal, depth, and smallest depth within half a slice along every ray; rays that end elsewhere stay empty."""
    longest = float(rays.surface_mm[rays.seen].max(initial=STEP_MM)) + BEYOND_MM
    points = rays.start_mm + ray_points(rays.directions[rays.seen], longest)
    shape = (*rays.seen.shape, points.shape[1])
    below = [sample(depth, points + shift * slice_mm, outside=-1.0) for shift in (0.0, 0.5, -0.5)]
    columns = (sample(share, points, outside=1.0), below[0], np.minimum.reduce(below))
    filled = []
    for column, empty in zip(columns, (1.0, -1.0, -1.0), strict=True):
        whole = np.full(shape, empty, np.float32)
        whole[rays.seen] = column
        filled.append(whole)
    return filled[0], filled[1], filled[2]


def beyond_noise(share: Volume, healthy: NDArray[np.bool_]) -> Volume:
    """The signal drawn towards 1 by what noise and the grain of healthy marrow can do."""
    rest = share.array[healthy] - 1
    sides = [float(np.median(np.abs(side))) for side in (rest[rest > 0], rest[rest < 0]) if side.size]
    # Half of one side of a normal spread lies within 0.674 of its standard deviation; a lesion widens one side only.
    noise = min(sides, default=0.0) / 0.674
    margin = max(0.0, 2 * noise - QUIET)
    distance = share.array - 1
    return share.with_array(1 + np.sign(distance) * np.maximum(np.abs(distance) - margin, 0))


def share_of(series: Series, found: FoundHip, depth: Volume) -> tuple[Volume, NDArray[np.bool_]]:
    """Signal around the head in parts of healthy marrow (1 is marrow, less is a band), and where marrow may be."""
    head = found.hip.head
    image = around_head(series.volume, found, 1.2)
    places = points_mm(image)
    deep = sample(depth, places, outside=-1.0) > MARROW_DEPTH_MM
    allowed = deep & ((places - head.center_mm) @ found.hip.neck_axis < START_RADII * head.radius_mm)
    if series.kind == "CT":
        return rim_share(image, allowed), allowed
    return marrow_share(image, allowed, head.center_mm, head.radius_mm), allowed


def smoothed_in_plane(share: Volume, axis: int, width_mm: float) -> Volume:
    """The image smoothed within its slices; across slices too where they are as thin as the smoothing is wide."""
    spacing = share.spacing_mm
    sigma = np.where((np.arange(3) == axis) & (spacing > 2 * width_mm), 0.0, width_mm / spacing)
    return share.with_array(ndimage.gaussian_filter(share.array, sigma))
