"""What users did with cards is kept, told by topic, and holds no more than they sent."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import typer

from osteon.errors import InputError
from osteon.web.cds.store import open_store, overview
from osteon.web_cli import add_commands

from .conftest import DECOMPRESSION, LATE, request

WHERE = "/cds-services/osteon-order-sign/feedback"
REASON = {"code": "patient-wish", "system": "urn:osteon:cds:override", "display": "The patient wishes it"}
ACCEPTED = {
    "card": "c-1",
    "outcome": "accepted",
    "acceptedSuggestions": [{"id": "s-1"}],
    "outcomeTimestamp": "2026-11-22T10:00:00Z",
}
OVERRIDDEN = {
    "card": "c-2",
    "outcome": "overridden",
    "overrideReason": {"reason": REASON, "userComment": "Robert'); drop table feedback; --"},
    "outcomeTimestamp": "2026-11-22T10:00:00.123+01:00",
}


@pytest.fixture
def tell(call):
    return lambda *outcomes: call({"feedback": list(outcomes)}, WHERE)


@pytest.fixture
def kept(settings):
    def rows(query, *values):
        with sqlite3.connect(settings.store) as database:
            return database.execute(query, values).fetchall()

    return rows


def test_outcomes_are_kept_once_and_as_they_came(tell, kept, valid):
    assert valid("feedback", {"feedback": [ACCEPTED, OVERRIDDEN]})
    assert [tell(ACCEPTED, OVERRIDDEN).status_code for _ in range(2)] == [200, 200]

    assert kept("select outcome, suggestions, reason_code, comment from feedback where card in ('c-1', 'c-2')") == [
        ("accepted", '["s-1"]', None, None),
        ("overridden", None, "patient-wish", "Robert'); drop table feedback; --"),
    ]


def test_feedback_on_a_card_is_told_by_what_the_card_was_about(call, tell, settings):
    (card,) = call(request("order-sign", LATE, [DECOMPRESSION])).json()["cards"]

    tell({**OVERRIDDEN, "card": card["uuid"]})

    assert ("treatment/core_decompression_multiple", "overridden", "patient-wish", 1) in overview(settings.store)


WRONG = {
    "accepted without suggestion": {name: ACCEPTED[name] for name in ACCEPTED if name != "acceptedSuggestions"},
    "accepted nothing": {**ACCEPTED, "acceptedSuggestions": []},
    "ignored": {**ACCEPTED, "outcome": "ignored"},
    "no card": {**ACCEPTED, "card": ""},
    "no time": {**ACCEPTED, "outcomeTimestamp": "yesterday"},
    "an empty reason": {**OVERRIDDEN, "overrideReason": {}},
    "a reason without system": {**OVERRIDDEN, "overrideReason": {"reason": {"code": "x"}}},
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_the_standard_does_not_allow_is_refused(kind, tell, valid):
    assert not valid("feedback", {"feedback": [WRONG[kind]]})
    assert tell(WRONG[kind]).status_code == 400


def test_no_feedback_at_all_is_refused(tell):
    assert tell().status_code == 400


def test_only_its_owner_can_read_the_store(settings):
    assert Path(settings.store).stat().st_mode & 0o077 == 0


def test_the_store_holds_nothing_of_the_patient(call, settings, kept):
    call(request("patient-view", LATE))

    tables = kept("select sql from sqlite_master where type = 'table'")
    dumped = str([kept(f"select * from {name}") for name in ("card", "token")]) + str(tables)
    assert not any(secret in dumped for secret in ("1983", "Musterpatientin", "fict-1", "M87"))


def test_the_command_counts_what_became_of_cards(tell, settings, capsys):
    app = typer.Typer()
    add_commands(app)
    tell({**OVERRIDDEN, "card": "never sent"})

    app(["feedback", settings.store], standalone_mode=False)

    assert "?: overridden (patient-wish)" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["nothing.sqlite", "thesis.txt"])
def test_counting_in_what_is_no_store_is_told(name, tmp_path):
    (tmp_path / "thesis.txt").write_text("not a database, " * 100)

    with pytest.raises(InputError, match="no store"):
        overview(str(tmp_path / name))
    assert not (tmp_path / "nothing.sqlite").exists()


def test_a_file_that_is_no_store_is_told(tmp_path):
    (tmp_path / "thesis.txt").write_text("not a database, " * 100)

    with pytest.raises(InputError, match=r"thesis\.txt"):
        open_store(str(tmp_path / "thesis.txt"))
