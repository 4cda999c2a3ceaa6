"""What does this femur look like as a solid, with the lesion inside it?

Parallel rays are sent through the masks; where one first meets bone, the slope of the depths around tells how the
surface faces, and so how bright it is. That needs no graphics card and gives the same picture on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from osteon.anatomy import Floats, Hip, Volume, level
from osteon.anatomy.hip import ANTERIOR, SUPERIOR
from osteon.imaging.examination import Examination
from osteon.report.images.canvas import (
    INK,
    LESION,
    TRACT,
    Pen,
    draw_lines,
    figure,
    frame,
    key,
    panel,
    png_bytes,
)
from osteon.report.images.tracts import side_outline_mm
from osteon.report.images.views import PATIENT_LEFT, POSTERIOR, View
from osteon.surgery import SurgicalPlan, Tract

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL, KEY_INCHES = 2.35, 0.3
PIXEL_MM, STEP_MM = 0.5, 1.0  # finer steps move no pixel of the picture visibly
LOOK_RADII = 2.4  # half the edge of the picture: head, neck and trochanters
DEEP_RADII = 3.2  # how far in front of and behind the middle bone is looked for
BONE = np.array([0.91, 0.87, 0.78])
LIGHT = np.array([-0.35, 0.45, 0.82])  # from the left, above and the reader
AMBIENT = 0.38
SHADE_MM = 4.0  # hollows narrower than about this look darker
LESION_SHINES = 0.8
SURFACE_MM = 3.0  # what lies deeper under the surface is drawn paler


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What parallel rays meet first: depth along the view in mm (NaN where nothing), and brightness 0 to 1."""

    depth_mm: Floats
    light: Floats


def view_3d_png(examination: Examination, plan: SurgicalPlan | None = None) -> bytes:
    """The femur from the front, the outer side and above, with lesion and planned tracts shining through, as PNG."""
    hip = examination.found.hip
    half = LOOK_RADII * hip.head.radius_mm
    made = figure(3 * PANEL, PANEL + KEY_INCHES)
    tracts = plan.core.tracts if plan is not None else ()
    for at, view in enumerate(solid_views(hip)):
        axes = panel(made, (at * PANEL, KEY_INCHES, PANEL, PANEL), half)
        draw_solid(axes, examination, view, half)
        draw_tracts(axes, tracts, view)
        frame(axes, view, half)
    pens = [Pen("lesion", LESION.colour, 5.0)] if examination.lesion.volume.array.any() else []
    if tracts:
        pens.append(TRACT)
    if pens:
        key(made, pens, (0.0, 0.0, 3 * PANEL, KEY_INCHES))
    return png_bytes(made)


def solid_views(hip: Hip) -> tuple[View, View, View]:
    """From the front, from the outer side and from above, with the head in the upper inner part."""
    lateral_right = POSTERIOR if hip.side == "left" else ANTERIOR
    middle = hip.head.center_mm + 0.9 * hip.head.radius_mm * hip.neck_axis
    return (
        View(middle, PATIENT_LEFT, SUPERIOR),
        View(middle, lateral_right, SUPERIOR),
        View(middle, -PATIENT_LEFT, ANTERIOR),
    )


def draw_solid(axes: Axes, examination: Examination, view: View, half_mm: float) -> None:
    """Bone with the lesion shining through, drawn into axes in mm."""
    deep = DEEP_RADII * examination.found.hip.head.radius_mm
    bone = seen(examination.found.femur, view, half_mm, deep)
    colour = BONE * bone.light[..., None]
    if examination.lesion.volume.array.any():
        inner = seen(examination.lesion.volume, view, half_mm, deep)
        through = (veil(bone.depth_mm, inner.depth_mm) * LESION_SHINES)[..., None]
        colour = colour * (1 - through) + rgb(LESION.colour) * (0.35 + 0.65 * inner.light)[..., None] * through
        places = np.linspace(-half_mm, half_mm, len(inner.depth_mm))
        border = np.isfinite(inner.depth_mm).astype(float)
        axes.contour(places, places, border, levels=[0.5], colors=[LESION.colour], linewidths=[1.4], zorder=2)
    picture = np.where(np.isfinite(bone.depth_mm)[..., None], colour, rgb(INK))
    extent = (-half_mm, half_mm, -half_mm, half_mm)
    axes.imshow(np.clip(picture, 0, 1), origin="lower", extent=extent, interpolation="bilinear")


def draw_tracts(axes: Axes, tracts: Sequence[Tract], view: View) -> None:
    """Tracts as their outlines, which are the same in front of and within the bone."""
    for each in tracts:
        outline = side_outline_mm(each, view)
        axes.fill(outline[:, 0], outline[:, 1], color=TRACT.colour, alpha=0.25, lw=0, zorder=3)
        draw_lines(axes, [outline], TRACT)


def veil(bone_mm: Floats, inner_mm: Floats) -> Floats:
    """How strongly something inside shines through, 0 to 1: fully within 3 mm of the surface, half as much deeper."""
    under = inner_mm - bone_mm
    strength = np.clip(1.0 - 0.45 * (under - SURFACE_MM) / 12.0, 0.5, 1.0)
    return np.where(np.isfinite(inner_mm), np.nan_to_num(strength, nan=1.0), 0.0)


def seen(mask: Volume, view: View, half_mm: float, deep_mm: float) -> Seen:
    """What parallel rays from the reader meet of a mask.

    Parameters
    ----------
    half_mm
        Half the edge of the square that is looked at.
    deep_mm
        How far in front of and behind the view's middle is looked.
    """
    field = level(mask)
    count, layers = 2 * round(half_mm / PIXEL_MM) + 1, 2 * round(deep_mm / STEP_MM) + 1
    axes = np.column_stack([STEP_MM * view.away, PIXEL_MM * view.up, PIXEL_MM * view.right])
    corner = view.center_mm - axes @ ((np.array([layers, count, count]) - 1) / 2)
    to_index = np.linalg.inv(field.affine[:3, :3])
    shape = (layers, count, count)
    values = ndimage.affine_transform(
        field.array, to_index @ axes, field.to_index(corner), shape, np.float32, order=1, cval=-1.0
    )
    return first_met(values, -(layers - 1) / 2 * STEP_MM)


def first_met(values: Floats, nearest_mm: float) -> Seen:
    """What is met first going along the first axis of a field that is above 0 inside something.

    Parameters
    ----------
    nearest_mm
        Depth of the first layer; layers lie STEP_MM apart.
    """
    inside = values > 0
    first = np.argmax(inside, axis=0)
    rows, columns = np.indices(first.shape)
    here, before = values[first, rows, columns], values[np.maximum(first - 1, 0), rows, columns]
    part = np.where(first > 0, here / np.maximum(here - before, 1e-6), 0.0)
    depth = nearest_mm + STEP_MM * (first - np.clip(part, 0, 1))
    depth = np.where(inside.any(axis=0), depth, np.nan)
    return Seen(depth, brightness(depth))


def brightness(depth_mm: Floats) -> Floats:
    """How bright a surface looks from its depths: by the way it faces, darker in hollows, 0 to 1."""
    known = np.isfinite(depth_mm)
    filled = smooth(depth_mm, known, 0.8)
    down, across = np.gradient(filled, PIXEL_MM)
    facing = np.stack([across, down, np.ones_like(filled)], axis=-1)
    facing /= np.linalg.norm(facing, axis=-1, keepdims=True)
    lit = np.clip(facing @ (LIGHT / np.linalg.norm(LIGHT)), 0, 1)
    hollow = np.clip((filled - smooth(depth_mm, known, SHADE_MM / PIXEL_MM)) / SHADE_MM, 0, 1)
    return np.asarray(np.clip((AMBIENT + (1 - AMBIENT) * lit) * (1 - 0.45 * hollow), 0, 1))


def smooth(values: Floats, known: Floats, sigma: float) -> Floats:
    """Values blurred over those that are known only."""
    weight = ndimage.gaussian_filter(known.astype(float), sigma)
    total = ndimage.gaussian_filter(np.where(known, values, 0.0), sigma)
    return np.where(weight > 1e-3, total / np.maximum(weight, 1e-3), 0.0)


def rgb(colour: str) -> Floats:
    """A colour such as "#e69f00" as three numbers 0 to 1."""
    return np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
