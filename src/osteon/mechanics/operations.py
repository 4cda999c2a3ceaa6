"""What does each operation change in the voxels of this bone, and in how they are loaded?

An operation is an edit: some voxels are taken out or made of another material, the head is turned under the joint's
force, or the force is smaller. Geometry comes from the drawing of the operation (`osteon.surgery`); what no drawing
settles is a named setting of `operations.toml`, which the edited model declares.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from osteon.anatomy import Floats
from osteon.mechanics.loads import loads
from osteon.mechanics.model import HALF, HeadModel, Share, put, take_out, turned_into
from osteon.mechanics.shares import share_inside
from osteon.surgery import RotationPlan, SurgicalPlan, Tract
from osteon.surgery.settings import Setting
from osteon.surgery.tracts import reach_before_entry

# What of a lesion an operation clears, fills or repairs; its sclerotic rim stays.
LESION = "necrotic_bone"
# The stem of a replacement ends at least this far above the nodes that are held, which would else carry it.
ABOVE_SUPPORT_MM = 15.0
FILLED: dict[str, tuple[str, ...]] = {"cancellous_graft": ("medullary_bone_graft",), "bone_cement": ()}
OSTEOTOMIES = {
    "anterior rotation": ("rotational_osteotomy_anterior",),
    "posterior rotation": ("rotational_osteotomy_posterior",),
    "curved varus": ("curved_varus_osteotomy",),
}


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """One way to go on with a hip, as a model to be solved.

    Parameters
    ----------
    id, name
        For files, and for people.
    model
        The bone after the edit.
    turn
        How an osteotomy turns the head in the patient, about the head's centre; the force and the socket are turned
        back by it. None where the head stays.
    load_share
        The joint's force as part of that of the untreated hip.
    loaded
        "head" where the joint presses on the sphere of the head, "cut" where it presses on the cut neck.
    loose
        The part of every voxel that lies in a layer which carries no tension, [z, y, x]; None where all is bonded.
    treatments
        Ids of the treatment records that it is a picture of.
    hypothetical
        True for a scenario that assumes the biology worked.
    notes
        What a reader has to know of this option alone.
    """

    id: str
    name: str
    model: HeadModel
    turn: Rotation | None = None
    load_share: float = 1.0
    loaded: Literal["head", "cut"] = "head"
    loose: Share | None = None
    treatments: tuple[str, ...] = ()
    hypothetical: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An operation that cannot be shown in this bone, and why."""

    name: str
    why: str


@cache
def settings() -> dict[str, Setting]:
    """Every entry of `operations.toml` by its name.

    Examples
    --------
    >>> settings()["shell_mm"].value
    3.0
    """
    tables = tomllib.loads(Path(__file__).with_name("operations.toml").read_text(encoding="utf-8"))
    return {name: Setting(name, **table) for name, table in tables.items()}


def operations(model: HeadModel, plan: SurgicalPlan) -> Iterator[Option | LeftOut]:
    """Every operation that can be shown in this bone, and those that cannot, one after another.

    Each is made when it is asked for, because every option holds a bone of its own. The first is the untreated hip.

    Parameters
    ----------
    model
        The untreated bone, with its lesion.
    plan
        The operations drawn on the same hip, in the same LPS millimetres.
    """
    yield Option("untreated", "untreated", model, treatments=("observation",))
    for part in (drilled, struts, cleared, turned, replaced, without_surgery):
        yield from part(model, plan)


# --------------------------------------------------------------------------------------------------------------- tracts


def drilled(model: HeadModel, plan: SurgicalPlan) -> Iterator[Option | LeftOut]:
    """Core decompression by one or several tracts, left empty or filled."""
    if plan.pins.feasible:
        holes = tracts_share(model, plan.pins.tracts)
        name = f"{len(plan.pins.tracts)} small tracts"
        yield Option("small_tracts", name, take_out(model, holes), treatments=("core_decompression_multiple",))
    else:
        yield LeftOut("small tracts", in_the_way(plan.pins.blocked_by))
    if not plan.core.feasible:
        yield LeftOut("core decompression by one tract", in_the_way(plan.core.blocked_by))
        return
    hole = tracts_share(model, plan.core.tracts)
    yield Option("core_tract", "one empty tract", take_out(model, hole), treatments=("core_decompression_single",))
    for material, name in (("cancellous_graft", "tract, cancellous graft"), ("bone_cement", "tract, cement")):
        yield Option(f"core_{material}", name, turned_into(model, material, hole), treatments=FILLED[material])


def struts(model: HeadModel, plan: SurgicalPlan) -> Iterator[Option | LeftOut]:
    """A cortical strut, a fibula with healed and unhealed border, and a tantalum rod grown in and not."""
    if not plan.strut.feasible:
        yield LeftOut("strut or rod", in_the_way(plan.strut.drill.blocked_by))
        return
    (tract,) = plan.strut.drill.tracts
    hole = tract_share(model, tract)
    around = layer(model, tract)
    unhealed = "its border carries no tension"
    yield Option(
        "cortical_strut",
        "cortical strut, healed",
        turned_into(model, "fibula_graft", hole),
        treatments=("structural_bone_graft",),
    )
    fibula = turned_into(turned_into(model, "fibula_graft", hole), "cancellous_graft", canal(model, tract))
    fibula = replace(fibula, settings=(*fibula.settings, told("fibula_wall_mm")))
    yield Option("fibula_healed", "fibular strut, healed", fibula, treatments=("vascularised_fibular_graft",))
    yield Option("fibula_unhealed", "fibular strut, not healed", loose(fibula), loose=around, notes=(unhealed,))
    rod = turned_into(model, "porous_tantalum", hole)
    yield Option("tantalum_ingrown", "tantalum rod, grown in", rod, treatments=("tantalum_rod",))
    yield Option("tantalum_loose", "tantalum rod, not grown in", loose(rod), loose=around, notes=(unhealed,))


def in_the_way(names: tuple[str, ...]) -> str:
    """Why no tract could be drawn."""
    return "No tract keeps its margins; in the way: " + ", ".join(name.replace("_", " ") for name in names) + "."


def tracts_share(model: HeadModel, tracts: tuple[Tract, ...]) -> Share:
    """The part of every voxel that some tracts take."""
    shares = [tract_share(model, tract) for tract in tracts]
    return np.asarray(np.max(shares, axis=0), np.float32)


def tract_share(model: HeadModel, tract: Tract, wider_mm: float = 0.0) -> Share:
    """The part of every voxel that one tract takes, its way through a slanting cortex included."""
    start = tract.entry_mm - reach_before_entry(tract) * tract.direction
    return share_inside(model, rod(start, tract.tip_mm, tract.diameter_mm / 2 + wider_mm))


def canal(model: HeadModel, tract: Tract) -> Share:
    """The part of every voxel within the wall of a fibula that fills a tract."""
    return tract_share(model, tract, wider_mm=-value("fibula_wall_mm"))


def layer(model: HeadModel, tract: Tract) -> Share:
    """The part of every voxel in the layer about a rod: beside it, not at its ends."""
    wider = tract_share(model, tract, wider_mm=value("loose_layer_voxels") * model.spacing_mm)
    return np.asarray(wider - tract_share(model, tract), np.float32) * model.filled


def loose(model: HeadModel) -> HeadModel:
    """The model with the choices about loose layers declared."""
    return replace(model, settings=(*model.settings, told("loose_layer_voxels"), told("loose_shear")))


# ------------------------------------------------------------------------------------------- the lesion cleared or kept


def cleared(model: HeadModel, _plan: SurgicalPlan) -> Iterator[Option | LeftOut]:
    """The lesion come loose, or cleared and filled: with cement, and with bone of a pedicle, which heals or not."""
    if LESION not in model.shares:
        yield LeftOut("clearing and filling the lesion", "No lesion is marked.")
        return
    note = "the lesion's border carries no tension, as under a crescent sign"
    yield Option("lesion_loose", "untreated, lesion loose", loose(model), loose=border(model), notes=(note,))
    filled = remade(model, "cancellous_graft", LESION)
    yield Option("lesion_cement", "lesion cleared, cement", remade(model, "bone_cement", LESION))
    yield Option("pedicle_unhealed", "pedicle graft, not healed", filled, treatments=("muscle_pedicle_graft",))
    healed = remade(model, "bone", LESION)
    yield Option("pedicle_healed", "pedicle graft, healed", healed, hypothetical=True, notes=("assumes new bone",))


def border(model: HeadModel) -> Share:
    """The part of every voxel in the layer about the lesion: the voxels beside it that are filled."""
    dead = model.share(LESION) >= HALF
    beside = ndimage.binary_dilation(dead) & ~dead & (model.filled >= HALF)
    return np.asarray(beside, np.float32)


def remade(model: HeadModel, into: str, *materials: str) -> HeadModel:
    """The model with all of some materials made of another one, wherever they are.

    Examples
    --------
    >>> shares = {"bone": np.full((1, 1, 1), 0.25), "necrotic_bone": np.full((1, 1, 1), 0.5)}
    >>> model = HeadModel(None, np.zeros(3), 1.0, shares, np.ones((1, 1, 1)), None, np.zeros((2, 2, 2), bool))
    >>> {name: share.item() for name, share in remade(model, "bone", "necrotic_bone").shares.items()}
    {'bone': 0.75}
    """
    kept = {name: share for name, share in model.shares.items() if name not in (into, *materials)}
    return replace(model, shares={**kept, into: model.share(into, *materials)})


def without_surgery(model: HeadModel, plan: SurgicalPlan) -> Iterator[Option | LeftOut]:
    """Less weight, and bone that drugs or cells have repaired, as scenarios."""
    relief = loads()["relief"]
    light = replace(model, sources=(*model.sources, relief["cane"]["source"], relief["crutches"]["source"]))
    notes = ("strains and stresses fall as the force does", relief["crutches"]["text"])
    treatments = ("restricted_weight_bearing",)
    yield Option("one_cane", "one cane", light, load_share=relief["cane"]["part"], treatments=treatments, notes=notes)
    if LESION not in model.shares:
        return
    drug = remade(model, "repaired_bone", LESION)
    yield Option(
        "drug_repaired",
        "repair by bisphosphonate",
        drug,
        treatments=("alendronate", "zoledronate"),
        hypothetical=True,
    )
    if plan.core.feasible:
        both = take_out(drug, tracts_share(model, plan.core.tracts))
        name = "one tract, cells repair"
        yield Option(
            "cells_repaired",
            name,
            both,
            treatments=("marrow_concentrate_decompression", "cultured_msc_decompression"),
            hypothetical=True,
        )


# ---------------------------------------------------------------------------------------------------------- osteotomies


def turned(model: HeadModel, plan: SurgicalPlan) -> Iterator[Option | LeftOut]:
    """The head turned to where most sound surface comes under load."""
    if not plan.rotations:
        yield LeftOut("osteotomies", "The weight-bearing part of the acetabulum is not known.")
    for each in plan.rotations:
        yield osteotomy(model, each)


def osteotomy(model: HeadModel, plan: RotationPlan, angle_deg: float | None = None) -> Option | LeftOut:
    """One osteotomy by an angle, that of the largest intact ratio where none is given.

    The bone stays in place and force and socket are turned back about the head's centre. So the head is loaded as it
    will be; the neck below the cut is not, and nothing is said of it.
    """
    angle = plan.best_angle_deg if angle_deg is None else angle_deg
    if angle == 0.0:
        return LeftOut(plan.kind, "No angle brings more sound surface under load.")
    name = f"{plan.kind} {angle:g} deg"
    turn = Rotation.from_rotvec(np.radians(angle) * plan.axis)
    note = "the neck is not judged: the cut is not in the model"
    return Option(plan.kind.replace(" ", "_"), name, model, turn=turn, treatments=OSTEOTOMIES[plan.kind], notes=(note,))


# ---------------------------------------------------------------------------------- resurfacing, replacement, resection


def replaced(model: HeadModel, plan: SurgicalPlan) -> Iterator[Option | LeftOut]:
    """A resurfacing, a stemmed replacement (hemi and total load the femur alike), and a resection."""
    yield resurfacing(model)
    yield resection(model)
    yield stemmed(model, plan)


def resurfacing(model: HeadModel, tilt_deg: float = 0.0) -> Option:
    """A metal shell on the head with a short stem down the neck.

    Parameters
    ----------
    tilt_deg
        The implant's axis from that of the neck in the frontal plane: above 0 valgus, below 0 varus.
    """
    head, axis = model.hip.head, tilted(model, tilt_deg)
    rim = value("shell_rim_radii") * head.radius_mm

    def shell(points: Floats) -> Floats:
        away = points - head.center_mm
        depth = np.abs(np.linalg.norm(away, axis=1) - (head.radius_mm - value("shell_mm") / 2)) - value("shell_mm") / 2
        return np.asarray(np.maximum(depth, away @ axis - rim))

    end = head.center_mm + value("shell_stem_radii") * head.radius_mm * axis
    top = head.center_mm - (head.radius_mm - value("shell_mm")) * axis
    stem = share_inside(model, rod(top, end, value("shell_stem_mm") / 2))
    metal = np.maximum(share_inside(model, shell), stem)
    names = ("shell_mm", "shell_rim_radii", "shell_stem_mm", "shell_stem_radii")
    made = put(trimmed(model, axis, rim), "cobalt_chromium", metal)
    made = replace(made, settings=(*made.settings, *map(told, names)))
    return Option("resurfacing", "resurfacing", made, treatments=("resurfacing", "hemiresurfacing"))


def tilted(model: HeadModel, tilt_deg: float) -> Floats:
    """The neck's axis turned in the frontal plane, towards the shaft for valgus."""
    front = np.cross(model.hip.lateral, [0.0, 0.0, 1.0])
    # About the axis that runs forwards on the left: turning lateral towards down is valgus of the implant.
    return np.asarray(Rotation.from_rotvec(-np.radians(tilt_deg) * front).apply(model.hip.neck_axis))


def trimmed(model: HeadModel, axis: Floats, rim_mm: float) -> HeadModel:
    """The bone without what stands out of the shell's sphere above its rim: the head is reamed to size."""
    head = model.hip.head

    def outside(points: Floats) -> Floats:
        away = points - head.center_mm
        return np.asarray(np.maximum(head.radius_mm - np.linalg.norm(away, axis=1), away @ axis - rim_mm))

    return take_out(model, share_inside(model, outside))


def resection(model: HeadModel) -> Option:
    """Head and neck removed; the force is put on the cut neck."""
    made = replace(cut(model), settings=(*model.settings, told("neck_cut_radii")))
    note = "the whole force is put on the cut neck; what a resected hip truly carries is not known"
    treatments = ("hip_resection_arthroplasty",)
    return Option("resection", "resection of the head", made, loaded="cut", treatments=treatments, notes=(note,))


def stemmed(model: HeadModel, plan: SurgicalPlan) -> Option | LeftOut:
    """A metal ball on a stem down the shaft, in the bone without its head and neck."""
    marks, down = plan.landmarks, model.hip.shaft_axis
    name = "hemi- or total replacement"
    if marks.shaft_point_mm is None or marks.lesser_trochanter_mm is None or down is None:
        return LeftOut(name, "The shaft is not in view, so no stem can be drawn.")
    head = model.hip.head
    level = marks.shaft_point_mm + ((head.center_mm - marks.shaft_point_mm) @ down) * down
    shoulder = level + head.radius_mm * down
    support = ((model.nodes_mm(np.argwhere(model.fixed)) - level) @ down).min() - ABOVE_SUPPORT_MM
    below = min((marks.lesser_trochanter_mm - level) @ down + value("stem_below_trochanter_mm"), support)
    parts: tuple[Callable[[Floats], Floats], ...] = (
        rod(shoulder, level + below * down, value("stem_mm") / 2),
        rod(head.center_mm, shoulder, value("prosthesis_neck_mm") / 2),
    )
    metal = np.max([share_inside(model, each) for each in parts], axis=0)
    ball = share_inside(model, lambda points: np.linalg.norm(points - head.center_mm, axis=1) - head.radius_mm)
    made = put(put(cut(model), "titanium_alloy", metal), "cobalt_chromium", ball)
    names = ("neck_cut_radii", "stem_mm", "stem_below_trochanter_mm", "prosthesis_neck_mm")
    made = replace(made, settings=(*made.settings, *map(told, names)))
    return Option("replacement", name, made, treatments=("total_hip_arthroplasty", "hemiarthroplasty"))


def cut(model: HeadModel) -> HeadModel:
    """The bone without head and neck."""
    head, axis = model.hip.head, model.hip.neck_axis
    at = value("neck_cut_radii") * head.radius_mm

    def removed(points: Floats) -> Floats:
        away = points - head.center_mm
        # The tip of a high trochanter also lies above the plane of the cut: it is further from the neck's line.
        aside = np.linalg.norm(away - (away @ axis)[:, None] * axis, axis=1) - 1.1 * head.radius_mm
        return np.asarray(np.maximum(away @ axis - at, aside))

    return take_out(model, share_inside(model, removed))


# --------------------------------------------------------------------------------------------------------------- shapes


def rod(start: Floats, end: Floats, radius_mm: float) -> Callable[[Floats], Floats]:
    """The signed distance to a flat-ended cylinder, LPS mm, below 0 inside; beside its edges a lower bound.

    Examples
    --------
    >>> inside = rod(np.zeros(3), np.array([0.0, 0.0, 9.0]), 2.0)
    >>> inside(np.array([[0.0, 0.0, 4.0], [5.0, 0.0, 4.0], [0.0, 0.0, 10.0]])).tolist()
    [-2.0, 3.0, 1.0]
    """
    length = float(np.linalg.norm(end - start))
    along = (end - start) / length

    def signed(points: Floats) -> Floats:
        offset = points - start
        t = offset @ along
        aside = np.linalg.norm(offset - t[:, None] * along, axis=1)
        return np.asarray(np.maximum(np.maximum(-t, t - length), aside - radius_mm))

    return signed


def value(name: str) -> float:
    """The number of a setting."""
    return float(settings()[name].value or 0.0)


def told(name: str) -> str:
    """A setting as results declare it; "" where a source settles it."""
    entry = settings()[name]
    return "" if entry.source else f"{entry.text} ({entry.value:g} {entry.unit})".replace(" )", ")")
