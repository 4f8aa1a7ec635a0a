"""The PMSI-MCO: hospital stays in medicine, surgery and obstetrics."""

from __future__ import annotations

from typing import Final

from transat.harmonise.native import NativeTable
from transat.harmonise.snds.native.keys import (
    STAY,
    STAY_EXTRA,
    STAY_JOIN,
    STAY_KEY,
    STAY_KEYS,
    column,
    same_stay,
)

_RETURN_CODES: Final = (
    "NIR_RET",
    "NAI_RET",
    "SEX_RET",
    "SEJ_RET",
    "FHO_RET",
    "PMS_RET",
    "DAT_RET",
    "COH_NAI_RET",
    "COH_SEX_RET",
)

T_MCO_C: Final = NativeTable(
    "T_MCOaaC",
    (
        *STAY,
        column("NIR_ANO_17", "text", "needed", True, "NUM_ENQ", "BEN_NIR_PSA"),
        column("EXE_SOI_DTD", "date", "checked"),
        column("EXE_SOI_DTF", "date", "checked"),
        column("ENT_DAT", "date"),
        column("SOR_DAT", "date"),
        column("NIR_ANO_MAM", "text"),
        column("RNG_NAI", "integer"),
        *(column(code) for code in _RETURN_CODES),
    ),
    joins="LEFT JOIN hospital_key AS h ON h.psa = n.NIR_ANO_17 "
    "LEFT JOIN person_key AS g ON g.psa = n.NIR_ANO_17 AND g.gem = n.RNG_NAI",
    extra=(
        *STAY_KEYS,
        "coalesce(n.EXE_SOI_DTD, n.ENT_DAT) AS start_date",
        "coalesce(n.EXE_SOI_DTF, n.SOR_DAT, n.EXE_SOI_DTD, n.ENT_DAT) AS end_date",
        "CASE WHEN h.persons = 1 THEN h.person_id ELSE g.person_id END AS person_id",
        "h.persons AS persons",
        "coalesce(h.fictive, false) AS fictive",
        "("
        + " OR ".join(f"coalesce(n.{c}, '0') NOT IN ('0', '00', 'FALSE')" for c in _RETURN_CODES)
        + ") AS badly_chained",
    ),
    contested=STAY_KEY,
    spent=(
        *(column.name for column in STAY),
        "NIR_ANO_17",
        "EXE_SOI_DTD",
        "EXE_SOI_DTF",
        "ENT_DAT",
        "SOR_DAT",
        "file_year",
        *_RETURN_CODES,
    ),
)

T_MCO_B: Final = NativeTable(
    "T_MCOaaB",
    (
        *STAY,
        column("AGE_ANN", "integer"),
        column("AGE_JOU", "integer"),
        column("AGE_GES", "integer"),
        column("DEL_REG_ENT", "integer"),
        column("POI_NAI", "integer"),
        column("COD_SEX", "integer"),
        column("DGN_PAL"),
        column("DGN_REL"),
        column("GRG_GHM"),
        column("ENT_MOD"),
        column("SOR_MOD"),
        column("SEJ_TYP"),
        column("TYP_GEN_RSA", "integer"),
    ),
    joins=f"LEFT JOIN chaining AS c ON {same_stay('n', 'c')} "
    "LEFT JOIN finess_double AS f ON f.finess = ltrim(n.ETA_NUM, '0')",
    extra=(
        *STAY_KEYS,
        "c.person_id AS person_id",
        "c.start_date AS start_date",
        "c.end_date AS end_date",
        "c.NIR_ANO_MAM AS NIR_ANO_MAM",
        "c.RNG_NAI AS RNG_NAI",
        "c.fate AS chaining_fate",
        "f.finess IS NOT NULL AND coalesce(n.file_year, 0) <= 2017 AS finess_double",
    ),
    contested=STAY_KEY,
)

T_MCO_D: Final = NativeTable(
    "T_MCOaaD", (*STAY, column("ASS_DGN", "code", "needed", True)), joins=STAY_JOIN,
    extra=STAY_EXTRA,
    contested=("ltrim(ETA_NUM, '0')", "ltrim(RSA_NUM, '0')", "file_year", "ASS_DGN"),
)  # fmt: skip

T_MCO_UM: Final = NativeTable(
    "T_MCOaaUM",
    (*STAY, column("DGN_PAL", required=True), column("DGN_REL")),
    joins=STAY_JOIN,
    extra=STAY_EXTRA,
)

T_MCO_A: Final = NativeTable(
    "T_MCOaaA",
    (
        *STAY,
        column("CDC_ACT", "code", "needed", True),
        column("ENT_DAT_DEL", "integer", "checked"),
        column("ACV_ACT"),
        column("NBR_EXE_ACT", "integer"),
    ),
    joins=STAY_JOIN,
    extra=STAY_EXTRA,
)

T_MCO_MED: Final = NativeTable(
    "T_MCOaaMED",
    (
        *STAY,
        column("UCD_UCD_COD", "code", "needed", True, "UCD_COD"),
        column("ADM_NBR", "number", "needed", True),
        column("DELAI", "integer", "checked"),
    ),
    joins=STAY_JOIN,
    extra=STAY_EXTRA,
)
