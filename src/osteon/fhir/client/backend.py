"""By which right may this program read a server on its own? SMART backend services: a signed assertion for a token."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osteon.errors import Fault, InputError
from osteon.whole_file import read_whole

if TYPE_CHECKING:
    import httpx

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
VALID_S = 240  # of an assertion; at most five minutes are allowed (SMART App Launch 2.2.0, backend services)
RENEW_S = 30  # a token that ends this soon is renewed before it is used
MOST_ANSWER = 100_000  # bytes of a token response
ALGORITHMS = {"EC": "ES384", "RSA": "RS384"}  # the two that the standard names


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """A registered backend client: its id, its private key, and the scopes it asks for.

    `token_url` is found in the server's `.well-known/smart-configuration` where it is left out.
    """

    client_id: str
    key: Any
    key_id: str
    algorithm: str
    scope: str = "system/*.rs"
    token_url: str = ""


def read_credentials(
    key_file: Path, client_id: str, *, scope: str = "system/*.rs", token_url: str = "", key_id: str = ""
) -> Credentials:
    """The credentials whose private key is in a file: a JWK, P-384 or RSA, with its `kid`; or PEM, with `key_id` given.

    Raises
    ------
    InputError
        When it holds no such key.
    """
    import jwt

    text = read_whole(key_file, MOST_ANSWER, "key file", "Give a private key as JWK or PEM.")
    try:
        raw = json.loads(text) if text.lstrip().startswith("{") else as_jwk(text)
        algorithm = ALGORITHMS[raw["kty"]]
        key = jwt.PyJWK(raw, algorithm).key
        if "d" not in raw or (algorithm == "ES384" and raw.get("crv") != "P-384"):
            raise ValueError
        name = key_id or raw["kid"]
    except (KeyError, TypeError, ValueError, RecursionError, jwt.PyJWTError):
        message = "holds no private P-384 or RSA key with a name. Give a JWK with its kid, or PEM and --key-id."
        raise InputError(key_file.name, [Fault("", message)]) from None
    return Credentials(client_id, key, name, algorithm, scope, token_url)


def as_jwk(pem: str) -> dict[str, Any]:
    """A private key in PEM as JWK, without a name."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from jwt.algorithms import ECAlgorithm, RSAAlgorithm

    key = load_pem_private_key(pem.encode(), None)
    found = ECAlgorithm.to_jwk(key) if isinstance(key, EllipticCurvePrivateKey) else RSAAlgorithm.to_jwk(key)  # type: ignore[arg-type]
    raw: dict[str, Any] = json.loads(found)
    return raw


@dataclass(slots=True)
class Tokens:
    """Access tokens for one server, renewed before they end. `now` is a clock in seconds since 1970."""

    credentials: Credentials
    token_url: str
    http: httpx.Client
    now: Callable[[], float]
    token: str = ""
    ends: float = field(default=0.0)

    def header(self) -> dict[str, str]:
        """The header that opens the server now.

        Raises
        ------
        InputError
            When the server gives no token for these credentials.
        """
        if self.now() > self.ends - RENEW_S:
            self.renew()
        return {"Authorization": f"Bearer {self.token}"}

    def renew(self) -> None:
        import httpx

        form = {
            "grant_type": "client_credentials",
            "scope": self.credentials.scope,
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion(self.credentials, self.token_url, self.now()),
        }
        try:
            answer = self.http.post(self.token_url, data=form, headers={"Accept": "application/json"})
        except (httpx.HTTPError, httpx.InvalidURL) as wrong:
            raise refusal(type(wrong).__name__) from None
        if answer.status_code != httpx.codes.OK or len(answer.content) > MOST_ANSWER:
            raise refusal(f"answered {answer.status_code}")
        try:
            found = answer.json()
            self.token, lifetime = str(found["access_token"]), float(found.get("expires_in", 300))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise refusal("answered without a token") from None
        self.ends = self.now() + lifetime


def refusal(how: str) -> InputError:
    message = f"gave no access token ({how}). Check client id, key, scope and the clock of this computer."
    return InputError("token endpoint", [Fault("", message)])


def assertion(credentials: Credentials, token_url: str, now: float) -> str:
    """The signed statement of who asks, good for one request within four minutes."""
    import jwt

    claims = {
        "iss": credentials.client_id,
        "sub": credentials.client_id,
        "aud": token_url,
        "exp": int(now) + VALID_S,
        "jti": secrets.token_urlsafe(24),
    }
    headers = {"kid": credentials.key_id, "typ": "JWT"}
    return jwt.encode(claims, credentials.key, algorithm=credentials.algorithm, headers=headers)
