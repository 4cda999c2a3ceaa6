"""By which conventions and named settings is measured?"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


@cache
def settings() -> Mapping[str, Any]:
    """The tables of settings.toml: what every measured number means.

    Examples
    --------
    >>> settings()["measurement"]["modified_kerboul_deg"]["conventions"]
    ['mid_planes', 'greatest_extension']
    """
    return tomllib.loads(Path(__file__).with_name("settings.toml").read_text("utf-8"))


def convention_text(convention: str) -> str:
    """One sentence that says how a number was measured.

    Examples
    --------
    >>> convention_text("smallest")
    'The smallest distance found.'
    """
    return str(settings()["convention"][convention]["text"])


def setting_text(setting: str) -> str:
    """What a named setting assumes that no source confirms."""
    return str(settings()["setting"][setting]["text"])


def class_of(name: str, value: float) -> str:
    """The class that a number falls into.

    Parameters
    ----------
    name
        A table of `classes`: steinberg_size, kerboul_grade or kerboul_risk.
    value
        In the unit of that table.

    Examples
    --------
    >>> [class_of("steinberg_size", percent) for percent in (14.9, 15.0, 30.0, 30.1)]
    ['A', 'B', 'B', 'C']
    """
    table = settings()["classes"][name]
    passed = [
        value > border or (value == border and side == "upper")
        for border, side in zip(table["borders"], table["at_border"], strict=True)
    ]
    return str(table["labels"][sum(passed)])


def border_text(name: str, value: float) -> str:
    """How far the nearest other class lies.

    Examples
    --------
    >>> border_text("steinberg_size", 27.9)
    '2.1 % below B/C at 30 %'
    """
    table = settings()["classes"][name]
    nearest = min(range(len(table["borders"])), key=lambda k: abs(value - table["borders"][k]))
    border, pair = table["borders"][nearest], "/".join(table["labels"][nearest : nearest + 2])
    place = "below" if value < border else "above"
    return f"{abs(value - border):.1f} {table['unit']} {place} {pair} at {border:g} {table['unit']}"
