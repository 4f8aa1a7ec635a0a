"""ATC codes of a referential: one form, one vintage, one code a product."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from transat.engines.duckdb import DuckDB
from transat.harmonise.atc import atc_sql, best_atc_sql, register_drift

SAID = [
    # (code, atc, how, place)
    ("1", "B01AA", "recorded", 1),  # a class, and a substance from a less sure source
    ("1", "B01AA03", "list", 2),
    ("2", "N03AX12", "recorded", 1),  # moved
    ("3", "L04AX03", "recorded", 1),  # two substances in one source
    ("3", "L01BA01", "recorded", 1),
    ("4", "N03AX12", "recorded", 1),  # one substance under two vintages
    ("4", "N02BF01", "recorded", 1),
    ("5", "A10BA02", "list", 2),
    ("6", None, "recorded", 1),
    ("7", "B01AA", "recorded", 1),
]


@pytest.mark.parametrize(
    ("written", "atc"),
    [
        ("N03AX09", "N03AX09"),
        (" n03ax09 ", "N03AX09"),
        ("B01AA", "B01AA"),
        ("A05", "A05"),
        ("R05X00", "R05X"),
        ("QN05CA01", "QN05CA01"),
        ("UNASSIGN", None),
        ("", None),
        ("WHOMEO", "WHOMEO"),
    ],
)
def test_one_form(written: str, atc: str | None) -> None:
    with DuckDB(threads=1) as engine:
        engine.register("said", pa.table({"code": [written]}))
        assert engine.scalar(f"SELECT {atc_sql('code')} FROM said") == atc


@pytest.mark.parametrize("seed", range(3))
def test_one_code_a_product_whatever_the_order(seed: int) -> None:
    lines = random.Random(seed).sample(SAID, len(SAID))
    columns = dict(zip(("code", "atc", "how", "place"), zip(*lines, strict=True), strict=True))
    with DuckDB(threads=1) as engine:
        register_drift(engine)
        engine.register("said", pa.table({k: list(v) for k, v in columns.items()}))
        found = engine.rows(best_atc_sql("SELECT * FROM said", "code") + " ORDER BY code")
    assert found == [
        ("1", "B01AA03", "list", 1),
        ("2", "N02BF01", "recorded", 1),
        ("3", "L01BA01", "recorded", 2),
        ("4", "N02BF01", "recorded", 1),
        ("5", "A10BA02", "list", 1),
        ("7", "B01AA", "recorded", 1),
    ]
