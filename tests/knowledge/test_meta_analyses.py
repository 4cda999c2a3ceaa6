"""The published reviews: every figure that was read is there, explained, and set beside studies that exist."""

from __future__ import annotations

import csv
import os
from copy import deepcopy
from pathlib import Path

import pytest

from osteon.errors import KnowledgeError
from osteon.evidence.comparisons import Question, answers
from osteon.knowledge.meta_analyses import meta_analyses, published_rows, read_meta_analyses
from osteon.knowledge.studies import studies

RESULTS = [
    (review, number, result) for review in meta_analyses().values() for number, result in enumerate(review.result)
]
COMPARED = {
    (result.ours.modality, result.ours.versus, result.ours.outcome, result.ours.measure): result.ours
    for _, _, result in RESULTS
    if result.ours
}
NUMBERS = ("k", "effect", "ci_low", "ci_high", "i2", "tau2")
DEMO = {
    "id": "demo-2001",
    "citation": "Demo A. J Demo 2001",
    "url": "https://example.org",
    "result": [
        {
            "question": "one against another",
            "outcome": "collapse",
            "measure": "RR",
            "effect": 0.5,
            "ci_low": 0.3,
            "ci_high": 0.9,
            "ours": {"modality": "bmac", "versus": "core-decompression", "outcome": "collapse", "measure": "RR"},
            "difference": "They differ.",
        }
    ],
    "review": {"written_by": "A", "checked_by": "", "reviewed_on": "2026-11-22", "next_review": "2027-11-22"},
}


def evidence_table():
    folder = os.environ.get("OSTEON_TEST_DATA")
    table = Path(folder).parent / "evidence" / "pooled.csv" if folder else None
    if table is None or not table.is_file():
        pytest.skip("The table of published figures, which the records were written from, is not on this computer.")
    return table


def figures_read(table):
    """The published rows of the table that are about osteonecrosis, with numbers as numbers and questions in full."""
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    kept = [row for row in rows if row["osteonecrosis"] == "yes" and not row["review_id"].startswith("own-")]
    asked = {}
    for row in kept:
        for column in ("per_study_file", "osteonecrosis"):
            del row[column]
        row.update({name: float(row[name]) if row[name] else "" for name in NUMBERS})
        first = asked.setdefault(row["review_id"], row["question"])
        row["question"] = (
            row["question"].replace("same", first) if row["question"].startswith("same") else row["question"]
        )
        row["notes"] = row["notes"].replace("not served", "not readable").replace("part served", "part read")
    return sorted(kept, key=lambda row: row["review_id"])


def spoilt(place, value):
    raw = deepcopy(DEMO)
    table = raw["result"][0] if place != "id" else raw
    *path, last = place.split()
    for part in path:
        table = table[part]
    table[last] = value
    return raw


def test_no_published_figure_is_lost():
    expected = figures_read(evidence_table())

    assert published_rows(meta_analyses().values()) == expected


@pytest.mark.parametrize(
    ("review", "number", "result"), RESULTS, ids=[f"{review.id} {number}" for review, number, _ in RESULTS]
)
def test_a_result_says_in_a_sentence_how_ours_may_differ(review, number, result):
    assert result.difference.endswith(".")
    assert len(result.difference.split()) >= 5


@pytest.mark.parametrize("ours", COMPARED.values(), ids=[" ".join(map(str, key)) for key in COMPARED])
def test_a_comparison_set_beside_a_review_has_studies(ours):
    question = Question(ours.modality, ours.versus, ours.outcome)

    assert answers(question, ours.measure, studies().values()).rows


@pytest.mark.parametrize("ours", COMPARED.values(), ids=[" ".join(map(str, key)) for key in COMPARED])
def test_a_mean_difference_is_only_taken_over_one_unit(ours):
    question = Question(ours.modality, ours.versus, ours.outcome)
    units = answers(question, ours.measure, studies().values()).units

    assert ours.measure != "MD" or len(units) == 1


def test_a_review_in_order_is_read():
    found = read_meta_analyses({"meta_analyses/demo_2001.toml": DEMO})["demo-2001"]

    assert found.result[0].ours.versus == ("core-decompression",)
    assert found.result[0].i2 is None


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("id", "other-2001", "id: is 'other-2001', which belongs into other_2001.toml."),
        ("measure", "", "result 1: has an effect but no measure."),
        ("effect", 0.2, "result 1: effect 0.2 is not between ci_low 0.3 and ci_high 0.9."),
        ("i2", 140.0, "result 1: i2 is 140.0, but goes from 0 to 100 percent."),
        ("ours measure", "PR", "result 1: ours: a proportion (PR) has no versus"),
        ("ours modality", "leeches", "result 1.ours.modality: is 'leeches'; use one of observation,"),
        ("effect", "half", "result 1.effect: expected a number, got 'half'."),
        ("colour", "red", "result 1: colour is not a key here"),
    ],
    ids=str,
)
def test_a_faulty_review_is_told_with_its_place(place, value, message):
    with pytest.raises(KnowledgeError) as refused:
        read_meta_analyses({"meta_analyses/demo_2001.toml": spoilt(place, value)})

    assert f"meta_analyses/demo_2001.toml {message}" in str(refused.value)


def test_half_an_interval_is_refused():
    raw = deepcopy(DEMO)
    del raw["result"][0]["ci_high"]

    with pytest.raises(KnowledgeError, match="has one end of an interval"):
        read_meta_analyses({"meta_analyses/demo_2001.toml": raw})
