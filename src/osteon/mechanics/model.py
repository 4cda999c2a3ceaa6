"""What is this proximal femur made of, voxel by voxel, where does the socket cover it, and where is it held?

One frame: millimetres along the patient's axes (LPS, +x left, +y back, +z to the head). The grid is made of cubes along
those axes and its arrays have the axes [z, y, x], so that the solver's components x, y, z are those of LPS. Nodes are
the corners of the voxels: node [k, j, i] is the low corner of voxel [k, j, i], and there is one more along each axis.

What fills a voxel is written down as shares: one array per material (an id under `knowledge/materials`), the part of
each voxel that it fills. Nothing is stiff or weak yet; `osteon.mechanics.materials.elastic` says what the shares amount
to. An operation is an edit of the shares (`put`, `take_out`), of the cover (`Cover.turned`), or of the load.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from osteon.anatomy import Floats, Hip, Volume

Share = NDArray[np.float32]  # [z, y, x], 0 to 1
Mask = NDArray[np.bool_]

# A voxel counts as solid, and carries load from the joint, when at least this part of it is filled.
HALF = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """Which directions from the head's centre the socket covers, as unit vectors in LPS about evenly spread.

    `rays` has shape (n, 3), `covered` shape (n,). A direction is covered as the nearest ray is.
    """

    rays: Floats
    covered: Mask

    def holds(self, directions: ArrayLike) -> Mask:
        """Whether directions (..., 3), unit vectors in LPS, are covered."""
        nearest = nearest_ray(self.rays, np.asarray(directions, float).reshape(-1, 3))
        return np.asarray(self.covered[nearest].reshape(np.shape(directions)[:-1]))

    def turned(self, rotation: Rotation) -> Cover:
        """The socket turned about the head's centre.

        Seen from a head that an osteotomy turns by R, socket and force turn by R.inv().
        """
        return Cover(rotation.apply(self.rays), self.covered)


@dataclass(frozen=True, slots=True, eq=False)
class HeadModel:
    """One proximal femur as voxels, before any material has a number.

    Parameters
    ----------
    hip
        Side, sphere of the head, neck and shaft axes, in LPS mm.
    origin_mm
        Low corner of voxel [0, 0, 0], LPS in the order x, y, z.
    spacing_mm
        Edge of a voxel.
    shares
        Material id -> part of every voxel it fills, float32 [z, y, x]; together never above 1, the rest is empty.
    ash_g_cm3
        Ash density of the bone at every place, [z, y, x]: that of the healthy bone, which the materials of kind "law"
        and "factor" take theirs from. It is also defined where other material was put.
    cover
        What the socket covers.
    fixed
        Nodes that are held, [z + 1, y + 1, x + 1].
    settings
        Named choices that no source settles; every result based on the model has to declare them.
    sources
        Keys under `knowledge/sources` that the model rests on.

    Examples
    --------
    Fill a tract with cement, then ask for moduli:

    `elastic(put(model, "bone_cement", share_inside(model, cylinder)))`
    """

    hip: Hip
    origin_mm: Floats
    spacing_mm: float
    shares: Mapping[str, Share]
    ash_g_cm3: NDArray[np.float32]
    cover: Cover
    fixed: Mask
    settings: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along z, y, x."""
        nz, ny, nx = self.ash_g_cm3.shape
        return nz, ny, nx

    @property
    def filled(self) -> Share:
        """The part of every voxel that anything fills, [z, y, x]."""
        total = np.zeros(self.shape, np.float32)
        for share in self.shares.values():
            total += share
        return np.minimum(total, np.float32(1))

    def share(self, *materials: str) -> Share:
        """The part of every voxel that some materials fill together; 0 where none is in the model."""
        total = np.zeros(self.shape, np.float32)
        for name in self.shares.keys() & set(materials):
            total += self.shares[name]
        return total

    def centres_mm(self) -> tuple[Floats, Floats, Floats]:
        """The x, y and z of every voxel's middle, shapes (1, 1, nx), (1, ny, 1), (nz, 1, 1), LPS."""
        x, y, z = (
            start + (np.arange(count) + 0.5) * self.spacing_mm
            for start, count in zip(self.origin_mm, self.shape[::-1], strict=True)
        )
        return x[None, None, :], y[None, :, None], z[:, None, None]

    def nodes_mm(self, nodes: NDArray[np.int64]) -> Floats:
        """LPS millimetres (x, y, z) of nodes given as [k, j, i], shape (n, 3)."""
        return np.asarray(self.origin_mm + nodes[..., ::-1] * self.spacing_mm)

    def volume(self, array: NDArray[np.generic]) -> Volume:
        """Values [z, y, x] of this grid as a `Volume` in LPS."""
        affine = np.zeros((4, 4))
        affine[[2, 1, 0], [0, 1, 2]] = self.spacing_mm
        affine[:3, 3] = self.origin_mm + self.spacing_mm / 2
        affine[3, 3] = 1.0
        return Volume(array, affine)


def put(model: HeadModel, material: str, share: ArrayLike, setting: str = "") -> HeadModel:
    """The model with a material put in the place of whatever was there.

    Parameters
    ----------
    material
        Id under `knowledge/materials`.
    share
        The part of every voxel it takes, 0 to 1, [z, y, x]; everything else in the voxel shrinks to the rest.
    setting
        A choice to declare with every result, "" for none.

    Examples
    --------
    >>> from osteon.mechanics.model import HeadModel, put
    >>> bone = {"bone": np.ones((1, 1, 2), np.float32)}
    >>> model = HeadModel(None, np.zeros(3), 1.0, bone, np.ones((1, 1, 2)), None, np.zeros((2, 2, 3), bool))
    >>> {name: share.tolist() for name, share in put(model, "bone_cement", [[[0.25, 0]]]).shares.items()}
    {'bone': [[[0.75, 1.0]]], 'bone_cement': [[[0.25, 0.0]]]}
    """
    added = np.asarray(share, np.float32)
    emptied = take_out(model, added)
    shares = {**emptied.shares, material: emptied.shares.get(material, np.float32(0)) + added}
    return replace(emptied, shares=shares, settings=declared(model.settings, setting))


def turned_into(model: HeadModel, material: str, share: ArrayLike, setting: str = "") -> HeadModel:
    """The model with a part of what fills each voxel made of another material; what was empty stays empty.

    For tissue that changes in place (a lesion, its sclerotic rim, bone that is repaired): unlike `put`, it does not
    fill the part of a surface voxel that lies outside the bone.
    """
    part = np.asarray(share, np.float32)
    rest = take_out(model, part)
    shares = {**rest.shares, material: rest.shares.get(material, np.float32(0)) + part * model.filled}
    return replace(rest, shares=shares, settings=declared(model.settings, setting))


def take_out(model: HeadModel, share: ArrayLike) -> HeadModel:
    """The model with a part of every voxel emptied: a drilled tract, a resected piece."""
    left = np.float32(1) - np.asarray(share, np.float32)
    return replace(model, shares={name: each * left for name, each in model.shares.items()})


def declared(settings: tuple[str, ...], *more: str) -> tuple[str, ...]:
    """Settings with others added, each once."""
    return tuple(dict.fromkeys(filter(None, (*settings, *more))))


def nearest_ray(rays: Floats, directions: Floats) -> NDArray[np.int64]:
    """Index of the ray nearest to every direction, both (n, 3)."""
    from scipy.spatial import KDTree

    return np.asarray(KDTree(rays).query(directions)[1])
