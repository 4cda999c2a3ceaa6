"""How much has been read on each modality, and what is missing?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from textwrap import fill

from osteon.evidence.comparisons import questions
from osteon.knowledge.studies import MODALITIES, Study

APART = ("registry", "systematic-review")  # their joints are counted apart: they may hold those of other studies
KEY_OUTCOMES = ("collapse", "tha-conversion")


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was read on one modality.

    `joints` are those of primary studies, `joints_apart` those of registries and reviews; `compared_with` names the
    modalities that some study sets it against, `gaps` says in words what is missing.
    """

    modality: str
    studies: int
    randomised: int
    comparative: int
    joints: int
    joints_apart: int
    compared_with: tuple[str, ...]
    gaps: tuple[str, ...]


def coverage(studies: Iterable[Study]) -> tuple[Coverage, ...]:
    """One entry per modality, those without a study too.

    Examples
    --------
    >>> from osteon.knowledge.studies import studies
    >>> tantalum = next(c for c in coverage(studies().values()) if c.modality == "tantalum")
    >>> tantalum.randomised
    1
    """
    known = list(studies)
    compared = [(q.of[0], q.versus[0], q.outcome) for q in questions(known, "modality")]
    return tuple(covered(modality, known, compared) for modality in MODALITIES)


def covered(modality: str, studies: Iterable[Study], compared: list[tuple[str, str, str]]) -> Coverage:
    having = [study for study in studies if any(arm.modality == modality for arm in study.arm)]
    apart = [study for study in having if study.design in APART]
    against = {(two if one == modality else one, outcome) for one, two, outcome in compared if modality in (one, two)}
    others = tuple(sorted({other for other, _ in against}))
    return Coverage(
        modality=modality,
        studies=len(having),
        randomised=sum(study.design == "rct" for study in having),
        comparative=sum(study.design == "rct" or study.design.endswith("-comparative") for study in having),
        joints=joints([study for study in having if study not in apart], modality),
        joints_apart=joints(apart, modality),
        compared_with=others,
        gaps=tuple(gaps(modality, having, others, {outcome for _, outcome in against})),
    )


def joints(studies: Iterable[Study], modality: str) -> int:
    """Joints of the arms of one modality, summed over arms."""
    return sum(
        study.population_of(arm).joints or 0 for study in studies for arm in study.arm if arm.modality == modality
    )


def gaps(modality: str, studies: list[Study], others: tuple[str, ...], outcomes: set[str]) -> Iterator[str]:
    if not studies:
        yield "No study was read."
        return
    if not any(study.design == "rct" for study in studies):
        yield "No randomised trial was read."
    if not others:
        yield "Nothing was read that compares it with another treatment."
    elif "observation" not in others and modality != "observation":
        yield "Not compared with untreated joints."
    if others and not outcomes & {*KEY_OUTCOMES}:
        yield "No comparison counts collapse or joint replacement."


def coverage_text(entries: Iterable[Coverage], width: int) -> str:
    """The coverage as a table for the terminal, each modality with its gaps beneath."""
    head = f"{'modality':<27}{'studies':>8}{'RCTs':>6}{'compared':>10}{'joints':>8}{'in registries and reviews':>27}"
    lines = [head]
    for each in entries:
        counts = f"{each.studies:>8}{each.randomised:>6}{each.comparative:>10}{each.joints:>8}{each.joints_apart:>27}"
        lines.append(f"{each.modality:<27}{counts}")
        if each.compared_with:
            told = f"compared with {', '.join(each.compared_with)}"
            lines.append(fill(told, width, initial_indent="    ", subsequent_indent="    "))
        lines += [fill(gap, width, initial_indent="    ", subsequent_indent="    ") for gap in each.gaps]
    return "\n".join(lines) + "\n"
