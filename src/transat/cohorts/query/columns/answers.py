"""An analysis on a range of persons: the periods of its cohort and a column per question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from transat.cohorts.query.analysis import answer_schema
from transat.cohorts.query.columns import keys
from transat.cohorts.query.columns.cohort import periods
from transat.cohorts.query.columns.measures import followed, measured
from transat.cohorts.query.columns.results import dates
from transat.cohorts.query.columns.spells import observed

if TYPE_CHECKING:
    from transat.cohorts.query.analysis import Analysis
    from transat.cohorts.query.columns.values import Values
    from transat.cohorts.query.columns.world import World


def answers(world: World, analysis: Analysis) -> pa.Table:
    """The rows of `answer_schema`, by person and day."""
    found = periods(world, analysis.cohort)
    spells = observed(found.start, found.end, world.periods)
    columns = [measured(world, spells, measure) for measure in analysis.measures]
    if analysis.follow_up is not None:
        columns += followed(world, spells, analysis.follow_up)
    schema = answer_schema(analysis)
    subjects = pa.array(world.people.ids[keys.person(found.start)])
    told = [_column(c, f.type) for c, f in zip(columns, list(schema)[3:], strict=True)]
    return pa.table([subjects, dates(found.start), dates(found.end), *told], schema=schema)


def _column(column: Values, kind: pa.DataType) -> pa.Array:
    wide = np.float64 if kind == pa.float64() else np.int64
    mask = None if column.known is None else ~column.known
    return pa.array(column.values.astype(wide), kind, mask=mask)
