"""How attackers get a model past a gate: drop what is refused, read 0/1 columns off the sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from transat.federation.attacks.attack import Ask, Public
from transat.federation.wire import Refusal
from transat.statistics import logistic
from transat.statistics.design_matrix import Model

#: Refusals that an attacker puts up with before it turns to another pair.
PATIENCE = 8


def accepted(ask: Ask, model: Model) -> tuple[Model, logistic.Release] | None:
    """The largest part of the model that is answered at coefficients 0, and the answer."""
    for _ in range(PATIENCE):
        answer = ask("logistic", logistic.Parameters(model))
        if isinstance(answer, logistic.Release):
            return model, answer
        named = set(answer.columns) if isinstance(answer, Refusal) else set()
        kept = tuple(name for name in model.covariates if name not in named)
        if kept == model.covariates:
            return None
        model = replace(model, covariates=kept)
    return None


def pairs(public: Public, most: int) -> Iterator[tuple[str, str]]:
    """Outcome and exposure, at most so many pairs, spread over both lists."""
    whole = [(m, d) for m in public.outcomes for d in public.exposures]
    step = max(1, -(-len(whole) // most))
    yield from whole[::step]


def binary(release: logistic.Release) -> tuple[int, ...]:
    """Terms but the intercept whose sum of squares is their sum, at coefficients 0: 0/1 columns."""
    first, diagonal = release.hessian[0], np.diag(release.hessian)
    alike = np.isclose(first, diagonal, rtol=1e-9, atol=1e-12)
    return tuple(int(j) for j in np.flatnonzero(alike) if j)


def outcome_sums(release: logistic.Release) -> Any:
    """X'y of a release at coefficients 0, where every fitted risk is one half."""
    return release.gradient + 2 * release.hessian[0]


def chosen(columns: Sequence[int], most: int) -> tuple[int, ...]:
    """The last `most` of the columns: an attacker leaves the others at coefficient 0."""
    return tuple(columns[-most:])
