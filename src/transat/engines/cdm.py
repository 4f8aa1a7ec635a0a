"""A CDM is a folder of Parquet files, one per OMOP table, with a `transat.json` beside them.

Layout of a clinical table: sorted by person, concept and date, row groups of 300,000 rows, int32
ids, date32, zstd. Reading accepts any folder of OMOP Parquet files, ours or not.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from transat.core.checkpoints import Checkpoints
from transat.core.errors import InputError
from transat.core.folders import partial_of, replace_folder
from transat.core.languages import Text
from transat.engines.engine import Engine, identifier
from transat.tables.column import ColumnType, Table
from transat.tables.omop import tables as omop_tables

METADATA: Final = "transat.json"
WORK: Final = ".work"
_RUN: Final = "run"
_DONE: Final = "done.jsonl"

SQL_TYPES: Final[Mapping[ColumnType, str]] = {
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "float": "DOUBLE",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "text": "VARCHAR",
}


class Cdm:
    """An OMOP CDM on disk.

    Raises InputError when `path` is not a folder or holds no `person.parquet`.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        if not self.path_of("person").is_file():
            raise InputError(
                Text(
                    "ce dossier n'est pas un CDM : il n'y a pas de person.parquet.",
                    "this folder is not a CDM: it holds no person.parquet.",
                ),
                str(path),
                Text(
                    "Produisez-le avec « transat harmonise », ou donnez le bon dossier.",
                    'Make it with "transat harmonise", or name the right folder.',
                ),
            )

    def path_of(self, table: str) -> Path:
        """Where a table's file is, whether or not it exists."""
        return self.path / f"{table}.parquet"

    def tables(self) -> list[str]:
        """Names of the OMOP tables present."""
        return [name for name in omop_tables() if self.path_of(name).is_file()]

    @property
    def metadata(self) -> dict[str, Any]:
        """What `transat.json` says; empty for a CDM that Transat did not write."""
        file = self.path / METADATA
        if not file.is_file():
            return {}
        try:
            said = json.loads(file.read_text("utf-8"))
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise InputError(
                Text("ce n'est pas un objet JSON.", "this is not a JSON object."),
                str(file),
                Text("Refaites le CDM.", "Make the CDM again."),
            )
        return said

    def attach(
        self, engine: Engine, names: Collection[str] | None = None, wide: bool = False
    ) -> None:
        """Give `engine` one view per declared OMOP table, or of the tables named.

        Columns that the files lack are null, and a table that the folder lacks is empty, so a
        query written for CDM 5.4 runs on an older or partial CDM. wide: ids that do not fit in 32
        bits stay what they are; without it, they cannot be read.
        """
        for name, table in omop_tables().items():
            if names is None or name in names:
                select = self._select(engine, table, wide)
                engine.sql(f"CREATE OR REPLACE VIEW {identifier(name)} AS {select}")

    def _select(self, engine: Engine, table: Table, wide: bool) -> str:
        path = self.path_of(table.name)
        if not path.is_file():
            return f"SELECT {_columns(table, set())} WHERE false"
        raw = f"raw_{table.name}"
        engine.view_parquet(raw, [path])
        present = {name.lower() for name in engine.columns(identifier(raw))}
        beyond = _beyond_32_bits(path) if wide else frozenset()
        return f"SELECT {_columns(table, present, beyond)} FROM {identifier(raw)}"


class Ordered(str):
    """A query whose rows come in the declared order of its table: they are not sorted again.

    A window over all rows, ordered, leaves them in its order; a join above it may not.
    """


class CdmWriter:
    """Writes a CDM beside its final place and renames it when complete.

    Use as a context manager; leaving it without `finish` (or on an error) leaves nothing behind.
    `work` is a folder for what only the writing needs. It lies inside the folder being written, so
    that whatever ends a run, the next one clears it: it may hold native rows.

    Parameters
    ----------
    path: where the CDM is to be.
    run: what distinguishes this run from another. A run that is killed leaves its folder; the next
        one with the same `run` goes on from the files that are complete (`checkpoints`), and
        another one clears them. Empty: nothing is taken up.
    """

    def __init__(self, path: Path, run: str = "") -> None:
        path = Path(path)
        self.path = path.resolve() if path.is_symlink() else path.absolute()
        self._run = run
        self._writing = ExitStack()

    def __enter__(self) -> CdmWriter:
        if self.path.exists() and not _replaceable(self.path):
            raise InputError(
                Text(
                    "le dossier de sortie existe et n'est pas un CDM, ou contient autre chose.",
                    "the output folder exists and is not a CDM, or holds something else.",
                ),
                str(self.path),
                Text("Donnez un autre dossier.", "Name another folder."),
            )
        self.partial = self._writing.enter_context(partial_of(self.path, self._same_run))
        self.work = self.partial / WORK
        self.work.mkdir(exist_ok=True)
        (self.work / _RUN).write_text(self._run, "utf-8")
        self.checkpoints = Checkpoints(self.work / _DONE, self._run)
        return self

    def _same_run(self, partial: Path) -> bool:
        said = partial / WORK / _RUN
        return bool(self._run) and said.is_file() and said.read_text("utf-8") == self._run

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writing.close()

    def write(self, engine: Engine, table: str, query: str) -> int:
        """Write one OMOP table from `query`, in its declared columns, types and order.

        Columns that the query does not give are null. A query that is not `Ordered` is sorted.
        Returns the number of rows. Raises KeyError for a table that is not declared.
        """
        declared = omop_tables()[table]
        source = f"source_{table}"
        done = self.checkpoints.reach(f"{table}.parquet", query)
        if done is not None:
            return done
        engine.sql(f"CREATE OR REPLACE VIEW {identifier(source)} AS {query}")
        present = set(engine.columns(identifier(source)))
        sorts = declared.sort and not isinstance(query, Ordered)
        order = f" ORDER BY {', '.join(declared.sort)}" if sorts else ""
        writing = self.work / f"{table}.parquet.partial"
        rows = engine.write_parquet(
            f"SELECT {_columns(declared, present)} FROM {identifier(source)}{order}", writing
        )
        writing.replace(self.partial / f"{table}.parquet")
        self.checkpoints.complete(f"{table}.parquet", rows)
        return rows

    def finish(
        self, metadata: Mapping[str, Any], then: Callable[[Cdm], object] | None = None
    ) -> Cdm:
        """Write `transat.json`, put the folder in its final place and return it.

        `then` adds to the CDM what is derived from it, before anybody can see it at its place.
        """
        text = json.dumps(metadata, ensure_ascii=False, indent=2, sort_keys=True)
        (self.partial / METADATA).write_text(text + "\n", "utf-8")
        if then is not None:
            then(Cdm(self.partial))
        shutil.rmtree(self.work)
        replace_folder(self.partial, self.path)
        return Cdm(self.path)


def _columns(table: Table, present: set[str], wide: Collection[str] = ()) -> str:
    return ", ".join(
        f"CAST({identifier(c.name) if c.name in present else 'NULL'} AS "
        f"{SQL_TYPES['bigint' if c.type == 'integer' and c.name in wide else c.type]})"
        f" AS {identifier(c.name)}"
        for c in table.columns
    )


def _beyond_32_bits(path: Path) -> frozenset[str]:
    """The ids of a file that its footer does not promise to be integers of 32 bits.

    Ids only: days are counted with the other integers, and no day is reached by one of 64 bits.
    """
    import pyarrow.parquet as pq

    footer = pq.read_metadata(path)
    found = set()
    for place in range(footer.num_columns):
        column = footer.schema.column(place)
        if column.path.lower().endswith("_id") and column.physical_type != "INT32":
            groups = (footer.row_group(n).column(place) for n in range(footer.num_row_groups))
            if not all(_fits_32_bits(group.statistics) for group in groups):
                found.add(column.path.lower())
    return frozenset(found)


def _fits_32_bits(known: Any) -> bool:
    if known is None or not known.has_min_max or not isinstance(known.min, int):
        return False
    return bool(known.min >= -(2**31) and known.max < 2**31)


def _replaceable(path: Path) -> bool:
    """An empty folder, or an older CDM of ours that nobody added to; anything else may not."""
    if not path.is_dir():
        return False
    inside = list(path.iterdir())
    ours = all(f.is_file() and f.suffix in (".parquet", ".partial") for f in inside
               if f.name != METADATA)  # fmt: skip
    return not inside or ((path / METADATA).is_file() and ours)
