"""The number needed to treat, told so that an interval through infinity can be read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osteon.evidence.data import Counts
from osteon.evidence.nnt import number_needed, number_needed_words
from osteon.evidence.pool import pool

RISKS = st.floats(-0.99, 0.99).filter(lambda value: abs(value) > 1e-3)


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        ((-0.10, -0.25, 0.05), "NNTB 10 (NNTB 4 to infinity to NNTH 20)"),
        ((-0.25, -0.50, -0.10), "NNTB 4 (2 to 10)"),
        ((0.25, 0.10, 0.50), "NNTH 4 (2 to 10)"),
        ((0.10, -0.05, 0.25), "NNTH 10 (NNTB 20 to infinity to NNTH 4)"),
        ((0.0, -0.05, 0.10), "infinity (NNTB 20 to infinity to NNTH 10)"),
        ((-0.30, -0.60, 0.0), "NNTB 4 (NNTB 2 to infinity)"),
        ((0.30, 0.0, 0.60), "NNTH 3 (infinity to NNTH 1)"),
        ((-1.0, -1.0, -1.0), "NNTB 1 (1 to 1)"),
    ],
)
def test_an_interval_that_holds_no_difference_runs_through_infinity(
    difference: tuple[float, float, float], words: str
) -> None:
    assert number_needed_words(number_needed(*difference)) == words


def test_where_more_is_better_a_higher_share_is_a_benefit() -> None:
    assert number_needed_words(number_needed(0.25, 0.10, 0.50, more_is_better=True)) == "NNTB 4 (2 to 10)"


def test_2_of_53_against_10_of_44_is_6_patients_for_one_joint() -> None:
    difference = pool([Counts("Zhao 2012", 2, 53, 10, 44)], "RD")

    needed = number_needed(difference.estimate, difference.ci_low, difference.ci_high)

    assert needed.estimate == pytest.approx(1 / (10 / 44 - 2 / 53))
    assert number_needed_words(needed) == "NNTB 6 (4 to 19)"


@given(RISKS, RISKS, RISKS)
def test_turning_the_event_round_turns_benefit_into_benefit(one: float, two: float, three: float) -> None:
    low, middle, high = sorted((one, two, three))

    assert number_needed(middle, low, high) == number_needed(-middle, -high, -low, more_is_better=True)


@given(RISKS, RISKS, RISKS)
def test_the_better_end_of_the_interval_is_better(one: float, two: float, three: float) -> None:
    low, middle, high = sorted((one, two, three))

    needed = number_needed(middle, low, high)

    assert 1 / needed.best >= 1 / needed.estimate >= 1 / needed.worst
    assert math.isfinite(needed.estimate)
