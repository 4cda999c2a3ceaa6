"""How is a comparison of operations told: as a card for the terminal, as JSON, and in a sentence for a plan?"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from osteon.mechanics.compare import Comparison, Outcome, Ratio
from osteon.mechanics.risk import MEASURES, Measure

LABEL = "Simulation: it predicts direction, not outcome."
PURPOSE = (
    "Research use. Every number is a ratio to the same hip left untreated, under the same force; in brackets the "
    "interval. 1 is no change. Healing, wear, infection and pain are not simulated."
)
# What stands side by side in the card, 26 columns for the name and 18 for each measure.
BLOCKS = (
    ("band_index", "lesion_index", "border_index"),
    ("head_index", "lesion_load", "cap_stiffness"),
    ("neck_strain", "lateral_strain", "yielded_ml"),
    ("collapse_load", "sunk_mm"),
)
NAME, CELL = 26, 18
# A change smaller than this is no direction, whatever the interval says: about what the voxels' size moves.
NO_CHANGE = 0.02
# What a plan tells of an option, in this order.
IN_PLANS = ("lesion_index", "band_index", "lesion_load", "cap_stiffness", "neck_strain")

BY_ID: Mapping[str, Measure] = {each.id: each for each in MEASURES}


def comparison_card(comparison: Comparison, width: int = 80) -> str:
    """The comparison as text for a terminal, 80 columns wide or more."""
    lines = [f"Mechanics of the {comparison.side} hip, {comparison.force}", LABEL, *textwrap.wrap(PURPOSE, width)]
    for block in BLOCKS:
        lines += table(comparison, block)
    lines += ["", "* hypothetical: assumes that the biology worked"]
    for each in comparison.outcomes:
        lines += [wrapped for note in each.notes for wrapped in listed(f"{each.name}: {note}", width)]
    for title, told in (("Not shown", [f"{each.name}: {each.why}" for each in comparison.left_out]),):
        lines += ["", title, *(line for each in told for line in listed(each, width))] if told else []
    lines += ["", "What every number rests on (no source settles it)"]
    lines += [line for each in comparison.settings for line in listed(each, width)]
    return "\n".join(lines) + "\n"


def listed(text: str, width: int) -> list[str]:
    """One entry of a list, indented."""
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="    ")


def table(comparison: Comparison, names: tuple[str, ...]) -> list[str]:
    """A table of some measures, one row an option; measures that no option has are left out."""
    shown = [name for name in names if any(name in each.to_untreated for each in comparison.outcomes)]
    if not shown:
        return []
    heads = [textwrap.wrap(BY_ID[name].name, CELL - 1) for name in shown]
    rows = ["".join(f"{line:>{CELL}}" for line in level).rjust(NAME + CELL * len(shown)) for level in levels(heads)]
    return ["", *rows, *(row(each, shown) for each in comparison.outcomes if each.id != "untreated")]


def levels(heads: list[list[str]]) -> Iterator[tuple[str, ...]]:
    """The lines of headings of several lines, the last of each on one level."""
    height = max(map(len, heads))
    padded = [[""] * (height - len(each)) + each for each in heads]
    yield from zip(*padded, strict=True)


def row(outcome: Outcome, names: list[str]) -> str:
    """One option in a table."""
    name = outcome.name + (" *" if outcome.hypothetical else "")
    return f"{name[:NAME]:{NAME}}" + "".join(f"{ratio_words(outcome.to_untreated.get(each)):>{CELL}}" for each in names)


def ratio_words(ratio: Ratio | None) -> str:
    """A ratio with its interval, "-" where there is none.

    Examples
    --------
    >>> ratio_words(Ratio(0.621, 0.55, 0.7)), ratio_words(Ratio(1.0)), ratio_words(None)
    ('0.62 (0.55-0.70)', '1.00', '-')
    """
    if ratio is None:
        return "-"
    middle = f"{ratio.value:.2f}"
    return middle if ratio.low is None else f"{middle} ({ratio.low:.2f}-{ratio.high:.2f})"


def comparison_dict(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain dictionaries, lists and numbers, ready for `json.dumps`."""
    return {
        "label": LABEL,
        "purpose": PURPOSE,
        "measures": [asdict(each) for each in MEASURES],
        **rounded(asdict(comparison)),
    }


def rounded(value: Any) -> Any:
    """Numbers to five significant digits."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def sentences(comparison: Comparison) -> dict[str, tuple[str, ...]]:
    """What a plan tells of each treatment record: a plain sentence for every option that is a picture of it."""
    found: dict[str, tuple[str, ...]] = {}
    for each in comparison.outcomes:
        for treatment in each.treatments if each.id != "untreated" else ():
            found[treatment] = (*found.get(treatment, ()), sentence(each))
    return found


def sentence(outcome: Outcome) -> str:
    """What one option does to the untreated hip, in words: how much higher or lower, or that no direction is clear.

    Examples
    --------
    >>> ratios = {"lesion_index": Ratio(0.65, 0.6, 0.7), "neck_strain": Ratio(1.01, 0.98, 1.1)}
    >>> sentence(Outcome("x", "one tract", {}, ratios, {}, 9)).split(": ", 1)[1]
    'it predicts direction, not outcome. With one tract: stress index in the lesion 35 % lower (30 to 40); no clear \
change of strain of the neck.'
    """
    told = [name for name in IN_PLANS if name in outcome.to_untreated]
    moved = [f"{BY_ID[each].name} {change(outcome.to_untreated[each])}" for each in told if clear(outcome, each)]
    still = [BY_ID[each].name for each in told if not clear(outcome, each)]
    parts = [*moved, *([f"no clear change of {', '.join(still)}"] if still else [])]
    assumed = " (hypothetical)" if outcome.hypothetical else ""
    bare = "" if all(each.endswith(")") for each in moved) else " Figures without brackets have no interval."
    said = "; ".join(parts) or "nothing of the head is left to judge"
    return f"{LABEL[:-1]}. With {outcome.name}{assumed}: {said}.{bare}"


def clear(outcome: Outcome, name: str) -> bool:
    """Whether a ratio and its interval lie on one side of no change."""
    ratio = outcome.to_untreated[name]
    low, high = (ratio.value, ratio.value) if ratio.low is None or ratio.high is None else (ratio.low, ratio.high)
    return high < 1 - NO_CHANGE or low > 1 + NO_CHANGE


def change(ratio: Ratio) -> str:
    """A ratio as percent higher or lower, with its interval, which a part too small for the coarse voxels has not."""
    way = "lower" if ratio.value < 1 else "higher"
    middle = f"{100 * abs(ratio.value - 1):.0f} % {way}"
    if ratio.low is None or ratio.high is None:
        return middle
    ends = sorted(100 * abs(each - 1) for each in (ratio.low, ratio.high))
    return f"{middle} ({ends[0]:.0f} to {ends[1]:.0f})"
