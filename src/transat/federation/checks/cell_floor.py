"""G2. Cell floor: a count leaves only when it is zero or at least the holder's threshold.

Rule: counts of 1 to threshold-1 are withheld, and so is every count from which one of them could be
subtracted (the rest of a margin, cells nested in one another, groups that never meet): the masks
are made once from the whole table (`facts`, `cells`, `margins`, `containment`), so that no order of
questions shows more. Then every count that the release still states is looked at once more. A zero
is shown, and says that nobody in that group is affected. What it stops: reading a small cell, or
subtracting it out of two that are shown.

Source: CASD rule for the PMSI (no cell under 11; secondary suppression), quoted at
entraide.health-data-hub.fr/t/1190. Threshold: 11, or the holder's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transat.federation.checks.check import Asked, Remembered
from transat.federation.questions import STEPS
from transat.federation.refusals import Refused

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: How the statistics write a count that stays at its site.
WITHHELD = -1


class CellFloor:
    """The check of G2; it remembers nothing."""

    rule, key = "G2", "cell_floor"

    def before(self, asked: Asked) -> None:
        """Raises Refused: the site's masks were made for a lower threshold than the policy's."""
        if asked.data.facts.threshold < asked.policy.threshold:
            raise Refused("cell_floor", ("threshold",))

    def after(self, asked: Asked, release: Any) -> Any:
        """The release, masked. Raises Refused: a count in it is small and cannot be withheld."""
        masked = STEPS[asked.step].mask(asked.data, release)
        small = names_too_small(masked.counts(), asked.policy.threshold)
        if small:
            raise Refused("cell_floor", small)
        return masked

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """Nothing."""
        return None

    def recall(self, remembered: Remembered) -> None:
        """Nothing."""


def too_small(counts: Integers, threshold: int) -> Flags:
    """True where a count lies in 1..threshold-1; a withheld count (-1) is not too small."""
    return np.asarray((counts > 0) & (counts < threshold), dtype=np.bool_)


def names_too_small(counts: Mapping[str, Integers], threshold: int) -> tuple[str, ...]:
    """Names of the groups of counts that hold one too small; the last look before leaving."""
    return tuple(name for name in sorted(counts) if too_small(counts[name], threshold).any())
