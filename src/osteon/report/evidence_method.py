"""How were the figures of the studies made, step by step, and on which choices do they rest?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from osteon.evidence.base import FEWEST_FOR_T
from osteon.evidence.certainty import settings as rating_settings
from osteon.evidence.comparison_graph import components
from osteon.evidence.methods import MethodStep, method_sentences
from osteon.evidence.networks import UNTREATED, network_rows
from osteon.knowledge.judgements import judgements
from osteon.knowledge.records import Setting
from osteon.knowledge.studies import studies
from osteon.planning.order import ordering
from osteon.planning.outlook import Outlook, cited_papers, is_indirect
from osteon.planning.plan import Plan
from osteon.prognosis.baseline import DRAWS
from osteon.report.citations import Citations
from osteon.report.page import Declared, Reason


def evidence_sentences(plan: Plan, cite: Citations) -> Iterator[Reason]:
    """What was done with the studies that bear on this plan, with the works each step rests on."""
    outlooks = [option.outlook for joint in plan.joints for option in joint.options]
    if outlooks:
        for sentence in method_sentences(steps(outlooks)):
            yield Reason(sentence.text, cite.cite(sentence.source))


def steps(outlooks: Sequence[Outlook]) -> Iterator[MethodStep]:
    """The steps that ran for these answers, in their order."""
    known = studies()
    results = [result for found in outlooks for result in found.results]
    arms = sum(len(study.arm) for study in known.values())
    yield MethodStep("taken", {"studies": len(known), "arms": arms, "used": len(cited_papers(outlooks))})
    yield MethodStep("compared")
    if any(result.effect.measure == "PR" for result in results):
        yield MethodStep("single_arms")
    if any(result.effect.method == "REML" for result in results):
        yield MethodStep("pooled_reml", {"fewest_for_t": FEWEST_FOR_T})
    if any("0.5 was added" in note for result in results for note in result.effect.notes):
        yield MethodStep("rare_events")
    if any(result.effect.k > 1 for result in results):
        yield MethodStep("heterogeneity")
    for outcome in sorted({result.question.outcome for result in results if is_indirect(result)}):
        yield MethodStep("network", network_size(outcome))
    yield MethodStep("certainty", {"judgements": len(judgements().certainty)})
    yield MethodStep("applicability")
    yield MethodStep("forecast", {"draws": f"{DRAWS:,}"})
    yield MethodStep("ranking", {"draws": f"{ordering()['draws']:,}"})


def network_size(outcome: str) -> dict[str, object]:
    """How many treatments and studies the network of one outcome connects with no treatment."""
    rows = tuple(network_rows(studies().values(), outcome, "RR"))
    part = next(each for each in components(rows) if UNTREATED in each)
    return {"treatments": len(part), "studies": len({row.study for row in rows if row.treatment in part})}


def evidence_settings(plan: Plan, cite: Citations) -> Iterator[Declared]:
    """The choices behind the forecasts and behind the certainty of each option."""
    for setting in forecast_settings(plan):
        yield Declared("Forecast", setting.text, cite.cite(setting.source))
    rated = (option.outlook.certainty for joint in plan.joints for option in joint.options)
    lines = {line.id: line for found in rated if found is not None for line in rating_settings(found)}
    for line in lines.values():
        yield Declared("Certainty", line.text, cite.cite(line.source))


def forecast_settings(plan: Plan) -> Iterator[Setting]:
    """Every choice that some forecast of the plan rests on."""
    for joint in plan.joints:
        for baseline in joint.course.baselines.values():
            yield from baseline.settings
        for option in joint.options:
            for endpoint in option.outlook.forecast.endpoints:
                yield from endpoint.settings
