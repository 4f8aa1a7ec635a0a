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
    """The view of one round of a Cox regression, which weighs rows alike in its gradient and its
    information; a robust variance tells as many numbers again."""
    same = replace(parameters, columns=tuple(sorted(parameters.columns)), coefficients=())
    p = len(parameters.columns)
    found = view(
        data, f"cox {same!r}", parameters.columns, parameters.event, parameters.coefficients,
        cox.weights(held(data), parameters),
    )  # fmt: skip
    more = p * (p + 1) // 2
    if not parameters.robust:
        return found
    return replace(found, numbers=more if found.at_zero else 2 * more + p + 1)


def view(
    data: SiteData, model: str, columns: tuple[str, ...], event: int,
    coefficients: tuple[float, ...], weights: Floats, numbers: int = 0,
) -> Fit:  # fmt: skip
    """The view of one round of a model of times; one row a person, whatever their spells.

    A person has a 0/1 column who has it in a spell; of another column, its mean; weighs what the
    spells weigh together. model: what names it, the same at every round; event: 0 for any kind.
    """
    rows = _rows(held(data), columns, event)
    if rows.person is not None:
        weights = np.bincount(rows.person, weights).astype(np.float64)
    at = np.asarray(coefficients or np.zeros(len(columns)), dtype=np.float64)
    return Fit(
        model=hashlib.sha256(model.encode()).hexdigest()[:32],
        names=columns,
        x=rows.x,
        events=rows.events,
        people=rows.people,
        coefficients=at,
        weights=weights,
        means=weights,
        numbers=numbers,
        event=kind_of(data, event),
    )


def kind_of(data: SiteData, event: int) -> str:
    """The name of a kind of event: counts of two kinds are of other people, and are not compared
    with one another (rule G8); "event" for any kind."""
    return data.kinds[event - 1] if 0 < event <= len(data.kinds) else "event"


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


def _rows(table: SurvivalTable, columns: tuple[str, ...], event: int) -> _Rows:
    if _last.asked is not None and _last.made is not None:
        same_table, *same = _last.asked
        if same_table is table and same == [columns, event]:
            return _last.made
    _last.asked = _last.made = None  # frees the memory before more is taken
    x = table.columns[:, positions(table, columns)]
    events = (table.event == event if event else table.event > 0).astype(np.float64)
    persons, person = np.unique(table.people, return_inverse=True)
    if persons.size == table.n:
        made = _Rows(x, events, table.people, None)
    else:
        made = _Rows(_by_person(x, person), _most(events, person), persons, person)
    _last.asked, _last.made = (table, columns, event), made
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
