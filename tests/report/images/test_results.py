"""Is everything that is promised written, shown with words, and free of what must not leave the house?"""

import csv
import io
import json
import re
import struct

import pytest

from osteon.report.images import (
    head_map_png,
    mid_plane_png,
    montage_png,
    report_pictures,
    result_files,
    rotation_png,
    tract_png,
    view_3d_png,
)
from osteon.report.images.canvas import DPI, PANEL_INCHES
from osteon.report.images.mid_planes import KEY_INCHES
from osteon.report.images.page import rests_on
from osteon.surgery import default_options, plan_operations


def size_of(png):
    """Width and height in pixels of a PNG file."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


@pytest.fixture(scope="module")
def plan(left):
    options = default_options(weight_bearing_deg=(-50.0, 35.0))
    return plan_operations(left.found.hip, left.found.femur, left.lesion.volume, left.found.pelvis, options)


@pytest.fixture(scope="module")
def files(left, plan):
    return result_files(left, plan)


@pytest.fixture(scope="module")
def page(files):
    return files["index.html"].decode()


def test_a_mid_plane_is_a_picture_of_the_stated_size(left):
    expected = (round(PANEL_INCHES * DPI), round((PANEL_INCHES + KEY_INCHES) * DPI))
    assert size_of(mid_plane_png(left, "mid-coronal")) == pytest.approx(expected, abs=1)


def test_the_same_hip_gives_the_same_bytes_without_a_date(left):
    first, again = mid_plane_png(left, "mid-sagittal"), mid_plane_png(left, "mid-sagittal")
    assert first == again
    assert not re.search(rb"tIME|Software|Creation", head_map_png(left))


@pytest.mark.parametrize("draw", [montage_png, head_map_png, view_3d_png])
@pytest.mark.parametrize("hip", ["right", "healthy"])
def test_every_hip_can_be_drawn(draw, hip, request):
    width, height = size_of(draw(request.getfixturevalue(hip)))
    assert width > 500
    assert height > 200


def test_collapse_is_drawn_on_the_map(left, sunken):
    assert head_map_png(sunken) != head_map_png(left)


def test_operations_can_be_drawn(left, plan):
    assert plan.core.feasible
    assert size_of(tract_png(left, plan.core)) == pytest.approx((2 * 612, 724), abs=1)
    assert [size_of(rotation_png(left, each))[0] for each in plan.rotations] == [1260] * 3


def test_pictures_for_a_plans_report_are_small_and_have_words(left):
    pictures = report_pictures(left)
    assert [len(each.png) < 150_000 for each in pictures] == [True] * 3
    assert all(each.alt.endswith(".") and each.caption.endswith(".") for each in pictures)
    assert "60°" in pictures[0].alt


def test_every_file_the_page_names_is_written(files, page):
    named = set(re.findall(r'(?:href|src)="([^"#]+)"', page))
    assert named
    assert named <= set(files)


def test_every_written_picture_table_mask_and_surface_is_named_on_the_page(files, page):
    named = set(re.findall(r'(?:href|src)="([^"#]+)"', page))
    inner = {name for name in files if name.startswith("viewer/")} | {"index.html"}
    assert set(files) - inner <= named


def test_every_picture_has_words_and_its_size(files, page):
    images = re.findall(r'<img src="([^"]+)" width="(\d+)" height="(\d+)" alt="([^"]+)">', page)
    assert len(images) == page.count("<img") == sum(name.startswith("figures/") for name in files)
    assert {(name, int(w), int(h)) for name, w, h, _ in images} == {
        (name, *size_of(files[name])) for name, *_ in images
    }


def test_the_page_has_no_script_and_asks_no_other_host(page):
    assert "<script" not in page
    assert not re.search(r"https?:|//[a-z]|url\(", page)


def test_the_page_says_for_research_and_who_marked_the_lesion(page):
    assert "For research" in page
    assert "The lesion was drawn by reader one." in page


def test_the_page_holds_no_path_and_no_text_from_headers(page):
    assert not re.search(r"/home|somebody|DOE|1950|k123", page)


def test_every_number_stands_on_the_page_with_interval_and_convention(page):
    assert '<span class="value">120°</span><span class="interval">118 to 122°</span>' in page
    assert "not confirmed by a source: acetabular edge" in page
    assert "2 % below a border" in page


def test_the_tables_hold_every_measurement(files, left):
    rows = list(csv.DictReader(io.StringIO(files["measurements.csv"].decode())))
    content = json.loads(files["measurements.json"])["measurements"]
    assert [row["name"] for row in rows] == [each["name"] for each in content] == [m.name for m in left.measurements]
    assert rows[1]["low"] == "118.0"


def test_without_dicom_no_dicom_is_written_and_nothing_is_said(files, page):
    assert not [name for name in files if name.startswith("dicom/")]
    assert "No DICOM objects" not in page


def test_a_hip_without_lesion_has_a_page_that_says_so(healthy):
    files = result_files(healthy)
    page = files["index.html"].decode()
    assert "No lesion is marked." in rests_on(healthy)
    assert "No lesion is marked." in page
    assert "surfaces/lesion.stl" not in files
    assert 'id="operations"' not in page
