"""What is the surface of a mask, for a 3D view or a printer?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from osteon.anatomy import Floats, Volume, crop
from osteon.imaging.series import Mask
from osteon.imaging.write.codes import segment_codes

Faces = NDArray[np.int64]

# Voxels of blur before the surface is taken: enough to lose the steps of the voxels, too little to close a 2 mm gap.
BLUR_VOXELS = 1.0
MARGIN = 6  # empty voxels around the mask, so that the blurred surface closes
# How well the surface keeps the volume of the voxels. A surface at one half of a blurred ball of 5 voxels loses 6 %.
VOLUME_TOLERANCE = 0.001
MOST_STEPS = 12

MM_PER_M = 1000.0
# glTF's axes are x, y up and z forward in metres: LPS x stays, its z becomes y and its y (backward) becomes -z.
LPS_TO_GLTF = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])

STL_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def surface_of(mask: Volume) -> tuple[Floats, Faces]:
    """A smooth closed surface around a mask that encloses the volume of its voxels to 0.5 %.

    The mask is put on cubic voxels (thick slices are joined by their outlines), blurred by one voxel, and the surface
    taken at the level that keeps the volume.

    Parameters
    ----------
    mask
        Of type bool, on any grid; at least one voxel is set.

    Returns
    -------
    Corners in LPS millimetres, shape (n, 3), and triangles as indices of corners, shape (m, 3), turned outward.

    Examples
    --------
    >>> cube = np.zeros((20, 20, 20), bool)
    >>> cube[4:16, 4:16, 4:16] = True
    >>> vertices, faces = surface_of(Volume(cube, np.eye(4)))
    >>> abs(enclosed_mm3(vertices, faces) / 12**3 - 1) < 0.005
    True
    """
    from skimage import measure

    marching_cubes: Any = measure.marching_cubes  # its annotations are incomplete
    cubic = on_cubic_voxels(mask)
    soft = ndimage.gaussian_filter(cubic.array.astype(np.float32), BLUR_VOXELS)
    wanted = float(mask.array.sum()) * mask.voxel_mm3
    low, high = 0.02, min(0.98, 0.999 * float(soft.max()))
    level = min(0.5, (low + high) / 2)
    for _ in range(MOST_STEPS):
        corners, faces, _, _ = marching_cubes(soft, level)
        vertices = cubic.to_mm(corners)
        volume = enclosed_mm3(vertices, faces)
        if abs(abs(volume) / wanted - 1) <= VOLUME_TOLERANCE:
            break
        low, high = (level, high) if abs(volume) > wanted else (low, level)
        level = (low + high) / 2
    return vertices, np.asarray(faces if volume > 0 else faces[:, ::-1], np.int64)


def on_cubic_voxels(mask: Volume) -> Volume:
    """The marked part of a mask with a margin, on cubic voxels along its own axes as fine as its finest."""
    from osteon.imaging.masks import mask_on

    index = np.argwhere(mask.array)
    held = crop(mask, index.min(axis=0), index.max(axis=0) + 1)
    step = float(held.spacing_mm.min())
    shape = np.ceil((np.array(held.shape) - 1) * held.spacing_mm / step - 1e-6).astype(int) + 1 + 2 * MARGIN
    extra = (shape - 1 - (np.array(held.shape) - 1) * held.spacing_mm / step) / 2
    affine = np.eye(4)
    affine[:3, :3] = held.directions * step
    affine[:3, 3] = held.affine[:3, 3] - affine[:3, :3] @ extra
    return mask_on(Mask(held, "surface", "", ""), Volume(np.zeros(shape, bool), affine))


def enclosed_mm3(vertices: Floats, faces: Faces) -> float:
    """Volume inside a closed surface, positive when its triangles turn outward, by the divergence theorem."""
    a, b, c = (vertices[faces[:, k]] - vertices.mean(axis=0) for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def stl_bytes(vertices_mm: Floats, faces: Faces) -> bytes:
    """A surface as a binary STL file in millimetres of the patient's LPS frame; STL itself has no units.

    Examples
    --------
    >>> triangle = stl_bytes(np.eye(3), np.array([[0, 1, 2]]))
    >>> len(triangle), triangle[:33]
    (134, b'Osteon; unit millimetre; axes LPS')
    """
    corners = vertices_mm[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    triangles = np.zeros(len(faces), STL_TRIANGLE)
    triangles["normal"] = normals / np.where(lengths > 0, lengths, 1)
    triangles["corners"] = corners
    head = b"Osteon; unit millimetre; axes LPS".ljust(80)
    return head + np.uint32(len(faces)).tobytes() + triangles.tobytes()


def glb_bytes(surfaces: Mapping[str, tuple[Floats, Faces]]) -> bytes:
    """Surfaces as one binary glTF file, each in the colour of its label; bone lets the lesion shine through.

    Parameters
    ----------
    surfaces
        Corners in LPS millimetres and triangles, by label: "lesion", "femoral_head", "femur", ...

    Returns
    -------
    The content of a `.glb` file, in metres with y to the head and z to the front, as glTF lays down.
    """
    import trimesh
    from trimesh import visual

    looks: Any = visual  # its annotations are incomplete
    scene: Any = trimesh.Scene(metadata={"unit": "metre", "axes": "x left, y superior, z anterior"})
    for label, (vertices, faces) in surfaces.items():
        red, green, blue = segment_codes(label)["rgb"]
        solid = label.startswith("lesion")
        material = looks.material.PBRMaterial(
            name=label,
            baseColorFactor=[red, green, blue, 255 if solid else 110],
            metallicFactor=0.0,
            roughnessFactor=0.8,
            alphaMode="OPAQUE" if solid else "BLEND",
        )
        mesh = trimesh.Trimesh(vertices @ LPS_TO_GLTF.T / MM_PER_M, faces, process=False)
        mesh.visual = looks.TextureVisuals(material=material)
        scene.add_geometry(mesh, node_name=label, geom_name=label)
    return bytes(scene.export(file_type="glb"))
