"""The DCIR: prestation lines and the tables joined to them by nine columns."""

from __future__ import annotations

from typing import Final

from transat.harmonise.native import NativeTable
from transat.harmonise.snds.native.keys import (
    GEM,
    LINE_EXTRA,
    LINE_JOIN,
    LINE_SPENT,
    NINE,
    PERSON_JOIN,
    PSA,
    column,
    same_nine,
)

ER_ETE_F: Final = NativeTable("ER_ETE_F", (*NINE, column("ETE_IND_TAA", "integer")))

ER_PRS_F: Final = NativeTable(
    "ER_PRS_F",
    (
        *NINE,
        PSA,
        GEM,
        column("BEN_CDI_NIR"),
        column("EXE_SOI_DTD", "date", "needed", True),
        column("PRE_PRE_DTD", "date"),
        column("PRS_NAT_REF", "code", "needed", True),
        column("PRS_ACT_QTE", "number"),
        column("DPN_QLF", "integer"),
        column("PRS_DPN_QLP", "integer"),
        column("CPL_MAJ_TOP", "integer"),
        column("PSE_SPE_COD"),
        column("PSP_SPE_COD"),
    ),
    joins=(f"{PERSON_JOIN} LEFT JOIN billed_in_pmsi AS e ON {same_nine('n', 'e')}"),
    extra=(
        "p.person_id AS person_id",
        "coalesce(p.fictive, false) AS fictive",
        "e.DCT_ORD_NUM IS NOT NULL AS in_pmsi",
    ),
    spent=(
        "BEN_NIR_PSA",
        "BEN_RNG_GEM",
        "BEN_CDI_NIR",
        "DPN_QLF",
        "PRS_DPN_QLP",
        "CPL_MAJ_TOP",
        "in_pmsi",
        "fictive",
        "file_year",
    ),
)

ER_PHA_F: Final = NativeTable(
    "ER_PHA_F",
    (
        *NINE,
        column("PHA_PRS_C13", "code", "needed", True),
        column("PHA_ACT_QSN", "integer", "needed", True),
        column("PHA_ORD_NUM"),
        column("PHA_DEC_TOP"),
        column("PHA_DEC_QSU", "integer"),
    ),
    joins=LINE_JOIN,
    joins_larger=True,
    spent=LINE_SPENT,
    extra=LINE_EXTRA,
)

ER_UCD_F: Final = NativeTable(
    "ER_UCD_F",
    (
        *NINE,
        column("UCD_UCD_COD", "code", "needed", True),
        column("UCD_DLV_NBR", "number", "needed", True),
        column("UCD_ORD_NUM"),
    ),
    joins=LINE_JOIN,
    joins_larger=True,
    spent=LINE_SPENT,
    extra=LINE_EXTRA,
)

ER_CAM_F: Final = NativeTable(
    "ER_CAM_F",
    (
        *NINE,
        column("CAM_PRS_IDE", "code", "needed", True),
        column("CAM_ACT_COD"),
        column("CAM_ORD_NUM"),
    ),
    joins=LINE_JOIN,
    joins_larger=True,
    spent=LINE_SPENT,
    extra=(*LINE_EXTRA, "l.PRS_ACT_QTE AS quantity"),
)
