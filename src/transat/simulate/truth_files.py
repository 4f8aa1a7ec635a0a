"""Truth as files: parts written chunk by chunk, then one Parquet file per table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from transat.simulate.design import Design, Shore
from transat.simulate.population import TABLES, Population
from transat.simulate.valve import curves, hazards
from transat.simulate.valve.schemas import VALVE_TABLES

UNSEEN = pa.schema([("kind", pa.string()), ("id", pa.int32()), ("reason", pa.string())])
CROSSWALK = pa.schema(
    [("person_id", pa.int32()), ("snds_person", pa.string()), ("quebec_person", pa.string())]
)
SHORE = pa.field("shore", pa.string())
NAMES = (*TABLES, "unseen", "crosswalk")


def names(design: Design) -> tuple[str, ...]:
    """Tables of a simulation; those of the valve where there are elders only."""
    return tuple(name for name in NAMES if design.elders or name not in VALVE_TABLES)


def with_shore(table: pa.Table, shore: str) -> pa.Table:
    """The table with its shore in a last column."""
    return table.append_column(SHORE, pa.repeat(pa.scalar(shore), table.num_rows))


def crosswalk(population: Population, identifiers: dict[str, pa.Table]) -> pa.Table:
    """person_id with the identifier of each shore's extract, null where not written.

    identifiers: 'france' or 'quebec' -> table (person_id, snds_person | quebec_person).
    """
    table = population.persons.select(["person_id"])
    for shore, column in (("france", "snds_person"), ("quebec", "quebec_person")):
        if shore in identifiers:
            table = table.join(identifiers[shore], "person_id", join_type="left outer")
        else:
            table = table.append_column(column, pa.nulls(table.num_rows, pa.string()))
    return table.select(CROSSWALK.names).sort_by("person_id").cast(CROSSWALK)


def write_parts(
    folder: Path, population: Population, unseen: dict[str, pa.Table], known: pa.Table
) -> None:
    """Truth of one chunk as folder/TABLE.parquet. unseen: by shore of the extract."""
    folder.mkdir(parents=True)
    parts = {name: with_shore(t, population.shore) for name, t in population.tables().items()}
    lost = [with_shore(table.cast(UNSEEN), shore) for shore, table in unseen.items()]
    parts["unseen"] = pa.concat_tables(lost)
    parts["crosswalk"] = with_shore(known, population.shore)
    for name, table in parts.items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")


def assemble(parts: Sequence[Path], folder: Path, tables: Sequence[str]) -> None:
    """One file per table from the parts, in their order, one part in memory at a time."""
    for name in tables:
        schema = pq.read_schema(parts[0] / f"{name}.parquet")
        with pq.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd") as writer:
            for part in parts:
                writer.write_table(pq.read_table(part / f"{name}.parquet"))


def write_effects(tables: dict[Shore, pa.Table], folder: Path) -> None:
    """effects.parquet: the true ratios, shore after shore."""
    pq.write_table(
        pa.concat_tables(list(tables.values())), folder / "effects.parquet", compression="zstd"
    )


def write_valve(shores: Sequence[Shore], folder: Path) -> None:
    """valve_hazards.parquet, valve_curves.parquet: what is true of the model, by shore."""
    for name, table in (("valve_hazards", hazards.table), ("valve_curves", curves.table)):
        truth = pa.concat_tables([table(shore) for shore in shores])
        pq.write_table(truth, folder / f"{name}.parquet", compression="zstd")
