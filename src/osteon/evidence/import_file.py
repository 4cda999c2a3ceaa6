"""What stands in a file that somebody brings to the evidence? Its text, or a clear refusal."""

from __future__ import annotations

import stat
from pathlib import Path

from osteon.errors import Fault, InputError

MAX_BYTES = 20_000_000  # some ten thousand references; a table of every study read so far has a third of a megabyte


def read_import(path: Path, max_bytes: int = MAX_BYTES) -> str:
    """The text of one regular UTF-8 file of at most `max_bytes`.

    Raises
    ------
    InputError
        When it cannot be read, is too large, empty or not UTF-8.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(path.name, [Fault("", "is not a regular file. Name a file.")])
        if status.st_size > max_bytes:
            size, most = f"{status.st_size / 1e6:.1f} MB", f"{max_bytes / 1e6:g} MB"
            raise InputError(path.name, [Fault("", f"has {size}; at most {most} are read. Split it.")])
        data = path.read_bytes()
    except OSError as wrong:
        reason = wrong.strerror or type(wrong).__name__
        why = f"cannot be read: {reason}. Check the path and its permissions."
        raise InputError(path.name, [Fault("", why)]) from None
    except ValueError:
        raise InputError("the path", [Fault("", "cannot be a file name. Check it.")]) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = data[: wrong.start].count(b"\n") + 1
        raise InputError(path.name, [Fault("", "is not UTF-8 text. Save it as UTF-8 and try again.", line)]) from None
    if not text.strip():
        raise InputError(
            path.name, [Fault("", "is empty. `osteon evidence template` writes a template to start from.")]
        )
    return text
