"""Which files of an export hold which resources? Folders and files of NDJSON, packed or not, and of Parquet."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from osteon.errors import Fault, InputError
from osteon.fhir.resources import TYPES

TEXT = (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")
KIND = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]{1,64})"')
PATTERN_LETTERS = "*?[]{}\\"  # both engines would read a name that holds one as a pattern
FIRST_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Export:
    """The files of an export by type of resource; `ignored` names the files that were left aside, and why."""

    text: Mapping[str, tuple[Path, ...]]
    parquet: Mapping[str, tuple[Path, ...]]
    ignored: tuple[str, ...]

    @property
    def kinds(self) -> list[str]:
        return sorted({*self.text, *self.parquet})

    def fingerprint(self) -> list[tuple[str, int, int]]:
        """What tells one export from another: each file with its size and time."""
        files = sorted(file for group in (self.text, self.parquet) for each in group.values() for file in each)
        return [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]


def find_export(places: Sequence[Path]) -> Export:
    """The files in some folders, or the files themselves, each by the type of its resources.

    Parameters
    ----------
    places
        NDJSON files (`.ndjson`, `.jsonl`, each also with `.gz`) hold one type each, as bulk exports have it; the first
        line says which. Parquet files are named after their type, as in `Condition.parquet` or `Condition/0.parquet`.

    Raises
    ------
    InputError
        When a file cannot be read or used, or there is no Patient and no other resource that is read.
    """
    text: dict[str, list[Path]] = {}
    parquet: dict[str, list[Path]] = {}
    faults, ignored = [], []
    for file in sorted({file for place in places for file in files_in(place)}):
        if any(letter in str(file) for letter in PATTERN_LETTERS):
            faults.append(Fault(file.name, f"holds one of {PATTERN_LETTERS} in its path. Rename it."))
            continue
        kind = kind_of(file, faults)
        if kind is None or kind not in TYPES:
            ignored.append(f"{file.name}: {kind or 'empty'} is not read")
        else:
            (parquet if file.suffix == ".parquet" else text).setdefault(kind, []).append(file)
    if both := text.keys() & parquet.keys():
        faults.append(Fault(", ".join(sorted(both)), "comes as NDJSON and as Parquet. Keep one of them."))
    if not faults and not text and not parquet:
        faults.append(Fault("", "holds no resources that are read: NDJSON or Parquet named after FHIR's types."))
    if faults:
        raise InputError("the export", faults)
    return Export(as_tuples(text), as_tuples(parquet), tuple(ignored))


def as_tuples(files: Mapping[str, list[Path]]) -> dict[str, tuple[Path, ...]]:
    return {kind: tuple(found) for kind, found in files.items()}


def files_in(place: Path) -> list[Path]:
    if place.is_dir():
        return [file for file in place.rglob("*") if file.is_file() and file.name.endswith((*TEXT, ".parquet"))]
    if not place.is_file():
        raise InputError(place.name or "the export", [Fault("", "is no file and no folder. Check the path.")])
    return [place]


def kind_of(file: Path, faults: list[Fault]) -> str | None:
    """The type of the resources in one file; None where it is empty."""
    if file.suffix == ".parquet":
        named = [part for part in (file.name.split(".")[0], file.parent.name) if part in TYPES]
        return named[0] if named else file.stem
    try:
        with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as lines:
            start = lines.read(FIRST_BYTES)
    except (OSError, EOFError, zlib.error):
        faults.append(Fault(file.name, "cannot be read, or is cut short. Fetch it again."))
        return None
    if not start.strip():
        return None
    found = KIND.search(start)
    if found is not None:
        return found[1].decode()
    if file.name.split(".")[0] in TYPES:
        faults.append(Fault(file.name, "has no resourceType at its beginning. Is it NDJSON of FHIR resources?"))
    return "a file without resourceType"
