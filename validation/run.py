"""Does Osteon compute what reference programs and papers print? Every printed figure beside the computed one.

python validation/run.py            the whole table; ends with 1 when a figure differs in a printed digit
python validation/run.py bcg        the lines whose data set has this in its name
"""

from __future__ import annotations

import math
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from osteon.evidence.data_file import read_network, read_rows, read_study_file
from osteon.evidence.network import Heterogeneity, network
from osteon.evidence.pool import PooledEffect, pool
from osteon.evidence.sensitivity import cumulative, leave_one_out, meta_regression, small_study, subgroups

FOLDER = Path(__file__).parent


class Figure(NamedTuple):
    """One printed figure and what Osteon computes for it."""

    analysis: str
    name: str
    printed: str
    computed: float
    units_off: int = 0  # of the last digit, where the source itself is off by as much

    def agrees(self) -> bool:
        """Whether the computed value, rounded as printed, is what is printed; half-way values may go either way."""
        if self.name == "p_below":
            return self.computed < float(self.printed)
        unit = 10.0 ** int(Decimal(self.printed).as_tuple().exponent)
        return abs(self.computed - float(self.printed)) <= unit * (0.5 + self.units_off) + 1e-9 * abs(self.computed)


def main() -> None:
    """Write the table and say how it ended."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    found = [figure for figure in figures() if wanted in figure.analysis]
    sys.stdout.write(table(found))
    sys.exit(not all(figure.agrees() for figure in found))


def table(found: Sequence[Figure]) -> str:
    """One line per figure, and the count of those that agree."""
    width = max((len(figure.analysis) for figure in found), default=0)
    lines = []
    for figure in found:
        mark = "" if figure.agrees() else "  DIFFERS"
        printed = f"< {figure.printed}" if figure.name == "p_below" else figure.printed
        lines.append(f"{figure.analysis:<{width}}  {figure.name:<28}{printed:>10}{figure.computed:>14.6g}{mark}\n")
    reached = sum(figure.agrees() for figure in found)
    early = sum(figure.units_off > 0 for figure in found)
    known = f", {early} of them but for what printed.toml gives under last_digit" if early else ""
    return "".join([*lines, f"\n{len(found)} printed figures, {reached} reached to the last digit{known}.\n"])


def figures() -> Iterator[Figure]:
    """Every printed figure of `printed.toml`, with what is computed for it."""
    printed = tomllib.loads((FOLDER / "printed.toml").read_text(encoding="utf-8"))
    makers = {
        "pool": pooled_figures,
        "cumulative": cumulative_figures,
        "leave_one_out": leave_one_out_figures,
        "subgroups": subgroup_figures,
        "regression": regression_figures,
        "small_study": small_study_figures,
        "network": network_figures,
    }
    for kind, make in makers.items():
        for entry in printed[kind]:
            yield from make(entry)


def data(entry: Mapping[str, Any]) -> Path:
    """The file of an entry."""
    return FOLDER / "data" / f"{entry['data']}.csv"


def pooled_figures(entry: Mapping[str, Any]) -> Iterator[Figure]:
    """A pool."""
    effect = pool(read_rows(data(entry)), entry["measure"], entry["method"], entry["ci"])
    name = " ".join(entry[key] for key in ("data", "measure", "method", "ci"))
    for key, text in entry["printed"].items():
        value = value_of(effect, key) * entry.get("scale", 1)
        yield Figure(name, key, text, value, entry.get("last_digit", {}).get(key, 0))


def value_of(effect: PooledEffect, key: str) -> float:
    """What a pool says under the name of a printed figure."""
    if key == "p_below":
        return effect.p
    if key == "z":
        return effect.estimate / effect.se
    if key == "p_chi_squared":
        [only] = effect.studies
        people = only.row.total_1 + only.row.total_2
        return math.erfc(abs(effect.log_estimate / effect.se) * math.sqrt(people / (people - 1) / 2))
    if key in ("log_ci_low", "log_ci_high"):
        return math.log(getattr(effect, key.removeprefix("log_")))
    return float(getattr(effect, key))


def cumulative_figures(entry: Mapping[str, Any]) -> Iterator[Figure]:
    """Risk ratios by REML up to each year."""
    file = read_study_file(data(entry))
    steps = cumulative(file.rows, [int(year) for year in file.extra["year"]], "RR", "REML", "z")
    for place, (year, step) in enumerate(zip(entry["years"], steps, strict=True)):
        for key in ("estimate", "ci_low", "ci_high", "tau2"):
            yield Figure(f"{entry['data']} cumulative", f"{key} {year}", entry[key][place], getattr(step.effect, key))


def leave_one_out_figures(entry: Mapping[str, Any]) -> Iterator[Figure]:
    """Risk ratios by REML without each study."""
    for place, without in enumerate(leave_one_out(read_rows(data(entry)), "RR", "REML", "z")):
        for key in ("estimate", "q", "tau2"):
            name = f"{key} without {place + 1}"
            yield Figure(f"{entry['data']} leave one out", name, entry[key][place], getattr(without.effect, key))


def subgroup_figures(entry: Mapping[str, Any]) -> Iterator[Figure]:
    """Log risk ratios by REML in each group."""
    file = read_study_file(data(entry))
    groups = {g.label: g.effect for g in subgroups(file.rows, file.extra[entry["label"]], "RR", "REML", "z").groups}
    for place, group in enumerate(entry["groups"]):
        for key in ("log_estimate", "se", "tau2", "q"):
            yield Figure(f"{entry['data']} subgroups", f"{key} {group}", entry[key][place], getattr(groups[group], key))


def regression_figures(entry: Mapping[str, Any]) -> Iterator[Figure]:
    """The line of the log risk ratio by REML."""
    file = read_study_file(data(entry))
    values = [float(value) for value in file.extra[entry["covariate"]]]
    line = meta_regression(file.rows, values, "RR", "REML", entry["ci"])
    name = f"{entry['data']} {entry['covariate']} {entry['ci']}"
    for key, text in entry["printed"].items():
        yield Figure(name, key, text, getattr(line, key), entry["last_digit"].get(key, 0))


def small_study_figures(entry: Mapping[str, Any]) -> Iterator[Figure]:
    """Egger's test."""
    egger = small_study(read_rows(data(entry)), entry["measure"]).tests[0]
    for key, text in entry["printed"].items():
        yield Figure(f"{entry['data']} Egger", key, text, getattr(egger, key))


def network_figures(entry: Mapping[str, Any]) -> Iterator[Figure]:
    """A network: estimates, heterogeneity, P-scores, splits."""
    found = network(read_network(data(entry)), entry["measure"], entry["reference"], entry["small_is_good"])
    name = f"{entry['data']} network"
    for key, text in entry["printed"].items():
        yield Figure(name, key, text, len(found.studies) if key == "k" else getattr(found, key))
    for part, texts in entry["q"].items():
        heterogeneity: Heterogeneity = getattr(found, part)
        for key, text in zip(("q", "df", "p"), texts, strict=True):
            yield Figure(name, f"{key} {part}", text, getattr(heterogeneity, key))
    for effect in found.against_reference:
        texts = entry["against_reference"][effect.treatment]
        for key, text in zip(("estimate", "ci_low", "ci_high"), texts, strict=True):
            yield Figure(name, f"{key} {effect.treatment}", text, getattr(effect, key))
    for treatment, text in entry["p_scores"].items():
        yield Figure(name, f"P-score {treatment}", text, found.p_scores[treatment])
    splits = {f"{split.treatment} against {split.versus}": split for split in found.splits}
    for pair, texts in entry.get("splits", {}).items():
        for key, text in zip(("direct", "indirect", "difference", "p"), texts, strict=True):
            yield Figure(name, f"{key} {pair}", text, getattr(splits[pair], key))


if __name__ == "__main__":
    main()
