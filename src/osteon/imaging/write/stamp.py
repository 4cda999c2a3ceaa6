"""When was an object written, and which identifiers does it get?"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Stamp:
    """The time of writing and the seed of every identifier: the same stamp writes the same bytes.

    Parameters
    ----------
    at
        Time of writing; DICOM takes it as local time, without its zone.
    seed
        Any text. Identifiers are 2.25 followed by a version 5 UUID of it and of what is identified, as DICOM PS3.5
        B.2 allows, so that two objects share one only when seed and content are the same.

    Examples
    --------
    >>> Stamp(datetime(2026, 1, 1, tzinfo=UTC), "demo").uid("seg")
    '2.25.113966003359853869316225625614228108752'
    """

    at: datetime
    seed: str

    def uid(self, what: str) -> str:
        """The identifier of one thing within this writing."""
        return f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, f'osteon:{self.seed}:{what}').int}"


def new_stamp() -> Stamp:
    """Now by this machine's clock, as DICOM's times are local ones, and identifiers that were never used before."""
    return Stamp(datetime.now(UTC).astimezone(), uuid.uuid4().hex)
