"""Where does the socket touch the head, and how hard does it press there?

A rigid ball socket, wider than the head by a clearance, presses through a layer of cartilage that only pushes: springs
along the radius, one to a node of the covered surface, that let go where they would pull. Socket and bone are balanced
in turn, each time from the last displacement, until the pressure stands still.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from osteon.anatomy import Floats
from osteon.errors import Fault, InputError
from osteon.knowledge.materials import materials
from osteon.mechanics.loads import JointLoad, Patch, cosine_load, joint_patch, loads, nodal_forces
from osteon.mechanics.materials import Elastic
from osteon.mechanics.model import HeadModel

# Pressure that changes by less than this part of its peak from one round to the next stands still.
STILL = 0.01
MOST_ROUNDS = 25
MOST_STEPS = 60
MOST_HALVINGS = 30

Progress = Callable[[int, float], None]


@dataclass(frozen=True, slots=True)
class Layer:
    """Cartilage of both bones as one elastic layer.

    `stiffness_mpa_per_mm` is pressure by compression; `clearance_mm` by how much the socket's radius is larger than
    the head's, cartilage included. `settings` is what they rest on.
    """

    stiffness_mpa_per_mm: float
    clearance_mm: float
    settings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Contact:
    """A balanced contact.

    `load` is the pressure on the head; `displacement_mm` [z + 1, y + 1, x + 1, 3] that of the bone under it;
    `socket_mm` how far the socket moved (LPS); `rounds` how often the bone was solved and `change` the last change of
    the pressure, relative to its peak.
    """

    load: JointLoad
    displacement_mm: Floats
    socket_mm: Floats
    rounds: int
    change: float

    @property
    def peak_mpa(self) -> float:
        """The pressure that a hundredth of the area under pressure exceeds: single nodes say nothing."""
        pressed = self.load.pressure_mpa[self.load.pressure_mpa > 0]
        return float(np.percentile(pressed, 99))


def usual_layer() -> Layer:
    """The layer with the stiffness and clearance that `loads.toml` names.

    Examples
    --------
    >>> usual_layer().clearance_mm > 0
    True
    """
    table = loads()["contact"]
    return Layer(table["stiffness_mpa_per_mm"], table["clearance_mm"], (table["text"],))


def linear_layer(poisson: float | None = None, clearance_mm: float = 0.0) -> Layer:
    """The layer that a linear cartilage makes: confined between two stiff bones, thin against the contact's width.

    Parameters
    ----------
    poisson
        0 to 0.499; the recorded 0.45 where not given.

    Notes
    -----
    Stiffness = H / t with the aggregate modulus H = E (1 - nu) / ((1 + nu) (1 - 2 nu)) and the joint space t.

    Examples
    --------
    >>> round(linear_layer().stiffness_mpa_per_mm, 2)
    9.05
    """
    cartilage = materials().materials["cartilage"]
    nu = cartilage.poisson[0].value if poisson is None else poisson
    if not 0 <= nu < 0.5:
        raise InputError("contact", [Fault("poisson", f"is {nu:g}; it must be 0 or more and below 0.5.")])
    aggregate = cartilage.modulus_mpa[0].value * (1 - nu) / ((1 + nu) * (1 - 2 * nu))
    return Layer(aggregate / cartilage.thickness_mm[0].value, clearance_mm)


def contact_load(
    model: HeadModel,
    solid: Elastic,
    force_n: ArrayLike,
    layer: Layer | None = None,
    *,
    tolerance: float = 1e-4,
    progress: Progress | None = None,
) -> Contact:
    """The pressure under which a rigid socket, its cartilage and this bone are in balance with a force.

    Parameters
    ----------
    solid
        `elastic(model)`.
    force_n
        Force of the socket on the head, N in LPS; it points into the head.
    layer
        The cartilage; `usual_layer()` where not given.
    tolerance
        Of each solution of the bone.
    progress
        Called with the round and the change of pressure relative to its peak.

    Raises
    ------
    InputError
        Where no pressure on the covered surface balances the force, or the pressure does not come to rest.

    Notes
    -----
    The surface is taken as the head's sphere: a place that has fallen in is pressed as if it stood. Pressure is
    normal to it, without friction.
    """
    from osteon.mechanics.solve import solve

    layer, force, patch = layer or usual_layer(), np.asarray(force_n, float), joint_patch(model)
    nodes = tuple(patch.nodes.T)
    rigid, socket = rigid_contact(patch, force, layer, np.zeros(len(patch.area_mm2)))
    pressure, step, displacement, change = rigid, np.zeros_like(rigid), None, np.inf
    part = 1.0
    for number in range(1, MOST_ROUNDS + 1):
        load = JointLoad(patch, pressure, layer.settings)
        displacement = solve(
            solid.modulus_mpa,
            model.spacing_mm,
            poisson=solid.poisson,
            fixed=model.fixed,
            force_n=nodal_forces(model, load),
            tolerance=tolerance,
            start=displacement,
        ).displacement_mm
        raised = (displacement[nodes] * patch.outward).sum(axis=1)
        wanted, socket = rigid_contact(patch, force, layer, raised)
        last, step = step, wanted - pressure
        change = float(np.abs(step).max() / wanted.max())
        if progress is not None:
            progress(number, change)
        if change < STILL:
            return Contact(load, displacement, socket, number, change)
        part = relaxed(part, last, step) if number > 1 else part
        pressure = pressure + part * step
    raise InputError("contact", [Fault("layer", NOT_SETTLED)])


NOT_SETTLED = "no pressure was found at which socket and bone are in balance. Use a softer or thicker layer."


def rigid_contact(patch: Patch, force_n: Floats, layer: Layer, raised_mm: Floats) -> tuple[Floats, Floats]:
    """Pressure at every node and the socket's movement, for a bone whose surface is held at a displacement.

    The movement w makes the energy sum(k A c^2) / 2 - force . w least, where the compression c = raised - w . n -
    clearance is above 0: convex, by Newton's method with steps halved until the energy falls.
    """
    begin = cosine_load(patch, force_n)
    weights = layer.stiffness_mpa_per_mm * patch.area_mm2
    # A little of the whole patch keeps the step defined where hardly a node is pressed.
    least = 1e-6 * weights.sum() * np.eye(3)
    along, size = force_n / np.linalg.norm(force_n), np.linalg.norm(force_n)
    socket = along * (layer.clearance_mm + begin.pressure_mpa.max() / layer.stiffness_mpa_per_mm + raised_mm.max())
    for _ in range(MOST_STEPS):
        pressed = compression(patch, layer, raised_mm, socket)
        rest = force_n + (weights * pressed) @ patch.outward
        if np.linalg.norm(rest) < 1e-9 * size:
            return layer.stiffness_mpa_per_mm * pressed, socket
        active = pressed > 0
        stiffness = (weights[active, None] * patch.outward[active]).T @ patch.outward[active] + least
        step = np.linalg.solve(stiffness, rest)
        energy = (weights * pressed**2).sum() / 2
        for _ in range(MOST_HALVINGS):
            after = (weights * compression(patch, layer, raised_mm, socket + step) ** 2).sum() / 2
            if after - energy - force_n @ step <= 0:
                break
            step = step / 2
        socket = socket + step
    raise InputError("contact", [Fault("layer", NOT_SETTLED)])


def compression(patch: Patch, layer: Layer, raised_mm: Floats, socket_mm: Floats) -> Floats:
    """How much the layer is compressed at every node, mm; 0 where there is a gap."""
    return np.asarray(np.maximum(raised_mm - patch.outward @ socket_mm - layer.clearance_mm, 0))


def relaxed(part: float, last: Floats, step: Floats) -> float:
    """How much of a step to take, by Aitken: less where two steps point back and forth, 0.1 to 1."""
    apart = step - last
    return float(np.clip(-part * (last @ apart) / (apart @ apart), 0.1, 1.0))
