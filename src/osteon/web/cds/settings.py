"""Who may ask the service, which FHIR servers it may read, and how much it takes: one TOML file."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct, ValidationError, toml

from osteon.errors import Fault, InputError
from osteon.whole_file import read_whole

MOST_BYTES = 1_000_000  # of a settings file
Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0)]
Url = Annotated[str, Meta(min_length=8, max_length=2000, pattern="^https?://[^\\s?#]+$")]


class Client(Struct, frozen=True, forbid_unknown_fields=True):
    """One CDS client that is let in: its `iss`, where its public keys are, and the FHIR servers it may send us to.

    `key_sets` are the only addresses accepted as `jku`; `keys` is a JWK Set in a file, for tokens without `jku`.
    """

    issuer: Annotated[str, Meta(min_length=1, max_length=2000)]
    key_sets: tuple[Url, ...] = ()
    keys: str = ""
    fhir_servers: tuple[Url, ...] = ()


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """What one request, and one address, may ask of the service.

    While an answer is computed nobody else is answered, and no time limit can break it off; `body_bytes` and
    `fetched_bytes` bound that time. `answer_s` bounds what is waited for.
    """

    body_bytes: Count = 4_000_000
    nesting: Count = 64
    read_s: Seconds = 10.0
    answer_s: Seconds = 15.0
    fetch_s: Seconds = 5.0
    fetched_bytes: Count = 8_000_000
    fetched_pages: Count = 20
    requests_per_s: Seconds = 200.0
    burst: Count = 400
    connections: Count = 200
    token_s: Seconds = 300.0
    shutdown_s: Count = 20


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """How the service runs. `base_url` is the address clients use: it is the `aud` of their tokens and heads our links.

    `store` is the SQLite file that keeps feedback and the tokens already seen; `open` lets anyone in, for trying it out
    on this computer.
    """

    base_url: Url = "http://127.0.0.1:8080"
    store: str = "osteon-cds.sqlite"
    report_minutes: Annotated[float, Meta(gt=0, le=1440)] = 15.0
    open: bool = False
    client: tuple[Client, ...] = ()
    limits: Limits = Limits()


def read_settings(path: Path) -> Settings:
    """The settings in a TOML file; relative paths in it start from its folder.

    Raises
    ------
    InputError
        When the file cannot be read, holds an unknown key, a wrong value, or addresses without https.
    """
    text = read_whole(path, MOST_BYTES, "settings file", 'Start with base_url = "https://..." and a [[client]].')
    try:
        settings = toml.decode(text, type=Settings)
    except ValidationError as wrong:
        raise InputError(path.name, [Fault("", f"{wrong}. See docs/how-to/serve-cds-hooks.md.")]) from None
    except ValueError as wrong:
        raise InputError(path.name, [Fault("", f"is not valid TOML: {wrong}.")]) from None
    if faults := list(faults_of(settings)):
        raise InputError(path.name, faults)
    return placed(settings, path.parent)


def faults_of(settings: Settings) -> list[Fault]:
    """What is wrong beyond the shape: addresses that would be read without https, clients nobody can be."""
    faults = []
    for client in settings.client:
        unsafe = [url for url in (*client.key_sets, *client.fhir_servers) if not safe(url)]
        faults += [Fault(client.issuer, f"{url} is neither https nor on this computer. Use https.") for url in unsafe]
        if not client.key_sets and not client.keys:
            faults.append(Fault(client.issuer, "has no keys. Give key_sets, or a file of keys."))
    issuers = [client.issuer for client in settings.client]
    faults += [Fault(each, "is listed twice.") for each in sorted({x for x in issuers if issuers.count(x) > 1})]
    return faults


def placed(settings: Settings, folder: Path) -> Settings:
    from msgspec.structs import replace

    clients = tuple(replace(c, keys=str(folder / c.keys)) if c.keys else c for c in settings.client)
    return replace(settings, store=str(folder / settings.store), client=clients)


def safe(url: str) -> bool:
    """Whether an address is https, or stays on this computer.

    Examples
    --------
    >>> safe("https://ehr.example.org"), safe("http://127.0.0.1:9"), safe("http://ehr.example.org")
    (True, True, False)
    """
    parts = urlsplit(url)
    return parts.scheme == "https" or loopback(parts.hostname or "")


def loopback(host: str) -> bool:
    """Whether a host name or address is this computer itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
