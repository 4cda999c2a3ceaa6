"""The hip is found where the formula put it, and nothing is found where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from osteon.anatomy import Volume, points_mm
from osteon.errors import InputError
from osteon.imaging.found import FoundHip
from osteon.imaging.head import find_hip, find_hips
from osteon.imaging.series import Series

# 4 mm slices, 0.8 mm pixels, signal to noise 23; bars of docs/explanation/images.md, section 7 for MR (1.0 and 0.5 mm) and CT.
MR_CENTER_MM, MR_RADIUS_MM = 1.0, 0.5
CT_CENTER_MM, CT_RADIUS_MM = 0.5, 0.3


@pytest.fixture(params=["coronal", "axial", "sagittal"])
def found_in_plane(request, draw, found_left) -> FoundHip:
    return found_left if request.param == "coronal" else find_hip(draw.mr([draw.Drawn()], plane=request.param))


def test_the_head_is_found_in_mr_slices_of_any_plane(draw, found_in_plane):
    drawn, hip = draw.Drawn(), found_in_plane.hip
    assert hip.side == "left"
    assert np.linalg.norm(hip.head.center_mm - drawn.center_mm) < MR_CENTER_MM
    assert abs(hip.head.radius_mm - drawn.radius_mm) < MR_RADIUS_MM
    assert hip.neck_axis @ drawn.neck_axis > np.cos(np.radians(6))


def test_the_head_is_found_in_ct(draw):
    drawn = draw.Drawn(radius_mm=25.5)
    found = find_hip(draw.ct([drawn]))
    assert np.linalg.norm(found.hip.head.center_mm - drawn.center_mm) < CT_CENTER_MM
    assert abs(found.hip.head.radius_mm - drawn.radius_mm) < CT_RADIUS_MM


@pytest.fixture(scope="module")
def lesioned(draw) -> FoundHip:
    return find_hip(draw.mr([draw.Drawn(lesion_cos=0.25)]))  # 38 % of the head's height


def test_a_lesion_as_dark_as_muscle_hides_no_head(draw, lesioned):
    drawn = draw.Drawn()
    assert np.linalg.norm(lesioned.hip.head.center_mm - drawn.center_mm) < MR_CENTER_MM
    assert abs(lesioned.hip.head.radius_mm - drawn.radius_mm) < MR_RADIUS_MM


def test_the_femur_is_filled_over_a_dark_lesion(draw, lesioned):
    drawn = draw.Drawn()
    lesion = drawn.center_mm + np.array([0.0, 0.0, 0.6 * drawn.radius_mm])
    assert lesioned.femur.array[tuple(np.round(lesioned.femur.to_index(lesion)).astype(int))]


def test_the_femur_mask_is_the_drawn_bone(draw, found_left):
    truth = draw.Drawn().depth(points_mm(found_left.femur)) <= 0
    overlap = 2 * (truth & found_left.femur.array).sum() / (truth.sum() + found_left.femur.array.sum())
    assert overlap > 0.93  # half a voxel all round is 0.95 at 0.8 mm pixels, and slices are 4 mm thick


def test_femur_and_pelvis_share_a_grid_and_no_voxel(found_left):
    assert found_left.pelvis is not None
    assert not (found_left.femur.array & found_left.pelvis.array).any()


def test_surface_points_lie_on_the_head(draw, found_left):
    gap = np.linalg.norm(found_left.surface_mm - draw.Drawn().center_mm, axis=1) - draw.Drawn().radius_mm
    assert len(found_left.surface_mm) > 500
    assert abs(np.median(gap)) < 0.5


@pytest.mark.slow
def test_a_mirrored_hip_is_the_other_side_with_the_same_measures(left_mr, found_left):
    mirrored = left_mr.volume.affine.copy()
    mirrored[0] *= -1
    left, right = found_left, find_hip(replace(left_mr, volume=Volume(left_mr.volume.array, mirrored)))
    assert right.hip.side == "right"
    assert np.allclose(right.hip.head.center_mm, left.hip.head.center_mm * [-1, 1, 1], atol=0.3)
    assert right.hip.head.radius_mm == pytest.approx(left.hip.head.radius_mm, abs=0.15)


@pytest.mark.slow
def test_turning_the_slices_upside_down_changes_nothing(left_mr, found_left):
    volume = left_mr.volume
    affine = volume.affine.copy()
    affine[:3, 3] = volume.to_mm([volume.shape[0] - 1, 0, 0])
    affine[:3, 0] *= -1
    turned = find_hip(replace(left_mr, volume=Volume(volume.array[::-1].copy(), affine)))
    assert np.allclose(turned.hip.head.center_mm, found_left.hip.head.center_mm, atol=0.2)


@pytest.fixture(scope="module")
def both(draw) -> Series:
    left, right = draw.Drawn(), draw.Drawn(center_mm=np.array([-85.0, 10.0, -42.0]), side="right", radius_mm=22.0)
    like = draw.grid(np.array([5.0, 11.0, -45.0]), "coronal", 12, 4.5, 170, 1.7)
    image = draw.imaged([left, right], like, draw.MR_SIGNAL, 50.0)
    return Series("s1", "MR", image, "T1 COR")


@pytest.mark.slow
def test_of_two_hips_the_side_has_to_be_said(both):
    with pytest.raises(InputError, match="both hips are in view"):
        find_hip(both)


@pytest.mark.slow
def test_both_hips_are_found_right_first(both):
    found = find_hips(both)
    assert [hip.hip.side for hip in found] == ["right", "left"]
    assert found[0].hip.head.center_mm[0] == pytest.approx(-85.0, abs=1.5)
    assert found[1].hip.head.center_mm[0] == pytest.approx(95.0, abs=1.5)


def test_the_other_side_is_refused(left_mr):
    with pytest.raises(InputError, match="only the left one is in view"):
        find_hip(left_mr, "right")


def test_three_clicks_on_the_rim_find_the_same_head(draw, left_mr):
    drawn = draw.Drawn()
    angles = np.radians([100, 190, 280])
    rim = np.column_stack([np.cos(angles), np.zeros(3), np.sin(angles)]) * drawn.radius_mm
    found = find_hip(left_mr, clicks_mm=drawn.center_mm + rim + [0.8, 0, -0.6])
    assert found.method == "three clicks"
    assert np.linalg.norm(found.hip.head.center_mm - drawn.center_mm) < MR_CENTER_MM


def test_clicks_far_from_any_head_are_refused(draw, left_mr):
    clicks = draw.Drawn().center_mm + np.array([[0, 0, 60.0], [8, 0, 52.0], [-8, 0, 52.0]])
    with pytest.raises(InputError, match="clicks lie on no head"):
        find_hip(left_mr, clicks_mm=clicks)


def test_a_given_mask_brings_its_own_sphere(draw, left_mr):
    drawn = draw.Drawn()
    like = draw.grid(drawn.center_mm + np.array([10, 0, -15]), "axial", 90, 1.0, 90, 1.0)
    mask = like.with_array(drawn.depth(points_mm(like)) <= 0)
    found = find_hip(left_mr, femur=mask)
    assert found.method == "from a mask"
    assert np.linalg.norm(found.hip.head.center_mm - drawn.center_mm) < 0.5
    assert abs(found.hip.head.radius_mm - drawn.radius_mm) < 0.3


def series_of(array, kind="MR", mm=(4.0, 0.8, 0.8)) -> Series:
    return Series("s1", kind, Volume(array.astype(np.float32), np.diag([*mm, 1.0])))


NOISE = np.random.default_rng(0).normal(500, 100, (12, 90, 90))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (np.zeros((12, 90, 90)), "MR"),
        (np.full((12, 90, 90), 700.0), "CT"),
        (NOISE, "MR"),
        (NOISE, "CT"),
        (np.zeros((1, 64, 64)), "MR"),
        (np.zeros((3, 5, 5)), "MR"),
    ],
    ids=["black MR", "even CT", "noise MR", "noise CT", "one slice", "tiny"],
)
def test_images_without_a_hip_are_refused(array, kind):
    with pytest.raises(InputError, match="no femoral head was found"):
        find_hip(series_of(array, kind))


@pytest.mark.parametrize("radius", [23.0, 60.0])
def test_a_ball_without_a_neck_is_no_hip(draw, radius):
    like = draw.grid(np.zeros(3), "coronal", 30, 4.0, 116, 1.4)
    r = np.linalg.norm(points_mm(like), axis=-1)
    brain = np.where(r < radius, 900.0, np.where(r < radius + 4, 80.0, 300.0))
    brain += np.random.default_rng(1).normal(0, 40, brain.shape)
    with pytest.raises(InputError):
        find_hip(Series("s1", "MR", like.with_array(brain.astype(np.float32))))


def test_a_dark_lesion_under_a_standing_surface_is_not_taken_for_sunken_bone(draw):
    hip = draw.Drawn(lesion_cos=0.6)

    assert top_mm(find_hip(draw.mr([hip])), hip) == pytest.approx(hip.radius_mm, abs=0.7)


def test_a_flattened_top_over_a_dark_lesion_is_seen_sunken(draw):
    class Flattened(draw.Drawn):
        def depth(self, p):
            return np.maximum(super().depth(p), p[..., 2] - self.center_mm[2] - self.radius_mm + 4.0)

    hip = Flattened(lesion_cos=0.45)

    assert top_mm(find_hip(draw.mr([hip])), hip) == pytest.approx(hip.radius_mm - 4.0, abs=0.9)


def top_mm(found, hip):
    """Height of the surface over the true centre, near the top."""
    away = found.surface_mm - hip.center_mm
    return np.median(away[(np.linalg.norm(away[:, :2], axis=1) < 5.0) & (away[:, 2] > 0), 2])
