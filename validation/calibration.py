"""Do forecasts hold for cohorts that they do not rest on? Writes `validation/calibration.md`.

Every cohort under `knowledge/natural_history/` with `use = "check"` is forecast from what is printed about its joints,
and the forecast is set beside what became of them. A second table leaves out one source cohort at a time and forecasts
it from the others.

    python validation/calibration.py            writes the table anew
    python validation/calibration.py --check    only says whether it is up to date (exit code 1 if not)
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import beta

from osteon.case.conditions import Condition
from osteon.case.possible import Possible, complement
from osteon.case.vocabulary import vocabulary
from osteon.knowledge import knowledge
from osteon.knowledge.cohorts import Cohort, Endpoint, Stratum, cohorts
from osteon.knowledge.table import Worlds, worlds_of
from osteon.prognosis import Baseline, baseline
from osteon.staging import with_stages

PAGE = Path(__file__).with_suffix(".md")
TYPE = "stage.jic_type_2002"
FORECAST_EVENTS = ("collapse", "replacement")
TIMES = (6.0, 12.0, 24.0, 36.0, 47.0, 60.0)  # months at which a forecast is tried where the asked time is too late
BECAUSE: Mapping[str, str] = {
    "chen_2009 placebo": "Only the open trial of Lai 2005 matches hips that may show a crescent, and far more of its "
    "untreated hips were replaced (16 of 25) than in Lee 2015 (20 of 55). This trial was blinded and counts patients.",
    "lesion_volume_2002 from_30": "Only Lee 2015 matches, since the radiographs are not described, and it counts "
    "collapse from 2 mm. Here hips without collapse were watched for two years or more, many of them longer.",
    "lesion_volume_2002 below_30": "No source cohort says what becomes of lesions below 30 % of the head.",
    "min_2008 all": "The types were not printed, so the mix of Kuroda 2019 stands in. These hips were painless and "
    "found because the other hip hurt; a mix with more small lesions would explain the milder course.",
    "anterior_boundary all": "The mix of Kuroda 2019 stands in for types that were not printed; these hips were "
    "painless.",
    "lupus_1994 type_b": "Two hips cannot contradict the forecast.",
    "asada_2021 type_c1": "The two Japanese series disagree on type C1. A forecast rests on both, so its interval "
    "covers both.",
    "kuroda_2019 type_c1": "The same disagreement, seen from the other side.",
    "kuroda_2019 type_c2": "Collapse came later here than in Asada 2021; a forecast rests on both.",
    "lee_2015 control": "Without the trials of large lesions only the matched series of all early hips is left, whose "
    "lesions were of every size.",
}
SIZES = ("lesion_", "modified_kerboul_deg", "stage.kerboul")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One group of joints: the share with the event that was seen, and the share that was forecast (None: refused)."""

    cohort: Cohort
    stratum: Stratum
    endpoint: Endpoint
    months: float
    forecast: tuple[float, float, float] | None
    how: str

    @property
    def seen(self) -> tuple[float, float]:
        """The printed month and percentage that the forecast is compared with."""
        by_month = dict(self.endpoint.points)
        return (self.months, by_month[self.months]) if self.months in by_month else self.endpoint.points[-1]

    @property
    def observed(self) -> tuple[float, float, float]:
        """The share that had the event, with Jeffreys' 95 % interval."""
        share = self.seen[1] / 100
        total = self.endpoint.total or self.stratum.joints or 0
        low, high = beta.ppf((0.025, 0.975), total * share + 0.5, total * (1 - share) + 0.5)
        return share, min(float(low), share), max(float(high), share)

    @property
    def verdict(self) -> str:
        """Whether what was seen lies in the interval of the forecast, or the two intervals meet."""
        if self.forecast is None:
            return "refused"
        seen, seen_low, seen_high = self.observed
        _, low, high = self.forecast
        if low <= seen <= high:
            return "inside"
        return "intervals meet" if seen_low <= high and low <= seen_high else "miss"


def comparisons() -> Iterator[Comparison]:
    """Every check cohort against the forecast from the source cohorts."""
    known = cohorts().values()
    for cohort in known:
        if cohort.use == "check":
            yield from compared(cohort, known)


def left_out() -> Iterator[Comparison]:
    """Every source cohort against the forecast from the other source cohorts, where they give one."""
    known = cohorts().values()
    for cohort in known:
        if cohort.use == "baseline":
            others = [other for other in known if other is not cohort]
            yield from (each for each in compared(cohort, others) if each.forecast is not None)


def compared(cohort: Cohort, among: Iterable[Cohort]) -> Iterator[Comparison]:
    for stratum in cohort.stratum:
        for endpoint in stratum.endpoint:
            if endpoint.event in FORECAST_EVENTS and endpoint.points and (endpoint.total or stratum.joints):
                yield compare(cohort, stratum, endpoint, among)


def compare(cohort: Cohort, stratum: Stratum, endpoint: Endpoint, among: Iterable[Cohort]) -> Comparison:
    """The forecast at the last printed time that the sources reach, else at the last time they reach."""
    asked = endpoint.points[-1][0]
    seen_at = {month for month, _ in endpoint.points}
    times = tuple(sorted({time for time in TIMES if time < asked} | seen_at))
    parts, how = untreated((*cohort.when, *stratum.when), endpoint.event, times, tuple(among))
    reached = times[: min(len(part.months) for _, part in parts)]
    if not reached:
        return Comparison(cohort, stratum, endpoint, asked, None, "")
    last = reached.index(max(seen_at.intersection(reached), default=reached[-1]))
    draws = sum(weight * part.draws[:, last] for weight, part in parts)
    share = 1 - sum(weight * part.survival[last] for weight, part in parts)
    low, high = np.percentile(1 - draws, (2.5, 97.5))
    return Comparison(cohort, stratum, endpoint, times[last], (share, min(low, share), max(high, share)), how)


def untreated(
    when: tuple[Condition, ...], event: str, months: tuple[float, ...], among: tuple[Cohort, ...]
) -> tuple[list[tuple[float, Baseline]], str]:
    """The baseline of such joints; for joints of several JIC types one for each, with its share in Kuroda 2019."""
    worlds = joint_like(when)
    found = baseline(worlds, event, months, among)
    other_size = any(each.name.startswith(SIZES) for each in when)
    types = types_left(worlds) if event == "collapse" and found.refusal and not other_size else {}
    if not types:
        return [(1.0, found)], ", ".join(match.cohort.id for match in found.matched)
    total = sum(types.values())
    parts = [(hips / total, baseline(of_type(worlds, name), event, months, among)) for name, hips in types.items()]
    return parts, f"mix of JIC types {', '.join(types)}"


def joint_like(conditions: Iterable[Condition]) -> Worlds:
    """A joint of which exactly this is known."""
    facts: dict[str, Possible] = {}
    stages: dict[str, Possible] = {}
    for each in conditions:
        wanted = complement(each.accepted, vocabulary()[each.name].domain) if each.negated else each.accepted
        assert wanted is not None
        (stages if each.name.startswith("stage.") else facts)[each.name] = wanted
    worlds = with_stages(worlds_of(facts), knowledge().staging.values())
    return Worlds(worlds.everywhere, {**worlds.columns, **{name: ((1, which),) for name, which in stages.items()}})


def types_left(worlds: Worlds) -> dict[str, int]:
    """The JIC types that joints of one stratum may have, with the hips of each in Kuroda 2019."""
    possible = worlds.possible(TYPE)
    assert isinstance(possible, frozenset)
    hips = {each.id.removeprefix("type_").upper(): each.joints for each in cohorts()["kuroda_2019"].stratum}
    return {name: count for name, count in hips.items() if name in possible and count is not None}


def of_type(worlds: Worlds, name: str) -> Worlds:
    return Worlds(worlds.everywhere, {**worlds.columns, TYPE: ((worlds.everywhere, frozenset({name})),)})


def page() -> str:
    """The whole of `calibration.md`."""
    checked, others = list(comparisons()), list(left_out())
    cohorts_checked = len({each.cohort.id for each in checked})
    lines = [
        "# Forecasts against cohorts that they do not rest on",
        "",
        "Written by `python validation/calibration.py`; a test compares it with what the code gives now.",
        "",
        "The forecast is the share of untreated joints with the event, from what is printed about the cohort's joints. "
        "*inside*: what was seen lies in the 95 % interval of the forecast. *intervals meet*: it does not, but its own "
        "95 % interval (Jeffreys) reaches it. *miss*: neither. Where the sources end earlier than the cohort, the "
        "forecast is for the last time they reach, which is given. Where a cohort's JIC types are not printed, the mix "
        "of Kuroda 2019 (9 A, 14 B, 73 C1, 116 C2) stands in: a choice made for this table only.",
        "",
        f"{cohorts_checked} cohorts, {len(checked)} comparisons: {tally(checked)}.",
        "",
        *table(checked),
        "",
        *explained(checked),
        "",
        "The intervals carry the sampling error of the source cohorts and their disagreement, but not how much a new "
        "group of patients may differ from all of them; the misses show that this matters.",
        "",
        "## Each source cohort from the others",
        "",
        f"{len(others)} comparisons: {tally(others)}. Cohorts that no other resembles are not listed.",
        "",
        *table(others),
        "",
        *explained(others),
    ]
    return "\n".join(lines).rstrip() + "\n"


def tally(compared_: Iterable[Comparison]) -> str:
    verdicts = [each.verdict for each in compared_]
    return ", ".join(f"{verdicts.count(name)} {name}" for name in ("inside", "intervals meet", "miss", "refused"))


def table(rows: Iterable[Comparison]) -> Iterator[str]:
    yield "| cohort | joints | event | seen | by month | forecast | at month | from | |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for row in rows:
        seen = f"{counted(row)} = {percent(row.observed)}"
        told = percent(row.forecast) if row.forecast else "none"
        yield (
            f"| {row.cohort.name} (`{row.cohort.id}`) | {row.stratum.name} | {row.endpoint.event} | {seen} | "
            f"{row.seen[0]:g} ({row.endpoint.timed.replace('_', ' ')}) | {told} | {row.months:g} | "
            f"{row.how} | {row.verdict} |"
        )


def counted(row: Comparison) -> str:
    if row.endpoint.events is None:
        return f"curve of {row.stratum.joints} joints"
    return f"{row.endpoint.events} of {row.endpoint.total}"


def percent(share: tuple[float, float, float]) -> str:
    estimate, low, high = (100 * each for each in share)
    return f"{estimate:.0f} % ({low:.0f} to {high:.0f})"


def explained(rows: Iterable[Comparison]) -> Iterator[str]:
    for row in rows:
        name = f"{row.cohort.id} {row.stratum.id}"
        if row.verdict != "inside":
            yield f"- `{name}`, {row.verdict}: {BECAUSE[name]}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(PAGE.read_text(encoding="utf-8") != page())
    PAGE.write_text(page(), encoding="utf-8")
