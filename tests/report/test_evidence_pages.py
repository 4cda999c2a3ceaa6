"""What the pages of the evidence say, how they hang together, and what never reaches a reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from osteon.evidence.base import evidence_base
from osteon.evidence.comparisons import Answers, Question, questions
from osteon.evidence.data import Counts
from osteon.evidence.outcome_words import outcomes
from osteon.evidence.pool import pool
from osteon.knowledge.meta_analyses import OwnComparison, meta_analyses
from osteon.knowledge.studies import MODALITIES, Study, interventions, studies
from osteon.report.evidence.comparison import comparison_file
from osteon.report.evidence.page import Analysis, IndexPage
from osteon.report.evidence.pages import evidence_page_data, evidence_pages
from osteon.report.evidence.published import own_words, published_lines
from osteon.report.evidence.sensitivity import analyses
from osteon.report.evidence.words import fewer_or_more, named, of_100, place_of, short_answer, study_name, study_names

ZHAO = "msc-versus-core-decompression.html"
FILES = [
    "index.html",
    *(f"modality-{name}.html" for name in MODALITIES),
    *sorted({comparison_file(question) for question in questions(studies().values())}),
]
ADDRESS = re.compile(r"\b[a-z][a-z0-9]*(?:[-_][a-z0-9]+)+\b")


@pytest.fixture(scope="module")
def written() -> Mapping[str, str]:
    return evidence_pages()


@pytest.fixture(scope="module")
def pages(written: Mapping[str, str], page_of: Callable[[str], Any]) -> Mapping[str, Any]:
    """Every page, read back."""
    return {name: page_of(html) for name, html in written.items()}


@pytest.fixture(params=FILES)
def page(request: pytest.FixtureRequest, pages: Mapping[str, Any]) -> Any:
    """One page after the other."""
    return pages[request.param]


def readable(page: Any) -> str:
    """The words of a page without the addresses of sources."""
    return re.sub(r"\S+\.\S+/\S+", "", page.text)


# ------------------------------------------------------------------------------------------------------ every page


def test_there_is_an_index_a_page_per_modality_and_one_per_comparison(written: Mapping[str, str]) -> None:
    assert sorted(written) == sorted(FILES)


def test_the_same_studies_give_the_same_bytes(written: Mapping[str, str]) -> None:
    assert evidence_pages() == written


def test_every_element_is_closed_where_it_should_be(page: Any) -> None:
    assert page.badly_nested == []
    assert page.open == []


def test_no_id_stands_twice(page: Any) -> None:
    assert len(page.ids) == len(set(page.ids))


def test_every_link_within_the_page_leads_somewhere(page: Any) -> None:
    assert page.dead_links == set()
    assert page.missing_labels == set()


def test_links_to_other_pages_lead_to_a_page_and_a_place_on_it(page: Any, pages: Mapping[str, Any]) -> None:
    links = [attrs["href"].partition("#") for attrs in page.attributes("a") if re.match(r"[^#:]+\.html", attrs["href"])]

    assert links != []
    assert {file for file, _, _ in links} <= pages.keys()
    assert [place for file, _, place in links if place and place not in pages[file].ids] == []


def test_headings_never_skip_a_level(page: Any) -> None:
    assert len(page.text_of("h1")) == 1
    assert page.jumps == []


def test_every_table_has_a_caption_and_scoped_headers(page: Any) -> None:
    assert len(page.attributes("caption")) == len(page.attributes("table")) > 0
    assert page.bare_headers == []


def test_the_page_loads_nothing(page: Any) -> None:
    assert page.loads == []
    assert page.attributes("script") == []


def test_every_scrolling_region_can_be_reached_and_is_named_once(page: Any) -> None:
    regions = [attrs for attrs in page.attributes("div") if attrs.get("role") == "region"]
    names = [attrs["aria-label"] for attrs in regions]

    assert all(attrs.get("tabindex") == "0" for attrs in regions)
    assert len(names) == len(set(names))


def test_no_name_of_a_file_reaches_a_reader(page: Any) -> None:
    own = {*studies(), *outcomes(), *interventions(), *MODALITIES}

    assert {word for word in ADDRESS.findall(readable(page)) if word in own} == set()


def test_folds_are_closed_on_screen(page: Any) -> None:
    assert not any("open" in attrs for attrs in page.attributes("details"))


def test_every_figure_has_a_table_of_the_same_data(page: Any) -> None:
    tables = [text for text in page.text_of("summary") if text.startswith("The figure as a table")]

    assert len(tables) == len(page.attributes("figure"))


# ------------------------------------------------------------------------------------------------------ comparisons


def test_zhao_2012_stands_with_ratio_difference_and_number_needed(pages: Mapping[str, Any]) -> None:
    line = "Zhao 2012 2/53 10/44 0.17 (0.04 to 0.72) 19 fewer of 100 (32 fewer to 6 fewer) NNTB 6 (4 to 19)"
    rows = [" ".join(re.sub(r"\s+", " ", row).split()) for row in pages[ZHAO].text_of("tr")]

    assert any(line.replace(" ", "") == row.replace(" ", "") for row in rows)


def test_every_outcome_is_answered_with_numbers_and_a_certainty(pages: Mapping[str, Any]) -> None:
    answers = pages[ZHAO].text_of("li")
    short = [text for text in answers if re.search(r"(Very low|Low|Moderate|High) certainty\.$", text)]

    assert len(short) == 4
    assert all(re.search(r"Of 100 joints with core decompression, \d+ .* \(\d+ to \d+\)\.", text) for text in short)


def test_a_judged_step_stands_with_who_judged_and_what_was_computed(pages: Mapping[str, Any]) -> None:
    assert re.search(r"Judged by [\w ]+, \d+ \w+ \d{4}\. Computed: no change\.", pages[ZHAO].text)


def test_every_reason_for_a_certainty_is_told(pages: Mapping[str, Any]) -> None:
    domains = ("Start", "Risk of bias", "Inconsistency", "Indirectness", "Imprecision", "Publication bias")

    assert [pages[ZHAO].text_of("th").count(domain) >= 3 for domain in domains] == [True] * 6


def test_choices_behind_a_certainty_are_declared(pages: Mapping[str, Any]) -> None:
    assert "Choices that sources do not settle" in pages[ZHAO].text_of("h3")


@pytest.mark.parametrize(
    "heading",
    [
        "By other methods:",
        "Without each study in turn: The reading changes without Kang 2018.",
        "As studies came out: From 2012 to 2018.",
        "Randomised or not: Test of whether the groups differ: p 0.027; with so few studies it says little.",
        "Before or after collapse:",
    ],
)
def test_the_answer_is_tried_in_every_way_its_studies_allow(heading: str, pages: Mapping[str, Any]) -> None:
    assert any(text.startswith(heading) for text in pages[ZHAO].text_of("summary"))


def test_what_cannot_be_tried_is_said(pages: Mapping[str, Any]) -> None:
    assert "2 studies are too few for a line over the years." in pages[ZHAO].text
    assert "tests for small-study effects need at least 10" in pages[ZHAO].text


def test_contradictions_stand_beside_the_pooled_answers(pages: Mapping[str, Any]) -> None:
    assert "progress in 2 of 53 against 10 of 44" in pages[ZHAO].text
    assert "No contradiction is on record for this comparison." in pages["msc-versus-tantalum.html"].text


def test_studies_that_could_not_be_used_say_why(pages: Mapping[str, Any]) -> None:
    assert "Jureus 2012 prints no such numbers for every arm." in pages["bisphosphonate-versus-observation.html"].text


def test_a_comparison_without_any_numbers_says_so(pages: Mapping[str, Any]) -> None:
    page = pages["vascularised-fibula-versus-core-decompression.html"]

    assert "none prints numbers that could be pooled" in page.text
    assert page.attributes("figure") == []


def test_a_study_stands_with_its_arms_as_printed_and_its_risk_of_bias(pages: Mapping[str, Any]) -> None:
    assert "core decompression + cultured autologous BM-MSC (53 joints, 50 patients, mean age 32.7 years)" in (
        pages[ZHAO].text
    )
    assert "Seven of the 51 control hips were not analysed, none of the 53 with cells." in pages[ZHAO].text


def test_the_fate_of_the_joint_comes_first() -> None:
    names = ["collapse", "tha-conversion", "progression", "hhs", "adverse-event"]

    assert sorted(names, key=place_of) == names


# --------------------------------------------------------------------------------------------- modalities and index


@pytest.mark.parametrize("modality", ["arthrodesis", "resection-arthroplasty", "osteotomy", "resurfacing"])
def test_a_modality_without_a_comparison_says_so(modality: str, pages: Mapping[str, Any]) -> None:
    assert "No study that was read sets it against another treatment" in pages[f"modality-{modality}.html"].text


def test_the_index_leads_to_every_other_page(pages: Mapping[str, Any]) -> None:
    assert {attrs["href"].partition("#")[0] for attrs in pages["index.html"].attributes("a")} >= {*FILES} - {
        "index.html"
    }


def test_the_index_draws_a_network_and_ranks_it_with_a_warning(pages: Mapping[str, Any]) -> None:
    page = pages["index.html"]

    assert len(page.attributes("figure")) == 2
    assert page.text.count("it knows nothing of how sound the studies are") == 2
    assert "No loop is closed" in page.text


def test_every_published_figure_stands_on_the_index(pages: Mapping[str, Any]) -> None:
    page = evidence_page_data()["index.html"]
    assert isinstance(page, IndexPage)
    printed = sum(len(review.result) for review in meta_analyses().values())

    assert len(page.published) + len(page.published_alone) == printed
    assert all(line.difference in pages["index.html"].text for line in page.published)


def test_every_statement_of_the_review_that_was_checked_stands_with_its_verdict(pages: Mapping[str, Any]) -> None:
    assert "Confirmed" in pages["index.html"].text_of("td")
    assert "Contradicted" in pages["index.html"].text_of("td")


# ------------------------------------------------------------------------------------------------------------ words


@pytest.mark.parametrize("study", studies().values(), ids=lambda study: study.id)
def test_every_study_has_a_name_that_fits_a_figure(study: Study) -> None:
    assert 0 < len(study_name(study)) <= 40


def test_no_two_studies_bear_the_same_name() -> None:
    assert len(set(study_names().values())) == len(studies())


def test_an_unknown_word_with_a_hyphen_stays() -> None:
    assert named("a double-blind trial, lai-2005") == "a double-blind trial, Lai 2005"


@pytest.mark.parametrize(
    ("share", "words"), [(-1.2, "100 fewer"), (0.126, "13 more"), (-0.001, "<1 fewer"), (0.0, "0")]
)
def test_differences_of_risk_are_told_in_joints_of_100(share: float, words: str) -> None:
    assert fewer_or_more(share) == words


def test_without_events_in_the_second_group_the_counts_themselves_are_told() -> None:
    result = answer("bisphosphonate", "observation", "pain-improved", "RR")

    assert of_100(result).startswith("4 of 20 joints with bisphosphonates hurt less than before; with no treatment")


def test_joints_of_100_are_the_share_of_the_second_group_times_the_ratio() -> None:
    result = answer("msc", "core-decompression", "tha-conversion", "RR")

    assert of_100(result) == (
        "Of 100 joints with core decompression, 49 were replaced by total hip arthroplasty; with mesenchymal stem cells "
        "it would be 28 of 100 (17 to 47)."
    )


def test_a_score_says_which_way_is_better() -> None:
    assert short_answer(answer("msc", "tantalum", "hhs", "MD")).endswith("Higher is better.")


def test_an_answer_that_counts_people_says_people() -> None:
    assert "Of 100 people with" in short_answer(answer("statin", "observation", "incident-osteonecrosis", "RR"))


def answer(of: str, versus: str, outcome: str, measure: str) -> Any:
    question = Question((of,), (versus,), outcome, "modality")
    return next(r for r in evidence_base() if r.question == question and r.effect.measure == measure)


# -------------------------------------------------------------------------------------- many studies, as none yet has


@pytest.fixture(scope="module")
def twelve() -> Answers:
    """Twelve studies with made-up counts, later ones with less effect."""
    dated = [study for study in studies().values() if study.year and study.design == "rct"][:12]
    chosen = sorted(dated, key=lambda study: study.year or 0)
    rows = tuple(Counts(study.id, 4 + i, 40 + 9 * i, 18 + i, 41 + 7 * i) for i, study in enumerate(chosen))
    question = Question(("msc",), ("core-decompression",), "collapse", "modality")
    return Answers(question, "RR", rows, tuple(chosen), (), 1200)


def looked_at(found: Answers) -> Mapping[str, Analysis]:
    return {each.heading: each for each in analyses(found, "Made up", "made-up")}


def test_of_ten_studies_the_line_over_the_years_is_told(twelve: Answers) -> None:
    text = looked_at(twelve)["By year of publication"].text

    assert re.fullmatch(
        r"With each later year the logarithm of the effect changes by [−\d.]+ \([−\d.]+ to [−\d.]+\), p [<\d.]+, "
        r"over 12 studies\.",
        text,
    )


def test_of_ten_studies_a_funnel_is_drawn_and_tested(twelve: Answers) -> None:
    small = looked_at(twelve)["Small studies"]

    assert re.fullmatch(r"Egger's test p [<\d.]+; Peters's test p [<\d.]+\.", small.text)
    assert small.figure is not None
    assert len(small.figure.table.rows) == 12


def test_a_study_without_a_year_is_named_and_left_out_of_the_years(twelve: Answers) -> None:
    undated = replace(twelve, studies=(replace(twelve.studies[0], year=None), *twelve.studies[1:]))

    assert "whose year was not read" in looked_at(undated)["As studies came out"].text


def test_a_reading_that_depends_on_the_method_is_said_to(twelve: Answers) -> None:
    counts = ((3, 26, 5, 24), (3, 13, 8, 11), (2, 25, 8, 24), (4, 11, 6, 14))
    rows = tuple(Counts(row.study, *four) for row, four in zip(twelve.rows, counts, strict=False))
    four = replace(twelve, rows=rows, studies=twelve.studies[:4])

    assert "depends on the method" in looked_at(four)["By other methods"].text


# ------------------------------------------------------------------------------------------------ published figures


def test_our_own_figure_is_pooled_for_the_measure_that_was_printed() -> None:
    ours = OwnComparison(modality=("msc",), versus=("core-decompression",), outcome="tha-conversion", measure="OR")
    effect = pool([Counts("Kang 2018", 15, 53, 26, 53)], "OR", ci="z")

    assert (
        own_words(ours)
        == f"Odds ratio {effect.estimate:.2f} (95 % interval {effect.ci_low:.2f} to {effect.ci_high:.2f}), 1 study"
    )


def test_a_measure_that_our_studies_do_not_have_is_said_to_be_missing() -> None:
    ours = OwnComparison(modality=("arthrodesis",), versus=("tha",), outcome="hhs", measure="MD")

    assert own_words(ours) == "Our studies have no numbers for this measure."


def test_figures_stand_as_printed() -> None:
    printed = {line.printed for line in published_lines([meta_analyses()["yuan-2016"]])}

    assert "Mean difference 3.26 (−5.12 to 11.64), p 0.45, random effects" in printed
