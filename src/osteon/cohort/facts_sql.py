"""What is known of each patient and joint, as columns? The answers and readings of all resources, laid out wide."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from osteon.case.vocabulary import vocabulary
from osteon.cohort.records_sql import DIAGNOSIS, Asked, finding_number, newest_sql
from osteon.cohort.sql import bits, column_type, columns, name, number
from osteon.cohort.stated_sql import stated_columns, wide_stated_sql
from osteon.cohort.tables import select

PERSON = ("birth_date", "age_years", "sex")  # from Patient resources
JOINT = ("site", "side", "osteonecrosis_confirmed", "traumatic")  # from the diagnoses themselves
OTHERS = ("bilateral", "other_side_imaged", "multifocal", "shoulder_affected")  # from the patient's other joints
DAY = number(86_400_000_000)  # microseconds


def facts_sql(asked: Asked, kinds: Collection[str], people: str, stated: Sequence[str]) -> str:
    """One row a patient, from the query `people` and the tables `answers`, `readings` and `statements`.

    A closed finding of which nothing is on record is false, if the export holds one of the types of resource that would
    tell. `stated` names the patient's findings that are stated by name.
    """
    rules = [asked.mapped.rules[i] for i in asked.rules]
    answered = list(dict.fromkeys(rule.finding for rule in rules if not rule.is_quantity))
    measured = list(dict.fromkeys(rule.finding for rule in rules if rule.is_quantity))
    closed = {rule.finding for rule in rules if rule.closed and rule.resource in kinds}
    out = {"patient": "p.patient"} | {column: f"p.{name(column)}" for each in PERSON for column in columns(each)}
    out |= {finding: answered_sql(finding, finding in closed, finding in stated) for finding in answered}
    out |= {column: f"r.{name(column)}" for finding in measured for column in columns(finding)}
    for finding in stated:
        if finding not in answered:
            out |= reconciled(finding, out, finding in measured)
    joined = f"({people}) AS p LEFT JOIN ({wide('answers', answered)}) AS a ON a.patient = p.patient"
    if measured:
        joined += f" LEFT JOIN ({wide_readings(measured)}) AS r ON r.patient = p.patient"
    if stated:
        joined += f" LEFT JOIN ({wide_stated_sql(stated, of_joints=False)}) AS s ON s.patient = p.patient"
    return f"{select(out)} FROM {joined}"


def answered_sql(finding: str, closed: bool, stated: bool) -> str:
    """A yes or no from the record; against what is stated by name, one that differs leaves the finding open."""
    told = f"a.{name(finding)}"
    silent = f"{told} IS NULL OR " if closed else ""
    recorded = f"CASE WHEN {told} = 1 THEN TRUE WHEN {silent}{told} = -1 THEN FALSE END"
    if not stated:
        return recorded
    (named,), mask = stated_columns(finding, "s"), f"s.{name(f'{finding} mask')}"
    agreed = f"CASE WHEN COALESCE({told}, 0) = 0 OR ({told} = 1) = ({mask} = 1) THEN {named} END"
    return f"CASE WHEN {mask} IS NULL THEN {recorded} ELSE {agreed} END"


def reconciled(finding: str, recorded: Mapping[str, str], measured: bool) -> dict[str, str]:
    """The columns of a finding that is stated by name: in place of what is recorded, unless that is of a later day."""
    moment = f"s.{name(f'{finding} moment')}"
    counts = f"{moment} IS NOT NULL"
    if measured:
        newer = f"r.{name(f'{finding} moment')}"
        counts += f" AND ({newer} IS NULL OR floor({moment} / {DAY}) >= floor({newer} / {DAY}))"
    return {
        column: f"CASE WHEN {counts} THEN {sql} {f'ELSE {recorded[column]} ' if column in recorded else ''}END"
        for column, sql in zip(columns(finding), stated_columns(finding, "s"), strict=True)
    }


def wide(table: str, findings: Sequence[str]) -> str:
    """One row a patient, with the greatest answer to each finding."""
    each = [f"max(CASE WHEN finding = {finding_number(f)} THEN answer END) AS {name(f)}" for f in findings]
    return f"SELECT {', '.join(['patient', *each])} FROM {table} GROUP BY patient"


def wide_readings(findings: Sequence[str]) -> str:
    each = [
        f"max(CASE WHEN finding = {finding_number(f)} THEN {end} END) AS {name(column)}"
        for f in findings
        for end, column in (("low", f"{f}_low"), ("high", f"{f}_high"), ("moment", f"{f} moment"))
    ]
    return f"SELECT {', '.join(['patient', *each])} FROM ({newest_sql('readings')}) AS newest GROUP BY patient"


def joints_sql(person_facts: Sequence[str], stated: Sequence[str]) -> str:
    """One row a patient and joint, from the tables `facts`, `answers`, `places` and `statements`.

    A patient without joint has one row too. A diagnosis that has resolved makes no joint, and one without side says
    nothing new where the same site is known with its side. `stated` names the findings of joints that are stated by
    name, which makes a joint too.
    """
    diagnosed = (
        f"SELECT a.patient, p.site, p.side, max(a.answer) AS certain, max(a.answer * p.traumatic) AS traumatic "
        f"FROM answers AS a JOIN places AS p ON p.place = a.place "
        f"WHERE a.finding = {finding_number(DIAGNOSIS)} AND a.answer >= 0 AND p.site IS NOT NULL "
        f"GROUP BY a.patient, p.site, p.side"
    )
    sided = f"SELECT *, max(side) OVER (PARTITION BY patient, site) AS any_side FROM ({diagnosed}) AS d"
    joints = f"(SELECT * FROM ({sided}) AS s WHERE side IS NOT NULL OR any_side IS NULL) AS j"
    out = {"patient": "f.patient"} | {column: f"f.{name(column)}" for f in person_facts for column in columns(f)}
    of_joint = {
        "site": "j.site",
        "side": "j.side",
        "osteonecrosis_confirmed": "CASE WHEN j.certain = 1 THEN TRUE END",
        "traumatic": "CASE WHEN j.traumatic = 1 THEN TRUE END",
    }
    of_joint |= {each: f"CAST(NULL AS {column_type(each)})" for each in OTHERS if each not in person_facts}
    if stated:
        named = f"({wide_stated_sql(stated, of_joints=True)}) AS n"
        same = "n.patient = j.patient AND n.site = j.site AND n.side IS NOT DISTINCT FROM j.side"
        joints += f" FULL JOIN {named} ON {same}"
        joints = f"(SELECT {', '.join(named_joint(of_joint, stated))} FROM {joints}) AS j"
        of_joint = {column: f"j.{name(column)}" for column in (*of_joint, *(c for f in stated for c in columns(f)))}
    return f"{select({**out, **of_joint})} FROM facts AS f LEFT JOIN {joints} ON j.patient = f.patient"


def named_joint(recorded: Mapping[str, str], stated: Sequence[str]) -> Iterator[str]:
    """The columns of a joint of the diagnoses, of the statements, or of both: what is stated by name counts."""
    yield "COALESCE(j.patient, n.patient) AS patient"
    yield "COALESCE(j.site, n.site) AS site"
    yield "COALESCE(j.side, n.side) AS side"
    out = {column: sql for column, sql in recorded.items() if column not in ("site", "side")}
    for finding in stated:
        told = f"n.{name(f'{finding} moment')} IS NOT NULL"
        for column, sql in zip(columns(finding), stated_columns(finding, "n"), strict=True):
            otherwise = f"ELSE {out[column]} " if column in out else ""
            out[column] = f"CASE WHEN {told} THEN {sql} {otherwise}END"
    yield from (f"{sql} AS {name(column)}" for column, sql in out.items())


def own_sql(of_joints: Sequence[str]) -> str:
    """What is known of each joint by itself, of patients with several; `imaged` tells whether an MRI is told of."""
    several = "SELECT patient FROM joints WHERE site IS NOT NULL GROUP BY patient HAVING count(*) > 1"
    out = {column: f"j.{name(column)}" for finding in of_joints for column in columns(finding)}
    imaged = "j.mri_lesion IS NOT NULL" if "mri_lesion" in of_joints else "FALSE"
    return (
        f"SELECT j.patient, {imaged} AS imaged, {', '.join(f'{sql} AS {name(c)}' for c, sql in out.items())} "
        f"FROM joints AS j JOIN ({several}) AS s ON s.patient = j.patient WHERE j.site IS NOT NULL"
    )


def others_sql(settled: str, stated: Sequence[str]) -> str:
    """The stated facts again, from `joints`, with what the other joints in `settled` say of each.

    As `osteon.case.read.from_other_joints`: both sides, three or more sites, a shoulder for crutches.
    """
    shoulder = bits({"humeral_head"}, list(vocabulary()["site"].choices))
    said = (
        f"SELECT a.patient, a.site, a.side, max(CASE WHEN b.site = a.site AND b.ill THEN 1 END) AS bilateral, "
        f"max(CASE WHEN b.site = a.site AND b.imaged THEN 1 END) AS other_side_imaged, "
        f"max(CASE WHEN b.site = {shoulder} AND b.ill THEN 1 END) AS shoulder_affected, "
        f"CASE WHEN count(DISTINCT CASE WHEN b.site <> a.site AND b.ill THEN b.site END) >= 2 THEN 1 END AS multifocal "
        f"FROM joints AS a JOIN (SELECT *, COALESCE(osteonecrosis_confirmed, FALSE) AS ill FROM {settled}) AS b "
        f"ON b.patient = a.patient AND (b.site <> a.site OR b.side IS DISTINCT FROM a.side) "
        f"GROUP BY a.patient, a.site, a.side"
    )
    out = {"patient": "j.patient"} | {c: f"j.{name(c)}" for f in stated for c in columns(f)}
    out |= {each: f"COALESCE(j.{each}, CASE WHEN o.{each} = 1 THEN TRUE END)" for each in OTHERS}
    return (
        f"{select(out)} FROM joints AS j LEFT JOIN ({said}) AS o "
        f"ON o.patient = j.patient AND o.site = j.site AND o.side IS NOT DISTINCT FROM j.side"
    )
