"""Is the grid of a NIfTI or NRRD file sound, and does it hold an image or labels?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from osteon.anatomy import Volume
from osteon.anatomy.volume import Array, Floats
from osteon.imaging.read.limits import Unreadable
from osteon.imaging.series import Kind

# Axes written as 32-bit numbers are perpendicular to 1e-6; those of a registered, sheared image are off by more.
PERPENDICULAR = 1e-3
# Voxels of a clinical image have 0.05 to 20 mm; the limits keep out zeros, metres and micrometres.
VOXEL_MM = (0.01, 50.0)
# Fat has -150 to -50 HU and air -1000, so that in a CT of any hip at least 1 % of the voxels lie below -50; MR signal
# is never negative, and resampling it undershoots by less and more rarely. Phase images reach -4096.
FAT_HU, LOWEST_HU, DARK_PERCENT = -50.0, -4000.0, 1.0
# A view cut close around the bones holds less fat, but then most of it is muscle and marrow.
FEW_PERCENT, SOFT_HU = 0.1, (-150.0, 300.0)
# Label maps have at most some hundred labels, whole and not negative, in patches: neighbours are nearly always equal.
MOST_LABEL, PATCHY = 255, 0.75


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The image of one file, slices first, and what has to be said of it."""

    volume: Volume
    kind: Kind
    warnings: tuple[str, ...]


def checked_affine(affine: ArrayLike) -> Floats:
    """The affine, when it places voxels of a sane size on axes at right angles.

    Raises
    ------
    Unreadable
        Otherwise, with the reason.
    """
    matrix = np.asarray(affine, float)
    if not np.isfinite(matrix).all() or np.abs(matrix).max() > 1e6:
        raise Unreadable("has a place in the patient that is no number. Convert the DICOM files again, or send them.")
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    if spacing.min() < VOXEL_MM[0] or spacing.max() > VOXEL_MM[1]:
        size = " x ".join(f"{value:g}" for value in spacing)
        raise Unreadable(f"has voxels of {size} mm; {VOXEL_MM[0]} to {VOXEL_MM[1]:g} are read. Check its units.")
    unit = matrix[:3, :3] / spacing
    if np.abs(unit.T @ unit - np.eye(3)).max() > PERPENDICULAR:
        raise Unreadable("has axes that are not at right angles (sheared). Send the image as it was scanned.")
    return matrix


def slices_first(volume: Volume, warnings: tuple[str, ...]) -> Grid:
    """The same image with the slices along the first axis of the array, and what it holds.

    Slices lie along the axis with clearly the largest voxels; otherwise along the file's last one, as they are stored.
    """
    if min(volume.shape) < 2:
        raise Unreadable("is a single slice; a volume has at least 2. Send the whole series.")
    spacing = volume.spacing_mm
    axis = int(spacing.argmax()) if spacing.max() > 1.2 * np.sort(spacing)[1] else 2
    axes = [axis, *(k for k in (2, 1, 0) if k != axis)]
    turned = Volume(volume.array.transpose(axes), volume.affine[:, [*axes, 3]])
    array = turned.array
    if not np.isfinite(array).all():
        raise Unreadable("has values that are no numbers. Save it without them.")
    kind, told = kind_of(array)
    if kind == "mask":
        return Grid(turned, kind, warnings)
    return Grid(turned.with_array(np.ascontiguousarray(array, np.float32)), kind, (*warnings, told))


def kind_of(array: Array) -> tuple[Kind, str]:
    """Mask, CT or MR, by the values alone: these files do not say.

    Examples
    --------
    >>> kind_of(np.linspace(-1000, 1500, 27).reshape(3, 3, 3))[0]
    'CT'
    """
    low, high = float(array.min()), float(array.max())
    if are_labels(array, low, high):
        return "mask", ""
    if LOWEST_HU <= low < FAT_HU and holds_fat(array):
        return "CT", f"does not say what it is: taken for CT in Hounsfield units, as its values reach down to {low:.0f}"
    return "MR", f"does not say what it is: taken for MR, as its values (from {low:.0f}) are not those of a CT"


def holds_fat(array: Array) -> bool:
    """Whether as much of an image lies below the Hounsfield units of fat as in a CT of any hip."""
    few, dark, middle = np.percentile(thinned(array), [FEW_PERCENT, DARK_PERCENT, 50.0])
    return bool(dark < FAT_HU or (few < FAT_HU and SOFT_HU[0] <= middle <= SOFT_HU[1]))


def thinned(array: Array) -> Array:
    """About a million of the values, evenly chosen: enough for a percentile, and quick."""
    return array.reshape(-1)[:: max(1, array.size // 1_000_000)]


def are_labels(array: Array, low: float, high: float) -> bool:
    """Whether the values are labels: small whole numbers in patches."""
    if low < 0 or high > MOST_LABEL or (high == low > 0):
        return False
    if array.dtype.kind == "f" and (array != np.rint(array)).any():
        return False
    if low == 0 and np.isin(array, (0.0, high)).all():
        return True
    inside = array[:, :-1] > 0
    return bool((array[:, 1:] == array[:, :-1])[inside].mean() > PATCHY) if inside.any() else False
