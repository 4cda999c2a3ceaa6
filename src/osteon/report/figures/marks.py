"""Of what is a figure made? Lines, shapes and words as SVG text, with one set of colours and one outer frame.

Lengths are in pixels at natural size, x to the right and y down. Nothing here knows what it draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from osteon.errors import printable

Point = tuple[float, float]

INK, SOFT, LINE, FAINT, PAPER = "#1d2429", "#4c5860", "#c5ccd1", "#eef1f2", "#ffffff"  # as on the page around it
ACCENT, PALE, GREY = "#17566a", "#a9c8d1", "#8e9ba3"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif"


class Table(NamedTuple):
    """The data of a figure in words and numbers: what to see, the head of each column, the rows."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def figure(ident: str, size: tuple[float, float], title: str, desc: str, parts: Iterable[str]) -> str:
    """One whole SVG: its parts in a frame of `size` (width, height), with title and description for a screen reader.

    Examples
    --------
    >>> figure("f1", (100, 50), "A line", "It rises.", [line([(0, 50), (100, 0)])]).count("f1-title")
    2
    """
    width, height = size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="figure" viewBox="0 0 {px(width)} {px(height)}" '
        f'style="width:{px(width)}px;max-width:100%;font-variant-numeric:tabular-nums" font-family="{FONT}" '
        f'role="img" aria-labelledby="{ident}-title {ident}-desc"><title id="{ident}-title">{plain(title)}</title>'
        f'<desc id="{ident}-desc">{plain(desc)}</desc>{"".join(parts)}</svg>'
    )


def px(length: float) -> str:
    """A length with at most two decimals.

    Examples
    --------
    >>> px(12.0), px(-0.001), px(1 / 3)
    ('12', '0', '0.33')
    """
    return f"{round(length, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def plain(words: str) -> str:
    """Words that XML takes as words: escaped, and control characters written out."""
    return escape(printable(words))


def text(at: Point, words: str, size: float = 11, anchor: str = "start", colour: str = INK, bold: bool = False) -> str:
    """Words on a line whose foot is at `at`; `anchor` is start, middle or end."""
    weight = ' font-weight="600"' if bold else ""
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return (
        f'<text x="{px(at[0])}" y="{px(at[1])}" font-size="{px(size)}"{where} fill="{colour}"{weight}>'
        f"{plain(words)}</text>"
    )


def line(points: Sequence[Point], colour: str = INK, width: float = 1, dash: str = "", role: str = "") -> str:
    """A line through points, without a filling."""
    more = (f' stroke-dasharray="{dash}"' if dash else "") + kind(role)
    return f'<path d="M{path(points)}" fill="none" stroke="{colour}" stroke-width="{px(width)}"{more}/>'


def polygon(points: Sequence[Point], fill: str, edge: str = "none", role: str = "", opacity: float = 1) -> str:
    """A closed shape."""
    more = (f' fill-opacity="{px(opacity)}"' if opacity < 1 else "") + kind(role)
    return f'<path d="M{path(points)}Z" fill="{fill}" stroke="{edge}"{more}/>'


def circle(
    middle: Point, radius: float, fill: str, edge: str = "none", width: float = 1, role: str = "", tip: str = ""
) -> str:
    """A disc; `tip` is shown when a reader points at it."""
    shape = (
        f'<circle cx="{px(middle[0])}" cy="{px(middle[1])}" r="{px(radius)}" fill="{fill}" stroke="{edge}" '
        f'stroke-width="{px(width)}"{kind(role)}'
    )
    return f"{shape}><title>{plain(tip)}</title></circle>" if tip else f"{shape}/>"


def rectangle(corner: Point, size: tuple[float, float], fill: str, edge: str = "none", role: str = "") -> str:
    return (
        f'<rect x="{px(corner[0])}" y="{px(corner[1])}" width="{px(size[0])}" height="{px(size[1])}" '
        f'fill="{fill}" stroke="{edge}"{kind(role)}/>'
    )


def path(points: Sequence[Point]) -> str:
    return " ".join(f"{px(x)},{px(y)}" for x, y in points)


def kind(role: str) -> str:
    return f' class="{role}"' if role else ""
