"""Core decompression, rods and struts on this bone: which tracts, what they reach, what keeps them from more?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from osteon.anatomy import sample
from osteon.anatomy.volume import Array, Floats
from osteon.surgery.bone import Bone
from osteon.surgery.drill import (
    LEAST_SHARE,
    Demands,
    Ground,
    Margin,
    best_tract,
    coarse_ground,
    entries_and_aims,
    fine_ground,
    improved,
    limits,
    margins_of,
    not_deeper_than_needed,
    reached_ml,
    tips,
)
from osteon.surgery.settings import SurgeryOptions, named_settings, settings, sources_of
from osteon.surgery.tracts import CELL_MM, Lines, Tract, across, line_of, removed_ml, ring_cells

# A thin tract reaches about as much along many lines: a few starts find one of them.
PIN_STARTS = 8
# Entries this far below the lesser trochanter are tried when no tract fits, to tell whether its level is what blocks.
BELOW_MM = 25.0


@dataclass(frozen=True, slots=True, eq=False)
class DrillPlan:
    """One or several drilled tracts with what they reach, remove and keep away from.

    `reached_percent` is the share of the lesion's volume inside the tracts together, `cumulative_percent` that of the
    first, the first two, and so on. `margins` holds for every margin its distance as planned and the least asked for,
    mm. Where no tract is possible `tracts` is empty and `blocked_by` names the margins that stand in the way.
    """

    kind: str
    diameter_mm: float
    tracts: tuple[Tract, ...] = ()
    reached_percent: float = 0.0
    reached_ml: float = 0.0
    cumulative_percent: tuple[float, ...] = ()
    bone_removed_ml: float = 0.0
    margins: Mapping[str, Margin] = field(default_factory=dict)
    blocked_by: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether any tract keeps all margins and reaches the lesion."""
        return bool(self.tracts)


@dataclass(frozen=True, slots=True, eq=False)
class StrutPlan:
    """A rod or fibular strut along one tract, its tip under the subchondral plate.

    `tip_to_joint_mm` is the distance of the strut's end from the surface of the head; `tip_in_lesion_percent` how much
    of that end lies in the lesion; `in_lesion_mm` how much of the strut's middle line does.
    """

    drill: DrillPlan
    length_mm: float = 0.0
    tip_to_joint_mm: float = 0.0
    tip_in_lesion_percent: float = 0.0
    in_lesion_mm: float = 0.0

    @property
    def feasible(self) -> bool:
        """Whether a strut can lie in this bone."""
        return self.drill.feasible


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A bone with the coarse grid of lines over it, shared by all plans of straight tracts."""

    bone: Bone
    coarse: Ground
    fine: Ground
    lines: Lines

    @property
    def lesion_ml(self) -> float:
        """Volume of the lesion's mask."""
        return float(self.bone.lesion.array.astype(bool).sum() * self.bone.lesion.voxel_mm3 / 1000.0)


def prepare(bone: Bone, options: SurgeryOptions) -> Prepared:
    """The bone at both finenesses, and every line of the coarse grid."""
    return Prepared(bone, coarse_ground(bone), fine_ground(bone), entries_and_aims(bone, options))


def plan_core(prepared: Prepared, options: SurgeryOptions) -> DrillPlan:
    """Core decompression by one large tract: of all that keep the margins, the one that reaches most of the lesion."""
    demands = Demands(options.core_diameter_mm, options.joint_margin_mm, options.neck_margin_mm)
    tract = single(prepared, demands, options)
    names = ("core_diameter_mm", *MARGINS)
    if tract is None:
        return blocked("core decompression, one tract", prepared, demands, options, names)
    chosen = [not_deeper_than_needed(tract, prepared.fine)]
    return described("core decompression, one tract", prepared, chosen, demands, options, names)


def plan_pins(prepared: Prepared, options: SurgeryOptions) -> DrillPlan:
    """Core decompression by several small tracts: each reaches most of what those before it have left.

    Then every tract is moved once more with all others in place, so that none is worse for having been first.
    """
    demands = Demands(options.pin_diameter_mm, options.joint_margin_mm, options.neck_margin_mm, PIN_STARTS)
    names = ("pin_diameter_mm", "pin_count", "pin_bridge_mm", *MARGINS)
    kind = "core decompression, several small tracts"
    depth = tips(prepared.coarse, prepared.lines, demands)
    tracts: list[Tract] = []
    for _ in range(int(options.pin_count)):
        found = best_tract(prepared.coarse, prepared.fine, prepared.lines, depth, demands, options, tracts)
        if found is None:
            break
        tracts.append(found)
    if not tracts:
        return blocked(kind, prepared, demands, options, names)
    for k in range(len(tracts)):
        others = tracts[:k] + tracts[k + 1 :]
        again = improved(prepared.fine, line_of(tracts[k]), demands, options, others)
        if again is not None and gained(prepared, again, others) > gained(prepared, tracts[k], others):
            tracts[k] = again
    tracts.sort(key=lambda tract: -removed_ml(prepared.bone.lesion, [tract]))
    chosen = [not_deeper_than_needed(tract, prepared.fine) for tract in tracts]
    return described(kind, prepared, chosen, demands, options, names)


def plan_strut(prepared: Prepared, options: SurgeryOptions) -> StrutPlan:
    """A rod or fibular strut: its tip as near to the surface of the head as set, through as much lesion as possible."""
    demands = Demands(options.strut_diameter_mm, options.strut_tip_mm, options.neck_margin_mm)
    names = ("strut_diameter_mm", "strut_tip_mm", *MARGINS[1:])
    facts = ("graft_reaches_plate", "graft_distance_no_effect")
    tract = single(prepared, demands, options)
    if tract is None:
        return StrutPlan(blocked("rod or strut", prepared, demands, options, names))
    drill = described("rod or strut", prepared, [tract], demands, options, names, facts)
    return StrutPlan(
        drill,
        tract.length_mm,
        drill.margins["joint_surface"].distance_mm,
        100.0 * share_of_end(prepared.bone, tract),
        line_in_lesion_mm(prepared.bone, tract),
    )


MARGINS = (
    "joint_margin_mm",
    "neck_margin_mm",
    "lateral_cortex_deg",
    "incidence_deg",
    "lesser_trochanter_prominence_mm",
)


def assess(bone: Bone, tracts: Sequence[Tract], options: SurgeryOptions, kind: str = "tracts as drawn") -> DrillPlan:
    """What tracts that a person drew reach, remove and keep away from; margins may fall short of what is asked."""
    demands = Demands(max(tract.diameter_mm for tract in tracts), options.joint_margin_mm, options.neck_margin_mm)
    return described(kind, prepare(bone, options), list(tracts), demands, options, MARGINS[:2])


def single(prepared: Prepared, demands: Demands, options: SurgeryOptions) -> Tract | None:
    """The one best tract, or None."""
    depth = tips(prepared.coarse, prepared.lines, demands)
    return best_tract(prepared.coarse, prepared.fine, prepared.lines, depth, demands, options)


def gained(prepared: Prepared, tract: Tract, others: Sequence[Tract]) -> float:
    """The ml of lesion that one tract reaches beyond the others."""
    return removed_ml(prepared.bone.lesion, [*others, tract]) - removed_ml(prepared.bone.lesion, others)


def described(
    kind: str,
    prepared: Prepared,
    tracts: list[Tract],
    demands: Demands,
    options: SurgeryOptions,
    names: tuple[str, ...],
    facts: tuple[str, ...] = (),
) -> DrillPlan:
    """A plan of tracts with all its numbers."""
    bone, whole = prepared.bone, max(prepared.lesion_ml, 1e-9)
    reached = [removed_ml(bone.lesion, tracts[: k + 1]) for k in range(len(tracts))]
    return DrillPlan(
        kind,
        demands.diameter_mm,
        tuple(tracts),
        round(100.0 * reached[-1] / whole, 2),
        round(reached[-1], 3),
        tuple(round(100.0 * each / whole, 2) for each in reached),
        round(removed_ml(bone.femur, tracts), 3),
        margins_of(bone, tracts, demands, options.pin_bridge_mm),
        (),
        named_settings(options, *names),
        sources_of(*names, *facts),
        bone.warnings + tuple(settings()[name].text for name in facts),
    )


def blocked(
    kind: str, prepared: Prepared, demands: Demands, options: SurgeryOptions, names: tuple[str, ...]
) -> DrillPlan:
    """A plan without tracts that names what stands in the way."""
    reasons, notes = what_blocks(prepared, demands, options)
    return DrillPlan(
        kind,
        demands.diameter_mm,
        blocked_by=reasons,
        settings=named_settings(options, *names),
        sources=sources_of(*names),
        notes=prepared.bone.warnings + notes,
    )


def what_blocks(
    prepared: Prepared, demands: Demands, options: SurgeryOptions
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The margins without which a tract would reach the lesion, each alone or else all of them together, in words.

    `lesion` and `lateral_cortex` stand for a lesion that is not marked and a lateral cortex that is not in view.
    """
    if not len(prepared.coarse.cells):
        return ("lesion",), ("No lesion is marked.",)
    lines = entries_and_aims(prepared.bone, options, lowest_mm=-BELOW_MM)
    if not len(lines):
        return ("lateral_cortex",), ("No lateral cortex is in view at or near the level of the lesser trochanter.",)
    depth = limits(prepared.coarse.surface, lines, demands)
    low = prepared.bone.height_mm(lines.entries) < 0
    without = {
        "joint_surface": (depth[[1, 2]], ~low),
        "neck_cortex": (depth[[0, 2]], ~low),
        "other_cortex": (depth[[0, 1]], ~low),
        "lesser_trochanter": (depth, np.ones(len(lines), bool)),
    }
    percent = {name: best_percent(prepared, lines, demands, *kept) for name, kept in without.items()}
    alone = {name: share for name, share in percent.items() if share > 100.0 * LEAST_SHARE}
    notes = tuple(
        f"Without the margin {name} a tract would reach {share:.1f} % of the lesion." for name, share in alone.items()
    )
    if alone:
        return tuple(alone), notes
    return tuple(without), ("No single margin stands in the way: at least two of them do together.",)


def best_percent(prepared: Prepared, lines: Lines, demands: Demands, depth: Floats, allowed: Array) -> float:
    """The most of the lesion that any allowed line reaches, percent; an unlimited tract ends past it."""
    far = float(np.linalg.norm(lines.entries[:, None] - prepared.coarse.cells.mean(axis=0), axis=-1).max()) + 60.0
    least = np.minimum(depth.min(axis=0), far)
    ml = reached_ml(prepared.coarse, lines, least, demands.radius_mm)
    return float(100.0 * np.where(allowed & (least > 0), ml, 0.0).max(initial=0.0) / prepared.coarse.cells_ml.sum())


def share_of_end(bone: Bone, tract: Tract) -> float:
    """How much of the tract's flat end lies in the lesion, 0 to 1; looked at half a millimetre before the tip."""
    radii, turns = ring_cells(tract.diameter_mm / 2)
    side, other = across(tract.direction)
    disc = radii[:, None] * (np.cos(turns)[:, None] * side + np.sin(turns)[:, None] * other)
    return float(in_lesion(bone, tract.tip_mm - CELL_MM * tract.direction + disc).mean())


def line_in_lesion_mm(bone: Bone, tract: Tract) -> float:
    """Length of the tract's middle line within the lesion, mm."""
    places = np.arange(CELL_MM / 2, tract.length_mm, CELL_MM)
    return float(in_lesion(bone, tract.entry_mm + places[:, None] * tract.direction).sum() * CELL_MM)


def in_lesion(bone: Bone, points: Floats) -> Floats:
    """The share of lesion at points, 0 to 1."""
    return sample(bone.lesion.with_array(bone.lesion.array.astype(bool)), points, outside=0.0)
