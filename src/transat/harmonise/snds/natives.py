"""The native tables that are read, with the rule by which each column is cast.

Hashes keep their case ('text'); codes are capitals ('code'). `NUM_ENQ` and its kin are the names of
project extracts (Documentation-SNDS, Formation_demex.md).
"""

from __future__ import annotations

from typing import Final

from transat.harmonise.casts import Cast
from transat.harmonise.native import Demand, NativeColumn, NativeTable
from transat.tables.snds import NINE_KEYS

_KEY_DATES: Final = ("FLX_DIS_DTD", "FLX_TRT_DTD")


def _column(
    name: str,
    cast: Cast = "code",
    demand: Demand = "free",
    required: bool = False,
    *aliases: str,
) -> NativeColumn:
    return NativeColumn(name, cast, demand, required, aliases)


def _key(name: str) -> NativeColumn:
    cast: Cast = "date" if name in _KEY_DATES else "code" if name == "ORG_CLE_NUM" else "integer"
    return NativeColumn(name, cast, "needed", required=True)


_NINE: Final = tuple(_key(name) for name in NINE_KEYS)
_PSA: Final = _column("BEN_NIR_PSA", "text", "needed", True, "NUM_ENQ")
_GEM: Final = _column("BEN_RNG_GEM", "integer", "checked")
_STAY: Final = (
    _column("ETA_NUM", "code", "needed", True),
    _column("RSA_NUM", "code", "needed", True),
)


def same_nine(left: str, right: str) -> str:
    """SQL: the two lines are the same DCIR line."""
    return " AND ".join(f"{left}.{name} = {right}.{name}" for name in NINE_KEYS)


def same_stay(left: str, right: str) -> str:
    """SQL: the two lines belong to one PMSI stay; numbers are compared without leading zeros."""
    return (
        f"ltrim({left}.ETA_NUM, '0') = {right}.eta_key AND ltrim({left}.RSA_NUM, '0') = "
        f"{right}.rsa_key AND coalesce({left}.file_year, 0) = {right}.year_key"
    )


_STAY_KEYS: Final = (
    "ltrim(n.ETA_NUM, '0') AS eta_key",
    "ltrim(n.RSA_NUM, '0') AS rsa_key",
    "coalesce(n.file_year, 0) AS year_key",
)
#: What names a stay.
STAY_KEY: Final = ("year_key", "eta_key", "rsa_key")
_PERSON_JOIN: Final = (
    "LEFT JOIN person_key AS p ON p.psa = n.BEN_NIR_PSA AND p.gem = coalesce(n.BEN_RNG_GEM, 1)"
)
_LINE_EXTRA: Final = (
    "l.person_id AS person_id",
    "l.EXE_SOI_DTD AS care_date",
    "l.PRE_PRE_DTD AS prescription_date",
    "l.PSP_SPE_COD AS prescriber",
    "l.fate AS line_fate",
    "l.line_id AS line_id",
)
#: Once its line is found, a sister line needs the nine columns no more: `line_id` stands for them.
_LINE_SPENT: Final = (*NINE_KEYS, "line_fate", "file_year")
_LINE_JOIN: Final = f"LEFT JOIN line AS l ON {same_nine('n', 'l')}"
_STAY_JOIN: Final = f"LEFT JOIN stay_fate AS s ON {same_stay('n', 's')}"
_STAY_EXTRA: Final = ("s.visit_occurrence_id AS visit_occurrence_id", "s.fate AS stay_fate")

IR_BEN_R: Final = NativeTable(
    "IR_BEN_R",
    (
        _PSA,
        _GEM,
        _column("BEN_NIR_ANO", "text", "free", False, "NUM_ENQ_ANO"),
        _column("BEN_IDT_ANO", "text", "free", False, "NUM_ENQ_IDT"),
        _column("BEN_CDI_NIR"),
        _column("BEN_NAI_ANN", "integer", "needed", True),
        _column("BEN_NAI_MOI", "integer"),
        _column("BEN_SEX_COD", "integer", required=True),
        _column("BEN_DCD_DTE", "date"),
        _column("BEN_RES_DPT"),
        _column("BEN_RES_COM"),
        _column("BEN_DTE_INS", "date"),
    ),
    required=True,
    contested=("BEN_NIR_PSA", "coalesce(BEN_RNG_GEM, 1)"),
)

ER_ETE_F: Final = NativeTable("ER_ETE_F", (*_NINE, _column("ETE_IND_TAA", "integer")))

ER_PRS_F: Final = NativeTable(
    "ER_PRS_F",
    (
        *_NINE,
        _PSA,
        _GEM,
        _column("BEN_CDI_NIR"),
        _column("EXE_SOI_DTD", "date", "needed", True),
        _column("PRE_PRE_DTD", "date"),
        _column("PRS_NAT_REF", "code", "needed", True),
        _column("PRS_ACT_QTE", "number"),
        _column("DPN_QLF", "integer"),
        _column("PRS_DPN_QLP", "integer"),
        _column("CPL_MAJ_TOP", "integer"),
        _column("PSE_SPE_COD"),
        _column("PSP_SPE_COD"),
    ),
    joins=(f"{_PERSON_JOIN} LEFT JOIN billed_in_pmsi AS e ON {same_nine('n', 'e')}"),
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
        *_NINE,
        _column("PHA_PRS_C13", "code", "needed", True),
        _column("PHA_ACT_QSN", "integer", "needed", True),
        _column("PHA_ORD_NUM"),
        _column("PHA_DEC_TOP"),
        _column("PHA_DEC_QSU", "integer"),
    ),
    joins=_LINE_JOIN,
    joins_larger=True,
    spent=_LINE_SPENT,
    extra=_LINE_EXTRA,
)

ER_UCD_F: Final = NativeTable(
    "ER_UCD_F",
    (
        *_NINE,
        _column("UCD_UCD_COD", "code", "needed", True),
        _column("UCD_DLV_NBR", "number", "needed", True),
        _column("UCD_ORD_NUM"),
    ),
    joins=_LINE_JOIN,
    joins_larger=True,
    spent=_LINE_SPENT,
    extra=_LINE_EXTRA,
)

ER_CAM_F: Final = NativeTable(
    "ER_CAM_F",
    (
        *_NINE,
        _column("CAM_PRS_IDE", "code", "needed", True),
        _column("CAM_ACT_COD"),
        _column("CAM_ORD_NUM"),
    ),
    joins=_LINE_JOIN,
    joins_larger=True,
    spent=_LINE_SPENT,
    extra=(*_LINE_EXTRA, "l.PRS_ACT_QTE AS quantity"),
)

IR_IMB_R: Final = NativeTable(
    "IR_IMB_R",
    (
        _PSA,
        _GEM,
        _column("IMB_ALD_DTD", "date", "checked", True),
        _column("IMB_ALD_DTF", "date"),
        _column("IMB_ETM_NAT", "integer"),
        _column("MED_MTF_COD", "code", required=True),
    ),
    joins=_PERSON_JOIN,
    extra=("p.person_id AS person_id",),
    contested=("person_id", "MED_MTF_COD", "IMB_ALD_DTD"),
)

IR_MAT_R: Final = NativeTable(
    "IR_MAT_R", (_PSA, _GEM, _column("BEN_GRS_DTE", "date"), _column("BEN_DRA_AME"))
)

IR_PHA_R: Final = NativeTable(
    "IR_PHA_R",
    (
        _column("PHA_CIP_C13", "code", "needed", True),
        _column("PHA_ATC_C07"),
        _column("PHA_UNT_NBR_DSES", "number"),
    ),
)

KI_CCI_R: Final = NativeTable(
    "KI_CCI_R",
    (
        _column("BEN_NIR_ANO", "text", "free", False, "NUM_ENQ_ANO"),
        _column("BEN_IDT_ANO", "text", "free", False, "NUM_ENQ_IDT"),
        _column("BEN_DCD_DTE", "date", "needed", True),
        _column("DCD_CIM_COD"),
    ),
    joins=(
        "LEFT JOIN person_source AS a ON a.person_source_value = n.BEN_NIR_ANO "
        "LEFT JOIN person_certificate AS i ON i.BEN_IDT_ANO = n.BEN_IDT_ANO"
    ),
    extra=("coalesce(a.person_id, i.person_id) AS person_id",),
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
        *_STAY,
        _column("NIR_ANO_17", "text", "needed", True, "NUM_ENQ", "BEN_NIR_PSA"),
        _column("EXE_SOI_DTD", "date", "checked"),
        _column("EXE_SOI_DTF", "date", "checked"),
        _column("ENT_DAT", "date"),
        _column("SOR_DAT", "date"),
        _column("NIR_ANO_MAM", "text"),
        _column("RNG_NAI", "integer"),
        *(_column(code) for code in _RETURN_CODES),
    ),
    joins="LEFT JOIN hospital_key AS h ON h.psa = n.NIR_ANO_17 "
    "LEFT JOIN person_key AS g ON g.psa = n.NIR_ANO_17 AND g.gem = n.RNG_NAI",
    extra=(
        *_STAY_KEYS,
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
        *(column.name for column in _STAY),
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
        *_STAY,
        _column("AGE_ANN", "integer"),
        _column("AGE_JOU", "integer"),
        _column("AGE_GES", "integer"),
        _column("DEL_REG_ENT", "integer"),
        _column("POI_NAI", "integer"),
        _column("COD_SEX", "integer"),
        _column("DGN_PAL"),
        _column("DGN_REL"),
        _column("GRG_GHM"),
        _column("ENT_MOD"),
        _column("SOR_MOD"),
        _column("SEJ_TYP"),
        _column("TYP_GEN_RSA", "integer"),
    ),
    joins=f"LEFT JOIN chaining AS c ON {same_stay('n', 'c')} "
    "LEFT JOIN finess_double AS f ON f.finess = ltrim(n.ETA_NUM, '0')",
    extra=(
        *_STAY_KEYS,
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
    "T_MCOaaD", (*_STAY, _column("ASS_DGN", "code", "needed", True)), joins=_STAY_JOIN,
    extra=_STAY_EXTRA,
    contested=("ltrim(ETA_NUM, '0')", "ltrim(RSA_NUM, '0')", "file_year", "ASS_DGN"),
)  # fmt: skip

T_MCO_UM: Final = NativeTable(
    "T_MCOaaUM",
    (*_STAY, _column("DGN_PAL", required=True), _column("DGN_REL")),
    joins=_STAY_JOIN,
    extra=_STAY_EXTRA,
)

T_MCO_A: Final = NativeTable(
    "T_MCOaaA",
    (
        *_STAY,
        _column("CDC_ACT", "code", "needed", True),
        _column("ENT_DAT_DEL", "integer", "checked"),
        _column("ACV_ACT"),
        _column("NBR_EXE_ACT", "integer"),
    ),
    joins=_STAY_JOIN,
    extra=_STAY_EXTRA,
)

T_MCO_MED: Final = NativeTable(
    "T_MCOaaMED",
    (
        *_STAY,
        _column("UCD_UCD_COD", "code", "needed", True, "UCD_COD"),
        _column("ADM_NBR", "number", "needed", True),
        _column("DELAI", "integer", "checked"),
    ),
    joins=_STAY_JOIN,
    extra=_STAY_EXTRA,
)
