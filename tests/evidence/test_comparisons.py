"""Which numbers of which studies answer a question."""

from __future__ import annotations

import math
from datetime import date

import pytest

from osteon.evidence.comparisons import ANY, Answers, Question, answers, followup_months, questions, series
from osteon.evidence.data import Counts, Estimate, Means, Single
from osteon.knowledge.records import Review
from osteon.knowledge.studies import Arm, Outcome, Population, Study, studies

REVIEW = Review("a test", "", date(2026, 1, 1), date(2028, 1, 1))


def outcome(name="collapse", **numbers):
    return Outcome(name=name, type=numbers.pop("type", "binary"), where="abstract", **numbers)


def counted(events, total, months=24, **others):
    return outcome(events=events, total=total, timepoint_months=months, **others)


def arm(intervention, modality, *outcomes, role="intervention", joints=None):
    population = Population(joints=joints) if joints else None
    return Arm(
        label=intervention,
        modality=modality,
        intervention=intervention,
        role=role,
        outcome=outcomes,
        population=population,
    )


def drug(*outcomes, **others):
    return arm("alendronate", "bisphosphonate", *outcomes, **others)


def none(*outcomes, **others):
    return arm("no_treatment", "observation", *outcomes, role="comparator", **others)


def study(*arms, name="a-2001", year=2001, **others):
    return Study(
        id=name,
        citation=name,
        design="rct",
        site="hip",
        site_id="femoral_head",
        arm=arms,
        review=REVIEW,
        year=year,
        **others,
    )


def collapse(*of_studies, measure="RR", versus=("observation",), outcome_name="collapse", by="") -> Answers:
    return answers(Question(("bisphosphonate",), versus, outcome_name, by), measure, of_studies)


def test_both_sides_are_read_at_the_latest_time_they_share():
    found = collapse(study(drug(counted(1, 20, 12), counted(3, 20, 24)), none(counted(4, 20, 12), counted(9, 20, 24))))

    assert found.rows == (Counts("a-2001", 3, 20, 9, 20),)
    assert found.joints == 40


def test_a_time_that_only_one_side_reports_is_not_used():
    found = collapse(study(drug(counted(1, 20, 12), counted(3, 20, 60)), none(counted(4, 20, 12))))

    assert found.rows == (Counts("a-2001", 1, 20, 4, 20),)


def test_sides_that_share_no_time_are_left_out_with_the_reason():
    found = collapse(study(drug(counted(1, 20, 12)), none(counted(4, 20, 24))))

    assert found.rows == ()
    assert [each.because for each in found.left_out] == ["reports its arms at different times."]


def test_last_follow_up_counts_as_the_latest_time():
    found = collapse(
        study(drug(counted(1, 20, 12), counted(2, 20, None)), none(counted(4, 20, 12), counted(5, 20, None)))
    )

    assert found.rows == (Counts("a-2001", 2, 20, 5, 20),)


def test_a_study_that_prints_only_one_side_is_left_out():
    found = collapse(study(drug(counted(1, 20)), none(counted(None, 20))))

    assert [each.because for each in found.left_out] == ["prints no such numbers for every arm."]


def test_a_subset_is_never_pooled():
    found = collapse(study(drug(counted(1, 20), counted(1, 5, subset="stage III")), none(counted(4, 20))))

    assert found.rows == (Counts("a-2001", 1, 20, 4, 20),)


def test_two_rows_at_one_time_that_nothing_tells_apart_are_not_added_up():
    found = collapse(study(drug(counted(1, 10), counted(2, 10)), none(counted(4, 20))))

    assert [each.because for each in found.left_out] == ["prints only subgroups, which are not added up."]


def test_several_arms_of_one_side_are_added_up():
    other = arm("zoledronate", "bisphosphonate", counted(2, 10))

    found = collapse(study(drug(counted(1, 20)), other, none(counted(4, 20))))

    assert found.rows == (Counts("a-2001", 3, 30, 4, 20),)


def test_the_same_patients_count_once_in_the_report_with_most_of_them():
    early = study(drug(counted(1, 10)), none(counted(4, 10)), name="early", same_patients_as=("late",))
    late = study(drug(counted(2, 20)), none(counted(8, 20)), name="late", year=2011, same_patients_as=("early",))

    found = collapse(early, late)

    assert [row.study for row in found.rows] == ["late"]
    assert [each.study for each in found.left_out] == ["early"]


def test_of_equally_large_reports_the_later_one_counts():
    early = study(drug(counted(1, 20)), none(counted(4, 20)), name="early", same_patients_as=("late",))
    late = study(drug(counted(2, 20)), none(counted(8, 20)), name="late", year=2011, same_patients_as=("early",))

    assert [row.study for row in collapse(late, early).rows] == ["late"]


def test_a_study_that_does_not_ask_the_question_is_not_mentioned():
    found = collapse(study(drug(counted(1, 20)), arm("eswt", "eswt", counted(1, 20), role="comparator")))

    assert (found.rows, found.left_out) == ((), ())


def test_any_comparison_takes_every_other_arm():
    found = collapse(study(drug(counted(1, 20)), arm("eswt", "eswt", counted(5, 20), role="comparator")), versus=(ANY,))

    assert found.rows == (Counts("a-2001", 1, 20, 5, 20),)


def test_within_one_modality_the_tested_arm_stands_against_its_comparator():
    prp = arm("core_decompression_prp", "core-decompression", counted(1, 20))
    plain = arm("core_decompression", "core-decompression", counted(5, 20), role="comparator")

    found = answers(Question(("core-decompression",), ("core-decompression",), "collapse"), "RR", [study(prp, plain)])

    assert found.rows == (Counts("a-2001", 1, 20, 5, 20),)


def score(mean, sd=5.0, unit="points", months=24):
    return outcome("hhs", type="continuous", mean=mean, sd=sd, unit=unit, timepoint_months=months)


def test_a_score_is_read_after_treatment_never_before():
    found = collapse(
        study(drug(score(60, months=0), score(80), joints=20), none(score(61, months=0), score(70), joints=22)),
        measure="MD",
        outcome_name="hhs",
    )

    assert found.rows == (Means("a-2001", 80, 5.0, 20, 70, 5.0, 22),)
    assert found.units == ("points",)


@pytest.mark.parametrize(
    ("first", "second", "because"),
    [
        (score(80, sd=None), score(70), "prints a mean without a standard deviation."),
        (score(80), score(7, unit="0-10"), "measures one arm in points, the other in 0-10."),
    ],
    ids=["no sd", "two units"],
)
def test_means_that_cannot_be_pooled_say_why(first, second, because):
    found = collapse(study(drug(first, joints=20), none(second, joints=22)), measure="MD", outcome_name="hhs")

    assert [each.because for each in found.left_out] == [because]


def test_means_without_the_size_of_the_arms_cannot_be_pooled():
    found = collapse(study(drug(score(80)), none(score(70))), measure="MD", outcome_name="hhs")

    assert [each.because for each in found.left_out] == ["does not print how many joints each arm has."]


def free(percent, months=60, low=None, high=None):
    return outcome(
        "survival", type="survival", mean=percent, unit="%", timepoint_months=months, ci_low=low, ci_high=high
    )


def test_two_survivals_make_a_hazard_ratio():
    found = collapse(study(drug(free(90), joints=40), none(free(80), joints=40)), measure="HR", outcome_name="survival")

    (row,) = found.rows
    assert isinstance(row, Estimate)
    assert math.exp(row.effect) == pytest.approx(math.log(0.9) / math.log(0.8))
    assert found.joints == 80


def test_a_printed_interval_gives_the_standard_error_of_a_survival():
    narrow = study(drug(free(90, low=88, high=92)), none(free(80, low=78, high=82)))
    wide = study(drug(free(90, low=70, high=97)), none(free(80, low=60, high=91)))

    errors = [collapse(each, measure="HR", outcome_name="survival").rows[0].se for each in (narrow, wide)]

    assert errors[0] < errors[1]


def test_a_printed_hazard_ratio_is_taken_as_it_stands():
    printed = outcome("survival", type="hazard-ratio", measure="HR", effect=0.5, ci_low=0.25, ci_high=1.0)

    (row,) = collapse(study(drug(printed), none(free(80))), measure="HR", outcome_name="survival").rows

    assert (row.effect, row.se) == pytest.approx((math.log(0.5), math.log(4) / (2 * 1.959964)))


def test_a_survival_of_all_has_no_hazard():
    found = collapse(study(drug(free(100), joints=9), none(free(80), joints=9)), measure="HR", outcome_name="survival")

    assert [each.because for each in found.left_out] == [
        "prints a survival of 0 or 100 %, which has no hazard to compare."
    ]


def test_series_add_up_all_arms_that_had_the_treatment():
    found = answers(
        Question(("bisphosphonate",), (), "collapse"),
        "PR",
        [study(drug(counted(1, 20)), arm("zoledronate", "bisphosphonate", counted(2, 10)))],
    )

    assert found.rows == (Single("a-2001", 3, 30),)


def test_the_follow_up_is_the_time_printed_with_the_outcome_else_that_of_the_joints():
    question = Question(("bisphosphonate",), (), "collapse")
    followed = Population(followup_months=48.0)

    assert followup_months(study(drug(counted(1, 20, 24))), question) == 24
    assert followup_months(study(drug(counted(1, 20, None)), population=followed), question) == 48
    assert followup_months(study(drug(counted(1, 20, None))), question) is None


def test_untreated_joints_stand_second_whoever_tested_whom():
    reversed_roles = study(arm("no_treatment", "observation", counted(4, 20)), drug(counted(1, 20), role="comparator"))

    assert questions([study(drug(counted(1, 20)), none(counted(4, 20))), reversed_roles]) == (
        Question(("bisphosphonate",), ("observation",), "collapse", "modality"),
    )


def test_placebo_counts_as_the_node_it_joins():
    placebo = arm("placebo", "observation", counted(4, 20), role="comparator")

    (question,) = questions([study(drug(counted(1, 20)), placebo)], "treatment")

    assert question == Question(("alendronate",), ("observation",), "collapse", "treatment")


def test_series_are_asked_of_every_treatment_that_counts_something():
    assert series([study(drug(counted(1, 20)))], "intervention") == (
        Question(("alendronate",), (), "collapse", "intervention"),
    )


def test_the_bisphosphonate_trials_give_the_rows_assembled_from_their_abstracts():
    found = answers(Question(("bisphosphonate",), ("observation",), "tha-conversion"), "RR", studies().values())

    assert found.rows[:1] == (Counts("lai-2005", 1, 29, 16, 25),)
    assert Counts("chen-2009-arco", 4, 31, 8, 28) in found.rows
    assert Counts("lee-2015", 19, 55, 20, 55) in found.rows


def test_the_cell_trial_of_the_review_stands_as_the_review_prints_it():
    found = answers(Question(("msc",), ("core-decompression",), "progression"), "RR", studies().values())

    assert Counts("zhao-2012", 2, 53, 10, 44) in found.rows
