"""Every command and option: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from io import StringIO
from pathlib import Path

import pytest

from osteon import cli
from osteon.case.read import read_case
from osteon.case.template import BONES, case_template
from osteon.case.vocabulary import vocabulary
from osteon.knowledge import knowledge
from osteon.knowledge.proof import prove
from osteon.version import __version__

EXAMPLES = Path(__file__).parents[1] / "examples"
DEMO = str(EXAMPLES / "demo_hip.toml")
COMMANDS = ["plan", "stage", "explain", "check", "new", "show", "findings", "knowledge check", "schema plan"]
COMMANDS += ["images", "measure", "lesion", "surgery", "phantom", "mechanics", "serve", "fetch", "feedback"]
COMMANDS += ["knowledge fhir", "cohort screen", "cohort ask", "cohort questions"]
COMMANDS += ["forecast", *(f"evidence {name}" for name in "studies template import pool network table pages".split())]
KINDS = {
    "treatment": knowledge().treatments,
    "staging": knowledge().staging,
    "guideline": knowledge().guidelines,
    "trial": knowledge().trials,
    "advice": knowledge().advice,
    "source": knowledge().sources,
}
EVERY_RECORD = [(kind, name) for kind, records in KINDS.items() if kind != "source" for name in records]


def in_a_shell(command, **environment):
    """Runs a line of shell in which `osteon` is this Osteon."""
    line = command.replace("osteon ", f"{sys.executable} -m osteon ")
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], capture_output=True, env={**os.environ, **environment}, check=False
    )


# ------------------------------------------------------------------------------------------------------- help


@pytest.mark.parametrize("command", ["", *COMMANDS, "knowledge", "schema"])
def test_every_command_explains_itself(osteon, command):
    code, out, err = osteon(*command.split(), "--help")

    assert (code, err) == (0, "")
    assert "Usage:" in out
    assert "--help" in out


def test_the_help_lists_every_command(osteon):
    _, out, _ = osteon("--help")

    assert set(re.findall(r"^  ([a-z]+)  ", out, re.M)) == {command.split()[0] for command in COMMANDS}


@pytest.mark.parametrize("words", [[], ["knowledge"], ["schema"]], ids=str)
def test_without_a_command_the_help_is_shown(osteon, words):
    code, out, err = osteon(*words)

    assert code in (0, 2)
    assert "Usage:" in out + err


def test_the_version_is_printed(osteon):
    assert osteon("--version") == (0, f"osteon {__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["operate"], "No such command 'operate'"),
        (["plan"], "Missing argument 'CASE'"),
        (["plan", DEMO, "--loud"], "No such option"),
        (["explain", DEMO], "Missing argument 'treatment'"),
        (["knowledge", "forget"], "No such command 'forget'"),
    ],
    ids=str,
)
def test_a_wrong_call_is_told(osteon, words, said):
    code, out, err = osteon(*words)

    assert (code, out) == (2, "")
    assert said in err


# ------------------------------------------------------------------------------------------------------- plan


def test_a_plan_is_a_card_for_every_joint(osteon):
    code, out, err = osteon("plan", DEMO)

    assert (code, err) == (0, "")
    assert out.startswith("Woman of 43 after steroids for lupus, both hips (fictional)\n")
    assert "RIGHT FEMORAL HEAD\n  ARCO 2019 (revised): II" in out
    assert "LEFT FEMORAL HEAD\n  ARCO 2019 (revised): I\n" in out
    assert "WOULD CHANGE THE PLAN" in out
    assert "FOR THE PATIENT" in out
    assert f"knowledge {knowledge().version}" in out
    assert max(map(len, out.splitlines())) <= 100


def test_a_plan_for_machines_is_json(osteon):
    code, out, err = osteon("plan", DEMO, "--json")

    made = json.loads(out)
    assert (code, err) == (0, "")
    assert [joint["name"] for joint in made["joints"]] == ["right femoral_head", "left femoral_head"]
    assert made["knowledge"] == knowledge().version


def test_a_plan_for_the_patient_ranks_nothing(osteon):
    code, out, err = osteon("plan", DEMO, "--for", "patient")

    assert (code, err) == (0, "")
    assert "puts none before another and advises none" in " ".join(out.split())
    assert "rank" not in out


def test_a_plan_is_for_clinicians_or_patients(osteon):
    assert osteon("plan", DEMO, "--for", "insurers") == (
        2,
        "",
        "--for has 1 fault\n  is 'insurers'; use clinician or patient.\n",
    )


@pytest.mark.parametrize("command", [["plan"], ["stage"]], ids=str)
@pytest.mark.parametrize("name", ["left femoral_head", "left-femoral_head", " left femoral_head "])
def test_one_joint_can_be_chosen(osteon, command, name):
    code, out, _ = osteon(*command, DEMO, "--joint", name)

    assert code == 0
    assert "LEFT FEMORAL HEAD" in out
    assert "RIGHT FEMORAL HEAD" not in out


def test_a_joint_that_is_not_there_is_told_with_those_that_are(osteon):
    assert osteon("plan", DEMO, "--joint", "left knee") == (
        2,
        "",
        "demo_hip.toml has 1 fault\n"
        "  --joint: is not in the case. Its joints are: right femoral_head, left femoral_head.\n",
    )


def test_a_case_without_joints_has_none_to_choose(osteon, tmp_path):
    (tmp_path / "case.toml").write_text("[patient]\nage_years = 43\n")

    code, _, err = osteon("plan", tmp_path / "case.toml", "--joint", "left knee")

    assert code == 2
    assert "Its joints are: none." in err


def test_a_plan_can_be_printed_into_another_program(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["osteon", "--version"])
    monkeypatch.setattr(sys, "stdout", StringIO())

    with pytest.raises(SystemExit):
        cli.main()

    assert sys.stdout.getvalue() == f"osteon {__version__}\n"


def test_a_narrow_terminal_gets_narrow_lines(osteon, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")

    _, out, _ = osteon("plan", DEMO)

    assert max(len(line) for line in out.splitlines()) <= 60


def test_a_very_narrow_terminal_does_no_harm(osteon, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1")

    assert osteon("plan", DEMO)[0] == 0


# ------------------------------------------------------------------------------------------------------ report


def test_a_report_is_written_beside_the_card(osteon, tmp_path):
    code, out, _ = osteon("plan", DEMO, "--report", tmp_path / "report.html")

    written = (tmp_path / "report.html").read_text()
    assert code == 0
    assert "RIGHT FEMORAL HEAD" in out
    assert written.startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_an_old_report_is_replaced(osteon, tmp_path):
    (tmp_path / "report.html").write_text("old")

    osteon("plan", DEMO, "--report", tmp_path / "report.html")

    assert (tmp_path / "report.html").read_text() != "old"


def test_where_no_pdf_can_be_made_the_html_is_written_and_the_error_says_so(osteon, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)

    code, out, err = osteon("plan", DEMO, "--report", tmp_path / "report.pdf")

    assert (code, [path.name for path in tmp_path.iterdir()]) == (2, ["report.html"])
    assert "RIGHT FEMORAL HEAD" in out
    assert err.endswith("report.html was written instead.\n")


@pytest.mark.slow
def test_a_report_may_be_asked_for_twice(osteon, tmp_path):
    pytest.importorskip("weasyprint", exc_type=OSError)
    scaphoid = EXAMPLES / "scaphoid.toml"

    code, _, _ = osteon("plan", scaphoid, "--report", tmp_path / "a.html", "--report", tmp_path / "a.pdf")

    assert code == 0
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "a.html").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("report.docx", "--report has 1 fault\n  report.docx: must end in .html or .pdf.\n"),
        ("none/report.html", "cannot be written: No such file or directory. Check the folder.\n"),
        ("folder.html", "cannot be written: "),
    ],
)
def test_a_report_that_cannot_be_written_is_told(osteon, tmp_path, name, said):
    (tmp_path / "folder.html").mkdir()

    code, _, err = osteon("plan", DEMO, "--report", tmp_path / name)

    assert code == 2
    assert said in err
    assert [path.name for path in tmp_path.iterdir()] == ["folder.html"]


# ------------------------------------------------------------------------------------------- stage and explain


def test_the_stages_of_a_joint_come_with_what_would_settle_them(osteon):
    code, out, err = osteon("stage", EXAMPLES / "e1_first_visit.toml")

    assert (code, err) == (0, "")
    assert out.startswith("LEFT FEMORAL HEAD\nARCO 2019 (revised) ")
    assert "settled by head fracture" in out


def test_stages_for_machines_are_json(osteon):
    code, out, _ = osteon("stage", DEMO, "--json")

    staged = json.loads(out)
    assert code == 0
    assert [joint["joint"] for joint in staged] == ["right femoral_head", "left femoral_head"]
    assert staged[1]["staging"][0]["possible"] == ["I"]


def test_a_treatment_is_explained_rule_by_rule(osteon):
    code, out, err = osteon("explain", DEMO, "alendronate")

    assert (code, err) == (0, "")
    assert "ALENDRONATE for the right femoral head" in out
    assert re.search(r"^Verdict: ", out, re.M)
    assert re.search(r"^YES     consider: ", out, re.M)
    assert re.search(r"^        - pregnant is present: no \(is false\)$", out, re.M)
    assert "What guidelines say" in out


def test_a_treatment_of_another_bone_is_told(osteon):
    code, out, _ = osteon("explain", EXAMPLES / "lunates.toml", "total_hip_arthroplasty")

    assert code == 0
    assert "It does not exist for this bone, only for femoral_head." in out


def test_one_joint_can_be_explained(osteon):
    _, out, _ = osteon("explain", DEMO, "eswt", "--joint", "left femoral_head")

    assert "left femoral head" in out
    assert "right femoral head" not in out


@pytest.mark.parametrize(
    ("misspelt", "meant"), [("alendronat", "alendronate"), ("total_hip", "total_hip_arthroplasty"), ("eswl", "eswt")]
)
def test_a_misspelt_treatment_gets_a_suggestion(osteon, misspelt, meant):
    code, out, err = osteon("explain", DEMO, misspelt)

    assert (code, out) == (2, "")
    assert err.startswith(f"explain has 1 fault\n  {misspelt}: is not a treatment. Try ")
    assert meant in err


def test_a_treatment_like_no_other_gets_the_whole_list(osteon):
    _, _, err = osteon("explain", DEMO, "xyzzy")

    assert all(name in err for name in knowledge().treatments)


# ------------------------------------------------------------------------------------------------ check and new


def test_a_good_file_is_in_order(osteon, tmp_path):
    (tmp_path / "case.toml").write_text(
        '[patient]\nage_years = 43\nsex = "female"\n\n[[joint]]\nsite = "knee"\npain = true\n\n[[joint]]\nsite = "talus"\n'
    )

    assert osteon("check", tmp_path / "case.toml") == (0, "case.toml is in order: 2 joints, 5 stated findings.\n", "")


def test_one_joint_is_one_joint(osteon, tmp_path):
    (tmp_path / "case.toml").write_text('[[joint]]\nsite = "knee"\n')

    assert osteon("check", tmp_path / "case.toml")[1] == "case.toml is in order: 1 joint, 1 stated finding.\n"


@pytest.mark.parametrize(
    "example", sorted(path for path in EXAMPLES.iterdir() if path.is_file()), ids=lambda path: path.name
)
def test_every_example_is_in_order(osteon, example):
    code, out, _ = osteon("check", example)

    assert code == 0
    assert out.startswith(f"{example.name} is in order")


@pytest.mark.parametrize("bone", BONES)
def test_a_new_file_is_in_order_as_it_is(osteon, tmp_path, bone):
    code, out, err = osteon("new", bone, "--out", tmp_path / "case.toml")

    assert (code, out, err) == (0, "", "")
    assert osteon("check", tmp_path / "case.toml")[0] == 0
    assert read_case(tmp_path / "case.toml").joints[0].site == BONES[bone]


@pytest.mark.parametrize("bone", BONES)
def test_a_new_file_asks_every_finding_of_its_bone_once(bone):
    names = re.findall(r"^# ([a-z0-9_]+) = ", case_template(bone), re.M)
    wanted = {name for name, d in vocabulary().items() if d.scope == "patient" or BONES[bone] in d.sites}

    assert wanted - {"site"} <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("bone", BONES)
def test_a_new_file_stays_in_order_when_its_examples_are_filled_in(bone):
    filled = re.sub(r"^# ([a-z0-9_]+ = (?:true|\[\]|\".*?\")) .*$", r"\1", case_template(bone), flags=re.M)
    content = tomllib.loads(filled)

    assert len(content["joint"][0]) > 10


def test_a_new_file_is_printed_and_readable_by_its_owner_alone(osteon, tmp_path):
    osteon("new", "hip", "--out", tmp_path / "case.toml")

    assert osteon("new", "hip")[1] == (tmp_path / "case.toml").read_text()
    assert (tmp_path / "case.toml").stat().st_mode & 0o777 == 0o600


def test_a_new_file_never_replaces_an_old_one(osteon, tmp_path):
    (tmp_path / "case.toml").write_text("mine")

    code, _, err = osteon("new", "hip", "--out", tmp_path / "case.toml")

    assert (code, (tmp_path / "case.toml").read_text()) == (2, "mine")
    assert "exists already. Choose another name, or remove it first." in err


def test_a_bone_without_a_template_is_told(osteon):
    assert osteon("new", "elbow") == (
        2,
        "",
        "new has 1 fault\n  elbow: is not a bone Osteon has a template for. "
        "Use hip, shoulder, knee, ankle, lunate, scaphoid, other.\n",
    )


@pytest.mark.parametrize("name", ["none/case.toml", "a" * 300 + ".toml"], ids=["no folder", "long name"])
def test_a_new_file_that_cannot_be_written_is_told(osteon, tmp_path, name):
    code, _, err = osteon("new", "hip", "--out", tmp_path / name)

    assert code == 2
    assert "cannot be written" in err


# ---------------------------------------------------------------------------------------- findings, show, schema


def test_every_finding_is_listed(osteon):
    code, out, _ = osteon("findings")

    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(vocabulary())
    assert "depression_mm  [joint, quantity]" in out


@pytest.mark.parametrize(
    ("word", "listed"),
    [("crescent", ["crescent_sign", "crescent_extent_percent"]), ("birth", ["birth_date"]), ("nothing like it", [])],
)
def test_findings_are_found_by_a_word(osteon, word, listed):
    assert [line.split()[0] for line in osteon("findings", word)[1].splitlines()] == listed


def test_findings_are_found_by_their_group(osteon):
    _, out, _ = osteon("findings", "lesion")

    assert "modified_kerboul_deg" in out


@pytest.mark.parametrize(("kind", "name"), EVERY_RECORD)
def test_every_record_can_be_shown(osteon, kind, name):
    code, out, err = osteon("show", kind, name)

    assert (code, err) == (0, "")
    assert KINDS[kind][name].name.split()[0].lower() in out.lower()
    assert len(out.splitlines()) > 5


@pytest.mark.parametrize("name", ["yoon2020", "review2025"])
def test_a_source_can_be_shown(osteon, name):
    code, out, _ = osteon("show", "source", name)

    assert code == 0
    assert knowledge().sources[name].link in out.replace("\n", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "treatment", "aspirin"], "aspirin: is not a treatment. There are "),
        (["show", "treatment"], "is not a treatment. There are "),
        (["show", "drug", "alendronate"], "drug: is not a kind of record. Use treatment, staging"),
    ],
    ids=str,
)
def test_a_record_that_is_not_there_is_told_with_those_that_are(osteon, words, said):
    code, out, err = osteon(*words)

    assert (code, out) == (2, "")
    assert said in err


def test_the_schema_of_a_plan_is_json(osteon):
    code, out, _ = osteon("schema", "plan")

    assert code == 0
    assert json.loads(out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_knowledge_is_proved(osteon):
    code, out, _ = osteon("knowledge", "check")

    assert code == 0
    assert "staging systems proved over" in out
    assert "Faults: none" in out


def test_a_knowledge_with_a_fault_ends_with_1(osteon, monkeypatch):
    record = knowledge().staging["arco_2019"]
    broken = type(record)(**{f: getattr(record, f) for f in record.__slots__} | {"gap": ()})
    monkeypatch.setitem(knowledge().staging, "arco_2019", broken)

    code, out, _ = osteon("knowledge", "check")

    assert code == 1
    assert prove(broken).faults[0] in out


# ------------------------------------------------------------------------------------------------------- shell


@pytest.mark.parametrize("command", ["findings", f"plan {DEMO}", f"plan {DEMO} --json", "show treatment alendronate"])
def test_a_reader_that_goes_away_is_no_accident(command):
    done = in_a_shell(f"osteon {command} | true")

    assert done.stderr == b""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
def test_a_plan_is_utf_8_whatever_the_pipe_was_set_to(encoding):
    done = in_a_shell(f"osteon plan {DEMO}", PYTHONIOENCODING=encoding)

    assert (done.returncode, done.stderr) == (0, b"")
    assert "→" in done.stdout.decode("utf-8")


def test_errors_go_where_errors_go():
    done = in_a_shell("osteon check none.toml")

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == (
        b"none.toml has 1 fault\n  cannot be read: No such file or directory. Check the path and its permissions.\n"
    )


def test_a_file_with_a_wild_name_does_not_reach_the_terminal(tmp_path):
    (tmp_path / "red\x1b[31m.toml").write_text("")

    done = in_a_shell(f"osteon check {tmp_path}/*.toml")

    assert (done.returncode, done.stderr) == (
        2,
        b"red\\x1b[31m.toml has 1 fault\n  is empty. `osteon new hip` writes a template to start from.\n",
    )


def test_help_starts_without_the_heavy_parts():
    code = (
        "import sys, osteon.cli\nheavy = {'weasyprint', 'jinja2', 'ruamel'} & set(sys.modules)\nsys.exit(bool(heavy))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


RECORD = str(EXAMPLES / "fhir" / "fictional_hip.json")


def test_a_fhir_record_is_planned_like_a_case(osteon):
    code, out, err = osteon("plan", RECORD, "--as-of", "2026-06-01")

    assert (code, err) == (0, "")
    assert "RIGHT FEMORAL HEAD\n  ARCO 2019 (revised): II\n" in out


def test_checking_a_fhir_record_names_what_was_read_and_what_was_not(osteon):
    code, out, _ = osteon("check", RECORD, "--as-of", "2026-06-01")

    assert code == 0
    assert "  steroid_current yes: MedicationRequest/prednisone (2025-11-20)\n" in out
    assert "its verificationStatus is refuted (Condition/sickle-cell-excluded)" in out


def test_images_do_not_go_with_a_fhir_record_and_are_not_opened(osteon, tmp_path):
    code, out, err = osteon("plan", RECORD, "--images", str(tmp_path / "none"))

    assert (code, out) == (2, "")
    assert "--images: adds to a case file" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plan", DEMO, "--as-of", "2026-06-01"], "--as-of: is for FHIR records"),
        (["plan", RECORD, "--as-of", "1 June"], "is not a day. Write it as year-month-day."),
    ],
)
def test_a_day_is_for_records_and_written_as_one(osteon, words, said):
    code, _, err = osteon(*words)

    assert code == 2
    assert said in " ".join(err.split())
