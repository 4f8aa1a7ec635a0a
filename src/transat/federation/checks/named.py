"""The 0/1 columns that a question names, wherever its statistic holds their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transat.federation import predicted
from transat.federation.checks.check import Asked
from transat.learners import bins, boosted_trees, hazard_review, hazards, recalibration, trees
from transat.statistics import (
    aalen_johansen,
    baseline_hazard,
    clone_censor_weight,
    cox,
    cox_penalised,
    cox_unstratified,
    discrete_hazard,
    fine_gray,
    firth,
    inverse_variance,
    kaplan_meier,
    log_rank,
    logistic,
    multi_state,
    parametric,
    proportional_hazards,
)

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
    found = _NAMED.get(type(parameters))
    return Names() if found is None else found(parameters)


def _regressed(asked: Any) -> Names:
    model = asked.model
    return Names((*model.exposures, *model.covariates), outcomes=(model.outcome,))


def _followed(asked: Any) -> Names:
    """A regression on `columns` of the survival table."""
    return Names(survival=asked.columns)


def _grouped(asked: Any) -> Names:
    return Names(survival=(asked.by,) if asked.by else ())


def _emulated(asked: clone_censor_weight.Parameters) -> Names:
    strategy = asked.strategy
    flags = tuple(name for name in (strategy.treated, strategy.trigger) if name)
    return Names(survival=(*flags, *asked.columns))


_NAMED: Final[Mapping[type, Callable[[Any], Names]]] = {
    inverse_variance.Parameters: lambda asked: names(asked.fitted),
    logistic.Parameters: _regressed,
    firth.Parameters: _regressed,
    bins.Parameters: lambda asked: Names(asked.grid.names),
    boosted_trees.Parameters: lambda asked: Names(asked.bins.names, outcomes=(asked.outcome,)),
    cox.Parameters: _followed,
    cox_unstratified.Parameters: _followed,
    cox_penalised.Parameters: _followed,
    baseline_hazard.Parameters: _followed,
    proportional_hazards.Parameters: _followed,
    parametric.Parameters: _followed,
    discrete_hazard.Parameters: _followed,
    fine_gray.Parameters: _followed,
    kaplan_meier.Parameters: _grouped,
    aalen_johansen.Parameters: _grouped,
    multi_state.Parameters: lambda asked: Names(
        survival=tuple(name for name in (asked.after, asked.by) if name)
    ),
    log_rank.Parameters: lambda asked: Names(survival=asked.groups),
    clone_censor_weight.Parameters: _emulated,
    predicted.Parameters: lambda asked: Names(survival=(*asked.by, *hazards.columns(asked.model))),
    recalibration.Parameters: lambda asked: Names(survival=hazards.columns(asked.before)),
    hazard_review.Parameters: lambda asked: Names(survival=hazards.columns(asked.model)),
}


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
