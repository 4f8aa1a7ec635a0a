"""Survival statistics as the gate sees them: what of their questions is not answered, and the view
of a Cox regression for the checks of iterative statistics."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.survival_table import SurvivalTable
from transat.federation.data import SiteData
from transat.federation.regression import Fit
from transat.statistics import cox, log_rank
from transat.statistics.risk_sets import positions

Floats = NDArray[np.float64]


def unfit_cox(data: SiteData, parameters: cox.Parameters) -> tuple[str, ...]:
    """Fields of a Cox regression's question that are not answered so."""
    wrong = known_columns(data, parameters.columns)
    if not 1 <= parameters.event <= 127:
        wrong += ("event",)
    if len(parameters.coefficients) not in (0, len(parameters.columns)):
        wrong += ("coefficients",)
    return wrong


def unfit_log_rank(data: SiteData, parameters: log_rank.Parameters) -> tuple[str, ...]:
    """Fields of a log-rank test's question that are not answered so: weights of another's choice
    would tell the same groups again and again."""
    wrong = known_columns(data, parameters.groups)
    survival = data.survival
    if survival is None or wrong:
        return wrong
    held = survival.columns[:, positions(survival, parameters.groups)]
    exclusive = np.isin(held, (0.0, 1.0)).all() and (held.sum(axis=1) <= 1).all()
    if not parameters.groups or not exclusive:
        wrong += ("groups",)
    if np.unique(survival.people).size < survival.n:
        wrong += ("spells",)
    if survival.weights is not None:
        wrong += ("weights",)
    if parameters.rho not in (0.0, 1.0):
        wrong += ("rho",)
    return wrong if 1 <= parameters.event <= 127 else (*wrong, "event")


def of_log_rank(data: SiteData, parameters: log_rank.Parameters) -> Fit:
    """The view of a log-rank test: that of the Cox regression on its groups, at coefficients 0."""
    return of_cox(data, cox.Parameters(parameters.groups, parameters.event))


def of_cox(data: SiteData, parameters: cox.Parameters) -> Fit:
    """The view of one round of a Cox regression; one row a person, whatever their spells.

    A person has a 0/1 column who has it in a spell; of another column, its mean; weighs what the
    spells weigh together. A Cox regression weighs rows alike in its gradient and information.
    """
    table = held(data)
    rows = _rows(table, parameters)
    weights = cox.weights(table, parameters)
    if rows.person is not None:
        weights = np.bincount(rows.person, weights).astype(np.float64)
    zero = np.zeros(len(parameters.columns))
    same = replace(parameters, columns=tuple(sorted(parameters.columns)), coefficients=())
    return Fit(
        model=hashlib.sha256(f"cox {same!r}".encode()).hexdigest()[:32],
        names=parameters.columns,
        x=rows.x,
        events=rows.events,
        people=rows.people,
        coefficients=np.asarray(parameters.coefficients or zero, dtype=np.float64),
        weights=weights,
        means=weights,
        event=kind_of(data, parameters.event),
    )


def kind_of(data: SiteData, event: int) -> str:
    """The name of a kind of event: counts of two kinds are of other people, and are not compared
    with one another (rule G8)."""
    return data.kinds[event - 1] if event <= len(data.kinds) else "event"


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """One row a person; person: which one each spell is of, None where each row is a person."""

    x: Floats
    events: Floats
    people: NDArray[np.int64]
    person: NDArray[np.intp] | None


class _Last(threading.local):
    """The rows made last, in each thread: every round of a fit looks at the same ones."""

    asked: tuple[SurvivalTable, tuple[str, ...], int] | None = None
    made: _Rows | None = None


_last = _Last()


def _rows(table: SurvivalTable, parameters: cox.Parameters) -> _Rows:
    if _last.asked is not None and _last.made is not None:
        same_table, *same = _last.asked
        if same_table is table and same == [parameters.columns, parameters.event]:
            return _last.made
    _last.asked = _last.made = None  # frees the memory before more is taken
    x = table.columns[:, positions(table, parameters.columns)]
    events = (table.event == parameters.event).astype(np.float64)
    persons, person = np.unique(table.people, return_inverse=True)
    if persons.size == table.n:
        made = _Rows(x, events, table.people, None)
    else:
        made = _Rows(_by_person(x, person), _most(events, person), persons, person)
    _last.asked, _last.made = (table, parameters.columns, parameters.event), made
    return made


def known_columns(data: SiteData, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The field that names columns which the table of times does not hold, or holds not once."""
    if data.survival is None:
        return ("survival",)
    known = set(columns) <= set(data.survival.column_names)
    return () if known and len(set(columns)) == len(columns) else ("columns",)


def held(data: SiteData) -> SurvivalTable:
    """The table of times. Raises ValueError where the study has none."""
    if data.survival is None:
        raise ValueError("survival: this study has no table of times")
    return data.survival


def _by_person(x: Floats, person: NDArray[np.intp]) -> Floats:
    count = np.bincount(person)
    means = np.column_stack([np.bincount(person, column) / count for column in x.T])
    for at, column in enumerate(x.T):
        if np.isin(column, (0.0, 1.0)).all():
            means[:, at] = _most(column, person)
    return means


def _most(values: Floats, person: NDArray[np.intp]) -> Floats:
    """The largest of each person's values."""
    found = np.full(int(person.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(found, person, values)
    return found
