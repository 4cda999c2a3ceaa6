"""Which code says in a DICOM object what Osteon says in words?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osteon.anatomy import Side
from osteon.case.toml_files import read_own

if TYPE_CHECKING:
    from pydicom.sr.coding import Code

LONGEST_CODE = 16  # characters of Code Value; what is longer goes into Long Code Value, which older readers skip
LONGEST_MEANING = 64

SIDES: tuple[Side, Side] = ("left", "right")


@cache
def table() -> Mapping[str, Any]:
    """All codes, as in codes.toml.

    Examples
    --------
    >>> table()["measurement"]["jic_type"]["words"]["C1"]
    'jic_c1'
    """
    return read_own(Path(__file__).with_name("codes.toml"))


def code(triple: Sequence[str]) -> Code:
    """Value, scheme and meaning as the library's code."""
    from pydicom.sr.coding import Code

    value, scheme, meaning = triple
    return Code(value, scheme, meaning[:LONGEST_MEANING])


def private(value: str, meaning: str) -> Code:
    """A code of Osteon's own scheme."""
    return code([value, str(table()["private"]["designator"]), meaning])


def measurement_code(name: str) -> Code:
    """The concept of a measurement; a name without a code becomes a private code itself.

    Examples
    --------
    >>> measurement_code("head_radius_mm").meaning, measurement_code("modified_kerboul_deg").value
    ('Radius', 'kerboul_modified')
    """
    entry = table()["measurement"].get(name)
    if entry is None:
        return private(name, name.replace("_", " "))
    return code([entry["code"], entry.get("scheme", table()["private"]["designator"]), entry["meaning"]])


def method_code(convention: str) -> Code | None:
    """The method that a convention is; None for one without a code, which is then told in words alone."""
    entry = table()["method"].get(convention)
    return private(entry["code"], entry["meaning"]) if entry else None


def word_code(name: str, word: str) -> Code | None:
    """The code of a word that a measurement may be, such as JIC type C1; None for another word."""
    entry = table()["measurement"].get(name, {})
    value = entry.get("words", {}).get(word)
    return private(value, f"{entry['meaning']}: {word}") if value else None


def unit_code(unit: str) -> Code:
    """A UCUM unit."""
    return code([unit or "1", "UCUM", table()["unit"].get(unit or "1", unit)])


def segment_codes(label: str) -> Mapping[str, Any]:
    """Category, type, site and colour of a segment, by the label of its mask without its side.

    Examples
    --------
    >>> segment_codes("femur_left")["type"][2], segment_codes("cyst")["type"][2]
    ('Femur', 'Tissue')
    """
    entries = table()["segment"]
    entry: Mapping[str, Any] = entries.get(without_side(label), entries["other"])
    return entry


def side_of_label(label: str) -> Side | None:
    """The side that a label names."""
    words = label.split("_")
    return next((side for side in SIDES if side in words), None)


def without_side(label: str) -> str:
    """A label without its side and its number.

    Examples
    --------
    >>> without_side("femur_left"), without_side("lesion_2")
    ('femur', 'lesion')
    """
    return re.sub(r"_(left|right|\d+)", "", label)
