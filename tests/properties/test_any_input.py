"""Whatever is put in, a case comes out or a message that a person can mend it by, and soon."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import reduce
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from osteon.case.case import Case
from osteon.case.parse import FORMATS
from osteon.case.read import read_case
from osteon.case.vocabulary import SITES, vocabulary
from osteon.errors import InputError

SOON = settings(
    deadline=timedelta(seconds=20),  # far more than any of these takes, far less than a reader would wait
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the file is written anew each time
)
EXAMPLES = [p.read_bytes() for p in sorted((Path(__file__).parents[2] / "examples").iterdir()) if p.is_file()]
TOP = ["title", "source", "fictional", "assessed_on", "patient", "joint", "preferences"]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.dates(),
    st.datetimes(),
    st.sampled_from(["yes", "no", "unknown", "left", "right", "II", "steroid", "2026-11-22", *SITES]),
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3),
    max_leaves=8,
)
entries = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("value", "low", "high", "unit", "date", "source", "certainty"), anything)
)
findings = st.dictionaries(st.sampled_from(list(vocabulary())) | st.text(max_size=12), anything | entries, max_size=6)
cases = st.dictionaries(st.sampled_from(TOP) | st.text(max_size=8), anything, max_size=4) | st.fixed_dictionaries(
    {},
    optional={
        "patient": findings,
        "joint": st.lists(findings, max_size=3),
        "assessed_on": scalars,
        "preferences": anything,
    },
)
texts = st.one_of(
    st.binary(max_size=400),
    st.text(max_size=400).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.text(alphabet=st.sampled_from("[]{}:,\"'-\n \t#&*!%|>=.0123456789abnoyesif"), max_size=200).map(str.encode),
)


@st.composite
def spoiled_examples(draw):
    """An example file with a piece cut out, doubled, or replaced by something else."""
    content = draw(st.sampled_from(EXAMPLES))
    start = draw(st.integers(0, len(content)))
    end = draw(st.integers(start, min(len(content), start + 60)))
    return content[:start] + draw(st.just(b"") | st.just(content[start:end] * 2) | texts) + content[end:]


def outcome(source):
    """A case, or the error that says what is wrong with the input."""
    try:
        return read_case(source)
    except InputError as error:
        return error


def is_clear(answer):
    """A case, or at least one fault, each told in printable lines of bearable length."""
    if isinstance(answer, Case):
        return True
    lines = str(answer).split("\n")
    return len(lines) == len(answer.faults) + 1 > 1 and all(line.isprintable() and len(line) < 2000 for line in lines)


@SOON
@given(cases)
@example({"joint": [{"site": ["femoral_head"]}]})
@example({"joint": [{"site": {"value": {"value": "knee"}}}]})
@example({"patient": {"age_years": 10**400}})
@example({"patient": {1: 2, None: 3}})
@example({"patient": {"birth_date": datetime(1, 1, 1)}, "assessed_on": date(9999, 12, 31)})  # noqa: DTZ001
def test_any_mapping_is_a_case_or_told_to_be_none(raw):
    assert is_clear(outcome(raw))


@SOON
@pytest.mark.parametrize("ending", FORMATS)
@given(content=texts)
def test_any_bytes_are_a_case_or_told_to_be_none(tmp_path, ending, content):
    path = tmp_path / f"case{ending}"
    path.write_bytes(content)

    assert is_clear(outcome(path))


@SOON
@pytest.mark.parametrize("ending", FORMATS)
@given(content=spoiled_examples())
def test_any_spoiled_example_is_a_case_or_told_to_be_none(tmp_path, ending, content):
    path = tmp_path / f"case{ending}"
    path.write_bytes(content)

    assert is_clear(outcome(path))


@given(st.integers(1, 2000))
def test_a_value_nested_in_itself_is_told(depth):
    nested = reduce(lambda inner, _: {"value": inner}, range(depth), True)

    assert is_clear(outcome({"joint": [{"site": "knee", "pain": nested}]}))
