"""Fixtures used by every chapter of the tests."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pytest

from transat.core import languages

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The founders' reference material; not there on a user's machine."""
    if not SHARED.is_dir():
        pytest.skip("the reference material (../shared) is not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def r_rows(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], pa.Table]:
    """The rows of a dataset of R's package survival (LGPL), by name; R itself writes them.

    No patient's row is kept in this repository, however old and public.
    """
    folder = tmp_path_factory.mktemp("r")
    script = "a <- commandArgs(TRUE); d <- getExportedValue('survival', a[1]); write.csv(d, a[2])"
    if shutil.which("Rscript") is None:
        pytest.skip("R is not on this machine (Debian: r-base-core, r-cran-survival)")

    def rows(name: str) -> pa.Table:
        where = folder / f"{name}.csv"
        if not where.exists():
            subprocess.run(["Rscript", "-e", script, name, str(where)], check=True)
        convert = pyarrow.csv.ConvertOptions(null_values=["NA"], strings_can_be_null=True)
        return pyarrow.csv.read_csv(where, convert_options=convert)

    return rows


@pytest.fixture(autouse=True)
def _french() -> None:
    """Tests read messages in French unless they choose otherwise."""
    languages.choose("fr")
