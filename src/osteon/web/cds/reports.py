"""Where does the link of a card lead? To the report of that very case, for a few minutes, out of memory alone.

The address holds 256 random bits and nothing else; who has it can read the report until it expires, as with any link
a record system opens in a browser. Nothing of it is written to disk, and a restart forgets it.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from osteon.case import Case

MOST_KEPT = 500  # cases in memory at once; the oldest is dropped first


@dataclass(slots=True)
class Reports:
    """Cases whose report may be opened. `now` is a clock in seconds."""

    keep_s: float
    now: Callable[[], float]
    kept: OrderedDict[str, tuple[float, Case]] = field(default_factory=OrderedDict)

    def keep(self, case: Case) -> str:
        """Keep a case; returns the secret name under which its report can be opened.

        Examples
        --------
        >>> from osteon.case import read_case
        >>> reports = Reports(60, now=lambda: 0.0)
        >>> reports.case(reports.keep(read_case({}))) is None, reports.case("guess") is None
        (False, True)
        """
        self.forget()
        name = secrets.token_urlsafe(32)
        self.kept[name] = (self.now() + self.keep_s, case)
        return name

    def case(self, name: str) -> Case | None:
        """The case of that name; None when there is none, or its time is over."""
        self.forget()
        found = self.kept.get(name)
        return None if found is None else found[1]

    def forget(self) -> None:
        """Drop what has expired, and the oldest of too many."""
        while self.kept and (len(self.kept) >= MOST_KEPT or next(iter(self.kept.values()))[0] <= self.now()):
            self.kept.popitem(last=False)


def page(case: Case) -> str:
    """The clinician's report of a case as HTML."""
    from osteon.planning import plan
    from osteon.report.html import render_html

    return render_html(plan(case))
