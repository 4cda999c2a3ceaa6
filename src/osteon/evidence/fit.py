"""What does one method make of the effects, on the scale that is pooled?

Every estimate here is pimeta's; this module chooses the call, mends what the library leaves to its caller and says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from osteon.errors import Fault, InputError
from osteon.evidence.data import Row, Z
from osteon.evidence.effects import Array

if TYPE_CHECKING:
    from pimeta.rma_uni import RmaResult

RANDOM = ("DL", "PM", "REML")
CELLS = ("events_1", "total_1", "events_2", "total_2")
NO_SPREAD = 1e-9  # of Q; below, effects differ by rounding only


@dataclass(frozen=True, slots=True)
class Fit:
    """What a method answers, on the scale that is pooled."""

    method: str
    ci: str
    effect: float
    se: float
    half_width: float  # of the confidence interval
    p: float
    tau2: float
    i2: float
    q: float
    prediction_half_width: float | None
    weights: Array
    notes: tuple[str, ...] = ()


def fit_tables(tables: Sequence[Row], measure: str, method: str, effects: Array, variances: Array) -> Fit:
    """Mantel-Haenszel or Peto, from the counts themselves."""
    a, n1, c, n2 = (np.array([getattr(row, name) for row in tables], float) for name in CELLS)
    if method == "MH":
        check_mantel_haenszel(a, n1 - a, c, n2 - c, measure)
    effect, se, p = tables_together(a, n1, c, n2, measure, method, apart=bool(np.ptp(effects)))
    weights = 1 / variances if method == "Peto" else mantel_haenszel_weights(a, n1, c, n2, measure)
    q, i2 = cochran(effects, variances, effect)
    return Fit(method, "z", effect, se, Z * se, p, 0.0, i2, q, None, weights)


def tables_together(
    a: Array, n1: Array, c: Array, n2: Array, measure: str, method: str, apart: bool
) -> tuple[float, float, float]:
    """Pooled effect, standard error and p.

    The variance of the risk difference is that of Sato, Greenland and Robins (Biometrics 1989;45:1323-4), which holds
    for few large and for many small studies. The function that has it divides by Q, so studies of the very same effect
    (not `apart`) get the older variance of Greenland and Robins.
    """
    from pimeta import metabin, rma_mh

    if measure == "RD" and apart:
        found = rma_mh(a, n1 - a, c, n2 - c, measure=measure, drop00=False)
        return found.beta, found.se, found.pval
    fixed = metabin(a, n1, c, n2, sm=measure, method=method, random=False).fixed
    return fixed.pooled_est, fixed.pooled_se, fixed.p_value


def check_mantel_haenszel(a: Array, b: Array, c: Array, d: Array, measure: str) -> None:
    """Nothing when Mantel-Haenszel has an answer for these cells; otherwise `InputError` with the way out."""
    alone = {
        "OR": not ((a * d).any() and (b * c).any()),
        "RR": not (a.any() and c.any()),
        "RD": not (a * b).any() and not (c * d).any(),
    }
    if alone.get(measure):
        message = f"no study has the events, or the lack of them, that MH needs for {measure}. Choose FE or REML."
        raise InputError("rows", [Fault("", message)])


def mantel_haenszel_weights(a: Array, n1: Array, c: Array, n2: Array, measure: str) -> Array:
    """The weight of each table (Mantel and Haenszel 1959; Greenland and Robins 1985)."""
    if measure == "RD":
        return n1 * n2 / (n1 + n2)
    return c * (n1 - a if measure == "OR" else n1) / (n1 + n2)


def cochran(effects: Array, variances: Array, centre: float) -> tuple[float, float]:
    """Q around `centre`, and I2 = (Q - df) / Q in percent; both 0 for one study, which differs from nothing."""
    df = len(effects) - 1
    if df == 0:
        return 0.0, 0.0
    q = float(np.sum((effects - centre) ** 2 / variances))
    return q, 100 * (q - df) / q if q > df else 0.0


def fit_effects(effects: Array, variances: Array, method: str, ci: str) -> Fit:
    """FE, DL, PM or REML, by inverse variance.

    Effects are fitted in units of the typical standard error, because pimeta ends its search for tau2 at an absolute
    step; so the answer does not hang on the unit a score is measured in.
    """
    unit = math.sqrt(typical_variance(variances))
    fit = fit_scaled(effects / unit, variances / unit**2, method, ci)
    return replace(
        fit,
        effect=fit.effect * unit,
        se=fit.se * unit,
        half_width=fit.half_width * unit,
        tau2=fit.tau2 * unit**2,
        prediction_half_width=None if fit.prediction_half_width is None else fit.prediction_half_width * unit,
    )


def typical_variance(variances: Array) -> float:
    """The variance of Higgins and Thompson (Stat Med 2002;21:1539-58) that stands for those of all studies."""
    weights = 1 / variances
    if len(weights) == 1:
        return float(variances[0])
    return float((len(weights) - 1) / (weights.sum() - (weights**2).sum() / weights.sum()))


def fit_scaled(effects: Array, variances: Array, method: str, ci: str) -> Fit:
    """One fit by pimeta, with the notes that its answer needs."""
    several, random, notes = len(effects) > 1, method in RANDOM, []
    test = "knha" if ci == "t" and several and random else "z"
    if test == "knha" and cochran(effects, variances, float(np.mean(effects)))[0] < NO_SPREAD:
        test = "z"
        notes.append(
            "All studies have the same effect; the interval is the normal one, as Hartung and Knapp's has no width."
        )
    fit = run(effects, variances, method if several else "FE", test)
    if method == "REML" and several and not settled(effects, variances, fit.tau2, np.ones((len(effects), 1))):
        method = "PM"
        fit = run(effects, variances, method, test)
        notes.append("REML did not settle on a tau2; it was estimated by Paule and Mandel.")
    half_width = fit.ci_ub[0] - fit.b[0]
    if fit.test == "knha" and half_width < Z * fit.se[0] / math.sqrt(fit.s2w):
        notes.append("Hartung and Knapp's interval is narrower here than the normal one; do not lean on its width.")
    return Fit(
        method=method,
        ci="t" if fit.test == "knha" else "z",
        effect=fit.b[0],
        se=fit.se[0],
        half_width=half_width,
        p=fit.pval[0],
        tau2=fit.tau2,
        i2=fit.I2,
        q=fit.QE,
        prediction_half_width=fit.predict().pi_ub - fit.b[0] if random and len(effects) > 2 else None,
        weights=np.array(fit.weights),
        notes=tuple(notes),
    )


def run(effects: Array, variances: Array, method: str, test: str, covariate: Array | None = None) -> RmaResult:
    """The fit by pimeta; studies without any spread have no fit with `test` knha."""
    from pimeta import rma

    return cast("RmaResult", rma(effects, variances, mods=covariate, method=method, test=test))


def settled(effects: Array, variances: Array, tau2: float, design: Array) -> bool:
    """Whether tau2 solves the likelihood equation of REML: pimeta's scoring steps may end unconverged, without a word.

    The next scoring step (Viechtbauer, J Educ Behav Stat 2005;30:261-293) has to be small against the typical variance,
    which is 1 here, or lead below zero from zero. `design` has one row per study: 1, and the covariate if there is one.
    """
    weighted = design / (variances + tau2)[:, None]
    remover = np.diag(1 / (variances + tau2)) - weighted @ np.linalg.solve(design.T @ weighted, weighted.T)
    rest = remover @ effects
    step = (rest @ rest - np.trace(remover)) / np.sum(remover**2)
    return bool(abs(step) < 1e-3 * (1 + tau2) or (tau2 < 1e-3 and step < 0))


def i2_interval(effects: Array, variances: Array, i2: float) -> tuple[float | None, float | None]:
    """95% interval of I2 in percent, by Q-profile; none for one study."""
    from pimeta import confint_tau2

    if len(effects) == 1:
        return None, None
    unit = typical_variance(variances)
    tau2 = i2 / max(100 - i2, 1e-6)  # in units of the typical variance
    found = confint_tau2(effects / math.sqrt(unit), variances / unit, tau2)
    return found.i2_lb, found.i2_ub
