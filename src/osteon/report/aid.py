"""The decision aid as plain text: the same object as its page, told line by line."""

from __future__ import annotations

from collections.abc import Iterator

from osteon.planning.card import wrapped
from osteon.planning.plan import Plan
from osteon.report.decision_aid import decision_aid
from osteon.report.page import Reason
from osteon.report.patient_page import Leaflet, PatientChoice, PatientJoint, PatientPage

ASK = "Not known yet, and the answer could change what is open to you. Ask your team:"
IMPORTANCE = "not, somewhat or very"


def aid_text(plan: Plan, width: int = 100) -> str:
    """A decision aid for the patient: every treatment, what it may do and what it may cost, none ranked."""
    page = decision_aid(plan)
    lines = [*wrapped(page.purpose, width), "", "THE CONDITION AND THE DECISION"]
    lines += [*wrapped(page.condition.text, width, "  "), *wrapped(page.decision, width, "  ")]
    for joint in page.joints:
        lines += ["", *joint_lines(joint, width)]
    lines += ["", "WHAT MATTERS TO YOU", *value_lines(page, width)]
    lines += ["", "EACH TREATMENT", "  In alphabetical order, under the same headings for each."]
    for leaflet in page.leaflets:
        lines += ["", *leaflet_lines(leaflet, width)]
    lines += ["", "WHAT IS NOT CERTAIN"]
    lines += [line for sentence in page.uncertain for line in wrapped(sentence, width, "  - ")]
    lines += ["", "WHO MADE THIS", *wrapped(" ".join(page.made), width, "  ")]
    lines += wrapped(f"Osteon {page.head.osteon}, knowledge {page.head.knowledge}.", width, "  ")
    return "\n".join(lines) + "\n"


def joint_lines(joint: PatientJoint, width: int) -> Iterator[str]:
    yield f"YOUR {joint.title.upper()}"
    yield from wrapped(" ".join([f"{joint.stage}.", *texts(joint.stage_because)]), width, "  ")
    if joint.not_known:
        yield from wrapped(ASK, width, "  ")
        yield from (line for question in joint.not_known for line in wrapped(question, width, "  - "))
    for choice in joint.choices:
        yield ""
        yield from choice_lines(choice, width)


def choice_lines(choice: PatientChoice, width: int) -> Iterator[str]:
    """One treatment as it stands, and what became of 100 joints."""
    yield f"  {choice.name}"
    waits = [f"It waits for: {', '.join(choice.waits_for)}."] if choice.waits_for else []
    yield from wrapped(" ".join([choice.standing, *texts(choice.reasons), *waits]), width, "    ")
    yield from wrapped(" ".join([*choice.chance.told, choice.chance.warning]), width, "    ")


def value_lines(page: PatientPage, width: int) -> Iterator[str]:
    yield f"  How much does each of these matter to you: {IMPORTANCE}?"
    for text, stated in page.values:
        yield from wrapped(f"{text}: {f'{stated}, as you said' if stated else '......'}", width, "  - ")
    for question in page.questions:
        yield from wrapped(f"{question}: ......", width, "  - ")


def leaflet_lines(leaflet: Leaflet, width: int) -> Iterator[str]:
    """One treatment in plain words, under the headings of the page."""
    keeps = "You keep your own joint." if leaflet.keeps_joint else "You do not keep your own joint surfaces."
    yield f"  {leaflet.name}"
    yield from wrapped(f"{leaflet.burden}. {keeps}", width, "    ")
    harms = " ".join(texts(leaflet.harms)) or "None of the sources read gives figures."
    sure = f"We are {leaflet.certainty}. {leaflet.certainty_because.text}"
    for heading, text in (*leaflet.parts, ("Harms in studies", harms), ("How sure is the benefit", sure)):
        yield from wrapped(f"{heading}: {text}", width, "    ")


def texts(reasons: tuple[Reason, ...]) -> list[str]:
    return [reason.text for reason in reasons]
