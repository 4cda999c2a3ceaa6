"""What do the resources of each patient say about each finding? The rules of `osteon.fhir.mapping` as SQL.

An answer is a number, 1 for yes, 0 for unknown and -1 for no, so that Kleene's "and" is `least` and "or" is `max`.
Codes, diagnoses and birth dates are understood by the reader's own functions: the distinct ones of an export are few,
so that each is asked once in Python and the table of the replies is joined.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from osteon.case.answer import Answer
from osteon.case.possible import Interval
from osteon.case.vocabulary import vocabulary
from osteon.cohort.engines import Engine
from osteon.cohort.sql import bits, name, number, word, words
from osteon.cohort.tables import ANSWERS, has_code, shape_of, status_words
from osteon.fhir.joints import place
from osteon.fhir.load import Loaded
from osteon.fhir.lookup import lookup
from osteon.fhir.mapping import Mapped, Rule
from osteon.fhir.person import BIRTH_SEX, person
from osteon.fhir.resources import Coded, Coding, Condition, Extension, Patient
from osteon.fhir.sayings import Saying

DIAGNOSIS = "osteonecrosis_on_record"  # the finding whose resources make the joints of a patient
CODES = (
    *((column, "VARCHAR") for column in ("kind", "system", "code")),
    *((column, "INTEGER") for column in ("rule", "finding", "means")),
)
STATUSES = (("rule", "INTEGER"), ("finding", "INTEGER"), ("status", "VARCHAR"), ("answer", "INTEGER"))
UNITS = (("rule", "INTEGER"), ("unit", "VARCHAR"), ("factor", "DOUBLE"))
PATIENT = Loaded("Patient", None, "")
BELOW = number(1 - 2**-53)  # times a positive double gives the next one below, its reciprocal the next one above


@dataclass(frozen=True, slots=True)
class Asked:
    """What an export is asked: the mapping, which of its rules, and the day of assessment."""

    mapped: Mapped
    rules: tuple[int, ...]
    as_of: date

    def of(self, kind: str) -> list[tuple[int, Rule]]:
        """The rules that one type of resource answers, with their numbers in the mapping."""
        return [(i, self.mapped.rules[i]) for i in self.rules if self.mapped.rules[i].resource == kind]

    @property
    def kinds(self) -> list[str]:
        """The types of resource that are needed."""
        return list(dict.fromkeys(self.mapped.rules[i].resource for i in self.rules))

    @property
    def ends(self) -> int:
        """The first microsecond after the day of assessment."""
        return micros(self.as_of + timedelta(1))


def asked_of(mapped: Mapped, findings: Collection[str], as_of: date) -> Asked:
    """What to ask so that `findings` are answered."""
    numbers = tuple(i for i, rule in enumerate(mapped.rules) if rule.finding in findings)
    return Asked(mapped, numbers, as_of)


def micros(day: date) -> int:
    """The first moment of a day in UTC, in microseconds since 1970."""
    return (datetime(day.year, day.month, day.day, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )


def code_tables(asked: Asked, codings: Mapping[str, str], engine: Engine) -> dict[str, list[str]]:
    """The tables `codes`, `statuses` and `units`: what each code, status and unit of the export means to each rule.

    `codings` holds a query for all codings of each type of resource. Gives, for each type, the codes that mean
    anything.
    """
    found = []
    for kind, query in codings.items():
        listed, grouped = listed_codes(asked, kind), grouped_systems(asked, kind)
        found += [(kind, system, code) for system, code in listed]
        if grouped:
            pairs = f"SELECT DISTINCT c.system, c.code FROM ({query}) AS t WHERE c.system IN {words(grouped)}"
            found += [(kind, system, code) for system, code in engine.rows(pairs) if code]
    meant = sorted(set(meanings(asked, found)))
    engine.literal_table("codes", CODES, meant)
    engine.literal_table("statuses", STATUSES, list(statuses(asked)))
    engine.literal_table("units", UNITS, list(units(asked)))
    return {kind: sorted({code for own, _, code, *_ in meant if own == kind}) for kind in codings}


def listed_codes(asked: Asked, kind: str) -> set[tuple[str, str]]:
    """The codes that rules ask by name, under every URI of their system."""
    systems = asked.mapped.systems
    return {
        (uri, code)
        for _, rule in asked.of(kind)
        for codes in (rule.value_set.codes, rule.value_set.possible)
        for system, listed in codes.items()
        if not systems[system].categories
        for uri in systems[system].uris
        for code in listed
    }


def grouped_systems(asked: Asked, kind: str) -> list[str]:
    """The URIs of the systems of categories that rules ask: which codes stand under one, only the export can tell."""
    sets = [codes for _, rule in asked.of(kind) for codes in (rule.value_set.codes, rule.value_set.possible)]
    systems = asked.mapped.systems
    return sorted({uri for codes in sets for each in codes if systems[each].categories for uri in systems[each].uris})


def meanings(asked: Asked, codes: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, str, str, int, int, int]]:
    asking = lookup(asked.mapped)
    for kind, system, code in codes:
        for rule, means in asking.rules(asking.types[kind], [Coding(system, code)]).items():
            if rule in asked.rules:
                yield kind, system, code, rule, finding_number(asked.mapped.rules[rule].finding), ANSWERS[means]


def statuses(asked: Asked) -> Iterator[tuple[int, int, str, int]]:
    """What each status says to each rule; one that says nothing has no row."""
    for i in asked.rules:
        rule = asked.mapped.rules[i]
        replies: dict[str, Answer | None] = {
            each: rule.status.answer(each) for each in status_words(rule.resource, asked.mapped)
        }
        replies |= {"(absent)": rule.status.absent, "(other)": rule.status.other}
        about = finding_number(rule.finding)
        yield from ((i, about, status, ANSWERS[answer]) for status, answer in replies.items() if answer is not None)


def units(asked: Asked) -> Iterator[tuple[int, str, float]]:
    for i in asked.rules:
        yield from ((i, unit, float(factor)) for unit, factor in asked.mapped.rules[i].units.items())


def finding_number(finding: str) -> int:
    """A finding's place in the vocabulary, which is shorter in a table than its name."""
    return list(vocabulary()).index(finding)


def records(kind: str) -> str:
    """The name of the flat table of one type of resource."""
    return name(f"records {kind}")


def answers_sql(asked: Asked, kind: str, engine: Engine) -> list[str]:
    """What one type of resource says of yes-no findings: `patient`, `finding`, `answer`, for a diagnosis `place`."""
    rules = [(i, rule) for i, rule in asked.of(kind) if not rule.is_quantity]
    if not rules:
        return []
    placed = place_sql(rules, kind, asked.mapped)
    exploded = exploded_sql(asked, kind)
    answers = ["s.answer", "r.gate", *dated_sql(rules), routed_sql(rules, engine)]
    coded = (
        f"SELECT r.patient, c.finding, least({', '.join(answers)}) AS answer, {placed} AS place "
        f"FROM ({exploded}) AS r JOIN codes AS c ON c.system = r.coding.system AND c.code = r.coding.code "
        f"JOIN statuses AS s ON s.rule = c.rule AND s.status = r.status "
        f"WHERE c.kind = {word(kind)} AND c.rule IN {numbers(rules)} AND {recent_sql(asked, rules)}"
    )
    texts = [(i, rule) for i, rule in rules if rule.text_only]
    if not texts:
        return [coded]
    worded = (
        f"SELECT r.patient, s.finding, least(0, s.answer, r.gate), {placed.replace('c.rule', 's.rule')} "
        f"FROM {records(kind)} AS r JOIN statuses AS s ON s.status = r.status "
        f"WHERE r.worded AND s.rule IN {numbers(texts)} AND {counted_sql(asked)}"
    )
    return [coded, worded]


def readings_sql(asked: Asked) -> list[str]:
    """What Observations measured: `patient`, `finding`, `instant`, `low`, `high`; only legal values in a known unit."""
    rules = [(i, rule) for i, rule in asked.of("Observation") if rule.is_quantity]
    if not rules:
        return []
    exploded = exploded_sql(asked, "Observation")
    factor = "COALESCE(coded.factor, written.factor)"
    converted = f"CASE {factor} WHEN 1 THEN r.value ELSE CAST(format_string('%.12g', r.value * {factor}) AS DOUBLE) END"
    measured = (
        f"SELECT r.patient, c.rule, c.finding, r.instant, r.comparator, {converted} AS value "
        f"FROM ({exploded}) AS r JOIN codes AS c ON c.system = r.coding.system AND c.code = r.coding.code "
        f"JOIN statuses AS s ON s.rule = c.rule AND s.status = r.status "
        f"LEFT JOIN units AS coded ON coded.rule = c.rule AND coded.unit = COALESCE(r.unit_code, '') "
        f"LEFT JOIN units AS written ON written.rule = c.rule AND written.unit = COALESCE(r.unit, '') "
        f"WHERE c.kind = 'Observation' AND c.rule IN {numbers(rules)} AND abs(r.value) < 1e300"
    )
    lowest = by_rule("rule", rules, lambda rule: number(vocabulary()[rule.finding].low or 0))
    highest = by_rule("rule", rules, lambda rule: number(vocabulary()[rule.finding].high or 0))
    low = f"CASE COALESCE(comparator, '>=') WHEN '>=' THEN value WHEN '>' THEN value / {BELOW} ELSE lowest END"
    high = f"CASE COALESCE(comparator, '<=') WHEN '<=' THEN value WHEN '<' THEN value * {BELOW} ELSE highest END"
    legal = f"SELECT *, {lowest} AS lowest, {highest} AS highest FROM ({measured}) AS m"
    known = "(comparator IS NULL OR comparator IN ('<', '<=', '>=', '>'))"
    ends = f"SELECT patient, finding, instant, {low} AS low, {high} AS high FROM ({legal}) AS l"
    ends += f" WHERE value BETWEEN lowest AND highest AND {known}"
    return [f"SELECT * FROM ({ends}) AS e WHERE low <= high"]


def exploded_sql(asked: Asked, kind: str) -> str:
    """One row for each coding of the resources whose date lets them count."""
    return f"SELECT *, explode(codings) AS coding FROM {records(kind)} WHERE {counted_sql(asked)}"


def newest_sql(table: str) -> str:
    """Of all readings the newest of each patient and finding; several at one instant give a range."""
    dated = f"SELECT *, COALESCE(instant, {-(2**62)}) AS moment FROM {table}"
    newest = (
        f"SELECT patient, finding, max(COALESCE(instant, {-(2**62)})) AS moment FROM {table} GROUP BY patient, finding"
    )
    return (
        f"SELECT d.patient, d.finding, max(d.moment) AS moment, min(d.low) AS low, max(d.high) AS high "
        f"FROM ({dated}) AS d JOIN ({newest}) AS n "
        f"ON n.patient = d.patient AND n.finding = d.finding AND n.moment = d.moment GROUP BY d.patient, d.finding"
    )


def counted_sql(asked: Asked) -> str:
    """Whether a resource's date lets it count at all: none, or not after the day of assessment."""
    return "TRUE" if asked.mapped.later_records else f"(instant IS NULL OR instant < {asked.ends})"


def recent_sql(asked: Asked, rules: Sequence[tuple[int, Rule]]) -> str:
    """Whether a resource is not too old for its rule; one without date stays."""
    limits = [
        f"(c.rule <> {i} OR r.instant IS NULL OR r.instant >= {micros(asked.as_of - timedelta(rule.within_days))})"
        for i, rule in rules
        if rule.within_days is not None
    ]
    return " AND ".join(limits) or "TRUE"


def dated_sql(rules: Sequence[tuple[int, Rule]]) -> list[str]:
    """What the date of a resource answers: unknown where a rule asks for one and there is none."""
    limited = [(i, rule) for i, rule in rules if rule.within_days is not None]
    return [f"CASE WHEN r.instant IS NULL AND c.rule IN {numbers(limited)} THEN 0 ELSE 1 END"] if limited else []


def routed_sql(rules: Sequence[tuple[int, Rule]], engine: Engine) -> str:
    """What the code means to the rule: yes where one of the rule's routes comes with it."""
    cases = [
        f"WHEN c.rule = {i} AND {has_code('r.routes', rule.value_set.routes, engine)} THEN 1"
        for i, rule in rules
        if rule.value_set.routes and rule.resource.startswith("Medication")
    ]
    return f"CASE {' '.join(cases)} ELSE c.means END" if cases else "c.means"


def place_sql(rules: Sequence[tuple[int, Rule]], kind: str, mapped: Mapped) -> str:
    """For a diagnosis of osteonecrosis, its codes and body sites as one text, by which `places` knows where it lies."""
    diagnoses = [(i, rule) for i, rule in rules if rule.finding == DIAGNOSIS]
    if not diagnoses:
        return "CAST(NULL AS STRING)"
    arrays = ["r.codings", *(["r.sites"] if "bodySite" in shape_of(kind, mapped) else [])]
    written = [f"COALESCE(CAST(to_json({array}) AS STRING), '[]')" for array in arrays]
    both = "concat('[', " + ", ', ', ".join(written) + ", ']')"
    return f"CASE WHEN c.rule IN {numbers(diagnoses)} THEN {both} END"


def by_rule(column: str, rules: Sequence[tuple[int, Rule]], value: Callable[[Rule], str]) -> str:
    return f"CASE {column} {' '.join(f'WHEN {i} THEN {value(rule)}' for i, rule in rules)} END"


def numbers(rules: Sequence[tuple[int, Rule]]) -> str:
    return f"({', '.join(str(i) for i, _ in rules)})"


def place_table(places: Sequence[str], asked: Asked, engine: Engine) -> None:
    """The table `places`: where each distinct diagnosis lies, as the reader of bundles says."""
    columns = [("place", "VARCHAR"), ("site", "BIGINT"), ("side", "BIGINT"), ("traumatic", "INTEGER")]
    engine.literal_table("places", columns, [(text, *placed(text, asked)) for text in places])


def placed(text: str, asked: Asked) -> tuple[int | None, int | None, int]:
    parts = [[Coding(each.get("system"), each.get("code")) for each in part] for part in json.loads(text)]
    codings, sites = parts[0], parts[-1] if len(parts) > 1 else []
    resource = Condition(body_site=[Coded(coding=[site]) for site in sites])
    saying = Saying(asked.mapped.rules[0], Answer.YES, Loaded("Condition", resource, ""), None, tuple(codings))
    found = place(saying, lookup(asked.mapped))
    site = None if found.site is None else 1 << list(vocabulary()["site"].choices).index(found.site)
    side = None if found.side is None else 1 << list(vocabulary()["side"].choices).index(found.side)
    return site, side, int(found.traumatic)


def person_table(asked: Asked, engine: Engine) -> None:
    """The tables `births` and `sexes`: what the reader makes of each birth date and of each pair of codes."""
    births = []
    for (written,) in engine.rows(f"SELECT DISTINCT birthDate FROM {name('Patient')} WHERE birthDate IS NOT NULL"):
        found = person(PATIENT, Patient(birth_date=written), asked.as_of)
        if (age := found.get("age_years")) and isinstance(age.possible, Interval):
            day = found.get("birth_date")
            ordinal = day.possible.low if day and isinstance(day.possible, Interval) else None
            births.append((written, age.possible.low, age.possible.high, ordinal))
    columns = [("written", "VARCHAR"), ("low", "DOUBLE"), ("high", "DOUBLE"), ("day", "DOUBLE")]
    engine.literal_table("births", columns, births)
    sexes = [(gender or "", code or "", sex) for gender, code, sex in sexes_of(asked, engine) if sex]
    engine.literal_table("sexes", [("gender", "VARCHAR"), ("code", "VARCHAR"), ("sex", "BIGINT")], sexes)


def sexes_of(asked: Asked, engine: Engine) -> Iterator[tuple[str | None, str | None, int]]:
    """Every pair of administrative gender and birth sex code in the export, with the bit of the sex that it gives."""
    legal = list(vocabulary()["sex"].choices)
    for gender, code in engine.rows(f"SELECT DISTINCT gender, {birth_sex(engine)} FROM {name('Patient')}"):
        patient = Patient(gender=gender, extension=[Extension(BIRTH_SEX, code)] if code else None)
        found = person(PATIENT, patient, asked.as_of).get("sex")
        yield gender, code, bits(found.possible, legal) if found and isinstance(found.possible, frozenset) else 0


def birth_sex(engine: Engine) -> str:
    return f"{engine.first(engine.where('extension', f'x.url = {word(BIRTH_SEX)}'))}.valueCode"


def people_sql(engine: Engine) -> str:
    """One row a patient: `patient`, age, date of birth and sex."""
    return (
        f"SELECT p.id AS patient, any_value(b.low) AS age_years_low, any_value(b.high) AS age_years_high, "
        f"any_value(b.day) AS birth_date_low, any_value(b.day) AS birth_date_high, any_value(s.sex) AS sex "
        f"FROM (SELECT id, birthDate, gender, {birth_sex(engine)} AS code FROM {name('Patient')} "
        f"WHERE id IS NOT NULL) AS p "
        f"LEFT JOIN births AS b ON b.written = p.birthDate "
        f"LEFT JOIN sexes AS s ON s.gender = COALESCE(p.gender, '') AND s.code = COALESCE(p.code, '') GROUP BY p.id"
    )
