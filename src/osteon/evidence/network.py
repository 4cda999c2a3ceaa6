"""What do trials of many treatments say about each pair of them, directly and by way of the others?

Frequentist random-effects network meta-analysis on the graph of comparisons (Rücker, Res Synth Methods 2012;3:312-24),
by pimeta; tau2 is that of DerSimonian and Laird for networks, the same for every comparison.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, cast

from osteon.errors import Fault, InputError
from osteon.evidence.data import RATIOS, Contrast, CountArm, MeanArm, NetworkRow, faults_in
from osteon.evidence.effects import to_natural

if TYPE_CHECKING:
    from pimeta import NetmetaResult

Z = 1.959963984540054  # 97.5% point of the normal distribution


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


@dataclass(frozen=True, slots=True)
class NetworkEffect:
    """`treatment` against `versus`, on the natural scale with 95% interval; `se` on the scale that is pooled."""

    treatment: str
    versus: str
    estimate: float
    ci_low: float
    ci_high: float
    se: float


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """A part of Cochran's Q; `p` is None where it has no degrees of freedom."""

    q: float
    df: int
    p: float | None


@dataclass(frozen=True, slots=True)
class Split:
    """What the trials of a pair say directly, what the rest of the network says of it, and whether they agree.

    Estimates are on the natural scale (`difference` is a ratio of ratios for ratios), None where there is no such
    evidence.
    """

    treatment: str
    versus: str
    studies: int
    direct: float | None
    indirect: float | None
    difference: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class Edge:
    """A pair of treatments and the studies that compare them."""

    treatment_1: str
    treatment_2: str
    studies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """All treatments against each other.

    `league[i][j]` is treatment i against treatment j, in the order of `treatments`. `p_scores` say how sure one can be
    that a treatment is better than the others, averaged over these, from 0 to 1 (Rücker and Schwarzer, BMC Med Res
    Methodol 2015;15:58). `within` is heterogeneity between trials of the same design, `between` inconsistency between
    designs.
    """

    measure: str
    reference: str
    treatments: tuple[str, ...]
    studies: tuple[str, ...]
    against_reference: tuple[NetworkEffect, ...]
    league: tuple[tuple[NetworkEffect, ...], ...]
    p_scores: Mapping[str, float]
    tau2: float
    i2: float
    i2_low: float | None
    i2_high: float | None
    total: Heterogeneity
    within: Heterogeneity
    between: Heterogeneity
    splits: tuple[Split, ...]
    edges: tuple[Edge, ...]
    notes: tuple[str, ...]


def network(rows: Sequence[NetworkRow], measure: str, reference: str, small_is_good: bool = True) -> Network:
    """Every treatment against every other, from all trials at once.

    Parameters
    ----------
    rows
        One `CountArm` per arm for RR, OR, RD; one `MeanArm` per arm for MD; or one `Contrast` per comparison for any
        measure, in a trial of more than two arms one for each pair of them.
    measure
        RR, OR, RD, MD, SMD, HR or IRR.
    reference
        The treatment that the others are set against.
    small_is_good
        Whether a low value is good for the patient, as with collapse or pain, or bad, as with a hip score.

    Raises
    ------
    InputError
        When an arm cannot be, or when the trials fall into parts that nothing connects; the message names the parts.

    Notes
    -----
    In a trial with an empty cell, 0.5 is added to the events and non-events of every arm. A trial in which nobody, or
    everybody, has the event in every arm has no ratio and is left out of RR and OR.

    Examples
    --------
    >>> rows = [
    ...     CountArm("A", "cells", 4, 30), CountArm("A", "decompression", 9, 30),
    ...     CountArm("B", "decompression", 8, 40), CountArm("B", "rest", 20, 40),
    ...     CountArm("C", "decompression", 6, 25), CountArm("C", "rest", 11, 25),
    ... ]
    >>> for effect in network(rows, "RR", "rest").against_reference:
    ...     print(effect.treatment, f"{effect.estimate:.2f} ({effect.ci_low:.2f} to {effect.ci_high:.2f})")
    cells 0.20 (0.06 to 0.66)
    decompression 0.45 (0.27 to 0.77)
    """
    check_network(rows, measure, reference)
    used, notes = trials_with_ratio(rows, measure)
    contrasts = list(contrasts_of(used, measure))
    check_connected(contrasts, reference)
    found, more_notes = solved(contrasts, measure, small_is_good)
    effects = league(found, measure)
    names = tuple(found.trts)
    place = names.index(reference)
    return Network(
        measure=measure,
        reference=reference,
        treatments=names,
        studies=tuple(dict.fromkeys(contrast.study for contrast in contrasts)),
        against_reference=tuple(row[place] for row in effects if row[place].treatment != reference),
        league=effects,
        p_scores=dict(zip(names, map(float, found.pscore_random), strict=True)),
        tau2=found.tau2,
        i2=percent(found.I2) or 0.0,
        i2_low=percent(found.lower_I2),
        i2_high=percent(found.upper_I2),
        total=heterogeneity(found.Q, found.df_Q, found.pval_Q),
        within=heterogeneity(found.Q_heterogeneity, found.df_Q_heterogeneity, found.pval_Q_heterogeneity),
        between=heterogeneity(found.Q_inconsistency, found.df_Q_inconsistency, found.pval_Q_inconsistency),
        splits=tuple(splits(found, measure)),
        edges=edges(contrasts),
        notes=(*notes, *more_notes),
    )


# ------------------------------------------------------------------------------------------------- what can be solved


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
    elif len(names) < 2:
        yield Fault(study, "has one arm only. A network is made of comparisons; leave the study out.")


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
    reason = "nobody or everybody has the event in every arm, so there is no ratio"
    return [row for row in rows if row.study not in silent], [f"Left out, as {reason}: {', '.join(silent)}."]


def contrasts_of(rows: Sequence[NetworkRow], measure: str) -> Iterator[Contrast]:
    """Every pair of arms of every trial."""
    from pimeta import pairwise

    yield from (row for row in rows if isinstance(row, Contrast))
    for kind, columns in PAIRWISE.items():
        arms = [row for row in rows if isinstance(row, kind)]
        if arms:
            numbers = {theirs: [getattr(arm, ours) for arm in arms] for theirs, ours in columns.items()}
            made = cast(Any, pairwise)(sm=measure, **numbers)
            yield from map(Contrast, made.studlab, made.treat1, made.treat2, made.TE, made.seTE)


LABELS = {"treat": "treatment", "studlab": "study"}
# What pimeta's pairwise() calls the fields of each kind of arm.
PAIRWISE: Mapping[type, Mapping[str, str]] = {
    CountArm: LABELS | {"event": "events", "n": "total"},
    MeanArm: LABELS | {"mean": "mean", "sd": "sd", "n": "n"},
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


def components(contrasts: Sequence[Contrast]) -> list[set[str]]:
    """The treatments of each connected part, in the order of the studies."""
    parts: list[set[str]] = []
    for contrast in contrasts:
        pair = {contrast.treatment_1, contrast.treatment_2}
        touching = [part for part in parts if part & pair]
        parts = [part for part in parts if not part & pair]
        parts.append(pair.union(*touching))
    return parts


def studies_of(part: set[str], contrasts: Sequence[Contrast]) -> list[str]:
    """The studies of one part, each once."""
    return list(dict.fromkeys(contrast.study for contrast in contrasts if contrast.treatment_1 in part))


# --------------------------------------------------------------------------------------------------------- the answer


def solved(contrasts: Sequence[Contrast], measure: str, small_is_good: bool) -> tuple[NetmetaResult, list[str]]:
    """The network by pimeta; without degrees of freedom its tau2 is unknown and is taken to be 0, with a note."""
    from pimeta import netmeta

    columns = (
        [row.effect for row in contrasts],
        [row.se for row in contrasts],
        [row.treatment_1 for row in contrasts],
        [row.treatment_2 for row in contrasts],
        [row.study for row in contrasts],
    )
    small_values = "desirable" if small_is_good else "undesirable"
    found = netmeta(*columns, sm=measure, small_values=small_values)
    if not math.isnan(found.tau2):
        return found, []
    note = "No comparison is made twice, directly or indirectly: heterogeneity is unknown, and taken to be none."
    return netmeta(*columns, sm=measure, small_values=small_values, tau_preset=0.0), [note]


def league(found: NetmetaResult, measure: str) -> tuple[tuple[NetworkEffect, ...], ...]:
    """Each treatment (row) against each (column)."""
    natural = to_natural(measure)

    def cell(i: int, j: int) -> NetworkEffect:
        effect, se = float(found.TE_random[i, j]), float(found.seTE_random[i, j])
        ends = natural(effect - Z * se), natural(effect + Z * se)
        return NetworkEffect(found.trts[i], found.trts[j], natural(effect), *ends, se)

    places = range(len(found.trts))
    return tuple(tuple(cell(i, j) for j in places) for i in places)


def splits(found: NetmetaResult, measure: str) -> Iterator[Split]:
    """Direct against indirect evidence for each pair of treatments, by back-calculation."""
    from pimeta import netsplit

    parts = cast(Any, netsplit)(found)
    natural = to_natural(measure)
    pairs = combinations(found.trts, 2)
    columns = (parts.direct_random["TE"], parts.indirect_random["TE"], parts.compare_random["TE"])
    rows = zip(pairs, parts.k, *columns, parts.compare_random["p"], strict=True)
    for (treatment, versus), studies, direct, indirect, difference, p in rows:
        one, other, apart = (None if value is None else natural(value) for value in (direct, indirect, difference))
        yield Split(treatment, versus, studies, one, other, apart, None if p is None else float(p))


def edges(contrasts: Sequence[Contrast]) -> tuple[Edge, ...]:
    """Each pair that some trial compares, with its studies, in alphabetical order."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in contrasts:
        one, other = sorted((row.treatment_1, row.treatment_2))
        found[one, other].append(row.study)
    return tuple(Edge(one, other, tuple(studies)) for (one, other), studies in sorted(found.items()))


def heterogeneity(q: float, df: float, p: float) -> Heterogeneity:
    """A part of Q; without degrees of freedom, what rounding left of it is none."""
    return Heterogeneity(float(q), int(df), float(p)) if df else Heterogeneity(0.0, 0, None)


def percent(share: float) -> float | None:
    """A share in percent; None when there is none."""
    return None if math.isnan(share) else 100 * float(share)
