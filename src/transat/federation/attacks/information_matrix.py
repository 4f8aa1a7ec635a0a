"""Reads two-way tables in the first step of a regression: at coefficients 0 its sums are counts.

The Hessian is a quarter of the cross-products of the columns, the gradient tells the cases among
those who have each. Source: the rare code read in the information matrix, measured in Transat's own
study of federation engines; dsBase's glmDS2 tests one-way counts only.
"""

from __future__ import annotations

from itertools import combinations

from transat.core.languages import Text
from transat.federation.attacks import models
from transat.federation.attacks.attack import Ask, Attack, Found, Public
from transat.statistics import logistic
from transat.statistics.design_matrix import Model

#: Most pairs of outcome and exposure that are tried.
PAIRS = 40


def run(ask: Ask, public: Public) -> Found:
    """Claim every cell of every two-way table that the first step implies."""
    found = Found()
    for outcome, exposure in models.pairs(public, PAIRS):
        got = models.accepted(ask, Model(outcome, (exposure,), public.covariates))
        if got:
            _read(found, *got)
    return found


def _read(found: Found, model: Model, release: logistic.Release) -> None:
    n, cross, with_outcome = release.rows, 4 * release.hessian, models.outcome_sums(release)
    case, terms, columns = f"outcome:{model.outcome}", release.terms, models.binary(release)
    for j in columns:
        alone, cases = cross[0, j], with_outcome[j]
        _table(found, terms[j], case, (cases, alone - cases, release.cases - cases), n)
    for j, k in combinations(columns, 2):
        both = cross[j, k]
        _table(found, terms[j], terms[k], (both, cross[0, j] - both, cross[0, k] - both), n)


def _table(found: Found, a: str, b: str, cells: tuple[float, float, float], n: int) -> None:
    both, first, second = cells
    found.count(both, a, b)
    found.count(first, a, f"!{b}")
    found.count(second, f"!{a}", b)
    found.count(n - both - first - second, f"!{a}", f"!{b}")


ATTACK = Attack(
    "information_matrix",
    Text(
        "lire les tableaux croisés dans la première étape d'une régression",
        "read two-way tables in the first step of a regression",
    ),
    "programme.md, measured 2026-11; dsBase glmDS2.R (tests one-way counts only)",
    ("implied_tables", "budget"),
    ("logistic",),
    run,
)
