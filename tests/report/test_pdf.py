"""The PDF: A4, every fold open, and one line of help where it cannot be made."""

import base64
import builtins
import re
import zlib

import pytest

from osteon.errors import OsteonError
from osteon.report.html import render_html
from osteon.report.pdf import opened, render_pdf

# A picture of one grey point.
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="


def unpacked(pdf):
    """The objects of a PDF as text, out of its compressed streams."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S)
    return pdf + b"".join(zlib.decompressobj().decompress(s) for s in streams if s[:1] == b"\x78")


@pytest.fixture
def without_pango(monkeypatch):
    """A machine where WeasyPrint is installed and Pango is not."""
    imported = builtins.__import__

    def refusing(name, *rest):
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return imported(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refusing)


def test_without_pango_one_line_says_what_to_install(without_pango):
    with pytest.raises(OsteonError, match=r"apt-get install libpango-1\.0-0") as raised:
        render_pdf("<p>a page</p>")
    assert "\n" not in str(raised.value)


def test_every_fold_is_open_in_print(demo):
    html = render_html(demo)
    assert opened(html).count("<details open") == html.count("<details") > 0


@pytest.mark.slow
def test_a_picture_in_the_page_is_printed_and_one_beside_it_is_not_opened(tmp_path):
    pytest.importorskip("weasyprint", exc_type=OSError)
    (tmp_path / "beside.png").write_bytes(base64.b64decode(DOT))

    within = render_pdf(f'<p><img src="data:image/png;base64,{DOT}" alt=""></p>')
    beside = render_pdf(f'<p><img src="{(tmp_path / "beside.png").as_uri()}" alt="none"></p>')

    assert b"/Subtype /Image" in unpacked(within)
    assert b"/Subtype /Image" not in unpacked(beside)


@pytest.mark.slow
def test_a_page_becomes_a_pdf_on_a4(planned):
    pytest.importorskip("weasyprint", exc_type=OSError)
    made = planned({"joint": [{"site": "lunate", "side": "left", "reported_lichtman": "II"}]})
    pdf = render_pdf(render_html(made))
    assert pdf.startswith(b"%PDF-")
    assert b"/MediaBox [0 0 595.2" in unpacked(pdf)  # 210 mm in points
