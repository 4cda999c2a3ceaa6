"""Curves go through what was printed, never rise, and are the less certain the fewer joints they rest on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osteon.prognosis.curve import carried_on, drawn, effective_joints, printed

MONTHS = np.linspace(0, 60, 61)


@st.composite
def any_points(draw):
    count = draw(st.integers(1, 5))
    months = draw(st.lists(st.integers(1, 240), min_size=count, max_size=count, unique=True))
    percents = draw(st.lists(st.floats(0, 100), min_size=count, max_size=count))
    return tuple(zip(sorted(months), sorted(percents), strict=True))


def draws_of(points, joints, count=500):
    return drawn(points, joints, count, np.random.default_rng(1))


@given(any_points(), st.integers(1, 500))
def test_the_curve_gives_back_every_printed_point(points, joints):
    found = printed(points, joints).survival([month for month, _ in points]).ravel()

    assert found == pytest.approx([1 - percent / 100 for _, percent in points], abs=1e-9)


@given(any_points(), st.integers(1, 500))
def test_nothing_is_regained_over_time(points, joints):
    end = points[-1][0]
    times = np.linspace(0, end, 50)

    assert (np.diff(printed(points, joints).survival(times), axis=0) <= 1e-12).all()
    assert (np.diff(draws_of(points, joints).survival(times), axis=0) <= 1e-12).all()


@given(any_points(), any_points())
def test_a_curve_that_is_carried_on_keeps_its_own_part_and_never_rises(points, further):
    short, long = draws_of(points, 40), draws_of((*further, (500, 100.0)), 40)

    joined = carried_on(short, long)

    own = np.linspace(0, short.end, 20)
    assert joined.end == 500
    assert joined.survival(own) == pytest.approx(short.survival(own))
    assert (np.diff(joined.survival(np.linspace(0, 500, 60)), axis=0) <= 1e-12).all()


def test_after_its_end_a_curve_has_the_later_risk_of_the_longer_one():
    short, long = printed([(24, 50)], 40), printed([(24, 20), (60, 60)], 40)

    joined = carried_on(short, long)

    assert joined.survival([60]).item() == pytest.approx(0.5 * 0.4 / 0.8)


def test_risk_is_even_between_two_printed_times():
    free = printed([(24, 75)], 40).survival([8, 16, 24]).ravel()

    assert free == pytest.approx([0.25 ** (1 / 3), 0.25 ** (2 / 3), 0.25])


def test_where_all_had_the_event_some_are_free_until_then_and_none_after():
    free = printed([(36, 100), (60, 100)], 23).survival([12, 35, 36, 60]).ravel()

    assert 0.2 < free[0] < 0.3
    assert free[1] > 0
    assert free[2:] == pytest.approx([0, 0])


def test_more_joints_give_a_narrower_spread():
    few, many = draws_of([(24, 40)], 20), draws_of([(24, 40)], 200)

    assert many.survival([24]).std() < few.survival([24]).std() / 2


def test_draws_of_one_point_are_those_of_jeffreys():
    """19 of 25: the 95 % interval of Beta(19.5, 6.5) is 0.572 to 0.893 (scipy 1.16)."""
    free = draws_of([(24, 76)], 25, 200_000).survival([24])

    assert np.percentile(1 - free, [2.5, 97.5]) == pytest.approx([0.572, 0.893], abs=0.003)


def test_a_printed_interval_says_how_many_joints_it_stands_for():
    joints = effective_joints(27.8, 20.4, 35.2)

    spread = np.percentile(100 * (1 - draws_of([(60, 27.8)], joints, 100_000).survival([60])), [2.5, 97.5])

    assert spread == pytest.approx([20.4, 35.2], abs=0.6)
