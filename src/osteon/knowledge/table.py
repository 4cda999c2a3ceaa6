"""Does a row hold - for this joint as it is known, and for every way it may turn out to be, at once?

A *world* is the joint with one unknown finding filled in; world 0 is the joint as it is known. Every condition is
answered for all worlds together: one bit per world says yes, another says no, neither says unknown. "And" and "or" of
Kleene's logic are then plain operations on integers, and remaking a plan under two hundred assumptions costs little
more than making it once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from osteon.case.answer import Answer
from osteon.case.conditions import Condition
from osteon.case.possible import Possible

Column = tuple[tuple[int, Possible | None], ...]
Row = tuple[Condition, ...]


class Answers(NamedTuple):
    """One answer per world: bit *i* of `yes` (of `no`) is set where world *i* answers yes (no).

    Examples
    --------
    >>> Answers(yes=0b01, no=0b10).of(1)
    <Answer.NO: 'no'>
    """

    yes: int
    no: int

    def of(self, world: int) -> Answer:
        """The answer in one world."""
        if self.yes >> world & 1:
            return Answer.YES
        return Answer.NO if self.no >> world & 1 else Answer.UNKNOWN


@dataclass(frozen=True, slots=True)
class Worlds:
    """The facts of several worlds, by name: which values are possible, and in which worlds; and the answers so far.

    `everywhere` has one bit for each world. The bit masks of a column share out all worlds between them. A name
    without a column is unknown everywhere.
    """

    everywhere: int
    columns: Mapping[str, Column]
    answered: dict[Condition, Answers] = field(default_factory=dict, compare=False, repr=False)
    held: dict[Row, Answers] = field(default_factory=dict, compare=False, repr=False)

    def answers(self, condition: Condition) -> Answers:
        """The condition's answer in every world (kept, since many rows share a condition)."""
        if condition in self.answered:
            return self.answered[condition]
        yes = no = 0
        for worlds, possible in self.columns.get(condition.name, ((self.everywhere, None),)):
            answer = condition.answer(possible)
            if answer is Answer.YES:
                yes |= worlds
            elif answer is Answer.NO:
                no |= worlds
        answers = self.answered[condition] = Answers(yes, no)
        return answers

    def all_hold(self, when: Row) -> Answers:
        """Whether all conditions of a row hold, in every world; yes for a row without conditions.

        It is kept, since the rules of many treatments say the same.
        """
        answers = self.held.get(when)
        if answers is None:
            yes, no = self.everywhere, 0
            for condition in when:
                each = self.answered.get(condition) or self.answers(condition)
                yes &= each.yes
                no |= each.no
                if no == self.everywhere:
                    break
            answers = self.held[when] = Answers(yes, no)
        return answers

    def any_row(self, rows: Iterable[Row]) -> Answers:
        """Whether any of several rows holds, in every world; no where there are no rows."""
        yes, no = 0, self.everywhere
        for when in rows:
            answers = self.all_hold(when)
            yes |= answers.yes
            no &= answers.no
        return Answers(yes, no)

    def possible(self, name: str, world: int = 0) -> Possible | None:
        """What a fact may be in one world; None when nothing is known of it."""
        for worlds, possible in self.columns.get(name, ()):
            if worlds >> world & 1:
                return possible
        return None


class ConditionAnswer(NamedTuple):
    """One condition of a row as answered for this joint: the test in words, what is known, yes, no or unknown."""

    finding: str
    test: str
    known: Possible | None
    answer: Answer


def trace(when: Row, worlds: Worlds) -> tuple[ConditionAnswer, ...]:
    """Each condition of a row with what is known of its finding in world 0 and the answer that gives."""
    return tuple([ConditionAnswer(c.name, c.text, worlds.possible(c.name), worlds.answers(c).of(0)) for c in when])


def unknown_names(when: Iterable[Condition], worlds: Worlds) -> tuple[str, ...]:
    """The names of the conditions of a row that are unknown in world 0."""
    return tuple(c.name for c in when if worlds.answers(c).of(0) is Answer.UNKNOWN)


def worlds_of(known: Mapping[str, Possible], changed: Sequence[Mapping[str, Possible]] = ()) -> Worlds:
    """World 0 with the facts `known`, and one further world for each of `changed`, which holds only what differs.

    Examples
    --------
    >>> worlds = worlds_of({}, [{"crescent_sign": frozenset({True})}])
    >>> [(bits, known) for bits, known in worlds.columns["crescent_sign"]]
    [(1, None), (2, frozenset({True}))]
    """
    everywhere = (1 << len(changed) + 1) - 1
    columns: dict[str, Column] = {name: ((everywhere, possible),) for name, possible in known.items()}
    differing: dict[str, dict[Possible, int]] = {}
    for world, changes in enumerate(changed, 1):
        for name, possible in changes.items():
            by_value = differing.setdefault(name, {})
            by_value[possible] = by_value.get(possible, 0) | 1 << world
    for name, by_value in differing.items():
        rest = everywhere & ~sum(by_value.values())
        columns[name] = ((rest, known.get(name)), *((worlds, possible) for possible, worlds in by_value.items()))
    return Worlds(everywhere, columns)
