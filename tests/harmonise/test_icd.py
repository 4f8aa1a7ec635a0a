"""Diagnosis codes: what SQL does to them is what Python does to them."""

from __future__ import annotations

import string
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.core.codes import icd10_who, longest_prefix, undotted
from transat.engines.duckdb import DuckDB
from transat.harmonise.icd import cut_sql, icd10_sql, longest_prefix_sql, undotted_sql

WRITTEN = st.text(alphabet=string.ascii_letters + string.digits + ". *+†-é²ß\t", max_size=10)
CODE = st.text(alphabet="AOZ0123", min_size=1, max_size=10)


def run(expression: str, values: list[str]) -> list[object]:
    with DuckDB(threads=1) as engine:
        engine.register("given", pa.table({"n": range(len(values)), "code": values}))
        found = engine.rows(f"SELECT {expression} FROM given ORDER BY n")
    return [value for (value,) in found]


@settings(max_examples=20, deadline=None)
@given(st.lists(WRITTEN, min_size=1, max_size=40))
def test_sql_and_python_write_a_code_alike(written: list[str]) -> None:
    assert run(undotted_sql("code"), written) == [undotted(c) or None for c in written]
    assert run(icd10_sql("code"), written) == [icd10_who(c) or None for c in written]


@settings(max_examples=20, deadline=None)
@given(st.lists(CODE, min_size=1, max_size=20, unique=True), st.sets(CODE, max_size=20))
def test_sql_and_python_find_the_same_longest_prefix(codes: list[str], known: set[str]) -> None:
    with DuckDB(threads=1) as engine:
        engine.register("met", pa.table({"code": codes}))
        engine.register("listed", pa.table({"known": pa.array(sorted(known), pa.string())}))
        rows = engine.rows(longest_prefix_sql("SELECT code FROM met", "SELECT known FROM listed"))
    expected = {c: found for c in codes if (found := longest_prefix(c, known)) is not None}
    assert {code: (prefix, cut) for code, prefix, cut in rows} == expected
    assert len(rows) == len(expected)


@pytest.mark.parametrize(
    ("code", "known", "found"),
    [
        ("O60101", {"O601", "O60"}, ("O601", 2)),
        ("O60101", {"O60"}, ("O60", 3)),
        ("Z37.11", {"Z3711", "Z371"}, ("Z3711", 0)),
        ("250", {"250", "2500"}, ("250", 0)),
        ("2500", {"250"}, ("250", 1)),
        ("E10", {"E1"}, None),
        ("", {"E10"}, None),
    ],
)
def test_longest_prefix_by_hand(code: str, known: set[str], found: tuple[str, int] | None) -> None:
    assert longest_prefix(code, known) == found


def test_how_far_a_code_is_cut() -> None:
    assert run(cut_sql("code"), ["Z3711", "O60.101", "I10", "Q054"]) == [1, 2, 0, 0]


def test_every_french_code_keeps_its_category(shared: Path) -> None:
    path = shared / "data" / "snds_nomenclatures" / "ORAVAL" / "MS_CIM_V.csv"
    codes = [line.split(";", 1)[0] for line in path.read_text("utf-8").splitlines()[1:]]
    assert len(codes) > 10_000
    found = run(icd10_sql("code"), codes)
    assert all(str(who)[:3] == code[:3] for who, code in zip(found, codes, strict=True))
    assert max(len(str(who)) for who in found) == 5
