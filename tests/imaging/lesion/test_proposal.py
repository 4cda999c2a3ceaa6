from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from osteon.anatomy import Hip, Sphere, Volume, points_mm, sample
from osteon.imaging.lesion import propose_lesion


def millilitres(mask):
    return float(mask.volume.array.sum() * mask.volume.voxel_mm3 / 1000)


def dice_on(mask, truth):
    found = sample(mask.volume, points_mm(truth), outside=0) >= 0.5
    return 2 * (found & truth.array).sum() / (found.sum() + truth.array.sum())


def test_a_cap_is_found_with_its_exact_volume(usual_ball):
    mask = propose_lesion(usual_ball.series, usual_ball.found)
    # 4 %: a third of a millimetre at the flat border, or a quarter pixel of bone surface.
    assert millilitres(mask) == pytest.approx(usual_ball.lesion_ml, rel=0.04)
    assert dice_on(mask, usual_ball.lesion) > 0.96
    assert (mask.label, mask.method) == ("lesion", "automatic")


@pytest.mark.parametrize("core", [0.25, 0.5, 1.0])
def test_dark_and_fat_like_cores_give_the_same_lesion(make_ball, core):
    hip = make_ball(core=core)
    assert millilitres(propose_lesion(hip.series, hip.found)) == pytest.approx(hip.lesion_ml, rel=0.05)


@pytest.mark.parametrize("height_mm", [7.0, 22.0])
def test_small_and_large_lesions_are_found(make_ball, height_mm):
    hip = make_ball(height_mm)
    assert dice_on(propose_lesion(hip.series, hip.found), hip.lesion) > 0.93


@pytest.mark.parametrize("turn_deg", [15.0, 75.0])
def test_turned_slices_give_the_same_lesion(make_ball, turn_deg):
    hip = make_ball(turn_deg=turn_deg)
    assert millilitres(propose_lesion(hip.series, hip.found)) == pytest.approx(hip.lesion_ml, rel=0.05)


def test_the_border_lies_at_the_outer_margin_of_the_band(usual_ball):
    mask = propose_lesion(usual_ball.series, usual_ball.found).volume
    hip = usual_ball.found.hip
    axis = np.array([-0.30, -0.30, 0.90]) / np.linalg.norm([-0.30, -0.30, 0.90])
    places = points_mm(mask) - hip.head.center_mm
    middle = np.linalg.norm(places - (places @ axis)[..., None] * axis, axis=-1) < 12
    heights = (places @ axis)[middle & mask.array]
    # The plane lies 12 mm from the centre; the lowest hundredth of voxels tells the border to half a voxel of 0.6 mm.
    assert np.quantile(heights, 0.01) == pytest.approx(12.0, abs=0.5)


@pytest.mark.parametrize("kind", ["MR", "CT"])
def test_a_healthy_head_has_no_lesion_and_says_so(make_ball, kind):
    hip = make_ball(height_mm=0.0, kind=kind)
    mask = propose_lesion(hip.series, hip.found)
    assert not mask.volume.array.any()
    assert mask.notes[0].startswith("no lesion found")


@pytest.mark.parametrize("pixels", [-1, 1])
def test_a_bone_mask_that_is_a_pixel_off_makes_no_lesion(make_ball, pixels):
    hip = make_ball(height_mm=0.0)
    change = ndimage.binary_dilation if pixels > 0 else ndimage.binary_erosion
    femur = hip.bone.with_array(change(hip.bone.array, np.ones((1, 3, 3))))
    assert not propose_lesion(hip.series, replace(hip.found, femur=femur)).volume.array.any()


def test_an_error_of_the_centre_moves_the_lesion_little(usual_ball):
    head = usual_ball.found.hip.head
    off = Sphere(head.center_mm + np.array([0.6, -0.6, 0.5]), head.radius_mm + 0.5, 0.3, 80.0)
    hip = Hip("left", off, usual_ball.found.hip.neck_axis)
    mask = propose_lesion(usual_ball.series, replace(usual_ball.found, hip=hip))
    assert millilitres(mask) == pytest.approx(usual_ball.lesion_ml, rel=0.05)


def test_a_sclerotic_rim_on_ct_is_a_border_too(make_ball):
    hip = make_ball(kind="CT", core=150.0, step_mm=1.0, pixel_mm=0.8)
    mask = propose_lesion(hip.series, hip.found)
    assert millilitres(mask) == pytest.approx(hip.lesion_ml, rel=0.08)
    assert "rim contrast" in mask.notes[1]


def test_a_mirrored_hip_has_the_same_lesion(usual_ball):
    def mirrored(volume):
        return Volume(volume.array, np.diag([-1.0, 1.0, 1.0, 1.0]) @ volume.affine)

    flip = np.array([-1.0, 1.0, 1.0])
    hip = usual_ball.found.hip
    head = replace(hip.head, center_mm=hip.head.center_mm * flip)
    other = replace(usual_ball.found, hip=Hip("right", head, hip.neck_axis * flip), femur=mirrored(usual_ball.bone))
    series = replace(usual_ball.series, volume=mirrored(usual_ball.series.volume))
    one, two = propose_lesion(usual_ball.series, usual_ball.found), propose_lesion(series, other)
    assert millilitres(two) == pytest.approx(millilitres(one), rel=0.005)


def test_brightness_does_not_matter(usual_ball):
    volume = usual_ball.series.volume
    brighter = replace(usual_ball.series, volume=volume.with_array(volume.array * 3))
    one, two = (propose_lesion(series, usual_ball.found) for series in (usual_ball.series, brighter))
    assert millilitres(two) == pytest.approx(millilitres(one), rel=0.002)


def test_fat_suppressed_images_are_not_read_as_t1(usual_ball):
    mask = propose_lesion(replace(usual_ball.series, weighting="STIR"), usual_ball.found)
    assert not mask.volume.array.any()
    assert "use the T1 series" in mask.notes[0]


def test_a_femur_that_misses_the_head_gives_a_reason(usual_ball):
    femur = usual_ball.bone.with_array(np.zeros(usual_ball.bone.shape, bool))
    mask = propose_lesion(usual_ball.series, replace(usual_ball.found, femur=femur))
    assert not mask.volume.array.any()
    assert "does not reach" in mask.notes[0]


def test_the_notes_say_how_clearly_the_band_was_seen(make_ball):
    faint = make_ball(height_mm=12.0, core=0.9, noise=0.02)
    notes = propose_lesion(faint.series, faint.found).notes
    assert any(note.startswith("band seen along") for note in notes)
    assert any("contrast" in note for note in notes)
