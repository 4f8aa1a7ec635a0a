"""Whether a folder can be read as a CDM is known from its footers, and said of the right file."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transat.core.errors import InputError
from transat.engines.cdm import Cdm, CdmWriter
from transat.engines.cdm_check import check
from transat.engines.duckdb import DuckDB

PERSON = {"person_id": [1], "gender_concept_id": [8532], "year_of_birth": [1990]}


def cdm(folder: Path, **tables: dict[str, list[int]]) -> Cdm:
    for name, columns in {"person": PERSON, **tables}.items():
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    return Cdm(folder)


def test_a_partial_cdm_passes(tmp_path: Path) -> None:
    check(cdm(tmp_path))


def test_a_missing_column_is_named_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        check(cdm(tmp_path, person={"person_id": [1], "gender_concept_id": [0]}))
    assert "year_of_birth" in refused.value.what.fr
    assert refused.value.where.endswith("person.parquet")


@pytest.mark.parametrize("spoilt", ["cut", "text", "empty", "folder"])
def test_a_damaged_table_is_named(tmp_path: Path, spoilt: str) -> None:
    found = cdm(tmp_path, death={"person_id": [1], "death_date": [1]})
    file = found.path_of("death")
    whole = file.read_bytes()
    file.unlink()
    if spoilt == "folder":
        file.mkdir()
    else:
        file.write_bytes({"cut": whole[:-20], "text": b"hello", "empty": b""}[spoilt])
    with pytest.raises(InputError) as refused:
        check(found)
    assert refused.value.where == str(file)


def test_columns_in_capitals_are_read(tmp_path: Path) -> None:
    found = cdm(tmp_path, person={name.upper(): values for name, values in PERSON.items()})
    check(found)
    with DuckDB() as engine:
        found.attach(engine)
        assert engine.rows("SELECT person_id, year_of_birth FROM person") == [(1, 1990)]


def test_a_damaged_transat_json_is_named(tmp_path: Path) -> None:
    found = cdm(tmp_path)
    (tmp_path / "transat.json").write_text("{")
    with pytest.raises(InputError, match=r"transat\.json"):
        _ = found.metadata


def write(path: Path) -> Cdm:
    with DuckDB() as engine, CdmWriter(path) as writer:
        writer.write(engine, "person", "SELECT 1 AS person_id")
        return writer.finish({})


def test_a_cdm_to_which_somebody_added_a_folder_is_not_replaced(tmp_path: Path) -> None:
    study = write(tmp_path / "cdm").path / "study"
    study.mkdir()
    with pytest.raises(InputError, match="autre chose"):
        write(tmp_path / "cdm")
    assert study.is_dir()


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    write(tmp_path / "real")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    write(link)
    assert link.is_symlink()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "real"]


def test_a_table_named_in_upper_case_is_not_passed_over(tmp_path: Path) -> None:
    found = cdm(tmp_path, DEATH={"person_id": [1]})
    with pytest.raises(InputError, match=r"death\.parquet"):
        check(found)
