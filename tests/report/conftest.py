"""A page read back: its elements, in order, as the standard library's parser sees them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from osteon.case import read_case
from osteon.case.parse import FORMATS
from osteon.planning import Plan, plan
from osteon.report.html import render_html

EXAMPLES = Path(__file__).parents[2] / "examples"
VOID = ("meta", "br", "link", "img", "input", "hr")
HOSTILE = "<script>alert('x')</script><img src=x onerror=y>\" ' & {{ 7 * 7 }} {% raw %} </title></style><details open>"


class Page(HTMLParser):
    """Elements with their attributes, the text of each element, and whether all of them were closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[tuple[str, list[str]]] = []
        self.badly_nested: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append((tag, []))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            self.badly_nested.append(tag)
            return
        _, text = self.open.pop()
        self.texts.append((tag, " ".join("".join(text).split())))

    def handle_data(self, data: str) -> None:
        for _, text in self.open:
            text.append(data)

    def attributes(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.elements if name == tag]

    def text_of(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]

    @property
    def text(self) -> str:
        return self.text_of("body")[0]

    @property
    def ids(self) -> list[str]:
        return [attrs["id"] for _, attrs in self.elements if "id" in attrs]

    @property
    def dead_links(self) -> set[str]:
        """Links within the page that lead nowhere."""
        targets = {attrs["href"][1:] for attrs in self.attributes("a") if attrs["href"].startswith("#")}
        return targets - set(self.ids)

    @property
    def missing_labels(self) -> set[str]:
        """Elements named as labels that are not on the page."""
        named = [attrs["aria-labelledby"].split() for _, attrs in self.elements if "aria-labelledby" in attrs]
        return {name for names in named for name in names} - set(self.ids)

    @property
    def jumps(self) -> list[tuple[int, int]]:
        """Places where a heading is more than one level below the one before."""
        levels = [int(tag[1]) for tag, _ in self.elements if re.fullmatch("h[1-6]", tag)]
        return [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1]

    @property
    def loads(self) -> list[str]:
        """Everything the page would fetch by itself."""
        asked = [
            attrs[name] for _, attrs in self.elements for name in ("src", "srcset", "data", "poster") if name in attrs
        ]
        styles = re.findall(r"@import[^;]*|url\((?!#)[^)]*\)", self.html)
        return asked + styles + [attrs.get("href", "") for attrs in self.attributes("link")]

    @property
    def bare_headers(self) -> list[dict[str, str]]:
        """Header cells without a scope."""
        return [attrs for attrs in self.attributes("th") if "scope" not in attrs]


@pytest.fixture(scope="session")
def planned() -> Callable[[Mapping[str, Any] | str], Plan]:
    """The plan of an example by its file name, or of a case as a mapping."""
    return lambda case: plan(read_case(EXAMPLES / case if isinstance(case, str) else case))


@pytest.fixture(scope="session")
def read() -> Callable[..., Page]:
    """A plan's page for one audience, read back."""
    return lambda made, audience="clinician": Page(render_html(made, audience))


@pytest.fixture(scope="session")
def demo(planned) -> Plan:
    return planned("demo_hip.toml")


@pytest.fixture(scope="session", params=sorted(path.name for path in EXAMPLES.iterdir() if path.suffix in FORMATS))
def example(request: pytest.FixtureRequest) -> str:
    """The name of every example, one after the other."""
    return request.param


@pytest.fixture(params=["clinician", "patient"])
def hostile(request: pytest.FixtureRequest, planned, read) -> Page:
    """A page of a case whose every free text tries to break out of it."""
    joint = {"site": "femoral_head", "side": "left", "lesion_fraction_percent": {"value": 22, "source": HOSTILE}}
    return read(planned({"title": HOSTILE, "source": HOSTILE, "joint": [joint]}), request.param)


@pytest.fixture(scope="session", params=["clinician", "patient"])
def page(request: pytest.FixtureRequest, demo: Plan) -> Page:
    """The page of the demonstration patient, for one audience after the other."""
    return Page(render_html(demo, request.param))


@pytest.fixture(scope="session")
def clinician(demo: Plan) -> Page:
    return Page(render_html(demo))


@pytest.fixture(scope="session")
def patient(demo: Plan) -> Page:
    return Page(render_html(demo, "patient"))


@pytest.fixture(scope="session")
def page_of() -> Callable[[str], Page]:
    """Any HTML text, read back."""
    return Page
