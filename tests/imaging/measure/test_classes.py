"""Classes at their borders, and what the tables of conventions promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osteon.case.vocabulary import vocabulary
from osteon.imaging.measure.interval import ORDERS, interval_of
from osteon.imaging.measure.jic import Sector, degrees_to_next, jic_type, next_type_text
from osteon.imaging.measure.place import cjfh_type
from osteon.imaging.measure.settings import border_text, class_of, convention_text, setting_text, settings
from osteon.knowledge import knowledge

TABLE = settings()


@pytest.mark.parametrize(
    ("angle", "grade"), [(199.9, "1"), (200, "2"), (249.9, "2"), (250, "3"), (299.9, "3"), (300, "4")]
)
def test_grades_of_the_modified_kerboul_angle_begin_at_their_border(angle, grade):
    assert class_of("kerboul_grade", angle) == grade


@pytest.mark.parametrize(("angle", "band"), [(190, "low"), (190.1, "moderate"), (239.9, "moderate"), (240, "high")])
def test_risk_bands_hold_190_in_low_and_240_in_high(angle, band):
    assert class_of("kerboul_risk", angle) == band


def test_the_border_says_how_far_and_on_which_side():
    assert border_text("steinberg_size", 31.5) == "1.5 % above B/C at 30 %"
    assert border_text("kerboul_grade", 240.0) == "10.0 deg below 2/3 at 250 deg"


@given(st.floats(0, 100), st.floats(0, 100))
def test_a_larger_part_is_never_a_smaller_class(a, b):
    small, large = sorted((a, b))

    assert class_of("steinberg_size", small) <= class_of("steinberg_size", large)


@given(st.floats(-60, -20), st.floats(40, 100), st.floats(-90, 120))
def test_degrees_to_the_next_type_lead_to_another_type(medial, extent, lesion):
    sector = Sector(medial, medial + extent, lesion)
    away = degrees_to_next(sector) + 0.01

    there = {jic_type(Sector(medial, medial + extent, lesion + step), "jic_2002_borders") for step in (-away, away)}

    assert there - {jic_type(sector, "jic_2002_borders")}


@pytest.mark.parametrize(("third", "types"), [(1, ("A", "B")), (2, ("B", "C1"))])
def test_exact_thirds_belong_to_different_types_in_the_two_texts(third, types):
    sector = Sector(-30.0, 30.0, -30.0 + 20 * third)

    assert (jic_type(sector, "jic_2002_borders"), jic_type(sector, "jic_2022_borders")) == types
    assert next_type_text(sector).startswith("0.0 deg")


def test_a_lesion_outside_the_weight_bearing_surface_is_type_a():
    assert jic_type(Sector(-30.0, 30.0, None), "jic_2022_borders") == "A"


@pytest.mark.parametrize(
    ("percent", "covered", "type_"),
    [
        ((0, 0, 0), (), "none"),
        ((40, 0, 0), (), "M"),
        ((40, 20, 3), (), "C"),
        ((40, 60, 20), (), "L1"),
        ((40, 60, 80), ("lateral",), "L2"),
        ((90, 95, 80), ("medial", "central", "lateral"), "L3"),
    ],
)
def test_cjfh_types_follow_the_pillars(percent, covered, type_):
    names = ("medial", "central", "lateral")

    found = cjfh_type(dict(zip(names, percent, strict=True)), {name: name in covered for name in names})

    assert found == type_


def test_words_and_numbers_and_points_have_their_intervals():
    # 21 readings: one at either end is left out, and the plain value always lies within.
    assert interval_of("steinberg_size", "B", ["A"] * 2 + ["B"] * 18) == ("A", "B")
    assert interval_of("steinberg_size", "B", ["C"] * 10 + ["B"] * 10) == ("B", "C")
    assert interval_of("lesion_volume_ml", 5.0, list(range(20))) == (1.0, 18.0)
    assert interval_of("lesion_volume_ml", 30.0, list(range(20))) == (1.0, 30.0)
    assert interval_of("head_center_mm", (0.0, 0.0), [(1.0, -1.0)] * 20) == ((0.0, -1.0), (1.0, 0.0))
    assert interval_of("jic_type", "unknown", ["A"]) is None


@pytest.mark.parametrize("name", TABLE["measurement"])
def test_every_measurement_names_conventions_and_settings_that_are_explained(name):
    row = TABLE["measurement"][name]
    named = [setting for setting in row.get("settings", ()) if setting != "roof"]

    assert all(convention_text(convention).endswith(".") for convention in row["conventions"])
    assert all(setting_text(setting).endswith(".") for setting in named)
    assert row["conventions"]


def test_every_convention_is_used_and_says_where_it_comes_from():
    sources = {*knowledge().sources, *TABLE["citation"]}
    used = {convention for row in TABLE["measurement"].values() for convention in row["conventions"]}

    assert used == set(TABLE["convention"])
    assert {key for row in TABLE["convention"].values() for key in row["source"]} <= sources
    assert {row["status"] for row in TABLE["convention"].values()} <= {"read", "restated", "derived", "unverified"}


@pytest.mark.parametrize("finding", TABLE["finding"])
def test_every_filled_finding_is_known_and_has_the_measurements_unit(finding):
    row, definition = TABLE["finding"][finding], vocabulary()[finding]
    unit = TABLE["measurement"][row["measurement"]]["unit"]

    assert row["convention"] in TABLE["measurement"][row["measurement"]]["conventions"]
    assert definition.unit in (unit, None)
    assert (definition.kind == "yes_no") == ("above" in row)
    assert (definition.kind == "choice") == ("choice" in row)


def test_choices_of_a_finding_are_those_of_the_vocabulary():
    row = TABLE["finding"]["lateral_pillar"]

    assert set(row["choice"].values()) == set(vocabulary()["lateral_pillar"].choices)
    assert set(row["choice"]) == set(ORDERS["cjfh_type"])


def test_every_word_that_is_measured_has_an_order():
    words = {name for name, row in TABLE["measurement"].items() if not row["unit"]}

    assert words == set(ORDERS)


def test_preserved_angles_are_read_on_radiographs_and_not_filled():
    assert not [name for name in TABLE["finding"] if "preserved" in name]


def test_the_index_of_necrotic_extent_declares_its_formula(capped, record):
    index = record(capped, "necrotic_extent_index")
    arcs = [record(capped, f"kerboul_{plane}_deg", "mid_planes").value for plane in ("coronal", "sagittal")]

    assert index.value == pytest.approx(100 * np.prod(arcs) / 180**2)
    assert index.settings == ("extent_index_formula",)
