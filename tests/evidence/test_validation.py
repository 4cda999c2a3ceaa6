"""Does Osteon compute what reference programs print? The comparison of `validation/run.py`, as a test."""

import importlib.util
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / "validation" / "run.py"


@pytest.fixture(scope="module")
def run():
    spec = importlib.util.spec_from_file_location("validation_run", RUN)
    module = importlib.util.module_from_spec(spec)
    sys.modules["validation_run"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def figures(run):
    return list(run.figures())


def test_every_printed_figure_is_reached_to_its_last_digit(figures):
    assert [figure for figure in figures if not figure.agrees()] == []


def test_only_figures_known_to_be_off_in_the_source_get_leeway(figures):
    off = sorted((figure.analysis, figure.name) for figure in figures if figure.units_off)

    assert off == [
        ("bcg RR DL z", "i2_low"),
        ("bcg latitude t", "r2"),
        ("bcg latitude t", "tau2"),
        ("bcg latitude z", "r2"),
        ("hernigou2018-tha OR FE z", "ci_low"),
        ("raudenbush1985 SMD REML z", "prediction_high"),
        ("viechtbauer2005_1 SMD REML z", "i2"),
        ("viechtbauer2005_2 SMD REML z", "i2"),
    ]


@pytest.mark.parametrize(
    "analysis",
    [
        "linde2005 RR DL z",
        "damico2009 OR MH z",
        "damico2009 OR DL z",
        "hine1989 RD REML z",
        "yusuf1985_table6 OR Peto z",
        "gibson2002 SMD FE z",
        "hart1999 IRR REML z",
        "laopaiboon2015 RR MH z",
        "laopaiboon2015 RR REML z",
    ],
)
def test_each_engine_set_is_compared_with_its_interval_or_error(figures, analysis):
    names = {figure.name for figure in figures if figure.analysis == analysis}

    assert names >= {"q", "df", "i2"}
    assert names & {"ci_low", "log_ci_low"}


def test_a_figure_that_is_off_by_one_in_the_last_digit_is_noticed(run):
    assert run.Figure("bcg", "estimate", "0.4894", 0.48944).agrees()
    assert not run.Figure("bcg", "estimate", "0.4894", 0.48946).agrees()
    assert not run.Figure("bcg", "p_below", "0.0001", 0.0002).agrees()


def test_the_table_names_what_differs_and_counts_the_rest(run):
    table = run.table([run.Figure("bcg", "estimate", "0.49", 0.489), run.Figure("bcg", "q", "152.2", 99.0)])

    assert "DIFFERS" in table.splitlines()[1]
    assert "2 printed figures, 1 reached" in table
