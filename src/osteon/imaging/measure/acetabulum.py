"""Where are the ends of the weight-bearing surface in the patient, for every reader of this hip?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from osteon.anatomy import (
    Floats,
    Hip,
    Plane,
    Volume,
    acetabular_edge_deg,
    directions,
    level,
    mid_coronal,
    tilted,
    weight_bearing,
)
from osteon.anatomy.joint import cover_distances
from osteon.imaging.measure.settings import settings

AXES: tuple[Literal["up", "positive"], ...] = ("up", "positive")


@dataclass(frozen=True, slots=True, eq=False)
class Roof:
    """The two ends of the weight-bearing surface as points in the patient, LPS.

    `*_per_deg` tell how the points move (mm for 1 degree, shape (2, 3)) when the coronal plane is turned about the
    patient's vertical and about the lateral axis; `*_spread_mm` how far, and which way along the acetabulum, each end
    is unsure. `settings` are what the construction rests on.
    """

    lateral_mm: Floats
    medial_mm: Floats
    lateral_per_deg: Floats
    medial_per_deg: Floats
    lateral_spread_mm: Floats
    medial_spread_mm: Floats
    settings: tuple[str, ...]

    def varied(self, degrees: Floats, edge: float, medial: float) -> Roof:
        """The ends on a plane turned by (vertical, lateral axis) degrees, each moved by a part of what it is unsure."""
        return replace(
            self,
            lateral_mm=self.lateral_mm + degrees @ self.lateral_per_deg + edge * self.lateral_spread_mm,
            medial_mm=self.medial_mm + degrees @ self.medial_per_deg + medial * self.medial_spread_mm,
        )


@dataclass(frozen=True, slots=True)
class Ends:
    """The ends of the weight-bearing surface on one plane in degrees; `assumed` where the teardrop was not seen."""

    medial_deg: float
    lateral_deg: float
    assumed: bool


def roof_of(pelvis: Volume, hip: Hip) -> Roof | None:
    """The ends of the weight-bearing surface by the ministry's construction; None where no edge is seen.

    Where the teardrop is not seen, or what is taken for it gives a medial end that no hip has, the medial end is
    assumed (setting `assumed_medial_end`).

    Parameters
    ----------
    pelvis
        Mask, bool or the bone's fraction.
    """
    table = settings()["variation"]
    plane = mid_coronal(hip)
    ends = ends_deg(pelvis, hip, plane)
    if ends is None:
        return None
    field = level(pelvis)
    here = points_of(ends, field, hip, plane)
    moves = [moved_per_deg(pelvis, field, hip, plane, ends, table["plane_deg"], axis) for axis in AXES]
    unsure = settings()["setting"]["assumed_medial_end"]["spread_deg"]
    spread = np.radians(unsure) * hip.head.radius_mm if ends.assumed else table["edge_mm"]
    return Roof(
        *here,
        np.array([lateral for lateral, _ in moves]),
        np.array([medial for _, medial in moves]),
        table["edge_mm"] * along(plane, ends.lateral_deg),
        spread * along(plane, ends.medial_deg),
        ("acetabular_edge", "assumed_medial_end" if ends.assumed else "teardrop_margin"),
    )


def ends_deg(pelvis: Volume, hip: Hip, plane: Plane) -> Ends | None:
    """The ends of the weight-bearing surface on a plane; None where the acetabulum's edge is not seen."""
    sector = weight_bearing(pelvis, hip, plane)
    lateral = sector.lateral_deg if sector else acetabular_edge_deg(pelvis, hip, plane)
    if lateral is None:
        return None
    rule = settings()["setting"]["assumed_medial_end"]
    usual = rule["at_edge_0_deg"] + rule["per_edge_deg"] * lateral
    if sector and abs(sector.medial_deg - usual) <= rule["farthest_deg"]:
        return Ends(sector.medial_deg, lateral, assumed=False)
    return Ends(usual, lateral, assumed=True)


def points_of(ends: Ends, pelvis_level: Volume, hip: Hip, plane: Plane) -> tuple[Floats, Floats]:
    """The lateral and the medial end as points: on the acetabulum's bone, or just off the head where none is met."""
    rays = directions(plane, [ends.lateral_deg - 1.0, ends.medial_deg, ends.lateral_deg])
    away = np.nan_to_num(cover_distances(pelvis_level, hip, rays), nan=1.1 * hip.head.radius_mm)
    return hip.head.center_mm + away[0] * rays[2], hip.head.center_mm + away[1] * rays[1]


def along(plane: Plane, angle_deg: float) -> Floats:
    """Unit vector along the circle about the plane's centre at an angle, the way in which angles rise."""
    return np.asarray(directions(plane, [angle_deg + 90.0])[0])


def moved_per_deg(
    pelvis: Volume,
    field: Volume,
    hip: Hip,
    plane: Plane,
    here: Ends,
    plane_deg: float,
    axis: Literal["up", "positive"],
) -> tuple[Floats, Floats]:
    """How the two ends move for 1 degree when the plane is turned; not at all where the turn hides one of them."""
    mirrored = 1.0 if hip.side == "left" else -1.0
    turned = tilted(plane, mirrored * plane_deg, axis)
    there = ends_deg(pelvis, hip, turned)
    if there is None or there.assumed != here.assumed:
        return np.zeros(3), np.zeros(3)
    before, after = points_of(here, field, hip, plane), points_of(there, field, hip, turned)
    return (after[0] - before[0]) / plane_deg, (after[1] - before[1]) / plane_deg
