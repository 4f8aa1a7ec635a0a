"""The persons of DARWIN EU's PregnancyIdentifier (Apache-2.0), and the outcomes it expects of them.

Not applicable here: persons 27, 35 and 39, who have prenatal records and no end of pregnancy (PREG
episodes, which we do not make; 35 has a postnatal examination that we read as a delivery).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transat.cohorts.pregnancies import pregnancies
from transat.cohorts.pregnancy_parameters import PregnancyParameters
from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB

#: person: outcomes accepted, ends accepted, start (from, to); None where DARWIN does not say.
EXPECTED: dict[int, tuple[tuple[str, ...] | None, tuple[str, ...], tuple[str, str] | None]] = {
    21: (("live_birth",), ("2023-10-08",), None),
    22: (("live_birth",), ("2021-06-01",), None),
    23: (("stillbirth",), ("2023-08-20",), None),
    24: (("ectopic",), ("2023-03-15",), None),
    25: (("elective_termination",), ("2021-02-10",), None),
    26: (("spontaneous_abortion",), ("2023-11-05",), None),
    29: (("live_birth",), ("2023-10-07",), None),
    30: (("live_birth",), ("2018-12-01",), None),
    31: (("live_birth", "stillbirth"), ("2018-11-01", "2018-12-01"), None),
    33: (None, ("2023-07-01",), None),
    34: (("live_birth",), ("2023-12-20",), None),
    36: (("live_birth",), ("2023-12-20",), ("2023-03-15", "2023-03-15")),
    37: (("live_birth",), ("2023-12-20",), ("2023-03-15", "2023-03-15")),
    38: (("live_birth",), ("2023-12-06",), ("2023-02-01", "2023-03-15")),
    40: (None, ("2020-01-27",), None),
}
TABLES = ("person", "condition_occurrence", "procedure_occurrence", "observation", "measurement")


@pytest.fixture(scope="module")
def episodes(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[Any]]:
    folder = shared / "data" / "inutero" / "darwin_pregnancyidentifier"
    tables = json.loads((folder / "TestData_P4_C5_002_1.json").read_text("utf-8"))
    path = tmp_path_factory.mktemp("darwin")
    for table in TABLES:
        pq.write_table(pa.Table.from_pylist(tables[table]), path / f"{table}.parquet")
    found: dict[int, list[Any]] = {}
    with DuckDB(threads=1) as engine:
        Cdm(path).attach(engine)
        # DARWIN counts from the first day of the week named.
        pregnancies(engine, PregnancyParameters(weeks_add_days=0))
        for row in engine.rows(
            "SELECT person_id, outcome, start_date, end_date FROM pregnancy ORDER BY episode_id"
        ):
            found.setdefault(row[0], []).append(row[1:])
    return found


@pytest.mark.parametrize("person", EXPECTED)
def test_the_outcome_and_the_dates_that_darwin_expects(
    episodes: dict[int, list[Any]], person: int
) -> None:
    outcomes, ends, starts = EXPECTED[person]
    ((outcome, start, end),) = episodes[person]
    assert outcomes is None or outcome in outcomes
    assert end.isoformat() in ends
    assert start < end
    if starts is not None:
        assert starts[0] <= start.isoformat() <= starts[1]


def test_prenatal_records_alone_make_no_episode(episodes: dict[int, list[Any]]) -> None:
    assert not {27, 39} & set(episodes)
