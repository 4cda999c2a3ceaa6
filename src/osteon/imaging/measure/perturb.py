"""How do readers of one hip differ, and what range of every number follows?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from osteon.anatomy import Floats, Hip, Sphere, Volume
from osteon.anatomy.volume import Array
from osteon.imaging.measure.border import inside
from osteon.imaging.measure.reading import Reading

# The neck is narrowest 1.0 to 1.6 radii from the head's centre (docs/explanation/images.md, section 1).
NECK_RADII = 1.3


@dataclass(frozen=True, slots=True)
class Draw:
    """How one reading differs from the plain one; everything 0 is the plain one.

    `center`, `plane` and `one_end` run along the hip's own axes (lateral, anterior, superior), so that a mirrored hip
    is varied in the mirrored way. All are parts of the largest variation, -1 to 1.
    """

    center: tuple[float, float, float] = (0.0, 0.0, 0.0)
    radius: float = 0.0
    plane: tuple[float, float, float] = (0.0, 0.0, 0.0)
    voxel: float = 0.0
    evenly: float = 0.0
    one_end: tuple[float, float, float] = (0.0, 0.0, 0.0)
    femur: float = 0.0
    share: float = 0.0
    edge: float = 0.0
    medial: float = 0.0


@dataclass(frozen=True, slots=True)
class Reach:
    """The largest variation of everything that is varied."""

    center_mm: float
    radius_mm: float
    plane_deg: float
    share: float
    evenly_mm: float
    one_end_mm: float
    femur_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A plain reading with what is needed to vary it quickly.

    `half_voxel_mm` tells how far half a voxel moves the lesion's border, `ends` in which direction (lateral, anterior,
    superior; 3 arrays, -1 to 1) every place lies from the lesion's centre of gravity.
    """

    plain: Reading
    reach: Reach
    half_voxel_mm: Array
    ends: tuple[Array, Array, Array]

    def readings(self, draws: tuple[Draw, ...]) -> Iterator[Reading]:
        """One reading for each draw."""
        return (self.varied(draw) for draw in draws)

    def varied(self, draw: Draw) -> Reading:
        """The plain reading with one draw's differences."""
        plain, reach = self.plain, self.reach
        axes = hip_axes(plain.hip)
        head = plain.hip.head
        turned = reach.plane_deg * np.array(draw.plane)
        sphere = Sphere(
            head.center_mm + reach.center_mm * np.array(draw.center) @ axes,
            head.radius_mm + reach.radius_mm * draw.radius,
            head.residual_sd_mm,
            head.covered_percent,
        )
        hip = replace(plain.hip, head=sphere, neck_axis=through_neck(plain.hip, sphere))
        return Reading(
            hip,
            plain.femur.with_array(plain.femur.array + np.float32(reach.femur_mm * draw.femur)),
            plain.lesion.with_array(plain.lesion.array + self.border_moved(draw)),
            plain.pelvis,
            plain.roof.varied(turned[[2, 0]], draw.edge, draw.medial) if plain.roof else None,
            plain.points_mm,
            turn_about(axes, turned, plain.hip),
            plain.share + reach.share * draw.share,
            reach.femur_mm * draw.femur,
            plain.counted,
            plain.dent,
        )

    def border_moved(self, draw: Draw) -> Array:
        """How far the lesion's border is moved outwards, in mm, everywhere."""
        moved = np.float32(draw.voxel) * self.half_voxel_mm + np.float32(self.reach.evenly_mm * draw.evenly)
        for part, end in zip(draw.one_end, self.ends, strict=True):
            if part:
                moved = moved + np.float32(self.reach.one_end_mm * part) * end
        return moved


def through_neck(hip: Hip, moved: Sphere) -> Floats:
    """The neck's axis from a moved centre: it still runs through the middle of the neck, 1.3 radii away."""
    along = hip.head.center_mm + NECK_RADII * hip.head.radius_mm * hip.neck_axis - moved.center_mm
    return np.asarray(along / np.linalg.norm(along))


def hip_axes(hip: Hip) -> Floats:
    """Unit vectors in LPS that point lateral, anterior and superior, as rows."""
    return np.array([hip.lateral, [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]])


def turn_about(axes: Floats, degrees: Floats, hip: Hip) -> Floats:
    """3 x 3 rotation by degrees about the hip's axes; the right hip's is the mirror image of the left hip's."""
    mirrored = 1.0 if hip.side == "left" else -1.0
    return np.asarray(Rotation.from_rotvec(mirrored * np.radians(degrees) @ axes).as_matrix())


def ends_of(lesion: Volume, hip: Hip) -> tuple[Array, Array, Array]:
    """Direction of every voxel from the lesion's centre of gravity along the hip's axes: 3 arrays, -1 to 1."""
    weight = inside(lesion)
    index = np.indices(lesion.shape, np.float32)
    away = [row - np.float32((row * weight).sum() / max(weight.sum(), 1e-6)) for row in index]
    length = np.sqrt(away[0] ** 2 + away[1] ** 2 + away[2] ** 2) + np.float32(1e-3)
    lateral = np.float32(hip.lateral[0])
    return lateral * away[0] / length, -away[1] / length, away[2] / length


def draws_for(count: int, seed: int) -> tuple[Draw, ...]:
    """The corners, one or a few things at their extremes, and `count` drawn readings; the same for the same seed."""
    rng = np.random.default_rng(seed)
    ends = (-1.0, 1.0)
    unit = np.eye(3)
    corners = [Draw(center=as_three(sign * axis)) for sign in ends for axis in unit]
    corners += [Draw(plane=as_three(sign * axis)) for sign in ends for axis in unit]
    corners += [Draw(voxel=sign, evenly=sign, femur=sign) for sign in ends]
    corners += [Draw(one_end=as_three(sign * axis)) for sign in ends for axis in unit]
    corners += [Draw(share=sign, radius=-sign, edge=sign, medial=-sign) for sign in ends]
    return (*corners, *(drawn(rng) for _ in range(count)))


def drawn(rng: np.random.Generator) -> Draw:
    """One reading with everything varied at once, evenly within the largest variation."""
    even = rng.uniform(-1, 1, 7)
    return Draw(in_ball(rng), even[0], in_ball(rng), even[1], even[2], in_ball(rng), *even[3:])


def in_ball(rng: np.random.Generator) -> tuple[float, float, float]:
    """An even draw from the ball of radius 1."""
    direction = rng.normal(size=3)
    return as_three(direction / np.linalg.norm(direction) * rng.uniform() ** (1 / 3))


def as_three(vector: Floats) -> tuple[float, float, float]:
    """An array of three as a tuple."""
    x, y, z = (float(v) for v in vector)
    return x, y, z
