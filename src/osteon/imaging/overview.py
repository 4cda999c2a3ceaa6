"""What is in this folder of images, as a table and as one picture?"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from osteon.anatomy import Volume
from osteon.anatomy.volume import Array
from osteon.imaging.series import Images, Mask, Refused, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

SLICES_SHOWN = (0.25, 0.5, 0.75)  # places along the stack; both hips are seen on one of them in most series
MOST_SHOWN = 24  # series on one sheet; more would make it too tall to open
MOST_PIXELS = 384  # along an edge of a picture: finer ones are thinned, which is enough to recognise a series
ROW_INCHES, COLUMN_INCHES, DPI = 2.6, 2.6, 100
CT_WINDOW_HU = (-500.0, 1300.0)  # shows soft tissue and cortex at once; only for looking
MR_WINDOW_PERCENT = (1.0, 99.5)  # a few bright vessels would otherwise darken the bone
AXIS_ENDS = (("R", "L"), ("A", "P"), ("F", "H"))  # low and high end of x, y, z in LPS; F and H are feet and head


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """One line of the table; all of it is text, "" where there is nothing to say.

    `kind` is MR, CT, mask or refused. `size` is columns x rows, `spacing_mm` the same and the distance of slices.
    `remark` holds warnings, or the reason of a refusal.
    """

    id: str
    kind: str
    plane: str
    weighting: str
    echo_ms: str
    size: str
    spacing_mm: str
    slices: str
    description: str
    source: str
    remark: str


def overview_rows(images: Images) -> tuple[OverviewRow, ...]:
    """A table of all that was found: series, then masks, then what was refused, with equal reasons put together.

    Examples
    --------
    >>> images = Images((), (), (Refused("a.txt", "is no image."), Refused("b.txt", "is no image.")))
    >>> [(row.kind, row.source, row.remark) for row in overview_rows(images)]
    [('refused', 'a.txt and 1 more', 'is no image.')]
    """
    masks = (mask_row(f"m{k}", mask) for k, mask in enumerate(images.masks, 1))
    return (*map(series_row, images.series), *masks, *refused_rows(images.refused))


def series_row(series: Series) -> OverviewRow:
    """One image volume."""
    slices, rows, columns = series.volume.shape
    apart, between_rows, between_columns = series.volume.spacing_mm
    return OverviewRow(
        id=series.id,
        kind=series.kind,
        plane=series.plane,
        weighting=series.weighting,
        echo_ms="" if series.echo_time_ms is None else f"{series.echo_time_ms:.3g}",
        size=f"{columns} x {rows}",
        spacing_mm=f"{between_columns:.3g} x {between_rows:.3g} x {apart:.3g}",
        slices=str(slices),
        description=series.description,
        source=series.source,
        remark="; ".join(series.warnings),
    )


def mask_row(name: str, mask: Mask) -> OverviewRow:
    """One mask and its volume."""
    apart, between_rows, between_columns = mask.volume.spacing_mm
    slices, rows, columns = mask.volume.shape
    volume_ml = float(mask.volume.array.sum()) * mask.volume.voxel_mm3 / 1000
    return OverviewRow(
        id=name,
        kind="mask",
        plane="",
        weighting="",
        echo_ms="",
        size=f"{columns} x {rows}",
        spacing_mm=f"{between_columns:.3g} x {between_rows:.3g} x {apart:.3g}",
        slices=str(slices),
        description=f"{mask.label}, {volume_ml:.1f} ml",
        source=mask.author,
        remark="; ".join(mask.notes),
    )


def refused_rows(refused: Sequence[Refused]) -> list[OverviewRow]:
    """One line for each reason."""
    names: dict[str, list[str]] = defaultdict(list)
    for one in refused:
        names[one.reason].append(one.name)
    more = {reason: f" and {len(same) - 1} more" if len(same) > 1 else "" for reason, same in names.items()}
    return [
        OverviewRow("", "refused", "", "", "", "", "", "", "", same[0] + more[reason], reason)
        for reason, same in names.items()
    ]


def contact_sheet_png(images: Images) -> bytes:
    """A picture of three slices of every series, with its id and plane: the bytes of a PNG file.

    Slices are shown as on a light box: the patient's right on the left, head or front up, in their true proportions.
    Letters name the sides (R, L, A, P, H, F).
    """
    from matplotlib.figure import Figure

    shown = images.series[:MOST_SHOWN]
    height = max(1, len(shown)) * ROW_INCHES + 0.4
    figure = Figure(figsize=(COLUMN_INCHES * len(SLICES_SHOWN), height), dpi=DPI, facecolor="black")
    if shown:
        parts = figure.subfigures(len(shown), 1, squeeze=False)
        for part, series in zip(parts[:, 0], shown, strict=True):
            draw_series(part, series)
    else:
        figure.text(0.5, 0.5, "no image volumes", color="white", ha="center", va="center")
    if len(images.series) > len(shown):
        more = f"and {len(images.series) - len(shown)} more series"
        figure.text(0.5, 0.01, more, color="white", ha="center", fontsize=8)
    return png_of(figure)


def png_of(figure: Figure) -> bytes:
    """The bytes of the picture, the same each time."""
    out = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that the font lacks are drawn as boxes
        figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def draw_series(part: SubFigure, series: Series) -> None:
    """One strip of the sheet: what it is, and its slices."""
    row = series_row(series)
    echo = row.echo_ms and f"TE {row.echo_ms} ms"
    words = [row.id, row.kind, row.weighting, echo, row.plane, f"{row.size}, {row.slices} slices, {row.spacing_mm} mm"]
    head = "  ".join(word for word in words if word)
    part.set_facecolor("black")
    style = {"color": "white", "fontsize": 8, "va": "top", "parse_math": False}
    source = "" if series.source in (".", series.description) else shortened(series.source)
    part.text(0.01, 0.99, f"{head}\n{row.description[:60]}  {source}", style)
    boxes = part.subplots(1, len(SLICES_SHOWN), gridspec_kw={"wspace": 0.03})
    part.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=0.84)
    chosen = sorted({round(place * (series.volume.shape[0] - 1)) for place in SLICES_SHOWN})
    for box in boxes:
        box.set_axis_off()
    for box, k in zip(boxes, chosen, strict=False):  # a series of two slices leaves a box empty
        draw_slice(box, series.volume, k, window(series))


def draw_slice(box: Axes, volume: Volume, k: int, shades: tuple[float, float]) -> None:
    """One slice with the letters of its sides."""
    picture, sides, aspect = upright(volume, k)
    box.imshow(picture, cmap="gray", vmin=shades[0], vmax=shades[1], aspect=aspect, interpolation="bilinear")
    letter = {"color": "yellow", "fontsize": 7, "transform": box.transAxes}
    box.text(0.02, 0.5, sides[0], letter, va="center")
    box.text(0.5, 0.98, sides[1], letter, ha="center", va="top")
    box.text(0.98, 0.02, f"slice {k + 1}", letter, ha="right")


def shortened(source: str) -> str:
    """The end of a long path: its last folders tell series apart."""
    return source if len(source) <= 50 else "…" + source[-49:]


def window(series: Series) -> tuple[float, float]:
    """Values shown black and white."""
    if series.kind == "CT":
        return CT_WINDOW_HU
    middle = series.volume.array[series.volume.shape[0] // 4 : -(series.volume.shape[0] // 4) or None, ::4, ::4]
    low, high = np.percentile(middle, MR_WINDOW_PERCENT)
    return float(low), float(max(high, low + 1e-6))


def upright(volume: Volume, k: int) -> tuple[Array, tuple[str, str], float]:
    """Slice `k` as it is hung up, the letters of its left and upper edge, and its height per width of a pixel."""
    directions, spacing = volume.directions[:, 1:], volume.spacing_mm[1:]
    axes = in_plane_axes(directions)
    picture = volume.array[k]
    # Head up in coronal and sagittal slices; front up in axial ones. Across: the patient's right or front on the left.
    down, across = (0, 1) if axes[0] > axes[1] else (1, 0)
    if down == 1:
        picture = picture.T
    signs = np.sign([directions[axes[down], down], directions[axes[across], across]])
    head_up = axes[down] == 2
    if (signs[0] > 0) == head_up:
        picture = picture[::-1]
    if signs[1] < 0:
        picture = picture[:, ::-1]
    thin = 1 + max(picture.shape) // (MOST_PIXELS + 1)
    top = AXIS_ENDS[axes[down]][1 if head_up else 0]
    return picture[::thin, ::thin], (AXIS_ENDS[axes[across]][0], top), float(spacing[down] / spacing[across])


def in_plane_axes(directions: NDArray[np.float64]) -> tuple[int, int]:
    """Which of x, y, z each of two perpendicular directions is nearest to; never the same one twice."""
    size = np.abs(directions)
    first = int(size[:, 0].argmax())
    rest = [axis for axis in range(3) if axis != first]
    return first, rest[int(size[rest, 1].argmax())]
