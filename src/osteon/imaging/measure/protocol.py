"""From a hip found on images and its marked lesion to all measurements, each with its interval."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from osteon.anatomy import neck_shaft_angle_deg
from osteon.imaging.found import FoundHip
from osteon.imaging.measure.angles import arcs, single_angles
from osteon.imaging.measure.carried import carried
from osteon.imaging.measure.ct_surface import bone_surface
from osteon.imaging.measure.interval import interval_of
from osteon.imaging.measure.jic import jic, next_type_text, sector
from osteon.imaging.measure.joint_space import coverage, joint_space
from osteon.imaging.measure.perturb import Variable, draws_for
from osteon.imaging.measure.place import place
from osteon.imaging.measure.prepare import variable_of
from osteon.imaging.measure.reading import Reading, Values
from osteon.imaging.measure.settings import border_text, settings
from osteon.imaging.measure.shape import UNCLEAR, collapse, roundness
from osteon.imaging.measure.size import lesion_size, sphere_size
from osteon.imaging.series import Mask, Measured, Measurement, Series

Progress = Callable[[str, float], None]
Step = Callable[[Reading], Values]
Key = tuple[str, str]  # name of the measurement and of the convention

# Two series of one frame of reference show one head at one place. Found farther apart, one of them is something else;
# MR shows the round marrow, and the CT's surface is then read around the head found there.
APART_MM = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What is measured on: the images, the hip found there, and the lesion, None where there is none.

    `roof` names the settings that the weight-bearing surface of this hip rests on.
    """

    series: Series
    found: FoundHip
    lesion: Mask | None
    roof: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """A value, its interval (None where nothing was varied or a word has no order), and where it comes from."""

    value: Measured
    interval: tuple[Measured, Measured] | None
    source: Source


def measure(
    series: Series,
    found: FoundHip,
    lesion: Mask | None,
    *,
    ct: Series | None = None,
    ct_found: FoundHip | None = None,
    draws: int | None = None,
    progress: Progress | None = None,
) -> tuple[Measurement, ...]:
    """Everything that is measured on one hip, in the order of settings.toml.

    Parameters
    ----------
    series, found
        The images that the lesion was marked on, and the hip found there.
    lesion
        Everything inside the outer margin of the band, on any grid of the same patient; None or empty where there is
        none: then its measures are 0 or "none".
    ct, ct_found
        A CT of the same hip in the same frame: collapse, roundness and joint space are then measured there.
    draws
        Readings drawn beside the corners for the intervals; 0 gives no intervals. Without it as settings.toml says.
    progress
        Called with the stage and the part that is done, 0 to 1.
    """
    told = progress or silent
    if ct_found is not None and apart_mm(found, ct_found) > APART_MM:
        ct_found = replace(found, surface_mm=found.surface_mm[:0])
    count = settings()["variation"]["draws"] if draws is None else draws
    marked = lesion if lesion is not None and bool((lesion.volume.array >= 0.5).any()) else None
    shape: tuple[Step, ...] = (roundness, coverage, joint_space, *((collapse,) if marked else ()))
    of_lesion: tuple[Step, ...] = (lesion_size, arcs, single_angles, jic, place) if marked else ()
    told("laying the hip on a common grid", 0.0)
    if ct is not None and ct_found is not None:
        ct_found = carried(found, ct, ct_found, marked)
    bone_mm = bone_surface(ct or series, (ct_found or found).hip)
    hip = variable_of(series, found, marked, bone_mm)
    on_ct = variable_of(ct, ct_found, marked, bone_mm) if ct is not None and ct_found is not None else None
    if on_ct and on_ct.plain.roof:  # CT shows the socket better than MR does
        hip = replace(hip, plain=replace(hip.plain, roof=on_ct.plain.roof))
    here = Source(series, found, marked, roof_settings(hip))
    values = fit_of(here)
    if on_ct and ct is not None and ct_found is not None:
        values |= taken(hip, (sphere_size, neck, *of_lesion), here, count, told)
        values |= taken(on_ct, shape, Source(ct, ct_found, marked, roof_settings(on_ct)), count, told)
    else:
        values |= taken(hip, (sphere_size, neck, *of_lesion, *shape), here, count, told)
    if marked is None:
        values |= absent(Source(series, found, lesion))
    borders = border_texts(hip.plain, values) if marked else {}
    return tuple(measurements(values, borders))


def apart_mm(found: FoundHip, other: FoundHip) -> float:
    """Distance between the centres of two heads, in mm."""
    return float(np.linalg.norm(found.hip.head.center_mm - other.hip.head.center_mm))


def silent(stage: str, part: float) -> None:
    """Nobody asked how far it is."""


def roof_settings(hip: Variable) -> tuple[str, ...]:
    """The settings that the weight-bearing surface rests on; none where it is not seen."""
    return hip.plain.roof.settings if hip.plain.roof else ()


def fit_of(source: Source) -> dict[Key, Taken]:
    """How well the sphere agrees with the head's surface: spread in mm and percent of directions."""
    head = source.found.hip.head
    return {
        ("head_fit_sd_mm", "fitted_sphere"): Taken(float(head.residual_sd_mm), None, source),
        ("head_fit_covered_percent", "fitted_sphere"): Taken(float(head.covered_percent), None, source),
    }


def taken(hip: Variable, steps: tuple[Step, ...], source: Source, count: int, progress: Progress) -> dict[Key, Taken]:
    """The values of the plain reading, each with the range that the varied ones give."""
    plain = values_of(hip.plain, steps)
    others: dict[Key, list[Measured]] = defaultdict(list)
    draws = draws_for(count, settings()["variation"]["seed"]) if count else ()
    for done, reading in enumerate(hip.readings(draws)):
        progress("measuring with varied centre, planes and borders", done / len(draws))
        for key, value in values_of(reading, steps).items():
            others[key].append(value)
    return {
        key: Taken(value, sure_range(key[0], value, others[key], source) if draws else None, source)
        for key, value in plain.items()
    }


def values_of(reading: Reading, steps: tuple[Step, ...]) -> Values:
    """All values of one reading."""
    values: Values = {}
    for step in steps:
        values |= step(reading)
    return values


def neck(reading: Reading) -> Values:
    """The neck-shaft angle in degrees; nothing where too little of the shaft is seen."""
    angle = neck_shaft_angle_deg(reading.hip)
    return {} if angle is None else {("neck_shaft_angle_deg", "neck_and_shaft"): angle}


def sure_range(name: str, plain: Measured, others: list[Measured], source: Source) -> tuple[Measured, Measured] | None:
    """The range of a value; a depth or width is no surer than half a voxel of its images."""
    found = interval_of(name, plain, others)
    if not settings()["measurement"][name].get("half_voxel") or not isinstance(plain, float) or found is None:
        return found
    half_mm = settings()["variation"]["depth_voxels"] * float(source.series.volume.spacing_mm.max())
    low, high = (float(each) for each in found if isinstance(each, float))
    return max(min(low, plain - half_mm), 0.0), max(high, plain + half_mm)


def absent(source: Source) -> dict[Key, Taken]:
    """What is said of a hip without lesion."""
    return {
        (name, convention): Taken(row["without_lesion"], None, source)
        for name, row in settings()["measurement"].items()
        if "without_lesion" in row
        for convention in row["conventions"]
    }


def border_texts(plain: Reading, values: Mapping[Key, Taken]) -> dict[str, str]:
    """How far the next class lies, for every class that has borders."""
    named = settings()["setting"]["steinberg_denominator"]["value"]
    percent = values["lesion_fraction_percent", named].value
    angle = values["modified_kerboul_deg", "mid_planes"].value
    texts = {
        "steinberg_size": border_text("steinberg_size", float(str(percent))),
        "kerboul_grade": border_text("kerboul_grade", float(str(angle))),
        "kerboul_risk": border_text("kerboul_risk", float(str(angle))),
    }
    here = sector(plain, 0)
    texts["jic_type"] = next_type_text(here) if here else "the acetabulum is not seen well enough for a type"
    return texts


def measurements(values: Mapping[Key, Taken], borders: Mapping[str, str]) -> Iterator[Measurement]:
    """The records, in the order of settings.toml."""
    for name, row in settings()["measurement"].items():
        for convention in row["conventions"]:
            each = values.get((name, convention))
            if each is not None:
                yield record(name, convention, each, borders.get(name, ""))


def record(name: str, convention: str, each: Taken, border: str) -> Measurement:
    """One measurement with its convention, series, author and the settings it declares."""
    row = settings()["measurement"][name]
    if row.get("if_from_mr") == "collapse_from_mr" and is_doubtful(each):
        each = replace(each, value=UNCLEAR, interval=None)
    low, high = each.interval or (None, None)
    of_lesion = row.get("lesion", False)
    lesion = each.source.lesion
    author = lesion.author if of_lesion and lesion else each.source.found.method
    declared = (*named(row, each.source.roof), *declared_by(row, each.source))
    unit = row["unit"]
    if each.value == UNCLEAR:
        unit, declared = "", (*declared, "unclear_surface")
    return Measurement(name, each.value, low, high, unit, convention, each.source.series.id, author, declared, border)


def is_doubtful(each: Taken) -> bool:
    """Whether a collapse was read on MR over a lesion nobody corrected: its dark band may pass for the plate."""
    lesion = each.source.lesion
    automatic = lesion is not None and lesion.method == "automatic"
    return automatic and each.source.series.kind != "CT" and isinstance(each.value, float) and each.value > 0


def named(row: Mapping[str, Any], roof: tuple[str, ...]) -> Iterator[str]:
    """The settings of a measurement; "roof" stands for those of the weight-bearing surface."""
    for name in row.get("settings", ()):
        yield from roof if name == "roof" else (name,)


def declared_by(row: Mapping[str, object], source: Source) -> Iterator[str]:
    """Settings that follow from the images and from how the lesion was marked."""
    on_mr = row.get("if_from_mr")
    if on_mr and source.series.kind != "CT":
        yield str(on_mr)
    if row.get("lesion"):
        if source.lesion and source.lesion.method == "automatic":
            yield "automatic_lesion"
        if source.series.kind == "CT" and not on_mr:
            yield "lesion_from_ct"
