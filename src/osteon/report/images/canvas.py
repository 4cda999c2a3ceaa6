"""What does every picture of a bone share: its frame, its lines, its letters and its bytes?

Lines differ in their dashes and width as well as in their colour, and every line has a dark edge, so that it is seen on
bright marrow and on dark cortex, in print and by readers who see few colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from osteon.anatomy import Floats, Volume, level, slice_image
from osteon.anatomy.volume import Array
from osteon.report.figures.marks import INK as INK
from osteon.report.images.views import View, letter, on_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# 3.3 inches is the width of half a page of A4 between its margins; a picture is printed no smaller than that, so its
# letters of 9.5 points stay above 9.
PANEL_INCHES = 3.4
LETTERS_PT = 9.5
DPI = 180  # sharp on paper; a picture of one panel is then about 610 pixels wide
PIXEL_MM = 0.25  # finer than any series: the steps of a picture are not seen
MASK_PIXEL_MM = 0.5

CT_WINDOW_HU = (-300.0, 1300.0)  # soft tissue to cortex; only for looking
MR_WINDOW_PERCENT = (1.0, 99.7)  # a few bright vessels would otherwise darken the bone

# Pictures of few colours: this many greys, and a pixel counts as grey where its channels differ by less than this.
GREYS, GREY_WITHIN = 144, 10

# Okabe and Ito's colours, which readers with any colour vision tell apart.
ORANGE, SKY, GREEN, YELLOW, BLUE, RED, WHITE = (
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#f0e442",
    "#0072b2",
    "#d55e00",
    "#ffffff",
)


@dataclass(frozen=True, slots=True)
class Pen:
    """How one kind of line is drawn, and what it is called in the key."""

    words: str
    colour: str
    width: float
    dashes: Any = "-"


LESION = Pen("lesion", ORANGE, 2.2)
FEMUR = Pen("femur", SKY, 1.3)
PELVIS = Pen("pelvis", WHITE, 1.1, (0, (1, 1.2)))
CIRCLE = Pen("head's sphere", WHITE, 1.2, (0, (5, 2.5)))
ARC = Pen("arc of necrosis", YELLOW, 1.5)
BEARING = Pen("weight-bearing arc", GREEN, 2.6)
EDGE = Pen("acetabular edge", RED, 1.8, (0, (4, 1.5, 1, 1.5)))
NECK = Pen("line of the neck", WHITE, 1.2, (0, (6, 2, 1, 2)))
TRACT = Pen("tract", YELLOW, 1.8)
MARGIN = Pen("margin asked for", RED, 1.3, (0, (2, 1.5)))


def figure(width: float, height: float) -> Figure:
    """An empty figure of a size in inches, with the letters of all pictures."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context({"font.family": "DejaVu Sans"}):
        made = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
        FigureCanvasAgg(made)
    return made


def png_bytes(made: Figure, dpi: int = DPI, *, few_colours: bool = False) -> bytes:
    """The figure as a PNG file; the same figure gives the same bytes, for they hold no date and no program.

    With `few_colours` it has 256 of them, which grey images with a few lines do not show, and is a quarter as large.
    """
    out = BytesIO()
    made.savefig(out, format="png", dpi=dpi, metadata={"Software": None})
    return in_few_colours(out) if few_colours else out.getvalue()


def in_few_colours(png: BytesIO) -> bytes:
    """A PNG file with at most 256 colours: evenly spread greys for the image, the rest for lines and letters."""
    from PIL import Image

    with Image.open(png) as opened:
        picture = opened.convert("RGB")
    pixels = np.asarray(picture).reshape(-1, 3)
    coloured = pixels[np.ptp(pixels, axis=1) > GREY_WITHIN]
    greys = np.repeat(np.linspace(0, 255, GREYS).round().astype(np.uint8), 3).tolist()
    palette = Image.new("P", (1, 1))
    palette.putpalette(greys + lead_colours(coloured, 256 - GREYS))
    out = BytesIO()
    picture.quantize(palette=palette, dither=Image.Dither.NONE).save(out, format="PNG", optimize=True)
    return out.getvalue()


def lead_colours(pixels: Array, count: int) -> list[int]:
    """Up to so many colours that stand for pixels (n, 3), as numbers one after another."""
    from PIL import Image

    if not len(pixels):
        return []
    few = Image.fromarray(pixels[None]).quantize(count, method=Image.Quantize.MEDIANCUT)
    return list(few.getpalette() or [])[: 3 * count]


def small_png(made: Figure, most_bytes: int) -> bytes:
    """The figure as a PNG file of 256 colours no larger than wanted, with fewer pixels where that is needed.

    Letters stay readable down to 80 dots an inch; what is larger even then comes back as it is.
    """
    for dpi in (150, 125, 105, 90):
        png = png_bytes(made, dpi, few_colours=True)
        if len(png) <= most_bytes:
            return png
    return png_bytes(made, 80, few_colours=True)


def panel(made: Figure, box: tuple[float, float, float, float], half_mm: float) -> Axes:
    """Axes in millimetres about the middle of a view; `box` is left, bottom, width and height in inches."""
    width, height = made.get_size_inches()
    axes = made.add_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height))
    axes.set_xlim(-half_mm, half_mm)
    axes.set_ylim(-half_mm, half_mm)
    axes.set_aspect("equal")
    axes.set_facecolor("black")
    axes.set_xticks([])
    axes.set_yticks([])
    return axes


def show_image(axes: Axes, volume: Volume, view: View, half_mm: float, kind: str, step_mm: float = PIXEL_MM) -> None:
    """The image on the plane of a view, black beyond its grid."""
    image, across, up = slice_image(volume, view.as_plane, half_mm, step_mm)
    low, high = window(image, kind)
    axes.imshow(
        np.nan_to_num(image, nan=low),
        cmap="gray",
        vmin=low,
        vmax=high,
        origin="lower",
        interpolation="bilinear",
        extent=(across[0] - step_mm / 2, across[-1] + step_mm / 2, up[0] - step_mm / 2, up[-1] + step_mm / 2),
    )
    axes.set_xlim(-half_mm, half_mm)
    axes.set_ylim(-half_mm, half_mm)


def window(image: Floats, kind: str) -> tuple[float, float]:
    """The values shown black and white: a fixed window for CT, all but the brightest few for MR."""
    if kind == "CT":
        return CT_WINDOW_HU
    seen = image[np.isfinite(image)]
    if not seen.size:
        return 0.0, 1.0
    low, high = np.percentile(seen, MR_WINDOW_PERCENT)
    return float(low), float(max(high, low + 1e-6))


def outlines_mm(mask: Volume | None, view: View, half_mm: float, step_mm: float = MASK_PIXEL_MM) -> list[Floats]:
    """The outlines of a mask on the plane of a view: points (n, 2) in mm, across and up the picture, for each."""
    from skimage import measure

    if mask is None or not mask.array.any():
        return []
    field, across, up = slice_image(level(mask), view.as_plane, half_mm, step_mm)
    find: Any = measure.find_contours  # its annotations are incomplete
    found = find(np.nan_to_num(field, nan=-1.0), 0.0)
    return [np.column_stack([across[0] + step_mm * line[:, 1], up[0] + step_mm * line[:, 0]]) for line in found]


def draw_lines(axes: Axes, lines: Sequence[Floats], pen: Pen) -> None:
    """Lines in mm with a pen, each with its dark edge."""
    for line in lines:
        axes.plot(line[:, 0], line[:, 1], color=INK, lw=pen.width + 1.3, solid_capstyle="butt", alpha=0.85, zorder=2)
        axes.plot(
            line[:, 0], line[:, 1], color=pen.colour, lw=pen.width, ls=pen.dashes, solid_capstyle="butt", zorder=3
        )


def write(axes: Axes, place: Sequence[float], words: str, **more: Any) -> None:
    """Words on a picture, white with a dark edge."""
    from matplotlib import patheffects

    edge = patheffects.withStroke(linewidth=2.6, foreground=INK)
    style: dict[str, Any] = {
        "color": "white",
        "fontsize": LETTERS_PT,
        "ha": "center",
        "va": "center",
        "zorder": 6,
    } | more
    axes.text(place[0], place[1], words, path_effects=[edge], **style)


def frame(axes: Axes, view: View, half_mm: float) -> None:
    """Letters at the four sides that say where they lie in the patient, and a bar of 10 mm."""
    inch = 2 * half_mm / axes.get_window_extent().width * DPI  # in mm of the picture
    aside, above = half_mm - 0.15 * inch, half_mm - 0.12 * inch
    sides = ((aside, 0.0, view.right), (-aside, 0.0, -view.right), (0.0, above, view.up), (0.0, -above, -view.up))
    for x, y, direction in sides:
        write(axes, (x, y), letter(direction), weight="bold")
    left, bottom = 0.1 * inch - half_mm, 0.1 * inch - half_mm
    draw_lines(axes, [np.array([[left, bottom], [left + 10.0, bottom]])], Pen("10 mm", WHITE, 2.6))
    write(axes, (left, bottom + 0.12 * inch), "10 mm", ha="left")


def key(made: Figure, pens: Sequence[Pen], box: tuple[float, float, float, float], columns: int = 2) -> None:
    """The lines of a picture with what each is, on a dark strip as they lie on the image; `box` is in inches."""
    width, height = made.get_size_inches()
    axes = made.add_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height))
    axes.set_xlim(0, box[2])
    axes.set_ylim(0, box[3])
    axes.set_facecolor("#3a444b")
    axes.set_xticks([])
    axes.set_yticks([])
    rows = max(-(-len(pens) // columns), 1)
    for at, pen in enumerate(pens):
        x = 0.08 + (at // rows) * 0.9 * box[2] / columns  # the first column holds the shorter words
        y = box[3] * (1 - (at % rows + 0.5) / rows)
        draw_lines(axes, [np.array([[x, y], [x + 0.32, y]])], pen)
        axes.text(x + 0.4, y, pen.words, color="white", fontsize=LETTERS_PT, va="center", ha="left")


def circle_mm(radius_mm: float) -> Floats:
    """A circle about the middle as points (n, 2)."""
    turn = np.linspace(0, 2 * np.pi, 181)
    return np.asarray(np.column_stack([np.cos(turn), np.sin(turn)]) * radius_mm)


def arc_mm(view: View, rays: Floats, radius_mm: float) -> Floats:
    """Directions in the patient (n, 3) as points (n, 2) of a picture at a distance from its middle."""
    return radius_mm * on_picture(view, rays)
