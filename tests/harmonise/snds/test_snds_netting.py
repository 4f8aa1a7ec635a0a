"""Whatever reversals are planted, in whatever order, the net is the truth."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.engines.duckdb import DuckDB
from transat.harmonise.context import Context
from transat.harmonise.extract import Extract
from transat.harmonise.ledger import Ledger
from transat.harmonise.rules import active
from transat.harmonise.snds.netting import net_drugs
from transat.harmonise.snds.rules.all import RULES

#: A dispensing: (person, day, product, prescription day), its true boxes, and its accounting:
#: the signed lines that came before the right one, which sum to zero.
dispensings = st.dictionaries(
    st.tuples(
        st.integers(1, 4), st.integers(0, 5), st.sampled_from(["3400900000001", "3400900000002"]),
        st.one_of(st.none(), st.integers(0, 3)),
    ),
    st.tuples(st.integers(0, 9), st.lists(st.integers(1, 12), max_size=4), st.integers(0, 5)),
    max_size=12,
)  # fmt: skip


def lines_of(boxes: int, reversed_: list[int], over: int) -> list[int]:
    """Signed quantities that say `boxes`: full reversals, then more boxes given and taken back."""
    full = [sign * n for n in reversed_ for sign in (1, -1)]
    partial = [boxes + over, -over] if over else [boxes]
    return full + [n for n in partial if n]


@settings(max_examples=60, deadline=None)
@given(truth=dispensings, seed=st.integers(0, 10_000))
def test_any_interleaving_of_reversals_nets_to_the_truth(
    truth: dict[tuple[int, int, str, int | None], tuple[int, list[int], int]], seed: int
) -> None:
    lines = [(key, n) for key, (b, r, o) in truth.items() for n in lines_of(b, r, o)]
    random.Random(seed).shuffle(lines)
    table = pa.table(
        {
            "person_id": pa.array([k[0] for k, _ in lines], pa.int32()),
            "care_date": pa.array([k[1] for k, _ in lines], pa.int32()).cast(pa.date32()),
            "PHA_PRS_C13": pa.array([k[2] for k, _ in lines], pa.string()),
            "prescription_date": pa.array([k[3] for k, _ in lines], pa.int32()).cast(pa.date32()),
            "prescriber": pa.array(["1"] * len(lines), pa.string()),
            "PHA_ACT_QSN": pa.array([n for _, n in lines], pa.int64()),
            "PHA_DEC_TOP": pa.array([None] * len(lines), pa.string()),
            "PHA_DEC_QSU": pa.array([None] * len(lines), pa.int64()),
        }
    )
    none = "SELECT person_id, care_date, PHA_PRS_C13 AS UCD_UCD_COD, prescription_date, "
    with tempfile.TemporaryDirectory() as work, DuckDB(threads=1) as engine:
        context = Context(Extract(Path(work), {}, ()), active(RULES, ()), Ledger(), Path(work))
        context.ledger.record("ER_PHA_F", "read", len(lines))
        context.ledger.record("ER_PHA_F", "kept", len(lines))
        engine.register("kept_ER_PHA_F", table)
        engine.sql(
            f"CREATE VIEW kept_ER_UCD_F AS {none} prescriber, PHA_ACT_QSN AS UCD_DLV_NBR "
            "FROM kept_ER_PHA_F WHERE false"
        )
        net_drugs(engine, context)
        found = {
            (p, d, c, r): q
            for p, d, c, r, q in engine.rows(
                "SELECT person_id, care_date - DATE '1970-01-01', code, "
                "prescription_date - DATE '1970-01-01', quantity FROM net_ER_PHA_F"
            )
        }
        context.ledger.check()
    expected = {key: boxes for key, (boxes, _, _) in truth.items() if boxes > 0}
    assert found == expected
    assert context.ledger.rows("ER_PHA_F", "kept") == len(expected)
