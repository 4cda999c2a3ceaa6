"""How do findings and stages look in the results? Words for choices, one number for a quantity that is exact."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from osteon.case.vocabulary import vocabulary
from osteon.cohort.follows_sql import said
from osteon.cohort.rules_sql import Given
from osteon.cohort.sql import as_words, columns, name


def result_columns(given: Given, calculated: Collection[str]) -> Iterator[tuple[str, str]]:
    """For each finding and stage that the table has: the columns of the results, and their SQL.

    A choice of which several values are possible has them all, joined by " or ". A quantity has three columns: its
    value, where it is exact, and `_low` and `_high`; one that is recorded in some patients and `calculated` by a
    formula in others also has `_calculated`. A date is written as such.
    """
    for finding, legal in given.items():
        if legal:
            yield finding, as_words(name(finding), legal)
        elif finding in vocabulary() and vocabulary()[finding].kind == "date":
            yield finding, f"date_add(DATE '0001-01-01', CAST({name(f'{finding}_low')} AS INTEGER) - 1)"
        elif len(columns(finding)) == 1:
            yield finding, name(finding)
        else:
            low, high = map(name, columns(finding))
            yield finding, f"CASE WHEN {low} = {high} THEN {low} END"
            yield from ((column, name(column)) for column in columns(finding))
            if finding in calculated:
                yield f"{finding}_calculated", f"{low} IS NOT NULL AND NOT {name(said(finding))}"
