"""What the studies say together, as R5 Evidence: one resource for each pooled answer.

They are plain R5 resources. The guide Evidence Based Medicine on FHIR is built on a draft of R6, whose Evidence has
other elements; no conformance to it is claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from osteon.evidence.by_treatment import treatment_evidence
from osteon.evidence.certainty import Certainty, certainty_sentence
from osteon.evidence.grade import Step
from osteon.evidence.outcome_words import outcome_words, side_words
from osteon.evidence.pool import PooledEffect
from osteon.evidence.result import Result
from osteon.fhir.elements import Resource, coding, concept, identified, own
from osteon.knowledge.records import Knowledge
from osteon.knowledge.studies import Study, studies

THO = "http://terminology.hl7.org/CodeSystem/"
STATISTICS: Mapping[str, tuple[str, str]] = {
    "RR": ("C93152", "Relative Risk"),
    "HR": ("C93150", "Hazard Ratio"),
    "OR": ("C16932", "Odds Ratio"),
    "RD": ("0000424", "Risk Difference"),
    "MD": ("0000457", "Mean Difference"),
    "SMD": ("0000100", "Standardized Mean Difference"),
    "PR": ("C44256", "Proportion"),
}
CONFIDENCE = coding(f"{THO}attribute-estimate-type", "C53324", "Confidence interval")
DOMAINS: Mapping[str, str] = {
    "risk_of_bias": "RiskOfBias",
    "inconsistency": "Inconsistency",
    "indirectness": "Indirectness",
    "imprecision": "Imprecision",
    "publication_bias": "PublicationBias",
    "large_effect": "LargeEffect",
}
CHANGES: Mapping[int, str] = {
    -3: "downcode3",
    -2: "downcode2",
    -1: "downcode1",
    0: "no-change",
    1: "upcode1",
    2: "upcode2",
}


def evidence_resources(knowledge: Knowledge) -> Iterator[Resource]:
    """Every pooled answer on a treatment, on a class of treatments, or through a network.

    Examples
    --------
    >>> from osteon.knowledge import knowledge
    >>> first = next(evidence_resources(knowledge()))
    >>> first["resourceType"], first["statistic"][0]["statisticType"]["text"]
    ('Evidence', 'Relative Risk')
    """
    found = treatment_evidence()
    for result in (*found.results, *found.of_class, *found.indirect):
        yield evidence(result, knowledge)


def evidence(result: Result, knowledge: Knowledge) -> Resource:
    """One answer: what was asked, the effect with its interval, how sure it is and why, and the studies."""
    question, effect = result.question, result.effect
    asked = [studies()[each.study] for each in effect.studies]
    about, against = words(question.of, knowledge), words(question.versus, knowledge)
    measure = STATISTICS[effect.measure][1].lower()
    heading = (
        f"{about}{f' against {against}' if against else ', without comparison'}: {outcome_words(question.outcome)}"
    )
    return identified(
        {
            "resourceType": "Evidence",
            "version": knowledge.version,
            "title": f"{heading}, {measure}{', randomised trials alone' if result.randomised else ''}",
            "status": "draft",
            "variableDefinition": [
                variable("population", f"{result.joints} joints with osteonecrosis in {counted(effect.k)}"),
                variable("exposure", about, treatment_codings(question.of, knowledge)),
                *(
                    [variable("referenceExposure", against, treatment_codings(question.versus, knowledge))]
                    if against
                    else []
                ),
                variable(
                    "measuredVariable", outcome_words(question.outcome), [coding(own("outcome"), question.outcome)]
                ),
            ],
            "statistic": [statistic(result)],
            "certainty": [certainty(result.certainty)],
            "note": [{"text": text} for text in effect.notes],
            "relatedArtifact": [artifact(each) for each in asked],
        }
    )


def counted(studies_pooled: int) -> str:
    return "1 study" if studies_pooled == 1 else f"{studies_pooled} studies"


def words(names: Iterable[str], knowledge: Knowledge) -> str:
    """One side of a question in words."""
    known = knowledge.treatments
    return " or ".join(known[name].name if name in known else side_words([name]) for name in names)


def treatment_codings(names: Iterable[str], knowledge: Knowledge) -> list[Resource]:
    return [coding(own("treatment"), name) for name in names if name in knowledge.treatments]


def variable(role: str, description: str, codings: Iterable[Resource] = ()) -> Resource:
    """One part of the question; what it means in codes stands as an identifier of what was observed."""
    identifiers = [{"system": each["system"], "value": each["code"]} for each in codings]
    observed = {"identifier": identifiers[0], "display": description} if len(identifiers) == 1 else None
    return {
        "description": description,
        "variableRole": concept("", [coding(f"{THO}variable-role", role)]),
        "observed": observed,
    }


def statistic(result: Result) -> Resource:
    """The pooled effect with its 95 % interval, and for several studies how far they agree."""
    effect = result.effect
    code, name = STATISTICS[effect.measure]
    months = f", at a mean of {result.months:.0f} months" if result.months else ""
    return {
        "description": f"{effect.method}, {counted(effect.k)}, {result.joints} joints{months}",
        "statisticType": concept(name, [coding(f"{THO}statistic-type", code, name)]),
        "quantity": {"value": significant(effect.estimate)},
        "sampleSize": {"description": f"{result.joints} joints", "numberOfStudies": effect.k},
        "attributeEstimate": [
            {
                "description": "95 % confidence interval",
                "type": concept("", [CONFIDENCE]),
                "level": 0.95,
                "range": between(effect.ci_low, effect.ci_high),
            },
            *heterogeneity(effect),
        ],
    }


def heterogeneity(effect: PooledEffect) -> Iterator[Resource]:
    if effect.k > 1:
        yield {"description": "I², in percent", "quantity": {"value": significant(effect.i2)}}
        yield {"description": "tau², on the scale that is pooled", "quantity": {"value": significant(effect.tau2)}}
    if effect.prediction_low is not None and effect.prediction_high is not None:
        interval = between(effect.prediction_low, effect.prediction_high)
        yield {"description": "95 % prediction interval", "level": 0.95, "range": interval}


def between(low: float, high: float) -> Resource:
    return {"low": {"value": significant(low)}, "high": {"value": significant(high)}}


def significant(number: float) -> float:
    """A number to four significant figures, as Osteon gives it everywhere."""
    return float(f"{number:.4g}")


def certainty(found: Certainty) -> Resource:
    """GRADE: the word, and every step with its reason; a step without a domain of GRADE's stands in the notes."""
    steps = (*found.steps, *([found.overridden_by] if found.overridden_by else []))
    return {
        "description": certainty_sentence(found),
        "note": [{"text": step.because} for step in steps if step.domain not in DOMAINS],
        "type": concept("", [coding(f"{THO}certainty-type", "Overall", "Overall certainty")]),
        "rating": concept(
            found.word.replace("_", " "), [coding(f"{THO}certainty-rating", found.word.replace("_", "-"))]
        ),
        "subcomponent": [domain(step) for step in steps if step.domain in DOMAINS],
    }


def domain(step: Step) -> Resource:
    judged = f"Judged by {step.by}, {step.on}." if step.by else ""
    return {
        "description": step.because,
        "note": [{"text": judged}],
        "type": concept("", [coding(f"{THO}certainty-type", DOMAINS[step.domain])]),
        "rating": concept("", [coding(f"{THO}certainty-rating", CHANGES[step.change])]),
    }


def artifact(study: Study) -> Resource:
    return {"type": "derived-from", "label": study.id, "citation": study.citation}
