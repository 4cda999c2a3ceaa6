"""How is a busy server asked again? One call with its token, waiting as the server says, or longer each time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from osteon.errors import Fault, InputError

if TYPE_CHECKING:
    import httpx

    from osteon.fhir.client.backend import Tokens

BUSY = (429, 500, 502, 503, 504)  # to be asked again later
EXPIRED = 401
MOST_BYTES = 50_000_000  # of an answer that is not a file, such as a manifest


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait between calls, and when to give up.

    Without a word from the server waits start at `first_s` and double up to `longest_s`. After `tries` failures in a
    row, or `patience_s` in all, the export stops; it can be resumed.
    """

    first_s: float = 2.0
    longest_s: float = 120.0
    tries: int = 8
    patience_s: float = 24 * 3600.0
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def waits(self) -> Iterator[float]:
        """The seconds to wait before each further call, for ever."""
        wait = self.first_s
        while True:
            yield wait
            wait = min(2 * wait, self.longest_s)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    headers: httpx.Headers
    url: httpx.URL
    content: bytes


@dataclass(frozen=True, slots=True)
class Caller:
    """What a call needs: the open HTTP client, the token if the server wants one, the pace, and when we began."""

    http: httpx.Client
    tokens: Tokens | None
    base_url: str
    pace: Pace
    began: float

    def call(self, method: str, url: str, headers: dict[str, str] | None = None) -> Answer:
        """The whole answer to one call, once the server is not busy any more.

        Raises
        ------
        InputError
            When it stays busy or silent, says too much, or the address may not be given our token.
        """
        import httpx

        body = bytearray()
        with self.open(method, url, headers or {}, with_token=True) as answer:
            try:
                for chunk in answer.iter_bytes():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise stopped("its answer is too long")
            except httpx.HTTPError as wrong:
                raise stopped(f"its answer broke off ({type(wrong).__name__})") from None
        return Answer(answer.status_code, answer.headers, answer.url, bytes(body))

    @contextmanager
    def open(self, method: str, url: str, headers: dict[str, str], *, with_token: bool) -> Iterator[httpx.Response]:
        """The answer to one call, its body not yet read."""
        import httpx

        self.check(url, with_token=with_token)
        renewed = False
        waits = self.pace.waits()
        for left in range(self.pace.tries, -1, -1):
            token = self.tokens.header() if self.tokens and with_token else {}
            try:
                request = self.http.build_request(method, url, headers={**headers, **token})
                answer = self.http.send(request, stream=True)
            except (httpx.HTTPError, httpx.InvalidURL) as wrong:
                self.wait(next(waits), left, type(wrong).__name__)
                continue
            if answer.status_code == EXPIRED and token and not renewed:
                renewed = True
                answer.close()
                self.expire()
            elif answer.status_code in BUSY:
                answer.close()
                self.wait(asked_wait(answer.headers, self.pace.now()) or next(waits), left, str(answer.status_code))
            else:
                try:
                    yield answer
                finally:
                    answer.close()
                return
        raise stopped("it refuses its own token")

    def wait(self, seconds: float, left: int, why: str) -> None:
        """Wait before the next call; raises `InputError` when there were too many, or it would take too long."""
        if left == 0:
            raise stopped(f"it did not answer {self.pace.tries} times in a row ({why})")
        if self.pace.now() + seconds - self.began > self.pace.patience_s:
            raise stopped(f"it takes longer than {self.pace.patience_s / 3600:g} h")
        self.pace.sleep(seconds)

    def expire(self) -> None:
        if self.tokens:
            self.tokens.ends = 0.0

    def check(self, url: str, *, with_token: bool) -> None:
        """Our token goes to the server it was lent for, and nowhere else; other addresses need https."""
        at, home = urlsplit(url), urlsplit(self.base_url)
        if (at.scheme, at.netloc) == (home.scheme, home.netloc):
            return
        if with_token and self.tokens:
            raise stopped("it sends us to another server with its token, which is not done")
        if at.scheme != "https":
            raise stopped("it sends us to another server without https, which is not done")


def stopped(why: str) -> InputError:
    return InputError("FHIR server", [Fault("", f"the export stopped: {why}. Run the same command again to go on.")])


def asked_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds the server asks to wait, from Retry-After as seconds or as a date; None where it asks for nothing.

    Examples
    --------
    >>> asked_wait({"Retry-After": "7"}, now=0.0)
    7.0
    """
    said = headers.get("Retry-After", "").strip()
    if said.isdigit():
        return float(said)
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.fromtimestamp(now, UTC)).total_seconds())
