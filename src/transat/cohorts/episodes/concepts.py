"""The standard concepts that HIPPS reads, as relations of an engine: ids and numbers only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from transat.cohorts.code_sets import read_csv
from transat.cohorts.standard_concepts import CATEGORIES

if TYPE_CHECKING:
    from transat.engines.engine import Engine

#: Files of cohorts/data, the DARWIN EU lists (Apache-2.0) as they were read, with their source.
OUTCOMES_AND_WEEKS: Final = "standard_pregnancy_concepts.csv"
PROGRESS: Final = "pregnancy_progress_concepts.csv"
DATING: Final = "pregnancy_dating_concepts.csv"
#: How a record dates a start: weeks or days of gestation, the start itself, the date due.
KINDS: Final = ("weeks", "days", "start_date", "due_date")


@contextmanager
def registered(engine: Engine) -> Iterator[None]:
    """Give `engine` the lists as long as the context lasts.

    hipps_end (concept_id, category: place in OUTCOMES); hipps_week (concept_id, weeks: null where
    the record's value holds them); hipps_progress (concept_id, min_month, max_month);
    hipps_dating (concept_id, kind: place in KINDS, weeks: null where the value holds them).
    """
    made = {
        "hipps_end": _ends(),
        "hipps_week": _weeks(),
        "hipps_progress": _progress(),
        "hipps_dating": _dating(),
    }
    for name, table in made.items():
        engine.register(name, table)
    try:
        yield
    finally:
        for name in made:
            engine.unregister(name)


def _ends() -> pa.Table:
    order = list(CATEGORIES)
    rows = [row for row in read_csv(OUTCOMES_AND_WEEKS) if row["category"] in CATEGORIES]
    places = [order.index(row["category"]) for row in rows]
    return pa.table({"concept_id": _ids(rows), "category": pa.array(places, pa.int8())})


def _weeks() -> pa.Table:
    rows = [row for row in read_csv(OUTCOMES_AND_WEEKS) if row["weeks"]]
    weeks = [None if row["weeks"] == "value" else float(row["weeks"]) for row in rows]
    return pa.table({"concept_id": _ids(rows), "weeks": pa.array(weeks, pa.float64())})


def _progress() -> pa.Table:
    rows = read_csv(PROGRESS)
    months = {name: [float(row[name]) for row in rows] for name in ("min_month", "max_month")}
    return pa.table({"concept_id": _ids(rows), **months})


def _dating() -> pa.Table:
    rows = read_csv(DATING)
    weeks = [float(row["weeks"]) if row["weeks"] else None for row in rows]
    return pa.table(
        {
            "concept_id": _ids(rows),
            "kind": pa.array([KINDS.index(row["kind"]) for row in rows], pa.int8()),
            "weeks": pa.array(weeks, pa.float64()),
        }
    )


def _ids(rows: list[dict[str, str]]) -> pa.Array:
    return pa.array([int(row["concept_id"]) for row in rows], pa.int64())
