"""DEATH: IR_BEN_R, else the certificate (KI_CCI_R), else a stay that ends by death (SOR_MOD 9).

The cause is the certificate's initial cause; certificates could be linked for 34 % of deaths in
2006 and about 90 % from 2013 (Documentation-SNDS, guide_cepidc), so a missing cause says nothing.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql, icd10_sql, undotted_sql
from transat.harmonise.context import Context
from transat.tables.omop import CLAIM_RECORD

NAME: Final = "death"
CODES: Final = (
    f"SELECT 'CIM10', {undotted_sql('cause')} FROM deceased",
    f"SELECT 'ICD10', {icd10_sql('cause')} FROM deceased",
)


def deceased(engine: Engine, context: Context) -> None:
    """View `deceased`: person_id, day, cause; one row a person."""
    context.materialise(
        engine,
        "deceased",
        "SELECT person_id, first(day ORDER BY place, day) AS day, "
        "first(cause ORDER BY place, cause) FILTER (cause IS NOT NULL) AS cause FROM ("
        "SELECT person_id, death_date AS day, CAST(NULL AS VARCHAR) AS cause, 1 AS place "
        "FROM civil WHERE death_date IS NOT NULL UNION ALL "
        "SELECT person_id, BEN_DCD_DTE, DCD_CIM_COD, 2 FROM kept_KI_CCI_R "
        "WHERE year(BEN_DCD_DTE) > 1600 UNION ALL "
        "SELECT person_id, end_date, NULL, 3 FROM stay WHERE SOR_MOD = '9') "
        "GROUP BY person_id",
    )


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    return (
        f"SELECT d.person_id, d.day AS death_date, {CLAIM_RECORD} AS death_type_concept_id, "
        "coalesce(w.concept_id, 0) AS cause_concept_id, d.cause AS cause_source_value, "
        "coalesce(n.concept_id, 0) AS cause_source_concept_id FROM deceased AS d "
        f"{concept_sql('CIM10', undotted_sql('d.cause'), 'n')} "
        f"{concept_sql('ICD10', icd10_sql('d.cause'), 'w')} "
        "JOIN civil USING (person_id)"
    )
