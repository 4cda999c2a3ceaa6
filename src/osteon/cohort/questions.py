"""Which questions does one ask of a whole population? Tables like those of trials, ready-made or one's own."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from osteon.case.conditions import Condition, conditions
from osteon.cohort.rules_sql import Given, Rule, any_row_sql, asked, row_sql
from osteon.cohort.sql import all_of, any_of
from osteon.errors import Fault, InputError
from osteon.knowledge import Knowledge
from osteon.whole_file import read_whole

KEYS = ("id", "name", "note", "step")
STEP_KEYS = ("id", "text", "when", "excluded", "contraindicated")


@dataclass(frozen=True, slots=True)
class Way:
    """One way of passing a step: all of `when`, and one of the `contraindicated` treatments is contraindicated."""

    when: tuple[Condition, ...]
    contraindicated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a question: one of its `ways` must hold, or none of them where it is `excluded`."""

    id: str
    text: str
    ways: tuple[Way, ...]
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A question about each patient and joint; all steps must be passed, in their order. `note` says what it is not."""

    id: str
    name: str
    steps: tuple[Step, ...]
    note: str = ""

    @property
    def address(self) -> str:
        return f"questions/{self.id}"


@cache
def ready_made(knowledge: Knowledge) -> Mapping[str, Question]:
    """The questions that Osteon comes with, by id."""
    files = sorted(Path(__file__).parent.joinpath("questions").glob("*.toml"))
    return {file.stem: read_question(file, knowledge) for file in files}


def read_question(file: Path, knowledge: Knowledge) -> Question:
    """One question from its TOML file.

    Raises
    ------
    InputError
        With everything that is wrong in the file.
    """
    text = read_whole(file, 1_000_000, "question", "Begin with id, name and [[step]].")
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise InputError(file.name, [Fault("", f"is not TOML: {wrong}")]) from None
    faults: list[Fault] = [Fault(key, f"is no key here; use {', '.join(KEYS)}.") for key in raw if key not in KEYS]
    steps = dict(read_steps(raw.get("step"), knowledge, faults))
    missing = [key for key in ("id", "name") if not isinstance(raw.get(key), str) or not raw[key]]
    faults += [Fault(key, "is missing. Write it as text.") for key in missing]
    if not faults and not str(raw["id"]).replace("_", "").isalnum():
        faults.append(Fault("id", "holds other than letters, digits and _. Rename it."))
    if faults:
        raise InputError(file.name, faults)
    return Question(raw["id"], raw["name"], tuple(steps.values()), str(raw.get("note", "")))


def read_steps(raw: Any, knowledge: Knowledge, faults: list[Fault]) -> Iterator[tuple[str, Step]]:
    """Each step; those with one id are ways to pass it, and come as one."""
    found: dict[str, Step] = {}
    if not isinstance(raw, list) or not raw:
        faults.append(Fault("step", "is missing. Write at least one [[step]]."))
        return
    for place, each in enumerate(raw, 1):
        where = f"step {place}"
        if not isinstance(each, dict) or not isinstance(each.get("id"), str):
            faults.append(Fault(where, "needs an id. Write id = a word."))
            continue
        faults += [
            Fault(where, f"{key} is no key here; use {', '.join(STEP_KEYS)}.") for key in each if key not in STEP_KEYS
        ]
        way = read_way(each, knowledge, where, faults)
        earlier = found.get(each["id"])
        text = str(each.get("text", earlier.text if earlier else each["id"].replace("_", " ")))
        ways = (*(earlier.ways if earlier else ()), way)
        found[each["id"]] = Step(
            each["id"], text, ways, each.get("excluded", earlier.excluded if earlier else False) is True
        )
    yield from found.items()


def read_way(each: Mapping[str, Any], knowledge: Knowledge, where: str, faults: list[Fault]) -> Way:
    treatments = each.get("contraindicated", [])
    when = each.get("when", {})
    try:
        if not isinstance(when, dict) or not isinstance(treatments, list):
            raise ValueError("when is a table of conditions, and contraindicated a list of treatments.")
        if strange := [str(name) for name in treatments if name not in knowledge.treatments]:
            raise ValueError(f"no treatment is called {', '.join(strange)}.")
        stages = {system.id: system.order for system in knowledge.staging.values()}
        return Way(conditions(when, stages), tuple(treatments))
    except ValueError as wrong:
        faults.append(Fault(where, str(wrong)))
        return Way(())


def question_rules(question: Question, knowledge: Knowledge, given: Given) -> Iterator[Rule]:
    """The question as columns: each step, then the whole."""
    passed = []
    for step in question.steps:
        met = any_of([way_sql(way, knowledge, given) for way in step.ways])
        passed.append(f"NOT ({met})" if step.excluded else met)
        yield Rule(f"{question.address}#{step.id}", passed[-1], asked_by(step, knowledge))
    every = frozenset[str]().union(*(asked_by(step, knowledge) for step in question.steps))
    yield Rule(question.address, all_of(passed), every)


def way_sql(way: Way, knowledge: Knowledge, given: Given) -> str:
    held = row_sql(way.when, given)
    against = any_row_sql(contraindications(way, knowledge), given)
    return all_of([held, against]) if way.contraindicated else held


def contraindications(way: Way, knowledge: Knowledge) -> list[tuple[Condition, ...]]:
    return [
        rule.when
        for treatment in way.contraindicated
        for rule in knowledge.treatments[treatment].rule
        if rule.verdict == "contraindicated"
    ]


def asked_by(step: Step, knowledge: Knowledge) -> frozenset[str]:
    return asked([when for way in step.ways for when in (way.when, *contraindications(way, knowledge))])
