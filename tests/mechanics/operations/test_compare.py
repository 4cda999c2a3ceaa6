"""Options are set against the untreated hip and the hip without its lesion, with intervals."""

import time
from dataclasses import replace

import numpy as np
import pytest

from osteon.errors import InputError
from osteon.knowledge.materials import materials
from osteon.mechanics.card import comparison_card, comparison_dict, sentences
from osteon.mechanics.compare import Question, compare, in_order
from osteon.mechanics.intervals import draws_of

ONLY = (
    "core_tract",
    "pedicle_healed",
    "posterior_rotation",
    "one_cane",
    "tantalum_loose",
    "lesion_loose",
    "resection",
    "replacement",
)


@pytest.fixture(scope="session")
def comparison(hip):
    return compare(hip.make, hip.plan, Question(voxel_mm=3.0, interval_voxel_mm=3.0, draws=2, only=ONLY))


def ratio(comparison, option, measure, against="to_untreated"):
    return getattr(comparison.outcome(option), against)[measure].value


def test_a_lesion_raises_the_stress_index_and_softens_the_cap(comparison):
    assert ratio(comparison, "untreated", "lesion_index", "to_healthy") > 1.3
    assert ratio(comparison, "untreated", "cap_stiffness", "to_healthy") < 0.9


def test_an_empty_tract_softens_the_cap(comparison):
    assert ratio(comparison, "core_tract", "cap_stiffness") < 0.95


def test_a_healed_graft_is_the_hip_without_its_lesion(comparison):
    healed = comparison.outcome("pedicle_healed").to_healthy
    assert [healed[name].value for name in ("band_index", "cap_stiffness")] == pytest.approx([1, 1], abs=0.01)


def test_turning_the_lesion_away_takes_load_from_it(comparison):
    assert ratio(comparison, "posterior_rotation", "lesion_load") < 0.8


def test_less_force_is_less_stress_in_proportion_and_the_same_stiffness(comparison):
    cane = comparison.outcome("one_cane").to_untreated
    found = [cane[name].value for name in ("band_index", "neck_strain", "cap_stiffness")]
    assert found == pytest.approx([0.6, 0.6, 1.0], rel=1e-3)


def test_a_rod_that_is_not_grown_in_strains_the_neck_more_than_none(comparison):
    assert ratio(comparison, "tantalum_loose", "neck_strain") > 1.0


def test_a_lesion_that_came_loose_softens_the_cap_though_no_gap_opens_under_pressure(comparison):
    assert comparison.outcome("lesion_loose").measures["open_gap"] == 0
    assert ratio(comparison, "lesion_loose", "cap_stiffness") < 1.0


def test_without_a_head_nothing_is_said_of_it(comparison):
    assert comparison.outcome("replacement").measures["head_index"] is None
    assert comparison.outcome("resection").measures["lesion_load"] is None


def test_an_osteotomys_neck_is_not_judged(comparison):
    assert comparison.outcome("posterior_rotation").measures["neck_strain"] is None


def test_every_interval_holds_its_ratio(comparison):
    ratios = [each for outcome in comparison.outcomes for each in outcome.to_untreated.values()]
    assert all(each.low <= each.value * (1 + 1e-9) and each.value <= each.high * (1 + 1e-9) for each in ratios)


def test_the_card_keeps_to_80_columns_and_tells_what_it_rests_on(comparison):
    card = comparison_card(comparison)
    assert max(map(len, card.splitlines())) <= 80
    assert "predicts direction, not outcome" in card
    assert "Stiffness of necrotic bone: 0.4" in card


def test_every_treatment_gets_a_plain_sentence_that_calls_itself_a_simulation(comparison):
    told = sentences(comparison)["core_decompression_single"][0]
    assert told.startswith("Simulation: it predicts direction, not outcome. With one empty tract:")
    assert "stiffness of the loaded cap" in told


def test_json_names_every_measure(comparison):
    found = comparison_dict(comparison)
    named = {each["id"] for each in found["measures"]}
    assert set(found["outcomes"][1]["measures"]) <= named


def test_an_unknown_option_is_refused_with_those_there_are(hip):
    with pytest.raises(InputError, match="Options are: untreated, small_tracts"):
        compare(hip.make, hip.plan, Question(voxel_mm=3.0, draws=0, only=("magnets",)))


def test_draws_cover_every_person_every_law_and_the_lesions_range(hip):
    found = draws_of("walking", hip.model.hip, 800.0, 21)
    ladder = np.sort([each.materials.modulus_factor["necrotic_bone"] for each in found])
    assert len({each.force.name for each in found}) == 10
    assert {each.materials.modulus_law for each in found} == {
        each.id for each in materials().laws.values() if each.gives == "modulus"
    }
    assert np.all((ladder - 0.1) / 0.6 * 21 // 1 == np.arange(21))


def test_an_activity_without_vectors_is_drawn_with_those_of_walking(hip):
    found = draws_of("stairs_up", hip.model.hip, 800.0, 20)
    mean = np.mean([each.force.force_n for each in found], axis=0)
    assert np.linalg.norm(mean) == pytest.approx(2.51 * 800, rel=0.01)


def test_a_collapse_load_is_told_where_it_is_asked_for(hip):
    asked = Question(voxel_mm=3.0, interval_voxel_mm=3.0, draws=0, collapse=True, only=("one_cane",))
    found = compare(hip.make, replace(hip.plan, rotations=()), asked)
    loads = {each.id: each.measures["collapse_load"] for each in found.outcomes}
    assert loads["healthy"] > loads["untreated"] > 1
    assert loads["one_cane"] == pytest.approx(loads["untreated"] / 0.6)


def test_options_are_made_only_as_far_ahead_as_they_are_worked_on():
    made = []
    work = in_order(lambda each: each, (made.append(each) or each for each in range(20)), 2)

    assert next(work) == 0
    assert len(made) <= 5
    assert list(work) == list(range(1, 20))


def test_a_failure_keeps_what_waits_from_being_begun():
    begun = []

    def work(each):
        begun.append(each)
        raise ValueError("broken") if each == 0 else time.sleep(0.05)

    with pytest.raises(ValueError, match="broken"):
        list(in_order(work, range(20), 1))

    assert len(begun) <= 3
