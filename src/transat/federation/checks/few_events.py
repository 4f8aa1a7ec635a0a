"""G4. Few events: a model has at most one column for ten events, and rows to spare.

Rule: at each site, the columns of a model that vary there, and one intercept, are at most 10% of
the events (of the cases or of the others, whichever are fewer), and the rows exceed them by 10 or
more. What it stops: a model so full that its sums follow single cases, and so would its estimates.
(DataSHIELD lets a model have a third as many columns as rows.)

The refusal names the columns to leave out, rarest first, so that the rest passes; where not even
the exposure alone would, the outcome, and the group of outcomes that holds it and passes.

Source: reference/federation.md §4.4, G4; residual degrees of freedom 10: ACRO 1.0.2 default.yaml.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from transat.federation.checks.check import Asked, Remembered
from transat.federation.checks.implied_tables import outcome
from transat.federation.data import SiteData
from transat.federation.questions import fit_of
from transat.federation.refusals import Refused
from transat.federation.regression import Fit


class FewEvents:
    """The check of G4; it remembers nothing of what left, and each model that it has passed."""

    rule, key = "G4", "few_events"

    def __init__(self) -> None:
        self._data: SiteData | None = None
        self._passed: set[str] = set()

    def before(self, asked: Asked) -> None:
        """Raises Refused: few_events, with the columns to leave out."""
        fit = fit_of(asked.data, asked.step, asked.parameters)
        if fit is None:
            return
        if self._data is not asked.data:
            self._data, self._passed = asked.data, set()
        if fit.model in self._passed:
            return
        allowed = most_columns(fit, asked)
        used = _used(fit)
        if len(used) > allowed:
            raise _refused(asked, fit, used, allowed)
        self._passed.add(fit.model)

    def after(self, asked: Asked, release: Any) -> Any:
        """The release as it is."""
        return release

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """Nothing."""
        return None

    def recall(self, remembered: Remembered) -> None:
        """Nothing."""


def _used(fit: Fit) -> list[int]:
    """Columns that count at a site: those that vary there, and one for all that are constant."""
    varying: list[int] = []
    constant: list[int] = []
    for j, column in enumerate(fit.x.T):
        if not column.any():
            continue
        (varying if (column != column[0]).any() else constant).append(j)
    return constant[:1] + varying


def most_columns(fit: Fit, asked: Asked) -> int:
    """How many columns a model of these events may have at the site."""
    return _most(asked, _events(fit, int(fit.events.sum())), len(fit.events))


def _events(fit: Fit, cases: int) -> int:
    """The rarer of cases and others; where follow-up is cut short, the cases."""
    return cases if fit.regressed is None else min(cases, len(fit.events) - cases)


def _most(asked: Asked, events: int, rows: int) -> int:
    share, spare = asked.policy.limit("parameters_share"), asked.policy.limit("residual_freedom")
    return max(min(int(np.floor(share * events + 1e-9)), rows - int(np.ceil(spare))), 0)


def _refused(asked: Asked, fit: Fit, used: list[int], allowed: int) -> Refused:
    """Without the rarest columns; the intercept and the exposure stay as long as possible."""
    kept = {"intercept", *(fit.regressed.exposures if fit.regressed is not None else ())}
    droppable = sorted((j for j in used if fit.names[j] not in kept), key=lambda j: _rarity(fit, j))
    excess = len(used) - allowed
    if excess > len(droppable) or allowed < 1:
        wider = _wider(asked, fit, len(used) - len(droppable))
        name = outcome(fit)
        return Refused("few_events", (name,), (f"{name}|{wider}" if wider else f"-{name}",))
    columns = tuple(fit.names[j] for j in droppable[:excess])
    return Refused("few_events", columns, tuple(f"-{name}" for name in columns))


def _rarity(fit: Fit, column: int) -> tuple[int, str]:
    values = fit.x[:, column]
    rarer = min(np.count_nonzero(values), np.count_nonzero(values != values.max(initial=0.0)))
    binary = np.isin(values, (0.0, 1.0)).all()
    return (int(rarer) if binary else len(values), fit.names[column])


def _wider(asked: Asked, fit: Fit, needed: int) -> str | None:
    """The nearest group that holds the outcome, may leave, and has events enough."""
    if fit.regressed is None:
        return None
    block, parents = asked.data.facts.outcomes, asked.data.table.outcome_parents
    at = parents[block.names.index(fit.regressed.outcome)]
    while at >= 0:
        events = _events(fit, int(block.groups.sizes[at]))
        if not block.hidden[at] and _most(asked, events, len(fit.events)) >= needed:
            return block.names[at]
        at = parents[at]
    return None
