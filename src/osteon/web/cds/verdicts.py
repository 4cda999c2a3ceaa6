"""What do the decision tables say of this case right now? The verdicts of the plan, without forecasts and ordering.

The same records, tables and functions as `osteon.planning.plan`; a test holds the two equal. Left out is what takes
the time and is not said on a card: what would change the plan, the forecasts, and the order of the options.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from osteon.case import Case, Joint
from osteon.case.finding import Findings
from osteon.case.possible import Possible
from osteon.knowledge.records import Knowledge
from osteon.knowledge.table import worlds_of
from osteon.planning.options import Judgement, judge
from osteon.planning.others import AdviceAnswer, advise
from osteon.planning.relevant import relevant
from osteon.staging import Staging, stage_in, with_stages

PREVENTION = "prevention"  # the category of advice
Judgements = Mapping[str, Judgement]  # by treatment id


@dataclass(frozen=True, slots=True)
class JointVerdicts:
    """One joint: its stage in the first system of its bone, and the judgement of every treatment that bone has."""

    joint: Joint
    staging: Staging | None
    judgements: Judgements
    advice: tuple[AdviceAnswer, ...]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """A case with what the tables say of each joint, and the advice for the patient as a whole."""

    case: Case
    joints: tuple[JointVerdicts, ...]
    advice: tuple[AdviceAnswer, ...]


def verdicts(case: Case, knowledge: Knowledge) -> Verdicts:
    """The verdict of every treatment at every joint, and the advice that applies.

    Examples
    --------
    >>> from osteon.case import read_case
    >>> from osteon.knowledge import knowledge
    >>> worn = read_case({"joint": [{"site": "femoral_head", "side": "left", "reported_arco_2019": "IV"}]})
    >>> verdicts(worn, knowledge()).joints[0].judgements["total_hip_arthroplasty"].verdict
    'fits'
    """
    if not case.joints:
        alone = worlds_of(facts(case.patient))
        return Verdicts(case, (), advise(knowledge.advice.values(), alone, "patient"))
    joints = []
    advice: dict[tuple[str, str], AdviceAnswer] = {}
    for joint in case.joints:
        found, for_patient = judged(joint, knowledge)
        joints.append(found)
        for answer in for_patient:
            advice.setdefault((answer.advice.id, answer.rule.id), answer)
    return Verdicts(case, tuple(joints), tuple(advice.values()))


def judged(joint: Joint, knowledge: Knowledge) -> tuple[JointVerdicts, tuple[AdviceAnswer, ...]]:
    """One joint, and the advice for the patient as a whole that it gives rise to."""
    matters = relevant(knowledge, joint.site)
    worlds = with_stages(worlds_of(facts(joint.findings)), matters.systems)
    staging = [stage_in(worlds, system, worlds.columns[f"stage.{system.id}"]) for system in matters.systems[:1]]
    judgements = {treatment.id: judge(treatment, worlds) for treatment in matters.treatments}
    found = JointVerdicts(joint, staging[0] if staging else None, judgements, advise(matters.advice, worlds, "joint"))
    return found, advise(matters.advice, worlds, "patient")


def ordered(case: Case, names: Collection[str], knowledge: Knowledge) -> list[tuple[Joint | None, Judgements]]:
    """The named treatments judged at every joint that has one of them; of a case without joints, for the person alone.

    Examples
    --------
    >>> from osteon.case import read_case
    >>> from osteon.knowledge import knowledge
    >>> (joint, found), = ordered(read_case({"patient": {"pregnant": True}}), ["zoledronate"], knowledge())
    >>> joint, found["zoledronate"].verdict
    (None, 'contraindicated')
    """
    treatments = [knowledge.treatments[name] for name in names]
    if not case.joints:
        alone = worlds_of(facts(case.patient))
        return [(None, {each.id: judge(each, alone) for each in treatments})]
    found: list[tuple[Joint | None, Judgements]] = []
    for joint in case.joints:
        here = [each for each in treatments if joint.site in each.sites]
        if here:
            worlds = with_stages(worlds_of(facts(joint.findings)), relevant(knowledge, joint.site).systems)
            found.append((joint, {each.id: judge(each, worlds) for each in here}))
    return found


def under_steroids(case: Case, knowledge: Knowledge) -> tuple[AdviceAnswer, ...]:
    """What prevents osteonecrosis in this patient, should a course of systemic steroids begin."""
    records = [record for record in knowledge.advice.values() if record.category == PREVENTION]
    return advise(records, worlds_of(facts(case.patient) | {"steroid_planned": frozenset({True})}), "patient")


def facts(findings: Findings) -> dict[str, Possible]:
    return {name: finding.possible for name, finding in findings.items()}
