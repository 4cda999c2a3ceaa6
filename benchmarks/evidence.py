"""How long does the evidence take: pooled from nothing, kept, and inside a plan, against starting bare Python?

Run it with `make bench`. "From nothing" starts with an empty cache folder and pools every comparison, series and
network of all studies, certainty included; "kept" finds that in the cache. Absolute times belong to one machine; the
ratios to `python -c pass` of the same run travel. Nothing here is a test.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ONE_JOINT = ROOT / "examples" / "young_c2_hip.toml"
ROUNDS = 7
BASE = (
    "from osteon.evidence.base import evidence_base; from osteon.evidence.by_treatment import treatment_evidence; "
    "[evidence_base(level) for level in ('modality', 'intervention')]; treatment_evidence()"
)


def main() -> None:
    """Measure everything in turns and print the table."""
    runs: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        kept = str(Path(folder, "kept"))
        python(BASE, kept)
        for _ in range(ROUNDS):
            for name, measure in measures(folder, kept).items():
                runs.setdefault(name, []).append(measure())
    runs |= warm()
    yardstick = statistics.median(next(iter(runs.values())))
    print(f"{'':<44}{'median ms':>10}{'from':>8}{'to':>8}{'ratio':>8}")
    for name, seconds in runs.items():
        middle = statistics.median(seconds)
        print(
            f"{name:<44}{middle * 1e3:>10.1f}{min(seconds) * 1e3:>8.1f}{max(seconds) * 1e3:>8.1f}"
            f"{middle / yardstick:>8.1f}"
        )
    print(f"\n{ROUNDS} rounds; ratio to the first line of this run; Python {sys.version.split()[0]}")


def measures(folder: str, kept: str) -> dict[str, Callable[[], float]]:
    """What is started in a process of its own."""
    return {
        "python -c pass": lambda: python("pass", kept),
        "whole evidence base, from nothing": lambda: python(BASE, tempfile.mkdtemp(dir=folder)),
        "whole evidence base, kept": lambda: python(BASE, kept),
    }


def python(code: str, cache: str) -> float:
    """Seconds that a Python takes to run some code."""
    begin = time.perf_counter()
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-c", code], env=settings | {"XDG_CACHE_HOME": cache}, check=True)
    return time.perf_counter() - begin


def warm() -> dict[str, list[float]]:
    """Within one process that has planned before: a whole plan of one joint, and the parts of it that are new."""
    import osteon
    from osteon.knowledge import knowledge
    from osteon.planning.assume import assume
    from osteon.planning.outlook import course, outlook
    from osteon.planning.plan import facts_of
    from osteon.planning.relevant import relevant

    case = osteon.read_case(ONE_JOINT)
    osteon.plan(case)
    joint = case.joints[0]
    matters = relevant(knowledge(), joint.site)
    worlds, _ = assume(facts_of(joint), matters)
    untreated = course(worlds, knowledge())
    return {
        "plan of one joint, warm": timed(lambda: osteon.plan(case)),
        "plan of one joint with every forecast, warm": timed(
            lambda: [option.outlook for option in osteon.plan(case).joints[0].options]
        ),
        "  verdicts under every what-if": timed(lambda: assume(facts_of(joint), matters)),
        "  untreated course": timed(lambda: course(worlds, knowledge())),
        "  evidence and forecast of all treatments": timed(
            lambda: [outlook(each, replace(untreated, found={})) for each in matters.treatments]
        ),
    }


def timed(run: Callable[[], object]) -> list[float]:
    found = []
    for _ in range(5 * ROUNDS):
        begin = time.perf_counter()
        run()
        found.append(time.perf_counter() - begin)
    return found


if __name__ == "__main__":
    main()
