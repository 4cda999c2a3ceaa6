"""The plan of every example, as it was when somebody last read it: a changed file is a changed promise.

`OSTEON_WRITE_GOLDEN=1 pytest tests/golden` writes the files anew; read the difference before it is committed.
"""

import os
import re
from pathlib import Path

import pytest

import osteon
from osteon.case.parse import FORMATS
from osteon.knowledge import knowledge
from osteon.planning.card import plan_card
from osteon.report.aid import aid_text
from osteon.report.html import render_html
from osteon.report.plan_json import plan_json

HERE = Path(__file__).parent
EXAMPLES = sorted(path for path in (HERE.parents[1] / "examples").iterdir() if path.suffix in FORMATS)
SMALLEST = HERE.parents[1] / "examples" / "navicular.toml"


def kept(name: str, text: str) -> str:
    """The golden text of this name, as it was kept, or as it is now when it is written anew."""
    path = HERE / name
    if os.environ.get("OSTEON_WRITE_GOLDEN"):
        path.write_text(without_digest(text), encoding="utf-8")
    return path.read_text(encoding="utf-8")


def without_digest(text: str) -> str:
    """What is promised: neither the digest of the knowledge nor the style sheet is."""
    text = re.sub("<style>.*?</style>", "<style></style>", text, flags=re.DOTALL)
    return text.replace(knowledge().version, "KNOWLEDGE").replace(osteon.__version__, "VERSION")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_card_of_an_example_is_the_one_that_was_read(example):
    card = plan_card(osteon.plan(osteon.read_case(example)))

    assert without_digest(card) == kept(f"{example.stem}.card.txt", card)


def test_the_json_of_the_smallest_example_is_the_one_that_was_read():
    text = plan_json(osteon.plan(osteon.read_case(SMALLEST)))

    assert without_digest(text) == kept("navicular.plan.json", text)


@pytest.mark.parametrize("audience", ["clinician", "patient"])
def test_the_report_of_the_smallest_example_is_the_one_that_was_read(audience):
    page = render_html(osteon.plan(osteon.read_case(SMALLEST)), audience)

    assert without_digest(page) == kept(f"navicular.{audience}.html", page)


def test_the_decision_aid_of_the_smallest_example_is_the_one_that_was_read():
    text = aid_text(osteon.plan(osteon.read_case(SMALLEST)))

    assert without_digest(text) == kept("navicular.aid.txt", text)
