"""What the commands of the command line share: their common options, reading a case, and writing whole files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from osteon.errors import Fault, InputError
from osteon.whole_file import write_whole

CaseFile = Annotated[
    Path,
    typer.Argument(
        metavar="CASE",
        help="Case file (.toml, .json, .yaml) or FHIR record (bundle, resource, .ndjson; .gz; folder).",
    ),
]
AsOf = Annotated[
    str, typer.Option("--as-of", metavar="YYYY-MM-DD", help="Day of assessment of a FHIR record; today, if left out.")
]
JointName = Annotated[str, typer.Option("--joint", help="Only this joint, such as 'right femoral_head'.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def chosen(path: Path, joint: str) -> Any:
    """The case in a file or a FHIR record, with all joints or only the named one."""
    from osteon.case import read_case

    record = recorded(path)
    return only(record.case if record else read_case(path), joint, path.name)


def only(case: Any, joint: str, source: str) -> Any:
    """The case with the named joint alone, or as it is where none is named."""
    from dataclasses import replace

    if not joint:
        return case
    found = [each for each in case.joints if each.name == joint.strip().replace("-", " ")]
    if not found:
        names = ", ".join(each.name for each in case.joints) or "none"
        raise InputError(source, [Fault("--joint", f"is not in the case. Its joints are: {names}.")])
    return replace(case, joints=tuple(found))


def recorded(path: Path, as_of: str = "", images: bool = False) -> Any:
    """What a FHIR record says of its patient; nothing, where the path is a case file."""
    if path.suffix.lower() in (".toml", ".yaml", ".yml"):
        record = False
    else:
        from osteon.fhir import is_record

        record = is_record(path)
    faults = []
    if record and images:
        faults.append(Fault("--images", "adds to a case file. Write one (osteon new hip), or leave the images out."))
    if as_of and not record:
        faults.append(Fault("--as-of", "is for FHIR records. A case file says its day itself: assessed_on."))
    if faults:
        raise InputError(path.name, faults)
    if not record:
        return None
    from osteon.fhir import read_bundle

    return read_bundle(path, as_of=day(as_of))


def day(as_of: str) -> date:
    """The day named, or today."""
    if not as_of:
        return datetime.now().astimezone().date()
    try:
        return date.fromisoformat(as_of)
    except ValueError:
        raise InputError("--as-of", [Fault(as_of[:40], "is not a day. Write it as year-month-day.")]) from None


def new_files(contents: Mapping[Path, bytes]) -> None:
    """Write files of which none may exist yet."""
    there = [path for path in contents if os.path.lexists(path)]
    if there:
        message = "exists already. Choose another name, or remove it first."
        raise InputError("output", [Fault(path.name, message) for path in there])
    for path, content in contents.items():
        write(path, content)


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        reason = wrong.strerror or type(wrong).__name__
        raise InputError(folder.name, [Fault("", f"cannot be made: {reason}. Name another folder.")]) from None


def write(path: Path, content: bytes) -> None:
    """Write a file so that it appears whole or not at all."""
    try:
        write_whole(path, content, 0o600 if path.suffix == ".toml" else 0o644)
    except OSError as wrong:
        reason = wrong.strerror or type(wrong).__name__
        raise InputError(path.name, [Fault("", f"cannot be written: {reason}. Check the folder.")]) from None


def width() -> int:
    return min(shutil.get_terminal_size((100, 24)).columns, 120)
