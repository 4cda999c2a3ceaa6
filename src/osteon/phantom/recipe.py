"""What is to be seen in a phantom: which hip, which lesion, which scanner?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from osteon.anatomy import Side
from osteon.errors import Fault, InputError

LesionKind = Literal["cap", "wedge", "bowl"]
ScanPlane = Literal["cor", "sag", "ax"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One synthetic hip; everything that is left open here is drawn from `seed`, and from nothing else.

    Parameters
    ----------
    seed
        0 or more. Draws the bone's shape, the place of the patient in the scanner, tissue texture, bias and noise.
    side
        "left" or "right".
    shape_sd
        0 to 1.2; spread of the shape model's weights in standard deviations. 0 is the mean hip.
    seated
        Whether the socket is fitted around the head. The shape model itself leaves it off centre; then the pelvis is
        only cut where the femur would run into it.
    pose_deg
        0 to 10; largest turn of the patient about each axis.
    lesion_percent
        0 to 70; volume in percent of the head proximal to 0.55 radius past its centre. 0 makes a healthy hip.
    lesion_coronal_deg, lesion_anterior_deg
        Direction of the lesion's axis from the head's centre: -90 to 90, 0 up, positive lateral; and -60 to 60,
        positive anterior.
    lesion_kind
        "cap": flat base; "wedge": a cone that narrows towards the centre; "bowl": a base that follows the surface.
    irregularity_mm
        0 to 4; how far the lesion's border wanders from that shape.
    band_mm
        0.8 to 4; width of the low-signal band, which belongs to the lesion.
    core_signal
        0.25 to 1; signal of the lesion inside the band, in parts of fatty marrow.
    collapse_depth_mm
        0 to 8; how far the deepest point of the joint surface lies inside the head's sphere.
    crescent
        A line of fluid under the bony plate; only with a lesion.
    red_marrow_signal
        0.5 to 1; signal of the marrow in neck and shaft, in parts of that in the head.
    effusion_mm
        0 to 6; fluid around the head and neck.
    plane, tilt_deg
        Slices: coronal, sagittal or axial, turned about the image's vertical and its horizontal axis by -25 to 25 deg.
    slice_mm, gap_mm, pixel_mm, field_mm
        0.5 to 6; 0 to 2; 0.3 to 1.5; 90 to 150. Slices up to 1.5 mm thick count as a 3D acquisition.
    snr
        5 to 100; signal of fatty marrow over the noise's standard deviation.
    bias
        0 to 0.5; how far the coil's shading leaves its mean, in parts.

    Raises
    ------
    InputError
        Naming every value outside these ranges.

    Examples
    --------
    >>> Recipe(seed=7, side="right", lesion_percent=0).lesion_percent
    0
    >>> Recipe(lesion_percent=90, plane="oblique")
    Traceback (most recent call last):
    osteon.errors.InputError: the recipe has 2 faults
      lesion_percent: is 90; it must be between 0 and 70.
      plane: is 'oblique'; choose one of cor, sag, ax.
    """

    seed: int = 1
    side: Side = "left"
    shape_sd: float = 0.9
    seated: bool = True
    pose_deg: float = 4.0
    lesion_percent: float = 22.0
    lesion_coronal_deg: float = -20.0
    lesion_anterior_deg: float = 20.0
    lesion_kind: LesionKind = "cap"
    irregularity_mm: float = 1.0
    band_mm: float = 2.0
    core_signal: float = 0.75
    collapse_depth_mm: float = 0.0
    crescent: bool = False
    red_marrow_signal: float = 0.78
    effusion_mm: float = 0.0
    plane: ScanPlane = "cor"
    tilt_deg: tuple[float, float] = (0.0, 0.0)
    slice_mm: float = 3.5
    gap_mm: float = 0.35
    pixel_mm: float = 0.6
    field_mm: float = 114.0
    snr: float = 22.0
    bias: float = 0.25

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        faults = [*number_faults(self), *word_faults(self)]
        if self.lesion_percent == 0 and (self.collapse_depth_mm or self.crescent):
            faults.append(Fault("lesion_percent", "is 0; a collapse or a crescent needs a lesion."))
        if faults:
            raise InputError("the recipe", faults)

    @property
    def has_lesion(self) -> bool:
        """Whether there is anything to find."""
        return self.lesion_percent > 0

    @property
    def spacing_mm(self) -> float:
        """Distance between the middles of neighbouring slices."""
        return self.slice_mm + self.gap_mm


LIMITS: dict[str, tuple[float, float]] = {
    "seed": (0, 2**63 - 1),
    "shape_sd": (0, 1.2),
    "pose_deg": (0, 10),
    "lesion_percent": (0, 70),
    "lesion_coronal_deg": (-90, 90),
    "lesion_anterior_deg": (-60, 60),
    "irregularity_mm": (0, 4),
    "band_mm": (0.8, 4),
    "core_signal": (0.25, 1),
    "collapse_depth_mm": (0, 8),
    "red_marrow_signal": (0.5, 1),
    "effusion_mm": (0, 6),
    "slice_mm": (0.5, 6),
    "gap_mm": (0, 2),
    "pixel_mm": (0.3, 1.5),
    "field_mm": (90, 150),
    "snr": (5, 100),
    "bias": (0, 0.5),
}
WORDS = {"side": ("left", "right"), "lesion_kind": ("cap", "wedge", "bowl"), "plane": ("cor", "sag", "ax")}


def number_faults(recipe: Recipe) -> list[Fault]:
    """Numbers outside their range."""
    numbers = {name: getattr(recipe, name) for name in LIMITS}
    found = [
        Fault(name, f"is {value:g}; it must be between {LIMITS[name][0]:g} and {LIMITS[name][1]:g}.")
        for name, value in numbers.items()
        if not LIMITS[name][0] <= value <= LIMITS[name][1]
    ]
    if not all(-25 <= tilt <= 25 for tilt in recipe.tilt_deg):
        found.append(Fault("tilt_deg", f"is {recipe.tilt_deg}; both must be between -25 and 25."))
    return found


def word_faults(recipe: Recipe) -> list[Fault]:
    """Words that are not offered."""
    return [
        Fault(name, f"is {getattr(recipe, name)!r}; choose one of {', '.join(words)}.")
        for name, words in WORDS.items()
        if getattr(recipe, name) not in words
    ]
