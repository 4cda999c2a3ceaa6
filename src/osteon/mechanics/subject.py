"""Which bone and which drawn operations stand for one hip of a case?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from osteon.anatomy import Side
from osteon.case import Findings
from osteon.imaging.examination import Examination
from osteon.mechanics.bone import model_of_examination
from osteon.mechanics.model import HALF, HeadModel
from osteon.mechanics.operations import told, value
from osteon.mechanics.template import number, template_of_findings, weight_bearing_arc
from osteon.surgery import SurgicalPlan, default_options, plan_operations

Progress = Callable[[str, float], None]
GRAVITY = 9.81  # m/s², from kg to N

# Operations are drawn on a mask of voxels of this size: finer ones move a tract by less than its margins are known.
DRAWN_MM = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One hip ready to be compared: its model by the edge of a voxel in mm, and the operations drawn on it."""

    make: Callable[[float], HeadModel]
    plan: SurgicalPlan


def of_findings(findings: Findings, side: Side, progress: Progress | None = None, femur: int = 0) -> Subject:
    """The template femur with the lesion that findings tell of.

    Parameters
    ----------
    findings
        Of one hip; see `osteon.mechanics.template_of_findings` for what is read.
    side
        "left" or "right".
    femur
        Which template; see `osteon.mechanics.template_model`.

    Raises
    ------
    InputError
        Where nothing tells how large the lesion is.
    """
    model = template_of_findings(findings, side, voxel_mm=DRAWN_MM, femur=femur)
    arc = weight_bearing_arc(number(findings, "centre_edge_angle_deg"))
    bone = model.volume(model.filled >= HALF)
    lesion = bone.with_array(model.share("necrotic_bone") >= HALF)
    options = default_options(weight_bearing_deg=arc)
    plan = plan_operations(model.hip, bone, lesion, None, options, progress)
    return Subject(lambda voxel_mm: template_of_findings(findings, side, voxel_mm=voxel_mm, femur=femur), plan)


def of_examination(examined: Examination, progress: Progress | None = None) -> Subject:
    """The femur and the lesion of images."""
    from osteon.imaging.examination import lesion_on_femur

    found = examined.found
    plan = plan_operations(found.hip, found.femur, lesion_on_femur(examined).volume, found.pelvis, progress=progress)
    return Subject(lambda voxel_mm: model_of_examination(examined, voxel_mm=voxel_mm), plan)


def body_weight_n(findings: Findings) -> tuple[float, str]:
    """The weight of the patient in N, and the setting it rests on where the case states none."""
    stated = number(findings, "weight_kg")
    return (stated * GRAVITY, "") if stated is not None else (value("body_weight_kg") * GRAVITY, told("body_weight_kg"))
