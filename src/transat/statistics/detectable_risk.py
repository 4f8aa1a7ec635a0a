"""How large a risk could this scan have missed?

Question
    For a pair in which nothing was called: what is the smallest true risk ratio that would have
    been called with the wished power? Without it, "no signal" says nothing.

Formula
    c = smallest count whose one-sided Poisson mid-p at mean E is at most the scan's threshold;
    minimum detectable ratio = smallest RR with P(Poisson(E RR) >= c) >= power, that is
    gammaincinv(c, power) / E.

Assumptions
    Exposed cases Poisson of mean E RR (rare outcome: conservative, the conditional variance is
    smaller); threshold fixed, as `benjamini_hochberg.next_threshold` gives it; no count masked, so
    that where sites mask, the ratio truly detectable is larger.

Reference
    Method of the minimum detectable relative risk: Armstrong B (1987) Am J Epidemiol 126:356-358,
    doi:10.1093/aje/126.2.356; mid-p: Lancaster HO (1961) doi:10.1080/01621459.1961.10482105.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainc, gammaincinv, gammaln, ndtri

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Up to this mean one table of means per count serves every pair; larger means are few.
_TABLE_TO = 2000.0


def minimum_detectable_ratio(expected: ArrayLike, threshold: float, power: float = 0.8) -> Floats:
    """Smallest risk ratio found with the given power, per pair.

    Parameters
    ----------
    expected : null means E, any shape; NaN or 0 gives NaN or infinity.
    threshold : one-sided p-value under which a pair is called, in (0, 0.5).
    power : in (0, 1).

    Returns
    -------
    float64 array of the shape of `expected`, values > 1.
    """
    e = np.asarray(expected, dtype=np.float64)
    ratio = np.full(e.shape, np.nan)
    ratio[e <= 0] = np.inf
    usable = e > 0
    if not 0 < threshold < 0.5 or not usable.any():
        return ratio
    counts, position = np.unique(critical_count(e[usable], threshold), return_inverse=True)
    means = gammaincinv(counts.astype(np.float64), power)
    ratio[usable] = means[position] / e[usable]
    return ratio


def critical_count(expected: ArrayLike, threshold: float) -> Integers:
    """Smallest count whose Poisson mid-p at mean `expected` (> 0) is at most `threshold`."""
    e = np.asarray(expected, dtype=np.float64)
    counts = np.empty(e.shape, dtype=np.int64)
    small = e <= _TABLE_TO
    if small.any():
        largest = _largest_means(float(e[small].max()), threshold)
        counts[small] = np.searchsorted(largest, e[small], side="left") + 1
    if not small.all():
        counts[~small] = _search(e[~small], threshold)
    return counts


def _mid_p(count: Floats, mean: Floats) -> Floats:
    result: Floats = 0.5 * (gammainc(count, mean) + gammainc(count + 1, mean))
    return result


def _largest_means(mean: float, threshold: float) -> Floats:
    """For each count 1, 2, ...: the largest mean at which it is still called (Newton, from between
    the means at which the two plain tails reach the threshold)."""
    top = int(mean - ndtri(threshold) * np.sqrt(mean) + ndtri(threshold) ** 2 + 10)
    count = np.arange(1, top + 1, dtype=np.float64)
    low, high = gammaincinv(count, threshold), gammaincinv(count + 1, threshold)
    at: Floats = np.asarray(0.5 * (low + high), dtype=np.float64)
    for _ in range(6):
        log_slope = (count - 1) * np.log(at) - at - gammaln(count)
        slope = 0.5 * np.exp(log_slope) * (1 + at / count)
        at = np.clip(at - (_mid_p(count, at) - threshold) / slope, low, high)
    return at


def _search(e: Floats, threshold: float) -> Integers:
    """Cornish-Fisher start, then the exact integer by single steps."""
    z = -float(ndtri(threshold))
    count = np.ceil(e + z * np.sqrt(e) + (z * z - 1) / 6)
    while (high := _mid_p(count, e) > threshold).any():
        count[high] += 1
    while (low := _mid_p(count - 1, e) <= threshold).any():
        count[low] -= 1
    return count.astype(np.int64)
