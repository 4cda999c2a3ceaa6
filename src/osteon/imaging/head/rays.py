"""Where along rays from inside the head does its bone end?

Rays run within the slices of a series with thick slices (nothing is then interpolated across them) and in all
directions where the voxels are nearly cubes. Along a ray the marrow (or, in CT, the cortex) ends at a steep drop. Drops
also come from a lesion's band, vessels and neighbouring bone; which ones are the head's is decided by the sphere.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy import ndimage

from osteon.anatomy import Floats, Volume, sample
from osteon.anatomy.sphere import head_directions
from osteon.anatomy.volume import Array
from osteon.imaging.head.seek import is_thick

STEP_MM = 0.5
# Drops are searched with a derivative of a Gaussian this wide: about a pixel and a half of usual MR. Wider merges the
# bone's edge with the socket's, narrower follows the noise.
EDGE_SD_MM = 0.8
# A drop counts when the image falls within 37 degrees of straight outward (docs/explanation/images.md, section 1:
# "normal agrees").
FACES = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """`profile[i]` holds the image at `origin[i] + reach_mm * direction[i]`; not a number outside the image."""

    origin: Floats
    direction: Floats
    reach_mm: Floats
    profile: Floats

    def places(self) -> Floats:
        """LPS millimetres of every sample, shape (rays, samples, 3)."""
        return np.asarray(self.origin[:, None] + self.direction[:, None] * self.reach_mm[:, None])


@dataclass(frozen=True, slots=True, eq=False)
class Drops:
    """Places where the image drops steeply going outward: their ray (rising), distance along it, LPS place and height.

    `marrow` (0 to 1) says how much what lies before the drop is as bright as marrow, `weight` (0 to 1) how much the
    drop looks like the edge of healthy bone: out of marrow, high, and the first on its ray.
    """

    ray: Array
    reach_mm: Floats
    place_mm: Floats
    height: Floats
    marrow: Floats
    weight: Floats

    def only(self, which: Array) -> Drops:
        """Some of the drops."""
        return Drops(*(getattr(self, field.name)[which] for field in fields(self)))


def joined(*parts: Drops) -> Drops:
    """All drops of several."""
    return Drops(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Drops)))


def cast(image: Volume, center_mm: Floats, radius_mm: float, beyond_mm: float = 8.0) -> Rays:
    """Rays from a rough centre out to `beyond_mm` past a rough radius."""
    origin, direction = slice_rays(image, center_mm, radius_mm) if is_thick(image) else ball_rays(center_mm)
    reach = np.arange(4.0, radius_mm + beyond_mm, STEP_MM)
    return Rays(origin, direction, reach, sample(image, origin[:, None] + direction[:, None] * reach[:, None]))


def slice_rays(image: Volume, center_mm: Floats, radius_mm: float, turns: int = 72) -> tuple[Floats, Floats]:
    """Rays within each slice that cuts the head within 0.85 of its radius, from the centre's foot in that slice."""
    middle = image.to_index(center_mm)
    slices = np.arange(image.shape[0])
    slices = slices[np.abs(slices - middle[0]) * image.spacing_mm[0] <= 0.85 * radius_mm]
    feet = image.to_mm(np.column_stack([slices, *[np.full(len(slices), m) for m in middle[1:]]]))
    angle = np.arange(turns) * 2 * np.pi / turns
    fan = np.cos(angle)[:, None] * image.directions[:, 1] + np.sin(angle)[:, None] * image.directions[:, 2]
    return np.repeat(feet, turns, axis=0), np.tile(fan, (len(slices), 1))


def ball_rays(center_mm: Floats, count: int = 900) -> tuple[Floats, Floats]:
    """Rays in evenly spread directions from one point."""
    return np.tile(center_mm, (count, 1)), head_directions(count)


def find_drops(image: Volume, rays: Rays, least: float = 0.3) -> Drops:
    """Every drop along every ray of at least `least` of a usual large one that faces outward, to a part of a step."""
    height = drop_heights(rays)
    usual = np.percentile(height.max(axis=1), 75) if len(height) else 0.0
    middle, before, after = height[:, 1:-1], height[:, :-2], height[:, 2:]
    ray, k = np.nonzero((middle > before) & (middle >= after) & (middle > max(least * usual, 1e-6)))
    b, m, a = before[ray, k], middle[ray, k], after[ray, k]
    reach = rays.reach_mm[k + 1] + 0.5 * (b - a) / (b - 2 * m + a) * STEP_MM
    place = rays.origin[ray] + reach[:, None] * rays.direction[ray]
    marrow = marrow_before(rays, ray, reach, m)
    drops = Drops(ray, reach, place, m, marrow, marrow * edge_weight(ray, reach, m))
    return drops.only(facing(image, drops, rays) > FACES)


def edge_weight(ray: Array, reach: Floats, height: Floats) -> Floats:
    """How much each drop looks like the edge of healthy bone, 0 to 1.

    Healthy marrow against the joint is the highest drop inside the head; the highest tenth of all counts fully. A drop
    behind another one lies over a lesion's band: its bone may have sunk in.
    """
    if not len(ray):
        return np.zeros(0)
    high = np.minimum(height / np.percentile(height, 90), 1.0) ** 2
    behind = np.concatenate([[False], ray[1:] == ray[:-1]])
    run = np.diff(reach, prepend=0.0)
    # Behind the band of a lesion that holds the centre there may still be a whole radius of healthy bone.
    healthy = np.where(behind, 0.5 * np.clip((run - 10.0) / 12.0, 0.05, 1.0), 1.0)
    return np.asarray(high * healthy)


def marrow_before(rays: Rays, ray: Array, reach: Floats, height: Floats) -> Floats:
    """How much what lies before each drop is as bright as it is before the highest drops, 0 to 1.

    A lesion's core and the joint are darker than healthy marrow: the drop into the socket's plate is no head's edge,
    though it lies on a sphere about the same centre. Values with no zero to compare with, such as Hounsfield units, say
    nothing of the kind: 1 everywhere.
    """
    if not len(ray) or np.nanmin(rays.profile) < 0:
        return np.ones(len(ray))
    smooth = ndimage.uniform_filter1d(np.nan_to_num(rays.profile), 3, axis=1)
    steps = np.arange(round(BEFORE_MM[0] / STEP_MM), round(BEFORE_MM[1] / STEP_MM) + 1)
    at = np.clip(np.round((reach - rays.reach_mm[0]) / STEP_MM).astype(int)[:, None] - steps, 0, smooth.shape[1] - 1)
    before = smooth[ray[:, None], at].max(axis=1)
    usual = np.median(before[height >= np.percentile(height, 75)])
    return np.asarray(np.clip((before / usual - DARK) / (BRIGHT - DARK), 0.0, 1.0))


# Marrow is looked for this far before a drop: past the plate's blur, and not across a whole lesion.
BEFORE_MM = (1.0, 5.0)
# Parts of the usual brightness before a high drop at which there is no marrow and all marrow. The phantoms' cartilage
# has 0.46 to 0.62 of fatty marrow's signal; the room above it allows for the coil's shading.
DARK, BRIGHT = 0.5, 0.85


def drop_heights(rays: Rays) -> Floats:
    """How high a clean step would give the slope found at each sample under the Gaussian, in the image's units."""
    seen = np.isfinite(rays.profile)
    slope = ndimage.gaussian_filter1d(
        np.where(seen, rays.profile, 0.0), EDGE_SD_MM / STEP_MM, axis=1, order=1, mode="nearest"
    )
    slope[~ndimage.minimum_filter1d(seen, 5, axis=1)] = 0.0
    return np.asarray(-slope * np.sqrt(2 * np.pi) * EDGE_SD_MM / STEP_MM)


def facing(image: Volume, drops: Drops, rays: Rays) -> Floats:
    """Cosine between the way the image falls and the ray; within the slices where they are thick."""
    fall = np.zeros_like(drops.place_mm)
    for axis in (1, 2) if is_thick(image) else (0, 1, 2):
        step = max(1.0, 0.5 * image.spacing_mm[axis]) * image.directions[:, axis]
        rise = sample(image, drops.place_mm + step) - sample(image, drops.place_mm - step)
        fall -= np.nan_to_num(rise / np.linalg.norm(step))[:, None] * image.directions[:, axis]
    along = (fall * rays.direction[drops.ray]).sum(axis=1)
    return np.asarray(along / np.maximum(np.linalg.norm(fall, axis=1), 1e-9))
