"""Every operation changes the voxels, or the load, as its drawing says."""

from dataclasses import replace

import numpy as np
import pytest

from osteon.knowledge import knowledge
from osteon.mechanics.operations import operations, osteotomy, resurfacing, rod, settings, value
from osteon.mechanics.shares import share_inside
from osteon.mechanics.solved import loaded
from osteon.surgery import DrillPlan

ASKED_FOR = {
    "untreated",
    "small_tracts",
    "core_tract",
    "core_cancellous_graft",
    "core_bone_cement",
    "cortical_strut",
    "fibula_healed",
    "fibula_unhealed",
    "tantalum_ingrown",
    "tantalum_loose",
    "lesion_loose",
    "lesion_cement",
    "pedicle_unhealed",
    "pedicle_healed",
    "posterior_rotation",
    "resurfacing",
    "resection",
    "replacement",
    "one_cane",
    "drug_repaired",
    "cells_repaired",
}


def ml(model, *materials):
    """Volume of some materials, or of all that is filled."""
    share = model.share(*materials) if materials else model.filled
    return float(share.sum()) * model.spacing_mm**3 / 1000


def test_every_operation_that_is_asked_for_is_there(hip):
    assert set(hip.options) == ASKED_FOR


def test_a_tract_takes_the_volume_of_its_cylinder(hip):
    tract = hip.plan.core.tracts[0]
    inside = share_inside(hip.model, rod(tract.entry_mm, tract.tip_mm, 5.0))
    assert inside.sum() * 27 / 1000 == pytest.approx(np.pi * 25 * 72 / 1000, rel=0.01)


def test_filling_a_tract_leaves_no_hole_and_an_empty_one_does(hip):
    whole, empty, cement = ml(hip.model), ml(hip.options["core_tract"].model), ml(hip.options["core_bone_cement"].model)
    assert cement == pytest.approx(whole, rel=1e-6)
    assert whole - empty == pytest.approx(ml(hip.options["core_bone_cement"].model, "bone_cement"), rel=1e-5)


def test_a_fibula_is_a_tube(hip):
    made = hip.options["fibula_healed"].model
    wall = 1 - ((5 - value("fibula_wall_mm")) / 5) ** 2
    outer = ml(made, "fibula_graft") + ml(made, "cancellous_graft")
    assert ml(made, "fibula_graft") / outer == pytest.approx(wall, abs=0.02)


def test_clearing_the_lesion_leaves_its_rim(hip):
    cleared = hip.options["lesion_cement"].model
    assert ml(cleared, "bone_cement") == pytest.approx(ml(hip.model, "necrotic_bone"))
    assert ml(cleared, "sclerotic_bone") == ml(hip.model, "sclerotic_bone")


def test_an_osteotomy_turns_force_and_socket_back_and_keeps_the_size_of_the_force(hip):
    option = hip.options["posterior_rotation"]
    force, nodal = loaded(option, hip.force.force_n)
    assert option.turn.apply(force) == pytest.approx(hip.force.force_n, rel=1e-9)
    assert nodal.reshape(-1, 3).sum(axis=0) == pytest.approx(force, rel=1e-9)


def test_an_osteotomy_that_gains_nothing_is_left_out_and_says_so(hip):
    no_gain = replace(hip.plan.rotations[0], intact_ratio_percent=(50.0, 30.0))
    assert "No angle" in osteotomy(hip.model, no_gain).why


def test_the_whole_force_arrives_on_a_cut_neck(hip):
    force, nodal = loaded(hip.options["resection"], hip.force.force_n)
    assert nodal.reshape(-1, 3).sum(axis=0) == pytest.approx(force, rel=1e-9)


def test_a_cane_is_less_force_on_the_same_bone(hip):
    option = hip.options["one_cane"]
    assert option.model.shares is hip.model.shares
    assert np.linalg.norm(loaded(option, hip.force.force_n)[0]) == pytest.approx(
        0.6 * np.linalg.norm(hip.force.force_n)
    )


def test_tilting_a_resurfacing_towards_varus_lowers_the_tip_of_its_stem_less_than_valgus(hip):
    metal = {tilt: resurfacing(hip.model, tilt).model.share("cobalt_chromium") for tilt in (-10.0, 10.0)}
    height = {tilt: (share * hip.model.centres_mm()[2]).sum() / share.sum() for tilt, share in metal.items()}
    assert height[10.0] > height[-10.0]


def test_what_cannot_be_drawn_is_left_out_with_what_is_in_the_way(hip):
    blocked = replace(hip.plan, core=DrillPlan("core", 10.0, blocked_by=("neck_cortex",)))
    told = [each for each in operations(hip.model, blocked) if not hasattr(each, "id")]
    assert [each.why for each in told] == ["No tract keeps its margins; in the way: neck cortex."]


def test_every_treatment_named_is_a_treatment_that_is_known(hip):
    named = {name for each in hip.options.values() for name in each.treatments}
    assert named <= {each.id for each in knowledge().treatments.values()}


def test_scenarios_that_assume_biology_are_labelled(hip):
    assert {each.id for each in hip.options.values() if each.hypothetical} == {
        "pedicle_healed",
        "drug_repaired",
        "cells_repaired",
    }


def test_every_size_without_a_source_is_declared_by_the_model_that_uses_it(hip):
    assert any(settings()["shell_mm"].text in told for told in hip.options["resurfacing"].model.settings)
    assert any(settings()["fibula_wall_mm"].text in told for told in hip.options["fibula_healed"].model.settings)
