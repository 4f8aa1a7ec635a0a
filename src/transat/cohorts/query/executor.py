"""What every executor takes and gives: definitions and a CDM in, periods and attrition out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import pyarrow as pa

from transat.cohorts.query.model import Cohort

if TYPE_CHECKING:
    from transat.cohorts.query.analysis import Analysis
    from transat.engines.cdm import Cdm

#: The cohort table of OMOP; its rows are in the order of these columns.
COHORT_SCHEMA: Final = pa.schema(
    [
        ("cohort_definition_id", pa.int64()),
        ("subject_id", pa.int64()),
        ("cohort_start_date", pa.date32()),
        ("cohort_end_date", pa.date32()),
    ]
)
#: step: 0, 1, … in the order of the definition; kind: 'entry' (entry events after their limit),
#: 'qualified' (after the group and limit, when there is a group), 'rule' (events that satisfy this
#: rule and all before it), 'limit' (after the last limit), 'cohort' (periods). rule: index of the
#: inclusion rule, null otherwise. events, persons: exact; they stay on the site.
ATTRITION_SCHEMA: Final = pa.schema(
    [
        ("cohort_definition_id", pa.int64()),
        ("step", pa.int32()),
        ("kind", pa.string()),
        ("rule", pa.int32()),
        ("events", pa.int64()),
        ("persons", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Definition:
    """One cohort and the number under which its rows are written."""

    cohort_definition_id: int
    cohort: Cohort


@dataclass(frozen=True, slots=True)
class Executed:
    """COHORT_SCHEMA, sorted by all its columns; ATTRITION_SCHEMA, by definition and step."""

    cohorts: pa.Table
    attrition: pa.Table


class Executor(Protocol):
    """Runs definitions on a CDM. Two executors give equal tables, whatever the order of rows."""

    def run(self, cdm: Cdm, definitions: Sequence[Definition]) -> Executed:
        """All definitions at once. Raises InputError for a CDM that cannot be read."""

    def analyse(self, cdm: Cdm, analysis: Analysis) -> pa.Table:
        """One row per period of the cohort, in its order, with the columns that were asked."""
