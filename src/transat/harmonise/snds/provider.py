"""PROVIDER: professionals of DA_PRA_R where it is delivered, and one provider a specialty.

The DCIR and outpatient care are read for the performer's specialty (nomenclature IR_SPE_V), so a
visit names the provider of its specialty, 'IR_SPE_V:7', not a person.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.snds.natures import VISITS, among
from transat.tables.omop import FEMALE, MALE

NAME: Final = "provider"
CODES: Final[tuple[str, ...]] = ()

_SPECIALTY: Final = "IR_SPE_V:"


def specialty_sql(code: str) -> str:
    """SQL: the provider_source_value of a specialty; NULL when it is not filled in (0)."""
    return f"'{_SPECIALTY}' || nullif(ltrim({code}, '0'), '')"


def number_providers(engine: Engine, context: Context) -> None:
    """Views `professional` (DA_PRA_R, the latest line of each) and `provider_key`."""
    latest = (
        "row_number() OVER (PARTITION BY PFS_PFS_NUM ORDER BY DTE_ANN_TRT DESC NULLS LAST, "
        "DTE_MOI_FIN DESC NULLS LAST, PFS_PRA_SPE, IPP_SEX_COD, IPP_ANN_NAI)"
    )
    context.materialise(
        engine,
        "professional",
        f"SELECT * FROM (SELECT *, {latest} AS place FROM kept_DA_PRA_R) WHERE place = 1",
    )
    context.materialise(
        engine,
        "provider_key",
        "SELECT provider_source_value, CAST(row_number() OVER (ORDER BY provider_source_value) "
        "AS INTEGER) AS provider_id FROM (SELECT PFS_PFS_NUM AS provider_source_value "
        f"FROM professional UNION SELECT {specialty_sql('prescriber')} FROM net_ER_PRS_F "
        f"WHERE code IN {among(VISITS)} UNION SELECT {specialty_sql('specialty')} "
        "FROM consultation) WHERE provider_source_value IS NOT NULL",
    )


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    of_key = f"substring(k.provider_source_value, {len(_SPECIALTY) + 1})"
    return (
        "SELECT k.provider_id, 0 AS specialty_concept_id, p.IPP_ANN_NAI AS year_of_birth, "
        f"CASE p.IPP_SEX_COD WHEN 1 THEN {MALE} WHEN 2 THEN {FEMALE} ELSE 0 END "
        "AS gender_concept_id, k.provider_source_value, "
        f"CASE WHEN k.provider_source_value LIKE '{_SPECIALTY}%' THEN {of_key} "
        "ELSE nullif(ltrim(p.PFS_PRA_SPE, '0'), '') END AS specialty_source_value, "
        "0 AS specialty_source_concept_id, CAST(p.IPP_SEX_COD AS VARCHAR) AS gender_source_value, "
        "0 AS gender_source_concept_id FROM provider_key AS k "
        "LEFT JOIN professional AS p ON p.PFS_PFS_NUM = k.provider_source_value"
    )
