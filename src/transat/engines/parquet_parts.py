"""Several Parquet files into one, in Transat's own layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def merge(parts: Sequence[Path], path: Path, row_group: int, compression: str) -> int:
    """Write the rows of `parts`, in their order, as one file; return their number.

    Row groups have `row_group` rows but for the last. Every column may be null, as in a file that
    DuckDB writes. Memory holds one row group.
    """
    schema = pa.schema([f.with_nullable(True) for f in pq.read_schema(parts[0])])
    schema = schema.remove_metadata()
    rows = 0
    with pq.ParquetWriter(path, schema, compression=compression) as writer:
        for group in _groups(_batches(parts), row_group):
            rows += sum(batch.num_rows for batch in group)
            writer.write_table(pa.Table.from_batches(group).cast(schema), row_group)
    return rows


def _batches(parts: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    for part in parts:
        with pq.ParquetFile(part) as file:
            yield from file.iter_batches(1 << 16)


def _groups(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[list[pa.RecordBatch]]:
    """Runs of batches of `rows` rows together, the last with what is left."""
    group: list[pa.RecordBatch] = []
    held = 0
    for batch in batches:
        while held + batch.num_rows >= rows:
            taken = rows - held
            yield [*group, batch.slice(0, taken)]
            batch, group, held = batch.slice(taken), [], 0
        if batch.num_rows:
            group.append(batch)
            held += batch.num_rows
    if group:
        yield group
