"""Reads three-way tables in one step of a regression, at coefficients that tilt one column.

With one coefficient c on a 0/1 column and an intercept, the weight of a row is one number where the
column is 1 and another where it is 0: each entry of the Hessian splits its two-way count, known
from the first step, into its two halves. The numbers asked for are ordinary ones.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from transat.core.languages import Text
from transat.federation.attacks import models
from transat.federation.attacks.attack import Ask, Attack, Found, Public
from transat.statistics import logistic
from transat.statistics.design_matrix import Model

PAIRS = 8
_INTERCEPT, _TILT = -2.0, 0.5


def run(ask: Ask, public: Public) -> Found:
    """Claim every cell of every three-way table of a model's 0/1 columns."""
    found = Found()
    for outcome, exposure in models.pairs(public, PAIRS):
        got = models.accepted(ask, Model(outcome, (exposure,), public.covariates))
        if got:
            for tilted in models.binary(got[1]):
                _read(ask, found, *got, tilted)
    return found


def _read(ask: Ask, found: Found, model: Model, zero: logistic.Release, tilted: int) -> None:
    beta = np.zeros(len(model.terms))
    beta[0], beta[tilted] = _INTERCEPT, _TILT
    at = logistic.Parameters(model, coefficients=tuple(float(b) for b in beta))
    answer = ask("logistic", at)
    if not isinstance(answer, logistic.Release):
        return
    without, within = _weight(_INTERCEPT), _weight(_INTERCEPT + _TILT)
    cross = 4 * zero.hessian
    three = (answer.hessian - without * cross) / (within - without)
    c, terms = zero.terms[tilted], zero.terms
    for j, k in combinations(models.binary(zero), 2):
        if tilted in (j, k):
            continue
        a, b, both = terms[j], terms[k], three[j, k]
        found.count(both, a, b, c)
        found.count(cross[j, k] - both, a, b, f"!{c}")
        found.count(cross[tilted, j] - both, a, f"!{b}", c)
        found.count(cross[0, j] - cross[j, k] - cross[tilted, j] + both, a, f"!{b}", f"!{c}")


def _weight(eta: float) -> float:
    p = 1 / (1 + np.exp(-eta))
    return float(p * (1 - p))


ATTACK = Attack(
    "three_way",
    Text(
        "lire des tableaux à trois entrées dans une seule étape à coefficients choisis",
        "read three-way tables in a single step at chosen coefficients",
    ),
    "Transat's own",
    ("path", "budget"),
    ("logistic",),
    run,
)
