"""From a folder of images to everything measured on one hip, in one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from osteon.anatomy import Side, Volume, resample, same_grid
from osteon.errors import Fault, InputError
from osteon.imaging.corrections import Agreement, Correction, agreement, apply, correction_between
from osteon.imaging.found import FoundHip
from osteon.imaging.series import Images, Mask, Measurement, Series

Progress = Callable[[str, float], None]

# Which series shows a lesion best: its low-signal band is defined on T1 (Takashima 2018); the others are second best.
PREFERRED = ("T1", "", "PD", "T2", "STIR")
SAME_HIP_MM = 8.0  # two fits of one head differ by 1 to 2 mm; the two heads of a patient lie more than 120 mm apart


@dataclass(frozen=True, slots=True, eq=False)
class Examination:
    """One hip on its images: what was read, found, marked and measured.

    `series` is the one that was measured on; `ct` another one of the same hip that collapse and joint space were read
    from, None where there is none. `path` is what was read. `correction` is the difference between what was proposed
    and a lesion that a person corrected, None where nobody signed for one.
    """

    images: Images
    series: Series
    found: FoundHip
    lesion: Mask
    measurements: tuple[Measurement, ...]
    ct: Series | None = None
    ct_found: FoundHip | None = None
    path: Path | None = None
    correction: Correction | None = None
    agreement: Agreement | None = None

    @property
    def side(self) -> Side:
        """The side of the hip."""
        return self.found.hip.side


def examine(
    path: Path,
    *,
    lesion: Path | None = None,
    head: Path | None = None,
    side: Side | None = None,
    series_id: str = "",
    corrected_by: str = "",
    on: str = "",
    progress: Progress | None = None,
) -> Examination:
    """Everything that can be measured on one hip in a folder, zip or file of images.

    Parameters
    ----------
    path
        Folder, zip, DICOMDIR or single file of DICOM, NIfTI or NRRD.
    lesion
        Mask of the lesion (NIfTI, NRRD, DICOM SEG or RTSTRUCT); without it one is proposed.
    head
        Mask of the femoral head or the whole femur; without it the head is looked for.
    side
        Which hip, where the images show both.
    series_id
        Which series to measure on, as `osteon images` lists them; without it the most suitable one.
    corrected_by, on
        Who made `lesion` by correcting the proposal, and the ISO date; the difference is then kept.
    progress
        Called with the name of each stage and the part that is done, 0 to 1.

    Raises
    ------
    InputError
        When the images cannot be read, no head is found, or a mask does not lie on them.
    """
    from osteon.imaging.lesion import propose_lesion
    from osteon.imaging.masks import lying_on, read_mask
    from osteon.imaging.measure import measure
    from osteon.imaging.read import read_images

    told = progress or untold
    images = read_images(path, progress)
    series = chosen_series(images, series_id)
    found = find(series, head, side, progress)
    told("marking the lesion", 0.0)
    if lesion:
        marked = lying_on(one_mask(read_mask(lesion, like=series.volume), "--lesion"), series)
    else:
        marked = propose_lesion(series, found)
    correction, agreed = None, None
    if corrected_by:
        marked, correction, agreed = corrected(propose_lesion(series, found), marked, corrected_by, on)
    ct, ct_found = same_hip_on_ct(images, series, found)
    told("measuring", 0.0)
    measured = measure(series, found, marked, ct=ct, ct_found=ct_found, progress=progress)
    told("measuring", 1.0)
    return Examination(images, series, found, marked, measured, ct, ct_found, path, correction, agreed)


def untold(*_: object) -> None:
    """Progress that nobody watches."""


def mark_lesion(
    path: Path,
    scribbles: Path | None,
    method: str,
    *,
    side: Side | None = None,
    series_id: str = "",
    progress: Progress | None = None,
) -> Mask:
    """The lesion on the grid of the series: proposed, or grown from scribbles.

    Parameters
    ----------
    scribbles
        Labels on any grid: 1 lesion, 2 healthy bone; None for a proposal.
    method
        "random-walker" or "grow-cut", for scribbles.
    """
    from osteon.imaging.lesion import grow_cut, propose_lesion, random_walker
    from osteon.imaging.read import read_images

    ways = {"random-walker": random_walker, "grow-cut": grow_cut}
    if method not in ways:
        raise InputError("--method", [Fault("", f"is {method[:30]!r}; use {' or '.join(ways)}.")])
    series = chosen_series(read_images(path, progress), series_id)
    found = find(series, None, side, progress)
    if scribbles is None:
        mask = propose_lesion(series, found)
    else:
        mask = ways[method](series, found, two_labels(scribbles, series.volume))
    return replace(mask, volume=resample(mask.volume, series.volume))


def find(series: Series, head: Path | None, side: Side | None, progress: Progress | None) -> FoundHip:
    """The hip, looked for in the series or taken from a mask."""
    from osteon.imaging.head import find_hip
    from osteon.imaging.masks import mask_on, read_mask

    femur = mask_on(one_mask(read_mask(head, like=series.volume), "--head"), series) if head else None
    return find_hip(series, side, femur=femur, progress=progress)


def two_labels(path: Path, like: Volume) -> Volume:
    """Scribbles as one volume of labels: the first mask of the file is lesion, the second is healthy bone."""
    from osteon.imaging.masks import read_mask

    masks = read_mask(path, like=like)
    if len(masks) != 2:
        message = f"holds {len(masks)} labels; draw two, 1 on the lesion and 2 on healthy bone."
        raise InputError("--scribbles", [Fault(path.name, message)])
    lesion, healthy = (each.volume for each in masks)
    return lesion.with_array(np.where(lesion.array, 1, np.where(healthy.array, 2, 0)).astype(np.int8))


def corrected(proposed: Mask, after: Mask, author: str, on: str) -> tuple[Mask, Correction, Agreement]:
    """The corrected mask, what was changed in the proposal, and how well the two agreed."""
    there = proposed.volume if same_grid(proposed.volume, after.volume) else resample(proposed.volume, after.volume)
    before = replace(proposed, volume=there)
    made = correction_between(before, after, author, on)
    return apply(before, made), made, agreement(before, made)


def chosen_series(images: Images, series_id: str) -> Series:
    """The named series, or the one that shows a lesion best: T1 before other MR before CT, then the finest."""
    usable = [each for each in images.series if each.kind in ("MR", "CT")]
    if series_id:
        named = [each for each in usable if each.id == series_id]
        if named:
            return named[0]
        known = ", ".join(each.id for each in usable) or "none"
        message = f"is {series_id[:20]!r}; the series that can be measured are {known}. `osteon images` lists them."
        raise InputError("--series", [Fault("", message)])
    if not usable:
        raise InputError("images", [Fault("", "hold no MR or CT series that can be measured. Add one.")])
    return min(usable, key=suitability)


def suitability(series: Series) -> tuple[int, int, float]:
    """Sorts the best series first: kind, weighting, size of a voxel."""
    return (series.kind != "MR", PREFERRED.index(series.weighting), series.volume.voxel_mm3)


def one_mask(masks: tuple[Mask, ...], option: str) -> Mask:
    """The only mask of a file, or the only one whose label says that it is meant."""
    wanted = option.removeprefix("--")
    named = [each for each in masks if wanted in each.label.lower()]
    if len(masks) == 1 or len(named) == 1:
        return (named or list(masks))[0]
    labels = ", ".join(each.label for each in masks) or "none"
    message = f"holds {len(masks)} masks ({labels}). Send one, or name the one that is meant {wanted!r}."
    raise InputError(option, [Fault("", message)])


def same_hip_on_ct(images: Images, series: Series, found: FoundHip) -> tuple[Series | None, FoundHip | None]:
    """A CT that shows the same hip in the same place, with the hip found on it; None and None where there is none."""
    from osteon.imaging.head import find_hip

    for each in images.series:
        if each.kind != "CT" or each is series or not one_frame(each, series):
            continue
        try:
            other = find_hip(each, found.hip.side)
        except InputError:
            continue  # a CT of another region; the measurements then say that they rest on the first series
        if np.linalg.norm(other.hip.head.center_mm - found.hip.head.center_mm) <= SAME_HIP_MM:
            return each, other
    return None, None


def one_frame(a: Series, b: Series) -> bool:
    """Whether positions of two series may be compared; files without a frame of reference are tried."""
    uids = {a.frame_of_reference_uid, b.frame_of_reference_uid} - {""}
    return len(uids) < 2 or a.frame_of_reference_uid == b.frame_of_reference_uid


def lesion_on_femur(examination: Examination) -> Mask:
    """The lesion on the grid of the femur's mask, as the operations need it."""
    femur = examination.found.femur
    return replace(examination.lesion, volume=resample(examination.lesion.volume, femur))
