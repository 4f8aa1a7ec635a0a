"""What `transat bench` measures; each run has its own process, hence its own peak memory."""

from __future__ import annotations

import multiprocessing
import os
import platform
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from transat.core.errors import InputError
from transat.core.languages import Text

Figures = dict[str, str | int | float]

FORMS = {"france": "snds", "quebec": "quebec"}


def scan(births: int, exposures: int, outcomes: int, strata: int) -> Figures:
    """Pairs and births per second of the Mantel-Haenszel scan on a drawn table."""
    seconds, peak = alone(_scan, births, exposures, outcomes, strata)
    return {
        **machine(),
        "births": births,
        "pairs": exposures * outcomes,
        "strata": strata,
        "seconds": seconds,
        "rows_per_second": births / seconds,
        "pairs_per_second": exposures * outcomes / seconds,
        "peak_memory_gb": peak,
    }


def harmonise(
    persons: int, extracts: Path | None, lines: Sequence[int] = (), engines: Sequence[str] = ()
) -> Figures:
    """Native rows per second to OMOP on each shore, and as a share of merely reading them.

    Parameters
    ----------
    persons: women drawn on each shore, when `extracts` is not given.
    extracts: folder of extracts already simulated, in Parquet where `lines` is given.
    lines: sizes, in native lines, to which the French extract is multiplied, one after the other.
    engines: engines measured beside DuckDB on the same input.
    """
    with tempfile.TemporaryDirectory(prefix="transat-bench-") as scratch:
        folder = extracts or Path(scratch) / "native"
        if extracts is None:
            alone(_simulate, persons, folder)
        elif not all((folder / shore).is_dir() for shore in FORMS):
            raise InputError(
                Text("il manque france ou quebec.", "france or quebec is missing."),
                str(folder),
                Text("Écrivez-les avec « transat simulate ».", 'Write them: "transat simulate".'),
            )
        figures: Figures = dict(machine())
        if not lines:
            for shore, form in FORMS.items():
                figures |= _measures(shore, form, folder / shore, Path(scratch), engines)
            return figures
        own = _lines(folder / "france", Path(scratch))
        for size in lines:
            copies = max(1, round(size / own))
            many = Path(scratch) / "many"
            alone(_multiply, folder / "france", copies, many)
            figures |= _measures(f"france.{size:.0e}", "snds", many, Path(scratch), engines)
            shutil.rmtree(many)
        return figures


def _measures(name: str, form: str, source: Path, scratch: Path, engines: Sequence[str]) -> Figures:
    """One extract, harmonised by each engine, and read."""
    reading, _ = alone(_read, source)
    figures: Figures = {}
    for engine in ("duckdb", *engines):
        to = scratch / "cdm"
        seconds, peak = alone(_harmonise, form, source, to, engine)
        rows = _rows_read(to)
        shutil.rmtree(to)
        said = name if engine == "duckdb" else f"{name}.{engine}"
        figures |= {
            f"{said}.rows": rows,
            f"{said}.seconds": seconds,
            f"{said}.rows_per_second": rows / seconds,
            f"{said}.share_of_reading_speed": reading / seconds,
            f"{said}.peak_memory_gb": peak,
        }
    return figures


def _lines(source: Path, scratch: Path) -> int:
    """Native lines of an extract, by its own ledger."""
    to = scratch / "counted"
    alone(_harmonise, "snds", source, to, "duckdb")
    rows = _rows_read(to)
    shutil.rmtree(to)
    return rows


def machine() -> Figures:
    """The machine: processor, cores, memory, system, interpreter."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "memory_gb": round(pages / 1e9, 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def alone(work: Callable[..., float], *arguments: Any) -> tuple[float, float]:
    """Run `work` in a fresh process; return the seconds it reports and its peak memory in GB."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_measured, (work, arguments))


def _measured(work: Callable[..., float], arguments: tuple[Any, ...]) -> tuple[float, float]:
    seconds = work(*arguments)
    # Spark works in a Java process of its own, which has ended by now.
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return seconds, sum(resource.getrusage(w).ru_maxrss for w in whose) * 1024 / 1e9


def _scan(births: int, exposures: int, outcomes: int, strata: int) -> float:
    from transat.statistics import mantel_haenszel

    table = _table(births, exposures, outcomes, strata)
    start = time.perf_counter()
    mantel_haenszel.combine([mantel_haenszel.at_site(table)])
    return time.perf_counter() - start


def _table(births: int, exposures: int, outcomes: int, strata: int) -> Any:
    """A table as a site would hold: 4 medicines a birth, 5 malformations in 100 births."""
    import numpy as np
    from scipy.sparse import csc_array

    from transat.cohorts.analysis_table import AnalysisTable

    random = np.random.default_rng(1)

    def flags(columns: int, marks: int) -> csc_array:
        cells = np.unique(random.integers(0, births * columns, marks))
        ones = np.ones(len(cells), dtype=np.uint8)
        return csc_array((ones, (cells // columns, cells % columns)), shape=(births, columns))

    return AnalysisTable(
        n=births,
        exposures=flags(exposures, births * 4),
        exposure_codes=tuple(f"D{i:05d}" for i in range(exposures)),
        outcomes=flags(outcomes, births // 20),
        outcome_codes=tuple(f"m{i}" for i in range(outcomes)),
        strata=random.integers(0, strata, births).astype(np.int32),
        stratum_labels=tuple(f"s{i}" for i in range(strata)),
        covariates=np.zeros((births, 0)),
        covariate_names=(),
        cluster=np.arange(births, dtype=np.int32),
        exposure_parents=(-1,) * exposures,
        outcome_parents=(-1,) * outcomes,
    )


def _simulate(persons: int, folder: Path) -> float:
    from transat.simulate.design import Design
    from transat.simulate.simulate import simulate

    start = time.perf_counter()
    simulate(Design(seed=1, persons=persons, file_format="parquet"), folder)
    return time.perf_counter() - start


def _multiply(source: Path, copies: int, to: Path) -> float:
    from transat.simulate.multiply import multiply

    start = time.perf_counter()
    multiply(source, copies, to)
    return time.perf_counter() - start


def _harmonise(form: str, source: Path, to: Path, engine: str) -> float:
    from transat.harmonise.run import harmonise

    start = time.perf_counter()
    harmonise(form, source, to, engine=engine)
    return time.perf_counter() - start


def _rows_read(cdm: Path) -> int:
    """Rows that the ledger says were read from the native tables."""
    from transat.engines.duckdb import DuckDB

    with DuckDB() as engine:
        engine.view_parquet("ledger", [cdm / "ledger.parquet"])
        read = engine.scalar("SELECT sum(\"rows\") FROM ledger WHERE kind = 'read'")
        return int(read or 0)


def _read(source: Path) -> float:
    """Seconds to read every column of every native file and do nothing with it."""
    from transat.engines.duckdb import DuckDB
    from transat.engines.engine import identifier

    start = time.perf_counter()
    with DuckDB() as engine:
        for path in sorted(p for p in source.rglob("*") if p.suffix in {".csv", ".parquet"}):
            if path.suffix == ".csv":
                engine.read_csv_text("native", [path], ";" if source.name == "france" else ",")
            else:
                engine.view_parquet("native", [path])
            columns = engine.columns("native")
            lengths = ", ".join(f"max(length({identifier(c)}))" for c in columns)
            engine.rows(f"SELECT {lengths} FROM native")
    return time.perf_counter() - start
