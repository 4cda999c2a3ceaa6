"""Where in a CT does the sphere of a head lie that has sunk in?

CT shows the surface sharply and not which part of it is dead: over a large collapse its sphere runs after the sunken
bone. MR knows better where the sphere lies and less well where the surface is. What both show of the intact surface
carries the sphere of MR over to CT, and it is taken where the intact surface lies on it clearly better.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from osteon.anatomy import Floats, Hip, Sphere, head_directions, sample
from osteon.anatomy.region import HEAD_PLANE_RADII
from osteon.imaging.found import FoundHip
from osteon.imaging.measure.ct_surface import bone_surface
from osteon.imaging.measure.outline import away_mm
from osteon.imaging.measure.shape import RIM_DEG, SURFACE_RAYS, chord
from osteon.imaging.series import Mask, Series

UNDER_MM = (1.0, 2.5, 4.0)  # the surface lies over the lesion where there is lesion this deep beneath the sphere
LEAST_RAYS = 100  # a fifteenth of the head; fewer say too little about a place
# The patient may have moved this far between the examinations. The two surfaces are drawn from halfway points of other
# edges and may lie this much inside each other; they differ by this over patches of a 40th of the sphere.
MOVED_SD_MM, INSIDE_SD_MM, UNLIKE_SD_MM, PATCHES = 2.0, 0.1, 0.2, 40
# The CT's own sphere is kept unless its intact surface strays from the other this much less, in parts. On phantoms the
# parts are 0.57 to 0.78 where the CT's sphere ran after a collapse, and 0.86 to 0.99 elsewhere.
BETTER = 0.82
FAR_MM = 0.8  # points further off than about this lose their weight


def carried(found: FoundHip, ct: Series, ct_found: FoundHip, lesion: Mask | None) -> FoundHip:
    """The hip in a CT, its sphere that of MR where the CT's intact surface lies clearly better on that.

    Parameters
    ----------
    found
        The hip in the MR that the lesion was marked on.
    ct, ct_found
        A CT of the same hip in the same frame, and the hip found there.
    """
    if lesion is None or not len(found.surface_mm):
        return ct_found
    own, head = ct_found.hip.head, found.hip.head
    bone_mm = bone_surface(ct, ct_found.hip)
    rays = intact_rays(found.hip, lesion)
    step = away_mm(bone_mm, head, rays) - away_mm(found.surface_mm, head, rays)
    both = np.isfinite(step)
    if both.sum() < LEAST_RAYS:
        return ct_found
    moved = shift(rays[both], step[both])
    other = replace(head, center_mm=head.center_mm + moved[:3], radius_mm=head.radius_mm + float(moved[3]))
    better = strayed_mm(bone_mm, other, rays) < BETTER * strayed_mm(bone_mm, own, rays)
    return replace(ct_found, hip=replace(ct_found.hip, head=other)) if better else ct_found


def intact_rays(hip: Hip, lesion: Mask) -> Floats:
    """Directions proximal to the neck and away from the lesion, shape (n, 3)."""
    head = hip.head
    rays = head_directions(SURFACE_RAYS) * np.array([hip.lateral[0], 1.0, 1.0])
    rays = rays[rays @ hip.neck_axis < HEAD_PLANE_RADII]
    marked = lesion.volume.with_array(lesion.volume.array.astype(np.float32))
    depths = [sample(marked, head.center_mm + (head.radius_mm - under) * rays, outside=0.0) for under in UNDER_MM]
    dead = np.any(np.array(depths) > 0.5, axis=0)
    return np.asarray(rays[cKDTree(rays[dead]).query(rays)[0] > chord(RIM_DEG)] if dead.any() else rays)


def shift(rays: Floats, step: Floats) -> Floats:
    """Move in x, y and z and growth, in mm, that best explain how far one surface lies outside another; shape (4,).

    Weighted least squares, repeated with the weights of the last.

    Examples
    --------
    >>> rays = head_directions(1500)
    >>> shift(rays, rays @ np.array([1.0, 0.0, -0.5])).round(2).tolist()[::2]
    [1.0, -0.5]
    """
    slopes = np.c_[rays, np.ones(len(rays))]
    known = np.diag(np.array([MOVED_SD_MM] * 3 + [INSIDE_SD_MM]) ** -2.0)
    found = np.zeros(4)
    for _ in range(8):
        off = (step - slopes @ found) / FAR_MM
        weight = PATCHES / SURFACE_RAYS / UNLIKE_SD_MM**2 / (1 + off**4)
        found = np.linalg.solve((weight[:, None] * slopes).T @ slopes + known, slopes.T @ (weight * step))
    return found


def strayed_mm(bone_mm: Floats, sphere: Sphere, rays: Floats) -> float:
    """How far a surface strays from a sphere of the same centre along rays: the middle distance, in mm."""
    away = away_mm(bone_mm, sphere, rays)
    return float(np.nanmedian(np.abs(away - np.nanmedian(away))))
