"""Neck, shaft and side of a femur from its mask."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osteon.anatomy import (
    Hip,
    Sphere,
    head_sphere_of_mask,
    hip_of_mask,
    neck_axis,
    neck_shaft_angle_deg,
    shaft_axis,
    side_of,
)
from osteon.errors import InputError


def between_deg(a, b):
    return float(np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1))))


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_drawn_femur_gives_back_how_it_was_drawn(drawn_femur, grid_about, side):
    femur = drawn_femur(side=side)
    mask = femur.mask(grid_about(femur.center_mm + np.array([0, 0, -60]), (70, 36, 90), 1.3))
    hip = hip_of_mask(mask)
    assert hip.side == side
    # Voxels of 1.3 mm over a neck of 40 mm.
    assert between_deg(hip.neck_axis, femur.neck) < 1.0
    assert between_deg(hip.shaft_axis, femur.shaft) < 0.5
    assert neck_shaft_angle_deg(hip) == pytest.approx(between_deg(-femur.neck, femur.shaft), abs=1.0)


@settings(max_examples=5)
@given(st.permutations([0, 1, 2]), st.floats(-15, 15), st.floats(-15, 15))
def test_the_axes_do_not_depend_on_how_the_array_lies(drawn_femur, grid_about, axes, tilt, turn):
    femur = drawn_femur()
    grid = grid_about(
        femur.center_mm + np.array([20, 0, -20]), (60, 45, 55), (0.8, 3.5, 0.8), (tilt, 0, turn), tuple(axes)
    )
    # Slices of 3.5 mm: a neck of 30 mm is seen in nine of them.
    assert between_deg(neck_axis(femur.mask(grid), femur.hip.head), femur.neck) < 1.5


@pytest.mark.parametrize("case", ["ex1", "ex2", "ex3"])
def test_the_neck_of_the_phantoms_is_the_true_one(example, case):
    truth, masks = example(case)
    hip = hip_of_mask(masks["bone"])
    assert hip.side == ("left" if truth["side"] == "L" else "right")
    assert between_deg(hip.neck_axis, np.array(truth["neck_axis_from_head"])) < 3.0
    assert hip.shaft_axis is None  # 57 mm below the centre the images end


@pytest.mark.slow
@pytest.mark.parametrize(("name", "published"), [("m3_left", 125.0), ("m4_left", 126.0)])
def test_real_neck_shaft_angles_lie_below_the_published_ones_by_as_much_as_stated(
    real_femur, voxelised, name, published
):
    hip = hip_of_mask(voxelised(*real_femur(name), (1.0, 1.0, 1.0)))
    assert 3.0 < published - neck_shaft_angle_deg(hip) < 11.0


@pytest.mark.slow
def test_the_side_of_a_whole_femur_is_told_by_its_upper_part(shape_model, voxelised):
    femur, faces, _, _ = shape_model(None)
    hip = hip_of_mask(voxelised(femur, faces, (1.5, 1.5, 1.5)))
    assert hip.side == "left"
    assert 118 < neck_shaft_angle_deg(hip) < 132


def test_too_little_shaft_gives_no_axis_and_no_angle(drawn_femur, grid_about):
    femur = drawn_femur()
    mask = femur.mask(grid_about(femur.center_mm, (60, 40, 60), 1.2))
    hip = hip_of_mask(mask, "left")
    assert hip.shaft_axis is None
    assert neck_shaft_angle_deg(hip) is None


def test_a_head_alone_does_not_tell_its_side(ball_hip):
    hip, ball = ball_hip
    assert side_of(ball, hip.head) is None
    with pytest.raises(InputError, match="Name the side"):
        hip_of_mask(ball)


def test_a_mask_that_ends_at_the_head_has_no_neck(ball_hip):
    hip, ball = ball_hip
    with pytest.raises(InputError, match="down the neck"):
        neck_axis(ball, hip.head)


def test_bone_straight_below_the_head_leaves_the_side_open(grid_about, drawn_femur):
    femur = drawn_femur()
    grid = grid_about(femur.center_mm + np.array([0, 0, -20]), (40, 40, 50), 1.5)
    below = femur.center_mm + np.array([0, 0, -30.0])
    places = grid.to_mm(np.moveaxis(np.indices(grid.shape), 0, -1))
    ball = np.linalg.norm(places - femur.center_mm, axis=-1) < 24
    post = np.linalg.norm((places - below)[..., :2], axis=-1) < 14
    mask = grid.with_array(ball | post)
    assert side_of(mask, head_sphere_of_mask(mask)) is None


def test_sections_that_the_margin_of_the_image_cuts_do_not_bend_the_shaft(drawn_femur, grid_about):
    femur = drawn_femur()
    tilted = grid_about(femur.center_mm + np.array([25, 0, -70]), (70, 40, 100), 1.5, turn_deg=(0, 25, 0))
    axis = shaft_axis(femur.mask(tilted), femur.hip.head, femur.neck)
    assert between_deg(axis, femur.shaft) < 1.0


def test_a_hip_says_which_way_is_lateral():
    sphere = Sphere(np.zeros(3), 24.0, 0.3, 80.0)
    assert Hip("left", sphere, np.array([1.0, 0, 0])).lateral.tolist() == [1.0, 0.0, 0.0]
    assert Hip("right", sphere, np.array([-1.0, 0, 0])).lateral.tolist() == [-1.0, 0.0, 0.0]
    assert sphere.volume_ml == pytest.approx(57.906, abs=0.001)
