"""Everything that is in a folder, zip or file: image volumes, masks, and what was refused and why."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from osteon.anatomy import Volume
from osteon.errors import Fault, InputError
from osteon.imaging.read import limits
from osteon.imaging.read.files import Format, Found, Member, format_of, opened
from osteon.imaging.read.grid import Grid
from osteon.imaging.read.header import Frame, MaskFile, read_header
from osteon.imaging.read.limits import MB, Budget, Unreadable, broken_dicom, quiet
from osteon.imaging.read.nifti import read_nifti
from osteon.imaging.read.nrrd import read_nrrd
from osteon.imaging.read.pixels import Decoder, decoding, stack_values, uncompressed
from osteon.imaging.read.stacks import Stack, name_of, normal_of, stacks
from osteon.imaging.read.wording import plane, weighting
from osteon.imaging.series import Images, Instance, Mask, Refused, Series

Progress = Callable[[str, float], None]

AGAIN = "Copy it again"  # what is said of every damaged file, and of no other
MOST_FAULTS = 20  # so many reasons are listed when nothing can be read; the rest is counted


def read_images(path: str | Path, progress: Progress | None = None) -> Images:
    """All image volumes and masks in a folder, zip, DICOMDIR or single file, in LPS millimetres.

    Parameters
    ----------
    path
        DICOM (MR, CT, SEG, RTSTRUCT), NIfTI or NRRD files of one patient, alone, in a folder or in a zip.
    progress
        Called with the name of the stage and the part of it that is done, 0 to 1.

    Returns
    -------
    Every series whose geometry is sure, every mask, and of everything else the reason why it was refused.

    Raises
    ------
    InputError
        When the path cannot be read, holds the images of more than one patient, or nothing in it is readable.

    Examples
    --------
    >>> read_images("missing_folder")
    Traceback (most recent call last):
    osteon.errors.InputError: missing_folder has 1 fault
      cannot be read: No such file or directory. Check the path and its permissions.
    """
    told = progress or untold
    place = Path(path)
    with quiet(), opened(place) as found:
        images = read_found(found, place.name or "the folder", told)
    if not images.series and not images.masks:
        raise InputError(place.name or "the folder", faults_of(images.refused))
    return images


def untold(_stage: str, _part: float) -> None:
    """For those who ask for no progress."""


def read_series(path: str | Path, progress: Progress | None = None) -> Series:
    """The one image volume in a folder, zip or file.

    Raises
    ------
    InputError
        When there is none, or more than one; then each is named.
    """
    images = read_images(path, progress)
    if len(images.series) == 1:
        return images.series[0]
    shown = images.series[:MOST_FAULTS]
    faults = [Fault(one.id, f"{one.plane} {one.kind} {one.description} from {one.source}".strip()) for one in shown]
    left = len(images.series) - len(shown)
    faults += [Fault("", f"and {left} more")] if left else []
    message = f"holds {len(images.series)} series where one is needed. Send the folder of one series."
    raise InputError(Path(path).name or "the folder", [Fault("", message), *faults])


def faults_of(refused: Sequence[Refused]) -> list[Fault]:
    """What is said when nothing can be read."""
    if not refused:
        return [Fault("", "holds no files. Send a folder or zip of DICOM images, a NIfTI or an NRRD file.")]
    faults = [Fault(one.name, one.reason) for one in refused[:MOST_FAULTS]]
    left = len(refused) - len(faults)
    return [*faults, Fault("", f"and {left} more were refused")] if left else faults


def read_found(found: Found, source: str, told: Progress) -> Images:
    """Headers first, then the pixels of what makes a volume."""
    refused = list(found.refused)
    frames: list[Frame] = []
    masks: list[MaskFile] = []
    grids: list[tuple[Member, Format]] = []
    budget = Budget()
    for k, member in enumerate(found.members):
        told("headers", k / len(found.members))
        try:
            kind = format_of(member)
            if kind != "dicom":
                grids.append((member, kind))
                continue
            content = read_header(member, budget)
        except Unreadable as wrong:
            refused.append(Refused(member.name, str(wrong)))
            continue
        if isinstance(content, MaskFile):
            masks.append(content)
        else:
            frames += content or ()
    check_one_patient(source, [(f.header.member.name, f.header.person) for f in frames] + people(masks))
    good, bad = stacks(frames)
    with decoding() as decoder:
        series = read_stacks(good, budget, decoder, bad, told)
        volumes, label_maps = read_grids(grids, budget, bad, told)
        drawn = [mask for file in (*masks, *label_maps) for mask in masks_in(file, series, decoder, bad)]
    series = [with_doubt(one, [*refused, *bad]) for one in series]
    numbered = (replace(one, id=f"s{k}") for k, one in enumerate([*series, *volumes], 1))
    told("pixels", 1.0)
    return Images(tuple(numbered), tuple(drawn), (*refused, *bad))


def with_doubt(series: Series, refused: Sequence[Refused]) -> Series:
    """A series with a warning when damaged files lie beside it: its last slices could be among them."""
    folders = {PurePosixPath(one.path).parent for one in series.instances}
    damaged = [one for one in refused if AGAIN in one.reason and PurePosixPath(one.name).parent in folders]
    if not damaged:
        return series
    count = "a damaged file" if len(damaged) == 1 else f"{len(damaged)} damaged files"
    message = f"{count} beside it could not be read: slices at its ends may be missing"
    return replace(series, warnings=(*series.warnings, message))


def people(masks: Iterable[MaskFile]) -> list[tuple[str, tuple[str, str, str]]]:
    """Whose each mask is."""
    return [(file.member.name, file.person) for file in masks]


def check_one_patient(source: str, people: Sequence[tuple[str, tuple[str, str, str]]]) -> None:
    """Refuses the images of more than one patient.

    Files that leave out an identifier, a name or a date of birth may be of the same patient as any that give it; two
    that give different ones are of different patients.
    """
    counts = [len({person[k] for _, person in people if person[k]}) for k in range(3)]
    if max(counts, default=0) < 2:
        return
    k = counts.index(max(counts))
    example = {person[k]: name for name, person in reversed(people) if person[k]}
    shown = sorted(example.values())
    listed = ", ".join(shown[:MOST_FAULTS]) + (
        f" and {len(shown) - MOST_FAULTS} more" if len(shown) > MOST_FAULTS else ""
    )
    what = ("identifiers", "names", "dates of birth")[k]
    message = (
        f"holds images of {counts[k]} patients by their {what} (one file of each: {listed}). "
        "Send the images of one patient."
    )
    raise InputError(source, [Fault("", message)])


def patient_key(person: tuple[str, str, str]) -> str:
    """Eight signs that tell patients apart and do not name them; "" where the files do not say who it is."""
    if not any(person):
        return ""
    return hashlib.sha256("\0".join(("osteon", *person)).encode()).hexdigest()[:8]


def read_stacks(
    good: Sequence[Stack], budget: Budget, decoder: Decoder, bad: list[Refused], told: Progress
) -> list[Series]:
    """The pixels of every stack."""
    total = max(1, sum(len(stack.frames) for stack in good))
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        told("pixels", done / total)

    read: list[Series] = []
    for stack in good:
        header = stack.frames[0].header
        try:
            budget.take_voxels(len(stack.frames) * header.rows * header.columns)
            values, remarks = stack_values(stack, decoder, step)
        except Unreadable as wrong:
            bad.append(Refused(name_of(stack.frames), str(wrong)))
        else:
            read.append(series_of(stack, Volume(values, stack.affine), remarks))
    return read


def series_of(stack: Stack, volume: Volume, remarks: tuple[str, ...]) -> Series:
    """One DICOM series with its values."""
    frame = stack.frames[0]
    header = frame.header
    weighted = weighting(frame) if header.kind == "MR" else None
    names = sorted({one.header.member.name for one in stack.frames})
    return Series(
        id="",
        kind=header.kind,
        volume=volume,
        description=header.description,
        plane=plane(normal_of(frame)),
        weighting=weighted.name if weighted else "",
        echo_time_ms=frame.echo_time_ms,
        repetition_time_ms=frame.repetition_time_ms,
        slice_thickness_mm=frame.thickness_mm,
        laterality=frame.laterality,
        study_uid=header.study_uid,
        series_uid=header.series_uid,
        frame_of_reference_uid=header.frame_of_reference_uid,
        patient_key=patient_key(header.person),
        source=names[0] if len(names) == 1 else common_folder(names),
        instances=tuple(instance_of(one) for one in stack.frames),
        warnings=(*stack.warnings, *remarks, *(weighted.warnings if weighted else ())),
    )


def instance_of(frame: Frame) -> Instance:
    """What a report names to refer to one slice."""
    header = frame.header
    numbers = (frame.number,) if frame.number else ()
    return Instance(header.sop_class_uid, header.sop_instance_uid, header.member.name, numbers)


def common_folder(names: Sequence[str]) -> str:
    """The folder that holds all files; "." for the one that was read."""
    parents = [PurePosixPath(name).parent.parts for name in (names[0], names[-1])]
    shared = [a for a, b in zip(*parents, strict=False) if a == b]
    return "/".join(shared) or "."


def read_grids(
    files: Sequence[tuple[Member, Format]], budget: Budget, bad: list[Refused], told: Progress
) -> tuple[list[Series], list[MaskFile]]:
    """NIfTI and NRRD: images become series, label maps are told apart for masks."""
    volumes: list[Series] = []
    drawn: list[MaskFile] = []
    for k, (member, kind) in enumerate(files):
        told("volumes", k / len(files))
        try:
            grid = read_nifti(member) if kind == "nifti" else read_nrrd(member)
            budget.take_voxels(grid.volume.array.size)
        except Unreadable as wrong:
            bad.append(Refused(member.name, str(wrong)))
            continue
        if grid.kind == "mask":
            drawn.append(MaskFile(member, ("", "", "")))
        else:
            volumes.append(volume_series(member, grid))
    return volumes, drawn


def volume_series(member: Member, grid: Grid) -> Series:
    """One NIfTI or NRRD image as a series."""
    return Series(
        id="",
        kind=grid.kind,
        volume=grid.volume,
        description=PurePosixPath(member.name).name[:64],
        plane=plane(grid.volume.directions[:, 0]),
        source=member.name,
        warnings=grid.warnings,
    )


def masks_in(file: MaskFile, series: Sequence[Series], decoder: Decoder, bad: list[Refused]) -> tuple[Mask, ...]:
    """The masks of one SEG, RTSTRUCT or label map; contours are filled on the series that they were drawn on."""
    from osteon.imaging.masks import masks_of_bytes

    member = file.member
    drawn_on = [one for one in series if one.series_uid in file.refers]
    same_frame = [one for one in series if one.frame_of_reference_uid in file.refers]
    like = next(iter([*drawn_on, *same_frame]), None)
    try:
        if member.size > limits.MAX_MASK_BYTES:
            size = f"{member.size / MB:,.0f} MB; {limits.MAX_MASK_BYTES / MB:,.0f} are read"
            raise Unreadable(f"is a mask of {size}. Cut out the hip.")
        data = member.read(limits.MAX_MASK_BYTES)
        data = uncompressed(data, decoder) if file.refers else data
        return masks_of_bytes(data, PurePosixPath(member.name).name, like=like)
    except InputError as wrong:
        bad.append(Refused(member.name, " ".join(fault.message for fault in wrong.faults)))
    except Unreadable as wrong:
        bad.append(Refused(member.name, str(wrong)))
    except broken_dicom():
        bad.append(Refused(member.name, "is a mask that is damaged or of a rare kind. Save it again as NIfTI or SEG."))
    return ()
