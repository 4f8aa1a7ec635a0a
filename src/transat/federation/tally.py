"""What a coordinator saw leave each site: how many releases, bytes and cells of tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from transat.federation.messages import SignedAnswer
from transat.federation.wire import Refusal


@dataclass(frozen=True, slots=True)
class Left:
    """releases: answers that are no refusal. bytes: of the bodies of all answers. cells, masked:
    counts stated, and counts withheld, in the releases."""

    releases: int = 0
    bytes: int = 0
    cells: int = 0
    masked: int = 0


class Tally:
    """What left, by site; an answer that comes again is counted once."""

    def __init__(self) -> None:
        self._left: dict[str, dict[str, Left]] = {}

    def take(self, answer: SignedAnswer, release: Any) -> None:
        """Count an answer and the Release or Refusal in it."""
        known = self._left.setdefault(answer.site, {})
        if answer.asked not in known:
            known[answer.asked] = _left(answer, release)

    def of(self, site: str) -> Left:
        """What left one site."""
        every = self._left.get(site, {}).values()
        return Left(
            sum(left.releases for left in every),
            sum(left.bytes for left in every),
            sum(left.cells for left in every),
            sum(left.masked for left in every),
        )


def _left(answer: SignedAnswer, release: Any) -> Left:
    size = len(answer.body)
    if isinstance(release, Refusal):
        return Left(bytes=size)
    counts = release.counts().values()
    return Left(
        1,
        size,
        sum(int((values >= 0).sum()) for values in counts),
        sum(int((values < 0).sum()) for values in counts),
    )
