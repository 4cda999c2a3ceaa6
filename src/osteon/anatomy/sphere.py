"""Which sphere is the round part of this femoral head?

A plain least-squares sphere takes in neck, fovea and a collapsed place and can be 5 mm wrong. Here a sphere has to be
carried by surface that lies on it and faces away from its centre, over as many directions as possible.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from osteon.anatomy.hip import Side, Sphere
from osteon.anatomy.surface import mask_surface, vertex_normals
from osteon.anatomy.volume import Floats, Volume
from osteon.errors import Fault, InputError

Flags = NDArray[np.bool_]

# Radius of an adult femoral head, mm: 20-30 in the femurs here; wider for children's hips and dysplasia, and below the
# 35 mm and more of the rounded femoral condyles' and trochanters' larger spheres.
HEAD_RADIUS_MM = (15.0, 32.0)

# The surface lies within this of the final sphere, and faces at most 25 degrees away from its radius, to be counted
# (docs/explanation/images.md, section 1: "points within 1 mm whose normal agrees").
NEAR_MM = 1.0
AGREES = float(np.cos(np.radians(25)))

# Four points are all on the head in about one draw of ten (they are drawn near one another), so that 3000 draws hold
# hundreds of good ones; each is scored on at most 2500 points of the surface. More only costs time.
DRAWS = 3000
SCORED_POINTS = 2500
FINALISTS = 60

# Directions that a sphere's support is counted over. 400 are 10 degrees apart: finer than the gaps in thick slices
# would count holes that are none.
SUPPORT_DIRECTIONS = 400

# How far down from the top of the bone a head is looked for, mm. Long enough for the head below a high trochanter, and
# short enough to leave the knee out of a whole femur.
PROXIMAL_MM = 110.0


def head_directions(n: int) -> Floats:
    """`n` unit vectors spread evenly over the sphere (Fibonacci lattice), shape (n, 3), LPS.

    Examples
    --------
    >>> bool(np.abs(head_directions(500).mean(axis=0)).max() < 0.01)
    True
    """
    k = np.arange(n) + 0.5
    z = 1 - 2 * k / n
    turn = np.pi * (1 + 5**0.5) * k
    across = np.sqrt(1 - z**2)
    return np.stack([across * np.cos(turn), across * np.sin(turn), z], axis=1)


def fit_sphere(
    points_mm: ArrayLike,
    normals: ArrayLike | None = None,
    *,
    radius_range_mm: tuple[float, float] = (12.0, 40.0),
    tolerance_mm: float = 0.75,
    seed: int = 0,
) -> Sphere:
    """The sphere that carries surface over the most directions, refined by least squares.

    Spheres through four random points (RANSAC) are ranked by the share of their directions in which a point lies
    within `tolerance_mm`; the best one is refined by least squares on the points within 1 mm of it
    (docs/explanation/images.md,
    section 1). With normals, only points that face away from the centre within 25 degrees count.

    Parameters
    ----------
    points_mm
        Surface points, shape (n, 3), n at least 4, LPS millimetres (any frame in mm works).
    normals
        Outward unit normals at the points, shape (n, 3).
    radius_range_mm
        Spheres outside this range are not considered.
    tolerance_mm
        Above 0; how far a point may lie from a four-point sphere to support it.
    seed
        Of the random draws; the same seed gives the same sphere.

    Raises
    ------
    InputError
        When no sphere in the range is supported.

    Examples
    --------
    >>> sphere = fit_sphere(np.array([1.0, 2.0, 3.0]) + 24 * head_directions(300))
    >>> sphere.center_mm.round(3).tolist(), round(sphere.radius_mm, 3)
    ([1.0, 2.0, 3.0], 24.0)
    """
    points = np.asarray(points_mm, float).reshape(-1, 3)
    facing = None if normals is None else np.asarray(normals, float).reshape(-1, 3)
    rng = np.random.default_rng(seed)
    middle = points.mean(axis=0) if len(points) else np.zeros(3)
    centers, radii = four_point_spheres(points - middle, rng, radius_range_mm)
    if not len(radii):
        raise InputError("the surface of the bone", [no_head(len(points), radius_range_mm)])
    shown = rng.permutation(len(points))[:SCORED_POINTS]
    best = best_supported(points[shown] - middle, pick(facing, shown), centers, radii, tolerance_mm)
    return refined(points - middle, facing, centers[best], float(radii[best]), middle, radius_range_mm)


def refit_sphere(points_mm: ArrayLike, normals: ArrayLike | None, start: Sphere) -> Sphere:
    """The sphere near `start` that fits the points best: least squares on those within 1 mm that face away from it.

    For a part of the surface that is known to be sound: the sphere of a collapsed head is fitted without its lesion
    (docs/explanation/images.md, section 3), whose rim lies within a millimetre and would pull the sphere into the
    collapse.

    Parameters
    ----------
    points_mm, normals
        As for `fit_sphere`, without the part that is left out.
    start
        The sphere found on the whole surface.
    """
    points = np.asarray(points_mm, float).reshape(-1, 3)
    facing = None if normals is None else np.asarray(normals, float).reshape(-1, 3)
    return refined(points - start.center_mm, facing, np.zeros(3), start.radius_mm, start.center_mm, (12.0, 40.0))


def circle_through(points_mm: ArrayLike) -> tuple[Floats, float]:
    """Centre (LPS mm) and radius (mm) of the circle nearest to three or more clicks on the rim of a head.

    The clicks' plane is their best plane; within it the circle is the algebraic least squares one, which is exact for
    three points.

    Examples
    --------
    >>> center, radius = circle_through([[25, 0, 0], [0, 0, 25], [-25, 0, 0]])
    >>> bool(np.linalg.norm(center) < 1e-9), round(radius, 6)
    (True, 25.0)
    """
    points = np.asarray(points_mm, float).reshape(-1, 3)
    middle = points.mean(axis=0)
    spread, axes = np.linalg.svd(points - middle)[1:]
    if len(points) < 3 or spread[1] < 1e-3 * max(spread[0], 1e-9):
        message = f"{len(points)} points on one line are no circle. Click at least three places around the head's rim."
        raise InputError("the clicks", [Fault("points_mm", message)])
    flat = (points - middle) @ axes[:2].T
    solution = np.linalg.lstsq(np.c_[2 * flat, np.ones(len(flat))], (flat**2).sum(axis=1), rcond=None)[0]
    return middle + solution[:2] @ axes[:2], float(np.sqrt(solution[2] + (solution[:2] ** 2).sum()))


def head_sphere_of_surface(vertices_mm: ArrayLike, faces: ArrayLike, side: Side | None = None) -> Sphere:
    """The head's sphere on the surface of a proximal or whole femur.

    Parameters
    ----------
    vertices_mm, faces
        Triangles of the bone's surface: vertices (n, 3) in LPS millimetres, faces (m, 3) of vertex numbers.
    side
        Which femur it is, where known: the head is then looked for on the medial half only.
    """
    vertices = np.asarray(vertices_mm, float)
    return head_sphere_of_points(vertices, vertex_normals(vertices, faces), side)


def head_sphere_of_mask(femur: Volume, side: Side | None = None) -> Sphere:
    """The head's sphere in a mask of the femur (or of its proximal part), from its border with sub-voxel accuracy.

    Voxels may be thick slices: then only the outlines within the slices count.
    """
    points, normals = mask_surface(femur)
    return head_sphere_of_points(points, normals, side)


def head_sphere_of_points(points_mm: Floats, normals: Floats, side: Side | None = None) -> Sphere:
    """The head's sphere among surface points (n, 3) with outward normals (n, 3) of a femur, LPS millimetres."""
    if not len(points_mm):
        raise InputError("the surface of the bone", [no_head(0, HEAD_RADIUS_MM)])
    proximal = points_mm[:, 2] > points_mm[:, 2].max() - PROXIMAL_MM
    if side is not None:
        x = points_mm[:, 0] * (1 if side == "left" else -1)
        # Past the middle, because a strongly tilted neck leaves part of the head on the lateral half.
        proximal &= x < x[proximal].min() + 0.65 * np.ptp(x[proximal])
    return fit_sphere(points_mm[proximal], normals[proximal], radius_range_mm=HEAD_RADIUS_MM)


def no_head(n: int, radius_range_mm: tuple[float, float]) -> Fault:
    """What to say when no sphere is found."""
    low, high = radius_range_mm
    message = (
        f"none of its {n} points lie together on a sphere of {low:g} to {high:g} mm radius. Send the femur's mask or "
        "surface with its whole head, in millimetres, or click three places around the head's rim."
    )
    return Fault("femoral head", message)


def pick(rows: Floats | None, where: NDArray[np.intp]) -> Floats | None:
    """Some rows of an array that may be missing."""
    return None if rows is None else rows[where]


def four_point_spheres(
    points: Floats, rng: np.random.Generator, radius_range_mm: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Centres (m, 3) and radii (m,) of the spheres through random fours of points that lie near one another."""
    if len(points) < 4:
        return np.empty((0, 3)), np.empty(0)
    drawn = rng.integers(len(points), size=(DRAWS, 25))
    away = np.linalg.norm(points[drawn[:, 1:]] - points[drawn[:, :1]], axis=2)
    # Points of one sphere are at most its diameter apart; very near ones say nothing about a curvature.
    near = (away < 2 * radius_range_mm[1]) & (away > 0.4 * radius_range_mm[0])
    order = np.argsort(~near, axis=1, kind="stable")[:, :3]
    first = points[drawn[:, 0]]
    others = points[np.take_along_axis(drawn[:, 1:], order, axis=1)] - first[:, None]
    good = np.abs(np.linalg.det(others)) > 1.0
    half = 0.5 * (others[good] ** 2).sum(axis=2)
    offset = np.linalg.solve(others[good], half[..., None])[..., 0]
    radii = np.linalg.norm(offset, axis=1)
    fits = (radii > radius_range_mm[0]) & (radii < radius_range_mm[1])
    return (first[good] + offset)[fits], radii[fits]


def best_supported(points: Floats, normals: Floats | None, centers: Floats, radii: Floats, tolerance_mm: float) -> int:
    """Number of the sphere with support over the largest share of its directions."""
    squared = (points**2).sum(axis=1) - 2 * centers @ points.T + (centers**2).sum(axis=1)[:, None]
    distance = np.sqrt(np.maximum(squared, 1e-12))
    supports = np.abs(distance - radii[:, None]) < tolerance_mm
    if normals is not None:
        supports &= (points * normals).sum(axis=1) - centers @ normals.T > AGREES * distance
    finalists = np.argsort(-supports.sum(axis=1), kind="stable")[:FINALISTS]
    shares = [covered_percent(points[supports[k]] - centers[k]) for k in finalists]
    return int(finalists[int(np.argmax(shares))])


def covered_percent(offsets: Floats) -> float:
    """Percent of all directions from a centre that have one of the offsets (n, 3) within 10 degrees."""
    if not len(offsets):
        return 0.0
    units = offsets / np.linalg.norm(offsets, axis=1, keepdims=True)
    apart = cKDTree(units).query(head_directions(SUPPORT_DIRECTIONS), distance_upper_bound=2 * np.sin(np.radians(5)))[0]
    return float(100 * np.isfinite(apart).mean())


def refined(
    points: Floats,
    normals: Floats | None,
    center: Floats,
    radius: float,
    middle: Floats,
    radius_range_mm: tuple[float, float],
) -> Sphere:
    """Least squares on the points that agree, until the same points agree again."""
    before = np.zeros(len(points), bool)
    for _ in range(60):
        near = supporting(points, normals, center, radius, NEAR_MM)
        if near.sum() < 4 or (near == before).all():
            break
        weights = even_weights(points[near] - center)
        center, radius = least_squares_sphere(points[near], weights, center, radius)
        before = near
    if near.sum() < 4 or not radius_range_mm[0] * 0.9 < radius < radius_range_mm[1] * 1.1:
        raise InputError("the surface of the bone", [no_head(len(points), radius_range_mm)])
    residual = np.linalg.norm(points[near] - center, axis=1) - radius
    return Sphere(center + middle, radius, float(residual.std()), covered_percent(points[near] - center))


def supporting(points: Floats, normals: Floats | None, center: Floats, radius: float, within_mm: float) -> Flags:
    """Which points lie on a sphere and face away from its centre."""
    offset = points - center
    distance = np.linalg.norm(offset, axis=1)
    near = np.abs(distance - radius) < within_mm
    if normals is not None:
        near &= (offset * normals).sum(axis=1) > AGREES * distance
    return np.asarray(near)


def even_weights(offsets: Floats) -> Floats:
    """Weights (n,) that let every direction count the same, however densely it was sampled.

    Thick slices and uneven triangles would otherwise pull the sphere to where points are many: a real head is round
    to 0.4 mm only.
    """
    bins = cKDTree(head_directions(SUPPORT_DIRECTIONS)).query(offsets)[1]
    count = np.bincount(bins, minlength=SUPPORT_DIRECTIONS)
    # A bin that the surface only grazes must not outweigh full ones.
    full = 0.5 * np.median(count[count > 0])
    return np.asarray(1 / np.maximum(count, full)[bins])


def least_squares_sphere(points: Floats, weights: Floats, center: Floats, radius: float) -> tuple[Floats, float]:
    """Centre and radius with the least sum of squared distances of points to the sphere (Gauss-Newton)."""
    scale = np.sqrt(weights)[:, None]
    for _ in range(8):
        offset = points - center
        distance = np.linalg.norm(offset, axis=1)
        jacobian = np.c_[offset / distance[:, None], np.ones(len(points))]
        step = np.linalg.lstsq(scale * jacobian, scale[:, 0] * (distance - radius), rcond=None)[0]
        center, radius = center + step[:3], radius + float(step[3])
        if np.abs(step).max() < 1e-7:
            break
    return center, radius
