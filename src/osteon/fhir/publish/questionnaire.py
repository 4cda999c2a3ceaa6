"""The vocabulary as a Questionnaire (R4): every finding with its unit, range and choices, asked where it applies.

Answers come back through `read_bundle`: linkIds are the names of findings, and the group of a joint, which may be
repeated, asks for its site and side. What is not answered stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterable

from osteon.case.vocabulary import SITES, Definition, by_group, vocabulary
from osteon.fhir.elements import UCUM, Resource, choice_system, coding, finding_codings, own, without_empty
from osteon.knowledge.records import Knowledge

EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
TYPES = {"yes_no": "boolean", "quantity": "decimal", "choice": "choice", "items": "choice", "date": "date"}
# LOINC's licence asks for its notice word for word.
NOTICES = (
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright © Regenstrief Institute, Inc. "
    "and the Logical Observation Identifiers Names and Codes (LOINC) Committee and is available at no cost under the "
    "license at http://loinc.org/license. LOINC® is a registered United States trademark of Regenstrief Institute, "
    "Inc. This material contains content that is copyright of SNOMED International; who deploys it needs the SNOMED CT "
    "licence for the place where it is used."
)


def questionnaire(knowledge: Knowledge) -> Resource:
    """Every finding of the vocabulary, the patient's first, then those of a joint.

    Examples
    --------
    >>> from osteon.knowledge import knowledge
    >>> [group["linkId"] for group in questionnaire(knowledge())["item"]]
    ['patient', 'joint']
    """
    words = vocabulary().values()
    of_patient = [each for each in words if each.scope == "patient"]
    of_joint = [each for each in words if each.scope == "joint" and each.name not in ("site", "side")]
    which = [question(vocabulary()["site"]), question(vocabulary()["side"])]
    return without_empty(
        {
            "resourceType": "Questionnaire",
            "id": "findings",
            "url": own("questionnaire:findings"),
            "version": knowledge.version,
            "name": "OsteonFindings",
            "title": "What is known of a patient with avascular necrosis of bone",
            "status": "draft",
            "subjectType": ["Patient"],
            "purpose": "To record findings for decision support. What is left out counts as unknown, never as absent.",
            "copyright": NOTICES,
            "item": [
                {"linkId": "patient", "text": "The patient", "type": "group", "item": groups("patient", of_patient)},
                {
                    "linkId": "joint",
                    "text": "One joint with avascular necrosis, or at risk of it",
                    "type": "group",
                    "repeats": True,
                    "item": [*which, *groups("joint", of_joint)],
                },
            ],
        }
    )


def groups(scope: str, definitions: Iterable[Definition]) -> list[Resource]:
    """Questions under their headings."""
    return [
        {"linkId": f"{scope}: {heading}", "text": heading, "type": "group", "item": [question(each) for each in asked]}
        for heading, asked in by_group(definitions).items()
    ]


def question(definition: Definition) -> Resource:
    """One finding as a question, shown for the joints it belongs to."""
    elsewhere = set(definition.sites) != set(SITES)
    return {
        "linkId": definition.name,
        "code": finding_codings(definition, ["loinc", "snomed"]),
        "text": definition.question,
        "type": TYPES[definition.kind],
        "enableWhen": [at(site) for site in definition.sites] if elsewhere else [],
        "enableBehavior": "any" if elsewhere and len(definition.sites) > 1 else None,
        "repeats": definition.kind == "items" or None,
        "answerOption": [
            {"valueCoding": coding(choice_system(definition.name), word, meaning)}
            for word, meaning in definition.choices.items()
        ],
        "extension": measured_in(definition) if definition.kind == "quantity" else [],
    }


def at(site: str) -> Resource:
    return {"question": "site", "operator": "=", "answerCoding": coding(choice_system("site"), site)}


def measured_in(definition: Definition) -> list[Resource]:
    """Unit and legal range of a quantity."""
    unit = definition.unit or "1"
    return [
        {"url": f"{EXTENSION}questionnaire-unit", "valueCoding": coding(UCUM, unit, unit)},
        {"url": f"{EXTENSION}minValue", "valueDecimal": definition.low},
        {"url": f"{EXTENSION}maxValue", "valueDecimal": definition.high},
    ]
