"""Which arms and contrasts make a network, and which comparisons do they hold?"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, cast

from osteon.errors import Fault, InputError
from osteon.evidence.data import RATIOS, Contrast, CountArm, MeanArm, NetworkRow, faults_in

# What each measure of a network can be made of.
NETWORK_ROWS: Mapping[str, tuple[type, ...]] = {
    "RR": (CountArm, Contrast),
    "OR": (CountArm, Contrast),
    "RD": (CountArm, Contrast),
    "MD": (MeanArm, Contrast),
    "SMD": (Contrast,),
    "HR": (Contrast,),
    "IRR": (Contrast,),
}


def check_network(rows: Sequence[NetworkRow], measure: str, reference: str) -> None:
    """Nothing when the rows can make a network; otherwise `InputError` with all faults."""
    if measure not in NETWORK_ROWS:
        raise InputError("measure", [Fault("", f"{measure!r} has no network; choose from {', '.join(NETWORK_ROWS)}.")])
    faults = [fault for row in rows for fault in faults_in_arm(row, measure)]
    trials: dict[str, list[NetworkRow]] = defaultdict(list)
    for row in rows:
        trials[row.study].append(row)
    faults += [fault for study, arms in trials.items() for fault in faults_in_trial(study, arms)]
    if reference not in {name for row in rows for name in treatments_of(row)}:
        known = ", ".join(sorted({name for row in rows for name in treatments_of(row)})) or "none"
        faults.append(Fault("reference", f"{reference!r} is in no trial; the treatments are {known}."))
    if faults:
        raise InputError("network", faults)


def treatments_of(row: NetworkRow) -> tuple[str, ...]:
    """The treatment of an arm, the two of a contrast."""
    return (row.treatment_1, row.treatment_2) if isinstance(row, Contrast) else (row.treatment,)


def faults_in_arm(row: NetworkRow, measure: str) -> Iterator[Fault]:
    """What is wrong with one arm or contrast by itself."""
    where = f"{row.study}, {' against '.join(treatments_of(row))}"
    if not isinstance(row, NETWORK_ROWS[measure]):
        kinds = " or ".join(kind.__name__ for kind in NETWORK_ROWS[measure])
        yield Fault(where, f"is {type(row).__name__}, but a network of {measure} is made of {kinds}.")
        return
    yield from (Fault(f"{where}, {name}", message) for name, message in faults_in(row, measure))


def faults_in_trial(study: str, arms: Sequence[NetworkRow]) -> Iterator[Fault]:
    """What is wrong with the arms, or the contrasts, of one trial together."""
    if len({type(row) for row in arms}) > 1:
        yield Fault(study, "has arms and contrasts. Give one kind.")
        return
    pairs = [frozenset(treatments_of(row)) for row in arms]
    if len(set(pairs)) < len(pairs):
        yield Fault(study, "has the same treatment twice. Put its arms together, or name them apart.")
    names = frozenset().union(*pairs)
    if isinstance(arms[0], Contrast):
        needed = len(names) * (len(names) - 1) // 2
        if any(len(pair) < 2 for pair in pairs):
            yield Fault(study, "sets a treatment against itself.")
        elif len(set(pairs)) < needed:
            yield Fault(study, f"has {len(names)} treatments, so it needs {needed} contrasts, one for each pair.")
        else:
            yield from faults_between(study, [row for row in arms if isinstance(row, Contrast)])
    elif len(names) < 2:
        yield Fault(study, "has one arm only. A network is made of comparisons; leave the study out.")


def faults_between(study: str, contrasts: Sequence[Contrast]) -> Iterator[Fault]:
    """What three contrasts between the same three arms of a trial cannot be.

    The variance of a contrast is the sum of those of its arms, so none can exceed the sum of the other two; and the
    effects add up, but for a tenth of a standard error that rounding may take.
    """
    squares = {frozenset((row.treatment_1, row.treatment_2)): row.se**2 for row in contrasts}
    effects = {(row.treatment_1, row.treatment_2): row.effect for row in contrasts}
    effects |= {(other, one): -effect for (one, other), effect in effects.items()}
    for triple in combinations(sorted(frozenset().union(*squares)), 3):
        a, b, c = triple
        variances = [squares[frozenset(pair)] for pair in combinations(triple, 2)]
        if sum(variances) <= 2 * max(variances):
            yield Fault(study, f"has standard errors between {a}, {b} and {c} that cannot come from one trial.")
        if abs(effects[a, b] + effects[b, c] - effects[a, c]) > 0.1 * math.sqrt(max(variances)):
            yield Fault(study, f"has effects between {a}, {b} and {c} that contradict each other.")


def trials_with_ratio(rows: Sequence[NetworkRow], measure: str) -> tuple[list[NetworkRow], list[str]]:
    """The trials that say something about the measure, and a note on those that do not."""
    arms: dict[str, list[CountArm]] = defaultdict(list)
    for row in rows:
        if isinstance(row, CountArm) and measure in RATIOS:
            arms[row.study].append(row)
    silent = [
        study for study, trial in arms.items() if sum(a.events for a in trial) in (0, sum(a.total for a in trial))
    ]
    if not silent:
        return list(rows), []
    if len(silent) == len({row.study for row in rows}):
        message = "no trial has a ratio: in each, nobody or everybody has the event in every arm. Use RD instead."
        raise InputError("network", [Fault("", message)])
    reason = "nobody or everybody has the event in every arm, so there is no ratio"
    return [row for row in rows if row.study not in silent], [f"Left out, as {reason}: {', '.join(silent)}."]


def contrasts_of(rows: Sequence[NetworkRow], measure: str) -> Iterator[Contrast]:
    """Every pair of arms of every trial."""
    from pimeta import pairwise

    yield from (row for row in rows if isinstance(row, Contrast))
    arms = [row for row in rows if not isinstance(row, Contrast)]
    if arms:
        labels = {"treat": [arm.treatment for arm in arms], "studlab": [arm.study for arm in arms]}
        made = cast(Any, pairwise)(sm=measure, **labels, **numbers_of(arms))
        yield from map(Contrast, made.studlab, made.treat1, made.treat2, made.TE, made.seTE)


def numbers_of(arms: Sequence[CountArm | MeanArm]) -> dict[str, list[float]]:
    """The columns of pimeta's pairwise(), with 0.5 added throughout a trial that has an empty cell, as `pool` does."""
    counts = [arm for arm in arms if isinstance(arm, CountArm)]
    if not counts:
        return {name: [getattr(arm, name) for arm in arms] for name in ("mean", "sd", "n")}
    sparse = {arm.study for arm in counts if arm.events in (0, arm.total)}
    added = [0.5 if arm.study in sparse else 0.0 for arm in counts]
    return {
        "event": [arm.events + add for arm, add in zip(counts, added, strict=True)],
        "n": [arm.total + 2 * add for arm, add in zip(counts, added, strict=True)],
    }


def check_connected(contrasts: Sequence[Contrast], reference: str) -> None:
    """Nothing when every treatment can be reached from every other; otherwise `InputError` with the parts."""
    parts = components(contrasts)
    if len(parts) == 1 and reference in parts[0]:
        return
    faults = [
        Fault(f"part {number}", f"{', '.join(sorted(part))} (studies: {', '.join(studies_of(part, contrasts))})")
        for number, part in enumerate(parts, start=1)
    ]
    advice = "No trial connects these parts. Make a network of one of them, with a reference in it."
    raise InputError("network", [Fault("", advice), *faults])


def components(rows: Iterable[NetworkRow]) -> list[set[str]]:
    """The treatments of each part that studies connect, in the order of the studies."""
    compared: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        compared[row.study].update(treatments_of(row))
    parts: list[set[str]] = []
    for names in compared.values():
        touching = [part for part in parts if part & names]
        parts = [part for part in parts if not part & names]
        parts.append(names.union(*touching))
    return parts


def studies_of(part: set[str], contrasts: Sequence[Contrast]) -> list[str]:
    """The studies of one part, each once."""
    return list(dict.fromkeys(contrast.study for contrast in contrasts if contrast.treatment_1 in part))
