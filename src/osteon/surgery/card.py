"""How is a surgical plan shown: as a card for the terminal, and as JSON for machines?"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from osteon.surgery.decompression import DrillPlan, StrutPlan
from osteon.surgery.drill import Margin
from osteon.surgery.graft import GraftVolume
from osteon.surgery.implant import ImplantSize
from osteon.surgery.osteotomy import Reaches, RotationPlan
from osteon.surgery.plan import SurgicalPlan
from osteon.surgery.tracts import Tract

FRAME = "DICOM patient axes (LPS), mm; directions are unit vectors in LPS"
ANGLES = "degrees about the head's centre on the mid-coronal plane: 0 superior, positive lateral"
PURPOSE = "Research use. It shows what each operation would look like in this bone, not what should be done."

# What a reader is told beside the fields themselves.
DERIVED: dict[type, tuple[str, ...]] = {
    Tract: ("length_mm", "direction"),
    DrillPlan: ("feasible",),
    StrutPlan: ("feasible",),
    RotationPlan: ("best_angle_deg", "can_reach"),
}


def surgery_dict(plan: SurgicalPlan) -> dict[str, Any]:
    """The plan as plain dictionaries, lists and numbers, ready for `json.dumps`; keys carry their units.

    Points and vectors are lists of three numbers in the frame named under "frame".
    """
    return {"purpose": PURPOSE, "frame": FRAME, "angles": ANGLES, **plain(plan)}


def plain(value: object) -> Any:
    """A value without dataclasses and arrays; numbers to a thousandth, unit vectors to a millionth."""
    if isinstance(value, Margin):
        return {"distance_mm": plain(value.distance_mm), "required_mm": plain(value.required_mm)}
    if is_dataclass(value):
        names = [each.name for each in fields(value)] + list(DERIVED.get(type(value), ()))
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        unit = value.shape == (3,) and abs(float(np.linalg.norm(value)) - 1.0) < 1e-6
        return value.round(6 if unit else 3).tolist()
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, float | np.floating):
        return round(float(value), 3) if np.isfinite(value) else None
    return value


def surgery_card(plan: SurgicalPlan, width: int = 80) -> str:
    """The plan as text for a terminal `width` columns wide."""
    blocks = [
        ("Core decompression, one large tract", drill_lines(plan.core)),
        ("Core decompression, several small tracts", drill_lines(plan.pins)),
        ("Rod or fibular strut", strut_lines(plan.strut)),
        ("Graft to fill the cavity", [graft_line(each) for each in plan.grafts]),
        *[(each.kind.capitalize(), list(rotation_lines(each))) for each in plan.rotations],
        ("Resurfacing or replacement", implant_lines(plan.implant)),
        ("To note", list(plan.warnings)),
        ("Named settings (no source settles them)", list(declared(plan))),
    ]
    lines = [f"Operations drawn on the {plan.hip.side} hip", *textwrap.wrap(PURPOSE, width)]
    for title, told in blocks:
        if told:
            lines += ["", title]
            for each in told:
                lines += textwrap.wrap(each, width, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines) + "\n"


def drill_lines(plan: DrillPlan) -> list[str]:
    """What a drill plan reaches and keeps away from, in words."""
    if not plan.feasible:
        return [f"Not possible with these margins. In the way: {', '.join(map(spoken, plan.blocked_by))}.", *plan.notes]
    count = f"{len(plan.tracts)} tracts" if len(plan.tracts) > 1 else "1 tract"
    lengths = ", ".join(f"{tract.length_mm:.0f}" for tract in plan.tracts)
    lines = [
        f"{count} of {plan.diameter_mm:g} mm, {lengths} mm long",
        f"reaches {plan.reached_percent:.1f} % of the lesion ({plan.reached_ml:.2f} ml); "
        f"takes out {plan.bone_removed_ml:.1f} ml of bone",
    ]
    if len(plan.tracts) > 1:
        lines.append("one tract after another: " + ", ".join(f"{each:.1f} %" for each in plan.cumulative_percent))
    return lines + [f"{spoken(name)}: {margin_words(margin)}" for name, margin in plan.margins.items()]


def margin_words(margin: Margin) -> str:
    """A distance and what was asked of it."""
    return f"{margin.distance_mm:.1f} mm (at least {margin.required_mm:g})"


def spoken(name: str) -> str:
    """A margin's name in words."""
    return {
        "joint_surface": "from the joint surface",
        "neck_cortex": "from the neck's cortex",
        "other_cortex": "from the cortex elsewhere",
        "lesser_trochanter": "entry above the lesser trochanter",
        "entry_bridge": "bone between entries",
        "lesion": "no lesion is marked",
        "lateral_cortex": "no lateral cortex in view",
    }.get(name, name)


def strut_lines(plan: StrutPlan) -> list[str]:
    """Where a strut would lie, in words."""
    lines = drill_lines(plan.drill)
    if not plan.feasible:
        return lines
    return [
        *lines,
        f"its tip lies {plan.tip_to_joint_mm:.1f} mm from the surface of the head; {plan.tip_in_lesion_percent:.0f} % "
        f"of it in the lesion, which the strut crosses for {plan.in_lesion_mm:.0f} mm",
    ]


def graft_line(graft: GraftVolume) -> str:
    """One cavity, in words."""
    return f"{graft.kind}: {graft.cavity_ml:.1f} ml ({graft.low_ml:.1f} to {graft.high_ml:.1f})"


def rotation_lines(plan: RotationPlan) -> Iterator[str]:
    """The intact ratio before and at its best, and where it reaches the thresholds, in words."""
    medial, lateral = plan.weight_bearing_deg
    best = int(np.argmax(plan.intact_ratio_percent))
    yield f"weight-bearing arc {medial:.0f} to {lateral:.0f} degrees; looked at up to {plan.angles_deg[-1]:g} degrees"
    for name, k in (("now", 0), (f"best, at {plan.angles_deg[best]:g} degrees", best)):
        low, high = plan.low_percent[k], plan.high_percent[k]
        yield f"intact ratio {name}: {plan.intact_ratio_percent[k]:.0f} % ({low:.0f} to {high:.0f})"
    yield from (reach_words(each) for each in plan.reaches)
    yield from plan.notes


def reach_words(reach: Reaches) -> str:
    """Where one threshold is reached, in words."""
    if not reach.ranges_deg:
        also = "; within the interval it might be" if reach.perhaps else ""
        return f"{reach.threshold_percent:.0f} % is not reached{also}"
    ranges = " and ".join(f"{begin:.0f} to {end:.0f}" for begin, end in reach.ranges_deg)
    sure = "" if reach.surely else ", but not by the low end of the interval"
    return f"{reach.threshold_percent:.0f} % is reached from {ranges} degrees{sure}"


def implant_lines(size: ImplantSize) -> list[str]:
    """Sizes of the bone, in words; what is not in view is left out."""
    told: Sequence[tuple[str, float | None, str]] = (
        ("head diameter", size.head_diameter_mm, "mm"),
        ("acetabular diameter (bone)", size.acetabular_diameter_mm, "mm"),
        ("femoral offset in space", size.femoral_offset_mm, "mm"),
        ("femoral offset from the front", size.frontal_offset_mm, "mm"),
        ("neck-shaft angle", size.neck_shaft_angle_deg, "degrees"),
        ("centre above the lesser trochanter's tip", size.center_above_lesser_trochanter_mm, "mm"),
        ("centre above the greater trochanter's tip", size.center_above_greater_trochanter_mm, "mm"),
    )
    return [f"{name}: {value:g} {unit}" for name, value, unit in told if value is not None] + list(size.notes)


def declared(plan: SurgicalPlan) -> tuple[str, ...]:
    """Every named setting some part of the plan rests on, once."""
    drills = [plan.core.settings, plan.pins.settings, plan.strut.drill.settings]
    others = [each.settings for each in plan.grafts] + [each.settings for each in plan.rotations]
    return tuple(dict.fromkeys(setting for told in drills + others for setting in told))
