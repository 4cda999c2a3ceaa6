"""How much may one caller ask? Size, time and rate of requests, held before anything is read into memory."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from osteon.web.cds.request import Refused
from osteon.web.cds.settings import Limits

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
MOST_ADDRESSES = 10_000  # remembered at once; the one silent for longest is forgotten first


async def read_body(receive: Receive, limits: Limits, stated: str | None) -> bytes:
    """The whole body of a request.

    Parameters
    ----------
    receive
        The ASGI channel it comes by.
    limits
        How long it may be and take.
    stated
        The Content-Length header, where there is one.

    Raises
    ------
    Refused
        413 when it is too long; 408 when it comes too slowly; 400 when the caller went away before its end.
    """
    too_long = Refused(413, f"A call has at most {limits.body_bytes} bytes.")
    if stated is not None and stated.isdigit() and int(stated) > limits.body_bytes:
        raise too_long
    body = bytearray()
    try:
        async with asyncio.timeout(limits.read_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refused(400, "The body ended early.")
                body += message.get("body", b"")
                if len(body) > limits.body_bytes:
                    raise too_long
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        raise Refused(408, f"The body took longer than {limits.read_s:g} s.") from None


@dataclass(slots=True)
class Rate:
    """How often each address may call: `burst` at once, refilled by `per_s`. `now` is a clock in seconds."""

    per_s: float
    burst: int
    now: Callable[[], float]
    left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def wait_s(self, address: str) -> float:
        """0 when this call may go on, which is counted; else the seconds after which it may be tried again.

        Examples
        --------
        >>> rate = Rate(per_s=2, burst=1, now=lambda: 0.0)
        >>> rate.wait_s("a"), rate.wait_s("a"), rate.wait_s("b")
        (0.0, 0.5, 0.0)
        """
        now = self.now()
        tokens, at = self.left.pop(address, (float(self.burst), now))
        tokens = min(self.burst, tokens + (now - at) * self.per_s)
        allowed = tokens >= 1
        self.left[address] = (tokens - allowed, now)
        if len(self.left) > MOST_ADDRESSES:
            self.left.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) / self.per_s


def retry_after(wait_s: float) -> str:
    """Seconds to wait, as the header Retry-After wants them: whole, at least 1."""
    return str(max(1, math.ceil(wait_s)))
