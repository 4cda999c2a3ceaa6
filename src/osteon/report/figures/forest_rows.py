"""What stands in the rows beside a forest plot? The same words for the figure and for its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from osteon.evidence.data import Counts, Estimate, Means, Rates, Row, Single
from osteon.report.figures.measures import (
    MEASURES,
    MINUS,
    Measure,
    decimals,
    interval_words,
    p_words,
    range_words,
)

if TYPE_CHECKING:
    from osteon.evidence.pool import PooledEffect, StudyEffect

UNNAMED: Mapping[str, str] = MappingProxyType({})  # every study is printed as the data call it
PREDICTION = "Prediction interval"
BIAS_WORDS = {"low": "low", "some_concerns": "some concerns", "high": "high", "": "not judged"}
MODELS = {
    "FE": "fixed effect, inverse variance",
    "MH": "fixed effect, Mantel-Haenszel",
    "Peto": "fixed effect, Peto",
    "DL": "random effects, DerSimonian-Laird",
    "PM": "random effects, Paule-Mandel",
    "REML": "random effects, REML",
}


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One study as words, with the effect to draw."""

    name: str
    arms: tuple[str, ...]
    weight: str
    effect: str
    bias: str
    study: StudyEffect


def forest_rows(effect: PooledEffect, risk_of_bias: Mapping[str, str], names: Mapping[str, str]) -> list[ForestRow]:
    """The studies in the order of the pool."""
    measure, digits = MEASURES[effect.measure], effect_decimals(effect)
    return [
        ForestRow(
            name=names.get(study.study, study.study),
            arms=arm_words(study.row),
            weight=f"{study.weight_percent:.1f}",
            effect=interval_words(measure, (study.estimate, study.ci_low, study.ci_high), digits),
            bias=risk_of_bias.get(study.study, ""),
            study=study,
        )
        for study in effect.studies
    ]


def arm_words(row: Row) -> tuple[str, ...]:
    """What each arm brings, as printed in its column; nothing where only an effect is known."""
    match row:
        case Counts():
            return (f"{row.events_1}/{row.total_1}", f"{row.events_2}/{row.total_2}")
        case Means():
            return (
                mean_words(row.mean_1, row.sd_1, row.n_1),
                mean_words(row.mean_2, row.sd_2, row.n_2),
            )
        case Rates():
            return (f"{row.events_1}/{row.time_1:g}", f"{row.events_2}/{row.time_2:g}")
        case Single():
            return (f"{row.events}/{row.total}",)
        case Estimate():
            return ()


def mean_words(mean: float, sd: float, n: int) -> str:
    return f"{mean:.1f} ({sd:.1f}), {n}".replace("-", MINUS)


def arm_units(rows: Sequence[Row]) -> str:
    """What the columns of the arms hold; empty where no row has any."""
    for row in rows:
        match row:
            case Counts() | Single():
                return "events/joints"
            case Means():
                return "mean (SD), n"
            case Rates():
                return "events/time"
    return ""


def arm_sums(rows: Sequence[Row]) -> tuple[str, ...]:
    """Events and joints over all studies, where every study counts them."""
    if all(isinstance(row, Counts) for row in rows):
        counts = [row for row in rows if isinstance(row, Counts)]
        return (
            f"{sum(row.events_1 for row in counts)}/{sum(row.total_1 for row in counts)}",
            f"{sum(row.events_2 for row in counts)}/{sum(row.total_2 for row in counts)}",
        )
    if all(isinstance(row, Single) for row in rows):
        single = [row for row in rows if isinstance(row, Single)]
        return (f"{sum(row.events for row in single)}/{sum(row.total for row in single)}",)
    return ()


def pooled_words(effect: PooledEffect) -> str:
    """The pooled effect with its interval."""
    values = (effect.estimate, effect.ci_low, effect.ci_high)
    return interval_words(MEASURES[effect.measure], values, effect_decimals(effect))


def prediction_words(effect: PooledEffect) -> str:
    """The prediction interval; empty where there is none."""
    if effect.prediction_low is None or effect.prediction_high is None:
        return ""
    ends = (effect.prediction_low, effect.prediction_high)
    return range_words(MEASURES[effect.measure], *ends, effect_decimals(effect))


def effect_decimals(effect: PooledEffect) -> int:
    bounds = [effect.ci_low, effect.ci_high]
    return decimals([*bounds, *(study.estimate for study in effect.studies)])


def studies_words(k: int) -> str:
    return "One study" if k == 1 else f"All {k} studies"


def method_words(effect: PooledEffect) -> str:
    """How the studies were pooled and how far they differ, in one line; nothing to say of one study alone."""
    if effect.k == 1:
        return ""
    interval = "Hartung-Knapp interval" if effect.ci == "t" else "normal interval"
    spread = f"τ² {effect.tau2:.2f}, I² {effect.i2:.0f} %"
    test = f", test of the effect {p_words(effect.p)}" if MEASURES[effect.measure].null is not None else ""
    model = MODELS[effect.method]
    return (
        f"{model[0].upper()}{model[1:]}; {interval}{test}. "
        f"Heterogeneity: {spread}{i2_range(effect)}, Q {effect.q:.1f} on {effect.df} df."
    )


def i2_range(effect: PooledEffect) -> str:
    low, high = effect.i2_low, effect.i2_high
    return "" if low is None or high is None else f" ({low:.0f} to {high:.0f} %)"


def what_to_see(effect: PooledEffect, favours: tuple[str, str]) -> str:
    """One sentence on what the plot shows."""
    measure = MEASURES[effect.measure]
    unit = " %" if measure.scale == "percent" else ""
    count = "one study" if effect.k == 1 else f"{effect.k} studies"
    start = f"The {measure.name} from {count} is {pooled_words(effect)}{unit}"
    return f"{start}{side_words(measure, effect, favours)}."


def side_words(measure: Measure, effect: PooledEffect, favours: tuple[str, str]) -> str:
    if measure.null is None:
        return ""
    if effect.ci_low <= measure.null <= effect.ci_high:
        return "; the interval crosses the line of no effect"
    left = effect.ci_high < measure.null
    name = favours[0 if left else 1]
    side = f"the whole interval lies {'left' if left else 'right'} of the line of no effect"
    return f"; {side}{f' and favours {name}' if name else ''}"
