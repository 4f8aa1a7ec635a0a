"""What may be shown of a finding: no count of 1 to 10, nor one that subtraction would give.

A part of a total is hidden when it, or the rest of its own line, is small. What is hidden can be
had by subtracting what is shown from the total: while that difference is 1 to 10, the smallest part
still shown is hidden too; when none is left, the total is. The same is done for what is counted
(the numerator), for what is not, and for the lines themselves (the denominator).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from transat.core.counts import THRESHOLD, may_leave
from transat.core.languages import Text
from transat.quality.finding import Finding

#: Steps of a share told about, the finest first.
STEPS: Final = (0.001, 0.01, 0.05, 0.1)


@dataclass(frozen=True, slots=True)
class Share:
    """`numerator` of `denominator`, as may be shown; None is masked, and so is the share.

    about: the share rounded so coarsely that it tells no small count, where it is masked.
    """

    numerator: int | None
    denominator: int | None
    about: float | None = None

    @property
    def value(self) -> float | None:
        """The share in 0..1."""
        if self.numerator is None or not self.denominator:
            return None
        return self.numerator / self.denominator


@dataclass(frozen=True, slots=True)
class ShownPart:
    """One line of the detail, as may be shown."""

    label: Text
    share: Share
    published: float | None
    note: Text | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding, as may be shown."""

    finding: Finding
    share: Share
    parts: tuple[ShownPart, ...]


def shown(finding: Finding) -> Shown:
    """The finding without its small counts, nor those that they could be had from."""
    if finding.numerator is None or finding.denominator is None:
        return Shown(finding, Share(None, None), ())
    if not finding.check.people:
        total = Share(finding.numerator, finding.denominator)
        parts = [Share(p.numerator, p.denominator) for p in finding.parts]
    elif finding.partition:
        pairs = [(p.numerator, p.denominator) for p in finding.parts]
        total, parts = partition(pairs)
    else:
        total, parts = _grouped(finding)
    return Shown(finding, total, tuple(
        ShownPart(part.label, share, part.published, part.note)
        for part, share in zip(finding.parts, parts, strict=True)
    ))  # fmt: skip


def single(numerator: int, denominator: int) -> Share:
    """One share alone: its two sides are small counts or not."""
    if not may_leave(denominator):
        return Share(None, None)
    sides = may_leave(numerator) and may_leave(denominator - numerator)
    return Share(numerator if sides else None, denominator)


def about(numerator: int, denominator: int) -> float | None:
    """A share in steps of which each spans twice the threshold of people or more; None if none."""
    step = next((s for s in STEPS if s * denominator >= 2 * THRESHOLD), None)
    return None if step is None else round(numerator / denominator / step) * step


def partition(pairs: Sequence[tuple[int, int]]) -> tuple[Share, list[Share]]:
    """Shares whose numerators and denominators add up to a total's, and that total."""
    lines = [d for _, d in pairs]
    counted = [n for n, _ in pairs]
    left = [d - n for n, d in pairs]
    no_line = hidden(lines)
    # A side is hidden wherever its line is, and both sides together: one gives the other.
    no_side = list(no_line)
    while True:
        more = hidden(counted, hidden(left, no_side))
        if more == no_side:
            break
        no_side = more
    whole = single(sum(counted), sum(lines))
    if not safe(lines, no_line):
        whole = Share(None, None)
    elif not (safe(counted, no_side) and safe(left, no_side)):
        whole = Share(None, whole.denominator)
    return whole, [
        Share(None if no_n else n, None if no_d else d)
        for (n, d), no_n, no_d in zip(pairs, no_side, no_line, strict=True)
    ]


def hidden(counts: Sequence[int], already: Iterable[bool] | None = None) -> list[bool]:
    """Which counts of a total stay hidden, so that the total gives none of 1 to 10."""
    flags = [not may_leave(c) for c in counts]
    if already is not None:
        flags = [a or f for a, f in zip(already, flags, strict=True)]
    while not safe(counts, flags):
        left = [(c, i) for i, c in enumerate(counts) if not flags[i] and c > 0]
        if not left:
            break
        flags[min(left)[1]] = True
    return flags


def safe(counts: Sequence[int], flags: Sequence[bool]) -> bool:
    """Whether the total less the counts shown is no count of 1 to 10."""
    return may_leave(sum(c for c, flag in zip(counts, flags, strict=True) if flag))


def apart(count: int, wholes: Iterable[int]) -> bool:
    """Whether a group's count may be shown beside those of groups that contain it."""
    return may_leave(count) and all(may_leave(whole - count) for whole in wholes)


def _grouped(finding: Finding) -> tuple[Share, list[Share]]:
    """Parts whose numerators add up to the finding's, each group of them within one denominator."""
    parts = finding.parts
    counts = [p.numerator for p in parts]
    flags = [single(p.numerator, p.denominator).numerator is None for p in parts]
    groups = {p.group: p.denominator for p in parts}
    for group, whole in groups.items():
        places = [i for i, p in enumerate(parts) if p.group == group]
        rest = whole - sum(counts[i] for i in places)
        within = hidden([*(counts[i] for i in places), rest], [*(flags[i] for i in places), False])
        for place, flag in zip(places, within, strict=False):
            flags[place] = flag
    flags = hidden(counts, flags)
    total = single(finding.numerator or 0, finding.denominator or 0)
    if not safe(counts, flags):
        total = Share(None, total.denominator)
    shares = [single(p.numerator, p.denominator) for p in parts]
    return total, [Share(None if f else s.numerator, s.denominator)
                   for s, f in zip(shares, flags, strict=True)]  # fmt: skip
