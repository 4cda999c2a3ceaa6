"""What the commands about FHIR write, and what they refuse."""

import base64
import json

import pytest
import typer

from osteon.errors import InputError
from osteon.fhir_cli import add_commands, write_fhir


@pytest.fixture
def knowledge_app():
    app = typer.Typer()
    app.callback()(lambda: None)
    add_commands(app)
    return app


def test_the_knowledge_is_written_into_a_new_folder(knowledge_app, tmp_path, capsys):
    knowledge_app(["fhir", "--out", str(tmp_path / "fhir")], standalone_mode=False)

    files = {path.name: path.read_text("utf-8").count("\n") for path in (tmp_path / "fhir").iterdir()}
    told = dict(line.split(": ") for line in capsys.readouterr().out.splitlines())
    assert {name: str(lines) for name, lines in files.items()} == told


def test_a_folder_that_holds_something_is_left_as_it_is(knowledge_app, tmp_path):
    (tmp_path / "mine").write_text("kept")

    with pytest.raises(InputError):
        knowledge_app(["fhir", "--out", str(tmp_path)], standalone_mode=False)

    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_plan_is_written_with_its_report(planned, of_type, tmp_path):
    report = tmp_path / "plan.html"
    report.write_bytes(b"<p>report</p>")

    write_fhir(planned("navicular.toml"), tmp_path / "plan.json", reports=[report])

    written = json.loads((tmp_path / "plan.json").read_text("utf-8"))
    attachment = of_type(written, "DocumentReference")[0]["content"][0]["attachment"]
    assert base64.b64decode(attachment["data"]) == b"<p>report</p>"


def test_a_name_that_is_not_json_is_refused_before_anything_is_written(planned, tmp_path):
    with pytest.raises(InputError, match=r"must end in \.json"):
        write_fhir(planned("navicular.toml"), tmp_path / "plan.xml")

    assert list(tmp_path.iterdir()) == []
