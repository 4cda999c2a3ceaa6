"""What the manual promises, tried: commands and Python run, generated pages are current, links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("docs/how-to/*.md"))]
# Its commands make and measure a phantom, which takes long: tests/test_imaging_cli.py runs them and looks at the results.
RUN_ELSEWHERE = ROOT / "docs/how-to/measure-images.md"
MANUAL = [*PAGES, *sorted(ROOT.glob("docs/explanation/*.md")), *sorted(ROOT.glob("docs/decisions/*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^[ ]*```{language}\n(.*?)^[ ]*```", page.read_text(encoding="utf-8"), re.S | re.M)


def commands(page: Path) -> list[str]:
    lines = [line.strip() for block in blocks(page, "sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith("osteon ")]


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words, _, target = line.partition(" > ")
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(words)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    (folder / (target.strip() or "output.txt")).write_text(done.stdout, encoding="utf-8")
    return done


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder as a reader of the manual has it: the examples, and the tutorial's case under another name."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if page != RUN_ELSEWHERE], ids=lambda page: page.stem)
def test_every_command_of_a_page_runs(page: Path, workplace: Path) -> None:
    case = blocks(ROOT / "docs/tutorial.md", "toml")[0]

    results = []
    for line in commands(page):
        results.append((line, run(line, workplace).returncode))
        (workplace / "case.toml").write_text(case, encoding="utf-8")

    assert [line for line, code in results if code] == []


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.stem)
def test_the_python_of_a_page_runs(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile("\n".join(blocks(page, "python")), str(page), "exec"), {})

    assert "Traceback" not in capsys.readouterr().err


def test_the_generated_pages_are_current() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs/generate.py", "--check"], capture_output=True, text=True, check=False
    )

    assert done.stdout == ""


@pytest.mark.parametrize("page", MANUAL, ids=lambda page: page.stem)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []
