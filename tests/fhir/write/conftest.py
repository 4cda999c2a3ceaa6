"""What the tests of written resources share: the official R4 schema, and the plan of every example."""

import gzip
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import jsonschema_rs
import pytest

import osteon
from osteon.fhir.write import write_bundle

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[2] / "examples"
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


@cache
def definitions():
    return json.loads(gzip.decompress((HERE / "fhir.r4.schema.json.gz").read_bytes()))["definitions"]


@cache
def validator(kind):
    return jsonschema_rs.Draft6Validator({"$ref": f"#/definitions/{kind}", "definitions": definitions()})


def faults_of(resource):
    kind = resource["resourceType"]
    return [f"{kind} {each.instance_path}: {each.message[:200]}" for each in validator(kind).iter_errors(resource)]


@cache
def plan_of(name):
    return osteon.plan(osteon.read_case(EXAMPLES / name))


@cache
def bundle_text(name):
    return json.dumps(write_bundle(plan_of(name), at=AT))


@pytest.fixture(scope="session")
def r4_faults():
    """What the official R4 schema finds wrong with a resource, which names its type."""
    return faults_of


@pytest.fixture(scope="session")
def planned():
    """The plan of an example, by its file's name."""
    return plan_of


@pytest.fixture(scope="session")
def written():
    """The Bundle of an example, by its file's name; a fresh copy each time."""
    return lambda name: json.loads(bundle_text(name))


@pytest.fixture(scope="session")
def of_type():
    """The resources of one type in a Bundle."""
    return lambda bundle, kind: [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]
