"""From a pharmacy code to an ATC: the extract's own referential first, then the study's list.

One ATC vintage: an older ATC is moved by the drift table, so both shores and every year of a
referential speak of a substance under one code. A product filed under a class stays in it (T16).
"""

from __future__ import annotations

from transat.engines.engine import Engine
from transat.harmonise.atc import SUBSTANCE, atc_sql, best_atc_sql, register_drift, register_list
from transat.harmonise.context import Context
from transat.harmonise.snds.hospital_drugs import hospital_atc
from transat.harmonise.snds.netting import net_drugs

_RECORDED = atc_sql("PHA_ATC_C07")


def medicines(engine: Engine, context: Context) -> None:
    """View `medicine`: vocabulary, code, atc (2026), how, units_per_pack; one row a code.

    how: 'recorded' in the referential, 'by name' or 'list'. Findings: codes by how
    (`cip13_recorded`, `ucd7_by_name`...).
    """
    register_drift(engine)
    register_list(engine, "listed_medicine", "CIP13", "UCD7")
    hospital_atc(engine, context)
    said = (
        f"SELECT 'CIP13' AS vocabulary, PHA_CIP_C13 AS code, {_RECORDED} AS atc, "
        "'recorded' AS how, 1 AS place FROM kept_IR_PHA_R "
        "UNION ALL SELECT 'UCD7', code, atc, how, place FROM hospital_atc "
        "UNION ALL SELECT vocabulary, code, atc, 'list', 2 FROM listed_medicine"
    )
    boxes = (
        "SELECT 'CIP13' AS vocabulary, PHA_CIP_C13 AS code, PHA_UNT_NBR_DSES AS units, 1 AS place "
        "FROM kept_IR_PHA_R UNION ALL SELECT vocabulary, code, units_per_pack, 2 "
        "FROM listed_medicine"
    )
    atc = "atc" if context.applies("T16") else f"CASE WHEN length(atc) >= {SUBSTANCE} THEN atc END"
    context.materialise(
        engine,
        "medicine",
        f"SELECT vocabulary, code, {atc} AS atc, how, units_per_pack "
        f"FROM ({best_atc_sql(said, 'vocabulary, code')}) AS coded FULL JOIN ("
        "SELECT vocabulary, code, units AS units_per_pack FROM (SELECT *, row_number() OVER ("
        f"PARTITION BY vocabulary, code ORDER BY place, units) AS rank FROM ({boxes}) AS packed "
        "WHERE units > 0) AS ranked WHERE rank = 1) AS boxed USING (vocabulary, code)",
    )
    for vocabulary, how, codes in engine.rows(
        "SELECT vocabulary, how, count(*) FROM medicine WHERE atc IS NOT NULL "
        "GROUP BY vocabulary, how ORDER BY vocabulary, how"
    ):
        context.findings[f"{vocabulary}_{how}".lower().replace(" ", "_")] = int(codes)


def dispensings(engine: Engine, context: Context) -> None:
    """View `dispensing`: every drug record of the three sources, its ATC and its boxes.

    person_id, day, vocabulary, code, atc, packs (null when units cannot be turned into boxes),
    source (native table), in_units, and what makes the order total.
    """
    net_drugs(engine, context)
    columns = "person_id, care_date, code, in_units, prescription_date, prescriber, quantity"
    context.materialise(
        engine,
        "administered",
        "SELECT s.person_id, s.start_date + CAST(coalesce(a.DELAI, 0) AS INTEGER) AS care_date, "
        "right(lpad(a.UCD_UCD_COD, 13, '0'), 7) AS code, s.visit_occurrence_id, "
        "sum(a.ADM_NBR) AS quantity FROM kept_T_MCOaaMED AS a "
        "JOIN stay AS s USING (visit_occurrence_id) GROUP BY ALL HAVING sum(a.ADM_NBR) > 0",
    )
    # A view: the netted lines are files already, and few codes are joined to them.
    engine.sql(
        "CREATE OR REPLACE VIEW dispensing AS "
        "SELECT d.person_id, d.care_date AS day, d.vocabulary, d.code, m.atc, d.source, "
        "d.in_units, "
        "d.prescription_date, d.prescriber, d.visit_occurrence_id, CAST(CASE WHEN d.in_units "
        "THEN d.quantity / nullif(m.units_per_pack, 0) ELSE d.quantity END AS DOUBLE) AS packs "
        f"FROM (SELECT {columns}, 'CIP13' AS vocabulary, 'ER_PHA_F' AS source, "
        "CAST(NULL AS INTEGER) AS visit_occurrence_id FROM net_ER_PHA_F UNION ALL "
        f"SELECT {columns}, 'UCD7', 'ER_UCD_F', NULL FROM net_ER_UCD_F UNION ALL "
        "SELECT person_id, care_date, code, false, NULL, NULL, quantity, 'UCD7', "
        "'T_MCOaaMED', visit_occurrence_id FROM administered"
        ") AS d LEFT JOIN medicine AS m USING (vocabulary, code)"
    )
