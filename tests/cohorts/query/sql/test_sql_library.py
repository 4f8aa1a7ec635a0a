"""OHDSI's PhenotypeLibrary as SQL: rows are those of Circe, and Spark's the same."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from transat.cohorts import circe
from transat.cohorts.query.analysis import Analysis, FollowUp, Measure
from transat.cohorts.query.executor import Definition
from transat.cohorts.query.model import Read, Window
from transat.cohorts.query.sql.executor import Sql
from transat.core.errors import ConfigError
from transat.engines.cdm import Cdm

pytestmark = pytest.mark.slow

#: Entries of several domains, groups, a device, inclusion rules.
VARIED = (61, 344, 1193)


def library(shared: Path) -> dict[int, Definition]:
    """Definitions by id, in order."""
    archive = shared / "data/phenotypelibrary_cohorts_3.37.0.zip"
    with zipfile.ZipFile(archive) as held:
        names = sorted(n for n in held.namelist() if n.endswith(".json"))
        read = {int(Path(n).stem): circe.read(held.read(n).decode(), n) for n in names}
    return {number: Definition(number, read[number]) for number in sorted(read)}


def cdm(name: str, shared: Path, folder: Path) -> Cdm:
    """One of the three test CDMs."""
    if name != "syn27":
        folders = {"stress": "omop_stress_cdm", "gib": "eunomia_gibleed"}
        return Cdm(shared / "data" / folders[name])
    with zipfile.ZipFile(shared / "data/Synthea27NjParquet_5.4.zip") as archive:
        for member in archive.namelist():
            if member.endswith(".parquet"):
                name = Path(member).name.lower()
                (folder / name).write_bytes(archive.read(member))
    return Cdm(folder)


def hashed(rows: pa.Table) -> str:
    """Circe's published hash of rows (person, start, end), in order."""
    days = [pc.cast(rows[name], pa.string()) for name in rows.column_names[1:]]
    lines = pc.binary_join_element_wise(*days, "|").to_pylist()
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", ["stress", "gib", "syn27"])
def test_rows_are_those_of_circe(name: str, shared: Path, tmp_path: Path) -> None:
    published = json.loads((shared / "data/circe_expected_counts.json").read_text("utf-8"))[name]
    expected: dict[int, dict[str, Any]] = {
        int(number): said for number, said in published.items() if number.isdigit()
    }
    definitions = [d for number, d in library(shared).items() if number in expected]
    found = Sql().run(cdm(name, shared, tmp_path), definitions).cohorts
    assert len(definitions) == len(expected) > 360
    wrong = []
    for number, said in expected.items():
        rows = found.filter(pc.field("cohort_definition_id") == number)
        chance = said.get("tie_dependent") or said.get("nondeterministic")
        same = chance or hashed(rows) == said["rows_sha256_16"]
        if rows.num_rows != said["records"] or not same:
            wrong.append(number)
    assert wrong == []


def test_spark_gives_the_same_hash(shared: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="the Spark part is not installed")
    stress, held = cdm("stress", shared, tmp_path), library(shared)
    definitions = [held[number] for number in VARIED]
    try:
        spark = Sql("spark", "1GB", 2).run(stress, definitions)
    except ConfigError as error:
        pytest.skip(str(error))
    duckdb = Sql("duckdb").run(stress, definitions)
    assert spark.cohorts.num_rows > 100
    assert hashed(spark.cohorts) == hashed(duckdb.cohorts)
    assert spark.attrition.equals(duckdb.attrition)


def test_spark_gives_the_same_columns(shared: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="the Spark part is not installed")
    stress = cdm("stress", shared, tmp_path)
    drug = Read("drug_exposure")
    analysis = Analysis(
        library(shared)[61].cohort,
        (
            Measure("drugs", "count", drug, (Window(-365, 0),)),
            Measure("last", "last_value", drug, (Window(-365, 0),), attribute="quantity"),
            Measure("days", "days_covered", drug, covered=(0, 365), grace=30),
            Measure("since", "days_since_last", Read("visit_occurrence"), (Window(-90, 0),)),
        ),
        FollowUp(Read("death"), competing=(drug,), from_day=1, to_day=365),
    )
    try:
        spark = Sql("spark", "1GB", 2).analyse(stress, analysis)
    except ConfigError as error:
        pytest.skip(str(error))
    assert spark.num_rows > 0
    assert spark.equals(Sql("duckdb").analyse(stress, analysis))
