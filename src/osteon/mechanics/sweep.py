"""How are many heads, or many settings of one head, solved on several processes or machines, and gone on with later?

A sweep is a dictionary of tasks and a function from a task to a result. What spreads the work is any function that is
called like `map`: `map` itself, the `map` of a pool of processes, or `on_spark`. Every result is one file, which
appears whole; a sweep that is started again solves what has no file yet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from osteon.errors import Fault, InputError, OsteonError
from osteon.whole_file import write_whole

Task = TypeVar("Task")
Result = Mapping[str, Any]
Spread = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep has in its folder: results by task, and what was wrong with tasks that cannot be solved."""

    results: Mapping[str, Result]
    faults: Mapping[str, str]
    solved_now: int


def sweep(tasks: Mapping[str, Task], solve: Callable[[Task], Result], folder: Path, spread: Spread = map) -> Swept:
    """Solves every task that has no result in the folder yet, and reads all results.

    Parameters
    ----------
    tasks
        By name; a name becomes a file's name: letters, digits, `.`, `_` and `-`, at most 80. A changed task needs a
        new name: the file under the old one would be taken for its result.
    solve
        From a task to a result that JSON holds. For processes and machines it is a function of a module, and what it
        raises as `OsteonError` is kept as the task's fault; anything else stops the sweep.
    folder
        Made where it is missing. On several machines all see it under the same name.
    spread
        Called like `map(function, tasks)`.

    Raises
    ------
    InputError
        When a name cannot be a file's name.

    Examples
    --------
    >>> import tempfile
    >>> def halved(force_n: float) -> Result:
    ...     return {"force_n": force_n / 2}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = sweep({"a": 8.0}, halved, Path(folder))
    ...     again = sweep({"a": 8.0, "b": 6.0}, halved, Path(folder))
    >>> first.solved_now, again.solved_now, again.results["b"]
    (1, 1, {'force_n': 3.0})
    """
    faults = [
        Fault(name[:40], "cannot be a file's name. Use letters, digits, '.', '_' and '-', at most 80.")
        for name in tasks
        if not FILE_NAME.fullmatch(name)
    ]
    if faults:
        raise InputError("names of the sweep's tasks", faults)
    folder.mkdir(parents=True, exist_ok=True)
    left = [(name, task) for name, task in tasks.items() if not place(folder, name).exists()]
    for _ in spread(partial(solved_into, solve, folder), left):
        pass
    kept = {name: json.loads(place(folder, name).read_text(encoding="utf-8")) for name in tasks}
    return Swept(
        {name: each["result"] for name, each in kept.items() if "result" in each},
        {name: each["fault"] for name, each in kept.items() if "fault" in each},
        len(left),
    )


def on_spark(session: Any) -> Spread:
    """Spreads a sweep over the workers of a Spark session, one task after another on each."""

    def spread(function: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterable[Any]:
        listed = list(tasks)
        if not listed:
            return []
        done: Iterable[Any] = session.sparkContext.parallelize(listed, len(listed)).map(function).collect()
        return done

    return spread


def solved_into(solve: Callable[[Task], Result], folder: Path, named: tuple[str, Task]) -> str:
    """Solves one task and writes its file; the task's name."""
    name, task = named
    try:
        content: dict[str, Any] = {"result": solve(task)}
    except OsteonError as wrong:
        content = {"fault": str(wrong)}
    write_whole(place(folder, name), (json.dumps(content, ensure_ascii=False) + "\n").encode(), mode=0o644)
    return name


def place(folder: Path, name: str) -> Path:
    """The file of one task."""
    return folder / f"{name}.json"
