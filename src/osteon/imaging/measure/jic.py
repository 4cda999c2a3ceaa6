"""How much of the weight-bearing surface lies over the lesion, and which JIC type is that?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from osteon.anatomy import Plane, angle_deg
from osteon.imaging.measure.reading import Reading, Values

Borders = Literal["jic_2002_borders", "jic_2022_borders"]
BORDERS: tuple[Borders, ...] = ("jic_2002_borders", "jic_2022_borders")
TYPES = ("A", "B", "C1", "C2")
FLEXIONS_DEG = (0, 15, 30, 45)  # 45 degrees is the flexion of the source (jic_flexion); the others lead up to it


@dataclass(frozen=True, slots=True)
class Sector:
    """The weight-bearing surface and the lesion's lateral end on one plane, in degrees (0 superior, + lateral).

    `lesion_deg` is None where the plane shows no lesion under the surface.
    """

    medial_deg: float
    lateral_deg: float
    lesion_deg: float | None

    @property
    def extent_deg(self) -> float:
        """Length of the weight-bearing surface."""
        return self.lateral_deg - self.medial_deg

    @property
    def fraction(self) -> float:
        """Part of the weight-bearing surface from its medial end to the lesion's lateral end, 0 to 1."""
        if self.lesion_deg is None:
            return 0.0
        return float(np.clip((self.lesion_deg - self.medial_deg) / self.extent_deg, 0, 1))

    @property
    def borders_deg(self) -> tuple[float, float, float]:
        """Where on the plane the types A/B, B/C1 and C1/C2 meet."""
        first, second = (self.medial_deg + self.extent_deg * part / 3 for part in (1, 2))
        return first, second, self.lateral_deg


def jic(reading: Reading) -> Values:
    """JIC type by both texts and in flexed positions, with the fraction and the degrees to the next type.

    The type is "unknown" where the acetabulum is not seen.
    """
    here = sector(reading, 0)
    if here is None:
        return {("jic_type", borders): "unknown" for borders in BORDERS}
    values: Values = {("jic_type", borders): jic_type(here, borders) for borders in BORDERS}
    values |= flexed_types(reading)
    values["weight_bearing_fraction_percent", "ministry_weight_bearing"] = 100 * here.fraction
    values["weight_bearing_medial_end_deg", "ministry_weight_bearing"] = here.medial_deg
    if here.lesion_deg is not None:
        values["lesion_beyond_edge_deg", "ministry_weight_bearing"] = here.lesion_deg - here.lateral_deg
        values["jic_degrees_to_next_type", "jic_2002_borders"] = degrees_to_next(here)
    return values


def flexed_types(reading: Reading) -> Values:
    """The JIC type with the head turned as by flexion of the hip; the acetabulum stays."""
    found = {degrees: sector(reading, degrees) for degrees in FLEXIONS_DEG}
    return {
        ("jic_type_flexed", f"flexed_{degrees}"): jic_type(each, "jic_2002_borders")
        for degrees, each in found.items()
        if each is not None
    }


def jic_type(sector: Sector, borders: Borders) -> str:
    """A, B, C1 or C2.

    Examples
    --------
    >>> third = Sector(-30.0, 30.0, -10.0)
    >>> jic_type(third, "jic_2002_borders"), jic_type(third, "jic_2022_borders")
    ('A', 'B')
    >>> jic_type(Sector(-30.0, 30.0, 31.0), "jic_2002_borders")
    'C2'
    """
    if sector.lesion_deg is None:
        return "A"
    first, second, edge = sector.borders_deg
    passed = [
        sector.lesion_deg >= border if borders == "jic_2022_borders" else sector.lesion_deg > border
        for border in (first, second)
    ]
    return TYPES[sum(passed) + (all(passed) and sector.lesion_deg > edge)]


def degrees_to_next(sector: Sector) -> float:
    """How far the lesion's lateral end lies from the nearest border of a type, in degrees; 0 or more."""
    end = np.inf if sector.lesion_deg is None else sector.lesion_deg
    return float(min(abs(end - border) for border in sector.borders_deg))


def next_type_text(sector: Sector) -> str:
    """How far the nearest other type lies.

    Examples
    --------
    >>> next_type_text(Sector(-30.0, 30.0, 6.0))
    '4.0 deg medial of B/C1'
    """
    if sector.lesion_deg is None:
        return "no lesion under the surface on this plane"
    nearest = min(range(3), key=lambda k: abs(sector.borders_deg[k] - (sector.lesion_deg or 0.0)))
    place = "medial" if sector.lesion_deg < sector.borders_deg[nearest] else "lateral"
    return f"{degrees_to_next(sector):.1f} deg {place} of {'/'.join(TYPES[nearest : nearest + 2])}"


def sector(reading: Reading, flexion_deg: float) -> Sector | None:
    """The weight-bearing surface and the lesion's lateral end on the mid-coronal plane; None without acetabulum."""
    if reading.roof is None:
        return None
    plane = reading.coronal
    medial, lateral = (angle_deg(plane, point) for point in (reading.roof.medial_mm, reading.roof.lateral_mm))
    arc = reading.coronal_arc if flexion_deg == 0 else reading.arc_on(flexed(plane, reading.sagittal, flexion_deg))
    return Sector(medial, lateral, arc.to_deg if arc else None) if lateral > medial else None


def flexed(coronal: Plane, sagittal: Plane, degrees: float) -> Plane:
    """The plane of the unmoved head that lies coronal when the hip is flexed.

    Flexion brings the front of the head up: what is then on top lay `degrees` in front of the top before.
    """
    angle = np.radians(degrees)
    up = np.cos(angle) * sagittal.up + np.sin(angle) * sagittal.positive
    return replace(coronal, up=up)
