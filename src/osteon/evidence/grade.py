"""What takes levels off the certainty of a body of evidence, or adds them? The domains of GRADE, one function each.

The lines drawn stand in `certainty.toml` with their sources; a step names those it rests on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from osteon.case.toml_files import read_own
from osteon.evidence.data import RATIOS, Counts

if TYPE_CHECKING:
    from osteon.evidence.pool import PooledEffect

RANDOMISED = "rct"
SERIES = "case-series"
BIAS_SAID = {
    "low": "is at low risk of bias",
    "nothing_further": "has no high risk on record beyond what the start stands for",
    "some_concerns": "is at some risk",
    "high": "is at high risk",
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """One line drawn by GRADE or by Osteon; `setting` says that no source draws it exactly there."""

    id: str
    value: Any
    text: str
    source: tuple[str, ...]
    where: str
    unit: str = ""
    setting: bool = False


@dataclass(frozen=True, slots=True)
class EvidenceBody:
    """All studies that answer one question, as far as certainty depends on them.

    `of` and `versus` are names of treatments as in the question, `versus` empty for series without a comparison;
    `designs` counts the pooled studies by design. `bias` holds (domain, judgement) pairs and `blinding` a word per
    study. `indirect` means that the effect comes from a network or from a related treatment.
    """

    of: tuple[str, ...]
    versus: tuple[str, ...]
    outcome: str
    designs: Mapping[str, int]
    joints: int
    pooled: PooledEffect | None
    events: int | None = None
    bias: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    blinding: Mapping[str, str] = field(default_factory=dict)
    small_study_p: float | None = None
    indirect: bool = False

    @property
    def studies(self) -> int:
        return sum(self.designs.values())


@dataclass(frozen=True, slots=True)
class Step:
    """One reason with its numbers, and the levels it adds or takes off.

    `setting` names the thresholds behind it that no source fixes; `replaces` is the computed step that a judgement
    stands in for.
    """

    domain: str
    change: int
    because: str
    basis: str = "computed"
    source: tuple[str, ...] = ()
    setting: tuple[str, ...] = ()
    by: str = ""
    on: str = ""
    replaces: Step | None = None


def starting(body: EvidenceBody) -> tuple[str, Step]:
    """Where the rating starts, by what kinds of study were pooled."""
    counts = Counter(body.designs)
    if not body.versus or counts[SERIES] == body.studies:
        rule, why = "start_series", "There is no comparison with other treatment"
    elif counts[RANDOMISED] == body.studies:
        rule, why = "start_randomised", f"All {body.studies} studies were randomised"
        why = {1: "The one study was randomised", 2: "Both studies were randomised"}.get(body.studies, why)
    elif counts[RANDOMISED]:
        rule, why = "start_mixed", f"Of {body.studies} studies, {counts[RANDOMISED]} randomised their patients"
    else:
        rule, why = "start_compared", "The groups compared were not randomised"
    word = str(line(rule))
    return word, computed_step("start", 0, f"{why}, so the rating starts at {spoken(word)}.", rule)


def reasons(body: EvidenceBody, start: str) -> Iterator[Step]:
    """The five reasons to rate down, each said whether it takes a level off or not."""
    yield risk_of_bias(body, start)
    yield inconsistency(body)
    yield indirectness(body)
    yield imprecision(body)
    yield publication_bias(body)


def weights(body: EvidenceBody) -> tuple[tuple[str, float], ...]:
    """Each study's share of the pool, in percent."""
    if body.pooled is None:
        return ()
    total = sum(each.weight_percent for each in body.pooled.studies)
    return tuple((each.study, 100 * each.weight_percent / total) for each in body.pooled.studies)


def risk_of_bias(body: EvidenceBody, start: str) -> Step:
    """One level when most of the weight is at some risk of bias, two when most is at high risk in several domains."""
    if body.pooled is None:
        return computed_step("risk_of_bias", 0, "Without numbers to pool, no study has a weight.")
    most, several = line("most_weight"), line("several_limitations")
    share: dict[str, float] = dict.fromkeys(BIAS_SAID, 0.0)
    rests_on: dict[str, None] = {}
    worst = 0.0
    for study, weight in weights(body):
        level, high, rules = study_bias(body, study, start)
        share[level] += weight
        worst += weight * (high >= several)
        rests_on.update(dict.fromkeys(rules))
    change = -2 if worst > most else -1 if share["some_concerns"] + share["high"] > most else 0
    said = [f"{share[level]:.0f} % {words}" for level, words in BIAS_SAID.items() if share[level] >= 0.5]
    return computed_step("risk_of_bias", change, f"Of the weight, {' and '.join(said)}.", "most_weight", *rests_on)


def study_bias(body: EvidenceBody, study: str, start: str) -> tuple[str, int, tuple[str, ...]]:
    """How biased one study may be for this outcome, in how many domains the risk is high, and by which rules."""
    domains = dict(body.bias.get(study, ()))
    if start != "high":
        kept = [word for name, word in domains.items() if name not in line("covered_by_the_start")]
        high = kept.count("high")
        return "high" if high else "nothing_further", high, ("covered_by_the_start",)
    rules: tuple[str, ...] = ("several_limitations",) if "high" in domains.values() else ()
    if body.blinding.get(study, "") in ("", "none") and body.outcome in line("people_decide"):
        domains["blinding"] = "some_concerns"
        rules += ("people_decide",)
    if not set(line("domains_to_judge")) <= domains.keys():
        domains["unjudged"] = "some_concerns"
        rules += ("domains_to_judge",)
    high = list(domains.values()).count("high")
    return "high" if high else "some_concerns" if "some_concerns" in domains.values() else "low", high, rules


def inconsistency(body: EvidenceBody) -> Step:
    """By I² and by whether studies lie on both sides of no effect."""
    pooled = body.pooled
    if pooled is None or pooled.k < 2:
        return computed_step("inconsistency", 0, "There are not two studies that could disagree; this was not judged.")
    matters, much = line("heterogeneity_that_matters"), line("considerable_heterogeneity")
    none = no_effect(pooled)
    below = sum(each.estimate < none for each in pooled.studies)
    above = sum(each.estimate > none for each in pooled.studies)
    both_sides = bool(body.versus) and max(below, above) < pooled.k
    beyond_chance = pooled.i2_low is not None and pooled.i2_low > line("heterogeneity_beyond_chance")
    if pooled.i2 >= much:
        change = -2 if both_sides and beyond_chance else -1
    else:
        change = -1 if pooled.i2 > matters and both_sides else 0
    sides = f"; {below} of {pooled.k} studies lie below no effect and {above} above" if body.versus else ""
    because = f"I² is {pooled.i2:.0f} % over {pooled.k} studies{sides}."
    rests_on = ("considerable_heterogeneity", "heterogeneity_that_matters", "heterogeneity_beyond_chance")
    return computed_step("inconsistency", change, because, *rests_on)


def no_effect(pooled: PooledEffect) -> float:
    return 1.0 if pooled.measure in RATIOS else 0.0


def indirectness(body: EvidenceBody) -> Step:
    """Treatments not tested head to head, and outcomes that stand for others; patients come with the joint."""
    rests_on, said = [], []
    if body.indirect:
        rests_on.append("indirect_comparison")
        said.append("the treatments were not compared with each other in one study")
    if body.outcome in line("surrogates"):
        rests_on.append("surrogates")
        said.append("the outcome is a change on an image that stands for what patients feel")
    if not said:
        return computed_step("indirectness", 0, "The treatments and the outcome are those asked for.")
    change = -line("indirect_comparison") * body.indirect - (body.outcome in line("surrogates"))
    text = " and ".join(said)
    return computed_step("indirectness", change, f"{text[0].upper()}{text[1:]}.", *rests_on)


def imprecision(body: EvidenceBody) -> Step:
    """By the interval, the lines of an appreciable change, and the optimal information size."""
    pooled = body.pooled
    if pooled is None:
        because = "No effect could be pooled, so nothing bounds it."
        return computed_step("imprecision", -line("both_ways"), because, "both_ways")
    if not body.versus:
        return computed_step("imprecision", 0, "Without a comparison there is no interval of an effect to judge.")
    low, high = on_risk_scale(pooled, pooled.ci_low), on_risk_scale(pooled, pooled.ci_high)
    drawn, (below, above) = decision_lines(body)
    enough, size_said, size_rule = information(body)
    change = 0 if enough else -1
    if low <= no_effect(pooled) <= high:
        crossed = [low < below, high > above] if drawn else [True, False]
        change = -line("both_ways") if all(crossed) else -1 if any(crossed) else change
    if drawn:
        lines = f"no effect at {no_effect(pooled):g} and appreciable change below {below:.3g} or above {above:.3g}"
    else:
        lines = f"no effect at {no_effect(pooled):g}; no least important difference was read"
    because = f"The interval runs from {low:.2f} to {high:.2f} ({lines}); {size_said}."
    return computed_step("imprecision", change, because, *drawn, size_rule, *(["both_ways"] if change == -2 else []))


def on_risk_scale(pooled: PooledEffect, value: float) -> float:
    """An odds ratio as the risk ratio it means at the pooled control risk; other measures as they are."""
    risk = control_risk(pooled)
    return value / (1 - risk + risk * value) if pooled.measure == "OR" and risk is not None else value


def control_risk(pooled: PooledEffect) -> float | None:
    """The share of events in the second group over all studies that print counts."""
    rows = [each.row for each in pooled.studies if isinstance(each.row, Counts)]
    total = sum(row.total_2 for row in rows)
    return sum(row.events_2 for row in rows) / total if total else None


def decision_lines(body: EvidenceBody) -> tuple[tuple[str, ...], tuple[float, float]]:
    """The thresholds of an appreciable change, either way, with their names; none where no source was read."""
    assert body.pooled is not None
    names = ("appreciable_benefit", "appreciable_harm")
    if body.pooled.measure in RATIOS:
        return names, (line(names[0]), line(names[1]))
    risk = control_risk(body.pooled)
    if body.pooled.measure == "RD" and risk is not None:
        return names, ((line(names[0]) - 1) * risk, (line(names[1]) - 1) * risk)
    name = f"important_difference_{body.outcome}"
    if body.pooled.measure == "MD" and name in thresholds():
        return (name,), (-line(name), line(name))
    return (), (0.0, 0.0)


def information(body: EvidenceBody) -> tuple[bool, str, str]:
    """Whether the joints reach the optimal information size, in words, and the rule that says how many it takes."""
    assert body.pooled is not None
    risk = control_risk(body.pooled)
    if risk is not None and 0 < risk < 1:
        rule, needed = "relative_risk_reduction", optimal_information_size(risk)
        told = f"where one trial would need {needed} at a control risk of {100 * risk:.0f} %"
    else:
        rule, needed = "joints_enough", int(line("joints_enough")) + 1
        told = f"where {needed - 1} are too few"
    seen = f"{body.joints} joints" + ("" if body.events is None else f" with {body.events} events")
    return body.joints >= needed, f"{seen} {told}", rule


@cache
def optimal_information_size(control_risk: float) -> int:
    """Joints that one trial needs to find the set relative reduction of a risk, both groups together.

    Parameters
    ----------
    control_risk
        Share of events without the treatment, between 0 and 1.

    Notes
    -----
    Two proportions, normal approximation: n per group = (z_a sqrt(2 m (1 - m)) + z_b sqrt(p (1 - p) + q (1 - q)))² /
    (p - q)², m their mean.

    Examples
    --------
    >>> optimal_information_size(0.2)
    1812
    """
    other = control_risk * (1 - line("relative_risk_reduction") / 100)
    mean = (control_risk + other) / 2
    z_error = NormalDist().inv_cdf(1 - line("two_sided_error") / 2)
    z_power = NormalDist().inv_cdf(line("power"))
    spread = control_risk * (1 - control_risk) + other * (1 - other)
    root = z_error * (2 * mean * (1 - mean)) ** 0.5 + z_power * spread**0.5
    return 2 * -int(-(root**2) / (control_risk - other) ** 2 // 1)


def publication_bias(body: EvidenceBody) -> Step:
    """By the test for small-study effects, where enough studies were pooled to test at all."""
    fewest = line("studies_for_a_funnel")
    if body.small_study_p is None or body.studies < fewest:
        because = f"Not tested over {counted(body.studies)}; such tests ask for {fewest} studies or more."
        return computed_step("publication_bias", 0, because, "studies_for_a_funnel")
    change = -1 if body.small_study_p < line("small_study_p") else 0
    because = f"The test for small-study effects gives p = {body.small_study_p:.2g} over {counted(body.studies)}."
    return computed_step("publication_bias", change, because, "small_study_p", "studies_for_a_funnel")


def large_effect(body: EvidenceBody, start: str, steps: Sequence[Step]) -> Iterator[Step]:
    """A large effect in comparisons that were not randomised, where nothing was rated down."""
    if body.pooled is None or body.pooled.measure not in RATIOS or start != line("start_compared"):
        return
    if RANDOMISED in body.designs or any(step.change < 0 for step in steps):
        return
    ratio = on_risk_scale(body.pooled, body.pooled.estimate)
    fold = max(ratio, 1 / ratio)
    rule = "very_large_effect" if fold > line("very_large_effect") else "large_effect"
    if fold > line(rule):
        change = 2 if rule == "very_large_effect" else 1
        yield computed_step("large_effect", change, f"The risk changes {fold:.1f}fold.", rule)


def computed_step(domain: str, change: int, because: str, *rests_on: str) -> Step:
    """A step whose sources and settings are those of the thresholds it rests on."""
    lines = [threshold(name) for name in rests_on]
    source = tuple(dict.fromkeys(key for each in lines for key in each.source))
    return Step(domain, change, because, source=source, setting=tuple(each.id for each in lines if each.setting))


def counted(studies: int) -> str:
    return "one study" if studies == 1 else f"{studies} studies"


def spoken(word: str) -> str:
    return word.replace("_", " ")


@cache
def thresholds() -> Mapping[str, Threshold]:
    """Every line that a rating may rest on, by id."""
    raw = read_own(Path(__file__).with_name("certainty.toml"))["threshold"]
    return {name: Threshold(name, **entry | {"source": named(entry["source"])}) for name, entry in raw.items()}


def named(source: str | list[str]) -> tuple[str, ...]:
    return (source,) if isinstance(source, str) else tuple(source)


def threshold(name: str) -> Threshold:
    return thresholds()[name]


def line(name: str) -> Any:
    return thresholds()[name].value
