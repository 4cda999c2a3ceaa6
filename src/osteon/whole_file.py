"""How is a text file read, and a file or a folder written so that a reader sees all of it or none?"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from osteon.errors import Fault, InputError


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write `content` beside `path` and move it there; nothing is left behind when that fails.

    Parameters
    ----------
    path
        The file; its folder must exist.
    mode
        Permission bits of the file.

    Raises
    ------
    OSError
        When the folder is missing, full or not writable.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder, "a.txt"), b"all of it")
    ...     Path(folder, "a.txt").read_bytes()
    b'all of it'
    """
    import tempfile

    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".osteon-") as folder:
        unfinished = Path(folder, path.name)
        unfinished.write_bytes(content)
        unfinished.chmod(mode)
        unfinished.replace(path)


def write_whole_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write a new folder with all its files beside its place and move it there; nothing is left when that fails.

    Parameters
    ----------
    folder
        The folder, which may not exist yet unless it is empty; those above it are made where they are missing.
    contents
        The files by their names in the folder, where "/" leads into folders below.

    Raises
    ------
    InputError
        When the folder holds something already, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as above:
    ...     write_whole_folder(Path(above, "new"), {"a.txt": b"a", "deep/b.txt": b"b"})
    ...     Path(above, "new", "deep", "b.txt").read_bytes()
    b'b'
    """
    import tempfile

    try:
        check_new_folder(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".osteon-") as beside:
            unfinished = Path(beside, folder.name)
            unfinished.mkdir()
            for name, content in contents.items():
                path = unfinished / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            unfinished.replace(folder)
    except OSError as wrong:
        reason = wrong.strerror or type(wrong).__name__
        raise InputError(folder.name, [Fault("", f"cannot be written: {reason}. Name another folder.")]) from None


def check_new_folder(folder: Path) -> None:
    """Refuse a folder that holds something already: to be asked before the work whose result it shall hold.

    Raises
    ------
    InputError
        When there is anything under this name but an empty folder.
    """
    if os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError(folder.name, [Fault("", "exists already and is not empty. Name a new folder.")])


def read_whole(path: Path, max_bytes: int, kind: str, start: str) -> str:
    """The text of one regular UTF-8 file.

    Parameters
    ----------
    path
        The file.
    max_bytes
        The most that is read.
    kind
        What the file should be, for messages, such as "case file".
    start
        A sentence that says how to begin such a file.

    Raises
    ------
    InputError
        When it cannot be read, is too large, empty or not UTF-8.

    Examples
    --------
    >>> read_whole(Path("missing.toml"), 1_000_000, "case file", "")
    Traceback (most recent call last):
    osteon.errors.InputError: missing.toml has 1 fault
      cannot be read: No such file or directory. Check the path and its permissions.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(path.name, [Fault("", f"is not a regular file. Name a {kind}.")])
        if status.st_size > max_bytes:
            size, most = f"{status.st_size / 1e6:.1f} MB", f"{max_bytes / 1e6:g} MB"
            message = f"has {size}; a {kind} has at most {most}. Is it the right file?"
            raise InputError(path.name, [Fault("", message)])
        data = path.read_bytes()
    except OSError as wrong:
        reason = wrong.strerror or type(wrong).__name__
        message = f"cannot be read: {reason}. Check the path and its permissions."
        raise InputError(path.name, [Fault("", message)]) from None
    except ValueError:
        raise InputError("the path", [Fault("", "cannot be a file name. Check it.")]) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = data[: wrong.start].count(b"\n") + 1
        raise InputError(path.name, [Fault("", "is not UTF-8 text. Save it as UTF-8 and try again.", line)]) from None
    if not text.strip():
        raise InputError(path.name, [Fault("", f"is empty. {start}")])
    return text
