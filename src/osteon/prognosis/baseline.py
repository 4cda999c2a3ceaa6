"""What becomes of this joint without treatment? The cohorts that match it, and the chance of staying free of an event.

A cohort *matches* when every condition of it and of one of its strata answers yes for the joint. Where an answer is
unknown it *may match*, and what would settle it is named. Of the matching strata those with the most conditions are
used: they describe the joint most closely.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, reduce
from pathlib import Path

import numpy as np

from osteon.case.answer import Answer
from osteon.case.possible import Possible, inside
from osteon.case.toml_files import read_own
from osteon.knowledge.cohorts import Cohort, Endpoint, Stratum, cohorts
from osteon.knowledge.records import Setting
from osteon.knowledge.table import ConditionAnswer, Worlds, trace, unknown_names
from osteon.prognosis.curve import Curve, Floats, carried_on, drawn, effective_joints, printed

HORIZONS = (12.0, 24.0, 60.0, 120.0)  # months: one, two, five and ten years
DRAWS = 10_000  # the 2.5 % and 97.5 % points then vary by less than half a percentage point from seed to seed
SEED = 2025
ALREADY_COLLAPSED = "The joint surface has already collapsed."
# What it means that a surface has collapsed: as seen, or as the stage's own definition says (knowledge/staging).
COLLAPSED: Mapping[str, Possible] = {
    "flattening": frozenset({True}),
    "lunate_collapsed": frozenset({True}),
    "stage.arco_2019": frozenset({"IIIB", "IV"}),
    "stage.cruess": frozenset({"IV", "V"}),
}


@dataclass(frozen=True, slots=True)
class Match:
    """One stratum that describes the joint, and how often it had the event.

    `assumed` names what would rule the cohort out and is not known of this joint. `primary` marks the one that gives
    the estimate; `carried_on_by` lists the cohorts whose later risk continues it.
    """

    cohort: Cohort
    stratum: Stratum
    endpoint: Endpoint
    conditions: tuple[ConditionAnswer, ...]
    assumed: tuple[str, ...] = ()
    primary: bool = False
    carried_on_by: tuple[str, ...] = ()

    @property
    def joints(self) -> float:
        """How many joints the figures rest on, 0 where that is not known; from the printed interval if there is one."""
        low, high = self.endpoint.percent_low, self.endpoint.percent_high
        if low is not None and high is not None:
            return effective_joints(self.endpoint.points[-1][1], low, high)
        return self.endpoint.total or self.stratum.joints or 0

    @property
    def end(self) -> float:
        """The last time with a figure, in months."""
        return self.endpoint.points[-1][0]

    def __str__(self) -> str:
        return f"{self.cohort.name}, {self.stratum.name}"


@dataclass(frozen=True, slots=True)
class MayMatch:
    """One stratum that would describe the joint if the findings in `missing` were known and as it wants them."""

    cohort: Cohort
    stratum: Stratum
    endpoint: Endpoint
    missing: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.cohort.name}, {self.stratum.name}"


@dataclass(frozen=True, slots=True)
class Baseline:
    """The chance of staying free of one event without treatment.

    `months` are the times that could be answered, `survival` the estimate at each, `draws` [draws, times] what the
    cohorts allow around it; all are empty where `refusal` says why there is no answer. `beyond` says why later times
    are missing.
    """

    event: str
    months: tuple[float, ...] = ()
    survival: tuple[float, ...] = ()
    matched: tuple[Match, ...] = ()
    may_match: tuple[MayMatch, ...] = ()
    settings: tuple[Setting, ...] = ()
    refusal: str = ""
    beyond: str = ""
    draws: Floats = field(default_factory=lambda: np.empty((DRAWS, 0)), repr=False, compare=False)


def baseline(
    worlds: Worlds, event: str, months: Sequence[float] = HORIZONS, among: Iterable[Cohort] | None = None
) -> Baseline:
    """The chance that a joint stays free of one event without treatment, at each of several times.

    Parameters
    ----------
    worlds
        What is known of the joint (world 0), with the stages of every system (`osteon.staging.with_stages`).
    event
        One of `osteon.knowledge.cohorts.EVENTS`.
    months
        Times after today, rising.
    among
        The cohorts to look in; all of Osteon's that are not kept back as a check, if left out.

    Examples
    --------
    >>> from osteon.knowledge import knowledge
    >>> from osteon.knowledge.table import worlds_of
    >>> from osteon.staging import with_stages
    >>> no = frozenset({False})
    >>> hip = {"site": frozenset({"femoral_head"}), "flattening": no, "crescent_sign": no}
    >>> found = baseline(with_stages(worlds_of(hip), knowledge().staging.values()), "replacement")
    >>> [(months, round(free, 3)) for months, free in zip(found.months, found.survival)]
    [(12.0, 0.937), (24.0, 0.878), (60.0, 0.722)]
    >>> found.beyond
    'No matching cohort was followed for 120 months; the longest reached 60.'
    """
    if event == "collapse" and has_collapsed(worlds):
        return Baseline(event, refusal=ALREADY_COLLAPSED)
    matches, may_match = matching(worlds, event, cohorts().values() if among is None else among)
    if not matches:
        return Baseline(event, may_match=may_match, refusal=no_match(may_match))
    closest = max(closeness(match) for match in matches)
    used = [match for match in matches if closeness(match) == closest]
    end = max(match.end for match in matches)
    reached = tuple(month for month in months if month <= end)
    chains = [(match, *carriers_of(match, matches, reached)) for match in used]
    each = zip(chains, shares(DRAWS, len(chains)), strict=True)
    return Baseline(
        event=event,
        months=reached,
        survival=tuple(joined([line(match) for match in chains[0]]).survival(reached).ravel().tolist()),
        matched=tuple(described(chain, primary=chain is chains[0]) for chain in chains),
        may_match=may_match,
        settings=tuple(rests_on(chains, reached)),
        beyond=past(months, end, "No matching cohort"),
        draws=np.hstack([joined([draw(match, part) for match in chain]).survival(reached) for chain, part in each]).T,
    )


def has_collapsed(worlds: Worlds) -> bool:
    return any(inside(worlds.possible(name), collapsed) is Answer.YES for name, collapsed in COLLAPSED.items())


def matching(worlds: Worlds, event: str, among: Iterable[Cohort]) -> tuple[tuple[Match, ...], tuple[MayMatch, ...]]:
    """The strata that describe the joint, longest followed and then largest first, and those that may describe it."""
    found, may = [], []
    for cohort, stratum, endpoint in with_figures(event, among):
        when = (*cohort.when, *stratum.when)
        answer = worlds.all_hold(when).of(0)
        barred = [worlds.answers(condition).of(0) for condition in cohort.unless]
        if answer is Answer.NO or Answer.YES in barred:
            continue
        if answer is Answer.UNKNOWN:
            may.append(MayMatch(cohort, stratum, endpoint, unknown_names(when, worlds)))
            continue
        assumed = tuple(c.name for c, a in zip(cohort.unless, barred, strict=True) if a is Answer.UNKNOWN)
        found.append(Match(cohort, stratum, endpoint, trace(when, worlds), assumed))
    found.sort(key=lambda match: (-match.end, -match.joints, match.cohort.id, match.stratum.id))
    return tuple(found), tuple(may)


def with_figures(event: str, among: Iterable[Cohort]) -> Iterator[tuple[Cohort, Stratum, Endpoint]]:
    """Every stratum that says when how many of how many joints had the event, unless it is kept back as a check."""
    for cohort in among:
        for stratum in cohort.stratum if cohort.use == "baseline" else ():
            for endpoint in stratum.endpoint:
                if endpoint.event == event and endpoint.points and (endpoint.total or stratum.joints):
                    yield cohort, stratum, endpoint


def closeness(match: Match) -> int:
    """How many characteristics of the joint, beyond its site, the stratum is about."""
    return len({condition.finding for condition in match.conditions} - {"site"})


def carriers_of(match: Match, matches: Sequence[Match], months: Sequence[float]) -> tuple[Match, ...]:
    """What continues a match that ends before the last time asked for: the closest longer match, and so on."""
    found: list[Match] = []
    end = match.end
    by_closeness = sorted(matches, key=lambda each: -closeness(each))  # stable: the longest first among equals
    while months and end < months[-1]:
        longer = next(each for each in by_closeness if each.end > end)
        found.append(longer)
        end = longer.end
    return tuple(found)


def line(match: Match) -> Curve:
    return printed(match.endpoint.points, match.joints)


def draw(match: Match, draws: int) -> Curve:
    """Draws of one stratum's curve, the same whoever asks."""
    name = f"{match.cohort.id} {match.stratum.id} {match.endpoint.event}"
    random = np.random.default_rng((SEED, zlib.crc32(name.encode())))
    return drawn(match.endpoint.points, match.joints, draws, random)


def joined(curves: Sequence[Curve]) -> Curve:
    """The first curve, carried on by each of the others in turn."""
    return reduce(carried_on, curves)


def shares(draws: int, cohorts_used: int) -> list[int]:
    """The draws divided as evenly as they can be.

    Examples
    --------
    >>> shares(10, 3)
    [4, 3, 3]
    """
    each, left = divmod(draws, cohorts_used)
    return [each + (place < left) for place in range(cohorts_used)]


def described(chain: Sequence[Match], primary: bool) -> Match:
    """The first of a chain of cohorts, with what part it plays and what carries it on."""
    return replace(chain[0], primary=primary, carried_on_by=tuple(match.cohort.id for match in chain[1:]))


def rests_on(chains: Sequence[Sequence[Match]], months: Sequence[float]) -> Iterator[Setting]:
    """The settings of the forecast and of the records that this answer rests on, each once."""
    matches = {id(match): match for chain in chains for match in chain}.values()
    carried = any(len(chain) > 1 for chain in chains)
    if carried or any(falls_between(match, months) for match in matches):
        yield setting("linear_hazard")
    if any(match.endpoint.percent_low is None for match in matches):
        yield setting("nobody_left_early")
    if any(match.endpoint.timed in ("mean", "minimum") for match in matches):
        yield setting("counted_at_follow_up")
    if len(chains) > 1:
        yield setting("equal_mixture")
    if carried:
        yield setting("carried_on")
    for match in matches:
        named = {match.stratum.setting, match.endpoint.setting}
        yield from (own for own in match.cohort.setting if own.id in named)


def falls_between(match: Match, months: Sequence[float]) -> bool:
    """Whether some time lies between the printed ones."""
    return not {month for month in months if month <= match.end} <= {month for month, _ in match.endpoint.points}


def setting(name: str) -> Setting:
    return Setting(name, setting_texts()[name])


@cache
def setting_texts() -> Mapping[str, str]:
    """The choices of the forecast that sources do not settle, by id."""
    return read_own(Path(__file__).with_name("settings.toml"))


def no_match(may_match: Sequence[MayMatch]) -> str:
    if not may_match:
        return "No cohort of untreated joints that was read is about a joint like this."
    names = {name: None for each in may_match for name in each.missing}
    return f"Which cohort of untreated joints this one resembles depends on {', '.join(names)}."


def past(months: Sequence[float], end: float, who: str) -> str:
    """Why some of the times are missing, in words; "" where none is."""
    late = " or ".join(f"{month:g}" for month in months if month > end)
    return f"{who} was followed for {late} months; the longest reached {end:.3g}." if late else ""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was printed of one stratum that describes the joint, or may: months and percent with the event by then."""

    cohort: Cohort
    stratum: Stratum
    points: tuple[tuple[float, float], ...]
    missing: tuple[str, ...]

    def __str__(self) -> str:
        told = ", ".join(f"{percent:g} % by {month:g} months" for month, percent in self.points)
        return f"{self.cohort.name}, {self.stratum.name}: {told}"


def by_lesion_type(worlds: Worlds, event: str, among: Iterable[Cohort] | None = None) -> tuple[Figures, ...]:
    """The printed figures of every stratum that matches the joint or may: what the answer would be, type by type.

    A lesion whose type or size is not known has no single five-year figure; this lists them all instead.

    Examples
    --------
    >>> from osteon.knowledge import knowledge
    >>> from osteon.knowledge.table import worlds_of
    >>> from osteon.staging import with_stages
    >>> worlds = with_stages(worlds_of({"site": frozenset({"femoral_head"})}), knowledge().staging.values())
    >>> kuroda = [figures for figures in by_lesion_type(worlds, "collapse") if figures.cohort.id == "kuroda_2019"]
    >>> [figures.points[-1] for figures in kuroda]
    [(60, 0), (60, 7.9), (60, 36.6), (60, 84.8)]
    """
    if event == "collapse" and has_collapsed(worlds):
        return ()
    matches, may_match = matching(worlds, event, cohorts().values() if among is None else among)
    return (
        *(Figures(match.cohort, match.stratum, match.endpoint.points, ()) for match in matches),
        *(Figures(may.cohort, may.stratum, may.endpoint.points, may.missing) for may in may_match),
    )
