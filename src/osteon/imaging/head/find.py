"""Where is the hip in this series?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from osteon.anatomy import (
    Floats,
    Hip,
    Side,
    Sphere,
    Volume,
    circle_through,
    head_sphere_of_mask,
    mask_surface,
    neck_axis,
    resample,
    shaft_axis,
    side_of,
)
from osteon.anatomy.sphere import covered_percent
from osteon.errors import Fault, InputError
from osteon.imaging.found import FoundHip
from osteon.imaging.head.ball import (
    RADIUS_RANGE_MM,
    Ball,
    Layers,
    evenly_fitted,
    find_ball,
    fit_layers,
    on_sphere,
    support,
    support_per_ray,
)
from osteon.imaging.head.bone import bones
from osteon.imaging.head.neck import neck_direction
from osteon.imaging.head.rays import cast, find_drops
from osteon.imaging.head.seek import Candidate, seek_balls
from osteon.imaging.head.surface import skin_of
from osteon.imaging.head.whole import wholly_fitted
from osteon.imaging.series import Series

Progress = Callable[[str, float], None]

# CT values between which the head stands out as a bright ball: below lies soft tissue, above all is bone alike.
CT_WINDOW = (50.0, 300.0)
# Compact bone in CT, HU: what the thin plate over the head is made of. See `fit_layers` for what an error in it does.
COMPACT_HU = 1000.0
METAL_HU = 2500.0
# Of all rays from the centre at least this share has to end on the sphere. Femoral heads here reach 0.33 (a lesion in
# 45 % of the head) to 0.85, other round things up to 0.43; with the neck in view less is asked, as no other round thing
# has one that goes the right way.
SHARE_WITH_NECK, SHARE_ALONE = 0.28, 0.6
# Share of the neck's cone in which bone leaves the head: 0.2 to 1.0 on femurs here.
NECK_SHARE = 0.15
# The head's rays must carry this much support each, unless as many end on it as on no other round thing (in CT a large
# lesion's plate is faint, and its rays carry 0.06 to 0.08); false balls stay below.
SUPPORT_PER_RAY = 0.08
# Two heads of one adult lie 14 to 22 cm apart; wider limits allow for children and large people.
HEADS_APART_MM = (100.0, 260.0)


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A head that was checked: its sphere, layers and neck (None where the neck is not in view)."""

    ball: Ball
    layers: Layers
    neck: Floats | None
    notes: tuple[str, ...] = ()


def find_hip(
    series: Series,
    side: Side | None = None,
    *,
    clicks_mm: ArrayLike | None = None,
    femur: Volume | None = None,
    progress: Progress | None = None,
) -> FoundHip:
    """One hip of a series: the sphere of its head, its axes, and masks of femur and pelvis, all in LPS millimetres.

    Parameters
    ----------
    series
        MR in which fat is bright (T1, PD, T2 without fat suppression), or CT in Hounsfield units.
    side
        Which hip, where both are in view; where one is in view it has to be this one.
    clicks_mm
        Three or more places on the rim of the head, shape (n, 3), LPS. The image refines them.
    femur
        Mask of the femur or of its head; the sphere then comes from the mask.
    progress
        Told the stage and the part of the work that is done, 0 to 1.

    Raises
    ------
    InputError
        When no femoral head can be found, with the reason; when the side cannot be told, or is not the one asked for.
    """
    tell = progress or silent
    image = slices_first(series)
    tell("finding the head", 0.0)
    if femur is not None:
        return from_mask(series, image, femur, side)
    if clicks_mm is None:
        heads, method = find_heads(series, image), method_of(series)
    else:
        heads, method = head_at_clicks(series, image, np.asarray(clicks_mm, float).reshape(-1, 3)), "three clicks"
    if not heads:
        raise no_head(series)
    head, known = chosen(series, heads, side)
    tell("outlining the bone", 0.5)
    found = described(series, image, head, known, method)
    tell("done", 1.0)
    return found


def find_hips(series: Series) -> tuple[FoundHip, ...]:
    """Every hip of a series whose side is known, the patient's right first; empty when there is none."""
    image = slices_first(series)
    heads = find_heads(series, image)
    placed = [(head, side_of_head(series, heads, head)) for head in heads]
    hips = [described(series, image, head, side, method_of(series)) for head, side in placed if side is not None]
    return tuple(sorted(hips, key=lambda found: float(found.hip.head.center_mm[0])))


def silent(stage: str, done: float) -> None:
    """Tell nobody."""


def method_of(series: Series) -> str:
    """How a hip was found without help."""
    return f"found in {series.weighting} {series.kind}".replace("  ", " ")


def slices_first(series: Series) -> Volume:
    """The series' volume with its slices along the first axis, as float32."""
    volume = series.volume
    k = int(np.argmax(volume.spacing_mm)) if np.ptp(volume.spacing_mm) > 0.1 * volume.spacing_mm.min() else 0
    order = [k, *(i for i in range(3) if i != k)]
    affine = volume.affine[:, [*order, 3]]
    return Volume(np.ascontiguousarray(volume.array.transpose(order), np.float32), affine)


def find_heads(series: Series, image: Volume) -> tuple[Head, ...]:
    """The heads in view: one, or two that lie as far apart as two hips do."""
    window = image.with_array(np.clip(image.array, *CT_WINDOW)) if series.kind == "CT" else image
    places = likely(seek_balls(window, 24 if series.kind == "CT" else 12))
    return accepted(series, image, places, 12.0) or accepted(series, image, nearby(places[:1]), 6.0)


def accepted(series: Series, image: Volume, places: Sequence[Candidate], reach_mm: float) -> tuple[Head, ...]:
    """The best supported head near some places, and the other one of a pair."""
    found = [find_ball(image, place.center_mm, place.radius_mm, reach_mm) for place in places]
    balls = sorted((ball for ball in found if ball is not None), key=support, reverse=True)
    heads = [head for ball in apart(balls) if (head := checked(series, image, ball)) is not None]
    return tuple(heads[:1] + [head for head in heads[1:] if is_pair(heads[0], head)][:1])


def likely(places: Sequence[Candidate]) -> list[Candidate]:
    """Candidates worth rays: those with at least 0.4 of the best one's votes."""
    return [place for place in places if place.votes >= 0.4 * max(place.votes for place in places)]


def nearby(places: Sequence[Candidate]) -> list[Candidate]:
    """Places 8 mm to every side: where a lesion hides half of the head, the other half votes beside its centre."""
    steps = 8.0 * np.concatenate([np.eye(3), -np.eye(3)])
    return [replace(place, center_mm=place.center_mm + step) for place in places for step in steps]


def apart(balls: list[Ball]) -> list[Ball]:
    """The balls without those that share their place with a better supported one before them."""
    kept: list[Ball] = []
    for ball in balls:
        if all(np.linalg.norm(ball.center_mm - other.center_mm) > 15 for other in kept):
            kept.append(ball)
    return kept


def is_pair(a: Head, b: Head) -> bool:
    """Whether two heads can be those of one patient."""
    apart = np.abs(a.ball.center_mm - b.ball.center_mm)
    low, high = HEADS_APART_MM
    return bool(low < apart[0] < high and apart[1:].max() < 40 and abs(a.ball.radius_mm - b.ball.radius_mm) < 5)


def checked(series: Series, image: Volume, ball: Ball) -> Head | None:
    """The ball as a head, if enough speaks for one; None otherwise."""
    if support_per_ray(ball) < SUPPORT_PER_RAY and ball.share < SHARE_ALONE:
        return None
    ball = evenly_fitted(ball)
    layers = fit_layers(ball, cortex_level(series, image))
    ball = wholly_fitted(image, ball, layers)
    neck = neck_direction(image, ball, layers)
    seen = neck is not None and neck[1] >= NECK_SHARE and neck[0][2] < 0.15 and abs(neck[0][1]) < 0.75
    if ball.share < (SHARE_WITH_NECK if seen else SHARE_ALONE):
        return None
    return Head(ball, layers, neck[0] if neck is not None and seen else None)


def cortex_level(series: Series, image: Volume) -> float:
    """Signal of compact bone: known in CT; in MR as dark as the darkest in view."""
    if series.kind == "CT":
        return COMPACT_HU
    # Averaged over 3 x 3 pixels first: the lowest of many noisy pixels lies below any tissue.
    smooth = ndimage.uniform_filter(image.array, (1, 3, 3))
    return float(np.percentile(smooth[:, ::2, ::2], 0.5))


def no_head(series: Series) -> InputError:
    """The refusal, with what to do."""
    message = (
        "no femoral head was found. Accepted: MR in which fat is bright (T1, PD or T2 without fat suppression) or CT, "
        "with most of a hip's head and some of its neck in view. Send such a series, or mark the head: three clicks on "
        "its rim, or a mask."
    )
    return InputError(series.description or series.id, [Fault("head", message)])


def chosen(series: Series, heads: tuple[Head, ...], side: Side | None) -> tuple[Head, Side]:
    """The head that was asked for, and its side."""
    sides = [side_of_head(series, heads, head) for head in heads]
    if side is None:
        if len(heads) > 1:
            raise undecided(series, "both hips are in view. Choose one: side left or right.")
        if sides[0] is None:
            message = "one hip is in view, and neither its neck nor the header tells which. Say so: side left or right."
            raise undecided(series, message)
        return heads[0], sides[0]
    match = [head for head, known in zip(heads, sides, strict=True) if known in (side, None)]
    if not match:
        raise undecided(series, f"the {side} hip was asked for, but only the {sides[0]} one is in view.")
    return match[0], side


def undecided(series: Series, message: str) -> InputError:
    """A refusal about the side."""
    return InputError(series.description or series.id, [Fault("side", message)])


def side_of_head(series: Series, heads: tuple[Head, ...], head: Head) -> Side | None:
    """Which hip a head is: of two by their places, of one by its neck, else by the header."""
    if len(heads) > 1:
        middle = np.mean([h.ball.center_mm[0] for h in heads])
        return "left" if head.ball.center_mm[0] > middle else "right"
    if head.neck is not None and abs(head.neck[0]) > 0.2:
        return "left" if head.neck[0] > 0 else "right"
    return series.laterality


def head_at_clicks(series: Series, image: Volume, clicks: Floats) -> tuple[Head, ...]:
    """The head whose rim was clicked: the sphere the image shows there, or else the clicks' own."""
    center, radius = circle_through(clicks)
    ball = find_ball(image, center, radius, reach_mm=14.0)
    notes: tuple[str, ...] = ()
    if ball is None or not lies_on(ball, clicks):
        ball, notes = clicked_ball(series, image, center, radius, len(clicks)), (CLICKS_ALONE,)
    else:
        ball = evenly_fitted(ball)
    layers = fit_layers(ball, cortex_level(series, image))
    ball, layers = (ball, replace(layers, outer_mm=0.0)) if notes else (wholly_fitted(image, ball, layers), layers)
    neck = neck_direction(image, ball, layers)
    return (Head(ball, layers, neck[0] if neck is not None and neck[1] >= NECK_SHARE else None, notes),)


CLICKS_ALONE = (
    "the image shows no clear sphere at the clicks: the head is the circle through them, taken as its equator"
)


def lies_on(ball: Ball, clicks: Floats) -> bool:
    """Whether all clicks are near the sphere, as near as a hand on a mouse is."""
    return bool(np.abs(np.linalg.norm(clicks - ball.center_mm, axis=1) - ball.radius_mm).max() < 4.0)


def clicked_ball(series: Series, image: Volume, center: Floats, radius: float, count: int) -> Ball:
    """The sphere about the clicks' circle, where the image has at least some edges on it."""
    if RADIUS_RANGE_MM[0] < radius < RADIUS_RANGE_MM[1]:
        ball = ball_at(image, center, radius)
        if ball.on.sum() >= 0.2 * len(ball.rays.origin):
            return ball
    message = f"the {count} clicks lie on no head's edge in this image. Click on the bone's rim in one slice."
    raise InputError(series.description or series.id, [Fault("clicks", message)])


def ball_at(image: Volume, center: Floats, radius: float) -> Ball:
    """The image's rays and edges about a sphere that is already known."""
    rays = cast(image, center, radius)
    drops = find_drops(image, rays)
    return Ball(center, radius, rays, drops, on_sphere(drops, center, radius, 2.0))


def described(series: Series, image: Volume, head: Head, side: Side, method: str) -> FoundHip:
    """All that is known of a checked head."""
    skin = skin_of(image, head.ball, head.layers)
    parts = bones(image, head.ball, head.layers, head.neck, skin)
    sphere = Sphere(
        skin.center_mm,
        skin.radius_mm,
        head.ball.residual_sd_mm,
        covered_percent(head.ball.drops.place_mm[head.ball.on] - skin.center_mm),
    )
    hip, doubts = axes(sphere, side, parts.femur, head.neck)
    notes = (*head.notes, *doubts, *warnings(series, image, sphere))
    return FoundHip(hip, parts.femur, parts.pelvis, skin.points_mm, parts.marrow_level, method, notes)


def axes(sphere: Sphere, side: Side, femur: Volume, rough: Floats | None) -> tuple[Hip, tuple[str, ...]]:
    """The hip with its axes; a neck out of view is taken to point as necks usually do, and said so."""
    if rough is None:
        usual = np.array([0.75 if side == "left" else -0.75, -0.1, -0.65])
        return Hip(side, sphere, usual / np.linalg.norm(usual)), ("neck not in view: its axis is only assumed",)
    try:
        neck = neck_axis(femur, sphere)
    except InputError:
        neck = rough
    if neck @ rough < np.cos(np.radians(25)):
        return Hip(side, sphere, rough), ("neck axis uncertain: too little of the neck is in view",)
    return Hip(side, sphere, neck, shaft_axis(femur, sphere, neck)), ()


def warnings(series: Series, image: Volume, sphere: Sphere) -> tuple[str, ...]:
    """What a reader should know about how sure the sphere is."""
    notes = []
    if sphere.covered_percent < 35:
        notes.append(f"only {sphere.covered_percent:.0f} % of the head's surface carries the sphere: check it")
    if sphere.residual_sd_mm > 0.6:
        notes.append(f"the head strays {sphere.residual_sd_mm:.1f} mm (SD) from a sphere")
    rim = sphere.center_mm + sphere.radius_mm * np.array(
        [[s * (i == k) for i in range(3)] for k in range(3) for s in (-1, 1)]
    )
    index = image.to_index(rim)
    if ((index < -0.5) | (index > np.array(image.shape) - 0.5)).any():
        notes.append("the head is cut by the edge of the image")
    if series.kind == "CT" and metal_near(image, sphere):
        notes.append("metal near the head: its streaks may move the outline")
    if image.spacing_mm[0] > 5.5:
        notes.append(f"slices {image.spacing_mm[0]:.1f} mm apart: too coarse for measurements")
    return tuple(notes)


def metal_near(image: Volume, sphere: Sphere) -> bool:
    """Whether any voxel within 60 mm of the head is denser than bone can be."""
    places = np.argwhere(image.array > METAL_HU)
    if not len(places):
        return False
    return bool((np.linalg.norm(image.to_mm(places) - sphere.center_mm, axis=1) < 60).any())


def from_mask(series: Series, image: Volume, femur: Volume, side: Side | None) -> FoundHip:
    """The hip of a given mask: sphere and axes from the mask's surface, pelvis and marrow from the image."""
    sphere = head_sphere_of_mask(femur, side)
    rough = Head(*ball_of(series, image, sphere), None)
    neck = neck_of_mask(femur, sphere)
    known = side or side_of(femur, sphere) or series.laterality
    if known is None:
        raise undecided(series, "the mask shows too little neck to tell which hip it is. Say so: side left or right.")
    hip, doubts = axes(sphere, known, femur, neck)
    skin = skin_of(image, rough.ball, rough.layers)
    parts = bones(image, rough.ball, rough.layers, neck, skin)
    own = resample(femur, parts.femur) if femur.array.dtype == bool else resample(binary(femur), parts.femur)
    pelvis = None if parts.pelvis is None else parts.pelvis.with_array(parts.pelvis.array & ~own.array)
    notes = (*doubts, *warnings(series, image, sphere))
    return FoundHip(hip, own, pelvis, head_surface(femur, sphere), parts.marrow_level, "from a mask", notes)


def binary(mask: Volume) -> Volume:
    """The mask as type bool."""
    return mask.with_array(mask.array >= 0.5)


def ball_of(series: Series, image: Volume, sphere: Sphere) -> tuple[Ball, Layers]:
    """The image's rays about a sphere that is already known."""
    ball = ball_at(image, sphere.center_mm, sphere.radius_mm)
    if ball.on.sum() < 30:
        message = "the mask's head does not lie on a head in this image. Check that mask and image belong together."
        raise InputError(series.description or series.id, [Fault("femur", message)])
    layers = fit_layers(ball, cortex_level(series, image))
    # The mask says where the surface is; only the signals are taken from the image.
    return ball, replace(layers, outer_mm=0.0)


def neck_of_mask(femur: Volume, sphere: Sphere) -> Floats | None:
    """The neck's axis, None where the mask ends at the head."""
    if side_of(femur, sphere) is None:
        return None
    return neck_axis(femur, sphere)


def head_surface(femur: Volume, sphere: Sphere) -> Floats:
    """Points of the mask's surface within 6 mm of the head's sphere, LPS mm."""
    points = mask_surface(binary(femur))[0]
    near = np.abs(np.linalg.norm(points - sphere.center_mm, axis=1) - sphere.radius_mm) < 6.0
    return np.asarray(points[near])
