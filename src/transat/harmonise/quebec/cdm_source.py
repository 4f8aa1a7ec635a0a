"""CDM_SOURCE: what this CDM was made from."""

from __future__ import annotations

from typing import Final

from transat import __version__
from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.quebec.spans import care_dates

NAME: Final = "cdm_source"
CODES: Final[tuple[str, ...]] = ()

#: OMOP CDM 5.4.0 among OHDSI's own metadata concepts.
_CDM_5_4: Final = 756265


def build(engine: Engine, context: Context) -> str:
    """One row; both dates are the extract's last day, so that a re-run gives the same CDM."""
    _, last = context.period_sql(engine, care_dates())
    description = "Simulated extract" if context.extract.simulated else "Native extract"
    return f"""
        SELECT 'Québec : RAMQ, MED-ÉCHO, BDCU' AS cdm_source_name,
               'RAMQ-MED-ECHO' AS cdm_source_abbreviation,
               'RAMQ, MSSS' AS cdm_holder,
               '{description}' AS source_description,
               'Transat {__version__}' AS cdm_etl_reference,
               {last} AS source_release_date, {last} AS cdm_release_date,
               '5.4' AS cdm_version, {_CDM_5_4} AS cdm_version_concept_id,
               'local' AS vocabulary_version
    """
