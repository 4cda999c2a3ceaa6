"""The files of fields say in LPS millimetres what the arrays held, as the reference library reads them."""

import numpy as np
import pytest

from osteon.mechanics.fields import vti_bytes

pv = pytest.importorskip("pyvista")


def read(tmp_path, content):
    path = tmp_path / "fields.vti"
    path.write_bytes(content)
    return pv.read(path)


@pytest.fixture
def affine():
    """Half-millimetre voxels on axes turned by 30 degrees about the third."""
    turn = np.radians(30)
    axes = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = axes * 0.5, [10.0, -20.0, 30.0]
    return matrix


def test_values_come_back_at_their_place_in_the_patient(tmp_path, affine):
    values = np.random.default_rng(3).random((4, 5, 6))
    image = read(tmp_path, vti_bytes({"modulus_mpa": values}, affine))
    middles = image.cell_centers().points
    place = affine @ np.array([5.0, 2.0, 3.0, 1.0])
    nearest = int(np.argmin(np.linalg.norm(middles - place[:3], axis=1)))
    assert np.linalg.norm(middles[nearest] - place[:3]) < 1e-4
    assert image.cell_data["modulus_mpa"][nearest] == pytest.approx(values[3, 2, 5], rel=1e-6)


def test_vectors_and_labels_keep_their_components_and_kind(tmp_path, affine):
    vectors, labels = np.arange(72.0).reshape(2, 3, 4, 3), np.arange(24).reshape(2, 3, 4)
    image = read(tmp_path, vti_bytes({"displacement_mm": vectors, "tissue": labels}, affine))
    assert np.array_equal(image.cell_data["displacement_mm"], vectors.reshape(-1, 3))
    assert image.cell_data["tissue"].dtype == np.uint8
    assert np.array_equal(image.cell_data["tissue"], labels.ravel())


def test_fields_larger_than_one_block_come_back_whole(tmp_path):
    values = np.arange(700_000, dtype=float).reshape(70, 100, 100)
    image = read(tmp_path, vti_bytes({"count": values}, np.eye(4)))
    assert np.array_equal(image.cell_data["count"], values.ravel())
