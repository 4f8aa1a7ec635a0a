"""How much each copy weighs that still does what its strategy says: inverse probabilities.

Rows of the treatment models are spells cut at the periods: within one, columns and time say the
same of every step, so that steps are counted, not written out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from transat.cohorts.survival_table import SurvivalTable
from transat.statistics.clones import Clones, Strategy
from transat.statistics.design_matrix import decomposed
from transat.statistics.risk_sets import positions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_LEAST = 1e-6  # no treatment is taken to be surer, or less likely
_ROUNDS, _HALVINGS = 40, 20


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """What the treatment models see of n people; Q rows, q columns, R person-steps of `clones`.

    x: (Q, q) which period it is, then the columns less their mean over their standard deviation.
    whose: (Q,) person. row: (R,) the model's row of each person-step. grace: steps. early_tries,
    early_hits, waiting_tries, waiting_hits: (Q,) steps in which the treatment, or a deviation,
    could come and came.
    """

    made: Clones
    strategy: Strategy
    x: Floats
    whose: Integers
    row: Integers
    early: Flags  # (R,) person-steps of which the early arm's model is
    early_tries: Floats
    early_hits: Floats
    waiting_tries: Floats
    waiting_hits: Floats

    @property
    def grace(self) -> int:
        """Steps of the grace period."""
        return grace(self.strategy)


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The weights (n, J) of the copies that stay, by arm, and the coefficients of each model."""

    early: Floats
    waiting: Floats
    early_model: Floats
    waiting_model: Floats


def grace(strategy: Strategy) -> int:
    """Steps of the grace period, at least one."""
    return max(round(strategy.grace / strategy.step), 1)


def models(
    table: SurvivalTable, made: Clones, strategy: Strategy, columns: tuple[str, ...],
    periods: tuple[float, ...],
) -> Models:  # fmt: skip
    """The rows of the treatment models of these people.

    Raises
    ------
    StudyError : a column that the table does not hold.
    """
    at = (made.step + 0.5) * strategy.step
    period = np.searchsorted(np.asarray(periods, dtype=np.float64), at)
    new = np.ones(len(made.step), dtype=np.bool_)
    new[1:] = (np.diff(made.spell) != 0) | (np.diff(period) != 0) | (np.diff(made.person) != 0)
    first, row = np.flatnonzero(new), np.cumsum(new) - 1
    x = table.columns[made.spell[first][:, None], positions(table, columns)]
    tries = np.bincount(row, minlength=len(first)).astype(np.float64)
    if len(x):
        x = x - tries @ x / tries.sum()
        size = np.sqrt(tries @ x**2 / tries.sum())
        x = x / np.where(size > 0, size, 1.0)
    early = made.step < grace(strategy)
    if strategy.timing == "natural":
        early &= made.step == grace(strategy) - 1

    def counted(rows: Flags) -> Floats:
        return np.bincount(row[rows], minlength=len(first)).astype(np.float64)

    return Models(
        made=made,
        strategy=strategy,
        x=np.column_stack([period[first][:, None] == np.unique(period), x]).astype(np.float64),
        whose=made.person[first],
        row=row.astype(np.int64),
        early=early,
        early_tries=counted(early),
        early_hits=counted(early & made.treated),
        waiting_tries=counted(made.bound),
        waiting_hits=counted(made.bound & made.deviates),
    )


def weights(
    of: Models, steps: int, penalty: float, cap: float, times: Floats | None = None,
    near: Weights | None = None,
) -> Weights:  # fmt: skip
    """The weights over J = `steps`, with each person counted `times` (n,).

    near: where the models begin to be fitted. penalty: of the squared coefficients.

    Raises
    ------
    StudyError : columns that say the same thing, with no penalty.
    """
    made = of.made
    rate = np.ones(len(of.whose)) if times is None else times[of.whose]
    early = _logistic(
        of.x, rate * of.early_tries, rate * of.early_hits, penalty,
        None if near is None else near.early_model,
    )  # fmt: skip
    waiting = _logistic(
        of.x, rate * of.waiting_tries, rate * of.waiting_hits, penalty,
        None if near is None else near.waiting_model,
    )  # fmt: skip
    logs = np.zeros((2, len(made.people), steps))
    inside, bound = of.early, made.bound
    logs[0, made.person[inside], made.step[inside]] = _early(
        _chance(of.x, early)[of.row[inside]], of.grace - made.step[inside], made.treated[inside]
    )
    stays = -np.log1p(-_chance(of.x, waiting))
    logs[1, made.person[bound], made.step[bound]] = stays[of.row[bound]]
    found = np.exp(np.minimum(np.cumsum(logs, axis=2), np.log(cap)))
    return Weights(found[0], found[1], early, waiting)


def _early(chance: Floats, left: Integers, hit: Flags) -> Floats:
    """Log of what a step multiplies the early copy's weight by; `left` steps until it must be."""
    wanted = 1.0 / left
    later = np.log1p(-np.where(left > 1, wanted, 0.0)) - np.log1p(-chance)
    # who is not treated in the last step is no longer followed
    return np.where(hit, np.log(wanted) - np.log(chance), np.where(left > 1, later, 0.0))


def _chance(x: Floats, beta: Floats) -> Floats:
    return np.clip(expit(x @ beta), _LEAST, 1 - _LEAST)


def _logistic(
    x: Floats, tries: Floats, hits: Floats, penalty: float, near: Floats | None
) -> Floats:
    """Coefficients (q,) of a penalised logistic regression of (Q,) hits among tries; 0 for a
    period in which nobody could."""
    used = np.flatnonzero((x[tries > 0] != 0).any(axis=0))
    beta = np.zeros(x.shape[1])
    if not used.size:
        return beta
    inside = tries > 0
    z, n, y = x[inside][:, used], tries[inside], hits[inside]
    here = np.zeros(used.size) if near is None else near[used]
    names = tuple(f"column {k}" for k in used)
    value = _penalised(z, n, y, penalty, here)
    for _ in range(_ROUNDS):
        p = expit(z @ here)
        gradient = z.T @ (y - n * p) - penalty * here
        hessian = (z * (n * p * (1 - p))[:, None]).T @ z + penalty * np.eye(used.size)
        size, values, vectors = decomposed(hessian, names)
        step = vectors @ ((vectors.T @ (gradient / size)) / values) / size
        if float(step @ gradient) < 1e-12 * max(1.0, abs(value)):
            break
        here, value = _forward(z, n, y, penalty, here, step, value)
    beta[used] = here
    return beta


def _forward(
    z: Floats, n: Floats, y: Floats, penalty: float, here: Floats, step: Floats, value: float
) -> tuple[Floats, float]:
    """The step, halved while the penalised log-likelihood falls."""
    for _ in range(_HALVINGS):
        there = _penalised(z, n, y, penalty, here + step)
        if there >= value - 1e-12 * max(1.0, abs(value)):
            return here + step, there
        step = step / 2
    return here, value


def _penalised(z: Floats, n: Floats, y: Floats, penalty: float, beta: Floats) -> float:
    eta = z @ beta
    none = np.log1p(np.exp(-np.abs(eta))) + np.maximum(eta, 0.0)
    return float(y @ eta - n @ none - penalty * (beta @ beta) / 2)
