"""Solves for the sizes of small groups with a few rounds of one regression.

At other coefficients the same rows weigh otherwise. The outcome enters only through X'y, which the
first step tells, so all that is new is about the patterns of the 0/1 columns: p(p+1)/2 weighted
sums a round over at most 2^k unknown sizes. `CHOSEN` takes coefficients at random; a column of any
other kind stays in the model at coefficient 0, where it changes nothing but makes rows look
different. `FITTED` asks no more than an honest fit of a small model does, and solves the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from transat.core.errors import TransatError
from transat.core.languages import Text
from transat.federation.attacks import models
from transat.federation.attacks.attack import Ask, Attack, Found, Public
from transat.statistics import logistic
from transat.statistics.design_matrix import Model

Floats = NDArray[np.float64]

PAIRS: Final = 12
FITS: Final = 3
ROUNDS: Final = 12
COLUMNS: Final = 4
MOST: Final = 7
_SOURCE: Final = "Dinur, Nissim 2003, doi:10.1145/773153.773173 (reconstruction from many sums)"


class _Point(NamedTuple):
    """What was asked and what came back."""

    beta: Floats
    release: logistic.Release


class _End(Exception):
    """A fit was refused on its way."""


def chosen(ask: Ask, public: Public) -> Found:
    """Claim the size of every pattern that steps at coefficients of one's own choice determine."""
    found = Found()
    for outcome, exposure in models.pairs(public, PAIRS):
        got = models.accepted(ask, Model(outcome, (exposure,), public.covariates))
        if got:
            for most in (2, COLUMNS):
                columns = models.chosen(models.binary(got[1]), most)
                _solve(found, got[1], columns, _at_random(ask, *got, columns))
    return found


def fitted(ask: Ask, public: Public) -> Found:
    """Claim the size of every pattern that the rounds of honest fits determine."""
    found = Found()
    for outcome, exposure in models.pairs(public, FITS):
        got = models.accepted(ask, Model(outcome, (exposure,), public.covariates))
        if got is None:
            continue
        flags = [got[1].terms[j] for j in models.binary(got[1])]
        flags = [name for name in flags if name != exposure]
        for columns in _some(flags):
            _fit(ask, found, Model(outcome, (exposure,), columns))
    return found


def _some(flags: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Sets of columns: small ones, then ever larger ones."""
    for few in (1, 2):
        yield from combinations(flags, few)
    for many in range(3, min(len(flags), MOST) + 1):
        yield tuple(flags[-many:])


def _fit(ask: Ask, found: Found, model: Model) -> None:
    points: list[_Point] = []

    def asked(parameters: Sequence[Any]) -> list[Any]:
        answer = ask("logistic", parameters[0])
        if not isinstance(answer, logistic.Release):
            raise _End
        points.append(_Point(np.array(parameters[0].coefficients), answer))
        return [answer]

    with contextlib.suppress(_End, TransatError):
        logistic.combine(asked, logistic.Parameters(model))
    if points:
        zero = points[0].release
        _solve(found, zero, models.binary(zero), points[1:])


def _at_random(
    ask: Ask, model: Model, zero: logistic.Release, columns: tuple[int, ...]
) -> list[_Point]:
    rng = np.random.default_rng(0)
    points: list[_Point] = []
    for _ in range(ROUNDS):
        beta = np.zeros(len(model.terms))
        beta[[0, *columns]] = rng.normal(0, 1.5, len(columns) + 1)
        at = logistic.Parameters(model, coefficients=tuple(float(b) for b in beta))
        answer = ask("logistic", at)
        if not isinstance(answer, logistic.Release):
            break
        points.append(_Point(beta, answer))
    return points


def _solve(
    found: Found, zero: logistic.Release, columns: tuple[int, ...], points: Sequence[_Point]
) -> None:
    """Claim what the answers, all other coefficients being 0, determine of these columns."""
    if len(columns) < 2:
        return
    grid = np.array(list(product((0.0, 1.0), repeat=len(columns))))
    used = np.array((0, *columns))
    x = np.column_stack([np.ones(len(grid)), grid])
    every = [_Point(np.zeros(len(zero.terms)), zero), *points]
    left = np.vstack([_rows(x, p.beta[used]) for p in every])
    right = np.concatenate([_sums(p.release, zero, used, p.beta[used]) for p in every])
    sizes, known = _determined(left, right)
    for pattern, size, sure in zip(grid, sizes, known, strict=True):
        if sure:
            names = (zero.terms[j] for j in columns)
            said = (name if has else f"!{name}" for name, has in zip(names, pattern, strict=True))
            found.count(float(size), *said)


def _rows(x: Floats, beta: Floats) -> Floats:
    """One row per number of an answer: what a person of each pattern adds to it."""
    eta = x @ beta
    p = 1 / (1 + np.exp(-eta))
    upper = np.triu_indices(x.shape[1])
    products = (x[:, upper[0]] * x[:, upper[1]] * (p * (1 - p))[:, None]).T
    return np.vstack([products, (x * p[:, None]).T, np.logaddexp(0.0, eta)[None, :]])


def _sums(
    release: logistic.Release, zero: logistic.Release, used: NDArray[np.int_], beta: Floats
) -> Floats:
    """The numbers of an answer, less what the outcome adds (X'y, known from the first step)."""
    with_outcome = models.outcome_sums(zero)[used]
    upper = np.triu_indices(len(used))
    hessian = release.hessian[np.ix_(used, used)][upper]
    risks = with_outcome - release.gradient[used]
    likelihood = np.array([float(with_outcome @ beta) - release.log_likelihood])
    return np.concatenate([hessian, risks, likelihood])


def _determined(left: Floats, right: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Least squares, and which unknowns every solution agrees on."""
    scale = np.linalg.norm(left, axis=1)
    left, right = left / scale[:, None], right / scale
    _, values, vectors = np.linalg.svd(left, full_matrices=True)
    rank = int((values > 1e-9 * values[0]).sum())
    free = vectors[rank:]
    solved = np.linalg.lstsq(left, right, rcond=1e-9)[0]
    known = (np.abs(free) < 1e-7).all(axis=0)
    return np.asarray(solved, dtype=np.float64), np.asarray(known, dtype=np.bool_)


def _attack(
    key: str, said: Text, by: tuple[str, ...], run: Callable[[Ask, Public], Found]
) -> Attack:
    return Attack(key, said, _SOURCE, by, ("logistic",), run)


CHOSEN: Final = _attack(
    "patterns",
    Text(
        "résoudre la taille des petits groupes avec quelques tours à coefficients choisis",
        "solve for the sizes of small groups with a few rounds at chosen coefficients",
    ),
    ("path", "budget", "coefficients"),
    chosen,
)
FITTED: Final = _attack(
    "fitted_patterns",
    Text(
        "résoudre la taille des petits groupes avec les tours d'ajustements honnêtes",
        "solve for the sizes of small groups with the rounds of honest fits",
    ),
    ("budget",),
    fitted,
)
