"""`osteon mechanics`: reads a case, compares operations on its hip, and writes."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from osteon.errors import Fault, InputError
from osteon.imaging_cli import LesionMask, examination, hip_in, imaging_installed, print_json, told_on_screen
from osteon.terminal import CaseFile, JointName, Json, chosen, width

if TYPE_CHECKING:
    from osteon.case import Joint
    from osteon.imaging.examination import Examination
    from osteon.mechanics.compare import Comparison, Question
    from osteon.mechanics.subject import Subject

LAST_FEMUR = 999_999
COARSEST_MM = 3.0
CARD_COLUMNS = 80  # the least a table needs


def add_commands(app: typer.Typer) -> None:
    """Adds the commands about mechanics to the command line."""
    app.command("mechanics")(mechanics_command)


def mechanics_command(
    case: CaseFile,
    joint: JointName = "",
    images: Annotated[Path | None, typer.Option(help="Take the bone from these images (folder, zip or file).")] = None,
    lesion: LesionMask = None,
    template: Annotated[
        str,
        typer.Option(
            metavar="FEMUR",
            help="The femur to take without images: mean, or a number such as 7 for one drawn from the shape model.",
        ),
    ] = "mean",
    operations: Annotated[str, typer.Option(help="all, or ids of options with commas, as in the JSON.")] = "all",
    activity: Annotated[str, typer.Option(help="walking, one_leg_stance, standing_up, stairs_up ...")] = "walking",
    voxel: Annotated[float, typer.Option(help="Edge of a voxel in mm, 0.2 to 3.")] = 1.0,
    draws: Annotated[int, typer.Option(help="Solves of every option for the intervals; 0 for none.")] = 20,
    collapse: Annotated[bool, typer.Option(help="Also raise the load until each head gives way.")] = False,
    report: Annotated[bool, typer.Option("--report", help="With --out: write pictures and a page too.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write JSON and fields (VTI) into this new folder.")] = None,
    json: Json = False,
) -> None:
    """Compare what each operation does to stress and strength in the femoral head. For research."""
    from osteon.whole_file import check_new_folder, write_whole_folder

    check(template, images, voxel, draws, report, out)
    if out is not None:
        check_new_folder(out)
    keep_freed_memory()
    with imaging_installed(), told_on_screen() as progress:
        from osteon.mechanics.card import comparison_card, comparison_dict

        hip = hip_in(chosen(case, joint), case.name)
        examined = examination(images, lesion, None, hip.side, "", progress) if images else None
        subject, weight_n, setting = subject_of(hip, examined, progress, femur_of(template))
        only = () if operations == "all" else tuple(each.strip() for each in operations.split(","))
        asked = question(activity, weight_n, voxel, draws, collapse, only)
        made, files = compared(subject, asked, setting, out is not None, report, progress)
    if json:
        print_json(comparison_dict(made))
    else:
        typer.echo(comparison_card(made, max(width(), CARD_COLUMNS)), nl=False)
    if out is not None:
        write_whole_folder(out, files)
        typer.echo(f"Written to {out}.", err=True)


# glibc's mallopt: never give memory back, take none outside the heap, one heap for all threads, ask for 256 MB at once.
MALLOPT = {-1: 2**31 - 1, -4: 0, -8: 1, -2: 2**28}


def keep_freed_memory() -> None:
    """Keeps what one solve frees for the next, which asks for as much: fresh pages take up to a fifth of the time.

    To be called before threads are started; does nothing where the C library is another one.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        for parameter, number in MALLOPT.items():
            library.mallopt(parameter, number)


PLAN_VOXEL_MM = 2.0  # enough for a direction: a plan tells ratios in words


def simulation(hip: Joint, examined: Examination | None) -> dict[str, tuple[str, ...]]:
    """By treatment, what a simulation says of a hip, in sentences for its plan."""
    with imaging_installed(), told_on_screen() as progress:
        from osteon.mechanics.card import sentences

        subject, weight_n, setting = subject_of(hip, examined, progress)
        asked = question("walking", weight_n, PLAN_VOXEL_MM, 0, False, ())
        made, _ = compared(subject, asked, setting, False, False, progress)
    return sentences(made)


def femur_of(template: str) -> int:
    """The number of a template; the mean is 0."""
    return 0 if template == "mean" else int(template)


def check(template: str, images: Path | None, voxel: float, draws: int, report: bool, out: Path | None) -> None:
    """Refuse options that cannot be, all at once."""
    faults = []
    if template != "mean" and not (template.isascii() and template.isdigit() and 0 < int(template) <= LAST_FEMUR):
        faults.append(Fault("--template", f"is {template[:40]!r}; give mean, or a number from 1 to {LAST_FEMUR}."))
    if template != "mean" and images is not None:
        faults.append(Fault("--template", "is for hips without images. Leave it or the images out."))
    if not 0.2 <= voxel <= COARSEST_MM:
        faults.append(Fault("--voxel", f"is {voxel:g}; it must be 0.2 to 3 mm."))
    if not 0 <= draws <= 1000:
        faults.append(Fault("--draws", f"is {draws}; it must be 0 to 1,000, and 20 or more for an interval."))
    if report and out is None:
        faults.append(Fault("--report", "needs a folder: name a new one with --out."))
    if faults:
        raise InputError("mechanics", faults)


def subject_of(hip: Joint, examined: Examination | None, progress: Any, femur: int = 0) -> tuple[Subject, float, str]:
    """The hip to compare, the patient's weight in N, and what to declare where no weight is stated."""
    from osteon.mechanics.subject import body_weight_n, of_examination, of_findings

    weight_n, setting = body_weight_n(hip.findings)
    if examined is None:
        return of_findings(hip.findings, hip.side, progress, femur), weight_n, setting  # type: ignore[arg-type]
    return of_examination(examined, progress), weight_n, setting


def question(
    activity: str, weight_n: float, voxel: float, draws: int, collapse: bool, only: tuple[str, ...]
) -> Question:
    """What is asked of the comparison; intervals, which take most of the time, are made on the coarsest voxels."""
    from osteon.mechanics.compare import Question

    return Question(
        activity=activity,
        body_weight_n=weight_n,
        voxel_mm=voxel,
        interval_voxel_mm=COARSEST_MM,
        draws=draws,
        collapse=collapse,
        only=only,
    )


def compared(
    subject: Subject, asked: Question, setting: str, files_wanted: bool, report: bool, progress: Any
) -> tuple[Comparison, dict[str, bytes]]:
    """The comparison, and the files of its folder where any are wanted."""
    from dataclasses import replace

    from osteon.mechanics.compare import compare

    if not files_wanted:
        made = compare(subject.make, subject.plan, asked, progress=progress)
        return replace(made, settings=(*filter(None, (setting,)), *made.settings)), {}
    from osteon.report.mechanics import Album

    album = Album(pictures=report)
    made = compare(subject.make, subject.plan, asked, seen=album.keep, progress=progress)
    made = replace(made, settings=(*filter(None, (setting,)), *made.settings))
    return made, album.files(made)
