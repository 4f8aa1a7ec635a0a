"""The executor on columns: every definition on one range of persons after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from transat.cohorts.query.columns.code_sets import named
from transat.cohorts.query.columns.cohort import Periods, periods, steps
from transat.cohorts.query.columns.keys import EPOCH, days, person
from transat.cohorts.query.columns.world import World
from transat.cohorts.query.concept_sets import resolve
from transat.cohorts.query.executor import ATTRITION_SCHEMA, COHORT_SCHEMA, Executed
from transat.engines.duckdb import DuckDB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transat.cohorts.query.columns.keys import Ints
    from transat.cohorts.query.executor import Definition
    from transat.cohorts.query.model import CodeSet
    from transat.engines.cdm import Cdm


class Columns:
    """Runs definitions with NumPy, on columns sorted by person."""

    def run(self, cdm: Cdm, definitions: Sequence[Definition]) -> Executed:
        """All definitions at once. Raises InputError for a CDM that cannot be read."""
        ordered = sorted(definitions, key=lambda d: d.cohort_definition_id)
        world = World(cdm, _concepts(cdm, ordered))
        found = [periods(world, d.cohort) for d in ordered]
        return Executed(_cohorts(world, ordered, found), _attrition(ordered, found))


def _concepts(cdm: Cdm, definitions: Sequence[Definition]) -> dict[CodeSet, Ints]:
    with DuckDB() as engine:
        cdm.attach(engine)
        return resolve(engine, named(d.cohort for d in definitions))


def _cohorts(world: World, definitions: list[Definition], found: list[Periods]) -> pa.Table:
    ids = np.array([d.cohort_definition_id for d in definitions], np.int64)
    start = np.concatenate([f.start for f in found])
    end = np.concatenate([f.end for f in found])
    return pa.table(
        [
            np.repeat(ids, [len(f.start) for f in found]),
            world.people.ids[person(start)],
            pa.array((days(start) - EPOCH).astype(np.int32)).cast(pa.date32()),
            pa.array((days(end) - EPOCH).astype(np.int32)).cast(pa.date32()),
        ],
        schema=COHORT_SCHEMA,
    )


def _attrition(definitions: list[Definition], found: list[Periods]) -> pa.Table:
    lines = [
        (d.cohort_definition_id, n, kind, rule, *left)
        for d, f in zip(definitions, found, strict=True)
        for n, ((kind, rule), left) in enumerate(zip(steps(d.cohort), f.steps, strict=True))
    ]
    names = ATTRITION_SCHEMA.names
    return pa.Table.from_pylist(
        [dict(zip(names, line, strict=True)) for line in lines], ATTRITION_SCHEMA
    )
