"""How surprising is an excess of exposed cases when sites keep their small counts to themselves?

Question
    As `mid_p.excess`, for a count summed over sites some of which show it only when it is zero or
    at least `least_shown`: what is a valid one-sided p-value, and a powerful one?

Formula
    Site k shows a_k, or hides it. Let s_k = a_k where shown, and f (its floor: the smallest value
    that one of its hidden counts can take, 1 or 0) where hidden; S = sum of s_k. Under no effect
    a_k has the law that `mid_p` gives it, so the law of S is known once hiding is known:
    a_k in 1..least_shown-1 becomes f, all else stays. p = P(S >= s), by convolving the sites (upper
    tails, sums of positive terms only, so that a p of 1e-12 keeps its digits). The whole tail and
    not a mid-p: hiding piles probability on few values of S, where half of it would be liberal.

    A gate may hide more than the small counts (complements, nested differences, whole families).
    Each further hidden count only lowers S, never the law it is judged against, so P(p <= t) <= t
    holds whatever else is hidden. Counting f in the sum but judging it against the law of the full
    sum, as if nothing could be hidden, is valid too but throws power away: a small site, hidden
    almost surely, would bring its expected cases and only 1 of its cases.

    Sites that hide nothing are summed first. A gated site that expects more than `_SURE` cases, or
    a sum above `_LONG`, is judged as if it hid nothing, by `mid_p.excess`: nearly the same number.

Assumptions
    Sites share no person; every count that a site shows is 0 or at least its `least_shown`.

References
    Röllin A (2007) Ann Appl Probab 17:1596-1614, doi:10.1214/105051607000000258 (law of a site).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from transat.statistics import mid_p

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_SURE = 60.0
_LONG = 200
_BLOCKS = (0, 3, 12, 30, 70, _LONG)


def excess(
    counted: Integers,
    expected: Floats,
    variance: Floats,
    trials: Floats,
    floors: Sequence[int],
    least_shown: Sequence[int],
) -> Floats:
    """One-sided p of each pair.

    Parameters
    ----------
    counted : (K, P) exposed cases of each site, its floor where hidden.
    expected, variance, trials : (K, P) null mean and variance, and largest possible count; 0 where
        a site says nothing of the pair.
    floors, least_shown : per site; `least_shown` 0 where the site hides nothing.

    Returns
    -------
    (P,) float64 in (0, 1].
    """
    total = counted.sum(axis=0)
    law = np.stack([expected, variance, trials])
    p = mid_p.excess(total, *law.sum(axis=1))
    hides = (np.asarray(least_shown) > 0)[:, None] & (expected > 0) & (expected <= _SURE)
    for low, high in zip((-1, *_BLOCKS), _BLOCKS, strict=False):
        block = np.flatnonzero((total > low) & (total <= high) & hides.any(axis=0))
        if block.size:
            parts = _parts(law[:, :, block], hides[:, block], floors, least_shown, high)
            p[block] = _convolved(parts)[total[block], np.arange(block.size)]
    return np.asarray(np.clip(p, 1e-300, 1.0), dtype=np.float64)


def _parts(
    law: Floats,
    hidden: NDArray[np.bool_],
    floors: Sequence[int],
    least_shown: Sequence[int],
    longest: int,
) -> list[Floats]:
    """Upper tails P(s_k >= x), (x = 0..longest, pairs): the open sites as one, then each gated.

    law : (3, K, P) mean, variance and trials.
    """
    parts = [_tails(np.where(hidden, 0.0, law).sum(axis=1), np.arange(longest + 1))]
    for k in map(int, np.flatnonzero(hidden.any(axis=1))):
        own = np.where(hidden[k], law[:, k], 0.0)
        parts.append(_gated(own, floors[k], least_shown[k], longest))
    return parts


def _tails(law: Floats, counts: Integers) -> Floats:
    """P(count >= x) for each x of `counts`, (counts, pairs)."""
    x = counts.astype(np.float64)[:, None]
    shape = (counts.size, law.shape[1])
    return mid_p.at_least(*(np.broadcast_to(z, shape) for z in (x, *law)))


def _gated(law: Floats, floor: int, least: int, longest: int) -> Floats:
    """Tails of a count whose values 1..least-1 are replaced by `floor`."""
    x = np.arange(longest + 1)
    source = np.where(x == 0, 0, np.where(x <= floor, 1, np.maximum(x, least)))
    wanted, place = np.unique(source, return_inverse=True)
    return _tails(law, wanted)[place]


def _convolved(parts: list[Floats]) -> Floats:
    """Upper tails of the sum of independent counts, from theirs."""
    whole = parts[0]
    for part in parts[1:]:
        mass = part[:-1] - part[1:]
        summed = part.copy()
        for x in range(1, part.shape[0]):
            # The new count is j < x and the rest at least x - j; or it is at least x by itself.
            summed[x] += np.einsum("jp,jp->p", mass[:x], whole[x:0:-1])
        whole = summed
    return whole
