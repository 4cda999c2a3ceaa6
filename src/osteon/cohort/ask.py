"""How many patients pass each step of a question, and who are they? Read from the table of a finished screening."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from osteon.cohort.engines import Duck
from osteon.cohort.questions import Question, ready_made
from osteon.cohort.sql import name
from osteon.errors import Fault, InputError
from osteon.knowledge import Knowledge

GROUPS = UUID("6b7f2f0a-4c0e-5d7e-9c51-2f1c5a0b7a11")  # so that a Group has the same id whenever it is made


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One step: of the patients who came to it, how many passed, how many did not, and of how many it is unknown."""

    text: str
    passed: int
    failed: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to one question: `members` are the patients for whom it holds, `undecided` those it may hold for."""

    address: str
    name: str
    note: str
    as_of: str
    patients: int
    steps: tuple[FlowStep, ...]
    members: tuple[str, ...]
    undecided: tuple[str, ...]
    not_told: tuple[str, ...]


def ask(results: Path, question: str | Question, knowledge: Knowledge) -> Reply:
    """Who a question or a trial holds for, from the table that `screen` wrote.

    Parameters
    ----------
    results
        The Parquet file of `screen`.
    question
        The id of a ready-made question, the address of a trial (`trials/nct...`), or a question of one's own that the
        screening was given.

    Raises
    ------
    InputError
        When there is no such question, or the screening did not ask it.
    """
    address, title, note, steps = steps_of(question, knowledge)
    told = screening_of(results)
    engine = Duck("", 0, results.parent)
    try:
        engine.open_parquet("results", [results])
        there = {row[0] for row in engine.rows("DESCRIBE SELECT * FROM results")}
        if missing := [column for column in (address, *(column for _, column, _ in steps)) if column not in there]:
            message = f"holds no {missing[0]}. Screen again with --rules {address}, or without --rules."
            raise InputError(results.name, [Fault("", message)])
        tests = [f"NOT {name(column)}" if reverse else name(column) for _, column, reverse in steps]
        reached = dict(engine.rows(f"SELECT score, count(*) FROM ({scores_sql(tests)}) AS s GROUP BY score"))
        holds = dict(engine.rows(holds_sql(address)))
    finally:
        engine.close()
    return Reply(
        address,
        title,
        note,
        str(told.get("as_of", "")),
        sum(reached.values()),
        tuple(flow([text for text, _, _ in steps], reached)),
        tuple(sorted(patient for patient, answer in holds.items() if answer == 1)),
        tuple(sorted(patient for patient, answer in holds.items() if answer == 0)),
        tuple(told.get("undecidable", {}).get(address, ())),
    )


def steps_of(question: str | Question, knowledge: Knowledge) -> tuple[str, str, str, list[tuple[str, str, bool]]]:
    """Address, name and note of a question or trial, and its steps: text, column, and whether it must not hold."""
    if isinstance(question, str) and question.removeprefix("trials/") in knowledge.trials:
        trial = knowledge.trials[question.removeprefix("trials/")]
        address = f"trials/{trial.id}"
        criteria = {
            c.id: (f"not: {c.text}" if c.kind == "exclude" else c.text, f"{address}#{c.id}", c.kind == "exclude")
            for c in trial.criterion
            if c.kind != "ask"
        }
        note = "" if trial.list_complete else "The trial's list of rules could not be read in full."
        return address, trial.name, note, list(criteria.values())
    if isinstance(question, str):
        known = ready_made(knowledge)
        if question.removeprefix("questions/") not in known:
            message = f"is none of {', '.join(known)}, and no trial."
            raise InputError("the question", [Fault(question[:60], message)])
        question = known[question.removeprefix("questions/")]
    steps = [(step.text, f"{question.address}#{step.id}", False) for step in question.steps]
    return question.address, question.name, question.note, steps


def screening_of(results: Path) -> Mapping[str, Any]:
    """What the screening said of itself, from the file beside its results."""
    try:
        told = json.loads(results.with_suffix(".json").read_text("utf-8"))
    except (OSError, ValueError):
        told = None
    if not isinstance(told, dict) or not results.is_file():
        message = "is no table of a screening with its .json beside it. Make one with osteon cohort screen."
        raise InputError(results.name, [Fault("", message)])
    return told


def scores_sql(tests: Sequence[str]) -> str:
    """How far each patient came, at the best joint: steps passed, and half a step more where the next is unknown."""
    whens = [f"WHEN ({test}) IS NULL THEN {i}.5 WHEN NOT ({test}) THEN {i}.0" for i, test in enumerate(tests)]
    return f"SELECT patient, max(CASE {' '.join(whens)} ELSE {len(tests)}.0 END) AS score FROM results GROUP BY patient"


def holds_sql(address: str) -> str:
    """For each patient 1 where the answer is yes at some joint, 0 where it is unknown at some, else -1."""
    answer = f"max(CASE WHEN {name(address)} THEN 1 WHEN {name(address)} IS NULL THEN 0 ELSE -1 END)"
    return f"SELECT patient, {answer} FROM results GROUP BY patient"


def flow(texts: Sequence[str], reached: Mapping[Any, int]) -> list[FlowStep]:
    scores = {float(score): count for score, count in reached.items()}
    return [
        FlowStep(
            text,
            sum(count for score, count in scores.items() if score >= i + 1),
            scores.get(float(i), 0),
            scores.get(i + 0.5, 0),
        )
        for i, text in enumerate(texts)
    ]


def group_resource(reply: Reply) -> dict[str, Any]:
    """The patients as a FHIR R4 Group; the same patients and question give the same id.

    Examples
    --------
    >>> reply = Reply("questions/q", "Who?", "", "2026-11-01", 2, (), ("p1",), (), ())
    >>> group_resource(reply)["member"]
    [{'entity': {'reference': 'Patient/p1'}}]
    """
    group: dict[str, Any] = {
        "resourceType": "Group",
        "id": str(uuid5(GROUPS, "|".join([reply.address, reply.as_of, *reply.members]))),
        "active": True,
        "type": "person",
        "actual": True,
        "name": reply.name,
        "quantity": len(reply.members),
    }
    members = [{"entity": {"reference": f"Patient/{patient}"}} for patient in reply.members]
    return group | ({"member": members} if members else {})


def members_csv(reply: Reply) -> str:
    """One line a patient for whom the question holds, or may hold; a cell that a spreadsheet would run is quoted."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(["patient", "answer"])
    writer.writerows([tame(patient), "yes"] for patient in reply.members)
    writer.writerows([tame(patient), "unknown"] for patient in reply.undecided)
    return lines.getvalue()


def tame(cell: str) -> str:
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def summary_html(replies: Sequence[Reply], screening: Mapping[str, Any]) -> str:
    """One page with the counts and the flow of each question; needs no script and nothing from elsewhere."""
    from importlib.resources import files

    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("osteon.cohort", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    style = files("osteon.report").joinpath("templates/style.css").read_text("utf-8")
    return environment.get_template("summary.html.j2").render(replies=replies, screening=screening, style=style)
