"""How frequent is each malformation group among births?

Question
    Cases per 10,000 births of each group, with an interval, at each site and over the sites.

Formula
    k cases among n births: k/n. Wilson: (k + z²/2 ± z sqrt(k(n-k)/n + z²/4)) / (n + z²).
    Exact (Clopper-Pearson): quantiles of Beta(k, n-k+1) and Beta(k+1, n-k).

Assumptions
    Births independent. A group counts an infant once, however many of its codes it has.

References
    Wilson EB (1927) J Am Stat Assoc 22:209-212, doi:10.1080/01621459.1927.10502953.
    Clopper CJ, Pearson ES (1934) Biometrika 26:404-413, doi:10.1093/biomet/26.4.404.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri

from transat.cohorts.analysis_table import AnalysisTable

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

WITHHELD = -1  # a head count that stayed at its site
PER = 10_000


@dataclass(frozen=True, slots=True)
class Parameters:
    """level: of the intervals; interval: Wilson's, or the exact one."""

    level: float = 0.95
    interval: Literal["wilson", "exact"] = "wilson"


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site: births, and cases per group (M,), WITHHELD where masked."""

    outcome_codes: tuple[str, ...]
    births: int
    cases: Integers

    def counts(self) -> dict[str, Integers]:
        """Every head count stated, with the births that are no case."""
        others = np.where(self.cases == WITHHELD, WITHHELD, self.births - self.cases)
        births = np.array([self.births], dtype=np.int64)
        return {"persons": births, "cases": self.cases, "others": others}

    def withhold(self, outcomes: NDArray[np.bool_]) -> Release:
        """A copy without the cases of the groups where `outcomes` (M,) is True."""
        return replace(self, cases=np.where(outcomes, WITHHELD, self.cases))


@dataclass(frozen=True, slots=True)
class Prevalence:
    """Per 10,000 births, (M,); NaN where the cases are withheld or there is no birth."""

    births: int
    cases: Integers
    per_10000: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Result:
    """Over all sites (a group is withheld as soon as one site withholds it), and at each site."""

    outcome_codes: tuple[str, ...]
    together: Prevalence
    sites: tuple[Prevalence, ...]


def at_site(table: AnalysisTable, parameters: Parameters | None = None) -> Release:
    """Births and cases of one site; `parameters` only matter to `combine`."""
    return Release(
        outcome_codes=table.outcome_codes,
        births=int(table.n),
        cases=np.asarray(table.outcomes.sum(axis=0, dtype=np.int64)).ravel(),
    )


def combine(releases: Sequence[Release], parameters: Parameters | None = None) -> Result:
    """Prevalences over the sites and at each.

    Raises
    ------
    ValueError : no release, or releases about different groups.
    """
    if not releases or len({r.outcome_codes for r in releases}) != 1:
        raise ValueError("prevalence needs releases about the same groups")
    chosen = parameters or Parameters()
    stacked = np.stack([r.cases for r in releases])
    cases = np.where((stacked == WITHHELD).any(axis=0), WITHHELD, stacked.sum(axis=0))
    return Result(
        outcome_codes=releases[0].outcome_codes,
        together=_prevalence(sum(r.births for r in releases), cases, chosen),
        sites=tuple(_prevalence(r.births, r.cases, chosen) for r in releases),
    )


def wilson(cases: Floats, births: float, level: float) -> tuple[Floats, Floats]:
    """Wilson limits of the proportion cases / births."""
    z = float(ndtri(0.5 + level / 2))
    half = z * np.sqrt(cases * (births - cases) / births + z * z / 4)
    middle, whole = cases + z * z / 2, births + z * z
    low = np.where(cases == 0, 0.0, (middle - half) / whole)
    return low, np.where(cases == births, 1.0, (middle + half) / whole)


def exact(cases: Floats, births: float, level: float) -> tuple[Floats, Floats]:
    """Clopper-Pearson limits of the proportion cases / births."""
    tail = (1 - level) / 2
    some, others = np.maximum(cases, 1), np.maximum(births - cases, 1)
    low = betaincinv(some, births - some + 1, tail)
    high = betaincinv(births - others + 1, others, 1 - tail)
    return np.where(cases == 0, 0.0, low), np.where(cases == births, 1.0, high)


def _prevalence(births: int, cases: Integers, chosen: Parameters) -> Prevalence:
    known = (cases != WITHHELD) & (births > 0)
    k = np.where(known, cases, 0).astype(np.float64)
    limits = wilson if chosen.interval == "wilson" else exact
    low, high = limits(k, float(max(births, 1)), chosen.level)
    rate = k / max(births, 1)
    return Prevalence(
        births=births,
        cases=cases,
        per_10000=np.where(known, PER * rate, np.nan),
        low=np.where(known, PER * low, np.nan),
        high=np.where(known, PER * high, np.nan),
    )
