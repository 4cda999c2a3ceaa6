"""What is a rule in SQL? Conditions, rows and tables of the knowledge as expressions with three answers.

Each function mirrors one of the Python evaluator (`Condition.answer`, `Worlds.all_hold`, `stage_worlds`, `judge`,
`eligibility`) and gives the same answer for every row; NULL is unknown. `given` maps the findings that the table has
columns for to the words whose bits they use (none for a finding that is not a choice); nothing is known of the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from osteon.case.conditions import Condition
from osteon.case.possible import Interval, Items
from osteon.case.vocabulary import SITES, vocabulary
from osteon.cohort.sql import UNKNOWN, all_of, any_of, bits, columns, name, number, word
from osteon.knowledge.records import Criterion, Knowledge, StagingSystem, Treatment
from osteon.staging.stage import NO_STAGE

When = tuple[Condition, ...]
Given = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as a column: its address, as in `treatments/alendronate#fits`, and its three answers in SQL.

    `asks` names the findings and stages it rests on.
    """

    address: str
    sql: str
    asks: frozenset[str]


def given_of(findings: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """These findings with the words of the vocabulary, lowest bit first.

    Examples
    --------
    >>> given_of(["pain", "side"])
    {'pain': (), 'side': ('left', 'right')}
    """
    return {finding: tuple(vocabulary()[finding].choices) for finding in findings}


def condition_sql(condition: Condition, given: Given) -> str:
    """Whether one condition holds.

    Examples
    --------
    >>> from osteon.case.conditions import conditions
    >>> (pain, high) = conditions({"pain": False, "depression_mm": {"at_least": 2}})
    >>> condition_sql(pain, {"pain": ()}), condition_sql(high, {"pain": ()})
    ('NOT "pain"', 'CAST(NULL AS BOOLEAN)')
    >>> print(condition_sql(high, {"depression_mm": ()}))
    CASE WHEN "depression_mm_low" >= 2.0e0 THEN TRUE WHEN "depression_mm_high" < 2.0e0 THEN FALSE END
    """
    asked, accepted = condition.name, condition.accepted
    if asked not in given:
        return UNKNOWN if condition.known is None else "FALSE" if condition.known else "TRUE"
    if condition.known is not None:
        return f"{name(columns(asked)[0])} IS {'NOT ' if condition.known else ''}NULL"
    if isinstance(accepted, Interval):
        return range_sql(asked, accepted)
    column, legal = name(asked), given[asked]
    if isinstance(accepted, Items):
        return f"({column} & {bits(accepted.values, legal)}) <> 0"
    if not legal:
        return yes_no_sql(column, accepted)
    inside = bits(accepted, legal)
    outside = (1 << len(legal)) - 1 - inside
    yes, no = ("FALSE", "TRUE") if condition.negated else ("TRUE", "FALSE")
    return f"CASE WHEN ({column} & {outside}) = 0 THEN {yes} WHEN ({column} & {inside}) = 0 THEN {no} END"


def range_sql(finding: str, accepted: Interval) -> str:
    low, high = map(name, columns(finding))
    within, beyond = [], []
    if math.isfinite(accepted.low):
        within.append(f"{low} >= {number(accepted.low)}")
        beyond.append(f"{high} < {number(accepted.low)}")
    if math.isfinite(accepted.high):
        within.append(f"{high} <= {number(accepted.high)}")
        beyond.append(f"{low} > {number(accepted.high)}")
    return f"CASE WHEN {' AND '.join(within)} THEN TRUE WHEN {' OR '.join(beyond)} THEN FALSE END"


def yes_no_sql(column: str, accepted: frozenset[bool | str]) -> str:
    if len(accepted) == 2:
        return f"CASE WHEN {column} IS NOT NULL THEN TRUE END"
    return column if True in accepted else f"NOT {column}"


def row_sql(when: When, given: Given) -> str:
    """Whether all conditions of a row hold; true for a row without conditions."""
    return all_of([condition_sql(condition, given) for condition in when])


def any_row_sql(rows: Iterable[When], given: Given) -> str:
    """Whether any of several rows holds; false where there are none."""
    return any_of([row_sql(when, given) for when in rows])


def at_site_sql(sites: Sequence[str], given: Given) -> str:
    """Whether a record speaks of this row's bone; true for a person without a joint, and for records of all bones."""
    if set(sites) == set(SITES) or "site" not in given:
        return "TRUE"
    return f"COALESCE(({name('site')} & {bits(sites, given['site'])}) <> 0, TRUE)"


def stage_sql(system: StagingSystem, given: Given) -> str:
    """The stages of one system that remain possible, as bits; NULL where the system is not made for the bone."""
    legal = (*system.order, NO_STAGE)
    remaining = []
    for i, stage in enumerate(legal):
        rows = system.gap if stage == NO_STAGE else [row for row in system.stage if row.id == stage]
        if rows:
            open_here = any_row_sql([row.when for row in rows], given)
            remaining.append(f"CASE WHEN ({open_here}) IS FALSE THEN 0 ELSE {1 << i} END")
    none = 1 << len(system.order)
    mask = f"COALESCE(NULLIF({' + '.join(remaining)}, 0), {none})"
    here = f"({name('site')} & {bits(system.sites, given['site'])}) <> 0" if "site" in given else UNKNOWN
    return f"CASE WHEN {here} THEN CAST({mask} AS BIGINT) END"


def stages_given(knowledge: Knowledge) -> dict[str, tuple[str, ...]]:
    """The columns `stage.<system>` with the stages whose bits they use."""
    return {f"stage.{system.id}": (*system.order, NO_STAGE) for system in knowledge.staging.values()}


def all_rules(knowledge: Knowledge, given: Given) -> Iterator[Rule]:
    """Every staging, treatment, guideline, trial and advice rule; the stages must be among `given`."""
    for system in knowledge.staging.values():
        yield from staging_rules(system)
    for treatment in knowledge.treatments.values():
        for rule in treatment.rule:
            yield here(f"treatments/{treatment.id}#{rule.id}", [rule.when], treatment.sites, given)
    for guideline in knowledge.guidelines.values():
        for position in guideline.position:
            yield here(f"guidelines/{guideline.id}#{position.id}", [position.when], guideline.sites, given)
    for trial in knowledge.trials.values():
        yield from criteria_rules(f"trials/{trial.id}", trial.criterion, trial.sites, given)
    for advice in knowledge.advice.values():
        for row in advice.rule:
            yield here(f"advice/{advice.id}#{row.id}", [row.when], advice.sites, given)


def here(address: str, rows: Sequence[When], sites: Sequence[str], given: Given) -> Rule:
    sql = all_of([at_site_sql(sites, given), any_row_sql(rows, given)])
    return Rule(address, sql, asked(rows))


def asked(rows: Iterable[When]) -> frozenset[str]:
    return frozenset(condition.name for when in rows for condition in when)


def staging_rules(system: StagingSystem) -> Iterator[Rule]:
    """For each stage: true where it is the only one possible, false where it is ruled out, else unknown."""
    column = f"stage.{system.id}"
    for i, stage in enumerate((*system.order, NO_STAGE)):
        only = f"CASE WHEN {name(column)} = {1 << i} THEN TRUE WHEN ({name(column)} & {1 << i}) = 0 THEN FALSE END"
        yield Rule(f"staging/{system.id}#{stage}", only, asked(system.tables))


def criteria_rules(address: str, criteria: Iterable[Criterion], sites: Sequence[str], given: Given) -> Iterator[Rule]:
    """A table of entry rules: each criterion (the alternatives under one id together), then the whole.

    An `ask` criterion is for a person to judge: it has a column of its own, and the whole leaves it out.
    """
    groups: dict[tuple[str, str], list[When]] = {}
    for criterion in criteria:
        groups.setdefault((criterion.kind, criterion.id), []).append(criterion.when)
    passed = []
    for (kind, row), rows in groups.items():
        met = any_row_sql(rows, given)
        yield Rule(f"{address}#{row}", met, asked(rows))
        if kind != "ask":
            passed.append(met if kind == "include" else f"NOT ({met})")
    ruled = [when for (kind, _), rows in groups.items() if kind != "ask" for when in rows]
    yield Rule(address, all_of([at_site_sql(sites, given), *passed]), asked(ruled))


def verdict_sql(treatment: Treatment, given: Given) -> str:
    """The verdict of one treatment, from the columns of its rules; NULL where it does not exist for the bone."""

    def column(*verdicts: str) -> str:
        return any_of(
            [name(f"treatments/{treatment.id}#{rule.id}") for rule in treatment.rule if rule.verdict in verdicts]
        )

    decided = [
        f"WHEN {column(verdict)} THEN {word(verdict)}" for verdict in ("contraindicated", "avoid", "fits", "consider")
    ]
    open_still = f"WHEN ({column('fits', 'consider')}) IS FALSE THEN {word('no indication')} ELSE {word('depends')}"
    return f"CASE WHEN NOT ({at_site_sql(treatment.sites, given)}) THEN NULL {' '.join(decided)} {open_still} END"
