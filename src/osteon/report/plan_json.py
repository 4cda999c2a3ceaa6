"""The plan as stable JSON. `plan.schema.json` describes it; keys are added, never renamed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.resources import files
from typing import Any

from osteon.case.finding import Finding
from osteon.case.possible import Interval, Items, Possible
from osteon.knowledge.records import Source, Statement
from osteon.knowledge.studies import studies
from osteon.knowledge.table import ConditionAnswer
from osteon.planning.options import RuleAnswer
from osteon.planning.order import Rank
from osteon.planning.others import AdviceAnswer, PositionAnswer, TrialAnswer
from osteon.planning.plan import JointPlan, Option, Plan
from osteon.report.outlook_json import (
    computed_dict,
    forecast_dict,
    studies_named,
    study_dict,
    untreated_dict,
)
from osteon.staging import Staging

FORMAT = 1  # raised only when a key changes its meaning


def plan_json(plan: Plan) -> str:
    """The plan as JSON text: the same plan gives the same bytes."""
    return json.dumps(as_dict(plan), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def plan_schema() -> Mapping[str, Any]:
    """The JSON Schema (2020-12) that `plan_json` follows."""
    text = files("osteon.report").joinpath("plan.schema.json").read_text(encoding="utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema


def as_dict(plan: Plan) -> dict[str, Any]:
    """The plan as plain lists, dicts, texts and numbers."""
    case = plan.case
    return {
        "format": FORMAT,
        "osteon": plan.osteon,
        "knowledge": plan.knowledge.version,
        "case": {
            "title": case.title,
            "assessed_on": case.assessed_on.isoformat() if case.assessed_on else None,
            "fictional": case.fictional,
            "source": case.source,
            "preferences": dict(case.preferences),
        },
        "joints": [joint_dict(joint) for joint in plan.joints],
        "patient": {"advice": [advice_dict(answer) for answer in plan.advice]},
        "sources": {source.key: source_dict(source) for source in cited(plan)} | cited_studies(plan),
    }


def joint_dict(plan: JointPlan) -> dict[str, Any]:
    return {
        "name": plan.joint.name,
        "site": plan.joint.site,
        "side": plan.joint.side,
        "findings": {name: finding_dict(finding) for name, finding in plan.joint.findings.items()},
        "staging": [staging_dict(staging) for staging in plan.staging],
        "untreated": untreated_dict(plan),
        "options": [option_dict(option) for option in plan.options],
        "would_change": [
            {
                "finding": effect.finding,
                "value": effect.value,
                "changes": [{"treatment": c.treatment, "from": c.before, "to": c.after} for c in effect.changes],
            }
            for effect in plan.would_change
        ],
        "advice": [advice_dict(answer) for answer in plan.advice],
        "trials": [trial_dict(answer) for answer in plan.trials],
    }


def forecast_list(plan: Plan, treatment: str = "") -> list[dict[str, Any]]:
    """The forecasts of every joint, untreated and under every treatment, or under the one with this id."""
    return [
        {
            "joint": joint.joint.name,
            "untreated": untreated_dict(joint),
            "options": [
                {"treatment": option.treatment.id, "forecast": forecast_dict(option.outlook.forecast)}
                for option in joint.options
                if option.treatment.id == treatment or not treatment
            ],
        }
        for joint in plan.joints
    ]


def finding_dict(finding: Finding) -> dict[str, Any]:
    value = finding.value.isoformat() if isinstance(finding.value, date) else finding.value
    found: dict[str, Any] = {
        "value": list(value) if isinstance(value, tuple) else value,
        "unit": finding.unit,
        "source": finding.source,
        "origin": finding.origin,
        "date": finding.on,
    }
    if isinstance(finding.value, date) or (finding.value is not None and not isinstance(finding.possible, Interval)):
        return found
    return {**found, **possible_dict(finding.possible)}


def possible_dict(possible: Possible | None) -> dict[str, Any]:
    """What a fact may be: low and high of a quantity (null: no limit known), else the list of possible values."""
    if possible is None:
        return {"possible": None}
    if isinstance(possible, Interval):
        return {"low": finite(possible.low), "high": finite(possible.high)}
    values = possible.values if isinstance(possible, Items) else possible
    return {"possible": sorted(values, key=str)}


def finite(number: float) -> float | None:
    return number if abs(number) != float("inf") else None


def staging_dict(staging: Staging) -> dict[str, Any]:
    return {
        "system": staging.system,
        "name": staging.name,
        "possible": list(staging.possible),
        "missing": list(staging.missing),
        "because": [
            {
                "stage": answer.stage,
                "answer": answer.answer.value,
                "because": answer.because,
                "source": list(answer.source),
                "where": answer.where,
                "basis": answer.basis,
                "setting": answer.setting,
                "conditions": conditions_list(answer.conditions),
            }
            for answer in staging.because
        ],
    }


def option_dict(option: Option) -> dict[str, Any]:
    return {
        "treatment": option.treatment.id,
        "name": option.treatment.name,
        "verdict": option.verdict,
        "because": [rule_dict(row) for row in option.because],
        "supporting": [rule_dict(row) for row in option.supporting],
        "cautions": [rule_dict(row) for row in option.cautions],
        "check_before": [rule_dict(row) for row in option.check_before],
        "avoid_if": [rule_dict(row) for row in option.avoid_if],
        "missing": list(option.missing),
        "positions": [position_dict(answer) for answer in option.positions],
        "evidence": {
            "certainty": option.treatment.certainty,
            "because": option.treatment.certainty_because,
            "source": list(option.treatment.certainty_source),
            "statements": [statement_dict(statement) for statement in option.treatment.evidence],
            "computed": computed_dict(option.outlook),
        },
        "forecast": forecast_dict(option.outlook.forecast),
        "rank": rank_dict(option.rank),
        **({"simulated": list(option.simulated)} if option.simulated else {}),
    }


def rule_dict(row: RuleAnswer) -> dict[str, Any]:
    rule = row.rule
    return {
        "rule": rule.id,
        "verdict": rule.verdict,
        "answer": row.answer.value,
        "because": rule.because,
        "source": list(rule.source),
        "where": rule.where,
        "basis": rule.basis,
        "setting": rule.setting,
        "missing": list(row.missing),
        "conditions": conditions_list(row.conditions),
    }


def conditions_list(conditions: Iterable[ConditionAnswer]) -> list[dict[str, Any]]:
    return [
        {"finding": c.finding, "test": c.test, "answer": c.answer.value, **possible_dict(c.known)} for c in conditions
    ]


def position_dict(answer: PositionAnswer) -> dict[str, Any]:
    position = answer.position
    return {
        "guideline": answer.guideline.id,
        "name": answer.guideline.name,
        "year": answer.guideline.year,
        "position": position.position,
        "strength": position.strength,
        "answer": answer.answer.value,
        "because": position.because,
        "source": list(position.source),
        "where": position.where,
        "basis": position.basis,
        "conditions": conditions_list(answer.conditions),
    }


def statement_dict(statement: Statement) -> dict[str, Any]:
    return {
        "text": statement.text,
        "direction": statement.direction,
        "source": list(statement.source),
        "where": statement.where,
        "basis": statement.basis,
    }


def rank_dict(rank: Rank | None) -> dict[str, Any] | None:
    if rank is None:
        return None
    return {
        "place": rank.place,
        "of": rank.of,
        "score": rank.score,
        "contributions": dict(rank.contributions),
        "first": rank.first,
        "acceptability": list(rank.acceptability),
        "moved": dict(rank.moved),
    }


def advice_dict(answer: AdviceAnswer) -> dict[str, Any]:
    rule = answer.rule
    return {
        "category": answer.advice.category,
        "rule": f"{answer.advice.id}.{rule.id}",
        "advice": rule.advice,
        "because": rule.because,
        "strength": rule.strength,
        "source": list(rule.source),
        "where": rule.where,
        "basis": rule.basis,
        "conditions": conditions_list(answer.conditions),
    }


def trial_dict(answer: TrialAnswer) -> dict[str, Any]:
    trial = answer.trial
    return {
        "trial": trial.id,
        "name": trial.name,
        "registry": trial.registry,
        "url": trial.url,
        "status": trial.status,
        "status_seen": trial.status_seen,
        "answer": answer.answer,
        "because": [criterion.text for criterion in answer.because],
        "missing": list(answer.missing),
        "ask": [criterion.text for criterion in answer.ask],
    }


def cited(plan: Plan) -> list[Source]:
    """Every source that some statement of the plan names, by key."""
    keys: set[str] = set()
    for joint in plan.joints:
        for staging in joint.staging:
            keys.update(key for answer in staging.because for key in answer.source)
        for baseline in joint.course.baselines.values():
            keys.update(key for match in baseline.matched for key in match.cohort.source)
            keys.update(key for may in baseline.may_match for key in may.cohort.source)
        for option in joint.options:
            certainty = option.outlook.certainty
            keys.update(key for step in (certainty.steps if certainty else ()) for key in step.source)
            rows = (*option.because, *option.supporting, *option.cautions, *option.check_before, *option.avoid_if)
            keys.update(key for row in rows for key in row.rule.source)
            keys.update(option.treatment.certainty_source)
            keys.update(key for statement in option.treatment.evidence for key in statement.source)
            keys.update(key for answer in option.positions for key in answer.position.source)
        keys.update(key for answer in joint.advice for key in answer.rule.source)
        keys.update(key for answer in joint.trials for key in answer.trial.source)
    keys.update(key for answer in plan.advice for key in answer.rule.source)
    return [plan.knowledge.sources[key] for key in sorted(keys)]


def cited_studies(plan: Plan) -> dict[str, Any]:
    """Every study behind a figure of the plan, by id; no id of a study is a key of a source."""
    named = studies_named(option.outlook for joint in plan.joints for option in joint.options)
    return {name: study_dict(studies()[name]) for name in sorted(named)}


def source_dict(source: Source) -> dict[str, Any]:
    return {"citation": source.citation, "year": source.year, "link": source.link, "read": source.read}
