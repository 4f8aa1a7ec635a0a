"""People with a predicted risk and what came of them: what every metric of prediction starts from.

Formula
    At a horizon t a person is a case (the event of interest by t), competing (another event by t),
    free (still observed after t), or lost (censored by t, weight 0). Others count 1/G(T-) times or,
    when free, 1/G(t) times (`censoring`). The weighted share of cases is then the Aalen-Johansen
    (without other events, 1 - Kaplan-Meier) risk at t, exactly.

References
    Satten GA, Datta S (2001) Am Stat 55:207-210, doi:10.1198/000313001317098185 (Kaplan-Meier as a
    weighted mean). Graf E et al. (1999) Stat Med 18:2529-2545,
    doi:10.1002/(sici)1097-0258(19990915/30)18:17/18<2529::aid-sim274>3.0.co;2-5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.statistics.censoring import Censoring, censoring
from transat.statistics.risk_sets import positions

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ScoredRows:
    """n people, one row each, followed from 0. time: (n,) > 0, end of follow-up. event: (n,) 0
    censored, 1.. the kind. risk: (n,) what was predicted, 0 to 1."""

    time: Floats
    event: NDArray[np.int8]
    risk: Floats

    @property
    def n(self) -> int:
        """How many people."""
        return int(self.time.size)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> ScoredRows:
        """Some of the rows, by flags (n,) or by places."""
        return ScoredRows(self.time[chosen], self.event[chosen], self.risk[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class AtHorizon:
    """Where each row stands at the horizon t; (n,) each. weights: 0 for the lost."""

    horizon: float
    cases: Flags
    competing: Flags
    free: Flags
    weights: Floats
    censoring: Censoring

    def mean(self, values: Floats) -> tuple[float, Floats]:
        """The mean of values that hold the weights as a factor, and its influence (n,)."""
        value = float(values.mean())
        return value, self.censoring.influence(values, self.horizon) - value


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A number, its standard error and interval; influence: (n,) of the rows it was made of, empty
    where unknown. The standard error is sd(influence)/sqrt(n)."""

    value: float
    standard_error: float
    low: float
    high: float
    influence: Floats


@dataclass(frozen=True, slots=True)
class Difference:
    """One estimate less another on the same rows; p: two-sided, of no difference."""

    value: float
    standard_error: float
    low: float
    high: float
    p: float


def scored_rows(table: SurvivalTable, risk: str) -> ScoredRows:
    """The rows of a survival table with one of its columns as the predicted risk.

    Raises
    ------
    StudyError : a column that the table does not hold, or that is no risk.
    ValueError : weighted rows, late entries, several rows of one person.
    """
    if table.weights is not None or (table.entry > 0).any():
        raise ValueError("metrics of prediction need unweighted rows followed from 0")
    ordered = np.sort(table.people)
    if (ordered[1:] == ordered[:-1]).any():
        raise ValueError("people: one row each")
    return checked(
        ScoredRows(table.time, table.event, table.columns[:, positions(table, (risk,))[0]])
    )


def as_table(rows: ScoredRows, columns: Floats | None = None) -> SurvivalTable:
    """A survival table of these people, in one stratum: with their risk in the column "risk", or
    with other columns (n, p) named c0, c1 .. For concordance over sites, and for regressions."""
    x = rows.risk[:, None] if columns is None else columns
    names = ("risk",) if columns is None else tuple(f"c{k}" for k in range(x.shape[1]))
    return SurvivalTable(
        n=rows.n,
        time=rows.time,
        entry=np.zeros(rows.n),
        event=rows.event,
        columns=x,
        column_names=names,
        strata=np.zeros(rows.n, dtype=np.int32),
        stratum_labels=("all",),
        people=np.arange(rows.n),
    )


def checked(rows: ScoredRows) -> ScoredRows:
    """The same rows. Raises StudyError for risks outside 0 to 1 or times that are not above 0."""
    if not ((rows.risk >= 0) & (rows.risk <= 1)).all():
        raise StudyError(
            Text("Un risque prédit n'est pas entre 0 et 1.", "A predicted risk is not 0 to 1."),
            "risk",
            Text(
                "Donner des risques absolus, non un prédicteur linéaire.",
                "Give absolute risks, not a linear predictor.",
            ),
        )
    if not (np.isfinite(rows.time) & (rows.time > 0)).all():
        raise StudyError(
            Text("Une durée de suivi n'est pas positive.", "A time of follow-up is not above 0."),
            "time",
            Text("Corriger la table de survie.", "Correct the survival table."),
        )
    return rows


def at_horizon(rows: ScoredRows, horizon: float, event: int = 1) -> AtHorizon:
    """Where each row stands at the horizon, for one kind of event.

    Raises
    ------
    StudyError : no row, or nobody followed as long as the horizon while some were lost before.
    ValueError : a horizon that is not above 0.
    """
    if not horizon > 0:
        raise ValueError("horizon: above 0")
    by_then = rows.time <= horizon
    known = censoring(rows.time, rows.event == 0)
    remaining = known.at(horizon) if rows.n else 0.0
    if remaining <= 0:
        raise StudyError(
            Text("Personne n'est suivi jusqu'à l'horizon.", "Nobody is followed to the horizon."),
            f"horizon {horizon:g}",
            Text("Choisir un horizon plus court.", "Choose a shorter horizon."),
        )
    cases = by_then & (rows.event == event)
    competing = by_then & (rows.event != 0) & ~cases
    inverse = 1 / np.where(by_then, np.maximum(known.before_own_time(), 1e-300), remaining)
    weights = np.where(cases | competing | ~by_then, inverse, 0.0)
    return AtHorizon(float(horizon), cases, competing, ~by_then, weights, known)


def estimate(value: float, influence: Floats, level: float = 0.95) -> Estimate:
    """The estimate with a normal interval."""
    error = standard_error(influence)
    z = float(ndtri(0.5 + level / 2))
    return Estimate(value, error, value - z * error, value + z * error, influence)


def within(found: Estimate, low: float, high: float) -> Estimate:
    """The estimate with its interval cut to the values that can be."""
    return replace(found, low=max(found.low, low), high=min(found.high, high))


def difference(one: Estimate, other: Estimate, level: float = 0.95) -> Difference:
    """`one` less `other`, both made of the same rows in the same order.

    Raises ValueError where they are not.
    """
    if one.influence.size != other.influence.size or not one.influence.size:
        raise ValueError("a difference needs two estimates of the same rows")
    value = one.value - other.value
    error = standard_error(one.influence - other.influence)
    z = float(ndtri(0.5 + level / 2))
    p = float(2 * ndtr(-abs(value) / error)) if error > 0 else float(value == 0)
    return Difference(value, error, value - z * error, value + z * error, p)


def standard_error(influence: Floats) -> float:
    """sd(influence)/sqrt(n); 0 of one row."""
    if influence.size < 2:
        return 0.0
    return float(influence.std(ddof=1) / np.sqrt(influence.size))
