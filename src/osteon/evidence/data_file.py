"""Which studies does a CSV file hold? Rows to pool or a network to solve, or everything that is wrong with the file."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osteon.errors import Fault, InputError
from osteon.evidence.data import (
    LARGEST,
    Contrast,
    CountArm,
    Counts,
    Estimate,
    MeanArm,
    Means,
    NetworkRow,
    Rates,
    Row,
    Single,
    faults_in,
    names_of,
)
from osteon.whole_file import read_whole

MAX_BYTES = 10_000_000  # far more studies than any pool has
HEADER = "The first line names the columns, such as study,e1,n1,e2,n2."

MAX_FAULTS = 100  # told at once; a file with more is not a study file with mistakes, but something else
MAX_NAME = 200  # characters of the name of a study or treatment
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
SYNONYMS = {"m1": "mean1", "m2": "mean2"}


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of row, and the field of it that each column of a file fills."""

    kind: type
    columns: Mapping[str, str]


ROW_LAYOUTS = (
    Layout(Counts, {"study": "study", "e1": "events_1", "n1": "total_1", "e2": "events_2", "n2": "total_2"}),
    Layout(
        Means,
        {
            "study": "study",
            "n1": "n_1",
            "mean1": "mean_1",
            "sd1": "sd_1",
            "n2": "n_2",
            "mean2": "mean_2",
            "sd2": "sd_2",
        },
    ),
    Layout(Rates, {"study": "study", "e1": "events_1", "t1": "time_1", "e2": "events_2", "t2": "time_2"}),
    Layout(Single, {"study": "study", "events": "events", "total": "total"}),
    Layout(Estimate, {"study": "study", "yi": "effect", "sei": "se"}),
)
NETWORK_LAYOUTS = (
    Layout(CountArm, {"study": "study", "treatment": "treatment", "events": "events", "total": "total"}),
    Layout(MeanArm, {"study": "study", "treatment": "treatment", "mean": "mean", "sd": "sd", "n": "n"}),
    Layout(
        Contrast,
        {
            "study": "study",
            "treatment1": "treatment_1",
            "treatment2": "treatment_2",
            "yi": "effect",
            "sei": "se",
        },
    ),
)


@dataclass(frozen=True, slots=True)
class StudyFile:
    """The rows of a file, and its further columns as they stand there, in the order of the rows."""

    rows: tuple[Row, ...]
    extra: Mapping[str, tuple[str, ...]]


def read_rows(path: Path) -> tuple[Row, ...]:
    """The studies of a CSV file, to be pooled; see `read_study_file`."""
    return read_study_file(path).rows


def read_study_file(path: Path) -> StudyFile:
    """The studies of a CSV file and whatever else stands beside them, such as year or group.

    Parameters
    ----------
    path
        A UTF-8 file whose first line names its columns, in any order: `study,e1,n1,e2,n2` (events and people in two
        groups), `study,n1,mean1,sd1,n2,mean2,sd2` (or m1, m2), `study,e1,t1,e2,t2` (events and time at risk),
        `study,events,total` (one group), or `study,yi,sei` (effect and standard error on the scale that is pooled).

    Raises
    ------
    InputError
        With every fault of the file: line, column, what came, what is accepted.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "tha.csv")
    ...     _ = path.write_text("study,year,e1,n1,e2,n2\\nLai,2005,1,29,16,25\\n")
    ...     found = read_study_file(path)
    >>> found.rows, found.extra
    ((Counts(study='Lai', events_1=1, total_1=29, events_2=16, total_2=25),), {'year': ('2005',)})
    """
    rows, extra = read(path, ROW_LAYOUTS)
    return StudyFile(tuple(rows), extra)


def read_network(path: Path) -> tuple[NetworkRow, ...]:
    """The arms of a CSV file, or its contrasts.

    Parameters
    ----------
    path
        As for `read_study_file`, with `study,treatment,events,total` or `study,treatment,mean,sd,n` (one line per arm),
        or `study,treatment1,treatment2,yi,sei` (one line per comparison).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "arms.csv")
    ...     _ = path.write_text("study,treatment,events,total\\nLai,alendronate,1,29\\nLai,control,16,25\\n")
    ...     read_network(path)[0]
    CountArm(study='Lai', treatment='alendronate', events=1, total=29)
    """
    return tuple(read(path, NETWORK_LAYOUTS)[0])


# ------------------------------------------------------------------------------------------------------------- steps


def read(path: Path, layouts: Sequence[Layout]) -> tuple[list[Any], dict[str, tuple[str, ...]]]:
    """Rows of one of the layouts and the columns that belong to none of their fields."""
    name = path.name
    lines = list(lines_of(read_whole(path, MAX_BYTES, "file of studies", HEADER), name))
    header = [SYNONYMS.get(column.strip().lower(), column.strip().lower()) for column in lines[0][1]]
    layout = layout_of(header, layouts, name)
    faults: list[Fault] = []
    rows: dict[Any, dict[str, str]] = {}
    for number, cells in lines[1:]:
        if len(cells) != len(header):
            message = f"has {len(cells)} fields, but the first line names {len(header)} columns. Was the file cut off?"
            faults.append(Fault("", message, number))
            continue
        line = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        row, wrong = row_of(line, layout)
        faults += [Fault(column, message, number) for column, message in wrong]
        if row is not None and row in rows:
            faults.append(Fault("study", f"{row.study} occurs twice with the same numbers. Take one out.", number))
        rows[row] = line
    if len(lines) == 1:
        faults.append(Fault("", "holds no study, only the names of the columns. Add one line for each."))
    if faults:
        raise InputError(name, most_of(faults))
    others = [column for column in header if column not in layout.columns]
    return list(rows), {column: tuple(line[column] for line in rows.values()) for column in others}


def lines_of(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not blank, with its number."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as wrong:
        message = f"is not valid CSV: {wrong}. Is a quotation mark left open, or the file cut off?"
        raise InputError(name, [Fault("", message, reader.line_num)]) from None


def layout_of(header: Sequence[str], layouts: Sequence[Layout], name: str) -> Layout:
    """The layout whose columns the header has; raises `InputError` when there is none, or more than one."""
    twice = sorted({column for column in header if column and header.count(column) > 1})
    fitting = [layout for layout in layouts if set(layout.columns) <= set(header)]
    arms = "treatment" in header and layouts is ROW_LAYOUTS
    if len(fitting) == 1 and not twice and not arms:
        return fitting[0]
    accepted = "; ".join(",".join(layout.columns) for layout in layouts)
    if twice:
        message = f"names {', '.join(twice)} twice. Name each column once."
    elif arms:
        message = "has a column treatment, so it holds the arms of a network. Solve it as a network, not as one pool."
    elif fitting:
        message = f"fits {len(fitting)} layouts at once. Keep the columns of one: {accepted}. Others may have any name."
    else:
        message = (
            f"names the columns {shown(','.join(header))}; accepted are {accepted}, and further columns beside them."
        )
    raise InputError(name, [Fault("", message, 1)])


def row_of(line: Mapping[str, str], layout: Layout) -> tuple[Any, list[tuple[str, str]]]:
    """One row, or None and what is wrong in which column."""
    numbers = names_of(layout.kind)
    values: dict[str, object] = {}
    wrong = []
    for column, field in layout.columns.items():
        text = line[column]
        if field not in numbers:
            values[field] = text
            wrong += [(column, message) for message in faults_in_name(text)]
        elif NUMBER.fullmatch(text):
            values[field] = as_number(text)
        else:
            wrong.append((column, unreadable(text)))
    if wrong:
        return None, wrong
    row = layout.kind(**values)
    columns = {field: column for column, field in layout.columns.items()}
    wrong = [(columns[field], message) for field, message in faults_in(row)]
    return (None, wrong) if wrong else (row, [])


def faults_in_name(text: str) -> Iterator[str]:
    """What is wrong with the name of a study or a treatment."""
    if not text:
        yield "is empty. Give a name."
    elif len(text) > MAX_NAME:
        yield f"has {len(text)} characters; a name has at most {MAX_NAME}."
    elif any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        yield "holds control characters. Take them out."


def as_number(text: str) -> int | float:
    """A whole number where it is one, however it is written."""
    value = float(text)
    return int(value) if abs(value) <= LARGEST and value.is_integer() else value


def unreadable(text: str) -> str:
    """What to say about a cell that holds no number."""
    if not text:
        return "is empty. If it was not reported, leave the study out."
    comma = " Write a point before the decimals." if NUMBER.fullmatch(text.replace(",", ".")) else ""
    return f"{shown(text)} is not a number.{comma}"


def shown(text: str) -> str:
    """A text, cut where it is long."""
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def most_of(faults: Sequence[Fault]) -> list[Fault]:
    """The first faults, by line, and a word on the others."""
    if len(faults) <= MAX_FAULTS:
        return list(faults)
    return [*faults[:MAX_FAULTS], Fault("", "There are more faults than these. Mend them and read the file again.")]
