"""What a reader meets in a real browser: the reports that `osteon plan` writes, and the pages of the evidence.

`OSTEON_SCREENSHOTS` names a folder for pictures of every page, to be compared by eye; without it none are taken.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
REPORTS = {
    "both_hips": ["demo_hip.toml"],
    "both_hips_for_the_patient": ["demo_hip.toml", "--for", "patient"],
    "shoulder_socket": ["e8_glenoid.yaml"],
    "talus": ["e9_talus.json"],
}
EVIDENCE = {
    "evidence_index": "index.html",
    "evidence_comparison": "msc-versus-core-decompression.html",
    "evidence_modality": "modality-tantalum.html",
    "evidence_without_numbers": "vascularised-fibula-versus-core-decompression.html",
}

FAULTY_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title></title>
<style>a:focus { outline: none }</style><script src="https://example.org/x.js"></script></head>
<body><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><div style="width: 900px">wide</div>
<p><a href="#there">a link</a></p><p id="there"></p>
<details><summary onkeydown="event.preventDefault()">Reasons</summary><p>Hidden words.</p></details>
<script>there.textContent = "written by a script"; throw new Error("broken")</script></body></html>
"""

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]


def audit(pages: list[Path]) -> list[dict[str, Any]]:
    """What `audit.mjs` found in each page, in their order; pictures only where a folder is named for them."""
    folder = os.environ.get("OSTEON_SCREENSHOTS")
    pictures = ["--screenshots", folder] if folder else []
    command = ["node", str(HERE / "audit.mjs"), *pictures, *map(str, pages)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def write_report(name: str, folder: Path) -> Path:
    """One HTML report, made by the command line as a user would."""
    page = folder / f"{name}.html"
    example, *options = REPORTS[name]
    command = [sys.executable, "-m", "osteon", "plan", str(ROOT / "examples" / example), *options]
    done = subprocess.run([*command, "--report", str(page)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return page


def write_evidence(folder: Path) -> list[Path]:
    """One page of the evidence of each kind, made by the command line as a user would."""
    command = [sys.executable, "-m", "osteon", "evidence", "pages", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return [folder / page for page in EVIDENCE.values()]


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The audit of every page, by its name."""
    folder = tmp_path_factory.mktemp("reports")
    pages = [*(write_report(name, folder) for name in REPORTS), *write_evidence(folder / "evidence")]
    return dict(zip([*REPORTS, *EVIDENCE], audit(pages), strict=True))


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The audit of a page with one fault of each kind."""
    folder = tmp_path_factory.mktemp("faulty")
    page = folder / "faulty.html"
    page.write_text(FAULTY_PAGE, encoding="utf-8")
    return audit([page])[0]


@pytest.fixture(params=[*REPORTS, *EVIDENCE])
def found(request: pytest.FixtureRequest, audits: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The audit of one page."""
    return audits[request.param]


def test_axe_finds_no_violation(found):
    assert found["axe"] == []


def test_the_page_does_not_scroll_sideways_at_320_px(found):
    assert found["sideways_px"] == 0


def test_the_console_stays_empty(found):
    assert found["console_errors"] == []


def test_nothing_is_fetched_from_another_host(found):
    assert found["foreign_requests"] == []


def test_tab_reaches_every_control(found):
    assert found["keyboard"]["unreached"] == []


def test_the_focus_is_always_seen(found):
    assert found["keyboard"]["unseen"] == []


def test_enter_opens_and_closes_every_summary(found):
    assert found["keyboard"]["stuck"] == []


def test_the_text_is_the_same_without_javascript(found):
    text = found["without_script"]["text"]
    assert text["without"] == text["with"] > 0


def test_as_much_is_seen_without_javascript(found):
    visible = found["without_script"]["visible"]
    assert visible["without"] == visible["with"] > 0


def test_nothing_vanishes_on_paper(found):
    assert found["vanishes_on_paper"] == []


def test_the_audit_sees_every_kind_of_fault(faulty):
    assert {"document-title", "html-has-lang", "image-alt"} <= {violation["rule"] for violation in faulty["axe"]}
    assert faulty["sideways_px"] > 0
    assert "Error: broken" in faulty["console_errors"]
    assert faulty["foreign_requests"] == ["https://example.org/x.js"]
    assert faulty["keyboard"]["unseen"] == ['a "a link" #1']
    assert faulty["keyboard"]["stuck"] == ['summary "Reasons" #2']
    assert faulty["without_script"]["text"]["without"] < faulty["without_script"]["text"]["with"]
    assert faulty["vanishes_on_paper"] == ["Reasons"]
