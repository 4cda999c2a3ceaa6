"""A sweep runs over processes and over Spark workers unchanged, and goes on where it stopped."""

import importlib
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from osteon.errors import InputError
from osteon.mechanics.sweep import on_spark, sweep

TASKS = {f"e_{modulus}": modulus for modulus in (100, 200, 400, 800)}


@pytest.fixture
def squeezed(monkeypatch):
    """The task, importable as a sweep's own code is."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module("bar").squeezed


def stretched(tasks):
    """What the bar's closed form says: F L / (E A)."""
    return {name: {"end_mm": 8.0 * 4.0 / modulus} for name, modulus in tasks.items()}


def test_two_processes_give_the_closed_form_for_every_task(tmp_path, squeezed):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = sweep(TASKS, squeezed, tmp_path, spread=pool.map)
    assert found.results == stretched(TASKS)
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.xdist_group("spark")
@pytest.mark.slow
def test_two_spark_workers_give_the_same_files_as_one_process(tmp_path, squeezed):
    pyspark = pytest.importorskip("pyspark.sql")
    shared = pyspark.SparkSession.getActiveSession() is not None  # another test's, which goes on with it
    builder = pyspark.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.appName("sweep").getOrCreate()
    session.sparkContext.addPyFile(str(Path(__file__).with_name("bar.py")))
    try:
        spread = sweep(TASKS, squeezed, tmp_path / "spark", spread=on_spark(session))
    finally:
        if not shared:
            session.stop()
    assert spread == sweep(TASKS, squeezed, tmp_path / "alone")


def test_a_sweep_goes_on_where_it_stopped(tmp_path, squeezed):
    sweep(dict(list(TASKS.items())[:3]), squeezed, tmp_path)
    assert sweep(TASKS, squeezed, tmp_path).solved_now == 1


def test_a_task_that_cannot_be_solved_is_told_and_the_others_are_solved(tmp_path, squeezed):
    found = sweep({"good": 100, "bad": -1}, squeezed, tmp_path)
    assert found.results == stretched({"good": 100})
    assert "send a modulus above 0" in found.faults["bad"]


def test_a_name_that_would_leave_the_folder_is_refused(tmp_path, squeezed):
    with pytest.raises(InputError, match="cannot be a file's name"):
        sweep({"../outside": 100}, squeezed, tmp_path)
