"""How long does a clinician wait for the first answer, measured against starting bare Python in the same run?

Run it with `make bench`. Absolute times belong to one machine; the ratios travel. "Fresh" starts without the compiled
knowledge that Osteon keeps in the user's cache folder, "kept" finds it there. "Again in one process" calls the same
command in a Python that has already answered once, as a service would. Nothing here is a test: no time limit passes or
fails.
"""

import contextlib
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CASE = ROOT / "examples" / "demo_hip.toml"
ONE_JOINT = ROOT / "examples" / "crescent_hip.toml"
OSTEON = Path(sys.executable).with_name("osteon")
ROUNDS = 15


@dataclass(frozen=True)
class Run:
    """One measured run."""

    seconds: float
    peak_mib: float | None


def main() -> None:
    """Measure everything in turns, so that a slow moment of the machine falls on all alike, and print the table."""
    runs: dict[str, list[Run]] = {}
    with tempfile.TemporaryDirectory() as folder:
        measures = commands(Path(folder))
        for measure in measures.values():
            measure()
        for _ in range(ROUNDS):
            for name, measure in measures.items():
                runs.setdefault(name, []).append(measure())
        page = Path(folder, "report.html")
        runs["osteon plan --report, kept"] = [
            process([str(OSTEON), "plan", str(CASE), "--report", str(page)], kept_cache(Path(folder)))
            for _ in range(ROUNDS)
        ]
    runs["plan again in one process"] = in_process(ROUNDS)
    runs["plan() alone, one joint"] = warm_plans(ROUNDS)
    print(table(runs))


def commands(folder: Path) -> dict[str, Callable[[], Run]]:
    """What is started, by the name it has in the table; the first is the yardstick."""
    plan = [str(OSTEON), "plan", str(CASE)]
    return {
        "python -c pass": lambda: process([sys.executable, "-c", "pass"], {}),
        "osteon --help": lambda: process([str(OSTEON), "--help"], kept_cache(folder)),
        "osteon plan, fresh": lambda: process(plan, fresh_cache(folder)),
        "osteon plan, kept": lambda: process(plan, kept_cache(folder)),
    }


def kept_cache(folder: Path) -> dict[str, str]:
    """A cache folder that every run shares."""
    return {"XDG_CACHE_HOME": str(folder / "kept")}


def fresh_cache(folder: Path) -> dict[str, str]:
    """A cache folder that no run has used."""
    return {"XDG_CACHE_HOME": tempfile.mkdtemp(dir=folder)}


def process(command: list[str], settings: Mapping[str, str]) -> Run:
    """One run of a command in a process of its own, with the most memory it held."""
    begin = time.perf_counter()
    child = subprocess.Popen(
        command, env=environment(settings), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert child.stderr is not None
    complaint = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stderr.close()
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {child.returncode}:\n{complaint}")
    # Linux counts ru_maxrss in KiB, macOS in bytes.
    return Run(seconds, usage.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024))


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """As a user's: Python may keep its compiled modules, as it does for every installed package."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {**settings}


def in_process(rounds: int) -> list[Run]:
    """Runs of `osteon plan` in this process, after a first one that is not counted."""
    from osteon.cli import main as osteon

    def once() -> Run:
        sys.argv = ["osteon", "plan", str(CASE)]
        begin = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
            osteon()
        return Run(time.perf_counter() - begin, None)

    once()
    return [once() for _ in range(rounds)]


def warm_plans(rounds: int) -> list[Run]:
    """Plans of one joint that was read already, in a process that has planned before: the best of ten, each time."""
    import osteon

    case = osteon.read_case(ONE_JOINT)
    osteon.plan(case)

    def once() -> float:
        begin = time.perf_counter()
        osteon.plan(case)
        return time.perf_counter() - begin

    return [Run(min(once() for _ in range(10)), None) for _ in range(rounds)]


def table(runs: Mapping[str, list[Run]]) -> str:
    """One line per command: median and range in milliseconds, the ratio of medians, the largest memory."""
    medians = {name: statistics.median(run.seconds for run in measured) for name, measured in runs.items()}
    yardstick = next(iter(medians.values()))
    lines = [f"{'':<28}{'median ms':>10}{'from':>8}{'to':>8}{'ratio':>8}{'peak MiB':>10}"]
    for name, measured in runs.items():
        seconds = [run.seconds for run in measured]
        peaks = [run.peak_mib for run in measured if run.peak_mib is not None]
        lines.append(
            f"{name:<28}{medians[name] * 1000:>10.1f}{min(seconds) * 1000:>8.1f}{max(seconds) * 1000:>8.1f}"
            f"{medians[name] / yardstick:>8.1f}{max(peaks) if peaks else float('nan'):>10.1f}".replace("nan", "  -")
        )
    method = f"{ROUNDS} rounds; ratio to the first line of this run; Python {sys.version.split()[0]}"
    return "\n".join([*lines, "", method])


if __name__ == "__main__":
    main()
