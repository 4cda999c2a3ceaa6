"""What `measure` hands over: intervals, authors, series, and hips of which little is seen."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from osteon.anatomy import head_directions
from osteon.case import read_case
from osteon.imaging.measure import as_findings, measure, measurements_dict
from osteon.imaging.series import Measurement, Series


@pytest.fixture(scope="module")
def healthy(bones):
    grid = bones.grid()
    hip = bones.found(bones.femur(grid), bones.cup(grid))
    return measure(bones.series(grid), hip, None, draws=2)


def test_every_number_lies_within_its_interval(capped):
    numbers = [m for m in capped if isinstance(m.value, float) and isinstance(m.low, float)]

    assert len(numbers) > 40
    assert not [m.name for m in numbers if not m.low <= m.value <= m.high]


def test_the_interval_of_the_arc_holds_the_truth_and_is_not_a_point(capped, record):
    arc = record(capped, "kerboul_coronal_deg", "mid_planes")

    assert arc.low <= 70 <= arc.high
    assert 4 < arc.high - arc.low < 50


@pytest.mark.slow
def test_an_automatic_border_is_less_sure_than_a_drawn_one(bones, record):
    grid = bones.grid()
    lesion = bones.cap(grid, "left", bones.direction("left", -10.0), 35.0)
    hip = bones.found(bones.femur(grid))

    widths = {}
    for method in ("drawn", "automatic"):
        measured = measure(bones.series(grid), hip, bones.drawn(lesion, method), draws=4)
        arc = record(measured, "modified_kerboul_deg", "mid_planes")
        widths[method] = arc.high - arc.low

    assert widths["automatic"] > widths["drawn"]


@pytest.mark.slow
def test_the_same_images_give_the_same_intervals(bones):
    grid = bones.grid(spacing_mm=1.5)
    lesion = bones.drawn(bones.cap(grid, "left", bones.direction("left", -10.0), 35.0))
    hip = bones.found(bones.femur(grid), bones.cup(grid))

    first, second = (measure(bones.series(grid), hip, lesion, draws=2) for _ in range(2))

    assert first == second


def test_a_hip_without_lesion_says_so_and_still_has_its_shape(healthy, value):
    assert value(healthy, "lesion_volume_ml") == 0
    assert value(healthy, "modified_kerboul_deg", "greatest_extension") == 0
    assert value(healthy, "jic_type") == "none"
    assert value(healthy, "steinberg_size") == "none"
    assert value(healthy, "collapse_depth_mm") == 0
    assert value(healthy, "joint_space_width_mm", "mean") == pytest.approx(4, abs=0.3)
    assert value(healthy, "head_radius_mm") == 24


def test_an_empty_mask_is_no_lesion(bones, healthy):
    grid = bones.grid()
    empty = bones.drawn(grid.with_array(np.zeros(grid.shape, bool)))
    hip = bones.found(bones.femur(grid), bones.cup(grid))

    measured = measure(bones.series(grid), hip, empty, draws=2)

    assert [m.value for m in measured] == [m.value for m in healthy]


def test_without_a_pelvis_the_type_is_unknown_and_nothing_of_the_joint_is_said(bones, value):
    grid = bones.grid()
    lesion = bones.cap(grid, "left", bones.direction("left", 0.0), 30.0)

    measured = measure(bones.series(grid), bones.found(bones.femur(grid)), bones.drawn(lesion), draws=2)

    assert value(measured, "jic_type") == "unknown"
    assert not {"joint_space_width_mm", "centre_edge_angle_deg"} & {m.name for m in measured}


def test_a_socket_whose_lower_end_is_not_seen_declares_the_assumed_medial_end(bones, record):
    grid = bones.grid()
    roof = bones.cup(grid)
    offset, _ = bones.from_center(grid, "left")
    roof = roof.with_array(roof.array & (offset[..., 2] > 5))
    lesion = bones.cap(grid, "left", bones.direction("left", 0.0), 30.0)

    measured = measure(bones.series(grid), bones.found(bones.femur(grid), roof), bones.drawn(lesion), draws=4)

    end = record(measured, "weight_bearing_medial_end_deg")
    assert "assumed_medial_end" in end.settings
    assert end.high - end.low > 10


def test_shape_and_joint_are_measured_on_the_ct_where_there_is_one(bones, record):
    grid = bones.grid()
    lesion = bones.drawn(bones.cap(grid, "left", bones.direction("left", 0.0), 30.0))
    hip = bones.found(bones.femur(grid), bones.cup(grid))
    ct = bones.series(grid, "CT", "s2")

    measured = measure(bones.series(grid), hip, lesion, ct=ct, ct_found=hip, draws=0)

    depth = record(measured, "collapse_depth_mm")
    assert (depth.series, record(measured, "joint_space_width_mm").series) == ("s2", "s2")
    assert "collapse_from_mr" not in depth.settings
    assert record(measured, "modified_kerboul_deg").series == "s1"


def test_ct_shows_a_dent_that_the_mask_has_bridged(bones, value):
    grid = bones.grid(spacing_mm=0.8)
    axis = bones.direction("left", 0.0, 10.0)
    round_, sunk = bones.femur(grid), bones.femur(grid, "left", 3.0, axis)
    _, away = bones.from_center(grid, "left")
    # Joint 40 HU, plate of 2 mm 900 HU, cancellous bone 300 HU, socket behind 4 mm.
    image = np.where(sunk.array, 900.0, 40.0)
    image[sunk.array & (away < bones.RADIUS - 5.5)] = 300.0
    image[bones.cup(grid).array] = 900.0
    lesion = bones.cap(grid, "left", axis, 35.0)
    lesion = bones.drawn(lesion.with_array(lesion.array & sunk.array))

    ct = bones.series(grid, "CT")
    ct = type(ct)(ct.id, "CT", grid.with_array(image.astype(np.float32)))
    measured = measure(ct, bones.found(round_), lesion, draws=0)

    assert value(measured, "collapse_depth_mm") == pytest.approx(3.0, abs=0.4)


def test_on_mr_the_collapse_warns_and_an_automatic_mask_is_declared(bones, record):
    grid = bones.grid()
    lesion = bones.drawn(bones.cap(grid, "left", bones.direction("left", 0.0), 30.0), "automatic")

    measured = measure(bones.series(grid), bones.found(bones.femur(grid)), lesion, draws=0)

    assert set(record(measured, "collapse_depth_mm").settings) == {
        "uneven_head",
        "collapse_from_mr",
        "automatic_lesion",
    }


def test_without_draws_there_are_no_intervals(bones):
    grid = bones.grid(spacing_mm=1.5)
    measured = measure(bones.series(grid), bones.found(bones.femur(grid)), None, draws=0)

    assert {(m.low, m.high) for m in measured} == {(None, None)}


def test_progress_is_told_from_the_beginning_to_nearly_the_end(bones):
    told = []
    grid = bones.grid(spacing_mm=1.5)

    measure(bones.series(grid), bones.found(bones.femur(grid)), None, draws=2, progress=lambda *x: told.append(x))

    assert told[0] == ("laying the hip on a common grid", 0.0)
    assert all(0 <= part <= 1 for _, part in told)
    assert told[-1][1] > 0.9


def test_the_table_is_json_with_what_was_promised(capped):
    rows = json.loads(json.dumps(measurements_dict(capped), allow_nan=False))["measurements"]

    assert {"name", "value", "low", "high", "unit", "convention", "series", "author"} <= set(rows[0])
    fractions = [row["convention"] for row in rows if row["name"] == "lesion_fraction_percent"]
    assert fractions == ["proximal_to_0.55r", "bone_in_sphere", "sphere"]
    assert next(row for row in rows if row["name"] == "head_center_mm")["value"] == [90.0, -12.0, 40.0]


def test_findings_enter_a_case_with_their_source(capped):
    filled = as_findings(capped, {"s1": "T1 coronal"})

    case = read_case({"joint": [{"site": "femoral_head", "side": "left"}]}, {"left femoral_head": filled})

    found = case.joints[0].findings["modified_kerboul_deg"]
    assert found.origin == "measured"
    assert found.source == "measured on series s1 (T1 coronal) by the convention mid planes, lesion marked by reader 1"
    assert case.joints[0].findings["mri_lesion"].value is True


def test_a_lesion_that_only_the_machine_did_not_find_is_not_denied(bones):
    grid = bones.grid(spacing_mm=1.5)
    empty = grid.with_array(np.zeros(grid.shape, bool))
    hip = bones.found(bones.femur(grid))

    by_machine, by_reader = (
        as_findings(measure(bones.series(grid), hip, bones.drawn(empty, method), draws=0))
        for method in ("automatic", "drawn")
    )

    assert "mri_lesion" not in by_machine
    assert by_reader["mri_lesion"]["value"] is False


DEPTH = ("collapse_depth_mm", 2.5, 2.1, 2.9, "mm", "intact_sphere", "s2", "reader 1")


@pytest.mark.parametrize(
    ("settings", "low", "filled"),
    [(("uneven_head",), 2.1, True), (("collapse_from_mr",), 2.1, False), ((), 0.4, False)],
)
def test_a_depth_is_filled_from_ct_alone_and_only_when_it_is_sure(settings, low, filled):
    depth = Measurement(*DEPTH[:2], low, *DEPTH[3:], settings)

    assert ("depression_mm" in as_findings([depth])) == filled


@pytest.mark.parametrize(("low", "high", "answer"), [(1.0, 4.0, True), (-4.0, -1.0, False), (-1.0, 1.0, None)])
def test_a_yes_or_no_is_filled_only_when_the_interval_agrees(low, high, answer):
    beyond = Measurement("lesion_beyond_edge_deg", 0.0, low, high, "deg", "ministry_weight_bearing", "s1", "reader 1")

    filled = as_findings([beyond]).get("lesion_beyond_acetabular_edge")

    assert (filled["value"] if filled else None) is answer


def test_a_pillar_is_filled_only_when_both_ends_of_the_type_agree():
    sure = Measurement("cjfh_type", "L2", "L2", "L3", "", "pillars_30_40_30", "s1", "reader 1")
    open_ = Measurement("cjfh_type", "L1", "C", "L1", "", "pillars_30_40_30", "s1", "reader 1")

    assert as_findings([sure])["lateral_pillar"]["value"] == "whole"
    assert "lateral_pillar" not in as_findings([open_])


def dented_mr(bones, plate_signal, method="automatic"):
    """An MR of a head sunk by 3 mm over a grey lesion, found as if it were whole, and the lesion in it."""
    grid = bones.grid(spacing_mm=0.75)
    top = bones.direction("left", -10.0)
    bone, lesion = bones.femur(grid, dent_mm=3.0, dent_at=top).array, bones.cap(grid, "left", top, 40.0)
    depth = ndimage.distance_transform_edt(bone) * 0.75
    image = np.where(bone, np.where(lesion.array, 0.55, 1.0), 0.55)
    image[bone & (depth < 1.2)] = plate_signal
    round_mm = bones.CENTER + bones.RADIUS * head_directions(2000)
    hip = replace(bones.found(bones.femur(grid)), surface_mm=round_mm)
    lesion = lesion.with_array(lesion.array & (bone | (method == "automatic")))
    return Series("s1", "MR", grid.with_array(image.astype(np.float32))), hip, bones.drawn(lesion, method)


def test_on_mr_the_depth_is_read_over_a_lesion_that_a_person_marked(bones, value):
    measured = measure(*dented_mr(bones, plate_signal=0.1, method="drawn"), draws=0)

    assert value(measured, "collapse_depth_mm") == pytest.approx(3.0, abs=0.7)


@pytest.mark.parametrize("plate_signal", [0.1, 0.55])
def test_on_mr_no_depth_is_said_over_a_proposal_or_an_unseen_plate(bones, record, plate_signal):
    measured = measure(*dented_mr(bones, plate_signal), draws=0)
    depth = record(measured, "collapse_depth_mm")

    assert (depth.value, depth.unit) == ("unclear", "")
    assert "unclear_surface" in depth.settings
    assert "depression_mm" not in as_findings(measured)


def test_a_head_found_elsewhere_in_the_ct_is_not_believed(bones, value):
    grid = bones.grid()
    lesion = bones.drawn(bones.cap(grid, "left", bones.direction("left", -20.0), 35.0))
    here = bones.found(bones.femur(grid))
    away = replace(here.hip.head, center_mm=here.hip.head.center_mm + np.array([0.0, 30.0, 0.0]))
    elsewhere = replace(here, hip=replace(here.hip, head=away))
    ct = bones.series(grid, "CT", "s2")

    measured = measure(bones.series(grid), here, lesion, ct=ct, ct_found=elsewhere, draws=0)

    assert value(measured, "sphericity_sd_mm") < 0.3
