"""How does one option of a hip deform under the joint's force?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from osteon.anatomy import Floats
from osteon.mechanics.damage import solve_gap, solve_with
from osteon.mechanics.loads import JointForce, cosine_load, joint_patch, nodal_forces
from osteon.mechanics.materials import Elastic, Materials, elastic
from osteon.mechanics.model import HALF, HeadModel
from osteon.mechanics.operations import Option, value
from osteon.mechanics.risk import height
from osteon.mechanics.solve import Solution, supported_voxels

# The cut neck's load is spread over nodes within this many voxels of the plane of the cut.
CUT_VOXELS = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """One option as it was solved: its stiffness, the force on the head (LPS, N), nodal forces and displacements.

    `open_share` is the open part of a layer that carries no tension, 0 to 1; None where all is bonded.
    """

    option: Option
    elastic: Elastic
    force_n: Floats
    nodal_n: Floats
    solution: Solution
    open_share: float | None = None


def solve_option(
    option: Option,
    force: JointForce,
    materials: Materials | None = None,
    tolerance: float = 1e-4,
    start: Floats | None = None,
    threads: int | None = None,
) -> Solved:
    """One option under the joint's force.

    Parameters
    ----------
    force
        On the untreated hip; the option turns and scales it.
    materials
        Laws and figures in place of the recorded ones.
    start
        Displacement to begin with.
    threads
        Of the solver; all processors when left out.
    """
    stiffness = held_parts(option.model, elastic(option.model, materials))
    vector, nodal = loaded(option, force.force_n)
    if option.loose is not None:
        gap = solve_gap(option.model, stiffness, option.loose, nodal, tolerance, start, threads)
        return Solved(option, gap.elastic, vector, nodal, gap.solution, gap.open_share)
    solution = solve_with(stiffness, None, option.model, nodal, tolerance, start, threads)
    return Solved(option, stiffness, vector, nodal, solution)


def held_parts(model: HeadModel, stiffness: Elastic) -> Elastic:
    """The bone without what an edit has cut loose from it: crumbs beside a tract that nothing holds."""
    held = supported_voxels(stiffness.modulus_mpa, model.fixed)
    return replace(stiffness, modulus_mpa=stiffness.modulus_mpa * held)


def loaded(option: Option, force_n: Floats) -> tuple[Floats, Floats]:
    """The force on the head as the model's bone meets it (LPS, N), and the nodal forces that make it up."""
    force, model = force_n * option.load_share, option.model
    if option.loaded == "cut":
        return force, on_cut(model, force)
    if option.turn is not None:
        back = option.turn.inv()
        force, model = np.asarray(back.apply(force)), replace(model, cover=model.cover.turned(back))
    return force, nodal_forces(model, cosine_load(joint_patch(model), force))


def on_cut(model: HeadModel, force_n: Floats) -> Floats:
    """A force spread evenly over the nodes at the cut of the neck."""
    axis = model.hip.neck_axis
    beyond = height(model, axis) - value("neck_cut_radii") * model.hip.head.radius_mm
    at_cut = np.argwhere((model.filled >= HALF) & (beyond < CUT_VOXELS * model.spacing_mm))
    nodes = np.unique((at_cut[:, None] + np.argwhere(np.ones((2, 2, 2)))).reshape(-1, 3), axis=0)
    nodal = np.zeros((*(count + 1 for count in model.shape), 3))
    nodal[tuple(nodes.T)] = force_n / len(nodes)
    return nodal
