"""How is a pooled effect or a network told to a reader at a terminal, and to a program?"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from osteon.evidence.network import Heterogeneity, Network
from osteon.evidence.pool import PooledEffect, StudyEffect

MEASURE_NAMES = {
    "RR": "risk ratio",
    "OR": "odds ratio",
    "RD": "risk difference",
    "MD": "mean difference",
    "SMD": "standardised mean difference",
    "HR": "hazard ratio",
    "IRR": "incidence rate ratio",
    "PR": "proportion",
}
METHOD_NAMES = {
    "FE": "one true effect, inverse variance",
    "MH": "one true effect, Mantel-Haenszel",
    "Peto": "one true effect, Peto",
    "DL": "random effects, DerSimonian-Laird",
    "PM": "random effects, Paule-Mandel",
    "REML": "random effects, REML",
}
INTERVAL_NAMES = {"z": "normal", "t": "Hartung-Knapp"}
# What stands in the JSON of a pool, field by field.
POOLED_KEYS = (
    *("measure", "method", "k", "estimate", "ci_low", "ci_high", "log_estimate", "se", "tau2", "i2", "q", "df", "p"),
    *("prediction_low", "prediction_high"),
)
STUDY_KEYS = ("study", "estimate", "ci_low", "ci_high", "weight_percent")


def pooled_json(effect: PooledEffect) -> dict[str, Any]:
    """A pooled effect as plain values for JSON; ratios and proportions on their natural scale.

    Examples
    --------
    >>> from osteon.evidence.data import Counts
    >>> from osteon.evidence.pool import pool
    >>> found = pooled_json(pool([Counts("Lai 2005", 1, 29, 16, 25)], "RR"))
    >>> found["k"], round(found["estimate"], 3), found["prediction_low"], found["studies"][0]["study"]
    (1, 0.054, None, 'Lai 2005')
    """
    studies = [{key: getattr(study, key) for key in STUDY_KEYS} for study in effect.studies]
    return {key: getattr(effect, key) for key in POOLED_KEYS} | {"studies": studies, "notes": list(effect.notes)}


def network_json(found: Network) -> dict[str, Any]:
    """A network as plain values for JSON; effects on their natural scale.

    Examples
    --------
    >>> from osteon.evidence.data import CountArm
    >>> from osteon.evidence.network import network
    >>> arms = [CountArm("Lai", "alendronate", 1, 29), CountArm("Lai", "control", 16, 25)]
    >>> network_json(network(arms, "RR", "control"))["against_reference"][0]["treatment"]
    'alendronate'
    """
    keys = ("treatment", "versus", "estimate", "ci_low", "ci_high", "se")
    split_keys = ("treatment", "versus", "studies", "direct", "indirect", "difference", "p")
    return {
        "measure": found.measure,
        "reference": found.reference,
        "k": len(found.studies),
        "treatments": list(found.treatments),
        "against_reference": [{key: getattr(effect, key) for key in keys} for effect in found.against_reference],
        "league": [[{key: getattr(cell, key) for key in keys} for cell in row] for row in found.league],
        "tau2": found.tau2,
        "i2": found.i2,
        "i2_low": found.i2_low,
        "i2_high": found.i2_high,
        "q_total": q_json(found.total),
        "q_within_designs": q_json(found.within),
        "q_between_designs": q_json(found.between),
        "p_scores": dict(found.p_scores),
        "splits": [{key: getattr(split, key) for key in split_keys} for split in found.splits],
        "edges": [
            {"treatment_1": edge.treatment_1, "treatment_2": edge.treatment_2, "studies": list(edge.studies)}
            for edge in found.edges
        ],
        "notes": list(found.notes),
    }


def q_json(part: Heterogeneity) -> dict[str, Any]:
    """One part of Q."""
    return {"q": part.q, "df": part.df, "p": part.p}


def pooled_text(effect: PooledEffect, width: int = 80) -> str:
    """A pooled effect for the terminal, no line longer than `width` where names allow.

    Examples
    --------
    >>> from osteon.evidence.data import Counts
    >>> from osteon.evidence.pool import pool
    >>> rows = [Counts("A", 1, 29, 16, 25), Counts("B", 4, 31, 8, 28), Counts("C", 19, 55, 20, 55)]
    >>> print(pooled_text(pool(rows, "RR", "DL", "z")))
    Risk ratio of 3 studies: 0.38 (95% interval 0.11 to 1.41), p = 0.15
    Method: random effects, DerSimonian-Laird; normal interval
    Heterogeneity: I2 77% (18% to 99%), tau2 0.954, Q 8.67 on 2 df
    In a new study, 95 of 100 true effects between 0.038 and 3.88
    <BLANKLINE>
    study     RR    95% interval  weight
    A      0.054  0.0077 to 0.38     23%
    B       0.45    0.15 to 1.34     35%
    C       0.95    0.57 to 1.57     43%
    """
    name, studies = MEASURE_NAMES[effect.measure].capitalize(), "1 study" if effect.k == 1 else f"{effect.k} studies"
    answer = f"{number(effect.estimate)} (95% interval {span(effect.ci_low, effect.ci_high)})"
    paragraphs = [
        f"{name} of {studies}: {answer}" + ("" if effect.measure == "PR" else f", p {p_text(effect.p)}"),
        f"Method: {METHOD_NAMES[effect.method]}; {INTERVAL_NAMES[effect.ci]} interval",
        *heterogeneity_lines(effect),
        *(f"Note: {note}" for note in effect.notes),
    ]
    return "\n".join([*wrapped(paragraphs, width), "", *study_table(effect)])


def heterogeneity_lines(effect: PooledEffect) -> Iterator[str]:
    """How far studies differ, and where the true effect of the next one may lie."""
    if effect.i2_low is not None and effect.i2_high is not None:
        i2 = f"{effect.i2:.0f}% ({effect.i2_low:.0f}% to {effect.i2_high:.0f}%)"
        yield f"Heterogeneity: I2 {i2}, tau2 {effect.tau2:.3g}, Q {effect.q:.2f} on {effect.df} df"
    if effect.prediction_low is not None and effect.prediction_high is not None:
        ends = f"{number(effect.prediction_low)} and {number(effect.prediction_high)}"
        yield f"In a new study, 95 of 100 true effects between {ends}"


def study_table(effect: PooledEffect) -> list[str]:
    """One line per study."""
    rows = [("study", effect.measure, "95% interval", "weight"), *map(study_cells, effect.studies)]
    return columns(rows)


def study_cells(study: StudyEffect) -> tuple[str, ...]:
    """The cells of one study."""
    interval = span(study.ci_low, study.ci_high)
    return study.study, number(study.estimate), interval, f"{study.weight_percent:.0f}%"


def network_text(found: Network, width: int = 80) -> str:
    """A network for the terminal: each treatment against the reference, then how far the trials agree.

    Examples
    --------
    >>> from osteon.evidence.data import CountArm
    >>> from osteon.evidence.network import network
    >>> arms = [CountArm("A", "alendronate", 1, 29), CountArm("A", "control", 16, 25)]
    >>> arms += [CountArm("B", "alendronate", 4, 31), CountArm("B", "control", 8, 28)]
    >>> print(network_text(network(arms, "RR", "control")))
    Risk ratio against control, from 2 studies of 2 treatments
    Heterogeneity: tau2 1.61, I2 71% (0% to 94%)
    Within designs: Q 3.49 on 1 df, p = 0.062
    Between designs: no degrees of freedom
    <BLANKLINE>
    treatment      RR   95% interval  P-score
    alendronate  0.18  0.023 to 1.44     0.95
    control         -              -     0.05
    """
    trials = f"{len(found.studies)} studies of {len(found.treatments)} treatments"
    i2 = "" if found.i2_low is None else f" ({found.i2_low:.0f}% to {found.i2_high:.0f}%)"
    paragraphs = [
        f"{MEASURE_NAMES[found.measure].capitalize()} against {found.reference}, from {trials}",
        f"Heterogeneity: tau2 {found.tau2:.3g}, I2 {found.i2:.0f}%{i2}",
        f"Within designs: {q_text(found.within)}",
        f"Between designs: {q_text(found.between)}",
        *(f"Note: {note}" for note in found.notes),
    ]
    return "\n".join([*wrapped(paragraphs, width), "", *treatment_table(found)])


def treatment_table(found: Network) -> list[str]:
    """One line per treatment, the best P-score first."""
    against = {effect.treatment: effect for effect in found.against_reference}
    rows = [("treatment", found.measure, "95% interval", "P-score")]
    for name, score in sorted(found.p_scores.items(), key=lambda item: (-item[1], item[0])):
        effect = against.get(name)
        shown = (number(effect.estimate), span(effect.ci_low, effect.ci_high)) if effect else ("-", "-")
        rows.append((name, *shown, f"{score:.2f}"))
    return columns(rows)


def q_text(part: Heterogeneity) -> str:
    """One part of Q in words."""
    return "no degrees of freedom" if part.p is None else f"Q {part.q:.2f} on {part.df} df, p {p_text(part.p)}"


def number(value: float) -> str:
    """Two decimals, or two significant digits below 0.1."""
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"


def span(low: float, high: float) -> str:
    """An interval."""
    return f"{number(low)} to {number(high)}"


def p_text(p: float) -> str:
    """A p value as journals print it."""
    return "< 0.001" if p < 0.001 else f"= {p:.2g}" if p >= 0.1 else f"= {p:.3f}"


def wrapped(paragraphs: Sequence[str], width: int) -> list[str]:
    """Paragraphs as lines, continued with an indent."""
    return [line for text in paragraphs for line in textwrap.wrap(text, width, subsequent_indent="  ")]


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table: the first column to the left, the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
