"""What is exactly true of a phantom?

Everything is worked out from the fine masks and the bone's surface by this module alone: it shares no code with what
measures images, so that the two can be held against each other. Angles about the head's centre: 0 is superior,
positive is lateral on the coronal and anterior on the sagittal plane of the patient.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from osteon.anatomy import Floats, Volume, sample
from osteon.phantom.collapse import sunk_area_mm2
from osteon.phantom.recipe import Recipe
from osteon.phantom.shape import Bones
from osteon.phantom.voxels import VOXEL_MM, Mask, Solids, lesion_axis, offsets

# Half a degree: the truth should be finer than the whole degrees that are measured.
STEP_DEG = 0.5
ANGLES_DEG = np.arange(-180 + STEP_DEG, 180 + STEP_DEG, STEP_DEG)

CONVENTION = "0 = superior through head centre; + = lateral (coronal) / anterior (sagittal); patient axes"


def truth_of(recipe: Recipe, bones: Bones, solids: Solids) -> dict[str, Any]:
    """All that is known of a phantom, ready for JSON; lengths in mm, volumes in ml, angles in degrees, LPS."""
    return {
        "case": f"phantom {recipe.seed}",
        "side": recipe.side[0].upper(),
        "geometry": f"shape model of 26 people, seed {recipe.seed}",
        "frame": "DICOM LPS mm",
        "has_lesion": recipe.has_lesion,
        **sphere_truth(recipe, bones),
        **volume_truth(bones, solids),
        **collapse_truth(solids),
        **arc_truth(bones, solids),
        **place_truth(bones, solids),
    }


def sphere_truth(recipe: Recipe, bones: Bones) -> dict[str, Any]:
    """Head, neck and the lesion's axis."""
    head = bones.head
    return {
        "head_centre": rounded(head.center_mm, 3),
        "head_radius": round(head.radius_mm, 3),
        "sphere_fit_sd": round(head.residual_sd_mm, 3),
        "neck_axis_from_head": rounded(bones.neck_axis, 4),
        "lesion_axis": rounded(lesion_axis(recipe, bones), 4) if recipe.has_lesion else None,
    }


def rounded(values: Floats, digits: int) -> list[float]:
    """Numbers for JSON."""
    return [round(float(value), digits) for value in values]


def volume_truth(bones: Bones, solids: Solids) -> dict[str, Any]:
    """Volumes and the lesion's part of each of the three denominators, before and after collapse."""
    x, y, z = offsets(solids.grid, bones.head.center_mm)
    within = x**2 + y**2 + z**2 < bones.head.radius_mm**2
    lesion, head, bone = (milliliters(m) for m in (solids.intact_lesion, solids.head, solids.intact_femur & within))
    after, sphere = milliliters(solids.lesion), bones.head.volume_ml
    head_after, bone_after = milliliters(solids.head & solids.femur), milliliters(solids.femur & within)
    return {
        "head_plane_ml": round(head, 3),
        "lesion_ml": round(lesion, 3),
        "sphere_ml": round(sphere, 3),
        "bone_in_sphere_ml": round(bone, 3),
        "pct_of_head_plane": round(100 * lesion / head, 2),
        "pct_of_sphere": round(100 * lesion / sphere, 2),
        "pct_of_bone_in_sphere": round(100 * lesion / bone, 2),
        "volumes_are": "before collapse",
        "lesion_ml_after_collapse": round(after, 3),
        "pct_of_head_plane_after_collapse": round(100 * after / head_after, 2),
        "pct_of_sphere_after_collapse": round(100 * after / sphere, 2),
        "pct_of_bone_in_sphere_after_collapse": round(100 * after / bone_after, 2),
        "steinberg_size": steinberg_size(100 * lesion / head) if lesion else None,
    }


def milliliters(mask: Mask) -> float:
    """Volume of the marked voxels, in ml."""
    return float(np.count_nonzero(mask) * VOXEL_MM**3 / 1000)


def steinberg_size(percent: float) -> str:
    """A below 15 %, B from 15 to 30 %, C above 30 % of the head."""
    return "A" if percent < 15 else "B" if percent <= 30 else "C"


def collapse_truth(solids: Solids) -> dict[str, Any]:
    """How far, and over what area, the joint surface has sunk in."""
    dent = solids.dent
    return {
        "collapse_depth_mm": dent.depth_mm if dent else 0.0,
        "collapse_area_mm2": round(sunk_area_mm2(dent), 1) if dent else 0.0,
        "collapse_is": "deepest point of the bony surface inside the head's sphere; area more than 1 mm inside it",
    }


def arc_truth(bones: Bones, solids: Solids) -> dict[str, Any]:
    """Necrotic arcs on the two mid-planes, the weight-bearing part of the socket and the type that follows."""
    coronal = plane_points(bones.lateral)
    sagittal = plane_points(np.array([0.0, -1.0, 0.0]))
    arcs = [longest_arc(necrotic(bones, solids, directions)) for directions in (coronal, sagittal)]
    extents = [arc[1] - arc[0] + STEP_DEG if arc else 0.0 for arc in arcs]
    edge = acetabular_edge_deg(bones, solids, coronal)
    return {
        "kerboul_coronal_deg": extents[0],
        "kerboul_sagittal_deg": extents[1],
        "modified_kerboul_deg": sum(extents),
        "coronal_lesion_from_to_deg": list(arcs[0]) if arcs[0] else None,
        "sagittal_lesion_from_to_deg": list(arcs[1]) if arcs[1] else None,
        "angle_convention": CONVENTION,
        "acetabular_edge_deg": edge,
        "acetabulum": "shape-model pelvis",
        "lesion_lateral_minus_acetabular_edge_deg": arcs[0][1] - edge if arcs[0] and edge is not None else None,
        **weight_bearing_truth(bones, solids, edge, arcs[0]),
    }


def plane_points(positive: Floats) -> Floats:
    """Unit vectors of every angle on the plane spanned by up and `positive`."""
    angles = np.radians(ANGLES_DEG)[:, None]
    return np.asarray(np.cos(angles) * np.array([0.0, 0.0, 1.0]) + np.sin(angles) * positive)


def necrotic(bones: Bones, solids: Solids, directions: Floats) -> Mask:
    """Whether at least 60 % of the bone from 1 to 5 mm under the surface is lesion, for each direction."""
    center = bones.head.center_mm
    reach = np.arange(0.0, 1.5 * bones.head.radius_mm, 0.1)
    ray = center + directions[:, None, :] * reach[None, :, None]
    bone = sample(solids.grid.with_array(solids.femur), ray, outside=0.0) >= 0.5
    surface = reach[bone.shape[1] - 1 - np.argmax(bone[:, ::-1], axis=1)]
    depth = np.arange(1.0, 5.01, 0.1)
    under = center + directions[:, None, :] * (surface[:, None] - depth)[:, :, None]
    is_bone = sample(solids.grid.with_array(solids.femur), under, outside=0.0) >= 0.5
    is_lesion = sample(solids.grid.with_array(solids.lesion), under, outside=0.0) >= 0.5
    return np.asarray((is_bone & is_lesion).sum(axis=1) >= 0.6 * np.maximum(is_bone.sum(axis=1), 1))


def longest_arc(flags: Mask) -> tuple[float, float] | None:
    """First and last angle of the longest unbroken run of flags, across 180 degrees if need be."""
    if not flags.any():
        return None
    if flags.all():
        return float(ANGLES_DEG[0]), float(ANGLES_DEG[-1])
    start = int(np.argmin(flags))
    turned = np.roll(flags, -start)
    runs, _ = ndimage.label(turned)
    longest = int(np.argmax(np.bincount(runs)[1:])) + 1
    first, last = np.flatnonzero(runs == longest)[[0, -1]] + start
    from_deg = float(ANGLES_DEG[first % len(flags)])
    return from_deg, from_deg + float(last - first) * STEP_DEG


# Pelvic bone this near to the head's surface covers it; docs/explanation/images.md, section 3.
COVER_MM = 12.0

# The teardrop is sought no farther than this from the head's surface: below it the ischium begins.
TEARDROP_MM = 16.0


# Where the bone that hangs together with the roof ends above this angle, the socket's floor has a hole: a few shapes of
# the model have none there, and then the teardrop and the JIC type mean little.
FLOOR_DEG = -95.0


def acetabular_edge_deg(bones: Bones, solids: Solids, coronal: Floats) -> float | None:
    """First direction, going lateral from straight up, without pelvic bone within 12 mm of the head's surface.

    Where the socket does not reach straight above the head, the search begins at its most lateral covered direction.
    """
    reach = bones.head.radius_mm + np.arange(0.0, COVER_MM + 0.1, 0.25)
    points = bones.head.center_mm + coronal[:, None, :] * reach[None, :, None]
    covered = (sample(solids.grid.with_array(solids.pelvis), points, outside=0.0) >= 0.5).any(axis=1)
    covered = np.asarray(covered)
    upper = np.flatnonzero(covered & (ANGLES_DEG > -90) & (ANGLES_DEG <= 0))
    if not len(upper):
        return None
    beyond = np.flatnonzero(~covered[upper[-1] :])
    return float(ANGLES_DEG[upper[-1] + beyond[0]]) if len(beyond) else None


def weight_bearing_truth(
    bones: Bones, solids: Solids, edge_deg: float | None, arc: tuple[float, float] | None
) -> dict[str, Any]:
    """The weight-bearing part of the socket on the mid-coronal plane, and the JIC type of the lesion on it.

    The line from the acetabular edge to the lower margin of the teardrop is cut in half; where the perpendicular there
    meets the socket, the weight-bearing part begins, and it ends at the edge.
    """
    empty = dict.fromkeys(
        ("teardrop_deg", "weight_bearing_medial_deg", "weight_bearing_lateral_deg", "socket_floor_whole")
    )
    lesion = dict.fromkeys(("lesion_fraction_of_weight_bearing", "jic_type", "degrees_to_next_type"))
    if edge_deg is None:
        return {**empty, **lesion}
    plane = section(bones, solids.grid.with_array(solids.pelvis))
    teardrop = lower_margin(plane, bones.head.radius_mm)
    edge = edge_point(plane, edge_deg, bones.head.radius_mm)
    medial = bisector_deg(plane, edge, teardrop)
    found = {
        "teardrop_deg": round(angle_deg(teardrop), 1),
        "weight_bearing_medial_deg": round(medial, 1),
        "weight_bearing_lateral_deg": edge_deg,
        "socket_floor_whole": bool(angle_deg(teardrop) < FLOOR_DEG),
    }
    return {**found, **(type_truth(medial, edge_deg, arc) if arc else lesion)}


# Half-width of the section through the joint and the edge of its pixels, in mm.
SECTION_MM, PIXEL_MM = 50.0, 0.25


def section(bones: Bones, pelvis: Volume) -> Mask:
    """The pelvis on the mid-coronal plane: first axis lateral, second up, the head's centre in the middle."""
    line = np.arange(-SECTION_MM, SECTION_MM + PIXEL_MM / 2, PIXEL_MM)
    lateral, up = np.meshgrid(line, line, indexing="ij")
    points = bones.head.center_mm + lateral[..., None] * bones.lateral + up[..., None] * np.array([0.0, 0.0, 1.0])
    return np.asarray(sample(pelvis, points, outside=0.0) >= 0.5)


def lower_margin(plane: Mask, radius_mm: float) -> Floats:
    """The lowest point of the bone medial to the head that hangs together with the roof: (lateral, up) in mm."""
    lateral, up = (np.indices(plane.shape) * PIXEL_MM) - SECTION_MM
    near = plane & (np.hypot(lateral, up) < radius_mm + TEARDROP_MM)
    pieces, _ = ndimage.label(near)
    roof = pieces[near & (up > 0) & (np.abs(lateral) < radius_mm)]
    wall = (pieces == np.bincount(roof).argmax()) & (lateral < 0)
    lowest = np.argmin(np.where(wall, up, np.inf))
    return np.array([lateral.flat[lowest], up.flat[lowest]])


def edge_point(plane: Mask, edge_deg: float, radius_mm: float) -> Floats:
    """The bone nearest to the head in the last covered direction before the edge: (lateral, up) in mm."""
    angle = np.radians(edge_deg - STEP_DEG)
    reach = np.arange(radius_mm, radius_mm + COVER_MM + 1, PIXEL_MM)
    points = reach[:, None] * np.array([np.sin(angle), np.cos(angle)])
    inside = at(plane, points)
    return np.asarray(points[int(np.argmax(inside))])


def at(plane: Mask, points: Floats) -> Mask:
    """Values of a section at points (lateral, up) in mm."""
    index = np.rint((points + SECTION_MM) / PIXEL_MM).astype(int)
    return np.asarray(plane[tuple(np.clip(index, 0, len(plane) - 1).T)])


def bisector_deg(plane: Mask, edge: Floats, teardrop: Floats) -> float:
    """Angle about the head's centre at which the perpendicular bisector of edge and teardrop meets the socket."""
    middle, chord = (edge + teardrop) / 2, edge - teardrop
    upward = np.array([-chord[1], chord[0]]) / np.hypot(*chord)
    points = middle + np.arange(0.0, 60.0, PIXEL_MM / 2)[:, None] * upward
    meets = at(plane, points)
    return angle_deg(points[int(np.argmax(meets))] if meets.any() else upward)


def angle_deg(point: Floats) -> float:
    """Angle of a point (lateral, up) about the head's centre."""
    return float(np.degrees(np.arctan2(point[0], point[1])))


def type_truth(medial_deg: float, edge_deg: float, arc: tuple[float, float]) -> dict[str, Any]:
    """JIC type by how far the lesion reaches laterally: thirds of the weight-bearing part, then past its edge."""
    third = (edge_deg - medial_deg) / 3
    borders = [medial_deg + third, medial_deg + 2 * third, edge_deg]
    place = sum(arc[1] > border for border in borders)
    covered = np.clip(min(arc[1], edge_deg) - max(arc[0], medial_deg), 0, None) / (edge_deg - medial_deg)
    return {
        "lesion_fraction_of_weight_bearing": round(float(covered), 4),
        "jic_type": ("A", "B", "C1", "C2")[place],
        "degrees_to_next_type": round(min(abs(arc[1] - border) for border in borders), 2),
    }


def place_truth(bones: Bones, solids: Solids) -> dict[str, Any]:
    """Where the lesion's centre of gravity lies about the head's centre, before collapse.

    Latitude 90 is straight up; longitude 0 is lateral, 90 anterior.
    """
    if not solids.intact_lesion.any():
        return {"centre_of_gravity": None, "latitude_deg": None, "longitude_deg": None}
    middle = solids.grid.to_mm(mean_index(solids.intact_lesion))
    offset = middle - bones.head.center_mm
    lateral = offset @ bones.lateral
    return {
        "centre_of_gravity": rounded(middle, 3),
        "latitude_deg": round(float(np.degrees(np.arcsin(offset[2] / np.linalg.norm(offset)))), 2),
        "longitude_deg": round(float(np.degrees(np.arctan2(-offset[1], lateral))), 2),
    }


def mean_index(mask: NDArray[np.bool_]) -> Floats:
    """Mean array index of the marked voxels."""
    return np.asarray(np.argwhere(mask).mean(axis=0))
