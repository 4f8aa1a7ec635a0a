"""One question of an iterative statistic, as the checks see it: its rows, and how it weighs them.

Logistic and Firth's regressions ask the same of a site: sums over its rows, at coefficients that
the coordinator sends. Other statistics that iterate over rows (Cox) give the same view of theirs
(`questions.Step.fit`), and the same checks hold for them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from transat.federation.data import SiteData
from transat.statistics import design_matrix, firth, logistic
from transat.statistics.design_matrix import Model

Floats = NDArray[np.float64]
Parameters = logistic.Parameters | firth.Parameters

#: Rows that are looked at before a whole column is.
_FIRST: Final = 1024
#: Each site adds a column to every model.
MOST_SITES: Final = 100


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """One round of one model at one site; n rows, p columns; nothing of it leaves.

    model: its name, the same whatever the order of its covariates, in every study. names: p names
    of columns. x: (n, p). events: (n,) 0/1, what the model is of. people: (n,) who each row is.
    coefficients: (p,). weights: (n,) what each row weighs in the information at these coefficients;
    means: (n,) in the gradient. extra: what else of the coordinator's choice weighs the rows.
    regressed: the columns as the analysis table has them, where they are its own. event: name of
    what the model is of, where it is none of that table's outcomes. numbers: how many a round tells
    that are not the usual sums (0: the usual ones, and at coefficients 0 tables).
    """

    model: str
    names: tuple[str, ...]
    x: Floats
    events: Floats
    people: NDArray[np.int64]
    coefficients: Floats
    weights: Floats
    means: Floats
    extra: tuple[float, ...] = ()
    regressed: Model | None = None
    event: str = "event"
    numbers: int = 0

    @property
    def at_zero(self) -> bool:
        """Whether every row weighs the same: what such a round tells is tables (G3)."""
        return not self.coefficients.any()

    @property
    def point(self) -> str:
        """Name of the round: the same model at the same coefficients tells the same."""
        whole = self.coefficients.tobytes() + np.asarray(self.extra, dtype=np.float64).tobytes()
        return hashlib.sha256(self.model.encode() + whole).hexdigest()[:32]


def zero_one(x: Floats) -> NDArray[np.bool_]:
    """Which of (n, p) columns hold 0 and 1 only; most others show in their first rows."""
    first = x[:_FIRST]
    found = (first * first == first).all(axis=0)
    for j in np.flatnonzero(found):
        column = x[:, j]
        found[j] = bool((column * column == column).all())
    return np.asarray(found, dtype=np.bool_)


def unfit(data: SiteData, parameters: Parameters) -> tuple[str, ...]:
    """Fields that a regression's question may not have so: strata of the coordinator's choice,
    another number of exposures than one, another number of coefficients than of columns."""
    model = parameters.model
    if model.strata or len(model.exposures) != 1:
        return ("strata", "exposures")
    if not (1 <= model.sites <= MOST_SITES and 0 <= model.site < model.sites):
        return ("sites",)  # before anything is made as long as that
    known = (
        ("outcome", (model.outcome,), data.table.outcome_codes),
        ("exposures", model.exposures, data.table.exposure_codes),
        ("covariates", model.covariates, data.table.covariate_names),
    )
    wrong = tuple(field for field, asked, held in known if not set(asked) <= set(held))
    if len(set(model.covariates)) != len(model.covariates):
        wrong += ("covariates",)
    if len(parameters.coefficients) not in (0, len(model.terms)):
        wrong += ("coefficients",)
    if len(_inverse(parameters)) not in (0, len(model.terms) ** 2):
        wrong += ("inverse",)
    return wrong


def of_logistic(data: SiteData, parameters: Parameters) -> Fit:
    """The view of one step of a logistic or of a Firth's regression."""
    model = parameters.model
    x, y = design_matrix.columns(data.table, model)
    coefficients = np.zeros(x.shape[1])
    if parameters.coefficients:
        coefficients = np.asarray(parameters.coefficients, dtype=np.float64)
    rows = logistic.fitted(data.table, model, parameters.coefficients)
    same = replace(model, sites=1, site=0, covariates=tuple(sorted(model.covariates)))
    return Fit(
        model=hashlib.sha256(repr(same).encode()).hexdigest()[:32],
        names=model.terms,
        x=x,
        events=y,
        people=data.people,
        coefficients=coefficients,
        weights=rows.case * rows.none,
        means=rows.case,
        extra=_inverse(parameters),
        regressed=model,
    )


def _inverse(parameters: Parameters) -> tuple[float, ...]:
    return parameters.inverse if isinstance(parameters, firth.Parameters) else ()
