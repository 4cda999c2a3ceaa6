"""How big is the lesion, how big the head, and what part of the head is lesion?"""

from __future__ import annotations

from osteon.anatomy import Volume
from osteon.anatomy.region import DENOMINATORS, Denominator
from osteon.anatomy.volume import Array
from osteon.imaging.measure.reading import Reading, Values
from osteon.imaging.measure.settings import class_of, settings


def sphere_size(reading: Reading) -> Values:
    """Centre (LPS, mm), radius and diameter of the head's sphere, and the volume of the head by each convention."""
    head = reading.hip.head
    values: Values = {
        ("head_center_mm", "fitted_sphere"): tuple(float(v) for v in head.center_mm),
        ("head_radius_mm", "fitted_sphere"): head.radius_mm,
        ("head_diameter_mm", "fitted_sphere"): 2 * head.radius_mm,
    }
    return values | {("head_volume_ml", each): head_ml(reading, each) for each in DENOMINATORS}


def lesion_size(reading: Reading) -> Values:
    """Volume of the lesion (ml), its percent of the head by each convention, and its size class."""
    volume = lesion_ml(reading) + lost_ml(reading, reading.lesion_inside)
    percent = {each: 100 * volume / head_ml(reading, each) for each in DENOMINATORS}
    named = settings()["setting"]["steinberg_denominator"]["value"]
    values: Values = {
        ("lesion_volume_ml", "outer_margin_of_band"): lesion_ml(reading),
        ("lesion_volume_before_collapse_ml", "outer_margin_of_band"): volume,
    }
    values |= {("lesion_fraction_percent", each): part for each, part in percent.items()}
    return values | {("steinberg_size", named): class_of("steinberg_size", percent[named])}


def lesion_ml(reading: Reading) -> float:
    """Volume of the lesion, in ml."""
    return millilitres(reading.lesion, reading.lesion_inside) * reading.counted.get("lesion", 1.0)


def head_ml(reading: Reading, denominator: Denominator) -> float:
    """Volume of the head by one convention, in ml, as before it sank in."""
    if denominator == "sphere":
        return reading.hip.head.volume_ml
    counted = reading.counted.get(denominator, 1.0)
    inside = reading.in_sphere if denominator == "bone_in_sphere" else reading.proximal
    return millilitres(reading.femur, inside) * counted + lost_ml(reading, reading.femur_inside)


def lost_ml(reading: Reading, kept: Array) -> float:
    """Volume, in ml, that was lost by sinking in and that `kept` does not count."""
    return millilitres(reading.femur, reading.dent * (1 - kept)) if reading.dent.any() else 0.0


def millilitres(grid: Volume, weights: Array) -> float:
    """Volume of weighted voxels, in ml."""
    return float(weights.sum(dtype=float) * grid.voxel_mm3 / 1000)
