"""Who in this population? Every finding and every rule for each patient and joint of an export, as one table.

The work is cut into steps, each of which leaves its result in a folder beside the output; a run that was cut off goes
on with the step it was at, and gives the same table as an undisturbed one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from hashlib import sha256
from math import ceil
from pathlib import Path

from osteon.case.vocabulary import vocabulary
from osteon.cohort.columns import result_columns
from osteon.cohort.engines import Engine, engine_of
from osteon.cohort.facts_sql import JOINT, OTHERS, PERSON, facts_sql, joints_sql, others_sql, own_sql
from osteon.cohort.follows_sql import CONTRADICTORY, calculated, needed_for, reachable
from osteon.cohort.questions import Question, question_rules, read_question, ready_made
from osteon.cohort.records_sql import (
    DIAGNOSIS,
    Asked,
    answers_sql,
    asked_of,
    code_tables,
    people_sql,
    person_table,
    place_table,
    readings_sql,
)
from osteon.cohort.rules_sql import Given, Rule, all_rules, given_of, stage_sql, stages_given, verdict_sql
from osteon.cohort.settle import Facts, consistent_facts, derived_facts, settle
from osteon.cohort.sources import Export, find_export
from osteon.cohort.sql import name, word
from osteon.cohort.stated_sql import STATED, STATING, names_finding, spoken, stated_sql, stating_shape
from osteon.cohort.tables import all_codings_sql, medication_codings_sql, patients_sql, records_sql, shape_of
from osteon.errors import Fault, InputError
from osteon.fhir.mapping import mapping
from osteon.knowledge import Knowledge
from osteon.knowledge import knowledge as all_knowledge
from osteon.version import __version__
from osteon.whole_file import write_whole

PEOPLE_AT_ONCE = (
    100_000  # patients of one step: few enough for the memory, many enough that planning queries costs little
)
MEMORY = "4GB"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Screening:
    """One finished screening: where its table is and what it could answer.

    `undecidable` maps each rule that asks for findings of which this export never tells to these findings: unless the
    rule has alternatives without them, no patient can pass it. `absent` names the types of resource that the mapping
    reads and the export has not; `ignored` the files that were left aside, and why.
    """

    results: Path
    as_of: date
    knowledge: str
    patients: int
    rows: int
    contradictory: int
    rules: tuple[str, ...]
    undecidable: dict[str, tuple[str, ...]]
    absent: tuple[str, ...]
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """What one screening works with: where its steps are kept, what is asked of the export, and of the facts.

    `wanted` holds the rules as they were asked for; `spoken` the findings that the export states by name.
    """

    folder: Path
    export: Export
    asked: Asked
    knowledge: Knowledge
    inferred: bool
    progress: Progress
    wanted: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()
    given: Given = field(default_factory=dict)
    stated: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()

    @property
    def kinds(self) -> list[str]:
        return [kind for kind in self.asked.kinds if kind in self.export.kinds]

    def of(self, scope: str) -> list[str]:
        """The stated findings of the patient, or of joints."""
        return [each for each in self.stated if vocabulary()[each].scope == scope]

    def named(self, scope: str) -> list[str]:
        """Those of them that the export states by name."""
        return [each for each in self.of(scope) if each in self.spoken]


def screen(
    data: Path | Sequence[Path],
    out: Path,
    *,
    as_of: date,
    rules: Sequence[str] = (),
    engine: str = "duckdb",
    memory: str = MEMORY,
    threads: int = 0,
    own_mapping: Path | None = None,
    inferred: bool = True,
    progress: Progress = lambda _: None,
) -> Screening:
    """Every finding and rule for each patient and joint of a FHIR export, written as one Parquet file.

    Parameters
    ----------
    data
        Folders or files: NDJSON of one type of resource each (also packed), or Parquet with FHIR's elements as columns.
        Each resource stands once, in its current version, as in a full bulk export.
    out
        The Parquet file to write. One row a patient and joint; a patient without joint has one row. Findings are named
        as in the vocabulary, rules by their address, such as `treatments/alendronate#fits`; true, false or null
        (unknown). `stage.<system>` and `verdict/<treatment>` are words. What the screening rests on and could not
        answer stands beside it in a file that ends in `.json`. While work goes on, its steps lie in a folder
        of that name with `.work` at its end; a screening that was cut off goes on from there.
    as_of
        The day of assessment: age is worked out for it, and what is dated later does not count.
    rules
        Addresses or their beginnings (`trials`, `treatments/alendronate`), and TOML files with questions of one's own;
        everything that Osteon knows, if left out.
    engine
        `duckdb`, `local[*]` or `spark://host:port`.
    memory, threads
        For DuckDB: the most memory, such as "8GB", beyond which it uses the disk; 0 threads means all cores.
    own_mapping
        A mapping file in place of Osteon's (see `osteon.fhir.mapping`).
    inferred
        Whether to add what follows from the recorded findings by implications and formulas, as a plan does. A rule that
        asks what is written in the record, and no more, is answered without.
    progress
        Is told each step.

    Raises
    ------
    InputError
        When the export, the rules or the engine cannot be used. Nothing is left half-written.
    """
    places = [data] if isinstance(data, Path) else list(data)
    export, known, mapped = find_export(places), all_knowledge(), mapping(own_mapping)
    folder = out.with_name(out.name + ".work")
    work = prepared(Work(folder, export, asked_of(mapped, (), as_of), known, inferred, progress, tuple(rules)))
    open_work(folder, manifest(export, known, as_of, [*rules, str(inferred)], engine, own_mapping))
    try:
        with engine_of(engine, memory, threads, folder / "spill") as running:
            done = screened(work, running, out)
    except InputError:
        shutil.rmtree(folder)  # what came cannot be used: there is nothing to go on with
        raise
    told = {**asdict(done), "results": out.name, "as_of": as_of.isoformat()}
    write_whole(out.with_suffix(".json"), (json.dumps(told, indent=1) + "\n").encode(), 0o644)
    shutil.rmtree(folder)
    return done


def manifest(
    export: Export, known: Knowledge, as_of: date, rules: Sequence[str], engine: str, own_mapping: Path | None
) -> str:
    """What a screening rests on, as one text: where it is the same, the steps of an earlier run serve."""
    files = [Path(rule) for rule in rules if rule.endswith(".toml")] + ([own_mapping] if own_mapping else [])
    own = [sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()]
    told = [export.fingerprint(), known.version, __version__, as_of.isoformat(), list(rules), engine, own]
    return sha256(json.dumps(told).encode()).hexdigest()


def open_work(folder: Path, rests_on: str) -> None:
    """The folder of the steps, empty unless an earlier run of the very same screening left its own there."""
    told = folder / "manifest.txt"
    try:
        if not told.is_file() or told.read_text("utf-8") != rests_on:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            write_whole(told, rests_on.encode())
        shutil.rmtree(folder / "spill", ignore_errors=True)
    except OSError as wrong:
        reason = wrong.strerror or type(wrong).__name__
        raise InputError(folder.name, [Fault("", f"cannot be written: {reason}. Name another --out.")]) from None


def prepared(work: Work, spoken: Sequence[str] = ()) -> Work:
    """The rules that are wanted, compiled over just the findings they need."""
    known, mapped, wanted = work.knowledge, work.asked.mapped, work.wanted
    questions = [*ready_made(known).values(), *(read_question(Path(w), known) for w in wanted if w.endswith(".toml"))]
    named = [w for w in wanted if not w.endswith(".toml")] + [
        q.address for q in questions if q.id not in ready_made(known)
    ]
    every = compiled(known, questions, {}, named if wanted else None)
    if not every:
        message = "names no rule. Use staging, treatments, guidelines, trials, advice, questions, or an address in one."
        raise InputError("--rules", [Fault(", ".join(wanted)[:200], message)])
    stages = {f"stage.{system.id}": system for system in known.staging.values()}
    asks = frozenset[str]().union(*(rule.asks for rule in every))
    asks |= {c.name for stage in asks & stages.keys() for when in stages[stage].tables for c in when}
    needed = (needed_for if work.inferred else set)(asks - stages.keys()) | {*PERSON, *JOINT, *OTHERS, DIAGNOSIS}
    needed |= set() if wanted else {*spoken, *(rule.finding for rule in mapped.rules)}
    asked = asked_of(mapped, needed, work.asked.as_of)
    recorded = dict.fromkeys(mapped.rules[i].finding for i in asked.rules)
    stated = tuple(dict.fromkeys((*PERSON, *recorded, *JOINT, *OTHERS, *(each for each in spoken if each in needed))))
    follows = reachable(stated) if work.inferred else given_of(stated)
    given = {finding: words for finding, words in follows.items() if finding in needed or finding in stated}
    rules = compiled(known, questions, {**given, **stages_given(known)}, named if wanted else None)
    return replace(work, asked=asked, given=given, stated=stated, spoken=tuple(spoken), rules=tuple(rules))


def compiled(known: Knowledge, questions: Sequence[Question], given: Given, wanted: Sequence[str] | None) -> list[Rule]:
    """The rules at the wanted addresses; all of them for None."""
    found = list(all_rules(known, given))
    found += [rule for question in questions for rule in question_rules(question, known, given)]
    return [rule for rule in found if wanted is None or any(is_under(rule.address, place) for place in wanted)]


def is_under(address: str, place: str) -> bool:
    return address == place or address.startswith((f"{place}/", f"{place}#"))


def screened(work: Work, engine: Engine, out: Path) -> Screening:
    """All steps, those of an earlier run left as they are."""
    open_export(work, engine)
    (people,) = engine.rows("SELECT count(*) FROM people")[0]
    buckets = max(1, ceil(people / PEOPLE_AT_ONCE))
    heard(work, engine, buckets)
    if named := spoken(engine):
        work = prepared(work, named)
    parts = work.folder / "parts"
    parts.mkdir(exist_ok=True)
    for bucket in range(buckets):
        part = parts / f"{bucket:05}.parquet"
        if not part.exists():
            work.progress(f"patients: part {bucket + 1} of {buckets}")
            answer_part(work, engine, bucket, buckets, part)
    return finished(work, engine, sorted(parts.glob("*.parquet")), out)


def open_export(work: Work, engine: Engine) -> None:
    """A flat table of each type of resource that is needed, and the table `people`."""
    mapped, export = work.asked.mapped, work.export
    for kind in sorted({*work.kinds, "Patient", "Medication", "Observation"} & set(export.kinds)):
        if kind in export.parquet:
            engine.open_parquet(kind, export.parquet[kind], shape_of(kind, mapped))
        else:
            work.progress(f"reading {kind}")
            engine.open_json(f"lines {kind}", export.text[kind], shape_of(kind, mapped))
            engine.keep(kind, f"SELECT * FROM {name(f'lines {kind}')} WHERE resourceType = {word(kind)}")
    if "Medication" in export.kinds:
        engine.keep("medication codings", medication_codings_sql(engine))
    if "Patient" in export.kinds:
        person_table(work.asked, engine)
        engine.keep("people", people_sql(engine))
    else:
        named = " UNION ".join(patients_sql(kind, mapped) for kind in work.kinds) or NOBODY
        empty = ", ".join(f"CAST(NULL AS DOUBLE) AS {name(c)}" for c in PERSON_RANGES)
        engine.keep("people", f"SELECT patient, {empty}, CAST(NULL AS BIGINT) AS sex FROM ({named}) AS t")


def heard(work: Work, engine: Engine, buckets: int) -> None:
    """What all resources say, written once into the work folder: the tables `answers`, `readings` and `places`."""
    medications = "Medication" in work.export.kinds
    codings = {kind: all_codings_sql(kind, work.asked.mapped, engine, medications) for kind in work.kinds}
    codes = code_tables(work.asked, codings, engine)
    for kind in work.kinds:
        flat = records_sql(kind, work.asked.mapped, codes[kind], engine, medications)
        engine.view(f"records {kind}", flat)
    said = {
        "answers": [sql for kind in work.kinds for sql in answers_sql(work.asked, kind, engine)],
        "readings": readings_sql(work.asked) if "Observation" in work.kinds else [],
        "statements": [stated_sql(work.asked, kind, engine) for kind in open_stating(work, engine)],
    }
    for table, sqls in said.items():
        folder = work.folder / table
        if not folder.exists():
            work.progress(f"collecting {table}")
            unfinished = work.folder / f"{table}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            engine.write(" UNION ALL ".join(sqls or [EMPTY[table]]), unfinished, buckets)
            unfinished.replace(folder)
        open_said(engine, table, list((work.folder / table).glob("bucket=*")))
    diagnoses = engine.rows("SELECT DISTINCT place FROM answers WHERE place IS NOT NULL")
    place_table(sorted(place for (place,) in diagnoses), work.asked, engine)


def open_stating(work: Work, engine: Engine) -> list[str]:
    """The types of resource that state findings by name in this export, each opened as the view `stating <type>`."""
    found = [kind for kind in STATING if kind in work.export.kinds]
    own = f"SELECT 1 FROM {name('Observation')} WHERE {names_finding(work.asked, engine)} LIMIT 1"
    if "Observation" in found and not engine.rows(own):
        found.remove("Observation")
    for kind in found:
        view, shape = f"stating {kind}", stating_shape(kind)
        if kind in work.export.parquet:
            engine.open_parquet(view, work.export.parquet[kind], shape)
        else:
            engine.open_json(view, work.export.text[kind], shape)
    return found


def open_said(engine: Engine, table: str, folders: Sequence[Path]) -> None:
    if folders:
        engine.open_parquet(table, folders)
    else:
        engine.view(table, EMPTY[table])


EMPTY = {
    "answers": "SELECT CAST(NULL AS STRING) AS patient, 0 AS finding, 0 AS answer, "
    "CAST(NULL AS STRING) AS place WHERE FALSE",
    "readings": "SELECT CAST(NULL AS STRING) AS patient, 0 AS finding, CAST(0 AS BIGINT) AS instant, "
    "CAST(NULL AS DOUBLE) AS low, CAST(NULL AS DOUBLE) AS high WHERE FALSE",
    "statements": "SELECT CAST(NULL AS STRING) AS patient, CAST(0 AS BIGINT) AS instant, "
    + ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in STATED)
    + " WHERE FALSE",
}
NOBODY = "SELECT CAST(NULL AS STRING) AS patient WHERE FALSE"
PERSON_RANGES = ("age_years_low", "age_years_high", "birth_date_low", "birth_date_high")


def answer_part(work: Work, engine: Engine, bucket: int, buckets: int, part: Path) -> None:
    """The results of one bucket of patients, written as one file."""
    for table in EMPTY:
        folder = work.folder / table / f"bucket={bucket}"
        open_said(engine, table, [folder] if folder.exists() else [])
    people = f"SELECT * FROM people WHERE {engine.bucket('patient', buckets)} = {bucket}"
    engine.keep("facts", facts_sql(work.asked, work.export.kinds, people, work.named("patient")))
    in_facts = [each for each in work.of("patient") if each not in OTHERS or each in work.spoken]
    engine.keep("joints", joints_sql(in_facts, work.named("joint")))
    every = "joints"
    engine.keep("own", own_sql(work.of("joint")))
    if engine.rows("SELECT 1 FROM own LIMIT 1"):
        own = settled(work, engine, "own", tuple(work.of("joint")), derived_facts, ("imaged",))
        every = "with others"
        engine.keep(every, others_sql(own, work.stated))
    whole = settled(work, engine, every, work.stated, consistent_facts)
    unfinished = part.with_suffix(".unfinished")
    engine.write_file(results_sql(work, whole), unfinished)
    unfinished.replace(part)


def settled(
    work: Work, engine: Engine, source: str, stated: tuple[str, ...], by_hand: Facts, kept: Sequence[str] = ()
) -> str:
    """The name of a table with everything that follows from the facts in `source`, if that is wanted."""
    known = reachable(stated) if work.inferred else stated
    given = {each: legal for each, legal in work.given.items() if each in known}
    return settle(engine, source, given, stated, ("patient", *kept), by_hand if work.inferred else None)


def results_sql(work: Work, settled: str) -> str:
    """The columns of the results: findings, stages, rules and verdicts."""
    given = {**work.given, **stages_given(work.knowledge)}
    asks = frozenset[str]().union(*(rule.asks for rule in work.rules)) | {
        f"stage.{rule.address.split('/')[1].split('#')[0]}"
        for rule in work.rules
        if rule.address.startswith("staging/")
    }
    systems = [system for system in work.knowledge.staging.values() if f"stage.{system.id}" in asks]
    stages = ", ".join(f"{stage_sql(each, work.given)} AS {name(f'stage.{each.id}')}" for each in systems)
    staged = (
        f"SELECT *{', ' if stages else ''}{stages} FROM (SELECT * FROM {settled} ORDER BY patient, site, side) AS o"
    )
    ruled = ", ".join(f"{rule.sql} AS {name(rule.address)}" for rule in work.rules)
    inner = f"SELECT *, {ruled} FROM ({staged}) AS staged"
    shown = {**work.given, **{f"stage.{each.id}": given[f"stage.{each.id}"] for each in systems}}
    columns = [
        name("patient"),
        *(f"{sql} AS {name(column)}" for column, sql in result_columns(shown, calculated(work.given, work.stated))),
    ]
    columns += [name(CONTRADICTORY), *(name(rule.address) for rule in work.rules)]
    addresses = {rule.address for rule in work.rules}
    columns += [
        f"{verdict_sql(treatment, given)} AS {name(f'verdict/{treatment.id}')}"
        for treatment in work.knowledge.treatments.values()
        if all(f"treatments/{treatment.id}#{rule.id}" in addresses for rule in treatment.rule)
    ]
    return f"SELECT {', '.join(columns)} FROM ({inner}) AS ruled"


def finished(work: Work, engine: Engine, parts: Sequence[Path], out: Path) -> Screening:
    """The parts as one file, and what was found on the way."""
    work.progress("writing the results")
    engine.open_parquet("results", parts)
    counts = "count(DISTINCT patient), count(*), sum(CASE WHEN contradictory THEN 1 ELSE 0 END)"
    ((patients, rows, contradictory),) = engine.rows(f"SELECT {counts} FROM results")
    if len(parts) > 1:
        engine.write_file("SELECT * FROM results", work.folder / "whole.unfinished")
    (work.folder / "whole.unfinished" if len(parts) > 1 else parts[0]).replace(out)
    given = work.given.keys() | {f"stage.{system}" for system in work.knowledge.staging}
    told = (given & told_findings(work)) | {f"stage.{system}" for system in work.knowledge.staging}
    return Screening(
        out,
        work.asked.as_of,
        work.knowledge.version,
        patients,
        rows,
        contradictory or 0,
        tuple(rule.address for rule in work.rules),
        {rule.address: missing for rule in work.rules if (missing := tuple(sorted(rule.asks - told)))},
        tuple(sorted(set(work.asked.kinds) - set(work.export.kinds))),
        work.export.ignored,
    )


def told_findings(work: Work) -> set[str]:
    """The findings that this export can tell of, and what may follow from them."""
    rules = [work.asked.mapped.rules[i] for i in work.asked.rules]
    told = {rule.finding for rule in rules if rule.resource in work.export.kinds}
    told |= {*PERSON, *JOINT, *OTHERS, *work.spoken}
    return set(reachable(told)) if work.inferred else told
