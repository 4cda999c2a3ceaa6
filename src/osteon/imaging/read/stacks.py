"""Which frames belong together, and do they make one regular volume?

A stack is one image volume: frames of one series, frame of reference, orientation, size, pixel spacing and echo. Where
several images lie at one place, they are told apart by what else differs between them. Slices are ordered by where they
lie, never by their numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from osteon.anatomy.volume import Floats
from osteon.imaging.read.header import SPLIT_BY, Frame
from osteon.imaging.read.limits import Unreadable
from osteon.imaging.series import Refused

# Frames of one stack carry the same direction cosines up to rounding in the 4th digit; 0.06 degrees, 0.2 mm at the
# edge of a 400 mm field.
SAME_DIRECTION = 1e-3
SAME_SPACING = 1e-4  # relative; spacings of one stack are the same number, at most written to fewer digits
SAME_ECHO_MS = 0.01  # echoes of one scan are 1 ms or more apart
SAME_PLACE_MM = 0.01  # thinner slices than this do not exist
# A slice may lie this far from its even place: positions written to one digit are 0.05 mm off at either end. A slice
# that is missing puts others off by half a spacing.
UNEVEN_MM, UNEVEN_OF_SPACING = 0.1, 0.1
# Rounded direction cosines let a stack drift sideways by this part of its length; a tilted gantry by 2 % and more.
DRIFT = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Frames in the order of their places; `affine` is that of the volume with axes slice, row, column (LPS mm)."""

    frames: tuple[Frame, ...]
    affine: Floats
    warnings: tuple[str, ...] = ()


def stacks(frames: Sequence[Frame]) -> tuple[list[Stack], list[Refused]]:
    """Every regular volume among the frames, and what is said of the rest."""
    good: list[Stack] = []
    bad: list[Refused] = []
    single: dict[str, list[Frame]] = defaultdict(list)
    for group in groups(frames):
        group, twice = without_copies(group)
        if len(group) == 1:
            single[group[0].header.series_uid].append(group[0])
            continue
        for part in told_apart(group):
            try:
                stack = stack_of(part)
            except Unreadable as wrong:
                bad.append(Refused(name_of(part), str(wrong)))
            else:
                good.append(replace(stack, warnings=(*stack.warnings, *copies(twice))))
    bad += [Refused(name_of(lone), why_single(lone)) for lone in single.values()]
    return sorted(good, key=order), bad


def copies(twice: int) -> tuple[str, ...]:
    """A warning where the same objects were sent twice."""
    return (f"{twice} images were there twice and are used once",) if twice else ()


def order(stack: Stack) -> tuple[int, str, float, str]:
    """Series as the scanner numbered them, then by echo, then by file."""
    frame = stack.frames[0]
    echo = frame.echo_time_ms or 0.0
    return frame.header.series_number, frame.header.series_uid, echo, frame.header.member.name


def groups(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Frames that could lie in one volume."""
    alike: dict[tuple[object, ...], list[list[Frame]]] = defaultdict(list)
    for frame in frames:
        header = frame.header
        key = (header.study_uid, header.series_uid, header.frame_of_reference_uid, header.kind)
        near = alike[(*key, header.rows, header.columns)]
        group = next((group for group in near if same_grid(group[0], frame)), None)
        if group is None:
            near.append([frame])
        else:
            group.append(frame)
    return [group for near in alike.values() for group in near]


def same_grid(a: Frame, b: Frame) -> bool:
    """Whether two frames lie parallel, with the same pixels and echo."""
    turned = max(np.abs(a.along_row - b.along_row).max(), np.abs(a.along_column - b.along_column).max())
    return bool(
        turned <= SAME_DIRECTION
        and np.allclose(a.spacing_mm, b.spacing_mm, rtol=SAME_SPACING, atol=0)
        and abs((a.echo_time_ms or 0.0) - (b.echo_time_ms or 0.0)) <= SAME_ECHO_MS
    )


def without_copies(group: list[Frame]) -> tuple[list[Frame], int]:
    """One frame of each object, and how many were there more than once.

    Raises nothing: two objects with one name but other places or sizes are both kept, and then lie at one place or not.
    """
    kept: dict[tuple[object, ...], Frame] = {}
    for frame in group:
        uid = frame.header.sop_instance_uid or frame.header.member.name
        kept.setdefault((uid, frame.number, frame.header.member.size, *frame.position_mm), frame)
    return list(kept.values()), len(group) - len(kept)


def places_mm(group: Sequence[Frame]) -> Floats:
    """How far along their common normal the frames lie."""
    normal = normal_of(group[0])
    return np.array([frame.position_mm @ normal for frame in group])


def normal_of(frame: Frame) -> Floats:
    """Unit vector in LPS perpendicular to a frame: along a row, along a column and this are right-handed."""
    return np.asarray(np.cross(frame.along_row, frame.along_column))


def doubled(group: Sequence[Frame]) -> int:
    """How many frames lie where another one of the group lies."""
    return int((np.diff(np.sort(places_mm(group))) < SAME_PLACE_MM).sum())


def told_apart(group: list[Frame]) -> list[list[Frame]]:
    """Splits a group until no two frames lie at one place, if what differs between them allows.

    A part of one single slice is no volume, so an attribute that differs from slice to slice (such as the time of each)
    never splits.
    """
    if not doubled(group):
        return [group]
    for k in range(len(SPLIT_BY)):
        parts: dict[str, list[Frame]] = defaultdict(list)
        for frame in group:
            parts[frame.split[k]].append(frame)
        whole = all(len(part) - doubled(part) > 1 for part in parts.values())
        if len(parts) > 1 and whole and sum(map(doubled, parts.values())) < doubled(group):
            return [smaller for part in parts.values() for smaller in told_apart(part)]
    return [group]


def stack_of(group: Sequence[Frame]) -> Stack:
    """The volume that parallel frames make.

    Raises
    ------
    Unreadable
        When they lie at uneven distances, at one place, or beside the common normal.
    """
    places = places_mm(group)
    sequence = np.argsort(places, kind="stable")
    frames, places = tuple(group[k] for k in sequence), places[sequence]
    gaps = np.diff(places)
    check_gaps(frames, gaps)
    spacing = float(places[-1] - places[0]) / len(gaps)
    check_drift(frames, places)
    first = frames[0]
    affine = np.eye(4)
    affine[:3, 0] = normal_of(first) * spacing
    affine[:3, 1] = first.along_column * first.spacing_mm[0]
    affine[:3, 2] = first.along_row * first.spacing_mm[1]
    affine[:3, 3] = first.position_mm
    return Stack(frames, affine)


def check_gaps(frames: Sequence[Frame], gaps: Floats) -> None:
    """Refuses images at one place and slices at uneven distances."""
    if gaps.min() < SAME_PLACE_MM:
        message = f"has {int((gaps < SAME_PLACE_MM).sum())} images at places where another one of the same kind lies."
        raise Unreadable(f"{message} Send one acquisition in a folder of its own.")
    spacing = gaps.mean()
    off = np.abs(np.concatenate([[0], np.cumsum(gaps)]) - spacing * np.arange(len(gaps) + 1)).max()
    if off > min(UNEVEN_MM, UNEVEN_OF_SPACING * spacing):
        usual, largest = float(np.median(gaps)), int(gaps.argmax())
        neighbours = f"{frames[largest].header.member.name} and {frames[largest + 1].header.member.name}"
        if gaps[largest] - usual > usual - gaps.min():
            message = f"has a gap of {gaps[largest]:.2f} mm between {neighbours}"
        else:
            message = f"has slices only {gaps.min():.2f} mm apart"
        raise Unreadable(
            f"{message}, where slices lie {usual:.2f} mm apart. Slices are missing or of another scan: send the whole "
            "series, evenly spaced."
        )


def check_drift(frames: Sequence[Frame], places: Floats) -> None:
    """Refuses slices that are shifted sideways, so that the volume would be sheared."""
    first = frames[0]
    moved = np.array([frame.position_mm for frame in frames]) - first.position_mm
    sideways = np.hypot(moved @ first.along_row, moved @ first.along_column)
    if (sideways > UNEVEN_MM + DRIFT * (places - places[0])).any():
        angle = np.degrees(np.arctan2(sideways[-1], places[-1] - places[0]))
        raise Unreadable(
            f"has slices shifted sideways by up to {sideways.max():.1f} mm ({angle:.0f}° to their stack): the gantry "
            "was tilted. Send a reconstruction with slices one straight above the other."
        )


def name_of(group: Sequence[Frame]) -> str:
    """The first file of a group, and how many more there are."""
    names = sorted({frame.header.member.name for frame in group})
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def why_single(lone: Sequence[Frame]) -> str:
    """What is said of slices that have no neighbour."""
    if len(lone) == 1:
        return "is a single slice; a volume has at least 2. Send all slices of the series."
    return (
        f"are {len(lone)} single slices, each of another direction, size, echo or frame of reference; a volume has at "
        "least 2 alike. Send all slices of the series."
    )
