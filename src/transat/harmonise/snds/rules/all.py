"""Every rule of the SNDS, in the order in which they are tried.

Rules that are not here set no line aside: T7 (size of a box: only a duration could use it, and ours
is 30 days a box), T16 (short ATC codes are kept as they are), T17 (age is computed from the birth
year), T18 (a break in social cover), T19's renamed columns (aliases) and T20 (T2 decides).
"""

from __future__ import annotations

from typing import Final

from transat.harmonise.rules import Rule
from transat.harmonise.snds.rules.dcir import DCIR
from transat.harmonise.snds.rules.mco import MCO
from transat.harmonise.snds.rules.people import PEOPLE

RULES: Final[tuple[Rule, ...]] = (*PEOPLE, *DCIR, *MCO)
