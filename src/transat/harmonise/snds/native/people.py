"""Who the people are: beneficiaries, long-term illnesses, maternity, causes of death."""

from __future__ import annotations

from typing import Final

from transat.harmonise.native import NativeTable
from transat.harmonise.snds.native.keys import GEM, PERSON_JOIN, PSA, column

_BENEFICIARY: Final = (
    PSA,
    GEM,
    column("BEN_NIR_ANO", "text", "free", False, "NUM_ENQ_ANO"),
    column("BEN_IDT_ANO", "text", "free", False, "NUM_ENQ_IDT"),
    column("BEN_CDI_NIR"),
    column("BEN_NAI_ANN", "integer", "needed", True),
    column("BEN_NAI_MOI", "integer"),
    column("BEN_SEX_COD", "integer", required=True),
    column("BEN_DCD_DTE", "date"),
    column("BEN_RES_DPT"),
    column("BEN_RES_COM"),
    column("BEN_DTE_INS", "date"),
)
_ONE_BENEFICIARY: Final = ("BEN_NIR_PSA", "coalesce(BEN_RNG_GEM, 1)")

IR_BEN_R: Final = NativeTable("IR_BEN_R", _BENEFICIARY, required=True, contested=_ONE_BENEFICIARY)

#: Archived beneficiaries. Its schema is not published; Documentation-SNDS reads the columns of
#: IR_BEN_R in it.
IR_BEN_R_ARC: Final = NativeTable(
    "IR_BEN_R_ARC",
    _BENEFICIARY,
    joins="LEFT JOIN current_beneficiary AS b ON b.psa = n.BEN_NIR_PSA "
    "AND b.gem = coalesce(n.BEN_RNG_GEM, 1)",
    extra=("b.psa IS NOT NULL AS is_current",),
    contested=_ONE_BENEFICIARY,
)

IR_IMB_R: Final = NativeTable(
    "IR_IMB_R",
    (
        PSA,
        GEM,
        column("IMB_ALD_DTD", "date", "checked", True),
        column("IMB_ALD_DTF", "date"),
        column("IMB_ETM_NAT", "integer"),
        column("MED_MTF_COD", "code", required=True),
    ),
    joins=PERSON_JOIN,
    extra=("p.person_id AS person_id",),
    contested=("person_id", "MED_MTF_COD", "IMB_ALD_DTD"),
)

IR_MAT_R: Final = NativeTable(
    "IR_MAT_R",
    (PSA, GEM, column("BEN_GRS_DTE", "date"), column("BEN_DRA_AME")),
    joins=PERSON_JOIN,
    extra=("p.person_id AS person_id",),
)

#: Rights to a complementary cover: 89 is CMU-C, then C2S (general scheme and mutual sections).
IR_ORC_R: Final = NativeTable(
    "IR_ORC_R",
    (
        PSA,
        GEM,
        column("BEN_CTA_TYP", "integer", "checked", True),
        column("MLL_CTA_DSD", "date", "checked", True),
        column("MLL_CTA_DSF", "date"),
    ),
    joins=PERSON_JOIN,
    extra=("p.person_id AS person_id",),
)

_DEAD: Final = (
    column("BEN_NIR_ANO", "text", "free", False, "NUM_ENQ_ANO"),
    column("BEN_IDT_ANO", "text", "free", False, "NUM_ENQ_IDT"),
    column("BEN_DCD_DTE", "date", "needed", True),
)
_CERTIFICATE_JOIN: Final = (
    "LEFT JOIN person_source AS a ON a.person_source_value = n.BEN_NIR_ANO "
    "LEFT JOIN person_certificate AS i ON i.BEN_IDT_ANO = n.BEN_IDT_ANO"
)
_CERTIFICATE_EXTRA: Final = ("coalesce(a.person_id, i.person_id) AS person_id",)

#: One line a certificate: the initial cause.
KI_CCI_R: Final = NativeTable(
    "KI_CCI_R",
    (*_DEAD, column("DCD_CIM_COD")),
    joins=_CERTIFICATE_JOIN,
    extra=_CERTIFICATE_EXTRA,
)

#: Every cause of a certificate, line by line.
KI_ECD_R: Final = NativeTable(
    "KI_ECD_R",
    (
        *_DEAD,
        column("ECD_CIM_COD", "code", "needed", True),
        column("CER_LIG_NUM", "integer"),
        column("ECD_CAU_RNG", "integer"),
    ),
    joins=_CERTIFICATE_JOIN,
    extra=_CERTIFICATE_EXTRA,
)
