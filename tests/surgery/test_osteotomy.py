"""The intact ratio after an osteotomy: closed forms on a ball with a cone-shaped lesion."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osteon.anatomy import Hip, Sphere, covering_grid, points_mm
from osteon.surgery import default_options, rotation_plans

RADIUS = 24.0
SPACING = 0.75
W = (-48.0, 30.0)
NECK = np.array([0.76, 0.15, -0.63]) / np.linalg.norm([0.76, 0.15, -0.63])
RATIO_TOLERANCE, ANGLE_TOLERANCE_DEG = 1.0, 0.5
HALVING_PERCENT = 0.3  # two borders to 0.1 degrees each of 78
# Off the grid: a border that runs through voxel centres is drawn half a voxel, 0.9 degrees, to one side.
OFF_GRID = np.array([0.31, -0.17, 0.23])


@cache
def ball_and_neck(side="left"):
    """A ball on a rod: the whole of W lies on the ball at every angle."""
    mirror = np.array([1.0 if side == "left" else -1.0, 1.0, 1.0])
    grid = covering_grid(OFF_GRID * mirror, 40.0, SPACING)
    places = points_mm(grid) * mirror
    along = places @ NECK
    rod = (along > 0) & (np.linalg.norm(places - along[..., None] * NECK, axis=-1) < 14.0)
    femur = grid.with_array((np.linalg.norm(places, axis=-1) < RADIUS) | rod)
    return Hip(side, Sphere(np.zeros(3), RADIUS, 0.0, 80.0), NECK * mirror, None), femur


def cap(hip, femur, axis, half_deg):
    """Bone within an angle of an axis, 12 mm deep."""
    places = points_mm(femur)
    away = np.linalg.norm(places, axis=-1)
    axis = np.array(axis, float) / np.linalg.norm(axis) * [hip.lateral[0], 1.0, 1.0]
    inside = (places @ axis > away * np.cos(np.radians(half_deg))) & (away > RADIUS - 12.0)
    return femur.with_array(inside & femur.array)


def coronal(angle_deg):
    """A direction on the coronal plane of a left hip."""
    return (np.sin(np.radians(angle_deg)), 0.0, np.cos(np.radians(angle_deg)))


def plans(hip, femur, lesion, **options):
    found = rotation_plans(hip, femur, lesion, None, default_options(**{"weight_bearing_deg": W, **options}))
    return {plan.kind: plan for plan in found}


@cache
def plans_of_cap(axis, half_deg):
    """The plans of a left hip with a cap."""
    hip, femur = ball_and_neck()
    return plans(hip, femur, cap(hip, femur, axis, half_deg))


def overlap_percent(begin, end):
    """How much of W lies between two angles, percent."""
    return 100.0 * max(min(end, W[1]) - max(begin, W[0]), 0.0) / (W[1] - W[0])


@pytest.mark.parametrize(("middle_deg", "half_deg"), [(-10.0, 35.0), (10.0, 40.0), (-30.0, 30.0)])
def test_varus_moves_a_cap_medially_by_its_angle(middle_deg, half_deg):
    plan = plans_of_cap(coronal(middle_deg), half_deg)["curved varus"]

    turn = np.array(plan.angles_deg)
    expected = [100 - overlap_percent(middle_deg - half_deg - t, middle_deg + half_deg - t) for t in turn]

    assert np.abs(np.array(plan.intact_ratio_percent) - expected).max() < RATIO_TOLERANCE


def test_the_angle_at_which_varus_reaches_one_third_is_the_closed_one():
    plan = plans_of_cap(coronal(0.0), 35.0)["curved varus"]

    # The cap covers W from its medial end to 35 - t: a third of 78 degrees is free from there to 30 when t = 31.
    (begin, end) = plan.reaches[0].ranges_deg[0]

    assert begin == pytest.approx(31.0, abs=ANGLE_TOLERANCE_DEG)
    assert end == 38.0


def closed_ratio(axis, half_deg, hip, turn_deg, *, forwards):
    """The share of W outside a cone whose axis was turned about the neck: roots of A cos + B sin = cos(half)."""
    n = hip.neck_axis * np.sign(hip.neck_axis[0])
    angle = np.radians(turn_deg if forwards else -turn_deg)
    axis = np.array(axis, float) / np.linalg.norm(axis)
    turned = axis * np.cos(angle) + np.cross(n, axis) * np.sin(angle) + n * (n @ axis) * (1 - np.cos(angle))
    up, lateral = turned[2], turned[0]
    size = np.hypot(up, lateral)
    if np.cos(np.radians(half_deg)) >= size:
        return 100.0
    middle = np.degrees(np.arctan2(lateral, up))
    half = np.degrees(np.arccos(np.cos(np.radians(half_deg)) / size))
    return 100.0 - overlap_percent(middle - half, middle + half)


@pytest.mark.parametrize("kind", ["anterior rotation", "posterior rotation"])
@pytest.mark.parametrize(("axis", "half_deg"), [((-0.1, -0.5, 0.85), 45.0), ((0.2, -0.2, 0.95), 38.0)])
def test_rotation_agrees_with_the_closed_form_at_every_angle(kind, axis, half_deg):
    hip, _ = ball_and_neck()
    plan = plans_of_cap(axis, half_deg)[kind]

    forwards = kind == "anterior rotation"
    # As if the cone were half a degree wider and narrower: where it grazes the plane that is a wide chord.
    least, most = (
        np.array([closed_ratio(axis, half_deg + wider, hip, turn, forwards=forwards) for turn in plan.angles_deg])
        for wider in (ANGLE_TOLERANCE_DEG, -ANGLE_TOLERANCE_DEG)
    )
    ratio = np.array(plan.intact_ratio_percent)
    assert (ratio >= least - HALVING_PERCENT).all()
    assert (ratio <= most + HALVING_PERCENT).all()


@pytest.mark.parametrize(("axis", "half_deg"), [((-0.1, -0.5, 0.85), 45.0), ((0.0, -0.3, 0.95), 50.0)])
def test_the_angle_at_which_rotation_reaches_34_percent_is_the_closed_one(axis, half_deg):
    hip, _ = ball_and_neck()
    plan = plans_of_cap(axis, half_deg)["anterior rotation"]

    turns = np.arange(0.0, 90.0, 0.05)
    closed = np.array([closed_ratio(axis, half_deg, hip, turn, forwards=True) for turn in turns])

    assert plan.reaches[0].threshold_percent == 34.0
    assert plan.reaches[0].ranges_deg[0][0] == pytest.approx(turns[np.argmax(closed >= 34.0)], abs=ANGLE_TOLERANCE_DEG)


def test_an_anterior_lesion_is_turned_away_by_anterior_rotation():
    found = plans_of_cap((-0.1, -0.5, 0.85), 45.0)

    ratio = {kind: dict(zip(plan.angles_deg, plan.intact_ratio_percent, strict=True)) for kind, plan in found.items()}

    assert ratio["anterior rotation"][60.0] > ratio["anterior rotation"][0.0] > ratio["posterior rotation"][20.0]


def test_a_right_hip_is_the_mirror_of_a_left_one():
    left, right = (ball_and_neck(side) for side in ("left", "right"))
    one, other = (plans(*hip, cap(*hip, (0.1, -0.4, 0.9), 40.0)) for hip in (left, right))

    # The grids are mirrored exactly; the map's directions are not, so single directions at an edge may differ.
    for kind in one:
        apart = np.subtract(one[kind].intact_ratio_percent, other[kind].intact_ratio_percent)
        assert np.abs(apart).max() < 0.8


@pytest.mark.slow
@settings(max_examples=4)
@given(st.floats(-25, 15), st.floats(25, 45), st.floats(-0.4, 0.4))
def test_the_interval_holds_the_value_and_the_threshold_words_follow_it(middle_deg, half_deg, forwards):
    hip, femur = ball_and_neck()
    sideways, _, up = coronal(middle_deg)
    for plan in plans(hip, femur, cap(hip, femur, (sideways, -forwards, up), half_deg)).values():
        low, ratio, high = map(np.array, (plan.low_percent, plan.intact_ratio_percent, plan.high_percent))
        assert (low <= ratio).all()
        assert (ratio <= high).all()
        assert all(each.perhaps or not each.ranges_deg for each in plan.reaches)
        assert all(bool(each.ranges_deg) or not each.surely for each in plan.reaches)


def test_a_sound_head_is_wholly_intact_and_a_dead_one_not_at_all():
    hip, femur = ball_and_neck()
    empty = femur.with_array(np.zeros(femur.shape, bool))

    assert set(plans(hip, femur, empty)["anterior rotation"].intact_ratio_percent) == {100.0}
    dead = plans(hip, femur, femur)["anterior rotation"]
    assert set(dead.intact_ratio_percent) == {0.0}
    assert not dead.can_reach


def test_the_neck_is_never_counted_as_intact_surface():
    hip, femur = ball_and_neck()
    lower = replace(hip, head=replace(hip.head, center_mm=np.zeros(3)))
    empty = femur.with_array(np.zeros(femur.shape, bool))

    plan = plans(lower, femur, empty, weight_bearing_deg=(100.0, 150.0))["curved varus"]

    assert plan.intact_ratio_percent[0] < 25.0  # the rod leaves the ball between 93 and 165 degrees


def test_without_a_weight_bearing_part_there_is_no_ratio():
    hip, femur = ball_and_neck()

    assert rotation_plans(hip, femur, femur, None, default_options()) == ()


def test_the_weight_bearing_part_is_taken_from_a_pelvis():
    hip, femur = ball_and_neck()
    away = np.linalg.norm(points_mm(femur), axis=-1)
    turn = np.degrees(np.arctan2(points_mm(femur)[..., 0], points_mm(femur)[..., 2]))
    cup = femur.with_array((away > RADIUS + 3) & (away < RADIUS + 9) & (turn < 32.0) & (turn > -115.0))
    lesion = cap(hip, femur, coronal(-10.0), 30.0)

    found = rotation_plans(hip, femur, lesion, cup, default_options())

    assert len(found) == 3
    assert found[0].weight_bearing_deg[1] == pytest.approx(32.0, abs=2.0)  # rule of 12 mm on 0.75 mm voxels
    assert any("teardrop" in setting for setting in found[0].settings)
