"""What a plan says would change it is what happens when the plan is made anew with that finding stated."""

from __future__ import annotations

import operator
from copy import deepcopy
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from osteon.case.parse import FORMATS, parse
from osteon.case.possible import Interval
from osteon.case.read import read_case
from osteon.case.vocabulary import vocabulary
from osteon.errors import InputError
from osteon.knowledge import knowledge
from osteon.knowledge.cells import values
from osteon.planning import plan
from osteon.planning.assume import in_words
from osteon.planning.plan import facts_of
from osteon.planning.relevant import relevant

EXAMPLES = sorted(path for path in (Path(__file__).parents[2] / "examples").iterdir() if path.is_file())
COMPARE = {"from": operator.ge, "above": operator.gt, "up_to": operator.le, "below": operator.lt}
KIDNEY = {
    "patient": {"age_years": {"low": 30, "high": 90}, "sex": "male", "weight_kg": 70, "creatinine_mg_dl": 2.2},
    "joint": [{"site": "femoral_head", "side": "left", "mri_lesion": True}],
}


@cache
def raw_of(path):
    return parse(path.read_text(encoding="utf-8"), FORMATS[path.suffix], path.name)


def promised(joint_plan, name, possible):
    """The verdicts that `would_change` promises where a finding has this value, by treatment."""
    verdicts = {option.treatment.id: option.verdict for option in joint_plan.options}
    effects = [e for e in joint_plan.would_change if e.finding == name and covers(e, vocabulary()[name], possible)]
    return verdicts | {change.treatment: change.after for effect in effects for change in effect.changes}


def covers(effect, definition, possible):
    """Whether an effect is told of this value, or of a range of which it is a part."""
    if not isinstance(possible, Interval):
        return effect.value == in_words(definition, possible)
    middle = float(f"{(possible.low + possible.high) / 2:.6g}")  # as many digits as the plan prints
    return all(COMPARE[word](middle, float(number.split()[0])) for word, number in bounds(effect.value))


def bounds(words):
    """A range in words, such as `from 15, below 30 %`, as pairs of a word and a number."""
    return [part.replace("up to", "up_to").split(" ", 1) for part in words.split(", ")]


def stated(raw, joint, name, possible):
    """The case with one more finding, as a doctor would add it."""
    more = deepcopy(dict(raw))
    table = more["joint"][joint] if vocabulary()[name].scope == "joint" else more.setdefault("patient", {})
    table[name] = (
        {"low": possible.low, "high": possible.high} if isinstance(possible, Interval) else next(iter(possible))
    )
    return more


@st.composite
def questions(draw, cases):
    """A case, one of its joints, an open finding that may matter, and one value it may have."""
    raw = draw(cases)
    case = read_case(raw)
    number = draw(st.integers(0, len(case.joints) - 1))
    joint = case.joints[number]
    decisive = relevant(knowledge(), joint.site).decisive
    facts = facts_of(joint)
    pieces = {name: values(vocabulary()[name], cuts, facts.get(name)) for name, cuts in decisive.items()}
    name = draw(st.sampled_from([name for name, found in pieces.items() if len(found) > 1]))
    return raw, number, name, draw(st.sampled_from(pieces[name]))


def check_answer(raw, number, name, possible):
    before = plan(read_case(raw)).joints[number]

    try:
        after = plan(read_case(stated(raw, number, name, possible))).joints[number]
    except InputError:  # the value contradicts what is known, so nothing may be promised of it
        assert promised(before, name, possible) == {o.treatment.id: o.verdict for o in before.options}
        return

    assert {option.treatment.id: option.verdict for option in after.options} == promised(before, name, possible)


@settings(max_examples=80)
@given(questions(st.sampled_from(EXAMPLES).map(raw_of)))
def test_what_would_change_is_what_does_change(question):
    check_answer(*question)


@settings(max_examples=30)
@given(questions(st.just(KIDNEY)))
def test_a_formula_is_worked_out_anew_where_its_inputs_become_known(question):
    check_answer(*question)


@settings(max_examples=40)
@given(data=st.data())
def test_what_would_change_holds_for_any_joint(data, joints, as_case):
    check_answer(*data.draw(questions(st.just(as_case(data.draw(joints))))))
