"""CDM_SOURCE: what the instance says of itself."""

from __future__ import annotations

from typing import Final

from transat import __version__
from transat.engines.engine import Engine
from transat.harmonise.conception.numbering import last_day
from transat.harmonise.context import Context
from transat.tables.omop import VERSION

NAME: Final = "cdm_source"
CODES: Final[tuple[str, ...]] = ()


def build(engine: Engine, context: Context) -> str:
    """The query of the table: one row. Dates are those of the data, never of the clock."""
    last = last_day(engine, context)
    name = "(SELECT min(data_source_name) FROM kept_CDM_SOURCE)"
    holder = "(SELECT min(data_access_provider_name) FROM kept_CDM_SOURCE)"
    return (
        f"SELECT coalesce({name}, 'ConcePTION CDM') AS cdm_source_name, "
        f"'ConcePTION' AS cdm_source_abbreviation, coalesce({holder}, '') AS cdm_holder, "
        "'ConcePTION CDM instance' AS source_description, "
        f"{last} AS source_release_date, {last} AS cdm_release_date, '{VERSION}' AS cdm_version, "
        "0 AS cdm_version_concept_id, 'local concepts' AS vocabulary_version, "
        f"'transat {__version__}' AS cdm_etl_reference"
    )
