"""A FHIR server with bulk export on loopback, which throttles, forgets tokens and breaks files as a test wants."""

from __future__ import annotations

import gzip
import json
from collections import deque
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from loopback import Answers, on_loopback

PATIENTS = [{"resourceType": "Patient", "id": f"p{number}"} for number in range(5)]
CONDITIONS = [{"resourceType": "Condition", "id": f"c{number}"} for number in range(3)]


def ndjson(resources):
    return "".join(json.dumps(each) + "\n" for each in resources).encode()


class Fake:
    """The server's state: what it holds, what it will answer next at a path, and every call that came."""

    def __init__(self, public_key, host):
        self.public_key, self.host, self.url = public_key, host, host + "/fhir"
        self.files = {"/files/1": ("Patient", ndjson(PATIENTS)), "/files/2": ("Condition", ndjson(CONDITIONS))}
        self.counts = {"/files/1": len(PATIENTS), "/files/2": len(CONDITIONS)}
        self.errors = {}
        self.planned = {}
        self.calls = []
        self.assertions = []
        self.valid = set()
        self.issued = 0
        self.with_token = True
        self.file_host = None
        self.location = None

    def plan(self, path, *answers):
        """Answer the next calls of a path with these statuses (and headers), before the ordinary answer."""
        self.planned[path] = deque(answers)

    def paths(self, method="GET"):
        return [path for verb, path, _ in self.calls if verb == method]


class Handler(Answers, BaseHTTPRequestHandler):
    def json(self, content, status=200, headers=()):
        self.answer(status, json.dumps(content).encode(), [("Content-Type", "application/json"), *headers])

    @property
    def fake(self):
        return self.server.fake

    @property
    def base(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.fake.calls.append(("POST", self.path, dict(self.headers)))
        assertion = form["client_assertion"][0]
        self.fake.assertions.append(
            (
                jwt.get_unverified_header(assertion),
                jwt.decode(assertion, self.fake.public_key, ["ES384", "RS384"], audience=self.base + "/token"),
            )
        )
        self.fake.issued += 1
        token = f"token-{self.fake.issued}"
        self.fake.valid = {token}
        self.json({"access_token": token, "token_type": "bearer", "expires_in": 300})

    def do_DELETE(self):
        self.fake.calls.append(("DELETE", self.path, dict(self.headers)))
        self.answer(202)

    def do_GET(self):
        path = urlsplit(self.path).path
        self.fake.calls.append(("GET", self.path, dict(self.headers)))
        if self.fake.planned.get(path):
            self.do_planned(self.fake.planned[path].popleft())
        elif path == "/fhir/.well-known/smart-configuration":
            self.json({"token_endpoint": self.base + "/token"})
        elif self.fake.with_token and self.headers.get("Authorization", "")[7:] not in self.fake.valid:
            self.answer(401)
        elif path.endswith("/$export"):
            self.answer(202, headers=[("Content-Location", self.fake.location or self.base + "/status/1")])
        elif path == "/status/1":
            self.json(self.manifest())
        else:
            content = self.fake.files.get(path, ("", None))[1] or self.fake.errors.get(path)
            self.answer(200, content) if content else self.answer(404)

    def do_planned(self, planned):
        if planned == "vanish":
            self.close_connection = True
        elif isinstance(planned, tuple):
            self.answer(planned[0], headers=[planned[1]])
        elif isinstance(planned, bytes):
            self.answer(200, planned)
        elif isinstance(planned, int):
            self.answer(planned)
        else:
            planned(self)

    def manifest(self):
        def listed(path, kind):
            count = self.fake.counts.get(path)
            output = {"type": kind, "url": (self.fake.file_host or self.base) + path}
            return output if count is None else {**output, "count": count}

        return {
            "transactionTime": "2026-11-22T00:00:00Z",
            "request": self.base + "/fhir/Patient/$export",
            "requiresAccessToken": self.fake.with_token,
            "output": [listed(path, kind) for path, (kind, _) in self.fake.files.items()],
            "error": [listed(path, "OperationOutcome") for path in self.fake.errors],
        }


@pytest.fixture(scope="session")
def private_keys():
    return {"ES384": ec.generate_private_key(ec.SECP384R1()), "RS384": rsa.generate_private_key(65537, 2048)}


@pytest.fixture
def server(private_keys):
    """The running server; `server.url` is its FHIR base."""
    with on_loopback(Handler) as (running, host):
        running.fake = Fake(private_keys["ES384"].public_key(), host)
        yield running.fake


@pytest.fixture
def key_file(private_keys, tmp_path):
    """Writes one of the private keys as a JWK file."""

    def write(algorithm="ES384", **more):
        as_jwk = {"ES384": ECAlgorithm, "RS384": RSAAlgorithm}[algorithm].to_jwk
        path = tmp_path / f"{algorithm}.json"
        path.write_text(json.dumps({**json.loads(as_jwk(private_keys[algorithm])), "kid": "our-key", **more}))
        return path

    return write


@pytest.fixture
def pack():
    return gzip.compress
