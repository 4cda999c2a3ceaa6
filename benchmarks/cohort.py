"""How many patients a second does a cohort rule answer, and how does answering every rule grow with the population?

Run it with `OSTEON_TEST_DATA` naming a folder that holds `fhir/synthea2019` (312 synthetic patients, replicated):

    python benchmarks/cohort.py [--patients 3120,31200] [--cql FOLDER]
    python benchmarks/cohort.py --copies 0 --patients 1000000     (all rules only; OSTEON_BENCH_DIR names a roomy disk)

First the rule of six criteria that the reference engine cql-execution answered, from NDJSON and from Parquet; the
answers are compared with the engine's, patient by patient. `--cql` names a folder in which
`npm install cql-execution cql-exec-fhir @cqframework/cql` was run, to measure it in the same run; without it the ratio
is to 24.1 patients a second, which was measured once in another run (two shared cores), and is marked so. Then all
rules on growing populations, each in a process of its own, with the most memory it held. Nothing here is a test: no
time limit passes or fails.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from osteon.cohort import screen
from osteon.cohort.engines import Duck
from osteon.cohort.sql import name
from osteon.cohort.tables import shape_of
from osteon.fhir.mapping import mapping

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "tests" / "fhir" / "read"
RECORDED_CQL = 24.1  # patients a second: cql-execution 3.3.2 on the same kind of patients, not measured in this run
ROUNDS = 3
KINDS = ("Patient", "Condition", "MedicationRequest", "Observation", "Procedure", "AllergyIntolerance", "Encounter")


def main() -> None:
    """Measure everything and print one table after the other."""
    options = argparse.ArgumentParser()
    options.add_argument("--patients", default="3120,31200", help="sizes of the populations for all rules")
    options.add_argument(
        "--copies", type=int, default=32, help="how often the patients are replicated for the one rule; 0: not"
    )
    options.add_argument("--cql", help="folder with cql-execution")
    options.add_argument("--one", nargs=2, help="(used by the benchmark itself) screen a folder into a file")
    chosen = options.parse_args()
    if chosen.one:
        one(Path(chosen.one[0]), Path(chosen.one[1]))
        return
    data = Path(os.environ["OSTEON_TEST_DATA"], "fhir", "synthea2019")
    with tempfile.TemporaryDirectory(dir=os.environ.get("OSTEON_BENCH_DIR")) as folder:
        print(load())
        if chosen.copies:
            cql = reference_speed(chosen.cql, data)
            rule_speed(data, Path(folder), chosen.copies, cql, measured=chosen.cql is not None)
        growth(data, Path(folder), [int(each) for each in chosen.patients.split(",") if each])
        print(load())


def load() -> str:
    """What else the machine was doing."""
    return f"{os.cpu_count()} cores; load average {', '.join(f'{each:.1f}' for each in os.getloadavg())}"


def reference_speed(folder: str | None, data: Path) -> float:
    """Patients a second of cql-execution, reading and asking, without translating the rule: measured now, if there."""
    if folder is None:
        return RECORDED_CQL
    shutil.copy(Path(__file__).with_name("cohort_cql.js"), Path(folder, "rule.js"))
    ran = subprocess.run(["node", "rule.js", str(data)], cwd=folder, check=True, capture_output=True, text=True)
    lines = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    wanted = [json.loads(line) for line in (data / "cql_reference.ndjson").read_text().splitlines()]
    wrong = sum(answer not in wanted for answer in lines[:-1])
    print(f"cql-execution: {len(lines) - 1} patients in {lines[-1]['seconds']:.1f} s, {wrong} answer otherwise")
    return (len(lines) - 1) / lines[-1]["seconds"]


def replicate(data: Path, folder: Path, copies: int, kinds: Sequence[str], form: str) -> Path:
    """The patients many times over, each time with other ids, as NDJSON or Parquet."""
    target = folder / f"{form}-{copies}"
    target.mkdir()
    engine = Duck("3GB", 2, folder / "spill")
    engine.run("SET preserve_insertion_order = false")  # else what is to be written piles up in memory
    for kind in kinds:
        shape = shape_of(kind, mapping())
        engine.open_json(kind, [data / f"{kind}.ndjson.gz"], shape)
        whom = next((each for each in ("subject", "patient") if each in shape), "")
        changed = "concat(id, '-', copy) AS id"
        changed += f", {{'reference': concat({whom}.reference, '-', copy)}} AS {whom}" if whom else ""
        source = f"SELECT * REPLACE ({changed}) FROM {name(kind)}, range({copies}) AS c(copy)"
        how = "json" if form == "ndjson" else "parquet, COMPRESSION zstd"
        rows = source.replace("SELECT *", "SELECT * EXCLUDE (copy)")
        engine.run(f"COPY ({rows}) TO '{target / kind}.{form}' (FORMAT {how})")
    engine.close()
    return target


def rule_speed(data: Path, folder: Path, copies: int, cql: float, measured: bool) -> None:
    """The rule of six criteria from NDJSON and from Parquet, and whether the answers are those of the reference."""
    rule = folder / "cql_reference.toml"
    wanted = tomllib.loads((REFERENCE / "eligibility.toml").read_text())["cql_reference"]
    steps = [
        f'[[step]]\nid = "{step}"\nwhen = {json.dumps(when).replace(":", " =")}\n' for step, when in wanted.items()
    ]
    rule.write_text('id = "cql_reference"\nname = "Who is eligible?"\n' + "".join(steps))
    print(
        f"\none rule of six criteria; ratio to cql-execution at {cql:.1f} patients/s "
        f"({'this run' if measured else 'recorded in another run'})"
    )
    for form, times in (("ndjson", copies), ("parquet", copies), ("parquet", 10 * copies)):
        export = replicate(data, folder, times, ("Patient", "Condition", "MedicationRequest", "Observation"), form)
        seconds, cpu = [], []
        for _ in range(ROUNDS):
            begin, used = time.perf_counter(), time.process_time()
            done = screen(export, folder / "rule.parquet", as_of=date(2020, 1, 1), rules=[str(rule)],
                          own_mapping=REFERENCE / "cql_reference.toml", inferred=False)  # fmt: skip
            seconds.append(time.perf_counter() - begin)
            cpu.append(time.process_time() - used)
        best, middle = (done.patients / each for each in (min(seconds), statistics.median(seconds)))
        print(
            f"{form:<8}{done.patients:>8} patients, median {middle:>8.0f} patients/s, best {best:>8.0f}; "
            f"{middle / cql:>6.0f} and {best / cql:>6.0f} times; {min(cpu):.2f} CPU s; "
            f"{differing(done.results, data)} answers differ"
        )


def differing(results: Path, data: Path) -> int:
    """How many of the answers, patient by patient, are not those of the reference engine."""
    lines = [json.loads(line) for line in (data / "cql_reference.ndjson").read_text().splitlines()]
    wanted = {line["patient"]: [line[f"C{i}"] for i in range(1, 7)] + [line["Eligible"]] for line in lines}
    engine = Duck("1GB", 1, results.parent / "spill")
    engine.open_parquet("results", [results])
    columns = [f"questions/cql_reference#C{i}" for i in range(1, 7)] + ["questions/cql_reference"]
    rows = engine.rows(f"SELECT patient, {', '.join(map(name, columns))} FROM results")
    engine.close()
    return sum(
        given is not right
        for patient, *answers in rows
        for given, right in zip(answers, wanted[patient.rpartition("-")[0]], strict=True)
    )


def growth(data: Path, folder: Path, sizes: Sequence[int]) -> None:
    """All rules on growing populations: seconds, patients a second and the most memory."""
    print("\nall rules from Parquet, each size in its own process")
    for size in sizes:
        export = replicate(data, folder, -(-size // 312), KINDS, "parquet")
        command = [sys.executable, __file__, "--one", str(export), str(folder / "all.parquet")]
        print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip(), flush=True)
        for file in export.iterdir():
            file.unlink()
        export.rmdir()


def one(export: Path, out: Path) -> None:
    """One screening with all rules, and what it took."""
    begin = time.perf_counter()
    done = screen(export, out, as_of=date(2020, 1, 1), threads=2)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**3 if sys.platform == "darwin" else 1024**2)
    print(
        f"{done.patients:>9} patients {len(done.rules)} rules {seconds:>8.1f} s "
        f"{done.patients / seconds:>8.0f} patients/s {peak:>6.2f} GiB at most, "
        f"results {out.stat().st_size / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    main()
