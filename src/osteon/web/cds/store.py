"""What became of the cards, and which tokens were seen: one SQLite file, without patient data of its own making."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from msgspec import UNSET

from osteon.errors import Fault, InputError
from osteon.web.cds.request import Outcome, OverrideReason

TABLES = """
create table if not exists card (uuid text primary key, service text, topic text, indicator text, made_at text);
create table if not exists feedback (
    service text, client text, card text, outcome text, suggestions text, reason_system text, reason_code text,
    comment text, outcome_at text, received_at text,
    unique (service, client, card, outcome, outcome_at)
);
create table if not exists token (client text, id text, until real, primary key (client, id)) without rowid;
create index if not exists token_until on token (until);
"""


@dataclass(frozen=True, slots=True)
class CardMade:
    """One card as it was sent, told by its topic: which order, treatment or advice it was about."""

    uuid: str
    topic: str
    indicator: str


@dataclass(frozen=True, slots=True)
class Store:
    """One open SQLite file. A comment may hold what a user typed, so the file is readable by its owner alone."""

    database: sqlite3.Connection

    def keep_cards(self, service: str, cards: Iterable[CardMade], at: datetime) -> None:
        """Note the cards sent, so that feedback on them can be told by topic."""
        rows = [(card.uuid, service, card.topic, card.indicator, at.isoformat()) for card in cards]
        if rows:
            with self.database:
                self.database.executemany("insert into card values (?, ?, ?, ?, ?)", rows)

    def keep_feedback(self, service: str, client: str, outcomes: Iterable[Outcome], at: datetime) -> int:
        """Note what users did with cards; the same outcome sent twice is kept once. Returns how many were new."""
        rows = [(service, client, *row_of(outcome), at.isoformat()) for outcome in outcomes]
        with self.database:
            before = self.database.total_changes
            self.database.executemany("insert or ignore into feedback values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            return self.database.total_changes - before

    def first_seen(self, client: str, token: str, until: float, now: float) -> bool:
        """Whether a client's token is new; it is remembered until it cannot be used any more."""
        with self.database:
            self.database.execute("delete from token where until < ?", (now,))
            done = self.database.execute("insert or ignore into token values (?, ?, ?)", (client, token, until))
            return done.rowcount == 1

    def works(self) -> bool:
        """Whether the file can be read and written."""
        try:
            with self.database:
                self.database.execute("delete from token where until < 0")
        except sqlite3.Error:
            return False
        return True

    def close(self) -> None:
        self.database.close()


def open_store(path: str) -> Store:
    """The store at a path; ":memory:" keeps it in memory only.

    Raises
    ------
    InputError
        When there is something else at the path, or it cannot be written.
    """
    try:
        if path != ":memory:":
            Path(path).touch(mode=0o600)
        database = sqlite3.connect(path, timeout=2.0, check_same_thread=False)
        database.executescript(f"pragma journal_mode = wal; pragma synchronous = normal; {TABLES}")
    except (OSError, sqlite3.Error) as wrong:
        message = f"cannot be used as store: {wrong}. Name another file."
        raise InputError(Path(path).name, [Fault("", message)]) from None
    return Store(database)


def row_of(outcome: Outcome) -> tuple[str | None, ...]:
    accepted = [] if outcome.accepted_suggestions is UNSET else outcome.accepted_suggestions
    why = OverrideReason() if outcome.override_reason is UNSET else outcome.override_reason
    reason = None if why.reason is UNSET else why.reason
    return (
        outcome.card,
        outcome.outcome,
        json.dumps([each.id for each in accepted]) if accepted else None,
        reason.system if reason else None,
        reason.code if reason else None,
        None if why.user_comment is UNSET else why.user_comment,
        outcome.outcome_timestamp,
    )


def overview(path: str) -> list[tuple[str, str, str, int]]:
    """How often each topic's cards were accepted or overridden, and why: topic, outcome, code of the reason, count.

    Raises
    ------
    InputError
        When there is no store at the path.
    """
    try:
        with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)) as database:
            return database.execute(
                "select coalesce(card.topic, '?'), outcome, coalesce(reason_code, ''), count(*) from feedback"
                " left join card on card.uuid = feedback.card group by 1, 2, 3 order by 4 desc, 1, 2, 3"
            ).fetchall()
    except sqlite3.Error:
        raise InputError(Path(path).name, [Fault("", "is no store of the CDS service. Name its file.")]) from None
