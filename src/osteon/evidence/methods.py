"""How was the evidence made? The paragraph of the report, one sentence for each step that ran, with its references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from osteon.case.toml_files import read_own


@dataclass(frozen=True, slots=True)
class MethodStep:
    """One thing that was done, named as in `methods.toml`, and the numbers that its sentence tells."""

    name: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MethodSentence:
    """What a step did, and the keys of the sources it rests on."""

    text: str
    source: tuple[str, ...]


def method_sentences(steps: Iterable[MethodStep]) -> tuple[MethodSentence, ...]:
    """A sentence for each step, in the order of the steps; one that ran twice with the same numbers is told once.

    Parameters
    ----------
    steps
        What ran. The names and the values each sentence needs stand in `methods.toml`.

    Raises
    ------
    KeyError
        For a step that `methods.toml` does not know, or one that lacks a number of its sentence.

    Examples
    --------
    >>> method_sentences([MethodStep("pooled_peto")])[0].source
    ('peto1985',)
    """
    return tuple(dict.fromkeys(sentence(step) for step in steps))


def methods_paragraph(steps: Iterable[MethodStep]) -> str:
    """The sentences of all steps in one paragraph.

    Examples
    --------
    >>> print(methods_paragraph([MethodStep("network", {"treatments": 4, "studies": 7})]))
    Treatments that share a comparator were joined in a network of 4 treatments and 7 studies.
    """
    return " ".join(each.text for each in method_sentences(steps))


def sentence(step: MethodStep) -> MethodSentence:
    entry = templates()[step.name]
    return MethodSentence(entry["text"].format_map(step.values), tuple(entry["source"]))


@cache
def templates() -> Mapping[str, Any]:
    """What `methods.toml` holds: a text and its sources for each step."""
    return read_own(Path(__file__).with_name("methods.toml"))
