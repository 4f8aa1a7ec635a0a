"""What a model says of the future, whatever its kind: hazards on a grid, and the incidence of each
kind of event.

Question
    For each row of a table: how likely is each kind of event by each horizon, the others competing?

Formula
    A hazard of one kind has a score F in every interval of the grid:
        Proportional  F = log(baseline hazard of the interval) + (x - centres)'b     (log-log link)
        Boosted       F = base + sum of trees on x and time                          (logit link)
        Network       F = one output of a small neural network per interval          (logit link)
    recalibrated as slope F + shift. Chance of kind j in an interval, for those at risk as it
    begins, with S the share free of every kind:
        logit          P_j = 1 / (1 + exp(-F_j)), divided by their sum where that exceeds 1
        all log-log    P_j = (1 - exp(-H)) H_j / H,   H_j = exp(F_j), H their sum
    Incidence by a horizon: sum of S P_j over its intervals; S is multiplied by 1 - sum of P_j.

References
    Cox DR (1972) J R Stat Soc B 34:187-220, doi:10.1111/j.2517-6161.1972.tb00899.x.
    Prentice RL, Gloeckler LA (1978) Biometrics 34:57-67, doi:10.2307/2529588 (log-log link).
    Gensheimer MF, Narasimhan B (2019) PeerJ 7:e6257, doi:10.7717/peerj.6257 (network).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from transat.cohorts.survival_table import SurvivalTable
from transat.learners import follow_up, time_trees, trees
from transat.learners.time_trees import TIME
from transat.learners.trees import Bins, Forest, Tree

Floats = NDArray[np.float64]

_ROWS = 50_000  # rows whose whole grid of chances is held at a time
_LARGEST = 500.0  # of a score: exp stays finite


@dataclass(frozen=True, slots=True)
class Proportional:
    """columns, centres, coefficients: (p,); baseline: (K,) log of the hazard accumulated within
    each interval at the centres."""

    columns: tuple[str, ...]
    centres: tuple[float, ...]
    coefficients: tuple[float, ...]
    baseline: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Boosted:
    """bins: features (`time` is one) and their edges; base and trees: of `hazard_trees`."""

    bins: Bins
    base: float
    trees: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """columns, centres, scales: (p,), a column enters as (x - centre) / scale. weights: of the
    first layer (p, hidden) by rows, its constants (hidden,), of the second (hidden, K), its
    constants (K,); the hidden layer is tanh."""

    columns: tuple[str, ...]
    centres: tuple[float, ...]
    scales: tuple[float, ...]
    hidden: int
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Hazard:
    """One kind of event. slope, shift: recalibration; shift is (K,), or empty for none."""

    kind: int
    form: Proportional | Boosted | Network
    slope: float = 1.0
    shift: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """grid: (K,) edges of time, rising from above 0. hazards: one for each kind of event."""

    grid: tuple[float, ...]
    hazards: tuple[Hazard, ...]


def of_forest(forest: Forest, grid: tuple[float, ...], kind: int = 1) -> Model:
    """The model of a forest of `hazard_trees` on its grid; of one of `boosted_trees`, whose outcome
    is by a horizon, on that horizon alone."""
    return Model(grid, (Hazard(kind, Boosted(forest.bins, forest.base, forest.trees)),))


def columns(model: Model) -> tuple[str, ...]:
    """The columns of a table that the model reads, each once, in their order."""
    named: list[str] = []
    for hazard in model.hazards:
        form = hazard.form
        names = form.bins.names if isinstance(form, Boosted) else form.columns
        named += [name for name in names if name != TIME]
    return tuple(dict.fromkeys(named))


def sound(model: Model) -> bool:
    """Whether the parts of a model fit together, so that a table of its columns can be foreseen."""
    kinds = [hazard.kind for hazard in model.hazards]
    intervals = len(model.grid)
    return (
        follow_up.sound(model.grid)
        and 0 < len(set(kinds)) == len(kinds)
        and all(len(hazard.shift) in (0, intervals) for hazard in model.hazards)
        and all(_fits(hazard.form, model.grid) for hazard in model.hazards)
    )


def _fits(form: Proportional | Boosted | Network, grid: tuple[float, ...]) -> bool:
    if isinstance(form, Boosted):
        return _grown(form, grid)
    inputs = len(form.columns)
    if isinstance(form, Proportional):
        told = len(form.centres) == len(form.coefficients) == inputs
        return told and len(form.baseline) == len(grid)
    weights = (inputs + 1) * form.hidden + (form.hidden + 1) * len(grid)
    told = len(form.centres) == len(form.scales) == inputs
    return told and all(s > 0 for s in form.scales) and len(form.weights) == weights


def _grown(form: Boosted, grid: tuple[float, ...]) -> bool:
    bins = form.bins
    if len(set(bins.names)) != len(bins.names) or len(bins.edges) != len(bins.names):
        return False
    rise = all(edges and (np.diff(edges) > 0).all() for edges in bins.edges)
    timed = TIME not in bins.names or set(bins.edges[bins.names.index(TIME)]) <= set(grid[:-1])
    return rise and timed and all(trees.whole(tree, bins) for tree in form.trees)


def of(model: Model, kind: int) -> Hazard:
    """The hazard of one kind. Raises ValueError where the model has none."""
    for hazard in model.hazards:
        if hazard.kind == kind:
            return hazard
    raise ValueError("kind: the model says nothing of this kind of event")


def scores(hazard: Hazard, grid: tuple[float, ...], table: SurvivalTable) -> Floats:
    """(n, K) the recalibrated score F of every row and interval, as if all were at risk.

    Raises
    ------
    StudyError : a column that the table does not hold.
    """
    form = hazard.form
    if isinstance(form, Proportional):
        made = _proportional(form, table)
    elif isinstance(form, Boosted):
        made = _boosted(form, grid, table)
    else:
        made = network_scores(form, _standardised(form, table), len(grid))
    made = hazard.slope * made + (np.asarray(hazard.shift) if hazard.shift else 0.0)
    return np.clip(made, -_LARGEST, _LARGEST)


def chances(model: Model, table: SurvivalTable) -> Floats:
    """(J, n, K) the chance of each of the J kinds in every interval, for those at risk as it
    begins.

    Raises
    ------
    StudyError : a column that the table does not hold.
    """
    each = np.stack([scores(hazard, model.grid, table) for hazard in model.hazards])
    if not all(isinstance(hazard.form, Proportional) for hazard in model.hazards):
        for j, hazard in enumerate(model.hazards):
            proportional = isinstance(hazard.form, Proportional)
            each[j] = -np.expm1(-np.exp(each[j])) if proportional else expit(each[j])
        return np.asarray(each / np.maximum(each.sum(axis=0), 1.0))
    np.exp(each, out=each)
    total = each.sum(axis=0)
    return np.asarray(each * (-np.expm1(-total) / np.maximum(total, 1e-300)))


def incidence(model: Model, table: SurvivalTable, kind: int, horizons: tuple[float, ...]) -> Floats:
    """(n, H) the chance that the kind of event comes by each horizon, from time 0.

    Raises
    ------
    StudyError : a column that the table does not hold.
    ValueError : a horizon that is no edge of the grid, a kind that the model has not.
    """
    at = [model.grid.index(horizon) for horizon in horizons if horizon in model.grid]
    if len(at) < len(horizons):
        raise ValueError("horizons: one is no edge of the model's grid")
    which = model.hazards.index(of(model, kind))
    found = np.zeros((table.n, len(at)))
    for first in range(0, table.n, _ROWS):
        each = chances(model, table.take(slice(first, first + _ROWS)))
        free = np.cumprod(1 - each.sum(axis=0), axis=1)
        free = np.concatenate([np.ones((len(free), 1)), free[:, :-1]], axis=1)
        found[first : first + _ROWS] = np.cumsum(free * each[which], axis=1)[:, at]
    return found


def network_scores(form: Network, x: Floats, intervals: int) -> Floats:
    """(n, K) outputs of the network for standardised columns (n, p)."""
    first, constant, second, last = parted(form.weights, x.shape[1], form.hidden, intervals)
    return np.asarray(np.tanh(x @ first + constant) @ second + last)


def parted(
    weights: tuple[float, ...] | Floats, inputs: int, hidden: int, outputs: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """The arrays of a network, (p, hidden), (hidden,), (hidden, K), (K,).

    Raises
    ------
    ValueError : another number of weights.
    """
    sizes = (inputs * hidden, hidden, hidden * outputs, outputs)
    if len(weights) != sum(sizes):
        raise ValueError("weights: not as many as the network has")
    first, constant, second, last = np.split(np.asarray(weights), np.cumsum(sizes)[:-1])
    return first.reshape(inputs, hidden), constant, second.reshape(hidden, outputs), last


def _proportional(form: Proportional, table: SurvivalTable) -> Floats:
    relative = np.zeros(table.n)
    for name, centre, coefficient in zip(
        form.columns, form.centres, form.coefficients, strict=True
    ):
        relative += coefficient * (trees.column(table, name) - centre)
    return np.asarray(relative[:, None] + np.asarray(form.baseline))


def _boosted(form: Boosted, grid: tuple[float, ...], table: SurvivalTable) -> Floats:
    always = np.full(table.n, 2 * grid[-1])
    whole = replace(table, entry=np.zeros(table.n), time=always, weights=None)
    seen = time_trees.seen(whole, grid, form.bins, 0)
    odds = np.full((seen.stretches, table.n), form.base)
    for tree in form.trees:
        for node, place in time_trees.places(seen, tree).items():
            if tree.value[node]:
                for stretch in range(place.low, place.high + 1):
                    odds[stretch, place.rows] += tree.value[node]
    return np.asarray(odds[time_trees.stretches(grid, form.bins)].T)


def _standardised(form: Network, table: SurvivalTable) -> Floats:
    x = np.column_stack([trees.column(table, name) for name in form.columns])
    return np.asarray((x - np.asarray(form.centres)) / np.asarray(form.scales))
