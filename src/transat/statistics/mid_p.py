"""How surprising is a count of exposed cases, given what chance alone would give?

Question
    With the margins of every stratum fixed (exposed, cases, persons), is the number of exposed
    cases larger than independence of exposure and outcome explains?

Formula
    In stratum s the number of exposed cases is hypergeometric, so the sum over strata is a sum of
    independent Bernoulli variables (Vatutin and Mikhailov 1982), of mean E and variance V < E.
    mid-p = P(A > a) + P(A = a)/2.

    * `conditional`: the exact distribution, by convolving the strata. One pair at a time; it needs
      the stratum counts, so it runs inside a site or on pooled data.
    * `excess`: needs only E, V and the number of trials K (the smaller of exposed and cases,
      summed over strata). Of two upper bounds of the exact tail, the smaller: a Poisson of mean V
      moved by E-V, which has the mean and variance of A and more skewness (Röllin 2007); from E + 1
      on, the binomial of K trials and mean E (Hoeffding 1956, theorem 5). The second is proven; the
      first, below 0.05, is checked on 4,000 sets of strata, an exposure found only within an
      illness among them. (The binomial matched to E and V is closer on average, but ends too soon
      where strata differ much: it can call 1e-12 what is 1e-4.)

    The mid-p serves at every expected count, not only below 5. Measured on 40,000 null pairs of
    E >= 5: share of p < 0.05, 0.001, 0.0001 = 0.047, 0.0009, 0.0001 for the mid-p and 0.056,
    0.0023, 0.0005 for the normal score, which a scan of 100,000 pairs would pay for in false
    signals. Nothing here looks at the observed count to choose a method: that inflates them too.

Assumptions
    Persons independent given the stratum; strata share no person.

References
    Lancaster HO (1961) J Am Stat Assoc 56:223-234, doi:10.1080/01621459.1961.10482105 (mid-p).
    Röllin A (2007) Ann Appl Probab 17:1596-1614, doi:10.1214/105051607000000258.
    Hoeffding W (1956) Ann Math Stat 27:713-721, doi:10.1214/aoms/1177728178.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, gammainc, gammaln

Floats = NDArray[np.float64]

_SMALLEST = 1e-300
# A variance below this is rounding: the margins leave one value only.
_NO_SPREAD = 1e-9


def excess(
    observed: ArrayLike,
    expected: ArrayLike,
    variance: ArrayLike | None = None,
    trials: ArrayLike | None = None,
) -> Floats:
    """One-sided mid-p for an excess of exposed cases.

    Parameters
    ----------
    observed : counts >= 0, any shape.
    expected : null means E >= 0, same shape.
    variance : null variances V <= E, same shape; None for a Poisson count.
    trials : largest values that the counts can take, same shape; None when not known.

    Returns
    -------
    float64 array of the same shape, in (0, 1]; NaN where an input is NaN.
    """
    given = (observed, expected, expected if variance is None else variance)
    limit = np.inf if trials is None else trials
    shape = np.broadcast_shapes(np.shape(observed), np.shape(expected))
    a, e, v, k = (np.atleast_1d(x) for x in np.broadcast_arrays(*map(_float, (*given, limit))))
    p = np.clip(0.5 * (at_least(a, e, v, k) + at_least(a + 1, e, v, k)), _SMALLEST, 1.0)
    return p.reshape(shape)


def conditional(
    observed: int, exposed: ArrayLike, cases: ArrayLike, persons: ArrayLike
) -> tuple[float, float]:
    """Exact conditional mid-p values of one pair over its strata: (excess, two-sided).

    Parameters
    ----------
    observed : total of exposed cases, over all strata.
    exposed, cases, persons : integers per stratum, shape (S,).

    Raises
    ------
    ValueError : `observed` outside what the margins allow.
    """
    offset, probability = conditional_distribution(exposed, cases, persons)
    at = observed - offset
    if not 0 <= at < probability.size:
        raise ValueError("observed count outside the support fixed by the margins")
    upper = float(probability[at + 1 :].sum() + 0.5 * probability[at])
    lower = float(probability[:at].sum() + 0.5 * probability[at])
    return min(upper, 1.0), min(1.0, 2 * min(upper, lower))


def conditional_distribution(
    exposed: ArrayLike, cases: ArrayLike, persons: ArrayLike
) -> tuple[int, Floats]:
    """Exact null distribution of the exposed cases: (smallest value, probabilities from it on)."""
    offset, total = 0, np.ones(1)
    margins = (np.atleast_1d(np.asarray(x, dtype=np.int64)) for x in (exposed, cases, persons))
    for n, m, size in zip(*margins, strict=True):
        low = max(0, int(n + m - size))
        total = np.convolve(total, _hypergeometric(int(n), int(m), int(size)))
        offset += low
    return offset, total


def _hypergeometric(n: int, m: int, size: int) -> Floats:
    a = np.arange(max(0, n + m - size), min(n, m) + 1, dtype=np.float64)
    log_p = (
        _log_choose(m, a) + _log_choose(size - m, n - a) - _log_choose(size, np.asarray(float(n)))
    )
    p: Floats = np.exp(log_p)
    return np.asarray(p / p.sum(), dtype=np.float64)


def _log_choose(n: int, k: Floats) -> Floats:
    result: Floats = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return result


def at_least(a: Floats, e: Floats, v: Floats, k: Floats) -> Floats:
    """Upper bound of P(A >= a) at mean e, variance v and k trials; arrays of one shape."""
    moved = a - (e - v)
    spread = v >= _NO_SPREAD
    upper = np.where(spread | (a <= e + 1e-6), 1.0, 0.0)
    poisson = spread & (moved > 0) & (a > 0)
    upper[poisson] = gammainc(moved[poisson], v[poisson])
    above = poisson & (a >= e + 1) & np.isfinite(k) & (k > e)
    x, trials = a[above], k[above]
    binomial = betainc(x, np.maximum(trials - x + 1, 1e-12), e[above] / trials)
    upper[above] = np.minimum(upper[above], binomial)
    upper[np.isnan(a + e + v)] = np.nan
    return upper


def _float(value: ArrayLike) -> Floats:
    return np.asarray(value, dtype=np.float64)
