"""The DCIR: prestation lines and the tables joined to them by nine columns."""

from __future__ import annotations

from typing import Final

from transat.harmonise.native import NativeTable
from transat.harmonise.snds.native.keys import (
    GEM,
    LINE_EXTRA,
    LINE_JOIN,
    LINE_KEY,
    LINE_SPENT,
    NINE,
    PERSON_JOIN,
    PSA,
    column,
    same_line,
)
from transat.tables.snds import NINE_KEYS

#: BEN_CTA_TYP of the complementary cover of people of small means (nomenclature IR_CTA_V).
COMPLEMENTARY_COVER: Final = 89


def other_age_sql() -> str:
    """SQL: the age written on line ``n`` cannot be that of the person ``p`` on the day of care.

    BEN_AMA_COD counts months as 1000 to 1023 below two years, then years (IR_AMA_V). The birthday
    inside the month is unknown: both ages that it allows are accepted. An age that is not written
    is not another age, nor is any where the birth month is unknown.
    """
    age = "CASE WHEN n.BEN_AMA_COD BETWEEN 1000 AND 1023 THEN n.BEN_AMA_COD - 1000 "
    age += "WHEN n.BEN_AMA_COD BETWEEN 2 AND 150 THEN n.BEN_AMA_COD * 12 END"
    unit = "CASE WHEN n.BEN_AMA_COD < 1000 THEN 12 ELSE 1 END"
    lived = "year(n.EXE_SOI_DTD) * 12 + month(n.EXE_SOI_DTD) - p.birth_months"
    return f"coalesce({lived} - {age} NOT BETWEEN 0 AND {unit}, false)"


ER_ETE_F: Final = NativeTable(
    "ER_ETE_F",
    (*NINE, column("ETE_IND_TAA", "integer"), column("ETB_EXE_FIN")),
    derived=LINE_KEY,
    spent=NINE_KEYS,
)

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
        column("RGM_GRG_COD"),
        column("BEN_CMU_TOP", "integer"),
        column("BEN_CTA_TYP", "integer"),
        column("BEN_AMA_COD", "integer"),
    ),
    derived=LINE_KEY,
    joins=(f"{PERSON_JOIN} LEFT JOIN billed_in_pmsi AS e ON {same_line('n', 'e')}"),
    extra=(
        "p.person_id AS person_id",
        "coalesce(p.fictive, false) AS fictive",
        "e.line_key IS NOT NULL AS in_pmsi",
        f"{other_age_sql()} AS other_age",
        f"coalesce(n.BEN_CMU_TOP = 1 OR n.BEN_CTA_TYP = {COMPLEMENTARY_COVER}, false) AS cmu_c",
    ),
    spent=(
        *NINE_KEYS,
        "BEN_NIR_PSA",
        "BEN_RNG_GEM",
        "BEN_CDI_NIR",
        "DPN_QLF",
        "PRS_DPN_QLP",
        "CPL_MAJ_TOP",
        "BEN_CMU_TOP",
        "BEN_CTA_TYP",
        "BEN_AMA_COD",
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
    derived=LINE_KEY,
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
    derived=LINE_KEY,
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
    derived=LINE_KEY,
    joins=LINE_JOIN,
    joins_larger=True,
    spent=LINE_SPENT,
    extra=(*LINE_EXTRA, "l.PRS_ACT_QTE AS quantity"),
)

ER_BIO_F: Final = NativeTable(
    "ER_BIO_F",
    (
        *NINE,
        column("BIO_PRS_IDE", "code", "needed", True),
        column("BIO_ACT_QSN", "integer", "needed", True),
        column("BIO_ORD_NUM"),
    ),
    derived=LINE_KEY,
    joins=LINE_JOIN,
    joins_larger=True,
    spent=LINE_SPENT,
    extra=LINE_EXTRA,
)

ER_TIP_F: Final = NativeTable(
    "ER_TIP_F",
    (
        *NINE,
        column("TIP_PRS_IDE", "code", "needed", True),
        column("TIP_ACT_QSN", "integer", "needed", True),
        column("TIP_ORD_NUM"),
    ),
    derived=LINE_KEY,
    joins=LINE_JOIN,
    joins_larger=True,
    spent=LINE_SPENT,
    extra=LINE_EXTRA,
)
