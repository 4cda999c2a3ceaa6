"""Which hip is it, and where are its head and its axes?

Angles about the head's centre follow one convention: 0 points up along the patient's axis, positive is lateral on the
coronal plane and anterior on the sagittal plane, and ±180 points down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from osteon.anatomy.volume import Floats

Side = Literal["left", "right"]

SUPERIOR = np.array([0.0, 0.0, 1.0])
ANTERIOR = np.array([0.0, -1.0, 0.0])


@dataclass(frozen=True, slots=True, eq=False)
class Sphere:
    """A sphere fitted to the round part of the head.

    `center_mm` is in LPS. `residual_sd_mm` is the spread of the surface about the sphere; `covered_percent` how much
    of the sphere's directions have surface that agrees with it.
    """

    center_mm: Floats
    radius_mm: float
    residual_sd_mm: float
    covered_percent: float

    @property
    def volume_ml(self) -> float:
        """4/3 π r³, in ml."""
        return float(4 / 3 * np.pi * self.radius_mm**3 / 1000)


@dataclass(frozen=True, slots=True, eq=False)
class Hip:
    """One proximal femur in the patient: its side, the sphere of its head and its axes (unit vectors in LPS).

    `neck_axis` points from the head's centre down the neck. `shaft_axis` points down the shaft; None where too little
    of the shaft is seen.
    """

    side: Side
    head: Sphere
    neck_axis: Floats
    shaft_axis: Floats | None = None

    @property
    def lateral(self) -> Floats:
        """Unit vector in LPS that points away from the midline on this side."""
        return np.array([1.0 if self.side == "left" else -1.0, 0.0, 0.0])
