"""What does one running service hold: its settings, store, keys, counters, and the reports that may be opened?"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from osteon.web.cds.limits import Rate
from osteon.web.cds.metrics import Metrics, new_metrics
from osteon.web.cds.reports import Reports
from osteon.web.cds.settings import Settings
from osteon.web.cds.store import Store, open_store
from osteon.web.cds.tokens import Door, KeySets

LONGEST_KEY_SET = 200_000  # bytes


@dataclass(frozen=True, slots=True)
class Running:
    """What one running service holds."""

    settings: Settings
    store: Store
    http: httpx.AsyncClient
    door: Door
    rate: Rate
    reports: Reports
    metrics: Metrics
    now: Callable[[], datetime]


def start(settings: Settings, now: Callable[[], datetime]) -> Running:
    """A service that is ready to run.

    Raises
    ------
    InputError
        When its store cannot be used.
    """
    limits = settings.limits
    store = open_store(settings.store)
    http = httpx.AsyncClient(timeout=limits.fetch_s, follow_redirects=False, trust_env=False)

    async def read_key_set(address: str) -> bytes:
        try:
            answer = (await http.get(address)).raise_for_status()
        except httpx.HTTPError:
            raise OSError("no key set") from None
        return answer.content[:LONGEST_KEY_SET]

    def first_seen(client: str, token: str, until: float) -> bool:
        return store.first_seen(client, token, until, now().timestamp())

    return Running(
        settings=settings,
        store=store,
        http=http,
        door=Door(settings.client, KeySets(read_key_set, now), first_seen, now, timedelta(seconds=limits.token_s)),
        rate=Rate(limits.requests_per_s, limits.burst, time.monotonic),
        reports=Reports(settings.report_minutes * 60, time.monotonic),
        metrics=new_metrics(),
        now=now,
    )
