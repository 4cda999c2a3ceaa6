"""What are the outcomes and modalities of the studies called on a page, and which way is better?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from osteon.case.toml_files import read_own
from osteon.evidence.comparisons import ANY
from osteon.evidence.result import Question
from osteon.knowledge.studies import interventions


def outcome_words(name: str) -> str:
    """An outcome of the studies as it stands in a sentence.

    Parameters
    ----------
    name
        As the studies name it; every name they use stands in `outcomes.toml`.

    Examples
    --------
    >>> outcome_words("tha-conversion")
    'joint replaced by total hip arthroplasty'
    """
    return str(outcomes()[name]["words"])


def event_words(name: str) -> str:
    """What is said of a joint that had the outcome; "" where nothing is counted.

    Examples
    --------
    >>> event_words("collapse"), event_words("hhs")
    ('collapsed', '')
    """
    return str(outcomes()[name].get("event", ""))


def counted_words(name: str) -> str:
    """What has an outcome or has it not, in the plural.

    Examples
    --------
    >>> counted_words("collapse"), counted_words("death")
    ('joints', 'people')
    """
    return str(outcomes()[name].get("counted", "joints"))


def more_is_better(name: str) -> bool:
    """Whether patients do better where the number, or the share of joints with it, is higher.

    Examples
    --------
    >>> more_is_better("hhs"), more_is_better("collapse")
    (True, False)
    """
    return better(name) == "more"


def better(name: str) -> str:
    """Which number is better: "more", "less", or "neither" where it says nothing of good and bad."""
    return str(outcomes()[name]["better"])


def modality_words(name: str) -> str:
    """A modality of the studies as it stands in a sentence.

    Examples
    --------
    >>> modality_words("eswt")
    'shock waves'
    """
    return str(modalities()[name])


def side_words(names: Iterable[str]) -> str:
    """One side of a question: modalities, interventions, or any comparison.

    Examples
    --------
    >>> side_words(["bmac", "msc"]), side_words(["alendronate"])
    ('bone marrow concentrate or mesenchymal stem cells', 'alendronate')
    """
    words = {**modalities(), ANY: "any comparison"}
    return " or ".join(str(words[name]) if name in words else interventions()[name].name for name in names)


def favours(question: Question, measure: str) -> tuple[str, str]:
    """What an effect left and right of no effect favours; hazards are always of a loss."""
    first, second = side_words(question.of), side_words(question.versus)
    if measure == "HR" or better(question.outcome) == "less":
        return first, second
    return (second, first) if better(question.outcome) == "more" else ("", "")


@cache
def outcomes() -> Mapping[str, Any]:
    """What `outcomes.toml` holds on each outcome."""
    return read_own(Path(__file__).with_name("outcomes.toml"))


@cache
def modalities() -> Mapping[str, Any]:
    """What `modalities.toml` holds: the words of each modality."""
    return read_own(Path(__file__).with_name("modalities.toml"))
