"""The CDM as the checks read it: one view per table of CDM 5.4, whatever the folder lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from transat.core.errors import InputError
from transat.core.languages import Text
from transat.engines.cdm import Cdm
from transat.engines.engine import Engine, identifier
from transat.quality.dqd.catalogue import Kind, checks, fields
from transat.quality.dqd.conformance import WRONG
from transat.quality.dqd.joins import births
from transat.quality.dqd.question import BIRTHS, HERE, PREFIX, view

_SQL: Final[Mapping[Kind, str]] = {
    "integer": "BIGINT",
    "float": "DOUBLE",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "text": "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class Present:
    """What the folder has: its tables, and the columns of each in lower case."""

    columns: Mapping[str, frozenset[str]]

    def has(self, table: str, column: str = "") -> bool:
        """Whether a table, or one of its columns, is there."""
        return table in self.columns and (not column or column in self.columns[table])


def attach(cdm: Cdm, engine: Engine) -> Present:
    """Make the views and say what the folder has.

    A column keeps its own type where it is of the declared family (an id may be of any width);
    else its values are cast and those that cannot be are null. Every column declared integer has
    a companion, true where the value is not an integer made of digits.
    """
    present = {}
    tested = {(c.table, c.field) for c in checks() if c.type.name == "cdmDatatype"}
    for table, declared in fields().items():
        path = cdm.path_of(table)
        found: dict[str, pa.DataType] = {}
        if path.is_file():
            found = _schema(str(path))
            present[table] = frozenset(found)
            engine.view_parquet(f"{PREFIX}raw_{table}", [path])
        told = [
            part
            for name, kind in declared.items()
            for part in _told(name, kind, found.get(name), (table, name) in tested)
        ]
        told.append(f"true AS {HERE}")
        source = f"FROM {PREFIX}raw_{table}" if found else "WHERE false"
        engine.sql(f"CREATE OR REPLACE VIEW {view(table)} AS SELECT {', '.join(told)} {source}")
    engine.sql(f"CREATE OR REPLACE VIEW {BIRTHS} AS {births()}")
    return Present(present)


def _told(name: str, kind: Kind, found: pa.DataType | None, tested: bool) -> list[str]:
    own, wrong = identifier(name), identifier(name + WRONG)
    if found is None:
        told = [f"CAST(NULL AS {_SQL[kind]}) AS {own}"]
        return [*told, f"CAST(NULL AS BOOLEAN) AS {wrong}"] if tested else told
    if _of_family(found, kind):
        return [own, f"{own} < 0 AS {wrong}"] if tested else [own]
    cast = f"TRY_CAST({own} AS {_SQL[kind]})"
    told = [f"{cast} AS {own}"]
    if tested:
        not_integer = f"{cast} IS NULL OR {cast} < 0 OR TRY_CAST({own} AS DOUBLE) <> {cast}"
        told.append(f"{own} IS NOT NULL AND ({not_integer}) AS {wrong}")
    return told


def _of_family(found: pa.DataType, kind: Kind) -> bool:
    """Whether a column can be read as it is."""
    if pa.types.is_dictionary(found):
        found = found.value_type
    match kind:
        case "integer":
            return bool(pa.types.is_integer(found))
        case "float":
            numbers = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
            return any(of(found) for of in numbers)
        case "date":
            return bool(pa.types.is_date32(found))
        case "datetime":
            return bool(pa.types.is_date32(found) or pa.types.is_timestamp(found))
        case _:
            return bool(pa.types.is_string(found) or pa.types.is_large_string(found))


def _schema(path: str) -> dict[str, pa.DataType]:
    try:
        return {f.name.lower(): f.type for f in pq.read_schema(path)}
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            Text("ce n'est pas un fichier Parquet lisible.", "not a readable Parquet file."),
            path,
            Text("Remplacez le fichier ou refaites le CDM.", "Replace it, or make the CDM again."),
        ) from error
