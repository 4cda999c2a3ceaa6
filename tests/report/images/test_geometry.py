"""Do outlines, map and solid lie where the bone lies?"""

import numpy as np
import pytest

from osteon.anatomy import head_directions
from osteon.report.images.canvas import outlines_mm
from osteon.report.images.head_map import END_DEG, map_points, map_rays
from osteon.report.images.rotation import turned_points
from osteon.report.images.tracts import cut_radius_mm, rounded_end, side_outline_mm, tract_views
from osteon.report.images.values import arc_between, value_text
from osteon.report.images.view_3d import PIXEL_MM, seen, solid_views
from osteon.report.images.views import View, on_picture, view_named
from osteon.surgery import Tract

VOXEL_MM = 0.6  # a mask of 1 mm voxels tells a border to half a voxel


def test_the_outline_of_a_ball_is_a_circle_of_its_radius(left):
    outline = np.concatenate(outlines_mm(left.found.femur, view_named(left.found.hip, "mid-sagittal"), 40.0))
    top = outline[outline[:, 1] > 5.0]  # the neck leaves below
    assert np.linalg.norm(top, axis=1) == pytest.approx(left.found.hip.head.radius_mm, abs=VOXEL_MM)


def test_the_outline_of_a_cone_ends_at_its_angle(left):
    (outline,) = outlines_mm(left.lesion.volume, view_named(left.found.hip, "mid-coronal"), 40.0)
    rim = outline[np.linalg.norm(outline, axis=1) > 20.0]
    angles = np.degrees(np.arctan2(rim[:, 0], rim[:, 1]))
    assert [angles.min(), angles.max()] == pytest.approx([-30.0, 30.0], abs=2.5)  # a voxel is 2.4 degrees there


def test_an_empty_mask_has_no_outline(healthy):
    assert outlines_mm(healthy.lesion.volume, view_named(healthy.found.hip, "mid-coronal"), 40.0) == []


def test_places_on_the_map_of_the_head_lead_back_to_their_directions():
    grid = np.linspace(-0.9, 0.9, 13)
    rays, on_map = map_rays(grid)
    places = np.stack(np.meshgrid(grid, grid), axis=-1)
    assert map_points(rays[on_map]) == pytest.approx(places[on_map], abs=1e-9)
    assert np.linalg.norm(rays, axis=-1) == pytest.approx(1.0)


def test_equal_areas_of_the_head_are_equal_areas_of_the_map():
    rays = head_directions(40_000)
    away = np.linalg.norm(map_points(rays[rays[:, 2] > np.cos(np.radians(END_DEG))]), axis=1)
    # Of a disc of even density the middle half by area lies within the root of one half.
    assert np.mean(away < np.sqrt(0.5)) == pytest.approx(0.5, abs=0.01)


def test_the_front_of_the_head_is_up_on_the_map_and_its_left_is_left():
    assert map_points(np.array([[0.0, -0.6, 0.8]]))[0, 1] > 0
    assert map_points(np.array([[0.6, 0.0, 0.8]]))[0, 0] < 0


def test_rays_meet_a_ball_at_its_radius(left):
    center = left.found.hip.head.center_mm
    view = View(center, np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    depth = seen(left.found.femur, view, 40.0, 60.0).depth_mm
    middle = depth.shape[0] // 2
    aside = middle - round(12.0 / PIXEL_MM)
    assert depth[middle, middle] == pytest.approx(-24.0, abs=VOXEL_MM)
    assert depth[middle, aside] == pytest.approx(-np.sqrt(24.0**2 - 12.0**2), abs=1.0)  # steps of 1 mm at a slant
    assert np.isnan(depth[0, 0])


def test_the_solid_is_seen_from_outside_on_either_side(left, right):
    outward = [solid_views(each.found.hip)[1].away @ each.found.hip.lateral for each in (left, right)]
    assert outward == pytest.approx([-1.0, -1.0])


def test_both_planes_of_a_tract_hold_it(left):
    tract = Tract(np.array([130.0, 4.0, -20.0]), np.array([88.0, -12.0, 50.0]), 10.0)
    for view in tract_views(tract):
        assert tract.direction @ view.away == pytest.approx(0.0, abs=1e-12)
        assert np.linalg.norm(on_picture(view, tract.tip_mm - tract.entry_mm)) == pytest.approx(tract.length_mm)
    assert tract_views(tract)[0].away @ tract_views(tract)[1].away == pytest.approx(0.0, abs=1e-12)


def test_the_outline_of_a_tract_is_as_wide_and_long_as_it():
    tract = Tract(np.array([130.0, 4.0, -20.0]), np.array([88.0, -12.0, 50.0]), 10.0)
    view = tract_views(tract)[0]
    along = on_picture(view, tract.direction)
    outline = side_outline_mm(tract, view)
    assert np.ptp(outline @ along) == pytest.approx(tract.length_mm)
    assert np.ptp(outline @ [-along[1], along[0]]) == pytest.approx(10.0, abs=0.02)  # of 72 points round its rim


def test_a_tract_seen_from_its_end_is_a_circle():
    tract = Tract(np.zeros(3), np.array([0.0, 0.0, 50.0]), 8.0)
    outline = side_outline_mm(tract, View(np.zeros(3), np.array([1.0, 0.0, 0.0]), np.array([0.0, -1.0, 0.0])))
    assert np.linalg.norm(outline, axis=1) == pytest.approx(4.0)


def test_the_margin_at_the_tip_keeps_its_distance_from_the_flat_end():
    line = rounded_end(np.zeros(2), np.array([0.0, 1.0]), np.array([-1.0, 0.0]), 5.0, 3.0, 0.0)
    beside = np.maximum(np.abs(line[:, 0]) - 5.0, 0.0)
    assert np.hypot(beside, np.maximum(line[:, 1], 0.0)) == pytest.approx(3.0)


def test_a_plane_off_the_centre_cuts_a_smaller_circle():
    assert cut_radius_mm(25.0, 7.0) == pytest.approx(24.0)
    assert cut_radius_mm(25.0, 26.0) == 0.0


def test_what_lies_on_top_after_a_quarter_turn_lay_aside_before():
    top = np.array([[[0.0, 0.0, 10.0]]])
    before = turned_points(top, np.array([0.0, -1.0, 0.0]), 90.0)
    assert before == pytest.approx(np.array([[[10.0, 0.0, 0.0]]]), abs=1e-9)


def test_an_arc_that_passes_below_keeps_its_length(left):
    assert arc_between(left, "lesion_medial_end_deg", "lesion_lateral_end_deg").extent_deg == pytest.approx(60.0)
    assert arc_between(left, "lesion_lateral_end_deg", "lesion_medial_end_deg").extent_deg == pytest.approx(300.0)


def test_no_value_is_shown_as_minus_nothing():
    assert value_text(-0.01, "mm") == "0.0 mm"
    assert value_text(-0.2, "deg") == "0°"
