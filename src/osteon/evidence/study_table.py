"""All studies as one flat table, one row per arm and outcome: the form that other programs read."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from osteon.knowledge.studies import NOT_PRINTED, Arm, Outcome, Population, Study

Cell = str | int | float
Row = Mapping[str, Cell]  # by column; "" where nothing is printed
# Each column and the field of a study file that it shows.
COLUMNS: Mapping[str, tuple[type, str]] = {
    "study_id": (Study, "id"),
    "citation": (Study, "citation"),
    "year": (Study, "year"),
    "doi": (Study, "doi"),
    "pmid": (Study, "pmid"),
    "source_url": (Study, "url"),
    "design": (Study, "design"),
    "country": (Study, "country"),
    "modality": (Arm, "modality"),
    "arm_label": (Arm, "label"),
    "role": (Arm, "role"),
    "comparator_of": (Arm, "comparator_of"),
    "site": (Study, "site"),
    "stage_system": (Population, "stage_system"),
    "stage_range": (Population, "stage_range"),
    "lesion_descr": (Population, "lesion"),
    "etiology": (Population, "cause"),
    "n_patients": (Population, "patients"),
    "n_hips": (Population, "joints"),
    "mean_age": (Population, "mean_age_years"),
    "followup_months": (Population, "followup_months"),
    "outcome": (Outcome, "name"),
    "outcome_type": (Outcome, "type"),
    "events": (Outcome, "events"),
    "total": (Outcome, "total"),
    "mean": (Outcome, "mean"),
    "sd": (Outcome, "sd"),
    "unit": (Outcome, "unit"),
    "timepoint_months": (Outcome, "timepoint_months"),
    "effect_measure": (Outcome, "measure"),
    "effect": (Outcome, "effect"),
    "ci_low": (Outcome, "ci_low"),
    "ci_high": (Outcome, "ci_high"),
    "p_value": (Outcome, "p"),
    "notes": (Outcome, "note"),
    "locator": (Outcome, "where"),
}
ADDRESS = ("doi", "pmid", "source_url")
PER_ARM = ("n_patients", "n_hips")  # counts: what two arms have alike is still not what the study has
PRINTED = tuple(column for column, (part, _) in COLUMNS.items() if part is Population)


def table_rows(studies: Iterable[Study]) -> list[dict[str, Cell]]:
    """One row per study, arm and outcome, with everything that the study and the arm say filled in.

    Examples
    --------
    >>> from osteon.knowledge.studies import studies
    >>> row = table_rows([studies()["lai-2005"]])[0]
    >>> row["outcome"], row["events"], row["total"], row["stage_system"]
    ('collapse', 2, 29, 'Steinberg')
    """
    return [row_of(study, arm, outcome) for study in studies for arm in study.arm for outcome in arm.outcome]


def row_of(study: Study, arm: Arm, outcome: Outcome) -> dict[str, Cell]:
    parts = {Study: study, Arm: arm, Outcome: outcome, Population: study.population_of(arm, outcome)}
    row = {column: getattr(parts[part], name) for column, (part, name) in COLUMNS.items()}
    for column in ADDRESS:
        own = getattr(outcome, COLUMNS[column][1])
        row[column] = "" if own == NOT_PRINTED else own or row[column]
    row["site"] = arm.site or study.site
    return {column: "" if value is None else value for column, value in row.items()}


def table_csv(studies: Iterable[Study], modality: str = "") -> str:
    """The table of the studies with an arm of one modality (all, if "") as comma-separated values with a header."""
    return csv_of(table_rows(with_modality(studies, modality)))


def with_modality(studies: Iterable[Study], modality: str) -> list[Study]:
    return [study for study in studies if not modality or any(arm.modality == modality for arm in study.arm)]


def csv_of(rows: Iterable[Row]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def study_list(studies: Iterable[Study], modality: str = "", width: int = 100) -> str:
    """The studies with an arm of one modality (all, if ""): id, year, design, size, outcomes; one entry a study."""
    chosen = with_modality(studies, modality)
    entries = [entry for study in sorted(chosen, key=lambda study: study.id) for entry in list_entry(study, width)]
    count = f"{len(chosen)} stud{'y' if len(chosen) == 1 else 'ies'}"
    return "\n".join([*entries, "", count, ""]) if entries else f"{count}\n"


def list_entry(study: Study, width: int) -> Iterator[str]:
    outcomes = dict.fromkeys(outcome.name for arm in study.arm for outcome in arm.outcome)
    yield f"{study.id}  {study.year or 'year not printed'}, {study.design}, {size(study)}"
    yield from textwrap.wrap(", ".join(outcomes), width, initial_indent="    ", subsequent_indent="    ")


def size(study: Study) -> str:
    """How many joints, or patients where joints are not printed, each arm has.

    Examples
    --------
    >>> from osteon.knowledge.studies import studies
    >>> size(studies()["lai-2005"])
    '29 + 25 joints'
    """
    for name in ("joints", "patients"):
        counts = [getattr(study.population_of(arm), name) for arm in study.arm]
        if any(counts):
            return f"{' + '.join(str(count or '?') for count in counts)} {name}"
    return "size not printed"


def study_tables(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """The way back: rows of the flat table as raw study tables by study id, each fact at the highest place it fits.

    Rows of one study must agree in all columns of `Study` but the addresses, and rows of one arm in those of `Arm`.
    """
    return {str(key): study_table(group) for key, group in grouped(rows, "study_id").items()}


def study_table(rows: Sequence[Row]) -> dict[str, Any]:
    arms = grouped(rows, "arm_label")
    shared = {column: common([within_arm(group, column) for group in arms.values()]) for column in PRINTED}
    shared |= dict.fromkeys(PER_ARM, "") if len(arms) > 1 else {}
    table = fields_in(rows[0], Study)
    for column in ADDRESS:
        table[COLUMNS[column][1]] = next((row[column] for row in rows if row[column]), "")
    parts = {"population": named(shared), "arm": [arm_table(group, table, shared) for group in arms.values()]}
    return filled(table | parts)


def arm_table(rows: Sequence[Row], study: Mapping[str, Any], shared: Row) -> dict[str, Any]:
    table = fields_in(rows[0], Arm)
    table["site"] = rows[0]["site"] if rows[0]["site"] != study["site"] else ""
    own = {column: within_arm(rows, column) for column in PRINTED if not shared[column]}
    above = {**shared, **own}
    parts = {"population": named(own), "outcome": [outcome_table(row, study, above) for row in rows]}
    return filled(table | parts)


def outcome_table(row: Row, study: Mapping[str, Any], above: Row) -> dict[str, Any]:
    table = fields_in(row, Outcome)
    for column in ADDRESS:
        name = COLUMNS[column][1]
        table[name] = "" if row[column] == study[name] else row[column] or NOT_PRINTED
    own = {column: row[column] or NOT_PRINTED for column in PRINTED if row[column] != above[column]}
    return filled(table | {"population": named(own)})


def fields_in(row: Row, part: type) -> dict[str, Any]:
    """The cells of one part of a study under the names of its fields."""
    return {name: row[column] for column, (of, name) in COLUMNS.items() if of is part}


def within_arm(rows: Sequence[Row], column: str) -> Cell:
    """What an arm says in a column: the one word that its rows print, or the number that all of them print."""
    found = {row[column] for row in rows}
    words = found - {""}
    only = len(words) == 1 and (len(found) == 1 or all(isinstance(word, str) for word in words))
    return words.pop() if only else ""


def common(values: Sequence[Cell]) -> Cell:
    return values[0] if len(set(values)) == 1 else ""


def grouped(rows: Iterable[Row], column: str) -> dict[Hashable, list[Row]]:
    """Rows by what stands in a column, in the order in which that first comes."""
    groups: dict[Hashable, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    return groups


def named(cells: Row) -> dict[str, Cell]:
    """Cells under the names of their fields, without the empty ones."""
    return filled({COLUMNS[column][1]: value for column, value in cells.items()})


def filled(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table without what is empty; 0 is not empty."""
    return {name: value for name, value in table.items() if value not in ("", {}, ())}
