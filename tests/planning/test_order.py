"""In what order treatments stand: by verdict, then by how often each comes out ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osteon.case.case import PREFERENCES
from osteon.evidence.harms import HarmShare
from osteon.knowledge import knowledge
from osteon.planning.order import Candidate, ordering, rank, weights

ESWT = knowledge().treatments["eswt"]
DRAWS = ordering()["draws"]
NOTHING_COUNTS = dict.fromkeys(PREFERENCES, "not")


def candidate(name, verdict="fits", certainty="low", invasiveness="device", survival=None, harm=None):
    treatment = replace(ESWT, id=name, name=name, invasiveness=invasiveness)
    drawn = None if survival is None else np.full(DRAWS, float(survival))
    share = None if harm is None else HarmShare(harm, harm, "", ())
    return Candidate(treatment, verdict, certainty, drawn, share)


DRUG = candidate("drug", certainty="low", invasiveness="medicine", survival=0.6, harm=0.01)
KNIFE = candidate("knife", certainty="moderate", invasiveness="open", survival=0.8, harm=0.1)
NEW_JOINT = candidate("new joint", certainty="high", invasiveness="replacement", survival=0.0, harm=0.05)
ALL = (DRUG, KNIFE, NEW_JOINT)


def order(preferences, candidates=ALL):
    return [name for name, _ in rank(candidates, preferences)]


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ("keep_joint", ["knife", "drug", "new joint"]),
        ("sure_evidence", ["new joint", "knife", "drug"]),
        ("avoid_surgery", ["drug", "knife", "new joint"]),
        ("avoid_harm", ["drug", "new joint", "knife"]),
    ],
)
def test_one_criterion_that_alone_counts_decides_the_order(only, expected):
    assert order({**NOTHING_COUNTS, only: "very"}) == expected


def test_what_is_not_stated_counts_as_somewhat():
    assert rank(ALL, {}) == rank(ALL, dict.fromkeys(PREFERENCES, "somewhat"))


def test_a_verdict_counts_before_every_preference():
    mixed = (replace(DRUG, verdict="depends"), replace(KNIFE, verdict="consider"), NEW_JOINT)

    assert order({"avoid_surgery": "very"}, mixed) == ["new joint", "knife", "drug"]


def test_only_what_can_be_offered_has_a_place():
    ranks = dict(rank((replace(DRUG, verdict="contraindicated"), KNIFE, replace(NEW_JOINT, verdict="avoid")), {}))

    assert ranks["drug"] is None
    assert ranks["new joint"] is None
    assert (ranks["knife"].place, ranks["knife"].of, ranks["knife"].first) == (1, 1, 1)


def test_a_score_is_the_sum_of_what_each_criterion_adds():
    ranks = [place for _, place in rank(ALL, {"keep_joint": "very"})]

    assert [place.score for place in ranks] == pytest.approx([sum(p.contributions.values()) for p in ranks], abs=3e-4)


def test_what_moved_the_options_of_one_verdict_adds_up_to_nothing():
    moved = [place.moved["keep_joint"] for _, place in rank(ALL, {})]

    assert sum(moved) == pytest.approx(0, abs=3e-4)


def test_the_shares_of_an_option_over_its_places_make_one():
    assert [sum(place.acceptability) for _, place in rank(ALL, {})] == pytest.approx([1, 1, 1], abs=3e-4)


def test_the_shares_of_a_place_over_its_options_make_one():
    firsts = [place.first for _, place in rank(ALL, {})]

    assert sum(firsts) == pytest.approx(1, abs=3e-4)


def test_what_is_better_in_everything_is_first_in_every_draw():
    best = candidate("best", certainty="high", invasiveness="none", survival=0.9, harm=0.0)

    assert dict(rank((*ALL, best), {}))["best"].first == 1


def test_an_outcome_nobody_knows_is_neither_good_nor_bad():
    known = [candidate("good", survival=0.9, harm=0.1), candidate("bad", survival=0.1, harm=0.1)]
    unknown = candidate("unknown", harm=0.1)

    assert order({}, (*known, unknown)) == ["good", "unknown", "bad"]


def test_twins_share_the_places_between_them():
    firsts = [place.first for _, place in rank((candidate("one", survival=0.5), candidate("two", survival=0.5)), {})]

    assert firsts == pytest.approx([0.5, 0.5], abs=0.02)


def test_the_same_question_has_the_same_answer():
    assert rank(ALL, {}) == rank(ALL, {})


@given(st.fixed_dictionaries({name: st.sampled_from(["not", "somewhat", "very"]) for name in PREFERENCES}))
def test_weights_follow_the_stated_importance_in_every_draw(preferences):
    drawn = weights(preferences, 50, np.random.default_rng(1))
    levels = np.array([ordering()["importance"][preferences[name]] for name in ordering()["criteria"]])
    least_very = drawn[levels == 2].min(axis=0, initial=np.inf)
    most_somewhat = drawn[levels == 1].max(axis=0, initial=-np.inf)

    assert (drawn[levels == 0] == 0).all()
    assert (least_very >= most_somewhat).all()
    assert drawn.sum(axis=0) == pytest.approx(np.full(50, float((levels > 0).any())))


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_better_outcome_never_worsens_the_place(survival, gain):
    better = min(1.0, survival + gain)

    before = dict(rank((DRUG, KNIFE, candidate("tested", survival=survival, harm=0.05)), {}))["tested"]
    after = dict(rank((DRUG, KNIFE, candidate("tested", survival=better, harm=0.05)), {}))["tested"]
    assert after.place <= before.place
