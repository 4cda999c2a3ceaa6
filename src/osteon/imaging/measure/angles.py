"""How far does the lesion reach along the head's surface, as angles about its centre?"""

from __future__ import annotations

import numpy as np

from osteon.anatomy import Arc, Floats, Plane, angle_deg, directions, shifted, within_turn
from osteon.anatomy.hip import ANTERIOR
from osteon.imaging.measure.reading import Reading, Values
from osteon.imaging.measure.settings import class_of, settings


def arcs(reading: Reading) -> Values:
    """Kerboul's two arcs and their sum by both conventions, with grades and indices; the arcs' ends on mid planes."""
    coronal, sagittal = extent_deg(reading.coronal_arc), extent_deg(reading.sagittal_arc)
    values: Values = kerboul(coronal, sagittal, "mid_planes")
    values |= {
        ("kerboul_grade", "modified_kerboul_grades"): class_of("kerboul_grade", coronal + sagittal),
        ("kerboul_risk", "ha_risk_bands"): class_of("kerboul_risk", coronal + sagittal),
        ("necrotic_extent_index", "mid_planes"): extent_index(coronal, sagittal),
    }
    largest = [extent_deg(reading.arc_on(plane)) for plane in largest_slices(reading)]
    values |= kerboul(largest[0], largest[1], "greatest_extension")
    values["modified_necrotic_extent_index", "greatest_extension"] = extent_index(*largest)
    values |= ends(reading.coronal_arc, "lesion_medial_end_deg", "lesion_lateral_end_deg")
    return values | ends(reading.sagittal_arc, "lesion_posterior_end_deg", "lesion_anterior_end_deg")


def single_angles(reading: Reading) -> Values:
    """The anterior necrotic angle and the preserved angles, in degrees; each only where both its lines are seen."""
    values: Values = {}
    oblique = reading.arc_on(reading.oblique)
    if oblique is not None:
        values["anterior_necrotic_angle_deg", "mid_oblique"] = max(within_turn(oblique.to_deg), 0.0)
    if reading.roof is not None and reading.coronal_arc is not None and reading.sagittal_arc is not None:
        edge = angle_deg(reading.coronal, reading.roof.lateral_mm)
        lateral = max(edge - reading.coronal_arc.to_deg, 0.0)
        anterior = max(head_end_deg(reading) - reading.sagittal_arc.to_deg, 0.0)
        values["lateral_preserved_angle_deg", "preserved_mid_planes"] = lateral
        values["anterior_preserved_angle_deg", "preserved_mid_planes"] = anterior
        values["combined_preserved_angle_deg", "preserved_mid_planes"] = lateral + anterior
    return values


def kerboul(coronal: float, sagittal: float, convention: str) -> Values:
    """The two arcs and their sum under one convention."""
    return {
        ("kerboul_coronal_deg", convention): coronal,
        ("kerboul_sagittal_deg", convention): sagittal,
        ("modified_kerboul_deg", convention): coronal + sagittal,
    }


def extent_deg(arc: Arc | None) -> float:
    """Length of an arc, 0 where there is none."""
    return arc.extent_deg if arc else 0.0


def extent_index(coronal_deg: float, sagittal_deg: float) -> float:
    """The index of necrotic extent, A/180 x B/180 x 100 (setting `extent_index_formula`).

    Examples
    --------
    >>> extent_index(90.0, 90.0)
    25.0
    """
    return coronal_deg / 180 * sagittal_deg / 180 * 100


def ends(arc: Arc | None, first: str, last: str) -> Values:
    """The two ends of an arc on a mid plane, in (-180, 180] degrees; nothing where there is no arc."""
    if arc is None:
        return {}
    return {(first, "mid_planes"): within_turn(arc.from_deg), (last, "mid_planes"): within_turn(arc.to_deg)}


def largest_slices(reading: Reading) -> tuple[Plane, Plane]:
    """The coronal and the sagittal plane, parallel to the mid planes, on which the lesion's area is largest."""
    by_y = reading.lesion_inside.sum(axis=(0, 2), dtype=float)
    by_x = reading.lesion_inside.sum(axis=(1, 2), dtype=float)
    origin, step = reading.lesion.affine[:3, 3], reading.lesion.spacing_mm[0]
    away_y = (origin[1] + step * peak(by_y) - reading.center_mm[1]) * np.array([0.0, 1.0, 0.0])
    away_x = (origin[0] + step * peak(by_x) - reading.center_mm[0]) * np.array([1.0, 0.0, 0.0])
    coronal, sagittal = reading.coronal, reading.sagittal
    return shifted(coronal, float(away_y @ coronal.normal)), shifted(sagittal, float(away_x @ sagittal.normal))


def peak(areas: Floats) -> float:
    """Index of the largest area, as the middle of all that reach 98 % of it: the top of such a curve is flat."""
    high = np.flatnonzero(areas >= 0.98 * areas.max())
    return float(high.mean())


def head_end_deg(reading: Reading) -> float:
    """Where the head ends anteriorly on the mid-sagittal plane (setting `preserved_angle_lines`), in degrees."""
    radii = settings()["setting"]["preserved_angle_lines"]["head_end_radii"]
    angles = np.arange(0.0, 181.0)
    past = directions(reading.sagittal, angles) @ reading.hip.neck_axis >= radii
    past &= directions(reading.sagittal, angles) @ ANTERIOR >= 0
    return float(angles[np.argmax(past)]) if past.any() else 180.0
