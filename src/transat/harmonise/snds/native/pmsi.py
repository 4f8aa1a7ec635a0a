"""The tables that each field of the PMSI has: chaining, stays, diagnoses, acts.

Made from the fields' description (`fields.py`), so a field is data and not one more copy of this.
"""

from __future__ import annotations

from typing import Final

from transat.harmonise.casts import cast_sql
from transat.harmonise.native import NativeColumn, NativeTable
from transat.harmonise.snds.fields import Acts, Diagnoses, Field
from transat.harmonise.snds.native.keys import STAY_KEY, column

#: Seven return codes from 2005-2006, two more in 2013 (T9).
RETURN_CODES: Final = (
    "NIR_RET",
    "NAI_RET",
    "SEX_RET",
    "SEJ_RET",
    "FHO_RET",
    "PMS_RET",
    "DAT_RET",
    "COH_NAI_RET",
    "COH_SEX_RET",
)


def badly_chained(codes: tuple[str, ...]) -> str:
    """SQL: one of the return codes is not zero; an empty one says nothing."""
    wrong = " OR ".join(f"coalesce(n.{c}, '0') NOT IN ('0', '00', 'FALSE')" for c in codes)
    return f"({wrong}) AS badly_chained"


#: Whose a hospital line is: one person of that number, else the twin of that rank (from 2015).
PERSON_JOIN: Final = (
    "LEFT JOIN hospital_key AS h ON h.psa = n.NIR_ANO_17 "
    "LEFT JOIN person_key AS g ON g.psa = n.NIR_ANO_17 AND g.gem = n.RNG_NAI"
)
#: The same days twice: the second writing is cast only where the first is empty.
_ENTRY, _EXIT = cast_sql("ENT_DAT", "date"), cast_sql("SOR_DAT", "date")
PERSON_EXTRA: Final = (
    f"coalesce(n.EXE_SOI_DTD, {_ENTRY}) AS start_date",
    f"coalesce(n.EXE_SOI_DTF, {_EXIT}, n.EXE_SOI_DTD, {_ENTRY}) AS end_date",
    "CASE WHEN h.persons = 1 THEN h.person_id ELSE g.person_id END AS person_id",
    "h.persons AS persons",
    "coalesce(h.fictive, false) AS fictive",
)
PERSON_COLUMNS: Final = (
    column("NIR_ANO_17", "text", "needed", True, "NUM_ENQ", "BEN_NIR_PSA"),
    column("EXE_SOI_DTD", "date", "checked"),
    column("EXE_SOI_DTF", "date", "checked"),
    column("ENT_DAT", "text"),
    column("SOR_DAT", "text"),
    column("RNG_NAI", "integer"),
)
PERSON_SPENT: Final = ("NIR_ANO_17", "EXE_SOI_DTD", "EXE_SOI_DTF", "ENT_DAT", "SOR_DAT")


def stay_columns(field: Field) -> tuple[NativeColumn, NativeColumn]:
    """The two columns that name a stay of the field."""
    return (
        column(field.establishment, "code", "needed", True),
        column(field.number, "code", "needed", True),
    )


def stay_keys(field: Field) -> tuple[str, ...]:
    """What names a stay, spelled alike in all tables: numbers lose their leading zeros."""
    return (
        f"ltrim(n.{field.establishment}, '0') AS eta_key",
        f"ltrim(n.{field.number}, '0') AS rsa_key",
        "coalesce(n.file_year, 0) AS year_key",
    )


def _same_stay(field: Field, left: str, right: str) -> str:
    return (
        f"ltrim({left}.{field.establishment}, '0') = {right}.eta_key "
        f"AND ltrim({left}.{field.number}, '0') = {right}.rsa_key "
        f"AND coalesce({left}.file_year, 0) = {right}.year_key"
    )


def chaining_table(field: Field) -> NativeTable:
    """T_xxxaaC: the person and the days of each stay."""
    return NativeTable(
        field.chaining,
        (
            *stay_columns(field),
            *PERSON_COLUMNS,
            column("NIR_ANO_MAM", "text"),
            *(column(code) for code in RETURN_CODES),
        ),
        joins=PERSON_JOIN,
        extra=(*stay_keys(field), *PERSON_EXTRA, badly_chained(RETURN_CODES)),
        contested=STAY_KEY,
        spent=(field.establishment, field.number, *PERSON_SPENT, "file_year", *RETURN_CODES),
    )


def stay_table(field: Field) -> NativeTable:
    """T_MCOaaB and its like: one line a stay, or one a week or sequence of it."""
    return NativeTable(
        field.stays,
        (
            *stay_columns(field),
            *(column(name, "integer", "checked") for name in field.line),
            *(column(name) for name, _ in field.diagnoses),
            column("ENT_MOD"),
            column("ENT_PRV"),
            column("SOR_MOD"),
            column("SOR_DES"),
            *field.columns,
        ),
        joins=f"LEFT JOIN chaining_{field.key} AS c ON {_same_stay(field, 'n', 'c')} "
        f"LEFT JOIN finess_double AS f ON f.finess = ltrim(n.{field.establishment}, '0') "
        f"{field.join}",
        extra=(
            *stay_keys(field),
            f"{field.line_sql} AS line_no",
            "c.person_id AS person_id",
            "c.start_date AS start_date",
            "c.end_date AS end_date",
            "c.NIR_ANO_MAM AS NIR_ANO_MAM",
            "c.fate AS chaining_fate",
            "f.finess IS NOT NULL AND coalesce(n.file_year, 0) <= 2017 AS finess_double",
            *field.extra,
        ),
        contested=(*STAY_KEY, "line_no"),
    )


def hanging_table(field: Field, name: str, columns: tuple[NativeColumn, ...]) -> NativeTable:
    """A table whose lines belong to a stay of the field: they follow its fate.

    A line that is delivered twice has everything alike that is read of it.
    """
    line = tuple(column(c, "integer", "free") for c in field.line)
    own = (*stay_columns(field), *line, *columns)
    return NativeTable(
        name,
        own,
        joins=f"LEFT JOIN stay_fate_{field.key} AS s ON {_same_stay(field, 'n', 's')}",
        extra=(
            "s.visit_occurrence_id AS visit_occurrence_id",
            "s.fate AS stay_fate",
            f"{field.line_sql} AS line_no",
        ),
        contested=(
            *(f"ltrim({c.name}, '0')" for c in stay_columns(field)),
            "file_year",
            *(c.name for c in (*line, *columns)),
        ),
    )


def diagnosis_table(field: Field, table: Diagnoses) -> NativeTable:
    """A table of associated diagnoses."""
    return hanging_table(field, table.table, (column(table.code, "code", "needed", True),))


def act_table(field: Field, table: Acts) -> NativeTable:
    """A table of acts. Repeated lines are told by the acts they give, not here: an activity code
    that is not read distinguishes the surgeon's line from the anaesthetist's.
    """
    declared = hanging_table(
        field,
        table.table,
        (
            column(table.code, "code", "needed", True),
            column(table.delay, "integer", "checked"),
            column(table.quantity, "integer"),
        ),
    )
    return NativeTable(declared.name, declared.columns, joins=declared.joins, extra=declared.extra)


def tables(field: Field) -> tuple[NativeTable, ...]:
    """The tables of diagnoses and acts of the field."""
    return (
        *(diagnosis_table(field, t) for t in field.beside),
        *(act_table(field, t) for t in field.acts),
    )
