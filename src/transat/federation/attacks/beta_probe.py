"""Asks a step at coefficients that leave one person all the weight, and reads that person's row.

With a steep slope on one column, the row at its end outweighs all others: the Hessian is then that
row's own products. When its columns show no spread, it is one person's (or a few equal people's).
"""

from __future__ import annotations

from itertools import product

import numpy as np

from transat.core.languages import Text
from transat.federation.attacks import models
from transat.federation.attacks.attack import Ask, Attack, Found, Public
from transat.statistics import logistic
from transat.statistics.design_matrix import Model

PAIRS = 6
#: Slopes that are tried, in standard deviations of the column.
SLOPES = (2.0, 5.0, 9.9, 28.0, 300.0)


def run(ask: Ask, public: Public) -> Found:
    """Claim the rows at the two ends of every column that is not 0/1."""
    found = Found()
    for outcome, exposure in models.pairs(public, PAIRS):
        got = models.accepted(ask, Model(outcome, (exposure,), public.covariates))
        if got:
            _probe(ask, found, *got)
    return found


def _probe(ask: Ask, found: Found, model: Model, zero: logistic.Release) -> None:
    n = max(zero.rows, 1)
    mean = 4 * zero.hessian[0] / n
    spread = np.sqrt(np.maximum(4 * np.diag(zero.hessian) / n - mean**2, 0.0))
    others = set(range(1, len(model.terms))) - set(models.binary(zero))
    for j, slope, sign in product(sorted(others), SLOPES, (1.0, -1.0)):
        if spread[j] == 0:
            continue
        beta = np.zeros(len(model.terms))
        beta[j] = sign * slope / spread[j]
        beta[0] = -beta[j] * (mean[j] + sign * 3.5 * spread[j])
        at = logistic.Parameters(model, coefficients=tuple(float(b) for b in beta))
        answer = ask("logistic", at)
        if isinstance(answer, logistic.Release):
            _read(found, answer)


def _read(found: Found, release: logistic.Release) -> None:
    weight = release.hessian[0, 0]
    if not weight > 0:
        return
    row = release.hessian[0] / weight
    variance = np.diag(release.hessian) / weight - row**2
    if (np.abs(variance) <= 1e-9 * np.maximum(1.0, row**2)).all():
        found.row(dict(zip(release.terms[1:], (float(v) for v in row[1:]), strict=True)))


ATTACK = Attack(
    "beta_probe",
    Text(
        "demander une étape à des coefficients qui isolent une personne",
        "ask a step at coefficients that isolate one person",
    ),
    "programme.md, beta probe (rule G10)",
    ("path", "coefficients", "budget"),
    ("logistic",),
    run,
)
