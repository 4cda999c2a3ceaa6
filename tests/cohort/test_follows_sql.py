"""What follows from facts is the same in SQL as in `derive`: implications, formulas, and contradictions."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osteon.case.derive import implications, settle
from osteon.case.formulas import FORMULAS
from osteon.case.possible import Interval
from osteon.case.vocabulary import vocabulary
from osteon.cohort.engines import Duck
from osteon.cohort.follows_sql import first_pass_sql, pass_sql, reachable
from osteon.cohort.formulas_sql import formula_bounds
from osteon.cohort.rules_sql import given_of
from osteon.cohort.sql import columns, name

from .conftest import cells, fact_table, random_fact

RULED = sorted(
    {c.name for clause in implications() for c in (*clause.when, clause.then)}
    | {each for formula in FORMULAS for each in (*formula.inputs, formula.target)}
)


def settled_rows(engine, stated):
    """The table after as many passes as change anything."""
    given_columns = reachable(stated)
    engine.keep("pass", first_pass_sql(given_columns, stated, "facts", ["id"]))
    while True:
        engine.keep("next", pass_sql(given_columns, stated, name("pass"), ["id"]))
        engine.keep("pass", f"SELECT * FROM {name('next')}")
        if not engine.rows("SELECT 1 FROM pass WHERE changed LIMIT 1"):
            wanted = ", ".join(name(column) for finding in given_columns for column in columns(finding))
            return engine.rows(f"SELECT contradictory, {wanted} FROM pass ORDER BY id")


def settled_facts(facts):
    """Contradictory or not, and all that follows, by the Python original."""
    known = dict(facts)
    steps = settle(known, list(known), facts)
    return any(step.possible is None for step in steps), known


@pytest.mark.slow
@settings(max_examples=4)
@given(seed=st.integers(0, 10**6))
def test_the_same_follows_in_sql_as_in_python(seed):
    rng = Random(seed)
    stated = rng.sample(RULED, 20)
    rows = [{f: random_fact(rng, vocabulary()[f]) for f in stated if rng.random() < 0.25} for _ in range(40)]
    engine = Duck("1GB", 1, Path("spill"))
    fact_table(engine, "facts", stated, rows)

    sql = settled_rows(engine, stated)
    engine.close()

    python = [settled_facts(row) for row in rows]
    given_columns = reachable(stated)
    assert [row[0] for row in sql] == [contradictory for contradictory, _ in python]
    assert [row[1:] for row in sql if not row[0]] == [
        tuple(cells(known, given_columns)) for contradictory, known in python if not contradictory
    ]


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula.target)
def test_a_formula_gives_the_same_bounds_in_sql(duck, formula):
    rng = Random(3)
    rows = [{f: random_fact(rng, vocabulary()[f]) for f in formula.inputs} for _ in range(60)]
    fact_table(duck, "facts", formula.inputs, rows)

    low, high, valid = formula_bounds(formula, given_of(formula.inputs))
    sql = duck.rows(
        f"SELECT CASE WHEN {valid} THEN {low} END, CASE WHEN {valid} THEN {high} END FROM facts ORDER BY id"
    )

    python = [formula.result(row) for row in rows]
    assert [row if row[0] is None else Interval(*row) for row in sql] == [each or (None, None) for each in python]
