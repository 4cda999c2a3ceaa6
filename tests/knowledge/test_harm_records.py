"""The numbers of a harm: they stand in its own sentence, and impossible ones are refused."""

from __future__ import annotations

import pytest

from osteon.errors import KnowledgeError
from osteon.knowledge import knowledge
from osteon.knowledge.load import read_knowledge
from osteon.report.show import show

WORDS = dict(enumerate("no one two three four five six seven eight nine ten eleven twelve".split()))
HARMS = [
    (f"{treatment.id} {number}", harm)
    for treatment in knowledge().treatments.values()
    for number, harm in enumerate(treatment.harm, 1)
]
COUNTED = [(name, harm) for name, harm in HARMS if harm.events is not None]
PRINTED = [(name, harm) for name, harm in HARMS if harm.percent_low is not None]


def says(text, number):
    """Whether a sentence holds a number, in figures or as a word."""
    words = (
        text.lower().replace(",", "").replace("(", " ").replace(")", " ").replace(":", " ").replace(";", " ").split()
    )
    return {f"{number:g}", WORDS.get(number)} & {word.rstrip(".") for word in words} != set()


def told(raw, **numbers):
    raw["treatments/demo_drug.toml"]["harm"] = [{"text": "It hurts.", "source": "first2001", **numbers}]
    with pytest.raises(KnowledgeError) as refused:
        read_knowledge(raw, "demo")
    return str(refused.value)


@pytest.mark.parametrize("harm", [harm for _, harm in COUNTED], ids=[name for name, _ in COUNTED])
def test_the_counts_of_a_harm_stand_in_its_sentence(harm):
    assert says(harm.text, harm.events)
    assert says(harm.text, harm.total)


@pytest.mark.parametrize("harm", [harm for _, harm in PRINTED], ids=[name for name, _ in PRINTED])
def test_the_percentages_of_a_harm_stand_in_its_sentence(harm):
    assert says(harm.text, harm.percent_low)
    assert says(harm.text, harm.percent_high)


@pytest.mark.parametrize("name", [name for name, harm in HARMS if harm.when])
def test_only_a_counted_harm_says_in_whom_it_was_counted(name):
    assert name in {counted for counted, _ in COUNTED + PRINTED}


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"events": 3}, "both numbers of the pair"),
        ({"percent_high": 3.0}, "both numbers of the pair"),
        ({"events": 3, "total": 9, "percent_low": 1.0, "percent_high": 2.0}, "both numbers of the pair"),
        ({"events": 9, "total": 3}, "9 events among 3"),
        ({"events": 0, "total": 0}, "0 events among 0"),
        ({"events": -1, "total": 3}, "-1 events among 3"),
        ({"percent_low": 3.0, "percent_high": 2.0}, "percent_low 3.0 to percent_high 2.0"),
        ({"percent_low": 3.0, "percent_high": 120.0}, "percent_low 3.0 to percent_high 120.0"),
        ({"events": 2.5, "total": 3}, "expected int, got 2.5"),
    ],
    ids=str,
)
def test_numbers_that_cannot_be_are_refused_with_the_harm_they_stand_in(raw, numbers, message):
    refused = told(raw, **numbers)

    assert "treatments/demo_drug.toml harm 1" in refused
    assert message in refused


@pytest.mark.parametrize(
    "numbers",
    [{}, {"events": 0, "total": 1}, {"events": 1, "total": 1}, {"percent_low": 0, "percent_high": 100.0}],
    ids=str,
)
def test_numbers_that_can_be_are_kept(raw, numbers):
    raw["treatments/demo_drug.toml"]["harm"] = [{"text": "It hurts.", "source": "first2001", **numbers}]
    harm = read_knowledge(raw, "demo").treatments["demo_drug"].harm[0]

    assert {name: getattr(harm, name) for name in numbers} == numbers


def test_a_serious_harm_is_marked_and_a_mild_one_is_not(raw):
    sentences = {"text": "It hurts.", "source": "first2001"}
    raw["treatments/demo_drug.toml"]["harm"] = [{**sentences, "serious": True}, sentences]
    shown = show(read_knowledge(raw, "demo"), "treatment", "demo_drug")

    assert "- **Serious.** It hurts. (first2001)\n- It hurts. (first2001)\n" in shown
