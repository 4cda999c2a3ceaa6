"""What the studies say of each treatment for one joint, and what its forecast rests on."""

from __future__ import annotations

import numpy as np
import pytest

from osteon.case import read_case
from osteon.case.answer import Answer
from osteon.evidence.by_treatment import treatment_evidence
from osteon.knowledge import knowledge
from osteon.planning import plan
from osteon.planning.outlook import answers_about, cited_papers, compared_at, survival_draws
from osteon.prognosis import NO_TREATMENT, SingleArm, TreatmentEffect


def hip(**findings):
    joint = {"site": "femoral_head", "side": "left", "osteonecrosis_confirmed": True, **findings}
    return plan(read_case({"patient": {"sickle_cell_disease": False}, "joint": [joint]})).joints[0]


EARLY = {"flattening": False, "crescent_sign": False, "traumatic": False}


@pytest.fixture(scope="module")
def early():
    return hip(**EARLY, reported_jic_type="C2")


@pytest.fixture(scope="module")
def late():
    return hip(reported_arco_2019="IV")


def evidence_of(joint, treatment, endpoint):
    return joint.option(treatment).outlook.forecast.endpoint(endpoint).evidence


def test_leaving_the_joint_alone_is_the_untreated_course_itself(early):
    watched = early.option("observation").outlook.forecast.endpoint("no_collapse")

    assert watched.evidence == NO_TREATMENT
    assert [point.estimate for point in watched.points] == pytest.approx(early.course.baselines["no_collapse"].survival)


def test_five_years_after_type_c2_15_of_100_have_not_collapsed(early):
    points = {
        point.months: point for point in early.option("observation").outlook.forecast.endpoint("no_collapse").points
    }

    assert points[60].estimate == pytest.approx(1 - 0.848)


def test_a_joint_that_has_collapsed_is_not_asked_whether_it_will(late):
    assert "already collapsed" in late.option("observation").outlook.forecast.endpoint("no_collapse").refusal


def test_a_treatment_that_gives_up_the_joint_is_asked_about_the_implant_only(early):
    forecast = early.option("total_hip_arthroplasty").outlook.forecast

    assert forecast.endpoint("no_replacement").points == ()
    assert forecast.endpoint("no_revision").points[-1].months == 120
    assert not forecast.endpoint("no_revision").comparable


def test_one_trial_of_one_drug_does_not_decide_where_its_class_was_tested_more(early):
    rests_on = evidence_of(early, "alendronate", "no_collapse")

    assert isinstance(rests_on, TreatmentEffect)
    assert rests_on.basis == "class"
    assert rests_on.k >= 2


def test_a_treatment_never_set_against_nothing_is_reached_through_others(early):
    rests_on = evidence_of(early, "marrow_concentrate_decompression", "no_collapse")

    assert (rests_on.basis, rests_on.measure) == ("indirect", "RR")


def test_a_series_without_comparison_is_marked_as_such(early):
    forecast = early.option("vascularised_fibular_graft").outlook.forecast.endpoint("no_replacement")

    assert isinstance(forecast.evidence, SingleArm)
    assert not forecast.comparable


def test_series_of_joints_unlike_this_one_give_no_figure():
    after = hip(reported_arco_2019="IV")
    before = {
        each.study for each in treatment_evidence().series if after.course.directness[each.study].answer is Answer.NO
    }
    used = {
        study
        for option in after.options
        for endpoint in option.outlook.forecast.endpoints
        if isinstance(endpoint.evidence, SingleArm) and len(endpoint.evidence.studies) == 1
        for study in endpoint.evidence.studies
    }

    assert before
    assert not used & before


def test_nothing_read_is_said_so(early):
    refusals = [e.refusal for e in early.option("restricted_weight_bearing").outlook.forecast.endpoints]

    assert refusals == ["No study that was read reports this for this treatment."] * 2


def test_certainty_falls_for_a_joint_the_trials_would_not_have_taken(early, late):
    order = ["very_low", "low", "moderate", "high"]
    pairs = [
        (order.index(early.option(t).certainty), order.index(late.option(t).certainty))
        for t in ("core_decompression_single", "marrow_concentrate_decompression", "eswt")
    ]

    assert [pair for pair in pairs if pair[0] < pair[1]] == []


def test_what_a_joint_differs_in_is_named(late):
    differs = late.course.directness["zhao-2012"]

    assert differs.answer is Answer.NO
    assert differs.differs


def test_without_any_study_the_record_has_the_word(early):
    option = early.option("hip_arthrodesis")

    assert option.outlook.certainty is None
    assert option.certainty == option.treatment.certainty


def test_a_treatment_never_compared_is_ordered_as_leaving_the_untreated_course(early):
    series, compared, replaced, watched = (
        survival_draws(knowledge().treatments[name], early.course, ("no_replacement", 60))
        for name in (
            "vascularised_fibular_graft",
            "core_decompression_multiple",
            "total_hip_arthroplasty",
            "observation",
        )
    )

    assert np.all(series == watched)
    assert np.any(compared != watched)
    assert np.all(replaced == 0)


def test_survival_is_compared_at_the_latest_time_the_untreated_course_allows(early):
    assert compared_at(early.course, 60) == ("no_replacement", 60)
    assert compared_at(early.course, 30) == ("no_replacement", 24)


def test_where_no_cohort_followed_replacement_the_surface_is_compared():
    painful = {
        "patient": {"sickle_cell_disease": True},
        "joint": [{"site": "femoral_head", "side": "left", "pain": True}],
    }
    painful["joint"][0] |= {"flattening": False, "crescent_sign": False}

    assert compared_at(plan(read_case(painful)).joints[0].course, 60) == ("no_collapse", 60)


def test_where_no_cohort_followed_anything_survival_is_not_compared():
    knee = plan(read_case({"joint": [{"site": "knee", "side": "left"}]})).joints[0]

    assert compared_at(knee.course, 60) is None
    assert survival_draws(knowledge().treatments["eswt"], knee.course, None) is None


@pytest.mark.parametrize("treatment", knowledge().treatments.values(), ids=lambda each: each.id)
def test_every_answer_about_a_treatment_is_about_it_or_its_class(treatment):
    found = answers_about(treatment.id)

    assert all(r.question.of == (treatment.id,) or r.question.by == "modality" for r in found)


def test_the_answer_against_nothing_done_comes_first(early):
    assert early.option("zoledronate").outlook.results[0].question.versus == ("observation",)


def test_every_study_behind_the_options_can_be_cited(early):
    outlooks = [option.outlook for option in early.options]
    named = {each.study for found in outlooks for result in found.results for each in result.effect.studies}

    assert named <= {paper.id for paper in cited_papers(outlooks)}


def test_the_same_joint_has_the_same_plan_twice():
    first, again = hip(**EARLY), hip(**EARLY)

    assert [(o.treatment.id, o.rank) for o in first.options] == [(o.treatment.id, o.rank) for o in again.options]
    assert [o.outlook.forecast for o in first.options] == [o.outlook.forecast for o in again.options]


@pytest.mark.parametrize("site", ["knee", "humeral_head", "talus", "lunate", "scaphoid", "other_bone"])
def test_every_bone_has_an_outlook_for_every_option(site):
    joint = plan(read_case({"joint": [{"site": site, "side": "left", "osteonecrosis_confirmed": True}]})).joints[0]

    assert all(option.outlook.forecast.endpoints for option in joint.options)
