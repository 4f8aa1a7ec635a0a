"""OHDSI's PhenotypeLibrary on columns: all 1,100 definitions in one run; rows are Circe's."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from transat.cohorts import circe
from transat.cohorts.query.columns.executor import Columns
from transat.cohorts.query.executor import Definition
from transat.engines.cdm import Cdm

FOLDERS = {"stress": "omop_stress_cdm", "gib": "eunomia_gibleed"}


@pytest.fixture(scope="module")
def library() -> list[Definition]:
    """All definitions, out of order."""
    shared = Path(__file__).resolve().parents[5] / "shared"
    archive = shared / "data/phenotypelibrary_cohorts_3.37.0.zip"
    if not archive.is_file():
        pytest.skip("the reference material (../shared) is not on this machine")
    with zipfile.ZipFile(archive) as held:
        names = sorted((n for n in held.namelist() if n.endswith(".json")), reverse=True)
        return [Definition(int(Path(n).stem), circe.read(held.read(n).decode(), n)) for n in names]


def cdm(name: str, shared: Path, folder: Path) -> Cdm:
    if name in FOLDERS:
        return Cdm(shared / "data" / FOLDERS[name])
    with zipfile.ZipFile(shared / "data/Synthea27NjParquet_5.4.zip") as archive:
        for member in archive.namelist():
            if member.endswith(".parquet") and not Path(member).name.startswith("._"):
                (folder / Path(member).name.lower()).write_bytes(archive.read(member))
    return Cdm(folder)


def hashes(rows: pa.Table) -> dict[int, tuple[int, str]]:
    """Number of rows and Circe's published hash of them, per definition; rows are in order."""
    lines = pc.binary_join_element_wise(
        *(rows[name].cast(pa.string()) for name in rows.column_names[1:]), "|"
    )
    table = pa.table({"id": rows["cohort_definition_id"], "line": lines})
    grouped = table.group_by("id", use_threads=False).aggregate([("line", "list")]).to_pylist()
    return {
        g["id"]: (
            len(g["line_list"]),
            hashlib.sha256("\n".join(g["line_list"]).encode()).hexdigest()[:16],
        )
        for g in grouped
    }


@pytest.mark.parametrize("name", ["stress", "gib", "syn27"])
def test_rows_are_those_of_circe(
    name: str, library: list[Definition], shared: Path, tmp_path: Path
) -> None:
    published = json.loads((shared / "data/circe_expected_counts.json").read_text("utf-8"))[name]
    found = hashes(Columns().run(cdm(name, shared, tmp_path), library).cohorts)
    assert len(library) == 1100
    wrong = []
    for number, said in published.items():
        if not number.isdigit():
            continue
        rows, digest = found.get(int(number), (0, hashlib.sha256(b"").hexdigest()[:16]))
        chance = said.get("tie_dependent") or said.get("nondeterministic")
        same = digest == said["rows_sha256_16"] or chance
        if rows != said["records"] or not same:
            wrong.append(number)
    assert wrong == []
    assert sum(number.isdigit() for number in published) > 360
