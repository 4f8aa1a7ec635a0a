"""What a stay says that is no diagnosis, act or measurement: its patient group, earlier births.

The patient group (GHM, GME) is an observation, as OMOP files DRG codes: a visit has no column for
it, and COST is not filled. T_MCOaaIVG (from 2017) gives a woman's earlier abortions and births.
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import TRANSAT
from transat.engines.engine import Engine
from transat.harmonise.context import Context

#: Transat concept and column of T_MCOaaIVG.
_OF_ABORTIONS: Final = (
    ("previous_abortions", "NBR_IVG_ANT"),
    ("previous_live_births", "NBR_NAIS_ANT"),
    ("year_of_previous_abortion", "ANN_IVG_PREC"),
)
CODES: Final = "SELECT DISTINCT vocabulary, code FROM stay_fact"


def facts(engine: Engine, context: Context) -> None:
    """View `stay_fact`: person_id, day, vocabulary, code, amount, written, visit_occurrence_id."""
    group = "CASE field WHEN 'MCO' THEN 'GHM' ELSE 'GME' END"
    queries = [
        f"SELECT person_id, end_date AS day, {group} AS vocabulary, patient_group AS code, "
        "CAST(NULL AS DOUBLE) AS amount, patient_group AS written, visit_occurrence_id FROM stay "
        "WHERE patient_group IS NOT NULL"
    ]
    queries += [
        f"SELECT s.person_id, s.start_date, '{TRANSAT}', '{name}', CAST(max(i.{column}) AS DOUBLE),"
        f" '{column}', s.visit_occurrence_id FROM kept_T_MCOaaIVG AS i JOIN stay AS s "
        f"ON s.visit_occurrence_id = i.visit_occurrence_id WHERE i.{column} IS NOT NULL "
        "GROUP BY s.person_id, s.start_date, s.visit_occurrence_id"
        for name, column in _OF_ABORTIONS
    ]
    context.materialise(engine, "stay_fact", " UNION ALL ".join(queries))
