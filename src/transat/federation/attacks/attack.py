"""What an attack is: questions to a site, and claims about its people that can be judged.

An attacker knows the protocol (codes, columns, which code lies in which) and what a site answers;
never the site's data. What it then says it knows is judged inside the site against the data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.survival_table import SurvivalTable
from transat.core.languages import Text
from transat.federation.data import SiteData

Floats = NDArray[np.float64]

#: A group of people: 'a' has it, '!a' has it not, 'a>1' more than 1 of it; all of these together.
Group = frozenset[str]

#: Asks one installed step with its parameters; a Release, or `wire.Refusal`.
Ask = Callable[[str, Any], Any]

#: How near a claimed value must come to a person's to be that person's.
NEAR: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Public:
    """What the protocol tells everybody. Parents: index of the code that holds this one, or -1.

    survival: columns of the rows of time and event; times: how far a follow-up may go.
    """

    exposures: tuple[str, ...]
    outcomes: tuple[str, ...]
    covariates: tuple[str, ...]
    exposure_parents: tuple[int, ...]
    outcome_parents: tuple[int, ...]
    survival: tuple[str, ...] = ()
    times: float = 0.0

    @staticmethod
    def of(data: SiteData) -> Public:
        """Of the names in a site's tables; none of their rows but the longest follow-up."""
        table, survival = data.table, data.survival
        return Public(
            table.exposure_codes, table.outcome_codes, table.covariate_names,
            table.exposure_parents, table.outcome_parents,
            survival.column_names if survival is not None else (),
            float(np.ceil(survival.time.max(initial=0.0))) if survival is not None else 0.0,
        )  # fmt: skip


@dataclass(slots=True)
class Found:
    """Claims: head counts by group, and rows (values by column) of single people."""

    cells: dict[Group, int] = field(default_factory=dict)
    rows: list[Mapping[str, float]] = field(default_factory=list)

    def count(self, value: float, *group: str) -> None:
        """Claim that so many people are in the group; a claim that is not about 1..10 is none."""
        nearest = round(value)
        if abs(value - nearest) < 0.05 and nearest > 0:
            self.cells[frozenset(group)] = nearest

    def row(self, values: Mapping[str, float]) -> None:
        """Claim that one person has these values."""
        self.rows.append(dict(values))


@dataclass(frozen=True, slots=True)
class Attack:
    """key: its name. stopped_by: keys of the checks that stand against it. steps: what it asks."""

    key: str
    said: Text
    source: str
    stopped_by: tuple[str, ...]
    steps: tuple[str, ...]
    run: Callable[[Ask, Public], Found]


class Recovered(NamedTuple):
    """Claims that are true: counts of 1..threshold-1, and rows of so few people."""

    cells: int
    rows: int


def judged(found: Found, data: SiteData, threshold: int) -> Recovered:
    """How much of what an attacker claims is true of the site's tables; only inside the site.

    A claimed row counts when the people who have exactly these values are 1..threshold-1.
    """
    tables = [_Columns.of_analysis(data.table)]
    if data.survival is not None:
        tables.append(_Columns.of_survival(data.survival))
    cells = sum(
        0 < value < threshold and any(value == table.size(group) for table in tables)
        for group, value in found.cells.items()
    )
    unique = {tuple(sorted(row.items())) for row in found.rows}
    rows = sum(any(0 < table.alike(row) < threshold for table in tables) for row in unique)
    return Recovered(cells, rows)


@dataclass(frozen=True, slots=True)
class _Columns:
    """The named columns of one table of the site."""

    rows: int
    values: Mapping[str, Floats]

    @staticmethod
    def of_analysis(table: AnalysisTable) -> _Columns:
        """Exposures, 'outcome:group', covariates, and strata as 'stratum:label'."""
        columns = {code: table.exposure(code).astype(np.float64) for code in table.exposure_codes}
        for code in table.outcome_codes:
            columns[f"outcome:{code}"] = table.outcome(code).astype(np.float64)
        columns |= dict(zip(table.covariate_names, table.covariates.T, strict=True))
        for at, label in enumerate(table.stratum_labels):
            columns[f"stratum:{label}"] = (table.strata == at).astype(np.float64)
        return _Columns(table.n, columns)

    @staticmethod
    def of_survival(table: SurvivalTable) -> _Columns:
        """Its columns; 'time', 'event' (of any kind)."""
        columns = dict(zip(table.column_names, table.columns.T, strict=True))
        columns["event"] = (table.event > 0).astype(np.float64)
        return _Columns(table.n, columns | {"time": table.time})

    def size(self, group: Group) -> int:
        """How many rows are in a group; -1 where the table lacks a column of it."""
        inside = np.ones(self.rows, dtype=np.bool_)
        for literal in group:
            name, over, bound = literal.removeprefix("!").partition(">")
            if name not in self.values:
                return -1
            held = self.values[name] > float(bound) if over else self.values[name] == 1
            inside &= ~held if literal.startswith("!") else held
        return int(inside.sum())

    def alike(self, row: Iterable[tuple[str, float]]) -> int:
        """How many rows have these values; 0 where the table lacks a column of them."""
        alike = np.ones(self.rows, dtype=np.bool_)
        for name, value in row:
            if name not in self.values:
                return 0
            column = self.values[name]
            alike &= np.abs(column - value) <= NEAR * np.maximum(1.0, np.abs(column))
        return int(alike.sum())
