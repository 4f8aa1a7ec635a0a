"""A CDM is written beside its final place, in its declared layout, and read whatever it lacks."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from transat.core.errors import InputError
from transat.engines.cdm import Cdm, CdmWriter
from transat.engines.duckdb import DuckDB

PERSONS = (
    "SELECT * FROM (VALUES (2, 8507, 1980), (1, 8532, 1990)) "
    "t(person_id, gender_concept_id, year_of_birth)"
)


def write(path: Path) -> Cdm:
    with DuckDB() as engine, CdmWriter(path) as writer:
        assert writer.write(engine, "person", PERSONS) == 2
        return writer.finish({"source": "test"})


def test_written_sorted_typed_and_renamed(tmp_path: Path) -> None:
    cdm = write(tmp_path / "cdm")
    table = pq.read_table(cdm.path_of("person"))
    assert table.column("person_id").to_pylist() == [1, 2]
    assert str(table.schema.field("person_id").type) == "int32"
    assert cdm.metadata == {"source": "test"}
    assert [p.name for p in tmp_path.iterdir()] == ["cdm"]


def test_nothing_is_left_when_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(InputError), DuckDB() as engine, CdmWriter(tmp_path / "cdm"):
        engine.view_parquet("absent", [tmp_path / "absent.parquet"])
    assert list(tmp_path.iterdir()) == []


def test_an_older_cdm_is_replaced_and_another_folder_is_not(tmp_path: Path) -> None:
    write(tmp_path / "cdm")
    write(tmp_path / "cdm")
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="pas un CDM"):
        write(other)
    assert (other / "thesis.txt").read_text() == "mine"


def test_missing_tables_are_empty_and_missing_columns_null(tmp_path: Path) -> None:
    cdm = write(tmp_path / "cdm")
    with DuckDB() as engine:
        cdm.attach(engine)
        assert engine.scalar("SELECT count(*) FROM drug_exposure") == 0
        assert engine.rows("SELECT month_of_birth FROM person") == [(None,), (None,)]


def test_a_folder_without_persons_is_not_a_cdm(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"person\.parquet"):
        Cdm(tmp_path)


def test_a_truncated_parquet_is_named(tmp_path: Path) -> None:
    cdm = write(tmp_path / "cdm")
    cdm.path_of("person").write_bytes(cdm.path_of("person").read_bytes()[:100])
    with DuckDB() as engine, pytest.raises(InputError, match=r"person\.parquet"):
        cdm.attach(engine)


def test_what_a_killed_run_left_is_cleared_native_rows_included(tmp_path: Path) -> None:
    left = tmp_path / "cdm.partial" / ".work"
    left.mkdir(parents=True)
    (left / "ER_PRS_F.parquet").write_bytes(b"native rows")
    write(tmp_path / "cdm")
    assert [p.name for p in tmp_path.iterdir()] == ["cdm"]
    assert not (tmp_path / "cdm" / ".work").exists()
