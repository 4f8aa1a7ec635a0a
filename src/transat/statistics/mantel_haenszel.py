"""Every medicine against every malformation at once, adjusted by stratification.

Question
    Within strata (site, year, age ...), are cases more frequent among exposed births than chance
    allows, for each of the D x M pairs, and by how much?

Formula (stratum s: N births, n exposed, m cases, a exposed cases; b = n-a, c = m-a, d = N-n-m+a)
    null mean and variance  E = sum nm/N,  V = sum n(N-n) m(N-m) / (N²(N-1)); K = sum min(n, m)
    odds ratio              sum R / sum S,  R = ad/N,  S = bc/N; variance of its logarithm
                            PR/2R² + (PS+QR)/2RS + QS/2S²,  P = (a+d)/N,  Q = (b+c)/N
    risk ratio              [sum a(N-n)/N] / [sum cn/N]; variance of its logarithm
                            sum (mn(N-n) - acN)/N² / (numerator x denominator)
    risk difference         (sum a - E) / W,  W = sum n(N-n)/N; Sato's variance
    absolute risks          [sum a(N-n)/N]/W exposed and [sum cn/N]/W unexposed: standardised to the
                            same weights, so their ratio and difference are the two lines above
    test                    one-sided for an excess, mid-p of `masked_excess`;
                            family: pairs of summed E >= `least_expected`, fixed before a is read

What leaves, and masking
    Sums over the strata of a site, never a stratum. Strata are nested in sites, so the sums over
    sites are exactly those of the pooled data. All that tells a is withheld where the gate masks a
    pair; E, V and K depend on the margins alone and stay. `combine` counts a masked a as the
    smallest value that the site's masked counts can take (`floor`: 1, as zero is never masked; 0
    if the gate also masked a zero) and judges the sum against its own law under masking, which is
    valid, P(p <= t) <= t under no effect, whatever else the gate masks (`masked_excess`). Dropping
    the site instead, or keeping only pairs seen at a >= 11, would select on the outcome and inflate
    false positives. Margins may only be withheld for reasons that do not look at a; a site without
    margins for a pair is left out of its test whole.
    Estimates come from the sites that show the pair. A site shows it because a is 0 or large
    enough, so an estimate from part of the sites leans away from 1; `sites_masked` says where.

Assumptions
    Common odds ratio over strata for the estimate (see `heterogeneity`); none beyond independence
    within strata for the test; one birth counts once (singletons) or clusters are small.

References
    Mantel N, Haenszel W (1959) J Natl Cancer Inst 22:719-748, doi:10.1093/jnci/22.4.719.
    Robins J, Breslow N, Greenland S (1986) Biometrics 42:311-323, doi:10.2307/2531052.
    Greenland S, Robins JM (1985) Biometrics 41:55-68, doi:10.2307/2530643 (risk ratio).
    Sato T (1989) Biometrics 45:1323-1324 (variance of the risk difference).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array
from scipy.special import gammaincinv, ndtri

from transat.cohorts.analysis_table import AnalysisTable
from transat.core.counts import THRESHOLD
from transat.statistics import benjamini_hochberg, detectable_risk, masked_excess
from transat.statistics.heterogeneity import Heterogeneity, breslow_day, cochran, pooled_odds_ratio

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

WITHHELD = -1  # a head count that stayed at its site


@dataclass(frozen=True, slots=True)
class Parameters:
    """level: of the intervals; false_share: accepted share of false signals; least_expected: summed
    expected exposed cases under which a pair is not tested; power: of the minimum detectable ratio.
    """

    level: float = 0.95
    false_share: float = 0.10
    least_expected: float = 0.5
    power: float = 0.8


@dataclass(frozen=True, slots=True)
class Release:
    """Exactly what leaves a site. (D, M) arrays unless said; sums over the site's strata."""

    exposure_codes: tuple[str, ...]
    outcome_codes: tuple[str, ...]
    persons: int
    exposed: Integers  # (D,), WITHHELD where the gate says
    cases: Integers  # (M,), WITHHELD where the gate says
    weight: Floats  # (D,) W = sum n(N-n)/N
    expected: Floats  # E
    variance: Floats  # V
    trials: Floats  # K = sum min(n, m), the largest value that a can take
    shown: Flags
    floor: int  # smallest value that a masked count of this site can take
    exposed_cases: Integers  # a; this field and all below are withheld where not shown
    r: Floats
    s: Floats
    pr: Floats
    psqr: Floats
    qs: Floats
    exposed_weighted: Floats  # sum a n/N
    ratio_variance: Floats  # sum (mn(N-n) - acN)/N²
    sato_p: Floats
    sato_q: Floats
    least_shown: int = 0  # every shown a is 0 or at least this; 0 where nothing is masked

    def counts(self) -> dict[str, Integers]:
        """Every head count that this release states, its four cells and its margins included."""
        a, n, m = self.exposed_cases, self.exposed[:, None], self.cases[None, :]
        known = (a != WITHHELD) & (n != WITHHELD) & (m != WITHHELD)
        size = self.persons
        cells = {
            "exposed_cases": a,
            "exposed_others": n - a,
            "unexposed_cases": m - a,
            "unexposed_others": size - n - m + a,
        }
        return {
            "persons": np.array([size], dtype=np.int64),
            "exposed": self.exposed,
            "unexposed": np.where(self.exposed == WITHHELD, WITHHELD, size - self.exposed),
            "cases": self.cases,
            "others": np.where(self.cases == WITHHELD, WITHHELD, size - self.cases),
            **{name: np.where(known, cell, WITHHELD) for name, cell in cells.items()},
        }

    def withhold(
        self,
        pairs: Flags,
        exposures: Flags | None = None,
        outcomes: Flags | None = None,
        threshold: int = THRESHOLD,
    ) -> Release:
        """A copy without what the gate keeps in.

        Parameters
        ----------
        pairs : (D, M), True where the exposed cases are masked.
        exposures : (D,), True where the number exposed is masked too: its pairs lose their margins.
        outcomes : (M,), True where the number of cases is masked too.
        threshold : the gate masks every a of 1..threshold-1, whatever else it masks.
        """
        no_exposed = _flags(exposures, len(self.exposure_codes))
        no_cases = _flags(outcomes, len(self.outcome_codes))
        no_margins = no_exposed[:, None] | no_cases[None, :]
        hidden = np.asarray(pairs, dtype=np.bool_) | no_margins | ~self.shown
        kept_in = hidden & ~no_margins & self.shown
        masked_zero = bool((self.exposed_cases[kept_in] == 0).any())
        changes: dict[str, object] = {
            name: np.where(hidden, np.nan, getattr(self, name)) for name in _TELL_EXPOSED_CASES
        }
        return replace(
            self,
            exposed=np.where(no_exposed, WITHHELD, self.exposed),
            cases=np.where(no_cases, WITHHELD, self.cases),
            weight=np.where(no_exposed, np.nan, self.weight),
            expected=np.where(no_margins, np.nan, self.expected),
            variance=np.where(no_margins, np.nan, self.variance),
            trials=np.where(no_margins, np.nan, self.trials),
            shown=~hidden,
            floor=0 if masked_zero else self.floor,
            least_shown=_least_shown(self.exposed_cases[~hidden], threshold),
            exposed_cases=np.where(hidden, WITHHELD, self.exposed_cases),
            **changes,  # type: ignore[arg-type]
        )


_TELL_EXPOSED_CASES = (
    "r", "s", "pr", "psqr", "qs", "exposed_weighted", "ratio_variance", "sato_p", "sato_q",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Estimates:
    """Ratios, difference and standardised risks with their limits; NaN where not estimable."""

    odds_ratio: Floats
    odds_ratio_low: Floats
    odds_ratio_high: Floats
    log_odds_ratio_error: Floats
    risk_ratio: Floats
    risk_ratio_low: Floats
    risk_ratio_high: Floats
    risk_difference: Floats
    risk_difference_low: Floats
    risk_difference_high: Floats
    risk_exposed: Floats  # per birth
    risk_unexposed: Floats


@dataclass(frozen=True, slots=True)
class Result:
    """All pairs, (D, M) arrays unless said; K sites in the order of the releases."""

    exposure_codes: tuple[str, ...]
    outcome_codes: tuple[str, ...]
    persons: int
    exposed: Integers  # (D,) over all sites, WITHHELD as soon as one site withholds
    cases: Integers  # (M,) likewise
    expected: Floats  # summed over sites with margins
    variance: Floats
    exposed_cases: Integers  # over all sites, WITHHELD as soon as one site withholds
    observed_at_least: Integers  # what the test used: shown counts + floor at masked sites
    testable: Flags
    p: Floats  # one-sided mid-p for an excess; NaN where not testable
    q: Floats
    signal: Flags
    threshold: float  # p at which one more pair would be called
    minimum_detectable_ratio: Floats
    estimates: Estimates  # from the sites that show the pair
    site_estimates: tuple[Estimates, ...]
    sites_shown: Flags  # (K, D, M)
    sites_masked: Flags  # (K, D, M) margins known, exposed cases masked
    sites_without_margins: Flags  # (K, D, M)
    heterogeneity: Heterogeneity  # Cochran, sites' log odds ratios
    breslow_day: Heterogeneity


def at_site(table: AnalysisTable, parameters: Parameters | None = None) -> Release:
    """Sums over the strata of one site, for every pair; nothing masked yet.

    Parameters
    ----------
    table : one row per birth; sparse binary `exposures` (n, D), `outcomes` (n, M); `strata` (n,).
    parameters : not used at a site; accepted so that every statistic is called alike.
    """
    strata = np.asarray(table.strata, dtype=np.int64)
    layers = max(int(strata.max()) + 1 if table.n else 0, 1)
    size = np.bincount(strata, minlength=layers).astype(np.float64)
    exposures, outcomes = _binary(table.exposures), _binary(table.outcomes)
    n = _by_stratum(exposures, strata, layers)
    m = _by_stratum(outcomes, strata, layers)
    keys, a = _exposed_cases_by_stratum(exposures, outcomes, strata, layers)
    return _sums(table, n, m, size, keys, a)


def combine(releases: Sequence[Release], parameters: Parameters | None = None) -> Result:
    """One scan over all sites.

    Raises
    ------
    ValueError : no release, or releases about different pairs.
    """
    chosen = parameters or Parameters()
    _same_pairs(releases)
    shown = np.stack([r.shown for r in releases])
    margins = np.stack([~np.isnan(r.expected) for r in releases])
    expected = _total([r.expected for r in releases])
    variance = _total([r.variance for r in releases])
    observed: Integers = np.stack([_counted(r) for r in releases]).sum(axis=0)
    testable = expected >= chosen.least_expected
    p = np.full(expected.shape, np.nan)
    p[testable] = _p_values(releases, testable)
    q = benjamini_hochberg.q_values(p)
    threshold = benjamini_hochberg.next_threshold(q, chosen.false_share)
    sites = tuple(_estimates([r], chosen.level) for r in releases)
    estimates = sites[0] if len(sites) == 1 else _estimates(releases, chosen.level)
    detectable = np.full(expected.shape, np.nan)
    detectable[testable] = detectable_risk.minimum_detectable_ratio(
        expected[testable], threshold, chosen.power
    )
    whole = np.where(shown.all(axis=0), observed, WITHHELD)
    return Result(
        exposure_codes=releases[0].exposure_codes,
        outcome_codes=releases[0].outcome_codes,
        persons=sum(r.persons for r in releases),
        exposed=_whole([r.exposed for r in releases]),
        cases=_whole([r.cases for r in releases]),
        expected=expected,
        variance=variance,
        exposed_cases=whole,
        observed_at_least=observed,
        testable=testable,
        p=p,
        q=q,
        signal=testable & (np.nan_to_num(q, nan=1.0) <= chosen.false_share),
        threshold=threshold,
        minimum_detectable_ratio=detectable,
        estimates=estimates,
        site_estimates=sites,
        sites_shown=shown,
        sites_masked=margins & ~shown,
        sites_without_margins=~margins,
        heterogeneity=cochran(
            np.log(np.stack([_positive(s.odds_ratio) for s in sites])),
            np.stack([s.log_odds_ratio_error for s in sites]),
        ),
        breslow_day=_breslow_day(releases),
    )


def _counted(release: Release) -> Integers:
    """Exposed cases as the test counts them: the floor where masked, none without margins."""
    masked = np.where(np.isnan(release.expected), 0, release.floor)
    return np.where(release.shown, release.exposed_cases, masked)


def _p_values(releases: Sequence[Release], testable: Flags) -> Floats:
    return masked_excess.excess(
        np.stack([_counted(r)[testable] for r in releases]),
        np.stack([np.nan_to_num(r.expected[testable]) for r in releases]),
        np.stack([np.nan_to_num(r.variance[testable]) for r in releases]),
        np.stack([np.nan_to_num(r.trials[testable]) for r in releases]),
        [r.floor for r in releases],
        [r.least_shown for r in releases],
    )


def _least_shown(shown: Integers, threshold: int) -> int:
    """The gate's threshold, or the smallest count shown should a gate show a smaller one."""
    small = shown[(shown > 0) & (shown < threshold)]
    return int(small.min()) if small.size else threshold


def _binary(matrix: csc_array) -> csc_array:
    """The same matrix with each entry once and no stored zero."""
    if matrix.has_canonical_format and bool(np.all(matrix.data)):
        return matrix
    tidy = csc_array(matrix, copy=True)
    tidy.sum_duplicates()
    tidy.eliminate_zeros()
    return tidy


def _columns(matrix: csc_array) -> Integers:
    """Column of each stored entry."""
    return np.repeat(np.arange(matrix.shape[1], dtype=np.int64), np.diff(matrix.indptr))


def _by_stratum(matrix: csc_array, strata: Integers, layers: int) -> Floats:
    """(columns, strata): rows with a one, per column and stratum."""
    key = strata[matrix.indices]
    key += np.repeat(np.arange(matrix.shape[1], dtype=np.int64) * layers, np.diff(matrix.indptr))
    found = np.bincount(key, minlength=matrix.shape[1] * layers)
    return found.reshape(matrix.shape[1], layers).astype(np.float64)


def _exposed_cases_by_stratum(
    exposures: csc_array, outcomes: csc_array, strata: Integers, layers: int
) -> tuple[Integers, Floats]:
    """Non-empty cells (exposure, outcome, stratum) as one flat key, and their exposed cases.

    Only rows of cases matter, a few percent of births, so nothing is made dense.
    """
    by_row = outcomes.tocsr()
    per_row = np.diff(by_row.indptr)
    kept = per_row[exposures.indices] > 0
    rows, drugs = exposures.indices[kept], _columns(exposures)[kept]
    repeats = per_row[rows]
    entry = np.repeat(np.arange(rows.size), repeats)
    within = np.arange(entry.size) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    outcome = by_row.indices[by_row.indptr[rows][entry] + within]
    key = (drugs[entry] * outcomes.shape[1] + outcome) * layers + strata[rows][entry]
    keys, a = np.unique(key, return_counts=True)
    return keys.astype(np.int64), a.astype(np.float64)


def _sums(
    table: AnalysisTable, n: Floats, m: Floats, size: Floats, keys: Integers, a: Floats
) -> Release:
    """Every sum: its value as if no case were exposed, corrected on the non-empty cells."""
    layers = size.size
    shape = (n.shape[0], m.shape[0])
    share = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
    expected = n @ (m * share).T
    spread = np.divide(1.0, size - 1, out=np.zeros_like(size), where=size > 1)
    variance = (n * (size - n)) @ (m * (size - m) * share**2 * spread).T
    squares = (n * n) @ (m * share**2).T + n @ (m * m * share**2).T  # sum nm(n+m)/N²
    n2m = (n * n) @ (m * share**2).T
    weight = (n * (size - n)) @ share
    sato_drug = (n * (size - n) * (size - 2 * n)) @ (share**2) / 2

    pair, at = np.divmod(keys, layers)
    drug, outcome = np.divmod(pair, shape[1])
    nn, mm, big = n[drug, at], m[outcome, at], size[at]
    null_s, null_q = nn * mm / big, (nn + mm) / big
    r, s = a * (big - nn - mm + a) / big, (nn - a) * (mm - a) / big
    q = (nn + mm - 2 * a) / big

    def added(value: Floats) -> Floats:
        total: Floats = np.bincount(pair, value, shape[0] * shape[1]).astype(np.float64)
        return total.reshape(shape)

    total_s = expected + added(s - null_s)
    total_qs = squares + added(q * s - null_q * null_s)
    total_s = _no_rounding(total_s, expected)
    total_qs[total_s == 0] = 0.0
    return Release(
        exposure_codes=table.exposure_codes,
        outcome_codes=table.outcome_codes,
        persons=int(table.n),
        exposed=n.sum(axis=1).astype(np.int64),
        cases=m.sum(axis=1).astype(np.int64),
        weight=weight,
        expected=expected,
        variance=variance,
        trials=_trials(n, m),
        shown=np.ones(shape, dtype=np.bool_),
        floor=1,
        exposed_cases=np.rint(added(a)).astype(np.int64),
        r=added(r),
        s=total_s,
        pr=added((1 - q) * r),
        psqr=expected - squares + added((1 - q) * s + q * r - (1 - null_q) * null_s),
        qs=total_qs,
        exposed_weighted=added(a * nn / big),
        ratio_variance=expected - n2m - added(a * (mm - a) / big),
        sato_p=n2m + sato_drug[:, None] - added(a * (nn**2 + (big - nn) ** 2) / big**2),
        sato_q=expected / 2 + added(a * (big - 2 * nn - 2 * mm + 2 * a) / (2 * big)),
    )


def _trials(n: Floats, m: Floats) -> Floats:
    """Largest number of exposed cases that the margins allow, stratum after stratum."""
    most = np.zeros((n.shape[0], m.shape[0]))
    for exposed, cases in zip(n.T, m.T, strict=True):
        most += np.minimum(exposed[:, None], cases[None, :])
    return most


def _no_rounding(value: Floats, scale: Floats) -> Floats:
    """These sums are 0 or at least 1/N: what is left of a complete cancellation is rounding."""
    return np.where(value < 1e-12 * np.maximum(scale, 1.0), 0.0, value)


def _estimates(releases: Sequence[Release], level: float) -> Estimates:
    """Estimates over the sites that show each pair."""
    z = float(ndtri(0.5 + level / 2))

    def over_sites(name: str) -> Floats:
        return _total([getattr(r, name) for r in releases])

    some = np.any([r.shown for r in releases], axis=0)
    a = np.sum([np.where(r.shown, r.exposed_cases, 0) for r in releases], axis=0)
    e = _total([np.where(r.shown, r.expected, np.nan) for r in releases])
    w = _total([np.where(r.shown, r.weight[:, None], np.nan) for r in releases])
    r, s, inner = over_sites("r"), over_sites("s"), over_sites("exposed_weighted")
    top, bottom = _no_rounding(a - inner, e), _no_rounding(e - inner, e)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log_or_variance = (
            over_sites("pr") / (2 * r**2)
            + over_sites("psqr") / (2 * r * s)
            + over_sites("qs") / (2 * s**2)
        )
        log_rr_variance = over_sites("ratio_variance") / (top * bottom)
        odds, ratio = np.where(some, r / s, np.nan), np.where(some, top / bottom, np.nan)
        difference = np.where(some, (a - e) / w, np.nan)
        error = np.sqrt(np.maximum(difference * over_sites("sato_p") + over_sites("sato_q"), 0)) / w
        odds_error, ratio_error = np.sqrt(log_or_variance), np.sqrt(log_rr_variance)
        high_at_zero = np.where((a == 0) & some & (e > 0), _no_case_limit(level) / e, np.nan)
        return Estimates(
            odds_ratio=odds,
            odds_ratio_low=_lower(odds, odds_error, z),
            odds_ratio_high=_upper(odds, odds_error, z, high_at_zero),
            log_odds_ratio_error=np.where((r > 0) & (s > 0), odds_error, np.nan),
            risk_ratio=ratio,
            risk_ratio_low=_lower(ratio, ratio_error, z),
            risk_ratio_high=_upper(ratio, ratio_error, z, high_at_zero),
            risk_difference=difference,
            risk_difference_low=difference - z * error,
            risk_difference_high=difference + z * error,
            risk_exposed=np.where(some, top / w, np.nan),
            risk_unexposed=np.where(some, bottom / w, np.nan),
        )


def _no_case_limit(level: float) -> float:
    """Upper limit of a Poisson mean when nothing was seen (3.69 at 95 %)."""
    return float(gammaincinv(1.0, 0.5 + level / 2))


def _lower(value: Floats, error: Floats, z: float) -> Floats:
    return np.where(value == 0, 0.0, value * np.exp(-z * error))


def _upper(value: Floats, error: Floats, z: float, at_zero: Floats) -> Floats:
    return np.where(value == 0, at_zero, value * np.exp(z * error))


def _breslow_day(releases: Sequence[Release]) -> Heterogeneity:
    """Across sites, on each site's table collapsed over its strata."""
    a = np.stack([np.where(r.shown, r.exposed_cases.astype(np.float64), np.nan) for r in releases])
    n = np.stack([r.exposed[:, None] for r in releases])
    m = np.stack([r.cases[None, :] for r in releases])
    size = np.array([r.persons for r in releases])[:, None, None]
    psi = pooled_odds_ratio(a, n, m, size)
    return breslow_day(a, n, m, size, psi)


def _total(parts: Sequence[Floats]) -> Floats:
    """Sum over sites, what is withheld counting nothing."""
    return np.asarray(np.nansum(np.stack(parts), axis=0), dtype=np.float64)


def _whole(parts: Sequence[Integers]) -> Integers:
    """Sum over sites, withheld as soon as one site withholds."""
    stacked = np.stack(parts)
    return np.where((stacked == WITHHELD).any(axis=0), WITHHELD, stacked.sum(axis=0))


def _positive(value: Floats) -> Floats:
    return np.where((value > 0) & np.isfinite(value), value, np.nan)


def _flags(value: Flags | None, size: int) -> Flags:
    return np.zeros(size, dtype=np.bool_) if value is None else np.asarray(value, dtype=np.bool_)


def _same_pairs(releases: Sequence[Release]) -> None:
    if not releases:
        raise ValueError("no release to combine")
    first = releases[0]
    for other in releases[1:]:
        if (other.exposure_codes, other.outcome_codes) != (
            first.exposure_codes,
            first.outcome_codes,
        ):
            raise ValueError("releases about different exposures or outcomes")
