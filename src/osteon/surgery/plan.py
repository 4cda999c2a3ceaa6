"""What would each operation look like in this bone?

It draws and measures; it says nothing on what should be done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from osteon.anatomy import Hip, Volume
from osteon.surgery.bone import make_ready
from osteon.surgery.decompression import DrillPlan, StrutPlan, plan_core, plan_pins, plan_strut, prepare
from osteon.surgery.graft import GraftVolume, graft_volumes
from osteon.surgery.implant import ImplantSize, implant_size
from osteon.surgery.landmarks import Landmarks
from osteon.surgery.osteotomy import RotationPlan, rotation_plans
from osteon.surgery.settings import SurgeryOptions, default_options

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, eq=False)
class SurgicalPlan:
    """All operations drawn on one hip; pure geometry in LPS mm.

    `rotations` is empty where the weight-bearing part of the acetabulum is not known.
    """

    hip: Hip
    landmarks: Landmarks
    core: DrillPlan
    pins: DrillPlan
    strut: StrutPlan
    grafts: tuple[GraftVolume, ...]
    rotations: tuple[RotationPlan, ...]
    implant: ImplantSize
    warnings: tuple[str, ...] = ()


def plan_operations(
    hip: Hip,
    femur: Volume,
    lesion: Volume,
    pelvis: Volume | None = None,
    options: SurgeryOptions | None = None,
    progress: Progress | None = None,
) -> SurgicalPlan:
    """Every operation on this bone.

    Parameters
    ----------
    hip
        Side, head and axes.
    femur
        Mask of all bone of the proximal femur, with the lesion filled in; best down to below the lesser trochanter.
    lesion
        Mask of the lesion; it may be empty and on any grid.
    pelvis
        Mask of the acetabulum; without it there are no intact ratios unless the options give the weight-bearing part.
    options
        Sizes, margins and limits; `default_options()` where not given.
    progress
        Called with the stage and the part that is done, 0 to 1.

    Raises
    ------
    InputError
        Where the femur's mask is not the femur of this hip.
    """
    told = progress or silent
    chosen = options or default_options()
    told("the bone's surface and landmarks", 0.0)
    bone = make_ready(hip, femur, lesion, chosen)
    told("one large tract", 0.1)
    prepared = prepare(bone, chosen)
    core = plan_core(prepared, chosen)
    told("small tracts", 0.25)
    pins = plan_pins(prepared, chosen)
    told("rod or strut", 0.6)
    strut = plan_strut(prepared, chosen)
    grafts = graft_volumes(bone, core, strut, chosen)
    told("osteotomies", 0.75)
    rotations = rotation_plans(hip, bone.femur, lesion, pelvis, chosen)
    told("implant sizes", 0.95)
    implant = implant_size(bone, pelvis)
    told("done", 1.0)
    warnings = bone.warnings + (() if rotations else (NO_SECTOR,))
    return SurgicalPlan(hip, bone.landmarks, core, pins, strut, grafts, rotations, implant, warnings)


def silent(_stage: str, _done: float) -> None:
    """Progress that nobody asked for."""


NO_SECTOR = (
    "The weight-bearing part of the acetabulum is not known, so no intact ratio is given. Send a mask of the pelvis "
    "that shows the acetabular edge and the teardrop, or give the weight-bearing arc."
)
