"""Whatever is sent to the API as its own description has it, or bent: no 500, and no answer it does not describe."""

from __future__ import annotations

import json

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from osteon.web.cds.app import cds_app
from osteon.web.cds.settings import Limits, Settings

from .conftest import DECOMPRESSION, LATE, PREDNISONE, request

OPEN = Settings(store=":memory:", open=True, limits=Limits(requests_per_s=1e6, burst=1_000_000))
API = schemathesis.openapi.from_dict(cds_app(OPEN).openapi())
CHECKS = (not_a_server_error, status_code_conformance, response_schema_conformance)


@pytest.fixture(scope="module")
def open_address(started):
    return started(OPEN)


@API.parametrize()
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
def test_the_api_is_as_it_describes_itself(case, open_address):
    case.call_and_validate(base_url=open_address, checks=CHECKS)


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*path, key))


WHOLE = request("order-sign", LATE, [PREDNISONE, DECOMPRESSION])
PLACES = [path for path in places(WHOLE) if path]
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.just("'; drop table card; --"),
    st.just("{{context.patientId}}"),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
    st.just([[[[[[[{}]]]]]]]),
)


@settings(max_examples=80)
@given(place=st.sampled_from(PLACES), junk=JUNK)
def test_a_call_with_junk_at_any_place_is_answered_or_refused(place, junk, junk_call, valid):
    changed = json.loads(json.dumps(WHOLE))
    inner = changed
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = junk

    answer = junk_call(changed)

    assert answer.status_code in (200, 400, 412, 422), answer.text
    assert answer.status_code != 200 or valid("response", answer.json())


@pytest.fixture(scope="module")
def junk_call(open_address):
    with httpx.Client(base_url=open_address, timeout=60) as http:
        yield lambda asked: http.post("/cds-services/osteon-order-sign", content=json.dumps(asked))
