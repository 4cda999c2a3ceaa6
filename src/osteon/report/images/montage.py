"""What do the series' own slices show of the head and its lesion?"""

from __future__ import annotations

import numpy as np

from osteon.imaging.examination import Examination
from osteon.report.images.canvas import (
    FEMUR,
    LESION,
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
from osteon.report.images.mid_planes import outlined_parts
from osteon.report.images.views import View, slice_views

TILE_INCHES, ACROSS, MOST_TILES = 1.75, 4, 12
HALF_RADII, KEY_INCHES = 1.45, 0.3
# Slices are shown to this part of the radius on either side: beyond, the head is a few pixels wide.
SHOWN_RADII = 0.95
TILE_PIXEL_MM = 0.4


def montage_png(examination: Examination) -> bytes:
    """Up to twelve slices of the series through the head, evenly spread, with outlines of femur and lesion, as PNG."""
    hip = examination.found.hip
    tiles = chosen_slices(examination)
    rows = -(-len(tiles) // ACROSS)
    half = HALF_RADII * hip.head.radius_mm
    made = figure(ACROSS * TILE_INCHES, rows * TILE_INCHES + KEY_INCHES)
    made.set_facecolor("black")
    for at, (number, view) in enumerate(tiles):
        left, bottom = at % ACROSS * TILE_INCHES, KEY_INCHES + (rows - 1 - at // ACROSS) * TILE_INCHES
        axes = panel(made, (left, bottom, TILE_INCHES, TILE_INCHES), half)
        show_image(axes, examination.series.volume, view, half, examination.series.kind, TILE_PIXEL_MM)
        draw_lines(axes, outlines_mm(examination.found.femur, view, half), FEMUR)
        draw_lines(axes, outlines_mm(examination.lesion.volume, view, half), LESION)
        if at == 0:
            frame(axes, view, half)
        write(axes, (0.95 * half, 0.88 * half), f"{number + 1}", ha="right", weight="bold")
    key(made, outlined_parts(examination), (0.0, 0.0, ACROSS * TILE_INCHES, KEY_INCHES))
    return png_bytes(made, few_colours=True)


def chosen_slices(examination: Examination) -> tuple[tuple[int, View], ...]:
    """Index and view of the slices that are shown: all through the head, or twelve of them evenly spread."""
    head = examination.found.hip.head
    through = [
        (number, view)
        for number, view in slice_views(examination.series.volume, head.center_mm)
        if np.linalg.norm(view.center_mm - head.center_mm) <= SHOWN_RADII * head.radius_mm
    ]
    if len(through) <= MOST_TILES:
        return tuple(through)
    return tuple(through[k] for k in np.linspace(0, len(through) - 1, MOST_TILES).round().astype(int))
