"""Which study files are read, and what is said about those that are not."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osteon.errors import InputError
from osteon.evidence.data import Contrast, CountArm, Counts, Estimate, MeanArm, Means, Rates, Single
from osteon.evidence.data_file import read_network, read_rows, read_study_file
from osteon.evidence.network import network
from osteon.evidence.pool import pool
from osteon.evidence.summary import network_json, network_text, pooled_json, pooled_text


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "studies.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def refused(written):
    def lines(content, reader=read_rows):
        with pytest.raises(InputError) as wrong:
            reader(written(content))
        return [str(fault) for fault in wrong.value.faults]

    return lines


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("study,e1,n1,e2,n2\nLai,1,29,16,25\n", Counts("Lai", 1, 29, 16, 25)),
        ("n2,e2,study,n1,e1\n25,16,Lai,29,1\n", Counts("Lai", 1, 29, 16, 25)),
        ("study,n1,mean1,sd1,n2,mean2,sd2\nA,50,2.2,12.7,54,5.2,12\n", Means("A", 2.2, 12.7, 50, 5.2, 12, 54)),
        ("study,m1,sd1,n1,m2,sd2,n2\nA,2.2,12.7,50,5.2,12,54\n", Means("A", 2.2, 12.7, 50, 5.2, 12, 54)),
        ("study,e1,t1,e2,t2\nA,9,413.5,19,398\n", Rates("A", 9, 413.5, 19, 398)),
        ("study,events,total\nA,9,58\n", Single("A", 9, 58)),
        ("study,yi,sei\nA,-0.5,1e-1\n", Estimate("A", -0.5, 0.1)),
        ("\ufeffStudy , E1,N1,E2,N2\r\n Lai , 1.0 ,29,16,25\r\n\r\n", Counts("Lai", 1, 29, 16, 25)),
        ('study,e1,n1,e2,n2\n"Lai, K",1,29,16,25', Counts("Lai, K", 1, 29, 16, 25)),
    ],
)
def test_each_layout_is_read_in_any_order_of_its_columns(written, text, row):
    assert read_rows(written(text)) == (row,)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("study,treatment,events,total\nA,cells,1,9\n", CountArm("A", "cells", 1, 9)),
        ("study,treatment,mean,sd,n\nA,cells,1.5,2,9\n", MeanArm("A", "cells", 1.5, 2, 9)),
        ("study,treatment1,treatment2,yi,sei\nA,cells,rest,-0.5,0.2\n", Contrast("A", "cells", "rest", -0.5, 0.2)),
    ],
)
def test_each_layout_of_a_network_is_read(written, text, row):
    assert read_network(written(text)) == (row,)


def test_further_columns_are_kept_in_the_order_of_the_rows(written):
    found = read_study_file(written("study,year,e1,n1,e2,n2,group\nA,2005,1,9,2,9,open\nB,2001,1,8,2,9,\n"))

    assert found.extra == {"year": ("2005", "2001"), "group": ("open", "")}


def test_two_papers_of_one_author_may_share_a_name(written):
    assert len(read_rows(written("study,e1,n1,e2,n2\nBarber,10,52,12,47\nBarber,14,221,15,228\n"))) == 2


HEAD = "study,e1,n1,e2,n2\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "A,-1,9,2,9\n", "line 2, e1: -1 is below 0."),
        (HEAD + "A,10,9,2,9\n", "line 2, e1: 10 events are more than the total of 9."),
        (HEAD + "A,0,0,2,9\n", "line 2, n1: 0 is an empty group; a group has at least 1."),
        (HEAD + "A,1.5,9,2,9\n", "line 2, e1: 1.5 is not a whole number."),
        (HEAD + "A,one,9,2,9\n", "line 2, e1: 'one' is not a number."),
        (HEAD + 'A,"1,5",9,2,9\n', "line 2, e1: '1,5' is not a number. Write a point before the decimals."),
        (HEAD + "A,nan,9,2,9\n", "line 2, e1: 'nan' is not a number."),
        (HEAD + "A,1_0,99,2,9\n", "line 2, e1: '1_0' is not a number."),
        (HEAD + "A,1e999,9,2,9\n", "line 2, e1: inf is not a number up to 1e+09."),
        (HEAD + "A,,9,2,9\n", "line 2, e1: is empty. If it was not reported, leave the study out."),
        (HEAD + ",1,9,2,9\n", "line 2, study: is empty. Give a name."),
        (HEAD + "A\x1b[2J,1,9,2,9\n", "line 2, study: holds control characters. Take them out."),
        (HEAD + "A" * 201 + ",1,9,2,9\n", "line 2, study: has 201 characters; a name has at most 200."),
        (HEAD + "A,1,9,2,9\nA,1,9,2,9\n", "line 3, study: A occurs twice with the same numbers. Take one out."),
        (
            HEAD + "A,1,9,2,9\nB,1,9\n",
            "line 3: has 3 fields, but the first line names 5 columns. Was the file cut off?",
        ),
        (HEAD + '"A,1,9,2,9\n', "line 2: is not valid CSV: unexpected end of data."),
        (HEAD, "holds no study, only the names of the columns. Add one line for each."),
        ("study,n1,mean1,sd1,n2,mean2,sd2\nA,9,1,,9,2,1\n", "line 2, sd1: is empty. If it was not reported,"),
        ("study,n1,mean1,sd1,n2,mean2,sd2\nA,9,1,0,9,2,1\n", "line 2, sd1: 0 is not above 0."),
        (
            "name,e1,n1,e2,n2\nA,1,9,2,9\n",
            "line 1: names the columns 'name,e1,n1,e2,n2'; accepted are study,e1,n1,e2,n2;",
        ),
        ("study,e1,e1,n1,e2,n2\nA,1,1,9,2,9\n", "line 1: names e1 twice. Name each column once."),
        ("study,e1,n1,e2,n2,yi,sei\nA,1,9,2,9,0,1\n", "line 1: fits 2 layouts at once. Keep the columns of one:"),
        (
            "study,treatment,events,total\nA,x,1,9\n",
            "line 1: has a column treatment, so it holds the arms of a network.",
        ),
        (b"study,e1,n1,e2,n2\nA,1,9,2,9\nK\xf6nig,1,9,2,9\n", "line 3: is not UTF-8 text."),
        (b"", "is empty."),
        (b"study,e1,n1,e2,n2\n" + b"A,1,9,2,9\n" * 2_100_000, "a file of studies has at most 10 MB."),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_line_and_column(refused, text, message):
    assert any(message in fault for fault in refused(text))


def test_all_faults_of_a_file_are_told_at_once(refused):
    assert refused(HEAD + "A,10,9,x,9\nB,1,0,2,9\nC,1\nD,1,9,2,9\n,1,9,2,9\n") == [
        "line 2, e2: 'x' is not a number.",
        "line 3, n1: 0 is an empty group; a group has at least 1. Leave the study out if the group was not reported.",
        "line 4: has 2 fields, but the first line names 5 columns. Was the file cut off?",
        "line 6, study: is empty. Give a name.",
    ]


def test_a_file_full_of_faults_is_not_told_to_the_end(refused):
    faults = refused(HEAD + "A,x,9,2,9\n" * 300)

    assert len(faults) == 101
    assert faults[-1] == "There are more faults than these. Mend them and read the file again."


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file or directory"):
        read_rows(tmp_path / "nothing.csv")


lines = st.lists(st.sampled_from(["A,1,9,2,9", "B,x,9", '"', "A,1,9,2,9,", "\x00", "C,1e5,-3,nan,", "é,0,1,1,1", ""]))


@pytest.mark.parametrize("reader", [read_rows, read_network])
@settings(max_examples=300)
@given(
    content=st.binary(max_size=200)
    | lines.map(lambda some: (HEAD + "\n".join(some)).encode())
    | lines.map(lambda some: ("study,treatment,mean,sd,n\n" + "\n".join(some)).encode())
)
def test_any_bytes_are_read_or_refused(tmp_path_factory, reader, content):
    path = Path(tmp_path_factory.getbasetemp(), "any.csv")
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        assert reader(path)


# ------------------------------------------------------------------------------------------------------ what is told

TRIALS = [Counts("Lai 2005", 1, 29, 16, 25), Counts("Chen 2009", 4, 31, 8, 28), Counts("Lee 2015", 19, 55, 20, 55)]
ARMS = [
    CountArm("A", "cells", 4, 30),
    CountArm("A", "drilling", 9, 30),
    CountArm("B", "drilling", 8, 40),
    CountArm("B", "rest", 20, 40),
    CountArm("C", "cells", 3, 25),
    CountArm("C", "rest", 11, 25),
]


def test_the_json_of_a_pool_has_exactly_these_keys():
    assert list(pooled_json(pool(TRIALS, "RR"))) == [
        *(
            "measure",
            "method",
            "k",
            "estimate",
            "ci_low",
            "ci_high",
            "log_estimate",
            "se",
            "tau2",
            "i2",
            "q",
            "df",
            "p",
        ),
        *("prediction_low", "prediction_high", "studies", "notes"),
    ]


@pytest.mark.parametrize("rows", [TRIALS, TRIALS[:1]])
def test_the_json_of_a_pool_survives_a_strict_writer(rows):
    found = pooled_json(pool(rows, "RR"))

    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_json_of_a_network_survives_a_strict_writer_and_has_its_parts():
    found = network_json(network(ARMS, "OR", "rest"))

    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["q_between_designs"].keys() == {"q", "df", "p"}
    assert [effect["treatment"] for effect in found["against_reference"]] == ["cells", "drilling"]
    assert found["league"][0][0]["estimate"] == 1.0


def test_the_text_of_one_study_says_that_nothing_was_pooled():
    text = pooled_text(pool(TRIALS[:1], "RR"))

    assert text.startswith("Risk ratio of 1 study: 0.054 (95% interval 0.0077 to 0.38), p = 0.003\n")
    assert "I2" not in text
    assert "Note: One study: nothing was pooled." in text


def test_the_text_of_a_proportion_has_no_p_value():
    assert "p =" not in pooled_text(pool([Single("A", 9, 58), Single("B", 3, 40)], "PR"))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_text_keeps_to_the_width(width):
    told = [pooled_text(pool(TRIALS, "RR"), width), network_text(network(ARMS, "OR", "rest"), width)]

    assert max(len(line) for text in told for line in text.splitlines()) <= width


def test_the_text_of_a_network_puts_the_best_treatment_first():
    table = network_text(network(ARMS, "OR", "rest")).split("\n\n")[1].splitlines()

    assert [line.split()[0] for line in table] == ["treatment", "cells", "drilling", "rest"]
