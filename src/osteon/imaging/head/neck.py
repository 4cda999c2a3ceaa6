"""Which way does the neck leave the head, and so which hip is it?"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from osteon.anatomy import Floats, Side, Volume, sample
from osteon.anatomy.sphere import head_directions
from osteon.anatomy.volume import Array
from osteon.imaging.head.ball import Ball, Layers

# A neck is about 0.7 radii thick where it leaves the head: 45 degrees about its axis; its middle is looked for in a
# cone a little narrower.
CONE_DEG = 35.0
# Bone has to go on this far outside the head's sphere along a ray for the ray to be in the neck.
BEYOND_MM = (2.0, 10.0)


def neck_direction(image: Volume, ball: Ball, layers: Layers, side: Side | None = None) -> tuple[Floats, float] | None:
    """Unit vector in LPS down the neck, and the share (0 to 1) of a cone about it in which bone leaves the head.

    The neck goes laterally and not up; of the directions that do, the one about which most rays leave the head through
    bone, with no edge of the head there. None when the image ends at the head.
    """
    rays = head_directions(800)
    leaves, seen = leaving(image, ball, layers, rays)
    axis = rays[plausible(rays, side)]
    cone = (axis @ rays.T) > np.cos(np.radians(CONE_DEG))
    share = (cone & leaves).sum(axis=1) / np.maximum((cone & seen).sum(axis=1), 1)
    share[(cone & seen).sum(axis=1) < 0.6 * cone.sum(axis=1)] = 0.0
    best = int(share.argmax())
    if share[best] <= 0:
        return None
    middle = rays[cone[best] & leaves].mean(axis=0)
    return middle / np.linalg.norm(middle), float(share[best])


def plausible(directions: Floats, side: Side | None) -> Array:
    """Directions a neck can take: laterally (either way where the side is not known), and downward or level."""
    lateral = directions[:, 0] * {"left": 1, "right": -1}[side] if side else np.abs(directions[:, 0])
    return np.asarray((lateral > 0.35) & (directions[:, 2] < 0.15) & (np.abs(directions[:, 1]) < 0.75))


def leaving(image: Volume, ball: Ball, layers: Layers, directions: Floats) -> tuple[Array, Array]:
    """Which rays leave the head through bone, and which stay in the image long enough to tell."""
    reach = np.arange(0.75 * ball.radius_mm, ball.radius_mm + BEYOND_MM[1] + 0.1, 1.0)
    profile = sample(image, ball.center_mm + directions[:, None] * reach[:, None])
    seen = np.asarray(np.isfinite(profile).all(axis=1))
    outside = reach > ball.radius_mm + BEYOND_MM[0]
    if layers.cortex < layers.marrow:
        # Red marrow in the neck may be little brighter than cartilage, but it is nowhere darker.
        level = 0.85 * layers.joint + 0.15 * layers.marrow
        smooth = ndimage.uniform_filter1d(np.where(seen[:, None], profile, -1e6), 3, axis=1)
        return seen & (smooth.min(axis=1) > level), seen
    # In CT the neck's marrow may be as dark as muscle: its rays meet no edge of the head but bone further out.
    found = ball.drops.place_mm[ball.on] - ball.center_mm
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    edge = (directions @ found.T).max(axis=1) > np.cos(np.radians(8))
    bone = 0.5 * (layers.joint + layers.marrow)
    some = np.where(seen[:, None], profile, -np.inf)[:, outside].max(axis=1) > bone
    return seen & some & ~edge, seen
