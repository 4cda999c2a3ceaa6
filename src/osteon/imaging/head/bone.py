"""Which voxels around a found head are femur, and which are pelvis?

Inside the head the sphere speaks: its surface is known to a fraction of a voxel, also where a lesion is as dark as the
joint. Everywhere else bone is bright marrow (MR) or dense (CT) and hangs together; the joint's gap around the head's
round part belongs to neither bone and keeps them apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from osteon.anatomy import Floats, Volume, crop, points_mm
from osteon.anatomy.volume import Array
from osteon.imaging.bias import shading
from osteon.imaging.head.ball import Ball, Layers
from osteon.imaging.head.surface import Skin

Flags = NDArray[np.bool_]

# The neck leaves the head within about 45 degrees of its axis (it is 0.7 radii thick there); between here and there the
# bone's edge decides.
NECK_DEG, JOINT_DEG = 42.0, 65.0
# How far the joint's gap is kept free of femur outside the head, mm: cartilage of both sides and the socket's wall.
GAP_MM = 9.0
# Box around the head's centre that is looked at, mm.
HALF_BOX_MM = 85.0
# Cortex of a shaft cut at a slant is up to about this thick; dark tissue further from marrow is not bone.
CORTEX_MM = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class Bones:
    """Femur and pelvis (None where none was seen) on one grid, and the signal of healthy marrow in the head."""

    femur: Volume
    pelvis: Volume | None
    marrow_level: float


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """A cut-out of the image with the place of each voxel relative to the head."""

    image: Volume
    distance_mm: Array
    neck_deg: Array
    in_head: Flags
    joint: Flags


def bones(image: Volume, ball: Ball, layers: Layers, neck: Floats | None, skin: Skin) -> Bones:
    """Masks of femur and pelvis on the part of the image's own grid around the head."""
    around = cut_out(image, ball, neck, skin)
    bright = layers.cortex < layers.marrow
    if bright:
        around, level = evened(around, layers, skin.radius_mm)
        dense, solid = marrow_mr(around, layers)
    else:
        level = layers.marrow
        dense, solid = bone_ct(around, layers)
    femur = femur_of(around, dense, solid)
    pelvis = pelvis_of(around, dense, solid, femur)
    grid = around.image
    return Bones(grid.with_array(femur), None if pelvis is None else grid.with_array(pelvis), level)


def cut_out(image: Volume, ball: Ball, neck: Floats | None, skin: Skin) -> Around:
    """The box around the head, and where each of its voxels lies."""
    middle = image.to_index(ball.center_mm)
    half = HALF_BOX_MM / image.spacing_mm
    box = crop(image, np.floor(middle - half), np.ceil(middle + half) + 1)
    away = (points_mm(box) - ball.center_mm).astype(np.float32)
    distance = np.linalg.norm(away, axis=-1)
    if neck is None:
        angle = np.full(distance.shape, 180.0, np.float32)
    else:
        cosine = (away @ neck.astype(np.float32)) / np.maximum(distance, 1e-3)
        angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    in_head = head_voxels(skin, away, distance, angle)
    joint = (angle > JOINT_DEG) & ~in_head & (distance < skin.radius_mm + GAP_MM)
    return Around(box, distance, angle, in_head, joint)


def head_voxels(skin: Skin, away: Array, distance: Array, angle: Array) -> Flags:
    """Voxels inside the head's surface outside the neck's cone, and inside its sphere's core within it."""
    inside = distance < skin.radius_mm - 6
    near = (distance >= skin.radius_mm - 6) & (distance < skin.radius_mm + 2) & (angle > NECK_DEG)
    inside[near] = distance[near] < skin.radius_at(away[near] / distance[near][:, None], angle[near])
    return np.asarray(inside)


def evened(around: Around, layers: Layers, radius: float) -> tuple[Around, float]:
    """The cut-out without the coil's shading, and the signal of marrow in the head afterwards."""
    image = around.image
    level = 0.45 * layers.joint + 0.55 * layers.marrow
    sure = (around.distance_mm < 0.85 * radius) & (image.array > level)
    field = shading(image, image.with_array(sure), order=1)
    flat = image.with_array((image.array / field.array).astype(np.float32))
    marrow = float(np.median(flat.array[sure])) if sure.any() else layers.marrow
    return Around(flat, around.distance_mm, around.neck_deg, around.in_head, around.joint), marrow


def marrow_mr(around: Around, layers: Layers) -> tuple[Flags, Flags]:
    """Marrow, and dark voxels that may be cortex, in MR."""
    image = around.image.array
    soft = min(layers.joint, soft_level(around, layers))
    # Red marrow is a quarter to a third darker than fat; the joint, which may be nearly as bright, is kept free anyway.
    marrow = image > 0.68 * soft + 0.32 * layers.marrow
    dark = image < 0.4 * layers.cortex + 0.6 * soft
    return marrow, dark


def soft_level(around: Around, layers: Layers) -> float:
    """Usual signal of what is neither marrow nor cortex within 40 mm outside the head: muscle, mostly."""
    value = around.image.array[(around.distance_mm < 60) & ~around.in_head]
    value = value[(value < 0.5 * (layers.joint + layers.marrow)) & (value > layers.cortex)]
    return float(np.median(value)) if value.size else layers.joint


def bone_ct(around: Around, layers: Layers) -> tuple[Flags, Flags]:
    """Voxels denser than soft tissue in CT; cortex is among them, so nothing is left to add."""
    dense = around.image.array > max(0.5 * (layers.joint + min(layers.marrow, 300.0)), 150.0)
    return dense, np.zeros(dense.shape, bool)


def femur_of(around: Around, dense: Flags, solid: Flags) -> Flags:
    """The head and all bone that hangs together with it outside the joint, holes filled, cortex added."""
    spacing = around.image.spacing_mm
    # In CT the neck is a tube around darker marrow: it is filled before bridges to the pelvis are cut.
    open_bone = ((dense if solid.any() else filled(dense & ~around.joint)) & ~around.joint) | around.in_head
    grown = hanging_together(open_bone, around.in_head, 1 if solid.any() else 2)
    socket = dense & (around.neck_deg > 75) & (around.distance_mm > head_radius(around) + 3)
    socket &= around.distance_mm < head_radius(around) + GAP_MM + 4
    if (grown & socket).sum() > 0.1 * socket.sum():
        grown = parted(grown, around, socket)
    grown |= cortex_beside(grown, solid & ~around.joint, spacing)
    grown |= around.in_head
    grown = closed(grown) & ~around.joint | around.in_head
    return filled(np.asarray(grown), cut=True)


def hanging_together(bone: Flags, head: Flags, steps: int) -> Flags:
    """The part of the bone that the head belongs to, without bridges up to twice `steps` pixels wide."""
    across = np.zeros((3, 3, 3), bool)
    across[1] = ndimage.generate_binary_structure(2, 1)
    core = ndimage.binary_erosion(bone, across, iterations=steps, border_value=1) | head
    marks, _ = ndimage.label(core)
    own = np.bincount(marks[head], minlength=2)
    own[0] = 0
    return np.asarray(ndimage.binary_dilation(marks == own.argmax(), across, iterations=steps) & bone)


def head_radius(around: Around) -> float:
    """Greatest distance of the head's voxels from its centre, in mm."""
    return float(around.distance_mm[around.in_head].max())


def parted(bone: Flags, around: Around, socket: Flags) -> Flags:
    """The femur's part of bone that touches the pelvis.

    Both grow from what is sure until they meet at the narrowest place: a watershed of the depth inside the bone, on
    every second voxel where voxels are small.
    """
    few = tuple(slice(None, None, 2 if mm < 1.5 else 1) for mm in around.image.spacing_mm)
    spacing = around.image.spacing_mm * [s.step or 1 for s in few]
    depth = ndimage.distance_transform_edt(bone[few], spacing)
    sure = np.zeros(depth.shape, np.int16)
    sure[~bone[few]] = 3
    sure[(socket & bone)[few]] = 2
    neck = (around.neck_deg < 25) & (around.distance_mm < head_radius(around) + 15) & bone
    sure[(around.in_head | neck)[few]] = 1
    parts = ndimage.watershed_ift((255 - np.minimum(depth * 20, 254)).astype(np.uint8), sure)
    for axis, part in enumerate(few):
        parts = np.repeat(parts, part.step or 1, axis=axis)
    cut = parts[tuple(slice(0, n) for n in bone.shape)]
    return np.asarray(bone & (cut == 1))


def cortex_beside(marrow: Flags, solid: Flags, spacing: Floats) -> Flags:
    """Dark voxels joined to marrow and within `CORTEX_MM` of it, in the plane of the slices."""
    across = np.zeros((3, 3, 3), bool)
    across[1] = ndimage.generate_binary_structure(2, 1)
    steps = max(1, round(CORTEX_MM / float(spacing[1:].mean())))
    # Between marrow and cortex lie one or two pixels that hold some of both.
    rim = ndimage.binary_dilation(marrow, across, iterations=2)
    reached = ndimage.binary_dilation(rim, across, iterations=steps, mask=solid | rim)
    return np.asarray(reached & solid)


def closed(mask: Flags) -> Flags:
    """The mask with gaps of up to two pixels closed within each slice."""
    across = np.zeros((3, 3, 3), bool)
    across[1] = ndimage.generate_binary_structure(2, 1)
    return np.asarray(ndimage.binary_closing(mask, across, iterations=2) | mask)


def filled(mask: Flags, cut: bool = False) -> Flags:
    """The mask with its holes filled in each slice along each axis.

    With `cut`, bone that the image's edge cuts counts as closed there: a shaft that leaves the image is no hollow.
    """
    out = mask.copy()
    for axis in range(3):
        slabs = np.moveaxis(out, axis, 0)
        for k in range(len(slabs)):
            if slabs[k].any():
                framed = np.pad(slabs[k], 1)
                if cut:
                    close_at_edges(framed)
                slabs[k] = ndimage.binary_fill_holes(framed)[1:-1, 1:-1]
    return out


def close_at_edges(framed: Flags) -> None:
    """Mark the frame of a slice, on each side, from the first to the last place where the mask touches it."""
    for frame, beside in ((framed[0], framed[1]), (framed[-1], framed[-2])):
        touching = np.flatnonzero(beside)
        if len(touching):
            frame[touching[0] : touching[-1] + 1] = True
    for frame, beside in ((framed[:, 0], framed[:, 1]), (framed[:, -1], framed[:, -2])):
        touching = np.flatnonzero(beside)
        if len(touching):
            frame[touching[0] : touching[-1] + 1] = True


def pelvis_of(around: Around, dense: Flags, solid: Flags, femur: Flags) -> Flags | None:
    """Bone other than the femur that comes near the round part of the head; None where there is none."""
    spacing = around.image.spacing_mm
    apart = ndimage.binary_dilation(femur, iterations=1)
    other = ndimage.binary_opening(dense & ~apart, iterations=1)
    marks, count = ndimage.label(other)
    if not count:
        return None
    # Fat under the skin is as bright as marrow, but nowhere near the head's upper half.
    up = around.neck_deg > 80
    near = up & (around.distance_mm < head_radius(around) + 9)
    touching = np.bincount(marks[near], minlength=count + 1) * around.image.voxel_mm3 / 1000
    touching[0] = 0
    chosen = np.flatnonzero(touching > 0.2)
    if not len(chosen):
        return None
    bone = np.isin(marks, chosen) & (around.distance_mm < 60)
    bone |= cortex_beside(bone, solid & ~apart, spacing) & ~femur
    return np.asarray(closed(bone) & ~femur)
