"""What takes seconds to work out from the studies is kept on disk, under the digest of all it was made from.

The copy is JSON, which cannot run anything. One that cannot be read or kept only costs time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from osteon.case.toml_files import cache_file, digest_of
from osteon.knowledge.load import knowledge
from osteon.whole_file import write_whole

Made = TypeVar("Made")


def kept(name: str, make: Callable[[], Made], kinds: Mapping[str, type]) -> Made:
    """What `make` returns, from the copy on disk where there is one.

    Parameters
    ----------
    name
        What it is; part of the file's name.
    make
        Works it out: records, numbers and texts in tuples.
    kinds
        The classes of the records by name.
    """
    path = cache_file(f"evidence-{name}-{digest()}")
    with suppress(OSError, ValueError, RuntimeError, KeyError, TypeError):
        copy: Made = tuples(json.loads(path.read_bytes(), object_hook=partial(decoded, kinds=kinds)))
        return copy
    made = make()
    with suppress(OSError, RuntimeError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(encoded(made), allow_nan=False).encode())
    return made


@cache
def digest() -> str:
    """Names the studies, the judgements and the very code that pools them."""
    own = {path.name: path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))}
    return digest_of(own | {"knowledge": knowledge().version.encode()})


def encoded(value: Any) -> Any:
    """Records as plain JSON values, each with the name of its class."""
    if is_dataclass(value):
        return {"is": type(value).__name__} | {f.name: encoded(getattr(value, f.name)) for f in fields(value)}
    return [encoded(each) for each in value] if isinstance(value, tuple) else value


def decoded(table: dict[str, Any], kinds: Mapping[str, type]) -> Any:
    """One record from what `encoded` made of it, its own records being made already; other tables stay tables."""
    if "is" not in table:
        return table
    kind = kinds[table.pop("is")]
    return kind(**{name: tuples(value) for name, value in table.items()})


def tuples(value: Any) -> Any:
    return tuple([tuples(each) for each in value]) if type(value) is list else value
