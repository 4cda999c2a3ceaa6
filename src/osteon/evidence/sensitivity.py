"""How much does the pooled answer hang on single studies, on the year, on groups of studies, on small studies?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from osteon.errors import Fault, InputError
from osteon.evidence.data import Counts, Row, check_rows
from osteon.evidence.effects import Array, study_effects
from osteon.evidence.fit import NO_SPREAD, RANDOM, run, settled, typical_variance
from osteon.evidence.pool import PooledEffect, check_method, informative, pool

SMALL_STUDY_MINIMUM = (
    10  # studies; below, the tests cannot tell chance from asymmetry (Sterne et al., BMJ 2011;343:d4002)
)


@dataclass(frozen=True, slots=True)
class Variant:
    """The pool of some of the studies; `effect` is None where `because` says why there is none."""

    label: str
    effect: PooledEffect | None
    because: str = ""


@dataclass(frozen=True, slots=True)
class Subgroups:
    """Each group pooled by itself, and Cochran's Q between the groups (on the scale that is pooled)."""

    groups: tuple[Variant, ...]
    q_between: float
    df: int
    p: float | None  # None where fewer than two groups have an effect


@dataclass(frozen=True, slots=True)
class Regression:
    """How the effect, on the scale that is pooled, changes with one covariate.

    `slope` is the change per unit of the covariate, `tau2` what still differs between studies, `r2` the percentage of
    the tau2 without the covariate that it explains; None where there was none to explain.
    """

    k: int
    intercept: float
    slope: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    tau2: float
    r2: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AsymmetryTest:
    """A test of whether small studies show other effects than large ones; t with `df` degrees of freedom."""

    name: str
    statistic: float
    df: int
    p: float


@dataclass(frozen=True, slots=True)
class SmallStudy:
    """The tests for small-study effects; none, and `because`, where they would say nothing."""

    k: int
    tests: tuple[AsymmetryTest, ...]
    because: str = ""


def leave_one_out(rows: Sequence[Row], measure: str, method: str = "REML", ci: str = "t") -> tuple[Variant, ...]:
    """The pool without each study in turn; arguments as of `pool`.

    Examples
    --------
    >>> rows = [Counts("A", 1, 29, 16, 25), Counts("B", 4, 31, 8, 28), Counts("C", 19, 55, 20, 55)]
    >>> for without in leave_one_out(rows, "RR", "DL", "z"):
    ...     print(without.label, f"{without.effect.estimate:.2f}")
    A 0.77
    B 0.27
    C 0.18
    """
    check_rows(rows, measure)
    check_method(rows, measure, method, ci)
    return tuple(variant(left.study, [row for row in rows if row is not left], measure, method, ci) for left in rows)


def cumulative(
    rows: Sequence[Row], years: Sequence[int], measure: str, method: str = "REML", ci: str = "t"
) -> tuple[Variant, ...]:
    """The pool of all studies up to each year; `years` in the order of `rows`, the rest as of `pool`.

    Examples
    --------
    >>> rows = [Counts("A", 1, 29, 16, 25), Counts("B", 4, 31, 8, 28), Counts("C", 19, 55, 20, 55)]
    >>> for so_far in cumulative(rows, [2005, 2012, 2015], "RR", "DL", "z"):
    ...     print(so_far.label, so_far.effect.k, f"{so_far.effect.estimate:.2f}")
    2005 1 0.05
    2012 2 0.18
    2015 3 0.38
    """
    check_rows(rows, measure)
    check_method(rows, measure, method, ci)
    check_labels(rows, years, "years")
    return tuple(
        variant(str(last), [row for row, year in zip(rows, years, strict=True) if year <= last], measure, method, ci)
        for last in sorted(set(years))
    )


def subgroups(
    rows: Sequence[Row], labels: Sequence[str], measure: str, method: str = "REML", ci: str = "t"
) -> Subgroups:
    """Each group of studies pooled by itself, with its own tau2, and a test of whether the groups differ.

    Parameters
    ----------
    labels
        The group of each row, in the order of `rows`. The rest is as of `pool`.

    Notes
    -----
    Q between groups is Cochran's Q of the groups' pooled effects with their standard errors (Borenstein et al.,
    Introduction to Meta-Analysis, 2009, chapter 19).

    Examples
    --------
    >>> rows = [Counts("A", 1, 29, 16, 25), Counts("B", 4, 31, 8, 28), Counts("C", 19, 55, 20, 55)]
    >>> found = subgroups(rows, ["abstract", "abstract", "paper"], "RR", "DL", "z")
    >>> [(group.label, round(group.effect.estimate, 2)) for group in found.groups], f"{found.p:.3f}"
    ([('abstract', 0.18), ('paper', 0.95)], '0.128')
    """
    check_rows(rows, measure)
    check_method(rows, measure, method, ci)
    check_labels(rows, labels, "labels")
    groups = tuple(
        variant(name, [row for row, label in zip(rows, labels, strict=True) if label == name], measure, method, ci)
        for name in dict.fromkeys(labels)
    )
    found = [group.effect for group in groups if group.effect is not None]
    if len(found) < 2:
        return Subgroups(groups, 0.0, 0, None)
    effects = np.array([pooled_scale(effect) for effect in found])
    between = run(effects, np.array([effect.se**2 for effect in found]), "FE", "z")
    return Subgroups(groups, between.QE, len(found) - 1, between.QEp)


def meta_regression(
    rows: Sequence[Row], values: Sequence[float], measure: str, method: str = "REML", ci: str = "t"
) -> Regression:
    """The effect as a straight line of one covariate, with random effects for what the line leaves.

    Parameters
    ----------
    values
        The covariate of each row, in the order of `rows` and in the unit that the slope shall have.
    method
        DL, PM or REML.
    ci
        "t" for Knapp and Hartung (Stat Med 2003;22:2693-710), "z" for the normal interval.

    Examples
    --------
    >>> from osteon.evidence.data import Estimate
    >>> rows = [Estimate("A", -0.9, 0.3), Estimate("B", -0.5, 0.2), Estimate("C", -0.3, 0.2), Estimate("D", 0.1, 0.3)]
    >>> line = meta_regression(rows, [1.0, 2.0, 3.0, 4.0], "RR")
    >>> f"{line.slope:.2f} ({line.ci_low:.2f} to {line.ci_high:.2f})"
    '0.31 (0.14 to 0.47)'
    """
    check_rows(rows, measure)
    check_method(rows, measure, method, ci)
    check_covariate(rows, values, method)
    used, notes = informative(rows, measure)
    x = np.array([value for row, value in zip(rows, values, strict=True) if row in used], float)
    if len(used) < 3 or np.ptp(x) == 0:
        message = "a slope needs at least three studies with an effect, and two different values of the covariate."
        raise InputError("values", [Fault("", message)])
    if len(used) < SMALL_STUDY_MINIMUM:
        notes.append(f"Only {len(used)} studies for one covariate: a slope is seldom to be trusted below ten.")
    return line(used, x, measure, method, ci, notes)


def small_study(rows: Sequence[Row], measure: str) -> SmallStudy:
    """Egger's test, and for RR and OR from counts also Peters' test, where there are at least ten studies.

    Notes
    -----
    Egger et al., BMJ 1997;315:629-34: weighted regression of the effect on its standard error. Peters et al., JAMA
    2006;295:676-80: on the inverse of the number of people, with weights that do not depend on the effect.

    Examples
    --------
    >>> small_study([Counts("A", 1, 29, 16, 25), Counts("B", 4, 31, 8, 28)], "RR").because
    'There are 2 studies; tests for small-study effects need at least 10.'
    """
    check_rows(rows, measure)
    used, _ = informative(rows, measure)
    k = len(used)
    if k < SMALL_STUDY_MINIMUM:
        return SmallStudy(k, (), f"There are {k} studies; tests for small-study effects need at least 10.")
    effects, variances = study_effects(used, measure)
    if np.ptp(variances) <= 1e-9 * variances.max():
        return SmallStudy(k, (), "All studies are equally precise, so small ones cannot be told from large ones.")
    tables = [row for row in used if isinstance(row, Counts)]
    tests = [asymmetry("Egger", effects, variances)]
    if measure in ("RR", "OR") and len(tables) == k and len({row.total_1 + row.total_2 for row in tables}) > 1:
        names = {"event_e": "events_1", "n_e": "total_1", "event_c": "events_2", "n_c": "total_2"}
        columns = {theirs: [getattr(row, ours) for row in tables] for theirs, ours in names.items()}
        tests.append(asymmetry("Peters", effects, variances, **columns))
    return SmallStudy(k, tuple(tests))


# ------------------------------------------------------------------------------------------------------------- steps


def variant(label: str, rows: Sequence[Row], measure: str, method: str, ci: str) -> Variant:
    """The pool of some rows, or why these cannot be pooled."""
    try:
        return Variant(label, pool(rows, measure, method, ci))
    except InputError as wrong:
        return Variant(label, None, "; ".join(fault.message for fault in wrong.faults))


def check_labels(rows: Sequence[Row], labels: Sequence[object], name: str) -> None:
    """Nothing when every row has its label."""
    if len(labels) != len(rows):
        raise InputError(name, [Fault("", f"has {len(labels)} entries for {len(rows)} studies. Give one for each.")])


def check_covariate(rows: Sequence[Row], values: Sequence[float], method: str) -> None:
    """Nothing when every row has a number and the method has random effects."""
    check_labels(rows, values, "values")
    faults = [
        Fault(row.study, f"{value!r} is not a number. Leave the study out if the covariate was not reported.")
        for row, value in zip(rows, values, strict=True)
        if not math.isfinite(value)
    ]
    if method not in RANDOM:
        faults.append(Fault("method", f"{method} has no random effects. Choose from {', '.join(RANDOM)}."))
    if faults:
        raise InputError("values", faults)


def pooled_scale(effect: PooledEffect) -> float:
    """The effect on the scale that was pooled."""
    return effect.estimate if effect.log_estimate is None else effect.log_estimate


def line(used: Sequence[Row], x: Array, measure: str, method: str, ci: str, notes: Iterable[str]) -> Regression:
    """The fit itself, in units of the typical standard error and of the covariate's spread."""
    effects, variances = study_effects(used, measure)
    unit, spread, centre = math.sqrt(typical_variance(variances)), float(np.std(x)), float(np.mean(x))
    scaled, scaled_variances, covariate = effects / unit, variances / unit**2, (x - centre) / spread
    notes = list(notes)
    found = run(scaled, scaled_variances, method, "z", covariate)
    if method == "REML" and not settled(scaled, scaled_variances, found.tau2, found.X):
        method = "PM"
        notes.append("REML did not settle on a tau2; it was estimated by Paule and Mandel.")
    if ci == "t" and found.QE < NO_SPREAD:
        notes.append("The line meets every study; the interval is the normal one, as Knapp and Hartung's has no width.")
    found = run(scaled, scaled_variances, method, "knha" if ci == "t" and found.QE >= NO_SPREAD else "z", covariate)
    before = run(scaled, scaled_variances, method, "z").tau2
    per_unit = unit / spread
    return Regression(
        k=len(used),
        intercept=unit * found.b[0] - per_unit * found.b[1] * centre,
        slope=per_unit * found.b[1],
        se=per_unit * found.se[1],
        ci_low=per_unit * found.ci_lb[1],
        ci_high=per_unit * found.ci_ub[1],
        p=found.pval[1],
        tau2=unit**2 * found.tau2,
        r2=100 * max(0.0, 1 - found.tau2 / before) if before > 0 else None,
        notes=tuple(notes),
    )


def asymmetry(name: str, effects: Array, variances: Array, **columns: Sequence[int]) -> AsymmetryTest:
    """One test by its name, on effects with their variances and, for Peters, the counts."""
    from pimeta import metabias

    found = cast(Any, metabias)(effects, np.sqrt(variances), method_bias=name, **columns)
    return AsymmetryTest(name, found.statistic, found.df, found.pval)
