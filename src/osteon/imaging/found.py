"""What does an image show of one hip before anything is measured?"""

from __future__ import annotations

from dataclasses import dataclass

from osteon.anatomy import Floats, Hip, Volume


@dataclass(frozen=True, slots=True, eq=False)
class FoundHip:
    """A hip found in one series.

    `femur` and `pelvis` are masks on one grid (that of the series, or a finer one): all bone with its cortex. The
    femur's mask has the lesion filled in and ends at the bone's surface, so that a collapsed place is missing from it.
    `pelvis` is None where none was seen. `surface_mm` are points on the head's bony surface with sub-voxel accuracy,
    shape (n, 3), LPS. `marrow_level` is the signal of healthy fatty marrow in the head (CT: its HU).
    """

    hip: Hip
    femur: Volume
    pelvis: Volume | None
    surface_mm: Floats
    marrow_level: float
    method: str  # one phrase: "found in T1 MR", "three clicks", "from a mask", "from a surface"
    warnings: tuple[str, ...] = ()
