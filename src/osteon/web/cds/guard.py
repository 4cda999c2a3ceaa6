"""Who gets a reply, and what is noted of it? Around every call: rate, caller, time, errors, counters and the log."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from fastapi import Request, Response

from osteon.errors import InputError
from osteon.web.cds.limits import retry_after
from osteon.web.cds.logs import LOG
from osteon.web.cds.request import Refused
from osteon.web.cds.running import Running
from osteon.web.cds.settings import Client
from osteon.web.cds.tokens import Untrusted

ANYONE = "anyone"  # the client's name where the service is open


async def guarded(
    running: Running,
    request: Request,
    service: str,
    reply: Callable[[Client], Awaitable[Response]],
    *,
    by_link: bool = False,
) -> Response:
    """One reply, for callers that are let in, within rate and time; counted, and noted in the log."""
    began = time.perf_counter()
    told: dict[str, Any] = {}
    request.state.told = told
    try:
        response = await replied(running, request, reply, by_link=by_link, told=told)
    except Exception:  # noqa: BLE001 - the last line of defence: nothing of a patient may reach log or caller
        LOG.exception("defect", extra={"service": service})
        response = as_json(outcome("Osteon failed. The operator's log says where."), 500)
    seconds = time.perf_counter() - began
    running.metrics.requests.labels(service, str(response.status_code)).inc()
    running.metrics.seconds.labels(service).observe(seconds)
    fields = {"service": service, "status": response.status_code, "ms": round(seconds * 1000, 1)}
    LOG.info("call", extra=fields | told)
    return response


async def replied(
    running: Running,
    request: Request,
    reply: Callable[[Client], Awaitable[Response]],
    *,
    by_link: bool,
    told: dict[str, Any],
) -> Response:
    try:
        wait_s = running.rate.wait_s(request.client.host if request.client else "")
        if wait_s:
            return as_json(outcome("Too many calls."), 429, {"Retry-After": retry_after(wait_s)})
        async with asyncio.timeout(running.settings.limits.answer_s):
            client = Client(ANYONE) if by_link else await let_in(running, request)
            told["client"] = client.issuer
            return await reply(client)
    except Untrusted as untrusted:
        running.metrics.refused.labels(untrusted.reason).inc()
        told["reason"] = untrusted.reason
        return as_json(outcome("Not authorised."), 401, {"WWW-Authenticate": "Bearer"})
    except Refused as refused:
        return as_json(outcome(refused.told), refused.status)
    except InputError:
        return as_json(outcome("The patient's record cannot be read as FHIR, or contradicts itself."), 422)
    except TimeoutError:
        return as_json(outcome("It took too long."), 503, {"Retry-After": "1"})
    except sqlite3.Error:
        return as_json(outcome("The store cannot be written."), 503, {"Retry-After": "5"})


async def let_in(running: Running, request: Request) -> Client:
    """The client that calls: by its token; where the service is open, anyone."""
    if running.settings.open:
        servers = tuple(url for client in running.settings.client for url in client.fhir_servers)
        return Client(ANYONE, fhir_servers=servers)
    audience = running.settings.base_url.rstrip("/") + request.url.path
    return await running.door.client(request.headers.get("authorization"), audience)


def as_json(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")


def outcome(told: str) -> dict[str, Any]:
    """An error as a FHIR OperationOutcome."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "processing", "diagnostics": told}],
    }
