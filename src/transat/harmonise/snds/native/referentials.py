"""Referentials that a holder delivers with an extract, or that a folder of referentials holds.

CNAM's files may not be shipped with Transat. IR_PHA_R has had two layouts: `PHA_ATC_CLA` and
`PHA_UPC_NBR` before it moved under ORAREF, `PHA_ATC_C07` and `PHA_UNT_NBR_DSES` since.
"""

from __future__ import annotations

from typing import Final

from transat.harmonise.native import NativeTable
from transat.harmonise.snds.native.keys import column

IR_PHA_R: Final = NativeTable(
    "IR_PHA_R",
    (
        column("PHA_CIP_C13", "code", "needed", True),
        column("PHA_ATC_C07", "code", "free", False, "PHA_ATC_CLA"),
        column("PHA_UNT_NBR_DSES", "number", "free", False, "PHA_UPC_NBR"),
        column("PHA_CIP_UCD"),
        column("PHA_NOM_PA", "text", "free", False, "PHA_SUB_DOS"),
        column("PHA_MED_COM", "text"),
        column("PHA_NOM_COURT", "text", "free", False, "PHA_MED_NOM"),
    ),
)

#: The hospital list has names and no ATC: `snds.hospital_drugs` finds it by name.
NU_UCD_R: Final = NativeTable(
    "NU_UCD_R",
    (
        column("UCD_UCD_COD", "code", "needed", True),
        column("UCD_DSN_LIB", "text"),
    ),
)
