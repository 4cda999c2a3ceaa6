"""`osteon cohort screen`, `ask` and `questions`: each reads, calls one function, and writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osteon.errors import Fault, InputError
from osteon.terminal import day, write

if TYPE_CHECKING:
    from osteon.cohort.questions import Question
    from osteon.knowledge import Knowledge

cohort_app = typer.Typer(
    help="Ask a whole population: FHIR bulk data in, patients out.", rich_markup_mode=None, no_args_is_help=True
)


def add_commands(app: typer.Typer) -> None:
    """Adds the commands about populations to the command line."""
    app.add_typer(cohort_app, name="cohort")


@cohort_app.command("screen")
def screen_command(
    data: Annotated[
        list[Path], typer.Argument(metavar="DATA...", help="Folders or files of NDJSON (also .gz) or Parquet.")
    ],
    out: Annotated[Path, typer.Option(help="Write the table to this file, a name in .parquet.")],
    as_of: Annotated[str, typer.Option(help="Day of assessment, such as 2026-11-01; today, if left out.")] = "",
    rules: Annotated[
        list[str] | None, typer.Option(help="Only these: trials, treatments/alendronate, or a question's .toml file.")
    ] = None,
    engine: Annotated[str, typer.Option(help="duckdb, local[*] or spark://HOST:PORT.")] = "duckdb",
    memory: Annotated[str, typer.Option(help="Most memory for DuckDB; beyond it the disk is used.")] = "4GB",
    mapping: Annotated[Path | None, typer.Option(help="A mapping of one's own from FHIR to findings.")] = None,
    as_recorded: Annotated[
        bool, typer.Option("--as-recorded", help="Answer from what is recorded alone; infer and calculate nothing.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not tell the steps.")] = False,
) -> None:
    """Answer every rule for each patient and joint. Cut off, it goes on where it was when it is called again."""
    from osteon.cohort import screen

    if out.suffix != ".parquet":
        raise InputError("--out", [Fault(out.name, "must end in .parquet.")])

    def tell(step: str) -> None:
        typer.echo(step, err=True)

    done = screen(
        data,
        out,
        as_of=day(as_of),
        rules=rules or (),
        engine=engine,
        memory=memory,
        own_mapping=mapping,
        inferred=not as_recorded,
        progress=(lambda _: None) if quiet else tell,
    )
    typer.echo(
        f"{done.patients} patients, {done.rows} patients and joints, {len(done.rules)} rules: {done.results.name}"
    )
    if done.absent:
        typer.echo(f"The export holds no {', '.join(done.absent)}: what only these would tell is unknown.")
    if done.contradictory:
        typer.echo(f"{done.contradictory} rows have findings that contradict each other; these were left out.")
    if done.undecidable:
        told = f"{done.results.with_suffix('.json').name} names them"
        typer.echo(f"{len(done.undecidable)} rules ask for something that this export never tells; {told}.")
    for reason in done.ignored:
        typer.echo(f"Left aside: {reason}.", err=True)


@cohort_app.command("ask")
def ask_command(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="Table that osteon cohort screen wrote.")],
    questions: Annotated[
        list[str], typer.Argument(metavar="QUESTION...", help="Question or trial, or a question's .toml.")
    ],
    csv: Annotated[Path | None, typer.Option(help="Write the patients of the first question as CSV.")] = None,
    group: Annotated[
        Path | None, typer.Option(help="Write the patients of the first question as a FHIR Group.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write one page with counts and flow diagrams.")] = None,
) -> None:
    """Count who passes each step of a question, and write who they are."""
    import json

    from osteon.cohort.ask import ask, group_resource, members_csv, screening_of, summary_html
    from osteon.knowledge import knowledge

    replies = [ask(results, question_of(each, knowledge()), knowledge()) for each in questions]
    for reply in replies:
        typer.echo(
            f"{reply.name}\n  {len(reply.members)} of {reply.patients} patients; {len(reply.undecided)} undecided"
        )
        for step in reply.steps:
            typer.echo(f"  {step.passed:>8} {step.text} (not: {step.failed}, unknown: {step.unknown})")
    if csv:
        write(csv, members_csv(replies[0]).encode())
    if group:
        write(group, (json.dumps(group_resource(replies[0]), indent=2, ensure_ascii=False) + "\n").encode())
    if html:
        write(html, summary_html(replies, screening_of(results)).encode())


@cohort_app.command("questions")
def questions_command() -> None:
    """List the ready-made questions; every trial is one too."""
    from osteon.cohort.questions import ready_made
    from osteon.knowledge import knowledge

    for question in ready_made(knowledge()).values():
        typer.echo(f"{question.id}\n  {question.name}")
    typer.echo(f"and trials: {', '.join(f'trials/{trial}' for trial in knowledge().trials)}")


def question_of(text: str, known: Knowledge) -> str | Question:
    """A question by its id or trial, or read from a file of one's own."""
    from osteon.cohort.questions import read_question

    return read_question(Path(text), known) if text.endswith(".toml") else text
