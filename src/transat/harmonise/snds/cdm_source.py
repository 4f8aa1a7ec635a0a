"""CDM_SOURCE: what this CDM was made from."""

from __future__ import annotations

from typing import Final

from transat import __version__
from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.tables.omop import VERSION

NAME: Final = "cdm_source"
CODES: Final[tuple[str, ...]] = ()


def build(engine: Engine, context: Context) -> str:
    """The query of the table: one row. Dates are those of the data, never of the clock."""
    name = "SNDS simulé" if context.extract.simulated else "SNDS"
    last = "(SELECT max(last_day) FROM observed)"
    return (
        f"SELECT '{name}' AS cdm_source_name, 'SNDS' AS cdm_source_abbreviation, "
        "'' AS cdm_holder, 'DCIR, PMSI-MCO, CépiDc' AS source_description, "
        f"coalesce({last}, DATE '1970-01-01') AS source_release_date, "
        f"coalesce({last}, DATE '1970-01-01') AS cdm_release_date, '{VERSION}' AS cdm_version, "
        f"0 AS cdm_version_concept_id, 'local concepts' AS vocabulary_version, "
        f"'transat {__version__}' AS cdm_etl_reference"
    )
