"""What a network promises; printed answers are in `test_validation.py`."""

import math
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osteon.errors import InputError
from osteon.evidence.data import Contrast, CountArm, Counts, MeanArm
from osteon.evidence.network import network
from osteon.evidence.pool import pool

TRIANGLE = [
    CountArm("A", "cells", 4, 30),
    CountArm("A", "drilling", 9, 30),
    CountArm("B", "drilling", 8, 40),
    CountArm("B", "rest", 20, 40),
    CountArm("C", "cells", 3, 25),
    CountArm("C", "rest", 11, 25),
    CountArm("D", "cells", 6, 50),
    CountArm("D", "rest", 15, 48),
]
THREE_ARMS = [
    CountArm("A", "cells", 4, 30),
    CountArm("A", "drilling", 9, 30),
    CountArm("A", "rest", 15, 31),
    *TRIANGLE[2:],
]


def test_two_treatments_are_an_ordinary_pool():
    pairs = [Counts("A", 4, 30, 9, 30), Counts("B", 8, 40, 20, 41), Counts("C", 3, 25, 11, 24)]
    arms = [CountArm(row.study, "cells", row.events_1, row.total_1) for row in pairs]
    arms += [CountArm(row.study, "rest", row.events_2, row.total_2) for row in pairs]
    [found] = network(arms, "OR", "rest").against_reference
    pooled = pool(pairs, "OR", "DL", "z")

    assert (found.treatment, found.versus) == ("cells", "rest")
    assert found.estimate == pytest.approx(pooled.estimate)
    assert found.ci_high == pytest.approx(pooled.ci_high)
    assert network(arms, "OR", "rest").tau2 == pytest.approx(pooled.tau2, abs=1e-9)


def test_an_indirect_comparison_is_the_difference_of_the_direct_ones():
    rows = [Contrast("A", "x", "y", 0.5, 0.3), Contrast("B", "y", "z", 0.2, 0.4)]
    found = network(rows, "HR", "z")
    x = next(effect for effect in found.against_reference if effect.treatment == "x")

    assert math.log(x.estimate) == pytest.approx(0.7)
    assert x.se == pytest.approx(0.5)
    assert "heterogeneity is unknown, and taken to be none" in found.notes[0]


def test_direct_evidence_alone_is_not_called_indirect():
    found = network([Contrast("A", "x", "y", 0.5, 0.3), Contrast("B", "y", "z", 0.2, 0.4)], "MD", "z")

    assert [(s.treatment, s.versus, s.direct is None, s.indirect is None) for s in found.splits] == [
        ("x", "y", False, True),
        ("x", "z", True, False),
        ("y", "z", False, True),
    ]


@pytest.mark.parametrize("rows", [TRIANGLE, THREE_ARMS])
@pytest.mark.parametrize("measure", ["RR", "OR"])
@pytest.mark.parametrize(("i", "j"), list(combinations(range(3), 2)))
def test_there_and_back_cancel_in_the_league(rows, measure, i, j):
    league = network(rows, measure, "rest").league

    assert league[i][j].estimate * league[j][i].estimate == pytest.approx(1)
    assert league[i][j].ci_low * league[j][i].ci_high == pytest.approx(1)


def test_a_trial_of_three_arms_counts_once():
    found = network(THREE_ARMS, "OR", "rest")

    assert found.studies == ("A", "B", "C", "D")
    assert [(edge.treatment_1, edge.treatment_2, len(edge.studies)) for edge in found.edges] == [
        ("cells", "drilling", 1),
        ("cells", "rest", 3),
        ("drilling", "rest", 2),
    ]


@settings(max_examples=30, deadline=None)
@given(st.permutations(THREE_ARMS))
def test_the_order_of_arms_does_not_matter(rows):
    one, other = network(THREE_ARMS, "OR", "rest"), network(rows, "OR", "rest")

    assert other.tau2 == pytest.approx(one.tau2, abs=1e-9)
    assert [effect.estimate for effect in other.against_reference] == pytest.approx(
        [effect.estimate for effect in one.against_reference]
    )


def test_the_choice_of_the_reference_does_not_change_the_league():
    assert network(TRIANGLE, "OR", "cells").league == network(TRIANGLE, "OR", "rest").league


def test_p_scores_turn_round_when_large_values_are_good():
    small, large = network(TRIANGLE, "OR", "rest"), network(TRIANGLE, "OR", "rest", small_is_good=False)

    assert small.p_scores["cells"] > small.p_scores["rest"]
    assert {name: 1 - score for name, score in small.p_scores.items()} == pytest.approx(large.p_scores)


def test_q_splits_into_within_and_between_designs():
    found = network(TRIANGLE, "OR", "rest")

    assert found.total.q == pytest.approx(found.within.q + found.between.q)
    assert found.total.df == found.within.df + found.between.df == 2


def test_a_trial_without_events_is_left_out_of_a_ratio_and_named():
    silent = [CountArm("E", "cells", 0, 9), CountArm("E", "rest", 0, 9)]
    found = network([*TRIANGLE, *silent], "OR", "rest")

    assert found.notes == ("Left out, as nobody or everybody has the event in every arm, so there is no ratio: E.",)
    assert found.league == network(TRIANGLE, "OR", "rest").league


def test_means_are_compared_by_their_difference():
    rows = [MeanArm("A", "x", 80.0, 10.0, 30), MeanArm("A", "y", 75.0, 9.0, 30)]
    [found] = network(rows, "MD", "y", small_is_good=False).against_reference

    assert found.estimate == pytest.approx(5.0)
    assert found.se == pytest.approx(math.hypot(10, 9) / math.sqrt(30))


def test_a_disconnected_network_names_its_parts_and_their_studies():
    apart = [CountArm("E", "statin", 1, 9), CountArm("E", "iloprost", 2, 9)]
    with pytest.raises(InputError) as refused:
        network([*TRIANGLE, *apart], "OR", "rest")

    assert [fault.where for fault in refused.value.faults] == ["", "part 1", "part 2"]
    assert "cells, drilling, rest (studies: A, B, C, D)" in str(refused.value)
    assert "iloprost, statin (studies: E)" in str(refused.value)


def test_a_reference_that_only_a_silent_trial_has_is_not_in_the_network():
    silent = [CountArm("E", "cells", 0, 9), CountArm("E", "sham", 0, 9)]
    with pytest.raises(InputError, match="with a reference in it"):
        network([*TRIANGLE, *silent], "OR", "sham")


@pytest.mark.parametrize(
    ("rows", "measure", "message"),
    [
        (TRIANGLE, "PR", "'PR' has no network; choose from RR, OR, RD, MD, SMD, HR, IRR."),
        (TRIANGLE, "MD", "A, cells: is CountArm, but a network of MD is made of MeanArm or Contrast."),
        ([*TRIANGLE, CountArm("E", "rest", 1, 9)], "OR", "E: has one arm only."),
        (
            [*TRIANGLE, CountArm("A", "rest", 1, 9), CountArm("A", "rest", 2, 9)],
            "OR",
            "A: has the same treatment twice.",
        ),
        ([*TRIANGLE, Contrast("A", "x", "rest", 0.1, 0.2)], "OR", "A: has arms and contrasts. Give one kind."),
        ([Contrast("A", "rest", "rest", 0.1, 0.2)], "OR", "A: sets a treatment against itself."),
        (
            [Contrast("A", "rest", "x", 0.1, 0.2), Contrast("A", "x", "y", 0.1, 0.2)],
            "OR",
            "A: has 3 treatments, so it needs 3 contrasts, one for each pair.",
        ),
        (
            [
                Contrast("A", "x", "y", 0.1, 0.2),
                Contrast("A", "y", "rest", 0.2, 0.2),
                Contrast("A", "x", "rest", 0.3, 0.9),
            ],
            "OR",
            "A: has standard errors between rest, x and y that cannot come from one trial.",
        ),
        (
            [
                Contrast("A", "x", "y", 0.1, 0.2),
                Contrast("A", "y", "rest", 0.2, 0.2),
                Contrast("A", "x", "rest", 0.4, 0.2),
            ],
            "OR",
            "A: has effects between rest, x and y that contradict each other.",
        ),
        (
            [CountArm("A", "x", 9, 5), CountArm("A", "rest", 1, 9)],
            "OR",
            "A, x, events: 9 events are more than the total of 5.",
        ),
        (
            [Contrast("A", "x", "rest", 44.0, 0.2)],
            "OR",
            "A, x against rest, effect: 44.0 is too large on the log scale.",
        ),
        ([], "OR", "'rest' is in no trial; the treatments are none."),
        ([CountArm("A", "x", 9, 15), CountArm("A", "y", 1, 9)], "OR", "the treatments are x, y."),
    ],
)
def test_what_is_no_network_is_told_with_what_would_be(rows, measure, message):
    with pytest.raises(InputError) as refused:
        network(rows, measure, "rest")

    assert message in str(refused.value)


def test_a_trial_of_three_arms_may_come_as_contrasts():
    arms = network(THREE_ARMS, "OR", "rest")
    contrasts = [
        Contrast(study, one.treatment, other.treatment, *log_odds_ratio(one, other))
        for study in "ABCD"
        for one, other in combinations([arm for arm in THREE_ARMS if arm.study == study], 2)
    ]
    found = network(contrasts, "OR", "rest")

    assert found.tau2 == pytest.approx(arms.tau2)
    assert found.league[0][2].estimate == pytest.approx(arms.league[0][2].estimate)


def log_odds_ratio(one, other):
    cells = (one.events, one.total - one.events, other.events, other.total - other.events)
    return math.log(cells[0] * cells[3] / cells[1] / cells[2]), math.sqrt(sum(1 / cell for cell in cells))


def test_a_network_of_silent_trials_says_what_to_do():
    rows = [CountArm("A", "x", 0, 9), CountArm("A", "rest", 0, 9)]
    with pytest.raises(InputError, match="no trial has a ratio"):
        network(rows, "OR", "rest")
