"""Which resources does one read or search on a FHIR server give, with the token a client lent us?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Raw, Struct

from osteon.errors import OsteonError

if TYPE_CHECKING:
    import httpx


class Unreadable(OsteonError):  # noqa: N818 - a state of the server, not of the program
    """The server did not give what was asked for; the message names neither patient nor address."""


@dataclass(frozen=True, slots=True)
class FhirServer:
    """A server that may be read: its base URL, the bearer token lent for it, and how much is taken from one search."""

    base_url: str
    token: str
    most_bytes: int = 8_000_000
    most_pages: int = 20


class Entry(Struct, frozen=True):
    resource: Raw | msgspec.UnsetType = msgspec.UNSET


class Link(Struct, frozen=True):
    relation: str = ""
    url: str = ""


class Page(Struct, frozen=True, rename="camel"):
    """One answer: a Bundle with its entries and links, or a single resource."""

    resource_type: str
    entry: list[Entry] = []
    link: list[Link] = []


async def read_all(http: httpx.AsyncClient, server: FhirServer, query: str) -> list[Raw]:
    """Every resource that a relative URL gives, page by page.

    Parameters
    ----------
    http
        An open client that follows no redirects and has its time limits.
    server
        Where and how much may be read. Pages elsewhere than below `base_url` are not: the token would go with us.
    query
        A read (`Patient/1`) or a search (`Condition?patient=1`).

    Raises
    ------
    Unreadable
        When the server refuses, fails, is too slow, says too much, or leads elsewhere.
    """
    base = server.base_url.rstrip("/") + "/"
    url = base + query
    found: list[Raw] = []
    left = server.most_bytes
    for _ in range(server.most_pages):
        body = await get(http, server, url, left)
        left -= len(body)
        page, resources = parsed(body)
        found += resources
        following = [link.url for link in page.link if link.relation == "next"]
        if not following:
            return found
        url = urljoin(base, following[0])
        if not below(url, base):
            raise Unreadable("The next page is on another server.")
    raise Unreadable(f"There are more than {server.most_pages} pages.")


async def get(http: httpx.AsyncClient, server: FhirServer, url: str, most_bytes: int) -> bytes:
    import httpx

    headers = {"Authorization": f"Bearer {server.token}", "Accept": "application/fhir+json"}
    body = bytearray()
    try:
        async with http.stream("GET", url, headers=headers) as answer:
            if answer.status_code != httpx.codes.OK:
                raise Unreadable(f"The server answered {answer.status_code}.")
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > most_bytes:
                    raise Unreadable("The answer is too long.")
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as wrong:
        raise Unreadable(f"The server cannot be read ({type(wrong).__name__}).") from None
    return bytes(body)


def parsed(body: bytes) -> tuple[Page, list[Raw]]:
    try:
        page = msgspec.json.decode(body, type=Page)
    except (msgspec.DecodeError, RecursionError):
        raise Unreadable("The answer is not a FHIR resource.") from None
    if page.resource_type != "Bundle":
        return page, [Raw(body)]
    return page, [entry.resource for entry in page.entry if isinstance(entry.resource, Raw)]


def below(url: str, base: str) -> bool:
    """Whether an address lies below a base URL on the same server.

    Examples
    --------
    >>> below("https://a.org/fhir/x?p=2", "https://a.org/fhir/"), below("https://a.org.evil.org/fhir/", "https://a.org/")
    (True, False)
    """
    parts, root = urlsplit(url), urlsplit(base)
    same = (parts.scheme, parts.netloc) == (root.scheme, root.netloc)
    return same and parts.path.startswith(root.path) and ".." not in parts.path.split("/")
