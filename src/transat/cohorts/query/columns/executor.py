"""The executor on columns: ranges of persons, one after the other or two at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import pyarrow as pa

from transat.cohorts.query.analysis import answer_schema
from transat.cohorts.query.columns.answers import answers
from transat.cohorts.query.columns.cohort import periods
from transat.cohorts.query.columns.parts import code_sets, reads_of, repeated
from transat.cohorts.query.columns.ranges import person_ranges
from transat.cohorts.query.columns.results import Part, part, together
from transat.cohorts.query.columns.world import World
from transat.cohorts.query.concept_sets import resolve
from transat.engines.duckdb import DuckDB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from transat.cohorts.query.analysis import Analysis
    from transat.cohorts.query.columns.files import PersonRange
    from transat.cohorts.query.columns.keys import Ints
    from transat.cohorts.query.executor import Definition, Executed
    from transat.cohorts.query.model import CodeSet
    from transat.engines.cdm import Cdm

T = TypeVar("T")

#: Rows of the CDM's clinical tables that one range holds, about: some 130 bytes of memory each
#: when every definition of OHDSI's library reads them, beside the periods found (24 bytes each).
ROWS: Final = 6_000_000


@dataclass(frozen=True, slots=True)
class Columns:
    """Runs definitions with NumPy, on columns sorted by person.

    rows: of the clinical tables, so many are in memory at a time, for each of `threads`.
    """

    rows: int = ROWS
    threads: int = 1

    def run(self, cdm: Cdm, definitions: Sequence[Definition]) -> Executed:
        """All definitions at once. Raises InputError for a CDM that cannot be read."""
        ordered = sorted(definitions, key=lambda d: d.cohort_definition_id)
        cohorts = [d.cohort for d in ordered]
        concepts, kept = _concepts(cdm, code_sets(cohorts)), repeated(cohorts)

        def one(wanted: PersonRange) -> Part:
            world = World(cdm, concepts, wanted, kept)
            return part(world.people.ids, [periods(world, cohort) for cohort in cohorts])

        return together(ordered, self._each_range(cdm, one))

    def analyse(self, cdm: Cdm, analysis: Analysis) -> pa.Table:
        """The periods of a cohort and what is asked of them (`analysis.answer_schema`)."""
        concepts = _concepts(cdm, code_sets([analysis.cohort], reads_of(analysis)))

        def one(wanted: PersonRange) -> pa.Table:
            return answers(World(cdm, concepts, wanted), analysis)

        return pa.concat_tables(
            [answer_schema(analysis).empty_table(), *self._each_range(cdm, one)]
        )

    def _each_range(self, cdm: Cdm, work: Callable[[PersonRange], T]) -> list[T]:
        """What every range of persons gives, in order of person."""
        ranges = person_ranges(cdm, self.rows)
        if min(self.threads, len(ranges)) <= 1:
            return [work(wanted) for wanted in ranges]
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(work, ranges))


def _concepts(cdm: Cdm, sets: Iterable[CodeSet]) -> dict[CodeSet, Ints]:
    with DuckDB() as engine:
        cdm.attach(engine, wide=True)
        return resolve(engine, sets)
