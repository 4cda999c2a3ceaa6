"""What other programs find in the NIfTI files and surfaces that Osteon writes."""

import gzip
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from osteon.anatomy import Volume, points_mm
from osteon.imaging.masks import masks_of_bytes
from osteon.imaging.write import glb_bytes, nifti_bytes, stl_bytes, surface_of


def ball(spacing, radius_mm, turned=(0.0, 0.0, 0.0), center=(0.2, -0.3, 0.1)):
    """A mask of a sphere about `center` on a grid that holds it with room to spare."""
    affine, shape = np.eye(4), (np.ceil(2 * (radius_mm + 4) / np.array(spacing))).astype(int)
    affine[:3, :3] = Rotation.from_euler("zyx", turned, degrees=True).as_matrix() @ np.diag(spacing)
    affine[:3, 3] = np.array(center) - affine[:3, :3] @ ((shape - 1) / 2)
    grid = Volume(np.zeros(shape, bool), affine)
    return grid.with_array(np.linalg.norm(points_mm(grid) - np.array(center), axis=-1) <= radius_mm)


def mesh(vertices, faces):
    import trimesh

    return trimesh.Trimesh(vertices, faces, process=False)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.float32, np.float64, np.int64])
def test_nibabel_finds_every_value_at_its_place(dtype):
    import nibabel

    volume = ball((3.5, 0.8, 0.9), 12.0, (20, -10, 5))
    volume = volume.with_array((volume.array * 3).astype(dtype))
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(nifti_bytes(volume)))
    assert np.array_equal(np.asarray(image.dataobj), volume.array.astype(float))
    assert np.allclose(np.diag([-1, -1, 1, 1]) @ image.affine, volume.affine, atol=1e-4)
    assert np.allclose(image.get_qform(), image.affine, atol=1e-4)
    assert image.header.get_xyzt_units()[0] == "mm"


def test_simpleitk_finds_the_same_places(tmp_path):
    import SimpleITK

    volume = ball((3.5, 0.8, 0.9), 12.0, (20, -10, 5))
    (tmp_path / "mask.nii.gz").write_bytes(nifti_bytes(volume))
    image = SimpleITK.ReadImage(str(tmp_path / "mask.nii.gz"))
    assert image.TransformIndexToPhysicalPoint((2, 3, 5)) == pytest.approx(volume.to_mm([2, 3, 5]), abs=1e-3)
    assert np.array_equal(SimpleITK.GetArrayFromImage(image).T, volume.array)


def test_osteon_reads_its_own_nifti_mask_and_writes_it_byte_by_byte_again():
    volume = ball((3.5, 0.8, 0.9), 12.0, (20, -10, 5))
    (mask,) = masks_of_bytes(nifti_bytes(volume), "lesion.nii.gz")
    assert np.array_equal(mask.volume.array, volume.array)
    assert np.allclose(mask.volume.affine, volume.affine, atol=1e-4)
    assert nifti_bytes(volume) == nifti_bytes(volume)


@settings(max_examples=8)
@given(
    radius=st.floats(3.0, 18.0),
    spacing=st.sampled_from([(1.0, 1.0, 1.0), (3.5, 0.8, 0.8), (0.6, 0.6, 3.0)]),
    turned=st.tuples(*[st.floats(-60, 60)] * 3),
)
def test_a_surface_keeps_the_volume_of_its_mask_and_is_closed(radius, spacing, turned):
    mask = ball(spacing, radius, turned)
    surface = mesh(*surface_of(mask))
    assert surface.is_watertight
    assert surface.volume == pytest.approx(mask.array.sum() * mask.voxel_mm3, rel=0.005)


def test_a_surface_is_smooth_where_the_mask_has_steps():
    vertices, _ = surface_of(ball((1.0, 1.0, 1.0), 15.0))
    distance = np.linalg.norm(vertices - [0.2, -0.3, 0.1], axis=1)
    # voxels of 1 mm alone would give steps of up to 1.7 mm
    assert distance.std() < 0.2
    assert np.ptp(distance) < 1.0
    assert distance.mean() == pytest.approx(15.0, abs=0.2)


def test_a_mask_at_the_edge_of_its_grid_has_a_closed_surface_too():
    surface = mesh(*surface_of(Volume(np.ones((6, 7, 8), bool), np.diag([3.0, 1.0, 1.0, 1.0]))))
    assert surface.is_watertight
    assert surface.volume == pytest.approx(6 * 7 * 8 * 3, rel=0.005)


def test_one_voxel_and_two_pieces_have_surfaces():
    array = np.zeros((9, 9, 30), bool)
    array[4, 4, 4] = array[3:6, 3:6, 20:25] = True
    surface = mesh(*surface_of(Volume(array, np.eye(4))))
    assert surface.volume == pytest.approx(46, rel=0.005)


def test_a_binary_stl_has_the_same_triangles_outward_and_names_its_unit():
    import trimesh

    vertices, faces = surface_of(ball((1.0, 1.0, 1.0), 9.0))
    data = stl_bytes(vertices, faces)
    read = trimesh.load(BytesIO(data), file_type="stl")
    assert len(data) == 84 + 50 * len(faces)
    assert read.volume == pytest.approx(mesh(vertices, faces).volume, rel=1e-5)
    assert read.volume > 0
    assert b"millimetre" in data[:80]
    assert not data.startswith(b"solid")


def test_a_glb_shows_head_and_lesion_in_their_colours_in_metres_with_the_head_up():
    import trimesh

    surfaces = {
        "lesion": surface_of(ball((1, 1, 1), 6.0, center=(0, 0, 10))),
        "femoral_head": surface_of(ball((1, 1, 1), 18.0)),
    }
    data = glb_bytes(surfaces)
    scene = trimesh.load(BytesIO(data), file_type="glb")
    lesion, head = scene.geometry["lesion"], scene.geometry["femoral_head"]
    assert tuple(lesion.visual.material.baseColorFactor) == (214, 69, 65, 255)
    assert head.visual.material.alphaMode == "BLEND"
    assert head.extents == pytest.approx([0.036] * 3, abs=0.001)
    assert lesion.centroid == pytest.approx([0, 0.010, 0], abs=0.0005)  # superior is glTF's y
    assert lesion.volume > 0
    assert glb_bytes(surfaces) == data
    assert scene.metadata["unit"] == "metre"
