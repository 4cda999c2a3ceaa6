"""Which bone surfaces does a recipe ask for, and where do the head and the neck of this femur truly lie?

The surfaces come from a statistical shape model of 26 people (`hips.npz`, see `hips.LICENCE.txt` beside it):
`vertices = mean + sum_k weight_k * mode_k`, the same weights for femur and pelvis. The sphere and the neck's axis are
fitted here to the surface itself, so that they owe nothing to the code that measures images.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from osteon.anatomy import Floats, Sphere
from osteon.phantom.recipe import Recipe

Faces = NDArray[np.int64]

# hips.npz holds lengths as whole thousandths of a millimetre; the modes' rounding adds up to less than 0.01 mm.
STEP_MM = 0.001

# Weights are cut here: the model's 26 people lie within it, and beyond it the joint's two bones may cross.
FARTHEST_SD = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A closed surface of triangles: vertices in LPS mm, faces with their outward side counter-clockwise."""

    vertices_mm: Floats
    faces: Faces


@dataclass(frozen=True, slots=True, eq=False)
class Bones:
    """Femur and hemipelvis of one hip in the patient, with the exact sphere of the head and the neck's axis."""

    femur: Surface
    pelvis: Surface
    head: Sphere
    neck_axis: Floats
    lateral: Floats


def bones_of(recipe: Recipe) -> Bones:
    """The surfaces of a recipe's hip, before any collapse.

    Examples
    --------
    >>> mean = bones_of(Recipe(shape_sd=0, pose_deg=0))
    >>> round(mean.head.radius_mm), mean.lateral.tolist()
    (23, [1.0, 0.0, 0.0])
    """
    random = np.random.default_rng([recipe.seed, 1])
    weights = np.clip(random.normal(0, 1, 20) * recipe.shape_sd, -FARTHEST_SD, FARTHEST_SD)
    turn = Rotation.from_euler("xyz", random.uniform(-1, 1, 3) * recipe.pose_deg, degrees=True)
    shift = random.uniform((-15, -60, -1500), (15, 60, 300))
    space_mm = float(np.clip(random.normal(*JOINT_SPACE_MM), 2.5, 6.5))
    opened = Rotation.from_euler("y", -random.uniform(*OPENED_DEG), degrees=True)
    femur, pelvis = model_surface("femur", weights), model_surface("pelvis", weights)
    first = sphere_of(femur, about_head(femur))
    if recipe.seated:
        pelvis = seated(pelvis, first, space_mm, opened)
    right = recipe.side == "right"
    mirror = np.array([-1.0 if right else 1.0, 1.0, 1.0])
    placed = [
        Surface(
            (turn.apply(s.vertices_mm - first.center_mm) + first.center_mm + shift) * mirror,
            s.faces[:, ::-1] if right else s.faces,
        )
        for s in (femur, pelvis)
    ]
    head = replace(first, center_mm=(first.center_mm + shift) * mirror)
    neck = neck_axis_of(placed[0], head, turn.apply(MEAN_NECK) * mirror)
    return Bones(placed[0], placed[1], head, neck, np.array([mirror[0], 0.0, 0.0]))


# Once seated the socket covers the head to about 53 degrees; turned by this much, lowest and highest, its edge lies
# at 20 to 50 degrees.
OPENED_DEG = (3.0, 28.0)

# Interbone distance at the top of the joint, mean and spread over 446 hips: Lequesne 2004,
# docs/explanation/images.md, section 3.
JOINT_SPACE_MM = (4.19, 0.92)

# Direction of the neck in the model's mean left hip, to start from; `neck_axis_of` forgets it.
MEAN_NECK = np.array([0.70, 0.25, -0.66])


@cache
def stored() -> dict[str, NDArray[Any]]:
    """The arrays of the shape model."""
    with np.load(Path(__file__).with_name("hips.npz")) as file:
        return dict(file)


def model_surface(bone: str, weights: Floats) -> Surface:
    """Femur or pelvis of a left hip with these weights (20, in standard deviations)."""
    data = stored()
    vertices = (data[f"{bone}_mean"] + np.tensordot(weights, data[f"{bone}_modes"].astype(float), 1)) * STEP_MM
    return Surface(vertices, data[f"{bone}_faces"].astype(np.int64))


def about_head(femur: Surface) -> Floats:
    """Roughly the head's centre: that of the mean hip, moved as the vertices around it have moved on average."""
    center = stored()["head_center"].astype(float)
    mean = stored()["femur_mean"] * STEP_MM
    near = np.linalg.norm(mean - center, axis=1) < 26
    return np.asarray(center + (femur.vertices_mm - mean)[near].mean(axis=0))


def seated(pelvis: Surface, head: Sphere, space_mm: float, opened: Rotation) -> Surface:
    """The pelvis moved, scaled and turned so that its socket lies around the head, `space_mm` from it.

    The model knows nothing of the joint: its socket lies up to 2 cm off the head and is no wider than it.
    """
    middles, _, areas = triangles(pelvis)
    socket = stored()["socket_faces"].astype(np.int64)
    center, radius = least_squares_sphere(middles[socket], areas[socket])
    scale = (head.radius_mm + space_mm) / radius
    return Surface(head.center_mm + opened.apply(pelvis.vertices_mm - center) * scale, pelvis.faces)


def least_squares_sphere(points: Floats, weights: Floats) -> tuple[Floats, float]:
    """Centre and radius of the sphere nearest to weighted points."""
    root = np.sqrt(weights)
    rows = np.column_stack([2 * points, np.ones(len(points))]) * root[:, None]
    solved = np.linalg.lstsq(rows, (points**2).sum(axis=1) * root, rcond=None)[0]
    return solved[:3], float(np.sqrt(solved[3] + solved[:3] @ solved[:3]))


def sphere_of(femur: Surface, start_mm: Floats) -> Sphere:
    """The sphere of the head by least squares over the area within 1 mm of it that faces away from its centre.

    Area-weighted over the triangles, repeated from a loose to the final 1 mm until it stands still; facing away means
    a normal within 20 degrees of the radius, which leaves out the neck.
    """
    middles, normals, areas = triangles(femur)
    center, radius = start_mm, 23.0
    for step in range(120):
        away = middles - center
        distance = np.linalg.norm(away, axis=1)
        facing = (away * normals).sum(axis=1) > np.cos(np.radians(20)) * distance
        used = facing & (np.abs(distance - radius) < max(1.0, 6.0 - 0.1 * step))
        center, radius = least_squares_sphere(middles[used], areas[used])
    residual = np.linalg.norm(middles[used] - center, axis=1) - radius
    spread = float(np.sqrt(np.average(residual**2, weights=areas[used])))
    return Sphere(center, radius, spread, float(100 * areas[used].sum() / (4 * np.pi * radius**2)))


def triangles(surface: Surface) -> tuple[Floats, Floats, Floats]:
    """Middle, unit normal and area of every triangle."""
    corners = surface.vertices_mm[surface.faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(cross, axis=1)
    return corners.mean(axis=1), cross / length[:, None], length / 2


def neck_axis_of(femur: Surface, head: Sphere, start: Floats) -> Floats:
    """Unit vector from the head's centre down the neck, through the middles of its cross-sections.

    Cross-sections every 0.1 radius around the narrowest one between 1.0 and 1.6 radius from the centre; the line
    through the centre that fits their middles best; repeated until it stands still.
    """
    axis = start / np.linalg.norm(start)
    for _ in range(20):
        reaches = np.arange(1.0, 1.61, 0.1) * head.radius_mm
        sections = [section_of(femur, head, axis, reach) for reach in reaches]
        narrowest = int(np.argmin([area for area, _ in sections]))
        chosen = [middle - head.center_mm for _, middle in sections[max(0, narrowest - 2) : narrowest + 3]]
        axis = np.sum([(offset @ axis) * offset for offset in chosen], axis=0)
        axis /= np.linalg.norm(axis)
    return np.asarray(axis)


def section_of(femur: Surface, head: Sphere, axis: Floats, reach_mm: float) -> tuple[float, Floats]:
    """Area (mm²) and middle of the femur's cross-section around the axis, `reach_mm` from the head's centre.

    The outline nearest to the axis is taken in 120 directions, so that the greater trochanter does not join the neck.
    """
    origin = head.center_mm + reach_mm * axis
    along = np.cross(axis, [0.0, 1.0, 0.0])
    along /= np.linalg.norm(along)
    across = np.cross(axis, along)
    crossing = plane_crossings(femur, origin, axis) - origin
    u, v = crossing @ along, crossing @ across
    sector = ((np.degrees(np.arctan2(v, u)) % 360) // 3).astype(int)
    distance = np.full(120, np.inf)
    np.minimum.at(distance, sector, np.hypot(u, v))
    seen = np.flatnonzero(np.isfinite(distance))
    angles = np.radians(np.arange(120) * 3 + 1.5)
    distance = np.interp(angles, angles[seen], distance[seen], period=2 * np.pi)
    area = float((distance**2).sum() * np.radians(3) / 2)
    offset_u, offset_v = ((distance**3 * side(angles)).sum() * np.radians(3) / 3 / area for side in (np.cos, np.sin))
    return area, origin + offset_u * along + offset_v * across


def plane_crossings(surface: Surface, origin: Floats, normal: Floats) -> Floats:
    """Points where the edges of a surface cross a plane, shape (n, 3)."""
    height = (surface.vertices_mm - origin) @ normal
    edges = np.concatenate([surface.faces[:, [0, 1]], surface.faces[:, [1, 2]], surface.faces[:, [2, 0]]])
    low, high = edges[(height[edges[:, 0]] < 0) & (height[edges[:, 1]] >= 0)].T
    part = (height[low] / (height[low] - height[high]))[:, None]
    return np.asarray(surface.vertices_mm[low] * (1 - part) + surface.vertices_mm[high] * part)
