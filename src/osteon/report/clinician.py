"""The report for the professional, from a plan."""

from __future__ import annotations

from collections.abc import Mapping

from osteon.case.case import PREFERENCES
from osteon.planning.plan import Plan
from osteon.report import words
from osteon.report.citations import Citations
from osteon.report.joint_page import advice_sections, joint_section, patient_findings
from osteon.report.method import method
from osteon.report.options_page import described_at, importance
from osteon.report.page import ClinicianPage, Head, Picture


def clinician_page(plan: Plan, pictures: Mapping[str, tuple[Picture, ...]] | None = None) -> ClinicianPage:
    """Everything the clinician's page shows, in the order in which it is read; `pictures` by the joint's name."""
    cite = Citations(plan.knowledge)
    preferences = plan.case.preferences
    described = described_at(plan.joints)
    shown = pictures or {}
    joints = tuple(
        joint_section(each, at, cite, preferences, described, shown.get(each.joint.name, ()))
        for at, each in enumerate(plan.joints, 1)
    )
    advice = advice_sections(plan.advice, cite)
    made = method(plan, cite)
    return ClinicianPage(
        head=head(plan),
        preferences=tuple(
            f"{words.capital(PREFERENCES[name])}: {importance(stated)}" for name, stated in preferences.items()
        ),
        joints=joints,
        patient_findings=patient_findings(plan.joints[0].joint.findings if plan.joints else plan.case.patient),
        advice=advice,
        method=made,
        sources=cite.lines(),
    )


def head(plan: Plan) -> Head:
    """Whose plan it is, of when, and which versions made it."""
    case = plan.case
    title = case.title or "Osteonecrosis: options for treatment"
    return Head(
        title=title,
        running=f"Osteon {plan.osteon}, knowledge {plan.knowledge.version}",
        person=words.person_text(case.patient),
        assessed=words.day(case.assessed_on),
        osteon=plan.osteon,
        knowledge=plan.knowledge.version,
        fictional=case.fictional,
        case_source=case.source,
    )
