"""Establishments of each field of the PMSI, and health professionals."""

from __future__ import annotations

from typing import Final

from transat.harmonise.native import NativeTable
from transat.harmonise.snds.native.keys import column


def establishments(name: str) -> NativeTable:
    """T_xxxaaE: one line an establishment and year."""
    return NativeTable(
        name,
        (
            column("ETA_NUM", "code", "needed", True),
            column("SOC_RAI", "text"),
            column("STA_ETA"),
        ),
        joins="LEFT JOIN finess_double AS f ON f.finess = ltrim(n.ETA_NUM, '0')",
        extra=(
            "coalesce(n.file_year, 0) AS year_key",
            "f.finess IS NOT NULL AND coalesce(n.file_year, 0) <= 2017 AS finess_double",
        ),
    )


ESTABLISHMENTS: Final = tuple(
    establishments(name) for name in ("T_MCOaaE", "T_SSRaaE", "T_HADaaE", "T_RIPaaE")
)

#: One line a professional and month of processing; PFS_PFS_NUM is a pseudonym in extracts.
DA_PRA_R: Final = NativeTable(
    "DA_PRA_R",
    (
        column("PFS_PFS_NUM", "text", "needed", True),
        column("PFS_PRA_SPE"),
        column("IPP_SEX_COD", "integer"),
        column("IPP_ANN_NAI", "integer"),
        column("DTE_ANN_TRT", "integer"),
        column("DTE_MOI_FIN", "integer"),
    ),
)
