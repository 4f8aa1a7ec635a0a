"""What only the PMSI-MCO has: medical units, drugs on top of the stay, abortions; HAD's groups."""

from __future__ import annotations

from typing import Final

from transat.harmonise.native import NativeTable
from transat.harmonise.snds.fields import HAD, MCO
from transat.harmonise.snds.native.keys import column
from transat.harmonise.snds.native.pmsi import hanging_table, stay_columns, stay_keys

#: UM_TYP became AUT_TYP1_UM, and PAR_NBR_SEJ PAR_DUR_SEJ, in 2010 (T19); before, units have no
#: order number.
T_MCO_UM: Final = hanging_table(
    MCO,
    "T_MCOaaUM",
    (
        column("UM_ORD_NUM", "integer"),
        column("DGN_PAL", required=True),
        column("DGN_REL"),
        column("AUT_TYP1_UM"),
        column("UM_TYP"),
        column("PAR_DUR_SEJ", "integer"),
        column("PAR_NBR_SEJ", "integer"),
    ),
)

#: One line a stay, UCD and day of dispensing: the table has no published key, so a line is told by
#: everything that is read of it.
T_MCO_MED: Final = hanging_table(
    MCO,
    "T_MCOaaMED",
    (
        column("UCD_UCD_COD", "code", "needed", True, "UCD_COD"),
        column("ADM_NBR", "number", "needed", True),
        column("DELAI", "integer", "checked"),
        column("DAT_ADM_ANN", "integer"),
        column("ADM_MOIS", "integer"),
        column("PRS_TYP"),
    ),
)

#: Abortions, from 2017: what the woman says of earlier pregnancies.
T_MCO_IVG: Final = hanging_table(
    MCO,
    "T_MCOaaIVG",
    (
        column("NBR_IVG_ANT", "integer"),
        column("NBR_NAIS_ANT", "integer"),
        column("ANN_IVG_PREC", "integer"),
    ),
)

#: The care group of each HAD sub-sequence; 99 is an error (T8).
T_HAD_GRP: Final = NativeTable(
    "T_HADaaGRP",
    (
        *stay_columns(HAD),
        column("SEQ_NUM", "integer"),
        column("SSEQ_NUM", "integer"),
        column("PAP_GRP_GHPC"),
    ),
    extra=stay_keys(HAD),
)
