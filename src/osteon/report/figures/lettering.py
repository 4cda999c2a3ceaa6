"""How much room do words need, and where do they go so that none covers another?

The font is the reader's own, so widths are those of a wide one (DejaVu Sans); in any other the words sit looser.
"""

from __future__ import annotations

from collections.abc import Sequence

from osteon.errors import printable

# Share of the font size that a letter advances, in DejaVu Sans rounded up; every other letter is taken as OTHER.
ADVANCE = {
    **dict.fromkeys("iljIJ' .,:;|/", 0.34),
    **dict.fromkeys("!()[]-ftr²", 0.42),
    **dict.fromkeys("cszvxykL?–", 0.58),
    **dict.fromkeys("ABCDEGKNRSTUVXYZPF", 0.72),
    **dict.fromkeys("wHOQ&#<>=+−±~^", 0.84),
    **dict.fromkeys("mMW%@→←", 1.0),
}
OTHER, WIDE = 0.64, 1.05  # WIDE: letters beyond the Latin, Greek and punctuation blocks
BOLD = 1.12  # bold letters need this much more
LAST_NARROW = "\u2fff"


def width(words: str, size: float, bold: bool = False) -> float:
    """The room in pixels of words drawn on one line in a font of `size` pixels; rather too much than too little.

    Examples
    --------
    >>> width("", 11), width("Lai 2005", 10) < 60
    (0.0, True)
    """
    return (
        (BOLD if bold else 1.0)
        * size
        * sum((ADVANCE.get(c, OTHER if c <= LAST_NARROW else WIDE) for c in printable(words)), 0.0)
    )


def wrapped(words: str, size: float, room: float, bold: bool = False) -> tuple[str, ...]:
    """The words in lines no wider than `room` pixels; a word that is wider is cut.

    Examples
    --------
    >>> wrapped("Core decompression, multiple small drilling", 11, 140)
    ('Core decompression,', 'multiple small drilling')
    """
    lines = [""]
    for word in printable(words).split():
        longer = f"{lines[-1]} {word}".strip()
        if width(longer, size, bold) <= room:
            lines[-1] = longer
        else:
            lines.extend(pieces(word, size, room, bold))
    return tuple(line for line in lines if line)


def pieces(word: str, size: float, room: float, bold: bool) -> list[str]:
    """One word, cut where it is wider than the room."""
    cut = [""]
    for letter in word:
        if cut[-1] and width(cut[-1] + letter, size, bold) > room:
            cut.append("")
        cut[-1] += letter
    return cut


def spread(wanted: Sequence[float], heights: Sequence[float], top: float, bottom: float) -> tuple[float, ...]:
    """Middles of blocks stacked without overlap between `top` and `bottom`, each as near as may be to where it wants.

    Blocks keep the order of what they want. Where they do not fit they run over the bottom.

    Examples
    --------
    >>> spread([50, 52, 10], [10, 10, 10], 0, 100)
    (46.0, 56.0, 10.0)
    """
    groups: list[tuple[list[int], float]] = []  # blocks that touch, and the top of the first
    for block in sorted(range(len(wanted)), key=lambda i: wanted[i]):
        members = [block]
        while groups and groups[-1][1] + sum(heights[i] for i in groups[-1][0]) > group_top(
            members, wanted, heights, top, bottom
        ):
            members = groups.pop()[0] + members
        groups.append((members, group_top(members, wanted, heights, top, bottom)))
    placed = dict.fromkeys(range(len(wanted)), 0.0)
    for members, start in groups:
        for block in members:
            placed[block] = start + heights[block] / 2
            start += heights[block]
    return tuple(placed.values())


def group_top(
    members: Sequence[int], wanted: Sequence[float], heights: Sequence[float], top: float, bottom: float
) -> float:
    """Where a stack of touching blocks starts when its blocks miss what they want by as little as can be."""
    offsets, above = [], 0.0
    for block in members:
        offsets.append(wanted[block] - above - heights[block] / 2)
        above += heights[block]
    return max(top, min(sum(offsets) / len(offsets), bottom - above))
