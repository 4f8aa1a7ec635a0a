"""Persons in ranges of ids whose rows fit in memory together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.query.columns.files import PersonRange, TableFile
from transat.cohorts.query.columns.values import values
from transat.cohorts.query.domains import DOMAINS

if TYPE_CHECKING:
    from transat.engines.cdm import Cdm


def person_ranges(cdm: Cdm, rows: int) -> list[PersonRange]:
    """Everybody with an observation period, in ranges of about `rows` clinical rows each."""
    periods = TableFile(cdm.path_of("observation_period"))
    column = periods.read("person_id", periods.groups(None))
    if column is None or not len(column):
        return []
    said = values(column, "integer")
    persons = np.unique(said.values[~said.missing])
    total = sum(TableFile(cdm.path_of(d.table)).rows for d in DOMAINS.values())
    parts = min(-(-total // rows), len(persons))
    return [PersonRange(some) for some in np.array_split(persons, parts)]
