"""What does the record say in Osteon's own words: Observations coded by finding, and answered questionnaires?

An Observation whose code is a finding's name (system `urn:osteon:finding`) states that finding, for the joint that its
body site names (`urn:osteon:joint`, such as "left femoral_head", or a mapped SNOMED CT site) or for the patient. A
QuestionnaireResponse states the findings whose names are its linkIds; those of one joint stand in one group, which also
answers `site` and `side`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from osteon.case.finding import Finding, Value, settled
from osteon.case.possible import Interval, Items, Possible
from osteon.case.vocabulary import SITES, Definition, vocabulary
from osteon.fhir.instant import instant
from osteon.fhir.load import Loaded
from osteon.fhir.lookup import Lookup
from osteon.fhir.provenance import day, sources
from osteon.fhir.quantity import interval, of_quantity
from osteon.fhir.resources import Coded, Item, Observation, Quantity, QuestionnaireResponse
from osteon.fhir.resources import Value as Answered
from osteon.fhir.sayings import LATER, Asked, Silent, first_instant

FINAL = ("final", "amended", "corrected")
ANSWERED = ("completed", "amended")
YES_NO = {"yes": True, "no": False, "true": True, "false": False}
SIDES = ("left", "right")
PLACE = ("site", "side")  # which joint is meant; stated by a body site, or beside the other answers
DEEPEST_GROUP = 20  # groups within groups of a questionnaire that are followed

JointKey = tuple[str, str | None]


class Statement(NamedTuple):
    """One finding as stated, of the patient (`joint` is None) or of a joint by site and side."""

    name: str
    joint: JointKey | None
    possible: Possible
    loaded: Loaded
    when: datetime | None


def stated_together(statements: Sequence[Statement]) -> Finding | None:
    """What statements of one finding at one instant leave possible; nothing, where it is a yes against a no."""
    name, possible = statements[0].name, either([each.possible for each in statements])
    if possible is None:
        return None
    value: Value | None = settled(possible)
    if isinstance(value, float | int) and vocabulary()[name].kind == "date":
        value = date.fromordinal(int(value))
    return Finding(name, possible, value, "stated", sources(statements), day(statements))


def either(stated: Sequence[Possible]) -> Possible | None:
    """All that one or the other leaves possible; None for a yes against a no, and for lists that differ.

    Examples
    --------
    >>> sorted(either([frozenset({"IV"}), frozenset({"II"})]))
    ['II', 'IV']
    >>> either([frozenset({True}), frozenset({False})])
    """
    first, *others = stated
    if all(each == first for each in others):
        return first
    ranges = [each for each in stated if isinstance(each, Interval)]
    if ranges:
        return Interval(min(each.low for each in ranges), max(each.high for each in ranges))
    union = frozenset[bool | str]().union(*(each for each in stated if isinstance(each, frozenset)))
    return None if isinstance(first, Items) or union == {True, False} else union


def statements(each: Loaded, asked: Asked) -> Iterable[Statement | Silent]:
    """Every finding that a resource states by its name; nothing where it states none."""
    if isinstance(each.resource, Observation):
        return observed(each, each.resource, asked)
    if isinstance(each.resource, QuestionnaireResponse):
        return replied(each, each.resource, asked)
    return ()


def observed(each: Loaded, observation: Observation, asked: Asked) -> Iterator[Statement | Silent]:
    name = finding_name(observation.code, asked.lookup)
    if name is None:
        return
    when = first_instant(observation, asked.lookup.types["Observation"].dates)
    if observation.status not in FINAL:
        yield Silent("its status is none that counts here")
    elif asked.is_later(when):
        yield Silent(LATER)
    else:
        yield statement(name, [observation], joint_of(observation.body_site, asked.lookup), each, when)


def replied(each: Loaded, response: QuestionnaireResponse, asked: Asked) -> Iterator[Statement | Silent]:
    when = instant(response.authored)
    if response.status not in ANSWERED:
        yield Silent("its status is none that counts here")
    elif asked.is_later(when):
        yield Silent(LATER)
    else:
        yield from group(response.item or [], None, each, when)


def group(
    items: Sequence[Item], joint: JointKey | None, each: Loaded, when: datetime | None, deep: int = 0
) -> Iterator[Statement | Silent]:
    """The statements of the items of one group; a group that answers `site` speaks of that joint."""
    if deep > DEEPEST_GROUP:
        yield Silent("its groups are nested too deep")
        return
    answers = {item.link_id: item.answer for item in items if item.link_id and item.answer}
    site, side = (word_of(answers.get(name) or []) for name in PLACE)
    joint = (site, side if side in SIDES else None) if site in SITES else joint
    for item in items:
        name = item.link_id or ""
        if name in vocabulary() and item.answer and name not in PLACE:
            yield statement(name, item.answer, joint, each, when)
        yield from group(item.item or [], joint, each, when, deep + 1)


def statement(
    name: str, answers: Sequence[Answered], joint: JointKey | None, each: Loaded, when: datetime | None
) -> Statement | Silent:
    definition = vocabulary()[name]
    if definition.scope == "joint" and joint is None:
        return Silent(f"it names no joint for {name}")
    possible = possible_of(answers, definition)
    if isinstance(possible, str):
        return Silent(f"{name}: {possible}")
    return Statement(name, joint if definition.scope == "joint" else None, possible, each, when)


def possible_of(answers: Sequence[Answered], definition: Definition) -> Possible | str:
    """The values that an answer leaves possible, or why it says nothing."""
    first = answers[0]
    if definition.kind == "quantity":
        return number_of(first, definition)
    if definition.kind == "items":
        words = frozenset(word for answer in answers if (word := word_of([answer])))
        concept = first.value_codeable_concept
        if not words and not (concept and concept.text == "none"):
            return "it has no value"
        return Items(words) if words <= set(definition.choices) else "it holds a word that is not a choice"
    if definition.kind == "date":
        when = instant(first.value_date or first.value_date_time)
        return Interval(when.toordinal(), when.toordinal()) if when else "it has no date"
    word = word_of(answers) or ""
    if definition.kind == "choice":
        return frozenset({word}) if word in definition.choices else "its value is not one of the choices"
    value = first.value_boolean if first.value_boolean is not None else YES_NO.get(word)
    return "its value is neither yes nor no" if value is None else frozenset({value})


def number_of(answer: Answered, definition: Definition) -> Interval | str:
    plain = answer.value_decimal if answer.value_decimal is not None else answer.value_integer
    assert definition.unit is not None
    units = {definition.unit: 1.0, **definition.also}
    if plain is None:
        return interval(answer, definition, units)
    return of_quantity(Quantity(float(plain), unit=definition.unit), definition, units)


def word_of(answers: Sequence[Answered]) -> str | None:
    """A code or a word that was answered."""
    if not answers:
        return None
    first = answers[0]
    if first.value_coding is not None:
        return first.value_coding.code
    if first.value_codeable_concept is not None:
        return next((coding.code for coding in first.value_codeable_concept.codings()), None)
    return first.value_string


def finding_name(code: Coded | None, lookup: Lookup) -> str | None:
    """The finding that a code names in Osteon's own system."""
    for coding in code.codings() if code else ():
        if lookup.systems.get(coding.system) == "osteon" and coding.code in vocabulary():
            return coding.code
    return None


def joint_of(body_site: Coded | None, lookup: Lookup) -> JointKey | None:
    """The joint that a body site names."""
    for coding in body_site.codings() if body_site else ():
        system = lookup.systems.get(coding.system)
        if system == "osteon_joint" and coding.code:
            side, _, site = coding.code.rpartition(" ")
            if site in SITES:
                return site, side if side in SIDES else None
        body = lookup.mapped.body_sites.get(coding.code or "") if system == "snomed" else None
        if body and body.site in lookup.mapped.sites:
            return lookup.mapped.sites[body.site].joint, body.side
    return None
