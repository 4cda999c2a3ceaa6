"""The flat table holds every row as it was printed, and studies can be made from it again."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from pathlib import Path

import pytest

from osteon.evidence.study_table import COLUMNS, study_list, study_tables, table_csv, table_rows
from osteon.knowledge.studies import studies

TABLE = Path(os.environ.get("OSTEON_TEST_DATA", "none")).parent / "evidence" / "studies.csv"


def rows_of(text):
    """The header, and how often each row stands in the table."""
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    return tuple(header), Counter(map(tuple, rows))


@pytest.mark.skipif(not TABLE.exists(), reason="the table the studies were written from is not at OSTEON_TEST_DATA")
def test_every_row_the_studies_were_written_from_comes_back_letter_by_letter():
    header, exported = rows_of(table_csv(studies().values()))
    wanted_header, wanted = rows_of(TABLE.read_bytes().decode())
    assert header == wanted_header
    assert sum(wanted.values()) == 644
    assert wanted - exported == Counter()


def test_the_table_has_one_row_per_study_arm_and_outcome():
    rows = table_rows(studies().values())
    assert len(rows) == 729
    assert len({row["study_id"] for row in rows}) == 178
    assert all(tuple(row) == tuple(COLUMNS) for row in rows)


@pytest.mark.parametrize(
    ("study", "number", "column", "value"),
    [
        ("agarwala-2019", 0, "followup_months", 35.3),  # J Orthop Surg Res 2019, abstract: 35.3 months
        ("lai-2005", 0, "n_hips", 29),  # stands at the arm
        ("lai-2005", 2, "stage_system", ""),  # read in another paper's table, which does not print it
        ("ma-2014", 0, "doi", "10.1186/scrt505"),
        ("currie-2024", 4, "site", "knee"),  # the second arm treats another joint than the first
        ("ajmal-2009", 0, "n_hips", ""),  # patients are counted, not joints
    ],
)
def test_a_cell_says_what_holds_for_its_row(study, number, column, value):
    assert table_rows([studies()[study]])[number][column] == value


def test_studies_made_from_the_table_give_the_same_table():
    rows = table_rows(studies().values())
    tables = study_tables(rows)
    arms = {
        (key, arm["label"]): [outcome["name"] for outcome in arm["outcome"]]
        for key, table in tables.items()
        for arm in table["arm"]
    }
    assert arms == {
        (study.id, arm.label): [outcome.name for outcome in arm.outcome]
        for study in studies().values()
        for arm in study.arm
    }


def test_counts_that_two_arms_have_alike_are_not_taken_for_the_study_s():
    lai = study_tables(table_rows([studies()["lai-2005"]]))["lai-2005"]
    assert "patients" not in lai["population"]
    assert [arm["population"]["patients"] for arm in lai["arm"]] == [20, 20]


def test_the_export_of_one_modality_holds_its_studies_with_all_their_arms():
    _, rows = rows_of(table_csv(studies().values(), "statin"))
    assert {(row[0], row[8]) for row in rows} == {
        ("ajmal-2009", "observation"),
        ("ajmal-2009", "statin"),
        ("yin-2016", "core-decompression"),
        ("yin-2016", "statin"),
    }


def test_the_list_shows_id_year_design_size_and_outcomes():
    assert study_list(studies().values(), "statin", 80) == (
        "ajmal-2009  2009, retrospective-comparative, 2543 + 338 patients\n"
        "    incident-osteonecrosis\n"
        "yin-2016  2016, retrospective-comparative, 32 + 26 joints\n"
        "    clinical-failure, clinical-success, radiographic-success\n"
        "\n"
        "2 studies\n"
    )


def test_no_line_of_the_list_is_wider_than_asked():
    lines = study_list(studies().values(), "", 60).splitlines()
    assert max(len(line) for line in lines if line.startswith("    ")) <= 60
    assert lines[-1] == "178 studies"


def test_a_modality_without_studies_gives_an_empty_list():
    assert study_list([], "statin", 80) == "0 studies\n"
