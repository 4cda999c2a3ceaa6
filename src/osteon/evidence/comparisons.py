"""Which arms of which studies answer one question, and in what numbers?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from osteon.evidence.data import Counts, Estimate, Means, Row, Single, Z
from osteon.evidence.result import LeftOut as LeftOut
from osteon.evidence.result import Question as Question
from osteon.knowledge.studies import Arm, Outcome, Study, interventions

ANY = "any"  # as `versus`: whatever else the study compared it with
UNTREATED = ("observation", "no_treatment")  # what stands second in a comparison
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "binary": ("RR", "OR", "RD"),
    "continuous": ("MD", "SMD"),
    "survival": ("HR",),
    "single": ("PR",),
}


@dataclass(frozen=True, slots=True)
class Answers:
    """The studies that answer a question: one row of numbers each, and those that could not be used.

    `joints` counts both sides of every row; `units` are those that a score was measured in: means in different units
    have no common mean difference.
    """

    question: Question
    measure: str
    rows: tuple[Row, ...]
    studies: tuple[Study, ...]
    left_out: tuple[LeftOut, ...]
    joints: int = 0
    units: tuple[str, ...] = ()


class UnusableError(Exception):
    """Why a study that asks the question has no row."""


def answers(question: Question, measure: str, studies: Iterable[Study]) -> Answers:
    """The rows of all studies that answer a question, in the order of their years.

        Reports of the same patients count once: the one with most joints, then the latest.

        Examples
        --------
        >>> from osteon.knowledge.studies import studies
    >>> found = answers(Question(("bisphosphonate",), ("observation",), "collapse"), "RR", studies().values())
        >>> [row.study for row in found.rows]
        ['lai-2005', 'lee-2015']
    """
    read = reader_of(measure, question)
    found: dict[str, tuple[Study, Row]] = {}
    left_out = []
    for study in sorted(studies, key=lambda each: (each.year or 0, each.id)):
        try:
            row = read(study)
        except UnusableError as why:
            left_out.append(LeftOut(study.id, str(why)))
        else:
            if row is not None:
                found[study.id] = study, row
    for study_id, other in told_elsewhere([(study, size(row)) for study, row in found.values()]).items():
        left_out.append(LeftOut(study_id, f"reports patients of {other}, which has more of them."))
        del found[study_id]
    kept = found.values()
    used = tuple(study for study, _ in kept)
    counted = sum(size(row) or joints_in(study, question) for study, row in kept)
    units = units_of(used, question) if measure in FAMILIES["continuous"] else ()
    return Answers(question, measure, tuple(row for _, row in kept), used, tuple(left_out), counted, units)


def told_elsewhere(reports: Collection[tuple[Study, int]]) -> dict[str, str]:
    """Studies whose patients another of the reports tells of, with that other: it has more joints, or as many later."""
    sizes = {study.id: (joints, study.year or 0) for study, joints in reports}
    studies = {study.id: study for study, _ in reports}
    found: dict[str, str] = {}
    for study in studies.values():
        for other in study.same_patients_as:
            if other in sizes and other not in found and sizes[other] > sizes[study.id]:
                found.setdefault(study.id, other)
    return found


def units_of(studies: Iterable[Study], question: Question) -> tuple[str, ...]:
    arms = [arm for study in studies for side in sides(study, question) for arm in side]
    return tuple(sorted({each.unit for arm in arms for each in measured(arm, question.outcome)}))


def size(row: Row) -> int:
    """How many joints a row counts; 0 where only an estimate is printed."""
    match row:
        case Counts():
            return row.total_1 + row.total_2
        case Means():
            return row.n_1 + row.n_2
        case Single():
            return row.total
        case _:
            return 0


def joints_in(study: Study, question: Question) -> int:
    """The joints of a study's arms on both sides, where its row does not count them."""
    return sum(study.population_of(arm).joints or 0 for side in sides(study, question) for arm in side)


def followup_months(study: Study, question: Question) -> float | None:
    """When a study read the outcome: the latest time printed for it, else how long the joints were followed."""
    arms = [arm for arm in study.arm if belongs(arm, question.of, question.by) and reports(arm, question.outcome)]
    printed = [o.timepoint_months for arm in arms for o in arm.outcome if o.name == question.outcome]
    followed = [study.population_of(arm).followup_months for arm in arms]
    known = [each for each in printed if each] or [each for each in followed if each]
    return max(known, default=None)


def reader_of(measure: str, question: Question) -> Callable[[Study], Row | None]:
    """How one study is read for this measure: its row, None when it does not ask the question, or `UnusableError`."""
    if measure == "PR":
        return lambda study: single(study, question)
    read = {"MD": means, "SMD": means, "HR": hazard}.get(measure, counts)
    return lambda study: compared(study, question, read)


def compared(
    study: Study, question: Question, read: Callable[[Study, Sequence[Arm], Sequence[Arm], str], Row | None]
) -> Row | None:
    first, second = sides(study, question)
    if not first or not second or not any(reports(arm, question.outcome) for arm in (*first, *second)):
        return None
    return read(study, first, second, question.outcome)


def sides(study: Study, question: Question) -> tuple[list[Arm], list[Arm]]:
    """The arms on either side; within one modality, the tested arms against their comparators."""
    first = [arm for arm in study.arm if belongs(arm, question.of, question.by)]
    if question.versus == (ANY,):
        second = [arm for arm in study.arm if arm not in first]
    else:
        second = [arm for arm in study.arm if belongs(arm, question.versus, question.by)]
    both = [arm for arm in first if arm in second]
    first = [arm for arm in first if arm not in both or arm.role == "intervention"]
    return first, [arm for arm in second if arm not in both or arm.role == "comparator"]


def belongs(arm: Arm, names: Sequence[str], by: str) -> bool:
    return any(name in names for name in names_of(arm, by))


def names_of(arm: Arm, by: str) -> tuple[str, ...]:
    """What an arm is called at one level; placebo and the like count as the treatment or node that they join."""
    if by == "modality":
        return (arm.modality,)
    node = interventions()[arm.intervention]
    if by == "":
        return (arm.modality, node.id)
    node = interventions()[node.joins] if node.joins else node
    return node.treatments if by == "treatment" else (node.id,)


def reports(arm: Arm, outcome: str) -> bool:
    return any(each.name == outcome for each in arm.outcome)


def counts(study: Study, first: Sequence[Arm], second: Sequence[Arm], outcome: str) -> Counts | None:
    """Events and totals of both sides at the latest time both report; several arms of a side are added up."""
    one, two = at_one_time(first, second, lambda arm: counted(arm, outcome))
    return Counts(study.id, *added(one), *added(two))


def added(outcomes: Sequence[Outcome]) -> tuple[int, int]:
    return sum(each.events or 0 for each in outcomes), sum(each.total or 0 for each in outcomes)


def counted(arm: Arm, outcome: str) -> list[Outcome]:
    return [o for o in arm.outcome if o.name == outcome and o.events is not None and o.total is not None]


def means(study: Study, first: Sequence[Arm], second: Sequence[Arm], outcome: str) -> Means | None:
    """Mean, standard deviation and joints of both sides at the latest time after treatment that both report."""
    if len(first) > 1 or len(second) > 1:
        raise UnusableError("has several arms on one side; their means are not joined.")
    (one,), (two,) = at_one_time(first, second, lambda arm: measured(arm, outcome))
    if one.unit != two.unit:
        raise UnusableError(f"measures one arm in {one.unit or 'no unit'}, the other in {two.unit or 'no unit'}.")
    n_1, n_2 = joints(study, first[0], one), joints(study, second[0], two)
    if not n_1 or not n_2:
        raise UnusableError("does not print how many joints each arm has.")
    assert one.mean is not None and two.mean is not None
    if one.sd is None or two.sd is None:
        raise UnusableError("prints a mean without a standard deviation.")
    return Means(study.id, one.mean, one.sd, n_1, two.mean, two.sd, n_2)


def measured(arm: Arm, outcome: str) -> list[Outcome]:
    return [
        o
        for o in arm.outcome
        if o.name == outcome and o.type == "continuous" and o.mean is not None and o.timepoint_months != 0
    ]


def joints(study: Study, arm: Arm, outcome: Outcome) -> int | None:
    """How many joints an outcome was read in: its own total, else the arm's joints."""
    return outcome.total or study.population_of(arm, outcome).joints


def hazard(study: Study, first: Sequence[Arm], second: Sequence[Arm], outcome: str) -> Estimate | None:
    """The log hazard ratio as printed, else ln(ln S1 / ln S2) from two survivals at one time (proportional hazards)."""
    for each in (o for arm in first for o in arm.outcome if o.name == outcome and o.measure == "HR"):
        if each.effect and each.ci_low and each.ci_high:
            return Estimate(study.id, math.log(each.effect), math.log(each.ci_high / each.ci_low) / (2 * Z))
    if len(first) > 1 or len(second) > 1:
        raise UnusableError("has several arms on one side; their survivals are not joined.")
    (one,), (two,) = at_one_time(first, second, lambda arm: survivals(arm, outcome))
    log_1, var_1 = log_cumulative_hazard(one, joints(study, first[0], one))
    log_2, var_2 = log_cumulative_hazard(two, joints(study, second[0], two))
    return Estimate(study.id, log_1 - log_2, math.sqrt(var_1 + var_2))


def survivals(arm: Arm, outcome: str) -> list[Outcome]:
    return [o for o in arm.outcome if o.name == outcome and o.type == "survival" and o.mean is not None]


def log_cumulative_hazard(survival: Outcome, at_risk: int | None) -> tuple[float, float]:
    """ln(-ln S) and its variance: from the printed interval of S, else (1 - S) / (n S (ln S)^2) (delta method)."""
    assert survival.mean is not None
    share = survival.mean / 100
    if not 0 < share < 1:
        raise UnusableError("prints a survival of 0 or 100 %, which has no hazard to compare.")
    log = math.log(-math.log(share))
    low, high = survival.ci_low, survival.ci_high
    if low and high and high < 100:
        return log, ((math.log(-math.log(low / 100)) - math.log(-math.log(high / 100))) / (2 * Z)) ** 2
    if not at_risk:
        raise UnusableError("prints a survival without interval and without the number of joints.")
    return log, (1 - share) / (at_risk * share * math.log(share) ** 2)


def single(study: Study, question: Question) -> Single | None:
    """Events and total of every arm of the study that had the treatment, at the latest time all of them report."""
    arms = [arm for arm in study.arm if belongs(arm, question.of, question.by)]
    arms = [arm for arm in arms if reports(arm, question.outcome)]
    if not arms:
        return None
    chosen, _ = at_one_time(arms, (), lambda arm: counted(arm, question.outcome))
    return Single(study.id, *added(chosen))


def at_one_time(
    first: Sequence[Arm], second: Sequence[Arm], read: Callable[[Arm], list[Outcome]]
) -> tuple[list[Outcome], list[Outcome]]:
    """One outcome per arm, all at the latest time that every arm reports ("last follow-up" counts as the latest)."""
    by_arm = {id(arm): by_time(read(arm)) for arm in (*first, *second)}
    if not all(by_arm.values()):
        raise UnusableError("prints no such numbers for every arm.")
    common = set.intersection(*(set(times) for times in by_arm.values()))
    if not common:
        raise UnusableError("reports its arms at different times.")
    latest = max(common)
    if any(len(times[latest]) > 1 for times in by_arm.values()):
        raise UnusableError("prints only subgroups, which are not added up.")
    return [by_arm[id(arm)][latest][0] for arm in first], [by_arm[id(arm)][latest][0] for arm in second]


def by_time(outcomes: Iterable[Outcome]) -> Mapping[float, list[Outcome]]:
    found: dict[float, list[Outcome]] = {}
    for outcome in (each for each in outcomes if not each.subset):
        time = math.inf if outcome.timepoint_months is None else outcome.timepoint_months
        found.setdefault(time, []).append(outcome)
    return found


def questions(studies: Iterable[Study], by: str = "modality") -> tuple[Question, ...]:
    """Every pair that some study compares, with every outcome both sides report; untreated joints come second.

    Parameters
    ----------
    studies
        The studies to look through.
    by
        "modality", "intervention" or "treatment": what a side is called.
    """
    pairs: Counter[tuple[str, str, str]] = Counter()
    for study in studies:
        pairs.update(
            {
                (first, second, outcome.name)
                for one in study.arm
                if one.role == "intervention"
                for two in study.arm
                if two.role == "comparator"
                for outcome in one.outcome
                if reports(two, outcome.name)
                for first, second in product(names_of(one, by), names_of(two, by))
                if first != second
            }
        )
    kept = {pair for pair in pairs if preferred(*pair, pairs)}
    return tuple(Question((one,), (two,), outcome, by) for one, two, outcome in sorted(kept))


def preferred(one: str, two: str, outcome: str, pairs: Mapping[tuple[str, str, str], int]) -> bool:
    """Whether a pair stands in this order: nothing done comes second, then the order that more studies have."""
    if (one in UNTREATED) is not (two in UNTREATED):
        return two in UNTREATED
    other = pairs.get((two, one, outcome), 0)
    return pairs[one, two, outcome] > other or (pairs[one, two, outcome] == other and one < two)


def series(studies: Iterable[Study], by: str = "modality") -> tuple[Question, ...]:
    """Every treatment with every outcome that some arm counts: the questions a single-arm proportion answers."""
    found = {
        (name, outcome.name)
        for study in studies
        for arm in study.arm
        for outcome in arm.outcome
        if outcome.events is not None and outcome.total is not None
        for name in names_of(arm, by)
    }
    return tuple(Question((name,), (), outcome, by) for name, outcome in sorted(found))


def family(question: Question, studies: Iterable[Study]) -> str:
    """What kind of numbers most arms of the question print: binary, continuous, survival; single without a control."""
    if not question.versus:
        return "single"
    pairs = [sides(study, question) for study in studies]
    arms = [arm for first, second in pairs if first and second for arm in (*first, *second)]
    kinds = Counter(o.type for arm in arms for o in arm.outcome if o.name == question.outcome)
    kinds["survival"] += kinds.pop("hazard-ratio", 0)
    return kinds.most_common(1)[0][0] if kinds else "binary"
