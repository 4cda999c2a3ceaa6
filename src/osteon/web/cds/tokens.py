"""Is the caller the client it says it is? JSON web tokens as CDS Hooks asks for them.

A refusal has a reason for the operator's counter; the caller is never told which. Tokens are never written anywhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import jwt

from osteon.errors import Fault, InputError
from osteon.web.cds.settings import Client

ALGORITHMS = ("ES384", "RS384")  # the two the standard recommends; never none, never a shared secret
LEAST_RSA_BITS = 2048  # RFC 7518, 3.3
LEEWAY = timedelta(seconds=30)  # between the clocks of two hospitals' machines
LONGEST = 8000  # characters of a token
KEPT = timedelta(minutes=10)  # a key set is read again after this time
NOT_AGAIN = timedelta(seconds=30)  # nor sooner than this, when a token names a key that it lacks

KeySet = Mapping[str, jwt.PyJWK]
ReadKeySet = Callable[[str], Awaitable[bytes]]


class Untrusted(Exception):  # noqa: N818 - a verdict on the caller, not a defect
    """The caller is not let in. `reason` is one word for the operator."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class KeySets:
    """The public keys of the clients: from files as given out of band, and from allowed addresses, for a while."""

    read: ReadKeySet
    now: Callable[[], datetime]
    kept: dict[str, tuple[datetime, KeySet]] = field(default_factory=dict)

    async def key(self, client: Client, address: str | None, name: str) -> jwt.PyJWK:
        """The client's key of this name, in the key set at `address` or, without one, in the client's file."""
        if address is None:
            keys = in_file(client)
        elif address in client.key_sets:
            keys = await self.at(address, name)
        else:
            raise Untrusted("jku")
        if name not in keys:
            raise Untrusted("kid")
        return keys[name]

    async def at(self, address: str, name: str) -> KeySet:
        read_at, keys = self.kept.get(address, (None, {}))
        age = None if read_at is None else self.now() - read_at
        if age is None or age > KEPT or (name not in keys and age > NOT_AGAIN):
            try:
                keys = key_set(await self.read(address))
            except (OSError, ValueError):
                keys = {}
            self.kept[address] = (self.now(), keys)
        return keys


def in_file(client: Client) -> KeySet:
    """The keys in a client's own file; read again when it has changed, so that a new key needs no restart."""
    try:
        return keys_of(client.keys, Path(client.keys).stat().st_mtime_ns) if client.keys else {}
    except (OSError, ValueError):
        return {}


@lru_cache(maxsize=100)
def keys_of(path: str, _changed_ns: int) -> KeySet:
    return key_set(Path(path).read_bytes())


def key_set(text: bytes) -> KeySet:
    """The usable keys of a JWK Set, by name: P-384, or RSA of at least 2048 bits.

    Raises
    ------
    ValueError
        When it is not a JWK Set.
    """
    try:
        listed = json.loads(text)["keys"]
        return {raw["kid"]: key for raw in listed if "kid" in raw and (key := usable(raw)) is not None}
    except (KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("not a JWK Set") from None


def usable(raw: Mapping[str, Any]) -> jwt.PyJWK | None:
    algorithm = {"EC": "ES384", "RSA": "RS384"}.get(raw.get("kty", ""))
    if algorithm is None or raw.get("alg", algorithm) != algorithm or raw.get("use", "sig") != "sig":
        return None
    public = {name: raw[name] for name in raw if name not in ("d", "p", "q", "dp", "dq", "qi", "oth")}
    try:
        key = jwt.PyJWK(public, algorithm)
    except (jwt.PyJWTError, ValueError):
        return None
    enough = raw.get("crv") == "P-384" if algorithm == "ES384" else key.key.key_size >= LEAST_RSA_BITS
    return key if enough else None


def check_files(clients: tuple[Client, ...]) -> None:
    """Raises `InputError` for every client whose file of keys holds no usable key."""
    faults = [
        Fault(client.issuer, f"{Path(client.keys).name} holds no P-384 or RSA key with a kid. Give a JWK Set.")
        for client in clients
        if client.keys and not in_file(client)
    ]
    if faults:
        raise InputError("settings", faults)


@dataclass(frozen=True, slots=True)
class Door:
    """Who may come in: `seen` notes a token's id and says whether it was new."""

    clients: tuple[Client, ...]
    keys: KeySets
    seen: Callable[[str, str, float], bool]
    now: Callable[[], datetime]
    longest: timedelta

    async def client(self, header: str | None, audience: str) -> Client:
        """The client that sent this Authorization header to the endpoint `audience`.

        Raises
        ------
        Untrusted
            When there is no token, or anything about it is wrong.
        """
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > LONGEST:
            raise Untrusted("absent")
        client, stated = self.stated(token)
        key = await self.keys.key(client, stated.get("jku"), str(stated.get("kid")))
        claims = self.claims(token, key, stated["alg"], client, audience)
        known_by = hashlib.sha256(claims["jti"].encode()).hexdigest()
        if not self.seen(client.issuer, known_by, claims["exp"] + LEEWAY.total_seconds()):
            raise Untrusted("replayed")
        return client

    def stated(self, token: str) -> tuple[Client, Mapping[str, Any]]:
        """The client a token names, and its header, of which nothing is believed yet."""
        try:
            stated = jwt.decode_complete(token, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise Untrusted("malformed") from None
        header, issuer = stated["header"], stated["payload"].get("iss")
        if header.get("alg") not in ALGORITHMS or "crit" in header:
            raise Untrusted("algorithm")
        for client in self.clients:
            if client.issuer == issuer:
                return client, header
        raise Untrusted("issuer")

    def claims(self, token: str, key: jwt.PyJWK, algorithm: str, client: Client, audience: str) -> dict[str, Any]:
        """The claims of a token with a good signature, for this endpoint, now."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=audience,
                issuer=client.issuer,
                options={
                    "require": ["iss", "aud", "exp", "iat", "jti"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.InvalidAudienceError:
            raise Untrusted("audience") from None
        except (jwt.PyJWTError, ValueError, TypeError):
            raise Untrusted("signature") from None
        now = self.now().timestamp()
        if not in_time(claims, now, self.longest.total_seconds()):
            raise Untrusted("time")
        if not isinstance(claims["jti"], str) or not claims["jti"]:
            raise Untrusted("jti")
        return claims


def in_time(claims: Mapping[str, Any], now: float, longest_s: float) -> bool:
    """Whether a token is valid now and was not made to last: not expired, not of the future, not before its time.

    Examples
    --------
    >>> in_time({"iat": 100, "exp": 160}, 130, 300), in_time({"iat": 100, "exp": 160}, 200, 300)
    (True, False)
    """
    times = [claims["iat"], claims["exp"], claims.get("nbf", claims["iat"])]
    if not all(type(each) in (int, float) for each in times):
        return False
    issued, expires, not_before = times
    late = LEEWAY.total_seconds()
    begun = issued <= now + late and not_before <= now + late
    return bool(begun and now <= expires + late and issued < expires <= issued + longest_s)
