"""Forecasts are compared with cohorts they do not rest on, and the table says what came out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from osteon.knowledge.cohorts import cohorts

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "validation/calibration.md").read_text(encoding="utf-8")
CHECKED = PAGE.partition("## Each source cohort")[0]


def test_the_table_is_what_the_code_gives_now():
    found = subprocess.run([sys.executable, ROOT / "validation/calibration.py", "--check"], check=False)

    assert found.returncode == 0


def test_at_least_five_cohorts_that_are_no_source_are_compared():
    compared = [name for name, cohort in cohorts().items() if cohort.use == "check" and f"(`{name}`)" in CHECKED]

    assert len(compared) >= 5


@pytest.mark.parametrize("name", [name for name, cohort in cohorts().items() if cohort.use == "baseline"])
def test_no_source_cohort_is_used_to_check_the_forecast(name):
    assert f"(`{name}`)" not in CHECKED


def test_every_miss_is_explained():
    rows = [line.split(" | ") for line in CHECKED.splitlines() if line.startswith("| ")][1:]
    missed = {row[0].split("`")[1] for row in rows if row[-1] != "inside |"}
    explained = {line.split("`")[1].split()[0] for line in CHECKED.splitlines() if line.startswith("- `")}

    assert missed == explained
