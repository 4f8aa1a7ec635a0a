"""One population, drawn, split over sites by a draw, and put together again; and the statistics
and learners of the package with the bound within which federated is pooled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from gated import births, times
from scipy.sparse import csc_array, vstack

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.survival_table import SurvivalTable
from transat.learners import bins, boosted_trees
from transat.learners.trees import Bins
from transat.statistics import (
    aalen_johansen,
    cox,
    firth,
    kaplan_meier,
    log_rank,
    logistic,
    mantel_haenszel,
    prevalence,
)
from transat.statistics.design_matrix import Model

#: What a statistic's `combine` calls: a step's name fixed, parameters to each site (or to all).
Ask = Callable[[Sequence[Any]], Sequence[Any]]
#: `Ask` of a step.
Asking = Callable[[str], Ask]

GRID = Bins(
    ("age", "year", "epilepsy", "D0"),
    (tuple(float(a) for a in range(22, 40, 2)), (2012.0, 2014.0, 2016.0), (0.0,), (0.0,)),
)
COVARIATES = ("age", "epilepsy")
MONTHS = kaplan_meier.Parameters(tuple(float(m) for m in range(6, 60, 6)), by="old")
KINDS = aalen_johansen.Parameters(MONTHS.grid, by="old")
COX = cox.Parameters(("x0", "old"))
GROUPS = log_rank.Parameters(("old",))
#: What is told on the edges that every gate left.
BY_TIME = ("kaplan_meier", "aalen_johansen")
SURVIVAL = ("time", "entry", "event", "columns", "strata", "people")


@dataclass(frozen=True)
class Split:
    """The tables of each site, and of all of them together."""

    tables: tuple[AnalysisTable, ...]
    survival: tuple[SurvivalTable, ...]

    @property
    def sites(self) -> int:
        return len(self.tables)


def drawn(seed: int, sites: int, rows: int) -> Split:
    """People given to sites by a draw of unequal chances; strata of three calendar periods."""
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet(np.full(sites, 8.0)) * 0.5 + 0.5 / sites
    of = rng.choice(sites, rows, p=chances)
    table, survival = births(seed, rows), times(seed + 1, rows, late=bool(seed % 2))
    period = ((table.covariates[:, 1] - 2010) // 3).astype(np.int32)
    table = replace(table, strata=period, stratum_labels=("early", "middle", "late"))
    return Split(
        tuple(table.take(of == k) for k in range(sites)),
        tuple(chosen(survival, of == k) for k in range(sites)),
    )


def chosen(table: SurvivalTable, rows: np.ndarray) -> SurvivalTable:
    parts = {name: getattr(table, name)[rows] for name in SURVIVAL}
    return replace(table, n=int(rows.sum()), **parts)


def stacked(tables: Sequence[AnalysisTable]) -> AnalysisTable:
    """One table: strata of each site its own, and an indicator of each site but the first."""
    labels = [f"{k} {label}" for k, t in enumerate(tables) for label in t.stratum_labels]
    starts = np.cumsum([0, *(len(t.stratum_labels) for t in tables)])
    site = np.repeat(np.arange(len(tables)), [t.n for t in tables])
    indicators = (site[:, None] == np.arange(1, len(tables))).astype(float)
    first = tables[0]
    return replace(
        first,
        n=len(site),
        exposures=csc_array(vstack([t.exposures for t in tables])),
        outcomes=csc_array(vstack([t.outcomes for t in tables])),
        strata=np.concatenate([t.strata + s for t, s in zip(tables, starts, strict=False)]),
        stratum_labels=tuple(labels),
        covariates=np.hstack([np.vstack([t.covariates for t in tables]), indicators]),
        covariate_names=(*first.covariate_names, *(f"site:{k}" for k in range(1, len(tables)))),
        cluster=np.concatenate([t.cluster for t in tables]),
    )


def stacked_times(tables: Sequence[SurvivalTable]) -> SurvivalTable:
    """One table, each site a stratum."""
    site = np.repeat(np.arange(len(tables)), [t.n for t in tables]).astype(np.int32)
    parts = {name: np.concatenate([getattr(t, name) for t in tables]) for name in SURVIVAL}
    labels = tuple(str(k) for k in range(len(tables)))
    return replace(tables[0], **{**parts, "n": len(site), "strata": site, "stratum_labels": labels})


@dataclass(frozen=True)
class Case:
    """federated, pooled: numbers by name; bound: largest difference, of values of about 1."""

    federated: Callable[[Asking, Split], dict[str, Any]]
    pooled: Callable[[Split], dict[str, Any]]
    bound: float


def _regressed(kind: Any) -> Case:
    step = kind.__name__.rpartition(".")[2]

    def federated(asking: Asking, split: Split) -> dict[str, Any]:
        model = Model("m0", ("D0",), COVARIATES, sites=split.sites)
        return _by_term(kind.combine(asking(step), kind.Parameters(model)))

    def pooled(split: Split) -> dict[str, Any]:
        table = stacked(split.tables)
        sites = tuple(f"site:{k}" for k in range(1, split.sites))
        model = Model("m0", ("D0",), (*COVARIATES, *sites))
        return _by_term(kind.combine(lambda q: [kind.at_site(table, q[0])], kind.Parameters(model)))

    return Case(federated, pooled, 1e-9 if kind is firth else 1e-10)


def _by_term(result: Any) -> dict[str, Any]:
    both = zip(result.terms, result.coefficients, result.standard_errors, strict=True)
    return {"converged": result.converged, **{term: (b, se) for term, b, se in both}}


def _cox() -> Case:
    def told(result: cox.Result) -> dict[str, Any]:
        return {**_by_term(result), "l": result.log_likelihood / result.events}

    return Case(
        lambda asking, split: told(cox.combine(asking("cox"), COX)),
        lambda split: told(
            cox.combine(lambda q: [cox.at_site(stacked_times(split.survival), q[0])], COX)
        ),
        1e-10,
    )


def _kaplan_meier() -> Case:
    def told(releases: Sequence[Any]) -> dict[str, Any]:
        curves = kaplan_meier.combine(releases, MONTHS).together
        return {
            f"{k} {name}": dict(zip(curve.edges.tolist(), getattr(curve, name), strict=True))
            for k, curve in enumerate(curves)
            for name in ("survival", "standard_errors", "low", "high")
        }

    return Case(
        lambda asking, split: told(asking("kaplan_meier")([MONTHS])),
        lambda split: told([kaplan_meier.at_site(stacked_times(split.survival), MONTHS)]),
        0.0,
    )


def _aalen_johansen() -> Case:
    def told(releases: Sequence[Any]) -> dict[str, Any]:
        curves = aalen_johansen.combine(releases, KINDS).together
        return {
            f"{k} {name} {kind}": dict(zip(curve.edges.tolist(), values, strict=True))
            for k, curve in enumerate(curves)
            for name in ("incidence", "standard_errors", "low", "high")
            for kind, values in enumerate(getattr(curve, name))
        }

    return Case(
        lambda asking, split: told(asking("aalen_johansen")([KINDS])),
        lambda split: told([aalen_johansen.at_site(stacked_times(split.survival), KINDS)]),
        0.0,
    )


def _log_rank() -> Case:
    def told(releases: Sequence[Any]) -> dict[str, Any]:
        result = log_rank.combine(releases, GROUPS)
        return {"chi_square": result.chi_square, "p": result.p, "persons": result.persons}

    return Case(
        lambda asking, split: told(asking("log_rank")([GROUPS])),
        lambda split: told([log_rank.at_site(stacked_times(split.survival), GROUPS)]),
        1e-10,
    )


def _prevalence() -> Case:
    def told(releases: Sequence[Any]) -> dict[str, Any]:
        found = prevalence.combine(releases).together
        return {"cases": found.cases, "per_10000": found.per_10000, "low": found.low}

    return Case(
        lambda asking, split: told(asking("prevalence")([prevalence.Parameters()])),
        lambda split: told([prevalence.at_site(stacked(split.tables))]),
        0.0,
    )


def _mantel_haenszel() -> Case:
    def told(releases: Sequence[Any]) -> dict[str, Any]:
        found = mantel_haenszel.combine(releases)
        estimates = {
            field.name: getattr(found.estimates, field.name) for field in fields(found.estimates)
        }
        return {**estimates, "expected": found.expected, "variance": found.variance, "p": found.p}

    return Case(
        lambda asking, split: told(asking("mantel_haenszel")([mantel_haenszel.Parameters()])),
        lambda split: told([mantel_haenszel.at_site(stacked(split.tables))]),
        1e-12,
    )


def _boosted_trees() -> Case:
    asked = boosted_trees.Parameters("m0", GRID, number=4, depth=2, rate=0.3)

    def told(result: boosted_trees.Result) -> dict[str, Any]:
        return {"forest": result.forest, "gain": result.gain, "rounds": result.rounds}

    def federated(asking: Asking, split: Split) -> dict[str, Any]:
        wanted = bins.Parameters(GRID, 8)
        agreed = bins.combine(asking("bins")([wanted]), wanted)
        return told(boosted_trees.combine(asking("boosted_trees"), replace(asked, bins=agreed)))

    def pooled(split: Split) -> dict[str, Any]:
        wanted, table = bins.Parameters(GRID, 8), stacked(split.tables)
        agreed = bins.combine([bins.at_site(table, wanted)], wanted)
        return told(
            boosted_trees.combine(
                lambda q: [boosted_trees.at_site(table, q[0])], replace(asked, bins=agreed)
            )
        )

    return Case(federated, pooled, 0.0)


CASES = {
    "prevalence": _prevalence(),
    "mantel_haenszel": _mantel_haenszel(),
    "logistic": _regressed(logistic),
    "firth": _regressed(firth),
    "cox": _cox(),
    "kaplan_meier": _kaplan_meier(),
    "aalen_johansen": _aalen_johansen(),
    "log_rank": _log_rank(),
    "boosted_trees": _boosted_trees(),
}


def same(one: Any, other: Any, bound: float) -> None:
    """Raises AssertionError where two results differ by more than `bound`; forests: at all."""
    if isinstance(one, dict):
        assert set(one) == set(other)
        for name, value in one.items():
            same(value, other[name], bound)
    elif isinstance(one, (float, int, tuple, np.ndarray)) and not isinstance(one, bool):
        np.testing.assert_allclose(one, other, rtol=bound, atol=bound)
    else:
        assert one == other
