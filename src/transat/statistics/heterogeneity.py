"""Do the shores agree?

Question
    Are the sites' own estimates of one pair further apart than chance explains?

Formula
    Cochran: Q = sum of w_k (y_k - y)², w_k = 1/SE_k², y = sum w y / sum w, chi-square on
    k-1 degrees; I² = max(0, 1 - (k-1)/Q).
    Breslow-Day: sum over sites of (a_k - A_k)² / V_k, where A_k is the exposed-case count that the
    common odds ratio gives with the site's margins; Tarone's correction subtracts
    (sum a - sum A)² / sum V.

Assumptions
    Sites share no person; Q needs approximately normal log estimates; Breslow-Day compares the
    sites' tables collapsed over their inner strata.

References
    Cochran WG (1954) Biometrics 10:101-129, doi:10.2307/3001666.
    Higgins JPT, Thompson SG (2002) Stat Med 21:1539-1558, doi:10.1002/sim.1186 (I²).
    Breslow NE, Day NE (1980) Statistical Methods in Cancer Research I, IARC
    Sci Publ 32, section 4.4.
    Tarone RE (1985) Biometrika 72:91-95, doi:10.1093/biomet/72.1.91.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Arrays of the shape of one site's estimates; NaN where fewer than two sites estimate."""

    statistic: Floats
    degrees: NDArray[np.int64]
    p: Floats
    i_squared: Floats  # 0 to 1


def cochran(log_estimates: ArrayLike, standard_errors: ArrayLike) -> Heterogeneity:
    """Cochran's Q and I² over the first axis.

    Parameters
    ----------
    log_estimates, standard_errors : shape (sites, ...); NaN or infinite without an estimate.
    """
    y = np.asarray(log_estimates, dtype=np.float64)
    se = np.asarray(standard_errors, dtype=np.float64)
    usable = np.isfinite(y) & np.isfinite(se) & (se > 0)
    w = np.divide(1.0, se**2, out=np.zeros_like(y), where=usable)
    y = np.where(usable, y, 0.0)
    total = w.sum(axis=0)
    mean = np.divide((w * y).sum(axis=0), total, out=np.zeros_like(total), where=total > 0)
    q = (w * (y - mean) ** 2).sum(axis=0)
    return _tested(q, usable.sum(axis=0) - 1)


def breslow_day(
    exposed_cases: ArrayLike,
    exposed: ArrayLike,
    cases: ArrayLike,
    persons: ArrayLike,
    odds_ratio: ArrayLike,
    *,
    tarone: bool = True,
) -> Heterogeneity:
    """Breslow-Day test over the first axis (sites), at the given common odds ratio.

    Parameters
    ----------
    exposed_cases, exposed, cases, persons : shape (sites, ...); NaN where a site says nothing.
    odds_ratio : shape (...), the Mantel-Haenszel odds ratio of the same tables.
    tarone : subtract Tarone's correction.
    """
    a, n, m, size = np.broadcast_arrays(
        *(np.asarray(x, dtype=np.float64) for x in (exposed_cases, exposed, cases, persons))
    )
    psi = np.broadcast_to(np.asarray(odds_ratio, dtype=np.float64), a.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        fitted = _fitted_cases(n, m, size, psi)
        variance = 1 / (
            1 / fitted + 1 / (n - fitted) + 1 / (m - fitted) + 1 / (size - n - m + fitted)
        )
        usable = np.isfinite(variance) & (variance > 0) & np.isfinite(a)
        gap = np.where(usable, a - fitted, 0.0)
        variance = np.where(usable, variance, 0.0)
        statistic = np.divide(gap**2, variance, out=np.zeros_like(gap), where=usable).sum(axis=0)
        if tarone:
            whole = variance.sum(axis=0)
            shift = np.divide(
                gap.sum(axis=0) ** 2, whole, out=np.zeros_like(whole), where=whole > 0
            )
            statistic = np.maximum(statistic - shift, 0.0)
    return _tested(statistic, usable.sum(axis=0) - 1)


def pooled_odds_ratio(
    exposed_cases: ArrayLike, exposed: ArrayLike, cases: ArrayLike, persons: ArrayLike
) -> Floats:
    """Mantel-Haenszel odds ratio of the sites' collapsed tables, over the first axis; NaN-safe."""
    a, n, m, size = np.broadcast_arrays(
        *(np.asarray(x, dtype=np.float64) for x in (exposed_cases, exposed, cases, persons))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.nansum(a * (size - n - m + a) / size, axis=0)
        s = np.nansum((n - a) * (m - a) / size, axis=0)
        result: Floats = np.asarray(r / s, dtype=np.float64)
    return result


def _fitted_cases(n: Floats, m: Floats, size: Floats, psi: Floats) -> Floats:
    """Root in [0, min(n, m)] of A (N - n - m + A) = psi (n - A)(m - A), in the stable form."""
    quadratic = 1 - psi
    linear = size - n - m + psi * (n + m)
    constant = -psi * n * m
    root = np.sqrt(np.maximum(linear**2 - 4 * quadratic * constant, 0.0))
    # linear > 0 always, so this form never subtracts two close numbers (and holds at psi = 1).
    result: Floats = -2 * constant / (linear + root)
    return result


def _tested(q: ArrayLike, degrees: ArrayLike) -> Heterogeneity:
    statistic = np.asarray(q, dtype=np.float64)
    df = np.maximum(np.asarray(degrees, dtype=np.int64), 0)
    enough = df > 0
    p = np.where(enough, chdtrc(np.maximum(df, 1), statistic), np.nan)
    i2 = np.divide(
        np.maximum(statistic - df, 0.0),
        statistic,
        out=np.zeros_like(statistic),
        where=statistic > 0,
    )
    return Heterogeneity(
        statistic=np.where(enough, statistic, np.nan),
        degrees=df,
        p=np.asarray(p, dtype=np.float64),
        i_squared=np.where(enough, i2, np.nan),
    )
