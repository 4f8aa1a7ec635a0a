"""Reads three-way tables in Firth's penalty, whose inverse matrix the coordinator sends.

With coefficients that give everybody the same risk p, the penalised score adds w (1/2 - p) times
the sum of x'Ax x: an A of its own choice, with one entry, makes it the count of three columns.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transat.core.languages import Text
from transat.federation.attacks import models
from transat.federation.attacks.attack import Ask, Attack, Found, Public
from transat.statistics import firth, logistic
from transat.statistics.design_matrix import Model

Floats = NDArray[np.float64]

PAIRS, COLUMNS = 8, 4
_INTERCEPT = 0.5


def run(ask: Ask, public: Public) -> Found:
    """Claim every cell of three 0/1 columns that the penalty tells."""
    found = Found()
    for outcome, exposure in models.pairs(public, PAIRS):
        got = models.accepted(ask, Model(outcome, (exposure,), public.covariates))
        if got:
            _read(ask, found, *got)
    return found


def _read(ask: Ask, found: Found, model: Model, zero: logistic.Release) -> None:
    p = 1 / (1 + np.exp(-_INTERCEPT))
    each = p * (1 - p) * (0.5 - p)
    cross, terms = 4 * zero.hessian, zero.terms
    columns = models.chosen(models.binary(zero), COLUMNS)
    plain = models.outcome_sums(zero) - p * cross[0]
    for a, b in combinations(columns, 2):
        score = _score(ask, model, (a, b))
        if score is None:
            return
        for c in columns:
            if c not in (a, b):
                three = (score[c] - plain[c]) / each
                found.count(three, terms[a], terms[b], terms[c])
                found.count(cross[a, b] - three, terms[a], terms[b], f"!{terms[c]}")


def _score(ask: Ask, model: Model, entry: tuple[int, int]) -> Floats | None:
    size = len(model.terms)
    inverse = np.zeros((size, size))
    inverse[entry] = 1.0
    coefficients = (_INTERCEPT, *(0.0 for _ in range(size - 1)))
    chosen = tuple(float(v) for v in inverse.ravel())
    answer: Any = ask("firth", firth.Parameters(model, coefficients, chosen))
    return answer.score if isinstance(answer, firth.Release) else None


ATTACK = Attack(
    "penalty",
    Text(
        "lire des tableaux à trois entrées dans la pénalité de Firth",
        "read three-way tables in Firth's penalty",
    ),
    "Transat's own; the same idea as the covariance attack of Huth et al. 2023 (Bioinformatics)",
    ("path", "budget"),
    ("logistic", "firth"),
    run,
)
