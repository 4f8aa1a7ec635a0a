"""The tables of eras of a CDM: `drug_era` and `condition_era`, written into its folder."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from transat.cohorts.eras import stream
from transat.cohorts.eras.intervals import CONDITIONS, DRUGS, Source
from transat.cohorts.eras.keys import Keys, ingredients
from transat.core.errors import InputError
from transat.core.languages import Text
from transat.engines.cdm import METADATA, Cdm
from transat.engines.duckdb import DuckDB
from transat.engines.engine import identifier

if TYPE_CHECKING:
    from transat.cohorts.eras.merging import Merged

#: OHDSI's persistence window, in days.
GAP: Final = 30
ROW_GROUP: Final = 300_000
#: Name under which `transat.json` tells what was written.
RECORD: Final = "eras"
#: What says of a Parquet file that its eras are Transat's.
_MARK: Final = b"transat.eras"


def write_eras(cdm: Cdm, gap: int = GAP, threads: int | None = None, replace: bool = False) -> Cdm:
    """Write `drug_era` and `condition_era` of a CDM into its folder; return the CDM.

    Drugs by ingredient where the CDM's vocabulary tells it, else by their own concept (ATC in the
    CDMs that Transat makes); conditions by concept. Rows of concept 0 make no era. Each file is
    written beside and renamed; writing again gives the same files.

    Parameters
    ----------
    gap: days that may lie between two intervals of one era.
    threads: default, the machine's, at most 8.
    replace: write over eras that Transat did not write.

    Raises InputError when the folder holds eras of another origin and `replace` is not set, or
    when a table cannot be read.
    """
    if not replace:
        _refuse_others(cdm)
    workers = threads or min(os.cpu_count() or 2, 8)
    with DuckDB() as engine:
        cdm.attach(engine)
        keys = ingredients(engine)
    for source, by in ((DRUGS, keys), (CONDITIONS, None)):
        if cdm.path_of(source.table).is_file():
            _write(cdm, source, gap, by, workers)
    if (cdm.path / METADATA).is_file():
        _record(cdm, {"gap_days": gap, "drugs_by": "ingredient" if keys else "concept"})
    return cdm


def _write(cdm: Cdm, source: Source, gap: int, keys: Keys | None, threads: int) -> None:
    path = cdm.path_of(source.era)
    partial = path.with_name(path.name + ".partial")
    try:
        with _by_person(cdm.path_of(source.table), source) as rows:
            _write_parts(stream.eras(rows, source, gap, keys, threads), source, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _write_parts(parts: Iterator[Merged], source: Source, path: Path) -> None:
    schema = _schema(source)
    held: list[pa.Table] = []
    number = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for part in parts:
            held.append(_table(part, source, number, schema))
            number += len(part)
            if sum(table.num_rows for table in held) >= ROW_GROUP:
                writer.write_table(pa.concat_tables(held), ROW_GROUP)
                held = []
        if held:
            writer.write_table(pa.concat_tables(held), ROW_GROUP)


def _schema(source: Source) -> pa.Schema:
    era, days = source.era, pa.date32()
    columns = {
        f"{era}_id": pa.int32(),
        "person_id": pa.int32(),
        source.concept: pa.int32(),
        f"{era}_start_date": days,
        f"{era}_end_date": days,
        source.count: pa.int32(),
    }
    holes = {"gap_days": pa.int32()} if source.gap_days else {}
    return pa.schema(columns | holes, metadata={_MARK: b"1"})


def _table(part: Merged, source: Source, before: int, schema: pa.Schema) -> pa.Table:
    ids = np.arange(before + 1, before + 1 + len(part), dtype=np.int32)
    arrays = [ids, *part.keys, part.start, part.end, part.count]
    if part.gap_days is not None:
        arrays.append(part.gap_days)
    columns = [
        pa.array(values, pa.int32()).view(field.type)
        for values, field in zip(arrays, schema, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=schema)


@contextmanager
def _by_person(path: Path, source: Source) -> Iterator[Path]:
    """The file itself when it is sorted by person, else a sorted copy of the columns needed."""
    if stream.by_person(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="transat-") as scratch, DuckDB() as engine:
        engine.view_parquet("unsorted", [path])
        present = {name.lower(): name for name in engine.columns("unsorted")}
        columns = ", ".join(identifier(present[c]) for c in source.columns if c in present)
        order = ", ".join(
            identifier(present[c])
            for c in ("person_id", source.concept, source.start)
            if c in present
        )
        sorted_copy = Path(scratch) / path.name
        engine.write_parquet(f"SELECT {columns} FROM unsorted ORDER BY {order}", sorted_copy)
        yield sorted_copy


def _refuse_others(cdm: Cdm) -> None:
    for source in (DRUGS, CONDITIONS):
        path = cdm.path_of(source.era)
        if path.is_file() and _MARK not in (pq.read_schema(path).metadata or {}):
            raise InputError(
                Text(
                    "ce CDM a déjà ses ères, que Transat n'a pas écrites.",
                    "this CDM already has eras, which Transat did not write.",
                ),
                str(path),
                Text(
                    "Gardez-les, ou demandez leur remplacement (--replace).",
                    "Keep them, or ask for their replacement (--replace).",
                ),
            )


def _record(cdm: Cdm, said: dict[str, Any]) -> None:
    """Note the parameters in `transat.json`; a folder without one is not given one."""
    file = cdm.path / METADATA
    text = json.dumps(cdm.metadata | {RECORD: said}, ensure_ascii=False, indent=2, sort_keys=True)
    partial = file.with_name(file.name + ".partial")
    partial.write_text(text + "\n", "utf-8")
    partial.replace(file)
