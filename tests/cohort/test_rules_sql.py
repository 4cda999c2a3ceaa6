"""The rules in SQL give the answers of the Python evaluator, for rules and facts drawn at random, on both engines."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from os import environ
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osteon.case.answer import Answer
from osteon.case.conditions import conditions
from osteon.case.vocabulary import vocabulary
from osteon.cohort.engines import Duck
from osteon.cohort.rules_sql import any_row_sql, condition_sql, given_of
from osteon.cohort.sql import all_of, any_of, name
from osteon.knowledge.table import worlds_of

from .conftest import any_findings, fact_table, random_fact

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet")
TRUTH = {Answer.YES: True, Answer.NO: False, Answer.UNKNOWN: None}


def random_condition(rng, definition):
    """One condition as a knowledge file would write it."""
    if rng.random() < 0.1 and definition.kind != "items":
        return {"known": rng.random() < 0.5}
    if definition.kind == "yes_no":
        return rng.choice([True, False, [True, False]])
    if definition.kind == "choice":
        some = rng.sample(list(definition.choices), rng.randint(1, len(definition.choices)))
        return some if rng.random() < 0.6 else {"none_of": some}
    if definition.kind == "items":
        return {"includes": rng.sample(list(definition.choices), 2)}
    low = rng.choice([0, 1, 2, 18, 60])
    return rng.choice([{"above": low}, {"at_least": low, "below": low + 2}, {"up_to": low}, {"below": low + 0.5}])


def random_rules(rng, findings, count):
    askable = [each for each in findings if vocabulary()[each].kind != "date"]
    return [
        [
            conditions({each: random_condition(rng, vocabulary()[each]) for each in rng.sample(askable, 3)})
            for _ in range(rng.randint(1, 3))
        ]
        for _ in range(count)
    ]


def both_answers(engine, seed, rules, rows):
    """What SQL and what Python answer: a row of answers for each row of facts."""
    rng = Random(seed)
    findings = any_findings(rng, 25)
    tables = random_rules(rng, findings, rules)
    facts = [{f: random_fact(rng, vocabulary()[f]) for f in findings if rng.random() < 0.6} for _ in range(rows)]
    fact_table(engine, "facts", findings, facts)
    known = given_of(rng.sample(findings, 22))  # of some findings the table has no column at all
    asked = ", ".join(f"{any_row_sql(table, known)} AS r{i}" for i, table in enumerate(tables))
    sql = [row[1:] for row in engine.rows(f"SELECT id, {asked} FROM facts ORDER BY id")]
    worlds = [worlds_of({f: p for f, p in row.items() if f in known}) for row in facts]
    return sql, [tuple(TRUTH[world.any_row(table).of(0)] for table in tables) for world in worlds]


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6))
def test_random_rules_on_random_facts_are_answered_alike_by_duckdb(seed):
    engine = Duck("1GB", 1, Path("spill"))
    sql, python = both_answers(engine, seed, rules=12, rows=25)
    engine.close()

    assert sql == python


@pytest.mark.xdist_group("spark")
@pytest.mark.slow
def test_random_rules_on_random_facts_are_answered_alike_by_spark(spark):
    sql, python = both_answers(spark, 7, rules=40, rows=40)

    assert sql == python


def test_a_finding_without_column_is_unknown():
    (asked,) = conditions({"pain": True})

    assert condition_sql(asked, {}) == "CAST(NULL AS BOOLEAN)"


def cql_tests():
    """The official truth tables of CQL's logic: what is asked in SQL, and the answer."""
    folder = environ.get("OSTEON_TEST_DATA")
    if not folder or not Path(folder, "fhir/cql-tests").is_dir():
        pytest.skip("OSTEON_TEST_DATA does not name a folder that holds fhir/cql-tests")
    files = ("CqlLogicalOperatorsTest.xml", "CqlNullologicalOperatorsTest.xml")
    for file in files:
        for test in ET.parse(Path(folder, "fhir/cql-tests", file)).iter("{http://hl7.org/fhirpath/tests}test"):
            asked, answer = (
                test.findtext(f"{{http://hl7.org/fhirpath/tests}}{part}") for part in ("expression", "output")
            )
            if (sql := in_sql((asked or "").strip())) is not None:
                yield test.get("name"), sql, {"true": True, "false": False, "null": None}[answer.strip()]


def in_sql(expression):
    """An expression of CQL by the rule language's own words; None for an operator that the rule language has not."""
    spelt = {"true": "TRUE", "false": "FALSE", "null": "CAST(NULL AS BOOLEAN)"}
    if two := re.fullmatch(r"(true|false|null) (and|or) (true|false|null)", expression):
        return {"and": all_of, "or": any_of}[two[2]]([f"({spelt[two[1]]})", f"({spelt[two[3]]})"])
    if one := re.fullmatch(r"not (true|false|null)", expression):
        return f"NOT ({spelt[one[1]]})"
    known = re.fullmatch(r"(?:not )?IsNull\((null|true|false)\)|(true|false|null) is (not )?null", expression)
    if known:
        return f"({spelt[known[1] or known[2]]}) IS {'NOT ' if known[3] or expression.startswith('not') else ''}NULL"
    return None


def test_the_truth_tables_of_cql_hold_for_the_rule_language(duck):
    tests = list(cql_tests())

    assert len(tests) >= 21
    assert [each for each, sql, answer in tests if duck.rows(f"SELECT {sql}")[0][0] is not answer] == []


@pytest.mark.parametrize("text", ["it's", 'say "x"', "a\\b", "${env:HOME}", "'); DROP TABLE t; --", "ünï\n✓", ""])
def test_no_word_and_no_name_means_more_than_its_letters(duck, text):
    from osteon.cohort.sql import word

    assert duck.rows(f"SELECT {word(text)}") == [(text,)]
    assert duck.rows(f"SELECT {name('x' + text)} FROM (SELECT 1 AS {name('x' + text)}) AS t") == [(1,)]


@pytest.mark.xdist_group("spark")
@pytest.mark.slow
def test_nor_in_spark(spark):
    from osteon.cohort.sql import word

    texts = ["it's", "a\\b", "${env:HOME}", "'); DROP TABLE t; --", "ünï ✓"]

    assert spark.rows(f"SELECT {', '.join(map(word, texts))}") == [tuple(texts)]
