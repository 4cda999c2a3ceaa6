"""Nobody comes in without a good token, and nobody is told why."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from datetime import UTC, datetime

import pytest

from osteon.errors import InputError
from osteon.web.cds.settings import Client
from osteon.web.cds.tokens import KeySets, Untrusted, check_files, key_set

from .conftest import BASE, ISSUER, JKU_ISSUER, request

HOOK = "/cds-services/osteon-patient-view"


def tampered(token):
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = base64.urlsafe_b64encode(json.dumps({**claims, "exp": claims["exp"] + 1}).encode()).rstrip(b"=").decode()
    return f"{head}.{changed}.{signature}"


def unsigned(token):
    return ".".join([*token.split(".")[:2], ""])


def confused(make):
    """Signed by HMAC with the text of a public key, as if the algorithm were free to choose."""
    return make(HOOK, algorithm="HS384")


NOW = int(time.time())
BAD = {
    "no token": lambda make: None,
    "no bearer": lambda make: "Basic dXNlcjpwYXNz",
    "an empty token": lambda make: "Bearer",
    "no JWT": lambda make: "Bearer abc.def.ghi",
    "a huge token": lambda make: "Bearer " + "a" * 20_000,
    "algorithm none": lambda make: "Bearer " + make(HOOK, algorithm="none"),
    "algorithm HS384": lambda make: "Bearer " + confused(make),
    "algorithm ES256": lambda make: "Bearer " + make(HOOK, key="ES256", algorithm="ES256"),
    "algorithm RS256": lambda make: "Bearer " + make(HOOK, key="RS384", algorithm="RS256"),
    "a weak RSA key": lambda make: "Bearer " + make(HOOK, key="RS384-weak", algorithm="RS384"),
    "no signature": lambda make: "Bearer " + unsigned(make(HOOK)),
    "a changed claim": lambda make: "Bearer " + tampered(make(HOOK)),
    "a stranger's key under our name": lambda make: "Bearer " + make(HOOK, key="stranger", header={"kid": "ES384"}),
    "an unknown key": lambda make: "Bearer " + make(HOOK, key="stranger"),
    "a key of another kind": lambda make: "Bearer " + make(HOOK, header={"kid": "RS384"}),
    "no key named": lambda make: "Bearer " + make(HOOK, header={"kid": ""}),
    "a foreign issuer": lambda make: "Bearer " + make(HOOK, iss="https://evil.example.org"),
    "no issuer": lambda make: "Bearer " + make(HOOK, iss=None),
    "another endpoint": lambda make: "Bearer " + make("/cds-services/osteon-order-sign"),
    "another host": lambda make: "Bearer " + make(HOOK, aud="https://other.example.org" + HOOK),
    "no audience": lambda make: "Bearer " + make(HOOK, aud=None),
    "expired": lambda make: "Bearer " + make(HOOK, iat=NOW - 400, exp=NOW - 200),
    "of the future": lambda make: "Bearer " + make(HOOK, iat=NOW + 3600, exp=NOW + 3700),
    "not yet valid": lambda make: "Bearer " + make(HOOK, nbf=NOW + 3600),
    "made to last": lambda make: "Bearer " + make(HOOK, exp=NOW + 86_400),
    "no expiry": lambda make: "Bearer " + make(HOOK, exp=None),
    "no time of issue": lambda make: "Bearer " + make(HOOK, iat=None),
    "no id": lambda make: "Bearer " + make(HOOK, jti=None),
    "an empty id": lambda make: "Bearer " + make(HOOK, jti=""),
    "a key set that is not allowed": lambda make: (
        "Bearer " + make(HOOK, header={"jku": "https://evil.example.org/keys"})
    ),
    "a critical extension": lambda make: "Bearer " + make(HOOK, header={"crit": ["exp"]}),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_token_is_refused_without_a_reason(kind, call, token):
    header = BAD[kind](token)

    answer = call(request("patient-view"), HOOK, headers={"Authorization": header} if header else {"x": "y"})

    assert answer.status_code == 401
    assert answer.json()["issue"][0]["diagnostics"] == "Not authorised."
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_both_algorithms_of_the_standard_come_in(algorithm, call, token):
    good = token(HOOK, key=algorithm, algorithm=algorithm)

    assert call(request("patient-view"), HOOK, headers={"Authorization": f"Bearer {good}"}).status_code == 200


def test_the_audience_may_be_a_list(call, token):
    good = token(HOOK, aud=[BASE + HOOK])

    assert call(request("patient-view"), HOOK, headers={"Authorization": f"Bearer {good}"}).status_code == 200


def test_a_token_comes_in_once(call, token):
    header = {"Authorization": f"Bearer {token(HOOK)}"}

    assert [call(request("patient-view"), HOOK, headers=header).status_code for _ in range(3)] == [200, 401, 401]


def test_ids_of_tokens_are_unique_for_each_issuer_only(call, token, records):
    ours = token(HOOK, jti="the-same")
    theirs = token(HOOK, jti="the-same", iss=JKU_ISSUER, header={"jku": records.url + "/jwks"})

    answers = [
        call(request("patient-view"), HOOK, headers={"Authorization": f"Bearer {each}"}) for each in (ours, theirs)
    ]

    assert [answer.status_code for answer in answers] == [200, 200]


def test_keys_at_an_allowed_address_are_read_and_kept(call, token, records):
    for _ in range(3):
        good = token(HOOK, iss=JKU_ISSUER, header={"jku": records.url + "/jwks"})
        assert call(request("patient-view"), HOOK, headers={"Authorization": f"Bearer {good}"}).status_code == 200

    assert sum(path == "/jwks" for path, _ in records.calls) <= 1


def test_keys_that_cannot_be_read_let_nobody_in(token):
    async def unreachable(_):
        raise OSError

    keys = KeySets(unreachable, lambda: datetime.now(UTC))
    client = Client(ISSUER, key_sets=("https://ehr.example.org/keys",))

    with pytest.raises(Untrusted, match="kid"):
        asyncio.run(keys.key(client, "https://ehr.example.org/keys", "any"))


def test_a_client_with_a_key_set_elsewhere_has_no_keys_here(call, token):
    assert (
        call(
            request("patient-view"), HOOK, headers={"Authorization": f"Bearer {token(HOOK, iss=JKU_ISSUER)}"}
        ).status_code
        == 401
    )


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/cds-services"), ("POST", f"{HOOK}/feedback"), ("POST", "/cds-services/nothing")]
)
def test_every_endpoint_of_the_standard_asks_for_a_token(method, path, http):
    assert http.request(method, path, content=b"{}").status_code == 401


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"keys": 1}', b'{"keys": [1]}', b"\xff", b'{"keys": [{"kty": "EC", "kid": {}}]}']
)
def test_what_is_no_key_set_holds_no_keys(text):
    try:
        found = key_set(text)
    except ValueError:
        found = {}

    assert found == {}


def test_a_client_whose_file_holds_no_key_is_told_before_the_service_runs(tmp_path):
    (tmp_path / "keys.json").write_text('{"keys": []}')

    with pytest.raises(InputError, match=r"keys\.json holds no P-384 or RSA key"):
        check_files((Client(ISSUER, keys=str(tmp_path / "keys.json")),))
