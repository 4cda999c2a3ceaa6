"""A filled template becomes a study; a wrong one tells everything that is wrong with it at once."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from dataclasses import fields
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osteon.case.vocabulary import SITES
from osteon.errors import InputError
from osteon.evidence.citation_files import read_citations, records
from osteon.evidence.study_import import doubled, import_studies, imported, record, remarks
from osteon.evidence.study_table import COLUMNS, table_rows
from osteon.evidence.study_template import study_template
from osteon.evidence.study_toml import study_toml
from osteon.knowledge.records import Review
from osteon.knowledge.studies import Arm, Bias, Outcome, Population, Study, studies

TODAY = date(2026, 11, 22)
RIS = """\
TY  - JOUR
AU  - Lai, Kuo-An
AU  - Shen, Wen-Jer
TI  - The use of a drug
JO  - J Demo
PY  - 2005/10/01
VL  - 87
IS  - 10
SP  - 2155
EP  - 2159
DO  - https://doi.org/10.0/a
ER  -

TY  - JOUR
AU  - Lai, Kuo-An
PY  - 2005
ER  -
"""
MEDLINE = """\

PMID- 99
OWN - NLM
DP  - 2005 Oct
TI  - The use of
      a drug.
PG  - 2155-9
LID - S0000 [pii]
LID - 10.0/a [doi]
AU  - Müller KA
AU  - Shen WJ
TA  - J Demo
VI  - 87
IP  - 10

PMID- 100
TI  - Another.
"""
TOML = """\
id = "new-2026"
citation = "New A. J Demo 2026"
design = "rct"
site = "femoral head"
site_id = "femoral_head"

[[arm]]
label = "drug"
modality = "statin"
intervention = "statin_prevention"
role = "intervention"

[[arm.outcome]]
name = "collapse"
type = "binary"
where = "table 2"
events = 2
total = 20
"""
ROW = {
    "study_id": "new-2026",
    "citation": "New A. J Demo 2026",
    "design": "rct",
    "modality": "bisphosphonate",
    "arm_label": "alendronate",
    "role": "intervention",
    "site": "femoral head",
    "outcome": "collapse",
    "outcome_type": "binary",
    "events": "2",
    "total": "20",
    "locator": "table 2",
}


def without(study):
    return {key: other for key, other in studies().items() if key != study}


def table(*rows, columns=tuple(COLUMNS)):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@pytest.fixture
def brought(tmp_path):
    """Imports a text under a file name."""

    def bring(name, content, known=None):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return import_studies(path, studies() if known is None else known, TODAY)

    return bring


@pytest.fixture
def told(brought):
    """The faults of a text under a file name."""

    def tell(name, content):
        with pytest.raises(InputError) as refused:
            brought(name, content)
        return [str(fault) for fault in refused.value.faults]

    return tell


# ------------------------------------------------------------------------------------------- there and back


def test_every_study_comes_back_from_its_file_as_it_was(brought):
    different = [
        study.id
        for study in studies().values()
        if brought("study.toml", study_toml(study), without(study.id)) != (study,)
    ]
    assert different == []


def test_studies_of_one_site_come_back_from_the_table(brought):
    one_site = [study for study in studies().values() if study.site.replace(" ", "_") in SITES]
    chosen = {(study.id, arm.label): arm.intervention for study in one_site for arm in study.arm}
    rows = [{**row, "intervention": chosen[row["study_id"], row["arm_label"]]} for row in table_rows(one_site)]
    again = brought("table.csv", table(*rows, columns=(*COLUMNS, "intervention")), {})
    assert len(again) == len(one_site) > 170
    assert table_rows(again) == table_rows(one_site)


# ----------------------------------------------------------------------------------------------- templates


def test_the_template_asks_for_every_key_that_a_study_must_have(told):
    found = told("study.toml", study_template())
    assert [fault.split(":")[0] for fault in found] == [
        "id",
        "citation",
        "design",
        "site",
        "site_id",
        "arm 1.label",
        "arm 1.modality",
        "arm 1.intervention",
        "arm 1.role",
        "arm 1.outcome 1.name",
        "arm 1.outcome 1.type",
        "arm 1.outcome 1.where",
    ]


@pytest.mark.parametrize("part", [Study, Population, Arm, Outcome, Bias, Review])
def test_the_template_names_every_key_there_is(part):
    keys = {line.removeprefix("# ").split(" ")[0].strip("[]") for line in study_template().splitlines()}
    assert {field.name for field in fields(part)} - {"outcome"} <= keys


def test_the_template_names_no_key_that_does_not_exist(told):
    freed = "\n".join(line.removeprefix("# ") for line in study_template().splitlines()[3:])
    found = told("study.toml", freed)
    assert found[0] == "id: is empty. Fill it in."
    assert not [fault for fault in found if "is not a key here" in fault]


def test_the_template_in_columns_holds_no_study_yet(told):
    assert told("study.csv", study_template(form="csv")) == ["holds no study. Fill in a row for each arm and outcome."]


@pytest.mark.parametrize("form", ["toml", "csv"])
def test_a_citation_fills_in_what_it_knows(form):
    [paper, _] = records(RIS)
    assert "lai-2005" in study_template(paper, form)
    assert "Lai KA et al. J Demo 2005;87(10):2155-2159" in study_template(paper, form)
    assert "https://doi.org/10.0/a" in study_template(paper, form)


# ------------------------------------------------------------------------------------------- a good import


def test_a_filled_template_becomes_a_study(brought):
    [study] = brought("study.toml", TOML)
    assert (study.arm[0].outcome[0].events, study.arm[0].outcome[0].total) == (2, 20)
    assert study.review.reviewed_on == TODAY
    assert study.review.next_review == date(2028, 11, 21)


def test_a_filled_table_becomes_studies(brought):
    [study] = brought("study.csv", table(ROW, {**ROW, "outcome": "hhs", "mean_age": "35.3"}))
    assert study.site_id == "femoral_head"
    assert [outcome.name for outcome in study.arm[0].outcome] == ["collapse", "hhs"]
    assert study.arm[0].intervention == "alendronate"


def test_blank_rows_and_a_byte_order_mark_do_no_harm(brought):
    text = table(ROW) + "," * (len(COLUMNS) - 1) + "\r\n\r\n"
    assert len(brought("study.csv", b"\xef\xbb\xbf" + text.encode())) == 1


def test_what_limits_an_import_is_said(brought):
    rows = [
        {**ROW, "outcome": "hhs", "outcome_type": "continuous", "events": "", "total": "", "mean": "80"},
        {**ROW, "outcome": "colapse", "total": ""},
    ]
    assert remarks(brought("study.csv", table(*rows)), studies()) == (
        "new-2026, alendronate, hhs: a mean without its standard deviation cannot be pooled.",
        "new-2026, alendronate, colapse: events without their total cannot be pooled.",
        "new-2026, alendronate, colapse: no other study has this outcome; is it collapse?",
    )


# ---------------------------------------------------------------------------------------------- its faults


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("study_id", "", "line 2, column study_id: is empty. Fill it in."),
        ("study_id", "New 2026", "New 2026 id: is 'New 2026'; use small letters and digits with hyphens"),
        ("study_id", "lai-2005", "lai-2005: is the id of a study that is there already."),
        ("doi", "10.2106/JBJS.d.02959", "new-2026: 10.2106/jbjs.d.02959 stands in lai-2005 too; a paper stands once."),
        ("doi", "https://doi.org/10.2106/JBJS.D.02959", "new-2026: 10.2106/jbjs.d.02959 stands in lai-2005 too"),
        ("pmid", "16203877", "new-2026: 16203877 stands in lai-2005 too; a paper stands once."),
        ("design", "trial", "line 2, column design: is 'trial'. Use one of rct, prospective-comparative"),
        ("modality", "magic", "line 2, column modality: is 'magic'. Use one of observation, "),
        ("modality", "bone-graft", "new-2026 arm 'alendronate': cannot tell which bone-graft it is. Add a column intervention"),
        ("role", "", "line 2, column role: is empty. Use one of intervention, comparator."),
        ("site", "hip", "line 2, column site: is 'hip'. Use one of femoral head, humeral head, knee"),
        ("outcome_type", "rate", "line 2, column outcome_type: is 'rate'. Use one of binary, continuous"),
        ("events", "-1", "line 2, outcome collapse: events is -1, but is 0 or more."),
        ("events", "21", "line 2, outcome collapse: events is 21 of a total of 20. Check whether the two were swapped."),
        ("events", "2.5", "line 2, column events: is '2.5'; write a whole number, or leave it empty if it is not printed."),
        ("mean", "12,5", "line 2, column mean: is '12,5'; write a number such as 35.3"),
        ("mean", "nan", "line 2, column mean: is 'nan'; write a number"),
        ("mean", "9" * 5000, "line 2, column mean: is '999"),
        ("sd", "-1", "line 2, outcome collapse: sd is -1, but is 0 or more."),
        ("effect", "2.0", "line 2, outcome collapse: effect is 2.0 without a measure."),
        ("year", "2005a", "line 2, column year: is '2005a'; write a whole number"),
        ("locator", "", "line 2, column locator: is empty. Fill it in."),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_told_with_line_and_column(told, column, cell, message):
    found = told("study.csv", table({**ROW, column: cell}))
    assert any(fault.startswith(message) for fault in found), found


def test_all_wrong_cells_are_told_at_once(told):
    found = told("study.csv", table({**ROW, "events": "21", "design": ""}, {**ROW, "pmid": "16203877", "total": "x"}))
    assert [fault.split(":")[0] for fault in found] == [
        "new-2026",
        "line 2, column design",
        "line 2, outcome collapse",
        "line 3, column total",
    ]


def test_all_wrong_keys_are_told_at_once(told):
    wrong = TOML.replace('"rct"', '"trial"').replace("events = 2", "events = 21") + 'colour = "red"\npmid = "1"\n'
    assert told("study.toml", f'doi = "10.2106/JBJS.D.02959"\n{wrong}') == [
        "new-2026: 10.2106/jbjs.d.02959 stands in lai-2005 too; a paper stands once.",
        "design: is 'trial'; use one of rct, prospective-comparative, retrospective-comparative, case-series, registry, "
        "systematic-review.",
        *told("study.toml", TOML + 'colour = "red"\n'),
        "arm 1.outcome 1: events is 21 of a total of 20. Check whether the two were swapped.",
    ]


def test_a_study_that_names_a_lost_one_is_refused(told):
    assert told("study.toml", 'same_patients_as = ["lost-1999"]\n' + TOML) == [
        "new-2026: same_patients_as: no study is called 'lost-1999'."
    ]


def test_arms_at_different_joints_make_a_mixed_study(brought):
    hip = {**ROW, "intervention": "alendronate"}
    knee = {**hip, "arm_label": "at the knee", "site": "knee"}
    [study] = brought("study.csv", table(hip, knee, columns=(*COLUMNS, "intervention")))
    assert (study.site_id, [arm.site_id for arm in study.arm]) == ("mixed", ["femoral_head", "knee"])
    assert study.when == ()


def test_rows_of_one_study_must_agree(told):
    found = told("study.csv", table(ROW, {**ROW, "year": "2020", "role": "comparator"}))
    assert found == [
        "line 3, column year: is '2020', but line 2 of the same study says ''. Make them agree.",
        "line 3, column role: is 'comparator', but line 2 of the same arm says 'intervention'. Make them agree.",
    ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([column for column in COLUMNS if column != "sd"], "line 1, header: has no column sd. Start from the template"),
        ([*COLUMNS, "intervetion"], "line 1, header: 'intervetion' is not a column. Did you mean intervention?"),
        ([*COLUMNS, "zzz"], "line 1, header: 'zzz' is not a column. Take it out."),
        ([*COLUMNS, "sd"], "line 1, header: the column 'sd' stands 2 times. Keep one."),
    ],
)
def test_a_wrong_header_is_told(told, columns, message):
    assert told("study.csv", ",".join(columns) + "\r\n")[0].startswith(message)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("study.xlsx", b"PK", "the name ends in '.xlsx'; use .toml or .csv."),
        ("study", b"PK", "the name ends in 'nothing'; use .toml or .csv."),
        ("study.csv", b"", "is empty. `osteon evidence template` writes a template to start from."),
        ("study.csv", b"a,b\n\xff\n", "line 2: is not UTF-8 text. Save it as UTF-8 and try again."),
        ("study.csv", table(ROW).encode() + b'"', "line 3: is not valid CSV: unexpected end of data. Is the file whole?"),
        ("study.csv", table(ROW).encode() + b"a,b", "line 3: has 2 cells where the header has 36."),
        ("study.csv", b'"' + b"x" * 200_000 + b'"', "line 1: is not valid CSV: field larger than field limit"),
        ("study.toml", b"id = ", "is not valid TOML: Invalid value (at end of document)."),
        ("study.toml", b"x = " + b"[" * 5000, "is nested too deeply. Start again from the template."),
        ("study.toml", b"x = " + b"9" * 5000, "is not valid TOML: "),
        ("study.toml", b"#" * 1_000_001, "has 1.0 MB; a study has at most 1 MB. Is it the right file?"),
        ("study.csv", b"," * 20_000_001, "has 20.0 MB; a table of studies has at most 20 MB. Is it the right file?"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_template_is_refused(told, name, content, message):
    assert told(name, content)[0].startswith(message)


def test_a_file_that_is_missing_or_a_folder_is_refused(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="cannot be read: No such file"):
        import_studies(tmp_path / "lost.csv", {}, TODAY)
    with pytest.raises(InputError, match="cannot be a file name"):
        import_studies(tmp_path / "a\0.csv", {}, TODAY)
    with pytest.raises(InputError, match="is not a regular file"):
        import_studies(tmp_path / "folder.csv", {}, TODAY)


def test_a_hopeless_file_is_not_told_in_full(told):
    found = told("study.csv", table(*[{**ROW, "events": "x" * 1000}] * 300))
    assert len(found) == 101
    assert found[-1] == "There are more faults than these. Mend them and try again."
    assert max(map(len, found)) < 700


SCALARS = st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.dates(), st.none())
TABLES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["arm", "outcome", "when", "id", "site", "stage", "events", "x"]), inner),
    max_leaves=12,
)  # fmt: skip


@given(st.sampled_from(["study.toml", "study.csv", "cite.ris", "cite.nbib"]), st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory, name, content):
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content)
    with suppress(InputError):
        assert imported(path, studies(), TODAY)


@given(
    st.sampled_from(["arm", "when", "population", "review", "id", "year", "risk_of_bias", "same_patients_as"]), TABLES
)
def test_any_content_under_a_key_is_read_or_refused(key, content):
    raw = {"id": "x", key: content}
    faults = []
    assert record(raw, TODAY, faults) is None
    assert faults
    assert list(doubled([raw], {})) == []


# ------------------------------------------------------------------------------------------------ citations


def test_ris_is_read():
    paper, second = records(RIS)
    assert paper.authors == ("Lai KA", "Shen WJ")
    assert (paper.title, paper.journal, paper.year, paper.volume) == ("The use of a drug", "J Demo", 2005, "87")
    assert (paper.issue, paper.pages, paper.doi, paper.pmid) == ("10", "2155-2159", "10.0/a", "")
    assert (paper.id, second.id) == ("lai-2005", "lai-2005-2")


def test_medline_is_read():
    paper, second = records(MEDLINE)
    assert paper.authors == ("Müller KA", "Shen WJ")
    assert paper.text == "Müller KA et al. J Demo 2005;87(10):2155-9"
    assert (paper.title, paper.doi, paper.pmid, paper.id) == ("The use of a drug.", "10.0/a", "99", "muller-2005")
    assert (second.text, second.url, second.id) == ("Another.", "https://pubmed.ncbi.nlm.nih.gov/100", "study")


@pytest.mark.parametrize("name", ["cites.ris", "cites.nbib", "cites.txt"])
def test_each_citation_becomes_a_template(tmp_path, name):
    path = tmp_path / name
    path.write_text(RIS, encoding="utf-8")
    assert list(imported(path, studies(), TODAY).files) == ["lai_2005.toml", "lai_2005_2.toml"]


def test_an_imported_study_is_written_as_its_file(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(TOML, encoding="utf-8")
    [(name, text)] = imported(path, studies(), TODAY).files.items()
    assert name == "new_2026.toml"
    assert text.startswith(TOML[:20])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("cites.bib", b"@article{}", "the name ends in '.bib'; use .ris, .nbib, .txt."),
        ("cites.ris", b"AU  - Lai\n", "holds no record: none begins with TY (RIS) or PMID (MEDLINE)."),
        ("cites.nbib", b"\xff", "line 1: is not UTF-8 text."),
        ("cites.ris", b"TY  - J\n" * 20_001, "holds 20001 records; at most 20000 are read at once."),
    ],
)
def test_a_file_without_citations_is_refused(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_citations(path)
    assert str(refused.value.faults[0]).startswith(message)
