"""What certainty a body of evidence gets, and which step took or added a level."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osteon.case.answer import Answer
from osteon.evidence.certainty import (
    Certainty,
    Directness,
    EvidenceBody,
    Step,
    certainty,
    certainty_for,
    certainty_sentence,
    rated,
    settings,
)
from osteon.evidence.data import Counts, Estimate
from osteon.evidence.grade import control_risk, optimal_information_size, thresholds
from osteon.evidence.pool import PooledEffect, StudyEffect
from osteon.knowledge import knowledge
from osteon.knowledge.judgements import Judgement
from osteon.knowledge.records import CERTAINTIES

FIVE_LOW = [
    (domain, "low")
    for domain in ("randomisation", "deviations", "missing_outcome_data", "measurement", "selective_reporting")
]
LEVELS = st.integers(-2, 0)


def pooled(estimate=0.5, low=0.4, high=0.65, i2=0.0, i2_low=0.0, k=3, measure="RR", studies=None):
    """A pooled effect of `k` studies of equal weight, each with 40 of 100 events in the second group."""
    effects = studies or [estimate] * k
    rows = [Counts(f"study-{i}", 20, 100, 40, 100) for i, _ in enumerate(effects)]
    if measure == "HR":
        rows = [Estimate(row.study, math.log(estimate), 0.1) for row in rows]
    return PooledEffect(
        measure=measure, method="REML", ci="t", k=len(effects), estimate=estimate, ci_low=low, ci_high=high,
        log_estimate=None, se=0.1, tau2=0.0, i2=i2, i2_low=i2_low, i2_high=None, q=0.0, df=k - 1, p=0.01,
        prediction_low=None, prediction_high=None, notes=(),
        studies=tuple(
            StudyEffect(row.study, each, low, high, 100 / len(effects), row)
            for row, each in zip(rows, effects, strict=True)
        ),
    )  # fmt: skip


def body(effect=None, *, designs=None, bias=None, blinding="double", **differing):
    """Three blinded trials without bias that agree on a large, precise effect, unless told otherwise."""
    effect = effect or pooled()
    names = [each.study for each in effect.studies]
    plain = EvidenceBody(
        of=("drug",),
        versus=("observation",),
        outcome="collapse",
        designs=designs or {"rct": effect.k},
        joints=10_000,
        pooled=effect,
        bias=dict.fromkeys(names, FIVE_LOW) if bias is None else bias,
        blinding=dict.fromkeys(names, blinding),
    )
    return replace(plain, **differing)


def rate(given_body, *recorded):
    return certainty(given_body, recorded=recorded)


def change(found, domain):
    return sum(step.change for step in found.steps if step.domain == domain)


def judgement(domain="inconsistency", change=-2, word=None, **differing):
    plain = Judgement(
        id="one", of=("drug",), versus=("observation",), outcome=("collapse",), domain=domain, because="It was seen so.",
        by="A. Judge", on=date(2026, 11, 22), next_review=date(2027, 11, 22), source=("guyatt2008",), change=change,
        word=word,
    )  # fmt: skip
    return replace(plain, **differing)


@pytest.mark.parametrize(
    ("designs", "versus", "start"),
    [
        pytest.param({"rct": 3}, ("observation",), "high", id="randomised"),
        pytest.param({"retrospective-comparative": 3}, ("observation",), "low", id="compared"),
        pytest.param({"rct": 2, "registry": 1}, ("observation",), "low", id="mixed"),
        pytest.param({"case-series": 3}, ("observation",), "very_low", id="case series"),
        pytest.param({"rct": 3}, (), "very_low", id="one group of trials"),
    ],
)
def test_the_rating_starts_where_the_designs_put_it(designs, versus, start):
    assert rate(body(designs=designs, versus=versus)).start == start


def test_trials_without_fault_are_of_high_certainty():
    found = rate(body())

    assert found.word == "high"
    assert [step.domain for step in found.steps] == [
        "start", "risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias",
    ]  # fmt: skip
    assert {step.change for step in found.steps} == {0}


HIGH = [("measurement", "high")]
TWICE_HIGH = [("measurement", "high"), ("deviations", "high")]


@pytest.mark.parametrize(
    ("of_three", "levels"),
    [
        pytest.param([FIVE_LOW, FIVE_LOW, HIGH], 0, id="a third at high risk"),
        pytest.param([FIVE_LOW, HIGH, HIGH], -1, id="two thirds at high risk"),
        pytest.param([FIVE_LOW, TWICE_HIGH, TWICE_HIGH], -2, id="two thirds at high risk twice"),
        pytest.param([FIVE_LOW, FIVE_LOW[:1], []], -1, id="two thirds not fully judged"),
    ],
)
def test_bias_counts_by_the_weight_of_the_studies_that_have_it(of_three, levels):
    bias = {f"study-{i}": domains for i, domains in enumerate(of_three)}

    assert change(rate(body(bias=bias)), "risk_of_bias") == levels


@pytest.mark.parametrize(
    ("outcome", "blinding", "levels"),
    [
        pytest.param("vas", "none", -1, id="pain, open"),
        pytest.param("tha-conversion", "none", -1, id="replacement, open"),
        pytest.param("vas", "", -1, id="pain, blinding not read"),
        pytest.param("vas", "double", 0, id="pain, blinded"),
        pytest.param("collapse", "none", 0, id="collapse, open"),
    ],
)
def test_blinding_matters_where_people_decide_the_outcome(outcome, blinding, levels):
    found = rate(body(outcome=outcome, blinding=blinding))

    assert change(found, "risk_of_bias") == levels


def test_what_the_start_stands_for_is_not_counted_again():
    confounded = {f"study-{i}": [("confounding", "high"), ("selection", "high")] for i in range(3)}
    observed = body(pooled(0.7, 0.6, 0.74), designs={"registry": 3}, bias=confounded)

    found = rate(observed)

    assert found.word == "low"
    assert found.steps[1].because == "Of the weight, 100 % has no high risk on record beyond what the start stands for."


@pytest.mark.parametrize(
    ("i2", "i2_low", "estimates", "levels"),
    [
        pytest.param(30, 0, [0.5, 0.6, 1.2], 0, id="30 %, both sides"),
        pytest.param(60, 0, [0.5, 0.6, 0.7], 0, id="60 %, one side"),
        pytest.param(60, 0, [0.5, 0.6, 1.2], -1, id="60 %, both sides"),
        pytest.param(60, 0, [0.5, 0.6, 1.0], -1, id="60 %, one without effect"),
        pytest.param(80, 40, [0.1, 0.4, 0.9], -1, id="80 %, one side"),
        pytest.param(80, 40, [0.1, 0.4, 1.2], -2, id="80 %, both sides"),
        pytest.param(80, 0, [0.1, 0.4, 1.2], -1, id="80 %, both sides, may be chance"),
        pytest.param(80, None, [0.1, 0.4, 1.2], -1, id="80 %, no interval"),
        pytest.param(0, None, [0.5], 0, id="one study"),
    ],
)
def test_inconsistency_asks_how_much_and_to_which_side(i2, i2_low, estimates, levels):
    found = rate(body(pooled(i2=i2, i2_low=i2_low, studies=estimates)))

    assert change(found, "inconsistency") == levels


@pytest.mark.parametrize(
    ("low", "high", "joints", "levels"),
    [
        pytest.param(0.40, 0.65, 10_000, 0, id="clear and large"),
        pytest.param(0.40, 0.65, 100, -1, id="clear, too few joints"),
        pytest.param(0.90, 1.10, 10_000, 0, id="no appreciable change either way"),
        pytest.param(0.90, 1.10, 100, -1, id="none either way, too few joints"),
        pytest.param(0.50, 1.10, 10_000, -1, id="benefit or nothing"),
        pytest.param(0.90, 1.60, 10_000, -1, id="harm or nothing"),
        pytest.param(0.50, 1.60, 10_000, -2, id="benefit or harm"),
    ],
)
def test_precision_needs_a_narrow_interval_and_enough_joints(low, high, joints, levels):
    assert change(rate(body(pooled(low=low, high=high), joints=joints)), "imprecision") == levels


@pytest.mark.parametrize(
    ("measure", "outcome", "low", "high", "levels"),
    [
        pytest.param("MD", "hhs", -1, 10, 0, id="less than patients notice"),
        pytest.param("MD", "hhs", -1, 20, -1, id="nothing or what they notice"),
        pytest.param("MD", "hhs", -20, 20, -2, id="better or worse"),
        pytest.param("MD", "lequesne", -1, 1, -1, id="no least important difference read"),
        pytest.param("MD", "lequesne", 1, 2, 0, id="no difference excluded"),
        pytest.param("RD", "collapse", -0.05, 0.05, 0, id="risk difference within a quarter of the control risk"),
        pytest.param("RD", "collapse", -0.2, 0.05, -1, id="risk difference that may be appreciable"),
        pytest.param("HR", "collapse", 0.9, 1.1, 0, id="hazard ratio"),
    ],
)
def test_each_measure_has_its_own_lines(measure, outcome, low, high, levels):
    effect = pooled(estimate=1.0 if measure == "HR" else 0.0, low=low, high=high, measure=measure)

    assert change(rate(body(effect, outcome=outcome)), "imprecision") == levels


def test_an_odds_ratio_is_judged_as_the_risk_ratio_it_means():
    """At a control risk of 0.4 an odds ratio of 1.4 is a risk ratio of 1.4 / (0.6 + 0.4 x 1.4) = 1.21."""
    found = rate(body(pooled(1.2, 0.95, 1.4, measure="OR")))

    assert change(found, "imprecision") == 0
    assert "1.21" in found.steps[4].because


def test_the_optimal_size_is_the_one_that_the_guidance_prints():
    """KCE process book, 5.5.4: about 2,000 at a control risk of 0.2 and a reduction by 25 %; read off a figure."""
    assert optimal_information_size(0.2) == pytest.approx(2000, rel=0.1)


def test_the_control_risk_counts_the_second_groups():
    assert control_risk(pooled(k=2)) == 80 / 200


def test_without_numbers_nothing_bounds_the_effect():
    found = rate(body(pooled=None))

    assert (found.word, change(found, "imprecision")) == ("low", -2)


@pytest.mark.parametrize(
    ("differing", "levels"),
    [
        pytest.param({"indirect": True}, -1, id="network"),
        pytest.param({"outcome": "lesion-volume"}, -1, id="image"),
        pytest.param({"outcome": "lesion-volume", "indirect": True}, -2, id="both"),
    ],
)
def test_what_was_not_asked_for_is_indirect(differing, levels):
    assert change(rate(body(**differing)), "indirectness") == levels


@pytest.mark.parametrize(
    ("k", "p", "levels"),
    [
        pytest.param(12, 0.02, -1, id="asymmetric"),
        pytest.param(12, 0.5, 0, id="symmetric"),
        pytest.param(9, 0.02, 0, id="too few to test"),
        pytest.param(12, None, 0, id="not tested"),
    ],
)
def test_small_study_effects_are_tested_from_ten_studies_on(k, p, levels):
    assert change(rate(body(pooled(k=k), small_study_p=p)), "publication_bias") == levels


@pytest.mark.parametrize(
    ("estimate", "low", "high", "word"),
    [
        pytest.param(0.60, 0.50, 0.70, "low", id="less than twofold"),
        pytest.param(0.40, 0.30, 0.50, "moderate", id="twofold"),
        pytest.param(2.50, 2.00, 3.00, "moderate", id="twofold, harm"),
        pytest.param(0.10, 0.05, 0.15, "high", id="tenfold"),
    ],
)
def test_large_effects_raise_what_was_not_randomised(estimate, low, high, word):
    observed = body(pooled(estimate, low, high), designs={"registry": 3})

    assert rate(observed).word == word


def test_a_large_effect_raises_nothing_where_something_is_rated_down():
    observed = body(pooled(0.1, 0.05, 0.15), designs={"registry": 3}, joints=50)

    assert rate(observed).word == "very_low"


def test_a_large_effect_raises_neither_trials_nor_series():
    trials = rate(body(pooled(0.1, 0.05, 0.15), joints=50))
    mixed = rate(body(pooled(0.1, 0.05, 0.15), designs={"rct": 1, "registry": 2}))
    group = rate(body(pooled(0.1, 0.05, 0.15), versus=()))

    assert (trials.word, mixed.word, group.word) == ("moderate", "low", "very_low")


def test_a_judgement_replaces_one_step_and_both_stay_to_be_seen():
    found = rate(body(), judgement())
    step = next(each for each in found.steps if each.domain == "inconsistency")

    assert (found.word, found.computed) == ("low", "high")
    assert (step.basis, step.by, step.on) == ("judged", "A. Judge", "2026-11-22")
    assert step.replaces is not None
    assert step.replaces.change == 0
    assert certainty_sentence(found) == (
        "Low certainty. All 3 studies were randomised, so the rating starts at high. Two levels down for inconsistency "
        "(judged by A. Judge, 2026-11-22): It was seen so. The data alone give high."
    )


def test_a_judgement_on_the_whole_overrides_the_word_and_is_named():
    found = rate(body(), judgement("overall", None, "very_low"))

    assert (found.word, found.computed) == ("very_low", "high")
    assert found.overridden_by is not None
    assert (found.overridden_by.change, found.overridden_by.by) == (-3, "A. Judge")
    assert "Three levels down for the judgement as a whole (judged by A. Judge, 2026-11-22)" in certainty_sentence(
        found
    )


@pytest.mark.parametrize(
    "differing",
    [{"of": ("other",)}, {"versus": ("other",)}, {"outcome": ("vas",)}, {"versus": ()}],
    ids=["treatment", "comparator", "outcome", "series"],
)
def test_a_judgement_on_another_question_changes_nothing(differing):
    assert rate(body(), judgement(**differing)).word == "high"


def test_a_judgement_on_any_outcome_holds_for_this_one():
    assert rate(body(), judgement(outcome=("any",))).word == "low"


def directness(*answers):
    return [Directness(f"study-{i}", answer, ("the trial took I and II",)) for i, answer in enumerate(answers)]


@pytest.mark.parametrize(
    ("answers", "levels"),
    [
        pytest.param([Answer.YES] * 3, 0, id="all took such joints"),
        pytest.param([Answer.UNKNOWN] * 3, 0, id="not known"),
        pytest.param([Answer.NO, Answer.YES, Answer.YES], 0, id="a third did not"),
        pytest.param([Answer.NO, Answer.NO, Answer.YES], -1, id="two thirds did not"),
        pytest.param([Answer.NO, Answer.NO, Answer.UNKNOWN], -1, id="two thirds did not, one not known"),
        pytest.param([Answer.NO] * 3, -2, id="none did"),
    ],
)
def test_certainty_falls_for_a_joint_that_the_studies_left_out(answers, levels):
    found = certainty_for(rate(body()), directness(*answers))

    assert CERTAINTIES.index(found.word) == 3 + levels


def test_the_reason_says_in_what_the_patient_differs_and_what_is_not_known():
    found = certainty_for(rate(body()), directness(Answer.NO, Answer.NO, Answer.UNKNOWN))

    assert found.steps[-1].because == (
        "67 % of the weight comes from studies that would not have included this joint (the trial took I and II), "
        "for 33 % it is not known."
    )


def test_a_study_without_weight_says_nothing_about_this_joint():
    elsewhere = [Directness("other", Answer.NO)]

    assert certainty_for(rate(body()), elsewhere).word == "high"


def test_a_large_effect_does_not_make_up_for_other_patients():
    general = rate(body(pooled(0.1, 0.05, 0.15), designs={"registry": 3}))

    assert certainty_for(general, directness(*[Answer.NO] * 3)).word == "very_low"


def test_a_judged_word_falls_too_for_a_joint_that_the_studies_left_out():
    general = rate(body(), judgement("overall", None, "moderate"))

    assert certainty_for(general, directness(Answer.NO, Answer.NO, Answer.YES)).word == "low"


def test_settings_behind_a_rating_are_declared_once():
    found = rate(body(pooled(low=0.5, high=1.6), outcome="vas", blinding="none"))

    assert [each.id for each in settings(found)] == [
        "most_weight", "people_decide", "heterogeneity_beyond_chance", "relative_risk_reduction", "both_ways",
        "studies_for_a_funnel",
    ]  # fmt: skip


def test_every_threshold_names_a_source_that_was_read():
    named = {key for each in thresholds().values() for key in each.source}

    assert named - knowledge().sources.keys() == set()


@given(st.sampled_from(CERTAINTIES), st.lists(LEVELS, max_size=6), st.integers(-2, -1), st.integers(0, 2))
def test_one_more_reason_to_rate_down_never_raises_the_word(start, changes, more, raised):
    steps = [*(Step("imprecision", each, "") for each in changes), Step("large_effect", raised, "")]

    with_more = rated(start, [*steps, Step("inconsistency", more, "")])

    assert CERTAINTIES.index(with_more) <= CERTAINTIES.index(rated(start, steps))


@given(st.lists(st.sampled_from(list(Answer)), min_size=3, max_size=3), st.sampled_from(CERTAINTIES))
def test_other_patients_never_raise_the_word(answers, word):
    weights = tuple((f"study-{i}", 100 / 3) for i in range(3))
    general = Certainty(word, word, word, (), weights)

    found = certainty_for(general, directness(*answers))

    assert CERTAINTIES.index(found.word) <= CERTAINTIES.index(word)


@given(st.floats(0.01, 0.99))
def test_the_optimal_size_falls_as_events_become_common(risk):
    assert optimal_information_size(risk) >= optimal_information_size(min(risk + 0.005, 0.995))
