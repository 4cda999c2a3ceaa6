"""What does each resource of one patient say about which finding, and if nothing, why?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from osteon.case.answer import Answer, all_of
from osteon.case.possible import Interval
from osteon.case.vocabulary import vocabulary
from osteon.fhir.instant import instant
from osteon.fhir.load import Loaded, decoder
from osteon.fhir.lookup import Element, Lookup, Path, TypeLookup, local, values, word
from osteon.fhir.mapping import AnswerTable, Rule
from osteon.fhir.quantity import interval
from osteon.fhir.resources import Coded, Coding, Medication, Observation, Value

NO_CODE = "it has no code that answers a finding"
LATER = "it is dated after the day of assessment"


class Saying(NamedTuple):
    """What one resource says of one yes-no finding, and the codings it says it with."""

    rule: Rule
    answer: Answer
    loaded: Loaded
    when: datetime | None
    codings: tuple[Coding, ...]


class Reading(NamedTuple):
    """What one observation, or a component of it, says of one quantity."""

    rule: Rule
    possible: Interval
    loaded: Loaded
    when: datetime | None


class Silent(NamedTuple):
    """Why a resource says nothing."""

    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What resources are read for: the mapping, the day of assessment, and the Medications they may refer to."""

    lookup: Lookup
    as_of: date
    medications: Mapping[str, Medication]

    def is_later(self, when: datetime | None) -> bool:
        return when is not None and when.date() > self.as_of and not self.lookup.mapped.later_records

    def rule(self, number: int) -> Rule:
        return self.lookup.mapped.rules[number]


def sayings(each: Loaded, asked: Asked) -> Iterable[Saying | Reading | Silent]:
    """All that one resource says, or why it says nothing."""
    kind = asked.lookup.types.get(each.kind)
    if kind is None or each.resource is None:
        return (Silent(f"{each.kind} is not read"),)
    if isinstance(each.resource, Observation):
        return readings(each, each.resource, kind, asked)
    return answers(each, kind, asked)


def answers(each: Loaded, kind: TypeLookup, asked: Asked) -> Iterator[Saying | Silent]:
    """What a resource answers by its codes, status and gates."""
    coded = [concept for along in kind.codes for concept in values(each.resource, along)]
    codings = tuple(coding for concept in coded for coding in codings_of(concept, each, asked))
    matched = asked.lookup.rules(kind, codings)
    if not codings and any(concept.text or concept.coding for concept in coded):
        matched = dict.fromkeys(kind.for_text, Answer.UNKNOWN)
    gates: list[Answer] = []
    for element, table in kind.gates if matched else ():
        gate = element_answer(each.resource, element, table)
        if isinstance(gate, Silent):
            yield gate
            return
        gates.append(gate)
    when = first_instant(each.resource, kind.dates) if matched else None
    if not matched or asked.is_later(when):
        yield Silent(LATER if matched else NO_CODE)
        return
    routes = {coding.code for route in values(each.resource, kind.route) for coding in route.codings()}
    for number, means in matched.items():
        rule = asked.rule(number)
        by_route = Answer.YES if routes.intersection(rule.value_set.routes) else means
        answer = rule_answer(each.resource, kind.status, rule, when, asked.as_of)
        yield (
            answer
            if isinstance(answer, Silent)
            else Saying(rule, all_of([by_route, answer, *gates]), each, when, codings)
        )


def rule_answer(resource: Any, status: Element, rule: Rule, when: datetime | None, as_of: date) -> Answer | Silent:
    """What status and date make of a resource with the right code."""
    answer = element_answer(resource, status, rule.status)
    if isinstance(answer, Silent) or rule.within_days is None:
        return answer
    if when is None:
        return all_of([answer, Answer.UNKNOWN])
    first = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC) - timedelta(rule.within_days)
    return answer if when >= first else Silent(f"it is older than {rule.within_days} days")


def readings(each: Loaded, observation: Observation, kind: TypeLookup, asked: Asked) -> Iterator[Reading | Silent]:
    """What an observation and its components measured."""
    parts: list[tuple[Coded | None, Value]] = [(observation.code, observation)]
    parts += [(part.code, part) for part in observation.component or ()]
    when = None
    for code, part in parts:
        for number in asked.lookup.rules(kind, code.codings()) if code else ():
            rule = asked.rule(number)
            status = element_answer(observation, kind.status, rule.status)
            if isinstance(status, Silent):
                yield status
                return
            when = when or first_instant(observation, kind.dates)
            if asked.is_later(when):
                yield Silent(LATER)
                return
            possible = interval(part, vocabulary()[rule.finding], rule.units)
            yield Silent(possible) if isinstance(possible, str) else Reading(rule, possible, each, when)


def codings_of(concept: Coded, each: Loaded, asked: Asked) -> Iterator[Coding]:
    """The codings of a concept, or of the Medication that it refers to, by itself or contained in the resource."""
    yield from concept.codings()
    target = concept.target
    if target is None:
        return
    medication = contained(each, target[1:]) if target.startswith("#") else asked.medications.get(local(target))
    if medication is not None:
        if medication.code is not None:
            yield from medication.code.codings()
        for ingredient in medication.ingredient or ():
            for part in (ingredient.item_codeable_concept, ingredient.item):
                if part is not None:
                    yield from part.codings()


def contained(each: Loaded, own_id: str) -> Medication | None:
    """The contained Medication with an id; one that cannot be read is none."""
    for raw in (each.resource.contained if each.resource else None) or ():
        try:
            found: Medication = decoder(Medication).decode(raw)
        except (msgspec.MsgspecError, RecursionError):
            continue
        if found.id == own_id:
            return found
    return None


def element_answer(resource: Any, element: Element, table: AnswerTable) -> Answer | Silent:
    """What the table makes of one element. A value that the table does not name is not repeated."""
    value = word(getattr(resource, element.attribute, None), table.named)
    answer = table.answer(value)
    if answer is None:
        said = "missing" if value is None else value if value in table.named else "none that counts here"
        return Silent(f"its {element.fhir} is {said}")
    return answer


def first_instant(resource: Any, dates: tuple[Path, ...]) -> datetime | None:
    """The resource's date: the first of the elements that can be read."""
    return next((when for along in dates for text in values(resource, along) if (when := instant(text))), None)
