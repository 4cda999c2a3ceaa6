"""Osteon on the command line: every command reads, calls one function, and writes."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from osteon import cohort_cli, fhir_cli, imaging_cli, mechanics_cli, web_cli
from osteon.errors import Fault, InputError, OsteonError
from osteon.evidence_cli import evidence_app, forecast
from osteon.imaging_cli import LesionMask, hip_in, measured_findings, pictures_of
from osteon.terminal import AsOf, CaseFile, JointName, Json, chosen, new_files, only, recorded, width, write

USER_ERROR = 2  # exit code for input that the user can mend

app = typer.Typer(
    help="Decision support for avascular necrosis of bone. It supports a professional's decision; it never makes one.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)
knowledge_app = typer.Typer(help="Look after the knowledge.", rich_markup_mode=None, no_args_is_help=True)
schema_app = typer.Typer(help="Print a JSON Schema.", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(knowledge_app, name="knowledge")
app.add_typer(schema_app, name="schema")
app.add_typer(evidence_app, name="evidence")


@app.command("plan")
def plan_command(
    case: CaseFile,
    joint: JointName = "",
    report: Annotated[
        list[Path] | None, typer.Option(help="Write the report: a name in .html or .pdf. May be given twice.")
    ] = None,
    json: Json = False,
    audience: Annotated[
        str, typer.Option("--for", help="clinician, or patient for a decision aid that does not rank.")
    ] = "clinician",
    images: Annotated[
        Path | None, typer.Option(help="Measure a hip of the case on these images first (folder, zip or file).")
    ] = None,
    lesion: LesionMask = None,
    as_of: AsOf = "",
    mechanics: Annotated[
        bool, typer.Option("--mechanics", help="Simulate what each operation does to stress in the head of a hip, too.")
    ] = False,
    fhir: Annotated[Path | None, typer.Option(help="Write the plan as a FHIR R4 Bundle: a name in .json.")] = None,
) -> None:
    """Plan the treatment of every joint in a case file or a FHIR record, with reasons."""
    from osteon.case import read_case
    from osteon.planning import plan, with_simulation

    if audience not in ("clinician", "patient"):
        raise InputError("--for", [Fault("", f"is {audience!r}; use clinician or patient.")])
    check_report_names(report or [])
    if fhir:
        fhir_cli.check_name(fhir)
    if lesion and not images:
        raise InputError("--lesion", [Fault("", "is a mask on images: name them with --images.")])
    record = recorded(case, as_of, bool(images))
    said = only(record.case if record else read_case(case), joint, case.name)
    examined = None
    if images:
        examined, measured = measured_findings(hip_in(said, case.name), images, lesion)
        said = only(read_case(case, measured), joint, case.name)
    made = plan(said)
    if mechanics:
        hip = hip_in(said, case.name)
        made = with_simulation(made, hip.name, mechanics_cli.simulation(hip, examined))
    typer.echo(plan_text(made, json, audience), nl=False)
    pictures = pictures_of(examined) if examined and report else {}
    for path in report or []:
        write_report(made, path, audience, pictures)
    if fhir:
        fhir_cli.write_fhir(made, fhir, record.patient if record else "", report or [])


def plan_text(made: Any, json: bool, audience: str) -> str:
    """A plan as JSON, as the patient's aid, or as a card."""
    if json:
        from osteon.report.plan_json import plan_json

        return plan_json(made)
    if audience == "patient":
        from osteon.report.aid import aid_text

        return aid_text(made, width())
    from osteon.planning.card import plan_card

    return plan_card(made, width())


@app.command()
def stage(case: CaseFile, joint: JointName = "", json: Json = False) -> None:
    """Show the stage of every joint in all systems, and what would settle it."""
    from osteon.knowledge import knowledge
    from osteon.planning.card import staging_card
    from osteon.planning.relevant import relevant
    from osteon.staging import stage as staged

    found = {
        each.name: [staged(each.findings, system) for system in relevant(knowledge(), each.site).systems]
        for each in chosen(case, joint).joints
    }
    if json:
        import json as writer

        from osteon.report.plan_json import staging_dict

        listed = [{"joint": name, "staging": [staging_dict(s) for s in stagings]} for name, stagings in found.items()]
        typer.echo(writer.dumps(listed, ensure_ascii=False, indent=2))
        return
    for name, stagings in found.items():
        typer.echo(name.replace("_", " ").upper())
        typer.echo(staging_card(stagings, width()))


@app.command()
def explain(
    case: CaseFile,
    treatment: Annotated[str, typer.Argument(help="Treatment id, such as alendronate.")],
    joint: JointName = "",
) -> None:
    """Show every rule of one treatment with the value and the answer of each condition."""
    from osteon.planning.explain import explain as explained

    typer.echo(explained(chosen(case, joint), treatment, width()), nl=False)


@app.command()
def check(case: CaseFile, as_of: AsOf = "") -> None:
    """Check a case file and list everything that is wrong with it; of a FHIR record, list what was read and ignored."""
    from osteon.case import read_case

    record = recorded(case, as_of)
    if record:
        from osteon.fhir.card import record_card

        typer.echo(record_card(record))
        return
    found = read_case(case)
    findings = stated(found.patient, "patient") + sum(stated(joint.findings, "joint") for joint in found.joints)
    joints = counted(len(found.joints), "joint")
    typer.echo(f"{case.name} is in order: {joints}, {counted(findings, 'stated finding')}.")


@app.command()
def new(
    bone: Annotated[str, typer.Argument(help="hip, shoulder, knee, ankle, lunate, scaphoid or other.")],
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file instead of the screen.")] = None,
) -> None:
    """Print a commented case file to start from."""
    from osteon.case.template import BONES, case_template

    if bone not in BONES:
        raise InputError("new", [Fault(bone[:40], f"is not a bone Osteon has a template for. Use {', '.join(BONES)}.")])
    if out is None:
        typer.echo(case_template(bone), nl=False)
    else:
        new_files({out: case_template(bone).encode()})


@app.command()
def show(
    kind: Annotated[str, typer.Argument(help="treatment, staging, guideline, trial, advice or source.")],
    name: Annotated[str, typer.Argument(help="Its id; a wrong one lists those that exist.")] = "",
) -> None:
    """Print one record of the knowledge: a treatment reads like a drug monograph."""
    from osteon.knowledge import knowledge
    from osteon.report.show import fitted
    from osteon.report.show import show as shown

    typer.echo(fitted(shown(knowledge(), kind, name), width()), nl=False)


@app.command()
def findings(group: Annotated[str, typer.Argument(help="Only names that hold this word.")] = "") -> None:
    """List the findings that a case file may hold."""
    from osteon.case.template import accepted
    from osteon.case.vocabulary import vocabulary

    for definition in vocabulary().values():
        if group in definition.name or group.lower() == definition.group.lower():
            typer.echo(
                f"{definition.name}  [{definition.scope}, {definition.kind}] "
                f"{definition.question}{accepted(definition)}"
            )


@knowledge_app.command("check")
def knowledge_check() -> None:
    """Prove every table, and list overdue reviews, unsettled choices and statements without a source."""
    from datetime import UTC, datetime

    from osteon.knowledge import knowledge
    from osteon.knowledge.check import check as check_knowledge
    from osteon.knowledge.check import check_text
    from osteon.knowledge.evidence_records import evidence_records

    found = check_knowledge(knowledge(), datetime.now(UTC).date(), evidence_records())
    typer.echo(check_text(found))
    if found.faults or found.unsourced:
        raise typer.Exit(1)


@schema_app.command("plan")
def schema_plan() -> None:
    """Print the JSON Schema of `osteon plan --json`."""
    import json as writer

    from osteon.report.plan_json import plan_schema

    typer.echo(writer.dumps(plan_schema(), indent=2))


@app.callback(invoke_without_command=True)
def common(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    if version:
        from osteon.version import __version__

        typer.echo(f"osteon {__version__}")
        raise typer.Exit


def stated(findings: Any, scope: str) -> int:
    """How many findings of the patient, or of the joint, the case file states."""
    from osteon.case.vocabulary import vocabulary

    return sum(each.origin == "stated" and vocabulary()[name].scope == scope for name, each in findings.items())


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def write_report(plan: Any, path: Path, audience: str, pictures: Mapping[str, Any] | None = None) -> None:
    """The report as HTML or PDF; where no PDF can be made, the HTML is written in its place and the error says so."""
    from osteon.report.html import render_html
    from osteon.report.pdf import render_pdf

    page = render_html(plan, audience, pictures)
    if path.suffix.lower() == ".html":
        write(path, page.encode())
        return
    try:
        content = render_pdf(page)
    except OsteonError as missing:
        instead = path.with_suffix(".html")
        write(instead, page.encode())
        raise OsteonError(f"{missing} {instead.name} was written instead.") from None
    write(path, content)


def check_report_names(paths: list[Path]) -> None:
    if wrong := [path for path in paths if path.suffix.lower() not in (".html", ".pdf")]:
        raise InputError("--report", [Fault(path.name[:60], "must end in .html or .pdf.") for path in wrong])


fhir_cli.add_commands(knowledge_app)
app.command()(forecast)
for commands in (imaging_cli, mechanics_cli, web_cli, cohort_cli):
    commands.add_commands(app)


def main() -> None:
    """Run a command; an error the user can mend is printed without a traceback, with exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # the alphabet of a pipe may lack signs that plans hold
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        app()
    except OsteonError as error:
        typer.echo(str(error), err=True)
        sys.exit(USER_ERROR)
