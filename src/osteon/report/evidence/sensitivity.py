"""How much does an answer hang on the method, on single studies, on the year, on kinds of studies, on small ones?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from osteon.evidence.base import FEWEST_FOR_T
from osteon.evidence.comparisons import Answers
from osteon.evidence.data import Counts, Row
from osteon.evidence.fit import RANDOM
from osteon.evidence.pool import METHODS_OF, PooledEffect, pool
from osteon.evidence.sensitivity import (
    SMALL_STUDY_MINIMUM,
    Variant,
    cumulative,
    leave_one_out,
    meta_regression,
    small_study,
    subgroups,
)
from osteon.knowledge.studies import Study
from osteon.report.evidence.page import Analysis, Figure
from osteon.report.evidence.words import counted, named, study_names, value_words
from osteon.report.figures import Table, funnel_plot, funnel_table
from osteon.report.figures.forest_rows import MODELS
from osteon.report.figures.funnel import funnel_sentence
from osteon.report.figures.measures import MEASURES, column_name, numeral, p_words
from osteon.report.words import capital, joined

REGIONS: Mapping[str, str] = {
    "asia": "Asia",
    "europe": "Europe",
    "north_america": "North America",
    "other": "elsewhere",
    "": "",
}
INTERVALS: Mapping[str, str] = {"z": "normal", "t": "Hartung-Knapp"}
COLLAPSE: Mapping[str, str] = {
    "before": "before collapse",
    "after": "after collapse",
    "both": "both before and after collapse",
    "": "",
}
CAUSES: Mapping[str, str] = {
    "sickle": "sickle cell disease",
    r"non-?traumatic|atraumatic": "any cause but injury",
    "steroid": "steroids",
    "idiopathic|spontaneous": "no known cause",
}


def analyses(found: Answers, title: str, ident: str) -> tuple[Analysis, ...]:
    """Every other look that the studies of an answer allow, and a sentence on each that they do not.

    Parameters
    ----------
    found
        The studies with their rows, at least two of which can be pooled.
    title
        What is compared for which outcome.
    ident
        A word that no other outcome of the page has.
    """
    return (
        by_methods(found.rows, found.measure),
        without_each(found.rows, found.measure),
        over_time(found),
        *by_groups(found),
        over_years(found),
        small_studies(found.rows, found.measure, title, ident),
    )


def interval_for(fewest: int) -> str:
    """The interval for a row of pools of which the smallest has so many studies."""
    return "t" if fewest >= FEWEST_FOR_T else "z"


def interval_words(ci: str) -> str:
    return "Intervals are those of Hartung and Knapp." if ci == "t" else "Intervals are normal ones."


def by_methods(rows: Sequence[Row], measure: str) -> Analysis:
    """The same studies by every method, with one true effect and with many."""
    pools = [pool(rows, *way) for way in ways_to_pool(rows, measure)]
    lines = tuple(
        (MEASURES[each.measure].name, capital(MODELS[each.method]), INTERVALS[each.ci], value_words(each, each.measure))
        for each in pools
    )
    same = all(excludes(each) == excludes(pools[0]) for each in pools)
    text = (
        "Every method leads to the same reading."
        if same
        else "Whether the interval excludes no effect depends on the method, so this answer does not stand by itself."
    )
    header = ("Measure", "Model", "Interval", "Effect (95 % interval)")
    return Analysis("By other methods", text, Table("The same studies, pooled in other ways", header, lines))


def ways_to_pool(rows: Sequence[Row], measure: str) -> Iterator[tuple[str, str, str]]:
    """Measure, method and interval of every pool that these rows allow; Peto's is of odds."""
    counts = all(isinstance(row, Counts) for row in rows)
    for method in METHODS_OF[measure]:
        if method == "MH" and not counts:
            continue
        if method in RANDOM and len(rows) >= FEWEST_FOR_T:
            yield measure, method, "t"
        yield measure, method, "z"
    if counts:
        yield "OR", "Peto", "z"


def excludes(effect: PooledEffect) -> int:
    """-1 or 1 where the whole interval lies below or above no effect, else 0."""
    null = MEASURES[effect.measure].null or 0.0
    return (effect.ci_low > null) - (effect.ci_high < null)


def without_each(rows: Sequence[Row], measure: str) -> Analysis:
    """The pool without each study in turn."""
    ci = interval_for(len(rows) - 1)
    variants = leave_one_out(rows, measure, ci=ci)
    lines = tuple((f"without {study_names().get(each.label, each.label)}", *cells(each)) for each in variants)
    whole = excludes(pool(rows, measure, ci=ci))
    turns = [each.label for each in variants if each.effect is not None and excludes(each.effect) != whole]
    text = (
        f"The reading changes without {' or without '.join(study_names().get(name, name) for name in turns)}."
        if turns
        else "No single study changes the reading."
    )
    table = Table(f"Each study left out in turn. {interval_words(ci)}", variant_header("Studies", measure), lines)
    return Analysis("Without each study in turn", text, table)


def variant_header(first: str, measure: str) -> tuple[str, ...]:
    return (first, "Number", f"{column_name(MEASURES[measure])} (95 % interval)", "I²")


def cells(variant: Variant) -> tuple[str, str, str]:
    effect = variant.effect
    if effect is None:
        return "", named(variant.because), ""
    return str(effect.k), value_words(effect, effect.measure), f"{effect.i2:.0f} %" if effect.k > 1 else ""


def over_time(found: Answers) -> Analysis:
    """The pool as it grew from year to year, of the studies whose year was read."""
    heading = "As studies came out"
    dated = [(row, study.year) for row, study in zip(found.rows, found.studies, strict=True) if study.year is not None]
    undated = [study_names()[study.id] for study in found.studies if study.year is None]
    note = f" Without {joined(undated)}, whose year was not read." if undated else ""
    if len({year for _, year in dated}) < 2:
        return Analysis(heading, f"The studies do not lie in two years or more.{note}")
    variants = cumulative([row for row, _ in dated], [year for _, year in dated], found.measure, ci="z")
    lines = tuple((f"up to {each.label}", *cells(each)) for each in variants)
    table = Table(f"All studies up to each year. {interval_words('z')}", variant_header("Years", found.measure), lines)
    return Analysis(heading, f"From {variants[0].label} to {variants[-1].label}.{note}", table)


def by_groups(found: Answers) -> Iterator[Analysis]:
    """The studies in groups, for every way of grouping that gives at least two."""
    ways: Mapping[str, tuple[str, Callable[[Study], str]]] = {
        "Randomised or not": ("randomisation", randomised),
        "Blinded or not": ("blinding", blinded),
        "Before or after collapse": ("collapse at entry", lambda study: COLLAPSE[study.collapse]),
        "By cause": ("cause", cause),
        "By region": ("region", lambda study: REGIONS[study.region]),
    }
    alike = []
    for heading, (kind, label) in ways.items():
        labels = [label(study) for study in found.studies]
        if len(set(labels) - {""}) > 1:
            yield grouped(found, heading, labels)
        else:
            alike.append(kind)
    if alike:
        yield Analysis("Groups not compared", f"All studies that tell of it are of one kind in {joined(alike)}.")


def grouped(found: Answers, heading: str, labels: Sequence[str]) -> Analysis:
    """The studies that say which group they belong to, each group pooled by itself."""
    told = [(row, label) for row, label in zip(found.rows, labels, strict=True) if label]
    ci = interval_for(min(Counter(label for _, label in told).values()))
    made = subgroups([row for row, _ in told], [label for _, label in told], found.measure, ci=ci)
    lines = tuple((group.label, *cells(group)) for group in made.groups)
    test = (
        "The groups cannot be tested against each other."
        if made.p is None
        else f"Test of whether the groups differ: {p_words(made.p)}; with so few studies it says little."
        if len(told) < SMALL_STUDY_MINIMUM
        else f"Test of whether the groups differ: {p_words(made.p)}."
    )
    silent = len(found.rows) - len(told)
    left = f" {capital(counted(silent, 'study does', 'studies do'))} not say." if silent else ""
    table = Table(f"{heading}. {interval_words(ci)}", variant_header("Group", found.measure), lines)
    return Analysis(heading, test + left, table)


def randomised(study: Study) -> str:
    return "randomised" if study.design == "rct" else "not randomised"


def blinded(study: Study) -> str:
    return "blinded" if study.blinding in ("double", "assessor") else "not blinded, or blinding not read"


def cause(study: Study) -> str:
    """The cause that a study's patients share, as far as its words tell; "" where they do not."""
    printed = {study.population_of(arm).cause for arm in study.arm}
    found = {next((words for sign, words in CAUSES.items() if re.search(sign, each)), "") for each in printed}
    return found.pop() if len(found) == 1 else ""


def over_years(found: Answers) -> Analysis:
    """Whether later studies find another effect, where there are enough to ask."""
    heading = "By year of publication"
    k = len(found.rows)
    years = [study.year for study in found.studies if study.year is not None]
    if k < SMALL_STUDY_MINIMUM or len(years) < k:
        return Analysis(heading, f"{capital(counted(k, 'study', 'studies'))} are too few for a line over the years.")
    line = meta_regression(found.rows, [float(year) for year in years], found.measure)
    slope, low, high = (numeral(MEASURES["MD"], value, 3) for value in (line.slope, line.ci_low, line.ci_high))
    scale = "the logarithm of the effect" if MEASURES[found.measure].scale == "log" else "the effect"
    return Analysis(
        heading,
        f"With each later year {scale} changes by {slope} ({low} to {high}), {p_words(line.p)}, over {line.k} studies.",
    )


def small_studies(rows: Sequence[Row], measure: str, title: str, ident: str) -> Analysis:
    """Whether small studies find something else, where there are enough to ask; a funnel where there are."""
    heading = "Small studies"
    found = small_study(rows, measure)
    if not found.tests:
        return Analysis(heading, found.because)
    effect = pool(rows, measure)
    tests = "; ".join(f"{test.name}'s test {p_words(test.p)}" for test in found.tests)
    names = study_names()
    figure = Figure(
        label=heading,
        caption=funnel_sentence(effect),
        svg=funnel_plot(effect, title=title, ident=f"funnel-{ident}", names=names),
        table=funnel_table(effect, title=title, names=names),
    )
    return Analysis(heading, f"{tests}.", figure=figure)
