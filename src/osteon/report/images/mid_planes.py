"""What do the planes exactly through the centre of the head show, with everything measured on them drawn in?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from osteon.anatomy import Arc, Floats, Plane, directions
from osteon.imaging.examination import Examination
from osteon.report.images.canvas import (
    ARC,
    BEARING,
    CIRCLE,
    EDGE,
    FEMUR,
    LESION,
    NECK,
    PANEL_INCHES,
    Pen,
    arc_mm,
    circle_mm,
    draw_lines,
    figure,
    frame,
    key,
    outlines_mm,
    panel,
    png_bytes,
    show_image,
    write,
)
from osteon.report.images.values import arc_between, bearing_arc, has_lesion, number, value_text
from osteon.report.images.views import View, on_picture, plane_named, view_named

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HALF_RADII = 2.0  # half the edge of the picture: head, neck and acetabulum
KEY_INCHES = 0.62
# Places of the drawn arcs, in radii from the centre.
ARC_LABEL_RADII, ARC_RADII, BEARING_RADII, TICK_RADII = 0.62, 0.38, 1.26, 0.06
ENDS = {
    "mid-coronal": ("lesion_medial_end_deg", "lesion_lateral_end_deg"),
    "mid-sagittal": ("lesion_posterior_end_deg", "lesion_anterior_end_deg"),
}


def mid_plane_png(examination: Examination, plane_name: str) -> bytes:
    """One mid plane as PNG: image, outlines of femur and lesion, circle, arcs, letters and a bar of 10 mm.

    Parameters
    ----------
    plane_name
        mid-coronal, mid-sagittal or mid-oblique.
    """
    return png_bytes(mid_plane_figure(examination, plane_name), few_colours=True)


def mid_plane_figure(examination: Examination, plane_name: str) -> Figure:
    """The figure behind `mid_plane_png`."""
    hip = examination.found.hip
    plane, view = plane_named(hip, plane_name), view_named(hip, plane_name)
    half = HALF_RADII * hip.head.radius_mm
    made = figure(PANEL_INCHES, PANEL_INCHES + KEY_INCHES)
    axes = panel(made, (0.0, KEY_INCHES, PANEL_INCHES, PANEL_INCHES), half)
    show_image(axes, examination.series.volume, view, half, examination.series.kind)
    draw_lines(axes, outlines_mm(examination.found.femur, view, half), FEMUR)
    draw_lines(axes, outlines_mm(examination.lesion.volume, view, half), LESION)
    draw_lines(axes, [circle_mm(hip.head.radius_mm)], CIRCLE)
    pens = [*outlined_parts(examination), CIRCLE, *drawn_angles(axes, examination, plane, view)]
    axes.plot(0, 0, marker="+", ms=9, mew=1.6, color="white", zorder=5)
    frame(axes, view, half)
    key(made, pens, (0.0, 0.0, PANEL_INCHES, KEY_INCHES))
    return made


def outlined_parts(examination: Examination) -> list[Pen]:
    """The pens of the outlines: the lesion's only where one is marked."""
    return [LESION, FEMUR] if has_lesion(examination) else [FEMUR]


def drawn_angles(axes: Axes, examination: Examination, plane: Plane, view: View) -> list[Pen]:
    """Draws the angles that are measured on a plane; the pens that were used."""
    radius = examination.found.hip.head.radius_mm
    if plane.name == "mid-oblique":
        return necrotic_angle(axes, examination, plane, view)
    pens = []
    arc = arc_between(examination, *ENDS[plane.name])
    if arc is not None:
        draw_arc(axes, plane, view, arc, radius)
        pens.append(ARC)
    if plane.name == "mid-coronal":
        pens += bearing_part(axes, examination, plane, view)
    return pens


def draw_arc(axes: Axes, plane: Plane, view: View, arc: Arc, radius_mm: float) -> None:
    """Two lines from the centre to the ends of an arc, the arc between them, and its angle."""
    ends = on_picture(view, directions(plane, [arc.from_deg, arc.to_deg])) * 1.08 * radius_mm
    draw_lines(axes, [np.array([[0.0, 0.0], end]) for end in ends], ARC)
    draw_lines(axes, [arc_mm(view, span(plane, arc), ARC_RADII * radius_mm)], ARC)
    middle = on_picture(view, directions(plane, [arc.middle_deg]))[0]
    write(axes, ARC_LABEL_RADII * radius_mm * middle, value_text(arc.extent_deg, "deg"), weight="bold")


def span(plane: Plane, arc: Arc) -> Floats:
    """Directions along an arc, a degree or less apart."""
    return directions(plane, np.linspace(arc.from_deg, arc.to_deg, max(int(arc.extent_deg), 2)))


def bearing_part(axes: Axes, examination: Examination, plane: Plane, view: View) -> list[Pen]:
    """The weight-bearing part with its thirds outside the head, and the acetabular edge; the pens that were used."""
    radius = examination.found.hip.head.radius_mm
    edge = number(examination, "centre_edge_angle_deg")
    arc = bearing_arc(examination)
    pens = []
    if arc is not None:
        draw_lines(axes, [arc_mm(view, span(plane, arc), BEARING_RADII * radius)], BEARING)
        thirds = np.linspace(arc.from_deg, arc.to_deg, 4)
        draw_lines(axes, ticks(plane, view, thirds, BEARING_RADII * radius, TICK_RADII * radius), BEARING)
        pens.append(BEARING)
    if edge is not None:
        ray = on_picture(view, directions(plane, [edge]))[0]
        draw_lines(axes, [np.array([0.9 * radius * ray, 1.42 * radius * ray])], EDGE)
        pens.append(EDGE)
    return pens


def ticks(plane: Plane, view: View, angles_deg: Floats, at_mm: float, half_mm: float) -> Sequence[Floats]:
    """Short lines across an arc at angles on a plane."""
    rays = on_picture(view, directions(plane, angles_deg))
    return [np.array([(at_mm - half_mm) * ray, (at_mm + half_mm) * ray]) for ray in rays]


def necrotic_angle(axes: Axes, examination: Examination, plane: Plane, view: View) -> list[Pen]:
    """The line of the neck, and the angle from it to the lesion's anterior end; the pens that were used."""
    radius = examination.found.hip.head.radius_mm
    along = on_picture(view, plane.up)
    draw_lines(axes, [np.array([-1.7 * radius * along, 1.08 * radius * along])], NECK)
    angle = number(examination, "anterior_necrotic_angle_deg")
    if angle is None:
        return [NECK]
    draw_arc(axes, plane, view, Arc(0.0, angle), radius)
    return [NECK, Pen("anterior angle", ARC.colour, ARC.width)]
