"""Where in the head does the lesion lie, and how much of its surface lies over it?"""

from __future__ import annotations

import numpy as np

from osteon.anatomy import Floats, angle_deg, directions, head_directions, shifted
from osteon.anatomy.region import HEAD_PLANE_RADII, latitude_longitude_deg, pillars
from osteon.anatomy.volume import Array
from osteon.imaging.measure.head_region import ramp
from osteon.imaging.measure.rays import values as values_at
from osteon.imaging.measure.reading import Reading, Values
from osteon.imaging.measure.settings import settings

SURFACE_RAYS = 1500  # even directions; each stands for 0.07 % of the sphere
PIXEL_MM = 0.75  # on the mid-coronal plane


def place(reading: Reading) -> Values:
    """Octants, centre of gravity, distances to the joint surface and the part of the head's surface over the lesion."""
    latitude, longitude = latitude_longitude_deg(middle_mm(reading), reading.hip)
    smallest, mean = distances_mm(reading)
    values: Values = {
        ("lesion_latitude_deg", "centre_of_gravity"): latitude,
        ("lesion_longitude_deg", "centre_of_gravity"): longitude,
        ("lesion_to_joint_surface_mm", "smallest"): smallest,
        ("lesion_to_joint_surface_mm", "mean"): mean,
        ("lesion_surface_percent", "head_surface"): surface_percent(reading),
        ("lesion_area_percent", "middle_two_cm"): area_percent(reading),
    }
    cortex = cortex_percent(reading)
    if cortex is not None:
        values["weight_bearing_cortex_percent", "middle_two_cm"] = cortex
    return values | octant_percents(reading) | pillar_values(reading)


def middle_mm(reading: Reading) -> Floats:
    """The lesion's centre of gravity, LPS."""
    weights = reading.lesion_inside
    total = max(float(weights.sum(dtype=float)), 1e-9)
    sums = [weights.sum(axis=tuple(b for b in range(3) if b != a), dtype=float) for a in range(3)]
    return reading.lesion.to_mm([float(s @ np.arange(len(s))) / total for s in sums])


def octant_percents(reading: Reading) -> Values:
    """Percent of the bone inside the sphere that is lesion, for each of the eight parts of the head."""
    head = reading.in_sphere
    dead, whole = eighths(reading, reading.lesion_inside * head), eighths(reading, head)
    return {
        (f"octant_{up}_{front}_{side}_percent", "octants"): 100 * float(dead[i, j, k] / max(whole[i, j, k], 1e-9))
        for i, side in enumerate(("medial", "lateral"))
        for j, front in enumerate(("posterior", "anterior"))
        for k, up in enumerate(("inferior", "superior"))
    }


def eighths(reading: Reading, weights: Array) -> Floats:
    """Sums of weights on both sides of the three planes, shape (2, 2, 2); lateral, anterior, superior come second."""
    toward = (reading.hip.lateral[0], -1.0, 1.0)
    sums: Array = weights
    for axis, sign in enumerate(toward):
        row = reading.femur.affine[axis, 3] + reading.femur.spacing_mm[0] * np.arange(weights.shape[axis])
        beyond = ramp(sign * (row - reading.center_mm[axis]), reading.femur)
        sums = np.tensordot(sums, np.stack([1 - beyond, beyond]).T, axes=(0, 0))
    return np.asarray(sums, float)


def distances_mm(reading: Reading) -> tuple[float, float]:
    """Smallest distance from the lesion's border to the bone's surface, and the mean over the whole lesion, in mm.

    A lesion voxel that lies `b` under the surface and `l` inside the lesion's border leaves a gap of at least b - l;
    the smallest of these is the gap.
    """
    lesion = reading.lesion.array
    marked = lesion >= 0.5
    if not marked.any():
        return 0.0, 0.0
    depth = reading.femur.array[marked] - 0.5
    gap = float((depth - (lesion[marked] - 0.5)).min())
    return max(gap, 0.0), float(np.maximum(depth, 0).mean())


def surface_percent(reading: Reading) -> float:
    """Percent of the head's surface with lesion beneath; each direction counts by the area that it stands for."""
    rays = head_directions(SURFACE_RAYS) * np.array([reading.hip.lateral[0], 1.0, 1.0])
    away = reading.surface_mm(rays)
    head = np.isfinite(away) & (away * (rays @ reading.hip.neck_axis) < HEAD_PLANE_RADII * reading.hip.head.radius_mm)
    area = away[head] ** 2
    return 100 * float(area[reading.necrotic(rays[head])].sum() / area.sum())


def area_percent(reading: Reading) -> float:
    """Percent of the head's area that is lesion, summed over the coronal slices within 10 mm of the centre."""
    half_mm = settings()["setting"]["weight_bearing_cortex"]["half_mm"]
    y = reading.femur.affine[1, 3] + reading.femur.spacing_mm[0] * np.arange(reading.femur.shape[1])
    slab = ramp(half_mm - np.abs(y - reading.center_mm[1]), reading.femur)[None, :, None]
    head = reading.proximal * slab
    return 100 * float((reading.lesion_inside * head).sum(dtype=float) / head.sum(dtype=float))


def cortex_percent(reading: Reading) -> float | None:
    """Percent of the weight-bearing cortex with lesion beneath, over the middle 2 cm; None without acetabulum."""
    if reading.roof is None:
        return None
    half_mm = settings()["setting"]["weight_bearing_cortex"]["half_mm"]
    medial, lateral = (angle_deg(reading.coronal, p) for p in (reading.roof.medial_mm, reading.roof.lateral_mm))
    rays = directions(reading.coronal, np.arange(medial + 1, lateral, 2.0))
    slices = [shifted(reading.coronal, offset).center_mm for offset in np.linspace(-half_mm, half_mm, 6)]
    centers = np.repeat(slices, len(rays), axis=0)
    rays = np.tile(rays, (len(slices), 1))
    length = np.nan_to_num(reading.surface_mm(rays, centers))
    return 100 * float(length[reading.necrotic(rays, centers)].sum() / max(length.sum(), 1e-9))


def pillar_values(reading: Reading) -> Values:
    """Percent of each pillar that is lesion, by area on the mid-coronal plane, and the CJFH type."""
    percent = pillar_percents(reading)
    values: Values = {(f"{name}_pillar_percent", "pillars_30_40_30"): each for name, each in percent.items()}
    whole = settings()["setting"]["pillar_touched"]["whole_percent"]
    covered = {name: each >= whole for name, each in upper_surface_percents(reading).items()}
    return values | {("cjfh_type", "pillars_30_40_30"): cjfh_type(percent, covered)}


def cjfh_type(percent: dict[str, float], covered: dict[str, bool]) -> str:
    """M, C, L1, L2 or L3; "none" where no pillar is affected.

    Parameters
    ----------
    percent
        Of each pillar that is lesion: "medial", "central", "lateral".
    covered
        Whether all of the pillar's upper surface has lesion beneath.

    Examples
    --------
    >>> names = ("medial", "central", "lateral")
    >>> cjfh_type({"medial": 30.0, "central": 20.0, "lateral": 0.0}, dict.fromkeys(names, False))
    'C'
    """
    touched = settings()["setting"]["pillar_touched"]["touched_percent"]
    if all(covered.values()):
        return "L3"
    if percent["lateral"] > touched:
        return "L2" if covered["lateral"] else "L1"
    if percent["central"] > touched:
        return "C"
    return "M" if percent["medial"] > touched else "none"


def pillar_percents(reading: Reading) -> dict[str, float]:
    """Percent of each pillar's bone on the mid-coronal plane that is lesion: the head's sphere, down to the neck."""
    plane, radius = reading.coronal, reading.hip.head.radius_mm
    steps = np.arange(-radius, radius + PIXEL_MM / 2, PIXEL_MM)
    offsets = steps[:, None, None] * plane.up + steps[None, :, None] * plane.positive
    head = (steps[:, None] ** 2 + steps**2 < radius**2) & (offsets @ reading.hip.neck_axis < HEAD_PLANE_RADII * radius)
    head &= values_at(reading.femur, plane.center_mm + offsets) >= 0.5
    dead = head & (values_at(reading.lesion, plane.center_mm + offsets) >= 0.5)
    shares = {}
    for pillar in pillars(reading.hip):
        columns = (steps >= pillar.from_mm) & (steps < pillar.to_mm)
        shares[pillar.name] = 100 * float(dead[:, columns].sum() / max(head[:, columns].sum(), 1))
    return shares


def upper_surface_percents(reading: Reading) -> dict[str, float]:
    """Percent of each pillar's surface above the head's centre, on the mid-coronal plane, that has lesion beneath."""
    angles = np.arange(-89.0, 90.0)
    necrotic = reading.necrotic(directions(reading.coronal, angles))
    across = reading.hip.head.radius_mm * np.sin(np.radians(angles))
    found = {}
    for pillar in pillars(reading.hip):
        own = (across >= pillar.from_mm) & (across < pillar.to_mm)
        found[pillar.name] = 100 * float(necrotic[own].mean())
    return found
