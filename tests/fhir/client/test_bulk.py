"""A bulk export comes whole and once, from a server that is slow, busy, forgetful, and breaks files."""

from __future__ import annotations

import json

import pytest

from osteon.errors import InputError
from osteon.fhir.client import Export, fetch_bulk, read_credentials
from osteon.fhir.client.calls import Pace


@pytest.fixture
def waited():
    return []


@pytest.fixture
def fetch(server, key_file, tmp_path, waited):
    """Fetches with our key into one folder, without really waiting."""

    def run(folder="export", patience_s=3600.0, tries=8, **asked):
        pace = Pace(first_s=1.0, longest_s=8.0, tries=tries, patience_s=patience_s, sleep=waited.append)
        credentials = read_credentials(key_file(), "our-client")
        return fetch_bulk(Export(server.url, **asked), tmp_path / folder, credentials, pace=pace)

    return run


def test_every_resource_of_every_file_is_there(fetch, server):
    found = fetch()

    assert found.resources == {"Patient": 5, "Condition": 3}
    assert [file.name for file in found.files] == ["Patient.0001.ndjson", "Condition.0001.ndjson"]
    assert found.files[0].read_bytes() == server.files["/files/1"][1]


def test_kick_off_asks_for_types_of_a_group_since_an_instant(fetch, server):
    fetch(group="cohort-7", types=("Patient", "Condition"), since="2026-01-31T00:00:00Z")

    url, headers = next((path, headers) for verb, path, headers in server.calls if "$export" in path)
    assert url == "/fhir/Group/cohort-7/$export?_type=Patient%2CCondition&_since=2026-01-31T00%3A00%3A00Z"
    assert (headers["Prefer"], headers["Accept"]) == ("respond-async", "application/fhir+json")


def test_the_assertion_is_what_smart_backend_services_ask_for(fetch, server):
    fetch()

    header, claims = server.assertions[0]
    assert header == {"alg": "ES384", "typ": "JWT", "kid": "our-key"}
    assert claims["iss"] == claims["sub"] == "our-client"
    assert claims["jti"]


def test_each_assertion_has_its_own_id(fetch, server):
    fetch("one")
    fetch("two")

    assert len({claims["jti"] for _, claims in server.assertions}) == 2


def test_an_rsa_key_signs_with_rs384(server, key_file, tmp_path, private_keys):
    server.public_key = private_keys["RS384"].public_key()

    fetch_bulk(Export(server.url), tmp_path / "export", read_credentials(key_file("RS384"), "our-client"))

    assert server.assertions[0][0]["alg"] == "RS384"


def test_a_key_in_pem_needs_its_name(private_keys, tmp_path):
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path = tmp_path / "key.pem"
    path.write_bytes(private_keys["ES384"].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    assert read_credentials(path, "c", key_id="named").key_id == "named"
    with pytest.raises(InputError, match="--key-id"):
        read_credentials(path, "c")


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"kty": "EC"}', '{"kty": "oct", "k": "AA", "kid": "a"}', "-----BEGIN", "null"]
)
def test_what_is_no_private_key_is_refused(content, tmp_path):
    path = tmp_path / "key"
    path.write_text(content)

    with pytest.raises(InputError):
        read_credentials(path, "c")


def test_a_public_key_is_refused(key_file):
    with pytest.raises(InputError, match="no private"):
        read_credentials(public_half(key_file()), "c")


def public_half(path):
    raw = json.loads(path.read_text())
    path.write_text(json.dumps({name: raw[name] for name in raw if name != "d"}))
    return path


def test_waits_are_the_servers_own_and_otherwise_double(fetch, server, waited):
    server.plan("/status/1", 202, 202, (202, ("Retry-After", "7")), 202)

    fetch()

    assert waited == [1.0, 2.0, 7.0, 8.0]


def test_a_throttled_call_is_repeated_when_the_server_says(fetch, server, waited):
    server.plan("/fhir/Patient/$export", (429, ("Retry-After", "3")), 503)
    server.plan("/files/2", (429, ("Retry-After", "5")))

    assert fetch().resources == {"Patient": 5, "Condition": 3}
    assert waited == [3.0, 1.0, 5.0]


def test_a_server_that_stays_busy_is_left_alone(fetch, server):
    server.plan("/fhir/Patient/$export", *[429] * 10)

    with pytest.raises(InputError, match="did not answer 3 times in a row"):
        fetch(tries=3)
    assert len(server.paths()) == 5


def test_an_export_that_takes_too_long_is_left_alone(fetch, server):
    server.plan("/status/1", *[(202, ("Retry-After", "4000"))] * 3)

    with pytest.raises(InputError, match="longer than 1 h"):
        fetch()


def test_a_token_that_expires_midway_is_renewed(fetch, server):
    def forget(handler):
        server.valid = set()
        handler.answer(401)

    server.plan("/files/2", forget)

    assert fetch().resources == {"Patient": 5, "Condition": 3}
    assert server.issued == 2


def test_a_server_that_refuses_its_own_token_is_not_asked_for_ever(fetch, server):
    server.plan("/fhir/Patient/$export", *[401] * 20)

    with pytest.raises(InputError, match="answered 401"):
        fetch()
    assert server.issued == 2


BROKEN = {
    "half a line": b'{"resourceType":"Patient","id":"p0"}\n{"resourceTy',
    "another type": b'{"resourceType":"Condition","id":"p0"}\n' * 5,
    "too few": b'{"resourceType":"Patient","id":"p0"}\n',
    "no JSON": b"<html>busy</html>",
    "deep": b"[" * 100_000,
    "gone": 410,
    "vanished": "vanish",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_comes_broken_once_is_fetched_again(fetch, server, kind):
    server.plan("/files/1", BROKEN[kind])

    found = fetch()

    assert found.files[0].read_bytes() == server.files["/files/1"][1]


def test_a_file_that_stops_midway_is_fetched_again(fetch, server):
    def stop(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"resourceType":"Patient","id":"p0"}\n')
        handler.close_connection = True

    server.plan("/files/1", stop)

    assert fetch().resources["Patient"] == 5


def test_a_packed_file_is_unpacked_and_a_broken_packing_fetched_again(fetch, server, pack):
    def packed(content):
        return lambda handler: handler.answer(200, content, [("Content-Encoding", "gzip")])

    whole = pack(server.files["/files/1"][1])
    server.plan("/files/1", packed(whole[:40] + b"broken" + whole[46:]), packed(whole))

    assert fetch().files[0].read_bytes() == server.files["/files/1"][1]


def test_a_file_that_stays_broken_is_told_and_leaves_nothing_half_written(fetch, server, tmp_path):
    server.plan("/files/1", *[b'{"resourceTy'] * 3)

    with pytest.raises(InputError, match=r"Patient\.0001\.ndjson: line 1 is not a resource"):
        fetch()
    assert sorted(path.name for path in (tmp_path / "export").iterdir()) == ["Condition.0001.ndjson", "export.json"]


def test_the_same_command_goes_on_with_what_is_missing(fetch, server):
    server.plan("/files/1", *[b'{"resourceTy'] * 3)
    with pytest.raises(InputError):
        fetch()
    server.calls.clear()

    assert fetch().resources == {"Patient": 5, "Condition": 3}
    assert [path for path in server.paths() if "well-known" not in path] == ["/files/1"]


def test_an_export_stopped_while_it_was_prepared_is_not_kicked_off_again(fetch, server):
    server.plan("/status/1", *[(202, ("Retry-After", "4000"))])
    with pytest.raises(InputError):
        fetch()

    fetch()

    assert sum("$export" in path for path in server.paths()) == 1


def test_what_a_killed_run_left_unfinished_is_no_hindrance(fetch, tmp_path):
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / ".Patient.0001.ndjson.part").write_bytes(b'{"resourceType":"Pat')

    found = fetch()

    assert found.resources == {"Patient": 5, "Condition": 3}
    assert not (tmp_path / "export" / ".Patient.0001.ndjson.part").exists()


def test_a_folder_with_another_export_or_other_files_is_left_alone(fetch, tmp_path):
    fetch()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()

    with pytest.raises(InputError, match="another export"):
        fetch(types=("Patient",))
    with pytest.raises(InputError, match="other files"):
        fetch("mine")


def test_problems_the_server_tells_are_kept_apart(fetch, server, tmp_path):
    server.errors["/files/e"] = b'{"resourceType":"OperationOutcome"}\n'

    assert fetch().problems == 1
    assert (tmp_path / "export/errors/OperationOutcome.0001.ndjson").exists()


def test_the_server_may_forget_the_export_when_it_is_here(fetch, server):
    fetch()

    assert server.paths("DELETE") == ["/status/1"]


def test_our_token_goes_to_no_other_server(fetch, server):
    server.location = "http://localhost:9/status"

    with pytest.raises(InputError, match="another server with its token"):
        fetch()


def test_files_elsewhere_need_https(server, tmp_path):
    server.with_token, server.file_host = False, "http://127.0.0.2:9"

    with pytest.raises(InputError, match="without https"):
        fetch_bulk(Export(server.url), tmp_path / "export")


def test_an_open_server_needs_no_key(server, tmp_path):
    server.with_token = False

    assert fetch_bulk(Export(server.url), tmp_path / "export").resources == {"Patient": 5, "Condition": 3}
    assert server.issued == 0


@pytest.mark.parametrize(
    "manifest", [b"", b"[]", b"{}", b'{"output": [{"type": "../../etc", "url": "x"}]}', b"[" * 50_000]
)
def test_a_manifest_that_is_none_is_refused(fetch, server, manifest, tmp_path):
    server.plan("/status/1", manifest)

    with pytest.raises(InputError, match="manifest"):
        fetch()
    assert [path.name for path in (tmp_path / "export").iterdir()] == ["export.json"]


def test_a_manifest_in_pages_is_read_whole(fetch, server):
    def paged(handler):
        whole = handler.manifest()
        following = {"relation": "next", "url": handler.base + "/status/1"}
        handler.json({**whole, "output": whole["output"][:1], "link": [following]})

    def rest(handler):
        whole = handler.manifest()
        handler.json({**whole, "output": whole["output"][1:]})

    server.plan("/status/1", paged, rest)

    assert fetch().resources == {"Patient": 5, "Condition": 3}


def test_a_server_without_export_is_told(fetch, server):
    server.plan("/fhir/Patient/$export", 404)

    with pytest.raises(InputError, match="answered 404 to the request for an export"):
        fetch()


@pytest.mark.parametrize(
    "asked", [{"base_url": "ftp://x"}, {"group": "../1"}, {"types": ("Patient&x=1",)}, {"base_url": "http://a/?b"}]
)
def test_what_cannot_be_asked_is_told_before_any_call(asked, tmp_path):
    with pytest.raises(InputError):
        fetch_bulk(Export(**{"base_url": "http://127.0.0.1:9/fhir", **asked}), tmp_path / "export")
