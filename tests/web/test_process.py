"""The service as a process of its own: what it lets in by default, what it logs, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
import typer

from osteon.errors import InputError
from osteon.web.cds.settings import read_settings
from osteon.web_cli import add_commands

from .conftest import BIRTH_DATE, FAMILY, LATE, osteonecrosis, request

PROGRAM = "import typer; from osteon.web_cli import add_commands; app = typer.Typer(); add_commands(app); app()"
SECRETS = (BIRTH_DATE, FAMILY, "fict-1", "M87", "Bearer", "eyJ", "lent-token", "femoral")


@pytest.fixture
def commands():
    app = typer.Typer()
    add_commands(app)
    return lambda *words: app(words, standalone_mode=False)


@pytest.fixture
def process(tmp_path):
    """The service as `osteon serve --cds --open` starts it; gives its address, and what it logged once it ended."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve", "--cds", "--open", "--port", str(port)],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while not answers(address):
        assert running.poll() is None, running.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield address, running
    if running.poll() is None:
        running.kill()
    running.communicate()


def answers(address):
    try:
        return httpx.get(f"{address}/health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def ask(address, asked, path="/cds-services/osteon-patient-view"):
    return httpx.post(address + path, content=json.dumps(asked), timeout=60)


@pytest.mark.slow
def test_log_and_end_of_the_process(process):
    address, running = process
    secret = {"Authorization": "Bearer eyJsecret"}
    link = ask(address, request("patient-view", LATE)).json()["cards"][0]["links"][0]["url"]
    httpx.get(link, timeout=60)
    broken = {**osteonecrosis(), "code": {"coding": FAMILY}}
    ask(
        address,
        request("patient-view", {**LATE, "conditions": {"resourceType": "Bundle", "entry": [{"resource": broken}]}}),
    )
    ask(address, {"hook": FAMILY})
    httpx.get(f"{address}/cds-services/{FAMILY}?patient=fict-1", headers=secret)
    httpx.post(f"{address}/cds-services/{FAMILY}", content=FAMILY, headers=secret)

    halves = slow_call(address, request("patient-view", LATE))
    running.send_signal(signal.SIGTERM)
    late = halves()
    _, log = running.communicate(timeout=30)

    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert running.returncode in (0, -signal.SIGTERM)
    assert b" 200 " in late.split(b"\r\n")[0]
    assert {line["service"] for line in lines if line["event"] == "call"} >= {
        "osteon-patient-view",
        "report",
        "unknown",
    }
    assert [secret for secret in (*SECRETS, link.rsplit("/", 1)[1]) if secret in log] == []


def slow_call(address, asked):
    """Sends half of a call; gives the function that sends the rest and reads the answer."""
    body = json.dumps(asked).encode()
    host, port = address.removeprefix("http://").split(":")
    caller = socket.create_connection((host, int(port)), timeout=30)
    head = f"POST /cds-services/osteon-patient-view HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    caller.sendall(head.encode() + body[:100])
    time.sleep(0.3)
    answer = []

    def rest():
        time.sleep(0.3)
        caller.sendall(body[100:])
        while chunk := caller.recv(65536):
            answer.append(chunk)
        caller.close()

    def finish():
        thread = threading.Thread(target=rest)
        thread.start()
        thread.join(30)
        return b"".join(answer)

    return finish


def test_without_settings_nobody_is_let_in_so_it_does_not_start(commands):
    with pytest.raises(InputError, match="nobody could call"):
        commands("serve", "--cds", "--check")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "cds.example.org"])
def test_an_open_service_listens_on_this_computer_only(commands, host):
    with pytest.raises(InputError, match="this computer only"):
        commands("serve", "--cds", "--open", "--check", "--host", host)


def test_checking_tells_what_would_be_served(commands, capsys):
    commands("serve", "--cds", "--open", "--check")

    assert "order-sign: http://127.0.0.1:8080/cds-services/osteon-order-sign" in capsys.readouterr().out


FILES = {
    "an unknown key": ("open_to_all = true", "unknown field"),
    "a wrong type": ('report_minutes = "long"', "report_minutes"),
    "no TOML": ("base_url =", "not valid TOML"),
    "keys without https": ('[[client]]\nissuer = "a"\nkey_sets = ["http://ehr.example.org/keys"]', "neither https"),
    "records without https": (
        '[[client]]\nissuer = "a"\nkeys = "k"\nfhir_servers = ["http://ehr.example.org/fhir"]',
        "neither https",
    ),
    "a client without keys": ('[[client]]\nissuer = "a"', "has no keys"),
    "a client twice": ('[[client]]\nissuer = "a"\nkeys = "k"\n[[client]]\nissuer = "a"\nkeys = "k"', "listed twice"),
    "no limit": ("[limits]\nbody_bytes = 0", "body_bytes"),
}


@pytest.mark.parametrize("kind", FILES)
def test_settings_that_cannot_be_meant_are_told(kind, tmp_path):
    text, told = FILES[kind]
    (tmp_path / "cds.toml").write_text(text)

    with pytest.raises(InputError, match=re.escape(told)):
        read_settings(tmp_path / "cds.toml")


def test_paths_in_settings_start_from_their_folder(tmp_path):
    (tmp_path / "cds.toml").write_text('store = "kept.sqlite"\n[[client]]\nissuer = "a"\nkeys = "keys.json"')

    settings = read_settings(tmp_path / "cds.toml")

    assert (settings.store, settings.client[0].keys) == (str(tmp_path / "kept.sqlite"), str(tmp_path / "keys.json"))


def test_fetching_needs_both_id_and_key(commands, tmp_path):
    with pytest.raises(InputError, match="go together"):
        commands("fetch", "http://127.0.0.1:9/fhir", "--out", str(tmp_path), "--client-id", "a")


def test_serving_needs_to_know_what(commands):
    with pytest.raises(InputError, match="--cds"):
        commands("serve")


def test_the_settings_of_the_manual_can_be_used(tmp_path):
    page = (Path(__file__).parents[2] / "docs/how-to/serve-cds-hooks.md").read_text()
    (tmp_path / "cds.toml").write_text(re.search(r"```toml\n(.*?)```", page, re.S)[1])

    settings = read_settings(tmp_path / "cds.toml")

    assert [client.issuer for client in settings.client] == ["https://ehr.example.org", "https://clinic.example.org"]
