"""What `transat bench eras` measures: eras of drugs, beside mere decoding and beside SQL.

The three read the same file with the same number of threads; each function returns its seconds and
what it found, so that the answers can be compared.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from transat.cohorts.eras import stream
from transat.cohorts.eras.intervals import DRUGS, columns_to_read
from transat.engines.duckdb import DuckDB

#: Medicines on the market, and persons drawn at a time.
MEDICINES: Final = 1500
_BLOCK: Final = 4000
_SUPPLIES: Final = (7, 10, 28, 30, 30, 30, 60, 90)
#: The formulation of eras that DuckDB ran fastest of those tried (one sort for both windows, then
#: the cuts alone), its order total. It tells no count and no gap: less than the kernel.
_SQL: Final = """
    WITH seen AS (
        SELECT person_id AS p, drug_concept_id AS c, drug_exposure_start_date AS s,
               max(drug_exposure_end_date) OVER (
                   PARTITION BY person_id, drug_concept_id
                   ORDER BY drug_exposure_start_date, drug_exposure_end_date
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest,
               max(drug_exposure_end_date) OVER (
                   PARTITION BY person_id, drug_concept_id) AS last
        FROM drug_exposure),
    eras AS (
        SELECT s, coalesce(lead(latest) OVER (PARTITION BY p, c ORDER BY s), last) AS e
        FROM seen WHERE latest IS NULL OR s - latest > 30)
    SELECT count(*), sum(e - s) FROM eras"""


class Measured(NamedTuple):
    """Seconds, eras found, days from the start to the end of all of them."""

    seconds: float
    eras: int
    days: int


def write_dispensings(path: Path, rows: int, seed: int = 1) -> int:
    """Write a drawn `drug_exposure` in the layout of a CDM; return its number of rows.

    About `rows` dispensings, 320 a person: some 25 medicines each, dispensed 13 times on average, 7
    to 90 days at a time, refilled early, late or after a break; 0.6 era a dispensing.
    """
    random = np.random.default_rng(seed)
    with TemporaryDirectory(prefix="transat-") as scratch, DuckDB(threads=1) as engine:
        parts: list[Path] = []
        before = 0
        for first in range(0, rows // 320, _BLOCK):
            block = _block(random, first, min(_BLOCK, rows // 320 - first), before)
            before += block.num_rows
            parts.append(Path(scratch) / f"{first}.parquet")
            pq.write_table(block, parts[-1], compression="lz4")
        engine.view_parquet("drawn", parts)
        # One thread takes the parts one after the other, so the file keeps their order.
        return engine.write_parquet("SELECT * FROM drawn", path)


def _block(random: np.random.Generator, first: int, persons: int, before: int) -> pa.Table:
    """Dispensings of persons `first` + 1, …, in order of person, medicine and day."""
    weight = 1 / np.arange(1, MEDICINES + 1) ** 0.8
    owner = np.repeat(np.arange(persons), random.poisson(25, persons) + 1)
    medicine = random.choice(MEDICINES, len(owner), p=weight / weight.sum())
    pair = np.unique(owner * MEDICINES + medicine)
    times = random.geometric(1 / 13, len(pair))
    head = np.cumsum(times) - times
    interval = random.integers(0, 170, int(times.sum()))
    interval[head] = random.integers(14_600, 17_500, len(pair))
    elapsed = np.cumsum(interval)
    start = elapsed - np.repeat(elapsed[head] - interval[head], times)
    pair = np.repeat(pair, times)
    ids = np.arange(before + 1, before + 1 + len(pair))
    columns = {
        "drug_exposure_id": ids,
        "person_id": first + 1 + pair // MEDICINES,
        "drug_concept_id": 700_000 + 6_007 * (pair % MEDICINES),
        "drug_exposure_start_date": start,
        "drug_exposure_end_date": start + random.choice(_SUPPLIES, len(pair)) - 1,
    }
    arrays = {name: pa.array(values.astype(np.int32)) for name, values in columns.items()}
    return pa.table(
        {n: a.view(pa.date32()) if n.endswith("_date") else a for n, a in arrays.items()}
    )


def decode(path: Path, threads: int) -> Measured:
    """Read the columns that eras need, and do nothing with them."""
    metadata = pq.read_metadata(path)
    columns = columns_to_read(metadata, DRUGS)
    own = threading.local()

    def read(group: int) -> None:
        if not hasattr(own, "file"):
            own.file = pq.ParquetFile(path, metadata=metadata)
        own.file.read_row_group(group, columns=columns, use_threads=False)

    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(read, range(metadata.num_row_groups)))
    return Measured(time.perf_counter() - began, 0, 0)


def kernel(path: Path, threads: int) -> Measured:
    """Eras with their counts and gap days, as arrays; their days are summed in a second pass."""
    began = time.perf_counter()
    eras = sum(map(len, stream.eras(path, DRUGS, 30, threads=threads)))
    seconds = time.perf_counter() - began
    parts = stream.eras(path, DRUGS, 30, threads=threads)
    return Measured(seconds, eras, sum(int((p.end - p.start).sum()) for p in parts))


def sql(path: Path, threads: int) -> Measured:
    """Eras in DuckDB's SQL."""
    with DuckDB("8GB", threads) as engine:
        engine.view_parquet("drug_exposure", [path])
        began = time.perf_counter()
        eras, days = engine.rows(_SQL)[0]
        return Measured(time.perf_counter() - began, int(eras), int(days))


def bench(rows: int = 100_000_000, threads: int = 2, repeats: int = 3) -> dict[str, int | float]:
    """Measure the three on one drawn file; best of `repeats` for the first two, one for SQL.

    Raises ArithmeticError when the kernel and SQL do not find the same eras.
    """
    with TemporaryDirectory(prefix="transat-") as scratch:
        path = Path(scratch) / "drug_exposure.parquet"
        written = write_dispensings(path, rows)
        # Turn by turn, so that a machine that others use slows both alike.
        turns = [(decode(path, threads), kernel(path, threads)) for _ in range(repeats)]
        floor, found = (min(measured) for measured in zip(*turns, strict=True))
        other = sql(path, threads)
    if found[1:] != other[1:]:
        raise ArithmeticError("the kernel and SQL find different eras")
    return {
        "rows": written,
        "threads": threads,
        "eras": found.eras,
        "seconds": found.seconds,
        "rows_per_second": written / found.seconds,
        "decode.seconds": floor.seconds,
        "share_of_decode_speed": floor.seconds / found.seconds,
        "sql.seconds": other.seconds,
        "times_faster_than_sql": other.seconds / found.seconds,
    }
