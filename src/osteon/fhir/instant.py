"""When was it? FHIR's dates and times as instants in UTC, so that the newest is the newest in every time zone."""

from __future__ import annotations

from datetime import UTC, datetime

FIRST = {4: "-01-01", 7: "-01"}  # what a year, and a month, lack to be a day


def instant(text: str | None) -> datetime | None:
    """The moment of a FHIR date, dateTime or instant; None where there is none that a calendar knows.

    A year, a month or a day stands for its first moment in UTC; a time without zone is taken as UTC.

    Examples
    --------
    >>> instant("2022-06-01T23:30:00-05:00") > instant("2022-06-02T01:00:00Z")
    True
    >>> instant("2022-06").isoformat()
    '2022-06-01T00:00:00+00:00'
    """
    if not text:
        return None
    whole = text + FIRST.get(len(text), "")
    try:
        moment = datetime.fromisoformat(whole)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
