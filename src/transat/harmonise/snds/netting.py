"""T4: a regularisation is a second line with a negative quantity; only the signed sum is care.

Lines are grouped by person, date of care, code and prescription (date, specialty of the
prescriber), their signed quantities added, and a group is kept when its sum is positive. The order
of lines cannot matter, and a negative line is never dropped before its group is summed.
T6: a line delivered by the unit (PHA_DEC_TOP = D) counts units (PHA_DEC_QSU), signed, apart.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.ledger import NOTE
from transat.harmonise.snds.natures import USED, among
from transat.harmonise.snds.rules.dcir import SAME_LINE

#: Beside the prestation line (`line_id`), what tells one sister line from another.
_SISTERS: Final = {
    "ER_PHA_F": ("PHA_ORD_NUM", "PHA_PRS_C13", "PHA_ACT_QSN", "PHA_DEC_TOP", "PHA_DEC_QSU"),
    "ER_UCD_F": ("UCD_ORD_NUM", "UCD_UCD_COD", "UCD_DLV_NBR"),
    "ER_CAM_F": ("CAM_ORD_NUM", "CAM_PRS_IDE", "CAM_ACT_COD"),
    "ER_BIO_F": ("BIO_ORD_NUM", "BIO_PRS_IDE", "BIO_ACT_QSN"),
    "ER_TIP_F": ("TIP_ORD_NUM", "TIP_PRS_IDE", "TIP_ACT_QSN"),
}
_CARE = "person_id, care_date, code, in_units, prescription_date, prescriber"


def drop_repeats(engine: Engine, context: Context) -> None:
    """Count once a sister line that overlapping deliveries bring twice, wherever it is.

    A line is the same when its nine-column key, its rank under the key and everything read agree.
    Without this a month delivered twice would double every box of it.
    """
    for table, own in _SISTERS.items():
        identity = ", ".join(("line_id", *own))
        read, distinct = engine.rows(
            f"SELECT count(*), count(DISTINCT hash({identity})) FROM kept_{table}"
        )[0]
        if read == distinct:
            continue
        once = context.materialise(
            engine,
            f"once_{table}",
            f"SELECT * FROM kept_{table} QUALIFY row_number() OVER (PARTITION BY {identity}) = 1",
        )
        engine.sql(f"CREATE OR REPLACE VIEW kept_{table} AS SELECT * FROM once_{table}")
        if read > once:
            context.ledger.move(table, SAME_LINE.key, int(read) - once)


def net_drugs(engine: Engine, context: Context) -> None:
    """Views `net_ER_PHA_F`, `net_ER_UCD_F`: one row a dispensing, `quantity` boxes or units."""
    split = "coalesce(PHA_DEC_TOP = 'D', false)" if context.applies("T6") else "false"
    signed_units = "CASE WHEN PHA_ACT_QSN < 0 THEN -abs(PHA_DEC_QSU) ELSE PHA_DEC_QSU END"
    boxes_or_units = f"CASE WHEN {split} THEN coalesce({signed_units}, 0) ELSE PHA_ACT_QSN END"
    _net(
        engine,
        context,
        "ER_PHA_F",
        _lines("kept_ER_PHA_F", "PHA_PRS_C13", split, boxes_or_units),
    )
    _note_units(engine, context, split)
    # A UCD is the seven digits after six zeros; quantities may be fractions of a box.
    ucd = "right(lpad(UCD_UCD_COD, 13, '0'), 7)"
    packs = "CAST(UCD_DLV_NBR AS DECIMAL(18, 3))"
    _net(engine, context, "ER_UCD_F", _lines("kept_ER_UCD_F", ucd, "false", packs))


def _note_units(engine: Engine, context: Context, split: str) -> None:
    """T6 takes no line away: the ledger notes how many were read in units."""
    units = int(engine.scalar(f"SELECT count(*) FROM kept_ER_PHA_F WHERE {split}") or 0)
    if units:
        context.ledger.record("ER_PHA_F", f"{NOTE}T6", units)


def net_acts(engine: Engine, context: Context) -> None:
    """View `net_ER_CAM_F`: one row an act and activity (surgeon 1, anaesthetist 4).

    Its quantity is that of the prestation line; the activity stands in the prescriber's place.
    """
    quantity = "CAST(coalesce(quantity, 1) AS DECIMAL(18, 2))"
    lines = _lines("kept_ER_CAM_F", "CAM_PRS_IDE", "false", quantity, "CAM_ACT_COD")
    _net(engine, context, "ER_CAM_F", lines)


def net_tests_and_devices(engine: Engine, context: Context) -> None:
    """Views `net_ER_BIO_F` (NABM, four digits) and `net_ER_TIP_F` (LPP, seven), `quantity` signed.

    Where a code is a number its leading zeros are lost: they are put back.
    """
    tests = _lines("kept_ER_BIO_F", _padded("BIO_PRS_IDE", 4), "false", "BIO_ACT_QSN")
    _net(engine, context, "ER_BIO_F", tests)
    devices = _lines("kept_ER_TIP_F", _padded("TIP_PRS_IDE", 7), "false", "TIP_ACT_QSN")
    _net(engine, context, "ER_TIP_F", devices)


def _padded(code: str, width: int) -> str:
    """SQL: `code` in `width` digits; longer codes lose only zeros."""
    short = f"ltrim({code}, '0')"
    return f"CASE WHEN length({short}) < {width} THEN lpad({short}, {width}, '0') ELSE {short} END"


def net_natures(engine: Engine, context: Context) -> None:
    """View `net_ER_PRS_F`: consultations, visits and town abortions, by nature of service.

    Two lines of one consultation each on one day are two visits: `copies` says how many.
    """
    engine.sql(
        "CREATE OR REPLACE VIEW lines_by_nature AS SELECT person_id, EXE_SOI_DTD AS care_date, "
        "PRS_NAT_REF, PRS_ACT_QTE, PRE_PRE_DTD AS prescription_date, PSE_SPE_COD AS prescriber "
        f"FROM kept_line WHERE PRS_NAT_REF IN {among(USED)}"
    )
    signed = "CAST(coalesce(PRS_ACT_QTE, 1) AS DECIMAL(18, 2))"
    lines = _lines("lines_by_nature", "PRS_NAT_REF", "false", signed)
    copies = "greatest(1, least(count(*) FILTER (quantity > 0), floor(sum(quantity))))"
    _net(engine, context, "ER_PRS_F", lines, copies)


def _lines(
    source: str, code: str, in_units: str, quantity: str, prescriber: str = "prescriber"
) -> str:
    return (
        f"SELECT person_id, care_date, {code} AS code, {in_units} AS in_units, prescription_date, "
        f"{prescriber} AS prescriber, {quantity} AS quantity FROM {source}"
    )


def _net(engine: Engine, context: Context, table: str, lines: str, copies: str = "1") -> None:
    """View `net_TABLE` of the kept groups, and the lines that they absorb in the ledger."""
    name = f"net_{table}"
    if context.applies("T4"):
        query = (
            f"SELECT {_CARE}, sum(quantity) AS quantity, CAST({copies} AS INTEGER) AS copies "
            f"FROM ({lines}) GROUP BY {_CARE} HAVING sum(quantity) > 0"
        )
    else:
        query = f"SELECT *, 1 AS copies FROM ({lines}) WHERE quantity > 0"
    context.materialise(engine, name, query)
    kept = int(engine.scalar(f"SELECT sum(copies) FROM {name}") or 0)
    read, negative = engine.rows(f"SELECT count(*), count(*) FILTER (quantity < 0) FROM ({lines})")[
        0
    ]
    if read:
        context.ledger.move(table, "T4" if context.applies("T4") else "not_positive", read - kept)
        context.ledger.record(table, f"{NOTE}negative_lines", int(negative))
