"""A CDM whose columns have other types than OMOP's, or are none: the same rows, or its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from circe_by_hand import definition
from hand_cdm import Hand, day

from transat.cohorts import circe
from transat.cohorts.generation import ENGINES, EngineName, executor
from transat.cohorts.query.executor import Definition
from transat.core.errors import InputError
from transat.engines.cdm import Cdm

HERE: tuple[EngineName, ...] = tuple(e for e in ENGINES if e != "spark")
#: Ids beyond 32 bits, and beyond what a float can hold.
FAR = 2**53 + 1
IN_VISIT = {
    "Criteria": {"VisitOccurrence": {"CodesetId": 0}},
    "StartWindow": {
        "Start": {"Days": 30, "Coeff": -1}, "End": {"Days": 30, "Coeff": 1}, "UseEventEnd": False,
    },
    "RestrictVisit": True,
    "Occurrence": {"Type": 2, "Count": 1},
}  # fmt: skip
Change = Callable[[str, pa.ChunkedArray], pa.ChunkedArray]


@pytest.fixture
def definitions() -> list[Definition]:
    concept = 2_000_000_001
    rule = {
        "name": "in a visit",
        "expression": {
            "Type": "ALL",
            "CriteriaList": [IN_VISIT],
            "DemographicCriteriaList": [{"Age": {"Value": 30, "Op": "gte"}}],
            "Groups": [],
        },
    }
    said = json.loads(definition(concept, InclusionRules=[rule]))
    return [Definition(1, circe.read(json.dumps(said), "1.json"))]


@pytest.fixture
def cdm(tmp_path: Path) -> Path:
    hand = Hand()
    concept = hand.concept("ICD10", "I35")
    for person in range(1, 9):
        hand.woman(person, 1970 + 4 * person)
        visit = hand.visit(person, day(person), concept)
        hand.add(
            "condition_occurrence", condition_occurrence_id=person, person_id=person,
            condition_concept_id=concept, condition_start_date=day(person),
            visit_occurrence_id=visit if person % 2 else None,
        )  # fmt: skip
    return hand.write(tmp_path / "cdm").path


def changed(cdm: Path, to: Path, change: Change) -> Cdm:
    to.mkdir()
    for path in cdm.glob("*.parquet"):
        table = pq.read_table(path)
        columns = [change(n, c) for n, c in zip(table.column_names, table.columns, strict=True)]
        pq.write_table(pa.table(columns, names=table.column_names), to / path.name)
    return Cdm(to)


def whole(kind: pa.DataType) -> Change:
    return lambda _, c: c.cast(kind) if pa.types.is_integer(c.type) else c


def days(kind: pa.DataType) -> Change:
    return lambda _, c: c.cast(kind) if pa.types.is_date(c.type) else c


SAME: dict[str, Change] = {
    "int64": whole(pa.int64()),
    "decimal": whole(pa.decimal128(20, 0)),
    "text": whole(pa.string()),
    "float": whole(pa.float64()),
    "timestamp": days(pa.timestamp("us")),
    "days as text": days(pa.string()),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_other_types_give_the_same_rows(
    cdm: Path, tmp_path: Path, definitions: list[Definition], change: Change
) -> None:
    expected = executor("reference").run(Cdm(cdm), definitions)
    assert expected.cohorts.num_rows == 2
    other = changed(cdm, tmp_path / "other", change)
    for engine in HERE:
        got = executor(engine).run(other, definitions)
        assert got.cohorts.equals(expected.cohorts), engine
        assert got.attrition.equals(expected.attrition), engine


def test_ids_beyond_32_bits_stay_whole(
    cdm: Path, tmp_path: Path, definitions: list[Definition]
) -> None:
    def far(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
        wide = name in ("person_id", "visit_occurrence_id", "condition_occurrence_id")
        return pc.add(column.cast(pa.int64()), FAR) if wide else column

    expected = executor("reference").run(Cdm(cdm), definitions).cohorts["subject_id"].to_pylist()
    other = changed(cdm, tmp_path / "far", far)
    for engine in HERE:
        got = executor(engine).run(other, definitions).cohorts["subject_id"].to_pylist()
        assert got == [person + FAR for person in expected], engine


@pytest.mark.parametrize("column", ["person_id", "condition_start_date", "condition_concept_id"])
def test_a_cell_of_another_kind_is_refused_and_not_quoted(
    cdm: Path, tmp_path: Path, definitions: list[Definition], column: str
) -> None:
    def spoilt(name: str, cells: pa.ChunkedArray) -> pa.ChunkedArray:
        if name != column:
            return cells
        return pa.chunked_array([["2 09 SECRET", *cells.cast(pa.string()).to_pylist()[1:]]])

    other = changed(cdm, tmp_path / "spoilt", spoilt)
    for engine in HERE:
        with pytest.raises(InputError) as refused:
            executor(engine).run(other, definitions)
        assert "SECRET" not in str(refused.value)
        assert str(other.path) in refused.value.where


def test_a_number_is_no_day(cdm: Path, tmp_path: Path, definitions: list[Definition]) -> None:
    other = changed(cdm, tmp_path / "n", lambda _, c: c.cast(pa.int32()) if pa.types.is_date(c.type)
                    else c)  # fmt: skip
    for engine in HERE:
        with pytest.raises(InputError):
            executor(engine).run(other, definitions)
