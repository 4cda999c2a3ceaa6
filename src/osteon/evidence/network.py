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

import numpy as np

from osteon.evidence.comparison_graph import check_connected, check_network, contrasts_of, trials_with_ratio
from osteon.evidence.data import Contrast, NetworkRow, Z
from osteon.evidence.effects import check_precision, to_natural

if TYPE_CHECKING:
    from pimeta import NetmetaResult


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
    everybody, has the event in every arm has no ratio and is left out of RR and OR. Between more than two arms the
    variances have to fit one trial: each arm has its own, and that of a contrast is the sum of two.

    Examples
    --------
    >>> from osteon.evidence.data import CountArm
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
    check_precision(contrasts, np.array([contrast.se for contrast in contrasts]))
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


def solved(contrasts: Sequence[Contrast], measure: str, small_is_good: bool) -> tuple[NetmetaResult, list[str]]:
    """The network by pimeta; without degrees of freedom its tau2 is unknown and is taken to be 0, with a note."""
    from pimeta import netmeta

    known = degrees_of_freedom(contrasts) > 0
    found = netmeta(
        TE=[row.effect for row in contrasts],
        seTE=[row.se for row in contrasts],
        treat1=[row.treatment_1 for row in contrasts],
        treat2=[row.treatment_2 for row in contrasts],
        studlab=[row.study for row in contrasts],
        sm=measure,
        small_values="desirable" if small_is_good else "undesirable",
        tau_preset=None if known else 0.0,
    )
    note = "No comparison is made twice, directly or indirectly: heterogeneity is unknown, and taken to be none."
    return found, [] if known else [note]


def degrees_of_freedom(contrasts: Sequence[Contrast]) -> int:
    """Arms beyond the first of each trial, less treatments beyond the first."""
    arms = {(row.study, name) for row in contrasts for name in (row.treatment_1, row.treatment_2)}
    return len(arms) - len({study for study, _ in arms}) - len({name for _, name in arms}) + 1


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
