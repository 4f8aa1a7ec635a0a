"""Head counts: which may be shown, and how one that may not is written."""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text

#: Smallest count that leaves a site when its holder's policy says nothing else
#: (CASD rule for PMSI: no cell under 11 patients; adopted on both shores).
THRESHOLD: Final = 11

MASKED: Final = Text("masqué", "masked")


def may_leave(count: int, threshold: int = THRESHOLD) -> bool:
    """Whether a head count may leave a site: it is zero, or at least `threshold`."""
    return count == 0 or count >= threshold


def shown(count: int, threshold: int = THRESHOLD) -> int | None:
    """The count, or None where it must be masked."""
    return count if may_leave(count, threshold) else None
