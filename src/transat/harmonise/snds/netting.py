"""T4: a regularisation is a second line with a negative quantity; only the signed sum is care.

Lines are grouped by person, date of care, code and prescription (date, specialty of the
prescriber), their signed quantities added, and a group is kept when its sum is positive. The order
of lines cannot matter, and a negative line is never dropped before its group is summed.
T6: a line delivered by the unit (PHA_DEC_TOP = D) counts units (PHA_DEC_QSU), signed, apart.
"""

from __future__ import annotations

from transat.engines.duckdb import Engine
from transat.harmonise.context import Context
from transat.harmonise.ledger import NOTE
from transat.harmonise.snds.natures import USED, among

_CARE = "person_id, care_date, code, in_units, prescription_date, prescriber"


def net_drugs(engine: Engine, context: Context) -> None:
    """Views `net_ER_PHA_F`, `net_ER_UCD_F`: one row a dispensing, `quantity` boxes or units."""
    split = "coalesce(PHA_DEC_TOP = 'D', false)" if context.applies("T6") else "false"
    signed_units = "CASE WHEN PHA_ACT_QSN < 0 THEN -abs(PHA_DEC_QSU) ELSE PHA_DEC_QSU END"
    _net(
        engine,
        context,
        "ER_PHA_F",
        "PHA_PRS_C13",
        split,
        f"CASE WHEN {split} THEN coalesce({signed_units}, 0) ELSE PHA_ACT_QSN END",
    )
    # A UCD is the seven digits after six zeros; quantities may be fractions of a box.
    ucd = "right(lpad(UCD_UCD_COD, 13, '0'), 7)"
    _net(engine, context, "ER_UCD_F", ucd, "false", "CAST(UCD_DLV_NBR AS DECIMAL(18, 3))")


def net_acts(engine: Engine, context: Context) -> None:
    """View `net_ER_CAM_F`: one row an act; its quantity is that of the prestation line."""
    quantity = "CAST(coalesce(quantity, 1) AS DECIMAL(18, 2))"
    _net(engine, context, "ER_CAM_F", "CAM_PRS_IDE", "false", quantity)


def net_natures(engine: Engine, context: Context) -> None:
    """View `net_ER_PRS_F`: consultations, visits and town abortions, by nature of service."""
    engine.sql(
        "CREATE OR REPLACE VIEW lines_by_nature AS SELECT person_id, EXE_SOI_DTD AS care_date, "
        "PRS_NAT_REF, PRS_ACT_QTE, PRE_PRE_DTD AS prescription_date, PSE_SPE_COD AS prescriber "
        f"FROM kept_line WHERE PRS_NAT_REF IN {among(USED)}"
    )
    quantity = "CAST(coalesce(PRS_ACT_QTE, 1) AS DECIMAL(18, 2))"
    _net(engine, context, "ER_PRS_F", "PRS_NAT_REF", "false", quantity, "lines_by_nature")


def _net(
    engine: Engine,
    context: Context,
    table: str,
    code: str,
    in_units: str,
    quantity: str,
    source: str | None = None,
) -> None:
    source = source or f"kept_{table}"
    lines = (
        f"SELECT person_id, care_date, {code} AS code, {in_units} AS in_units, prescription_date, "
        f"prescriber, {quantity} AS quantity FROM {source}"
    )
    name = f"net_{table}"
    if not context.applies("T4"):
        kept = context.materialise(engine, name, f"SELECT * FROM ({lines}) WHERE quantity > 0")
        dropped = int(engine.scalar(f"SELECT count(*) FROM {source}") or 0) - kept
        context.ledger.move(table, "not_positive", dropped)
        return
    kept = context.materialise(
        engine,
        name,
        f"SELECT {_CARE}, sum(quantity) AS quantity FROM ({lines}) GROUP BY {_CARE} "
        "HAVING sum(quantity) > 0",
    )
    read, negative = engine.rows(f"SELECT count(*), count(*) FILTER (quantity < 0) FROM ({lines})")[
        0
    ]
    if read:
        context.ledger.move(table, "T4", int(read) - kept)
        context.ledger.record(table, f"{NOTE}negative_lines", int(negative))
