"""Referentials that a holder delivers with an extract."""

from __future__ import annotations

from typing import Final

from transat.harmonise.native import NativeTable
from transat.harmonise.snds.native.keys import column

IR_PHA_R: Final = NativeTable(
    "IR_PHA_R",
    (
        column("PHA_CIP_C13", "code", "needed", True),
        column("PHA_ATC_C07"),
        column("PHA_UNT_NBR_DSES", "number"),
    ),
)
