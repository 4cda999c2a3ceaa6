"""`osteon images`, `measure`, `lesion`, `surgery` and `phantom`: each reads, calls one function, and writes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from osteon.errors import Fault, InputError
from osteon.terminal import CaseFile, JointName, Json, chosen, new_files, width, write

ImagesPath = Annotated[
    Path, typer.Argument(metavar="IMAGES", help="Folder, zip, DICOMDIR or file of DICOM, NIfTI or NRRD.")
]
ImagesOption = Annotated[Path, typer.Option("--images", help="Folder, zip or file of DICOM, NIfTI or NRRD.")]
LesionMask = Annotated[
    Path | None,
    typer.Option("--lesion", help="Mask of the lesion: NIfTI, NRRD, SEG or RTSTRUCT. Else one is proposed."),
]
HeadMask = Annotated[
    Path | None, typer.Option("--head", help="Mask of the head or the femur. Else the head is looked for.")
]
SideOption = Annotated[str, typer.Option("--side", help="left or right, where the images show both hips.")]
SeriesName = Annotated[str, typer.Option("--series", help="Series to measure on, as `osteon images` lists them.")]


def add_commands(app: typer.Typer) -> None:
    """Adds the commands about images to the command line."""
    app.command("images")(images_command)
    app.command("measure")(measure_command)
    app.command("lesion")(lesion_command)
    app.command("surgery")(surgery_command)
    app.command("phantom")(phantom_command)


def images_command(
    images: ImagesPath,
    sheet: Annotated[Path | None, typer.Option(help="Write a contact sheet to this file, a name in .png.")] = None,
    json: Json = False,
) -> None:
    """List what a folder of images holds, and what could not be read and why."""
    with imaging_installed(), told_on_screen() as progress:
        from osteon.imaging.overview import contact_sheet_png
        from osteon.imaging.overview_card import overview_dict, overview_text
        from osteon.imaging.read import read_images

        if sheet is not None and sheet.suffix != ".png":
            raise InputError("--sheet", [Fault(sheet.name, "must end in .png.")])
        found = read_images(images, progress)
    if json:
        print_json(overview_dict(found))
    else:
        typer.echo(overview_text(found, width()), nl=False)
    if sheet is not None:
        write(sheet, contact_sheet_png(found))


def measure_command(
    images: ImagesPath,
    lesion: LesionMask = None,
    head: HeadMask = None,
    side: SideOption = "",
    series: SeriesName = "",
    corrected_by: Annotated[
        str,
        typer.Option(help="Who made the --lesion mask by correcting the proposal: the difference is kept in --out."),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write figures, table, masks, surfaces, SEG and SR into this new folder."),
    ] = None,
    json: Json = False,
) -> None:
    """Measure the femoral head and its lesion on images, with an interval on every number. For research."""
    with imaging_installed(), told_on_screen() as progress:
        from osteon.imaging.measure import measurements_dict
        from osteon.whole_file import check_new_folder

        if out is not None:
            check_new_folder(out)
        if corrected_by and not lesion:
            raise InputError("--corrected-by", [Fault("", "needs the corrected mask: name it with --lesion.")])
        examined = examination(images, lesion, head, side, series, progress, corrected_by)
    if json:
        print_json(measurements_dict(examined.measurements))
    else:
        from osteon.imaging.measure.card import measurements_card

        typer.echo(measurements_card(examined.measurements, width()), nl=False)
    if examined.agreement:
        told = examined.agreement
        typer.echo(
            f"Corrected by {told.author}: Dice of proposal and correction {told.dice:.3f}, "
            f"{told.added_ml:.1f} ml added, {told.removed_ml:.1f} ml taken away.",
            err=True,
        )
    if out is not None:
        write_results(out, examined)


def lesion_command(
    images: ImagesPath,
    out: Annotated[Path, typer.Option("--out", help="Write the mask to this new file, a name in .nii.gz.")],
    scribbles: Annotated[
        Path | None, typer.Option(help="Labels drawn on the images: 1 lesion, 2 healthy. Else the lesion is proposed.")
    ] = None,
    method: Annotated[str, typer.Option(help="How scribbles grow: random-walker or grow-cut.")] = "random-walker",
    side: SideOption = "",
    series: SeriesName = "",
) -> None:
    """Mark the lesion: proposed from the images, or grown from a few scribbles."""
    with imaging_installed(), told_on_screen() as progress:
        from osteon.imaging.examination import mark_lesion
        from osteon.imaging.write import nifti_bytes

        if not out.name.endswith(".nii.gz"):
            raise InputError("--out", [Fault(out.name, "must end in .nii.gz.")])
        mask = mark_lesion(images, scribbles, method, side=checked_side(side), series_id=series, progress=progress)
    new_files({out: nifti_bytes(mask.volume)})
    for line in (*mask.notes, f"Written to {out.name}. Look at it before you use it."):
        typer.echo(line)


def surgery_command(
    case: CaseFile,
    images: ImagesOption,
    lesion: LesionMask = None,
    head: HeadMask = None,
    joint: JointName = "",
    series: SeriesName = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="Write figures, table, masks and surfaces into this new folder.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what each joint-preserving operation and implant would look like in this bone. For research."""
    with imaging_installed(), told_on_screen() as progress:
        from osteon.imaging.examination import lesion_on_femur
        from osteon.surgery import plan_operations, surgery_card, surgery_dict
        from osteon.whole_file import check_new_folder

        if out is not None:
            check_new_folder(out)
        hip = hip_in(chosen(case, joint), case.name)
        examined = examination(images, lesion, head, hip.side, series, progress)
        found = examined.found
        plan = plan_operations(
            found.hip, found.femur, lesion_on_femur(examined).volume, found.pelvis, progress=progress
        )
    if json:
        print_json(surgery_dict(plan))
    else:
        typer.echo(surgery_card(plan, width()), nl=False)
    if out is not None:
        write_results(out, examined, plan)


def phantom_command(
    out: Annotated[Path, typer.Option("--out", help="New folder for the images and their truth.")],
    seed: Annotated[int, typer.Option(help="Which bone, tissue and noise; the same seed gives the same files.")] = 1,
    side: Annotated[str, typer.Option(help="left or right.")] = "left",
    lesion_percent: Annotated[float, typer.Option(help="Size of the lesion in % of the head; 0 for none.")] = 22.0,
    coronal_deg: Annotated[float, typer.Option(help="Where it lies: 0 up, positive lateral.")] = -20.0,
    anterior_deg: Annotated[float, typer.Option(help="Where it lies: 0 up, positive anterior.")] = 20.0,
    collapse_mm: Annotated[float, typer.Option(help="Depth of the collapse.")] = 0.0,
    plane: Annotated[str, typer.Option(help="Slices of the MR: cor, sag or ax.")] = "cor",
    tilt_deg: Annotated[float, typer.Option(help="Turns the slices away from that plane.")] = 0.0,
) -> None:
    """Make MR and CT of an invented hip of which everything is known, to check an installation."""
    with imaging_installed(), told_on_screen() as progress:
        from osteon.phantom import Recipe, make_phantom, phantom_files
        from osteon.whole_file import check_new_folder, write_whole_folder

        check_new_folder(out)
        recipe = Recipe(
            seed=seed,
            side=side,  # type: ignore[arg-type]  # checked by the recipe
            lesion_percent=lesion_percent,
            lesion_coronal_deg=coronal_deg,
            lesion_anterior_deg=anterior_deg,
            collapse_depth_mm=collapse_mm,
            plane=plane,  # type: ignore[arg-type]
            tilt_deg=(tilt_deg, 0.0),
        )
        write_whole_folder(out, phantom_files(make_phantom(recipe, progress)))
    typer.echo(f"Written to {out}. Compare its truth.json with: osteon measure {out / 'mr'}")


# ------------------------------------------------------------------------------------------------------ shared steps


def examination(
    images: Path,
    lesion: Path | None,
    head: Path | None,
    side: str,
    series: str,
    progress: Any,
    corrected_by: str = "",
) -> Any:
    from datetime import UTC, datetime

    from osteon.imaging.examination import examine

    return examine(
        images,
        lesion=lesion,
        head=head,
        side=checked_side(side),
        series_id=series,
        corrected_by=corrected_by,
        on=datetime.now(UTC).date().isoformat(),
        progress=progress,
    )


def checked_side(side: str) -> Any:
    if side not in ("", "left", "right"):
        raise InputError("--side", [Fault("", f"is {side[:20]!r}; use left or right, or leave it out.")])
    return side or None


def hip_in(case: Any, source: str) -> Any:
    """The one femoral head of a case whose side is stated."""
    heads = [each for each in case.joints if each.site == "femoral_head" and each.side]
    if len(heads) == 1:
        return heads[0]
    names = ", ".join(each.name for each in heads) or "none"
    message = f"holds {len(heads)} femoral heads whose side is stated ({names}). Name one with --joint."
    raise InputError(source, [Fault("", message)])


def measured_findings(
    hip: Any, images: Path, lesion: Path | None
) -> tuple[Any, Mapping[str, Mapping[str, Mapping[str, Any]]]]:
    """The examination of a hip on its images, and what it says in the words of a case file."""
    with imaging_installed(), told_on_screen() as progress:
        from osteon.imaging.measure import as_findings

        examined = examination(images, lesion, None, hip.side, "", progress)
    kinds = {
        each.id: " ".join(filter(None, (each.weighting, each.kind, each.plane))) for each in examined.images.series
    }
    return examined, {hip.name: as_findings(examined.measurements, kinds)}


def pictures_of(examined: Any) -> Mapping[str, Any]:
    """The most telling pictures of an examination, by the name of its joint."""
    from osteon.report.images import report_pictures

    return {f"{examined.side} femoral_head": report_pictures(examined)}


def write_results(folder: Path, examined: Any, surgical_plan: Any = None) -> None:
    from osteon.report.images import result_files
    from osteon.whole_file import write_whole_folder

    write_whole_folder(folder, result_files(examined, surgical_plan))
    typer.echo(f"Written to {folder}: open index.html in it.", err=True)


def print_json(content: Mapping[str, Any]) -> None:
    import json

    typer.echo(json.dumps(content, ensure_ascii=False, indent=2))


@contextmanager
def imaging_installed() -> Iterator[None]:
    """Turns a missing library into a sentence that says how to get it."""
    try:
        yield
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("osteon"):
            raise
        message = f"needs the library {missing.name}. Install what images need: pip install 'osteon[imaging]'."
        raise InputError("reading images", [Fault("", message)]) from None


@contextmanager
def told_on_screen() -> Iterator[Any]:
    """Shows each stage on standard error while it runs, where that is a screen; leaves the line empty afterwards."""
    if not sys.stderr.isatty():
        yield None
        return

    def tell(stage: str, part: float) -> None:
        sys.stderr.write(f"\r\x1b[K{stage} {part:4.0%}")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
