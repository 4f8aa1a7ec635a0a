"""From a pharmacy code to an ATC: the extract's own referential first, then the study's list.

One ATC vintage: an older ATC is moved by the drift table, so both shores and every year of a
referential speak of a substance under one code.
"""

from __future__ import annotations

import pyarrow as pa

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.snds.netting import net_drugs
from transat.tables.drug_codes import atc_drift, drug_codes


def medicines(engine: Engine, context: Context) -> None:
    """View `medicine`: vocabulary, code, atc (2026), units_per_pack; one row a code."""
    drift = atc_drift()
    known = [c for c in drug_codes() if c.vocabulary in ("CIP13", "UCD7")]
    engine.register(
        "listed_medicine",
        pa.table(
            {
                "vocabulary": pa.array([c.vocabulary for c in known], pa.string()),
                "code": pa.array([c.code for c in known], pa.string()),
                "atc": pa.array([c.atc for c in known], pa.string()),
                "units_per_pack": pa.array([c.units_per_pack for c in known], pa.float64()),
            }
        ),
    )
    engine.register(
        "atc_move",
        pa.table(
            {
                "old": pa.array(list(drift), pa.string()),
                "new": pa.array(list(drift.values()), pa.string()),
            }
        ),
    )
    context.materialise(
        engine,
        "medicine",
        "SELECT vocabulary, code, coalesce(new, atc) AS atc, units_per_pack FROM (SELECT "
        "vocabulary, code, coalesce(first(atc ORDER BY place, atc) FILTER (atc IS NOT NULL), NULL)"
        " AS atc, first(units_per_pack ORDER BY place, units_per_pack) "
        "FILTER (units_per_pack > 0) AS units_per_pack FROM ("
        "SELECT 'CIP13' AS vocabulary, PHA_CIP_C13 AS code, PHA_ATC_C07 AS atc, "
        "PHA_UNT_NBR_DSES AS units_per_pack, 1 AS place FROM kept_IR_PHA_R "
        "UNION ALL SELECT vocabulary, code, atc, units_per_pack, 2 FROM listed_medicine) "
        "GROUP BY vocabulary, code) LEFT JOIN atc_move ON old = atc",
    )


def dispensings(engine: Engine, context: Context) -> None:
    """View `dispensing`: every drug record of the three sources, its ATC and its boxes.

    person_id, day, vocabulary, code, atc, packs (null when units cannot be turned into boxes),
    source (native table), in_units, and what makes the order total.
    """
    net_drugs(engine, context)
    columns = "person_id, care_date, code, in_units, prescription_date, prescriber, quantity"
    context.materialise(
        engine,
        "dispensing",
        "SELECT d.person_id, d.care_date AS day, d.vocabulary, d.code, m.atc, d.source, "
        "d.in_units, "
        "d.prescription_date, d.prescriber, d.visit_occurrence_id, CAST(CASE WHEN d.in_units "
        "THEN d.quantity / nullif(m.units_per_pack, 0) ELSE d.quantity END AS DOUBLE) AS packs "
        f"FROM (SELECT {columns}, 'CIP13' AS vocabulary, 'ER_PHA_F' AS source, "
        "CAST(NULL AS INTEGER) AS visit_occurrence_id FROM net_ER_PHA_F UNION ALL "
        f"SELECT {columns}, 'UCD7', 'ER_UCD_F', NULL FROM net_ER_UCD_F UNION ALL "
        "SELECT s.person_id, s.start_date + CAST(coalesce(a.DELAI, 0) AS INTEGER), "
        "right(lpad(a.UCD_UCD_COD, 13, '0'), 7), false, NULL, NULL, sum(a.ADM_NBR), 'UCD7', "
        "'T_MCOaaMED', s.visit_occurrence_id FROM kept_T_MCOaaMED AS a "
        "JOIN stay AS s USING (visit_occurrence_id) GROUP BY ALL HAVING sum(a.ADM_NBR) > 0"
        ") AS d LEFT JOIN medicine AS m USING (vocabulary, code)",
    )
