"""Everything a FHIR server holds of its patients, as NDJSON files in one folder: a bulk export, fetched to its end.

FHIR Bulk Data Access: kick-off, poll until the manifest is there, download. The folder remembers where it stands in
`export.json`, so that the same call after a break goes on. A file appears under its name only when it is whole: every
line is a resource of the type announced, and there are as many as announced.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Struct

from osteon.errors import Fault, InputError
from osteon.fhir.client.backend import Credentials, Tokens
from osteon.fhir.client.calls import Answer, Caller, Pace, asked_wait, stopped
from osteon.whole_file import write_whole

if TYPE_CHECKING:
    import httpx

STATE = "export.json"
LONGEST_LINE = 64_000_000  # bytes of one resource
TIMEOUT_S = 60.0  # of silence
BROKEN_TRIES = 3  # downloads of a file that comes broken
TYPE = "^[A-Z][A-Za-z]{1,60}$"
FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
ACCEPTED, OK = 202, 200


class Output(Struct, frozen=True):
    """One file of a manifest."""

    type: Annotated[str, Meta(pattern=TYPE)]
    url: str
    count: int | None = None


class Link(Struct, frozen=True):
    relation: str = ""
    url: str = ""


class Manifest(Struct, frozen=True, rename="camel"):
    """What an export is made of."""

    transaction_time: str
    requires_access_token: bool
    output: list[Output]
    error: list[Output] = []
    deleted: list[Output] = []
    link: list[Link] = []


class Export(Struct, frozen=True, forbid_unknown_fields=True):
    """What to ask for: all patients of a server, or of one group; only some resource types, or what changed since.

    `since` is an instant such as 2026-01-31T00:00:00Z.
    """

    base_url: str
    group: str = ""
    types: tuple[str, ...] = ()
    since: str = ""
    type_filters: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address of the kick-off request."""
        level = f"Group/{self.group}" if self.group else "Patient"
        asked = [("_type", ",".join(self.types)), ("_since", self.since)]
        asked += [("_typeFilter", each) for each in self.type_filters]
        query = urlencode([(name, value) for name, value in asked if value])
        return f"{self.base_url.rstrip('/')}/{level}/$export" + (f"?{query}" if query else "")


class Done(Struct, frozen=True):
    """One file that is here, whole."""

    file: str
    resources: int


class State(Struct, frozen=True):
    """Where an export stands."""

    export: Export
    status_url: str = ""
    manifest: Manifest | None = None
    done: dict[str, Done] = {}


@dataclass(frozen=True, slots=True)
class Fetched:
    """An export that is here: its files of resources, how many of each type, and how many problems the server told."""

    files: tuple[Path, ...]
    resources: dict[str, int]
    problems: int
    transaction_time: str


def fetch_bulk(
    export: Export,
    folder: Path,
    credentials: Credentials | None = None,
    *,
    pace: Pace | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Fetched:
    """Fetch an export into a folder, or go on with the one that was begun there.

    Parameters
    ----------
    export
        What to ask for.
    folder
        New, empty, or holding the same export begun earlier.
    credentials
        The registered client; None for a server that is open.
    pace
        How to wait.
    progress
        Told what happens, in words without patient data.

    Raises
    ------
    InputError
        When the server refuses, does not finish, or a file stays broken; what is whole stays, and can be gone on with.
    """
    import httpx

    check(export)
    pace = pace or Pace()
    folder.mkdir(parents=True, exist_ok=True)
    with httpx.Client(timeout=TIMEOUT_S) as http:
        caller = Caller(http, tokens_for(export, credentials, http, pace), export.base_url, pace, pace.now())
        state = kick_off(read_state(folder, export), caller, folder, progress)
        state = wait_for_manifest(state, caller, folder, progress)
        state = download_all(state, caller, folder, progress)
        if state.status_url:
            caller.call("DELETE", state.status_url)  # the server may forget it; what it answers changes nothing
    return summary(state, folder)


def check(export: Export) -> None:
    faults = []
    if not re.fullmatch(r"https?://[^\s?#]+", export.base_url):
        faults.append(Fault("URL", "is not the base URL of a FHIR server, such as https://ehr.example.org/fhir."))
    if export.group and not FHIR_ID.fullmatch(export.group):
        faults.append(Fault("--group", "is not the id of a Group."))
    faults += [Fault("--type", f"{each[:40]!r} is no resource type.") for each in export.types if not is_type(each)]
    if faults:
        raise InputError("fetch", faults)


def is_type(name: str) -> bool:
    return re.fullmatch(TYPE.strip("^$"), name) is not None


def tokens_for(export: Export, credentials: Credentials | None, http: httpx.Client, pace: Pace) -> Tokens | None:
    if credentials is None:
        return None
    return Tokens(credentials, credentials.token_url or token_url(http, export), http, pace.now)


def token_url(http: httpx.Client, export: Export) -> str:
    """Where the server says tokens are given."""
    import httpx

    try:
        answer = http.get(f"{export.base_url.rstrip('/')}/.well-known/smart-configuration")
        return str(answer.raise_for_status().json()["token_endpoint"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        message = "does not say where its tokens are given. Name the address with --token-url."
        raise InputError("FHIR server", [Fault("", message)]) from None


def read_state(folder: Path, export: Export) -> State:
    """What was begun in the folder; a fresh start where nothing was."""
    path = folder / STATE
    if not path.exists():
        if any(not each.name.startswith(".") for each in folder.iterdir()):  # a dot: left by a run that was killed
            raise InputError(folder.name, [Fault("", "holds other files. Name a new or empty folder.")])
        return State(export)
    try:
        state = msgspec.json.decode(path.read_bytes(), type=State)
    except (OSError, msgspec.DecodeError):
        raise InputError(path.name, [Fault("", "cannot be read. Start in a new folder.")]) from None
    if state.export != export:
        raise InputError(folder.name, [Fault("", "holds another export. Name a new folder.")])
    return state


def keep(state: State, folder: Path) -> State:
    write_whole(folder / STATE, msgspec.json.encode(state))
    return state


def kick_off(state: State, caller: Caller, folder: Path, progress: Callable[[str], None]) -> State:
    if state.status_url:
        progress("going on with the export that was begun")
        return state
    answer = caller.call("GET", state.export.url, {"Accept": "application/fhir+json", "Prefer": "respond-async"})
    location = answer.headers.get("Content-Location", "")
    if answer.status != ACCEPTED or not location:
        raise stopped(f"it answered {answer.status} to the request for an export")
    progress("the server prepares the export")
    return keep(msgspec.structs.replace(state, status_url=str(answer.url.join(location))), folder)


def wait_for_manifest(state: State, caller: Caller, folder: Path, progress: Callable[[str], None]) -> State:
    if state.manifest is not None:
        return state
    for wait in caller.pace.waits():
        answer = caller.call("GET", state.status_url, {"Accept": "application/json"})
        if answer.status == OK:
            return keep(msgspec.structs.replace(state, manifest=whole_manifest(answer, caller)), folder)
        if answer.status != ACCEPTED:
            raise stopped(f"it answered {answer.status} when asked how far it is")
        progress(" ".join(f"waiting: {answer.headers.get('X-Progress', 'no word')[:100]}".split()))
        caller.wait(asked_wait(answer.headers, caller.pace.now()) or wait, caller.pace.tries, "still preparing")
    raise AssertionError("waits() never ends")


def whole_manifest(answer: Answer, caller: Caller) -> Manifest:
    """The manifest, with what stands on its further pages."""
    manifest = read_manifest(answer)
    pages = manifest
    while following := next((link.url for link in pages.link if link.relation == "next"), ""):
        answer = caller.call("GET", str(answer.url.join(following)), {"Accept": "application/json"})
        pages = read_manifest(answer)
        manifest = msgspec.structs.replace(
            manifest,
            output=manifest.output + pages.output,
            error=manifest.error + pages.error,
            deleted=manifest.deleted + pages.deleted,
        )
    return manifest


def read_manifest(answer: Answer) -> Manifest:
    try:
        return msgspec.json.decode(answer.content, type=Manifest)
    except (msgspec.DecodeError, RecursionError):
        raise stopped("its manifest cannot be read") from None


def download_all(state: State, caller: Caller, folder: Path, progress: Callable[[str], None]) -> State:
    """Every file of the manifest; those that stay broken are told together, at the end."""
    manifest = state.manifest
    assert manifest is not None
    faults = []
    for name, output in named(manifest):
        if output.url in state.done and (folder / state.done[output.url].file).is_file():
            continue
        try:
            count = download(output, folder / name, caller, with_token=manifest.requires_access_token)
        except Broken as broken:
            faults.append(Fault(name, f"{broken}. The others are here; run the same command again for this one."))
            continue
        progress(f"{name}: {count} resources")
        state = keep(
            msgspec.structs.replace(state, done={**state.done, output.url: Done(name, count)}),
            folder,
        )
    if faults:
        raise InputError("FHIR server", faults)
    return state


def named(manifest: Manifest) -> Iterator[tuple[str, Output]]:
    """Each file with the name it gets here; names of the server are never used."""
    for folder, outputs in (("", manifest.output), ("errors/", manifest.error), ("deleted/", manifest.deleted)):
        numbers: Counter[str] = Counter()
        for output in outputs:
            numbers[output.type] += 1
            yield f"{folder}{output.type}.{numbers[output.type]:04}.ndjson", output


class Broken(Exception):  # noqa: N818 - told to the reader as a fault
    """A file that did not come whole."""


def download(output: Output, path: Path, caller: Caller, *, with_token: bool) -> int:
    """Fetch one file; it stands at `path` when it is whole. Returns the number of its resources."""
    path.parent.mkdir(exist_ok=True)
    waits = caller.pace.waits()
    for left in range(BROKEN_TRIES, 0, -1):
        try:
            return download_once(output, path, caller, with_token=with_token)
        except Broken:
            if left == 1:
                raise
            caller.pace.sleep(next(waits))
    raise AssertionError("the last try returns or raises")


def download_once(output: Output, path: Path, caller: Caller, *, with_token: bool) -> int:
    import httpx

    headers = {"Accept": "application/fhir+ndjson", "Accept-Encoding": "gzip"}
    with caller.open("GET", output.url, headers, with_token=with_token) as answer:
        if answer.status_code != OK:
            raise Broken(f"the server answered {answer.status_code}")
        try:
            with beside(path) as (file, put_there):
                count = copy_lines(answer.iter_bytes(), file, output.type)
                if output.count is not None and count != output.count:
                    raise Broken(f"it has {count} resources where {output.count} were announced")
                put_there()
                return count
        except httpx.HTTPError as wrong:
            raise Broken(f"it broke off ({type(wrong).__name__})") from None
        except OSError as wrong:
            message = f"cannot be written: {wrong.strerror or type(wrong).__name__}. Make room and run it again."
            raise InputError(path.name, [Fault("", message)]) from None


@contextmanager
def beside(path: Path) -> Iterator[tuple[IO[bytes], Callable[[], None]]]:
    """A file to write beside `path`, and the function that moves it there; without that call nothing is left."""
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with unfinished.open("wb") as file:

            def put_there() -> None:
                file.flush()
                unfinished.replace(path)

            yield file, put_there
    finally:
        unfinished.unlink(missing_ok=True)


class Line(Struct, frozen=True, rename="camel"):
    resource_type: str


LINE = msgspec.json.Decoder(Line)


def copy_lines(chunks: Iterable[bytes], file: IO[bytes], kind: str) -> int:
    """Write whole lines, each a resource of this type; returns their number; raises `Broken` at the first that is not.

    Examples
    --------
    >>> import io
    >>> copy_lines([b'{"resourceType":"Pat', b'ient"}'], io.BytesIO(), "Patient")
    1
    """
    count = 0
    for line in lines(chunks):
        try:
            found = LINE.decode(line).resource_type
        except (msgspec.DecodeError, RecursionError):
            raise Broken(f"line {count + 1} is not a resource") from None
        if found != kind:
            raise Broken(f"line {count + 1} is not a {kind}")
        file.write(line + b"\n")
        count += 1
    return count


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a stream that are not empty; the last need not end with a line break."""
    begun = bytearray()
    for chunk in chunks:
        first, *rest = chunk.split(b"\n")
        begun += first
        for following in rest:
            if begun.strip():
                yield bytes(begun)
            begun = bytearray(following)
        if len(begun) > LONGEST_LINE:
            raise Broken(f"a line is longer than {LONGEST_LINE} bytes")
    if begun.strip():
        yield bytes(begun)


def summary(state: State, folder: Path) -> Fetched:
    assert state.manifest is not None
    resources: dict[str, int] = {}
    files = []
    for output in state.manifest.output:
        done = state.done[output.url]
        resources[output.type] = resources.get(output.type, 0) + done.resources
        files.append(folder / done.file)
    problems = sum(state.done[output.url].resources for output in state.manifest.error)
    return Fetched(tuple(files), resources, problems, state.manifest.transaction_time)
