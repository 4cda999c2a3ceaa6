"""What follows from what is known, in SQL: the implications and formulas of `osteon.case`, applied to a whole table.

One pass applies every rule to every row at once. Facts only get narrower and the order does not matter, so the passes
are repeated until none changes a row; the last one then holds what `osteon.case.derive.derive` finds. A row whose facts
contradict each other is marked, and nothing is concluded for it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from osteon.case.conditions import Condition
from osteon.case.derive import Implication, implications
from osteon.case.formulas import FORMULAS
from osteon.case.possible import Interval, Possible, complement
from osteon.case.vocabulary import vocabulary
from osteon.cohort.formulas_sql import formula_bounds
from osteon.cohort.rules_sql import Given, condition_sql, given_of
from osteon.cohort.sql import all_of, any_of, bits, column_type, columns, is_range, name, number

CONTRADICTORY = "contradictory"
CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Where `when` holds, the fact `finding` lies in `to`, or (`low`, `high`) where a formula gives its bounds."""

    finding: str
    when: str
    to: Possible | None = None
    low: str = ""
    high: str = ""


def reachable(findings: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """These findings and all that can ever follow from them, in the order of the vocabulary.

    Examples
    --------
    >>> list(reachable(["weight_kg", "height_cm"]))
    ['height_cm', 'weight_kg', 'bmi_kg_m2']
    """
    known = set(findings)
    while more := {target for target, needs in consequences() if needs <= known} - known:
        known |= more
    return given_of(finding for finding in vocabulary() if finding in known)


def consequences() -> Iterator[tuple[str, frozenset[str]]]:
    """Each finding that a rule can narrow, with those that must be known for it."""
    for clause in implications():
        for target, others in directions(clause):
            yield target.name, frozenset(other.name for other, _ in others) - {target.name}
    for formula in FORMULAS:
        yield formula.target, frozenset(formula.inputs)


def directions(clause: Implication) -> Iterator[tuple[Condition, list[tuple[Condition, bool]]]]:
    """The ways to use one clause: the condition it settles, and the others with the answer each must have."""
    yield clause.then, [(condition, True) for condition in clause.when]
    if not clause.one_way:
        for target in clause.when:
            others = [(condition, True) for condition in clause.when if condition is not target]
            yield target, [*others, (clause.then, False)]


def needed_for(findings: Iterable[str]) -> frozenset[str]:
    """These findings and every other from which one of them can follow."""
    needed = set(findings)
    while more := {each for target, needs in consequences() if target in needed for each in needs} - needed:
        needed |= more
    return frozenset(needed)


def first_pass_sql(given: Given, stated: Collection[str], source: str, kept: Sequence[str]) -> str:
    """The stated facts with an empty column for all others that are given, ready for `pass_sql`.

    Parameters
    ----------
    given
        The findings the result has columns for: the stated ones and what may follow from them (see `reachable`).
    stated
        Those that `source` has columns for.
    kept
        Further columns of `source` to pass on.
    """
    facts = []
    for finding in given:
        for column in columns(finding):
            held = name(column) if finding in stated else f"CAST(NULL AS {column_type(finding)})"
            facts.append(f"{held} AS {name(column)}")
    own = [f"{name(columns(target)[0])} IS NOT NULL AS {name(said(target))}" for target in calculated(given, stated)]
    flags = [f"FALSE AS {name(CONTRADICTORY)}", f"TRUE AS {name(CHANGED)}"]
    return f"SELECT {', '.join([*map(name, kept), *facts, *own, *flags])} FROM {source}"


def pass_sql(given: Given, stated: Collection[str], source: str, kept: Sequence[str]) -> str:
    """The table with every rule applied once more, and in `changed` whether that made a difference to the row."""
    by_finding: dict[str, list[Narrowing]] = {}
    for narrowing in narrowings(given, stated):
        by_finding.setdefault(narrowing.finding, []).append(narrowing)
    steps = {finding: narrowed_sql(finding, each, given) for finding, each in by_finding.items()}
    new, old = [], []
    for finding in given:
        for i, column in enumerate(columns(finding)):
            new.append(f"{steps[finding][i] if finding in steps else name(column)} AS {name(column)}")
        if finding in steps:
            old += [f"{name(column)} AS {name('old ' + column)}" for column in columns(finding)]
    own = [name(said(target)) for target in calculated(given, stated)]
    bad = f"{name(CONTRADICTORY)} OR {any_of([clash_sql(f, each, given) for f, each in by_finding.items()])}"
    inner = ", ".join([*map(name, kept), *new, *old, *own, f"{bad} AS {name(CONTRADICTORY)}"])
    changed = [
        f"{name(column)} IS DISTINCT FROM {name('old ' + column)}" for finding in steps for column in columns(finding)
    ]
    facts = [name(column) for finding in given for column in columns(finding)]
    flags = [name(CONTRADICTORY), f"NOT {name(CONTRADICTORY)} AND ({any_of(changed)}) AS {name(CHANGED)}"]
    return f"SELECT {', '.join([*map(name, kept), *facts, *own, *flags])} FROM (SELECT {inner} FROM {source}) AS pass"


def said(finding: str) -> str:
    """The column that says whether a calculated finding was stated, which no formula corrects."""
    return f"stated {finding}"


def calculated(given: Given, stated: Collection[str]) -> list[str]:
    return [f.target for f in FORMULAS if f.target in stated and {f.target, *f.inputs} <= given.keys()]


def narrowings(given: Given, stated: Collection[str]) -> Iterator[Narrowing]:
    """Every way in which the rules can narrow one of the findings that have columns."""
    for clause in implications():
        for target, others in directions(clause):
            to = narrowed_to(target, holds=target is clause.then)
            if to is not None and target.name in given:
                parts = [condition_sql(other, given) for other, _ in others]
                wanted = [part if yes else f"NOT ({part})" for part, (_, yes) in zip(parts, others, strict=True)]
                if all(other.name in given for other, _ in others):
                    yield Narrowing(target.name, all_of(wanted), to)
    for formula in FORMULAS:
        if {formula.target, *formula.inputs} <= given.keys():
            low, high, valid = formula_bounds(formula, given)
            free = f"NOT {name(said(formula.target))}" if formula.target in stated else "TRUE"
            yield Narrowing(formula.target, all_of([free, valid]), None, low, high)


def narrowed_to(condition: Condition, holds: bool) -> Possible | None:
    """Where the fact lies when the condition holds (does not hold); None when that is no set of the same shape."""
    domain = vocabulary()[condition.name].domain
    return condition.accepted if holds is not condition.negated else complement(condition.accepted, domain)


def narrowed_sql(finding: str, narrowings: Sequence[Narrowing], given: Given) -> tuple[str, ...]:
    """The finding's columns after all narrowings of one pass."""
    if is_range(finding):
        return range_columns(finding, narrowings)
    column, legal = name(finding), given[finding]
    if not legal:
        yes, no = wanted_sql(narrowings, True), wanted_sql(narrowings, False)
        return (f"COALESCE({column}, CASE WHEN {yes} THEN TRUE WHEN {no} THEN FALSE END)",)
    full = (1 << len(legal)) - 1
    cut = " & ".join(f"CASE WHEN {each.when} THEN {mask(each, legal)} ELSE {full} END" for each in narrowings)
    touched = any_of([each.when for each in narrowings])
    return (f"CASE WHEN {column} IS NOT NULL OR {touched} THEN CAST(COALESCE({column}, {full}) & {cut} AS BIGINT) END",)


def wanted_sql(narrowings: Sequence[Narrowing], value: bool) -> str:
    return any_of([each.when for each in narrowings if each.to == frozenset({value})])


def mask(narrowing: Narrowing, legal: Sequence[str]) -> int:
    assert isinstance(narrowing.to, frozenset), narrowing.finding
    return bits(narrowing.to, legal)


def range_columns(finding: str, narrowings: Sequence[Narrowing]) -> tuple[str, ...]:
    low, high = map(name, columns(finding))
    touched = any_of([f"{low} IS NOT NULL", *(each.when for each in narrowings)])
    lows = [
        f"CASE WHEN {each.when} THEN {end} END" for each in narrowings if (end := each.low or finite(each.to, "low"))
    ]
    highs = [
        f"CASE WHEN {each.when} THEN {end} END" for each in narrowings if (end := each.high or finite(each.to, "high"))
    ]
    domain = vocabulary()[finding].domain
    lowest, highest = finite(domain, "low"), finite(domain, "high")
    return (
        f"CASE WHEN {touched} THEN greatest(COALESCE({', '.join([low, lowest])}), {', '.join([lowest, *lows])}) END",
        f"CASE WHEN {touched} THEN least(COALESCE({', '.join([high, highest])}), {', '.join([highest, *highs])}) END",
    )


def finite(possible: Possible | None, end: str) -> str:
    assert isinstance(possible, Interval)
    value = getattr(possible, end)
    return number(value) if math.isfinite(value) else ""


def clash_sql(finding: str, narrowings: Sequence[Narrowing], given: Given) -> str:
    """Whether no value would be left of the finding."""
    new = narrowed_sql(finding, narrowings, given)
    if is_range(finding):
        return f"COALESCE({new[0]} > {new[1]}, FALSE)"
    column = name(finding)
    if given[finding]:
        return f"COALESCE({new[0]} = 0, FALSE)"
    yes, no = wanted_sql(narrowings, True), wanted_sql(narrowings, False)
    clashes = any_of([all_of([yes, no]), all_of([column, no]), all_of([f"NOT {column}", yes])])
    return f"COALESCE({clashes}, FALSE)"
