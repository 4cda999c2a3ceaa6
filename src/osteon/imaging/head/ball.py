"""Which sphere do the places lie on where the head's bone ends, and how far outside them is its outer surface?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import special
from scipy.optimize import least_squares

from osteon.anatomy import Floats, Volume
from osteon.anatomy.volume import Array
from osteon.imaging.head.rays import Drops, Rays, cast, find_drops

# Adult heads have radii of about 19 to 29 mm; a margin on both sides keeps children's and large heads.
RADIUS_RANGE_MM = (15.0, 33.0)
# A drop belongs to the sphere within this distance: about twice what real heads stray from a sphere (SD 0.35 to 0.42
# mm, docs/explanation/images.md, section 1) with a pixel's noise added. More lets a lesion's rim in, less loses
# support.
ON_SPHERE_MM = 1.0
FINALISTS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Ball:
    """A sphere through steep drops, the rays and drops it was found with, and which drops lie on it."""

    center_mm: Floats
    radius_mm: float
    rays: Rays
    drops: Drops
    on: Array

    @property
    def share(self) -> float:
        """Share of the rays that have their drop on the sphere; those that leave the image before it count half."""
        past = np.asarray(np.isfinite(self.rays.profile[:, self.rays.reach_mm <= self.radius_mm + 2]).all(axis=1))
        return float(self.on.sum() / max(past.sum(), 0.5 * len(past)))

    @property
    def inner_level(self) -> float:
        """Median of the image well inside the sphere."""
        inside = self.rays.reach_mm < 0.8 * self.radius_mm
        return float(np.nanmedian(self.rays.profile[:, inside]))

    @property
    def residual_sd_mm(self) -> float:
        """Spread of the drops about the sphere."""
        return float((np.linalg.norm(self.drops.place_mm[self.on] - self.center_mm, axis=1) - self.radius_mm).std())


def find_ball(image: Volume, center_mm: Floats, radius_mm: float, reach_mm: float = 12.0) -> Ball | None:
    """The sphere near a rough centre that most rays' drops lie on; None when there is none.

    Spheres that explain many drops seen from the rough centre are each refined with rays from their own centre; the
    best supported one is taken.
    """
    drops = find_drops(image, cast(image, center_mm, max(radius_mm, 24.0), 10.0))
    balls = [refined(image, center, radius) for center, radius in voted(drops, center_mm, reach_mm)]
    near = [b for b in balls if b is not None and np.linalg.norm(b.center_mm - center_mm) < 1.2 * reach_mm]
    return max(near, key=support, default=None)


def evenly_fitted(ball: Ball) -> Ball:
    """The sphere refitted with all drops within `ON_SPHERE_MM` counting alike, high or low, inside or outside.

    A real head is not quite round, so that a sphere through one side of it is off on the other: all of the surface is
    wanted, unless part of it has sunk in: then the sphere runs after it and loses support.
    """
    center, radius, on = ball.center_mm, ball.radius_mm, ball.on
    for _ in range(6):
        if on.sum() < 30:
            return ball
        center, radius = sphere_through(ball.drops.place_mm[on], np.ones(int(on.sum())))
        on = on_sphere(ball.drops, center, radius, ON_SPHERE_MM)
    even = replace(ball, center_mm=center, radius_mm=radius, on=on)
    return even if support(even) >= KEPT_SUPPORT * support(ball) else ball


# Out-of-roundness costs an even fit next to nothing in support, a collapse that was let in a twentieth and more.
KEPT_SUPPORT = 0.935


def support(ball: Ball) -> float:
    """How much speaks for a sphere: its rays, each by its weight and how near it ends, less bone outside the sphere.

    Bone may lie inside the head's sphere (a lesion's rim, a collapse), but not outside it, save at the neck, which
    costs every sphere alike.
    """
    gap = np.linalg.norm(ball.drops.place_mm - ball.center_mm, axis=1) - ball.radius_mm
    outside = ~np.isin(ball.drops.ray, ball.drops.ray[ball.on])
    against = (ball.drops.weight * protrudes(gap))[outside].sum()
    return float((ball.drops.weight * agreement(gap))[ball.on].sum() - against)


def support_per_ray(ball: Ball) -> float:
    """Support in parts of what all rays could give: larger balls are met by more rays."""
    return support(ball) / len(ball.rays.origin)


def agreement(gap_mm: Floats) -> Floats:
    """1 on the sphere, falling to 0 at `ON_SPHERE_MM` from it."""
    return np.asarray(np.maximum(0, 1 - (gap_mm / ON_SPHERE_MM) ** 2))


def protrudes(gap_mm: Floats) -> Array:
    """Whether a drop shows bone outside the sphere: past its tolerance and short of the socket's far side."""
    return np.asarray((gap_mm > 1.3 * ON_SPHERE_MM) & (gap_mm < 5.0))


def refined(image: Volume, center: Floats, radius: float) -> Ball | None:
    """The sphere after two rounds of rays from its own centre; None when too few rays end on it."""
    for _ in range(2):
        rays = cast(image, center, radius)
        drops = find_drops(image, rays)
        center, radius, on = settled(drops, center, radius)
        if on.sum() < 30 or not RADIUS_RANGE_MM[0] < radius < RADIUS_RANGE_MM[1]:
            return None
    return Ball(center, radius, rays, drops, on)


def voted(drops: Drops, near_mm: Floats, reach_mm: float) -> list[tuple[Floats, float]]:
    """A few spheres with centres within `reach_mm` of `near_mm` that most drops lie on, each unlike the others.

    Every centre on a grid is tried, and at each the radius at which most drops lie: so few drops may belong to the head
    (a third, with a large lesion) that drawing four at random would need tens of thousands of draws.
    """
    if len(drops.ray) < 30:
        return []
    steps = np.arange(-reach_mm, reach_mm + 0.1, GRID_MM)
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    center = near_mm + grid[np.linalg.norm(grid, axis=1) <= reach_mm]
    votes = radius_votes(drops, center)
    best = votes.argmax(axis=1)
    height, radius = votes.max(axis=1), RADIUS_RANGE_MM[0] + (best + 0.5) * BIN_MM
    chosen: list[int] = []
    for i in np.argsort(-height, kind="stable")[:60]:
        near = [np.linalg.norm(center[i] - center[j]) + abs(radius[i] - radius[j]) < 4.0 for j in chosen]
        if len(chosen) < FINALISTS and not any(near):
            chosen.append(int(i))
    return [(center[i], float(radius[i])) for i in chosen]


# Centres are tried this far apart and radii in bins this wide: a wrong centre by half a step strays a drop by 1 mm.
GRID_MM, BIN_MM = 2.5, 1.0


def radius_votes(drops: Drops, center: Floats) -> Floats:
    """Weight of drops at each radius around each centre, less what lies just outside it; shape (centres, radii)."""
    low, high = RADIUS_RANGE_MM
    count = int((high - low) / BIN_MM) + 5
    away = np.sqrt(((drops.place_mm[None].astype(np.float32) - center[:, None].astype(np.float32)) ** 2).sum(axis=-1))
    at = np.clip(((away - low) / BIN_MM + 1).astype(int), 0, count - 1)
    flat = (at + count * np.arange(len(center))[:, None]).ravel()
    weight = np.broadcast_to(drops.weight, at.shape).ravel()
    bins = np.bincount(flat, weight, minlength=count * len(center)).reshape(len(center), count)
    bins[:, [0, -1]] = 0.0  # everything below and above the range
    wide = bins[:, 1:-3] + 0.5 * (bins[:, :-4] + bins[:, 2:-2])
    return np.asarray(wide - 0.5 * (bins[:, 3:-1] + bins[:, 4:]))


def settled(drops: Drops, center: Floats, radius: float) -> tuple[Floats, float, Array]:
    """Robust sphere through the drops near it (Tukey's biweight, repeated), and which drops lie on it."""
    for scale in (2.0, 1.5, *[1.0] * 6):
        on = on_sphere(drops, center, radius, OUTSIDE_MM * scale)
        gap = np.linalg.norm(drops.place_mm[on] - center, axis=1) - radius
        weight = drops.weight[on] * biweight(gap, scale)
        if (weight > 0).sum() < 20:
            break
        center, radius = sphere_through(drops.place_mm[on], weight)
    return center, radius, on_sphere(drops, center, radius, ON_SPHERE_MM)


# Drops further inside or outside the sphere than this do not move it. The two differ: bone that has sunk in lies
# inside and has to be left out, while no bone of the round part lies outside: what seems to shows a sphere too small.
INSIDE_MM, OUTSIDE_MM = 1.1, 1.6


def biweight(gap_mm: Floats, scale: float) -> Floats:
    """Tukey's biweight of distances from the sphere, narrower inside than outside."""
    limit = scale * np.where(gap_mm < 0, INSIDE_MM, OUTSIDE_MM)
    return np.asarray(np.maximum(0, 1 - (gap_mm / limit) ** 2) ** 2)


def on_sphere(drops: Drops, center: Floats, radius: float, tolerance_mm: float) -> Array:
    """Whether each drop is its ray's nearest to the sphere and lies within the tolerance."""
    gap = np.abs(np.linalg.norm(drops.place_mm - center, axis=1) - radius)
    order = np.lexsort((gap, drops.ray))
    first = np.ones(len(order), bool)
    first[1:] = drops.ray[order][1:] != drops.ray[order][:-1]
    nearest = np.zeros(len(order), bool)
    nearest[order] = first
    return np.asarray(nearest & (gap <= tolerance_mm))


def sphere_through(points: Floats, weight: Floats) -> tuple[Floats, float]:
    """Weighted least-squares sphere: the algebraic fit, then three Gauss-Newton steps on the distances."""
    middle = points.mean(axis=0)
    p, root = points - middle, np.sqrt(weight)
    x = solved(np.column_stack([2 * p, np.ones(len(p))]), (p**2).sum(axis=1), root)
    center, radius = x[:3], float(np.sqrt(max(x[3] + x[:3] @ x[:3], 1.0)))
    for _ in range(3):
        away = p - center
        length = np.linalg.norm(away, axis=1)
        step = solved(np.column_stack([away / length[:, None], np.ones(len(p))]), length - radius, root)
        center, radius = center + step[:3], radius + float(step[3])
    return center + middle, radius


def solved(system: Floats, right: Floats, root_weight: Floats) -> Floats:
    """Weighted least squares."""
    return np.asarray(np.linalg.lstsq(system * root_weight[:, None], right * root_weight, rcond=None)[0])


@dataclass(frozen=True, slots=True)
class Layers:
    """The head's layers from its mean profile: marrow, a thin shell of cortex, then the joint.

    `outer_mm` is how far the bone's outer surface lies outside the steepest drop; `blur_mm` the SD of the blurring.
    """

    marrow: float
    joint: float
    cortex: float
    thickness_mm: float
    blur_mm: float
    outer_mm: float


def fit_layers(ball: Ball, cortex: float) -> Layers:
    """Layers of the mean profile of the rays that end on the sphere.

    A shell thinner than the blur shows by its area alone, so that the signal of cortex must be known from elsewhere
    (`cortex`); a third more or less of it moves the outer surface by about 0.1 mm. The model is two steps (marrow to
    cortex, cortex to joint) under one Gaussian. Weak expectations (`EXPECTED`) hold it where the profile says little.
    """
    # The steepest drop of bright marrow lies under the outer surface, that of a bright shell outside it.
    outer = 1.0 if cortex < ball.inner_level else -0.5
    for _ in range(2):
        layers = layers_of(*mean_profile(ball, outer + BEYOND_MM), cortex, outer)
        outer = layers.outer_mm
    return layers


def layers_of(depth: Floats, mean: Floats, cortex: float, outer: float) -> Layers:
    """Layers that best explain a mean profile, starting with the outer surface at `outer`."""
    scale = max(float(np.ptp(mean)), 1e-6)
    start = np.array([mean[:6].mean(), mean[-2:].mean(), *EXPECTED[:, 0], outer])

    def off(p: Floats) -> Floats:
        data = (profile(depth, Layers(p[0], p[1], cortex, p[2], p[3], p[4])) - mean) / (PROFILE_NOISE * scale)
        return np.concatenate([data, (p[2:4] - EXPECTED[:, 0]) / EXPECTED[:, 1]])

    limits = [(-np.inf, -np.inf, 0.02, 0.25, -1.5), (np.inf, np.inf, 2.0, 2.5, 2.5)]
    marrow, joint, thickness, blur, outer = least_squares(off, start, bounds=limits, x_scale=[scale, scale, 1, 1, 1]).x
    return Layers(marrow, joint, cortex, thickness, blur, outer)


# Thickness of the head's bony plate and blur of the image with what they usually stray, mm. Both are wide on purpose:
# they decide only where a profile fits many pairs of them.
EXPECTED = np.array([[0.8, 0.5], [0.8, 0.5]])
# What a mean profile strays from two steps under a Gaussian, in parts of its range: vessels, a wavy surface.
PROFILE_NOISE = 0.03
# The joint's own level is read up to here outside the bone: cartilage is about this thick before the socket begins.
BEYOND_MM = 1.75


def mean_profile(ball: Ball, to_mm: float) -> tuple[Floats, Floats]:
    """Median image value by distance outside the drop of each ray, from -5 to `to_mm`.

    Each ray is laid on the others by its own drop: laid by the sphere, a head that is not round would blur the mean and
    hide a thin plate.
    """
    ray, places = ball.drops.ray, ball.drops.place_mm - ball.center_mm
    # Where a slice cuts the surface at a slant, its thickness smears the edge.
    upright = np.linalg.norm(ball.rays.origin[ray] - ball.center_mm, axis=1) < 0.55 * ball.radius_mm
    chosen = ball.on & (ball.drops.marrow > 0.5)
    chosen = chosen & upright if (chosen & upright).sum() > 20 else ball.on
    ray, drop = ray[chosen], np.linalg.norm(places[chosen], axis=1)
    depth = np.linalg.norm(ball.rays.places()[ray] - ball.center_mm, axis=-1) - drop[:, None]
    value = ball.rays.profile[ray]
    edges = np.arange(-5.0, to_mm + 0.01, 0.25)
    at = np.digitize(np.where(np.isfinite(value), depth, 99.0), edges)
    mean = np.array([np.median(value[at == i]) if (at == i).any() else np.nan for i in range(1, len(edges))])
    fine = np.isfinite(mean)
    return ((edges[1:] + edges[:-1]) / 2)[fine], mean[fine]


def profile(depth: Floats, layers: Layers) -> Floats:
    """The image across the layers: two steps under one Gaussian."""
    inner = special.ndtr((depth - layers.outer_mm + layers.thickness_mm) / layers.blur_mm)
    outer = special.ndtr((depth - layers.outer_mm) / layers.blur_mm)
    return np.asarray(layers.marrow + (layers.cortex - layers.marrow) * inner + (layers.joint - layers.cortex) * outer)
