"""The declared SNDS columns agree with their source, and the reader asks only for declared ones."""

from __future__ import annotations

import importlib.util
import json
from importlib import resources
from pathlib import Path

from transat.harmonise.snds.native.referentials import IR_PHA_R
from transat.harmonise.snds.shore import declare
from transat.tables.snds import NINE_KEYS, tables

DOCS = Path(__file__).resolve().parents[2] / "docs"

#: Read, and not in the published schema: two code lists, and the archive of the beneficiaries.
UNPUBLISHED = {IR_PHA_R.name, "NU_UCD_R", "IR_BEN_R_ARC", "REGISTRE_ECHO"}

#: Published for a sister table only: the four PMSI fields are read by one description.
OF_A_SISTER = {
    ("T_SSRaaC", "NIR_ANO_MAM"),
    ("T_SSRaaC", "RNG_NAI"),
    ("T_HADaaC", "NIR_ANO_MAM"),
    ("T_RIPaaC", "NIR_ANO_MAM"),
    ("T_RIPaaC", "RNG_NAI"),
    ("T_RIPaaCCAM", "SEQ_SEQ_NUM"),
}


def test_every_column_of_the_published_schema_is_declared(shared: Path) -> None:
    schema = shared / "data" / "snds_schema"
    published = {p.stem: json.loads(p.read_text("utf-8")) for p in schema.rglob("*.json")}
    assert set(published) == set(tables())
    for name, table in tables().items():
        assert [f["name"] for f in published[name]["fields"]] == list(table.names)
    assert (len(tables()), sum(len(t.columns) for t in tables().values())) == (188, 4815)


def test_the_declarations_are_what_the_generator_writes(shared: Path) -> None:
    script = DOCS / "declare_snds.py"
    spec = importlib.util.spec_from_file_location("declare_snds", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    package = resources.files("transat.tables")
    for name, text in module.declarations(shared / "data" / "snds_schema").items():
        assert package.joinpath(name).read_text("utf-8") == text


def test_the_reader_asks_for_declared_columns_only() -> None:
    undeclared = {
        (native.name, column.name)
        for native in declare().tables
        if native.name not in UNPUBLISHED
        for column in native.columns
        if column.name not in tables()[native.name].names
    }
    assert undeclared == OF_A_SISTER


def test_the_nine_keys_are_the_primary_key_of_prestations() -> None:
    prestations = tables()["ER_PRS_F"]
    assert {c.name for c in prestations.columns if c.required} == set(NINE_KEYS)


def test_years_are_those_of_the_schema() -> None:
    assert tables()["T_MCOaaC"].column("EXE_SOI_DTD").first_year == 2009
    assert tables()["T_MCOaaUM"].column("UM_TYP").last_year == 2010


def test_a_column_exists_in_the_years_that_its_source_gives() -> None:
    units, stays = tables()["T_MCOaaUM"], tables()["T_MCOaaC"]
    assert [units.column("UM_TYP").exists_in(y) for y in (2005, 2006, 2010, 2011)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert stays.column("EXE_SOI_DTD").exists_in(2009)
    assert not stays.column("EXE_SOI_DTD").exists_in(2008)
    absent = {
        (name, year)
        for name, table in tables().items()
        for column in table.columns
        for year in column.missing_years
        if column.exists_in(year)
    }
    assert not absent
    assert sum(bool(c.missing_years) for t in tables().values() for c in t.columns) == 26
    assert stays.column("EXE_SOI_DTD").exists_in(None)


def test_columns_name_their_lists_of_codes() -> None:
    assert tables()["ER_PRS_F"].column("PRS_NAT_REF").nomenclature == "IR_NAT_V"
    named = sum(bool(c.nomenclature) for t in tables().values() for c in t.columns)
    assert named == 957
