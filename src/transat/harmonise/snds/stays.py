"""Hospital stays of the PMSI-MCO: summary (B) and chaining (C) put together, then numbered."""

from __future__ import annotations

import csv
from importlib import resources

import pyarrow as pa

from transat.engines.engine import Engine
from transat.harmonise.contested import first_of_key_sql
from transat.harmonise.context import Context
from transat.harmonise.ledger import KEPT
from transat.harmonise.snds.native.keys import STAY_KEY


def finess_doubles() -> tuple[str, ...]:
    """Geographic FINESS under which AP-HP, AP-HM and HCL stays were sent a second time (T11)."""
    source = resources.files("transat.harmonise.snds").joinpath("finess_doubles.csv")
    rows = csv.DictReader(source.read_text("utf-8").splitlines())
    return tuple(row["finess_geo"] for row in rows)


def chaining(engine: Engine, context: Context) -> None:
    """Views `chaining` (one line by stay, with its fate) and `finess_double`."""
    context.materialise(
        engine,
        "chaining",
        "SELECT year_key, eta_key, rsa_key, person_id, start_date, end_date, NIR_ANO_MAM, RNG_NAI, "
        f"coalesce(set_aside, '{KEPT}') AS fate FROM ({_once('T_MCOaaC')})",
    )
    codes = [code.lstrip("0") for code in finess_doubles()]
    engine.register("finess_double", pa.table({"finess": pa.array(codes, pa.string())}))


def _once(table: str) -> str:
    """SQL: every stay of `table` once; of a stay delivered twice, the line that counts."""
    return first_of_key_sql(table, ", ".join(STAY_KEY), "set_aside IS NOT NULL, set_aside")


def number_stays(engine: Engine, context: Context) -> None:
    """Views `stay` (kept stays, numbered in a total order) and `stay_fate` (every stay once)."""
    context.materialise(
        engine,
        "stay",
        "SELECT CAST(row_number() OVER (ORDER BY person_id, start_date, end_date, year_key, "
        "eta_key, rsa_key) AS INTEGER) AS visit_occurrence_id, * EXCLUDE (set_aside, shares_key, "
        "chaining_fate, finess_double, SEJ_TYP, TYP_GEN_RSA, file_year), "
        "coalesce(AGE_ANN, 0) = 0 AND AGE_JOU IS NOT NULL AS of_infant, "
        "coalesce(AGE_ANN, 0) = 0 AND AGE_JOU = 0 AS of_newborn FROM kept_T_MCOaaB",
    )
    context.materialise(
        engine,
        "stay_fate",
        f"SELECT b.year_key, b.eta_key, b.rsa_key, coalesce(b.set_aside, '{KEPT}') AS fate, "
        f"s.visit_occurrence_id FROM ({_once('T_MCOaaB')}) AS b LEFT JOIN stay AS s ON "
        "s.year_key = b.year_key AND s.eta_key = b.eta_key AND s.rsa_key = b.rsa_key",
    )
    context.findings["stays_of_ambiguous_twins"] = context.ledger.rows(
        "T_MCOaaC", "twins_ambiguous"
    )
