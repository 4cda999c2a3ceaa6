"""One template hip on coarse voxels, with operations drawn by hand: fast, and known to the millimetre."""

from types import SimpleNamespace

import numpy as np
import pytest

from osteon.mechanics import template_model
from osteon.mechanics.loads import joint_force
from osteon.mechanics.operations import operations
from osteon.surgery import DrillPlan, ImplantSize, Landmarks, RotationPlan, StrutPlan, SurgicalPlan, Tract

VOXEL_MM = 3.0


def drawn(hip):
    """A plan on the template's hip: tracts along the neck, and one posterior rotation."""
    along, center = hip.neck_axis, hip.head.center_mm
    core = Tract(center + 62 * along, center - 10 * along, 10.0)
    side = np.cross(along, [0.0, 1.0, 0.0])
    pins = tuple(Tract(core.entry_mm + k * 6 * side, core.tip_mm + k * 6 * side, 4.0) for k in (-1, 1))
    strut = StrutPlan(DrillPlan("strut", 10.0, (Tract(core.entry_mm, center - 18 * along, 10.0),)))
    marks = Landmarks(
        np.array([0.0, 0.0, -1.0]),
        center + np.array([0, 0, -54]),
        center + np.array([0, 30, -54]),
        center + np.array([50, 0, 0]),
        center + np.array([22, 20, -95]),
    )
    rotation = RotationPlan(
        "posterior rotation",
        along,
        center,
        (-40.0, 32.0),
        (0.0, 60.0),
        (30.0, 50.0),
        (25.0, 45.0),
        (35.0, 55.0),
        (),
    )
    size = ImplantSize(46.0, None, None, None, None, None, None, None)
    core_plan, pin_plan = DrillPlan("core", 10.0, (core,)), DrillPlan("pins", 4.0, pins)
    return SurgicalPlan(hip, marks, core_plan, pin_plan, strut, (), (rotation,), size)


@pytest.fixture(scope="session")
def hip():
    """The untreated model, its plan, its options by id, what was left out, and the force of walking."""
    model = template_model("left", voxel_mm=VOXEL_MM, lesion_percent=25)
    plan = drawn(model.hip)
    found = list(operations(model, plan))
    options = {each.id: each for each in found if hasattr(each, "id")}
    left_out = [each for each in found if not hasattr(each, "id")]
    force = joint_force("walking", model.hip, 800.0)

    def make(voxel_mm):
        return template_model("left", voxel_mm=voxel_mm, lesion_percent=25)

    return SimpleNamespace(model=model, plan=plan, options=options, left_out=left_out, force=force, make=make)
