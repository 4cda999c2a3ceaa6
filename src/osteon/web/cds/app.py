"""The CDS Hooks 2.0 service as a web application: discovery, three hooks, feedback, reports, health and counters."""

from __future__ import annotations

import asyncio
import gc
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from msgspec import UNSET
from starlette.exceptions import HTTPException

from osteon.case import read_case
from osteon.fhir.client import FhirServer, read_all
from osteon.knowledge import knowledge
from osteon.version import __version__
from osteon.web.cds import openapi
from osteon.web.cds.answer import answer
from osteon.web.cds.guard import as_json, guarded, outcome
from osteon.web.cds.limits import read_body
from osteon.web.cds.prefetch import Fetch, resources
from osteon.web.cds.reports import page
from osteon.web.cds.request import Refused, read_feedback, read_request
from osteon.web.cds.request import Request as Call
from osteon.web.cds.running import Running, start
from osteon.web.cds.services import SERVICES, Service, discovery, templates
from osteon.web.cds.settings import Client, Settings
from osteon.web.cds.store import CardMade

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
}


def cds_app(settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> FastAPI:
    """The application, to be run by any ASGI server.

    Parameters
    ----------
    settings
        Who is let in, and the limits.
    now
        The clock: days are counted, and tokens judged, by it.

    Raises
    ------
    InputError
        When the store cannot be used.
    """
    running = start(settings, now)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(rehearse)
        yield
        await running.http.aclose()
        running.store.close()

    app = FastAPI(
        title="Osteon CDS Hooks service",
        version=__version__,
        description=openapi.DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # these pages would load scripts from another host
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.running = running
    add_hooks(app, running)
    add_others(app, running)
    return app


def rehearse() -> None:
    """Read all knowledge and pool all studies before the first call, which would otherwise wait for it.

    What is then in memory stays for good, so the collector need not walk through it in the middle of a call.
    """
    page(read_case({"joint": [{"site": "femoral_head", "side": "left"}]}))
    gc.collect()
    gc.freeze()


def add_hooks(app: FastAPI, running: Running) -> None:
    """The endpoints of the standard."""

    @app.get("/cds-services", **openapi.DISCOVERY)
    async def discover(request: Request) -> Response:
        async def told(_: Client) -> Response:
            return as_json(discovery())

        return await guarded(running, request, "discovery", told)

    @app.post("/cds-services/{service}", **openapi.CALL)
    async def call(service: str, request: Request) -> Response:
        asked = SERVICES.get(service)
        return await guarded(running, request, label(asked), lambda client: called(running, asked, client, request))

    @app.post("/cds-services/{service}/feedback", **openapi.FEEDBACK)
    async def feedback(service: str, request: Request) -> Response:
        asked = SERVICES.get(service)
        return await guarded(running, request, "feedback", lambda client: heard(running, asked, client, request))


def add_others(app: FastAPI, running: Running) -> None:
    """Reports, health and counters."""

    @app.get("/reports/{name}", **openapi.REPORT)
    async def report(name: str, request: Request) -> Response:
        async def shown(_: Client) -> Response:
            case = running.reports.case(name)
            if case is None:
                raise Refused(404, "There is no such report, or its time is over. Open the chart again.")
            text = await asyncio.to_thread(page, case)
            return Response(text, media_type="text/html; charset=utf-8", headers=PAGE_HEADERS)

        return await guarded(running, request, "report", shown, by_link=True)

    @app.get("/health", **openapi.HEALTH)
    async def health() -> Response:
        if not running.store.works():
            return as_json({"status": "the store cannot be written"}, 503)
        return as_json({"status": "ok", "osteon": __version__, "knowledge": knowledge().version})

    @app.get("/metrics", **openapi.METRICS)
    async def metrics() -> Response:
        return Response(running.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.exception_handler(HTTPException)
    async def refused(_: Request, wrong: HTTPException) -> Response:
        return as_json(outcome(str(wrong.detail)), wrong.status_code, dict(wrong.headers or {}))


# ------------------------------------------------------------------------------------------------------------- calls


async def called(running: Running, service: Service | None, client: Client, request: Request) -> Response:
    """The cards of one call."""
    if service is None:
        raise unknown_service()
    asked = read_request(await body_of(running, request), service.hook, running.settings.limits.nesting)
    found = await resources(asked, templates(), fetcher(running, client, asked))
    said = answer(asked, found, running.now().date(), new_id=lambda: str(uuid.uuid4()), keep=link_maker(running))
    cards = [CardMade(card["uuid"], topic(card), card["indicator"]) for card in said["cards"]]
    running.store.keep_cards(service.id, cards, running.now())
    for card in cards:
        running.metrics.cards.labels(service.id, card.indicator).inc()
    request.state.told["cards"] = len(cards)
    return as_json(said)


async def heard(running: Running, service: Service | None, client: Client, request: Request) -> Response:
    """Keeps what users did with cards."""
    if service is None:
        raise unknown_service()
    outcomes = read_feedback(await body_of(running, request), running.settings.limits.nesting).feedback
    running.store.keep_feedback(service.id, client.issuer, outcomes, running.now())
    for each in outcomes:
        running.metrics.feedback.labels(service.id, each.outcome).inc()
    return Response(status_code=200)


async def body_of(running: Running, request: Request) -> bytes:
    return await read_body(request.receive, running.settings.limits, request.headers.get("content-length"))


def unknown_service() -> Refused:
    return Refused(404, f"There is no such service. There are: {', '.join(SERVICES)}.")


def label(service: Service | None) -> str:
    """The service's name in counters and log; a name that a caller made up appears in neither."""
    return service.id if service else "unknown"


def topic(card: dict[str, Any]) -> str:
    """What a card is about, such as treatment/alendronate."""
    coding = card["source"]["topic"]
    return f"{coding['system'].rsplit(':', 1)[-1]}/{coding['code']}"


def link_maker(running: Running) -> Callable[[Any], str]:
    base = running.settings.base_url.rstrip("/")
    return lambda case: f"{base}/reports/{running.reports.keep(case)}"


def fetcher(running: Running, client: Client, asked: Call) -> Fetch | None:
    """Reads the client's FHIR server with the token of this call; None where none came, or it may not be read."""
    if asked.fhir_server is UNSET or asked.fhir_authorization is UNSET:
        return None
    base = asked.fhir_server.rstrip("/") + "/"
    if not any(base == allowed.rstrip("/") + "/" for allowed in client.fhir_servers):
        return None
    limits = running.settings.limits
    server = FhirServer(base, asked.fhir_authorization.access_token, limits.fetched_bytes, limits.fetched_pages)
    return lambda query: read_all(running.http, server, query)
