"""Where does the acetabulum cover the head, and which part of the head bears weight?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from osteon.anatomy.arc import REACH_RADII, necrotic, surface_distances
from osteon.anatomy.hip import Hip
from osteon.anatomy.plane import Plane, angle_deg, directions, shifted, slice_image
from osteon.anatomy.region import HEAD_PLANE_RADII
from osteon.anatomy.surface import level
from osteon.anatomy.volume import Floats, Volume, sample

# Pelvic bone this near to the head's surface covers it (docs/explanation/images.md, section 3, DERIVED). A smaller
# reach misses
# an acetabulum behind a wide joint space, a larger one takes the ilium beside the head for cover.
COVER_MM = 12.0
# Masks of two bones that touch may overlap by a voxel or so, and the pelvis of the shape model by 3 mm.
OVERLAP_MM = 3.0
# Directions without bone narrower than this are holes of the mask, not the edge: half a thick voxel at the rim.
HOLE_DEG = 3.0
# Directions that are searched: an edge medial of the top (a shallow socket) is found too.
MEDIAL_START_DEG = -60.0
LATERAL_END_DEG = 120.0
STEP_DEG = 0.5

# How far from the centre the medial wall may reach down, in radii: the teardrops of 15 hips of the shape model end 1.3
# to 2.2 radii away; much beyond, pubis and ischium begin.
WALL_RADII = 2.5
PIXEL_MM = 0.5

EDGE_SETTING = "acetabular edge: first direction going lateral with no pelvic bone within 12 mm of the head (DERIVED)"
TEARDROP_SETTING = "lower margin of the teardrop: lowest bone of the medial wall on the plane (DERIVED)"


@dataclass(frozen=True, slots=True)
class WeightBearing:
    """The part of the acetabulum that bears weight, as directions from the head's centre on one plane, in degrees.

    From `medial_deg` to `lateral_deg` (the acetabular edge); 0 = superior, + = lateral. `settings` are the
    constructions it rests on that no source confirms.
    """

    medial_deg: float
    lateral_deg: float
    settings: tuple[str, ...] = ()

    @property
    def extent_deg(self) -> float:
        """Its length in degrees."""
        return self.lateral_deg - self.medial_deg


def acetabular_edge_deg(pelvis: Volume, hip: Hip, plane: Plane) -> float | None:
    """The first direction, going lateral, in which no pelvic bone lies within 12 mm of the head's surface.

    Degrees on the plane, 0 = superior, + = lateral; on the mid-coronal plane this is the lateral centre-edge angle
    from the patient's vertical. None where no bone covers the head, or the cover does not end above 120 degrees.

    Parameters
    ----------
    pelvis
        Mask of the pelvis (at least the acetabulum), on any grid.
    """
    angles = np.arange(MEDIAL_START_DEG, LATERAL_END_DEG + STEP_DEG / 2, STEP_DEG)
    covered = np.isfinite(cover_distances(level(pelvis), hip, directions(plane, angles)))
    if not covered.any():
        return None
    hole = int(HOLE_DEG / STEP_DEG)
    closed = ndimage.binary_closing(np.pad(covered, hole, mode="edge"), np.ones(hole))[hole:-hole] | covered
    runs = ndimage.label(closed)[0]
    # The roof: the cover over the top of the head or, in a shallow socket, the one that comes nearest to it.
    roof = runs[closed][np.argmin(np.abs(angles[closed]))]
    end = int(np.flatnonzero(runs == roof)[-1]) + 1
    return float(angles[end]) if end < len(angles) else None


def cover_distances(pelvis_level: Volume, hip: Hip, rays: Floats) -> Floats:
    """Distance in mm from the head's centre to the nearest pelvic bone over its surface, per ray; NaN beyond 12 mm."""
    away = np.arange(hip.head.radius_mm - OVERLAP_MM, hip.head.radius_mm + COVER_MM, 0.25)
    points = hip.head.center_mm + away[:, None] * rays[:, None, :]
    bone = sample(pelvis_level, points, outside=-1.0) > 0
    return np.where(bone.any(axis=1), away[np.argmax(bone, axis=1)], np.nan)


def teardrop_deg(pelvis: Volume, hip: Hip, plane: Plane) -> float | None:
    """Direction of the lower margin of the teardrop: the lowest bone of the acetabulum's medial wall on the plane.

    Degrees, about -100 to -130; None where no medial wall is seen or it does not end within 2.5 radii of the centre.
    """
    point = teardrop_mm(pelvis, hip, plane)
    return None if point is None else angle_deg(plane, point)


def teardrop_mm(pelvis: Volume, hip: Hip, plane: Plane) -> Floats | None:
    """The lower margin of the teardrop on the plane, LPS mm; None where it is not seen."""
    reach = WALL_RADII * hip.head.radius_mm
    field, u, v = slice_image(level(pelvis), plane, reach, PIXEL_MM)
    distance = np.hypot(u[None, :], v[:, None])
    bone = (np.nan_to_num(field, nan=-1.0) > 0) & (distance < reach)
    wall = medial_wall(bone, u, v, hip.head.radius_mm)
    if not wall.any():
        return None
    lowest = v[wall.any(axis=1)].min()
    at = np.argwhere(wall & (v[:, None] < lowest + PIXEL_MM / 2))
    row, column = at[np.argmin(distance[at[:, 0], at[:, 1]])]
    if distance[row, column] > reach - 1.0:
        return None
    return np.asarray(plane.center_mm + u[column] * plane.positive + lowest * plane.up)


def medial_wall(bone: NDArray[np.bool_], u: Floats, v: Floats, radius_mm: float) -> NDArray[np.bool_]:
    """The medial part of the piece of bone that roofs the head."""
    pieces = ndimage.label(bone)[0]
    roof = (v[:, None] > 0.5 * radius_mm) & (np.abs(u[None, :]) < radius_mm) & bone
    sizes = np.bincount(pieces[roof], minlength=1)
    if not sizes.any():
        return np.zeros_like(bone)
    return np.asarray((pieces == int(np.argmax(sizes))) & (u[None, :] < -0.5 * radius_mm))


def weight_bearing(pelvis: Volume, hip: Hip, plane: Plane) -> WeightBearing | None:
    """The weight-bearing part by the construction of the Japanese ministry's criteria (criteria text of the Japanese
    health ministry).

    The acetabular edge is joined to the lower margin of the teardrop; the perpendicular at the middle of that line
    meets the acetabulum at the medial end; all lateral of it, up to the edge, bears weight. None where edge or
    teardrop are not seen.
    """
    lateral = acetabular_edge_deg(pelvis, hip, plane)
    teardrop = teardrop_mm(pelvis, hip, plane)
    if lateral is None or teardrop is None:
        return None
    bone = level(pelvis)
    edge = edge_mm(bone, hip, plane, lateral)
    return WeightBearing(medial_end_deg(bone, plane, edge, teardrop), lateral, (EDGE_SETTING, TEARDROP_SETTING))


def edge_mm(pelvis_level: Volume, hip: Hip, plane: Plane, edge_deg: float) -> Floats:
    """The acetabulum's bone at its edge, LPS mm: in the edge's direction, as far away as the last 4 degrees of roof.

    The rim itself is rounded, so that the very last ray grazes it up to 3 mm further out.
    """
    angles = edge_deg - np.arange(STEP_DEG, 4.0, STEP_DEG)
    away = np.nanmin(cover_distances(pelvis_level, hip, directions(plane, angles)))
    return np.asarray(plane.center_mm + away * directions(plane, edge_deg))


def medial_end_deg(pelvis_level: Volume, plane: Plane, edge_mm: Floats, teardrop_mm: Floats) -> float:
    """Where the perpendicular at the middle of the line from edge to teardrop meets the acetabulum, in degrees.

    Where it meets no bone, the circle about the centre through the middle distance of the two points stands for the
    acetabulum. With both points on one circle the answer is the mean of their two angles.
    """
    middle = (edge_mm + teardrop_mm) / 2
    chord = (teardrop_mm - edge_mm) / np.linalg.norm(teardrop_mm - edge_mm)
    across = np.cross(plane.normal, chord)
    # The acetabulum lies above and medial of the line, which is on the head's side of the teardrop.
    across *= 1.0 if across @ (plane.up - plane.positive) >= 0 else -1.0
    size = float(np.mean([np.linalg.norm(p - plane.center_mm) for p in (edge_mm, teardrop_mm)]))
    away = np.arange(0.0, 2 * size, 0.1)
    points = middle + away[:, None] * across
    bone = sample(pelvis_level, points, outside=-1.0) > 0
    on_circle = np.linalg.norm(points - plane.center_mm, axis=1) >= size
    first = np.argmax(bone) if bone.any() else np.argmax(on_circle)
    return angle_deg(plane, points[first])


def weight_bearing_percent(
    femur: Volume, lesion: Volume, hip: Hip, plane: Plane, sector: WeightBearing, *, half_mm: float = 10.0
) -> float:
    """Percent of the weight-bearing cortex that is necrotic over the middle 2 cm of the head (PMID 8451413).

    Summed over planes 2 mm apart within 10 mm of the centre: length of the head's surface within the sector that has
    lesion beneath it, over its whole length there.
    """
    angles = np.arange(sector.medial_deg + 0.5, sector.lateral_deg, 1.0)
    bone, reach = level(femur), REACH_RADII * hip.head.radius_mm
    dead = whole = 0.0
    for offset in np.arange(-half_mm, half_mm + 0.5, 2.0):
        beside = shifted(plane, float(offset))
        rays = directions(beside, angles)
        lengths = np.nan_to_num(surface_distances(bone, beside.center_mm, rays, reach))
        dead += float(lengths[necrotic(femur, lesion, beside.center_mm, rays, reach_mm=reach)].sum())
        whole += float(lengths.sum())
    return 100 * dead / whole if whole else 0.0


def middle_area_percent(femur: Volume, lesion: Volume, hip: Hip, plane: Plane, *, half_mm: float = 10.0) -> float:
    """Percent of the head's area that is lesion over its middle 2 cm, summed over planes 2 mm apart (PMID 8451413).

    The head ends at the plane across the neck axis at 0.55 radii past the centre.
    """
    dead = whole = 0
    bone, core = level(femur), level(lesion)
    for offset in np.arange(-half_mm, half_mm + 0.5, 2.0):
        beside = shifted(plane, float(offset))
        field, u, v = slice_image(bone, beside, 1.3 * hip.head.radius_mm, PIXEL_MM)
        places = beside.center_mm + v[:, None, None] * beside.up + u[None, :, None] * beside.positive
        near = (places - hip.head.center_mm) @ hip.neck_axis < HEAD_PLANE_RADII * hip.head.radius_mm
        head = (np.nan_to_num(field, nan=-1.0) > 0) & near
        dead += int((head & (sample(core, places, outside=-1.0) > 0)).sum())
        whole += int(head.sum())
    return 100 * dead / whole if whole else 0.0
