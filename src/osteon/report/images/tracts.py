"""Where would a drilled tract run, and what would it keep away from?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from osteon.anatomy import Floats
from osteon.anatomy.hip import ANTERIOR, SUPERIOR
from osteon.imaging.examination import Examination
from osteon.report.images.canvas import (
    CIRCLE,
    FEMUR,
    LESION,
    MARGIN,
    PANEL_INCHES,
    TRACT,
    Pen,
    circle_mm,
    draw_lines,
    figure,
    frame,
    key,
    outlines_mm,
    panel,
    png_bytes,
    show_image,
)
from osteon.report.images.views import PATIENT_LEFT, View, on_picture, towards
from osteon.surgery import DrillPlan, Tract

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KEY_INCHES = 0.62
ROOM_MM = 8.0  # shown beyond the ends of the tracts
ASIDE = Pen("tract beside the plane", TRACT.colour, 1.2, (0, (3, 1.5)))


def tract_png(examination: Examination, plan: DrillPlan) -> bytes:
    """A drill plan on two planes that hold its first tract, nearest to coronal and at right angles to that, as PNG."""
    first = plan.tracts[0]
    half = half_edge_mm(examination, plan)
    made = figure(2 * PANEL_INCHES, PANEL_INCHES + KEY_INCHES)
    for at, view in enumerate(tract_views(first)):
        axes = panel(made, (at * PANEL_INCHES, KEY_INCHES, PANEL_INCHES, PANEL_INCHES), half)
        show_image(axes, examination.series.volume, view, half, examination.series.kind)
        draw_lines(axes, outlines_mm(examination.found.femur, view, half), FEMUR)
        draw_lines(axes, outlines_mm(examination.lesion.volume, view, half), LESION)
        draw_head(axes, examination, view)
        draw_margins(axes, plan, first, view)
        draw_tracts(axes, plan, view)
        frame(axes, view, half)
    key(made, pens(plan), (0.0, 0.0, 2 * PANEL_INCHES, KEY_INCHES), columns=3)
    return png_bytes(made, few_colours=True)


def pens(plan: DrillPlan) -> list[Pen]:
    """The lines of the picture with their measures."""
    joint, neck = plan.margins["joint_surface"], plan.margins["neck_cortex"]
    count = f"{len(plan.tracts)} tracts" if len(plan.tracts) > 1 else "tract"
    lines = [
        LESION,
        FEMUR,
        CIRCLE,
        Pen(f"{count}, {plan.diameter_mm:g} mm", TRACT.colour, TRACT.width),
        Pen(f"margins: neck {neck.required_mm:g}, joint {joint.required_mm:g} mm", *pen_style(MARGIN)),
    ]
    return [*lines, ASIDE] if len(plan.tracts) > 1 else lines


def pen_style(pen: Pen) -> tuple[str, float, object]:
    """A pen without its words."""
    return pen.colour, pen.width, pen.dashes


def tract_views(tract: Tract) -> tuple[View, View]:
    """The plane that holds a tract and leans least to the front, seen from the front; and that at right angles to it.

    The second is seen from below with the front up. Both have the middle between the tract and the head in their
    middle.
    """
    along = tract.direction
    front = ANTERIOR - (ANTERIOR @ along) * along
    front = front / np.linalg.norm(front)
    up = SUPERIOR - (SUPERIOR @ front) * front
    up = up / np.linalg.norm(up)
    middle = (tract.entry_mm + tract.tip_mm) / 2
    right = towards(np.cross(front, up), PATIENT_LEFT)
    return View(middle, right, up), View(middle, towards(along, PATIENT_LEFT), front)


def half_edge_mm(examination: Examination, plan: DrillPlan) -> float:
    """Half the edge of a square about the middle of the first tract that holds all tracts and the whole head."""
    head, first = examination.found.hip.head, plan.tracts[0]
    middle = (first.entry_mm + first.tip_mm) / 2
    ends = np.stack([end for each in plan.tracts for end in (each.entry_mm, each.tip_mm)])
    to_head = float(np.linalg.norm(head.center_mm - middle)) + head.radius_mm
    return max(float(np.linalg.norm(ends - middle, axis=1).max()) + ROOM_MM, to_head)


def draw_head(axes: Axes, examination: Examination, view: View) -> None:
    """The circle in which the plane cuts the head's sphere; nothing where it misses it."""
    head = examination.found.hip.head
    radius = cut_radius_mm(head.radius_mm, float((head.center_mm - view.center_mm) @ view.away))
    if radius:
        draw_lines(axes, [circle_mm(radius) + on_picture(view, head.center_mm - view.center_mm)], CIRCLE)


def cut_radius_mm(radius_mm: float, distance_mm: float) -> float:
    """Radius of the circle in which a plane at a distance from a sphere's centre cuts it; 0 where it misses it.

    Examples
    --------
    >>> cut_radius_mm(5.0, 3.0), cut_radius_mm(5.0, 6.0)
    (4.0, 0.0)
    """
    return float(np.sqrt(max(radius_mm**2 - distance_mm**2, 0.0)))


def draw_tracts(axes: Axes, plan: DrillPlan, view: View) -> None:
    """Every tract as its outline on the picture: whole where the plane cuts it, dashed where it lies beside."""
    for each in plan.tracts:
        beside = np.abs((np.stack([each.entry_mm, each.tip_mm]) - view.center_mm) @ view.away).max()
        pen = TRACT if beside <= each.diameter_mm / 2 + 0.5 else ASIDE
        draw_lines(axes, [side_outline_mm(each, view)], pen)
        entry = on_picture(view, each.entry_mm - view.center_mm)
        axes.plot(*entry, marker="o", ms=4.5, mfc=TRACT.colour, mec="black", mew=0.8, zorder=5)


def side_outline_mm(tract: Tract, view: View) -> Floats:
    """The outline of a tract as it looks on a view, a closed line in mm, shape (n, 2).

    A cylinder seen at a slant is as wide as ever, shorter, and ends in ellipses; the outline is the hull of its rims.
    """
    from scipy.spatial import ConvexHull

    aside = np.cross(tract.direction, view.right if abs(tract.direction @ view.right) < 0.9 else view.up)
    aside = aside / np.linalg.norm(aside)
    turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)[:, None]
    rim = tract.diameter_mm / 2 * (np.cos(turn) * aside + np.sin(turn) * np.cross(tract.direction, aside))
    both = np.concatenate([tract.entry_mm + rim, tract.tip_mm + rim]) - view.center_mm
    places = on_picture(view, both)
    corners = ConvexHull(places).vertices
    return np.asarray(places[np.append(corners, corners[0])])


def draw_margins(axes: Axes, plan: DrillPlan, tract: Tract, view: View) -> None:
    """What has to lie free around the first tract: beside it as far as the neck's margin, at its tip the joint's."""
    neck, joint = plan.margins["neck_cortex"].required_mm, plan.margins["joint_surface"].required_mm
    entry, tip = on_picture(view, np.stack([tract.entry_mm, tract.tip_mm]) - view.center_mm)
    along = (tip - entry) / np.linalg.norm(tip - entry)
    aside = np.array([-along[1], along[0]])
    half = tract.diameter_mm / 2
    head_begins = tip - along * 1.2 * (half + joint)
    for sign in (1.0, -1.0):
        draw_lines(axes, [np.stack([entry, head_begins]) + sign * aside * (half + neck)], MARGIN)
    draw_lines(axes, [rounded_end(tip, along, aside, half, joint, 1.2 * (half + joint))], MARGIN)


def rounded_end(tip: Floats, along: Floats, aside: Floats, half: float, margin: float, back: float) -> Floats:
    """The line at a distance from the flat end of a tract: its sides, two rounded corners and the end, (n, 2)."""
    turn = np.radians(np.arange(0, 91, 6))[:, None]
    corner = margin * (np.sin(turn) * along + np.cos(turn) * aside)
    other = margin * (np.cos(turn) * along - np.sin(turn) * aside)
    return np.concatenate(
        [
            [tip - back * along + (half + margin) * aside],
            tip + half * aside + corner,
            tip - half * aside + other,
            [tip - back * along - (half + margin) * aside],
        ]
    )
