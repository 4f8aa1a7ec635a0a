"""How good is a model of hazards on people it never saw: its likelihood, and observed on expected.

Question
    On the people of a part (a fold, another shore): how well did the model foresee who had which
    event and when, those censored counting for as long as they were seen?

Formula
    With P_j the chances of `hazards` and i at risk in the intervals of the grid up to the last, in
    which kind j comes or none:
        loss = - sum over intervals without event of log(1 - sum of P_j) - log P_j(at its event)
    per row (a proper score: its mean is least for the true chances). Expected events of a kind: sum
    of P_j over intervals at risk. Events of a kind that the model has not are censorings.

What leaves
    Heads, events and expected events (to one tenth) by kind, the mean loss to five digits.

Assumptions
    Censoring independent of the event given the columns; it counts at the end of its interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.folds import Part
from transat.cohorts.survival_table import SurvivalTable
from transat.learners import hazards
from transat.learners.follow_up import follow_up
from transat.learners.hazards import Model

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LEAST = 1e-12  # a chance is never taken smaller, so that no loss is infinite


@dataclass(frozen=True, slots=True)
class Parameters:
    """model: judged. part: the people it is judged on."""

    model: Model
    part: Part = field(default_factory=Part)


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site. weight: of the rows, their number where none has a weight; events,
    expected: by kind of the model, (J,); loss: mean."""

    persons: int
    weight: float
    events: Integers
    expected: Floats
    loss: float

    def counts(self) -> dict[str, Integers]:
        """Every head count stated."""
        persons = np.array([self.persons], dtype=np.int64)
        return {"persons": persons, "events": self.events, "others": persons - self.events.sum()}


@dataclass(frozen=True, slots=True)
class Result:
    """Over the sites; observed_over_expected: (J,) by kind, NaN where none is expected."""

    kinds: tuple[int, ...]
    persons: int
    events: Integers
    expected: Floats
    observed_over_expected: Floats
    loss: float


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The review of one site.

    Raises
    ------
    StudyError : a column that the table does not hold.
    ValueError : nobody at risk.
    """
    model = parameters.model
    one_by_one = np.arange(len(model.grid))
    seen = follow_up(table, model.grid, 0, one_by_one, parameters.part)
    if not seen.row.size:
        raise ValueError("part: nobody is at risk on the grid")
    each = hazards.chances(model, table)[:, seen.row]
    interval = np.arange(len(model.grid))
    at_risk = (seen.first[:, None] <= interval) & (interval <= seen.last[:, None])
    none = np.log(np.maximum(1 - each.sum(axis=0), _LEAST))
    loss = -np.where(at_risk, none, 0.0).sum(axis=1)
    rows, events, expected = np.arange(seen.row.size), [], []
    for j, hazard in enumerate(model.hazards):
        here = seen.event & (table.event[seen.row] == hazard.kind)
        last = (rows[here], seen.last[here])
        loss[here] += none[last] - np.log(np.maximum(each[j][last], _LEAST))
        events.append(int(here.sum()))
        expected.append(float((np.where(at_risk, each[j], 0.0).sum(axis=1) * seen.weight).sum()))
    weight = float(seen.weight.sum())
    return Release(
        persons=seen.persons,
        weight=weight,
        events=np.array(events, dtype=np.int64),
        expected=np.round(expected, 1),
        loss=round(float((loss * seen.weight).sum() / weight), 5),
    )


def combine(releases: Sequence[Release], parameters: Parameters) -> Result:
    """Means over the sites, by their rows.

    Raises
    ------
    ValueError : no release.
    """
    if not releases:
        raise ValueError("hazard_review needs releases")
    events = np.sum([r.events for r in releases], axis=0)
    expected = np.sum([r.expected for r in releases], axis=0)
    total = sum(r.weight for r in releases)
    return Result(
        kinds=tuple(hazard.kind for hazard in parameters.model.hazards),
        persons=sum(r.persons for r in releases),
        events=events,
        expected=expected,
        observed_over_expected=np.where(expected > 0, events / np.maximum(expected, 0.1), np.nan),
        loss=sum(r.weight * r.loss for r in releases) / total,
    )
