"""G3. Implied tables: a regression is refused when its sums would tell a count that may not leave.

Rule: at coefficients 0 the Hessian tells every table of two binary columns (four times the
cross-products), the gradient every table of a binary column with the outcome. So each of those
cells, and each that is left by subtraction within its table, must be one that the site's masks (G2)
let out; else the model is refused, by the names of its columns, whatever the coefficients asked
for. What it stops: reading a rare code, or its cases, in the information matrix. (dsBase's glmDS2
tests one-way counts of y and of each column only.)

The refusal also says what would pass: the exposure or the outcome group that holds the refused one,
two levels of one variable made one, or the column left out.

Source: reference/federation.md §4.3–4.4, G3; no published text gives this rule.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from itertools import combinations
from typing import Any, Final

import numpy as np

from transat.federation.checks.check import Asked, Remembered
from transat.federation.checks.merges import merges
from transat.federation.data import SiteData
from transat.federation.facts import Block, SiteFacts
from transat.federation.questions import fit_of
from transat.federation.refusals import Refused
from transat.federation.regression import Fit
from transat.statistics.design_matrix import Model

#: Rows that are looked at before a whole column is.
_FIRST: Final = 1024


class ImpliedTables:
    """The check of G3; it remembers nothing of what left, and each model that it has passed."""

    rule, key = "G3", "implied_tables"

    def __init__(self) -> None:
        self._data: SiteData | None = None
        self._passed: set[str] = set()

    def before(self, asked: Asked) -> None:
        """Raises Refused: implied_tables, with the columns and the merges that would pass."""
        fit = fit_of(asked.data, asked.step, asked.parameters)
        if fit is None:
            return
        if self._data is not asked.data:
            self._data, self._passed = asked.data, set()
        if fit.model in self._passed:
            return
        columns = refused(fit, asked.data.facts, asked.policy.threshold)
        if columns:
            raise Refused("implied_tables", columns, merges(asked, fit, columns))
        self._passed.add(fit.model)

    def after(self, asked: Asked, release: Any) -> Any:
        """The release as it is."""
        return release

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """Nothing."""
        return None

    def recall(self, remembered: Remembered) -> None:
        """Nothing."""


def refused(fit: Fit, facts: SiteFacts, threshold: int) -> tuple[str, ...]:
    """Columns of a model that tell a count which may not leave; empty when it may be answered."""
    if fit.regressed is not None:
        columns = refused_columns(fit.regressed, facts)
        if columns:
            return columns
    small = small_implied(implied(fit), threshold)
    return tuple(name for name in small if name in fit.names or name == outcome(fit))


def outcome(fit: Fit) -> str:
    """Name of what a model is of."""
    return fit.regressed.outcome if fit.regressed is not None else fit.event


class _Last(threading.local):
    """The counts made last, in each thread: they are the same at every round of a fit."""

    asked: tuple[Any, Any, tuple[str, ...]] | None = None
    made: dict[str, int] | None = None


_last = _Last()


def implied(fit: Fit) -> dict[str, int]:
    """Every count that the sums of a model tell at coefficients 0, by names: 'a&!b' for the rows
    with a and without b. The outcome has its own name."""
    if _last.asked is not None and _last.made is not None:
        x, events, names = _last.asked
        if x is fit.x and events is fit.events and names == (*fit.names, outcome(fit)):
            return _last.made
    _last.made = _implied(fit)
    _last.asked = fit.x, fit.events, (*fit.names, outcome(fit))
    return _last.made


def _implied(fit: Fit) -> dict[str, int]:
    flags, names = binary(fit)
    cross = np.rint(flags.T @ flags).astype(np.int64)
    rows = len(fit.events)
    counts = {"rows": rows}
    for i, one in enumerate(names):
        counts[one], counts[f"!{one}"] = int(cross[i, i]), rows - int(cross[i, i])
    for (i, one), (j, other) in combinations(enumerate(names), 2):
        pair, a, b = int(cross[i, j]), int(cross[i, i]), int(cross[j, j])
        counts[f"{one}&{other}"] = pair
        counts[f"{one}&!{other}"] = a - pair
        counts[f"!{one}&{other}"] = b - pair
        counts[f"!{one}&!{other}"] = rows - a - b + pair
    return counts


def binary(fit: Fit) -> tuple[Any, tuple[str, ...]]:
    """The 0/1 columns of a model that are not constant, then its outcome; and their names."""
    first = fit.x[:_FIRST]
    perhaps = np.flatnonzero((first * first == first).all(axis=0))  # most others show here
    kept = [j for j in perhaps if _zero_one(fit.x[:, j])]
    flags = np.column_stack([fit.x[:, kept], fit.events])
    return flags, (*(fit.names[j] for j in kept), outcome(fit))


def _zero_one(column: Any) -> bool:
    return bool((column * column == column).all() and 0 < column.sum() < column.size)


def refused_columns(model: Model, facts: SiteFacts) -> tuple[str, ...]:
    """Columns of the model that would tell a masked cell; empty when the model may be answered."""
    refused: set[str] = set()
    group = facts.outcomes.names.index(model.outcome)
    if facts.outcomes.hidden[group]:
        return (model.outcome,)
    for code in model.exposures:
        d = facts.exposures.names.index(code)
        if facts.exposures.hidden[d] or facts.exposure_outcome[d, group]:
            refused.add(code)
    refused |= _covariates(model, facts, group)
    return tuple(sorted(refused))


def _covariates(model: Model, facts: SiteFacts, outcome: int) -> set[str]:
    block = facts.covariates
    used = [block.names.index(name) for name in model.covariates if name in block.names]
    drugs = [facts.exposures.names.index(code) for code in model.exposures]
    refused = {
        block.names[k]
        for k in used
        if block.hidden[k]
        or facts.covariate_outcome[k, outcome]
        or any(facts.exposure_covariate[d, k] for d in drugs)
    }
    for i, k in enumerate(used):
        for other in used[i + 1 :]:
            pair = {block.names[k], block.names[other]}
            masked = facts.covariate_covariate[k, other] or facts.covariate_covariate[other, k]
            if masked and not pair & refused:
                refused.add(_rarer(block, k, other))
    return refused


def _rarer(block: Block, one: int, other: int) -> str:
    rarer = min((one, other), key=lambda k: (int(block.groups.sizes[k]), block.names[k]))
    return block.names[rarer]


def small_implied(counts: Mapping[str, int], threshold: int) -> tuple[str, ...]:
    """Columns named by an implied count in 1..threshold-1 (names like 'a&!b')."""
    names: set[str] = set()
    for key, count in counts.items():
        if 0 < count < threshold:
            names.update(part.removeprefix("!") for part in key.split("&"))
    return tuple(sorted(names))
