"""FHIR on the command line: the knowledge as FHIR resources, and what `osteon plan --fhir` writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osteon.errors import Fault, InputError
from osteon.terminal import write

if TYPE_CHECKING:
    from osteon.planning import Plan

CONTENT_TYPES = {".html": "text/html", ".pdf": "application/pdf"}


def add_commands(knowledge_app: typer.Typer) -> None:
    """Adds `fhir` to the commands about the knowledge."""
    knowledge_app.command("fhir")(knowledge_fhir)


def knowledge_fhir(
    out: Annotated[Path, typer.Option(help="New folder for the files, one for each type of resource.")],
) -> None:
    """Write the knowledge as FHIR: definitions, questionnaire and code systems (R4), evidence (R5)."""
    from osteon.fhir.publish import knowledge_files
    from osteon.knowledge import knowledge
    from osteon.whole_file import write_whole_folder

    files = knowledge_files(knowledge())
    write_whole_folder(out, files)
    for name, content in files.items():
        lines = content.count(b"\n")
        typer.echo(f"{name}: {lines}")


def write_fhir(plan: Plan, out: Path, patient: str = "", reports: Sequence[Path] = ()) -> None:
    """Write a plan as a FHIR Bundle, with the reports that were written of it; `patient` is the id on record."""
    from datetime import UTC, datetime

    from osteon.fhir.write import bundle_bytes

    check_name(out)
    documents = {CONTENT_TYPES[each.suffix.lower()]: each.read_bytes() for each in reports}
    write(out, bundle_bytes(plan, at=datetime.now(UTC), patient=patient, documents=documents))


def check_name(out: Path) -> None:
    """Refuses a name that would hide what the file holds."""
    if out.suffix.lower() != ".json":
        raise InputError("--fhir", [Fault(out.name[:60], "must end in .json.")])
