"""What do all resources of one patient say together about each finding and each joint?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import NamedTuple, TypeVar

from osteon.case.answer import Answer
from osteon.case.finding import Finding
from osteon.case.possible import Interval
from osteon.case.vocabulary import vocabulary
from osteon.fhir.joints import RecordedJoint, recorded_joints
from osteon.fhir.load import Loaded
from osteon.fhir.mapping import Mapped
from osteon.fhir.provenance import measured, moment, sources, stated
from osteon.fhir.resources import QuestionnaireResponse
from osteon.fhir.sayings import NO_CODE, Asked, Reading, Saying, Silent, sayings
from osteon.fhir.stated import Statement, stated_together, statements

NOTHING = "nothing on record"
Told = TypeVar("Told", Reading, Statement)


class Ignored(NamedTuple):
    """A resource that no finding rests on, or a finding that was left out, and why."""

    what: str
    why: str


@dataclass(slots=True)
class Heard:
    """All that the resources of one patient say, by finding, and which of them say nothing."""

    sayings: dict[str, list[Saying]] = field(default_factory=dict)
    readings: dict[str, list[Reading]] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """The findings of the patient, and for those that resources leave open, these resources."""

    findings: Mapping[str, Finding]
    undecided: Mapping[str, str]
    ignored: Sequence[Ignored]


def hear(resources: Iterable[Loaded], asked: Asked) -> Heard:
    """What each resource says, in the order of the record."""
    heard = Heard()
    for each in resources:
        why = NO_CODE
        for said in chain(statements(each, asked), coded(each, asked)):
            if isinstance(said, Silent):
                why = why and said.reason
                continue
            why = ""
            if isinstance(said, Statement):
                heard.statements.append(said)
            elif isinstance(said, Saying):
                heard.sayings.setdefault(said.rule.finding, []).append(said)
            else:
                heard.readings.setdefault(said.rule.finding, []).append(said)
        if why:
            heard.ignored.append(Ignored(each.name, why))
    return heard


def coded(each: Loaded, asked: Asked) -> Iterable[Saying | Reading | Silent]:
    """What a resource says by codes; a questionnaire speaks by its linkIds alone."""
    return () if isinstance(each.resource, QuestionnaireResponse) else sayings(each, asked)


def conclude(heard: Heard, mapped: Mapped, whole_record: bool) -> Found:
    """The patient's findings by Kleene's "or", by the newest value, and by what is stated by name."""
    found: dict[str, Finding] = {}
    undecided: dict[str, str] = {}
    older: list[Ignored] = []
    for name, group in heard.sayings.items():
        answer = any_of(each.answer for each in group)
        deciding = [each for each in group if each.answer is answer]
        if answer is Answer.UNKNOWN:
            undecided[name] = sources(deciding)
        else:
            found[name] = stated(name, answer is Answer.YES, deciding)
    for name, measurements in heard.readings.items():
        found[name], superseded = newest_reading(name, measurements)
        older += superseded
    for newest in newest_statements(each for each in heard.statements if each.joint is None):
        reconcile(newest, found, undecided)
    if whole_record:
        for name in mapped.closed:
            if name not in found and name not in undecided:
                found[name] = Finding(name, frozenset({False}), False, "stated", NOTHING)
    return Found(found, undecided, older)


def any_of(answers: Iterable[Answer]) -> Answer:
    """Kleene's "or".

    Examples
    --------
    >>> any_of([Answer.NO, Answer.UNKNOWN])
    <Answer.UNKNOWN: 'unknown'>
    """
    given = set(answers)
    return next((answer for answer in (Answer.YES, Answer.UNKNOWN) if answer in given), Answer.NO)


def newest_reading(name: str, readings: Sequence[Reading]) -> tuple[Finding, list[Ignored]]:
    """The newest value, or the range of several at the same instant; and the observations that are older."""
    newest = latest(readings)
    whole = Interval(min(each.possible.low for each in newest), max(each.possible.high for each in newest))
    used = {each.loaded.name for each in newest}
    older = [other for each in readings if (other := each.loaded.name) not in used]
    return measured(name, whole, newest), [Ignored(each, f"a newer {name} is on record") for each in older]


def newest_statements(given: Iterable[Statement]) -> Iterator[list[Statement]]:
    """Of each finding of each joint the statements with the newest date."""
    by_finding: dict[object, list[Statement]] = {}
    for each in given:
        by_finding.setdefault((each.name, each.joint), []).append(each)
    return map(latest, by_finding.values())


def latest(given: Sequence[Told]) -> list[Told]:
    """Those with the newest date."""
    last = max(map(moment, given))
    return [each for each in given if moment(each) == last]


def reconcile(newest: Sequence[Statement], found: dict[str, Finding], undecided: dict[str, str]) -> None:
    """Adds what is stated by name. Against a coded record, a yes or no that differs leaves the finding open."""
    name, finding = newest[0].name, stated_together(newest)
    other = found.get(name)
    if finding is None:
        found.pop(name, None)
        undecided[name] = sources(newest)
    elif other is not None and vocabulary()[name].kind == "yes_no" and other.possible != finding.possible:
        del found[name]
        undecided[name] = f"{other.source} against {finding.source}"
    elif other is None or (finding.on or "") >= (other.on or ""):
        found[name] = finding
        undecided.pop(name, None)


def joints(heard: Heard, asked: Asked) -> list[RecordedJoint]:
    """Every joint with a diagnosis or with findings stated for it."""
    diagnoses = [each for group in heard.sayings.values() for each in group if each.rule.value_set.rows]
    known = {(each.site, each.side, each.named): each for each in recorded_joints(diagnoses, asked.lookup)}
    for newest in newest_statements(each for each in heard.statements if each.joint is not None):
        first, finding = newest[0], stated_together(newest)
        assert first.joint is not None
        site, side = first.joint
        joint = known.get((site, side, True)) or RecordedJoint(site, side, Answer.UNKNOWN, True, identity(first))
        more = {first.name: finding} if finding else {}
        known[site, side, True] = replace(joint, findings={**joint.findings, **more})
    return list(known.values())


def identity(statement: Statement) -> dict[str, Finding]:
    """Site and side of a joint that only a statement names."""
    assert statement.joint is not None
    site, side = statement.joint
    found = {"site": stated("site", site, [statement])}
    return {**found, "side": stated("side", side, [statement])} if side else found
