"""What follows for a whole table of joints: by SQL for all rows, and by Python for those that contradict themselves.

A row whose facts cannot all be true is rare, and what to leave out of it is for the reader's own function to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from osteon.case.derive import derive
from osteon.case.finding import Finding
from osteon.case.finding import settled as one_value
from osteon.case.possible import Interval, Items, Possible
from osteon.case.vocabulary import vocabulary
from osteon.cohort.engines import Engine
from osteon.cohort.follows_sql import CHANGED, CONTRADICTORY, calculated, first_pass_sql, pass_sql, said
from osteon.cohort.rules_sql import Given
from osteon.cohort.sql import bits, column_type, columns, is_range, name
from osteon.fhir.read import consistent

MOST_PASSES = 40  # implications and formulas settle in fewer than ten
PLACE = ("placed_site", "placed_side")  # which joint a row is of, whatever follows for its findings

Facts = Callable[[dict[str, Finding]], Mapping[str, Finding]]


def settle(
    engine: Engine, source: str, given: Given, stated: Sequence[str], kept: Sequence[str], by_hand: Facts | None
) -> str:
    """The name of a table with everything that follows from the facts in `source`.

    Parameters
    ----------
    given
        The findings the table has columns for: the stated ones and what may follow from them.
    stated
        Those that `source` has columns for.
    kept
        Further columns of `source` to pass on.
    by_hand
        What becomes of a row whose facts contradict each other; None where nothing is to follow at all.
    """
    placed = f"(SELECT *, site AS {PLACE[0]}, side AS {PLACE[1]} FROM {name(source)}) AS placed"
    own = [*kept, *PLACE]
    engine.keep("pass 0", first_pass_sql(given, stated, placed, own))
    if by_hand is None:
        return name("pass 0")
    for i in range(MOST_PASSES):
        old, new = f"pass {i % 2}", f"pass {(i + 1) % 2}"
        engine.keep(new, pass_sql(given, stated, name(old), own))
        unfinished, wrong = engine.rows(
            f"SELECT max(CASE WHEN {CHANGED} THEN 1 ELSE 0 END), max(CASE WHEN {CONTRADICTORY} THEN 1 ELSE 0 END) "
            f"FROM {name(new)}"
        )[0]
        if not unfinished:
            return mended(engine, source, new, given, stated, kept, by_hand) if wrong else name(new)
    raise RuntimeError(f"the facts are not settled after {MOST_PASSES} passes")


def mended(
    engine: Engine, source: str, passed: str, given: Given, stated: Sequence[str], kept: Sequence[str], by_hand: Facts
) -> str:
    """The settled table with the rows that contradict themselves as `by_hand` leaves them."""
    own = [f"s.{name(column)}" for column in (*kept, "site", "side", *(c for f in stated for c in columns(f)))]
    rows = engine.rows(
        f"SELECT {', '.join(own)} FROM {name(source)} AS s JOIN {name(passed)} AS p ON p.patient = s.patient "
        f"AND p.{PLACE[0]} IS NOT DISTINCT FROM s.site AND p.{PLACE[1]} IS NOT DISTINCT FROM s.side "
        f"WHERE p.{CONTRADICTORY}"
    )
    first = len(kept) + len(PLACE)
    table = []
    for row in rows:
        known = by_hand(dict(findings_of(row[first:], stated)))
        free = [not (each in known and known[each].origin == "stated") for each in calculated(given, stated)]
        facts = [cell for each in given for cell in cells(known[each].possible if each in known else None, each)]
        table.append([*row[:first], *facts, *(not each for each in free), True, False])
    types = [("patient", "VARCHAR"), *((column, "BOOLEAN") for column in kept if column != "patient")]
    types += [(column, "BIGINT") for column in PLACE]
    types += [(column, column_type(each)) for each in given for column in columns(each)]
    types += [(said(each), "BOOLEAN") for each in calculated(given, stated)]
    engine.literal_table("mended", [*types, (CONTRADICTORY, "BOOLEAN"), (CHANGED, "BOOLEAN")], table)
    agreed = f"SELECT * FROM {name(passed)} WHERE NOT {CONTRADICTORY}"
    engine.keep("settled", f"{agreed} UNION ALL SELECT * FROM mended")
    return name("settled")


def consistent_facts(stated: dict[str, Finding]) -> Mapping[str, Finding]:
    """What follows without the findings that contradict each other, as a plan of the same patient leaves them out."""
    return consistent(stated, [])


def derived_facts(stated: dict[str, Finding]) -> Mapping[str, Finding]:
    """What follows, and what contradicts each other as it stands."""
    return derive(stated)[0]


def findings_of(row: Sequence[Any], stated: Sequence[str]) -> Iterator[tuple[str, Finding]]:
    """The findings that a row of the stated columns holds."""
    cell = iter(row)
    for each in stated:
        possible = possible_of([next(cell) for _ in columns(each)], each)
        if possible is not None:
            yield each, Finding(each, possible, one_value(possible), "stated", "record")


def possible_of(own: Sequence[Any], finding: str) -> Possible | None:
    """What the columns of a finding leave possible; None where it is unknown."""
    if own[0] is None:
        return None
    if is_range(finding):
        return Interval(float(own[0]), float(own[1]))
    legal = vocabulary()[finding].choices
    if not legal:
        return frozenset({bool(own[0])})
    values = frozenset(value for i, value in enumerate(legal) if own[0] >> i & 1)
    return Items(values) if vocabulary()[finding].kind == "items" else values


def cells(possible: Possible | None, finding: str) -> list[float | bool | None]:
    """The columns of a finding for what is possible.

    Examples
    --------
    >>> cells(frozenset({"left"}), "side"), cells(None, "age_years")
    ([1], [None, None])
    """
    if possible is None:
        return [None] * len(columns(finding))
    if isinstance(possible, Interval):
        return [possible.low, possible.high]
    legal = list(vocabulary()[finding].choices)
    if isinstance(possible, Items):
        return [bits(possible.values, legal)]
    return [bits(possible, legal)] if legal else [None if len(possible) > 1 else True in possible]
