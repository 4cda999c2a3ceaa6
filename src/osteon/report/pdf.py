"""The page as PDF, made by WeasyPrint from the same HTML."""

from __future__ import annotations

from osteon.errors import OsteonError

INSTALL = (
    "The PDF needs Pango and HarfBuzz, which are missing here: on Debian or Ubuntu run, as root, "
    "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0, or print the HTML report from a browser."
)


def render_pdf(html: str) -> bytes:
    """The page of `render_html` as PDF on A4, with every fold open.

    Raises
    ------
    OsteonError
        When WeasyPrint or a library of the system is missing; the one line says what to install.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError):  # OSError: WeasyPrint is there, Pango is not
        raise OsteonError(INSTALL) from None
    within = URLFetcher(allowed_protocols=("data",))  # the page holds all it needs: no other address is ever opened
    return bytes(HTML(string=opened(html), url_fetcher=within).write_pdf())


def opened(html: str) -> str:
    """The page with every fold open; text from the case holds no tag, because the templates escape it."""
    return html.replace("<details", "<details open")
