"""Reads patients out of what a Cox regression tells at each event time.

Between two event times the risk set loses those who leave: where one person does, the sums over
it change by that person's weight w, by w x and by w x x', so that the row x is a quotient. WebDISCO
and its followers send these sums for every event time, at every round; `messages` is what their
sites send. `ATTACK` fits honestly what Transat's own common baseline asks, on a grid of single
steps, and looks for the same in its sums of risk.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import TransatError
from transat.core.languages import Text
from transat.federation.attacks.attack import Ask, Attack, Found, Public
from transat.federation.wire import Refusal
from transat.statistics import cox_unstratified

Floats = NDArray[np.float64]

#: Edges of the grid, as many as a site answers; digits of a claimed value; columns are left out so
#: often while they are refused.
LONGEST: Final = 720
DIGITS: Final = 6
TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class Messages:
    """One round of a site: by event time (J,), S0; (J, p) S1 and sums of the columns over the
    events; (J, p, p) S2; (J,) events."""

    times: Floats
    events: NDArray[np.int64]
    failed: Floats
    s0: Floats
    s1: Floats
    s2: Floats


class _End(Exception):
    """The site refused; columns: those that it named."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.columns = columns


def messages(table: SurvivalTable, columns: tuple[str, ...], beta: Floats) -> Messages:
    """What a WebDISCO site sends in one round at coefficients (p,)."""
    x = table.columns[:, [table.column_names.index(name) for name in columns]]
    w, failed = np.exp(x @ beta), table.event > 0
    times = np.unique(table.time[failed])
    here_still = (table.time >= times[:, None]) & (table.entry < times[:, None])
    at_risk = here_still.astype(np.float64)
    here = (table.time == times[:, None]) & failed
    return Messages(
        times=times,
        events=here.sum(axis=1),
        failed=here.astype(np.float64) @ x,
        s0=at_risk @ w,
        s1=at_risk @ (w[:, None] * x),
        s2=np.einsum("jn,n,np,nq->jpq", at_risk, w, x, x, optimize=True),
    )


def rebuilt(columns: tuple[str, ...], told: Messages) -> Found:
    """Rows of patients: of single events as they stand; of those who left alone by differences,
    where the change of S2 is one row's products and nobody else's."""
    found = Found()
    for row in told.failed[told.events == 1]:
        _claim(found, columns, row)
    w, first = -np.diff(told.s0), -np.diff(told.s1, axis=0)
    second = -np.diff(told.s2, axis=0)
    for k in np.flatnonzero(w > 1e-12):
        alone = np.outer(first[k], first[k]) / w[k]
        if np.abs(second[k] - alone).max() <= 1e-6 * max(1.0, np.abs(alone).max()):
            _claim(found, columns, first[k] / w[k])
    return found


def _claim(found: Found, columns: tuple[str, ...], row: Floats) -> None:
    found.row(dict(zip(columns, (round(float(v), DIGITS) for v in row), strict=True)))


def run(ask: Ask, public: Public) -> Found:
    """Claim a row for every interval, from sums of risk and of columns at its two edges."""
    found, columns = Found(), public.survival
    grid = tuple(float(edge) for edge in range(1, int(public.times) + 1))[:LONGEST]
    for _ in range(TRIES):
        if not columns or not grid:
            break
        try:
            _fit(ask, found, cox_unstratified.Parameters(columns, grid))
            break
        except _End as refused:
            if not set(refused.columns) & set(columns):
                break
            columns = tuple(name for name in columns if name not in refused.columns)
    return found


def _fit(ask: Ask, found: Found, start: cox_unstratified.Parameters) -> None:
    """An honest fit, whose last two answers are kept."""
    risks: dict[tuple[float, ...], Floats] = {}

    def asked(parameters: Sequence[Any]) -> list[Any]:
        one: cox_unstratified.Parameters = parameters[0]
        answer = ask("cox_unstratified", one)
        if isinstance(answer, Refusal):
            raise _End(answer.columns)
        if one.coefficients and not one.hazard:
            risks[one.coefficients] = answer.risk
        if one.told and one.coefficients in risks:
            _differences(found, one, risks[one.coefficients], answer.means)
        return [answer]

    with contextlib.suppress(TransatError):
        cox_unstratified.combine(asked, start)


def _differences(
    found: Found, asked: cox_unstratified.Parameters, risk: Floats, means: Floats
) -> None:
    w, first = -np.diff(risk), -np.diff(means, axis=0)
    centre = np.asarray(asked.centre)
    for k in np.flatnonzero(w > 1e-9):
        _claim(found, asked.columns, first[k] / w[k] + centre)


ATTACK: Final = Attack(
    "risk_sets",
    Text(
        "retrouver des patients dans les sommes de risque d'une régression de Cox",
        "rebuild patients from the sums of risk of a Cox regression",
    ),
    "Lu et al. 2015, doi:10.1093/jamia/ocv083 (WebDISCO); measured 2026-11",
    ("time_grid", "cell_floor", "dominance", "budget"),
    ("cox_unstratified",),
    run,
)
