"""The prestation lines of the DCIR, to which drugs and acts are joined by nine columns.

The nine columns are kept as two hashes (`native/keys.py`): nine columns to write, read and hold in
memory would be half the cost of every join.
"""

from __future__ import annotations

from transat.engines.engine import Engine, quoted
from transat.harmonise.context import Context
from transat.harmonise.ledger import KEPT, NOTE
from transat.harmonise.snds.rules.dcir import SAME_LINE


def billed_in_pmsi(engine: Engine, context: Context) -> None:
    """View `billed_in_pmsi`: lines that a public hospital also sends to the PMSI (T2)."""
    context.materialise(
        engine,
        "billed_in_pmsi",
        "SELECT DISTINCT line_key, line_check FROM kept_ER_ETE_F WHERE ETE_IND_TAA = 1",
    )


def unique_lines(engine: Engine, context: Context) -> None:
    """View `line`: every prestation line once, its fate and number; `kept_line` those that count.

    The nine columns are a primary key; when a delivery overlaps another, the second copy of a line
    is set aside.
    """
    read, distinct = engine.rows("SELECT count(line_key), count(DISTINCT line_key) FROM ER_PRS_F")[
        0
    ]
    lines = f"read_parquet({quoted(str(context.path_of('ER_PRS_F')))}, file_row_number = true)"
    every = (
        "SELECT * EXCLUDE (file_row_number), file_row_number AS line_id, "
        f"coalesce(set_aside, '{KEPT}') AS fate FROM {lines}"
    )
    if read == distinct:
        engine.sql(f"CREATE OR REPLACE VIEW line AS {every}")
    else:
        context.materialise(
            engine,
            "line",
            f"{every} QUALIFY row_number() OVER (PARTITION BY line_key, line_check "
            "ORDER BY set_aside IS NOT NULL, set_aside, person_id, EXE_SOI_DTD, PRS_NAT_REF, "
            "PRS_ACT_QTE, PRE_PRE_DTD, PSP_SPE_COD, PSE_SPE_COD, RGM_GRG_COD, cmu_c, other_age"
            ") = 1",
        )
    engine.sql(f"CREATE OR REPLACE VIEW kept_line AS SELECT * FROM line WHERE fate = '{KEPT}'")
    counted = "(SELECT count(*) FROM kept_ER_PRS_F) - (SELECT count(*) FROM kept_line)"
    if twice := int(engine.scalar(f"SELECT {counted}") or 0):
        context.ledger.move("ER_PRS_F", SAME_LINE.key, twice)
    if context.applies("T17"):
        ages = int(engine.scalar("SELECT count(*) FROM kept_line WHERE other_age") or 0)
        if ages:
            context.ledger.record("ER_PRS_F", f"{NOTE}T17", ages)
