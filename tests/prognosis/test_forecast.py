"""What a treatment's effect does to the untreated course, and what is refused rather than guessed."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osteon.evidence.by_treatment import Score
from osteon.knowledge import knowledge
from osteon.prognosis import NO_TREATMENT, Baseline, SingleArm, TreatmentEffect, forecast
from osteon.prognosis.baseline import DRAWS, baseline
from osteon.prognosis.forecast import APPLIED, scores

DRUG, HIP = (knowledge().treatments[name] for name in ("alendronate", "total_hip_arthroplasty"))
MONTHS = (12.0, 24.0, 60.0)
FREE = np.random.default_rng(7).beta([9, 7, 4], [1, 3, 6], (DRAWS, 3))
UNTREATED = Baseline("collapse", MONTHS, (0.9, 0.7, 0.4), draws=np.minimum.accumulate(FREE, axis=1))


def effect(measure="RR", estimate=0.5, se=0.0, df=None):
    on_scale = estimate if measure == "RD" else log(estimate)
    return TreatmentEffect(measure, on_scale, se, df, 3, 120, "direct", "against none", ("one", "two", "three"))


def no_collapse(known, untreated=UNTREATED, treatment=DRUG):
    return forecast(treatment, {"no_collapse": untreated}, {"no_collapse": known}).endpoint("no_collapse")


def estimates(known):
    return [point.estimate for point in no_collapse(known).points]


def widths(known):
    return [point.high - point.low for point in no_collapse(known).points]


@pytest.mark.parametrize(
    ("measure", "estimate", "expected"),
    [
        ("RR", 0.5, [0.95, 0.85, 0.7]),
        ("RR", 2.0, [0.8, 0.4, 0.0]),
        ("HR", 0.5, [0.9**0.5, 0.7**0.5, 0.4**0.5]),
        ("OR", 0.5, [0.9 / 0.95, 0.7 / 0.85, 0.4 / 0.7]),
        ("RD", -0.2, [1.0, 0.9, 0.6]),
    ],
)
def test_an_effect_is_applied_on_its_own_scale(measure, estimate, expected):
    assert estimates(effect(measure, estimate)) == pytest.approx(expected)


def test_leaving_the_joint_alone_gives_the_untreated_course_itself(joint_with):
    untreated = baseline(joint_with(reported_arco_2019="II", reported_jic_type="C2"), "collapse", MONTHS)

    found = no_collapse(NO_TREATMENT, untreated)

    assert [point.estimate for point in found.points] == list(untreated.survival)
    assert found.draws is untreated.draws
    assert (found.comparable, found.settings) == (True, untreated.settings)


@pytest.mark.parametrize("measure", APPLIED)
def test_a_less_certain_effect_gives_a_wider_interval(measure):
    estimate = -0.1 if measure == "RD" else 0.6

    sure, unsure = widths(effect(measure, estimate, 0.05)), widths(effect(measure, estimate, 0.5))

    assert [a < b for a, b in zip(sure, unsure, strict=True)] == [True, True, True]


def test_few_degrees_of_freedom_give_a_wider_interval():
    normal, student = widths(effect(se=0.3)), widths(effect(se=0.3, df=2))

    assert [a < b for a, b in zip(normal, student, strict=True)] == [True, True, True]


@given(st.sampled_from(("RR", "HR", "OR")), st.floats(0.05, 20), st.floats(0.05, 20), st.floats(0, 2))
def test_a_better_effect_never_gives_a_worse_chance(measure, one, other, se):
    better, worse = (no_collapse(effect(measure, each, se)) for each in sorted((one, other)))

    assert all(a.estimate >= b.estimate - 1e-12 for a, b in zip(better.points, worse.points, strict=True))


@given(st.sampled_from(tuple(APPLIED)), st.floats(0.05, 20), st.floats(0, 2))
def test_no_draw_regains_what_is_lost(measure, estimate, se):
    found = no_collapse(effect(measure, log(estimate) if measure == "RD" else estimate, se))

    assert (np.diff(found.draws, axis=1) <= 1e-12).all()
    assert ((found.draws >= 0) & (found.draws <= 1)).all()


@given(st.sampled_from(("RR", "HR", "OR")), st.floats(0.05, 20), st.floats(0, 2))
def test_the_estimate_lies_in_its_interval(measure, estimate, se):
    points = no_collapse(effect(measure, estimate, se)).points

    assert all(0 <= point.low <= point.estimate <= point.high <= 1 for point in points)


def test_the_same_question_gets_the_same_answer():
    first, second = no_collapse(effect(se=0.4, df=3)), no_collapse(effect(se=0.4, df=3))

    assert first == second
    assert (first.draws == second.draws).all()


def test_all_times_share_the_draws_of_the_effect():
    certain = Baseline("collapse", MONTHS, (0.9, 0.7, 0.4), draws=np.tile((0.9, 0.7, 0.4), (DRAWS, 1)))

    ratios = (1 - no_collapse(effect(se=0.2), certain).draws) / (0.1, 0.3, 0.6)

    assert ratios[:, 0] == pytest.approx(ratios[:, 1])
    assert ratios[:, 0] == pytest.approx(ratios[:, 2])


def test_an_effect_is_named_as_taken_to_be_the_same_at_all_times():
    assert [setting.id for setting in no_collapse(effect()).settings] == ["effect_at_all_times"]


def test_a_series_without_comparison_is_given_and_marked():
    found = no_collapse(SingleArm(((24, 20.0), (60, 40.0)), 50, ("one",)))

    assert [point.estimate for point in found.points] == pytest.approx([0.8**0.5, 0.8, 0.6])
    assert not found.comparable
    assert found.matched == ()
    assert [setting.id for setting in found.settings] == ["linear_hazard", "nobody_left_early"]


def test_a_printed_interval_decides_how_sure_a_series_is():
    narrow = SingleArm(((60, 10.0),), 50, ("one",), percent_low=9.0, percent_high=11.0)
    counted = SingleArm(((60, 10.0),), 50, ("one",))

    assert [a < b / 3 for a, b in zip(widths(narrow), widths(counted), strict=True)] == [True, True, True]


def test_a_series_ends_where_it_was_followed():
    found = no_collapse(SingleArm(((24, 20.0),), 50, ("one",)))

    assert [point.months for point in found.points] == [12, 24]
    assert found.refusal == "No series without comparison was followed for 60 or 120 months; the longest reached 24."


def test_a_series_shorter_than_every_time_has_no_point():
    found = no_collapse(SingleArm(((6, 20.0),), 50, ("one",)))

    assert found.points == ()
    assert found.refusal.endswith("the longest reached 6.")


def test_ten_years_are_refused_where_the_baseline_ends_at_five(joint_with):
    untreated = baseline(joint_with(reported_arco_2019="II", reported_jic_type="C2"), "collapse")

    found = no_collapse(effect(), untreated)

    assert [point.months for point in found.points] == [12, 24, 60]
    assert found.refusal == "No matching cohort was followed for 120 months; the longest reached 60."


def test_a_collapsed_head_has_no_forecast_of_collapse_even_from_a_series(joint_with):
    collapsed = baseline(joint_with(reported_arco_2019="IIIB"), "collapse")

    assert no_collapse(SingleArm(((24, 20.0),), 50, ("one",)), collapsed).refusal == (
        "The joint surface has already collapsed."
    )


def test_an_unknown_lesion_type_passes_on_what_would_settle_it(joint_with):
    unknown = baseline(joint_with(reported_arco_2019="II"), "collapse")

    found = no_collapse(effect(), unknown)

    assert found.points == ()
    assert (found.refusal, found.may_match) == (unknown.refusal, unknown.may_match)


def test_a_treatment_without_a_study_is_refused():
    found = forecast(DRUG, {"no_collapse": UNTREATED}, {}).endpoint("no_collapse")

    assert found.refusal == "No study that was read reports this for this treatment."


def test_a_comparison_without_an_untreated_course_is_refused():
    found = forecast(DRUG, {}, {"no_replacement": effect()}).endpoint("no_replacement")

    assert found.refusal == "No untreated course was asked for."


def test_a_replaced_joint_is_asked_only_whether_the_implant_lasts():
    found = forecast(
        HIP,
        {"no_collapse": UNTREATED},
        {"no_collapse": effect(), "no_revision": SingleArm(((120, 7.5),), 900, ("one",))},
    )

    assert [each.endpoint for each in found.endpoints] == ["no_collapse", "no_replacement", "no_revision"]
    assert found.endpoint("no_collapse").refusal == found.endpoint("no_replacement").refusal
    assert found.endpoint("no_collapse").refusal.startswith("This treatment gives up the joint itself")
    assert str(found.endpoint("no_revision").points[-1]).startswith("92 of 100 (")


def test_a_treatment_that_keeps_the_joint_is_not_asked_about_revision():
    assert [each.endpoint for each in forecast(DRUG, {}, {}).endpoints] == ["no_collapse", "no_replacement"]


@pytest.mark.parametrize(("measure", "estimate"), [("RR", 0.5), ("RD", -0.2)])
def test_an_effect_is_told_as_printed(measure, estimate):
    assert effect(measure, estimate).estimate == pytest.approx(estimate)


def test_scores_are_means_over_joints_for_each_score_and_unit():
    rows = [
        Score("eswt", "one", "vas", "0-10", 24, 6, 2, 30),
        Score("eswt", "two", "vas", "0-10", 12, 8, 4, 10),
        Score("eswt", "three", "vas", "0-100", 12, 70, 30, 10),
    ]

    found = scores(rows)

    assert [(each.unit, each.months, each.mean_before, each.mean_after, each.joints) for each in found] == [
        ("0-10", 21, 6.5, 2.5, 40),
        ("0-100", 12, 70, 30, 10),
    ]
    assert found[0].studies == ("one", "two")


def test_a_score_without_joints_or_time_is_not_averaged():
    assert scores([Score("eswt", "one", "hhs", "points", 24, 60, 80, 0)]) == ()
    assert scores([Score("eswt", "one", "hhs", "points", 0, 60, 80, 30)]) == ()
