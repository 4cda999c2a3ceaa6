"""Published simulations of what a lesion does to a head by its size, its place and its stiffness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tables import (
    SIDE,
    VOXEL_MM,
    Row,
    Table,
    effective,
    force,
    head,
    indices,
    listed,
    moves,
    rising,
    solved,
    upper,
)

from osteon.anatomy.region import HEAD_PLANE_RADII, HEAD_REACH_RADII
from osteon.mechanics import HeadModel, Materials, put, share_inside
from osteon.mechanics.bone import model_of_field
from osteon.mechanics.compare import shown_by
from osteon.mechanics.damage import collapse
from osteon.mechanics.operations import LESION, Option, remade, rod
from osteon.mechanics.risk import directions, offsets, regions_of
from osteon.mechanics.solved import Solved, solve_option
from osteon.mechanics.template import axis_reaching, cap_percent, template_femur, template_field, weight_bearing_arc


def yang_2002() -> Table:
    """P1: the stress index by the necrotic angle."""
    angles = (80, 90, 100, 110, 120, 140)
    models = [head(cap_percent(np.radians(each / 2))) for each in angles]
    found = [solved(each) for each in models]
    index = [indices(each)["head_index"] or 0.0 for each in found]
    lesion = [indices(each)["lesion_index"] or 0.0 for each in found]
    sound = indices(solved(head()))["head_index"] or 0.0
    passes = float(np.interp(0.1, lesion, angles))
    deep, shallow = by_depth(found[-1])
    return Table(
        "P1",
        "Yang 2002, Arch Orthop Trauma Surg 122:88, doi 10.1007/s004020100324",
        f"lesion: cap about the direction of the force, necrotic angle {listed(angles)} degrees; 95th percentile",
        (
            Row("index of the healthy head", "0.1 or less", f"{sound:.3f}", sound <= 0.1),
            Row(
                "index in the lesion by angle",
                "rises with the angle",
                listed(lesion),
                rising(lesion),
            ),
            Row("angle at which it passes 0.1, degrees", "110", f"{passes:.0f}", abs(passes - 110) <= 10),
            Row("index of the head by angle", "rises with the angle", listed(index), index[-1] > index[0]),
            Row(
                "where it is highest at 140 degrees",
                "subchondral, and deep next to the interface (fracture of specimens: deep 19, subchondral 7)",
                f"deep half of the lesion {deep:.3f}, under the surface {shallow:.3f}",
                deep > shallow,
            ),
        ),
        "Absolute indices depend on the laws of stiffness and strength, which differ by a factor of two and more; "
        "the paper's laws were not read, and its limit of 0.1 belongs to them. A cap with a flat base gets thicker "
        "as it gets wider; the paper's segment was not described in the abstract.",
    )


def by_depth(made: Solved) -> tuple[float, float]:
    """The stress index of the lesion's half next to the interface and of the half under the surface."""
    model, regions = made.option.model, regions_of(made.option.model)
    shown = shown_by(made)
    height = -offsets(model) @ (made.force_n / np.linalg.norm(made.force_n))
    middle = np.median(height[regions.lesion])
    deep, shallow = regions.lesion & (height < middle), regions.lesion & (height >= middle)
    return upper(shown.stress_index, deep, 95), upper(shown.stress_index, shallow, 95)


def pillars_2021() -> Table:
    """P4: where stress goes with a medial and with a lateral lesion."""
    hip, _ = template_femur(SIDE)
    arc = weight_bearing_arc(None)
    found = {}
    for name, part in (("B", 2 / 3), ("C2", 1.1)):
        model = head(20, axis_reaching(hip, 20, arc[0] + part * (arc[1] - arc[0])))
        found[name] = pillar_indices(solved(model))
    told = {name: ", ".join(f"{key} {each:.3f}" for key, each in pillar.items()) for name, pillar in found.items()}
    part = {name: pillar["lateral"] / pillar["medial"] for name, pillar in found.items()}
    highest = max(found["C2"], key=lambda name: found["C2"][name])
    rows = [
        Row("index by pillar, medial lesion (type B)", "non-collapsed: spread", told["B"], None),
        Row("index by pillar, lateral lesion (type C2)", "collapsed: more on the lateral pillar", told["C2"], None),
        Row(
            "lateral over medial: medial, lateral lesion",
            "higher where the head collapsed",
            f"{part['B']:.2f}, {part['C2']:.2f}",
            part["C2"] > part["B"],
        ),
        Row("highest pillar, lateral lesion", "lateral", highest, highest == "lateral"),
    ]
    return Table(
        "P4",
        "lateral pillar cohort, J Orthop Surg Res 2021 16:728, doi 10.1186/s13018-021-02875-8",
        "one-legged stance; lesion of 20 % of the head of type B or C2; 95th percentile of the stress index in the "
        "upper half of the head, thirds of its width by 30, 40 and 30 %",
        rows,
        "The paper compares 32 patients, whose lesions are not printed; here lesions of one size lie in two places.",
    )


def pillar_indices(made: Solved) -> dict[str, float]:
    """The stress index of each pillar of the upper half of the head."""
    model = made.option.model
    shown = shown_by(made)
    aside = offsets(model) @ model.hip.lateral / model.hip.head.radius_mm
    upper_half = regions_of(model).head & (directions(model)[..., 2] > 0) & np.isfinite(shown.stress_index)
    cuts = {"medial": (-9, -0.4), "central": (-0.4, 0.4), "lateral": (0.4, 9)}
    return {
        name: upper(shown.stress_index, upper_half & (aside >= low) & (aside < high), 95)
        for name, (low, high) in cuts.items()
    }


def volokh() -> Table:
    """P5: softer cancellous bone under the plate, and reinforcement at several depths."""
    parts = (0.7, 0.4, 0.25, 0.1)
    model = head(25)
    loads = [gives_way(model, necrotic(each)) for each in parts]
    depths = (1.5, 4.5, 7.5)
    strains = [plate_strain(reinforced(model, depth), necrotic(0.1)) for depth in depths]
    sinks = [sinking(reinforced(model, depth), necrotic(0.1)) for depth in depths]
    bare, sunk = plate_strain(model, necrotic(0.1)), sinking(model, necrotic(0.1))
    return Table(
        "P5",
        "Volokh et al., Prediction of femoral head collapse in osteonecrosis",
        "lesion of 25 % about the force with 0.7, 0.4, 0.25, 0.1 of healthy stiffness and healthy strength; load of"
        " collapse by progressive damage, times one-legged stance. Reinforcement: a disc of cement of 3 mm and 9 mm"
        " radius in the lesion of 0.1, its upper side 1.5, 4.5, 7.5 mm under the plate",
        (
            Row(
                "load of collapse by stiffness", "falls with the cancellous modulus", listed(loads), rising(loads[::-1])
            ),
            Row(
                "strain of the plate above the disc, over that without, by depth",
                "reinforcement works best close to the shell",
                listed([each / bare for each in strains]),
                rising(strains),
            ),
            Row(
                "sinking of the surface above the disc, over that without, by depth",
                "the same",
                listed([each / sunk for each in sinks]),
                rising(sinks),
            ),
        ),
        "The paper's shell buckles; here displacements are small and bone breaks, so the load of collapse stands "
        "for the critical pressure. Perhaps a disc close to the plate spares the plate, and a deeper one more of "
        "the soft lesion, so the surface as a whole sinks less.",
    )


def necrotic(part: float) -> Materials:
    """A lesion of a part of the healthy stiffness."""
    return Materials(modulus_factor={LESION: part})


def gives_way(model: HeadModel, materials: Materials) -> float:
    """The multiple of one-legged stance at which the head collapses."""
    made = solve_option(Option("x", "x", model), force(), materials)
    found = collapse(model, made.elastic, made.nodal_n, tolerance=1e-4)
    return found.multiple or float("inf")


def reinforced(model: HeadModel, depth_mm: float) -> HeadModel:
    """A disc of cement across the force, its upper side this deep under the subchondral plate."""
    down = force().force_n / np.linalg.norm(force().force_n)
    top = model.hip.head.center_mm - (model.hip.head.radius_mm - 1.0 - depth_mm) * down
    return put(model, "bone_cement", share_inside(model, rod(top, top + 3.0 * down, 9.0)))


def sinking(model: HeadModel, materials: Materials) -> float:
    """How far the middle of the loaded surface sinks against bone 8 mm below the head's centre, mm."""
    made = solve_option(Option("x", "x", model), force(), materials)
    down = made.force_n / np.linalg.norm(made.force_n)
    over = (offsets(model) @ -down > 0.85 * model.hip.head.radius_mm) & (model.filled > 0.5)
    nodes = np.unique((np.argwhere(over)[:, None] + np.argwhere(np.ones((2, 2, 2)))).reshape(-1, 3), axis=0)
    below = np.round((model.hip.head.center_mm + 8 * down - model.origin_mm)[::-1] / model.spacing_mm).astype(int)
    moved = made.solution.displacement_mm
    return float((moved[tuple(nodes.T)] @ down).mean() - moved[tuple(below)] @ down)


def plate_strain(model: HeadModel, materials: Materials) -> float:
    """The strain index of the subchondral plate about the direction of the force: its 95th percentile."""
    made = solve_option(Option("x", "x", model), force(), materials)
    shown = shown_by(made)
    down = made.force_n / np.linalg.norm(made.force_n)
    plate = (model.share("subchondral_plate") > 0.2) & (directions(model) @ down < -np.cos(np.radians(25)))
    return upper(shown.strain_index, plate, 95)


def brown_1983() -> Table:
    """P6: what a softer lesion does to the load it carries and to that of the bone around it."""
    parts = (0.7, 0.4, 0.25, 0.1)
    rows = []
    for percent in (10, 25):
        model = head(percent)
        regions = regions_of(model)
        sound = indices(solved(remade(model, "bone", LESION, "sclerotic_bone")), regions)["lesion_load"] or 0.0
        softer = [indices(solved(model, necrotic(each)), regions)["lesion_load"] or 0.0 for each in parts]
        inside = [each / sound for each in softer]
        beside = [(100 - each) / (100 - sound) for each in softer]
        held = all(stress_ > part for stress_, part in zip(inside, parts, strict=True))
        rows += [
            Row(
                f"stress in a lesion of {percent} % over healthy",
                "falls, and less than the lesion's strength",
                listed(inside),
                held and rising(inside[::-1]),
            ),
            Row(
                f"stress around a lesion of {percent} % over healthy",
                "the stiffer surround takes the load",
                listed(beside),
                rising(beside),
            ),
        ]
    return Table(
        "P6",
        "Pre-collapse stress redistributions, J Biomech Eng 105(2):171",
        "one-legged stance; lesion of 10 and 25 % about the force with 0.7, 0.4, 0.25, 0.1 of healthy stiffness and"
        " strength; normal stress along the force, in the lesion and in all other bone of the head at its level, "
        "over that of the healthy head at the same places",
        rows,
        "A cap about the force carries most of the load whatever its stiffness, for the pressure on the surface is "
        "given; that leaves little to take over, and it is taken over beside the lesion, not below: within one "
        "voxel all about it the mean stress did not rise at 10 % (0.999 to 1.00) and rose to 1.02 at 25 %. The "
        "paper's lesions were not read.",
    )


def cjfh_2020() -> Table:
    """P10: displacement and stress by the CJFH type of the lesion."""
    rows = []
    for what, printed, found in by_type():
        said = f"{listed(printed, 4)} (over M: {over_first(printed)})"
        rows += [
            Row(f"{what}: M least, L3 most", said, f"{listed(found)} (over M: {over_first(found)})", outer(found)),
            Row(
                f"{what}: L2 over the larger of C and L1",
                f"{beyond(printed):.2f}",
                f"{beyond(found):.2f}",
                beyond(found) > 1,
            ),
        ]
    return Table(
        "P10",
        "Wen 2020, BMC Musculoskelet Disord, doi 10.1186/s12891-020-03242-0 (figures of the abstract)",
        "one-legged stance; lesions of type M, C, L1, L2, L3 in this order, each a part of the upper half of the head "
        "by thirds of its width (30, 40, 30 %): the medial pillar; medial and central; these and half of the lateral; "
        "half of the central and the lateral; all. Displacement: mean of its size; stress: 98th percentile of the "
        "effective one, index: 95th",
        rows,
        P10_REMARK,
    )


P10_REMARK = (
    "The abstract was read but for one figure, the lateral pillar's displacement with L3; that displacements "
    "increase in the order of the types was read. Methods were not: depth of the lesions, materials, load and "
    "where displacement and stress are taken are choices here. L2 is missed throughout. By its definition (all "
    "of the lateral pillar, part of the central one) it is here about half as large as L1, and on the template "
    "size decides; in the paper L2 is like L3 that holds the whole head. Why the two disagree is not found. "
    "Tried as well, L2 below the larger of C and L1 in each: the force straight down or 9 degrees from lateral, "
    "walking's force, a lesion of 0.1 of healthy stiffness, the plate over the lesion dead too, the 98th "
    "percentile and the largest of the displacements. Only with the force from 25 degrees lateral did the "
    "stress index of L2 pass those of C and L1 (ratio 1.12), nothing else; and where L2 took the whole central "
    "pillar, which is not its definition, all but the lesion's displacement passed. The fall of stress is 4 to "
    "12 % of the printed one and not in its order, probably because the joint's pressure is given on the "
    "template, so that a lesion goes on carrying most of its load (see P6). The printed falls of C to L3 exceed "
    "the whole stress of that place in the healthy head here (1.9 to 2.9 MPa), so they are probably those of a "
    "cortical shell: an earlier abstract of the same first author prints peaks of 6.41 MPa in cortical and 0.49 "
    "MPa in cancellous bone of a healthy head (Chin Med J 2017, 130:2569)."
)


def by_type() -> list[tuple[str, Sequence[float], Sequence[float]]]:
    """What is compared, the printed figures of M, C, L1, L2 and L3, and the computed ones."""
    models = [head_with(*each) for each in PILLARS.values()]
    lesions = [regions_of(each).lesion for each in models]
    sound, made = solved(head()), [solved(each) for each in models]
    lateral, healthy = lateral_contact(sound.option.model), effective(sound)
    pairs = list(zip(made, lesions, strict=True))
    sinks = [further(each, sound, lesion) for each, lesion in pairs]
    falls = [upper(healthy, lesion) - upper(effective(each), lesion) for each, lesion in pairs]
    index = [indices(each)["lesion_index"] or 0.0 for each in made]
    beside = [further(each, sound, lateral) for each in made]
    return [
        ("displacement of the lesion beyond healthy, um", (3.75, 8.24, 8.47, 18.42, 20.44), sinks),
        ("fall of peak stress in the lesion, MPa", (1.50, 3.74, 3.73, 4.91, 4.92), falls),
        ("stress index of the lesion", (0.04, 0.08, 0.08, 0.27, 0.27), index),
        ("displacement of the lateral pillar's surface beyond healthy, um", (1.93, 5.74, 5.84, 14.50), beside),
    ]


def further(made: Solved, sound: Solved, where: np.ndarray) -> float:
    """How much further a region moves than in the healthy head, um."""
    return float(1000 * (moves(made, where).mean() - moves(sound, where).mean()))


# From where to where each type reaches across the head, medial to lateral, in radii: the central pillar is -0.4 to 0.4.
PILLARS = {"M": (-2, -0.4), "C": (-2, 0.4), "L1": (-2, 0.7), "L2": (0, 2), "L3": (-2, 2)}


def head_with(medial: float, lateral: float) -> HeadModel:
    """The template head with a lesion in its upper half, between two planes across its width, in radii."""
    hip, femur = template_femur(SIDE)
    away = femur.to_mm(np.argwhere(femur.array)) - hip.head.center_mm
    aside, r = away @ hip.lateral / hip.head.radius_mm, hip.head.radius_mm
    inside = (np.linalg.norm(away, axis=1) < HEAD_REACH_RADII * r) & (away @ hip.neck_axis < HEAD_PLANE_RADII * r)
    inside &= (away[:, 2] > 0) & (aside >= medial) & (aside < lateral)
    mask = np.zeros(femur.shape, bool)
    mask[tuple(np.argwhere(femur.array)[inside].T)] = True
    return model_of_field(hip, template_field(SIDE), femur.with_array(mask), voxel_mm=VOXEL_MM)


def lateral_contact(model: HeadModel) -> np.ndarray:
    """The surface of the lateral pillar that the socket covers: its outer 3 mm."""
    along = directions(model)
    aside = offsets(model) @ model.hip.lateral / model.hip.head.radius_mm
    covered = np.zeros(model.shape, bool)
    band = regions_of(model).band & (aside >= 0.4)
    covered[band] = model.cover.holds(along[band])
    return covered


def outer(values: Sequence[float]) -> bool:
    """Whether the first value is the least and the last one the largest."""
    return values[0] == min(values) and values[-1] == max(values)


def beyond(values: Sequence[float]) -> float:
    """The figure of L2 over the larger of those of C and L1."""
    return values[3] / max(values[1:3])


def over_first(values: Sequence[float]) -> str:
    """Values over the first of them."""
    return listed([each / values[0] for each in values])
