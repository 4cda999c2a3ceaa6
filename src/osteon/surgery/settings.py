"""What do the drawings of operations rest on: which distances, sizes and thresholds, from which source, or chosen?"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from osteon.anatomy.volume import Floats
from osteon.errors import Fault, InputError


@dataclass(frozen=True, slots=True)
class Setting:
    """One entry of `settings.toml`; without a `source` it is a choice that every answer based on it names.

    `value` is None for a published statement that is shown and not computed with.
    """

    name: str
    text: str
    value: float | None = None
    unit: str = ""
    source: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurgeryOptions:
    """Sizes, margins and limits of the operations that are drawn; lengths in mm, angles in degrees.

    The values and what they mean stand in `settings.toml`. Two more are known only to who sees the patient:
    `lesser_trochanter_mm` is its tip in LPS, where it cannot be found; `weight_bearing_deg` is the weight-bearing arc
    on the mid-coronal plane (medial end, lateral end; 0 up, positive lateral), where no pelvis is marked.
    """

    core_diameter_mm: float
    pin_diameter_mm: float
    pin_count: int
    pin_bridge_mm: float
    joint_margin_mm: float
    neck_margin_mm: float
    lateral_cortex_deg: float
    incidence_deg: float
    lesser_trochanter_prominence_mm: float
    strut_diameter_mm: float
    strut_tip_mm: float
    window_diameter_mm: float
    anterior_rotation_deg: float
    posterior_rotation_deg: float
    varus_deg: float
    rotation_threshold_percent: float
    rotation_threshold_sugioka_percent: float
    varus_threshold_percent: float
    varus_threshold_34_percent: float
    center_shift_mm: float
    plane_tilt_deg: float
    articular_excess_mm: float
    lesser_trochanter_mm: Floats | None = None
    weight_bearing_deg: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        faults = [
            Fault(name, f"is {getattr(self, name)}, but {says}.")
            for name, (low, high, says) in LEGAL.items()
            if not low <= getattr(self, name) <= high
        ]
        if faults:
            raise InputError("options of the operations", faults)


# Outside these the geometry has no meaning: a tract wider than a neck, an angle past a half turn.
LEGAL = {
    "core_diameter_mm": (2.0, 20.0, "a tract is 2 to 20 mm wide"),
    "pin_diameter_mm": (1.0, 8.0, "a small tract is 1 to 8 mm wide"),
    "pin_count": (1, 13, "1 to 13 small tracts can be drawn"),
    "pin_bridge_mm": (0.0, 20.0, "a bridge of bone is 0 to 20 mm"),
    "joint_margin_mm": (0.5, 30.0, "a distance from the joint is 0.5 to 30 mm"),
    "neck_margin_mm": (0.0, 20.0, "a distance from the neck's surface is 0 to 20 mm"),
    "lateral_cortex_deg": (10.0, 80.0, "this angle is 10 to 80 degrees"),
    "incidence_deg": (10.0, 75.0, "this angle is 10 to 75 degrees"),
    "strut_diameter_mm": (2.0, 20.0, "a strut is 2 to 20 mm wide"),
    "strut_tip_mm": (0.5, 30.0, "a distance from the joint is 0.5 to 30 mm"),
    "window_diameter_mm": (1.0, 30.0, "a window is 1 to 30 mm wide"),
    "anterior_rotation_deg": (1.0, 180.0, "a rotation is 1 to 180 degrees"),
    "posterior_rotation_deg": (1.0, 180.0, "a rotation is 1 to 180 degrees"),
    "varus_deg": (1.0, 90.0, "a varus angle is 1 to 90 degrees"),
}


@cache
def settings() -> dict[str, Setting]:
    """Every entry of `settings.toml` by its name.

    Examples
    --------
    >>> settings()["core_diameter_mm"].source
    'small_drilling_pubmed15577477'
    >>> settings()["joint_margin_mm"].source
    ''
    """
    tables = tomllib.loads(Path(__file__).with_name("settings.toml").read_text(encoding="utf-8"))
    return {name: Setting(name, **table) for name, table in tables.items()}


def default_options(**changes: object) -> SurgeryOptions:
    """The options as `settings.toml` has them, with some changed.

    Examples
    --------
    >>> default_options(core_diameter_mm=8.0).core_diameter_mm
    8.0
    """
    known = {each.name for each in fields(SurgeryOptions)}
    unknown = [
        Fault(name, f"is no option. Options are: {', '.join(sorted(known))}.") for name in changes.keys() - known
    ]
    if unknown:
        raise InputError("options of the operations", unknown)
    values: dict[str, object] = {name: each.value for name, each in settings().items() if name in known}
    return SurgeryOptions(**{**values, **changes})  # type: ignore[arg-type]


def named_settings(options: SurgeryOptions, *names: str) -> tuple[str, ...]:
    """Those of the named options that no source settles, with the values used, as every answer must declare them.

    Examples
    --------
    >>> named_settings(default_options(), "core_diameter_mm", "joint_margin_mm")
    ('joint_margin_mm = 5 mm',)
    >>> named_settings(default_options(core_diameter_mm=9.0), "core_diameter_mm")
    ('core_diameter_mm = 9 mm',)
    """
    chosen = [settings()[name] for name in names]
    return tuple(
        f"{each.name} = {getattr(options, each.name):g} {each.unit}".rstrip()
        for each in chosen
        if not each.source or getattr(options, each.name) != each.value
    )


def sources_of(*names: str) -> tuple[str, ...]:
    """The sources behind some entries, each once, in order.

    Examples
    --------
    >>> sources_of("varus_deg", "varus_shortening", "joint_margin_mm")
    ('varus_shortening_2007',)
    """
    return tuple(dict.fromkeys(settings()[name].source for name in names if settings()[name].source))
