"""The service on a real port, a client with a key, a client's FHIR server on loopback, and a fictional patient."""

from __future__ import annotations

import json
import threading
import time
import uuid
import warnings
from collections import deque
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import jsonschema_rs
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from loopback import Answers, on_loopback
from osteon.web.cds.serve import server
from osteon.web.cds.settings import Client, Limits, Settings

HERE = Path(__file__).parent
BASE = "https://cds.example.org"
ISSUER = "https://ehr.example.org"
JKU_ISSUER = "https://other.example.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
HCPCS = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
SUBJECT = {"reference": "Patient/fict-1"}
BIRTH_DATE = "1983-04-17"  # a value that must never be seen in a log
FAMILY = "Musterpatientin"


# ------------------------------------------------------------------------------------------- a fictional patient


def bundle(*resources):
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in resources]}


def osteonecrosis(code="M87.051"):
    return {
        "resourceType": "Condition",
        "id": "c1",
        "subject": SUBJECT,
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]},
    }


def staged(stage):
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "subject": SUBJECT,
        "effectiveDateTime": "2026-01-01",
        "code": {"coding": [{"system": "urn:osteon:finding", "code": "reported_arco_2019"}]},
        "bodySite": {"coding": [{"system": "urn:osteon:joint", "code": "right femoral_head"}]},
        "valueCodeableConcept": {"coding": [{"system": "urn:osteon:finding", "code": stage}]},
    }


def egfr(value):
    return {
        "resourceType": "Observation",
        "id": "o2",
        "status": "final",
        "subject": SUBJECT,
        "effectiveDateTime": "2026-01-01",
        "code": {"coding": [{"system": "http://loinc.org", "code": "33914-3"}]},
        "valueQuantity": {"value": value, "unit": "mL/min/1.73m2", "code": "mL/min/{1.73_m2}"},
    }


def order(kind, number, system, code, **more):
    what = "medicationCodeableConcept" if kind == "MedicationRequest" else "code"
    coded = {what: {"coding": [{"system": system, "code": code, "display": FAMILY}]}}
    return {
        "resourceType": kind,
        "id": number,
        "status": "draft",
        "intent": "order",
        "subject": SUBJECT,
        **coded,
        **more,
    }


PATIENT = {
    "resourceType": "Patient",
    "id": "fict-1",
    "birthDate": BIRTH_DATE,
    "gender": "female",
    "name": [{"family": FAMILY}],
}
PREDNISONE = order("MedicationRequest", "m1", RXNORM, "312615")
PREDNISOLONE = order("MedicationRequest", "m2", RXNORM, "8638")
ALENDRONATE = order("MedicationRequest", "m3", RXNORM, "904419")
DECOMPRESSION = order("ServiceRequest", "s1", HCPCS, "S2325")
PARACETAMOL = order("MedicationRequest", "m4", RXNORM, "161")


def record(*observations, conditions=()):
    """Prefetch as a client sends it, every key of our templates satisfied."""
    empty = dict.fromkeys(("medications", "allergies", "procedures"))
    return {"patient": PATIENT, "conditions": bundle(*conditions), "observations": bundle(*observations), **empty}


LATE = record(staged("IIIB"), conditions=[osteonecrosis()])
EARLY = record(staged("II"), conditions=[osteonecrosis()])
HEALTHY = record()


def request(hook, prefetch=HEALTHY, orders=(), selections=None, **more):
    context = {"userId": "Practitioner/1", "patientId": "fict-1"}
    if hook != "patient-view":
        context["draftOrders"] = bundle(*orders)
    if hook == "order-select":
        context["selections"] = selections or [f"{each['resourceType']}/{each['id']}" for each in orders]
    asked = {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context, **more}
    return asked if prefetch is None else {**asked, "prefetch": prefetch}


# -------------------------------------------------------------------------------------------------- schemas, keys


@pytest.fixture(scope="session")
def valid():
    """Whether something is a valid discovery, request, response or feedback; what we send holds nothing empty."""
    schemas = {
        name: jsonschema_rs.validator_for(
            json.loads((HERE / "schema" / f"{name}.schema.json").read_text()), validate_formats=True
        )
        for name in ("discovery", "request", "response", "feedback")
    }
    ours = ("discovery", "response")
    return lambda name, body: schemas[name].is_valid(body) and not (name in ours and any(empties(body)))


def empties(body, place=""):
    """Where something is null or empty that may not be; a list of services or cards may."""
    if isinstance(body, dict):
        for name, value in body.items():
            if value in (None, "", [], {}) and name not in ("cards", "services"):
                yield f"{place}.{name}"
            yield from empties(value, f"{place}.{name}")
    elif isinstance(body, list):
        for each in body:
            yield from empties(each, place)


@pytest.fixture(scope="session")
def keys():
    return {
        "ES384": ec.generate_private_key(ec.SECP384R1()),
        "RS384": rsa.generate_private_key(65537, 2048),
        "stranger": ec.generate_private_key(ec.SECP384R1()),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
        "RS384-weak": rsa.generate_private_key(65537, 1024),
    }


@pytest.fixture(scope="session")
def key_set(keys):
    """The public keys of our client as a JWK Set; two of them are not good enough to be used."""

    def public(name, algorithm):
        return {**json.loads(algorithm.to_jwk(keys[name].public_key())), "kid": name, "use": "sig"}

    return {
        "keys": [
            public("ES384", ECAlgorithm),
            public("RS384", RSAAlgorithm),
            public("ES256", ECAlgorithm),
            public("RS384-weak", RSAAlgorithm),
        ]
    }


@pytest.fixture(scope="session")
def token(keys):
    """Makes a token as our client would, or one that differs in something."""

    def make(path="/cds-services", key="ES384", algorithm="ES384", header=None, **claims):
        now = int(time.time())
        stated = {
            "iss": ISSUER,
            "aud": BASE + path,
            "iat": now,
            "exp": now + 60,
            "jti": str(uuid.uuid4()),
            **claims,
        }
        stated = {name: value for name, value in stated.items() if value is not None}
        headers = {"kid": key, "typ": "JWT", **(header or {})}
        signer = (
            keys.get(key, key) if algorithm not in ("none", "HS384") else {"none": None, "HS384": "k" * 48}[algorithm]
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", jwt.warnings.InsecureKeyLengthWarning)  # that is what is being tried
            return jwt.encode(stated, signer, algorithm=algorithm, headers=headers)

    return make


# ----------------------------------------------------------------------------------------------------- servers


class Records(Answers, BaseHTTPRequestHandler):
    """A client's FHIR server: the late patient, unless a test plans something else for a type of resource."""

    def do_GET(self):
        state = self.server.state
        state.calls.append((self.path, self.headers.get("Authorization")))
        path = urlsplit(self.path).path
        if path == "/jwks":
            return self.answer(200, json.dumps(state.key_set).encode())
        kind = path.removeprefix("/fhir/").split("/")[0]
        if state.planned.get(kind):
            planned = state.planned[kind].popleft()
            if planned == "slow":
                time.sleep(0.8)
                planned = "vanish"
            if planned == "vanish":
                self.close_connection = True
                return None
            return self.answer(*planned)
        listed = {"Patient": PATIENT, "Condition": LATE["conditions"], "Observation": LATE["observations"]}
        return self.answer(200, json.dumps(listed.get(kind, {"resourceType": "Bundle", "type": "searchset"})).encode())


class State:
    """What the client's FHIR server was asked, and what it will answer."""

    def __init__(self, key_set, url):
        self.calls, self.planned, self.key_set, self.url = [], {}, key_set, url

    def plan(self, kind, *answers):
        self.planned[kind] = deque(answers)


@pytest.fixture(scope="session")
def running_records(key_set):
    with on_loopback(Records) as (running, url):
        running.state = State(key_set, url)
        yield running.state


@pytest.fixture
def records(running_records):
    running_records.calls.clear()
    running_records.planned.clear()
    return running_records


@pytest.fixture(scope="session")
def started(tmp_path_factory):
    """Starts the service with given settings on a free port; gives its address."""
    running = []

    def start(settings):
        one = server(settings, "127.0.0.1", 0)
        thread = threading.Thread(target=one.run)
        thread.start()
        running.append((one, thread))
        deadline = time.monotonic() + 60
        while not one.started:
            assert thread.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return f"http://127.0.0.1:{one.servers[0].sockets[0].getsockname()[1]}"

    yield start
    for one, _ in running:
        one.should_exit = True
    for _, thread in running:
        thread.join()


@pytest.fixture(scope="session")
def settings(tmp_path_factory, key_set, running_records):
    folder = tmp_path_factory.mktemp("cds")
    (folder / "keys.json").write_text(json.dumps(key_set))
    return Settings(
        base_url=BASE,
        store=str(folder / "cds.sqlite"),
        client=(
            Client(ISSUER, keys=str(folder / "keys.json"), fhir_servers=(running_records.url + "/fhir",)),
            Client(JKU_ISSUER, key_sets=(running_records.url + "/jwks",)),
        ),
        limits=Limits(read_s=0.5, fetch_s=0.5, body_bytes=300_000, requests_per_s=1000, burst=2000),
    )


@pytest.fixture(scope="session")
def address(started, settings):
    return started(settings)


@pytest.fixture(scope="session")
def http(address):
    """A caller of the service that keeps its connection."""
    with httpx.Client(base_url=address, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def call(http, token):
    """Calls a hook of the service, with a good token unless another is given."""

    def post(asked, path=None, **more):
        where = path or f"/cds-services/osteon-{asked['hook']}"
        headers = more.pop("headers", None) or {"Authorization": f"Bearer {token(where)}"}
        content = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
        return http.post(where, content=content, headers=headers, **more)

    return post
