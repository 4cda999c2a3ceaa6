"""A filled table of studies as raw study tables, or everything that is wrong with its rows."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import islice, takewhile
from typing import Any

from osteon.case.vocabulary import SITES
from osteon.errors import Fault
from osteon.evidence.study_table import COLUMNS, Cell, study_tables
from osteon.knowledge.load import fields_of
from osteon.knowledge.studies import Arm, Outcome, Population, Study, impossible, interventions

INTERVENTION = "intervention"  # a column that an import may have beside those of the table
MAX_FAULTS = 100  # told at once; a file with more is no filled template with mistakes, but something else
SAME_IN_STUDY = tuple(
    column for column, (part, name) in COLUMNS.items() if part is Study and name not in ("doi", "pmid", "url", "site")
)
SAME_IN_ARM = (*(column for column, (part, _) in COLUMNS.items() if part is Arm), "site", INTERVENTION)
WHOLE: Mapping[tuple[type, str], bool] = {  # the fields that hold a number, and whether it must be a whole one
    (part, field.name): field.type == "int | None"
    for part in (Study, Population, Outcome)
    for field in fields(part)
    if field.type in ("int | None", "float | None")
}
NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,12})?")

Tables = list[dict[str, Any]]
Line = tuple[int, Mapping[str, str]]  # a row of a CSV file with the line on which it ends


def csv_tables(text: str, known: Mapping[str, Study]) -> tuple[Tables, list[Fault]]:
    """Raw study tables and what is wrong; where something is, a table says no more than which study it is."""
    faults: list[Fault] = []
    lines = csv_lines(text, faults)
    if not faults and not lines:
        faults.append(Fault("", "holds no study. Fill in a row for each arm and outcome."))
    rows = [] if faults else [cells(line, faults) for line in until_enough(lines, faults)]
    if not faults:
        faults += islice(disagreements(lines), MAX_FAULTS + 1)
    sites = printed_sites(known)
    faults += [Fault("column site", why, number) for number, row in lines for why in unknown_site(row, sites)]
    if faults:
        return [{"id": row.get("study_id", ""), **row} for _, row in lines], faults
    tables = list(study_tables(rows).values())
    chosen = {(row["study_id"], row["arm_label"]): row.get(INTERVENTION, "") for _, row in lines}
    for table in tables:
        place(table, sites, known)
        for arm in table["arm"]:
            arm["intervention"] = chosen[table["id"], arm["label"]] or usual_intervention(arm, known)
            faults += [Fault(f"{table['id']} arm {arm['label'][:60]!r}", why) for why in unknown_intervention(arm)]
    return tables, faults


def until_enough(lines: Iterable[Any], faults: Sequence[Fault]) -> Iterator[Any]:
    return takewhile(lambda _: len(faults) <= MAX_FAULTS, lines)


def csv_lines(text: str, faults: list[Fault]) -> list[Line]:
    """The filled rows of a CSV file, each with its line; a wrong header or a broken row is a fault."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[Line] = []
    try:
        header = [name.strip() for name in next(reader)]
        faults += islice(wrong_header(header), MAX_FAULTS + 1)
        for values in until_enough(reader, faults):
            if not any(value.strip() for value in values):
                continue
            if len(values) != len(header):
                why = f"has {len(values)} cells where the header has {len(header)}. Put text with commas in quotes."
                faults.append(Fault("", why, reader.line_num))
            else:
                lines.append((reader.line_num, dict(zip(header, map(str.strip, values), strict=True))))
    except csv.Error as wrong:
        faults.append(Fault("", f"is not valid CSV: {wrong}. Is the file whole?", reader.line_num))
    return lines


def wrong_header(header: Sequence[str]) -> Iterator[Fault]:
    legal = (*COLUMNS, INTERVENTION)
    if missing := [name for name in COLUMNS if name not in header]:
        why = f"has no column {', '.join(missing)}. Start from the template; separate cells by commas."
        yield Fault("header", why, 1)
    for name, count in Counter(header).items():
        if name not in legal:
            close = difflib.get_close_matches(name[:60], legal, 1)
            why = f"{name[:60]!r} is not a column. {f'Did you mean {close[0]}?' if close else 'Take it out.'}"
            yield Fault("header", why, 1)
        elif count > 1:
            yield Fault("header", f"the column {name!r} stands {count} times. Keep one.", 1)


def cells(line: Line, faults: list[Fault]) -> dict[str, Cell]:
    """One row with its numbers as numbers; every cell that cannot be used is a fault."""
    number, row = line
    found: dict[str, Cell] = {}
    for column, (part, name) in COLUMNS.items():
        try:
            found[column] = cell(row[column], part, name)
        except ValueError as wrong:
            faults.append(Fault(f"column {column}", str(wrong), number))
    outcome = {name: found[c] for c, (part, name) in COLUMNS.items() if part is Outcome and c in found}
    faults += [Fault(f"outcome {row['outcome'][:60]}", why, number) for why in impossible(numbers_of(outcome))]
    return found


def cell(text: str, part: type, name: str) -> Cell:
    """One cell as its field wants it; raises ValueError with what came, what is accepted and what to do."""
    key = fields_of(part)[name]
    wanted = f"Use one of {', '.join(key.legal)}." if key.legal else "Fill it in."
    if not text:
        if key.required:
            raise ValueError(f"is empty. {wanted}")
        return ""
    if (part, name) in WHOLE:
        return number(text, WHOLE[part, name])
    if key.legal and text not in key.legal:
        raise ValueError(f"is {text[:60]!r}. {wanted}")
    return text


def number(text: str, whole: bool) -> int | float:
    """A number as it is written.

    Examples
    --------
    >>> number("43", whole=True), number("35.3", whole=False)
    (43, 35.3)
    """
    if not NUMBER.fullmatch(text) or (whole and "." in text):
        wanted = "a whole number" if whole else "a number such as 35.3"
        raise ValueError(f"is {text[:60]!r}; write {wanted}, or leave it empty if it is not printed.")
    return float(text) if "." in text else int(text)


def numbers_of(outcome: Mapping[str, Any]) -> Outcome:
    """The numbers of a raw outcome, whatever else is wrong with it."""
    numbers = {name: v for name, v in outcome.items() if (Outcome, name) in WHOLE and type(v) in (int, float)}
    return Outcome(name="", type="", where="", measure=str(outcome.get("measure", "")), **numbers)


def disagreements(lines: Iterable[Line]) -> Iterator[Fault]:
    """Rows of one study, or of one arm, that do not say the same of it."""
    first: dict[tuple[str, ...], Line] = {}
    for number, row in lines:
        study, arm = ("study", row["study_id"]), ("arm", row["study_id"], row["arm_label"])
        for key, columns in ((study, SAME_IN_STUDY), (arm, SAME_IN_ARM)):
            line, other = first.setdefault(key, (number, row))
            for column in columns:
                said, before = row.get(column, ""), other.get(column, "")
                if said != before:
                    why = f"is {said[:60]!r}, but line {line} of the same {key[0]} says {before[:60]!r}."
                    yield Fault(f"column {column}", f"{why} Make them agree.", number)


def printed_sites(known: Mapping[str, Study]) -> Mapping[str, str]:
    """Osteon's word for each site as studies print it."""
    words = {site.replace("_", " "): site for site in (*SITES, "mixed")}
    return {study.site: study.site_id for study in known.values() if not any(arm.site for arm in study.arm)} | words


def unknown_site(row: Mapping[str, str], sites: Mapping[str, str]) -> Iterator[str]:
    if row.get("site") and row["site"] not in sites:
        words = ", ".join(site.replace("_", " ") for site in (*SITES, "mixed"))
        yield f"is {row['site'][:60]!r}. Use one of {words}."


def place(table: dict[str, Any], sites: Mapping[str, str], known: Mapping[str, Study]) -> None:
    """Adds Osteon's words for site and region, for which the flat table has no column."""
    for arm in table["arm"]:
        arm["site_id"] = sites[arm.get("site") or table["site"]]
    found = {arm["site_id"] for arm in table["arm"]}
    table["site_id"] = found.pop() if len(found) == 1 else "mixed"
    if table["site_id"] != "mixed":
        table["when"] = {"site": table["site_id"]}
    for arm in table["arm"]:
        if arm["site_id"] == table["site_id"]:
            del arm["site_id"]
    regions = {study.country: study.region for study in known.values() if study.region}
    if region := regions.get(table.get("country", "")):
        table["region"] = region


def usual_intervention(arm: Mapping[str, Any], known: Mapping[str, Study]) -> str:
    """The intervention of a known arm with the same label and modality, or the only one of the modality; else ""."""
    for study in known.values():
        for other in study.arm:
            if (other.label.lower(), other.modality) == (arm["label"].lower(), arm["modality"]):
                return other.intervention
    legal = of_modality(arm["modality"])
    return legal[0] if len(legal) == 1 else ""


def unknown_intervention(arm: Mapping[str, Any]) -> Iterator[str]:
    if not arm["intervention"]:
        legal = ", ".join(of_modality(arm["modality"]))
        yield f"cannot tell which {arm['modality']} it is. Add a column {INTERVENTION} with one of {legal}."


def of_modality(modality: str) -> list[str]:
    return [each.id for each in interventions().values() if each.modality == modality]
