"""From masks of a hip to soft masks on a common grid, ready to be read and varied."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from osteon.anatomy import Floats, Hip, Volume, covering_grid, head_region, mask_surface
from osteon.anatomy.arc import REACH_RADII
from osteon.imaging.found import FoundHip
from osteon.imaging.lesion.plate import plate_surface
from osteon.imaging.measure.acetabulum import Roof, roof_of
from osteon.imaging.measure.border import around, moved_per_half_voxel, on_grid, soft_mask
from osteon.imaging.measure.outline import redrawn
from osteon.imaging.measure.perturb import Reach, Variable, ends_of
from osteon.imaging.measure.rays import values
from osteon.imaging.measure.reading import Reading
from osteon.imaging.measure.settings import settings
from osteon.imaging.measure.shape import dent_of
from osteon.imaging.measure.size import head_ml, lesion_ml
from osteon.imaging.series import Mask, Series

GRID_MARGIN_MM = 3.0  # beyond 1.5 radii, so that a ray that starts there still has voxels on both sides
PELVIS_RADII = 2.2  # as far as the anatomy looks for the teardrop
JOINT_RADII = 1.4
FINE_MM, COARSER_MM = 0.6, 0.75
UNDER_MM = (
    -2.0,
    0.0,
    2.0,
    4.0,
)  # a point of the surface lies over the lesion when there is lesion this deep beneath it
UNSURE_SLICES = 0.6  # a mask's top and front are sure to half a slice, and to its noise
PELVIS_HALF_MM = 16.0  # the coronal slab that the joint space (10 mm) and planes turned by 5 degrees need


def variable_of(series: Series, found: FoundHip, lesion: Mask | None, bone_mm: Floats) -> Variable:
    """One hip with smooth borders on a common grid, and how far each may be varied.

    Parameters
    ----------
    bone_mm
        Points of the bone's surface as a CT of the hip shows it, LPS, shape (n, 3); may be none.
    """
    plain = plain_reading(series, found, lesion, bone_mm)
    if lesion is None:
        still = np.zeros((1, 1, 1), np.float32)
        return Variable(plain, reach_of(found, None), still, (still, still, still))
    plain = replace(plain, dent=dent_of(plain))
    half_voxel = moved_per_half_voxel(plain.lesion, series.volume)
    return Variable(plain, reach_of(found, lesion), half_voxel, ends_of(plain.lesion, found.hip))


def plain_reading(series: Series, found: FoundHip, lesion: Mask | None, bone_mm: Floats) -> Reading:
    """The hip as it was found, with smooth borders on a common grid."""
    head, grid_mm = found.hip.head, settings()["variation"]["grid_mm"]
    grid = covering_grid(head.center_mm, REACH_RADII * head.radius_mm + GRID_MARGIN_MM, grid_mm)
    bone = around(found.femur, grid)
    soft = soft_mask(lesion.volume, grid) if lesion else grid.with_array(np.full(grid.shape, -1e3, np.float32))
    own = (bone_mm if series.kind == "CT" else bone_mm[:0], found.surface_mm)
    points = next((each for each in own if len(each)), mask_surface(bone)[0])
    bare = Reading(found.hip, soft_mask(bone, grid), soft, points_mm=points)
    if lesion is not None and series.kind != "CT" and len(found.surface_mm):
        bare = replace(bare, points_mm=with_plate(series, found, lesion, bare))
    unsure_mm = UNSURE_SLICES * float(series.volume.spacing_mm.max())
    outlined = redrawn(bare.femur, bare.points_mm, bone_mm, found.hip, unsure_mm)
    # The lesion is bone: where the images show the surface badly, the bone reaches at least as far as the lesion.
    femur = outlined.with_array(np.maximum(outlined.array, soft.array))
    joint, roof = socket_of(found, grid_mm)
    return replace(bare, femur=femur, pelvis=joint, roof=roof, counted=counted(bare, bone, lesion))


def with_plate(series: Series, found: FoundHip, lesion: Mask, reading: Reading) -> Floats:
    """The head's surface as found, with its plate over the lesion as it is seen there; shape (n, 3)."""
    points = reading.points_mm
    offset = points - reading.center_mm
    inwards = offset / np.linalg.norm(offset, axis=1, keepdims=True)
    over = np.any([values(reading.lesion, points - depth * inwards) > 0.5 for depth in UNDER_MM], axis=0)
    plate = plate_surface(series, found, reading.lesion, drawn=lesion.method != "automatic")
    return np.concatenate([points[~over], plate])


def socket_of(found: FoundHip, grid_mm: float) -> tuple[Volume | None, Roof | None]:
    """The pelvis as a soft mask and the ends of the weight-bearing surface; None and None where none was seen."""
    if found.pelvis is None or not found.pelvis.array.any():
        return None, None
    pelvis = pelvis_near(found.pelvis, found.hip)
    return soft_mask(pelvis, joint_grid(found.hip, grid_mm)), roof_of(pelvis, found.hip)


def pelvis_near(pelvis: Volume, hip: Hip) -> Volume:
    """The pelvis around the head, on its own voxels; finer than 0.6 mm averaged to 0.75 mm.

    Its thin medial wall would not outlive smoothing on a coarser grid.
    """
    reach = PELVIS_RADII * hip.head.radius_mm + GRID_MARGIN_MM
    half = [reach, PELVIS_HALF_MM, reach]
    near = around(pelvis, covering_grid(hip.head.center_mm, half, 1.0))
    if near.spacing_mm.max() > FINE_MM:
        return near
    grid = covering_grid(hip.head.center_mm, half, COARSER_MM)
    return grid.with_array(on_grid(near.with_array(near.array.astype(np.float32)), grid) >= 0.5)


def joint_grid(hip: Hip, grid_mm: float) -> Volume:
    """The grid of the joint space: beyond the head's surface by the widest joint, on a coronal slab."""
    reach = JOINT_RADII * hip.head.radius_mm
    return covering_grid(hip.head.center_mm, [reach, PELVIS_HALF_MM, reach], grid_mm)


def counted(reading: Reading, femur: Volume, lesion: Mask | None) -> dict[str, float]:
    """How much larger each volume is when counted in the voxels of its own images.

    Smooth borders cut the corners of a mask off, by up to 7 % on thick slices: right for a shape, wrong for a volume.
    """
    factors = {}
    weights = femur.with_array(femur.array.astype(np.float32))
    for denominator in ("proximal_to_0.55r", "bone_in_sphere"):
        region = head_region(weights, reading.hip, denominator)
        own_ml = float(region.array.sum(dtype=float) * region.voxel_mm3 / 1000)
        factors[denominator] = own_ml / max(head_ml(reading, denominator), 1e-6)
    if lesion is not None:
        own_ml = float((lesion.volume.array >= 0.5).sum() * lesion.volume.voxel_mm3 / 1000)
        factors["lesion"] = own_ml / max(lesion_ml(reading), 1e-6)
    return factors


def reach_of(found: FoundHip, lesion: Mask | None) -> Reach:
    """The largest variation of each thing, by how the lesion was marked and the femur's voxels."""
    table = settings()["variation"]
    border = table["border_mm"].get(lesion.method if lesion else "drawn", table["border_mm"]["automatic"])
    half_voxel = float(np.median(found.femur.spacing_mm)) / 2
    return Reach(
        table["center_mm"],
        table["radius_mm"],
        table["plane_deg"],
        table["share"],
        border["evenly"],
        border["one_end"],
        half_voxel,
    )
