"""Which treatments do the studies connect for one outcome, and what does the network say of those never compared?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from osteon.errors import Fault, InputError
from osteon.evidence.base import evidence_body
from osteon.evidence.certainty import certainty
from osteon.evidence.comparison_graph import components, treatments_of
from osteon.evidence.comparisons import (
    Answers,
    Question,
    UnusableError,
    at_one_time,
    counted,
    joints,
    measured,
    names_of,
    size,
    told_elsewhere,
)
from osteon.evidence.data import Contrast, CountArm, Counts, MeanArm, NetworkRow
from osteon.evidence.data_file import read_network
from osteon.evidence.network import Network, NetworkEffect, network
from osteon.evidence.outcome_words import more_is_better
from osteon.evidence.pool import PooledEffect, pool
from osteon.evidence.result import Result
from osteon.knowledge.studies import Arm, Outcome, Study, interventions

UNTREATED = "no_treatment"
NETWORKED = ("collapse", "tha-conversion", "progression")
NetworkArm = CountArm | MeanArm


@dataclass(frozen=True, slots=True)
class TreatmentNetwork:
    """The network of one outcome, with the parts of it that nothing connects to the reference."""

    outcome: str
    network: Network
    rows: tuple[NetworkRow, ...]
    apart: tuple[tuple[str, ...], ...]

    def size(self, treatment: str) -> tuple[int, int]:
        """Joints and studies of one treatment in the network."""
        arms = [row for row in self.rows if not isinstance(row, Contrast) and row.treatment == treatment]
        return joints_of(arms), len({arm.study for arm in arms})


def treatment_network(
    known: Mapping[str, Study], outcome: str, measure: str = "RR", reference: str = UNTREATED
) -> TreatmentNetwork:
    """All interventions that studies connect with the reference for one outcome, against each other.

    Parameters
    ----------
    known
        The studies by id.
    outcome
        As the studies name it.
    measure
        RR, OR or RD for counts, MD for means.
    reference
        Id of an intervention; placebo and the like are counted with no treatment.

    Raises
    ------
    InputError
        When no two studies can be connected with the reference.
    """
    rows = tuple(network_rows(known.values(), outcome, measure))
    parts = [tuple(sorted(part)) for part in components(rows)]
    part = next((each for each in parts if reference in each), None)
    if part is None:
        there = "; ".join(", ".join(each) for each in parts) or "nothing"
        message = f"is {reference[:60]!r}, which no study connects for {outcome[:40]!r}. Connected are: {there}."
        raise InputError("the network", [Fault("--reference", message)])
    used = tuple(row for row in rows if row.treatment in part)
    found = network(used, measure, reference, small_is_good=not more_is_better(outcome))
    return TreatmentNetwork(outcome, found, used, tuple(each for each in parts if each is not part))


def network_of_file(path: Path, measure: str, reference: str) -> TreatmentNetwork:
    """The network of a CSV file with one line per arm, or per comparison; the reference in capitals or not."""
    rows = read_network(path)
    names = {name.casefold(): name for row in rows for name in treatments_of(row)}
    known = names.get(reference.casefold(), reference)
    return TreatmentNetwork(path.stem, network(rows, measure, known), rows, ())


def network_rows(known: Iterable[Study], outcome: str, measure: str) -> Iterator[NetworkArm]:
    """One row per study and intervention, of studies that compare at least two; the same patients once."""
    made: list[tuple[Study, list[NetworkArm]]] = []
    for study in known:
        try:
            rows = arms_of(study, outcome, means=measure == "MD")
        except UnusableError:
            continue
        if len({row.treatment for row in rows}) > 1:
            made.append((study, rows))
    left_out = told_elsewhere([(study, joints_of(rows)) for study, rows in made])
    for study, rows in made:
        if study.id not in left_out:
            yield from rows


def joints_of(rows: Sequence[NetworkArm]) -> int:
    return sum(row.total if isinstance(row, CountArm) else row.n for row in rows)


def arms_of(study: Study, outcome: str, means: bool) -> list[NetworkArm]:
    """The arms of one study at one time; arms of the same intervention are added up where they are counts."""
    arms = [arm for arm in study.arm if any(o.name == outcome for o in arm.outcome)]
    if len(arms) < 2:
        return []
    chosen, _ = at_one_time(arms, (), lambda arm: (measured if means else counted)(arm, outcome))
    grouped: dict[str, list[tuple[Arm, Outcome]]] = {}
    for arm, found in zip(arms, chosen, strict=True):
        grouped.setdefault(names_of(arm, "intervention")[0], []).append((arm, found))
    return [
        mean_arm(study, name, *pairs[0]) if means else count_arm(study, name, pairs) for name, pairs in grouped.items()
    ]


def count_arm(study: Study, name: str, pairs: Sequence[tuple[Arm, Outcome]]) -> CountArm:
    return CountArm(study.id, name, sum(o.events or 0 for _, o in pairs), sum(o.total or 0 for _, o in pairs))


def mean_arm(study: Study, name: str, arm: Arm, found: Outcome) -> MeanArm:
    n = joints(study, arm, found)
    if found.mean is None or found.sd is None or not n:
        raise UnusableError("prints a mean without a standard deviation or without the number of joints.")
    return MeanArm(study.id, name, found.mean, found.sd, n)


def indirect(known: Mapping[str, Study], direct: Iterable[Result]) -> Iterator[Result]:
    """Against no treatment, what the network says of treatments that no study set against it."""
    compared = {(result.question.of, result.question.versus, result.question.outcome) for result in direct}
    for outcome in NETWORKED:
        try:
            found = treatment_network(known, outcome)
        except InputError:  # nothing is connected with untreated joints
            continue
        answers = network_answers(found, known)
        alone = pool(answers.rows, "RR", "FE", "z")
        for effect in found.network.against_reference:
            for treatment in interventions()[effect.treatment].treatments:
                question = Question((treatment,), ("observation",), outcome, "treatment")
                if (question.of, question.versus, outcome) not in compared:
                    yield through_network(replace(answers, question=question), effect, found.network, alone)


def network_answers(found: TreatmentNetwork, known: Mapping[str, Study]) -> Answers:
    """The studies of a network, each as its first two arms."""
    by_study: dict[str, list[CountArm]] = {}
    for row in found.rows:
        if isinstance(row, CountArm):
            by_study.setdefault(row.study, []).append(row)
    rows = tuple(
        Counts(study, one.events, one.total, two.events, two.total) for study, (one, two, *_) in by_study.items()
    )
    question = Question((), (UNTREATED,), found.outcome, "intervention")
    return Answers(question, "RR", rows, tuple(known[row.study] for row in rows), (), sum(size(row) for row in rows))


def through_network(answers: Answers, effect: NetworkEffect, found: Network, alone: PooledEffect) -> Result:
    """One estimate of the network as an answer, rated lower for being indirect; `alone` weighs its studies."""
    pooled = PooledEffect(
        measure="RR",
        method="network",
        ci="z",
        k=len(found.studies),
        estimate=effect.estimate,
        ci_low=effect.ci_low,
        ci_high=effect.ci_high,
        log_estimate=math.log(effect.estimate),
        se=effect.se,
        tau2=found.tau2,
        i2=found.i2,
        i2_low=found.i2_low,
        i2_high=found.i2_high,
        q=found.total.q,
        df=found.total.df,
        p=alone.p,
        prediction_low=None,
        prediction_high=None,
        studies=alone.studies,
        notes=("Through a network: no study compares the two.",),
    )
    body = replace(evidence_body(answers, pooled), indirect=True)
    return Result(answers.question, pooled, certainty(body), answers.left_out, answers.joints)
