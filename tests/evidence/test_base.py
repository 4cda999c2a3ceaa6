"""Everything the studies say, pooled once and kept."""

from __future__ import annotations

import json

import pytest

from osteon.errors import InputError
from osteon.evidence import kept as kept_module
from osteon.evidence.base import evidence_base, results
from osteon.evidence.by_treatment import treatment_evidence
from osteon.evidence.comparison_graph import components
from osteon.evidence.comparisons import Question
from osteon.evidence.coverage import coverage
from osteon.evidence.data import CountArm
from osteon.evidence.kept import encoded, kept
from osteon.evidence.networks import treatment_network
from osteon.evidence.result import KINDS, Result
from osteon.knowledge.studies import MODALITIES, studies


def modality_result(of, versus, outcome, measure="RR") -> Result:
    question = Question((of,), (versus,), outcome, "modality")
    (found,) = [
        r for r in evidence_base() if r.question == question and r.effect.measure == measure and not r.randomised
    ]
    return found


def test_a_difference_stands_beside_every_ratio_of_counts():
    ratios = {r.question for r in evidence_base() if r.effect.measure == "RR"}
    differences = {r.question for r in evidence_base() if r.effect.measure == "RD"}

    assert ratios <= differences


def test_two_studies_have_the_normal_interval_and_three_that_of_hartung_and_knapp():
    intervals = {(min(r.effect.k, 3), r.effect.ci) for r in evidence_base() if not r.effect.notes}

    assert intervals <= {(1, "z"), (2, "z"), (3, "t")}


def test_trials_stand_apart_where_other_comparisons_were_pooled_with_them():
    found = [
        r
        for r in evidence_base()
        if r.question == Question(("msc",), ("core-decompression",), "progression", "modality")
    ]

    assert {(r.randomised, r.effect.k) for r in found if r.effect.measure == "RR"} == {(False, 2), (True, 1)}


def test_scores_in_several_units_are_pooled_without_unit():
    assert modality_result("bmac", "core-decompression", "vas", "SMD").effect.k >= 3


def test_what_is_kept_comes_back_equal(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    some = tuple(r for r in evidence_base() if r.question.outcome == "collapse")

    kept("some", lambda: some, KINDS)

    assert kept("some", lambda: (), KINDS) == some


def test_a_spoilt_copy_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kept("some", lambda: (1, 2), KINDS)
    (copy,) = (tmp_path / "osteon").glob("evidence-some-*")
    copy.write_text('[{"is": "Nobody"}]')

    assert kept("some", lambda: (3,), KINDS) == (3,)


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))

    assert kept("some", lambda: (1,), KINDS) == (1,)


def test_the_kept_copy_is_plain_json_that_names_its_records():
    question = Question(("statin",), (), "collapse")

    assert json.loads(json.dumps(encoded(question)))["is"] == "Question"


def test_the_name_of_a_copy_changes_with_the_code_and_the_knowledge():
    assert len(kept_module.digest()) == 64


def test_every_modality_has_an_entry_and_every_gap_is_in_words():
    entries = coverage(studies().values())

    assert [each.modality for each in entries] == MODALITIES
    assert all(gap.endswith(".") for each in entries for gap in each.gaps)


def test_a_modality_without_a_comparison_says_so():
    fibula = next(each for each in coverage(studies().values()) if each.modality == "arthrodesis")

    assert "Nothing was read that compares it with another treatment." in fibula.gaps


def test_studies_join_treatments_into_parts():
    rows = [CountArm("1", "a", 1, 9), CountArm("1", "b", 1, 9), CountArm("2", "b", 1, 9), CountArm("2", "c", 1, 9)]
    apart = [CountArm("3", "x", 1, 9), CountArm("3", "y", 1, 9)]

    assert components((*rows, *apart)) == [{"a", "b", "c"}, {"x", "y"}]


def test_a_network_takes_only_what_is_connected_and_names_the_rest():
    found = treatment_network(studies(), "collapse")

    assert "no_treatment" in found.network.treatments
    assert not {name for part in found.apart for name in part} & {*found.network.treatments}


def test_a_reference_nobody_connects_is_refused_with_what_is_connected():
    with pytest.raises(InputError, match=r"no study connects for 'collapse'\. Connected are: alendronate"):
        treatment_network(studies(), "collapse", reference="total_hip")


def test_in_a_network_without_loops_an_indirect_ratio_is_the_product_of_the_direct_ones():
    cells = modality_result("bmac", "core-decompression", "collapse").effect.estimate
    decompression = modality_result("core-decompression", "observation", "collapse").effect.estimate
    through = {e.treatment: e.estimate for e in treatment_network(studies(), "collapse").network.against_reference}

    assert through["core_decompression_marrow_concentrate"] == pytest.approx(cells * decompression, rel=0.01)


def test_an_indirect_answer_is_rated_down_for_it():
    cells = [r for r in treatment_evidence().indirect if r.question.of == ("marrow_concentrate_decompression",)]
    steps = {step.domain: step for result in cells for step in result.certainty.steps}

    assert steps["indirectness"].change <= -1


def test_every_study_a_plan_may_name_can_be_cited():
    found = treatment_evidence()
    named = {each.study for r in (*found.results, *found.of_class, *found.indirect) for each in r.effect.studies}

    assert named <= {paper.id for paper in found.papers}


def test_survival_curves_of_series_never_rise():
    points = [series.points for series in treatment_evidence().series]

    assert [p for p in points if [s for _, s in p] != sorted((s for _, s in p), reverse=True)] == []


def test_the_results_of_one_level_are_made_from_the_studies_given():
    one = {"lai-2005": studies()["lai-2005"]}

    assert {r.question.outcome for r in results(one, "modality") if r.question.versus} == {
        "collapse",
        "tha-conversion",
        "hhs",
    }
