"""G12. Rounding of final tables: suppress, round, then add up the rounded cells.

Rule: in a table that will be published, counts of 1 to threshold-1 are withheld, the others rounded
to the nearest multiple of 5 that is not below the threshold, and totals made again from the rounded
cells, in that order (rounding first would turn some counts below the threshold into ones above it;
true totals would give a rounded or withheld cell away). Sums that a fit needs on its way stay
exact, and do not last: when a study has ended the coordinator keeps their hashes only. What it
stops: differences of published tables that tell of a few people.

Source: OpenSAFELY, docs/outputs/sdc.md (their floor is 7); Statistics Canada rounds census counts
to base 5.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from transat.federation.checks.cell_floor import WITHHELD, too_small
from transat.federation.policy import Policy

RULE: Final = "G12"
KEY: Final = "rounding"

Integers = NDArray[np.int64]


def rounded(counts: Integers, policy: Policy) -> Integers:
    """Counts of any shape as they may be published: 0, a multiple of the base, or WITHHELD."""
    base = int(policy.limit("rounding_base"))
    nearest = (2 * counts + base) // (2 * base) * base
    least = -(-policy.threshold // base) * base
    lifted = np.where(counts > 0, np.maximum(nearest, least), nearest)
    kept = np.where(too_small(counts, policy.threshold), WITHHELD, lifted)
    return np.asarray(np.where(counts < 0, WITHHELD, kept), dtype=np.int64)


def total(cells: Integers, axis: int | None = None) -> Integers:
    """Totals of rounded cells; of the cells that are shown, where others are withheld."""
    return np.asarray(np.where(cells == WITHHELD, 0, cells).sum(axis=axis), dtype=np.int64)


def unrounded(counts: Integers, policy: Policy) -> bool:
    """Whether a table to publish holds a count that rule G12 does not let it hold."""
    shown = counts[counts >= 0]
    small = (shown > 0) & (shown < policy.threshold)
    return bool((shown % int(policy.limit("rounding_base")) != 0).any() or small.any())
