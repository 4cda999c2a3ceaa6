"""`osteon fetch` on the command line."""

from __future__ import annotations

import pytest
import typer

from osteon.errors import InputError
from osteon.web_cli import add_commands


@pytest.fixture
def commands():
    app = typer.Typer()
    add_commands(app)
    return lambda *words: app([str(word) for word in words], standalone_mode=False)


def test_it_tells_what_is_there(commands, server, key_file, tmp_path, capsys):
    server.errors["/files/e"] = b'{"resourceType":"OperationOutcome"}\n'

    commands("fetch", server.url, "--out", tmp_path / "population", "--client-id", "us", "--key", key_file())

    told = capsys.readouterr()
    assert told.out == "Condition: 3\nPatient: 5\n"
    assert "The server told of 1 problems: see population/errors" in told.err


def test_a_server_that_gives_no_token_is_told(commands, server, key_file, tmp_path):
    server.plan("/fhir/.well-known/smart-configuration", b"{}")

    with pytest.raises(InputError, match="--token-url"):
        commands("fetch", server.url, "--out", tmp_path / "a", "--client-id", "us", "--key", key_file())


@pytest.mark.parametrize("where", ["http://127.0.0.1:9/token", "not a URL"])
def test_an_address_that_gives_no_token_is_told(commands, server, key_file, tmp_path, where):
    words = ["--client-id", "us", "--key", key_file(), "--token-url", where]

    with pytest.raises(InputError, match="gave no access token"):
        commands("fetch", server.url, "--out", tmp_path / "a", *words)
