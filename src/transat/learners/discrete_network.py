"""A small neural network for a hazard in discrete time, by federated averaging; an option.

Question
    As `hazard_trees`, with a smooth surface: one hidden layer shared by all intervals of the grid,
    so that hazards bend with the columns and need not be proportional.

Formula
    Log odds of the hazard in interval k: F = c_k + sum over hidden units of tanh(x'a + b) v_k, x
    the columns less agreed centres, over agreed scales. Loss: minus the log-likelihood of the
    intervals at risk, a mean over rows, plus decay/2 times the squares of a and v. A round: each
    site takes `steps` steps of full gradient descent from the common weights and sends where it
    arrives; the coordinator averages by rows (McMahan) and moves by the average way with Adam's
    step (Kingma and Ba), its memory kept at the coordinator. Weights begin at numbers drawn from
    `seed`, the same everywhere.

Federated and pooled
    With one step (the default) the average way is the pooled gradient: the same fit, to rounding.
    With more, sites with different people pull apart and it is not; fewer rounds are its use.

What leaves
    Weights after local steps: sums over the site's rows, as a gradient is, of as many columns as
    there are weights. On few rows they tell much of them (gradient inversion); a gate counts them
    as that many sums, and the other learners tell less. Hence an option.

References
    Gensheimer MF, Narasimhan B (2019) PeerJ 7:e6257, doi:10.7717/peerj.6257.
    McMahan B et al. (2017) AISTATS, PMLR 54:1273-1282, arXiv:1602.05629.
    Kingma DP, Ba J (2015) ICLR, arXiv:1412.6980.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from transat.cohorts.folds import Part
from transat.cohorts.survival_table import SurvivalTable
from transat.learners import hazards, trees
from transat.learners.follow_up import follow_up
from transat.learners.hazards import Network

Floats = NDArray[np.float64]

_KEEP, _KEEP_SQUARE, _SMALL = 0.9, 0.999, 1e-8  # Adam's own constants


@dataclass(frozen=True, slots=True)
class Parameters:
    """columns, centres, scales: (p,), the last two agreed (a protocol's, or released means). grid:
    edges of time. kind, part: of event, of the people. hidden: units. steps, rate: of a site's
    descent in a round. decay: penalty. seed: of the first weights. rounds, move: of the
    coordinator. coefficients: the common weights (empty: those of the seed)."""

    columns: tuple[str, ...]
    centres: tuple[float, ...]
    scales: tuple[float, ...]
    grid: tuple[float, ...]
    kind: int = 1
    part: Part = field(default_factory=Part)
    hidden: int = 8
    steps: int = 1
    rate: float = 0.5
    decay: float = 1e-4
    seed: int = 1
    rounds: int = 150
    move: float = 0.03
    coefficients: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site at one round. weight: of its rows, their number where none has a weight.
    loss: mean, at the weights asked about. weights: (Q,) where the site arrived."""

    persons: int
    events: int
    event_free: int
    weight: float
    loss: float
    weights: Floats

    def counts(self) -> dict[str, NDArray[np.int64]]:
        """Every head count stated."""
        stated = {"persons": self.persons, "events": self.events, "event_free": self.event_free}
        return {name: np.array([value], dtype=np.int64) for name, value in stated.items()}


@dataclass(frozen=True, slots=True)
class Result:
    """losses: (rounds,) over the sites, at the beginning of each round."""

    form: Network
    grid: tuple[float, ...]
    persons: int
    events: int
    losses: Floats
    rounds: int


Ask = Callable[[Sequence[Parameters]], Sequence[Release]]


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The descent of one site from the weights asked about.

    Raises
    ------
    StudyError : a column that the table does not hold.
    ValueError : settings that make no network, nobody at risk.
    """
    if not sound(parameters):
        raise ValueError("network: settings that make none")
    intervals = np.arange(len(parameters.grid))
    seen = follow_up(table, parameters.grid, parameters.kind, intervals, parameters.part)
    if not seen.row.size:
        raise ValueError("part: nobody is at risk on the grid")
    x = np.column_stack([trees.column(table, name)[seen.row] for name in parameters.columns])
    x = (x - np.asarray(parameters.centres)) / np.asarray(parameters.scales)
    weigh = (seen.first[:, None] <= intervals) & (intervals <= seen.last[:, None])
    rows = _Rows(x, weigh * (seen.weight / seen.weight.sum())[:, None], np.zeros(weigh.shape))
    rows.event[seen.event, seen.last[seen.event]] = 1
    weights = first_weights(parameters)
    if parameters.coefficients:
        weights = np.asarray(parameters.coefficients, dtype=np.float64)
    loss, gradient = _loss(rows, weights, parameters)
    before = loss
    for step in range(parameters.steps):
        if step:
            _, gradient = _loss(rows, weights, parameters)
        weights = weights - parameters.rate * gradient
    events = int(seen.event.sum())
    return Release(
        seen.persons, events, seen.persons - events, float(seen.weight.sum()), before, weights
    )


def combine(ask: Ask, parameters: Parameters) -> Result:
    """Rounds: `ask` sends one `Parameters` to every site and brings their releases back.

    Raises
    ------
    ValueError : no event of the kind; weights that grow beyond number (a rate too large).
    """
    at = first_weights(parameters)
    mean, square, losses = np.zeros(at.size), np.zeros(at.size), []
    asked, releases = parameters, ask([parameters])
    for one in range(1, parameters.rounds + 1):
        if not sum(r.events for r in releases):
            raise ValueError("discrete_network needs people with the event")
        total = sum(r.weight for r in releases)
        arrived = np.sum([r.weight * r.weights for r in releases], axis=0) / total
        losses.append(sum(r.weight * r.loss for r in releases) / total)
        way = (at - arrived) / parameters.rate
        mean = _KEEP * mean + (1 - _KEEP) * way
        square = _KEEP_SQUARE * square + (1 - _KEEP_SQUARE) * way**2
        spread = np.sqrt(square / (1 - _KEEP_SQUARE**one)) + _SMALL
        at = at - parameters.move * mean / (1 - _KEEP**one) / spread
        if not np.isfinite(at).all():
            raise ValueError("rate: the weights grow beyond number")
        if one < parameters.rounds:
            asked = replace(parameters, coefficients=tuple(float(v) for v in at))
            releases = ask([asked])
    form = Network(
        parameters.columns, parameters.centres, parameters.scales, parameters.hidden,
        tuple(float(v) for v in at),
    )  # fmt: skip
    persons, events = sum(r.persons for r in releases), sum(r.events for r in releases)
    return Result(form, parameters.grid, persons, events, np.array(losses), len(losses))


def first_weights(parameters: Parameters) -> Floats:
    """(Q,) drawn from the seed; hazards begin near 1 in 50 an interval."""
    inputs, hidden, outputs = len(parameters.columns), parameters.hidden, len(parameters.grid)
    rng = np.random.default_rng(parameters.seed)
    first = rng.normal(size=inputs * hidden) / np.sqrt(max(inputs, 1))
    second = 0.1 * rng.normal(size=hidden * outputs) / np.sqrt(hidden)
    return np.concatenate([first, np.zeros(hidden), second, np.full(outputs, -4.0)])


def sound(parameters: Parameters) -> bool:
    """Whether the settings make a network that a site can take a step with."""
    inputs = len(parameters.columns)
    sized = len(parameters.centres) == len(parameters.scales) == inputs > 0
    scaled = all(np.isfinite(s) and s > 0 for s in parameters.scales)
    small = 1 <= parameters.hidden <= 64 and 1 <= parameters.steps <= 20
    rates = 0 < parameters.rate <= 10 and parameters.decay >= 0 and parameters.rounds >= 1
    weights = inputs * parameters.hidden + parameters.hidden
    weights += (parameters.hidden + 1) * len(parameters.grid)
    return sized and scaled and small and rates and len(parameters.coefficients) in (0, weights)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """x: (m, p); weigh: (m, K), 0 where not at risk; event: (m, K) 0/1."""

    x: Floats
    weigh: Floats
    event: Floats


def _loss(rows: _Rows, weights: Floats, parameters: Parameters) -> tuple[float, Floats]:
    """The mean loss and its gradient (Q,)."""
    sizes = rows.x.shape[1], parameters.hidden, len(parameters.grid)
    first, constant, second, last = hazards.parted(weights, *sizes)
    inner = np.tanh(rows.x @ first + constant)
    score = inner @ second + last
    loss = float((rows.weigh * (np.logaddexp(0.0, score) - rows.event * score)).sum())
    excess = rows.weigh * (expit(score) - rows.event)
    back = (excess @ second.T) * (1 - inner**2)
    decay = parameters.decay
    gradient = [
        (rows.x.T @ back + decay * first).ravel(), back.sum(axis=0),
        (inner.T @ excess + decay * second).ravel(), excess.sum(axis=0),
    ]  # fmt: skip
    penalty = decay / 2 * float((first**2).sum() + (second**2).sum())
    return loss + penalty, np.concatenate(gradient)
