"""The intervals of an OMOP table: which columns they are, and one row group of them as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transat.core.errors import InputError
from transat.core.languages import Text

if TYPE_CHECKING:
    import pyarrow.parquet as pq

    from transat.cohorts.eras.merging import Ints


@dataclass(frozen=True, slots=True)
class Source:
    """Where the intervals of a table lie, and the eras that they make.

    An interval ends on `end` when known, else `days` days after its start when that is known and
    positive, else on the day after its start (OHDSI's rule for eras); never before its start.
    era: the table of eras; its columns are `era`_start_date, …; count: the one with the number of
    intervals; gap_days: whether it tells the days of the holes.
    """

    table: str
    concept: str
    start: str
    end: str
    days: str | None
    era: str
    count: str
    gap_days: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns to read; the last may be spared where every end is known."""
        known = ("person_id", self.concept, self.start, self.end)
        return known if self.days is None else (*known, self.days)


DRUGS: Final = Source(
    "drug_exposure", "drug_concept_id", "drug_exposure_start_date", "drug_exposure_end_date",
    "days_supply", "drug_era", "drug_exposure_count", True,
)  # fmt: skip
CONDITIONS: Final = Source(
    "condition_occurrence", "condition_concept_id", "condition_start_date", "condition_end_date",
    None, "condition_era", "condition_occurrence_count", False,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rows:
    """Intervals, as int32 arrays of one length; days since 1970-01-01, start <= end."""

    person: Ints
    key: Ints
    start: Ints
    end: Ints

    def __len__(self) -> int:
        return len(self.person)

    def take(self, which: slice | np.ndarray) -> Rows:
        """The rows of a slice, or at these indices."""
        return Rows(self.person[which], self.key[which], self.start[which], self.end[which])

    def and_then(self, other: Rows) -> Rows:
        """These rows, then the other ones."""
        pairs = zip(
            (self.person, self.key, self.start, self.end),
            (other.person, other.key, other.start, other.end),
            strict=True,
        )
        return Rows(*(np.concatenate(pair) for pair in pairs))


def columns_to_read(metadata: pq.FileMetaData, source: Source) -> list[str]:
    """The columns that the file has and that the intervals need, as the file writes their names.

    The number of days is left where the file's own statistics say that no end is unknown. Raises
    InputError when the person, the concept or the start is missing.
    """
    schema = metadata.schema.to_arrow_schema()
    written = {name.lower(): name for name in schema.names}
    for name in source.columns[:3]:
        if name not in written:
            raise InputError(
                Text(f"la colonne {name} manque.", f"column {name} is missing."),
                f"{source.table}.parquet",
                Text("Refaites le CDM.", "Make the CDM again."),
            )
    wanted = source.columns[:4] if _all_ends_known(metadata, source) else source.columns
    return [written[name] for name in wanted if name in written]


def read_group(file: pq.ParquetFile, group: int, columns: list[str], source: Source) -> Rows:
    """One row group, without the rows whose person or start is unknown.

    An unknown concept is 0. Raises InputError for a group that cannot be read, or an identifier
    that OMOP's integers cannot hold.
    """
    try:
        return _rows(file.read_row_group(group, columns=columns, use_threads=False), source)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            Text(
                "un groupe de lignes n'est pas lisible, ou un identifiant ou une date n'est pas de "
                "ceux qu'OMOP prévoit (entiers de 32 bits, jours).",
                "a row group cannot be read, or an identifier or a date is not one that OMOP "
                "provides for (32-bit integers, days).",
            ),
            f"{source.table}.parquet",
            Text("Refaites cette table du CDM.", "Make this table of the CDM again."),
        ) from error


def _rows(table: pa.Table, source: Source) -> Rows:
    names = [name.lower() for name in table.column_names]
    table = table if names == table.column_names else table.rename_columns(names)
    asked = ("person_id", source.start)
    if any(table[name].null_count for name in asked):
        table = table.filter(pc.and_(*(pc.is_valid(table[name]) for name in asked)))
    start = _days(table[source.start])
    return Rows(
        _ints(table["person_id"]),
        _ints(table[source.concept]),
        start,
        _not_before(_ends(table, start, source), start),
    )


def _not_before(end: Ints, start: Ints) -> Ints:
    # To look costs half of what writing an array does, and there is seldom anything to mend.
    return np.maximum(end, start) if (end < start).any() else end


def _ends(table: pa.Table, start: Ints, source: Source) -> Ints:
    present = table.column_names
    end = table[source.end] if source.end in present else None
    if end is not None and not end.null_count:
        return _days(end)
    inferred = start + 1
    if source.days in present:
        supplied = _ints(pc.fill_null(table[source.days], 0).cast(pa.int32(), safe=False))
        inferred = np.where(supplied > 0, start + supplied, inferred)
    if end is None:
        return inferred
    known = pc.is_valid(end).combine_chunks().to_numpy(zero_copy_only=False)
    return np.where(known, _days(end), inferred)


def _days(column: pa.ChunkedArray) -> Ints:
    return _ints(column if pa.types.is_date32(column.type) else column.cast(pa.date32()))


def _ints(column: pa.ChunkedArray) -> Ints:
    whole = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()  # that copies
    if pa.types.is_date32(whole.type):
        whole = whole.view(pa.int32())
    whole = whole if pa.types.is_int32(whole.type) else whole.cast(pa.int32())
    values: Ints = (whole.fill_null(0) if whole.null_count else whole).to_numpy()
    return values


def _all_ends_known(metadata: pq.FileMetaData, source: Source) -> bool:
    names = [column.lower() for column in metadata.schema.to_arrow_schema().names]
    if source.end not in names:
        return False
    place = names.index(source.end)
    groups = (metadata.row_group(g).column(place) for g in range(metadata.num_row_groups))
    return all(
        c.statistics is not None and c.statistics.has_null_count and c.statistics.null_count == 0
        for c in groups
    )
