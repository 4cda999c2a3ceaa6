"""How much graft would fill the cavity that each way of grafting leaves in this bone?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osteon.anatomy.volume import Floats
from osteon.surgery.bone import HEAD_TO_RADII, Bone
from osteon.surgery.decompression import DrillPlan, StrutPlan
from osteon.surgery.settings import SurgeryOptions, named_settings
from osteon.surgery.tracts import Tract, removed_ml

# The window lies where neck and head meet: from the head's border to as far again down the neck.
WINDOW_TO_RADII = 1.1
# It is cut in front: surface that faces within this angle of straight forwards.
FORWARDS_DEG = 45.0

# Faces of voxels overstate a smooth surface by 3/2 on average over all its directions.
FACES_PER_AREA = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class GraftVolume:
    """The cavity one way of grafting leaves: all of the lesion, with the way to it where that goes through bone.

    `low_ml` and `high_ml` hold the lesion smaller and larger by half a voxel. `access` is the channel or tract.
    """

    kind: str
    cavity_ml: float
    low_ml: float
    high_ml: float
    lesion_ml: float
    access_ml: float
    access: Tract | None = None
    settings: tuple[str, ...] = ()


def graft_volumes(bone: Bone, core: DrillPlan, strut: StrutPlan, options: SurgeryOptions) -> tuple[GraftVolume, ...]:
    """Cavities after the lesion is cleared through the joint surface, the neck or a core tract, and that of a strut.

    Parameters
    ----------
    bone
        The bone and its lesion.
    core
        The single large tract, whose plan need not be possible.
    strut
        The rod or strut.
    """
    if not bone.lesion.array.any():
        return ()
    volumes = [cavity("trapdoor through the joint surface", bone, None)]
    window = neck_window(bone, options)
    if window is not None:
        settings = named_settings(options, "window_diameter_mm")
        volumes.append(cavity("light bulb through the neck", bone, window, settings))
    if core.feasible:
        volumes.append(cavity("medullary, through the core tract", bone, core.tracts[0], core.settings))
    if strut.feasible:
        tract = strut.drill.tracts[0]
        alone = round(np.pi * (tract.diameter_mm / 2) ** 2 * tract.length_mm / 1000.0, 3)
        volumes.append(GraftVolume("strut alone", alone, alone, alone, 0.0, alone, tract, strut.drill.settings))
    return tuple(volumes)


def cavity(kind: str, bone: Bone, access: Tract | None, settings: tuple[str, ...] = ()) -> GraftVolume:
    """The lesion and, beyond it, the bone of the access."""
    lesion = float(bone.lesion.array.astype(bool).sum() * bone.lesion.voxel_mm3 / 1000.0)
    beyond = 0.0 if access is None else removed_ml(bone.femur, [access]) - removed_ml(bone.femur, [access], bone.lesion)
    border = surface_mm2(bone) * float(bone.lesion.spacing_mm.min()) / 2.0 / 1000.0
    low, high = max(lesion - border, 0.0) + beyond, lesion + border + beyond
    return GraftVolume(
        kind,
        round(lesion + beyond, 3),
        round(low, 3),
        round(high, 3),
        round(lesion, 3),
        round(beyond, 3),
        access,
        settings,
    )


def surface_mm2(bone: Bone) -> float:
    """Area of the lesion's border, from the faces of its voxels."""
    array, spacing = bone.lesion.array.astype(bool), bone.lesion.spacing_mm
    padded = np.pad(array, 1).astype(np.int8)
    faces = [float(np.abs(np.diff(padded, axis=k)).sum()) * float(np.prod(spacing) / spacing[k]) for k in range(3)]
    return sum(faces) / FACES_PER_AREA


def neck_window(bone: Bone, options: SurgeryOptions) -> Tract | None:
    """The channel from the front of the head-neck junction to the middle of the lesion that cuts least bone.

    None where the front of the junction is not in view.
    """
    points = bone.surface.of("neck")
    radii = (points - bone.hip.head.center_mm) @ bone.hip.neck_axis / bone.hip.head.radius_mm
    points = points[(radii >= HEAD_TO_RADII) & (radii < WINDOW_TO_RADII)]
    forwards = -bone.faces(points)[:, 1] if len(points) else np.zeros(0)
    points = points[forwards >= np.cos(np.radians(FORWARDS_DEG))]
    if not len(points):
        return None
    middle = lesion_middle(bone)
    entry = points[np.argmin(np.linalg.norm(points - middle, axis=1))]
    return Tract(entry, middle, options.window_diameter_mm)


def lesion_middle(bone: Bone) -> Floats:
    """The lesion's centre of gravity, LPS mm."""
    return np.asarray(bone.lesion.to_mm(np.argwhere(bone.lesion.array)).mean(axis=0))
