"""Which force does the socket press onto the head, and how is it spread over the covered surface?

Forces were measured in ten people with instrumented hips (`loads.toml`); all act ON the head and are in N in LPS.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from osteon.anatomy import Floats, Hip
from osteon.anatomy.hip import ANTERIOR, SUPERIOR
from osteon.errors import Fault, InputError
from osteon.mechanics.model import HALF, HeadModel

# The joint's surface lies this near to the head's sphere, in radii: a collapse of 8 mm dents a head of 23 mm to 0.65.
NEAREST_RADII, FARTHEST_RADII = 0.6, 1.15
# A patch that carries less than this in its weakest direction, against its strongest, holds no force from there.
LEAST_HOLD = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class JointForce:
    """A force of the socket on the head: its name, N in LPS, and what it rests on."""

    name: str
    force_n: Floats
    settings: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def scaled(self, part: float) -> JointForce:
        """The same force with a part of its size, such as 0.6 with a cane."""
        return replace(self, force_n=self.force_n * part)


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """The covered part of the head's surface as nodes of the grid.

    `nodes` [k, j, i] and `outward` (unit vectors from the head's centre, LPS), shape (n, 3); `area_mm2` (n,): what
    each node stands for of the smooth surface; `distance_mm` (n,): how far it lies from the head's centre.
    """

    nodes: NDArray[np.int64]
    outward: Floats
    area_mm2: Floats
    distance_mm: Floats

    def only(self, which: NDArray[np.bool_]) -> Patch:
        """Some of the nodes."""
        return Patch(self.nodes[which], self.outward[which], self.area_mm2[which], self.distance_mm[which])


@dataclass(frozen=True, slots=True, eq=False)
class JointLoad:
    """Pressure on a patch, MPa, one value a node, and what it rests on."""

    patch: Patch
    pressure_mpa: Floats
    settings: tuple[str, ...] = ()

    @property
    def forces_n(self) -> Floats:
        """Force on every node of the patch, shape (n, 3), N in LPS."""
        return np.asarray(-(self.pressure_mpa * self.patch.area_mm2)[:, None] * self.patch.outward)

    @property
    def contact_area_mm2(self) -> float:
        """The area under pressure."""
        return float(self.patch.area_mm2[self.pressure_mpa > 0].sum())


def measured_forces(activity: str, hip: Hip, body_weight_n: float) -> tuple[JointForce, ...]:
    """The peak force of every measured person, scaled to a body weight, in the frame of this femur.

    Parameters
    ----------
    activity
        "walking", "one_leg_stance" (ten people each) or "standing_up" (nine; one of them 390 % of body weight).
    body_weight_n
        In N: mass in kg times 9.81.

    Raises
    ------
    InputError
        Where the activity was not measured as a vector, or the weight is not between 100 and 3,000 N.

    Examples
    --------
    >>> from osteon.anatomy import Sphere
    >>> left = Hip("left", Sphere(np.zeros(3), 24.0, 0.3, 80.0), np.array([1.0, 0, 0]))
    >>> [each.name for each in measured_forces("walking", left, 800)][:2]
    ['level walking, H1L', 'level walking, H2R']
    >>> measured_forces("walking", left, 1000)[0].force_n.round().tolist()
    [718.0, 288.0, -2163.0]
    """
    tables = loads()["activity"]
    if activity not in tables:
        raise InputError("load", [Fault("activity", f"is {activity!r}; measured are {', '.join(tables)}.")])
    check_weight(body_weight_n)
    table, axes = tables[activity], femur_axes(hip)
    return tuple(
        JointForce(
            f"{table['name']}, {person}",
            body_weight_n / 100 * (np.array(percent) @ axes),
            (loads()["setting"]["femur_frame"]["text"],),
            tuple(table["source"]),
        )
        for person, percent in table["people"].items()
    )


def joint_force(activity: str, hip: Hip, body_weight_n: float) -> JointForce:
    """The force of an activity on an average hip: the mean of the measured vectors, or a resultant along walking's.

    Parameters
    ----------
    activity
        One of those of `measured_forces`, or of the resultants in `loads.toml` ("stairs_up", "stairs_down",
        "slow_walking", "fast_walking", "jogging", "stumbling", "exercise").
    """
    if activity not in loads()["resultant"]:
        people = measured_forces(activity, hip, body_weight_n)
        name = loads()["activity"][activity]["name"]
        return replace(people[0], name=name, force_n=np.mean([each.force_n for each in people], axis=0))
    table, along = loads()["resultant"][activity], joint_force("walking", hip, body_weight_n)
    size = table["percent"] / 100 * body_weight_n / np.linalg.norm(along.force_n)
    settings = (*along.settings, loads()["setting"]["walking_direction"]["text"])
    return JointForce(table["name"], along.force_n * size, settings, (table["source"], *along.sources))


def relieved(force: JointForce, aid: str) -> JointForce:
    """The force with a walking aid: "cane" in the opposite hand or two "crutches" (derived, and declared so).

    Examples
    --------
    >>> relieved(JointForce("walking", np.array([0.0, 0.0, -1000.0])), "cane").force_n[2]
    np.float64(-600.0)
    """
    tables = loads()["relief"]
    if aid not in tables:
        raise InputError("load", [Fault("aid", f"is {aid!r}; known are {', '.join(tables)}.")])
    table = tables[aid]
    return JointForce(
        f"{force.name}, with {table['name']}",
        force.force_n * table["part"],
        (*force.settings, *([table["text"]] if "text" in table else [])),
        (*force.sources, table["source"]),
    )


def check_weight(body_weight_n: float) -> None:
    """Refuse a weight that no person has, which is often one in kg."""
    if not 100 <= body_weight_n <= 3000:
        message = f"is {body_weight_n:g} N; it must be 100 to 3,000 N (mass in kg times 9.81)."
        raise InputError("load", [Fault("body_weight_n", message)])


def femur_axes(hip: Hip) -> Floats:
    """The frame of the measured forces: rows are lateral, anterior and proximal, unit vectors in LPS.

    Proximal is up the shaft where the shaft is seen, else the patient's up.
    """
    up = SUPERIOR if hip.shaft_axis is None else -hip.shaft_axis
    anterior = ANTERIOR - (ANTERIOR @ up) * up
    anterior = anterior / np.linalg.norm(anterior)
    lateral = hip.lateral - (hip.lateral @ up) * up - (hip.lateral @ anterior) * anterior
    return np.stack([lateral / np.linalg.norm(lateral), anterior, up])


@cache
def loads() -> dict[str, Any]:
    """The tables of `loads.toml`."""
    return tomllib.loads(Path(__file__).with_name("loads.toml").read_text(encoding="utf-8"))


def cosine_load(patch: Patch, force_n: ArrayLike) -> JointLoad:
    """The force spread as p = n . c over the patch, pressing only, with a resultant equal to the force.

    A rigid frictionless ball socket that moves by d into an even elastic layer presses with p proportional to -n . d:
    a cosine about d. The vector c follows from the resultant, (sum of area n n^T) c = -force; nodes that would be
    pulled are let go until none is left.

    Raises
    ------
    InputError
        Where the force does not point from the socket into the head, so that no pressure on the patch balances it.
    """
    force = np.asarray(force_n, float)
    if not 0 < np.linalg.norm(force) < np.inf:
        raise InputError("load", [Fault("force_n", "must be three numbers in N that are not all 0.")])
    closed = np.ones(len(patch.area_mm2), bool)
    for _ in range(50):
        pressure = linear_pressure(patch.only(closed), force)
        if (pressure >= 0).all():
            whole = np.zeros(len(closed))
            whole[closed] = pressure
            return JointLoad(patch, whole, (loads()["setting"]["cosine"]["text"],))
        closed[np.flatnonzero(closed)[pressure < 0]] = False
    raise InputError("load", [Fault("force_n", NOT_HELD)])


NOT_HELD = (
    "no pressure of the socket on the head balances this force. It must point from the covered surface into the head; "
    "check side, cover and the direction of the force."
)


def linear_pressure(patch: Patch, force_n: Floats) -> Floats:
    """The pressure n . c at every node of a patch, MPa, with the given resultant; below 0 where it would have to pull.

    It is linear in the force: on one fixed patch three unit forces give every other by superposition.
    """
    weights = (patch.area_mm2[:, None] * patch.outward).T @ patch.outward
    sizes = np.linalg.eigvalsh(weights) if len(patch.area_mm2) else np.zeros(3)
    if sizes[0] <= LEAST_HOLD * sizes[-1] or sizes[-1] == 0:
        raise InputError("load", [Fault("force_n", NOT_HELD)])
    return np.asarray(patch.outward @ np.linalg.solve(weights, -force_n))


def unit_loads(patch: Patch) -> tuple[JointLoad, JointLoad, JointLoad]:
    """Loads of 1 N along x, y and z on one patch, for superposition; single ones pull somewhere, sums need not."""
    x, y, z = (JointLoad(patch, linear_pressure(patch, unit)) for unit in np.eye(3))
    return x, y, z


def nodal_forces(model: HeadModel, load: JointLoad) -> Floats:
    """The load as the solver takes it: N at every node, [z + 1, y + 1, x + 1, 3], components x, y, z."""
    nz, ny, nx = model.shape
    force = np.zeros((nz + 1, ny + 1, nx + 1, 3))
    force[tuple(load.patch.nodes.T)] = load.forces_n
    return force


def joint_patch(model: HeadModel) -> Patch:
    """The covered part of the head's surface: nodes of the outermost half-filled voxels that face the socket.

    A node's area is that of the voxel faces around it, seen along the radius, so that the sum over a staircase is the
    area of the smooth surface.

    Raises
    ------
    InputError
        Where the socket covers none of the bone.
    """
    low, solid = head_box(model)
    areas = face_areas(solid, model.spacing_mm)
    nodes = np.argwhere(np.abs(areas).sum(axis=-1) > 0)
    away = model.nodes_mm(nodes + low) - model.hip.head.center_mm
    distance = np.maximum(np.linalg.norm(away, axis=1), 1e-9)
    outward = away / distance[:, None]
    area = (areas[tuple(nodes.T)] * outward).sum(axis=1)
    radius = model.hip.head.radius_mm
    facing = (area > 0) & (distance > NEAREST_RADII * radius) & (distance < FARTHEST_RADII * radius)
    facing[facing] = model.cover.holds(outward[facing])
    facing[facing] = outermost(model, solid, low, outward[facing], distance[facing])
    if not facing.any():
        message = "covers none of the head's surface. Check the mask of the pelvis, or give the centre-edge angle."
        raise InputError("socket", [Fault("cover", message)])
    return Patch(nodes[facing] + low, outward[facing], area[facing], distance[facing])


def head_box(model: HeadModel) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """First voxel [k, j, i] of the box around the head, and which of its voxels are solid."""
    reach = 1.2 * model.hip.head.radius_mm
    middle = (model.hip.head.center_mm - model.origin_mm)[::-1]
    low = np.clip(np.floor((middle - reach) / model.spacing_mm).astype(int), 0, model.shape)
    high = np.clip(np.ceil((middle + reach) / model.spacing_mm).astype(int), 0, model.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    filled = sum((share[box] for share in model.shares.values()), np.zeros(tuple(high - low), np.float32))
    return low, filled >= HALF


def face_areas(solid: NDArray[np.bool_], spacing_mm: float) -> Floats:
    """Area vectors (x, y, z) of the free faces around every node, mm², a quarter of each face to each corner.

    Faces on the rim of the array count as joined to what lies beyond.
    """
    nz, ny, nx = solid.shape
    areas = np.zeros((nz + 1, ny + 1, nx + 1, 3))
    quarter = spacing_mm**2 / 4
    for axis in range(3):
        steps = np.diff(solid.astype(np.int8), axis=axis)  # -1 where bone ends going up: a face that looks up
        inner = [slice(None)] * 3
        inner[axis] = slice(1, -1)
        target = areas[tuple(inner)][..., 2 - axis]
        first, second = (other for other in range(3) if other != axis)
        for a in (0, 1):
            for b in (0, 1):
                place = [slice(None)] * 3
                place[first] = slice(a, a + steps.shape[first])
                place[second] = slice(b, b + steps.shape[second])
                target[tuple(place)] -= quarter * steps
    return areas


def outermost(
    model: HeadModel, solid: NDArray[np.bool_], low: NDArray[np.int64], outward: Floats, distance_mm: Floats
) -> NDArray[np.bool_]:
    """Whether no bone lies further out along the radius: the floor of a cavity is no joint surface."""
    free = np.ones(len(outward), bool)
    steps = np.arange(1.5 * model.spacing_mm, 0.5 * model.hip.head.radius_mm, model.spacing_mm)
    for step in steps:
        points = model.hip.head.center_mm + outward * (distance_mm + step)[:, None]
        index = np.floor((points - model.origin_mm)[:, ::-1] / model.spacing_mm).astype(int) - low
        inside = ((index >= 0) & (index < solid.shape)).all(axis=1)
        free[inside] &= ~solid[tuple(index[inside].T)]
    return free
