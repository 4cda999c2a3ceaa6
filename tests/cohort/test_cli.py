"""The commands read, call one function and write; faults are told and leave nothing behind."""

from __future__ import annotations

import csv
import json

import pytest
import typer
from typer.testing import CliRunner

from osteon.cohort_cli import add_commands
from osteon.errors import InputError

from .conftest import REFERENCE

APP = typer.Typer()
add_commands(APP)


@APP.callback()
def alone() -> None:
    """Keeps `cohort` a command of its own."""


def run(*words):
    return CliRunner().invoke(APP, ["cohort", *map(str, words)], catch_exceptions=False)


@pytest.mark.slow
def test_an_export_is_screened_and_asked(tmp_path, eligibility):
    rule, out = eligibility("planted"), tmp_path / "r.parquet"
    screened = run(
        "screen", REFERENCE / "planted", "--as-of", "2022-07-01", "--rules", rule, "--out", out, "--as-recorded"
    )
    files = [tmp_path / name for name in ("m.csv", "g.json", "s.html")]

    asked = run("ask", out, rule, "--csv", files[0], "--group", files[1], "--html", files[2])

    assert screened.exit_code == asked.exit_code == 0
    assert "52 patients" in screened.output
    members = [line for line in csv.reader(files[0].read_text().splitlines()) if line[1] == "yes"]
    assert json.loads(files[1].read_text())["quantity"] == len(members)
    assert files[2].read_text().startswith("<!doctype html>")


def test_the_questions_are_listed():
    assert "steroids_without_protection" in run("questions").output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--out", "r.csv"], "must end in .parquet"),
        (["--out", "r.parquet", "--as-of", "tomorrow"], "is not a day"),
        (["--out", "r.parquet", "--engine", "abacus"], "use duckdb"),
        (["--out", "r.parquet", "--memory", "lots"], "write a size"),
    ],
    ids=str,
)
def test_an_option_that_cannot_be_used_is_told(options, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InputError, match=told):
        run("screen", REFERENCE / "planted", "--rules", "questions", *options)

    assert list(tmp_path.iterdir()) == []
