"""How near to failure is each part of a loaded hip, and what carries the load?

No number rests on a single voxel, because the surface of a voxel model is a staircase: strains and stresses are first
averaged over each voxel with its 26 neighbours (those of them that are bone), and a region gives a percentile, a volume
or a mean of at least 27 voxels, or nothing.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from osteon.anatomy import Floats
from osteon.anatomy.region import HEAD_PLANE_RADII, HEAD_REACH_RADII
from osteon.anatomy.volume import Array
from osteon.mechanics.materials import BONE_TISSUES, Elastic
from osteon.mechanics.model import HALF, HeadModel, Share
from osteon.mechanics.solve import von_mises
from osteon.surgery.settings import Setting

Mask = NDArray[np.bool_]

LEAST_VOXELS = 27
# The neck: from the head's plane to where the trochanters begin, in radii past the head's centre.
NECK_RADII = (HEAD_PLANE_RADII, 1.6)
# Surface that faces within this angle of straight lateral (as for drill entries).
LATERAL_DEG = 45.0


@dataclass(frozen=True, slots=True)
class Measure:
    """One number about a loaded hip; `higher_is` says whether more of it is "worse", "better" or neither ("")."""

    id: str
    name: str
    unit: str
    higher_is: str
    meaning: str


MEASURES: tuple[Measure, ...] = (
    Measure("band_index", "stress index under the surface", "", "worse", "stress / strength, subchondral band"),
    Measure("lesion_index", "stress index in the lesion", "", "worse", "stress / strength, lesion"),
    Measure("border_index", "stress index beside the lesion", "", "worse", "stress / strength, border of the lesion"),
    Measure("head_index", "stress index in the head", "", "worse", "stress / strength, head"),
    Measure("yielded_ml", "bone beyond yield", "ml", "worse", "head's bone strained beyond yield"),
    Measure("yielded_region_ml", "largest piece beyond yield", "ml", "worse", "largest connected part of it"),
    Measure("lesion_load", "load through the lesion", "%", "", "part of the force, across the head at its level"),
    Measure("cap_stiffness", "stiffness of the loaded cap", "kN/mm", "better", "F² / (2 × energy in the cap)"),
    Measure("collapse_load", "load at collapse", "times the force", "better", "load at which stiffness has halved"),
    Measure("sunk_mm", "depth at collapse", "mm", "", "how far the loaded surface has then sunk beyond elastic"),
    Measure("open_gap", "open part of the loose layer", "%", "", "of a layer that carries no tension, by volume"),
    Measure("neck_strain", "strain of the neck", "", "worse", "strain / yield strain, 2 % volume rule"),
    Measure("lateral_strain", "strain of the lateral cortex", "", "worse", "strain / yield strain, 2 % volume rule"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """The parts of one bone, as marks [z, y, x]; taken from the untreated model and kept for every option."""

    head: Mask
    lesion: Mask
    border: Mask
    band: Mask
    neck: Mask
    lateral: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Fields:
    """What a solve says of every voxel, averaged over 27; arrays [z, y, x], NaN where there is no bone.

    `stress_index` is von Mises stress over strength, `strain_index` the larger of compressive and tensile principal
    strain over its yield strain, `along_mpa` the normal stress along the force, `energy_mj` the strain energy stored in
    each voxel (not averaged), N mm.
    """

    stress_index: Array
    strain_index: Array
    along_mpa: Array
    energy_mj: Array


@cache
def settings() -> dict[str, Setting]:
    """Every entry of `risk.toml` by its name.

    Examples
    --------
    >>> settings()["band_mm"].value
    3.0
    """
    tables = tomllib.loads(Path(__file__).with_name("risk.toml").read_text(encoding="utf-8"))
    return {name: Setting(name, **table) for name, table in tables.items()}


def value(name: str) -> float:
    """The number of a setting."""
    return float(settings()[name].value or 0.0)


def declared() -> tuple[str, ...]:
    """The settings of risk that no source settles, as results name them."""
    return tuple(
        f"{each.text} ({each.value:g} {each.unit})".replace(" )", ")")
        for each in settings().values()
        if not each.source
    )


# ------------------------------------------------------------------------------------------------------------- measures


def measures(model: HeadModel, found: Fields, force_n: Floats, regions: Regions) -> dict[str, float | None]:
    """The numbers of `MEASURES` that one solve gives, by id; None where their part of the bone is gone.

    Parameters
    ----------
    model
        What was solved.
    found
        What the solve says of its voxels.
    force_n
        The joint's force on the head as it was put on the model, LPS, N.
    regions
        Parts of the untreated bone.
    """
    bone = bone_share(model) >= HALF
    force = float(np.linalg.norm(force_n))
    toward = height(model, force_n / force)
    under_load = toward < -np.cos(np.radians(value("loaded_deg"))) * distance(model)
    ml = model.spacing_mm**3 / 1000.0
    beyond = bone & regions.head & (np.nan_to_num(found.strain_index) > 1)
    percentile, rule = value("index_percentile"), value("volume_rule_percentile")
    head = regions.head & bone
    cap_mj = float(found.energy_mj[regions.head & (toward < 0)].sum())
    return {
        "band_index": upper(found.stress_index, regions.band & under_load & bone, percentile),
        "lesion_index": upper(found.stress_index, regions.lesion & bone, percentile),
        "border_index": upper(found.stress_index, regions.border & bone, percentile),
        "head_index": upper(found.stress_index, head, percentile),
        "yielded_ml": float(beyond.sum() * ml) if enough(head) else None,
        "yielded_region_ml": largest(beyond) * ml if enough(head) else None,
        "lesion_load": carried(found.along_mpa, model, regions, force_n),
        "cap_stiffness": force**2 / (2 * cap_mj) / 1000 if enough(head) and cap_mj > 0 else None,
        "neck_strain": upper(found.strain_index, regions.neck & bone, rule),
        "lateral_strain": upper(found.strain_index, regions.lateral & bone, rule),
    }


def fields(model: HeadModel, elastic: Elastic, strain: Array, stress: Array, force_n: Floats) -> Fields:
    """Indices of every voxel of bone.

    Parameters
    ----------
    model, elastic
        What was solved.
    strain, stress
        At the middle of every voxel with a modulus, shape (n, 6), in single precision: xx, yy, zz, yz, zx, xy; shear
        strains engineering; MPa.
    force_n
        The joint's force on the head as it was put on the model, LPS, N.
    """
    share, where = bone_share(model), elastic.modulus_mpa > 0
    strong = elastic.strength_mpa[where]
    index = np.divide(von_mises(stress), strong, out=np.full_like(strong, np.nan), where=strong > 0)
    energy = 0.5 * model.spacing_mm**3 * np.einsum("ij,ij->i", strain, stress)
    along = normal(stress, force_n / np.linalg.norm(force_n))
    strains = np.where(share > 0, mean_strain_index(strain, where, share, elastic), np.float32(np.nan))
    return Fields(
        cube_mean(on_voxels(index, where), share),
        strains,
        cube_mean(on_voxels(along, where), model.filled),
        np.nan_to_num(on_voxels(energy, where)),
    )


def carried(along_mpa: Array, model: HeadModel, regions: Regions, force_n: Floats) -> float | None:
    """The part of the force that the lesion carries, in percent of what crosses the head at its level.

    Normal stress along the force, summed over the lesion, over the same sum for all of the head between the two planes
    across the force that hold the lesion.
    """
    if not enough(regions.lesion) or not enough(regions.head & (bone_share(model) >= HALF)):
        return None
    level = height(model, force_n / np.linalg.norm(force_n))
    lesion = level[regions.lesion]
    level = regions.head & (level >= lesion.min()) & (level <= lesion.max())
    filled = np.nan_to_num(along_mpa) * model.filled
    total = float(filled[level].sum())
    return 100.0 * float(filled[regions.lesion].sum()) / total if total else None


def upper(values: Array, region: Mask, percentile: float) -> float | None:
    """A percentile of the values that a region has; None where it has fewer than 27.

    Examples
    --------
    >>> field = np.arange(1000.0).reshape(10, 10, 10)
    >>> upper(field, field >= 0, 95.0), upper(field, field < 20, 95.0)
    (949.05, None)
    """
    inside = values[region & np.isfinite(values)]
    return float(np.percentile(inside, percentile)) if len(inside) >= LEAST_VOXELS else None


def enough(region: Mask) -> bool:
    """Whether a region has the 27 voxels that any number needs."""
    return int(region.sum()) >= LEAST_VOXELS


def largest(marked: Mask) -> float:
    """How many voxels the largest connected part of a region has; 0 of an empty one."""
    labels, count = ndimage.label(marked)
    return float(np.bincount(labels.ravel())[1:].max()) if count else 0.0


# ------------------------------------------------------------------------------------------------------------- averages


def bone_share(model: HeadModel) -> Share:
    """The part of every voxel that bone fills, dead or alive."""
    return model.share(*BONE_TISSUES)


def cube_mean(values: Array, weight: Array) -> Array:
    """The weighted mean of every voxel and its 26 neighbours, [z, y, x]; NaN where the voxel itself has no weight.

    Examples
    --------
    >>> round(float(cube_mean(np.arange(27.0).reshape(3, 3, 3), np.ones((3, 3, 3)))[1, 1, 1]), 6)
    13.0
    """
    known = np.where(np.isfinite(values), weight, 0).astype(values.dtype)
    total = cube_average(known)
    summed = cube_average(np.nan_to_num(values) * known)
    return np.where((known > 0) & (total > 0), summed / np.maximum(total, 1e-6), np.nan).astype(values.dtype)


def on_voxels(values: Array, where: Mask) -> Array:
    """Values of some voxels, shape (n,), on the grid [z, y, x]; NaN elsewhere."""
    result = np.full(where.shape, np.nan, values.dtype)
    result[where] = values
    return result


def cube_average(values: Array) -> Array:
    """The mean of every voxel and its 26 neighbours, those beyond the grid as 0."""
    return np.asarray(ndimage.uniform_filter(values, 3, mode="constant"))


def mean_strain_index(strain: Array, where: Mask, share: Array, elastic: Elastic) -> Array:
    """The strain index of tensors (n, 6) of marked voxels averaged over the bone of 27; 0 where there is no bone."""
    seen, part = share > 0, share[where]
    near = cube_average(share)[seen]
    mean = np.empty((len(near), 6), np.float32)
    weighted = np.zeros(share.shape, np.float32)
    for k in range(6):
        weighted[where] = strain[:, k] * part
        mean[:, k] = cube_average(weighted)[seen] / near
    result = np.zeros(share.shape, np.float32)
    result[seen] = strain_index(mean, elastic)
    return result


def strain_index(strain: Array, elastic: Elastic) -> Array:
    """The larger of compressive and tensile principal strain over its yield strain, of tensors (n, 6)."""
    low, high = ends(strain)
    return np.maximum(-low / elastic.yield_strain_compression, high / elastic.yield_strain_tension)


def ends(strain: Array) -> tuple[Array, Array]:
    """The least and the largest principal strain of tensors, shape (n, 6) with engineering shear.

    Closed form of a symmetric 3 x 3 matrix: mean + 2 p cos(phi + 2 pi k / 3).

    Examples
    --------
    >>> [each.round(9).tolist() for each in ends(np.array([[3.0, -1.0, 2.0, 0, 0, 0]]))]
    [[-1.0], [3.0]]
    """
    mean = strain[:, :3].mean(axis=1)
    x, y, z = (strain[:, k] - mean for k in range(3))
    yz, zx, xy = (strain[:, k] / 2 for k in (3, 4, 5))
    p = np.sqrt((x**2 + y**2 + z**2 + 2 * (yz**2 + zx**2 + xy**2)) / 6)
    determinant = x * (y * z - yz**2) - xy * (xy * z - yz * zx) + zx * (xy * yz - y * zx)
    phi = np.arccos(np.clip(determinant / np.maximum(2 * p**3, 1e-30), -1, 1)) / 3
    return mean + 2 * p * np.cos(phi + 2 * np.pi / 3), mean + 2 * p * np.cos(phi)


def normal(stress: Array, along: Array) -> Array:
    """The normal stress along a unit vector (x, y, z), one for all or one a voxel, of tensors (..., 6)."""
    x, y, z = np.moveaxis(np.asarray(along), -1, 0)
    parts = np.broadcast_arrays(x * x, y * y, z * z, 2 * y * z, 2 * z * x, 2 * x * y)
    weights = np.stack(parts, axis=-1).astype(stress.dtype)
    return np.asarray(np.einsum("...i,...i", stress, weights))


# -------------------------------------------------------------------------------------------------------------- regions


def regions_of(model: HeadModel) -> Regions:
    """The parts of an untreated bone with its lesion."""
    bone = model.filled >= HALF
    dead = model.share("necrotic_bone") >= HALF
    radius, along, away = model.hip.head.radius_mm, height(model, model.hip.neck_axis), distance(model)
    head = bone & (along < HEAD_PLANE_RADII * radius) & (away < HEAD_REACH_RADII * radius)
    depth = ndimage.distance_transform_edt(np.pad(bone, 1))[1:-1, 1:-1, 1:-1] * model.spacing_mm
    aside = np.sqrt(np.maximum(away**2 - along**2, 0))
    neck = bone & (along >= NECK_RADII[0] * radius) & (along < NECK_RADII[1] * radius) & (aside < 1.1 * radius)
    border = max(value("border_mm"), model.spacing_mm)
    around = ndimage.distance_transform_edt(~dead) * model.spacing_mm <= border if dead.any() else dead
    # A voxel's middle lies half a voxel under the surface that the distance is counted from.
    shallow = depth - model.spacing_mm / 2
    return Regions(
        head,
        dead & bone,
        around & ~dead & head,
        head & (shallow <= value("band_mm")) & (away > radius / 2),
        neck,
        bone & lateral_surface(model, bone) & (along >= NECK_RADII[1] * radius) & (shallow <= value("lateral_mm")),
    )


def lateral_surface(model: HeadModel, bone: Mask) -> Mask:
    """Where the nearest surface faces lateral, from the slope of the smoothed bone."""
    smooth = ndimage.gaussian_filter(bone.astype(np.float32), 4.0 / model.spacing_mm)
    slope = np.stack([each[bone] for each in np.gradient(smooth)], axis=-1)[:, ::-1]
    size = np.maximum(np.linalg.norm(slope, axis=-1), 1e-6)
    facing = np.zeros(bone.shape, bool)
    facing[bone] = -(slope @ model.hip.lateral) / size > np.cos(np.radians(LATERAL_DEG))
    return facing


def height(model: HeadModel, along: Floats) -> Array:
    """How far along a unit vector (LPS) the middle of every voxel lies from the head's centre, [z, y, x], mm."""
    x, y, z = (axis - middle for axis, middle in zip(model.centres_mm(), model.hip.head.center_mm, strict=True))
    return np.asarray((x * along[0] + y * along[1]).astype(np.float32) + (z * along[2]).astype(np.float32))


def distance(model: HeadModel) -> Array:
    """How far the middle of every voxel lies from the head's centre, [z, y, x], mm."""
    x, y, z = (axis - middle for axis, middle in zip(model.centres_mm(), model.hip.head.center_mm, strict=True))
    return np.asarray(np.sqrt((x**2 + y**2).astype(np.float32) + (z**2).astype(np.float32)))


def offsets(model: HeadModel) -> Floats:
    """From the head's centre to the middle of every voxel, shape (z, y, x, 3), LPS mm."""
    return np.stack(np.broadcast_arrays(*model.centres_mm()), axis=-1) - model.hip.head.center_mm


def directions(model: HeadModel) -> Floats:
    """Unit vectors from the head's centre to the middle of every voxel, shape (z, y, x, 3), LPS."""
    away = offsets(model)
    return np.asarray(away / np.maximum(np.linalg.norm(away, axis=-1, keepdims=True), 1e-9))
