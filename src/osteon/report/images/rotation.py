"""How much sound surface would come under the roof when the head is turned, and what would that look like?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from osteon.anatomy import Arc, Floats, Volume, directions, level, mid_coronal, sample
from osteon.anatomy.volume import Array
from osteon.imaging.examination import Examination
from osteon.report.figures.marks import ACCENT, INK, SOFT
from osteon.report.images.canvas import BEARING, LESION, LETTERS_PT, RED, circle_mm, figure, png_bytes
from osteon.report.images.views import View, letter, on_picture, view_named
from osteon.surgery import Reaches, RotationPlan
from osteon.surgery.osteotomy import turned_back

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 7.0, 3.3  # inches
HALF_RADII, STEP_MM = 1.6, 0.4
CUT_RADII = 1.25  # the fragment that turns is drawn to here; where the neck is cut is not known
BONE_COLOUR, PELVIS_COLOUR, DEAD_COLOUR = "#efe7d3", "#d5dbdf", "#f2c36b"
LINES: tuple[Any, ...] = ((0, (6, 2)), (0, (2, 1.5)), (0, (8, 2, 2, 2)))


def rotation_png(examination: Examination, plan: RotationPlan) -> bytes:
    """Intact ratio against angle, and the mid-coronal plane before and after a turn (see `turn_shown`), as PNG."""
    made = figure(WIDTH, HEIGHT)
    draw_curve(made, plan)
    ratio = dict(zip(plan.angles_deg, plan.intact_ratio_percent, strict=True))
    for at, angle in enumerate((0.0, turn_shown(plan))):
        axes = made.add_axes((0.445 + 0.278 * at, 0.32, 0.268, 0.59))
        words = "as it is" if at == 0 else f"turned by {angle:g}°"
        draw_head(axes, examination, plan, angle)
        axes.set_title(f"{words}: {ratio[angle]:.0f} %", fontsize=LETTERS_PT + 0.5, color=INK, pad=5)
    draw_key(made)
    return png_bytes(made)


def turn_shown(plan: RotationPlan) -> float:
    """The angle with the largest ratio, in degrees; where every turn lessens it, the largest angle looked at."""
    return plan.best_angle_deg or plan.angles_deg[-1]


def draw_curve(made: Figure, plan: RotationPlan) -> None:
    """The curve with its interval, thresholds as named lines, and the angles that reach them as bars."""
    from matplotlib.lines import Line2D

    axes = made.add_axes((0.085, 0.36, 0.325, 0.55))
    angles = np.array(plan.angles_deg)
    axes.fill_between(angles, plan.low_percent, plan.high_percent, color=ACCENT, alpha=0.18, lw=0)
    axes.plot(angles, plan.intact_ratio_percent, color=ACCENT, lw=2.0)
    axes.plot([plan.best_angle_deg], [max(plan.intact_ratio_percent)], marker="o", ms=5, color=ACCENT, clip_on=False)
    lines = []
    for at, each in enumerate(plan.reaches):
        pen: dict[str, Any] = {"color": RED, "ls": LINES[at % len(LINES)]}
        axes.axhline(each.threshold_percent, lw=1.2, **pen)
        for begin, end in each.ranges_deg:
            axes.plot([begin, end], [3.0 + 6.0 * at] * 2, lw=2.6, **pen)
        lines.append(Line2D([], [], lw=1.8, label=reach_text(each), **pen))
    axes.set_title(plan.kind.capitalize(), fontsize=LETTERS_PT + 0.5, color=INK, loc="left", pad=5)
    axes.set_xlim(0, angles[-1])
    axes.set_ylim(0, 100)
    axes.set_xlabel("angle, degrees", fontsize=LETTERS_PT, color=INK)
    axes.set_ylabel("intact ratio, %", fontsize=LETTERS_PT, color=INK)
    axes.tick_params(labelsize=LETTERS_PT, colors=INK)
    axes.spines[["top", "right"]].set_visible(False)
    made.legend(
        handles=lines, loc="lower left", bbox_to_anchor=(0.0, 0.0), fontsize=LETTERS_PT, frameon=False, handlelength=2.4
    )


def reach_text(reach: Reaches) -> str:
    """A threshold in words, with the angles that reach it."""
    ranges = ", ".join(f"{begin:.0f}–{end:.0f}°" for begin, end in reach.ranges_deg)
    return f"{reach.threshold_percent:.0f} % {'reached at ' + ranges if ranges else 'not reached'}"


def draw_head(axes: Axes, examination: Examination, plan: RotationPlan, angle_deg: float) -> None:
    """The mid-coronal plane with the head turned by an angle: pelvis, head, lesion and the weight-bearing arc."""
    found = examination.found
    view = view_named(found.hip, "mid-coronal")
    radius = found.hip.head.radius_mm
    half = HALF_RADII * radius
    places = np.arange(-half, half + STEP_MM / 2, STEP_MM)
    points = places[None, :, None] * view.right + places[:, None, None] * view.up
    back = turned_points(points, plan.axis, angle_deg)
    near = np.linalg.norm(points, axis=-1) < CUT_RADII * radius
    fill(axes, places, inside(found.pelvis, view.center_mm + points), PELVIS_COLOUR, SOFT, 1.0)
    bone = inside(found.femur, view.center_mm + back) & near
    fill(axes, places, bone, BONE_COLOUR, INK, 1.2)
    dead = inside(examination.lesion.volume, view.center_mm + back) & near
    fill(axes, places, dead, DEAD_COLOUR, LESION.colour, 1.8, "////")
    sector = Arc(*plan.weight_bearing_deg)
    line = on_picture(view, directions(mid_coronal(found.hip), np.linspace(sector.from_deg, sector.to_deg, 60)))
    axes.plot(*(1.14 * radius * line).T, color=INK, lw=4.4, solid_capstyle="butt")
    axes.plot(*(1.14 * radius * line).T, color=BEARING.colour, lw=3.0, solid_capstyle="butt")
    axes.plot(*circle_mm(radius).T, color=INK, lw=0.8, ls=(0, (5, 2.5)))
    finish(axes, view, half)


def finish(axes: Axes, view: View, half: float) -> None:
    """The frame of one plane: its sides in letters, no axes."""
    axes.set_xlim(-half, half)
    axes.set_ylim(-half, half)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(SOFT)
    for x, direction in ((-0.92 * half, -view.right), (0.92 * half, view.right)):
        axes.text(x, -0.92 * half, letter(direction), fontsize=LETTERS_PT, weight="bold", ha="center", va="center")


def turned_points(offsets: Floats, axis: Floats, angle_deg: float) -> Floats:
    """Where what lies at offsets from the centre after a turn lay before it, shape (..., 3)."""
    return np.asarray(turned_back(offsets.reshape(-1, 3), axis, np.array([angle_deg]))[0].reshape(offsets.shape))


def inside(mask: Volume | None, points: Floats) -> Array:
    """Whether points lie in a mask; nowhere without one."""
    if mask is None or not mask.array.any():
        return np.zeros(points.shape[:-1], bool)
    return np.asarray(sample(level(mask), points, outside=-1.0) > 0)


def fill(axes: Axes, places: Floats, area: Array, colour: str, edge: str, width: float, hatch: str = "") -> None:
    """An area with its border."""
    if not area.any():
        return
    filled: Any = axes.contourf
    drawn = filled(places, places, area.astype(float), levels=[0.5, 2.0], colors=[colour], hatches=[hatch or None])
    if hatch:
        drawn.set_edgecolor(edge)
        drawn.set_linewidth(0.0)
    axes.contour(places, places, area.astype(float), levels=[0.5], colors=[edge], linewidths=[width])


def draw_key(made: Figure) -> None:
    """What the areas and the arc are."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Patch(facecolor=DEAD_COLOUR, edgecolor=LESION.colour, hatch="////", label="lesion"),
        Patch(facecolor=BONE_COLOUR, edgecolor=INK, label="head"),
        Patch(facecolor=PELVIS_COLOUR, edgecolor=SOFT, label="pelvis"),
        Line2D([], [], color=BEARING.colour, lw=3, label="weight-bearing arc"),
    ]
    made.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1.0, 0.15),
        ncols=4,
        fontsize=LETTERS_PT,
        frameon=False,
        handlelength=1.5,
        columnspacing=1.0,
    )
