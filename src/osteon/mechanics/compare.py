"""What does every operation change for this hip, against the same hip untreated and the same hip without its lesion?

All options are solved on the same voxels under the same force and read with the same regions, so that what geometry,
law and load have in common drops out of the ratios. What is left of it is the interval: everything is solved again,
on coarser voxels, with other laws, other lesions and the forces of other people.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

import numpy as np

from osteon.anatomy import Floats
from osteon.errors import Fault, InputError
from osteon.mechanics.damage import Collapse, collapse
from osteon.mechanics.intervals import draws_of
from osteon.mechanics.loads import JointForce, joint_force
from osteon.mechanics.materials import Materials, elastic
from osteon.mechanics.model import HeadModel, declared
from osteon.mechanics.operations import LESION, LeftOut, Option, operations, remade
from osteon.mechanics.risk import Fields, Regions, fields, measures, regions_of
from osteon.mechanics.risk import declared as risk_settings
from osteon.mechanics.solve import processors, strain_at, stress_of
from osteon.mechanics.solved import Solved, held_parts, loaded, solve_option
from osteon.surgery import SurgicalPlan

Item = TypeVar("Item")
Result = TypeVar("Result")
MakeModel = Callable[[float], HeadModel]
Progress = Callable[[str, float], None]

SETTING = (
    "Interval: 5th to 95th percentile of {count} solves of every option on voxels of {voxel:g} mm, with material law, "
    "stiffness of the lesion and the measured person's force drawn anew; put about the ratio shown as factors and "
    "widened to hold it."
)
# About how many options there are, for telling how far the work is.
ABOUT_OPTIONS = 23
# How many options are solved at the same time, and the largest grid for which their memory is spent: 2 GB each.
SIDE_BY_SIDE, MOST_VOXELS_SIDE_BY_SIDE = 2, 8_000_000
# Options that leave no bone of the head to give way.
NO_HEAD = ("replacement", "resection")


@dataclass(frozen=True, slots=True)
class Question:
    """What is compared: who stands on this hip, how, and how finely it is solved.

    Parameters
    ----------
    activity
        One of `osteon.mechanics.loads`, such as "walking" or "one_leg_stance".
    body_weight_n
        Mass in kg times 9.81.
    voxel_mm
        Edge of a voxel of the solves that are shown.
    interval_voxel_mm
        Edge of a voxel of the solves for the intervals.
    draws
        How many times everything is solved for the intervals; 0 for none.
    tolerance
        Of every solve; against 1e-4, 1e-3 moves no measure of the template at 1 mm by more than a ten-thousandth.
    collapse
        Whether the load is also raised until each head gives way, on the voxels of the intervals.
    only
        Ids of the options to solve, beside the untreated hip; () for all.
    """

    activity: str = "walking"
    body_weight_n: float = 800.0
    voxel_mm: float = 1.0
    interval_voxel_mm: float = 3.0
    draws: int = 20
    tolerance: float = 1e-3
    collapse: bool = False
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ratio:
    """A measure over that of another hip, with the interval over the draws (None where none was made)."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one option does: its measures, and their ratios to the untreated hip and to the hip without a lesion."""

    id: str
    name: str
    measures: Mapping[str, float | None]
    to_untreated: Mapping[str, Ratio]
    to_healthy: Mapping[str, Ratio]
    iterations: int = 0
    treatments: tuple[str, ...] = ()
    hypothetical: bool = False
    notes: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """All options of one hip. The first outcome is the hip without its lesion, the second the untreated one."""

    side: str
    question: Question
    force: str
    outcomes: tuple[Outcome, ...]
    left_out: tuple[LeftOut, ...]
    settings: tuple[str, ...]
    sources: tuple[str, ...]
    voxels: int

    def outcome(self, id_: str) -> Outcome:
        """The outcome of an option by its id."""
        return next(each for each in self.outcomes if each.id == id_)


Seen = Callable[[Solved, Fields], None]


def compare(
    make: MakeModel,
    plan: SurgicalPlan,
    question: Question | None = None,
    seen: Seen | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Solves the hip without its lesion, the untreated hip and every operation.

    Parameters
    ----------
    make
        From the edge of a voxel in mm to the untreated model.
    plan
        The operations drawn on the same hip.
    seen
        Called with every solve of the fine model and what it says of each voxel, to draw or write it.
    progress
        Called with the stage and the part that is done.

    Raises
    ------
    InputError
        Where the model cannot be solved.
    """
    asked = question or Question()
    model = make(asked.voxel_mm)
    force = joint_force(asked.activity, model.hip, asked.body_weight_n)
    told, parts = progress or silent, share_of_time(asked)
    left_out: list[LeftOut] = []
    options = options_of(model, plan, asked.only, left_out)
    found = measured_all(
        options, regions_of(model), force, None, asked.tolerance, seen, lambda s, p: told(s, p * parts)
    )
    if asked.collapse:
        found = with_collapse(found, collapses(make, plan, asked, progress=told))
    spread = spreads(make, plan, asked, lambda s, p: told(s, parts + p * (1 - parts)))
    told("done", 1.0)
    settings = (each for outcome in found for each in outcome.settings)
    sources = (each for outcome in found for each in outcome.sources)
    return Comparison(
        model.hip.side,
        asked,
        force.name,
        with_ratios(found, spread),
        tuple(left_out),
        declared((), *settings, *force.settings, *risk_settings(), interval_words(asked)),
        declared((), *sources, *force.sources),
        int((model.filled > 0).sum()),
    )


def silent(_stage: str, _done: float) -> None:
    """Progress that nobody asked for."""


def share_of_time(question: Question) -> float:
    """About which part of the time the fine solves take: time goes with the number of voxels."""
    fine = (question.interval_voxel_mm / question.voxel_mm) ** 3
    return fine / (fine + question.draws)


def interval_words(question: Question) -> str:
    """How the intervals were made, "" where there are none."""
    return SETTING.format(count=question.draws, voxel=question.interval_voxel_mm) if question.draws else ""


# --------------------------------------------------------------------------------------------------------------- solves


def options_of(
    model: HeadModel, plan: SurgicalPlan, only: tuple[str, ...] = (), left_out: list[LeftOut] | None = None
) -> Iterator[Option]:
    """The hip without its lesion, the untreated hip, then the operations asked for; what cannot be is put aside."""
    yield Option("healthy", "without the lesion", remade(model, "bone", LESION, "sclerotic_bone"))
    seen = []
    for each in operations(model, plan):
        if isinstance(each, LeftOut):
            if left_out is not None:
                left_out.append(each)
            continue
        seen.append(each.id)
        if not only or each.id in (*only, "untreated"):
            yield each
    if unknown := sorted(set(only) - set(seen)):
        faults = [Fault(each[:40], f"is no option of this hip. Options are: {', '.join(seen)}.") for each in unknown]
        raise InputError("operations", faults)


def measured_all(
    options: Iterable[Option],
    regions: Regions,
    force: JointForce,
    materials: Materials | None,
    tolerance: float,
    seen: Seen | None = None,
    progress: Progress = silent,
) -> tuple[Outcome, ...]:
    """The measures of every option, read with the regions of the untreated hip.

    A few are solved at the same time, because reading a solve's fields keeps one processor busy and the solver all. The
    hip without its lesion and the untreated one come first: from this the others start.
    """
    found: list[Outcome] = []
    start: list[Floats] = []
    waiting = iter(options)
    at_once = SIDE_BY_SIDE if processors() > 1 and regions.head.size <= MOST_VOXELS_SIDE_BY_SIDE else 1

    def one(option: Option) -> tuple[Solved, Fields, Mapping[str, float | None]]:
        begin = start[0] * option.load_share if start else None
        solved = solve_option(option, force, materials, tolerance, begin, processors() // at_once)
        shown = shown_by(solved)
        return solved, shown, measured(solved, shown, regions)

    def told(some: Iterable[Option]) -> Iterator[Option]:
        for each in some:
            progress(each.name, min(len(found) / ABOUT_OPTIONS, 1.0))
            yield each

    for some in (islice(waiting, 2), waiting):
        for solved, shown, numbers in in_order(one, told(some), at_once):
            found.append(outcome(solved, numbers))
            if solved.option.id == "untreated":
                start.append(solved.solution.displacement_mm)
            if seen:
                seen(solved, shown)
    return tuple(found)


def in_order(work: Callable[[Item], Result], items: Iterable[Item], at_once: int) -> Iterator[Result]:
    """The results of work in the order of the items, some at the same time; no more wait than are being worked on.

    Whoever stops asking waits for what is being worked on, not for what would come.

    Examples
    --------
    >>> list(in_order(len, ["a", "bb", "ccc"], 2))
    [1, 2, 3]
    """
    pending: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(at_once)
    try:
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) > 2 * at_once:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def shown_by(solved: Solved) -> Fields:
    """What a solve says of every voxel."""
    stiffness = solved.elastic
    where = stiffness.modulus_mpa > 0
    strains = strain_at(solved.solution, where)
    stresses = stress_of(strains, stiffness.modulus_mpa[where], stiffness.poisson[where])
    return fields(solved.option.model, stiffness, strains, stresses, solved.force_n)


def outcome(solved: Solved, found: Mapping[str, float | None]) -> Outcome:
    """One option with its measures, before it is set against others."""
    option, used = solved.option, solved.elastic
    return Outcome(
        option.id,
        option.name,
        found,
        {},
        {},
        solved.solution.iterations,
        option.treatments,
        option.hypothetical,
        option.notes,
        used.settings,
        used.sources,
    )


def measured(solved: Solved, shown: Fields, regions: Regions) -> dict[str, float | None]:
    """The measures of one solve; what an osteotomy's model does not show is left out."""
    found = measures(solved.option.model, shown, solved.force_n, regions)
    found |= {"open_gap": None if solved.open_share is None else 100 * solved.open_share}
    if solved.option.turn is not None:
        found |= {"neck_strain": None, "lateral_strain": None}
    return found


# ------------------------------------------------------------------------------------------------------------ intervals

Spread = Mapping[tuple[str, str, str], tuple[float, float]]


def spreads(make: MakeModel, plan: SurgicalPlan, asked: Question, progress: Progress = silent) -> Spread:
    """How far each ratio lies from its value in the draws, low and high as factors, by (option, measure, against)."""
    if not asked.draws:
        return {}
    model = make(asked.interval_voxel_mm)
    options, regions = tuple(options_of(model, plan, asked.only)), regions_of(model)

    def ratios(force: JointForce, materials: Materials | None) -> dict[tuple[str, str, str], float]:
        return ratios_of(measured_all(options, regions, force, materials, asked.tolerance))

    middle = ratios(joint_force(asked.activity, model.hip, asked.body_weight_n), None)
    drawn = []
    for count, draw in enumerate(draws_of(asked.activity, model.hip, asked.body_weight_n, asked.draws)):
        progress("the same with other laws, lesions and forces", count / asked.draws)
        drawn.append(ratios(draw.force, draw.materials))
    return {key: factors(number, [each[key] for each in drawn if key in each]) for key, number in middle.items()}


def collapses(make: MakeModel, plan: SurgicalPlan, asked: Question, progress: Progress = silent) -> dict[str, Collapse]:
    """How every option's head gives way, by id; options without a head, or with a loose layer, are left out."""
    model = make(asked.interval_voxel_mm)
    force = joint_force(asked.activity, model.hip, asked.body_weight_n)
    found: dict[str, Collapse] = {}
    for each in options_of(model, plan, asked.only):
        progress(f"raising the load: {each.name}", min(len(found) / ABOUT_OPTIONS, 1.0))
        if each.load_share != 1.0:
            found[each.id] = under_part(found["untreated"], each.load_share)
        elif each.loose is None and each.id not in NO_HEAD:
            stiffness = held_parts(each.model, elastic(each.model))
            found[each.id] = collapse(each.model, stiffness, loaded(each, force.force_n)[1], tolerance=asked.tolerance)
    return found


def under_part(found: Collapse, load_share: float) -> Collapse:
    """The same collapse told in multiples of a smaller force."""
    multiple = None if found.multiple is None else found.multiple / load_share
    return replace(found, multiple=multiple)


def with_collapse(outcomes: Iterable[Outcome], found: Mapping[str, Collapse]) -> tuple[Outcome, ...]:
    """The outcomes with the load and the depth at collapse among their measures."""
    return tuple(
        replace(each, measures={**each.measures, **collapse_measures(found.get(each.id))}) for each in outcomes
    )


def collapse_measures(found: Collapse | None) -> dict[str, float | None]:
    """Load and depth at collapse; None where the head has not given way, or was not asked."""
    return {
        "collapse_load": None if found is None else found.multiple,
        "sunk_mm": None if found is None else found.sunk_mm,
    }


def factors(middle: float, drawn: list[float]) -> tuple[float, float]:
    """The 5th and 95th percentile of draws over their middle, widened to hold 1.

    Examples
    --------
    >>> factors(2.0, [1.0, 2.0, 4.0])
    (0.55, 1.9)
    """
    low, high = np.percentile(drawn, [5, 95]) / middle if drawn else (1.0, 1.0)
    return round(min(float(low), 1.0), 6), round(max(float(high), 1.0), 6)


def ratios_of(outcomes: Iterable[Outcome]) -> dict[tuple[str, str, str], float]:
    """Every ratio that can be formed, by (option, measure, "untreated" or "healthy")."""
    found = {each.id: each.measures for each in outcomes}
    return {
        (option, name, against): number / below
        for option, measures_ in found.items()
        for name, number in measures_.items()
        for against in ("untreated", "healthy")
        if number is not None and (below := found[against][name])
    }


def with_ratios(outcomes: tuple[Outcome, ...], spread: Spread) -> tuple[Outcome, ...]:
    """The outcomes with their ratios and the intervals of these."""
    ratios = ratios_of(outcomes)

    def against(id_: str, other: str) -> dict[str, Ratio]:
        names = [name for option, name, third in ratios if option == id_ and third == other]
        return {name: ratio(ratios[id_, name, other], spread.get((id_, name, other))) for name in names}

    return tuple(
        replace(each, to_untreated=against(each.id, "untreated"), to_healthy=against(each.id, "healthy"))
        for each in outcomes
    )


def ratio(number: float, spread: tuple[float, float] | None) -> Ratio:
    """A ratio with its interval, where there is one."""
    return Ratio(number) if spread is None else Ratio(number, number * spread[0], number * spread[1])
