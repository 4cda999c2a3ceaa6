"""Which cohorts an untreated joint resembles, what they say of it, and when nothing is said."""

from __future__ import annotations

import numpy as np
import pytest

from osteon.knowledge.cohorts import cohorts
from osteon.prognosis.baseline import DRAWS, baseline, by_lesion_type, shares

EARLY = {"reported_arco_2019": "II"}


def without(*ids):
    return [cohort for cohort in cohorts().values() if cohort.id not in ids]


@pytest.mark.parametrize(
    ("jic_type", "at_24", "at_60"),
    [("A", 0, 0), ("B", 7.9, 7.9), ("C1", 23.2, 36.6), ("C2", 57.8, 84.8)],
)
def test_the_estimate_is_that_of_the_cohort_itself(joint_with, jic_type, at_24, at_60):
    found = baseline(joint_with(**EARLY, reported_jic_type=jic_type), "collapse", (24, 60))

    assert found.matched[0].cohort.id == "kuroda_2019"
    assert [round(100 * (1 - free), 1) for free in found.survival] == [at_24, at_60]


@pytest.mark.parametrize(("months", "collapsed"), [(12, 25.5), (24, 40.8), (36, 48.5)])
def test_another_cohort_alone_gives_its_own_figures(joint_with, months, collapsed):
    found = baseline(joint_with(**EARLY, reported_jic_type="C1"), "collapse", (months,), without("kuroda_2019"))

    assert 100 * (1 - found.survival[0]) == pytest.approx(collapsed)


def test_cohorts_that_disagree_are_both_drawn_from_and_neither_averaged(joint_with):
    found = baseline(joint_with(**EARLY, reported_jic_type="C1"), "collapse", (24,))

    drawn_risk = 100 * (1 - found.draws[:, 0])
    assert [match.cohort.id for match in found.matched] == ["kuroda_2019", "asada_2021"]
    assert [match.primary for match in found.matched] == [True, False]
    assert np.mean(drawn_risk[: DRAWS // 2]) == pytest.approx(23.2, abs=1)
    assert np.mean(drawn_risk[DRAWS // 2 :]) == pytest.approx(40.8, abs=1)
    assert "equal_mixture" in [setting.id for setting in found.settings]


def test_the_cohort_that_describes_the_joint_most_closely_is_used(joint_with, cohort_of):
    rough = cohort_of("rough", ((60, 30),), joints=900)
    close = cohort_of("close", ((24, 50),), joints=20, lesion_fraction_percent={"at_least": 30})

    found = baseline(joint_with(lesion_fraction_percent=40), "collapse", (24,), [rough, close])

    assert [match.cohort.id for match in found.matched] == ["close"]
    assert [condition.finding for condition in found.matched[0].conditions] == ["site", "lesion_fraction_percent"]


def test_a_short_close_cohort_is_carried_on_by_a_longer_one(joint_with, cohort_of):
    rough = cohort_of("rough", ((24, 20), (60, 60)))
    close = cohort_of("close", ((24, 50),), lesion_fraction_percent={"at_least": 30})

    found = baseline(joint_with(lesion_fraction_percent=40), "collapse", (24, 60), [rough, close])

    assert found.survival == pytest.approx((0.5, 0.25))
    assert found.matched[0].carried_on_by == ("rough",)
    assert "carried_on" in [setting.id for setting in found.settings]


def test_of_equal_cohorts_the_longest_followed_and_then_the_largest_gives_the_estimate(joint_with, cohort_of):
    short, long = cohort_of("short", ((24, 10),), joints=500), cohort_of("long", ((24, 30), (60, 30)), joints=20)
    longer = cohort_of("larger", ((24, 40), (60, 40)), joints=30)

    found = baseline(joint_with(), "collapse", (24,), [short, long, longer])

    assert [match.cohort.id for match in found.matched] == ["larger", "long", "short"]
    assert found.survival == pytest.approx((0.6,))


def test_fewer_joints_give_a_wider_interval(joint_with, cohort_of):
    spread = [
        np.ptp(np.percentile(baseline(joint_with(), "collapse", (24,), [cohort]).draws, [2.5, 97.5]))
        for cohort in (cohort_of("many", ((24, 40),), joints=400), cohort_of("few", ((24, 40),), joints=20))
    ]

    assert spread[0] < spread[1] / 3


def test_an_unknown_lesion_type_is_not_answered_but_listed(joint_with):
    early = joint_with(**EARLY)

    found = baseline(early, "collapse")

    assert (found.months, found.matched) == ((), ())
    assert found.refusal.startswith(
        "Which cohort of untreated joints this one resembles depends on stage.jic_type_2002"
    )
    assert {str(each) for each in found.may_match} >= {
        "Hips by JIC type before collapse, series of 2019, JIC type A",
        "Hips by JIC type before collapse, series of 2019, JIC type C2",
    }
    at_five_years = [each.points[-1] for each in by_lesion_type(early, "collapse") if each.cohort.id == "kuroda_2019"]
    assert at_five_years == [(60, 0), (60, 7.9), (60, 36.6), (60, 84.8)]


def test_a_type_that_is_open_between_two_lists_these_two(joint_with):
    between = joint_with(**EARLY, weight_bearing_fraction_percent=80)

    listed = [str(each) for each in by_lesion_type(between, "collapse") if each.cohort.id == "kuroda_2019"]

    assert listed == [
        "Hips by JIC type before collapse, series of 2019, JIC type C1: 23.2 % by 24 months, 36.6 % by 60 months",
        "Hips by JIC type before collapse, series of 2019, JIC type C2: 57.8 % by 24 months, 84.8 % by 60 months",
    ]


def test_a_head_that_has_collapsed_has_no_chance_of_not_collapsing(joint_with):
    collapsed = joint_with(reported_arco_2019="IIIB", reported_jic_type="C2")

    assert baseline(collapsed, "collapse").refusal == "The joint surface has already collapsed."
    assert by_lesion_type(collapsed, "collapse") == ()


def test_a_head_with_a_crescent_is_not_taken_for_one_without(joint_with):
    found = baseline(joint_with(crescent_sign=True, flattening=False, reported_jic_type="C2"), "collapse")

    assert found.matched == ()
    assert [each.cohort.id for each in found.may_match] == ["lai_2005"]


def test_a_bone_that_no_cohort_is_about_is_refused(joint_with):
    found = baseline(joint_with("scaphoid"), "replacement")

    assert (found.may_match, found.refusal) == (
        (),
        "No cohort of untreated joints that was read is about a joint like this.",
    )


def test_ten_years_are_refused_where_the_cohorts_end_at_five(joint_with):
    found = baseline(joint_with(**EARLY), "replacement")

    assert found.months == (12, 24, 60)
    assert found.beyond == "No matching cohort was followed for 120 months; the longest reached 60."
    assert found.draws.shape == (DRAWS, 3)


def test_a_time_past_every_cohort_alone_has_no_point(joint_with):
    found = baseline(joint_with(**EARLY), "replacement", (120,))

    assert (found.months, found.survival, found.draws.shape) == ((), (), (DRAWS, 0))
    assert found.beyond


def test_early_hips_keep_their_joint_as_the_matched_series_did(joint_with):
    found = baseline(joint_with(**EARLY), "replacement", (60,))

    low, high = np.percentile(100 * found.draws, [2.5, 97.5])
    assert (100 * found.survival[0], low, high) == pytest.approx((72.2, 64.8, 79.6), abs=0.6)


def test_two_trials_of_large_lesions_that_disagree_both_stay_in_the_interval(joint_with):
    large = joint_with(**EARLY, radiograph_abnormal=True, lesion_fraction_percent=45)

    found = baseline(large, "replacement", (24,))

    low, high = np.percentile(100 * (1 - found.draws), [2.5, 97.5])
    assert [match.cohort.id for match in found.matched] == ["lee_2015", "lai_2005"]
    assert low < 100 * 20 / 55 < 100 * 16 / 25 < high


def test_sickle_cell_disease_has_its_own_baseline(joint_with):
    painful = joint_with(**EARLY, reported_jic_type="B", sickle_cell_disease=True, pain=True)

    found = baseline(painful, "collapse", (60,))

    assert [str(match) for match in found.matched] == ["Painful hips in sickle cell disease, not collapsed at entry"]
    assert 100 * (1 - found.survival[0]) == pytest.approx(100 * 65 / 75)


def test_a_cohort_says_what_it_assumes_of_the_joint(joint_with):
    unknown = baseline(joint_with(**EARLY), "replacement").matched[0]
    known = baseline(joint_with(**EARLY, sickle_cell_disease=False, traumatic=False), "replacement").matched[0]

    assert unknown.assumed == ("sickle_cell_disease", "traumatic")
    assert known.assumed == ()


def test_a_count_over_a_mean_follow_up_is_named_as_placed_there(joint_with):
    painless = joint_with("humeral_head", steroid_exposure=True, crescent_sign=False, flattening=False, pain=False)

    found = baseline(painless, "collapse", (120,))

    assert [setting.id for setting in found.settings] == ["linear_hazard", "nobody_left_early", "counted_at_follow_up"]
    assert found.survival[0] == pytest.approx((1 - 71 / 132) ** (120 / 168))


def test_a_setting_of_the_record_is_named_where_it_is_used(joint_with):
    found = baseline(joint_with(**EARLY, reported_jic_type="A"), "collapse", (24,))

    assert [setting.id for setting in found.settings].count("joints_by_type") == 2


def test_cohorts_kept_as_a_check_are_not_looked_at(joint_with):
    painless = joint_with(**EARLY, pain=False, sickle_cell_disease=False, traumatic=False)

    assert "min_2008" not in [each.cohort.id for each in by_lesion_type(painless, "collapse")]


def test_the_same_joint_gets_the_same_draws(joint_with):
    first, second = (baseline(joint_with(**EARLY, reported_jic_type="C2"), "collapse") for _ in range(2))

    assert first == second
    assert (first.draws == second.draws).all()


def test_every_draw_is_given_to_some_cohort():
    assert shares(10_000, 3) == [3334, 3333, 3333]
