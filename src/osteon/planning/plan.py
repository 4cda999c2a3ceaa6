"""The whole plan of one case: stages, options with reasons, what would change them, and advice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from osteon.case.answer import Answer
from osteon.case.case import Case, Joint
from osteon.case.derive import Facts
from osteon.evidence.harms import NO_HARM, HarmShare, worst_serious_harm
from osteon.knowledge.load import knowledge as all_knowledge
from osteon.knowledge.records import Knowledge, Treatment
from osteon.knowledge.table import worlds_of
from osteon.planning.assume import WouldChange, assume, would_change
from osteon.planning.card import joint_lines, plan_card, plan_table, reason
from osteon.planning.options import Judgement, RuleAnswer, judge, missing_of
from osteon.planning.order import RANKED, Candidate, Rank, ordering, rank
from osteon.planning.others import AdviceAnswer, PositionAnswer, TrialAnswer, advise, eligibility, positions
from osteon.planning.outlook import Course, Outlook, certainty_word, compared_at, course, outlook, survival_draws
from osteon.planning.relevant import relevant
from osteon.staging import Staging, stage_in
from osteon.version import __version__


@dataclass(frozen=True, slots=True)
class Option:
    """One treatment for one joint.

    `because` are the rows that gave the verdict; `supporting` further rows that hold; `cautions` what to mind;
    `check_before` contraindications that are not excluded yet; `avoid_if` reasons to avoid it that are not excluded
    yet; `missing` the findings that the verdict waits for; `course` what becomes of the joint untreated; `simulated`
    what a simulation of its mechanics says, where one was made (`with_simulation`). No verdict rests on that.
    """

    treatment: Treatment
    verdict: str
    because: tuple[RuleAnswer, ...]
    supporting: tuple[RuleAnswer, ...]
    cautions: tuple[RuleAnswer, ...]
    check_before: tuple[RuleAnswer, ...]
    avoid_if: tuple[RuleAnswer, ...]
    missing: tuple[str, ...]
    positions: tuple[PositionAnswer, ...]
    course: Course
    rank: Rank | None
    simulated: tuple[str, ...] = ()

    @property
    def outlook(self) -> Outlook:
        """What studies say of it, and what becomes of the joint under it."""
        return outlook(self.treatment, self.course)

    @property
    def certainty(self) -> str:
        """How sure the evidence is for this joint, as rated from the studies; the record's word where none was read."""
        return certainty_word(self.treatment, self.course)

    def __str__(self) -> str:
        return f"{self.treatment.name}: {self.verdict}. {reason(self)}"


@dataclass(frozen=True, slots=True)
class JointPlan:
    """The plan of one joint. Options stand in the order to show them; `course` is what they start from."""

    joint: Joint
    staging: tuple[Staging, ...]
    course: Course
    options: tuple[Option, ...]
    would_change: tuple[WouldChange, ...]
    advice: tuple[AdviceAnswer, ...]
    trials: tuple[TrialAnswer, ...]

    def __str__(self) -> str:
        return "\n".join(joint_lines(self)) + "\n"

    def option(self, treatment: str) -> Option:
        """The option with this treatment id.

        Raises
        ------
        KeyError
            When the treatment does not exist for this bone.
        """
        return {option.treatment.id: option for option in self.options}[treatment]

    def stage(self, system: str) -> Staging:
        """The staging in the system with this id."""
        return {staging.system: staging for staging in self.staging}[system]


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of one case, with the versions of Osteon and of the knowledge that made it."""

    case: Case
    osteon: str
    knowledge: Knowledge
    joints: tuple[JointPlan, ...]
    advice: tuple[AdviceAnswer, ...]

    def __str__(self) -> str:
        return plan_card(self)

    def _repr_html_(self) -> str:
        return plan_table(self)


def plan(case: Case, knowledge: Knowledge | None = None) -> Plan:
    """A reasoned treatment plan for every joint of a case, and advice for the patient as a whole.

    Parameters
    ----------
    case
        As `read_case` gives it.
    knowledge
        The records to reason with; all of Osteon's own if left out.

    Examples
    --------
    >>> from osteon.case import read_case
    >>> joint = {"site": "femoral_head", "side": "left", "reported_arco_2019": "IV"}
    >>> plan(read_case({"joint": [joint]})).joints[0].stage("arco_2019").possible
    ('IV',)
    """
    known = all_knowledge() if knowledge is None else knowledge
    planned = [plan_joint(joint, case.preferences, known) for joint in case.joints]
    advice = patient_advice(case, (answer for _, answers in planned for answer in answers), known)
    return Plan(case, __version__, known, tuple(joint for joint, _ in planned), advice)


def with_simulation(plan: Plan, joint: str, told: Mapping[str, tuple[str, ...]]) -> Plan:
    """The same plan with what a simulation says of treatments of one joint, by treatment id, beside each option."""
    joints = tuple(simulated(each, told) if each.joint.name == joint else each for each in plan.joints)
    return replace(plan, joints=joints)


def simulated(plan: JointPlan, told: Mapping[str, tuple[str, ...]]) -> JointPlan:
    """One joint's plan with what a simulation says."""
    options = tuple(replace(each, simulated=told.get(each.treatment.id, ())) for each in plan.options)
    return replace(plan, options=options)


def plan_joint(
    joint: Joint, preferences: Mapping[str, str], knowledge: Knowledge
) -> tuple[JointPlan, tuple[AdviceAnswer, ...]]:
    """The plan of one joint, and the advice for the patient as a whole that this joint gives rise to."""
    matters = relevant(knowledge, joint.site)
    stated = {name for name, finding in joint.findings.items() if finding.origin in ("stated", "measured")}
    worlds, assumptions = assume(facts_of(joint), matters, stated)
    staging = tuple(stage_in(worlds, system, worlds.columns[f"stage.{system.id}"]) for system in matters.systems)
    stage_missing = {f"stage.{each.system}": each.missing for each in staging}
    judgements = {t.id: judge(t, worlds) for t in matters.treatments}
    said = positions(matters.guidelines, worlds)
    by_id = {t.id: t for t in matters.treatments}
    untreated = course(worlds, knowledge)
    ranked = rank(candidates(by_id, judgements, untreated), preferences)
    planned = JointPlan(
        joint=joint,
        staging=staging,
        course=untreated,
        options=tuple(
            option(by_id[name], judgements[name], stage_missing, tuple(said.get(name, ())), untreated, place)
            for name, place in ranked
        ),
        would_change=would_change(assumptions, judgements),
        advice=advise(matters.advice, worlds, "joint"),
        trials=tuple(eligibility(trial, worlds, stage_missing) for trial in matters.trials),
    )
    return planned, advise(matters.advice, worlds, "patient")


def candidates(
    treatments: Mapping[str, Treatment],
    judgements: Mapping[str, Judgement],
    untreated: Course,
) -> list[Candidate]:
    """The treatments as the ordering sees them."""
    at = compared_at(untreated, ordering()["criteria"]["keep_joint"]["latest_months"])
    return [candidate(treatment, judgements[name].verdict, untreated, at) for name, treatment in treatments.items()]


def candidate(treatment: Treatment, verdict: str, untreated: Course, at: tuple[str, float] | None) -> Candidate:
    """One treatment as the ordering sees it; of those that cannot be offered it sees the verdict alone."""
    if verdict not in RANKED:
        return Candidate(treatment, verdict, treatment.certainty)
    return Candidate(
        treatment=treatment,
        verdict=verdict,
        certainty=certainty_word(treatment, untreated),
        survival=survival_draws(treatment, untreated, at),
        harm=harm_of(treatment),
    )


def harm_of(treatment: Treatment) -> HarmShare | None:
    """Its most frequent serious harm; none for what does nothing to the patient, None where no figure was read."""
    if treatment.invasiveness in ordering()["criteria"]["avoid_harm"]["harmless"]:
        return NO_HARM
    return worst_serious_harm(treatment)


def facts_of(joint: Joint) -> Facts:
    return {name: finding.possible for name, finding in joint.findings.items()}


def option(
    treatment: Treatment,
    judgement: Judgement,
    stage_missing: Mapping[str, tuple[str, ...]],
    said: tuple[PositionAnswer, ...],
    untreated: Course,
    place: Rank | None,
) -> Option:
    because = judgement.deciding
    holding = judgement.rows(Answer.YES, "contraindicated", "avoid", "fits", "consider")
    return Option(
        treatment=treatment,
        verdict=judgement.verdict,
        because=because,
        supporting=tuple([row for row in holding if row not in because]),
        cautions=judgement.rows(Answer.YES, "caution"),
        check_before=judgement.rows(Answer.UNKNOWN, "contraindicated"),
        avoid_if=judgement.rows(Answer.UNKNOWN, "avoid"),
        missing=missing_of(because, stage_missing) if judgement.verdict == "depends" else (),
        positions=said,
        course=untreated,
        rank=place,
    )


def patient_advice(case: Case, at_joints: Iterable[AdviceAnswer], knowledge: Knowledge) -> tuple[AdviceAnswer, ...]:
    """Advice for the patient as a whole: each rule that holds at some joint, or for the person alone, once."""
    if not case.joints:
        facts = {name: finding.possible for name, finding in case.patient.items()}
        return advise(knowledge.advice.values(), worlds_of(facts), "patient")
    found: dict[tuple[str, str], AdviceAnswer] = {}
    for answer in at_joints:
        found.setdefault((answer.advice.id, answer.rule.id), answer)
    return tuple(found.values())
