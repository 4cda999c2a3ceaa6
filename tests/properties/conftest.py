"""Joints drawn at random: consistent findings, each narrowing what is known, for any bone that Osteon stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from osteon.case.conditions import Condition
from osteon.case.derive import implications, settle
from osteon.case.parse import FORMATS, parse
from osteon.case.possible import Interval, Possible
from osteon.case.read import read_case
from osteon.case.vocabulary import vocabulary
from osteon.knowledge import knowledge
from osteon.knowledge.cells import values
from osteon.planning import Plan, plan
from osteon.report.plan_json import as_dict

EXAMPLES = sorted(path for path in (Path(__file__).parents[2] / "examples").iterdir() if path.is_file())
STAGED = ("femoral_head", "humeral_head", "knee", "talus", "lunate", "scaphoid")


@dataclass(frozen=True)
class Drawn:
    """A joint with some findings: `stated` as they were added one by one, `facts` with all that follows."""

    site: str
    stated: tuple[tuple[str, Possible], ...]
    facts: Mapping[str, Possible]


@cache
def asked(site: str) -> Mapping[str, tuple[Interval, ...]]:
    """Findings that the tables of one bone read, or that bear on those, with the bounds at which they are cut."""
    conditions = [
        c for system in knowledge().staging.values() if site in system.sites for t in system.tables for c in t
    ]
    names = {condition.name for condition in conditions}
    clauses = [(*clause.when, clause.then) for clause in implications()]
    conditions += [c for clause in clauses if names & {c.name for c in clause} for c in clause]
    found: dict[str, set[Interval]] = {c.name: set() for c in conditions if site in vocabulary()[c.name].sites}
    for condition in conditions:
        if isinstance(condition.accepted, Interval) and condition.name in found:
            found[condition.name].add(condition.accepted)
    return {name: tuple(sorted(found[name], key=lambda i: (i.low, i.high))) for name in sorted(found)}


@st.composite
def draw_joint(draw: st.DrawFn) -> Drawn:
    """A bone, then one finding after the other; a value that would contradict the others is passed over."""
    site = draw(st.sampled_from(STAGED))
    facts: dict[str, Possible] = {"site": frozenset({site})}
    stated = []
    for name in draw(st.lists(st.sampled_from(list(asked(site))), max_size=10, unique=True)):
        open_values = values(vocabulary()[name], asked(site)[name], facts.get(name))
        possible = draw(st.sampled_from(open_values))
        narrower = {**facts, name: possible}
        if all(step.possible is not None for step in settle(narrower, [name])):
            facts = narrower
            stated.append((name, possible))
    return Drawn(site, tuple(stated), facts)


@st.composite
def draw_row(draw: st.DrawFn) -> tuple[Condition, ...]:
    """Conditions as they stand in some row of the knowledge, in any mixture."""
    return tuple(draw(st.lists(st.sampled_from(all_conditions()), max_size=6)))


@cache
def all_conditions() -> list[Condition]:
    rows = [rule.when for treatment in knowledge().treatments.values() for rule in treatment.rule]
    found = {c for row in rows for c in row if not c.name.startswith("stage.")}
    return sorted(found, key=lambda condition: condition.text)


@pytest.fixture(scope="session")
def joints() -> st.SearchStrategy[Drawn]:
    return draw_joint()


@pytest.fixture(scope="session")
def rows() -> st.SearchStrategy[tuple[Condition, ...]]:
    return draw_row()


@pytest.fixture(scope="session")
def closed() -> Callable[..., dict[str, Possible]]:
    """Facts with everything that follows from them, when they become known in this order."""

    def close(stated: tuple[tuple[str, Possible], ...]) -> dict[str, Possible]:
        facts = dict(stated)
        settle(facts, [name for name, _ in stated])
        return facts

    return close


@pytest.fixture(scope="session")
def as_case() -> Callable[[Drawn], dict[str, Any]]:
    """The case file of a drawn joint and its mirror image's neighbour: a left one, with what was stated."""

    def write(drawn: Drawn) -> dict[str, Any]:
        tables: dict[str, dict[str, Any]] = {"patient": {}, "joint": {"site": drawn.site, "side": "left"}}
        for name, possible in drawn.stated:
            tables[vocabulary()[name].scope] |= {} if name in ("site", "side") else {name: stated(possible)}
        return {"patient": tables["patient"], "joint": [tables["joint"]]}

    return write


def stated(possible: Possible) -> Any:
    """A value as a case file states it."""
    if isinstance(possible, Interval):
        return {"low": possible.low, "high": possible.high}
    assert isinstance(possible, frozenset)
    return next(iter(possible))


@pytest.fixture(scope="session")
def planned() -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """The plan of a raw case as plain data."""
    return lambda raw: as_dict(plan(read_case(raw)))


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem)
def example_file(request: pytest.FixtureRequest) -> Path:
    """One example file."""
    return Path(request.param)


@pytest.fixture
def example(example_file: Path) -> dict[str, Any]:
    """The raw content of one example file, with dates as text."""
    return plain(raw_of(example_file))


@pytest.fixture
def example_plan(example_file: Path) -> Plan:
    """The plan of one example file, made once for all tests."""
    return plan_of(example_file)


@cache
def plan_of(path: Path) -> Plan:
    return plan(read_case(plain(raw_of(path))))


def raw_of(path: Path) -> Mapping[str, Any]:
    return parse(path.read_text(encoding="utf-8"), FORMATS[path.suffix], path.name)


def plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value
