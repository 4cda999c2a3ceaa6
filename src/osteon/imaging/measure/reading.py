"""How one reader may take this hip: where its centre, its planes and the borders of bone and lesion lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from osteon.anatomy import (
    Arc,
    Floats,
    Hip,
    Plane,
    Volume,
    directions,
    longest_arc,
    mid_coronal,
    mid_oblique,
    mid_sagittal,
)
from osteon.anatomy.arc import NECROTIC_SHARE
from osteon.anatomy.volume import Array
from osteon.imaging.measure.acetabulum import Roof
from osteon.imaging.measure.border import inside
from osteon.imaging.measure.head_region import inside_sphere, proximal_of_neck
from osteon.imaging.measure.rays import Flags, dead_share, surface_mm
from osteon.imaging.series import Measured

Values = dict[tuple[str, str], Measured]  # by name of the measurement and of the convention

ANGLES_DEG = np.arange(-179.0, 180.5)  # an arc is told to 1 degree


@dataclass(frozen=True, eq=False)
class Reading:
    """One way to take a hip.

    `femur`, `lesion` and `pelvis` are soft masks (see `border`) on cubic grids along the patient's axes, femur and
    lesion on one. `roof` holds the ends of the weight-bearing surface, `points_mm` the head's surface as found (LPS,
    shape (n, 3)). `turn` turns the patient's planes (3 x 3). A direction is necrotic where at least `share` of the bone
    from 1 to 5 mm deep is lesion. `grown_mm` tells how far the femur was grown against how it was found, `counted` how
    much larger each volume is when counted in the voxels of its own images. `dent` is how much of each voxel the head
    has lost by sinking in, 0 to 1.
    """

    hip: Hip
    femur: Volume
    lesion: Volume
    pelvis: Volume | None = None
    roof: Roof | None = None
    points_mm: Floats = field(default_factory=lambda: np.zeros((0, 3)))
    turn: Floats = field(default_factory=lambda: np.eye(3))
    share: float = NECROTIC_SHARE
    grown_mm: float = 0.0
    counted: Mapping[str, float] = field(default_factory=dict)
    dent: Array = field(default_factory=lambda: np.zeros((1, 1, 1), np.float32))

    @property
    def center_mm(self) -> Floats:
        """The head's centre, LPS."""
        return self.hip.head.center_mm

    @cached_property
    def coronal(self) -> Plane:
        """The mid-coronal plane as this reader lays it."""
        return self.turned(mid_coronal(self.hip))

    @cached_property
    def sagittal(self) -> Plane:
        """The mid-sagittal plane as this reader lays it."""
        return self.turned(mid_sagittal(self.hip))

    @cached_property
    def oblique(self) -> Plane:
        """The plane through the neck as this reader lays it."""
        return self.turned(mid_oblique(self.hip))

    @cached_property
    def femur_inside(self) -> Array:
        """How much of each voxel is femur, 0 to 1."""
        return inside(self.femur)

    @cached_property
    def lesion_inside(self) -> Array:
        """How much of each voxel is lesion, 0 to 1."""
        return inside(self.lesion)

    @cached_property
    def coronal_arc(self) -> Arc | None:
        """The lesion's arc on the mid-coronal plane."""
        return self.arc_on(self.coronal)

    @cached_property
    def sagittal_arc(self) -> Arc | None:
        """The lesion's arc on the mid-sagittal plane."""
        return self.arc_on(self.sagittal)

    def arc_on(self, plane: Plane) -> Arc | None:
        """The longest unbroken arc of necrotic directions on a plane, its middle in (-180, 180] degrees."""
        arc = longest_arc(self.necrotic(directions(plane, ANGLES_DEG), plane.center_mm), ANGLES_DEG)
        if arc is None:
            return None
        turns = arc.middle_deg - (arc.from_deg + arc.to_deg) / 2
        return Arc(arc.from_deg + turns, arc.to_deg + turns)

    @cached_property
    def in_sphere(self) -> Array:
        """How much of each voxel is bone within the head's sphere, 0 to 1."""
        return np.asarray(self.femur_inside * inside_sphere(self.femur, self.hip))

    @cached_property
    def proximal(self) -> Array:
        """How much of each voxel is bone on the head's side of the plane across the neck, 0 to 1."""
        return np.asarray(self.femur_inside * proximal_of_neck(self.femur, self.hip))

    def turned(self, plane: Plane) -> Plane:
        """A plane turned as this reader turns them."""
        return replace(plane, up=self.turn @ plane.up, positive=self.turn @ plane.positive)

    def surface_mm(self, rays: Floats, center_mm: Floats | None = None) -> Floats:
        """Distance from a centre (the head's, if none is named) to the femur's surface along rays, in mm."""
        center = self.center_mm if center_mm is None else center_mm
        return surface_mm(self.femur, center, rays, self.hip.head.radius_mm)

    def necrotic(self, rays: Floats, center_mm: Floats | None = None) -> Flags:
        """Along which rays there is lesion beneath the surface."""
        center = self.center_mm if center_mm is None else center_mm
        share = dead_share(self.femur, self.lesion, center, rays, self.surface_mm(rays, center))
        return np.asarray(share >= self.share)
