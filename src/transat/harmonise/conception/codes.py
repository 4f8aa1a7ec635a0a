"""Codes of an instance, brought to one form: ICD-10 dotted, the others bare, ATC of one vintage."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from transat.core.codes import CIM10, ICD10, ICD10CA
from transat.engines.engine import Engine
from transat.harmonise.concepts import icd10_sql, undotted_sql
from transat.harmonise.context import Context
from transat.harmonise.ledger import NOTE
from transat.tables.drug_codes import atc_drift

#: The vocabulary of `medicinal_product_id`, the holder's own numbering.
PRODUCT: Final = "PRODUCT"


def code_records(engine: Engine, context: Context) -> None:
    """Views `diagnosis`, `act` and `dispensing`: the kept records with their codes.

    diagnosis: person_id, day, last_day, written, vocabulary_id, code, icd10, status, visit_id.
    act: person_id, day, written, vocabulary_id, code, visit_id.
    dispensing: person_id, day, vocabulary, code, atc, quantity, days, estimated, dispensed,
    visit_id. View `medicine`: vocabulary, code, atc, how.
    """
    _diagnoses(engine, context)
    _acts(engine, context)
    _dispensings(engine, context)


def _code(written: str) -> str:
    """SQL of a code as its vocabulary's concepts are written."""
    bare = undotted_sql(written)
    return (
        f"CASE WHEN vocabulary_id = '{ICD10}' AND length({bare}) > 3 "
        f"THEN {bare}[1:3] || '.' || {bare}[4:] ELSE {bare} END"
    )


def _diagnoses(engine: Engine, context: Context) -> None:
    malformations = " UNION ALL ".join(
        "SELECT coalesce(child_id, mother_id), birthdate, CAST(NULL AS DATE), "
        f"{column}, '{ICD10}', CAST(NULL AS VARCHAR), CAST(NULL AS INTEGER) FROM kept_EUROCAT "
        f"WHERE {column} IS NOT NULL"
        for column in ("syndrome", *(f"malfo{i}" for i in range(1, 9)))
    )
    records = (
        "SELECT own_id AS person_id, start_date_record AS day, end_date_record AS last_day, "
        "event_code AS written, vocabulary_id, status, visit_id FROM kept_EVENTS "
        f"UNION ALL {malformations}"
    )
    icd10 = f"vocabulary_id IN ('{ICD10}', '{CIM10}', '{ICD10CA}')"
    context.materialise(
        engine,
        "diagnosis",
        f"SELECT *, {_code('written')} AS code, "
        f"CASE WHEN {icd10} THEN {icd10_sql('written')} END AS icd10 FROM ({records})",
    )
    unmapped = engine.scalar("SELECT count(*) FROM kept_EVENTS WHERE vocabulary_id IS NULL")
    context.ledger.record("EVENTS", f"{NOTE}unmapped_vocabulary", int(unmapped or 0))


def _acts(engine: Engine, context: Context) -> None:
    context.materialise(
        engine,
        "act",
        "SELECT own_id AS person_id, procedure_date AS day, procedure_code AS written, "
        f"vocabulary_id, {_code('procedure_code')} AS code, visit_id FROM kept_PROCEDURES",
    )
    unmapped = engine.scalar("SELECT count(*) FROM kept_PROCEDURES WHERE vocabulary_id IS NULL")
    context.ledger.record("PROCEDURES", f"{NOTE}unmapped_vocabulary", int(unmapped or 0))


def _dispensings(engine: Engine, context: Context) -> None:
    drift = atc_drift()
    engine.register(
        "atc_move",
        pa.table(
            {
                "old": pa.array(list(drift), pa.string()),
                "new": pa.array(list(drift.values()), pa.string()),
            }
        ),
    )
    # A product has one class: that of PRODUCTS, else the first that its records say.
    said = (
        "SELECT medicinal_product_id AS code, medicinal_product_atc_code AS atc, 1 AS place "
        "FROM kept_PRODUCTS UNION ALL SELECT medicinal_product_id, medicinal_product_atc_code, 2 "
        "FROM kept_MEDICINES UNION ALL SELECT medicinal_product_id, vx_atc, 2 FROM kept_VACCINES"
    )
    context.materialise(
        engine,
        "medicine",
        "SELECT vocabulary, code, coalesce(new, atc) AS atc, 'recorded' AS how FROM ("
        f"SELECT '{PRODUCT}' AS vocabulary, code, first(atc ORDER BY place, atc) AS atc "
        f"FROM ({said}) WHERE code IS NOT NULL AND atc IS NOT NULL GROUP BY code UNION ALL "
        f"SELECT DISTINCT 'ATC', atc, atc FROM ({said}) WHERE code IS NULL AND atc IS NOT NULL) "
        "LEFT JOIN atc_move ON old = atc",
    )
    # Quantity over daily quantity is a computed duration: said to be estimated.
    computed = "disp_number_medicinal_product / nullif(presc_quantity_per_day, 0)"
    context.materialise(
        engine,
        "dispensing",
        "SELECT r.*, m.atc FROM ("
        "SELECT own_id AS person_id, coalesce(date_dispensing, date_prescription) AS day, "
        f"{_named('medicinal_product_atc_code')}, disp_number_medicinal_product AS quantity, "
        f"CAST(coalesce(presc_duration_days, ceil({computed})) AS INTEGER) AS days, "
        "presc_duration_days IS NULL AS estimated, date_dispensing IS NOT NULL AS dispensed, "
        "visit_id FROM kept_MEDICINES UNION ALL "
        f"SELECT own_id, coalesce(vx_admin_date, vx_record_date), {_named('vx_atc')}, "
        "1, 1, false, vx_admin_date IS NOT NULL, visit_id FROM kept_VACCINES) AS r "
        "LEFT JOIN medicine AS m USING (vocabulary, code)",
    )
    without = engine.scalar("SELECT count(*) FROM dispensing WHERE atc IS NULL")
    context.ledger.record("MEDICINES", f"{NOTE}without_atc", int(without or 0))


def _named(atc: str) -> str:
    """Select items vocabulary and code: the product, else the class alone."""
    product = "medicinal_product_id"
    return (
        f"CASE WHEN {product} IS NULL THEN 'ATC' ELSE '{PRODUCT}' END AS vocabulary, "
        f"coalesce({product}, {atc}) AS code"
    )
