"""The 0/1 columns that a question names, wherever its statistic holds their names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.federation import predicted
from transat.federation.checks.check import Asked
from transat.learners import bins, boosted_trees, hazards, trees
from transat.statistics import (
    aalen_johansen,
    clone_censor_weight,
    cox,
    cox_unstratified,
    fine_gray,
    firth,
    inverse_variance,
    kaplan_meier,
    log_rank,
    logistic,
)

#: Regressions on columns of the survival table, `columns`.
_REGRESSIONS = (cox.Parameters, cox_unstratified.Parameters, fine_gray.Parameters)

#: A 0/1 column (n,), and the person behind each of its rows.
Column = tuple[NDArray[np.float64], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Names:
    """Columns of the analysis table, of the survival table, and outcome codes of the former."""

    table: tuple[str, ...] = ()
    survival: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()


def names(parameters: object) -> Names:
    """What a question names; nothing for the statistics of all columns at once."""
    if isinstance(parameters, inverse_variance.Parameters):
        return names(parameters.fitted)
    if isinstance(parameters, (logistic.Parameters, firth.Parameters)):
        model = parameters.model
        return Names((*model.exposures, *model.covariates), outcomes=(model.outcome,))
    if isinstance(parameters, bins.Parameters):
        return Names(parameters.grid.names)
    if isinstance(parameters, boosted_trees.Parameters):
        return Names(parameters.bins.names, outcomes=(parameters.outcome,))
    if isinstance(parameters, _REGRESSIONS):
        return Names(survival=parameters.columns)
    if isinstance(parameters, (kaplan_meier.Parameters, aalen_johansen.Parameters)):
        return Names(survival=(parameters.by,) if parameters.by else ())
    if isinstance(parameters, log_rank.Parameters):
        return Names(survival=parameters.groups)
    if isinstance(parameters, predicted.Parameters):
        return Names(survival=(*parameters.by, *hazards.columns(parameters.model)))
    if isinstance(parameters, clone_censor_weight.Parameters):
        strategy = parameters.strategy
        flags = tuple(name for name in (strategy.treated, strategy.trigger) if name)
        return Names(survival=(*flags, *parameters.columns))
    return Names()


def columns(asked: Asked) -> dict[str, Column]:
    """The named columns that hold 0 and 1 alone; outcomes are not among them."""
    named, data = names(asked.parameters), asked.data
    found = {name: (trees.column(data.table, name), data.people) for name in named.table}
    survival = data.survival
    if survival is not None:
        for name in named.survival:
            at = survival.column_names.index(name)
            found[name] = survival.columns[:, at], survival.people
    return {name: held for name, held in found.items() if np.isin(held[0], (0.0, 1.0)).all()}
