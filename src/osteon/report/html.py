"""The plan as one HTML page that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from osteon.planning.plan import Plan
from osteon.report.clinician import clinician_page
from osteon.report.decision_aid import decision_aid
from osteon.report.page import Picture

if TYPE_CHECKING:
    from jinja2 import Environment

AUDIENCES = ("clinician", "patient")


def render_html(
    plan: Plan, audience: str = "clinician", pictures: Mapping[str, tuple[Picture, ...]] | None = None
) -> str:
    """The page for one audience as HTML text; the same plan gives the same text.

    Parameters
    ----------
    plan
        As `osteon.planning.plan` gives it.
    audience
        clinician for the report, patient for the decision aid, which does not rank.
    pictures
        Pictures made from images, by the name of the joint; the decision aid shows none.

    Raises
    ------
    ValueError
        When there is no such audience.
    """
    if audience not in AUDIENCES:
        raise ValueError(f"audience is {audience!r}; use {' or '.join(AUDIENCES)}.")
    page = clinician_page(plan, pictures) if audience == "clinician" else decision_aid(plan)
    return environment().get_template(f"{audience}.html.j2").render(page=page)


def environment() -> Environment:
    """Jinja with everything escaped and no value taken for granted."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("osteon.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
