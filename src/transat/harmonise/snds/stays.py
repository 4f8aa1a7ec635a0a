"""Hospital stays of the PMSI: chaining and summary put together field by field, then numbered."""

from __future__ import annotations

import csv
from importlib import resources
from typing import Final

import pyarrow as pa

from transat.engines.engine import Engine, quoted
from transat.harmonise.contested import first_of_key_sql
from transat.harmonise.context import Context
from transat.harmonise.ledger import KEPT
from transat.harmonise.snds.fields import FIELDS, MCO, Field
from transat.harmonise.snds.native.keys import STAY_KEY

_KEY: Final = ", ".join(STAY_KEY)
#: What only MCO says of a stay.
_OF_MCO: Final = ("AGE_JOU", "AGE_GES", "DEL_REG_ENT", "POI_NAI")


def finess_doubles() -> tuple[str, ...]:
    """Geographic FINESS under which AP-HP, AP-HM and HCL stays were sent a second time (T11)."""
    source = resources.files("transat.harmonise.snds").joinpath("finess_doubles.csv")
    rows = csv.DictReader(source.read_text("utf-8").splitlines())
    return tuple(row["finess_geo"] for row in rows)


def chaining(engine: Engine, context: Context) -> None:
    """Views `chaining_FIELD` (one line by stay, with its fate) and `finess_double`."""
    for field in FIELDS:
        context.materialise(
            engine,
            f"chaining_{field.key}",
            f"SELECT {_KEY}, person_id, start_date, end_date, NIR_ANO_MAM, "
            f"coalesce(set_aside, '{KEPT}') AS fate FROM ({_once(field.chaining)})",
        )
    codes = [code.lstrip("0") for code in finess_doubles()]
    engine.register("finess_double", pa.table({"finess": pa.array(codes, pa.string())}))


def had_errors(engine: Engine, context: Context) -> None:
    """View `had_error`: HAD sub-sequences whose care group is an error (T8)."""
    context.materialise(
        engine,
        "had_error",
        f"SELECT DISTINCT {_KEY}, coalesce(SEQ_NUM, 0) AS seq, coalesce(SSEQ_NUM, 0) AS sseq "
        "FROM kept_T_HADaaGRP WHERE PAP_GRP_GHPC LIKE '99%'",
    )


def _once(table: str) -> str:
    """SQL: every stay of `table` once; of a stay delivered twice, the line that counts."""
    return first_of_key_sql(table, _KEY, "set_aside IS NOT NULL, set_aside")


def number_stays(engine: Engine, context: Context) -> None:
    """Number the kept stays of all fields in a total order.

    Views: `stay`; by field, `stay_line_FIELD` (kept lines with the number of their stay) and
    `stay_fate_FIELD` (every stay once). A stay is kept when one of its lines is.
    """
    every = " UNION ALL ".join(_stays(field) for field in FIELDS)
    visits = " ".join(f"WHEN {quoted(f.key)} THEN {f.visit}" for f in FIELDS)
    context.materialise(
        engine,
        "stay",
        "SELECT CAST(row_number() OVER (ORDER BY person_id, start_date, end_date, field, year_key, "
        "eta_key, rsa_key) AS INTEGER) AS visit_occurrence_id, *, lpad(eta_key, 9, '0') AS finess, "
        f"CASE field {visits} END AS visit_concept_id, "
        f"field = '{MCO.key}' AND coalesce(AGE_ANN, 0) = 0 AND AGE_JOU IS NOT NULL AS of_infant, "
        f"field = '{MCO.key}' AND coalesce(AGE_ANN, 0) = 0 AND coalesce(AGE_JOU = 0, false) "
        f"AS of_newborn FROM ({every})",
    )
    for field in FIELDS:
        same = " AND ".join(f"s.{name} = b.{name}" for name in STAY_KEY)
        own = f"(SELECT * FROM stay WHERE field = {quoted(field.key)}) AS s ON {same}"
        engine.sql(
            f"CREATE OR REPLACE VIEW stay_line_{field.key} AS SELECT b.*, s.visit_occurrence_id "
            f"FROM kept_{field.stays} AS b JOIN {own}"
        )
        # A second delivery of a line says nothing of why its stay is set aside.
        fate = "min(nullif(set_aside, 'same_stay_twice'))"
        context.materialise(
            engine,
            f"stay_fate_{field.key}",
            f"SELECT b.*, s.visit_occurrence_id FROM (SELECT {_KEY}, "
            f"CASE WHEN count(*) > count(set_aside) THEN '{KEPT}' ELSE {fate} END AS fate "
            f"FROM {field.stays} WHERE eta_key IS NOT NULL AND rsa_key IS NOT NULL "
            f"GROUP BY {_KEY}) AS b LEFT JOIN {own}",
        )
    context.findings["stays_of_ambiguous_twins"] = context.ledger.rows(
        MCO.chaining, "twins_ambiguous"
    )


def _stays(field: Field) -> str:
    """SQL: the kept stays of a field, one row each; modes are those of the first and last lines."""
    written = f"{field.establishment} || '/' || {field.number} AS written"
    if not field.line:
        group = "GRG_GHM"
        said = (
            f"SELECT {quoted(field.key)} AS field, {_KEY}, person_id, start_date, end_date, "
            f"NIR_ANO_MAM, {written}, ENT_MOD, ENT_PRV, SOR_MOD, SOR_DES, AGE_ANN, COD_SEX, "
            f"{group} AS patient_group, {', '.join(_OF_MCO)} FROM kept_{field.stays}"
        )
        return said
    group = "max(GRG_GME)" if any(c.name == "GRG_GME" for c in field.columns) else "NULL"
    first = ", ".join(f"arg_min({c}, line_no)" for c in ("ENT_MOD", "ENT_PRV"))
    last = ", ".join(f"arg_max({c}, line_no)" for c in ("SOR_MOD", "SOR_DES"))
    return (
        f"SELECT {quoted(field.key)}, {_KEY}, person_id, start_date, end_date, "
        f"max(NIR_ANO_MAM), min({written.removesuffix(' AS written')}), {first}, {last}, "
        f"min(AGE_ANN), max(COD_SEX), CAST({group} AS VARCHAR), "
        f"{', '.join('CAST(NULL AS BIGINT)' for _ in _OF_MCO)} FROM kept_{field.stays} "
        f"GROUP BY {_KEY}, person_id, start_date, end_date"
    )
