"""How much of the weight-bearing surface is sound after the head is turned by so many degrees?

The intact ratio is the sound arc of the head within the weight-bearing part W of the acetabulum over all of W, on the
patient's coronal plane through the head's centre (docs/explanation/images.md, section 2). The pelvis stays where it
is: to know
what lies under a direction of W after the turn, that direction is turned back and the unturned bone is looked at, so
nothing is resampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from scipy import ndimage

from osteon.anatomy import (
    Hip,
    Plane,
    Volume,
    WeightBearing,
    crop,
    directions,
    level,
    mid_coronal,
    shares_beneath,
    surface_distances,
    tilted,
    weight_bearing,
)
from osteon.anatomy.arc import NECROTIC_SHARE, REACH_RADII, Flags
from osteon.anatomy.hip import ANTERIOR, SUPERIOR
from osteon.anatomy.volume import Floats
from osteon.surgery.bone import halved
from osteon.surgery.settings import SurgeryOptions, named_settings, settings, sources_of

Turn = Literal["anterior rotation", "posterior rotation", "curved varus"]

# Between the angles of the curve. Between directions of W that are looked at; where two neighbours differ the border is
# halved down to a thirtieth of this, 0.1 degrees. Sound islands narrower than this are overlooked.
TURN_STEP_DEG, ARC_STEP_DEG, HALVINGS = 2.0, 3.0, 5
# The interval is read from a map of the head with directions this far apart, along arcs with this step: only
# differences between perturbed and unperturbed maps count.
MAP_STEP_DEG, MAP_ARC_STEP_DEG = 2.0, 0.5
# The neck begins before this angle from the outward end of its axis on any bone; the map ends here.
MAP_END_DEG = 140.0
# The bone that is looked at reaches this many radii from the centre: the head's surface, and the pelvis down to the
# teardrop. Cutting the rest away changes nothing but the time.
HEAD_RADII, SOCKET_RADII = 1.7, 2.7
# Directions looked at together: their samples take about 100 MB.
RAYS_AT_ONCE = 8000


@dataclass(frozen=True, slots=True)
class Reaches:
    """A published threshold, the ranges of angles in which the ratio reaches it, and how sure that is.

    `surely` is whether some angle reaches it even by the low end of the interval, `perhaps` by the high end.
    """

    threshold_percent: float
    source: str
    ranges_deg: tuple[tuple[float, float], ...]
    surely: bool
    perhaps: bool


@dataclass(frozen=True, slots=True, eq=False)
class RotationPlan:
    """The intact ratio after one kind of osteotomy, for angles from 0 to the largest looked at.

    `axis` is the unit vector (LPS) through `center_mm` about which the head turns right-handed. `weight_bearing_deg` is
    W on the mid-coronal plane (medial end, lateral end; 0 up, positive lateral). Low and high are the least and the
    most under perturbation of centre, plane, axis and lesion.
    """

    kind: Turn
    axis: Floats
    center_mm: Floats
    weight_bearing_deg: tuple[float, float]
    angles_deg: tuple[float, ...]
    intact_ratio_percent: tuple[float, ...]
    low_percent: tuple[float, ...]
    high_percent: tuple[float, ...]
    reaches: tuple[Reaches, ...]
    settings: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def best_angle_deg(self) -> float:
        """The smallest angle with the largest ratio."""
        return self.angles_deg[int(np.argmax(self.intact_ratio_percent))]

    @property
    def can_reach(self) -> bool:
        """Whether some angle reaches the lowest threshold asked for."""
        return any(each.ranges_deg for each in self.reaches)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What the ratio is read from: what the head's surface is like, the hip, the coronal plane and W on it.

    `shift_mm` is where the directions start from, as an offset from the centre the map was made about.
    """

    head: HeadBone | HeadMap
    hip: Hip
    plane: Plane
    sector: WeightBearing
    shift_mm: Floats = field(default_factory=lambda: np.zeros(3))


@dataclass(frozen=True, slots=True, eq=False)
class HeadBone:
    """A head as it is: directions are looked at one by one.

    `bone` and `lesion` are fields that are above 0 inside: `level` of the masks.
    """

    bone: Volume
    lesion: Volume
    hip: Hip
    excess_mm: float

    def intact(self, rays: Floats) -> Flags:
        """Whether directions, shape (..., 3), are intact.

        They are where less than 60 % of the bone from 1 to 5 mm under the surface is lesion (the rule of the lesion's
        arcs), and where the surface lies no more than `excess_mm` outside the sphere: beyond, it is neck.
        """
        flat = rays.reshape(-1, 3)
        surface = self.surface_mm(flat)
        dead = shares_beneath(self.bone, self.lesion, self.hip.head.center_mm, flat, surface) >= NECROTIC_SHARE
        return np.asarray((self.articular(surface) & ~dead).reshape(rays.shape[:-1]))

    def surface_mm(self, rays: Floats) -> Floats:
        """How far from the centre the bone ends along directions, shape (n, 3); NaN where there is none."""
        head = self.hip.head
        return surface_distances(self.bone, head.center_mm, rays, REACH_RADII * head.radius_mm)

    def articular(self, surface_mm: Floats) -> Flags:
        """Whether a surface this far from the centre is the head's and not the neck's."""
        return np.asarray(np.nan_to_num(surface_mm, nan=np.inf) <= self.hip.head.radius_mm + self.excess_mm)


@dataclass(frozen=True, slots=True, eq=False)
class HeadMap:
    """Which directions of a head are intact, on a lattice of angles about the neck axis.

    `sound[i, j]` is above 0 where the surface is the head's and the bone under it is not necrotic, at `i` steps from
    the outward end of the axis and `j` steps around it. `pole`, `east` and `north` are the lattice's axes, LPS.
    """

    sound: Floats
    step_deg: float
    pole: Floats
    east: Floats
    north: Floats

    def intact(self, rays: Floats) -> Flags:
        """Whether directions, shape (..., 3), are intact."""
        from_pole = np.degrees(np.arccos(np.clip(rays @ self.pole, -1, 1))) / self.step_deg
        around = np.degrees(np.arctan2(rays @ self.north, rays @ self.east)) % 360.0 / self.step_deg
        wrapped = np.concatenate([self.sound, self.sound[:, :1]], axis=1)
        values = ndimage.map_coordinates(wrapped, [from_pole, around], order=1, mode="constant", cval=-1.0)
        return np.asarray(values > 0)


KINDS: dict[Turn, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "anterior rotation": (
        "anterior_rotation_deg",
        ("rotation_threshold_percent", "rotation_threshold_sugioka_percent"),
        (),
    ),
    "posterior rotation": (
        "posterior_rotation_deg",
        ("rotation_threshold_percent", "rotation_threshold_sugioka_percent"),
        ("high_rotation",),
    ),
    "curved varus": (
        "varus_deg",
        ("varus_threshold_percent", "varus_threshold_34_percent"),
        ("varus_shortening",),
    ),
}


def rotation_plans(
    hip: Hip, femur: Volume, lesion: Volume, pelvis: Volume | None, options: SurgeryOptions
) -> tuple[RotationPlan, ...]:
    """Anterior rotation, posterior rotation and curved varus; empty where the weight-bearing part is not known.

    Parameters
    ----------
    hip, femur, lesion
        The bone as it is; the masks may lie on different grids.
    pelvis
        Mask of the acetabulum, from which W is constructed; `options.weight_bearing_deg` goes before it.
    options
        Largest angles, thresholds, perturbations.
    """
    socket = None if pelvis is None else about_head(pelvis, hip, SOCKET_RADII)
    head, dead = (about_head(mask, hip, HEAD_RADII) for mask in (femur, lesion))
    views = views_of(hip, head, dead, socket, options)
    return tuple(rotation_plan(kind, views, options) for kind in KINDS) if views else ()


def rotation_plan(kind: Turn, views: list[View], options: SurgeryOptions) -> RotationPlan:
    """One kind of osteotomy; the first view is the bone, the second its map, the others are perturbed maps."""
    limit, thresholds, notes = KINDS[kind]
    hip = views[0].hip
    angles = np.append(np.arange(0.0, getattr(options, limit), TURN_STEP_DEG), getattr(options, limit))
    ratio = intact_ratios(views[0], kind, angles)
    low, high = interval(views[1:], kind, angles, ratio)
    names = (limit, "articular_excess_mm", "center_shift_mm", "plane_tilt_deg")
    return RotationPlan(
        kind,
        turn_axis(hip, kind),
        hip.head.center_mm,
        (views[0].sector.medial_deg, views[0].sector.lateral_deg),
        tuple(angles.tolist()),
        tuple(ratio.round(2).tolist()),
        tuple(low.round(2).tolist()),
        tuple(high.round(2).tolist()),
        tuple(reached(angles, ratio, low, high, name, options) for name in thresholds),
        named_settings(options, *names) + views[0].sector.settings,
        sources_of(limit, *thresholds, *notes),
        tuple(settings()[name].text for name in notes),
    )


def turn_axis(hip: Hip, kind: Turn) -> Floats:
    """The unit vector in LPS about which the head turns right-handed.

    Anterior rotation turns the top of the head forwards about the neck, posterior backwards; varus turns its lateral
    side up and inwards about the front-to-back axis.

    Examples
    --------
    >>> from osteon.anatomy import Sphere
    >>> left = Hip("left", Sphere(np.zeros(3), 24.0, 0.4, 80.0), np.array([0.8, 0.0, -0.6]))
    >>> turn_axis(left, "anterior rotation").tolist(), turn_axis(left, "curved varus").tolist()
    ([0.8, 0.0, -0.6], [0.0, -1.0, 0.0])
    """
    if kind == "curved varus":
        return np.cross(hip.lateral, SUPERIOR)
    forwards = hip.neck_axis * np.sign(np.cross(hip.neck_axis, SUPERIOR) @ ANTERIOR)
    return np.asarray(forwards if kind == "anterior rotation" else -forwards)


def intact_ratios(view: View, kind: Turn, angles_deg: Floats) -> Floats:
    """The intact ratio in percent after each of some turns, shape (n,); the borders of what is sound are sought."""
    sector = view.sector
    count = max(int(np.ceil(sector.extent_deg / ARC_STEP_DEG)), 2)
    places = np.linspace(sector.medial_deg, sector.lateral_deg, count + 1)
    turns = np.asarray(angles_deg, float)
    sound = intact_at(view, kind, np.repeat(turns, count + 1), np.tile(places, len(turns))).reshape(len(turns), -1)
    row, cell = np.nonzero(sound[:, 1:] != sound[:, :-1])
    low, high = places[cell], places[cell + 1]
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        like_low = intact_at(view, kind, turns[row], middle) == sound[row, cell]
        low, high = np.where(like_low, middle, low), np.where(like_low, high, middle)
    share = ((low + high) / 2 - places[cell]) / (places[1] - places[0])
    filled = (sound[:, 1:] & sound[:, :-1]).sum(axis=1, dtype=float)
    np.add.at(filled, row, np.where(sound[row, cell], share, 1.0 - share))
    return np.asarray(100.0 * filled / count)


def intact_at(view: View, kind: Turn, turns_deg: Floats, places_deg: Floats) -> Flags:
    """Whether what lies under places of W after turns is intact: one flag for each pair, shape (n,)."""
    if not len(turns_deg):
        return np.zeros(0, bool)
    rays = turned_back(directions(view.plane, places_deg)[:, None], turn_axis(view.hip, kind), turns_deg)
    return view.head.intact(rays[:, 0])


def mapped_ratios(view: View, kind: Turn, angles_deg: Floats) -> Floats:
    """The intact ratio in percent as a view's map has it, shape (n,)."""
    sector = view.sector
    count = max(int(np.ceil(sector.extent_deg / MAP_ARC_STEP_DEG)), 1)
    places = sector.medial_deg + (np.arange(count) + 0.5) * sector.extent_deg / count
    turned = turned_back(directions(view.plane, places), turn_axis(view.hip, kind), angles_deg)
    if view.shift_mm.any():
        turned = seen_from_centre(turned, view.shift_mm, view.hip.head.radius_mm)
    return np.asarray(100.0 * view.head.intact(turned).mean(axis=1))


def seen_from_centre(rays: Floats, shift_mm: Floats, radius_mm: float) -> Floats:
    """The directions from a centre to where rays from `shift_mm` beside it meet the sphere about it.

    So one map serves centres a little apart: the 4 mm of bone looked at under the surface tilt by the shift over the
    radius only, 0.2 mm for 1 mm.
    """
    along = rays @ shift_mm
    away = -along + np.sqrt(along**2 + radius_mm**2 - shift_mm @ shift_mm)
    return np.asarray((shift_mm + away[..., None] * rays) / radius_mm)


def head_maps(bone: HeadBone, lesions: Sequence[Volume], step_deg: float) -> list[HeadMap]:
    """The head as seen from its centre, with each of some lesions (fields), by the same two rules as `HeadBone`."""
    pole = -bone.hip.neck_axis
    east = np.cross(SUPERIOR, pole) / np.linalg.norm(np.cross(SUPERIOR, pole))
    north = np.cross(pole, east)
    from_pole = np.radians(np.arange(0.0, MAP_END_DEG + step_deg / 2, step_deg))[:, None, None]
    around = np.radians(np.arange(0.0, 360.0 - step_deg / 2, step_deg))[None, :, None]
    rays = np.cos(from_pole) * pole + np.sin(from_pole) * (np.cos(around) * east + np.sin(around) * north)
    flat = rays.reshape(-1, 3)
    surface = np.concatenate([bone.surface_mm(some) for some in np.array_split(flat, len(flat) // RAYS_AT_ONCE + 1)])
    articular = bone.articular(surface)
    shares = [shares_beneath(bone.bone, lesion, bone.hip.head.center_mm, flat, surface) for lesion in lesions]
    sound = [np.where(articular, NECROTIC_SHARE - share, -1.0).reshape(rays.shape[:2]) for share in shares]
    return [HeadMap(each, step_deg, pole, east, north) for each in sound]


def turned_back(rays: Floats, axis: Floats, angles_deg: Floats) -> Floats:
    """Directions, shape (m, 3) or (n, m, 3), turned by minus each of n angles about an axis, shape (n, m, 3).

    By Rodrigues' formula.
    """
    angle = -np.radians(angles_deg)[:, None, None]
    along = (rays @ axis)[..., None] * axis
    return np.asarray(along + np.cos(angle) * (rays - along) + np.sin(angle) * np.cross(axis, rays))


def interval(views: list[View], kind: Turn, angles: Floats, ratio: Floats) -> tuple[Floats, Floats]:
    """Least and most of the ratio at every angle: as far from it as the perturbed maps are from the unperturbed one."""
    curves = np.array([mapped_ratios(view, kind, angles) for view in views])
    apart = curves - curves[0]
    return np.clip(ratio + apart.min(axis=0), 0.0, 100.0), np.clip(ratio + apart.max(axis=0), 0.0, 100.0)


def reached(angles: Floats, ratio: Floats, low: Floats, high: Floats, name: str, options: SurgeryOptions) -> Reaches:
    """Where the ratio is at least a threshold."""
    threshold = float(getattr(options, name))
    surely, perhaps = bool((low >= threshold).any()), bool((high >= threshold).any())
    return Reaches(threshold, settings()[name].source, ranges_above(angles, ratio, threshold), surely, perhaps)


def ranges_above(angles: Floats, ratio: Floats, threshold: float) -> tuple[tuple[float, float], ...]:
    """Ranges of angles in which a curve is at least a threshold; straight lines between its points.

    Examples
    --------
    >>> ranges_above(np.array([0.0, 10.0, 20.0, 30.0]), np.array([20.0, 30.0, 50.0, 50.0]), 34.0)
    ((12.0, 30.0),)
    """
    above = ratio >= threshold
    runs, count = ndimage.label(above)
    found = []
    for run in range(1, count + 1):
        first, last = np.flatnonzero(runs == run)[[0, -1]]
        begin, end = angles[first], angles[last]
        if first > 0:
            begin = np.interp(threshold, ratio[[first - 1, first]], angles[[first - 1, first]])
        if last + 1 < len(angles):
            end = np.interp(threshold, ratio[[last + 1, last]], angles[[last + 1, last]])
        found.append((round(float(begin), 1), round(float(end), 1)))
    return tuple(found)


def views_of(hip: Hip, femur: Volume, lesion: Volume, pelvis: Volume | None, options: SurgeryOptions) -> list[View]:
    """The bone as found, its map, and maps with centre moved, plane and neck axis turned, lesion a little changed.

    Empty where W is neither given nor found; a perturbed view in which it is not found is left out.
    """
    sector = sector_of(hip, mid_coronal(hip), pelvis, options)
    if sector is None:
        return []
    lesions = [level(each) for each in (lesion, *half_a_voxel(lesion))]
    bone = HeadBone(level(femur), lesions[0], hip, options.articular_excess_mm)
    head, *changed = head_maps(bone, lesions, MAP_STEP_DEG)
    views = [View(each, hip, mid_coronal(hip), sector) for each in (bone, head)]
    views += [View(head, each, mid_coronal(hip), sector) for each in with_neck_turned(hip, options.plane_tilt_deg)]
    for plane in planes_tilted(hip, options.plane_tilt_deg):
        other = sector_of(hip, plane, pelvis, options)
        views += [View(head, hip, plane, other)] if other else []
    for each in with_centre_moved(hip, options.center_shift_mm):
        other = sector_of(each, mid_coronal(each), pelvis, options)
        shift = each.head.center_mm - hip.head.center_mm
        views += [View(head, each, mid_coronal(each), other, shift)] if other else []
    return views + [View(each, hip, mid_coronal(hip), sector) for each in changed]


def sector_of(hip: Hip, plane: Plane, pelvis: Volume | None, options: SurgeryOptions) -> WeightBearing | None:
    """The weight-bearing part on a plane, as given or from the pelvis; None where neither is there."""
    if options.weight_bearing_deg is not None:
        return WeightBearing(*options.weight_bearing_deg, ("weight_bearing_deg as given",))
    found = None if pelvis is None else weight_bearing(pelvis, hip, plane)
    return found if found is not None and found.extent_deg > 0 else None


def with_centre_moved(hip: Hip, by_mm: float) -> list[Hip]:
    """The hip with its head's centre moved both ways along each of the patient's axes."""
    steps = np.concatenate([np.eye(3), -np.eye(3)]) * by_mm
    return [replace(hip, head=replace(hip.head, center_mm=hip.head.center_mm + step)) for step in steps]


def planes_tilted(hip: Hip, by_deg: float) -> list[Plane]:
    """The mid-coronal plane turned both ways about its vertical and its lateral axis."""
    plane = mid_coronal(hip)
    return [tilted(plane, turn, about) for turn in (by_deg, -by_deg) for about in ("up", "positive")]


def with_neck_turned(hip: Hip, by_deg: float) -> list[Hip]:
    """The hip with its neck axis turned both ways about two axes across it."""
    across = [np.cross(hip.neck_axis, SUPERIOR), np.cross(hip.neck_axis, ANTERIOR)]
    turns = np.array([by_deg, -by_deg])
    necks = [turned_back(hip.neck_axis[None], axis / np.linalg.norm(axis), turns)[:, 0] for axis in across]
    return [replace(hip, neck_axis=neck) for neck in np.concatenate(necks)]


def half_a_voxel(lesion: Volume) -> list[Volume]:
    """The lesion smaller and larger by half its finest voxel edge (in thick slices by a whole pixel of the slice).

    Voxels on either side of the border are made about half full, which moves the half level to their middle.
    """
    inside = lesion.array >= 0.5
    # Only neighbours along the finest edges lie that near.
    neighbours = ndimage.generate_binary_structure(3, 1)
    for axis in np.flatnonzero(lesion.spacing_mm > 1.01 * lesion.spacing_mm.min()):
        np.moveaxis(neighbours, axis, 0)[[0, 2]] = False
    core = ndimage.binary_erosion(inside, neighbours, border_value=True)
    grown = ndimage.binary_dilation(inside, neighbours)
    smaller = np.where(inside & ~core, np.float32(0.499), inside.astype(np.float32))
    larger = np.where(grown & ~inside, np.float32(0.501), inside.astype(np.float32))
    return [lesion.with_array(smaller), lesion.with_array(larger)]


def about_head(mask: Volume, hip: Hip, radii: float) -> Volume:
    """A mask cut to a box that reaches `radii` from the head's centre to every side, no finer than needed."""
    signs = np.stack(np.meshgrid([-1, 1], [-1, 1], [-1, 1]), axis=-1).reshape(-1, 3)
    index = mask.to_index(hip.head.center_mm + radii * hip.head.radius_mm * signs)
    return halved(crop(mask, np.floor(index.min(axis=0)), np.ceil(index.max(axis=0)) + 1))
