"""A table of a CDM, read one Parquet row group at a time by several threads.

Nothing holds the whole table: a thread keeps one row group of the columns that are asked for. Row
groups without a wanted person are not read. Any order of rows will do; a row group that is in the
order of persons, as Transat writes them, is not sorted again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from transat.core.errors import InputError
from transat.core.languages import Text

if TYPE_CHECKING:
    from transat.engines.cdm import Cdm

Result = TypeVar("Result")
Numbers = NDArray[np.int32] | NDArray[np.int64] | NDArray[np.float64]

#: An unknown start is after every window, an unknown end before; far from the ends of int32.
NEVER: Final = 100_000_000
#: What each type of column is read as: the Arrow type, and what an unknown value becomes.
_TYPES: Final[dict[str, tuple[pa.DataType | None, float]]] = {
    "id": (None, 0),
    "known": (None, -1),
    "start": (pa.date32(), NEVER),
    "end": (pa.date32(), -NEVER),
    "spare_end": (pa.date32(), -NEVER),
    "number": (pa.float64(), float("nan")),
}
_MOST_THREADS: Final = 4


@dataclass(frozen=True, slots=True)
class Chunk:
    """Events of one row group, in the order of persons.

    person: (e,), ascending. columns: (e,) each; dates in days since 1970-01-01.
    """

    person: NDArray[np.int32] | NDArray[np.int64]
    columns: Mapping[str, Numbers]

    def take(self, mask: NDArray[np.bool_]) -> Chunk:
        """Its events where the mask holds."""
        return Chunk(self.person[mask], {n: c[mask] for n, c in self.columns.items()})


def scan(
    cdm: Cdm,
    table: str,
    columns: Mapping[str, str],
    persons: tuple[int, int],
    work: Callable[[Chunk], Result],
) -> list[Result]:
    """What `work` makes of each row group of `table`, in their order.

    columns: name in CDM 5.4 to 'id' (unknown: 0), 'known' (an id; unknown: -1), 'start', 'end'
    (days; unknown: NEVER, -NEVER), 'spare_end' (an end that is not read, and unknown, where all
    DAYS_SUPPLY of a row group are known to be a day or more) or 'number' (unknown: nan); a column
    that the file lacks is unknown. persons: smallest and largest wanted. A table that the CDM lacks
    gives nothing. Raises InputError for a file that cannot be read.
    """
    path = cdm.path_of(table)
    if not path.is_file():
        return []
    try:
        with pq.ParquetFile(path) as opened:
            groups = _groups(opened, persons)
        threads = max(1, min(os.cpu_count() or 1, _MOST_THREADS, len(groups)))

        def run(number: int) -> list[Result]:
            with pq.ParquetFile(path, memory_map=True) as file:
                names = {name.lower(): name for name in file.schema_arrow.names}
                return [
                    work(_chunk(file, group, columns, names)) for group in groups[number::threads]
                ]

        with ThreadPoolExecutor(threads) as pool:
            shares = list(pool.map(run, range(threads)))
    except (pa.ArrowException, OSError, KeyError) as error:
        raise _unreadable(str(path)) from error
    return [shares[i % threads][i // threads] for i in range(len(groups))]


def _groups(file: pq.ParquetFile, persons: tuple[int, int]) -> list[int]:
    """Row groups that may hold one of the persons, by the file's own statistics."""
    if "person_id" not in (name.lower() for name in file.schema_arrow.names):
        raise KeyError("person_id")
    wanted = []
    for group in range(file.num_row_groups):
        known = _statistics(file, group, "person_id")
        bounds = (known.min, known.max) if known is not None and known.has_min_max else persons
        if bounds[1] >= persons[0] and bounds[0] <= persons[1]:
            wanted.append(group)
    return wanted


def _chunk(
    file: pq.ParquetFile, group: int, columns: Mapping[str, str], names: Mapping[str, str]
) -> Chunk:
    if "spare_end" in columns.values() and _supplied(file, group):
        names = {ours: theirs for ours, theirs in names.items() if columns.get(ours) != "spare_end"}
    present = [names[name] for name in columns if name in names]
    read = file.read_row_group(group, columns=[names["person_id"], *present], use_threads=False)
    person = _array(read[names["person_id"]], "id")
    arrays: dict[str, Numbers] = {
        name: _array(read[names[name]], kind) if name in names else _unknown(len(person), kind)
        for name, kind in columns.items()
    }
    if len(person) and not bool(np.all(person[1:] >= person[:-1])):
        order = np.argsort(person, kind="stable")
        person = person[order]
        arrays = {name: array[order] for name, array in arrays.items()}
    return Chunk(person, arrays)  # type: ignore[arg-type]


def _supplied(file: pq.ParquetFile, group: int) -> bool:
    """Whether the file says that every dispensing of a row group has a day of supply or more."""
    known = _statistics(file, group, "days_supply")
    return bool(known is not None and known.has_min_max and known.min >= 1
                and known.has_null_count and known.null_count == 0)  # fmt: skip


def _statistics(file: pq.ParquetFile, group: int, column: str) -> pq.Statistics | None:
    names = [name.lower() for name in file.schema_arrow.names]
    if column not in names:
        return None
    return file.metadata.row_group(group).column(names.index(column)).statistics


def _array(column: pa.ChunkedArray, kind: str) -> Numbers:
    """The column as numbers; without a copy where it holds no unknown value."""
    to, unknown = _TYPES[kind]
    if to is None:
        to = column.type if column.type in (pa.int32(), pa.int64()) else pa.int64()
    if column.type != to:
        column = column.cast(to)
    if to == pa.date32():
        column = column.cast(pa.int32())
    if column.null_count:
        column = pc.fill_null(column, unknown if kind == "number" else int(unknown))
    array: Numbers = column.to_numpy()
    return array


def _unknown(size: int, kind: str) -> Numbers:
    _, unknown = _TYPES[kind]
    if kind == "number":
        return np.full(size, unknown, np.float64)
    return np.full(size, int(unknown), np.int32)


def _unreadable(path: str) -> InputError:
    return InputError(
        Text(
            "ce fichier n'est pas une table d'OMOP en Parquet lisible.",
            "this file is not a readable OMOP table in Parquet.",
        ),
        path,
        Text("Refaites ou remplacez le fichier.", "Make or replace the file."),
    )
