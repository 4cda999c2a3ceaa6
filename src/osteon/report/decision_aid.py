"""The decision aid for the patient, from a plan: compares every treatment in equal detail, ranks none, advises none.

Its items are those of the International Patient Decision Aid Standards: condition, decision, all options including
doing nothing, benefits, harms, equal detail, uncertainty, values, sources, authors, date and policy of renewal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from osteon.case.answer import Answer
from osteon.case.case import PREFERENCES
from osteon.case.vocabulary import vocabulary
from osteon.knowledge.records import Review, Treatment
from osteon.planning.plan import JointPlan, Option, Plan
from osteon.prognosis import NO_TREATMENT, EndpointForecast, Point, TreatmentEffect
from osteon.report import words
from osteon.report.citations import Citations
from osteon.report.clinician import head
from osteon.report.drawing import draw
from osteon.report.expected import can_be_offered, endpoints_of, latest_point, untreated_point
from osteon.report.figures import icon_array
from osteon.report.figures.curves import time_words
from osteon.report.joint_page import by_finding
from osteon.report.options_page import rule_reason, statements
from osteon.report.page import Reason
from osteon.report.patient_page import Leaflet, PatientChance, PatientChoice, PatientJoint, PatientPage

ABOUT_SOURCE = "review2025"  # the review whose introduction the paragraph on the condition restates
MOST_NOT_KNOWN = 5
PARTS = (
    ("What it is", "what_it_is"),
    ("How it may help", "how_it_may_help"),
    ("What can go wrong", "what_can_go_wrong"),
    ("Recovery", "recovery"),
    ("Afterwards", "afterwards"),
)
PURPOSE = (
    "This page helps you and your team to talk about treatment. It compares every treatment known for your joint in "
    "the same detail, in alphabetical order. It puts none before another and advises none. It does not replace the "
    "advice of the people who know you."
)
CONDITION = (
    "In osteonecrosis a part of the bone has died because its blood supply failed. Small areas may mend by themselves. "
    "In others the bone under the joint surface breaks and sinks in, and the joint wears out."
)
DECISION = (
    "The decision is what to do about it now: watch the joint, take a medicine, have another treatment or an operation "
    "that keeps the joint, or have it replaced. Watching is one of the choices. You can ask for a second opinion, and "
    "you can change your mind."
)
UNCERTAIN = (
    "How your joint will go on is uncertain, with and without treatment. Where studies allow a number, it says how it "
    "went for 100 joints much like yours. Nobody can say which of the 100 yours will be.",
    "The smaller and the larger number in brackets are how far off the first one may well be. Where they lie far "
    "apart, little is known.",
    "Some treatments were only seen in people who all had them. Nobody counted how these people would have done "
    "without. Such numbers must not be set against the others.",
    "Doctors and guidelines do not agree on one best treatment. The professional's version of this page shows who says "
    "what.",
    "What nobody has recorded about you may still matter. Tell your team about your other illnesses and medicines.",
)
QUESTIONS = (
    "What else matters to me",
    "What worries me most",
    "What I want to be able to do again",
    "What I want to ask my team",
    "Who else should be there when we decide",
    "Where I stand now",
)
STILL = {
    "no_replacement": "still have their own joint",
    "no_collapse": "have a joint whose surface has not sunk in",
    "no_revision": "have not needed the operation done again",
}
WIDEST = 80  # of 100: an interval at least this wide leaves open almost everything, and its middle is not told
TELLS_NOTHING = "The studies do not tell: they contradict each other, or are too small."
NOT_COMPARED = "It was not measured against other treatments, so do not compare this number with theirs."
BASES = {
    "class": "The number comes from treatments of the same kind.",
    "indirect": "The number was worked out through other treatments, since nobody compared it with none.",
}
NOT_OPEN = "No number is given: it is not open to you as things stand."
NOT_KNOWN = "How many keep their joint with it is not known: no study that was read says it for joints like yours."
NO_REDONE = "How often it has to be done again is not known: no study that was read says it."
GIVES_UP = "Your own joint surfaces do not stay, so nobody can count how many keep them."


def decision_aid(plan: Plan) -> PatientPage:
    """Everything the decision aid says, for the page and for the text."""
    cite = Citations(plan.knowledge)
    about = cite.cite([ABOUT_SOURCE] if ABOUT_SOURCE in plan.knowledge.sources else [])
    joints = tuple(patient_joint(each, number, cite) for number, each in enumerate(plan.joints, 1))
    treatments = {option.treatment.id: option.treatment for each in plan.joints for option in each.options}
    by_name = sorted(treatments.values(), key=lambda treatment: treatment.name)
    return PatientPage(
        head=head(plan),
        purpose=PURPOSE,
        condition=Reason(CONDITION, about),
        decision=DECISION,
        joints=joints,
        leaflets=tuple(leaflet(treatment, cite) for treatment in by_name),
        values=tuple((words.capital(text), plan.case.preferences.get(name, "")) for name, text in PREFERENCES.items()),
        questions=QUESTIONS,
        uncertain=UNCERTAIN,
        made=tuple(made([treatment.review for treatment in by_name])),
        sources=cite.lines(),
    )


def made(reviews: Sequence[Review]) -> Iterator[str]:
    """Who wrote the texts, who checked them, and until when they stand."""
    if not reviews:
        return
    written = words.joined(words.unique(review.written_by for review in reviews))
    checked = words.joined(words.unique(review.checked_by for review in reviews if review.checked_by))
    who = f"and checked by {checked}." if checked else "; no second person has checked them yet."
    yield f"The texts on the treatments were written by {written}{' ' if checked else ''}{who}"
    yield f"They were last reviewed on {words.day(max(review.reviewed_on for review in reviews))}."
    due = words.day(min(review.next_review for review in reviews))
    yield (
        f"Each text has a date by which it is looked at again; the first of them is due on {due}. After that date, ask "
        "for a newer version."
    )


def patient_joint(plan: JointPlan, number: int, cite: Citations) -> PatientJoint:
    anchor = words.joint_anchor(number)
    primary = next((s for s in plan.staging if cite.knowledge.staging[s.system].primary), None)
    shown = [] if primary is None or not primary.decided else [a for a in primary.because if a.answer is Answer.YES]
    return PatientJoint(
        anchor=anchor,
        title=words.joint_title(plan.joint),
        stage=words.stage_line(plan, cite.knowledge),
        stage_because=tuple(cite.reason(a.because, a.source, a.where, a.basis) for a in shown),
        drawing=draw(plan.joint, f"{anchor}-section"),
        not_known=tuple(vocabulary()[name].question for name in list(by_finding(plan.would_change))[:MOST_NOT_KNOWN]),
        choices=tuple(choice(o, plan, anchor, cite) for o in sorted(plan.options, key=lambda o: o.treatment.name)),
    )


def choice(option: Option, plan: JointPlan, anchor: str, cite: Citations) -> PatientChoice:
    """How one treatment stands for this joint; reasons where something bars it or speaks against it."""
    told = option.because if option.verdict in ("contraindicated", "avoid") else ()
    waits = option.missing if option.verdict == "depends" else ()
    return PatientChoice(
        name=option.treatment.name,
        anchor=f"about-{option.treatment.id}",
        sign=words.VERDICT_SIGNS[option.verdict],
        standing=words.PATIENT_VERDICTS[option.verdict],
        reasons=tuple(rule_reason(row, cite) for row in told),
        waits_for=tuple(words.label(name, cite.knowledge) for name in waits),
        chance=chance(option, plan, f"{anchor}-{option.treatment.id}-dots", cite),
    )


def chance(option: Option, plan: JointPlan, ident: str, cite: Citations) -> PatientChance:
    """Of 100 joints, how many are well at five years or the last time before; or that nobody knows."""
    if not can_be_offered(option):
        return PatientChance("", (NOT_OPEN,), (), "")
    known = next((each for each in endpoints_of(option) if each.points), None)
    kept = () if option.treatment.keeps_joint else (GIVES_UP,)
    if known is None:
        return PatientChance("", unknown(option.treatment), (), "")
    point = latest_point(known)
    assert point is not None
    doing = f"{STILL[known.endpoint]} after {time_words(point.months)}"
    sure = (f"We are {words.PATIENT_CERTAINTIES[option.certainty]}.",) if known.comparable else ()
    return PatientChance(
        warning="" if known.comparable else NOT_COMPARED,
        told=(*kept, *sentences(known, plan, point, doing), *sure),
        refs=cite.studies(known.evidence.studies) if known.evidence else (),
        icon="" if tells_nothing(point) else icon_array(*of_100(point), doing, ident=ident),
    )


def unknown(treatment: Treatment) -> tuple[str, ...]:
    """What is said where no study gives a number."""
    if treatment.keeps_joint:
        return (NOT_KNOWN,)
    return (GIVES_UP, NO_REDONE) if treatment.kind == "replacement" else (GIVES_UP,)


def sentences(known: EndpointForecast, plan: JointPlan, point: Point, doing: str) -> Iterator[str]:
    """The number of 100 with its range, and what it can be set beside."""
    number, low, high = of_100(point)
    whose = "with a joint like yours" if known.comparable else "in the studies"
    if tells_nothing(point):
        yield f"{TELLS_NOTHING} Of 100 people {whose}, anything from {low} to {high} {doing}."
    else:
        yield f"Of 100 people {whose}, about {number} {doing} (it may be {low} to {high})."
    untreated = untreated_point(plan, known.endpoint, point.months)
    if known.comparable and known.evidence != NO_TREATMENT and untreated is not None:
        number, low, high = of_100(untreated)
        yield f"Without treatment about {number} do (it may be {low} to {high})."
    if isinstance(known.evidence, TreatmentEffect) and known.evidence.basis in BASES:
        yield BASES[known.evidence.basis]


def tells_nothing(point: Point) -> bool:
    """Whether an interval is so wide that a number inside it would mislead."""
    return 100 * (point.high - point.low) >= WIDEST


def of_100(point: Point) -> tuple[int, int, int]:
    """A share and its interval in whole joints of 100."""
    return round(100 * point.estimate), round(100 * point.low), round(100 * point.high)


def leaflet(treatment: Treatment, cite: Citations) -> Leaflet:
    """One treatment in plain words."""
    return Leaflet(
        anchor=f"about-{treatment.id}",
        name=treatment.name,
        burden=words.capital(words.BURDENS[treatment.invasiveness]),
        keeps_joint=treatment.keeps_joint,
        certainty=words.PATIENT_CERTAINTIES[treatment.certainty],
        parts=tuple((heading, getattr(treatment.patient, name)) for heading, name in PARTS),
        certainty_because=Reason(treatment.certainty_because, cite.cite(treatment.certainty_source)),
        harms=statements(treatment.harm, cite),
    )
