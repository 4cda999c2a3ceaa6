"""The service on a port: uvicorn, with a time limit on callers that never finish asking, and an orderly end."""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from osteon.errors import Fault, InputError
from osteon.web.cds.app import cds_app
from osteon.web.cds.logs import log_config
from osteon.web.cds.settings import Settings, loopback
from osteon.web.cds.tokens import check_files

HEADER_BYTES = 32_768
IDLE_S = 30  # of a connection that is kept open between calls


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until told to stop (SIGINT or SIGTERM); calls in progress are answered first.

    Raises
    ------
    InputError
        When anyone would be let in from other computers, or nobody at all.
    """
    check(settings, host)
    server(settings, host, port, log_config()).run()


def server(settings: Settings, host: str, port: int, logging: dict[str, Any] | None = None) -> uvicorn.Server:
    """The server, ready to run; logging is left as it is unless it is configured here."""
    limits = settings.limits
    config = uvicorn.Config(
        cds_app(settings),
        host=host,
        port=port,
        http=impatient(limits.read_s),
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=logging,
        access_log=False,  # a path may hold the secret name of a report
        proxy_headers=False,
        server_header=False,
        limit_concurrency=limits.connections,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=limits.shutdown_s,
        h11_max_incomplete_event_size=HEADER_BYTES,
    )
    return uvicorn.Server(config)


def check(settings: Settings, host: str) -> None:
    """Raises `InputError` when the settings let in anyone from elsewhere, or nobody."""
    faults = []
    if settings.open and not loopback(host):
        faults.append(Fault("open", "lets anyone in, so it works on this computer only. Use --host 127.0.0.1."))
    if not settings.open and not settings.client:
        message = "is needed, or nobody could call. List one in --settings, or try it out with --open."
        faults.append(Fault("[[client]]", message))
    if faults:
        raise InputError("settings", faults)
    check_files(settings.client)


def impatient(read_s: float) -> type[H11Protocol]:
    """The HTTP protocol of uvicorn, that hangs up on a caller who begins a request and does not end its headers."""

    class Impatient(H11Protocol):
        patience: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.patience = self.loop.call_later(read_s, transport.close)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self.relax()
            elif self.patience is None:
                self.patience = self.loop.call_later(read_s, self.transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            self.relax()
            super().connection_lost(exc)

        def relax(self) -> None:
            if self.patience is not None:
                self.patience.cancel()
                self.patience = None

    return Impatient
