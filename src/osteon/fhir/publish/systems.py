"""Osteon's own code systems (R4): every word that its resources use and no public system has.

The Harris hip score is among the findings: no LOINC term for it was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from osteon.case.vocabulary import SITES, vocabulary
from osteon.evidence.outcome_words import outcomes
from osteon.fhir.elements import Resource, choice_system, own, slug, uri, without_empty
from osteon.fhir.stated import SIDES
from osteon.fhir.write.expected import OUTCOMES
from osteon.knowledge.records import ADVICE_KINDS, POSITIONS, VERDICTS, Knowledge, StagingSystem, Treatment

Concept = tuple[str, str]


def code_systems(knowledge: Knowledge) -> Iterator[Resource]:
    """Every code system with all its codes.

    Examples
    --------
    >>> from osteon.knowledge import knowledge
    >>> found = {each["url"]: each for each in code_systems(knowledge())}
    >>> [each["display"] for each in found["urn:osteon:finding"]["concept"] if each["code"] == "harris_hip_score"]
    ['Harris hip score']
    """
    words = vocabulary().values()
    systems = {
        uri("osteon"): ("Findings", [(each.name, each.question) for each in words]),
        own("list"): ("Findings that hold several words", [(d.name, d.question) for d in words if d.kind == "items"]),
        uri("osteon_joint"): ("Joints", list(joints())),
        own("treatment"): ("Treatments", named(knowledge.treatments.values())),
        own("staging"): ("Staging systems", named(knowledge.staging.values())),
        own("verdict"): ("Verdicts on a treatment", plain((*VERDICTS, "caution"))),
        own("position"): ("Positions of guidelines", plain(POSITIONS)),
        own("advice"): ("Kinds of advice", plain(ADVICE_KINDS)),
        own("rule"): ("Rules of treatments and advice", list(rules(knowledge))),
        own("outcome"): ("Outcomes of studies", [(name, str(each["words"])) for name, each in outcomes().items()]),
        own("endpoint"): ("Endpoints of forecasts", list(OUTCOMES.items())),
        own("report"): ("Reports", [("plan", "Plan of treatment with its reasons")]),
        **{own(f"staging:{each.id}"): (each.name, plain((*each.order, "none"))) for each in knowledge.staging.values()},
        **{choice_system(each.name): (each.question, list(each.choices.items())) for each in words if each.choices},
    }
    for url, (title, concepts) in systems.items():
        yield code_system(url, title, concepts, knowledge.version)


def code_system(url: str, title: str, concepts: Iterable[Concept], version: str) -> Resource:
    short = url.removeprefix(own(""))
    listed = [{"code": code, "display": display} for code, display in concepts]
    return without_empty(
        {
            "resourceType": "CodeSystem",
            "id": slug(short.replace(":", "-")),
            "url": url,
            "version": version,
            "name": "Osteon" + "".join(part.capitalize() for part in short.replace(":", "_").split("_")),
            "title": title,
            "status": "draft",
            "caseSensitive": True,
            "content": "complete",
            "count": len(listed),
            "concept": listed,
        }
    )


def joints() -> Iterator[Concept]:
    for site in SITES:
        for name in (site, *(f"{side} {site}" for side in SIDES)):
            yield name, name.replace("_", " ")


def named(records: Iterable[Treatment | StagingSystem]) -> list[Concept]:
    return [(each.id, each.name) for each in records]


def plain(words: Iterable[str]) -> list[Concept]:
    return [(word, word.replace("_", " ")) for word in words]


def rules(knowledge: Knowledge) -> Iterator[Concept]:
    for treatment in knowledge.treatments.values():
        for rule in treatment.rule:
            yield f"{treatment.id}.{rule.id}", rule.because
    for advice in knowledge.advice.values():
        for piece in advice.rule:
            yield f"{advice.id}.{piece.id}", piece.because
