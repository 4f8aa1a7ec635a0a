"""The public test data of OHDSI's circe-be: small CDMs, and the rows that Circe gives on them."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transat.cohorts.query.reference_concepts import Concepts
from transat.cohorts.query.reference_events import Chart
from transat.cohorts.query.reference_filters import EPOCH, Event
from transat.cohorts.query.reference_history import History
from transat.engines.cdm import Cdm
from transat.tables.omop import tables

Rows = list[dict[str, Any]]
_TYPES = {
    "datetime": pa.date32(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float64(),
    "text": pa.string(),
}


class Fixtures:
    """The zip of fixtures. `folder`: where CDMs are written."""

    def __init__(self, archive: Path, folder: Path) -> None:
        self._archive, self._folder = zipfile.ZipFile(archive), folder

    def json(self, name: str) -> Any:
        """A file of the zip."""
        return json.loads(self._archive.read(f"{name}.json").decode("utf-8-sig"))

    def names(self, under: str) -> list[str]:
        """Files below a folder of the zip, without their suffix."""
        inside = sorted(self._archive.namelist())
        return [n[:-5] for n in inside if n.startswith(under) and n.endswith(".json")]

    def cdm(self, *names: str) -> Cdm:
        """The CDM that these files make, beside the vocabulary."""
        found: dict[str, Rows] = {}
        for name in ("datasets/vocabulary", *names):
            found |= self.json(name)
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        for table, rows in found.items():
            schema, _, own = table.partition(".")
            if schema == "cdm":
                pq.write_table(_table(own, rows), folder / f"{own}.parquet")
        return Cdm(folder)


def _table(name: str, rows: Rows) -> pa.Table:
    known = {c.name: c.type for c in tables()[name].columns}
    columns = [c for c in known if any(c in row for row in rows)]
    arrays = {c: [_value(c, row.get(c)) for row in rows] for c in columns}
    kinds = {c: pa.date32() if c.endswith("_date") else _TYPES[known[c]] for c in columns}
    return pa.table({c: pa.array(values, kinds[c]) for c, values in arrays.items()})


def _value(column: str, value: Any) -> Any:
    dated = isinstance(value, str) and column.endswith(("_date", "_datetime"))
    return date.fromisoformat(value[:10]) if dated else value


def charts(cdm: Cdm) -> Iterator[Chart]:
    """Everybody's chart, for questions to the reference interpreter."""
    history = History(cdm)
    concepts = Concepts(history)
    held = [history.rows(table) for table in cdm.tables()]
    for person in sorted({row["person_id"] for rows in held for row in rows if "person_id" in row}):
        yield Chart(person, concepts)


def day(number: int | None) -> str | None:
    """An ISO date from days since 1970-01-01."""
    return None if number is None else date.fromordinal(EPOCH.toordinal() + number).isoformat()


def index_events(chart: Chart, cohort: Rows) -> list[Event]:
    """The rows of a results cohort as index events within their observation period."""
    own = sorted(r["cohort_start_date"] for r in cohort if r["subject_id"] == chart.person)
    days = [date.fromisoformat(d[:10]).toordinal() - EPOCH.toordinal() for d in own]
    return [
        Event({"person_id": chart.person}, number, start, start, None, period)
        for number, start in enumerate(days, 1)
        for period in chart.periods
        if period.holds(start)
    ]
