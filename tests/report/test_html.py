"""What stands on the pages, in which order, and what can never get into them."""

import dataclasses
import re

import pytest

from osteon.report.html import render_html

ORDER = [
    "The joint",
    "What is missing, and what it would change",
    "Without treatment",
    "Options",
    "Where sources agree and differ",
    "Each option in detail",
    "Findings behind this plan",
    "Beyond this joint",
]


def sections(page, number):
    """The headings of the third level between one joint and the next."""
    titles = page.text_of("h3")
    start = [i for i, title in enumerate(titles) if title == ORDER[0]][number]
    return titles[start : start + len(ORDER)]


def rows_of(page, verdict):
    """The text of one verdict's group in the first options table."""
    return next(text for text in page.text_of("tbody") if verdict in text[:40])


def test_every_element_is_closed_where_it_should_be(page):
    assert page.badly_nested == []
    assert page.open == []


def test_no_id_stands_twice(page):
    assert len(page.ids) == len(set(page.ids))


def test_every_link_within_the_page_leads_somewhere(page):
    assert page.dead_links == set()


def test_every_label_exists(page):
    assert page.missing_labels == set()


def test_headings_never_skip_a_level(page):
    assert page.text_of("h1") != []
    assert page.jumps == []


def test_every_table_has_a_caption_and_scoped_headers(page):
    assert len(page.attributes("caption")) == len(page.attributes("table")) > 0
    assert page.bare_headers == []


def test_the_page_loads_nothing(page):
    assert page.loads == []
    assert page.attributes("script") == []


def test_the_page_says_its_language_and_can_be_skipped_into(page):
    assert page.attributes("html") == [{"lang": "en-GB"}]
    assert page.attributes("a")[0] == {"class": "skip", "href": "#content"}


def test_the_same_plan_gives_the_same_page(demo):
    assert render_html(demo) == render_html(demo)
    assert render_html(demo, "patient") == render_html(demo, "patient")


def test_an_audience_that_does_not_exist_is_named(demo):
    with pytest.raises(ValueError, match="audience is 'nurse'; use clinician or patient"):
        render_html(demo, "nurse")


def test_hostile_text_stays_text(hostile):
    assert hostile.attributes("script") == hostile.attributes("img") == []
    assert hostile.badly_nested == []
    assert "<script>alert('x')</script>" in hostile.text_of("h1")[0]
    assert "{{ 7 * 7 }} {% raw %}" in hostile.text_of("h1")[0]


def test_hostile_text_reaches_neither_title_nor_attributes_unescaped(hostile):
    assert "onerror=y>" not in re.sub(r"&lt;.*?&gt;", "", hostile.html)
    assert len(hostile.attributes("title")) == 1 + len(hostile.attributes("svg"))  # of the page and of each drawing


def test_a_fictional_patient_is_marked_at_the_top(page):
    assert page.text.index("Fictional patient.") < page.text.index("Right femoral head (hip)", 200)


def test_a_published_case_names_its_source(planned, read):
    page = read(planned("e1_after_mri.toml"))
    assert "Case as published: Baharum NN" in page.text
    assert "Fictional patient" not in page.text


def test_a_date_of_birth_is_not_printed(planned, read):
    patient = {"birth_date": "1980-05-17"}
    made = planned({"assessed_on": "2026-11-22", "patient": patient, "joint": [{"site": "talus", "side": "left"}]})
    assert "1980" not in read(made).html.partition('id="sources"')[0]


def test_every_example_makes_both_pages(example, planned, read):
    made = planned(example)
    assert read(made).badly_nested == read(made, "patient").badly_nested == []
    assert read(made).dead_links == read(made, "patient").dead_links == set()


# ---------------------------------------------------------------------------------------------------------- clinician


def test_each_joint_is_told_in_the_binding_order(clinician):
    assert sections(clinician, 0) == ORDER
    assert sections(clinician, 1) == ORDER


def test_stage_and_lesion_come_first(clinician):
    assert clinician.text.index("ARCO 2019 (revised): stage II") < clinician.text.index("The joint")
    assert clinician.text.index("22 % (18 to 26) of the head or bone affected") < clinician.text.index("The joint")


def test_at_most_five_missing_findings_are_told(clinician):
    missing = re.findall(r'<ol class="missing">(.*?)</ol>', clinician.html, re.S)
    assert max(part.count("<li><strong>") for part in missing) <= 5


def test_a_missing_finding_says_what_it_would_move(planned, read):
    joint = {"site": "femoral_head", "side": "left", "reported_arco_2019": "II", "mri_lesion": True}
    page = read(planned({"patient": {"age_years": 40}, "joint": [joint]}))
    assert re.search(r"If (so|not): .* from \w+ to \w+", page.text)


def test_observation_always_stands_among_the_options(example, planned):
    made = planned(example)
    assert all("observation" in {o.treatment.id for o in joint.options} for joint in made.joints)


def test_every_option_of_the_plan_stands_in_the_table_and_in_detail(demo, clinician):
    first = demo.joints[0]
    anchors = {f"joint-1-{option.treatment.id}" for option in first.options}
    linked = {attrs["href"][1:] for attrs in clinician.attributes("a")}
    assert anchors <= set(clinician.ids)
    assert anchors <= linked


def test_a_verdict_is_told_by_sign_and_word(clinician):
    assert "✓ Fits a source supports it in this situation" in clinician.text
    assert "✕ Contraindicated an absolute bar holds" in clinician.text


def test_a_contraindicated_treatment_stays_with_its_reason(planned, read):
    joint = {"site": "femoral_head", "side": "left", "reported_arco_2019": "II", "joint_infected": True}
    page = read(planned({"joint": [joint]}))
    barred = rows_of(page, "Contraindicated")
    assert "Core decompression, single large core" in barred
    assert "infect" in barred


def test_options_show_their_place_and_what_each_criterion_gave(clinician):
    assert re.search(
        r"Place 2 of \d+ among those that can be offered. First among 14 with this verdict", clinician.text
    )
    assert re.search(r"Mean score \d\.\d\d: keeping one's own joint \d\.\d\d \(very important\)", clinician.text)


def test_the_map_names_every_kind_of_answer(clinician):
    kinds = {attrs.get("class") for attrs in clinician.attributes("td")}
    assert {"says-for", "says-consider", "says-against", "says-silent", "says-unknown"} <= kinds
    assert "Sources disagree on" in clinician.text


def test_the_same_record_is_described_once_for_two_joints(demo, clinician):
    treatments = {option.treatment.id for joint in demo.joints for option in joint.options}
    assert clinician.html.count("Record written by") == len(treatments)


def test_every_source_that_is_cited_is_listed_once_and_no_other(page):
    cited = {attrs["href"][1:] for attrs in page.attributes("a") if attrs["href"].startswith("#source-")}
    listed = [name for name in page.ids if name.startswith("source-")]
    called = {f"source-{number}" for number in re.findall(r"Cited in \[(\d+)\]", page.html)}
    assert len(listed) == len(set(listed))
    assert set(listed) == cited | called


def test_sources_are_numbered_in_the_order_of_first_mention(page):
    numbers = [attrs["href"][8:] for attrs in page.attributes("a") if attrs["href"].startswith("#source-")]
    assert list(dict.fromkeys(map(int, numbers)))[:5] == [1, 2, 3, 4, 5]


def test_limits_say_what_a_forecast_takes_for_granted(clinician):
    assert "A forecast takes a treatment's effect to be the same at all times" in clinician.text
    assert "The untreated hips of Lai 2005 and Lee 2015 stand on both sides" in clinician.text


def test_choices_that_sources_do_not_settle_are_declared(clinician):
    assert "Choices that sources do not settle" in clinician.text
    assert "exactly one third" in clinician.text


def test_folds_are_closed_on_screen(clinician):
    assert clinician.attributes("details") != []
    assert not any("open" in attrs for attrs in clinician.attributes("details"))


def test_a_case_without_a_joint_gives_a_page(demo, read):
    bare = dataclasses.replace(demo, joints=())
    assert "The case names no joint" in read(bare).text
    assert read(bare, "patient").badly_nested == []


# ------------------------------------------------------------------------------------------------------------ patient


def test_the_decision_aid_does_not_rank(patient):
    assert "puts none before another" in patient.text
    assert not re.search(r"\bscore \d\.\d\d|among those that can be offered|of 100 draws", patient.text)
    assert "place" not in {attrs.get("class") for attrs in patient.attributes("td")}


def test_the_decision_aid_is_in_alphabetical_order(patient):
    names = patient.text_of("h3")
    assert names == sorted(names)
    assert "in alphabetical order" in patient.text


def test_the_decision_aid_tells_every_treatment_in_the_same_detail(demo, patient):
    treatments = {option.treatment.id for joint in demo.joints for option in joint.options}
    headings = ("What it is", "How it may help", "What can go wrong", "Recovery", "Afterwards", "Harms in studies")
    counts = [patient.text_of("dt").count(heading) for heading in headings]
    assert counts == [len(treatments)] * len(headings)


def test_the_decision_aid_says_what_is_barred_and_why(patient):
    assert "Barred for you at present." in patient.text


def test_the_decision_aid_has_the_items_of_the_standard(patient):
    wanted = {
        "The condition and the decision",
        "What matters to you",
        "Each treatment",
        "What is not certain",
        "Who made this, and how it is kept up to date",
        "Sources",
    }
    assert wanted <= set(patient.text_of("h2"))
    assert "due on 22 November 2027" in patient.text
    assert "Watching is one of the choices." in patient.text


def test_the_decision_aid_ticks_what_the_patient_said(patient):
    assert "very, as you said" in patient.text
