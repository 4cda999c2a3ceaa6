"""A question as someone types it, and what is told when it cannot be answered."""

from __future__ import annotations

import pytest

from osteon.errors import InputError
from osteon.evidence.ask import ask, asked_of_file, asked_of_studies
from osteon.evidence.data import Single
from osteon.knowledge.studies import studies


def fault(*question):
    with pytest.raises(InputError) as refused:
        ask(*question, studies())
    return str(refused.value)


def test_every_wrong_name_is_told_at_once():
    told = fault(["drug"], ["nothing"], "cure", "XX")

    assert "--modality: is 'drug'; use one of observation" in told
    assert "--versus: is 'nothing'" in told
    assert "--outcome: is 'cure'" in told
    assert "--measure: is 'XX'; use one of RR, OR" in told


def test_a_question_without_words_says_what_is_missing():
    told = fault([], [], "", "")

    assert "--modality: is missing" in told
    assert "--outcome: is missing" in told


def test_an_outcome_nobody_reports_lists_those_that_are():
    assert "Reported for it: " in fault(["statin"], [], "dislocation", "")


def test_without_a_comparison_asked_for_all_of_them_are_taken():
    found = ask(["bisphosphonate"], [], "hhs", "", studies())

    assert {"wang-2008", "lai-2005"} <= {row.study for row in found.rows}


def test_where_nothing_was_compared_the_series_answer():
    found = ask(["vascularised-fibula"], [], "tha-conversion", "", studies())

    assert found.measure == "PR"
    assert all(isinstance(row, Single) for row in found.rows)


def test_scores_in_two_units_ask_for_a_measure_without_unit():
    told = fault(["bmac"], ["core-decompression"], "vas", "MD")

    assert "cannot be MD: the studies measure in" in told
    assert "Use SMD" in told


def test_a_comparison_nobody_could_be_used_for_names_each_study_and_why():
    told = fault(["bmac"], ["core-decompression"], "lesion-volume", "")

    assert "no study has numbers for it" in told


def test_an_intervention_narrows_a_modality():
    found = ask(["zoledronate"], ["observation"], "tha-conversion", "", studies())

    assert [row.study for row in found.rows] == ["lee-2015"]


def test_the_asked_question_carries_its_title_sides_and_risk_of_bias():
    asked = asked_of_studies(["bisphosphonate"], ["observation"], "collapse", "", studies())

    assert asked.title == "bisphosphonates against no treatment or placebo: collapse of the joint surface"
    assert asked.sides == asked.favours == ("bisphosphonates", "no treatment or placebo")
    assert asked.risk_of_bias["lai-2005"] == "high"


def test_a_file_of_effects_needs_to_be_told_their_measure(tmp_path):
    path = tmp_path / "effects.csv"
    path.write_text("study,yi,sei\nA,0.1,0.2\n")

    with pytest.raises(InputError, match="a column yi may hold any of RR"):
        asked_of_file(path, "")
    assert asked_of_file(path, "HR").measure == "HR"


@pytest.mark.parametrize(
    ("content", "measure"),
    [
        ("study,e1,n1,e2,n2\nA,1,9,2,9\n", "RR"),
        ("study,m1,sd1,n1,m2,sd2,n2\nA,1,1,9,2,1,9\n", "MD"),
        ("study,e1,t1,e2,t2\nA,1,9,2,9\n", "IRR"),
        ("study,events,total\nA,1,9\n", "PR"),
    ],
)
def test_a_file_is_pooled_by_the_usual_measure_of_its_numbers(tmp_path, content, measure):
    path = tmp_path / "data.csv"
    path.write_text(content)

    assert asked_of_file(path, "").measure == measure
