"""Who the people are: beneficiaries, long-term illnesses, maternity, causes of death."""

from __future__ import annotations

from typing import Final

from transat.harmonise.native import NativeTable
from transat.harmonise.snds.native.keys import GEM, PERSON_JOIN, PSA, column

IR_BEN_R: Final = NativeTable(
    "IR_BEN_R",
    (
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
    ),
    required=True,
    contested=("BEN_NIR_PSA", "coalesce(BEN_RNG_GEM, 1)"),
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
    "IR_MAT_R", (PSA, GEM, column("BEN_GRS_DTE", "date"), column("BEN_DRA_AME"))
)

KI_CCI_R: Final = NativeTable(
    "KI_CCI_R",
    (
        column("BEN_NIR_ANO", "text", "free", False, "NUM_ENQ_ANO"),
        column("BEN_IDT_ANO", "text", "free", False, "NUM_ENQ_IDT"),
        column("BEN_DCD_DTE", "date", "needed", True),
        column("DCD_CIM_COD"),
    ),
    joins=(
        "LEFT JOIN person_source AS a ON a.person_source_value = n.BEN_NIR_ANO "
        "LEFT JOIN person_certificate AS i ON i.BEN_IDT_ANO = n.BEN_IDT_ANO"
    ),
    extra=("coalesce(a.person_id, i.person_id) AS person_id",),
)
