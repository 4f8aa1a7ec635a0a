"""What would pass in place of a refused column: a wider group, two levels made one, or none.

Only names and sums that the site may compute are used, and only names leave. "a|b" stands for a
and b made one column (b may be the group that holds a); "-a" for the model without a.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transat.federation.checks.check import Asked
from transat.federation.facts import Block, Flags
from transat.federation.regression import Fit

Floats = NDArray[np.float64]


def merges(asked: Asked, fit: Fit, columns: tuple[str, ...]) -> tuple[str, ...]:
    """One way out per refused column of a model, in the order of the columns."""
    facts, model, table = asked.data.facts, fit.regressed, asked.data.table
    found = []
    for name in columns:
        wider: str | None = None
        if model is not None and name == model.outcome:
            with_ = facts.exposures.names.index(model.exposures[0])
            hidden = facts.exposure_outcome[with_]
            wider = _wider(facts.outcomes, name, table.outcome_parents, hidden)
        elif model is not None and name in model.exposures:
            hidden = facts.exposure_outcome[:, facts.outcomes.names.index(model.outcome)]
            wider = _wider(facts.exposures, name, table.exposure_parents, hidden)
        elif name in fit.names:
            wider = _level(fit, name, asked.policy.threshold, columns)
        found.append(f"{name}|{wider}" if wider else f"-{name}")
    return tuple(dict.fromkeys(found))


def _wider(block: Block, name: str, parents: tuple[int, ...], hidden: Flags) -> str | None:
    """The nearest group that holds `name` whose size, and whose cell of `hidden`, may leave."""
    at = parents[block.names.index(name)]
    while at >= 0 and (block.hidden[at] or hidden[at]):
        at = parents[at]
    return block.names[at] if at >= 0 else None


def _level(fit: Fit, name: str, threshold: int, refused: tuple[str, ...]) -> str | None:
    """The nearest level of the same variable with which `name` tells no small count."""
    variable, equals, _ = name.partition("=")
    levels = [n for n in fit.names if n.startswith(f"{variable}=")] if equals else []
    if name not in levels:
        return None
    at = levels.index(name)
    nearest = sorted((n for n in levels if n != name), key=lambda n: abs(levels.index(n) - at))
    for other in nearest:
        both = fit.x[:, fit.names.index(name)] + fit.x[:, fit.names.index(other)]
        gone = {name, other, *refused}
        rest = [j for j, n in enumerate(fit.names) if n not in gone]
        if both.max(initial=0.0) <= 1 and _passes(both, fit, rest, threshold):
            return other
    return None


def _passes(column: Floats, fit: Fit, rest: list[int], threshold: int) -> bool:
    """Whether every 2 x 2 table of a 0/1 column with the outcome and the other ones is large."""
    others = [fit.x[:, j] for j in rest if np.isin(fit.x[:, j], (0.0, 1.0)).all()]
    n, size = len(column), column.sum()
    for other in (fit.events, *others):
        with_both, whole = float(column @ other), float(other.sum())
        cells = (with_both, size - with_both, whole - with_both, n - size - whole + with_both)
        if any(0 < cell < threshold for cell in cells):
            return False
    return True
