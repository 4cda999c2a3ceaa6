"""What do resources state in Osteon's own words? Observations coded by finding and answered questionnaires, as a table.

Each distinct statement of an export is understood once, by the reader's own `osteon.fhir.stated`; its reply is joined.
A yes or no is held as bits, like a choice: 1 for yes, 2 for no, so that 3 leaves open which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from osteon.case.possible import Interval, Items, Possible
from osteon.case.vocabulary import vocabulary
from osteon.cohort.engines import Engine, Shape
from osteon.cohort.records_sql import Asked, counted_sql, finding_number
from osteon.cohort.sql import bits, is_range, name, words
from osteon.cohort.tables import elements_of, holds, instant_sql, patient_sql, select
from osteon.fhir import sayings
from osteon.fhir.load import Loaded
from osteon.fhir.lookup import lookup
from osteon.fhir.resources import TYPES
from osteon.fhir.stated import PLACE, Statement, statements

STATING = ("Observation", "QuestionnaireResponse")
STATED = (
    *((column, "BIGINT") for column in ("finding", "site", "side")),
    *((column, "DOUBLE") for column in ("low", "high")),
    ("mask", "BIGINT"),
)
UNSAID = ("id", "meta", "patient", "contained", "component")  # elements of Observation that no statement rests on
QUESTIONNAIRE: dict[str, Shape] = {
    **dict.fromkeys(("resourceType", "status", "authored"), "text"),
    "subject": {"reference": "text"},
    "item": "JSON",  # may nest without end
}
NEVER = -(2**62)  # stands for no date: older than all


def stating_shape(kind: str) -> dict[str, Shape]:
    """The elements that tell what is stated."""
    if kind == "QuestionnaireResponse":
        return QUESTIONNAIRE
    elements = elements_of(TYPES[kind])
    return {"resourceType": "text", **{each: shape for each, shape in elements.items() if each not in UNSAID}}


def stating_sql(asked: Asked, kind: str, engine: Engine) -> str:
    """The resources that may state something, from the view `stating <kind>`: `patient`, `instant`, `text`."""
    dates = asked.mapped.resources[kind].dates if kind in asked.mapped.resources else ("authored",)
    elsewhere = {"resourceType", "subject", *(date.partition(".")[0] for date in dates)}
    out = {
        "patient": patient_sql("subject.reference"),
        "instant": instant_sql(dates, engine),
        "text": engine.as_json([element for element in stating_shape(kind) if element not in elsewhere]),
    }
    stating = names_finding(asked, engine) if kind == "Observation" else "item IS NOT NULL"
    rows = f"{select(out)} FROM {name(f'stating {kind}')} WHERE {stating}"
    return f"SELECT * FROM ({rows}) AS t WHERE patient IS NOT NULL AND {counted_sql(asked)}"


def names_finding(asked: Asked, engine: Engine) -> str:
    """Whether an Observation has a code of Osteon's own."""
    return holds("code.coding", f"system IN {words(asked.mapped.systems['osteon'].uris)}", engine)


def stated_sql(asked: Asked, kind: str, engine: Engine) -> str:
    """Everything that one type of resource states: `patient`, `instant`, and the columns of `STATED`."""
    query, told = stating_sql(asked, kind, engine), f"told by {kind}"
    texts = [text for (text,) in engine.rows(f"SELECT DISTINCT text FROM ({query}) AS t")]
    engine.literal_table(told, [("text", "VARCHAR"), *STATED], list(replies(texts, kind, asked)))
    listed = ", ".join(f"m.{column}" for column, _ in STATED)
    return f"SELECT t.patient, t.instant, {listed} FROM ({query}) AS t JOIN {name(told)} AS m ON m.text = t.text"


def replies(texts: Iterable[str], kind: str, asked: Asked) -> Iterator[tuple[str | float | None, ...]]:
    """What the reader of bundles makes of each text; nothing for one that it cannot read."""
    reading = sayings.Asked(lookup(asked.mapped), asked.as_of, {})
    for text in texts:
        try:
            raw = msgspec.json.decode(text)
            if isinstance(raw.get("item"), str):  # Spark reads what nests without end as text
                raw["item"] = msgspec.json.decode(raw["item"])
            loaded = Loaded(kind, msgspec.convert(raw, TYPES[kind], strict=False), "")
        except (msgspec.MsgspecError, RecursionError):
            continue
        for each in statements(loaded, reading):
            if isinstance(each, Statement) and each.name not in PLACE:
                yield text, *reply(each)


def reply(statement: Statement) -> tuple[float | None, ...]:
    """The cells of one statement, in the order of `STATED`."""
    site, side = statement.joint or (None, None)
    place = [place_bit("site", site), place_bit("side", side)]
    if isinstance(statement.possible, Interval):
        ends = float(statement.possible.low), float(statement.possible.high)
        return finding_number(statement.name), *place, *ends, None
    return finding_number(statement.name), *place, None, None, mask(statement.possible, statement.name)


def place_bit(finding: str, value: str | None) -> int | None:
    return None if value is None else bits({value}, list(vocabulary()[finding].choices))


def mask(possible: Possible, finding: str) -> int:
    values = possible.values if isinstance(possible, Items) else possible
    assert isinstance(values, frozenset)
    return bits(values, list(vocabulary()[finding].choices) or [True, False])


def newest_stated_sql(of_joints: bool) -> str:
    """Of each finding of each patient, or joint, what was stated last; several at one instant leave open which."""
    latest = (
        f"SELECT *, COALESCE(instant, {NEVER}) AS moment, max(COALESCE(instant, {NEVER})) OVER "
        f"(PARTITION BY patient, finding, site, side) AS newest FROM statements "
        f"WHERE site IS {'NOT ' if of_joints else ''}NULL"
    )
    lists = [finding_number(each) for each, definition in vocabulary().items() if definition.kind == "items"]
    settled = f"finding NOT IN ({', '.join(map(str, lists))}) OR min(mask) = max(mask)"
    return (
        f"SELECT patient, finding, site, side, max(moment) AS moment, min(low) AS low, max(high) AS high, "
        f"CASE WHEN {settled} THEN bit_or(mask) END AS mask FROM ({latest}) AS l WHERE moment = newest "
        f"GROUP BY patient, finding, site, side"
    )


def wide_stated_sql(findings: Sequence[str], of_joints: bool) -> str:
    """One row a patient, or joint: each finding in columns `<finding> low` and `high`, or `mask`; and its `moment`."""
    each = [
        f"max(CASE WHEN finding = {finding_number(f)} THEN {end} END) AS {name(f'{f} {end}')}"
        for f in findings
        for end in (*(("low", "high") if is_range(f) else ("mask",)), "moment")
    ]
    place = ["patient", *(["site", "side"] if of_joints else [])]
    return f"SELECT {', '.join([*place, *each])} FROM ({newest_stated_sql(of_joints)}) AS n GROUP BY {', '.join(place)}"


def stated_columns(finding: str, table: str) -> tuple[str, ...]:
    """The finding's own columns as the wide table `table` has it stated."""
    if is_range(finding):
        return f"{table}.{name(f'{finding} low')}", f"{table}.{name(f'{finding} high')}"
    held = f"{table}.{name(f'{finding} mask')}"
    return (held if vocabulary()[finding].choices else f"CASE {held} WHEN 1 THEN TRUE WHEN 2 THEN FALSE END",)


def spoken(engine: Engine) -> list[str]:
    """The findings that the table `statements` states, in the order of the vocabulary."""
    found = {number for (number,) in engine.rows("SELECT DISTINCT finding FROM statements")}
    return [each for number, each in enumerate(vocabulary()) if number in found]
