"""What `transat bench cohorts` measures: definitions on a CDM of as many people as wanted."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from transat.cli.measure import Figures, alone, machine


def cohorts(
    definitions: Path, cdm: Path, copies: int, engines: Sequence[str], circe: Path | None
) -> Figures:
    """Seconds and memory to read, run and write all definitions, one process a measure.

    Parameters
    ----------
    definitions: file, folder or zip of definitions.
    cdm: folder of a CDM; copies: how many times its people (1: itself).
    engines: executors, each measured on the same CDM.
    circe: folder of the SQL that OHDSI's Circe and SqlRender write for DuckDB (schemas `cdm` and
        `res`, table `res.cohort`), measured beside, one definition after the other.
    """
    with tempfile.TemporaryDirectory(prefix="transat-bench-") as scratch:
        people = cdm
        if copies > 1:
            people = Path(scratch) / "people"
            alone(_copy, cdm, copies, people)
        figures: Figures = dict(machine())
        seconds, _ = alone(_read, definitions)
        figures |= {"copies": copies, "read_definitions.seconds": seconds}
        for engine in engines:
            out = Path(scratch) / "cohorts"
            seconds, peak = alone(_run, definitions, people, engine, out)
            figures |= {
                f"{engine}.seconds": seconds,
                f"{engine}.peak_memory_gb": peak,
                f"{engine}.periods": _periods(out / "cohort.parquet"),
            }
            shutil.rmtree(out)
        if circe is not None:
            out = Path(scratch) / "circe.parquet"
            seconds, peak = alone(_circe, circe, people, out)
            figures |= {
                "circe_sql.seconds": seconds,
                "circe_sql.peak_memory_gb": peak,
                "circe_sql.periods": _periods(out),
            }
        return figures


def _copy(cdm: Path, copies: int, to: Path) -> float:
    from transat.engines.cdm import Cdm
    from transat.simulate.copies import copy_people

    start = time.perf_counter()
    copy_people(Cdm(cdm), copies, to)
    return time.perf_counter() - start


def _read(definitions: Path) -> float:
    from transat.cohorts import circe, language  # noqa: F401  (their import is not measured)
    from transat.cohorts.definitions import read

    start = time.perf_counter()
    read(definitions)
    return time.perf_counter() - start


def _run(definitions: Path, cdm: Path, engine: str, out: Path) -> float:
    """Reading the definitions, running them and writing the folder."""
    from transat.cohorts import circe, language  # noqa: F401  (their import is not measured)
    from transat.cohorts.definitions import read
    from transat.cohorts.generation import engine_named, executor, generate
    from transat.engines.cdm import Cdm

    name = engine_named(engine)
    executor(name)
    start = time.perf_counter()
    generate(Cdm(cdm), read(definitions), name, out)
    return time.perf_counter() - start


def _periods(file: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(file).num_rows)


def _circe(scripts: Path, cdm: Path, out: Path) -> float:
    """The SQL of each definition, one after the other, on tables that DuckDB holds in memory."""
    from transat.engines.cdm import Cdm
    from transat.engines.duckdb import DuckDB
    from transat.engines.engine import identifier
    from transat.tables.omop import tables

    with DuckDB() as engine:
        Cdm(cdm).attach(engine)
        engine.sql("CREATE SCHEMA cdm")
        engine.sql("CREATE SCHEMA res")
        for name in map(identifier, tables()):
            engine.sql(f"CREATE TABLE cdm.{name} AS SELECT * FROM main.{name}")
        engine.sql(
            "CREATE TABLE res.cohort (cohort_definition_id INTEGER, subject_id BIGINT, "
            "cohort_start_date DATE, cohort_end_date DATE)"
        )
        texts = [file.read_text("utf-8") for file in sorted(scripts.glob("*.sql"))]
        start = time.perf_counter()
        for text in texts:
            engine.sql(text)
        seconds = time.perf_counter() - start
        engine.write_parquet("SELECT * FROM res.cohort", out)
    return seconds
