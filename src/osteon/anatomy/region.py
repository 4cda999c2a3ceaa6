"""Which voxels belong to the head, and to which part of it?

There is no agreed boundary between head and neck: the same lesion is 22.0, 18.9 or 18.5 % of the head by three usual
ones (docs/explanation/images.md, section 1). So each is offered under its name. Voxels that a boundary cuts count by
the part
within it, so that thick slices do not move the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from osteon.anatomy.hip import ANTERIOR, SUPERIOR, Hip
from osteon.anatomy.plane import directions, mid_coronal
from osteon.anatomy.surface import crossings, level
from osteon.anatomy.volume import Floats, Volume, crop, points_mm, sample, slab_indices

Denominator = Literal["proximal_to_0.55r", "bone_in_sphere", "sphere"]
DENOMINATORS: tuple[Denominator, ...] = ("proximal_to_0.55r", "bone_in_sphere", "sphere")

# Where the plane across the neck axis cuts head from neck, in radii past the centre (docs/explanation/images.md,
# section 1: moving
# it from 0.35 to 0.75 moves a lesion from 25.2 to 20.1 %).
HEAD_PLANE_RADII = 0.55
# Bone proximal to that plane but further away than this many radii is the tip of a high greater trochanter.
HEAD_REACH_RADII = 1.4

# Bone this far outside the sphere still counts as "in" it: a real head is round to about a millimetre only, and the
# sphere's fit uses the same width. With 0 mm the head loses 3 % of its bone, all of it subchondral.
ROUND_WITHIN_MM = 1.0

# Voxels on a boundary are counted on a lattice this fine. 0.7 mm gives a head's volume to 0.1 %.
LATTICE_MM = 0.7

# Distance between the points that stand for the bone's border where its depth is measured: a nearest one 0.5 mm aside
# makes a depth of 3 mm too large by 0.04 mm.
BORDER_STEP_MM = 1.0
# Border further than this from the head is not needed for a depth within it.
DEEPEST_MM = 6.0

# Shares of the head's width of the lateral and central pillar (Xia 2020, doi:10.7507/1002-1892.201904075); the medial
# one is the rest
# (DERIVED).
PILLAR_SHARES = {"medial": 0.3, "central": 0.4, "lateral": 0.3}
PILLAR_SETTING = "pillars: lateral 30 %, central 40 %, medial the remaining 30 % of the head's width (medial DERIVED)"

OCTANTS = tuple(
    f"{z}_{y}_{x}" for z in ("superior", "inferior") for y in ("anterior", "posterior") for x in ("lateral", "medial")
)


def head_region(femur: Volume, hip: Hip, denominator: Denominator) -> Volume:
    """The femoral head by one of three conventions: how much of every voxel belongs to it, 0..1, float32.

    Parameters
    ----------
    femur
        Mask of the femur, lesion filled; the answer lies on its grid. For "sphere" only the grid counts.
    denominator
        "proximal_to_0.55r": bone proximal to the plane across the neck axis at 0.55 radii past the centre;
        "bone_in_sphere": bone within the fitted sphere, or at most 1 mm outside it; "sphere": the whole sphere,
        4/3 π r³ where the grid holds it.

    Notes
    -----
    A lesion's fraction is its whole volume over the sum of these weights times the voxel's volume: parts of a lesion
    beyond the sphere or the plane are not left out (the sphere of a real head leaves a rim of bone outside).

    Examples
    --------
    >>> from osteon.anatomy.hip import Sphere
    >>> from osteon.anatomy.volume import covering_grid
    >>> hip = Hip("left", Sphere(np.zeros(3), 20.0, 0.4, 80.0), np.array([0.8, 0.0, -0.6]))
    >>> grid = covering_grid([0, 0, 0], 24.0, 1.5)
    >>> ball = head_region(grid, hip, "sphere")
    >>> round(float(ball.array.sum() * ball.voxel_mm3 / 1000 / hip.head.volume_ml), 2)
    1.0
    """
    center, radius = hip.head.center_mm, hip.head.radius_mm

    def in_sphere(places: Floats) -> Floats:
        return np.asarray(radius - np.linalg.norm(places - center, axis=-1))

    def in_head(places: Floats) -> Floats:
        away = places - center
        near = HEAD_REACH_RADII * radius - np.linalg.norm(away, axis=-1)
        return np.asarray(np.minimum(HEAD_PLANE_RADII * radius - away @ hip.neck_axis, near))

    if denominator == "sphere":
        return femur.with_array(part_within(femur, in_sphere, center, radius))
    if denominator == "bone_in_sphere":
        part = part_within(femur, lambda places: in_sphere(places) + ROUND_WITHIN_MM, center, radius + ROUND_WITHIN_MM)
    else:
        part = part_within(femur, in_head, center, HEAD_REACH_RADII * radius)
    return femur.with_array(part * femur.array)


def part_within(
    grid: Volume, inside_mm: Callable[[Floats], Floats], center_mm: Floats, reach_mm: float
) -> NDArray[np.float32]:
    """How much of every voxel lies within a shape, 0..1.

    Parameters
    ----------
    inside_mm
        Distance in mm to the shape's border at LPS points (..., 3): above 0 inside, below 0 outside, with slope 1.
    center_mm, reach_mm
        A ball that holds the shape: beyond it nothing is computed.
    """
    weights = np.zeros(grid.shape, np.float32)
    low, high = index_box(grid, center_mm, reach_mm)
    near = crop(grid, low, high)
    if not near.array.size:
        return weights
    distance = inside_mm(points_mm(near))
    part = (distance > 0).astype(np.float32)
    cut = np.abs(distance) < 0.5 * np.linalg.norm(grid.spacing_mm)
    part[cut] = lattice_part(near, np.argwhere(cut), inside_mm)
    weights[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = part
    return weights


def lattice_part(grid: Volume, at: NDArray[np.int_], inside_mm: Callable[[Floats], Floats]) -> NDArray[np.float32]:
    """Share of a fine lattice in each voxel of a list (indices (n, 3)) that lies within a shape."""
    counts = np.ceil(grid.spacing_mm / LATTICE_MM).astype(int)
    lattice = (np.moveaxis(np.indices(tuple(counts)), 0, -1).reshape(-1, 3) + 0.5) / counts - 0.5
    hits = np.zeros(len(at), np.float32)
    for offset in lattice:
        hits += inside_mm(grid.to_mm(at + offset)) > 0
    return hits / np.float32(len(lattice))


def index_box(grid: Volume, center_mm: Floats, reach_mm: float) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """First and one past the last array index of the voxels that a ball touches, cut to the grid."""
    middle = grid.to_index(center_mm)
    reach = reach_mm / grid.spacing_mm + 1
    low = np.clip(np.floor(middle - reach).astype(int), 0, grid.shape)
    return low, np.clip(np.ceil(middle + reach).astype(int) + 1, low, grid.shape)


def octants(grid: Volume, hip: Hip) -> dict[str, Volume]:
    """How much of every voxel lies in each eighth of space about the head's centre, 0..1, float32.

    The eighths are cut by the patient's three planes through the centre (docs/explanation/images.md, section 2) and
    named
    "superior_anterior_lateral" and so on; in every voxel they add up to 1.

    Parameters
    ----------
    grid
        Only its grid counts; crop it to the head first, as eight volumes come back.
    """
    sides = {
        "superior": part_beyond(grid, hip.head.center_mm, SUPERIOR),
        "anterior": part_beyond(grid, hip.head.center_mm, ANTERIOR),
        "lateral": part_beyond(grid, hip.head.center_mm, hip.lateral),
    }
    sides |= {"inferior": 1 - sides["superior"], "posterior": 1 - sides["anterior"], "medial": 1 - sides["lateral"]}
    return {name: grid.with_array(np.prod([sides[part] for part in name.split("_")], axis=0)) for name in OCTANTS}


def part_beyond(grid: Volume, point_mm: ArrayLike, direction: Floats) -> NDArray[np.float32]:
    """How much of every voxel lies beyond the plane through a point across a direction, 0..1.

    A voxel is taken as a slab as wide as its own extent along the direction: exact where the plane follows the grid.
    """
    extent = float(np.abs(direction @ grid.affine[:3, :3]).sum())
    beyond = (points_mm(grid) - np.asarray(point_mm, float)) @ direction
    return np.asarray(np.clip(beyond / extent + 0.5, 0, 1), np.float32)


def subchondral_shell(femur: Volume, hip: Hip, depth_mm: tuple[float, float] = (0.0, 5.0)) -> Volume:
    """Bone of the head from `depth_mm[0]` to `depth_mm[1]` under its surface (mask on the femur's grid).

    The head is bone proximal to the plane across the neck axis at 0.55 radii; depth is the distance to the nearest
    border of the femur.
    """
    head = head_region(femur, hip, "proximal_to_0.55r").array >= 0.5
    depth = bone_depth_mm(femur, hip)
    return femur.with_array(head & (depth >= depth_mm[0]) & (depth < depth_mm[1]))


def bone_depth_mm(femur: Volume, hip: Hip) -> NDArray[np.float32]:
    """Distance in mm from every voxel of the head's bone to the nearest border of the femur; 0 elsewhere.

    The border is placed between the voxels and, on thick slices, between the slices by their outlines.
    """
    reach = HEAD_REACH_RADII * hip.head.radius_mm
    low, high = index_box(femur, hip.head.center_mm, reach + DEEPEST_MM)
    near = crop(femur, low, high)
    inside = near.array >= 0.5
    inside &= np.linalg.norm(points_mm(near) - hip.head.center_mm, axis=-1) < reach
    whole = np.zeros(femur.shape, np.float32)
    if inside.any():
        depth = np.zeros(near.shape, np.float32)
        depth[inside] = cKDTree(border_points(near)).query(near.to_mm(np.argwhere(inside)))[0]
        whole[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = depth
    return whole


def border_points(mask: Volume) -> Floats:
    """Points (n, 3) in LPS mm all over the border of a mask, about 1 mm apart; thick slices are closed over."""
    counts = np.maximum(np.round(mask.spacing_mm / BORDER_STEP_MM).astype(int), 1)
    finer = finer_grid(mask, counts)
    bone = level(mask)
    field = np.stack(
        [sample(bone, finer.to_mm(slab_indices(finer.shape, i)), outside=-1.0) for i in range(finer.shape[0])]
    )
    return np.concatenate([finer.to_mm(crossings(field, axis)[0]) for axis in range(3)])


def finer_grid(grid: Volume, counts: NDArray[np.int_]) -> Volume:
    """The same box cut into `counts` times as many voxels along each axis, empty."""
    scale = np.diag([*(1 / counts), 1.0])
    scale[:3, 3] = (1 / counts - 1) / 2
    n0, n1, n2 = (int(n) for n in np.array(grid.shape) * counts)
    return Volume(np.zeros((n0, n1, n2), np.bool_), grid.affine @ scale)


@dataclass(frozen=True, slots=True)
class Pillar:
    """A part of the head's width: offsets from the centre along the lateral direction, in mm."""

    name: str
    from_mm: float
    to_mm: float


def pillars(hip: Hip) -> tuple[Pillar, Pillar, Pillar]:
    """Medial, central and lateral pillar of the head (CJFH): 30, 40 and 30 % of its width, which is that of its sphere.

    Examples
    --------
    >>> from osteon.anatomy.hip import Sphere
    >>> hip = Hip("left", Sphere(np.zeros(3), 25.0, 0.4, 80.0), np.array([0.8, 0.0, -0.6]))
    >>> [(p.name, round(p.from_mm, 6), round(p.to_mm, 6)) for p in pillars(hip)]
    [('medial', -25.0, -10.0), ('central', -10.0, 10.0), ('lateral', 10.0, 25.0)]
    """
    radius = hip.head.radius_mm
    first = -radius + 2 * radius * PILLAR_SHARES["medial"]
    second = first + 2 * radius * PILLAR_SHARES["central"]
    return Pillar("medial", -radius, first), Pillar("central", first, second), Pillar("lateral", second, radius)


def pillar_shares(femur: Volume, lesion: Volume, hip: Hip) -> dict[str, float]:
    """Share 0..1 of each pillar's bone on the mid-coronal plane that is lesion: "medial", "central", "lateral".

    The head ends at its sphere and at the plane across the neck axis at 0.55 radii.
    """
    plane, radius = mid_coronal(hip), hip.head.radius_mm
    steps = np.arange(-radius, radius + 0.25, 0.5)
    offsets = steps[:, None, None] * directions(plane, 0.0) + steps[None, :, None] * plane.positive
    places = plane.center_mm + offsets
    head = (np.linalg.norm(offsets, axis=-1) < radius) & (offsets @ hip.neck_axis < HEAD_PLANE_RADII * radius)
    head &= sample(level(femur), places, outside=-1.0) > 0
    dead = head & (sample(level(lesion), places, outside=-1.0) > 0)
    shares = {}
    for pillar in pillars(hip):
        columns = (steps >= pillar.from_mm) & (steps < pillar.to_mm)
        shares[pillar.name] = float(dead[:, columns].sum() / max(head[:, columns].sum(), 1))
    return shares


def latitude_longitude_deg(point_mm: ArrayLike, hip: Hip) -> tuple[float, float]:
    """Where a point lies as seen from the head's centre: latitude and longitude in degrees.

    Latitude: 90 = superior, 0 = level with the centre, -90 = inferior. Longitude about the patient's vertical:
    0 = lateral, 90 = anterior, 180 = medial, -90 = posterior (DERIVED: the source, PMID 11853079, was read as an
    abstract that does not say where its longitude begins).

    Examples
    --------
    >>> from osteon.anatomy.hip import Sphere
    >>> hip = Hip("right", Sphere(np.zeros(3), 25.0, 0.4, 80.0), np.array([-0.8, 0.0, -0.6]))
    >>> latitude_longitude_deg([0.0, -5.0, 5.0], hip)
    (45.0, 90.0)
    """
    away = np.asarray(point_mm, float) - hip.head.center_mm
    lateral, anterior, superior = away @ hip.lateral, away @ ANTERIOR, away @ SUPERIOR
    latitude = float(np.degrees(np.arctan2(superior, np.hypot(lateral, anterior))))
    longitude = float(np.degrees(np.arctan2(anterior, lateral)))
    return latitude, 180.0 if longitude == -180.0 else longitude
