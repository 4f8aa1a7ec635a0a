"""A count leaves only when it is zero or at least the holder's threshold.

Source: CASD rule for the PMSI (no cell under 11), quoted at entraide.health-data-hub.fr/t/1190.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: How the statistics write a count that stays at its site.
WITHHELD = -1


def too_small(counts: Integers, threshold: int) -> Flags:
    """True where a count lies in 1..threshold-1; a withheld count (-1) is not too small."""
    return np.asarray((counts > 0) & (counts < threshold), dtype=np.bool_)


def names_too_small(counts: dict[str, Integers], threshold: int) -> tuple[str, ...]:
    """Names of the groups of counts that hold one too small; the last look before leaving."""
    return tuple(name for name in sorted(counts) if too_small(counts[name], threshold).any())
