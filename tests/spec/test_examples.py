"""The example cases: the published ones carry their source, the invented ones say so, and all together show every treatment."""

from pathlib import Path

import pytest

import osteon
from osteon.case.parse import FORMATS
from osteon.knowledge import knowledge

EXAMPLES = sorted(path for path in (Path(__file__).parents[2] / "examples").iterdir() if path.suffix in FORMATS)
CASES = {path.stem: osteon.read_case(path) for path in EXAMPLES}
OFFERED = ("fits", "consider")


def test_the_ten_published_cases_are_there():
    assert {name.split("_")[0] for name, case in CASES.items() if not case.fictional} == {f"e{i}" for i in range(1, 11)}


@pytest.mark.parametrize("name", CASES)
def test_an_example_names_its_source_or_says_that_it_is_invented(name):
    assert bool(CASES[name].source) is not CASES[name].fictional


def test_at_least_four_invented_cases_are_there():
    assert sum(case.fictional for case in CASES.values()) >= 4


def test_the_invented_cases_are_offered_every_treatment_between_them():
    plans = [osteon.plan(case) for case in CASES.values() if case.fictional]
    options = [option for plan in plans for joint in plan.joints for option in joint.options]

    assert {option.treatment.id for option in options if option.verdict in OFFERED} == knowledge().treatments.keys()
