"""Which resources does a file, a folder or a text hold? All faults at once, and nothing of a patient in any of them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec

from osteon.errors import Fault, InputError
from osteon.fhir.resources import TYPES, Bundle, Kind, Observation, Resource

MAX_DOCUMENT = 64 << 20  # bytes of one bundle, resource or NDJSON line; a long record is some 10 MB
MAX_FOLDER = 2 << 30  # bytes of all files together once unpacked: beyond this the cohort engine is the tool
MAX_NESTING = 3  # bundles within bundles, as in a batch response of searches
MAX_FAULTS = 100
SUFFIXES = (".json", ".ndjson", ".json.gz", ".ndjson.gz")
NO_RESOURCE = "JSON without resourceType"
GZIP = b"\x1f\x8b"


class Loaded(NamedTuple):
    """One resource: its type, what was read of it (None for a type that is not read), and where it stood."""

    kind: str
    resource: Resource | Observation | None
    where: str
    url: str | None = None

    @property
    def name(self) -> str:
        """The resource as a reader can find it again: type and id, or where it stands."""
        written = None if self.resource is None else self.resource.id
        return f"{self.kind}/{written[:64]}" if written else f"{self.kind} ({self.where})"


Source = bytes | str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any] | msgspec.Raw | Loaded]


def is_record(path: Path) -> bool:
    """Whether a path holds FHIR, and not a case file: NDJSON, gzip, a folder, or JSON that names a resource type."""
    name = path.name.lower()
    if path.is_dir() or name.endswith((".ndjson", ".gz")):
        return True
    if not name.endswith(".json") or not path.is_file():
        return False
    try:
        return bool(decoder(Kind).decode(read_file(path, MAX_DOCUMENT)).resource_type)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def resources_of(source: Source) -> list[Loaded]:
    """Every resource of one source, in its order.

    Parameters
    ----------
    source
        JSON of a Bundle or of one resource, NDJSON, either of them packed with gzip; the path of such a file, or of a
        folder of them (`.json`, `.ndjson`, each also with `.gz`); or the resource, or a list of them, as Python has
        them, as their JSON (`msgspec.Raw`), or loaded already.

    Raises
    ------
    InputError
        With everything that cannot be read: where it is and what to do. What the record says is not repeated.

    Examples
    --------
    >>> [each.kind for each in resources_of(b'{"resourceType": "Patient", "id": "a"}')]
    ['Patient']
    """
    if isinstance(source, str):
        source = Path(source)
    if isinstance(source, Path):
        return load_path(source)
    loading = Loading("FHIR")
    if isinstance(source, bytes):
        loading.text(unpacked(source, loading.name), "")
    elif isinstance(source, Mapping):
        loading.document(encoded(source, loading.name), "")
    else:
        for number, each in enumerate(source, 1):
            if isinstance(each, Loaded):
                loading.found.append(each)
            else:
                loading.document(encoded(each, loading.name), f"resource {number}")
    return loading.done()


def load_path(path: Path) -> list[Loaded]:
    loading = Loading(path.name, path.is_dir())
    total = 0
    for file in files_of(path):
        text = read_file(file, MAX_FOLDER - total if path.is_dir() else MAX_DOCUMENT)
        total += len(text)
        loading.text(text, file.name if path.is_dir() else "")
    return loading.done()


def files_of(path: Path) -> list[Path]:
    """The file itself, or the files of a folder in the order of their names."""
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.name.lower().endswith(SUFFIXES))
        if files:
            return files
        raise InputError(path.name, [Fault("", f"holds no file that ends in {', '.join(SUFFIXES)}. Name another.")])
    if path.is_file():
        return [path]
    raise InputError(path.name, [Fault("", "is no file or folder. Check the path.")])


def read_file(file: Path, most: int) -> bytes:
    """The bytes of a file, unpacked; refuses one that holds more than `most`."""
    try:
        with file.open("rb") as raw:
            packed = raw.read(2) == GZIP
            raw.seek(0)
            if packed:
                with gzip.open(raw) as unzipped:
                    return at_most(unzipped, most, file.name)
            return at_most(raw, most, file.name)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InputError(file.name, [Fault("", "is broken gzip. Copy the file again.")]) from None
    except OSError as wrong:
        reason = wrong.strerror or type(wrong).__name__
        raise InputError(file.name, [Fault("", f"cannot be read: {reason}.")]) from None


def at_most(stream: IO[bytes] | gzip.GzipFile, most: int, name: str) -> bytes:
    content = stream.read(most + 1)
    if len(content) > most:
        message = f"holds more than {most >> 20} MB. Give one patient's record; `osteon cohort screen` reads many."
        raise InputError(name, [Fault("", message)])
    return content


def unpacked(content: bytes, name: str) -> bytes:
    if content[:2] != GZIP:
        return content
    unzip = zlib.decompressobj(wbits=31)
    try:
        text = unzip.decompress(content, MAX_DOCUMENT + 1)
    except zlib.error:
        text = b""
    if len(text) > MAX_DOCUMENT or not unzip.eof:
        raise InputError(name, [Fault("", f"is broken gzip, or holds more than {MAX_DOCUMENT >> 20} MB.")])
    return text


def encoded(resource: Mapping[str, Any] | msgspec.Raw, name: str) -> bytes:
    try:
        return msgspec.json.encode(resource)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        raise InputError(
            name, [Fault("", "holds something that is not JSON. Give the resource as JSON has it.")]
        ) from None


class Loading:
    """Takes in documents one by one and keeps their resources and their faults.

    Beside the resources of a folder may lie JSON of other kinds, which is passed over.
    """

    def __init__(self, name: str, folder: bool = False) -> None:
        self.name, self.folder = name, folder
        self.found: list[Loaded] = []
        self.faults: list[Fault] = []

    def done(self) -> list[Loaded]:
        if self.faults:
            raise InputError(self.name, self.faults)
        if not self.found:
            raise InputError(self.name, [Fault("", "holds no resource. Give a FHIR bundle, a resource or NDJSON.")])
        return self.found

    def text(self, text: bytes, where: str) -> None:
        """One JSON document, or NDJSON: a document on every line."""
        text = text.removeprefix(b"\xef\xbb\xbf").strip()
        first, newline, _ = text.partition(b"\n")
        if not newline or not is_document(first):
            self.document(text, where)
            return
        for number, line in enumerate(BytesIO(text), 1):
            if not line.isspace():
                self.document(line, f"{where} line {number}".strip())

    def document(self, text: bytes, where: str, url: str | None = None, depth: int = 0) -> None:
        """One bundle with all its entries, or one resource."""
        try:
            if len(text) > MAX_DOCUMENT:
                self.fault(where, f"is larger than {MAX_DOCUMENT >> 20} MB. Give one patient's record.")
                return
            kind = decoder(Kind).decode(text).resource_type
            if kind == "Bundle":
                self.bundle(text, where, depth)
            elif kind in TYPES:
                self.found.append(Loaded(kind, decoder(TYPES[kind]).decode(text), where, url))
            elif kind:
                self.found.append(Loaded(kind[:64], None, where, url))
            elif self.folder:
                self.found.append(Loaded(NO_RESOURCE, None, where))
            else:
                self.fault(where, "has no resourceType. Give a FHIR resource.")
        except msgspec.ValidationError as wrong:  # its message names types and places, never values
            self.fault(where, f"is not as FHIR R4 has it: {wrong}. Correct the record.")
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.fault(where, "is not whole JSON in UTF-8. Send it again.")
        except RecursionError:
            self.fault(where, "is nested deeper than any FHIR resource. Send the record itself.")

    def bundle(self, text: bytes, where: str, depth: int) -> None:
        if depth == MAX_NESTING:
            self.fault(where, f"holds bundles more than {MAX_NESTING} deep. Send the inner ones.")
            return
        for number, entry in enumerate(decoder(Bundle).decode(text).entry or (), 1):
            resource = bytes(entry.resource)
            if resource != b"null":
                self.document(resource, f"{where} entry {number}".strip(), entry.full_url, depth + 1)

    def fault(self, where: str, message: str) -> None:
        self.faults.append(Fault(where, message))
        if len(self.faults) == MAX_FAULTS:
            self.faults.append(Fault("", "There are more faults than these."))
            raise InputError(self.name, self.faults)


@cache
def decoder(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def is_document(line: bytes) -> bool:
    """Whether a line is whole JSON by itself, as every line of NDJSON is."""
    try:
        decoder(Kind).decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True
