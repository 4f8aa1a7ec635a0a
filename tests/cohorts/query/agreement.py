"""The executors of the query model, and where two of them differ."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any, Final, Protocol

import pyarrow as pa
from generated_cdm import draw_tables, write
from generated_queries import draw_analysis, draw_cohort
from simplest import brief, simplest

from transat.cohorts.query.analysis import Analysis
from transat.cohorts.query.executor import (
    ATTRITION_SCHEMA,
    COHORT_SCHEMA,
    Definition,
    Executed,
)
from transat.cohorts.query.model import Cohort
from transat.cohorts.query.reference import Reference
from transat.engines.cdm import Cdm

#: Module, class and arguments of the executors that must agree with the reference.
OTHERS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "sql": ("transat.cohorts.query.sql.executor", "Sql", ("duckdb",)),
    "spark": ("transat.cohorts.query.sql.executor", "Sql", ("spark",)),
    "columns": ("transat.cohorts.query.columns.executor", "Columns", ()),
}


class Runs(Protocol):
    """What an executor does."""

    def run(self, cdm: Cdm, definitions: Sequence[Definition]) -> Executed:
        """Cohorts and attrition."""

    def analyse(self, cdm: Cdm, analysis: Analysis) -> pa.Table:
        """Columns beside the periods of a cohort."""


def executor(name: str) -> Runs:
    """One of OTHERS, imported when it is asked for."""
    module, kind, arguments = OTHERS[name]
    made: Runs = getattr(import_module(module), kind)(*arguments)
    return made


def case(seed: int, folder: Path, persons: int, definitions: int) -> tuple[Cdm, list[Definition]]:
    """A CDM and definitions, always the same for a seed."""
    chance = Random(seed)
    cdm = write(draw_tables(chance, persons), folder / f"cdm_{seed}", chance)
    return cdm, numbered([draw_cohort(chance) for _ in range(definitions)])


def analysis_case(
    seed: int, folder: Path, persons: int, analyses: int
) -> tuple[Cdm, list[Analysis]]:
    """A CDM and analyses, always the same for a seed."""
    chance = Random(seed)
    cdm = write(draw_tables(chance, persons), folder / f"cdm_a{seed}", chance)
    return cdm, [draw_analysis(chance) for _ in range(analyses)]


def numbered(cohorts: Sequence[Any]) -> list[Definition]:
    """Definitions numbered from 1."""
    return [Definition(number, cohort) for number, cohort in enumerate(cohorts, 1)]


def differences(name: str, cdm: Cdm, definitions: Sequence[Definition]) -> list[str]:
    """Where an executor's cohorts and attrition are not those of the reference, in words.

    Of the definitions that differ by themselves, the first is shown as small as it can be made.
    """
    found = _compared_on(name, cdm, definitions)
    for definition in definitions if found else ():

        def differs(cohort: Cohort) -> bool:
            return bool(cohort.entry.reads and _compared_on(name, cdm, numbered([cohort])))

        if differs(definition.cohort):
            small = simplest(definition.cohort, differs)
            return [*_compared_on(name, cdm, numbered([small])), *found[:1]]
    return found


def _compared_on(name: str, cdm: Cdm, definitions: Sequence[Definition]) -> list[str]:
    expected = Reference().run(cdm, definitions)
    return compared(expected, executor(name).run(cdm, definitions), definitions)


def compared(expected: Executed, got: Executed, definitions: Sequence[Definition]) -> list[str]:
    """Differences of schema, of rows and of their order; none when all is equal."""
    found = [
        f"{what} has the schema {table.schema}"
        for what, table, schema in (
            ("cohorts", got.cohorts, COHORT_SCHEMA),
            ("attrition", got.attrition, ATTRITION_SCHEMA),
        )
        if not table.schema.equals(schema)
    ]
    for what in ("cohorts", "attrition"):
        ours, theirs = _rows(getattr(expected, what)), _rows(getattr(got, what))
        wrong = sorted({row[0] for row in set(ours) ^ set(theirs)})
        if wrong:
            found.append(_told(what, wrong, ours, theirs, definitions))
        elif ours != theirs:
            found.append(f"{what}: the same rows, in another order or number")
    return found


def analysis_differences(name: str, cdm: Cdm, analysis: Analysis) -> list[str]:
    """Where an executor's columns are not those of the reference, in words."""
    expected, got = Reference().analyse(cdm, analysis), executor(name).analyse(cdm, analysis)
    if not got.schema.equals(expected.schema):
        return [f"schema {got.schema} and not {expected.schema}: {brief(analysis)}"]
    ours, theirs = _rows(expected), _rows(got)
    if ours == theirs:
        return []
    lines = [f"reference {a}\n  executor {b}" for a, b in zip(ours, theirs, strict=False) if a != b]
    return ["\n".join([f"{len(ours)} rows and {len(theirs)}", *lines[:3], brief(analysis)])]


def _rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _told(
    what: str,
    wrong: list[int],
    ours: list[tuple[Any, ...]],
    theirs: list[tuple[Any, ...]],
    definitions: Sequence[Definition],
) -> str:
    number = wrong[0]
    lacking = [row for row in ours if row[0] == number and row not in set(theirs)]
    surplus = [row for row in theirs if row[0] == number and row not in set(ours)]
    cohort = next(d.cohort for d in definitions if d.cohort_definition_id == number)
    return (
        f"{what} of {len(wrong)} of {len(definitions)} definitions differ: {wrong[:20]}\n"
        f"lacks {[row[1:] for row in lacking[:4]]}\n"
        f"has {[row[1:] for row in surplus[:4]]}\n{brief(cohort)}"
    )
