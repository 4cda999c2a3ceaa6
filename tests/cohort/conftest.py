"""What the tests of cohorts share: patients with known answers, a local Spark, and rules drawn at random."""

from __future__ import annotations

import json
import tomllib
import warnings
from pathlib import Path

import pytest

from osteon.case.answer import Answer
from osteon.case.possible import Interval, Items
from osteon.case.vocabulary import vocabulary
from osteon.cohort.engines import Duck, Spark
from osteon.cohort.settle import cells as cells_of
from osteon.cohort.sql import column_type, columns
from osteon.knowledge import knowledge
from osteon.knowledge.table import worlds_of
from osteon.planning.options import judge
from osteon.planning.others import eligibility as trial_eligibility
from osteon.planning.relevant import relevant
from osteon.staging import with_stages

TRUTH = {Answer.YES: True, Answer.NO: False, Answer.UNKNOWN: None}
REFERENCE = Path(__file__).parents[1] / "fhir" / "read"
ELIGIBILITY = tomllib.loads((REFERENCE / "eligibility.toml").read_text())


@pytest.fixture
def duck(tmp_path):
    engine = Duck("1GB", 1, tmp_path / "spill")
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def spark():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Spark warns of its own libraries
        engine = Spark("local[2]")
        yield engine
        engine.close()


@pytest.fixture(scope="session")
def eligibility(tmp_path_factory):
    """The rule of a reference set as a question of one's own; its whole is the patient's eligibility."""

    def written(name: str) -> Path:
        steps = [f'[[step]]\nid = "{step}"\nwhen = {toml(when)}\n' for step, when in ELIGIBILITY[name].items()]
        file = tmp_path_factory.mktemp("rules") / f"{name}.toml"
        file.write_text(f'id = "{name}"\nname = "Who is eligible?"\n' + "".join(steps))
        return file

    return written


def toml(when: dict) -> str:
    """One condition as a TOML table on one line."""
    return json.dumps(when).replace(":", " =")


def jsonl(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def random_fact(rng, definition):
    """A value that one finding may have: exact or partly known."""
    if definition.kind == "yes_no":
        return frozenset({rng.random() < 0.5})
    if definition.kind == "items":
        return Items(frozenset(rng.sample(list(definition.choices), rng.randint(0, 3))))
    if definition.kind == "choice":
        legal = list(definition.choices)
        return frozenset(rng.sample(legal, 1 if rng.random() < 0.6 else rng.randint(1, len(legal))))
    if definition.kind == "date":
        day = float(rng.randint(700_000, 740_000))
        return Interval(day, day)
    low = min(max(rng.choice([definition.low, 0, 1, 2, 18, 60, rng.uniform(0, 200)]), definition.low), definition.high)
    return Interval(float(low), float(min(definition.high, low + rng.choice([0, 0, 0.5, 5]))))


def cells(facts, findings):
    """One row of a table of facts, in the order of `findings`."""
    return [cell for finding in findings for cell in cells_of(facts.get(finding), finding)]


def fact_table(engine, table, findings, rows):
    """A table of facts with a number for each row."""
    shape = [("id", "INTEGER"), *((c, column_type(f)) for f in findings for c in columns(f))]
    engine.literal_table(table, shape, [[i, *cells(row, findings)] for i, row in enumerate(rows)])


def any_findings(rng, count):
    return rng.sample(list(vocabulary()), count)


def dict_rows(results):
    engine = Duck("1GB", 1, results.parent / "spill")
    engine.open_parquet("results", [results])
    columns = [row[0] for row in engine.rows("DESCRIBE SELECT * FROM results")]
    rows = [dict(zip(columns, row, strict=True)) for row in engine.rows("SELECT * FROM results")]
    engine.close()
    return {(row["patient"], row["site"], row["side"]): row for row in rows}


def python_answers(case, site, side):
    """Every rule of the records for this joint's bone, by the evaluator that makes plans."""
    known = next((j.findings for j in case.joints if (j.site, j.side) == (site, side)), case.patient)
    matters = relevant(knowledge(), site or "other_bone")
    facts = {each: finding.possible for each, finding in known.items()}
    worlds = with_stages(worlds_of(facts), matters.systems if site else ())
    for treatment in matters.treatments:
        yield f"verdict/{treatment.id}", judge(treatment, worlds).verdict
        for rule in treatment.rule:
            yield f"treatments/{treatment.id}#{rule.id}", TRUTH[worlds.all_hold(rule.when).of(0)]
    for guideline in matters.guidelines:
        for position in guideline.position:
            yield f"guidelines/{guideline.id}#{position.id}", TRUTH[worlds.all_hold(position.when).of(0)]
    for trial in matters.trials:
        answer = trial_eligibility(trial, worlds, {}).answer
        yield f"trials/{trial.id}", {"no": False, "unknown": None}.get(answer, True)
    for advice in matters.advice:
        for rule in advice.rule:
            yield f"advice/{advice.id}#{rule.id}", TRUTH[worlds.all_hold(rule.when).of(0)]
