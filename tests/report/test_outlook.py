"""What pages, text and JSON say of the untreated course, of each option's chances, and of the studies behind them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from osteon.knowledge import knowledge
from osteon.planning.card import plan_card
from osteon.report.aid import aid_text
from osteon.report.citations import Citations, study_line
from osteon.report.decision_aid import decision_aid
from osteon.report.expected import basis_sentence, chances
from osteon.report.forecast_figure import forecast_figure
from osteon.report.plan_json import as_dict, forecast_list, plan_json
from osteon.report.studied import moved, studied
from osteon.report.untreated import untreated

EXAMPLE = Path(__file__).parents[2] / "examples" / "demo_hip.toml"
OPEN_HIP = {"site": "femoral_head", "side": "left", "mri_lesion": True, "flattening": False, "crescent_sign": False}
BYTES_A_JOINT = 1_000_000


@pytest.fixture(scope="module")
def hip(demo):
    return demo.joints[0]


@pytest.fixture(scope="module")
def late(planned):
    return planned("late_hips_elderly.toml").joints[0]


@pytest.fixture(scope="module")
def open_hip(planned):
    return planned({"joint": [OPEN_HIP]}).joints[0]


@pytest.fixture
def cite():
    return Citations(knowledge())


def told(plan, treatment):
    """What the table says of one option."""
    return chances(plan.option(treatment), plan, knowledge())


# ------------------------------------------------------------------------------------------------------------ table


def test_a_compared_option_stands_beside_the_untreated_joint(hip):
    kept, whole = told(hip, "core_decompression_single")

    assert (kept.label, kept.times) == ("Not replaced", (("2 years", "89 (82 to 94)"), ("5 years", "76 (61 to 86)")))
    assert kept.untreated == ("88", "72")
    assert whole.label == "Not collapsed"


def test_a_series_is_marked_as_not_comparable(hip, clinician):
    (series,) = told(hip, "hyperbaric_oxygen")

    assert not series.comparable
    assert series.untreated == ()
    assert "≠ Not comparable. Not replaced: 99 (97 to 99) at 2 years" in clinician.text


def test_where_no_study_counts_the_table_says_so(hip):
    (line,) = told(hip, "iloprost")

    assert (line.label, line.refusal) == ("", "No study that was read counts it.")


def test_a_barred_option_gets_no_figure(late):
    (line,) = told(late, "curved_varus_osteotomy")

    assert line.refusal == "It cannot be offered here, so nothing is forecast."


def test_an_operation_that_gives_up_the_joint_is_told_by_its_revisions(late):
    (line,) = told(late, "total_hip_arthroplasty")

    assert (line.label, line.comparable) == ("Implant not revised", False)


def test_what_is_open_names_the_findings_it_waits_for(planned):
    joint = planned({"joint": [{"site": "femoral_head", "side": "left"}]}).joints[0]

    assert "fracture or flattening" not in told(joint, "observation")[0].refusal
    assert "flattening" in told(joint, "observation")[0].refusal


def test_the_certainty_is_that_for_this_joint_beside_the_records_own(clinician):
    assert "Very low (2 studies, 113 joints; its record: low)" in clinician.text


# -------------------------------------------------------------------------------------------------------- untreated


def test_every_matching_cohort_stands_by_itself(hip, cite):
    collapse, replacement = untreated(hip, "joint-1", cite).courses

    assert [line.part for line in collapse.cohorts][:2] == ["Gives the estimate.", "Shares in the interval."]
    assert collapse.cohorts[0].groups == (("JIC type C1", "23.2 % by 2 years, 36.6 % by 5 years"),)
    assert replacement.told.startswith(
        "Of 100 joints like this one that are left alone, so many have not been replaced"
    )


def test_a_cohort_that_may_match_names_what_would_tell(open_hip, cite):
    collapse = untreated(open_hip, "joint-1", cite).courses[0]
    kuroda = next(line for line in collapse.cohorts if "series of 2019" in line.name)

    assert kuroda.part == "May match."
    assert kuroda.missing == ("JIC type, borders of the English text of 2002",)
    assert "so no figure is given" in collapse.told


def test_the_sentence_of_the_review_is_answered_type_by_type_while_the_type_is_open(open_hip, cite):
    found = untreated(open_hip, "joint-1", cite)

    assert found.claim.kind == "over general"
    assert "from 0 % by 5 years in JIC type A to 84.8 % by 5 years in JIC type C2" in found.answer.text


def test_the_sentence_of_the_review_is_answered_with_the_joints_own_figures(hip, cite):
    assert "36.6 % by 5 years (JIC type C1)" in untreated(hip, "joint-1", cite).answer.text


def test_a_collapsed_joint_is_not_asked_whether_it_will_collapse(late, cite):
    found = untreated(late, "joint-1", cite)

    assert (found.claim, found.answer) == (None, None)
    assert found.courses[0].told == "The joint surface has already collapsed."


# ----------------------------------------------------------------------------------------------------------- figure


def test_the_curves_hold_observation_and_mark_what_cannot_be_compared(hip):
    figure = forecast_figure(hip, "f")
    comparable = {row[0]: row[-1] for row in figure.table.rows}

    assert comparable["Observation and pain relief"] == "yes"
    assert "no" in comparable.values()
    assert len(comparable) <= 9


def test_options_with_the_same_forecast_share_a_curve(hip):
    names = [row[0] for row in forecast_figure(hip, "f").table.rows]

    assert "Alendronate; Zoledronate" in names


def test_no_curves_are_drawn_where_nothing_can_be_compared(late):
    assert forecast_figure(late, "f") is None


# ----------------------------------------------------------------------------------------------------------- detail


def detail(plan, treatment, cite):
    return studied(plan.option(treatment), plan, "joint-1-x", True, cite)


def test_a_forecast_says_with_and_without(hip, cite):
    promise = detail(hip, "core_decompression_single", cite).promises[0]

    assert promise.told.text == (
        "Of 100 joints like this one, 76 (from 61 to 86) have not been replaced at 5 years with it, and 72 (64 to 79) "
        "without treatment."
    )
    assert promise.icon.count("<circle") == 100


def test_an_effect_of_the_class_is_said_to_be_one(hip):
    option = hip.option("core_decompression_single")
    kept = option.outlook.forecast.endpoint("no_replacement")

    assert "of core decompression against no treatment; whether this one does the same is not known" in basis_sentence(
        kept, option
    )


def test_an_effect_through_other_treatments_is_said_to_be_one(hip):
    option = hip.option("marrow_concentrate_decompression")
    whole = option.outlook.forecast.endpoint("no_collapse")

    assert basis_sentence(whole, option).startswith("No study compares it with no treatment.")


def test_a_series_says_what_it_is_worth(hip, cite):
    promise = detail(hip, "medullary_bone_graft", cite).promises[0]

    assert "cannot be set beside the other figures" in promise.told.text
    assert promise.icon == ""


def test_the_rating_gives_its_reasons_in_words(hip, cite):
    found = detail(hip, "alendronate", cite)

    assert "2 studies, 113 joints: very low certainty." in found.rating.text
    assert "Two levels down for inconsistency (judged by" in found.rating.text
    assert "low, for patients like those studied; the studies come to very low for this joint" in found.record_rating


def test_the_summary_gives_ratio_and_difference_of_one_question_in_one_row(hip, cite):
    row = detail(hip, "alendronate", cite).rows[0]

    assert row.effect.startswith("Risk ratio 0.18 (0.02 to 1.44)")
    assert row.of_100.startswith("38 fewer of 100")
    assert row.against == "against no treatment or placebo"


def test_the_forest_plot_names_studies_with_their_numbers(hip, cite):
    figure = detail(hip, "alendronate", cite).forest

    assert [re.sub(r"\d+\]", "N]", row[0]) for row in figure.table.rows][:1] == ["Lai 2005 [N]"]
    assert "high" in {row[-1] for row in figure.table.rows}


def test_contradictions_of_the_modality_stand_with_their_numbers(hip, cite):
    texts = [reason.text for reason in detail(hip, "alendronate", cite).contradictions]

    assert any("2 of 29 hips against 19 of 25" in text for text in texts)


def test_scores_are_told_before_and_after_with_their_joints(hip, cite):
    assert detail(hip, "hyperbaric_oxygen", cite).scores[0].text == (
        "Harris hip score (higher is better): 21 before, 81 after 133 months (78 joints, scale modified HHS)."
    )


def test_scores_of_studies_that_would_not_have_taken_the_joint_are_left_out(hip, cite):
    assert hip.option("alendronate").outlook.scores != ()
    assert detail(hip, "alendronate", cite).scores == ()


def test_what_is_the_same_for_every_joint_is_told_once(hip, cite):
    second = studied(hip.option("alendronate"), hip, "joint-2-x", False, cite)

    assert (second.rows, second.forest, second.contradictions, second.scores) == ((), None, (), ())
    assert second.rating is not None


def test_what_moves_a_place_is_told_by_criterion(hip):
    text = moved(hip.option("alendronate").rank)

    assert re.match(r"First among 14 with this verdict in \d+ of 100 draws, among the first three in \d+\.", text)
    assert "the joint's survival +" in text


def test_an_option_alone_with_its_verdict_is_not_said_to_win(hip):
    assert moved(hip.option("medullary_bone_graft").rank) == "No other option has this verdict, so nothing moves it."


# --------------------------------------------------------------------------------------------------------- citations


def test_a_study_that_is_a_source_too_has_one_number(cite):
    assert cite.studies(["koo-1995"]) == cite.cite(["koo1995"])


def test_a_study_that_is_no_source_is_listed_with_what_was_read(cite):
    (number,) = cite.studies(["impaction-fibula-2020"])

    assert cite.lines()[number - 1] == study_line(cite.cited_studies()[0], number)
    assert cite.lines()[number - 1].read == "abstract"


def test_the_limits_count_the_studies_that_rest_on_abstracts(clinician):
    assert re.search(r"Of \d+ studies cited that are not sources as well, \d+ rest on abstracts alone", clinician.text)


def test_the_method_is_told_with_the_works_it_rests_on(clinician):
    assert "Effects were pooled under random effects with restricted maximum likelihood" in clinician.text
    assert "Certainty was rated after GRADE" in clinician.text


# ----------------------------------------------------------------------------------------------------------- patient


def test_page_and_text_of_the_decision_aid_say_the_same(demo, patient):
    text = " ".join(aid_text(demo, 100).split())
    choices = [choice for joint in decision_aid(demo).joints for choice in joint.choices]
    said = [sentence for choice in choices for sentence in choice.chance.told]

    assert [sentence for sentence in said if sentence not in text or sentence not in patient.text] == []


def test_every_number_of_the_decision_aid_is_out_of_100(demo):
    choices = [choice for joint in decision_aid(demo).joints for choice in joint.choices]

    assert {choice.chance.icon.count("<circle") for choice in choices} == {0, 100}


def test_the_decision_aid_warns_of_numbers_that_were_not_compared(demo):
    choices = {choice.name: choice.chance for choice in decision_aid(demo).joints[0].choices}

    assert "was not measured against other treatments" in choices["Hyperbaric oxygen"].warning
    assert choices["Alendronate"].warning == ""
    assert "Without treatment about 72 do" in " ".join(choices["Alendronate"].told)


def test_the_decision_aid_says_where_nothing_is_known(demo):
    choices = {choice.name: choice.chance for choice in decision_aid(demo).joints[0].choices}

    assert choices["Iloprost infusion"].told == (
        "How many keep their joint with it is not known: no study that was read says it for joints like yours.",
    )


# -------------------------------------------------------------------------------------------------------------- JSON


def test_a_forecast_in_json_names_what_it_rests_on(demo):
    options = {each["treatment"]: each for each in as_dict(demo)["joints"][0]["options"]}
    kept = options["core_decompression_single"]["forecast"]["endpoints"][1]

    assert (kept["endpoint"], kept["comparable"], kept["effect"]["basis"]) == ("no_replacement", True, "class")
    assert [point["months"] for point in kept["points"]] == [12.0, 24.0, 60.0]
    assert options["hyperbaric_oxygen"]["forecast"]["endpoints"][1]["series"]["studies"] == ["koren-2015"]


def test_the_untreated_course_in_json_keeps_cohorts_apart(demo):
    collapse = as_dict(demo)["joints"][0]["untreated"]["no_collapse"]

    assert [match["cohort"] for match in collapse["matched"] if match["primary"]] == ["kuroda_2019"]
    assert len(collapse["matched"]) > 1


def test_every_study_behind_a_figure_is_among_the_sources_of_the_json(demo):
    plan = as_dict(demo)
    results = [r for each in plan["joints"][0]["options"] for r in each["evidence"]["computed"]["results"]]

    assert {study for result in results for study in result["studies"]} <= plan["sources"].keys()


def test_the_json_stays_below_a_megabyte_a_joint(demo):
    assert len(plan_json(demo).encode()) < BYTES_A_JOINT * len(demo.joints)


def test_forecasts_can_be_listed_for_one_treatment(demo):
    listed = forecast_list(demo, "alendronate")

    assert [each["treatment"] for joint in listed for each in joint["options"]] == ["alendronate"] * 2
    assert json.dumps(listed, allow_nan=False)


# -------------------------------------------------------------------------------------------------------------- card


def test_the_card_tells_what_100_joints_keep_and_how_often_an_option_comes_first(demo):
    card = plan_card(demo, 80)

    assert "      5 y: 76 of 100 keep it (61-86); first in " in card
    assert max(map(len, card.splitlines())) <= 80


def test_the_card_gives_no_number_that_cannot_be_compared(demo):
    lines = plan_card(demo, 80).split("Hyperbaric oxygen")[1].splitlines()[:4]

    assert not any("of 100 keep it" in line for line in lines)


def test_a_plan_as_text_loads_neither_statistics_nor_templates(demo):
    code = (
        "import sys, osteon\n"
        "from osteon.planning.card import plan_card\n"
        f"plan_card(osteon.plan(osteon.read_case({str(EXAMPLE)!r})))\n"
        "print(sorted({'pimeta', 'scipy', 'matplotlib', 'jinja2'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_patient_is_told_no_number_from_an_interval_that_leaves_open_everything(demo):
    text = " ".join(aid_text(demo, 100).split())
    alendronate = text.split("Alendronate")[1].split("Bipolar")[0]

    assert "The studies do not tell" in alendronate
    assert "anything from 0 to 100 still have their own joint" in alendronate
    assert "about 90" not in alendronate
