"""How do the options look side by side, all on one scale of colours?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from osteon.report.figures.marks import INK, SOFT
from osteon.report.images.canvas import LESION, LETTERS_PT, figure, frame, panel, png_bytes
from osteon.report.images.views import view_named
from osteon.report.mechanics.shots import MAP_STEP, Shot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Light means high; readers with any colour vision, and a grey printer, see the same order.
COLOURS = "cividis"
PANEL, TITLE, KEY = 2.25, 0.3, 0.65
COLUMNS, AT_MOST = 3, 9
# The scale ends at this percentile of all pictures together: a few voxels beside metal would else darken the rest.
TOP_PERCENTILE = 99.5

Draw = Callable[["Axes", Shot, float], None]


def cuts_png(shots: Sequence[Shot], top: float) -> bytes:
    """The stress index on the mid-coronal plane of up to nine options, from 0 to `top`, as PNG."""
    return png_bytes(sheet(shots, top, draw_cut), few_colours=False)


def maps_png(shots: Sequence[Shot], top: float) -> bytes:
    """The stress index under the head's surface seen from above of up to nine options, from 0 to `top`, as PNG."""
    return png_bytes(sheet(shots, top, draw_map), few_colours=False)


def top_of(shots: Sequence[Shot]) -> float:
    """Where the scale of all pictures ends."""
    values = np.concatenate([each.cut[np.isfinite(each.cut)] for each in shots] + [np.array([1e-6])])
    return float(np.percentile(values, TOP_PERCENTILE))


def sheets(shots: Sequence[Shot]) -> list[tuple[Shot, ...]]:
    """The shots by sheets of up to nine."""
    return [tuple(shots[at : at + AT_MOST]) for at in range(0, len(shots), AT_MOST)]


def sheet(shots: Sequence[Shot], top: float, draw: Draw) -> Figure:
    """Panels in rows of three with their names above and the scale of colours below."""
    rows = -(-len(shots) // COLUMNS)
    made = figure(COLUMNS * PANEL, rows * (PANEL + TITLE) + KEY)
    for at, each in enumerate(shots):
        left, bottom = (at % COLUMNS) * PANEL, KEY + (rows - 1 - at // COLUMNS) * (PANEL + TITLE)
        axes = panel(made, (left + 0.04, bottom + 0.04, PANEL - 0.08, PANEL - 0.08), each.half_mm)
        draw(axes, each, top)
        axes.set_title(each.name, fontsize=LETTERS_PT, color=INK, pad=3)
    draw_scale(made, top)
    return made


def draw_cut(axes: Axes, shown: Shot, top: float) -> None:
    """One cut with the outlines of what is filled and of the lesion."""
    extent = (-shown.half_mm, shown.half_mm, -shown.half_mm, shown.half_mm)
    axes.imshow(shown.cut, cmap=COLOURS, vmin=0.0, vmax=top, origin="lower", extent=extent, interpolation="nearest")
    outline(axes, shown.filled, shown.half_mm, "#ffffff", 0.9)
    outline(axes, shown.lesion, shown.half_mm, LESION.colour, 1.8)
    frame(axes, view_named(shown.hip, "mid-coronal"), shown.half_mm)


def draw_map(axes: Axes, shown: Shot, top: float) -> None:
    """One map with the outline of the lesion beneath and where the sides lie."""
    axes.set_facecolor("white")
    axes.axis("off")
    edge = 1.0 + MAP_STEP / 2
    axes.set_xlim(-1.15, 1.15)
    axes.set_ylim(-1.15, 1.15)
    axes.imshow(
        shown.map, cmap=COLOURS, vmin=0.0, vmax=top, origin="lower", extent=(-edge, edge, -edge, edge), aspect="equal"
    )
    axes.set_xlim(-1.15, 1.15)
    axes.set_ylim(-1.15, 1.15)
    turn = np.linspace(0, 2 * np.pi, 181)
    axes.plot(np.cos(turn), np.sin(turn), color=SOFT, lw=0.9)
    outline(axes, shown.map_lesion, 1.0, LESION.colour, 1.8)
    lateral = -1.0 if shown.hip.side == "left" else 1.0
    style: dict[str, Any] = {"fontsize": LETTERS_PT, "color": INK, "ha": "center", "va": "center"}
    for x, y, word, turned in ((0, 1.08, "anterior", 0), (1.08 * lateral, 0, "lateral", 90)):
        axes.text(x, y, word, rotation=turned, **style)


def outline(axes: Axes, part: Any, half: float, colour: str, width: float) -> None:
    """Where a part of a voxel is a half, on samples that reach `half` from the middle."""
    if part.max() > 0.5 > part.min():
        places = np.linspace(-half, half, part.shape[0])
        axes.contour(places, places, part, levels=[0.5], colors=[colour], linewidths=[width])


def draw_scale(made: Figure, top: float) -> None:
    """The scale of colours in numbers and words."""
    height = made.get_size_inches()[1]
    axes = made.add_axes((0.15, 0.4 / height, 0.7, 0.16 / height))
    axes.imshow(np.linspace(0, 1, 256)[None], cmap=COLOURS, aspect="auto", extent=(0, top, 0, 1))
    axes.set_yticks([])
    axes.tick_params(labelsize=LETTERS_PT, length=2, pad=2)
    axes.set_xlabel("stress over strength; orange: lesion; no colour: no bone", fontsize=LETTERS_PT)
