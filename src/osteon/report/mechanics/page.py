"""What stands on the page of a comparison, in the order in which it is read?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from osteon.mechanics.card import BLOCKS, BY_ID, LABEL, PURPOSE, ratio_words
from osteon.mechanics.compare import Comparison
from osteon.version import __version__


@dataclass(frozen=True, slots=True)
class Table:
    """Some measures of all options: the heads with what each means, and a row of ratios for each option."""

    heads: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class MechanicsPage:
    """Everything on the page of one comparison."""

    title: str
    osteon: str
    label: str
    purpose: str
    tables: tuple[Table, ...]
    cuts: tuple[str, ...]
    maps: tuple[str, ...]
    fields: tuple[str, ...]
    notes: tuple[str, ...]
    left_out: tuple[str, ...]
    settings: tuple[str, ...]


def mechanics_page(comparison: Comparison, files: Iterable[str]) -> MechanicsPage:
    """The page of one comparison.

    Parameters
    ----------
    files
        The names of what lies beside it.
    """
    names = sorted(files)
    return MechanicsPage(
        f"Mechanics of the {comparison.side} hip, {comparison.force}",
        __version__,
        LABEL,
        PURPOSE,
        tuple(made for block in BLOCKS if (made := table(comparison, block)).heads),
        tuple(name for name in names if name.startswith("cuts")),
        tuple(name for name in names if name.startswith("maps")),
        tuple(name for name in names if name.startswith("fields")),
        tuple(f"{each.name}: {note}" for each in comparison.outcomes for note in each.notes),
        tuple(f"{each.name}: {each.why}" for each in comparison.left_out),
        comparison.settings,
    )


def table(comparison: Comparison, names: tuple[str, ...]) -> Table:
    """The ratios of some measures to the untreated hip; those that no option has are left out."""
    shown = [name for name in names if any(name in each.to_untreated for each in comparison.outcomes)]
    return Table(
        tuple((BY_ID[name].name, BY_ID[name].meaning) for name in shown),
        tuple(
            (
                each.name + (" (hypothetical)" if each.hypothetical else ""),
                tuple(ratio_words(each.to_untreated.get(name)) for name in shown),
            )
            for each in comparison.outcomes
            if each.id != "untreated"
        ),
    )
