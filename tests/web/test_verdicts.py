"""The verdicts on cards are those of the plan, for every example."""

from __future__ import annotations

from pathlib import Path

import pytest

from osteon.case import read_case
from osteon.knowledge import knowledge
from osteon.planning import plan
from osteon.web.cds.verdicts import ordered, verdicts

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = (
    "demo_hip crescent_hip labourer_late_hip before_steroids e2_pregnancy sickle_cell_hips talus_both lunates".split()
)


@pytest.mark.parametrize("name", NAMES)
def test_the_fast_verdicts_are_the_plans(name):
    case = read_case(next(EXAMPLES.glob(f"{name}.*")))
    planned, found = plan(case), verdicts(case, knowledge())

    assert found.advice == planned.advice
    for fast, whole in zip(found.joints, planned.joints, strict=True):
        assert {name: each.verdict for name, each in fast.judgements.items()} == {
            option.treatment.id: option.verdict for option in whole.options
        }
        assert fast.staging == whole.staging[0]
        assert fast.advice == whole.advice


@pytest.mark.parametrize("name", NAMES)
def test_an_ordered_treatment_is_judged_as_in_the_plan(name):
    case = read_case(next(EXAMPLES.glob(f"{name}.*")))
    everything = list(knowledge().treatments)

    judged = ordered(case, everything, knowledge())

    assert [found for _, found in judged] == [joint.judgements for joint in verdicts(case, knowledge()).joints]
