"""Is the head still round, and how far has its surface sunk over the lesion?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from osteon.anatomy import Floats, Plane, Sphere, circle_through, directions, head_directions
from osteon.anatomy.hip import ANTERIOR, SUPERIOR
from osteon.anatomy.region import HEAD_PLANE_RADII
from osteon.anatomy.volume import Array
from osteon.imaging.measure.head_region import ramp
from osteon.imaging.measure.outline import away_mm
from osteon.imaging.measure.rays import Flags
from osteon.imaging.measure.reading import Reading, Values
from osteon.imaging.measure.settings import settings

UNCLEAR = "unclear"  # said in place of a depth that the images do not show
SURFACE_RAYS = 1500  # 2 mm apart on a head of 24 mm

# The rim of the lesion sinks with it: directions this near to the lesion's do not count as intact.
RIM_DEG = 8.0
# Collapse is looked for on the dome: away from the neck, where the head's outline turns inwards, and within 70 degrees
# of the top; the front edge of real heads below that lies up to 1.6 mm inside their sphere.
DOME_FROM_NECK_DEG = 95.0
DOME_FROM_TOP_DEG = 70.0
# Where the ligament is attached a healthy head has a pit of 1 to 3 mm: lateral, anterior, superior, and its half width.
# From the 26 people of the shape model: 5 % of heads are deeper than 1 mm 24 degrees away, none 30 degrees away.
FOVEA = np.array([-0.928, 0.247, 0.278])
FOVEA_DEG = 30.0

# What is known before the intact surface is fitted: the sphere of the whole head is right to 0.5 mm in its centre and
# 0.3 mm in its radius, and a real head's surface is uneven by 0.42 mm over patches of a 40th of the sphere. Without
# that, a lesion of half the head lets the fit slide by 3 mm.
CENTER_SD_MM, RADIUS_SD_MM = 0.5, 0.3
UNEVEN_SD_MM, PATCHES = 0.42, 40
DEEPEST_MM = 10.0  # no dent is deeper
FAR_MM = 0.8  # points further from the sphere than about this lose their weight


@dataclass(frozen=True, slots=True, eq=False)
class HeadSurface:
    """The surface of the head proximal to the neck, as seen from the centre.

    `rays` are unit vectors (n, 3), `away_mm` the distance of the surface along them after smoothing over 1 mm.
    """

    rays: Floats
    away_mm: Floats

    @property
    def points(self) -> Floats:
        """The surface relative to the centre, shape (n, 3)."""
        return np.asarray(self.rays * self.away_mm[:, None])


def roundness(reading: Reading) -> Values:
    """Spread of the surface about the sphere and the radii of its four quarters on the mid planes, in mm."""
    surface = head_surface(reading)
    if not len(surface.rays):
        return {}
    values: Values = {
        ("sphericity_sd_mm", "fitted_sphere"): float((surface.away_mm - reading.hip.head.radius_mm).std())
    }
    height = outline_mm(reading, reading.coronal.up[None])[0]
    if np.isfinite(height):
        values["central_head_height_mm", "quarter_circles"] = float(height)
    quarters = (
        ("lateral", reading.coronal, 1),
        ("medial", reading.coronal, -1),
        ("anterior", reading.sagittal, 1),
        ("posterior", reading.sagittal, -1),
    )
    for name, plane, sign in quarters:
        radius = quarter_radius_mm(reading, plane, sign)
        if radius is not None:
            values[f"{name}_radius_mm", "quarter_circles"] = radius
    return values


def quarter_radius_mm(reading: Reading, plane: Plane, sign: int) -> float | None:
    """Radius of the circle through a quarter of the outline, from the top to one side; None where it is not seen."""
    rays = directions(plane, sign * np.arange(0.0, 91.0, 3.0))
    away = outline_mm(reading, rays)
    seen = np.isfinite(away)
    return float(circle_through((rays * away[:, None])[seen])[1]) if seen.sum() >= 10 else None


def collapse(reading: Reading) -> Values:
    """Depth (mm) and area (mm²) of the sunken surface over the lesion, against the sphere of the intact part.

    Both are 0 where no more than a healthy head's unevenness is found (setting `uneven_head`), and `UNCLEAR` where too
    little of the surface is seen, or the sphere of the whole head says otherwise (setting `unclear_surface`).
    """
    depth, area, agreed = sunk(reading)
    hidden = seen_share(reading) < settings()["setting"]["unclear_surface"]["least_share"]
    unclear = not agreed if depth else hidden
    return {
        ("collapse_depth_mm", "intact_sphere"): UNCLEAR if unclear else depth,
        ("collapse_area_mm2", "intact_sphere"): UNCLEAR if unclear else area,
    }


def sunk(reading: Reading) -> tuple[float, float, bool]:
    """Depth in mm and area in mm² of a collapse, 0 where there is none; whether both spheres see one or none."""
    rule = settings()["setting"]["uneven_head"]
    depth, from_head, each_mm2 = sunk_mm(reading)
    areas = [float((each > rule["sunk_mm"]).sum() * each_mm2) for each in (depth, np.minimum(depth, from_head))]
    there = [area >= rule["least_area_mm2"] for area in areas]
    return (float(depth.max()), areas[0], there[1]) if there[0] else (0.0, 0.0, True)


def seen_share(reading: Reading) -> float:
    """Which part of the dome over the lesion has a surface that is seen, 0 to 1; 1 where no lesion lies under it."""
    rays = proximal_rays(reading)
    over = rays[reading.necrotic(rays) & is_dome(rays, reading)]
    return float(np.isfinite(outline_mm(reading, over)).mean()) if len(over) else 1.0


def dent_of(reading: Reading) -> Array:
    """How much of each voxel of the femur's grid the head has lost over the lesion by sinking in, 0 to 1.

    That is what lies outside the surface and inside the sphere of the intact part, where there is a collapse at all.
    """
    lost = np.zeros(reading.femur.shape, np.float32)
    depth, _, agreed = sunk(reading)
    if depth == 0 or not agreed:
        return lost
    surface = head_surface(reading)
    necrotic = reading.necrotic(surface.rays)
    sphere = intact_sphere(surface, is_intact(surface, necrotic, reading), reading.hip.head)
    index = np.argwhere(reading.femur.array > -DEEPEST_MM)
    place = reading.femur.to_mm(index) - reading.center_mm
    length = np.maximum(np.linalg.norm(place, axis=1), 1e-6)
    across, nearest = cKDTree(surface.rays).query(place / length[:, None])
    over = (necrotic & is_dome(surface.rays, reading))[nearest] & (across < chord(RIM_DEG / 2))
    outside = ramp(length - surface.away_mm[nearest], reading.femur)
    inside = ramp(sphere.radius_mm - np.linalg.norm(place - sphere.center_mm, axis=1), reading.femur)
    lost[tuple(index.T)] = np.where(over, np.minimum(outside, inside), 0)
    return lost


def sunk_mm(reading: Reading) -> tuple[Floats, Floats, float]:
    """How far the dome over the lesion lies inside two spheres, in mm, and each value's area in mm².

    The spheres are that of the intact part and that of the whole head.
    """
    surface = head_surface(reading)
    necrotic = reading.necrotic(surface.rays)
    if not necrotic.any():
        return np.zeros(1), np.zeros(1), 0.0
    sphere = intact_sphere(surface, is_intact(surface, necrotic, reading), reading.hip.head)
    over = surface.points[necrotic & is_dome(surface.rays, reading)]
    if not len(over):
        return np.zeros(1), np.zeros(1), 0.0
    depth = sphere.radius_mm - np.linalg.norm(over - sphere.center_mm, axis=1)
    from_head = reading.hip.head.radius_mm - np.linalg.norm(over, axis=1)
    return depth, from_head, 4 * np.pi * sphere.radius_mm**2 / SURFACE_RAYS


def head_surface(reading: Reading) -> HeadSurface:
    """The head's surface proximal to the plane across the neck at 0.55 radii."""
    rays = proximal_rays(reading)
    away = outline_mm(reading, rays)
    head = np.isfinite(away)
    return HeadSurface(rays[head], away[head])


def proximal_rays(reading: Reading) -> Floats:
    """Directions proximal to the plane across the neck at 0.55 radii, the mirror image on a right hip."""
    rays = head_directions(SURFACE_RAYS) * np.array([reading.hip.lateral[0], 1.0, 1.0])
    return np.asarray(rays[rays @ reading.hip.neck_axis < HEAD_PLANE_RADII])


def outline_mm(reading: Reading, rays: Floats) -> Floats:
    """Distance of the head's surface from its centre along rays, in mm; NaN where it is not seen.

    Taken from the points of the surface, which are surer than the border of a mask.
    """
    return away_mm(reading.points_mm, reading.hip.head, rays) + reading.grown_mm


def is_intact(surface: HeadSurface, necrotic: Flags, reading: Reading) -> Flags:
    """Which directions lie away from the lesion, the fovea and the neck."""
    away = cKDTree(surface.rays[necrotic]).query(surface.rays)[0]
    upper = surface.rays @ reading.hip.neck_axis < np.cos(np.radians(80))
    return np.asarray((away > chord(RIM_DEG)) & ~is_fovea(surface.rays, reading) & upper)


def is_dome(rays: Floats, reading: Reading) -> Flags:
    """Which directions lie near the top, away from the neck and from the fovea."""
    near_top = rays @ SUPERIOR > np.cos(np.radians(DOME_FROM_TOP_DEG))
    far_from_neck = rays @ reading.hip.neck_axis < np.cos(np.radians(DOME_FROM_NECK_DEG))
    return np.asarray(near_top & far_from_neck & ~is_fovea(rays, reading))


def is_fovea(rays: Floats, reading: Reading) -> Flags:
    """Which directions lie in or near the pit of the ligament."""
    own = np.stack([rays @ reading.hip.lateral, rays @ ANTERIOR, rays @ SUPERIOR], axis=1)
    return np.asarray(own @ (FOVEA / np.linalg.norm(FOVEA)) > np.cos(np.radians(FOVEA_DEG)))


def chord(degrees: float) -> float:
    """Distance of two unit vectors that enclose an angle."""
    return float(2 * np.sin(np.radians(degrees) / 2))


def intact_sphere(surface: HeadSurface, intact: Flags, head: Sphere) -> Sphere:
    """The sphere of the intact surface; its centre is relative to the head's.

    Weighted least squares (Gauss-Newton) with the sphere of the whole head as what is known before.
    """
    points = surface.points[intact]
    patches = PATCHES * len(points) / SURFACE_RAYS
    known = np.array([CENTER_SD_MM] * 3 + [RADIUS_SD_MM]) ** -2.0
    found = np.zeros(4)
    for _ in range(12):
        offset = points - found[:3]
        distance = np.linalg.norm(offset, axis=1)
        off = distance - head.radius_mm - found[3]
        weight = patches / max(len(points), 1) / UNEVEN_SD_MM**2 / (1 + (off / FAR_MM) ** 4)
        slopes = -np.c_[offset / distance[:, None], np.ones(len(points))]
        curvature = (weight[:, None] * slopes).T @ slopes + np.diag(known)
        step = np.linalg.solve(curvature, slopes.T @ (weight * off) + known * found)
        found = found - step
        if np.abs(step).max() < 1e-4:
            break
    return replace(head, center_mm=found[:3], radius_mm=head.radius_mm + float(found[3]))
