"""What do several studies of the same question say together?

"Fixed" means that all studies share one true effect (FE: inverse variance; MH: Mantel-Haenszel; Peto), "random" that
true effects differ between studies with variance tau2, estimated by DerSimonian-Laird (DL), Paule-Mandel (PM) or
restricted maximum likelihood (REML). The arithmetic is pimeta's; what goes in, what is left out and what is said about
it is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from osteon.errors import Fault, InputError
from osteon.evidence.data import MEASURES, RATIOS, Counts, Row, Z, check_rows
from osteon.evidence.effects import Array, has_empty_cell, study_effects, to_natural, without_ratio
from osteon.evidence.fit import RANDOM, Fit, fit_effects, fit_tables, i2_interval

__all__ = ["INTERVALS", "MEASURES", "METHODS", "PooledEffect", "StudyEffect", "pool"]

METHODS = ("FE", "MH", "Peto", "DL", "PM", "REML")
INTERVALS = ("z", "t")
USUAL_INTERVAL = {"PM": "t", "REML": "t"}  # the others mostly repeat older reviews, which have "z"
METHODS_OF = {
    measure: tuple(
        method
        for method in METHODS
        if (method != "MH" or measure in ("RR", "OR", "RD")) and (method != "Peto" or measure == "OR")
    )
    for measure in MEASURES
}


@dataclass(frozen=True, slots=True)
class StudyEffect:
    """One study in a pool; the effect on its natural scale, with 95% interval."""

    study: str
    estimate: float
    ci_low: float
    ci_high: float
    weight_percent: float
    row: Row


@dataclass(frozen=True, slots=True)
class PooledEffect:
    """What the studies say together.

    `estimate`, `ci_low`, `ci_high` and the prediction interval are on the natural scale: ratios as ratios, a proportion
    between 0 and 1. `log_estimate` is the pooled log (RR, OR, HR, IRR) or logit (PR), else None. `se` and `tau2` are on
    the scale that is pooled; `i2` and its interval are in percent. `ci` says whether the interval rests on the normal
    distribution ("z") or on Hartung and Knapp ("t"). `p` tests no effect; for PR, which has none, a proportion of one
    half. `studies` are those that count; `notes` say in words what was left out or cannot be said.
    """

    measure: str
    method: str
    ci: str
    k: int
    estimate: float
    ci_low: float
    ci_high: float
    log_estimate: float | None
    se: float
    tau2: float
    i2: float
    i2_low: float | None
    i2_high: float | None
    q: float
    df: int
    p: float
    prediction_low: float | None
    prediction_high: float | None
    studies: tuple[StudyEffect, ...]
    notes: tuple[str, ...]


def pool(rows: Sequence[Row], measure: str, method: str = "REML", ci: str = "t") -> PooledEffect:
    """The pooled effect of several studies, with 95% intervals, heterogeneity and prediction interval.

    Parameters
    ----------
    rows
        One per study: `Counts` for RR, OR, RD; `Means` for MD, SMD; `Rates` for IRR; `Single` for PR; `Estimate` for
        any measure (the only one for HR).
    measure
        Risk ratio RR, odds ratio OR, risk difference RD, mean difference MD, standardised mean difference SMD (Hedges'
        g), hazard ratio HR, incidence rate ratio IRR, proportion in one group PR (pooled on the logit).
    method
        FE, DL, PM or REML for every measure; MH for RR, OR and RD; Peto for OR.
    ci
        "t" for the interval of Hartung and Knapp, "z" for the normal one. FE, MH and Peto always have the normal one,
        and so has a single study.

    Raises
    ------
    InputError
        When a row cannot be, when the method cannot pool the measure, or when no study carries any information on it.

    Notes
    -----
    Empty cells. Mantel-Haenszel and Peto need no correction. The others add 0.5 to every cell of a study with an empty
    cell, and only there. A study in which nobody, or everybody, has the event in both groups has no ratio and is left
    out of RR, OR and IRR. Notes name both kinds of study.

    Heterogeneity. Q is Cochran's, around the pooled effect of the method; I2 is tau2 / (tau2 + typical variance) for
    random effects and (Q - df) / Q for fixed ones. Its interval is by Q-profile (Viechtbauer, Stat Med 2007;26:37-52).

    Prediction interval: estimate ± quantile × sqrt(tau2 + se²), with the quantile of the confidence interval: normal
    for "z", t with k - 1 degrees of freedom for "t". Only for random effects and three studies or more.

    Examples
    --------
    >>> from osteon.evidence.data import Counts
    >>> rows = [Counts("A", 1, 29, 16, 25), Counts("B", 4, 31, 8, 28), Counts("C", 19, 55, 20, 55)]
    >>> effect = pool(rows, "RR", "DL", "z")
    >>> f"{effect.estimate:.2f} ({effect.ci_low:.2f} to {effect.ci_high:.2f}), I2 {effect.i2:.0f}%"
    '0.38 (0.11 to 1.41), I2 77%'
    """
    check_rows(rows, measure)
    check_method(rows, measure, method, ci)
    used, notes = informative(rows, measure)
    effects, variances = study_effects(used, "PETO" if method == "Peto" else measure)
    if method in ("MH", "Peto"):
        fit = fit_tables(used, measure, method, effects, variances)
    else:
        fit = fit_effects(effects, variances, method, ci)
    effect = pooled(used, measure, effects, variances, fit)
    return replace(effect, notes=(*notes, *effect.notes))


def check_method(rows: Sequence[Row], measure: str, method: str, ci: str) -> None:
    """Nothing when the method can pool these rows; otherwise `InputError` with what can."""
    faults = []
    if method not in METHODS_OF[measure]:
        legal = ", ".join(METHODS_OF[measure])
        faults.append(Fault("method", f"{method!r} cannot pool {measure}. Choose from {legal}."))
    elif method in ("MH", "Peto") and not all(isinstance(row, Counts) for row in rows):
        faults.append(Fault("method", f"{method} needs the counts of every study. Choose FE, DL, PM or REML."))
    if ci not in INTERVALS:
        faults.append(Fault("ci", f"{ci!r} is not an interval. Choose z (normal) or t (Hartung-Knapp)."))
    if faults:
        raise InputError("pool", faults)


def informative(rows: Sequence[Row], measure: str) -> tuple[list[Row], list[str]]:
    """The rows that say something about the measure, and a note on those that do not."""
    if measure not in RATIOS:
        return list(rows), []
    silent = [row.study for row in rows if without_ratio(row)]
    used = [row for row in rows if not without_ratio(row)]
    if not used:
        instead = "Their rates can only be shown one by one." if measure == "IRR" else "Pool RD instead."
        message = f"no study has a ratio: in each, nobody or everybody has the event in both groups. {instead}"
        raise InputError("rows", [Fault("", message)])
    if not silent:
        return used, []
    reason = "nobody or everybody has the event in both groups, so there is no ratio"
    return used, [f"Left out, as {reason}: {', '.join(silent)}."]


def pooled(rows: Sequence[Row], measure: str, effects: Array, variances: Array, fit: Fit) -> PooledEffect:
    """A fit on the natural scale, with its studies and everything that has to be said about it."""
    natural = to_natural(measure)
    reach = fit.prediction_half_width
    i2_low, i2_high = i2_interval(effects, variances, fit.i2)
    return PooledEffect(
        measure=measure,
        method=fit.method,
        ci=fit.ci,
        k=len(rows),
        estimate=natural(fit.effect),
        ci_low=natural(fit.effect - fit.half_width),
        ci_high=natural(fit.effect + fit.half_width),
        log_estimate=fit.effect if measure in (*RATIOS, "PR") else None,
        se=fit.se,
        tau2=fit.tau2,
        i2=fit.i2,
        i2_low=i2_low,
        i2_high=i2_high,
        q=fit.q,
        df=len(rows) - 1,
        p=fit.p,
        prediction_low=None if reach is None else natural(fit.effect - reach),
        prediction_high=None if reach is None else natural(fit.effect + reach),
        studies=shown(rows, measure, effects, variances, fit.weights),
        notes=(*corrections(rows, fit.method), *fit.notes, *limits(len(rows), fit.method)),
    )


def shown(
    rows: Sequence[Row], measure: str, effects: Array, variances: Array, weights: Array
) -> tuple[StudyEffect, ...]:
    """Each study on the natural scale, with its normal interval; `weights` in any unit."""
    natural = to_natural(measure)
    half_widths = Z * np.sqrt(variances)
    percents = 100 * weights / weights.sum()
    columns = zip(rows, effects.tolist(), half_widths.tolist(), percents.tolist(), strict=True)
    return tuple(
        StudyEffect(row.study, natural(effect), natural(effect - half), natural(effect + half), percent, row)
        for row, effect, half, percent in columns
    )


def corrections(rows: Sequence[Row], method: str) -> list[str]:
    """Which studies had 0.5 added to their counts."""
    names = [row.study for row in rows if has_empty_cell(row)]
    if not names or method == "Peto":
        return []
    shown_only = " to show them alone, not in the pooled effect" if method == "MH" else ""
    return [f"0.5 was added to the counts of studies with an empty cell{shown_only}: {', '.join(names)}."]


def limits(k: int, method: str) -> list[str]:
    """What a pool of so few studies cannot say."""
    if k == 1:
        return [
            "One study: nothing was pooled. Heterogeneity and prediction are unknown; the interval is the normal one."
        ]
    if k == 2 and method in RANDOM:
        return ["Two studies: heterogeneity is hardly known, and there is no prediction interval below three."]
    return []
