"""Of 100 joints like this one, how many? A hundred dots, ten by ten, with the range that is not certain."""

from __future__ import annotations

from collections.abc import Iterator

from osteon.report.figures.lettering import width, wrapped
from osteon.report.figures.marks import ACCENT, INK, PAPER, SOFT, Point, Table, circle, figure, line, text

ACROSS = 10  # dots in a row, and rows
SMALL_CELL, LARGE_CELL = 10.7, 24.0  # pixels from one dot to the next
EDGE = 1.5  # pixels around the dots, for the line after the best estimate
SMALL_LETTERS, LARGE_LETTERS = 9.5, 14.0
KEY_WIDTH = 330.0


def icon_array(of_100: int, low: int, high: int, label: str, *, ident: str) -> str:
    """A hundred dots as SVG, small enough for a cell of a table, with the number and the label beneath.

    Full dots are the joints that are among them even by the lower end of the interval, hatched ones those between its
    ends, rings all others. The stepped line stands after the best estimate.

    Parameters
    ----------
    of_100, low, high
        The best estimate and its interval in whole joints: 0 <= low <= of_100 <= high <= 100.
    label
        What is counted, in a few words.
    ident
        A word that no other figure of the page has; the ids inside the SVG begin with it.

    Examples
    --------
    >>> icon_array(62, 45, 78, "keep their head", ident="i").count("<circle")
    100
    """
    side = ACROSS * SMALL_CELL + 2 * EDGE
    words = [*wrapped(count_words(of_100, low, high), SMALL_LETTERS, side), *wrapped(label, SMALL_LETTERS, side)]
    parts = [
        *dots(of_100, low, high, ident, SMALL_CELL),
        *(text((0, side + 13 + 12 * down), line, SMALL_LETTERS) for down, line in enumerate(words)),
    ]
    size = (side, side + 5 + 12 * len(words))
    return figure(ident, size, label, icon_sentence(of_100, low, high, label), parts)


def icon_array_with_key(of_100: int, low: int, high: int, label: str, *, ident: str) -> str:
    """The same hundred dots, large, with a key that says what each sign means; for the patient's page."""
    side = ACROSS * LARGE_CELL + 2 * EDGE
    head = wrapped(f"{count_words(of_100, low, high)} {label}", LARGE_LETTERS, KEY_WIDTH, bold=True)
    top = 18.0 * len(head) + 8
    body = "".join(dots(of_100, low, high, ident, LARGE_CELL))
    parts = [
        *(text((0, 13 + 18 * down), line, LARGE_LETTERS, bold=True) for down, line in enumerate(head)),
        f'<g transform="translate(0 {top:g})">{body}</g>',
        *key(of_100, low, high, ident, top + side + 22),
    ]
    size = (KEY_WIDTH, top + side + 22 + 21 * len(key_words(of_100, low, high)))
    return figure(ident, size, label, icon_sentence(of_100, low, high, label), parts)


def icon_table(of_100: int, low: int, high: int, label: str) -> Table:
    """The data of `icon_array`: one row for each sign."""
    rows = tuple((words, str(count)) for _, words, count in key_words(of_100, low, high))
    return Table(icon_sentence(of_100, low, high, label), ("Joints", "Of 100"), rows)


def icon_sentence(of_100: int, low: int, high: int, label: str) -> str:
    return f"{count_words(of_100, low, high)}: {label}."


def count_words(of_100: int, low: int, high: int) -> str:
    """The number of 100 with its range.

    Examples
    --------
    >>> count_words(62, 45, 78), count_words(90, 90, 90)
    ('62 of 100 (45 to 78)', '90 of 100')
    """
    return f"{of_100} of 100" if low == high else f"{of_100} of 100 ({low} to {high})"


def key_words(of_100: int, low: int, high: int) -> list[tuple[str, str, int]]:
    """Sign, meaning and number of the dots, for those signs that occur."""
    signs = [
        ("full", "yes, at the least", low),
        ("hatched", f"perhaps; the best estimate is {of_100} in all", high - low),
        ("empty", "no, at the least", 100 - high),
    ]
    return [sign for sign in signs if sign[2]]


def dots(of_100: int, low: int, high: int, ident: str, cell: float) -> Iterator[str]:
    """The hundred dots, row by row from the top, and the stepped line after the best estimate."""
    yield hatch(ident, cell)
    for i in range(ACROSS * ACROSS):
        middle = (EDGE + (i % ACROSS + 0.5) * cell, EDGE + (i // ACROSS + 0.5) * cell)
        yield dot(middle, "full" if i < low else "hatched" if i < high else "empty", ident, cell)
    if low < high:
        yield line(steps(of_100, cell), INK, max(1.4, cell / 10), role="estimate")


def hatch(ident: str, cell: float) -> str:
    """The pattern of the dots that are not certain."""
    step = cell / 4.4
    return (
        f'<defs><pattern id="{ident}-hatch" width="{step:.2f}" height="{step:.2f}" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="{step:.2f}" height="{step:.2f}" fill="{PAPER}"/>'
        f'<rect width="{step * 0.45:.2f}" height="{step:.2f}" fill="{ACCENT}"/></pattern></defs>'
    )


def dot(middle: Point, sign: str, ident: str, cell: float) -> str:
    """One joint: full, hatched or an empty ring."""
    fill = {"full": ACCENT, "hatched": f"url(#{ident}-hatch)", "empty": PAPER}[sign]
    edge = SOFT if sign == "empty" else ACCENT
    return circle(middle, cell * 0.38, fill, edge, max(0.8, cell / 20), role=sign)


def steps(count: int, cell: float) -> list[Point]:
    """The line that parts the first `count` dots from the rest."""
    rows, over = divmod(count, ACROSS)
    upper, lower, end = EDGE + rows * cell, EDGE + (rows + 1) * cell, EDGE + ACROSS * cell
    if not over:
        return [(EDGE, upper), (end, upper)]
    turn = EDGE + over * cell
    return [(EDGE, lower), (turn, lower), (turn, upper), (end, upper)]


def key(of_100: int, low: int, high: int, ident: str, y: float) -> Iterator[str]:
    """What each sign means and how many dots bear it."""
    for down, (sign, words, count) in enumerate(key_words(of_100, low, high)):
        middle = y + 21 * down
        yield dot((11, middle - 4.5), sign, ident, LARGE_CELL)
        yield text((28, middle), str(count), 12, bold=True)
        yield text((28 + width("100", 12) + 6, middle), words, 12, colour=SOFT)
