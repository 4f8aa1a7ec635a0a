"""What `transat bench covariates` measures: one-hot features and first-trimester exposures.

A drawn CDM of person-sorted dispensings; two persons in five have one row in the cohort. Both
matrices are what `build` gives, names included; beside them, mere decoding of the columns read, and
the same pairs counted in DuckDB's SQL on the same file. Each is measured in a process of its own.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from transat.cohorts.covariates.assemble import build
from transat.cohorts.covariates.chunks import scan
from transat.cohorts.covariates.settings import Analysis, Settings
from transat.cohorts.eras.bench import write_dispensings
from transat.cohorts.query.executor import COHORT_SCHEMA
from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB

_TABLE: Final = "drug_exposure"
ONE_HOT: Final = Analysis(302, "one_hot", "concept", _TABLE, -365, 0)
EXPOSURE: Final = Analysis(303, "first_trimester", "concept", _TABLE, 0, 90, "covered")
_SQL: Final = """
    SELECT count(*) FROM (SELECT DISTINCT c.subject_id, c.cohort_start_date, t.drug_concept_id
    FROM cohort c JOIN drug_exposure t ON t.person_id = c.subject_id
    WHERE t.drug_exposure_start_date <= c.cohort_start_date + {high}
      AND t.{last} >= c.cohort_start_date + {low})"""


class Measured(NamedTuple):
    """Seconds, stored values of the matrix, peak memory in GB above that of the modules alone."""

    seconds: float
    values: int
    peak_gb: float


def write_cdm(folder: Path, rows: int, seed: int = 1) -> int:
    """Write a drawn CDM and `cohort.parquet`; return the number of its dispensings."""
    random = np.random.default_rng(seed)
    written = write_dispensings(folder / f"{_TABLE}.parquet", rows)
    persons = np.arange(1, rows // 320 + 1)
    pq.write_table(
        pa.table({"person_id": pa.array(persons, pa.int32())}), folder / "person.parquet"
    )
    held = persons[random.random(len(persons)) < 0.4]
    start = random.integers(15_000, 17_500, len(held)).astype(np.int32)
    columns = [
        np.ones(len(held), np.int64),
        held.astype(np.int64),
        pa.array(start).cast(pa.date32()),
        pa.array(start + 280).cast(pa.date32()),
    ]
    pq.write_table(pa.table(columns, COHORT_SCHEMA), folder / "cohort.parquet")
    return written


def one_hot(folder: Path) -> tuple[float, int]:
    """Seconds and stored values of the features of the year before."""
    return _built(folder, ONE_HOT)


def exposure(folder: Path) -> tuple[float, int]:
    """Seconds and stored values of the exposures of days 0 to 90."""
    return _built(folder, EXPOSURE)


def decode(folder: Path) -> tuple[float, int]:
    """Read the columns that exposures need, and do nothing with them."""
    columns = {
        "drug_concept_id": "id",
        f"{_TABLE}_start_date": "start",
        f"{_TABLE}_end_date": "end",
    }
    began = time.perf_counter()
    scan(Cdm(folder), _TABLE, columns, (0, 2**31 - 1), lambda chunk: None)
    return time.perf_counter() - began, 0


def sql_one_hot(folder: Path) -> tuple[float, int]:
    """The pairs of `one_hot` in SQL."""
    return _sql(folder, ONE_HOT, f"{_TABLE}_start_date")


def sql_exposure(folder: Path) -> tuple[float, int]:
    """The pairs of `exposure` in SQL."""
    return _sql(folder, EXPOSURE, f"{_TABLE}_end_date")


WORKS: Final = (one_hot, exposure, decode, sql_one_hot, sql_exposure)


def bench(rows: int = 100_000_000, repeats: int = 3) -> dict[str, int | float]:
    """Measure all on one drawn CDM, best of `repeats`.

    Raises ArithmeticError when SQL finds other pairs.
    """
    with TemporaryDirectory(prefix="transat-") as scratch:
        folder = Path(scratch)
        # Written by another process: a child starts with the peak of its parent.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            written = pool.apply(write_cdm, (folder, rows))
        found = {work.__name__: _alone(work, folder, repeats) for work in WORKS}
    for name in ("one_hot", "exposure"):
        if found[name].values != found[f"sql_{name}"].values:
            raise ArithmeticError(f"{name}: the matrix and SQL hold different pairs")
    figures: dict[str, int | float] = {"rows": written}
    for name, measured in found.items():
        figures[f"{name}.seconds"] = measured.seconds
        figures[f"{name}.peak_gb"] = measured.peak_gb
        if measured.values:
            figures[f"{name}.values"] = measured.values
    return figures


def _built(folder: Path, analysis: Analysis) -> tuple[float, int]:
    cohort = pq.read_table(folder / "cohort.parquet")
    began = time.perf_counter()
    made = build(Cdm(folder), cohort, Settings((analysis,)))
    return time.perf_counter() - began, int(made.matrix.nnz)


def _sql(folder: Path, analysis: Analysis, last: str) -> tuple[float, int]:
    with DuckDB() as engine:
        for name in ("cohort", _TABLE):
            engine.view_parquet(name, [folder / f"{name}.parquet"])
        began = time.perf_counter()
        query = _SQL.format(low=analysis.low, high=analysis.high, last=last)
        pairs = int(engine.scalar(query))
        return time.perf_counter() - began, pairs


def _alone(work: Callable[[Path], tuple[float, int]], folder: Path, repeats: int) -> Measured:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (work, folder, repeats))


def _measured(work: Callable[[Path], tuple[float, int]], folder: Path, repeats: int) -> Measured:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, values = min(work(folder) for _ in range(repeats))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return Measured(seconds, values, peak * 1024 / 1e9)
