"""What verdict does each treatment get for this joint, in which worlds, and by which rows?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from osteon.case.answer import Answer
from osteon.knowledge.records import Rule, Treatment
from osteon.knowledge.table import ConditionAnswer, Worlds, trace, unknown_names


class RuleAnswer(NamedTuple):
    """One rule of a treatment as answered for this joint, which is world 0 of `worlds`."""

    rule: Rule
    answer: Answer
    worlds: Worlds

    @property
    def conditions(self) -> tuple[ConditionAnswer, ...]:
        """Each condition with its answer; worked out when asked for, since most rules are never shown."""
        return trace(self.rule.when, self.worlds)

    @property
    def missing(self) -> tuple[str, ...]:
        """The findings and stages that are unknown."""
        return unknown_names(self.rule.when, self.worlds)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A treatment's verdict for the joint as known and in every world, and the rules that are not ruled out now.

    `verdicts` has one bit per world for each verdict; `rules` answer yes or unknown in world 0.
    """

    verdict: str
    verdicts: Mapping[str, int]
    rules: tuple[RuleAnswer, ...]

    def rows(self, answer: Answer, *verdicts: str) -> tuple[RuleAnswer, ...]:
        """The rules with one of these verdicts that have this answer now."""
        return tuple([row for row in self.rules if row.answer is answer and row.rule.verdict in verdicts])

    @property
    def deciding(self) -> tuple[RuleAnswer, ...]:
        """The rows that gave the verdict: those that hold, or those still open where the verdict depends on them."""
        if self.verdict == "depends":
            return self.rows(Answer.UNKNOWN, "fits", "consider")
        return self.rows(Answer.YES, self.verdict)


def judge(treatment: Treatment, worlds: Worlds) -> Judgement:
    """The treatment's verdict in every world.

    In this order: a contraindication that holds; an `avoid`; a `fits`; a `consider`; `depends` where one of the last
    two is still unknown; else no indication.
    """
    hold = dict.fromkeys(("contraindicated", "avoid", "fits", "consider", "caution"), 0)
    may_hold = 0
    rules = []
    for rule in treatment.rule:
        yes, no = worlds.all_hold(rule.when)
        hold[rule.verdict] |= yes
        if rule.verdict in ("fits", "consider"):
            may_hold |= ~no
        if not no & 1:
            rules.append(RuleAnswer(rule, Answer.YES if yes & 1 else Answer.UNKNOWN, worlds))
    verdicts = {}
    rest = worlds.everywhere
    for verdict in ("contraindicated", "avoid", "fits", "consider"):
        verdicts[verdict] = hold[verdict] & rest
        rest &= ~hold[verdict]
    verdicts["depends"] = may_hold & rest
    verdicts["no indication"] = rest & ~may_hold
    return Judgement(next(verdict for verdict, where in verdicts.items() if where & 1), verdicts, tuple(rules))


def missing_of(rows: Sequence[RuleAnswer], staging_missing: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The findings that open rows wait for; an open stage stands for the findings that would settle it."""
    found: dict[str, None] = {}
    for row in rows:
        for name in row.missing:
            found.update(dict.fromkeys(staging_missing.get(name, (name,))))
    return tuple(found)
