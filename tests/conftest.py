"""How every test runs: no deadline on shared machines, and the same examples each time on CI."""

import os
import sys

import pytest
from hypothesis import settings

from osteon import cli

settings.register_profile("developer", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
# Spark's workers are this very Python, which has the package.
os.environ["PYSPARK_PYTHON"] = sys.executable
settings.load_profile("ci" if os.environ.get("CI") else "developer")


@pytest.fixture
def osteon(monkeypatch, capsys):
    """Runs one command in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("COLUMNS", "100")

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["osteon", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        told = capsys.readouterr()
        return left.value.code or 0, told.out, told.err

    return run
