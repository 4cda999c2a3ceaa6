"""Is there a lesion in this head, and which part of the bone is it?

The lesion is everything from the outer margin of the low-signal band on T1-type MR to the joint surface, the band
included (Takashima 2018, PMC6125745); on CT everything from the outer margin of the sclerotic rim. The band is sought
first: seen from the neck, healthy marrow ends at the band or at the bone's surface. A part that is cut off counts as a
lesion only where a band was really seen along most of its border.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from osteon.anatomy import Floats, Volume, covering_grid, points_mm, sample
from osteon.imaging.found import FoundHip
from osteon.imaging.lesion.border import SLICE_POINTS, Border, Voxels, bilinear, fitted_border
from osteon.imaging.lesion.rays import STEP_DEG
from osteon.imaging.lesion.reach import reach_of
from osteon.imaging.lesion.view import View, view_of
from osteon.imaging.series import Mask, Series

Flags = NDArray[np.bool_]

AUTHOR = "Osteon"
# The mask's voxels: as fine as the pixels of the slices it is laid over again, so that nothing is lost on the way.
OUTPUT_MM = 0.6
# Where healthy marrow ends this much deeper than the bony plate, a band may be the reason.
DEEPER_MM = 1.0
# A lesion reaches this much deeper than the plate somewhere: noise under the plate does not.
DEEPEST_MM = 2.5
# Towards the neck the bone's mask is least sure, and marrow that ends early there is mostly a mask that has leaked. A
# patch whose middle, seen from the head's centre, lies nearer to the neck than this cosine must be deeper.
NECK_SIDE, DEEPEST_NECK_SIDE_MM = -0.2, 6.0
# The smallest lesion, in ml: 0.6 % of a usual head, smaller than any that a stage or a prognosis knows.
SMALLEST_ML = 0.25
# Drop of the signal from marrow to band, in parts of marrow. Bands of phantoms drop by 0.38 to 0.75 in the middle;
# blurred bony plates by 0.25 at most. Lower means false alarms, higher means that faint bands are missed.
CONTRAST = 0.30
# On CT bundles of trabeculae in a healthy head rise like a faint rim (a share of up to 0.34, parts of up to 3.4 ml, in
# the one real CT tried), so that a fainter rim than this counts only round a larger part.
CT_CONTRAST, CT_FAINT_ML = 0.38, 4.0
SEEN_CONTRAST = 0.20
SEEN_SHARE = 0.6
# The band is looked for over this distance behind the border, the marrow over as much before it.
BAND_WITHIN_MM = 4.0
# The border is carried on this many rays past those on which the band was found: about 6 mm.
CARRY_ON = 4
# The border is fitted to voxels this much deeper than the bony plate: nearer, it would follow the plate like a band.
FIT_BELOW_PLATE_MM = 0.25
FAT_SUPPRESSED = ("STIR",)


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """Rays on which healthy marrow ends early: how much bone lies behind, and how well a band was seen.

    `contrast` is the middle drop of signal from marrow to band in parts of marrow, `seen_share` the share of the rays
    with a clear drop, `deepest_mm` the largest depth of the border below the bony plate, `to_neck` the cosine between
    the patch's middle and the neck's axis, seen from the head's centre.
    """

    rays: Flags
    volume_ml: float
    contrast: float
    seen_share: float
    deepest_mm: float
    to_neck: float


def propose_lesion(series: Series, found: FoundHip) -> Mask:
    """The lesion of a femoral head as the machine sees it, for a person to confirm or correct.

    Parameters
    ----------
    series
        T1-type MR (bright fatty marrow), or CT in Hounsfield units.
    found
        The hip in this series. Its femur may be on the series' grid or a finer one.

    Returns
    -------
    A mask labelled "lesion", method "automatic", on cubic voxels of `OUTPUT_MM` along the patient's axes around the
    head. It is empty where no band or rim cuts off a part of the head; the notes say why, and how clearly a band was
    seen.
    """
    if series.weighting.upper() in FAT_SUPPRESSED:
        return empty(series, found, "no proposal: fat-suppressed images show no dark band; use the T1 series")
    view = view_of(series, found)
    if not view.rays.seen.any():
        return empty(series, found, "no proposal: the femur's mask does not reach from the neck to the head's surface")
    ends, plate_mm = reach_of(view.along, view.clear_along, view.rays.seen)
    patches = patches_of(view, ends, plate_mm)
    lesions = [patch for patch in patches if is_lesion(patch, series)]
    if not lesions:
        return empty(series, found, *nothing_notes(patches))
    known = np.any([patch.rays for patch in lesions], axis=0)
    volume, border = delineated(view, found, view.sample_mm[ends], known, plate_mm)
    return proposal(series, volume, tuple(notes_of(series, lesions, border)))


def is_lesion(patch: Patch, series: Series) -> bool:
    """Whether a patch is a lesion and not noise, bony plate or patchy marrow."""
    deepest = DEEPEST_NECK_SIDE_MM if patch.to_neck > NECK_SIDE else DEEPEST_MM
    faint = series.kind == "CT" and patch.contrast < CT_CONTRAST
    large = patch.volume_ml >= (CT_FAINT_ML if faint else SMALLEST_ML) and patch.deepest_mm >= deepest
    return large and patch.contrast >= CONTRAST and patch.seen_share >= SEEN_SHARE


def patches_of(view: View, ends: NDArray[np.int_], plate_mm: float) -> list[Patch]:
    """Connected rays on which healthy marrow ends deeper than the bony plate, the largest part first."""
    clear = np.take_along_axis(view.clear_along, ends[..., None], axis=-1)[..., 0]
    early = (clear > plate_mm + DEEPER_MM) & view.rays.seen
    pieces, count = ndimage.label(early)
    reach = view.sample_mm[ends]
    deeper = np.asarray(clear - plate_mm, float)
    drop = band_drop(view, reach, plate_mm)
    patches = [patch_of(view, pieces == k, reach, drop, deeper) for k in range(1, count + 1)]
    return sorted(patches, key=lambda patch: -patch.volume_ml)


def patch_of(view: View, rays: Flags, reach: Floats, drop: Floats, deeper: Floats) -> Patch:
    """What one patch of rays shows."""
    behind = (view.rays.surface_mm**3 - reach**3)[rays].sum() / 3 * np.radians(STEP_DEG) ** 2
    seen = float((drop[rays] >= SEEN_CONTRAST).mean())
    contrast, deepest = float(np.median(drop[rays])), float(deeper[rays].max())
    return Patch(rays, float(behind) / 1000, contrast, seen, deepest, to_neck(view, rays))


def to_neck(view: View, rays: Flags) -> float:
    """Cosine between the neck's axis and the middle of the surface some rays reach, seen from the head's centre."""
    neck = -view.rays.frame[:, 2]
    ends = view.rays.start_mm + (view.rays.surface_mm[..., None] * view.rays.directions)[rays]
    middle = (ends - view.rays.center_mm).mean(axis=0)
    return float(middle @ neck / max(float(np.linalg.norm(middle)), 1e-6))


def band_drop(view: View, reach: Floats, plate_mm: float) -> Floats:
    """Drop of the signal from the marrow before the border to the darkest place behind it, in parts of marrow."""
    beyond = view.sample_mm - reach[..., None]
    band = (beyond >= 0) & (beyond <= BAND_WITHIN_MM) & (view.clear_along > plate_mm)
    marrow = (beyond < -1.0) & (beyond >= -BAND_WITHIN_MM)
    darkest = np.where(band, view.along, np.inf).min(axis=-1)
    before = np.where(marrow, view.along, 0).sum(axis=-1) / np.maximum(marrow.sum(axis=-1), 1)
    return np.where(band.any(axis=-1), before - np.where(np.isfinite(darkest), darkest, 0), 0.0)


def delineated(view: View, found: FoundHip, reach: Floats, known: Flags, plate_mm: float) -> tuple[Volume, Border]:
    """The lesion behind the known rays with its border fitted to the voxels, and that border."""
    free = ndimage.binary_dilation(known, iterations=CARRY_ON) & view.rays.seen
    border = fitted_border(reach, known, free, core_of(view, reach, known), voxels_of(view, plate_mm))
    return mask_behind(view, found, border, free), border


def core_of(view: View, reach: Floats, known: Flags) -> Floats:
    """Signal of the lesion behind its band along every ray, in parts of marrow, evened out over neighbouring rays."""
    beyond = view.sample_mm - reach[..., None]
    use = known[..., None] & (beyond > 3.0) & (beyond < 10.0) & (view.clear_along > 2.0)
    usual = float(np.median(view.along[use])) if use.any() else 0.5
    total = ndimage.gaussian_filter(np.where(use, view.along, 0).sum(axis=-1).astype(float), 1.5)
    count = ndimage.gaussian_filter(use.sum(axis=-1).astype(float), 1.5)
    return np.asarray((total + 0.5 * usual) / (count + 0.5))


def voxels_of(view: View, plate_mm: float) -> Voxels:
    """The voxels of the head below the bony plate over their whole slice thickness, placed among the rays."""
    least = plate_mm + FIT_BELOW_PLATE_MM
    across = ((np.arange(SLICE_POINTS) + 0.5) / SLICE_POINTS - 0.5)[:, None] * view.slice_step_mm
    places = points_mm(view.share).reshape(-1, 3)
    inside = np.flatnonzero(sample(view.depth, places, outside=-1.0) > least)
    points = places[inside][:, None, :] + across
    whole = (sample(view.depth, points, outside=-1.0) > least).all(axis=1)
    ray, distance = view.rays.place(points[whole])
    share = view.share.array.ravel()[inside][whole].astype(float)
    return Voxels(ray, distance, share, view.blur_mm)


def mask_behind(view: View, found: FoundHip, border: Border, free: Flags) -> Volume:
    """Bone behind the border, on a fine grid around the head."""
    head = found.hip.head
    grid = covering_grid(head.center_mm, 1.12 * head.radius_mm, OUTPUT_MM)
    places = points_mm(grid).reshape(-1, 3)
    bone = np.flatnonzero(sample(view.depth, places, outside=-1.0) > 0)
    ray, distance = view.rays.place(places[bone])
    behind = (bilinear(free.astype(float), ray) > 0.5) & (distance > bilinear(border.reach_mm, ray))
    mask = np.zeros(grid.array.size, np.bool_)
    mask[bone[behind]] = True
    return grid.with_array(without_specks(mask.reshape(grid.shape)))


def without_specks(mask: Flags) -> Flags:
    """The mask without separate pieces below the smallest lesion."""
    pieces, count = ndimage.label(mask)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1) * OUTPUT_MM**3 / 1000
    sizes[0] = 0
    return np.asarray((sizes >= SMALLEST_ML)[pieces])


def notes_of(series: Series, lesions: list[Patch], border: Border) -> list[str]:
    """How sure the proposal is."""
    word = "rim" if series.kind == "CT" else "band"
    rays = np.array([patch.rays.sum() for patch in lesions], float)
    seen = float(np.average([patch.seen_share for patch in lesions], weights=rays))
    contrast = float(np.average([patch.contrast for patch in lesions], weights=rays))
    sure = "clear" if contrast >= 0.4 and seen >= 0.8 else "faint: check it in every slice"
    notes = [
        f"{word} seen along {100 * seen:.0f} % of the border, {sure}",
        f"{word} contrast {100 * contrast:.0f} % of healthy marrow's signal",
        f"{word} width {border.width_mm:.1f} mm",
        "lesion = everything from the band's outer margin to the joint surface, band included (Takashima 2018)",
    ]
    if series.kind == "CT":
        notes[1] = f"rim contrast {contrast * 200 / 0.7:.0f} HU"
    if len(lesions) > 1:
        notes.append(f"{len(lesions)} separate parts")
    return notes


def nothing_notes(patches: list[Patch]) -> list[str]:
    """Why no lesion is said, and what came nearest to one."""
    notes = ["no lesion found: no dark band or dense rim cuts off a part of the head"]
    doubtful = [p for p in patches if p.volume_ml >= SMALLEST_ML and p.contrast >= SEEN_CONTRAST]
    if doubtful:
        most = doubtful[0]
        notes.append(
            f"nearest to one: {most.volume_ml:.1f} ml behind a border with contrast {100 * most.contrast:.0f} % "
            f"({100 * CONTRAST:.0f} % is needed), seen along {100 * most.seen_share:.0f} %, "
            f"{most.deepest_mm:.0f} mm under the bony plate"
        )
    return notes


def empty(series: Series, found: FoundHip, *notes: str) -> Mask:
    """No lesion, on the grid a lesion would have come on."""
    grid = covering_grid(found.hip.head.center_mm, 1.12 * found.hip.head.radius_mm, OUTPUT_MM)
    return proposal(series, grid.with_array(np.zeros(grid.shape, np.bool_)), notes)


def proposal(series: Series, volume: Volume, notes: tuple[str, ...]) -> Mask:
    """A volume as the proposal for a series."""
    return Mask(volume, "lesion", "automatic", AUTHOR, series_uid=series.series_uid, notes=notes)
