"""A sweep runs over processes and over Spark workers unchanged, and goes on where it stopped."""

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from osteon.errors import Fault, InputError
from osteon.mechanics.solve import solve
from osteon.mechanics.sweep import on_spark, sweep

TASKS = {f"e_{modulus}": modulus for modulus in (100, 200, 400, 800)}


def squeezed(modulus_mpa):
    """The end of a bar of 4 x 1 x 1 mm under 8 N along it, and a fault for a modulus below 0."""
    if modulus_mpa < 0:
        raise InputError("modulus", [Fault("", f"is {modulus_mpa}; send a modulus above 0.")])
    fixed = np.zeros((5, 2, 2, 3), bool)
    fixed[0, ..., 2] = fixed[:, :, 0, 0] = fixed[:, 0, :, 1] = True
    force = np.zeros((5, 2, 2, 3))
    force[4, ..., 2] = 2.0
    modulus = np.full((4, 1, 1), float(modulus_mpa))
    solved = solve(modulus, 1.0, fixed=fixed, force_n=force, tolerance=1e-10)
    return {"end_mm": round(float(solved.displacement_mm[4, 0, 0, 2]), 6)}


def stretched(tasks):
    """What the bar's closed form says: F L / (E A)."""
    return {name: {"end_mm": 8.0 * 4.0 / modulus} for name, modulus in tasks.items()}


def test_two_processes_give_the_closed_form_for_every_task(tmp_path):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = sweep(TASKS, squeezed, tmp_path, spread=pool.map)
    assert found.results == stretched(TASKS)
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.xdist_group("spark")
@pytest.mark.slow
def test_two_spark_workers_give_the_same_files_as_one_process(tmp_path, monkeypatch):
    pyspark = pytest.importorskip("pyspark.sql")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    shared = pyspark.SparkSession.getActiveSession() is not None  # another test's, which goes on with it
    builder = pyspark.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.appName("sweep").getOrCreate()
    try:
        spread = sweep(TASKS, squeezed, tmp_path / "spark", spread=on_spark(session))
    finally:
        if not shared:
            session.stop()
    assert spread == sweep(TASKS, squeezed, tmp_path / "alone")


def test_a_sweep_goes_on_where_it_stopped(tmp_path):
    sweep(dict(list(TASKS.items())[:3]), squeezed, tmp_path)
    assert sweep(TASKS, squeezed, tmp_path).solved_now == 1


def test_a_task_that_cannot_be_solved_is_told_and_the_others_are_solved(tmp_path):
    found = sweep({"good": 100, "bad": -1}, squeezed, tmp_path)
    assert found.results == stretched({"good": 100})
    assert "send a modulus above 0" in found.faults["bad"]


def test_a_name_that_would_leave_the_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be a file's name"):
        sweep({"../outside": 100}, squeezed, tmp_path)
