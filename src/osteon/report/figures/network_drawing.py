"""Which treatments were compared with which, and how often? The network of comparisons, drawn on a circle."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from osteon.report.figures.lettering import spread, width, wrapped
from osteon.report.figures.marks import ACCENT, GREY, INK, PAPER, SOFT, Point, Table, circle, figure, line, text

if TYPE_CHECKING:
    from osteon.evidence.network import Edge

SIZE, SMALL, LINE_HEIGHT = 11.0, 9.5, 12.5
LABEL_ROOM = 165.0
LEAST_RADIUS, RING = 100.0, 24.0  # of the circle of nodes; from it to the labels
LARGEST_NODE, LEAST_LARGEST, SMALLEST_NODE = 13.0, 6.0, 3.0
WIDEST, THINNEST = 9.0, 1.0
BETWEEN = 6.0  # room between two labels
MIDDLE_GAP = 8.0  # from the middle line to the labels beside it
LEGEND_WIDTH = 200.0


@dataclass(frozen=True, slots=True)
class Node:
    """A treatment with the joints and studies that tell of it."""

    id: str
    name: str
    joints: int
    studies: int


@dataclass(frozen=True, slots=True)
class Label:
    """The words of a node: the end of their lines that is nearest to the circle, and the middle of their height."""

    lines: tuple[str, ...]
    count: str
    right: bool
    at: Point = (0.0, 0.0)

    @property
    def height(self) -> float:
        return LINE_HEIGHT * (len(self.lines) + 1) + BETWEEN

    @property
    def reach(self) -> float:
        """The far end of the longest line."""
        room = max(width(self.count, SMALL), *(width(words, SIZE) for words in self.lines))
        return self.at[0] + (room if self.right else -room)


def network_drawing(nodes: Sequence[Node], edges: Sequence[Edge], *, title: str, ident: str) -> str:
    """The network as SVG: a disc's area is its joints, a line's width its studies.

    Parameters
    ----------
    nodes
        At least one; in the order in which they go round, beginning at the top.
    edges
        As `osteon.evidence.network.network` gives them; every treatment is the id of a node.
    title
        What outcome the comparisons are about.
    ident
        A word that no other figure of the page has; the ids inside the SVG begin with it.

    Examples
    --------
    >>> from osteon.evidence.network import Edge
    >>> pair = [Node("a", "Alendronate", 120, 3), Node("b", "Observation", 130, 3)]
    >>> edge = Edge("a", "b", ("Lai 2005", "Chen 2012", "Lee 2015"))
    >>> network_drawing(pair, [edge], title="Collapse", ident="n").count("<circle")
    2
    """
    angles = [2 * math.pi * (i + 0.5) / len(nodes) for i in range(len(nodes))]
    bare = [label(node, math.sin(angle) > -1e-9) for node, angle in zip(nodes, angles, strict=True)]
    tallest = max(sum(label.height for label in bare if label.right is side) for side in (True, False))
    radius = max(LEAST_RADIUS, tallest / 2 - RING)
    at = {n.id: (radius * math.sin(a), -radius * math.cos(a)) for n, a in zip(nodes, angles, strict=True)}
    labels = placed(nodes, bare, at, radius)
    tops = [min(label.at[1] - label.height / 2, at[node.id][1] - LARGEST_NODE) for node, label in labels]
    feet = [max(label.at[1] + label.height / 2, at[node.id][1] + LARGEST_NODE) for node, label in labels]
    left = min(-LARGEST_NODE, *(label.reach for _, label in labels), -radius)
    right = max(LARGEST_NODE, *(label.reach for _, label in labels), radius)
    origin = (2 - left, 2 - min(tops))
    foot = origin[1] + max(feet) + 16
    parts = [
        f'<g transform="translate({origin[0]:.2f} {origin[1]:.2f})">',
        *edge_lines(edges, at),
        *(
            line([at[node.id], (label.at[0] + (-4 if label.right else 4), label.at[1])], SOFT, 0.6)
            for node, label in labels
        ),
        *node_discs(nodes, at, radius),
        *(part for _, label in labels for part in label_lines(label)),
        "</g>",
        *legend(foot, edges),
    ]
    size = (max(right - left + 4, LEGEND_WIDTH), foot + 8)
    return figure(ident, size, title, f"Network of comparisons. {network_sentence(nodes, edges)}", parts)


def network_table(nodes: Sequence[Node], edges: Sequence[Edge], *, title: str) -> Table:
    """The data of `network_drawing`: each treatment with what it was compared with."""
    names = {node.id: node.name for node in nodes}
    rows = tuple(
        (node.name, str(node.joints), str(node.studies), "; ".join(partners(node.id, edges, names)) or "nothing")
        for node in nodes
    )
    header = ("Treatment", "Joints", "Studies", "Compared with (studies)")
    return Table(f"{title}. {network_sentence(nodes, edges)}", header, rows)


def partners(ident: str, edges: Sequence[Edge], names: Mapping[str, str]) -> Iterator[str]:
    for edge in edges:
        if ident in ends(edge):
            other = next(end for end in ends(edge) if end != ident)
            yield f"{names[other]} ({len(edge.studies)})"


def ends(edge: Edge) -> tuple[str, str]:
    return edge.treatment_1, edge.treatment_2


def network_sentence(nodes: Sequence[Node], edges: Sequence[Edge]) -> str:
    """What the network shows: how much was compared, what most, what not at all."""
    names = {node.id: node.name for node in nodes}
    joined = {end for edge in edges for end in ends(edge)}
    alone = [node.name for node in nodes if node.id not in joined]
    possible = len(nodes) * (len(nodes) - 1) // 2
    told = [f"Of {possible} possible comparisons between {len(nodes)} treatments, {len(edges)} have been made."]
    if edges:
        most = max(edges, key=lambda edge: len(edge.studies))
        pair = " against ".join(names[end] for end in ends(most))
        told.append(f"Most studied: {pair} ({studies_words(len(most.studies))}).")
    if alone:
        told.append(f"Compared with none of the others: {'; '.join(alone)}.")
    return " ".join(told)


def studies_words(count: int) -> str:
    return f"{count} stud{'y' if count == 1 else 'ies'}"


def label(node: Node, right: bool) -> Label:
    """The words of a node, not yet placed."""
    count = f"{node.joints} joint{'' if node.joints == 1 else 's'}, {studies_words(node.studies)}"
    return Label(wrapped(node.name, SIZE, LABEL_ROOM) or (node.id,), count, right)


def placed(
    nodes: Sequence[Node], labels: Sequence[Label], at: Mapping[str, Point], radius: float
) -> list[tuple[Node, Label]]:
    """Each node's label outside the circle, on its side, stacked so that none covers another."""
    outer = radius + RING
    found = []
    for side in (True, False):
        chosen = [(node, label) for node, label in zip(nodes, labels, strict=True) if label.right is side]
        wanted = [at[node.id][1] / radius * (outer + label.height / 2) for node, label in chosen]
        heights = [label.height for _, label in chosen]
        limit = outer + max(heights, default=0.0)
        middles = spread(wanted, heights, -limit, limit)
        for (node, label), y in zip(chosen, middles, strict=True):
            near = max(abs(y) - label.height / 2, 0.0)
            x = max(math.sqrt(max(outer**2 - near**2, 0.0)), abs(at[node.id][0]) + 2, MIDDLE_GAP)
            found.append((node, replace(label, at=(x if side else -x, y))))
    return found


def edge_lines(edges: Sequence[Edge], at: Mapping[str, Point]) -> Iterator[str]:
    """A line per comparison, the thin ones on top."""
    most = max((len(edge.studies) for edge in edges), default=1)
    for edge in sorted(edges, key=lambda edge: -len(edge.studies)):
        yield line([at[end] for end in ends(edge)], GREY, edge_width(len(edge.studies), most), role="edge")


def edge_width(studies: int, most: int) -> float:
    """In pixels, in proportion to the studies; no line is thinner than can be seen."""
    return max(THINNEST, min(WIDEST, 2.0 * most) * studies / max(most, 1))


def node_discs(nodes: Sequence[Node], at: Mapping[str, Point], radius: float) -> Iterator[str]:
    """A disc per treatment, its area in proportion to the joints.

    The largest keeps out of the way of a line between its two neighbours.
    """
    aside = radius * (1 - math.cos(2 * math.pi / len(nodes))) if len(nodes) > 2 else LARGEST_NODE
    largest = min(LARGEST_NODE, max(LEAST_LARGEST, aside - 2))
    most = max(node.joints for node in nodes) or 1
    for node in nodes:
        size = max(SMALLEST_NODE, largest * math.sqrt(node.joints / most))
        yield circle(at[node.id], size, ACCENT, PAPER, 1.5, role="node", tip=node.name)


def label_lines(label: Label) -> Iterator[str]:
    anchor = "start" if label.right else "end"
    x, middle = label.at
    first = middle - LINE_HEIGHT * len(label.lines) / 2 + 3.5
    for down, words in enumerate(label.lines):
        yield text((x, first + LINE_HEIGHT * down), words, SIZE, anchor, INK)
    yield text((x, first + LINE_HEIGHT * len(label.lines)), label.count, SMALL, anchor, SOFT)


def legend(y: float, edges: Sequence[Edge]) -> Iterator[str]:
    """What the width of a line means: the fewest and the most studies that occur."""
    counts = [len(edge.studies) for edge in edges]
    x = 2.0
    for count in sorted({min(counts, default=0), max(counts, default=0)} - {0}):
        words = studies_words(count)
        yield line([(x, y - 3), (x + 26, y - 3)], GREY, edge_width(count, max(counts)))
        yield text((x + 32, y), words, SMALL, colour=SOFT)
        x += 32 + width(words, SMALL) + 18
