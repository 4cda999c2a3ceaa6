"""Voxels are filled by as much of them as lies inside a shape."""

import numpy as np
import pytest

from osteon.anatomy import Volume, covering_grid, points_mm
from osteon.mechanics import put, share_inside, share_of_mask, take_out, turned_into

CENTER = np.array([91.3, -12.4, 40.2])  # of the ball


@pytest.mark.parametrize("spacing_mm", [0.8, 1.3, 2.0])
@pytest.mark.parametrize("radius_mm", [9.0, 24.0])
def test_a_ball_has_its_volume(ball_model, spacing_mm, radius_mm):
    model = ball_model(spacing_mm, radius_mm=radius_mm)

    volume = model.filled.sum(dtype=float) * spacing_mm**3

    assert volume == pytest.approx(4 / 3 * np.pi * radius_mm**3, rel=0.005)


def test_the_volume_does_not_depend_on_where_the_grid_lies(ball_model):
    volumes = [ball_model(1.7, offset_mm=offset).filled.sum(dtype=float) for offset in (0.0, 0.31, 0.77, 1.2)]

    assert np.ptp(volumes) / np.mean(volumes) < 0.002


def test_a_thin_tract_has_its_volume(ball_model):
    model = ball_model(1.0)
    across = np.array([0.36, 0.48, 0.8])

    def distance(points):
        away = points - CENTER
        along = away @ across
        beside = np.sqrt(np.maximum((away**2).sum(axis=1) - along**2, 0))
        return np.maximum(beside - 1.6, np.abs(along) - 10.0)

    assert share_inside(model, distance).sum(dtype=float) == pytest.approx(np.pi * 1.6**2 * 20, rel=0.01)


def test_a_half_space_cuts_voxels_where_it_lies(ball_model):
    model = ball_model(1.0)
    plane = model.origin_mm[2] + 20.25

    share = share_inside(model, lambda points: points[:, 2] - plane)

    assert share[:20].min() == 1
    assert share[20].tolist() == np.full(share[20].shape, 0.25).tolist()
    assert share[21:].max() == 0


def test_a_mask_on_another_grid_has_its_volume(ball_model):
    grid = covering_grid(CENTER, 30.0, 0.7)
    mask = grid.with_array(np.linalg.norm(points_mm(grid) - CENTER, axis=-1) < 24.0)
    model = ball_model(1.1)

    share = share_of_mask(model, mask)

    assert share.sum(dtype=float) * 1.1**3 == pytest.approx(mask.array.sum() * mask.voxel_mm3, rel=0.005)


def test_an_empty_mask_fills_nothing(ball_model):
    model = ball_model(2.0)

    assert share_of_mask(model, Volume(np.zeros((3, 3, 3), bool), np.eye(4))).sum() == 0


def test_what_is_put_in_takes_the_place_of_what_was_there(ball_model):
    model = ball_model(2.0)
    half = np.full(model.shape, 0.5, np.float32)

    mixed = put(model, "bone_cement", half, "A choice.")

    np.testing.assert_allclose(mixed.share("bone"), model.filled / 2)
    np.testing.assert_allclose(mixed.share("bone_cement"), half)
    assert mixed.settings == ("A choice.",)


def test_tissue_that_changes_in_place_does_not_grow_beyond_the_bone(ball_model):
    model = ball_model(2.0)

    changed = turned_into(model, "necrotic_bone", np.full(model.shape, 0.25, np.float32))

    np.testing.assert_allclose(changed.filled, model.filled, atol=1e-6)
    np.testing.assert_allclose(changed.share("necrotic_bone"), model.filled / 4, atol=1e-6)


def test_an_edit_leaves_the_model_it_started_from(ball_model):
    model = ball_model(2.0)
    before = model.filled

    emptied = take_out(model, np.ones(model.shape, np.float32))

    assert emptied.filled.max() == 0
    np.testing.assert_array_equal(model.filled, before)


def test_a_volume_of_the_grid_lies_where_the_voxels_lie(ball_model):
    model = ball_model(2.0)
    x, y, z = (axis.ravel() for axis in model.centres_mm())

    assert model.volume(model.filled).to_mm([3, 4, 5]).tolist() == pytest.approx([x[5], y[4], z[3]])
    assert model.nodes_mm(np.array([[3, 4, 5]]))[0].tolist() == pytest.approx([x[5] - 1, y[4] - 1, z[3] - 1])
