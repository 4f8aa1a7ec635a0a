"""What a site watches while a regression goes on: the model once, then each round.

Raises the gate's refusals before a step is computed, never after.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.analysis_table import AnalysisTable
from transat.federation.checks import budget, implied_tables
from transat.federation.facts import SiteFacts
from transat.federation.refusals import Refused
from transat.statistics import design_matrix, firth, logistic
from transat.statistics.design_matrix import Model

Parameters = logistic.Parameters | firth.Parameters


@dataclass(slots=True)
class _Seen:
    """One model at one site: the rounds that it may have, and the points already answered."""

    rounds: int
    points: set[tuple[float, ...]] = field(default_factory=set)


class Watch:
    """Checks every regression step that a site is asked."""

    def __init__(self, table: AnalysisTable, facts: SiteFacts) -> None:
        self._table, self._facts = table, facts
        self._seen: dict[Model, _Seen] = {}

    def check(self, parameters: Parameters) -> None:
        """Look at a step before it is computed.

        Raises
        ------
        Refused: closed_list (strata of the coordinator's choice, wrong number of coefficients),
        implied_tables (with the columns), coefficients, or rounds.
        """
        model = parameters.model
        if model.strata or len(model.exposures) != 1:
            raise Refused("closed_list", ("strata", "exposures"))
        if len(parameters.coefficients) not in (0, len(model.terms)):
            raise Refused("closed_list", ("coefficients",))
        key = replace(model, sites=1, site=0, covariates=tuple(sorted(model.covariates)))
        seen = self._seen.get(key) or self._first(model)
        self._seen[key] = seen
        if not any(parameters.coefficients):
            return
        if implied_tables.isolating(parameters.coefficients, self._weights(parameters)):
            raise Refused("coefficients")
        # Another inverse at the same coefficients weighs the rows anew, so it is another point.
        seen.points.add(parameters.coefficients + _inverse(parameters))
        if len(seen.points) >= seen.rounds:
            raise Refused("rounds")

    def _first(self, model: Model) -> _Seen:
        columns = implied_tables.refused_columns(model, self._facts)
        columns = columns or self._small(model)
        if columns:
            raise Refused("implied_tables", columns)
        x, y = design_matrix.columns(self._table, model)
        found = budget.patterns(x, y)
        return _Seen(budget.rounds(found, len(model.terms), self._facts.threshold))

    def _small(self, model: Model) -> tuple[str, ...]:
        """The statistic's own list of implied counts, looked at once more."""
        implied = design_matrix.implied_counts(self._table, model)
        small = implied_tables.small_implied(implied, self._facts.threshold)
        return tuple(name for name in small if name in self._facts.words)

    def _weights(self, parameters: Parameters) -> NDArray[np.float64]:
        """p (1-p) of every row at the coefficients asked for."""
        x, _ = design_matrix.columns(self._table, parameters.model)
        eta = x @ np.asarray(parameters.coefficients, dtype=np.float64)
        return np.asarray(np.exp(-np.logaddexp(0.0, -eta) - np.logaddexp(0.0, eta)))


def _inverse(parameters: Parameters) -> tuple[float, ...]:
    return parameters.inverse if isinstance(parameters, firth.Parameters) else ()
