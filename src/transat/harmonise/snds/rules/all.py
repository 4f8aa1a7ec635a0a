"""Every rule of the SNDS, in the order in which they are tried.

Some set no line aside but change what a line says: T6, T7, T16, T17 and T18 are noted in the ledger
(`note:T7`). Not here: T19's renamed columns (aliases) and T20 (T2 decides).
"""

from __future__ import annotations

from typing import Final

from transat.harmonise.rules import Rule
from transat.harmonise.snds.rules.dcir import DCIR
from transat.harmonise.snds.rules.mco import MCO
from transat.harmonise.snds.rules.people import PEOPLE

RULES: Final[tuple[Rule, ...]] = (*PEOPLE, *DCIR, *MCO)
