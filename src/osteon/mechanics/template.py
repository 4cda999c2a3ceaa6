"""Which femur and which lesion stand for a patient of whom only findings are known, not images?

The femur is the mean of a statistical shape model of 26 people (see `osteon.phantom`), or another that is drawn from
it, mirrored for the right side.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from osteon.anatomy import Floats, Hip, Side, Volume, shaft_axis
from osteon.case import Findings
from osteon.errors import Fault, InputError
from osteon.knowledge import knowledge
from osteon.mechanics.bone import bone_field, force_line, model_of_field, named, setting, usual_cover, wrong_voxels
from osteon.mechanics.model import HALF, HeadModel, declared
from osteon.phantom.recipe import Recipe
from osteon.phantom.shape import bones_of
from osteon.phantom.voxels import HEAD_END_RADII, VOXEL_MM, voxelised
from osteon.staging import stage

# The part of the mean femur that is drawn: 3 cm past the model's lower end, for the shaft's axis.
BELOW_RADII = 5.5
# A seed also says where the bone lies on the grid of voxels, which moves results by a percent or two at 2 mm.
MEAN_SEED = 1
MEAN_FEMUR = "The femur is a template: the mean of a shape model of 26 people, not this patient's."
DRAWN_FEMUR = "The femur is a template: number {femur} drawn from a shape model of 26 people, not this patient's."


def template_model(
    side: Side,
    *,
    voxel_mm: float = 1.0,
    lesion_percent: float = 0.0,
    lesion_axis: Floats | None = None,
    centre_edge_deg: float | None = None,
    femur: int = 0,
) -> HeadModel:
    """The template femur as a model, with or without a lesion.

    Parameters
    ----------
    side
        "left" or "right"; the right one is the left one's mirror image.
    voxel_mm
        0.2 to 3.
    lesion_percent
        0 to 95: volume of the lesion in percent of the head above the plane 0.55 radius past its centre.
    lesion_axis
        Unit vector in LPS from the head's centre through the middle of the lesion; see `axis_reaching`. The
        direction that walking's force comes from where not given.
    centre_edge_deg
        Lateral centre-edge angle of the socket, -30 to 90; 32.5 where not known.
    femur
        0 for the mean of the shape model; any other number draws a femur from it, always the same for that number.

    Examples
    --------
    >>> model = template_model("left", voxel_mm=3.0, lesion_percent=20)
    >>> sorted(model.shares)
    ['bone', 'cortical_bone', 'necrotic_bone', 'sclerotic_bone', 'subchondral_plate']
    """
    faults = wrong_voxels(voxel_mm)
    if not 0 <= lesion_percent <= 95:
        faults.append(Fault("lesion_percent", f"is {lesion_percent:g}; it must be 0 to 95."))
    if femur < 0:
        faults.append(
            Fault("femur", f"is {femur}; it must be 0 for the mean, or more for a femur drawn from the model.")
        )
    if faults:
        raise InputError("template", faults)
    hip, mask = template_femur(side, femur)
    lesion = None
    if lesion_percent > 0:
        axis = -force_line(hip) if lesion_axis is None else np.asarray(lesion_axis, float)
        lesion = lesion_cap(hip, mask, lesion_percent, axis / np.linalg.norm(axis))
    cover = usual_cover(hip, centre_edge_deg)
    model = model_of_field(hip, template_field(side, femur), lesion, voxel_mm=voxel_mm, cover=cover)
    edge = () if centre_edge_deg is not None else ("centre_edge_deg",)
    more = named("socket_half_angle_deg", "socket_anteversion_deg", *edge, *(["cap_direction"] if lesion else []))
    sources = ("ashwell2016",) if edge else ()
    return replace(
        model,
        settings=declared((DRAWN_FEMUR.format(femur=femur) if femur else MEAN_FEMUR,), *model.settings, *more),
        sources=declared(model.sources, *sources),
    )


@cache
def template_femur(side: Side, femur: int = 0) -> tuple[Hip, Volume]:
    """The hip and the mask (0.5 mm) of a template's proximal femur, in LPS with the head's centre at the origin."""
    bones = bones_of(Recipe(seed=femur or MEAN_SEED, side=side, shape_sd=1.0 if femur else 0.0, pose_deg=0.0))
    radius = bones.head.radius_mm
    lateral, medial = 2.8 * radius, 1.2 * radius
    low = np.array([-medial, -1.6 * radius, -BELOW_RADII * radius])
    high = np.array([lateral, 2.2 * radius, 1.2 * radius])
    if side == "right":
        low[0], high[0] = -lateral, medial
    affine = np.diag([VOXEL_MM, VOXEL_MM, VOXEL_MM, 1.0])
    affine[:3, 3] = np.round((bones.head.center_mm + low) / VOXEL_MM) * VOXEL_MM
    count = np.ceil((high - low) / VOXEL_MM).astype(int)
    grid = Volume(np.zeros(tuple(count), np.float32), affine)
    mask = voxelised(bones.femur, grid)
    affine = affine.copy()
    affine[:3, 3] -= bones.head.center_mm
    drawn, head = Volume(mask, affine), replace(bones.head, center_mm=np.zeros(3))
    return Hip(side, head, bones.neck_axis, shaft_axis(drawn, head, bones.neck_axis)), drawn


@cache
def template_field(side: Side, femur: int = 0) -> Volume:
    """The smooth field of a template's femur."""
    return bone_field(*template_femur(side, femur))


def lesion_cap(hip: Hip, femur: Volume, percent: float, axis: Floats) -> Volume:
    """The part of the head farthest along an axis, with a flat base, that holds a percentage of its volume."""
    places = femur.to_mm(np.argwhere(femur.array))
    offset = places - hip.head.center_mm
    head = (offset @ hip.neck_axis < HEAD_END_RADII * hip.head.radius_mm) & (
        np.linalg.norm(offset, axis=1) < 1.2 * hip.head.radius_mm
    )
    height = offset[head] @ axis
    base = np.quantile(height, 1 - percent / 100)
    mask = np.zeros(femur.shape, bool)
    mask[tuple(np.argwhere(femur.array)[head][height >= base].T)] = True
    return femur.with_array(mask)


def template_of_findings(findings: Findings, side: Side, *, voxel_mm: float = 1.0, femur: int = 0) -> HeadModel:
    """The template femur with the lesion and the socket that a joint's findings tell of.

    Parameters
    ----------
    findings
        Of one hip. The lesion's size is read from `lesion_fraction_percent`, from volumes, from the Kerboul angles or,
        failing these, from the JIC type; its place from `weight_bearing_fraction_percent` or the type, and where both
        are unknown it lies where walking's force enters. The socket's edge is `centre_edge_angle_deg`.

    Raises
    ------
    InputError
        Where nothing tells how large the lesion is.
    """
    edge = number(findings, "centre_edge_angle_deg")
    arc = weight_bearing_arc(edge)
    type_ = jic_type(findings)
    end = lateral_end(findings, type_)
    percent, words = size_of(findings, type_, end, arc)
    hip, _ = template_femur(side, femur)
    axis = -force_line(hip) if end is None else axis_reaching(hip, percent, arc[0] + end * (arc[1] - arc[0]))
    model = template_model(
        side, voxel_mm=voxel_mm, lesion_percent=percent, lesion_axis=axis, centre_edge_deg=edge, femur=femur
    )
    told = [] if end is None else [table()["teardrop"]["text"]]
    told += [table()["beyond_edge"]["text"]] if type_ == "C2" else []
    sources = () if end is None else (table()["jic_lateral_end"]["source"],)
    return replace(model, settings=declared(model.settings, words, *told), sources=declared(model.sources, *sources))


@cache
def table() -> dict[str, Any]:
    """The tables of `template.toml`."""
    return tomllib.loads(Path(__file__).with_name("template.toml").read_text(encoding="utf-8"))


def number(findings: Findings, name: str) -> float | None:
    """A quantity that is known as one number; None where it is unknown or only a range."""
    value = findings[name].value if name in findings else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def jic_type(findings: Findings) -> str:
    """The JIC type, where the findings leave one; "" otherwise."""
    staged = stage(findings, knowledge().staging["jic_type_2002"])
    return staged.possible[0] if staged.decided and staged.possible[0] in ("A", "B", "C1", "C2") else ""


def weight_bearing_arc(centre_edge_deg: float | None) -> tuple[float, float]:
    """Medial and lateral end of the weight-bearing arc on the mid-coronal plane, degrees, 0 up, positive lateral.

    The construction of the JIC criteria with edge and teardrop on one circle: the medial end is their mean.

    Examples
    --------
    >>> weight_bearing_arc(35.0)
    (-40.0, 35.0)
    """
    edge = setting("centre_edge_deg") if centre_edge_deg is None else centre_edge_deg
    return (edge + table()["teardrop"]["deg"]) / 2, edge


def lateral_end(findings: Findings, type_: str) -> float | None:
    """How far along the weight-bearing arc the lesion reaches, 0 its medial end and 1 the edge; None where unknown."""
    share = number(findings, "weight_bearing_fraction_percent")
    if type_ == "C2":
        return float(table()["beyond_edge"]["part"])
    if share is not None:
        return share / 100
    return float(table()["jic_lateral_end"][type_]) if type_ else None


def size_of(findings: Findings, type_: str, end: float | None, arc: tuple[float, float]) -> tuple[float, str]:
    """The lesion's volume in percent of the head, and in words where it is from."""
    percent = number(findings, "lesion_fraction_percent")
    lesion, head = number(findings, "lesion_volume_ml"), number(findings, "head_volume_ml")
    angles = [number(findings, name) for name in ("kerboul_coronal_deg", "kerboul_sagittal_deg")]
    both = number(findings, "modified_kerboul_deg")
    if both is None and None not in angles:
        both = sum(angle for angle in angles if angle is not None)
    words = table()["size"]
    if percent is None and lesion is not None and head:
        percent = 100 * lesion / head
    if percent is not None:
        return percent, words["fraction"].format(percent=percent)
    if both is not None:
        percent = cap_percent(np.radians(both) / 4)
        return percent, words["angles"].format(percent=percent)
    if end is None:
        raise InputError("template", [Fault("lesion", NO_SIZE)])
    percent = cap_percent(np.radians(end * (arc[1] - arc[0])) / 2)
    return percent, words["type"].format(percent=percent, jic=type_ or "or part of the arc")


NO_SIZE = (
    "its size is not known. Give lesion_fraction_percent, the volumes of lesion and head, the modified Kerboul angle, "
    "or what decides the JIC type."
)


def axis_reaching(hip: Hip, percent: float, end_deg: float) -> Floats:
    """Axis of a cap of a given volume whose lateral end lies in a direction of the mid-coronal plane, LPS unit vector.

    Its turn forward is that of the joint's force.

    Examples
    --------
    >>> from osteon.anatomy import Sphere
    >>> left = Hip("left", Sphere(np.zeros(3), 24.0, 0.3, 80.0), np.array([1.0, 0, 0]))
    >>> bool(axis_reaching(left, 15, 40.0)[0] > axis_reaching(left, 15, -15.0)[0])
    True
    """
    anterior = np.array([0.0, -1.0, 0.0])
    forward = np.arcsin(-force_line(hip) @ anterior)
    middle = np.radians(end_deg) - cap_half_angle(percent)
    flat = np.cos(middle) * np.array([0.0, 0.0, 1.0]) + np.sin(middle) * hip.lateral
    return np.asarray(np.cos(forward) * flat + np.sin(forward) * anterior)


def cap_percent(half_angle: float) -> float:
    """Percent of a sphere's volume in a cap of half angle t (radians): with h = 1 - cos t, 100 h² (3 - h) / 4.

    Examples
    --------
    >>> cap_percent(np.pi / 2)
    50.0
    """
    height = 1 - np.cos(half_angle)
    return float(np.round(100 * height**2 * (3 - height) / 4, 9))


def cap_half_angle(percent: float) -> float:
    """Half the angle, in radians, that a cap holding a percentage of a sphere's volume subtends at its centre."""
    angles = np.linspace(0, np.pi, 721)
    return float(np.interp(percent, [cap_percent(angle) for angle in angles], angles))


def lesion_share(model: HeadModel) -> float:
    """Necrotic bone of a model in percent of its head above the plane 0.55 radius past the centre.

    Less than the lesion that was asked for, by the subchondral plate over it.
    """
    x, y, z = (axis - middle for axis, middle in zip(model.centres_mm(), model.hip.head.center_mm, strict=True))
    axis, radius = model.hip.neck_axis, model.hip.head.radius_mm
    head = (x * axis[0] + y * axis[1] + z * axis[2] < HEAD_END_RADII * radius) & (
        x**2 + y**2 + z**2 < (1.2 * radius) ** 2
    )
    filled = model.filled
    return float(100 * model.share("necrotic_bone")[head].sum() / filled[head & (filled >= HALF)].sum())
