"""Whether every code that Osteon writes is the one it says, and every private one can be told from the others."""

from pathlib import Path

import pytest

from osteon.case.toml_files import read_own
from osteon.imaging import write
from osteon.imaging.write.codes import measurement_code, method_code, side_of_label, table, unit_code, word_code

STANDARD = ("SCT", "DCM", "LN")


def coded_lists(node):
    """Every [value, scheme, meaning] below a node of the table."""
    if isinstance(node, list) and len(node) == 3 and all(isinstance(each, str) for each in node):
        return [tuple(node)]
    children = node.values() if isinstance(node, dict) else []
    return [found for child in children for found in coded_lists(child)]


def standard_codes():
    entries = table()["measurement"].values()
    return sorted(
        {*coded_lists(dict(table())), *[(e["code"], e["scheme"], e["meaning"]) for e in entries if "scheme" in e]}
    )


@pytest.mark.parametrize("entry", standard_codes(), ids=lambda e: e[2])
def test_a_standard_code_means_what_pydicoms_lists_say(entry):
    from pydicom.sr._concepts_dict import concepts

    value, scheme, meaning = entry
    assert scheme in STANDARD
    if value == "397758007":  # not among DICOM's own; read in the Belgian value set that codes.toml names
        assert meaning == "Avascular necrosis of bone"
        return
    meanings = [codes[value][0].lower() for codes in concepts[scheme].values() if value in codes]
    assert meaning.lower() in meanings


def private_codes():
    """Value and meaning of every private code."""
    rows = [(e["code"], e["meaning"]) for e in table()["measurement"].values() if "scheme" not in e]
    methods = [(e["code"], e["meaning"]) for e in table()["method"].values()]
    words = [
        (code, f"{e['meaning'].split(' with ')[0]}: {word}")
        for e in table()["measurement"].values()
        for word, code in e.get("words", {}).items()
    ]
    return rows + methods + words


def test_a_private_code_has_one_meaning_and_fits_every_reader():
    meanings = {}
    for value, meaning in private_codes():
        assert meanings.setdefault(value, meaning) == meaning
    assert max(len(value) for value in meanings) <= 16
    assert max(len(meaning) for meaning in meanings.values()) <= 64


def test_every_measurement_and_convention_of_osteon_has_a_code():
    settings = read_own(Path(write.__file__).parents[1] / "measure" / "settings.toml")
    assert set(settings["measurement"]) - set(table()["measurement"]) == set()
    assert set(settings["convention"]) - set(table()["method"]) == set()


def test_what_has_no_code_is_still_told():
    assert (measurement_code("brand_new_deg").value, measurement_code("brand_new_deg").meaning) == (
        "brand_new_deg",
        "brand new deg",
    )
    assert method_code("a sentence") is None
    assert word_code("jic_type", "D") is None
    assert (unit_code("").value, unit_code("cm").meaning) == ("1", "cm")


def test_a_label_names_a_side_only_as_a_word():
    assert [side_of_label(label) for label in ("femur_left", "hip_right", "leftover", "lesion")] == [
        "left",
        "right",
        None,
        None,
    ]
