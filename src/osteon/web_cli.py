"""`osteon serve --cds`, `osteon feedback` and `osteon fetch`: a hospital's systems served, and read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from osteon.errors import Fault, InputError

SettingsFile = Annotated[Path | None, typer.Option("--settings", help="Who is let in, and the limits (TOML).")]


def add_commands(app: typer.Typer) -> None:
    """Adds the commands of this module to the command line."""
    app.command("serve")(serve_command)
    app.command("feedback")(feedback_command)
    app.command("fetch")(fetch_command)


def serve_command(
    cds: Annotated[bool, typer.Option("--cds", help="Serve CDS Hooks 2.0.")] = False,
    settings: SettingsFile = None,
    host: Annotated[str, typer.Option(help="Address to listen at; this computer only, if left out.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen at.")] = 8080,
    open_: Annotated[bool, typer.Option("--open", help="Let anyone on this computer in, to try it out.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Check the settings, say what would be served, stop.")] = False,
) -> None:
    """Serve decision support to a hospital's record system, until stopped."""
    from msgspec.structs import replace

    if not cds:
        raise InputError("serve", [Fault("", "needs to be told what to serve. Add --cds.")])
    web_parts()
    from osteon.web.cds import serve as server
    from osteon.web.cds.services import SERVICES
    from osteon.web.cds.settings import Settings, read_settings

    own = Settings(base_url=f"http://{host}:{port}")
    chosen = read_settings(settings) if settings else own
    chosen = replace(chosen, open=chosen.open or open_)
    server.check(chosen, host)
    typer.echo(f"Osteon CDS Hooks at {chosen.base_url}/cds-services, feedback in {Path(chosen.store).name}", err=True)
    typer.echo("Let in: " + ("anyone on this computer" if chosen.open else names(chosen.client)), err=True)
    if check:
        typer.echo("\n".join(f"{each.hook}: {chosen.base_url}/cds-services/{each.id}" for each in SERVICES.values()))
        return
    server.serve(chosen, host, port)


def feedback_command(store: Annotated[Path, typer.Argument(help="The service's store.")]) -> None:
    """Count what users did with the cards: by what a card was about, and the reason they gave."""
    web_parts()
    from osteon.web.cds.store import overview

    for topic, outcome, reason, count in overview(str(store)):
        typer.echo(f"{count:>6}  {topic}: {outcome}{f' ({reason})' if reason else ''}")


def names(clients: tuple[object, ...]) -> str:
    return ", ".join(str(getattr(client, "issuer", "")) for client in clients)


def fetch_command(
    url: Annotated[str, typer.Argument(help="Base URL of the FHIR server.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the files: new, or of the same export begun earlier.")],
    group: Annotated[str, typer.Option(help="Only the patients of this Group; all, if left out.")] = "",
    kinds: Annotated[
        list[str] | None, typer.Option("--type", help="Only this resource type. May be given several times.")
    ] = None,
    since: Annotated[str, typer.Option(help="Only what changed since this instant, 2026-01-31T00:00:00Z.")] = "",
    client_id: Annotated[str, typer.Option(help="Id under which the server knows this client.")] = "",
    key: Annotated[Path | None, typer.Option(help="File of the private key: JWK or PEM, P-384 or RSA.")] = None,
    key_id: Annotated[str, typer.Option(help="Name of the key (kid), where the file does not say it.")] = "",
    scope: Annotated[str, typer.Option(help="Scopes to ask for.")] = "system/*.rs",
    token_url: Annotated[str, typer.Option(help="Where tokens are given, where the server does not say it.")] = "",
) -> None:
    """Fetch a bulk export of a FHIR server as NDJSON; the same command goes on after a break."""
    web_parts()
    from osteon.fhir.client import Export, fetch_bulk, read_credentials

    if bool(client_id) is not bool(key):
        raise InputError("fetch", [Fault("--client-id and --key", "go together; give both, or neither.")])
    credentials = (
        read_credentials(key, client_id, scope=scope, token_url=token_url, key_id=key_id) if key is not None else None
    )
    export = Export(url.rstrip("/"), group, tuple(kinds or ()), since)
    found = fetch_bulk(export, out, credentials, progress=lambda told: typer.echo(told, err=True))
    for name, count in sorted(found.resources.items()):
        typer.echo(f"{name}: {count}")
    if found.problems:
        typer.echo(f"The server told of {found.problems} problems: see {out.name}/errors", err=True)


def web_parts() -> None:
    """Raises `InputError` when the libraries of the web are not installed."""
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("fastapi", "httpx", "jwt", "prometheus_client", "uvicorn")):
        raise InputError("osteon", [Fault("", "needs its web parts: pip install 'osteon[serve]'.")])
