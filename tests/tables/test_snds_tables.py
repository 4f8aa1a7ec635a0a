"""The declared SNDS columns agree with their source, and the reader asks only for declared ones."""

from __future__ import annotations

import json
from pathlib import Path

from transat.harmonise.snds.native.referentials import IR_PHA_R
from transat.harmonise.snds.shore import declare
from transat.tables.snds import NINE_KEYS, tables

#: Columns of a referential that is not in the published schema (IR_PHA_R is a code list).
UNPUBLISHED = {IR_PHA_R.name}


def test_every_column_of_the_published_schema_is_declared(shared: Path) -> None:
    schema = shared / "data" / "snds_schema"
    published = {p.stem: p for p in schema.rglob("*.json")}
    for name, table in tables().items():
        fields = json.loads(published[name].read_text("utf-8"))["fields"]
        assert [f["name"] for f in fields] == list(table.names)


def test_the_reader_asks_for_declared_columns_only() -> None:
    for native in declare().tables:
        if native.name not in UNPUBLISHED:
            declared = set(tables()[native.name].names)
            assert {c.name for c in native.columns} <= declared, native.name


def test_the_nine_keys_are_the_primary_key_of_prestations() -> None:
    prestations = tables()["ER_PRS_F"]
    assert {c.name for c in prestations.columns if c.required} == set(NINE_KEYS)


def test_years_are_those_of_the_schema() -> None:
    assert tables()["T_MCOaaC"].column("EXE_SOI_DTD").first_year == 2009
    assert tables()["T_MCOaaUM"].column("UM_TYP").last_year == 2010
