"""Every name that the studies use stands on a page in words."""

from __future__ import annotations

import pytest

from osteon.evidence.outcome_words import better, event_words, modalities, more_is_better, outcome_words, outcomes
from osteon.knowledge.studies import MODALITIES, studies

USED = sorted({outcome.name for study in studies().values() for arm in study.arm for outcome in arm.outcome})
COUNTED = sorted(
    {o.name for study in studies().values() for arm in study.arm for o in arm.outcome if o.events is not None}
)


@pytest.mark.parametrize("name", USED)
def test_every_outcome_of_the_studies_has_words_and_a_direction(name: str) -> None:
    assert outcome_words(name)
    assert better(name) in ("more", "less", "neither")


@pytest.mark.parametrize("name", COUNTED)
def test_every_outcome_that_is_counted_says_what_became_of_a_joint(name: str) -> None:
    assert event_words(name)


def test_no_words_are_kept_for_outcomes_that_no_study_has() -> None:
    assert sorted(outcomes()) == USED


def test_every_modality_has_words() -> None:
    assert set(modalities()) == set(MODALITIES)


def test_less_collapse_and_a_higher_score_are_better() -> None:
    assert [more_is_better(name) for name in ("hhs", "survival", "collapse", "tha-conversion", "vas")] == [
        True,
        True,
        False,
        False,
        False,
    ]
