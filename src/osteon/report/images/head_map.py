"""Where on the head's surface does the lesion lie, seen from above?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from osteon.anatomy import Floats, Hip, directions, level, mid_coronal, necrotic_shares, surface_distances
from osteon.anatomy.arc import NECROTIC_SHARE, REACH_RADII, Flags
from osteon.anatomy.hip import ANTERIOR, SUPERIOR
from osteon.anatomy.region import HEAD_PLANE_RADII
from osteon.imaging.examination import Examination
from osteon.report.figures.marks import INK, SOFT
from osteon.report.images.canvas import BEARING, LESION, LETTERS_PT, PANEL_INCHES, figure, png_bytes
from osteon.report.images.values import bearing_arc, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

END_DEG = 110.0  # from the top: the head's lower edge on its outer side
STEP = 0.016  # of the map's radius: half a degree at the top
KEY_INCHES = 0.9
DEPTHS_MM = (1.0, 2.0, 4.0)  # borders of the stages by depth of collapse (2, 4 mm), and where collapse begins
DEPTH_DASHES: tuple[Any, ...] = ((0, (1, 1)), (0, (4, 1.5)), "-")
SMOOTH_PIXELS = 2.0
MARGIN = 1.22  # half the edge of the picture, in radii of the map


def head_map_png(examination: Examination) -> bytes:
    """The head's surface from above as PNG: lesion, weight-bearing arc, octants, and depth where it has sunk."""
    return png_bytes(head_map_figure(examination))


def head_map_figure(examination: Examination) -> Figure:
    """The figure behind `head_map_png`."""
    hip = examination.found.hip
    made = figure(PANEL_INCHES, PANEL_INCHES + KEY_INCHES)
    total = PANEL_INCHES + KEY_INCHES
    axes = made.add_axes((0, KEY_INCHES / total, 1, PANEL_INCHES / total))
    axes.set_xlim(-MARGIN, MARGIN)
    axes.set_ylim(-MARGIN, MARGIN)
    axes.set_aspect("equal")
    axes.axis("off")
    grid = np.arange(-1.0, 1.0 + STEP / 2, STEP)
    rays, on_map = map_rays(grid)
    draw_surface(axes, examination, grid, rays, on_map)
    draw_net(axes)
    draw_sector(axes, examination)
    draw_sides(axes, hip)
    draw_key(made, examination, total)
    return made


def map_rays(grid: Floats) -> tuple[Floats, Flags]:
    """Directions in LPS of every place of the map, shape (n, n, 3) with rows from back to front, and where it ends.

    Equal areas on the map are equal areas on the sphere: the distance from the middle is the sine of half the angle
    from the top, in units of that of the map's edge.
    """
    across, front = np.meshgrid(grid, grid)
    away = np.hypot(across, front)
    half = np.arcsin(np.clip(away * np.sin(np.radians(END_DEG / 2)), 0, 1))
    flat = np.stack([across, front], axis=-1) / np.maximum(away, 1e-9)[..., None]
    # From above, with the front upwards, the patient's right is on the right.
    side = np.sin(2 * half)[..., None]
    right = np.array([-1.0, 0.0, 0.0])
    rays = np.cos(2 * half)[..., None] * SUPERIOR + side * (flat[..., :1] * right + flat[..., 1:] * ANTERIOR)
    return np.asarray(rays), away <= 1.0


def map_points(rays: Floats) -> Floats:
    """Places on the map of directions, shape (..., 2); those below its edge lie outside it.

    Examples
    --------
    >>> float(map_points(np.array([0.0, -1.0, 0.0]))[1].round(3))
    0.863
    """
    flat = np.stack([-rays[..., 0], -rays[..., 1]], axis=-1)
    half = np.arccos(np.clip(rays[..., 2], -1, 1)) / 2
    away = np.sin(half) / np.sin(np.radians(END_DEG / 2))
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=-1, keepdims=True), 1e-12) * away[..., None])


def draw_surface(axes: Axes, examination: Examination, grid: Floats, rays: Floats, on_map: Flags) -> None:
    """Head and neck as areas, the lesion hatched, and lines of equal depth where the surface has sunk."""
    hip, bone = examination.found.hip, examination.found.femur
    flat = rays.reshape(-1, 3)
    reach = REACH_RADII * hip.head.radius_mm
    surface = surface_distances(level(bone), hip.head.center_mm, flat, reach).reshape(on_map.shape)
    past = np.nan_to_num(surface, nan=reach) * (rays @ hip.neck_axis) - HEAD_PLANE_RADII * hip.head.radius_mm
    head = (past < 0) & on_map
    area: Any = axes.contourf
    area(grid, grid, on_map.astype(float), levels=[0.5, 2], colors=["#dfe4e7"])
    area(grid, grid, np.where(on_map, past, np.nan), levels=[-1e3, 0.0], colors=["#f7f4ec"])
    if examination.lesion.volume.array.any():
        share = necrotic_shares(bone, examination.lesion.volume, hip.head.center_mm, flat, reach_mm=reach)
        share = np.where(head, ndimage.gaussian_filter(share.reshape(on_map.shape), 1.0), 0.0)
        hatched = area(grid, grid, share, levels=[NECROTIC_SHARE, 2.0], colors=["#f6dca6"], hatches=["////"])
        hatched.set_edgecolor("#a36f00")
        hatched.set_linewidth(0.0)
        axes.contour(grid, grid, share, levels=[NECROTIC_SHARE], colors=[LESION.colour], linewidths=[2.2])
        draw_depth(axes, examination, grid, rays, head & (ndimage.maximum_filter(share, 9) >= NECROTIC_SHARE))
    border = np.where(on_map, ndimage.gaussian_filter(past, SMOOTH_PIXELS), np.nan)
    axes.contour(grid, grid, border, levels=[0.0], colors=[SOFT], linewidths=[1.0])


def draw_depth(axes: Axes, examination: Examination, grid: Floats, rays: Floats, over: Flags) -> None:
    """Lines of equal depth inside the sphere over the lesion, where collapse was measured."""
    if not number(examination, "collapse_depth_mm"):
        return
    found = examination.ct_found or examination.found
    head = found.hip.head
    away = surface_distances(level(found.femur), head.center_mm, rays.reshape(-1, 3), REACH_RADII * head.radius_mm)
    depth = head.radius_mm - np.nan_to_num(away, nan=head.radius_mm).reshape(over.shape)
    depth = np.where(over, ndimage.gaussian_filter(depth, SMOOTH_PIXELS), 0.0)
    seen = [each for each in DEPTHS_MM if depth.max() > each]
    if not seen:
        return
    styles = [DEPTH_DASHES[DEPTHS_MM.index(each)] for each in seen]
    axes.contour(grid, grid, depth, levels=seen, colors=[INK], linewidths=[1.4], linestyles=styles)


def draw_net(axes: Axes) -> None:
    """The borders of the octants: both planes through the centre, and the equator."""
    axes.plot([-1, 1], [0, 0], color=SOFT, lw=0.9)
    axes.plot([0, 0], [-1, 1], color=SOFT, lw=0.9)
    turn = np.linspace(0, 2 * np.pi, 181)
    equator = np.sin(np.radians(45)) / np.sin(np.radians(END_DEG / 2))
    axes.plot(equator * np.cos(turn), equator * np.sin(turn), color=SOFT, lw=0.9, ls=(0, (4, 2)))
    axes.plot(np.cos(turn), np.sin(turn), color=SOFT, lw=0.9)


def draw_sector(axes: Axes, examination: Examination) -> None:
    """The weight-bearing arc on the coronal plane with its thirds, drawn on in front and behind by the same angles."""
    arc = bearing_arc(examination)
    if arc is None:
        return
    plane = mid_coronal(examination.found.hip)
    along = map_points(directions(plane, np.linspace(arc.from_deg, arc.to_deg, 60)))
    axes.plot(along[:, 0], along[:, 1], color=INK, lw=BEARING.width + 1.6, solid_capstyle="butt", zorder=4)
    axes.plot(along[:, 0], along[:, 1], color=BEARING.colour, lw=BEARING.width, solid_capstyle="butt", zorder=5)
    for at, angle in enumerate(np.linspace(arc.from_deg, arc.to_deg, 4)):
        ray = directions(plane, [angle])[0]
        end = 70.0 if at in (0, 3) else 6.0
        lean = np.radians(np.linspace(-end, end, 61))[:, None]
        line = map_points(np.cos(lean) * ray + np.sin(lean) * ANTERIOR)
        line = line[np.hypot(line[:, 0], line[:, 1]) <= 1.0]
        axes.plot(line[:, 0], line[:, 1], color="#00634a", lw=1.5, ls=(0, (5, 2)) if at in (0, 3) else "-", zorder=4)


def draw_sides(axes: Axes, hip: Hip) -> None:
    """Which side is which, in words."""
    lateral = -1.0 if hip.side == "left" else 1.0
    style: dict[str, Any] = {"fontsize": LETTERS_PT, "color": INK, "ha": "center", "va": "center"}
    axes.text(0, 1.1, "anterior", **style)
    axes.text(0, -1.1, "posterior", **style)
    axes.text(1.1 * lateral, 0, f"lateral ({hip.side})", rotation=90, **style)
    axes.text(-1.1 * lateral, 0, "medial", rotation=90, **style)


def draw_key(made: Figure, examination: Examination, total: float) -> None:
    """What the areas and lines are."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = []
    if examination.lesion.volume.array.any():
        handles.append(Patch(facecolor="#f6dca6", edgecolor="#a36f00", hatch="////", label="lesion beneath"))
    handles += [
        Patch(facecolor="#f7f4ec", edgecolor=SOFT, label="head"),
        Patch(facecolor="#dfe4e7", edgecolor=SOFT, label="neck"),
    ]
    if bearing_arc(examination) is not None:
        handles += [
            Line2D([], [], color=BEARING.colour, lw=3, label="weight-bearing arc"),
            Line2D([], [], color="#00634a", lw=1.5, ls=(0, (5, 2)), label="its ends, drawn on"),
        ]
    if number(examination, "collapse_depth_mm"):
        depths = zip(DEPTHS_MM, DEPTH_DASHES, strict=True)
        handles += [Line2D([], [], color=INK, lw=1.4, ls=dash, label=f"sunk by {mm:g} mm") for mm, dash in depths]
    made.legend(
        handles=handles,
        loc="center",
        bbox_to_anchor=(0.5, 0.5 * KEY_INCHES / total),
        ncols=2,
        fontsize=LETTERS_PT,
        frameon=False,
        handlelength=1.4,
        columnspacing=0.9,
        handletextpad=0.5,
        labelspacing=0.35,
    )
