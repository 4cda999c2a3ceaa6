"""`osteon evidence ...` and `osteon forecast`: every command reads, calls one function, and writes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from osteon.errors import Fault, InputError
from osteon.terminal import CaseFile, JointName, Json, chosen, make_folder, new_files, width, write

evidence_app = typer.Typer(
    help="What studies say: list, import, pool and compare them.", rich_markup_mode=None, no_args_is_help=True
)

Modalities = Annotated[
    list[str] | None,
    typer.Option("--modality", help="Modality or intervention, such as bmac. May be given several times."),
]
Versus = Annotated[
    list[str] | None,
    typer.Option(help="What it is compared with; whatever studies compare it with, if left out. May be repeated."),
]
OutcomeName = Annotated[str, typer.Option("--outcome", help="Outcome, such as tha-conversion.")]
Data = Annotated[Path | None, typer.Option("--data", help="Use this CSV file instead of Osteon's studies.")]
Plot = Annotated[Path | None, typer.Option("--plot", help="Write the figure to this file, a name in .svg.")]


@evidence_app.command("studies")
def studies_command(
    modality: Annotated[str, typer.Option(help="Only studies with an arm of this modality.")] = "",
    export: Annotated[str, typer.Option(help="csv: the flat table, one row per arm and outcome.")] = "",
) -> None:
    """List the studies that were read, or print them as one flat table."""
    from osteon.evidence.study_table import study_list, table_csv
    from osteon.knowledge.studies import MODALITIES, studies

    faults = []
    if modality and modality not in MODALITIES:
        faults.append(Fault("--modality", f"is {modality[:40]!r}; use one of {', '.join(MODALITIES)}."))
    if export not in ("", "csv"):
        faults.append(Fault("--export", f"is {export[:40]!r}; use csv, or leave it out for a list."))
    if faults:
        raise InputError("evidence studies", faults)
    known = studies().values()
    typer.echo(table_csv(known, modality) if export else study_list(known, modality, width()), nl=False)


@evidence_app.command("template")
def template_command(
    form: Annotated[str, typer.Argument(metavar="FORM", help="toml or csv.")] = "toml",
    citation: Annotated[
        Path | None, typer.Option(help="Fill in the first citation of this .ris or .nbib file.")
    ] = None,
) -> None:
    """Print a template to write a study down in, with what each key means."""
    from osteon.evidence.citation_files import read_citations
    from osteon.evidence.study_template import study_template

    if form not in ("toml", "csv"):
        raise InputError("evidence template", [Fault(form[:40], "is not a form of template; use toml or csv.")])
    known = read_citations(citation)[0] if citation else None
    typer.echo(study_template(known, form), nl=False)


@evidence_app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="Filled template (.toml, .csv), or citations (.ris, .nbib, .txt).")],
    out: Annotated[Path, typer.Option(help="Folder to write one file per study into.")] = Path(),
) -> None:
    """Check new studies and write one record each; of citations, a template each to fill in."""
    from datetime import UTC, datetime

    from osteon.evidence.study_import import imported
    from osteon.knowledge.studies import studies

    made = imported(file, studies(), datetime.now(UTC).date())
    make_folder(out)
    new_files({out / name: text.encode() for name, text in made.files.items()})
    for line in (*(f"{name} written." for name in made.files), *made.remarks):
        typer.echo(line)


@evidence_app.command("pool")
def pool_command(
    modality: Modalities = None,
    versus: Versus = None,
    outcome: OutcomeName = "",
    measure: Annotated[str, typer.Option(help="RR, OR, RD, MD, SMD, HR, IRR, or PR for a proportion.")] = "",
    method: Annotated[str, typer.Option(help="FE, MH, Peto, DL, PM or REML.")] = "REML",
    ci: Annotated[
        str, typer.Option(help="t: interval by Hartung and Knapp (usual for PM, REML); z: normal interval.")
    ] = "",
    data: Data = None,
    plot: Plot = None,
    json: Json = False,
) -> None:
    """Pool the studies of one comparison and outcome, or those of a CSV file."""
    from osteon.evidence.ask import asked_of_file, asked_of_studies
    from osteon.evidence.pool import USUAL_INTERVAL, pool
    from osteon.evidence.summary import pooled_json, pooled_text
    from osteon.knowledge.studies import studies

    check_plot(plot)
    if data is not None:
        asked = asked_of_file(data, measure)
    else:
        asked = asked_of_studies(modality or [], versus or [], outcome, measure, studies())
    effect = pool(asked.rows, asked.measure, method, ci or USUAL_INTERVAL.get(method, "z"))
    if plot is not None:
        from osteon.report.evidence.words import study_names
        from osteon.report.figures import forest_plot

        figure = forest_plot(
            effect,
            risk_of_bias=asked.risk_of_bias,
            favours=asked.favours,
            title=asked.title,
            ident="forest",
            arms=asked.sides,
            names=study_names(),
        )
        write(plot, figure.encode())
    if json:
        echo_json(pooled_json(effect))
        return
    typer.echo(asked.title)
    typer.echo(pooled_text(effect, width()))
    for each in asked.left_out:
        typer.echo(f"Left out: {each}")


@evidence_app.command("network")
def network_command(
    outcome: OutcomeName = "collapse",
    measure: Annotated[str, typer.Option(help="RR, OR or RD for counts; MD for means.")] = "RR",
    reference: Annotated[str, typer.Option(help="What the others are set against.")] = "no_treatment",
    data: Data = None,
    plot: Plot = None,
    json: Json = False,
) -> None:
    """Compare all treatments that studies connect, or those of a CSV file with one line per arm."""
    from osteon.evidence.networks import network_of_file, treatment_network
    from osteon.evidence.summary import network_json, network_text
    from osteon.knowledge.studies import studies

    check_plot(plot)
    if data is not None:
        found = network_of_file(data, measure, reference)
    else:
        found = treatment_network(studies(), outcome, measure, reference)
    if plot is not None:
        from osteon.report.figures import Node, network_drawing

        nodes = [Node(name, named(name), *found.size(name)) for name in found.network.treatments]
        write(plot, network_drawing(nodes, found.network.edges, title=found.outcome, ident="network").encode())
    if json:
        echo_json(network_json(found.network))
        return
    typer.echo(network_text(found.network, width()))
    for part in found.apart:
        typer.echo(f"Not connected with these: {', '.join(part)}")


@evidence_app.command("table")
def table_command() -> None:
    """Show how much was read on each modality, and what is missing."""
    from osteon.evidence.coverage import coverage, coverage_text
    from osteon.knowledge.studies import studies

    typer.echo(coverage_text(coverage(studies().values()), width()), nl=False)


@evidence_app.command("pages")
def pages_command(
    folder: Annotated[Path, typer.Argument(help="Folder to write them into; it is made if need be.")],
) -> None:
    """Write the evidence as pages: an index, one page per modality, one per comparison."""
    from osteon.report.evidence.pages import evidence_pages

    pages = evidence_pages()
    make_folder(folder)
    for name, page in pages.items():
        write(folder / name, page.encode())
    typer.echo(f"{len(pages)} pages written; begin with {folder / 'index.html'}")


def forecast(
    case: CaseFile,
    joint: JointName = "",
    treatment: Annotated[str, typer.Option(help="Only this treatment, by its id.")] = "",
    json: Json = False,
) -> None:
    """Forecast what becomes of every joint in a case file, untreated and under each treatment."""
    from osteon.planning import plan
    from osteon.report.forecast_card import forecast_card

    made = plan(chosen(case, joint))
    known = {option.treatment.id for each in made.joints for option in each.options}
    if treatment and treatment not in known:
        message = f"is {treatment[:40]!r}; for these joints there are {', '.join(sorted(known)) or 'none'}."
        raise InputError("forecast", [Fault("--treatment", message)])
    if json:
        from osteon.report.plan_json import forecast_list

        echo_json(forecast_list(made, treatment))
    else:
        typer.echo(forecast_card(made, treatment, width()), nl=False)


def named(intervention: str) -> str:
    """An intervention as a surgeon says it; a name from a file stays as it is."""
    from osteon.knowledge.studies import interventions

    known = interventions().get(intervention)
    return known.name if known else intervention


def check_plot(plot: Path | None) -> None:
    if plot is not None and plot.suffix.lower() != ".svg":
        raise InputError("--plot", [Fault(plot.name[:60], "must end in .svg.")])


def echo_json(content: object) -> None:
    import json

    typer.echo(json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False))
