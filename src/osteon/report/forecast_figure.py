"""How do the options of one joint compare over the years? One figure of those that can be offered."""

from __future__ import annotations

from collections.abc import Iterator

from osteon.planning.outlook import OBSERVATION
from osteon.planning.plan import JointPlan
from osteon.prognosis import Point
from osteon.report import words
from osteon.report.expected import DOING, endpoints_of
from osteon.report.figures import OptionCurve, forecast_curves, forecast_table
from osteon.report.page import Figure

MOST_CURVES = 9
ENDPOINTS = ("no_replacement", "no_collapse")  # the one with more comparable curves is drawn, this one first


def forecast_figure(plan: JointPlan, ident: str) -> Figure | None:
    """The curves of the options that come first, observation always among them; None where none can be compared."""
    found = {name: list(curves(plan, name)) for name in ENDPOINTS}
    drawn = max(ENDPOINTS, key=lambda name: sum(curve.comparable for curve in found[name]))
    if sum(curve.comparable for curve in found[drawn]) < 2:
        return None
    shown = sorted(found[drawn], key=lambda curve: not curve.comparable)[:MOST_CURVES]
    title = f"{words.joint_title(plan.joint)}: how many of 100 such joints {DOING[drawn]}, option by option"
    return Figure(
        svg=forecast_curves(shown, outcome=DOING[drawn], title=title, ident=ident),
        caption=f"{title}. Bands are 95 % intervals.",
        table=forecast_table(shown, outcome=DOING[drawn], title=title),
    )


def curves(plan: JointPlan, endpoint: str) -> Iterator[OptionCurve]:
    """One curve for each forecast, in the order of the plan, observation first; options that share it share a curve."""
    names: dict[tuple[tuple[Point, ...], bool], list[str]] = {}
    for option in sorted(plan.options, key=lambda option: option.treatment.id != OBSERVATION):
        for each in endpoints_of(option):
            if each.endpoint == endpoint and each.points:
                names.setdefault((each.points, each.comparable), []).append(option.treatment.name)
    for (points, comparable), same in names.items():
        yield OptionCurve("; ".join(same), points, comparable)
