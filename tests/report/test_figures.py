"""Figures: well-formed, whole, to scale, the same numbers as their tables, and the same bytes for the same data."""

import re
from dataclasses import replace
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osteon.errors import printable
from osteon.evidence.data import Counts, Estimate, Means, Rates, Single
from osteon.evidence.network import Edge
from osteon.evidence.pool import PooledEffect, StudyEffect
from osteon.prognosis.forecast import Point
from osteon.report.figures import (
    Node,
    OptionCurve,
    forecast_curves,
    forecast_table,
    forest_plot,
    forest_table,
    funnel_plot,
    funnel_table,
    icon_array,
    icon_array_with_key,
    icon_table,
    network_drawing,
    network_table,
)
from osteon.report.figures.axis import Scale, roomy, ticked, ticks
from osteon.report.figures.icon_array import steps
from osteon.report.figures.lettering import spread, width, wrapped

SVG = "{http://www.w3.org/2000/svg}"
BIAS = ("low", "some_concerns", "high", "")
HOSTILE = "<script>alert('x')</script>\" ' & </title></desc>\x00"
FOREST = {"risk_of_bias": {"A": "low"}, "favours": ("treatment", "control"), "title": "Collapse"}
EFFECT = PooledEffect(
    measure="RR", method="REML", ci="t", k=3, estimate=0.6, ci_low=0.4, ci_high=0.9, log_estimate=-0.5108, se=0.2,
    tau2=0.1, i2=40.0, i2_low=0.0, i2_high=80.0, q=3.4, df=2, p=0.03, prediction_low=0.2, prediction_high=1.8,
    studies=(
        StudyEffect("A", 0.5, 0.3, 0.83, 60.0, Counts("A", 6, 40, 12, 40)),
        StudyEffect("B", 0.8, 0.4, 1.6, 30.0, Counts("B", 8, 20, 10, 20)),
        StudyEffect("C", 0.2, 0.0005, 60.0, 10.0, Counts("C", 0, 9, 2, 9)),
    ),
    notes=("0.5 was added to the counts of studies with an empty cell: C.",),
)  # fmt: skip
CURVES = (
    OptionCurve("Observation", (Point(24, 0.61, 0.45, 0.75),), comparable=True),
    OptionCurve("Core decompression", (Point(60, 0.6, 0.5, 0.7),), comparable=True),
    OptionCurve("Fibular graft", (Point(60, 0.62, 0.5, 0.74),), comparable=False),
)
FORECAST = {"outcome": "keep their head", "title": "Forecast"}
NODES = (Node("a", "Alendronate", 400, 6), Node("b", "Observation", 100, 7), Node("c", "Shock waves", 50, 2))
EDGES = (Edge("a", "b", ("A", "B", "C", "D", "E", "F")), Edge("b", "c", ("A",)))


# ------------------------------------------------------------------------------------------------------- what is drawn


def read(svg):
    """The figure as a tree; fails where it is not well-formed."""
    return ElementTree.fromstring(svg)


def classed(svg, role):
    return [element for element in read(svg).iter() if element.get("class") == role]


def points(element):
    """The points of a path, or the corners of a rectangle or of the square around a circle."""
    if element.tag == f"{SVG}rect":
        x, y, w, h = (float(element.get(name)) for name in ("x", "y", "width", "height"))
        return [(x, y), (x + w, y + h)]
    if element.tag == f"{SVG}circle":
        x, y, r = (float(element.get(name)) for name in ("cx", "cy", "r"))
        return [(x - r, y - r), (x + r, y + r)]
    return [tuple(map(float, pair.split(","))) for pair in element.get("d").strip("MZ").split()]


def text_box(element):
    """The room of a text: left, right, and just below its tails."""
    x, size = float(element.get("x")), float(element.get("font-size"))
    room = width("".join(element.itertext()), size, bold=bool(element.get("font-weight")))
    start = {"middle": x - room / 2, "end": x - room}.get(element.get("text-anchor"), x)
    return start, start + room, float(element.get("y")) + 0.4 * size  # a tail reaches a quarter down


def drawn(svg, *tags):
    """The elements that a reader sees, each with how far its group is moved."""
    root = read(svg)
    for pattern in root.iter(f"{SVG}defs"):
        pattern.clear()
    group = root.find(f"{SVG}g")
    inside = [] if group is None else list(group.iter())
    moved = [] if group is None else [float(way) for way in re.findall(r"[-\d.]+", group.get("transform"))]
    named = [element for element in root.iter() if element.tag.removeprefix(SVG) in tags]
    return [(element, *(moved if element in inside else (0.0, 0.0))) for element in named]


def drawn_outside(svg):
    """Corners of marks and words that leave the picture, but for half the width of a line."""
    _, _, right, foot = map(float, read(svg).get("viewBox").split())
    corners = [(x + dx, y + dy) for mark, dx, dy in drawn(svg, "path", "rect", "circle") for x, y in points(mark)]
    texts = [(words, *text_box(words), dx, dy) for words, dx, dy in drawn(svg, "text")]
    corners += [(end + dx, y + dy) for _, *ends, y, dx, dy in texts for end in ends]
    return [(x, y) for x, y in corners if not (-2 <= x <= right + 2 and -2 <= y <= foot + 2)]


def overlaps(svg):
    """Pairs of words that cover each other."""
    boxes = [(*text_box(words), words.text) for words, _, _ in drawn(svg, "text") if words.text]
    return [
        (a[3], b[3]) for a, b in combinations(boxes, 2) if abs(a[2] - b[2]) < 8 and a[0] < b[1] - 1 and b[0] < a[1] - 1
    ]


def words(svg):
    return ["".join(element.itertext()) for element in read(svg).iter(f"{SVG}text")]


# -------------------------------------------------------------------------------------------------- effects of any kind

NAMES = st.text(min_size=1, max_size=30).filter(lambda name: name.strip())
POSITIVE = st.floats(1e-6, 1e6)
REAL = st.floats(-500, 500)
SHARE = st.floats(0, 1)
COUNT = st.integers(0, 400)
ROWS = {
    "RR": st.builds(Counts, NAMES, COUNT, COUNT, COUNT, COUNT),
    "HR": st.builds(Estimate, NAMES, REAL, POSITIVE),
    "IRR": st.builds(Rates, NAMES, COUNT, POSITIVE, COUNT, POSITIVE),
    "MD": st.builds(Means, NAMES, REAL, POSITIVE, COUNT, REAL, POSITIVE, COUNT),
    "RD": st.builds(Counts, NAMES, COUNT, COUNT, COUNT, COUNT),
    "PR": st.builds(Single, NAMES, COUNT, COUNT),
}
VALUES = {"RR": POSITIVE, "HR": POSITIVE, "IRR": POSITIVE, "MD": REAL, "RD": st.floats(-1, 1), "PR": SHARE}


@st.composite
def effects(draw):
    """A pooled effect of any measure with 1 to 8 studies; intervals hold their estimate, weights add up to 100."""
    measure = draw(st.sampled_from(sorted(ROWS)))
    rows = draw(st.lists(ROWS[measure], min_size=1, max_size=8, unique_by=lambda row: row.study))
    k = len(rows)
    weights = draw(st.lists(st.floats(0.01, 1), min_size=k, max_size=k))
    ends = [sorted(draw(st.tuples(*[VALUES[measure]] * 3))) for _ in range(k + 1)]
    spare = sorted(draw(st.tuples(VALUES[measure], VALUES[measure])))
    prediction = spare if draw(st.booleans()) else (None, None)
    studies = tuple(
        StudyEffect(row.study, middle, low, high, 100 * weight / sum(weights), row)
        for row, (low, middle, high), weight in zip(rows, ends, weights, strict=False)
    )
    low, middle, high = ends[-1]
    return replace(
        EFFECT, measure=measure, k=k, estimate=middle, ci_low=low, ci_high=high, studies=studies, df=k - 1,
        prediction_low=prediction[0], prediction_high=prediction[1],
    )  # fmt: skip


@given(effects(), st.lists(st.sampled_from(BIAS), max_size=8), st.text(max_size=30))
def test_every_forest_plot_is_well_formed_and_holds_all_it_draws(effect, bias, name):
    judged = dict(zip((study.study for study in effect.studies), bias, strict=False))
    svg = forest_plot(effect, risk_of_bias=judged, favours=(name, "control"), title=name, ident="t", arms=(name, "B"))
    assert drawn_outside(svg) == []


@given(effects())
def test_every_funnel_plot_is_well_formed_and_holds_all_it_draws(effect):
    assert drawn_outside(funnel_plot(effect, title="Collapse", ident="t")) == []


@given(effects())
def test_the_forest_plot_prints_the_words_of_its_table(effect):
    svg = forest_plot(effect, **FOREST, ident="t")
    cells = {cell for row in forest_table(effect, **FOREST).rows for cell in row[:-1]}
    assert {printable(cell) for cell in cells} <= {*words(svg), ""}


# ----------------------------------------------------------------------------------------------------------- all figures

FIGURES = {
    "forest": lambda ident="t": forest_plot(EFFECT, **FOREST, ident=ident),
    "funnel": lambda ident="t": funnel_plot(EFFECT, title="Collapse", ident=ident),
    "network": lambda ident="t": network_drawing(NODES, EDGES, title="Collapse", ident=ident),
    "icons": lambda ident="t": icon_array(62, 45, 78, "keep their head", ident=ident),
    "icons with key": lambda ident="t": icon_array_with_key(62, 45, 78, "keep their head", ident=ident),
    "curves": lambda ident="t": forecast_curves(CURVES, **FORECAST, ident=ident),
}
every_figure = pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)


@every_figure
def test_a_figure_holds_all_that_it_draws(figure):
    assert drawn_outside(figure()) == []


@every_figure
def test_no_words_of_a_figure_cover_others(figure):
    assert overlaps(figure()) == []


@every_figure
def test_the_same_data_give_the_same_bytes(figure):
    assert figure() == figure()


@every_figure
def test_a_figure_says_in_words_what_it_is_and_what_to_see(figure):
    root = read(figure())
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert title.text
    assert desc.text.endswith(".")


@every_figure
def test_two_figures_on_a_page_share_no_id(figure):
    ids = [element.get("id") for svg in (figure("one"), figure("two")) for element in read(svg).iter()]
    named = [ident for ident in ids if ident]
    assert len(set(named)) == len(named)


@every_figure
def test_no_letter_is_smaller_than_nine_pixels(figure):
    assert min(float(element.get("font-size")) for element in read(figure()).iter(f"{SVG}text")) >= 9


@every_figure
def test_coordinates_have_at_most_two_decimals(figure):
    shapes = re.sub(r"<(title|desc|text)[^>]*>[^<]*<", "<", figure())
    assert re.findall(r"\d\.\d{3,}", shapes) == []


@every_figure
def test_a_figure_loads_nothing(figure):
    assert re.findall(r"<script|<image|href|@import|url\((?!#)", figure()) == []


@pytest.mark.parametrize(
    "svg",
    [
        forest_plot(
            EFFECT, risk_of_bias={}, favours=(HOSTILE, HOSTILE), title=HOSTILE, ident="t", names={"A": HOSTILE}
        ),
        funnel_plot(EFFECT, title=HOSTILE, ident="t", names={"A": HOSTILE}),
        network_drawing([Node("a", HOSTILE, 3, 1)], [], title=HOSTILE, ident="t"),
        icon_array_with_key(5, 1, 9, HOSTILE, ident="t"),
        forecast_curves([replace(CURVES[0], name=HOSTILE)], outcome=HOSTILE, title=HOSTILE, ident="t"),
    ],
    ids=["forest", "funnel", "network", "icons", "curves"],
)
def test_no_text_breaks_out_of_a_figure(svg):
    assert {element.tag.removeprefix(SVG) for element in read(svg).iter()} <= {
        "svg", "title", "desc", "defs", "pattern", "g", "path", "rect", "circle", "text",
    }  # fmt: skip


# ----------------------------------------------------------------------------------------------------------- forest plot


def test_the_area_of_a_square_is_the_weight_of_its_study():
    sides = [float(square.get("width")) for square in classed(forest_plot(EFFECT, **FOREST, ident="t"), "weight")]
    areas = [side**2 for side in sides]
    assert [area / sum(areas) for area in areas] == pytest.approx([0.6, 0.3, 0.1], abs=0.001)  # two decimals of a pixel


def test_the_diamond_spans_the_pooled_interval_and_the_bar_the_prediction():
    svg = forest_plot(EFFECT, **FOREST, ident="t")
    spans = [
        end(x for x, _ in points(classed(svg, role)[0])) for role in ("pooled", "prediction") for end in (min, max)
    ]
    no_effect = points(classed(svg, "no-effect")[0])[0][0]
    pixels_per_log = (spans[1] - spans[0]) / 0.8109  # ln(0.9 / 0.4)
    logs = (-0.9163, -0.1054, -1.6094, 0.5878)  # of 0.4, 0.9, 0.2 and 1.8
    expected = [no_effect + pixels_per_log * log for log in logs]
    assert spans == pytest.approx(expected, abs=0.1)


def test_an_interval_beyond_the_axis_ends_in_arrows():
    assert len(classed(forest_plot(EFFECT, **FOREST, ident="t"), "arrow")) == 2


def test_a_proportion_has_an_axis_from_0_to_100_and_no_line_of_no_effect():
    single = StudyEffect("A", 0.2, 0.1, 0.4, 100.0, Single("A", 4, 20))
    shares = replace(EFFECT, measure="PR", k=1, estimate=0.2, ci_low=0.1, ci_high=0.4, prediction_low=None,
                     prediction_high=None, studies=(single,))  # fmt: skip
    svg = forest_plot(shares, **FOREST, ident="t")
    assert [word for word in words(svg) if re.fullmatch(r"\d+0?", word)] == ["0", "20", "40", "60", "80", "100"]
    assert classed(svg, "no-effect") == []
    assert "20 (10 to 40)" in words(svg)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.4, 0.9, "favours treatment"),
        (1.1, 2.0, "favours control"),
        (0.5, 1.5, "crosses the line of no effect"),
    ],
)
def test_the_description_says_which_side_the_interval_favours(low, high, said):
    svg = forest_plot(replace(EFFECT, ci_low=low, ci_high=high), **FOREST, ident="t")
    assert said in read(svg).find(f"{SVG}desc").text


@pytest.mark.parametrize(("judgement", "letter"), [("low", "L"), ("some_concerns", "S"), ("high", "H")])
def test_risk_of_bias_has_a_letter_and_a_word(judgement, letter):
    svg = forest_plot(EFFECT, **{**FOREST, "risk_of_bias": {"B": judgement}}, ident="t")
    assert words(svg).count(letter) == 2  # beside the study and in the key
    assert judgement.replace("_", " ") in words(svg)


def test_a_study_is_printed_under_its_given_name_in_figure_and_table():
    names = {"A": "Lai 2005"}
    assert "Lai 2005" in words(forest_plot(EFFECT, **FOREST, ident="t", names=names))
    assert forest_table(EFFECT, **FOREST, names=names).rows[0][0] == "Lai 2005"


def test_the_table_holds_events_weights_effects_and_judgements():
    assert forest_table(EFFECT, **FOREST).rows == (
        ("A", "6/40", "12/40", "60.0", "0.50 (0.30 to 0.83)", "low"),
        ("B", "8/20", "10/20", "30.0", "0.80 (0.40 to 1.60)", "not judged"),
        ("C", "0/9", "2/9", "10.0", "0.20 (<0.01 to 60.0)", "not judged"),
        ("All 3 studies", "14/69", "24/69", "100.0", "0.60 (0.40 to 0.90)", ""),
        ("Prediction interval", "", "", "", "0.20 to 1.80", ""),
    )


# ---------------------------------------------------------------------------------------------------------------- funnel


def test_the_funnel_table_holds_the_standard_error_behind_each_interval():
    rows = funnel_table(EFFECT, title="Collapse").rows
    assert [row[2] for row in rows] == ["0.26", "0.35", "2.98"]  # ln(high / low) / 3.92


def test_a_study_without_events_in_a_proportion_is_left_out_of_the_funnel():
    studies = (StudyEffect("A", 0.0, 0.0, 0.2, 100.0, Single("A", 0, 12)),)
    svg = funnel_plot(replace(EFFECT, measure="PR", estimate=0.1, studies=studies), title="Collapse", ident="t")
    assert classed(svg, "study") == []


# --------------------------------------------------------------------------------------------------------------- network


@given(st.integers(1, 20), st.lists(st.integers(1, 3000), min_size=20, max_size=20), st.integers(5, 60))
def test_no_label_of_a_network_covers_another(count, joints, letters):
    name = ("Core decompression with concentrated bone marrow and " * 2)[:letters]
    nodes = [Node(str(i), name, joints[i], i + 1) for i in range(count)]
    edges = [Edge("0", str(i), ("A",) * i) for i in range(1, count)]
    svg = network_drawing(nodes, edges, title="Collapse", ident="t")
    assert overlaps(svg) == []
    assert drawn_outside(svg) == []


def test_the_width_of_a_line_is_its_studies_and_the_area_of_a_disc_its_joints():
    svg = FIGURES["network"]()
    widths = [float(line.get("stroke-width")) for line in classed(svg, "edge")]
    radii = [float(disc.get("r")) for disc in classed(svg, "node")]
    assert widths[0] / widths[1] == pytest.approx(6)
    assert (radii[0] / radii[1]) ** 2 == pytest.approx(4)


def test_the_network_table_names_every_partner():
    assert network_table(NODES, EDGES, title="Collapse").rows[1] == (
        "Observation",
        "100",
        "7",
        "Alendronate (6); Shock waves (1)",
    )


def test_a_treatment_that_was_compared_with_nothing_is_named():
    assert "Compared with none of the others: Shock waves." in network_table(NODES, EDGES[:1], title="Collapse").caption


# ------------------------------------------------------------------------------------------------------------ icon array


@given(st.lists(st.integers(0, 100), min_size=3, max_size=3).map(sorted))
def test_a_hundred_dots_are_counted_as_the_table_counts_them(ends):
    low, middle, high = ends
    svg = icon_array(middle, low, high, "keep their head", ident="t")
    assert [len(classed(svg, sign)) for sign in ("full", "hatched", "empty")] == [low, high - low, 100 - high]
    assert sum(int(count) for _, count in icon_table(middle, low, high, "keep").rows) == 100
    assert drawn_outside(svg) == []


def test_the_stepped_line_parts_the_estimate_from_the_rest():
    assert steps(62, 10) == [(1.5, 71.5), (21.5, 71.5), (21.5, 61.5), (101.5, 61.5)]


# ---------------------------------------------------------------------------------------------------------------- curves

CURVE = st.builds(
    OptionCurve,
    name=st.text(
        st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_characters="\x7f"), min_size=1, max_size=60
    ),
    points=st.lists(
        st.tuples(st.integers(1, 240), *[SHARE] * 3), min_size=1, max_size=12, unique_by=lambda p: p[0]
    ).map(lambda rows: tuple(Point(months, *values) for months, *values in sorted(rows))),
    comparable=st.booleans(),
)


@given(st.lists(CURVE, min_size=1, max_size=12))
def test_curves_and_their_names_stay_inside_and_cover_no_other_name(curves):
    svg = forecast_curves(curves, **FORECAST, ident="t")
    assert drawn_outside(svg) == []
    assert overlaps(svg) == []


def test_only_comparable_curves_have_a_band():
    assert len(classed(FIGURES["curves"](), "band")) == 2


def test_comparable_curves_differ_without_their_colour():
    svg = forecast_curves([replace(CURVES[0], name=str(i)) for i in range(10)], **FORECAST, ident="t")
    assert len({line.get("stroke-dasharray") for line in classed(svg, "curve")}) == 10


def test_the_curves_say_why_some_are_dotted_and_some_stop():
    told = " ".join(words(FIGURES["curves"]()))
    assert "not comparable" in told
    assert "A curve ends where its data end" in told


def test_the_forecast_table_leaves_empty_what_was_not_forecast():
    assert forecast_table(CURVES, **FORECAST) == (
        "Forecast. Of 100 joints, so many keep their head: Observation 61 (45 to 75) at 2 years; "
        "Core decompression 60 (50 to 70) at 5 years; Fibular graft 62 (50 to 74) at 5 years.",
        ("Option", "2 years", "5 years", "Comparable with the others"),
        (
            ("Observation", "61 (45 to 75)", "", "yes"),
            ("Core decompression", "", "60 (50 to 70)", "yes"),
            ("Fibular graft", "", "62 (50 to 74)", "no"),
        ),
    )


# ------------------------------------------------------------------------------------------------------- axes and letters


@given(st.floats(1e-4, 1e4), st.floats(1.05, 1e6))
def test_a_log_axis_has_ticks_that_do_not_touch(low, factor):
    scale = Scale(low, low * factor, 0, 250, log=True)
    at = [scale.at(value) for value, _ in roomy(scale, ticked(ticks(scale)), None)]
    assert at
    assert all(later - earlier > 6 for earlier, later in pairwise(at))


@given(st.lists(st.tuples(st.floats(0, 300), st.floats(5, 40)), min_size=1, max_size=12))
def test_stacked_blocks_never_overlap(blocks):
    middles = spread([wanted for wanted, _ in blocks], [height for _, height in blocks], 0, 500)
    spans = sorted((m - height / 2, m + height / 2) for m, (_, height) in zip(middles, blocks, strict=True))
    assert all(later[0] - earlier[1] > -1e-6 for earlier, later in pairwise(spans))


@given(st.text(max_size=80), st.floats(40, 200))
def test_wrapping_keeps_every_letter_within_the_room(words, room):
    lines = wrapped(words, 11, room)
    assert "".join("".join(lines).split()) == "".join(printable(words).split())
    assert all(width(line, 11) <= room for line in lines)
