"""The official ViewDefinition cases that ask for plain elements hold for the SQL that flattens FHIR; the rest is counted.

Osteon takes neither ViewDefinitions nor FHIRPath as input. What it shares with them is that elements at a path become
columns, and arrays rows; these cases run through the same building blocks.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from os import environ
from pathlib import Path

import pytest

from osteon.cohort.engines import Duck
from osteon.cohort.sql import name
from osteon.cohort.tables import at_path, select

PLAIN = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*")
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "screen-a-cohort.md"


def official(folder):
    root = environ.get("OSTEON_TEST_DATA")
    if not root or not Path(root, "fhir", folder).is_dir():
        pytest.skip(f"OSTEON_TEST_DATA does not name a folder that holds fhir/{folder}")
    return Path(root, "fhir", folder)


def view_cases():
    """Every case with the resources of its file."""
    for file in sorted(official("sql-on-fhir").glob("*.json")):
        suite = json.loads(file.read_text())
        yield from ((suite["resources"], case) for case in suite.get("tests", ()))


def selects(view):
    """A view's selects with all that stand inside of them."""
    for each in view.get("select", ()):
        yield each
        yield from selects({"select": [*each.get("select", ()), *each.get("unionAll", ())]})


def why_not(case):
    """The first reason for which a case asks for more than elements at a path; empty where there is none."""
    view, used = case["view"], {key for each in selects(case["view"]) for key in each}
    paths = [column["path"] for each in selects(view) for column in each.get("column", ())]
    reasons = {
        "an error is expected": case.get("expectError", False),
        "FHIRPath beyond element names": not all(map(PLAIN.fullmatch, paths)),
        "`constant`": "constant" in view,
        "`where`": "where" in view,
        "`unionAll`": "unionAll" in used,
        "`repeat`": "repeat" in used,
        "`forEachOrNull`": "forEachOrNull" in used,
        "nested `select`, or several arrays": any(set(each) - {"column", "forEach"} for each in view.get("select", ()))
        or sum("forEach" in each for each in view.get("select", ())) > 1,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def shape_of(values):
    """The shape of an element that was seen with these values; every leaf is text."""
    if any(isinstance(each, list) for each in values):
        return [shape_of([item for each in values for item in each])]
    if any(isinstance(each, dict) for each in values):
        keys = dict.fromkeys(key for each in values for key in each)
        return {key: shape_of([each[key] for each in values if key in each]) for key in keys}
    return "text"


def rows_of(resources, view, folder):
    """What the building blocks make of a view: its columns, and a row for each element of the array it asks for."""
    own = [each for each in resources if each["resourceType"] == view["resource"]]
    (folder / "r.ndjson").write_text("\n".join(json.dumps(each) for each in own))
    engine, source, table = Duck("1GB", 1, folder / "spill"), shape_of(own), name("lines")
    engine.open_json("lines", [folder / "r.ndjson"], source)
    for array in (each["forEach"] for each in view["select"] if "forEach" in each):
        sql, shape = at_path(array, source, engine)
        table, source = f"(SELECT *, explode({sql}) AS part FROM lines) AS t", {**source, "part": shape[0]}
    columns = {
        column["name"]: column_sql(column, "part." if "forEach" in each else "", source, engine)
        for each in view["select"]
        for column in each["column"]
    }
    rows = engine.rows(f"{select(columns)} FROM {table}")
    engine.close()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def column_sql(column, at, source, engine):
    """An element as one value, or all of them where the case asks for a collection."""
    sql, shape = at_path(at + column["path"], source, engine)
    return engine.first(sql) if isinstance(shape, list) and not column.get("collection") else sql


def as_text(value):
    if isinstance(value, list):
        return [as_text(each) for each in value]
    return value if value is None or isinstance(value, str) else json.dumps(value)


def sorted_rows(rows):
    return sorted(json.dumps({key: as_text(value) for key, value in row.items()}, sort_keys=True) for row in rows)


def test_cases_that_ask_for_elements_at_a_path_give_the_official_rows(tmp_path):
    asked = [(resources, case) for resources, case in view_cases() if not why_not(case)]

    wrong = [
        (case["title"], rows)
        for resources, case in asked
        if sorted_rows(rows := rows_of(resources, case["view"], tmp_path)) != sorted_rows(case["expect"])
    ]

    assert len(asked) >= 6
    assert wrong == []


def test_the_page_counts_the_cases_that_are_not_supported():
    reasons = Counter(why_not(case) for _, case in view_cases())
    paths = len(json.loads((official("fhirpath") / "tests-r4.json").read_text()))

    told = dict(re.findall(r"^\| ([^|]+?) \| (\d+) \|$", PAGE.read_text(), re.M))
    assert {reason or "run and pass": str(count) for reason, count in reasons.items()} == told
    assert f"{paths} FHIRPath" in PAGE.read_text()
