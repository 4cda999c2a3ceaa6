"""The worst serious harm of a treatment: the largest observed share, with the range its numbers allow."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from osteon.case.conditions import Condition
from osteon.evidence.harms import wilson_interval, worst_serious_harm
from osteon.knowledge import knowledge
from osteon.knowledge.records import Statement

MILD = Statement("Sore in 9 of 10.", ("first2001",), events=9, total=10)
UNCOUNTED = Statement("It may break.", ("first2001",), serious=True)
SMALL = Statement("Broken in none of 20.", ("first2001",), events=0, total=20, serious=True)
LARGE = Statement("Broken in 14 of 688.", ("second2002",), events=14, total=688, serious=True)
PRINTED = Statement("Broken in 17 to 22 %.", ("first2001",), percent_low=17.0, percent_high=22.0, serious=True)
IN_CHILDREN = replace(PRINTED, when=(Condition("age_years", "below 18", frozenset()),))


def worst(*harms):
    return worst_serious_harm(replace(knowledge().treatments["observation"], harm=harms))


@pytest.mark.parametrize(
    "harms", [(), (MILD,), (UNCOUNTED,), (IN_CHILDREN,)], ids=["none", "mild", "uncounted", "in a special group"]
)
def test_there_is_no_share_where_no_serious_harm_of_the_treatment_was_counted(harms):
    assert worst(*harms) is None


def test_a_small_series_without_events_is_not_worse_than_a_large_one_with_some():
    found = worst(SMALL, LARGE, UNCOUNTED, MILD)

    assert found.text == LARGE.text
    assert found.source == ("second2002",)


def test_printed_percentages_stand_as_printed():
    found = worst(LARGE, PRINTED)

    assert (found.low, found.high) == (0.17, 0.22)


@given(st.integers(1, 5000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_the_interval_of_counts_is_that_of_a_reference_program(counts):
    events, total = counts

    assert wilson_interval(events, total) == pytest.approx(
        proportion_confint(events, total, method="wilson"), abs=1e-12
    )  # both work in double precision


@pytest.mark.parametrize("treatment", knowledge().treatments.values(), ids=lambda treatment: treatment.id)
def test_a_share_lies_between_none_and_all(treatment):
    found = worst_serious_harm(treatment)

    assert found is None or 0 <= found.low <= found.high <= 1
