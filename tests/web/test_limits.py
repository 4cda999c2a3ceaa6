"""Callers that send too much, too deep, too slowly, too often, or go away: an error each, and the others are served."""

from __future__ import annotations

import json
import logging
import socket
import sys
import time

import httpx
import pytest
from msgspec.structs import replace

from osteon.case import read_case
from osteon.web.cds.limits import Rate
from osteon.web.cds.logs import JsonLine
from osteon.web.cds.reports import Reports
from osteon.web.cds.request import nesting
from osteon.web.cds.settings import Limits, Settings

from .conftest import request

HOOK = "/cds-services/osteon-patient-view"


@pytest.fixture
def raw(address, token):
    """Sends bytes to the service as they are; gives what comes back until it hangs up."""

    def send(*parts, pause_s=0.0, finish=True):
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as caller:
            for part in parts:
                caller.sendall(part)
                time.sleep(pause_s)
            if not finish:
                return b""
            answer = b""
            while chunk := caller.recv(65536):
                answer += chunk
            return answer

    def head(length, path=HOOK):
        return (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token(path)}\r\n"
            f"Content-Length: {length}\r\n\r\n"
        ).encode()

    send.head = head
    return send


def test_a_body_that_is_too_long_is_refused_before_it_is_read(raw):
    assert b"413" in raw(raw.head(10**12)).split(b"\r\n")[0]


def test_a_body_without_length_is_refused_when_it_gets_too_long(http, token):
    def endless():
        yield from [b" " * 50_000] * 8

    answer = http.post(HOOK, content=endless(), headers={"Authorization": f"Bearer {token(HOOK)}"})

    assert answer.status_code == 413


def test_a_body_that_comes_too_slowly_is_refused(raw):
    assert b"408" in raw(raw.head(1000), b"{").split(b"\r\n")[0]


def test_headers_that_never_end_are_hung_up_on(raw):
    began = time.monotonic()

    assert raw(b"GET /cds-services HTTP/1.1\r\nHost: x\r\n") == b""
    assert time.monotonic() - began < 8


def test_a_second_request_has_to_end_its_headers_too(raw):
    answer = raw(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /health HTTP/1.1\r\nHost:", pause_s=0.2)

    assert answer.count(b"HTTP/1.1 200") == 1


def test_a_caller_that_vanishes_leaves_the_others_alone(raw, call):
    raw(raw.head(1000), b'{"hook":', finish=False)
    raw(b"GET /cds", finish=False)
    raw(raw.head(0), finish=False)

    assert call(request("patient-view")).status_code == 200


def test_slow_callers_do_not_keep_others_waiting(address, call):
    host, port = address.removeprefix("http://").split(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(50)]
    for caller in slow:
        caller.sendall(b"POST /cds-services HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n")

    assert call(request("patient-view")).status_code == 200
    for caller in slow:
        caller.close()


@pytest.mark.parametrize("line", [b"\x16\x03\x01\x02\x00\x01", b"GARBAGE\r\n\r\n", b"GET /\r\n\r\n", b"\x00" * 100_000])
def test_what_is_not_http_is_refused(raw, line):
    assert raw(line).split(b" ")[1:2] in ([b"400"], [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 10_000,
        b"\xff\xfe",
        b'{"hook": 1}',
        b'"' + b"\\" * 1001 + b'"',
    ],
    ids=["empty", "null", "list", "open", "deep lists", "deep objects", "no UTF-8", "number", "escapes"],
)
def test_a_body_that_is_no_call_is_refused(body, call):
    assert call(body, HOOK).status_code == 400


def test_nesting_beyond_the_limit_is_refused(call):
    deep = {**request("patient-view"), "extension": json.loads("[" * 70 + "]" * 70)}

    answer = call(deep)

    assert answer.status_code == 400
    assert "64 levels" in answer.text


@pytest.mark.parametrize(
    ("text", "deep"), [(b"1", 0), (b'"[[["', 0), (b'{"a":[{}]}', 3), (b'["\\"[", []]', 2), (b'["\\\\", [[]]]', 3)]
)
def test_brackets_in_strings_do_not_count(text, deep):
    assert nesting(text) == deep


def test_what_was_sent_is_not_repeated(call):
    answer = call({**request("patient-view"), "hookInstance": "Musterpatientin", "hook": "patient-view"})

    assert answer.status_code == 400
    assert "Muster" not in answer.text


def test_the_wrong_hook_is_refused(call):
    assert call(request("order-sign"), HOOK).status_code == 400


@pytest.mark.parametrize("name", ["draftOrders", "selections", "patientId", "userId"])
def test_a_context_without_what_the_hook_needs_is_refused(name, call):
    asked = request("order-select", orders=[])
    del asked["context"][name]

    assert call(asked).status_code == 400


def test_too_many_calls_are_told_when_to_come_back(started, settings):
    few = Limits(requests_per_s=0.1, burst=2)
    address = started(replace(settings, open=True, limits=few))

    answers = [httpx.get(f"{address}/cds-services") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["retry-after"]) >= 1


def test_a_rate_recovers_and_forgets_addresses_that_fell_silent():
    clock = [0.0]
    rate = Rate(per_s=1.0, burst=1, now=lambda: clock[0])
    first = [rate.wait_s("a"), rate.wait_s("a")]
    clock[0] = 1.0

    assert first == [0.0, 1.0]
    assert rate.wait_s("a") == 0.0
    assert [rate.wait_s(str(number)) for number in range(20_000)] == [0.0] * 20_000
    assert len(rate.left) <= 10_000


def test_an_open_service_asks_for_no_token(started, tmp_path):
    address = started(Settings(store=str(tmp_path / "a.sqlite"), open=True))

    assert httpx.post(f"{address}{HOOK}", json=request("patient-view")).json() == {"cards": []}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("PUT", "/cds-services"), ("GET", HOOK), ("GET", "/../etc/passwd")]
)
def test_what_there_is_not_is_told_as_an_outcome(method, path, http):
    answer = http.request(method, path)

    assert answer.status_code in (404, 405)
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_report_cannot_be_opened_after_its_time():
    clock = [0.0]
    reports = Reports(60, now=lambda: clock[0])
    name = reports.keep(read_case({}))
    clock[0] = 61.0

    assert reports.case(name) is None


def test_reports_do_not_fill_the_memory():
    reports = Reports(60, now=lambda: 0.0)
    names = [reports.keep(read_case({})) for _ in range(600)]

    assert len(reports.kept) == 500
    assert reports.case(names[-1]) is not None


def test_a_defect_is_logged_by_its_place_and_not_by_its_words():
    try:
        raise ValueError("Musterpatientin")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "defect %s", ("Musterpatientin",), sys.exc_info())

    line = JsonLine().format(record)

    assert json.loads(line)["error"] == "ValueError"
    assert json.loads(line)["raised"][0].startswith("test_limits.py:")
    assert "Muster" not in line


def test_health_counters_and_the_description_need_no_token(http, call):
    call(request("patient-view"))

    assert http.get("/health").json()["status"] == "ok"
    assert 'osteon_cds_requests_total{service="osteon-patient-view",status="200"}' in http.get("/metrics").text
    assert "/cds-services/{service}" in http.get("/openapi.json").json()["paths"]
