"""The methods paragraph tells what ran, with the references of what ran."""

from string import Formatter

import pytest

from osteon.evidence.methods import MethodStep, method_sentences, methods_paragraph, templates
from osteon.knowledge import knowledge


def test_a_step_brings_its_sentence_and_its_references():
    (said,) = method_sentences([MethodStep("pooled_reml", {"fewest_for_t": 3})])

    assert said.text.startswith("Effects were pooled under random effects")
    assert "from 3 studies on" in said.text
    assert "veroniki2016" in said.source


def test_what_did_not_run_is_not_told():
    paragraph = methods_paragraph([MethodStep("pooled_peto"), MethodStep("applicability")])

    assert paragraph == (
        "To repeat older reviews, odds ratios were pooled after Peto. "
        "Certainty was lowered for this joint where the studies would not have included it."
    )


def test_a_step_that_ran_twice_is_told_once():
    twice = [MethodStep("network", {"treatments": 4, "studies": 7})] * 2

    assert len(method_sentences(twice)) == 1


def test_a_step_without_its_numbers_is_refused():
    with pytest.raises(KeyError, match="draws"):
        methods_paragraph([MethodStep("ranking")])


@pytest.mark.parametrize("name", templates())
def test_every_sentence_ends_in_a_full_stop_and_names_plain_values(name):
    text = templates()[name]["text"]

    assert text.endswith(".")
    assert all(field is None or field.isidentifier() for _, field, _, _ in Formatter().parse(text))


def test_every_reference_of_the_paragraph_is_a_source_that_was_read():
    named = {key for entry in templates().values() for key in entry["source"]}

    assert named - knowledge().sources.keys() == set()
