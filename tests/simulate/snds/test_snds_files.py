"""The files: real columns in their years, real date forms, the nine-column key, determinism."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from written_snds import NINE, Extract, design, written

from transat.engines.engine import Engine
from transat.simulate.population import Population, generate
from transat.simulate.snds.native_file import native_columns, native_tables
from transat.simulate.snds.write import write

DCIR = ("ER_PRS_F", "ER_PHA_F", "ER_UCD_F", "ER_CAM_F", "ER_BIO_F", "ER_TIP_F", "ER_ETE_F")
#: Its schema is not published; Documentation-SNDS reads the columns of IR_BEN_R in it.
ARCHIVE = {"IR_BEN_R_ARC": "IR_BEN_R"}
DCIR_DAY = r"\d\d/\d\d/\d{4}"
FORMS = {
    ("ER_PRS_F", "EXE_SOI_DTD"): DCIR_DAY,
    ("ER_PRS_F", "PRE_PRE_DTD"): DCIR_DAY,
    ("ER_PRS_F", "FLX_DIS_DTD"): r"01/\d\d/\d{4}",
    ("ER_PRS_F", "EXE_SOI_AMD"): r"20\d{4}",
    ("ER_UCD_F", "UCD_UCD_COD"): r"000000\d{7}",
    ("ER_PHA_F", "PHA_PRS_C13"): r"34009\d{8}",
    ("IR_BEN_R", "BEN_DTE_INS"): DCIR_DAY,
    ("IR_BEN_R", "BEN_DCD_DTE"): r"01/01/1600|\d\d/\d\d/20\d\d",
    ("IR_BEN_R", "BEN_NIR_PSA"): r"[A-Z2-7]{17}",
    ("IR_IMB_R", "IMB_ALD_DTD"): DCIR_DAY,
    ("T_MCOC", "EXE_SOI_DTD"): r"\d\d[A-Z]{3}20\d\d:00:00:00",
    ("T_MCOC", "EXE_SOI_DTF"): r"\d\d[A-Z]{3}20\d\d:00:00:00",
    ("T_MCOC", "ENT_DAT"): r"\d\d[01]\d20\d\d",
    ("T_MCOC", "SOR_DAT"): r"\d\d[01]\d20\d\d",
    ("T_MCOC", "NIR_ANO_17"): r"[A-Z2-7]{17}|x{17}",
    ("T_MCOC", "NIR_ANO_MAM"): r".{32}",
    ("T_MCOB", "RSA_NUM"): r"\d{10}",
}


def published(shared: Path) -> dict[str, dict[str, int | None]]:
    """Table -> column -> first year, from the published schemas."""
    schemas = {}
    for path in (shared / "data" / "snds_schema").rglob("*.json"):
        schema = json.loads(path.read_text("utf-8"))
        schemas[schema["name"]] = {
            f["name"]: int(f["dateCreated"]) if f.get("dateCreated") else None
            for f in schema["fields"]
        }
    return schemas


def test_every_column_is_published(shared: Path) -> None:
    real = published(shared)
    for table in native_tables():
        assert {c.name for c in native_columns(table)} <= set(real[ARCHIVE.get(table, table)]), (
            table
        )


@pytest.mark.parametrize("year", [12, 13, 14, 15, 18])
def test_a_column_is_written_only_in_its_years(shared: Path, extract: Extract, year: int) -> None:
    real = published(shared)
    for letter in ("B", "C", "D", "A", "UM"):
        name = f"T_MCO{year}{letter}"
        header = (extract.folder / name / f"{name}_0000.csv").read_text("utf-8").split("\n")[0]
        first = {c: real[f"T_MCOaa{letter}"][c] for c in header.split(";")}
        assert {c: y for c, y in first.items() if y and y > 2000 + year} == {}


def test_prestations_have_at_least_35_columns() -> None:
    assert len(native_columns("ER_PRS_F")) >= 35


@pytest.mark.parametrize(("table", "column"), FORMS)
def test_values_have_the_native_form(native: Engine, table: str, column: str) -> None:
    values = [v for (v,) in native.rows(f"SELECT DISTINCT {column} FROM {table}") if v is not None]
    assert values
    assert [v for v in values if not re.fullmatch(FORMS[table, column], v)] == []


@pytest.mark.parametrize("table", DCIR)
def test_the_nine_columns_are_a_key(native: Engine, table: str) -> None:
    rows = native.scalar(f"SELECT count(*) FROM {table}")
    assert rows > 0
    assert native.scalar(f"SELECT count(*) FROM (SELECT DISTINCT {NINE} FROM {table})") == rows


@pytest.mark.parametrize("table", DCIR[1:])
def test_each_affined_line_has_its_one_prestation(native: Engine, table: str) -> None:
    rows = native.scalar(f"SELECT count(*) FROM {table}")
    joined = f"SELECT count(*) FROM {table} JOIN ER_PRS_F USING ({NINE})"
    assert native.scalar(joined) == rows


@pytest.mark.parametrize(
    "dropped", ["FLX_DIS_DTD", "FLX_EMT_NUM", "ORG_CLE_NUM", "PRS_ORD_NUM", "DCT_ORD_NUM"]
)
def test_no_part_of_the_key_can_be_left_out(native: Engine, dropped: str) -> None:
    fewer = ", ".join(c for c in NINE.split(", ") if c not in (dropped, "FLX_TRT_DTD"))
    rows = native.scalar("SELECT count(*) FROM ER_PRS_F")
    assert native.scalar(f"SELECT count(*) FROM (SELECT DISTINCT {fewer} FROM ER_PRS_F)") < rows


def test_stays_are_numbered_once(native: Engine) -> None:
    for letter in ("B", "C"):
        rows, keys = native.rows(
            f"SELECT count(*), count(DISTINCT (yy, ETA_NUM, RSA_NUM)) FROM T_MCO{letter}"
        )[0]
        assert rows == keys > 0
    both = "SELECT count(*) FROM T_MCOB JOIN T_MCOC USING (yy, ETA_NUM, RSA_NUM)"
    assert native.scalar(both) == native.scalar("SELECT count(*) FROM T_MCOB")


def test_beneficiaries_are_a_key(native: Engine) -> None:
    rows, keys = native.rows(
        "SELECT count(*), count(DISTINCT (BEN_NIR_PSA, BEN_RNG_GEM)) FROM IR_BEN_R"
    )[0]
    assert rows == keys > 0
    archived, both = native.rows(
        "SELECT count(*), count(*) FILTER ((BEN_NIR_PSA, BEN_RNG_GEM) IN "
        "(SELECT (BEN_NIR_PSA, BEN_RNG_GEM) FROM IR_BEN_R)) FROM IR_BEN_R_ARC"
    )[0]
    assert archived > both > 0


def test_rights_are_on_the_lines_that_they_exempt(native: Engine) -> None:
    care, first, last = (
        f"strptime({c}, '%d/%m/%Y')" for c in ("EXE_SOI_DTD", "MLL_CTA_DSD", "MLL_CTA_DSF")
    )
    inside = native.rows(
        "SELECT BEN_CMU_TOP, count(*) FROM ER_PRS_F "
        "JOIN IR_ORC_R USING (BEN_NIR_PSA, BEN_RNG_GEM) "
        f"WHERE {care} BETWEEN {first} AND {last} GROUP BY 1"
    )
    assert [top for top, _ in inside] == ["1"]
    assert native.scalar("SELECT count(*) FROM ER_PRS_F WHERE BEN_CMU_TOP = '0'") > inside[0][1]


def test_every_certificate_has_its_causes_line_by_line(native: Engine) -> None:
    assert native.rows(
        "SELECT DISTINCT CER_LIG_NUM, ECD_CIM_COD = 'I469' OR ECD_CIM_COD = DCD_CIM_COD "
        "FROM KI_ECD_R JOIN KI_CCI_R USING (DCD_IDT_ENC) ORDER BY ALL"
    ) == [("1", True), ("2", True)]
    certificates = "SELECT count(DISTINCT DCD_IDT_ENC) FROM "
    assert native.scalar(certificates + "KI_ECD_R") == native.scalar(certificates + "KI_CCI_R")


def fingerprints(folder: Path) -> dict[str, str]:
    """File -> SHA-256."""
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*.*"))
    }


def shuffled(table: pa.Table) -> pa.Table:
    """The same rows in another order."""
    return table.take(pa.array(range(table.num_rows - 1, -1, -1), pa.int64()))


def test_same_design_same_bytes_in_any_row_order(tmp_path: Path) -> None:
    plan = design(7, 150)
    people = generate(plan, "france", 0)
    upside_down: Population = replace(
        people, **{name: shuffled(table) for name, table in people.tables().items()}
    )
    first = write(people, tmp_path / "a", 0, plan)
    second = write(upside_down, tmp_path / "b", 0, plan)
    assert first.equals(second)
    assert fingerprints(tmp_path / "a") == fingerprints(tmp_path / "b")


def test_another_seed_writes_other_numbers(tmp_path: Path) -> None:
    one, two = (written(tmp_path / str(s), s, 60).folder for s in (1, 2))
    assert fingerprints(one) != fingerprints(two)


def test_chunks_never_share_a_key(tmp_path: Path) -> None:
    plan = design(3, 100)
    people = generate(plan, "france", 0)
    for chunk in (0, 1):
        write(people, tmp_path, chunk, plan)
    files = [tmp_path / "ER_PRS_F" / f"ER_PRS_F_{c:04d}.parquet" for c in (0, 1)]
    keys = pa.concat_tables(pq.read_table(f, columns=NINE.split(", ")) for f in files)
    assert keys.group_by(keys.column_names).aggregate([]).num_rows == keys.num_rows


def test_parquet_and_csv_hold_the_same_text(tmp_path: Path) -> None:
    parquet = written(tmp_path / "p", 5, 100)
    csv = written(tmp_path / "c", 5, 100, "csv")
    with parquet.engine() as a, csv.engine() as b:
        for table in (*DCIR, "IR_BEN_R", "IR_IMB_R", "IR_MAT_R", "T_MCOB", "T_MCOC", "T_MCOUM"):
            columns = sorted(a.columns(table))
            said = [
                e.arrow(f"SELECT {', '.join(columns)} FROM {table} ORDER BY ALL") for e in (a, b)
            ]
            assert said[0].num_rows == said[1].num_rows
            assert said[0].cast(said[1].schema).equals(said[1]), table


def test_every_parquet_column_is_text(tmp_path: Path) -> None:
    extract = written(tmp_path, 5, 60)
    for path in extract.folder.rglob("*.parquet"):
        assert set(pq.read_schema(path).types) == {pa.string()}, path.name


@pytest.mark.parametrize("women", [1, 2, 5])
def test_a_handful_of_women_can_be_written(tmp_path: Path, women: int) -> None:
    extract = written(tmp_path, 1, women, "csv")
    assert (tmp_path / "IR_BEN_R" / "IR_BEN_R_0000.csv").is_file()
    assert extract.unseen.num_rows >= 0


def test_nobody_can_be_written(tmp_path: Path) -> None:
    plan = design(1, 5)
    people = generate(plan, "france", 0)
    nobody = replace(people, **{n: t.slice(0, 0) for n, t in people.tables().items()})
    assert write(nobody, tmp_path, 0, plan).num_rows == 0
    fictive = pq.read_table(tmp_path / "IR_BEN_R" / "IR_BEN_R_0000.parquet")
    assert fictive["BEN_CDI_NIR"].to_pylist() == ["01", "06"]


def test_unseen_says_what_and_why(extract: Extract) -> None:
    assert extract.unseen.schema.names == ["kind", "id", "reason"]
    kinds = set(pc.unique(extract.unseen["kind"]).to_pylist())
    assert kinds <= {"person", "pregnancy", "start", "link", "exposure", "contact", "malformation"}
    keys = extract.unseen.group_by(["kind", "id"]).aggregate([])
    assert keys.num_rows == extract.unseen.num_rows
