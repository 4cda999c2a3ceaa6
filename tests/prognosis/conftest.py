"""Joints and cohorts for forecasts: real ones from a case, and invented ones whose answer is plain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from osteon.case.conditions import conditions
from osteon.case.read import read_case
from osteon.case.vocabulary import vocabulary
from osteon.knowledge import knowledge
from osteon.knowledge.cohorts import Endpoint, Stratum, cohorts
from osteon.knowledge.table import worlds_of
from osteon.staging import with_stages


@pytest.fixture(scope="session")
def joint_with():
    """The worlds of one joint, a femoral head unless said, of which these findings are stated."""

    def made(site="femoral_head", **findings):
        stated = {"patient": {}, "joint": {"site": site, "side": "left"}}
        for name, value in findings.items():
            stated[vocabulary()[name].scope][name] = value
        joint = read_case({"patient": stated["patient"], "joint": [stated["joint"]]}).joints[0]
        facts = {name: finding.possible for name, finding in joint.findings.items()}
        return with_stages(worlds_of(facts), knowledge().staging.values())

    return made


@pytest.fixture(scope="session")
def cohort_of():
    """An invented cohort of one stratum: femoral heads, and what more the joints have in common."""

    def made(name, points, joints=50, event="collapse", timed="kaplan_meier", **when):
        endpoint = Endpoint(event=event, where="nowhere", timed=timed, curve=points)
        stratum = Stratum(id="all", name="all joints", endpoint=(endpoint,), when=(), joints=joints)
        real = cohorts()["kuroda_2019"]
        about = conditions({"site": "femoral_head", **when})
        return replace(real, id=name, name=name, when=about, unless=(), stratum=(stratum,))

    return made
