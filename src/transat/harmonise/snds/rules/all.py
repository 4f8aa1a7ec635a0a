"""Every rule of the SNDS, in the order in which they are tried.

Some set no line aside but change what a line says: T6, T7, T16, T17 and T18 are noted in the ledger
(`note:T7`), and so are the diagnoses of units (T12) and columns read under older names (T19).
"""

from __future__ import annotations

from typing import Final

from transat.harmonise.rules import Rule
from transat.harmonise.snds.rules.dcir import DCIR
from transat.harmonise.snds.rules.echo_registry import ECHO_REGISTRY
from transat.harmonise.snds.rules.outpatient import OUTPATIENT_CARE
from transat.harmonise.snds.rules.people import PEOPLE
from transat.harmonise.snds.rules.pmsi import PMSI

RULES: Final[tuple[Rule, ...]] = (*PEOPLE, *DCIR, *PMSI, *OUTPATIENT_CARE, *ECHO_REGISTRY)
