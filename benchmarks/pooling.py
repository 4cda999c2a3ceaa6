"""How long does a pool of thirteen studies take, against PyMARE and statsmodels on the same data in the same run?

Run it with `python benchmarks/pooling.py`. Every program starts from the effects and variances of `gibson2002`; Osteon
also from the means. statsmodels has no REML, so it is timed with the iterated (Paule-Mandel) and the one-step
(DerSimonian-Laird) estimate. Absolute times belong to one machine; the ratios travel. Nothing here is a test.
"""

import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from pymare import Dataset
from pymare.estimators import VarianceBasedLikelihoodEstimator
from statsmodels.stats.meta_analysis import combine_effects

from osteon.evidence.data import Estimate
from osteon.evidence.data_file import read_rows
from osteon.evidence.effects import study_effects
from osteon.evidence.pool import pool

DATA = Path(__file__).resolve().parents[1] / "validation" / "data" / "gibson2002.csv"
ROUNDS = 100
IMPORTS = ("pimeta", "pymare", "statsmodels.stats.meta_analysis")


def main() -> None:
    """Measure all programs in turns, so that a slow moment of the machine falls on all alike, and print the table."""
    measures = programs()
    seconds: dict[str, list[float]] = {name: [] for name in measures}
    for measure in measures.values():
        measure()
    for _ in range(ROUNDS):
        for name, measure in measures.items():
            begin = time.perf_counter()
            measure()
            seconds[name].append(time.perf_counter() - begin)
    print(table(seconds))
    print("\n".join(f"import {module:<34}{import_seconds(module):>8.2f} s" for module in IMPORTS))


def programs() -> dict[str, Callable[[], object]]:
    """What is timed, by the name it has in the table; the first is the yardstick."""
    rows = read_rows(DATA)
    effects, variances = study_effects(rows, "SMD")
    estimates = [Estimate(row.study, *pair) for row, *pair in zip(rows, effects, variances**0.5, strict=True)]
    dataset = Dataset(effects, variances)

    def pymare() -> object:
        return VarianceBasedLikelihoodEstimator(method="REML").fit_dataset(dataset).summary().get_fe_stats()

    def combined(method: str) -> object:
        return combine_effects(effects, variances, method_re=method, use_t=True).summary_frame()

    return {
        "Osteon, REML, from effects": lambda: pool(estimates, "SMD"),
        "Osteon, REML, from means": lambda: pool(rows, "SMD"),
        "PyMARE, REML": pymare,
        "statsmodels, Paule-Mandel": lambda: combined("iterated"),
        "statsmodels, DerSimonian-Laird": lambda: combined("chi2"),
    }


def import_seconds(module: str) -> float:
    """Median of three imports, each in a process of its own."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    command = [sys.executable, "-W", "ignore", "-c", code]
    return statistics.median(float(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(3))


def table(seconds: dict[str, list[float]]) -> str:
    """One line per program: median and range in milliseconds, and the ratio of medians."""
    yardstick = statistics.median(next(iter(seconds.values())))
    lines = [f"{'':<34}{'median ms':>10}{'from':>8}{'to':>8}{'ratio':>8}"]
    for name, times in seconds.items():
        middle, low, high = (1000 * figure for figure in (statistics.median(times), min(times), max(times)))
        lines.append(f"{name:<34}{middle:>10.2f}{low:>8.2f}{high:>8.2f}{middle / yardstick / 1000:>8.1f}")
    method = f"{ROUNDS} rounds; ratio to the first line of this run; Python {sys.version.split()[0]}"
    return "\n".join([*lines, "", method])


if __name__ == "__main__":
    warnings.filterwarnings("ignore", module="pymare|statsmodels")
    main()
