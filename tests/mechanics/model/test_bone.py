"""Masks and the template become models that hold what they show."""

from dataclasses import replace

import numpy as np
import pytest

from osteon.anatomy import Volume, covering_grid, points_mm
from osteon.case.read import read_case
from osteon.errors import InputError
from osteon.imaging.examination import Examination
from osteon.imaging.found import FoundHip
from osteon.imaging.series import Images, Mask, Series
from osteon.knowledge import knowledge
from osteon.mechanics import (
    cosine_load,
    elastic,
    joint_force,
    joint_patch,
    model_of_examination,
    model_of_masks,
    nodal_forces,
    template_model,
    template_of_findings,
)
from osteon.mechanics.bone import cover_of_pelvis, empty_model, usual_cover
from osteon.mechanics.solve import solve
from osteon.mechanics.template import axis_reaching, cap_half_angle, cap_percent, lesion_share, template_femur


def hip_findings(**findings):
    """What follows from some findings of a left hip."""
    return read_case({"joint": [{"site": "femoral_head", "side": "left", **findings}]}).joints[0].findings


def direction_of(model, material="necrotic_bone"):
    """Unit vector in LPS from the head's centre to the middle of a material."""
    share = model.share(material)
    middle = np.array([(axis * share).sum() / share.sum() for axis in model.centres_mm()])
    return (middle - model.hip.head.center_mm) / np.linalg.norm(middle - model.hip.head.center_mm)


def test_the_template_has_the_volume_of_its_surface(healthy, coarse):
    femur = coarse[1]
    shown = points_mm(femur)[..., 2] >= healthy.origin_mm[2]

    volume = healthy.filled.sum(dtype=float) * healthy.spacing_mm**3

    assert volume == pytest.approx((femur.array & shown).sum() * femur.voxel_mm3, rel=0.01)


def test_shares_never_exceed_a_voxel(diseased):
    total = sum(diseased.shares.values())

    assert total.max() <= 1 + 1e-5
    assert min(share.min() for share in diseased.shares.values()) >= 0


def test_the_right_template_is_the_left_ones_mirror_image():
    left, right = (elastic(template_model(side, voxel_mm=3.0, lesion_percent=20)) for side in ("left", "right"))

    assert right.modulus_mpa.sum() == pytest.approx(left.modulus_mpa.sum(), rel=0.01)


def test_the_mean_density_of_the_head_is_the_published_one(healthy):
    x, y, z = healthy.centres_mm()
    head = (x**2 + y**2 + z**2 < healthy.hip.head.radius_mm**2) & (healthy.filled >= 0.5)

    assert healthy.ash_g_cm3[head].mean() == pytest.approx(0.323, rel=1e-3)
    assert "haba2012" in healthy.sources


def test_the_template_says_what_it_is_and_what_it_rests_on(diseased):
    declared = " ".join(diseased.settings)

    assert "not this patient's" in declared
    assert "not this patient's" in diseased.settings[0]
    assert set(elastic(diseased).sources) <= knowledge().sources.keys()


def test_the_shaft_is_held_at_the_lower_end_alone(healthy):
    assert healthy.fixed[0].any()
    assert not healthy.fixed[1:].any()


def cut_off(femur, height_mm):
    """The mask of a femur without what lies below a height."""
    return femur.with_array(femur.array & (points_mm(femur)[..., 2] >= height_mm))


def test_a_view_that_ends_early_is_held_there_and_says_so(coarse):
    hip, femur = coarse

    model = model_of_masks(hip, cut_off(femur, -50.0), voxel_mm=3.0)

    assert -50 < model.origin_mm[2] < -46
    assert model.fixed[0].sum() * 9 > 300
    assert any("48 mm below the head's centre" in each for each in model.settings)


def test_a_view_without_a_neck_is_refused(coarse):
    hip, femur = coarse

    with pytest.raises(InputError, match="ends before the neck does"):
        model_of_masks(hip, cut_off(femur, -20.0), voxel_mm=3.0)


def test_a_tip_at_the_lower_end_carries_nothing(coarse):
    hip, femur = coarse
    short = cut_off(femur, -50.0)
    tip = np.linalg.norm(points_mm(femur)[..., :2] - [25.0, 20.0], axis=-1) < 4
    tipped = short.with_array(short.array | (tip & (points_mm(femur)[..., 2] < -49) & (points_mm(femur)[..., 2] > -65)))

    assert model_of_masks(hip, tipped, voxel_mm=3.0).origin_mm[2] > -50


def test_a_lesion_has_the_size_that_was_asked_for_less_the_plate_over_it(diseased):
    assert 22 < lesion_share(diseased) < 30


def test_the_plate_covers_the_head_and_the_cortex_the_rest(healthy):
    plate = healthy.share("subchondral_plate").sum(dtype=float) * healthy.spacing_mm**3
    radius = healthy.hip.head.radius_mm

    # 1 mm thick over the sphere down to 0.7 radii past its centre: 2 pi R (1.7 R), less the inner surface's smaller area.
    assert plate == pytest.approx(2 * np.pi * 1.7 * radius**2 * (1 - 1 / radius), rel=0.15)
    assert healthy.share("cortical_bone").sum() > plate / healthy.spacing_mm**3


def test_a_lesion_makes_the_head_yield_more(healthy, diseased):
    deep = [sunk_mm(model) for model in (healthy, diseased)]

    assert deep[1] > 1.03 * deep[0]


def sunk_mm(model):
    """How far the covered surface gives way along walking's force of 800 N body weight."""
    solid, force = elastic(model), joint_force("walking", model.hip, 800.0).force_n
    load = cosine_load(joint_patch(model), force)
    forces = nodal_forces(model, load)
    solution = solve(solid.modulus_mpa, model.spacing_mm, poisson=solid.poisson, fixed=model.fixed, force_n=forces)
    np.testing.assert_allclose(solution.reaction_n, -force, atol=0.01 * np.linalg.norm(force))
    return (forces * solution.displacement_mm).sum() / np.linalg.norm(force)


def test_measured_densities_take_the_place_of_the_template(coarse):
    hip, femur = coarse
    ash = femur.with_array(np.where(femur.array, 0.5, 0.0))

    model = model_of_masks(hip, femur, voxel_mm=3.0, ash_g_cm3=ash)

    assert sorted(model.shares) == ["bone"]
    assert model.ash_g_cm3[model.filled > 0].min() > 0.49
    assert not any("template" in each for each in model.settings)


def test_a_lesion_on_measured_densities_says_what_its_factor_is_of(coarse):
    model = model_of_examination(examined(*coarse), voxel_mm=3.0, calibration=(0.001, 0.0, "ash"))

    assert any("factor on the density the CT shows" in each for each in model.settings)


def examined(hip, femur):
    """A hip on a CT of one grey, with a lesion of 8 mm radius in its head."""
    ct = Series("s1", "CT", femur.with_array(np.where(femur.array, 300.0, 0.0)))
    inside = femur.array & (np.linalg.norm(points_mm(femur) - [0, 0, 10], axis=-1) < 8)
    lesion = Mask(femur.with_array(inside), "lesion", "drawn", "A. Reader")
    found = FoundHip(hip, femur, None, np.zeros((0, 3)), 0.0, "from a mask")
    return Examination(Images((ct,)), ct, found, lesion, ())


@pytest.mark.parametrize(("calibration", "shares"), [(None, 5), ((0.001, 0.0, "k2hpo4"), 3)])
def test_an_examined_hip_uses_its_ct_only_when_calibrated(coarse, calibration, shares):
    model = model_of_examination(examined(*coarse), voxel_mm=3.0, calibration=calibration)

    assert len(model.shares) == shares
    assert lesion_share(model) > 2


def test_a_socket_seen_on_an_image_covers_where_its_bone_is_near():
    hip, _ = template_femur("left")
    grid = covering_grid(np.zeros(3), 40.0, 1.0)
    away = np.linalg.norm(points_mm(grid), axis=-1)
    shell = (away > 27) & (away < 36) & (points_mm(grid)[..., 2] > 0.5 * away)

    cover = cover_of_pelvis(hip, grid.with_array(shell))

    assert cover.covered.mean() == pytest.approx(0.25, abs=0.01)  # the cap within 60 degrees of the top


@pytest.mark.parametrize("edge_deg", [10.0, 32.5, 50.0])
def test_the_usual_socket_ends_at_the_centre_edge_angle(edge_deg):
    cover = usual_cover(template_femur("right")[0], edge_deg)
    angles = np.radians(edge_deg + np.array([-6.0, 6.0]))

    assert cover.holds(np.stack([-np.sin(angles), 0 * angles, np.cos(angles)], axis=-1)).tolist() == [True, False]


def test_all_faults_of_a_model_are_told_at_once(coarse):
    hip, femur = coarse

    with pytest.raises(InputError, match=r"voxel_mm(.|\n)*does not hold"):
        model_of_masks(hip, femur.with_array(femur.array & (points_mm(femur)[..., 2] < -40)), voxel_mm=0.01)


def test_an_empty_mask_is_refused(coarse):
    hip, femur = coarse

    with pytest.raises(InputError, match="is empty"):
        model_of_masks(hip, femur.with_array(np.zeros(femur.shape, bool)))


def test_more_voxels_than_a_machine_holds_are_refused(coarse):
    wide = Volume(np.ones((18, 18, 18)), np.diag([10.0, 10.0, 10.0, 1.0]))
    hip = replace(coarse[0], head=replace(coarse[0].head, center_mm=np.array([90.0, 90.0, 150.0])))

    with pytest.raises(InputError, match="Use larger ones"):
        empty_model(hip, wide, 0.2, usual_cover(hip))


@pytest.mark.parametrize(("size", "told"), [("lesion_percent", "0 to 95"), ("voxel_mm", "it must be 0.2 to 3")])
def test_a_template_that_cannot_be_is_refused(size, told):
    with pytest.raises(InputError, match=told):
        template_model("left", **{size: 99.0})


def test_a_number_draws_another_femur_and_always_the_same():
    mean, third = (template_model("left", voxel_mm=3.0, femur=number) for number in (0, 3))
    again = template_model("left", voxel_mm=3.0, femur=3)

    assert third.hip.head.radius_mm != pytest.approx(mean.hip.head.radius_mm, abs=0.5)
    assert np.array_equal(third.filled, again.filled)
    assert third.settings[0].startswith("The femur is a template: number 3 drawn from")


def test_the_mean_femur_lies_on_the_grid_where_its_results_were_measured():
    corner = template_femur("left")[1].affine[:3, 3]

    assert corner == pytest.approx([-27.213, -36.479, -125.78], abs=1e-3)


def test_a_femur_below_zero_is_refused():
    with pytest.raises(InputError, match="0 for the mean"):
        template_model("left", femur=-1)


@pytest.mark.parametrize("percent", [5.0, 30.0, 50.0, 80.0])
def test_a_caps_angle_and_volume_agree(percent):
    assert cap_percent(cap_half_angle(percent)) == pytest.approx(percent, abs=0.01)


@pytest.mark.parametrize("end_deg", [-20.0, 10.0, 45.0])
def test_a_cap_reaches_as_far_as_it_is_told_to(end_deg):
    hip = template_femur("left")[0]
    axis = axis_reaching(hip, 20.0, end_deg)

    assert np.degrees(np.arctan2(axis[0], axis[2]) + cap_half_angle(20.0)) == pytest.approx(end_deg, abs=0.1)


def test_a_stated_fraction_is_the_size():
    model = template_of_findings(hip_findings(lesion_fraction_percent=30), "left", voxel_mm=3.0)

    assert lesion_share(model) == pytest.approx(lesion_share(template_model("left", voxel_mm=3.0, lesion_percent=30)))
    assert "The lesion's size is the stated part of the head (30 %)." in model.settings


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        ({"lesion_volume_ml": 10, "head_volume_ml": 50}, "stated part of the head (20 %)"),
        ({"weight_bearing_fraction_percent": 100}, "reaches from the medial end"),
        ({"modified_kerboul_deg": 240}, "same mean angle, 16 % of the head"),
        ({"kerboul_coronal_deg": 120, "kerboul_sagittal_deg": 120}, "same mean angle, 16 % of the head"),
    ],
)
def test_the_size_follows_from_what_is_known(findings, words):
    model = template_of_findings(hip_findings(**findings), "left", voxel_mm=3.0)

    assert any(words in each for each in model.settings)


def test_a_type_reaches_further_lateral_than_the_one_before():
    places = [
        direction_of(
            template_of_findings(hip_findings(reported_jic_type=jic, lesion_fraction_percent=15), "left", voxel_mm=3.0)
        )
        for jic in ("A", "B", "C1", "C2")
    ]

    assert [place[0] for place in places] == sorted(place[0] for place in places)


def test_a_type_alone_gives_a_size_and_says_so():
    model = template_of_findings(hip_findings(reported_jic_type="C1", centre_edge_angle_deg=30), "left", voxel_mm=3.0)

    assert any("No size of the lesion is known" in each for each in model.settings)
    assert "jic2002" in model.sources
    assert not any("middle of normal cover" in each for each in model.settings)


def test_a_lesion_without_any_size_is_refused():
    with pytest.raises(InputError, match="its size is not known"):
        template_of_findings(hip_findings(), "left")
