"""The FHIR Bundle of the smallest example, as it was when somebody last read it.

Ids are digests of content and of the version of the knowledge; here they are told as type and number.
`OSTEON_WRITE_GOLDEN=1 pytest tests/golden` writes the file anew.
"""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import osteon
from osteon.fhir.write import write_bundle
from osteon.fhir.write.bundle import as_text
from osteon.knowledge import knowledge

GOLDEN = Path(__file__).parent / "navicular.fhir.json"
SMALLEST = Path(__file__).parents[2] / "examples" / "navicular.toml"


def readable(bundle):
    """The Bundle's text with numbered ids, without versions."""
    text = as_text(bundle)
    for number, entry in enumerate(bundle["entry"], 1):
        text = text.replace(entry["resource"]["id"], f"{entry['resource']['resourceType']}-{number}")
    text = re.sub(r'("system": "urn:osteon:case",\s+"value": )"[^"]+"', r'\1"CASE"', text)
    return text.replace(knowledge().version, "KNOWLEDGE").replace(osteon.__version__, "VERSION")


def test_the_bundle_of_the_smallest_example_is_the_one_that_was_read():
    plan = osteon.plan(osteon.read_case(SMALLEST))
    text = readable(write_bundle(plan, at=datetime(2026, 11, 22, 12, tzinfo=UTC)))
    if os.environ.get("OSTEON_WRITE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")

    assert text == GOLDEN.read_text(encoding="utf-8")
