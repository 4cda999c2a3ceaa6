"""What did a person change in a proposed mask, who was it, and when?

A correction keeps only the difference: the voxels added and the voxels taken away, as runs along the last axis of the
array. It names the mask it belongs to by a digest, so that it is never laid on another one, and can be undone.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osteon.anatomy import Floats, Volume, resample, same_grid
from osteon.errors import Fault, InputError
from osteon.imaging.series import Mask

Flags = NDArray[np.bool_]
Runs = tuple[tuple[int, int], ...]

FORMAT = "osteon-correction-1"
METHODS = ("drawn", "automatic", "corrected", "imported")
TEXTS = ("author", "on", "note", "base", "base_method", "base_author")
KEYS = ("format", *TEXTS, "base_on", "shape", "affine", "added", "removed")
# Larger than any correction of a hip by far; keeps hostile files from filling the memory.
LARGEST_BYTES = 20_000_000
LARGEST_VOXELS = 2**31
LARGEST_TEXT = 2000

OTHER_MASK = (
    "the correction was made for another mask than this one (their digests differ); "
    "apply corrections in the order they were made, to the proposal they started from."
)


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """The change from one mask to the next.

    `added` and `removed` are runs (first voxel, number of voxels) over the flattened array. `base` is the digest of
    the mask the change starts from, `base_method`, `base_author` and `base_on` say where that one came from, `shape`
    and `affine` are its grid. `on` is an ISO date.
    """

    added: Runs
    removed: Runs
    author: str
    on: str
    base: str
    base_method: str
    base_author: str
    base_on: str | None
    shape: tuple[int, int, int]
    affine: Floats
    note: str = ""

    @property
    def changed_voxels(self) -> int:
        """Number of voxels that change."""
        return sum(count for _, count in (*self.added, *self.removed))


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well the mask before a correction agreed with the one after it: an audit number for every case."""

    dice: float
    before_ml: float
    after_ml: float
    added_ml: float
    removed_ml: float
    author: str
    on: str


def correction_between(before: Mask, after: Mask, author: str, on: str, note: str = "") -> Correction:
    """The change that turns one mask into another on the same grid.

    Parameters
    ----------
    before, after
        Masks on one grid.
    author, on
        Who corrected, and the ISO date.

    Raises
    ------
    InputError
        When the grids differ, the author is missing or the date is none.
    """
    faults = signature_faults(author, on, note)
    if not same_grid(before.volume, after.volume):
        faults.append(Fault("grid", "the two masks lie on different grids; lay the corrected one on the first's grid."))
    if faults:
        raise InputError("the correction", faults)
    old, new = before.volume.array.astype(bool), after.volume.array.astype(bool)
    return Correction(
        added=runs_of(new & ~old),
        removed=runs_of(old & ~new),
        author=author,
        on=on,
        base=digest(before.volume),
        base_method=before.method,
        base_author=before.author,
        base_on=before.on,
        shape=before.volume.shape,
        affine=before.volume.affine.copy(),
        note=note,
    )


def apply(mask: Mask, correction: Correction) -> Mask:
    """The mask after a correction: method "corrected", author and date of the person who made it.

    Raises
    ------
    InputError
        When the correction was made for another mask.

    Examples
    --------
    >>> grid = Volume(np.zeros((1, 1, 4), bool), np.eye(4))
    >>> mask = Mask(grid, "lesion", "automatic", "Osteon")
    >>> drawn = replace(mask, volume=grid.with_array(np.array([[[False, True, True, False]]])))
    >>> change = correction_between(mask, drawn, "Dr A", "2026-03-01")
    >>> change.added, apply(mask, change).method
    (((1, 2),), 'corrected')
    """
    if digest(mask.volume) != correction.base:
        raise InputError("the correction", [Fault("base", OTHER_MASK)])
    array = changed(mask.volume.array, correction.added, correction.removed)
    notes = (*mask.notes, correction.note)
    return replace(
        mask,
        volume=mask.volume.with_array(array),
        method="corrected",
        author=correction.author,
        on=correction.on,
        notes=notes,
    )


def undo(mask: Mask, correction: Correction) -> Mask:
    """The mask as it was before a correction was applied to it.

    Raises
    ------
    InputError
        When this mask did not come from that correction.
    """
    volume = mask.volume
    same = volume.shape == correction.shape and carries(volume.array, correction)
    if same:
        volume = volume.with_array(changed(volume.array, correction.removed, correction.added))
    if not same or digest(volume) != correction.base:
        raise InputError("the correction", [Fault("base", OTHER_MASK)])
    return replace(
        mask,
        volume=volume,
        method=correction.base_method,
        author=correction.base_author,
        on=correction.base_on,
        notes=mask.notes[:-1],
    )


def dice(a: Mask, b: Mask) -> float:
    """Dice's coefficient 2 |A ∩ B| / (|A| + |B|) of two masks, 0 to 1; 1 when both are empty.

    Masks on different grids are compared on the finer of the two.

    Examples
    --------
    >>> grid = Volume(np.array([[[True, True, False]]]), np.eye(4))
    >>> other = grid.with_array(np.array([[[False, True, False]]]))
    >>> round(dice(Mask(grid, "lesion", "drawn", "a"), Mask(other, "lesion", "drawn", "b")), 3)
    0.667
    """
    one, other = a.volume, b.volume
    if not same_grid(one, other):
        fine = one if one.voxel_mm3 <= other.voxel_mm3 else other
        one, other = (volume if volume is fine else resample(volume, fine) for volume in (one, other))
    first, second = one.array.astype(bool), other.array.astype(bool)
    total = int(first.sum()) + int(second.sum())
    return 2 * int((first & second).sum()) / total if total else 1.0


def agreement(before: Mask, correction: Correction) -> Agreement:
    """Dice and volumes of a mask against its corrected self, with the author and date of the correction."""
    after = apply(before, correction)
    ml = before.volume.voxel_mm3 / 1000
    return Agreement(
        dice=dice(before, after),
        before_ml=int(before.volume.array.sum()) * ml,
        after_ml=int(after.volume.array.sum()) * ml,
        added_ml=sum(count for _, count in correction.added) * ml,
        removed_ml=sum(count for _, count in correction.removed) * ml,
        author=correction.author,
        on=correction.on,
    )


def digest(volume: Volume) -> str:
    """SHA-256 of a mask's voxels and grid, as 64 hexadecimal digits; grids that differ by less than 0.1 µm are one."""
    # Adding 0 turns -0 into 0.
    grid = (np.round(volume.affine, 4) + 0.0).astype("<f8").tobytes()
    voxels = np.packbits(volume.array.astype(bool)).tobytes()
    return hashlib.sha256(repr(volume.shape).encode() + grid + voxels).hexdigest()


def runs_of(flags: Flags) -> Runs:
    """Runs (first voxel, number of voxels) of the true voxels of an array, in the order of its last axis."""
    edges = np.diff(np.concatenate([[0], flags.ravel().astype(np.int8), [0]]))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return tuple((int(a), int(b - a)) for a, b in zip(starts, stops, strict=True))


def changed(array: NDArray[Any], added: Runs, removed: Runs) -> Flags:
    """The array with some runs set and others cleared."""
    flat = array.astype(bool).ravel()
    for runs, value in ((added, True), (removed, False)):
        for start, count in runs:
            flat[start : start + count] = value
    return flat.reshape(array.shape)


def carries(array: NDArray[Any], correction: Correction) -> bool:
    """Whether every voxel the correction added is in the mask, and none that it removed."""
    flat = array.astype(bool).ravel()
    added = all(flat[start : start + count].all() for start, count in correction.added)
    return added and not any(flat[start : start + count].any() for start, count in correction.removed)


def to_json(correction: Correction) -> bytes:
    """The correction as JSON text in UTF-8."""
    texts = {name: getattr(correction, name) for name in (*TEXTS, "base_on")}
    lists = {name: [list(run) for run in getattr(correction, name)] for name in ("added", "removed")}
    grid = {"shape": list(correction.shape), "affine": correction.affine.tolist()}
    return json.dumps({"format": FORMAT, **texts, **grid, **lists}, ensure_ascii=False, allow_nan=False).encode()


def from_json(data: bytes, source: str = "the correction") -> Correction:
    """The correction that `to_json` wrote.

    Parameters
    ----------
    data
        JSON text in UTF-8.
    source
        Name of the file for messages.

    Raises
    ------
    InputError
        Naming everything that is wrong with the text; nothing of it is trusted before it is checked.
    """
    raw = parsed(data, source)
    faults = [Fault(key, "is missing.") for key in KEYS if key not in raw]
    faults += [Fault("", f"has {len(set(raw) - set(KEYS))} keys that no correction has.")] * bool(set(raw) - set(KEYS))
    if faults:
        raise InputError(source, faults)
    faults = [*text_faults(raw), *grid_faults(raw)]
    if not faults:
        faults = run_faults(raw, math.prod(raw["shape"]))
    if faults:
        raise InputError(source, faults)
    return Correction(
        added=tuple((start, count) for start, count in raw["added"]),
        removed=tuple((start, count) for start, count in raw["removed"]),
        **{name: raw[name] for name in (*TEXTS, "base_on")},
        shape=(raw["shape"][0], raw["shape"][1], raw["shape"][2]),
        affine=np.array(raw["affine"], float),
    )


def parsed(data: bytes, source: str) -> dict[str, Any]:
    """The JSON object in the text, or a refusal in words."""
    if len(data) > LARGEST_BYTES:
        message = f"is {len(data):,} bytes long; a correction has at most {LARGEST_BYTES:,}."
        raise InputError(source, [Fault("", message)])
    try:
        raw = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        message = "is no JSON text that can be read; give a file that was saved as a correction."
        raise InputError(source, [Fault("", message)]) from error
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        message = f"is not {FORMAT!r}; give a file that was saved as a correction by this version."
        raise InputError(source, [Fault("format", message)])
    return raw


def text_faults(raw: dict[str, Any]) -> list[Fault]:
    """Texts of the wrong kind, and what a signature must be."""
    faults = [Fault(name, "must be a text.") for name in TEXTS if not isinstance(raw[name], str)]
    if faults:
        return faults
    if raw["base_method"] not in METHODS:
        faults.append(Fault("base_method", f"must be one of {', '.join(METHODS)}."))
    if raw["base_on"] is not None and not is_date(raw["base_on"]):
        faults.append(Fault("base_on", "must be a date such as 2026-03-01, or null."))
    if len(raw["base"]) != 64 or not set(raw["base"]) <= set("0123456789abcdef"):
        faults.append(Fault("base", "must be a digest of 64 hexadecimal digits."))
    if len(raw["base_author"]) > LARGEST_TEXT:
        faults.append(Fault("base_author", f"must be at most {LARGEST_TEXT} characters long."))
    return faults + signature_faults(raw["author"], raw["on"], raw["note"])


def signature_faults(author: str, on: str, note: str) -> list[Fault]:
    """What is wrong with an author, a date and a note."""
    faults = []
    if not author.strip() or len(author) > LARGEST_TEXT:
        faults.append(Fault("author", f"must name who corrected, in 1 to {LARGEST_TEXT} characters."))
    if not is_date(on):
        faults.append(Fault("on", "must be a date such as 2026-03-01."))
    if len(note) > LARGEST_TEXT:
        faults.append(Fault("note", f"must be at most {LARGEST_TEXT} characters long."))
    return faults


def is_date(text: object) -> bool:
    """Whether this is an ISO date of a day."""
    try:
        # Other forms of a date, such as 20260301, are read too, but only one form is written.
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def grid_faults(raw: dict[str, Any]) -> list[Fault]:
    """What is wrong with the shape and the affine."""
    faults = []
    shape, affine = raw["shape"], raw["affine"]
    if not (is_list(shape, 3) and all(is_whole(n) and n > 0 for n in shape) and math.prod(shape) <= LARGEST_VOXELS):
        faults.append(Fault("shape", f"must be three whole numbers above 0, at most {LARGEST_VOXELS:,} voxels in all."))
    rows = affine if is_list(affine, 4) and all(is_list(row, 4) for row in affine) else []
    if not rows or not all(is_number(value) for row in rows for value in row):
        faults.append(Fault("affine", "must be 4 x 4 numbers."))
    return faults


def run_faults(raw: dict[str, Any], voxels: int) -> list[Fault]:
    """What is wrong with the runs."""
    message = f"must be a list of pairs [first voxel, count], in order, without overlap, within {voxels} voxels."
    return [Fault(name, message) for name in ("added", "removed") if not are_runs(raw[name], voxels)]


def are_runs(value: object, voxels: int) -> bool:
    """Whether this is a list of runs in order, without overlap, inside so many voxels."""
    if not isinstance(value, list):
        return False
    end = 0
    for run in value:
        if not (isinstance(run, list) and len(run) == 2 and is_whole(run[0]) and is_whole(run[1])):
            return False
        if run[0] < end or not 0 < run[1] <= voxels - run[0]:
            return False
        end = run[0] + run[1]
    return True


def is_list(value: object, length: int) -> bool:
    """Whether this is a list of a length."""
    return isinstance(value, list) and len(value) == length


def is_whole(value: object) -> bool:
    """Whether this is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Whether this is a finite number of a size that a place in a patient can have."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e6
