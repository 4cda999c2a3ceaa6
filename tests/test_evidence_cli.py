"""`osteon evidence ...` and `osteon forecast`: what they print, where, and with which exit code."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from io import StringIO
from pathlib import Path

import pytest

from osteon.knowledge.studies import MODALITIES, studies

EXAMPLES = Path(__file__).parents[1] / "examples"
DEMO = str(EXAMPLES / "demo_hip.toml")
TRIALS = str(EXAMPLES / "evidence" / "bisphosphonate_tha.csv")
ARMS = str(EXAMPLES / "evidence" / "collapse_arms.csv")
POOL_KEYS = (
    "measure method k estimate ci_low ci_high log_estimate se tau2 i2 q df p prediction_low prediction_high".split()
)


@pytest.mark.parametrize("modality", MODALITIES)
def test_every_modality_lists_its_studies(osteon, modality):
    code, out, _ = osteon("evidence", "studies", "--modality", modality)

    listed = [study for study in studies() if out.startswith(f"{study} ") or f"\n{study} " in out]
    assert code == 0
    assert set(listed) == {s.id for s in studies().values() if modality in {arm.modality for arm in s.arm}}


def test_the_flat_table_has_one_row_for_each_outcome(osteon):
    _, out, _ = osteon("evidence", "studies", "--export", "csv")

    rows = list(csv.DictReader(StringIO(out)))
    assert len(rows) == sum(len(arm.outcome) for study in studies().values() for arm in study.arm)
    assert rows[0].keys() >= {"study_id", "modality", "outcome", "events", "total", "locator"}


def test_wrong_words_are_told_together(osteon):
    code, _, err = osteon("evidence", "studies", "--modality", "surgery", "--export", "xls")

    assert code == 2
    assert "--modality: is 'surgery'; use one of observation" in err
    assert "--export: is 'xls'; use csv" in err


def test_older_reviews_can_be_repeated(osteon):
    question = ("--modality", "bisphosphonate", "--versus", "observation", "--outcome", "tha-conversion")

    _, out, _ = osteon("evidence", "pool", *question, "--method", "DL", "--json")

    found = json.loads(out)
    assert list(found)[: len(POOL_KEYS)] == POOL_KEYS
    assert [round(found[key], 2) for key in ("estimate", "ci_low", "ci_high")] == [0.38, 0.11, 1.41]
    assert round(found["i2"]) == 77


def test_a_file_gives_what_the_same_studies_give(osteon):
    _, of_file, _ = osteon("evidence", "pool", "--data", TRIALS, "--method", "DL", "--json")
    _, of_studies, _ = osteon(
        *("evidence", "pool", "--modality", "alendronate", "--modality", "zoledronate", "--versus", "observation"),
        *("--outcome", "tha-conversion", "--method", "DL", "--json"),
    )

    assert json.loads(of_file)["estimate"] == pytest.approx(json.loads(of_studies)["estimate"])


@pytest.mark.parametrize(("method", "interval"), [("REML", "Hartung-Knapp"), ("DL", "normal"), ("MH", "normal")])
def test_the_usual_interval_depends_on_the_method(osteon, method, interval):
    _, out, _ = osteon("evidence", "pool", "--data", TRIALS, "--method", method)

    assert f"{interval} interval" in out


def test_what_was_left_out_is_told_with_the_reason(osteon):
    _, out, _ = osteon(
        *("evidence", "pool", "--modality", "bisphosphonate", "--versus", "observation"),
        *("--outcome", "tha-conversion"),
    )

    assert "Left out: chen-2012 prints no such numbers for every arm." in out


def test_a_question_with_faults_tells_them_all(osteon):
    code, _, err = osteon("evidence", "pool", "--modality", "drug", "--outcome", "cure", "--measure", "XX")

    assert code == 2
    assert err.startswith("the question has 3 faults")


@pytest.mark.parametrize(
    "command",
    [("pool", "--data", TRIALS), ("network", "--data", ARMS, "--reference", "no treatment")],
    ids=["pool", "network"],
)
def test_a_figure_is_written_as_svg(osteon, tmp_path, command):
    path = tmp_path / "figure.svg"

    code, _, _ = osteon("evidence", *command, "--plot", path)

    assert code == 0
    assert ET.parse(path).getroot().tag.endswith("svg")


def test_a_figure_has_to_be_svg(osteon, tmp_path):
    code, _, err = osteon("evidence", "pool", "--data", TRIALS, "--plot", tmp_path / "figure.png")

    assert (code, list(tmp_path.iterdir())) == (2, [])
    assert "figure.png: must end in .svg." in err


def test_a_network_of_a_file_is_set_against_its_reference(osteon):
    _, out, _ = osteon("evidence", "network", "--data", ARMS, "--reference", "no treatment", "--json")

    found = json.loads(out)
    against = {each["treatment"]: each["estimate"] for each in found["against_reference"]}
    assert found["reference"] == "no treatment"
    assert against["alendronate"] == pytest.approx((2 / 29) / (19 / 25), rel=0.01)
    assert found["p_scores"].keys() == {*against, "no treatment"}


def test_the_reference_of_a_file_may_be_written_in_capitals(osteon):
    _, out, _ = osteon("evidence", "network", "--data", ARMS, "--reference", "No Treatment", "--json")

    assert json.loads(out)["reference"] == "no treatment"


def test_the_network_of_the_studies_names_what_nothing_connects(osteon):
    _, out, _ = osteon("evidence", "network", "--outcome", "collapse")

    assert "no_treatment" in out
    assert "Not connected with these: core_decompression_bone_graft" in out


def test_a_reference_that_no_study_connects_is_refused(osteon):
    code, _, err = osteon("evidence", "network", "--outcome", "collapse", "--reference", "prayer")

    assert code == 2
    assert "--reference: is 'prayer', which no study connects" in err


def test_the_coverage_table_names_every_modality_and_its_gaps(osteon):
    _, out, _ = osteon("evidence", "table")

    assert [line.split()[0] for line in out.splitlines()[1:] if line[:1].strip()] == MODALITIES
    assert "No randomised trial was read." in out


@pytest.mark.parametrize("form", ["toml", "csv"])
def test_a_template_is_printed_in_both_forms(osteon, form):
    code, out, _ = osteon("evidence", "template", form)

    assert code == 0
    assert "citation" in out


def test_another_form_of_template_is_refused(osteon):
    code, _, err = osteon("evidence", "template", "xml")

    assert code == 2
    assert "use toml or csv" in err


def test_a_citation_fills_a_template(osteon):
    _, out, _ = osteon("evidence", "template", "--citation", EXAMPLES / "evidence" / "ha_2006.ris")

    assert 'doi = "10.2106/JBJS.F.00535"' in out


def test_a_citation_becomes_a_file_to_fill_in(osteon, tmp_path):
    code, out, _ = osteon("evidence", "import", EXAMPLES / "evidence" / "ha_2006.ris", "--out", tmp_path / "new")

    assert (code, out) == (0, "ha_2006.toml written.\n")
    assert (tmp_path / "new" / "ha_2006.toml").exists()


def test_nothing_is_overwritten_by_an_import(osteon, tmp_path):
    (tmp_path / "ha_2006.toml").write_text("mine")

    code, _, err = osteon("evidence", "import", EXAMPLES / "evidence" / "ha_2006.ris", "--out", tmp_path)

    assert code == 2
    assert "ha_2006.toml: exists already." in err
    assert (tmp_path / "ha_2006.toml").read_text() == "mine"


def test_a_filled_table_becomes_records_that_say_what_limits_them(osteon, tmp_path):
    table = tmp_path / "filled.csv"
    _, exported, _ = osteon("evidence", "studies", "--export", "csv", "--modality", "arthrodesis")
    rows = list(csv.DictReader(StringIO(exported)))
    new = {**rows[0], "study_id": "new-2026", "doi": "", "pmid": "", "source_url": "https://example.org/new"}
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerow({**new, "outcome": "never-seen"})

    code, out, _ = osteon("evidence", "import", table, "--out", tmp_path)

    assert code == 0
    assert out.startswith("new_2026.toml written.\n")
    assert "no other study has this outcome" in out


def test_a_folder_that_cannot_be_made_is_told(osteon, tmp_path):
    (tmp_path / "file").write_text("")

    code, _, err = osteon("evidence", "import", EXAMPLES / "evidence" / "ha_2006.ris", "--out", tmp_path / "file" / "x")

    assert code == 2
    assert "cannot be made" in err


def test_a_forecast_tells_the_untreated_course_and_its_cohorts(osteon):
    code, out, _ = osteon("forecast", DEMO)

    assert code == 0
    assert "Of 100 joints like this one (95 % interval):" in out
    assert "the estimate: Matched early hips left to their natural course" in out
    assert "not comparable with the others" in out


def test_where_the_type_is_open_every_type_has_its_own_figure(osteon, tmp_path):
    case = tmp_path / "case.toml"
    case.write_text('[[joint]]\nsite = "femoral_head"\nside = "left"\nflattening = false\ncrescent_sign = false\n')

    _, out, _ = osteon("forecast", case)

    told = " ".join(out.split())
    assert "JIC type A: 0 % by 60 months" in told
    assert "JIC type C2: 84.8 % by 60 months" in told


def test_a_forecast_of_one_treatment_tells_no_other(osteon):
    _, out, _ = osteon("forecast", DEMO, "--treatment", "eswt")

    assert "Extracorporeal shock waves" in out
    assert "Alendronate" not in out


def test_a_treatment_that_does_not_exist_lists_those_that_do(osteon):
    code, _, err = osteon("forecast", DEMO, "--treatment", "hope")

    assert code == 2
    assert "--treatment: is 'hope'; for these joints there are alendronate" in err


def test_a_forecast_for_machines_has_every_joint_and_endpoint(osteon):
    _, out, _ = osteon("forecast", DEMO, "--json")

    found = json.loads(out)
    endpoints = {
        each["endpoint"] for joint in found for option in joint["options"] for each in option["forecast"]["endpoints"]
    }
    assert [joint["joint"] for joint in found] == ["right femoral_head", "left femoral_head"]
    assert endpoints == {"no_collapse", "no_replacement", "no_revision"}


def test_a_case_without_joints_has_no_forecast(osteon, tmp_path):
    case = tmp_path / "case.toml"
    case.write_text("[patient]\nage_years = 40\n")

    assert osteon("forecast", case) == (0, "The case names no joint.\n", "")


@pytest.mark.slow
def test_the_pages_of_the_evidence_are_written_into_a_new_folder(osteon, tmp_path):
    code, out, _ = osteon("evidence", "pages", tmp_path / "pages")

    names = {path.name for path in (tmp_path / "pages").iterdir()}
    assert code == 0
    assert {f"modality-{name}.html" for name in MODALITIES} <= names
    assert f"{len(names)} pages written" in out
