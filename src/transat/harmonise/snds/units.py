"""The parts of a stay: medical units of MCO, weeks of SSR, (sub-)sequences of HAD and RIM-P.

MCO gives no day of a unit, but their order (UM_ORD_NUM) and the nights spent in each (PAR_DUR_SEJ),
so a unit begins when those before it are over, on the day that the one before it ends; the last one
ends with the stay. Without a duration, or with several units and no order (before 2010), a unit has
the days of its stay. Elsewhere a line says how many days after admission it begins.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.ledger import NOTE
from transat.harmonise.snds.fields import FIELDS, Field

_UNITS: Final = "T_MCOaaUM"


def number_units(engine: Engine, context: Context) -> None:
    """View `unit`: visit_detail_id, visit_occurrence_id, person_id, line_no, place (1, 2...),
    first_day, last_day, entry_day (of its medical unit), kind, main and related (MCO).

    Notes the units read under their names of before 2010 (T19), and those without days.
    """
    parts = [_of_mco(), *(_of_lines(f) for f in FIELDS if f.line)]
    context.materialise(
        engine,
        "unit",
        "SELECT CAST(row_number() OVER (ORDER BY visit_occurrence_id, place) AS INTEGER) "
        f"AS visit_detail_id, * FROM ({' UNION ALL '.join(parts)})",
    )
    older, undated = engine.rows(
        "SELECT count(*) FILTER (AUT_TYP1_UM IS NULL AND UM_TYP IS NOT NULL "
        "OR PAR_DUR_SEJ IS NULL AND PAR_NBR_SEJ IS NOT NULL), "
        "count(*) FILTER (PAR_DUR_SEJ IS NULL AND PAR_NBR_SEJ IS NULL) "
        f"FROM kept_{_UNITS}"
    )[0]
    if older:
        context.ledger.record(_UNITS, f"{NOTE}T19_older_names", int(older))
    if undated:
        context.ledger.record(_UNITS, f"{NOTE}units_without_duration", int(undated))


def _of_mco() -> str:
    """SQL: the medical units; nights add up in their order."""
    in_order = (
        "PARTITION BY visit_occurrence_id ORDER BY UM_ORD_NUM NULLS LAST, DGN_PAL, DGN_REL, kind, "
        "nights"
    )
    stay = "PARTITION BY visit_occurrence_id"
    units = (
        "SELECT visit_occurrence_id, UM_ORD_NUM, DGN_PAL, DGN_REL, "
        "coalesce(AUT_TYP1_UM, UM_TYP) AS kind, coalesce(PAR_DUR_SEJ, PAR_NBR_SEJ) AS nights "
        f"FROM kept_{_UNITS}"
    )
    placed = (
        f"SELECT *, row_number() OVER ({in_order}) AS place, count(*) OVER ({stay}) AS units, "
        f"coalesce(sum(nights) OVER ({in_order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), "
        f"0) AS since, count(nights) OVER ({stay}) AS timed, count(UM_ORD_NUM) OVER ({stay}) "
        f"AS ordered FROM ({units})"
    )
    known = "units = 1 OR timed = units AND ordered = units"
    begins = "least(s.end_date, s.start_date + CAST(since AS INTEGER))"
    ends = f"least(s.end_date, {begins} + CAST(nights AS INTEGER))"
    return (
        f"SELECT u.visit_occurrence_id, s.person_id, CAST(place AS BIGINT) AS line_no, "
        f"CAST(place AS BIGINT) AS place, CASE WHEN {known} THEN {begins} ELSE s.start_date END "
        f"AS first_day, CASE WHEN ({known}) AND place < units THEN {ends} ELSE s.end_date END "
        f"AS last_day, s.start_date AS entry_day, kind, DGN_PAL AS main, DGN_REL AS related "
        f"FROM ({placed}) AS u JOIN stay AS s ON s.visit_occurrence_id = u.visit_occurrence_id"
    )


def _of_lines(field: Field) -> str:
    """SQL: the lines of a field's stays; a line without its days has those of the stay."""

    def day(days: str) -> str:
        return f"least(end_date, start_date + CAST(greatest(0, {days}) AS INTEGER))"

    in_order = "PARTITION BY visit_occurrence_id ORDER BY line_no"
    offset = f"CAST({field.offset} AS BIGINT)"
    length = f"CAST({field.length} AS BIGINT)" if field.length else "CAST(NULL AS BIGINT)"
    lines = (
        f"SELECT visit_occurrence_id, person_id, start_date, end_date, line_no, "
        f"row_number() OVER ({in_order}) AS place, {offset} AS since, {length} AS days, "
        f"lead({offset}) OVER ({in_order}) AS next_since, "
        f"CAST({field.entry or '0'} AS BIGINT) AS since_entry, CAST({field.unit} AS VARCHAR) "
        f"AS kind FROM stay_line_{field.key}"
    )
    last = day(
        "CASE WHEN days IS NULL THEN greatest(next_since - 1, since) "
        "ELSE since + greatest(days, 1) - 1 END"
    )
    known = "since IS NOT NULL AND coalesce(days, next_since) IS NOT NULL"
    return (
        "SELECT visit_occurrence_id, person_id, line_no, place, "
        f"CASE WHEN since IS NULL THEN start_date ELSE {day('since')} END, "
        f"CASE WHEN {known} THEN {last} ELSE end_date END, "
        f"start_date + CAST(greatest(0, coalesce(since_entry, 0)) AS INTEGER), kind, "
        f"CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR) FROM ({lines})"
    )
