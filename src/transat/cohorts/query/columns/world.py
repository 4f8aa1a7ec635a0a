"""A range of persons of a CDM, and what is computed of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from transat.cohorts.query.columns import entries, exits, groups, reads
from transat.cohorts.query.columns.domain_rows import DomainRows
from transat.cohorts.query.columns.files import PersonRange, TableFile
from transat.cohorts.query.columns.lookups import Lookup
from transat.cohorts.query.columns.people import People
from transat.cohorts.query.columns.periods import Periods
from transat.cohorts.query.columns.values import Kind, Values
from transat.cohorts.query.domains import DOMAINS

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from transat.cohorts.query.columns.events import Events
    from transat.cohorts.query.columns.index import Index
    from transat.cohorts.query.columns.keys import Ints, Mask, Rows
    from transat.cohorts.query.model import CodeSet, Entry, Group, Persistence, Read
    from transat.engines.cdm import Cdm


class World:
    """What a range of persons did, read when asked for.

    concepts: the concept ids of every code set, ascending. kept: what is asked for more than once,
    and therefore kept once it is found; all else would only fill the memory.
    """

    def __init__(
        self,
        cdm: Cdm,
        concepts: Mapping[CodeSet, Ints],
        wanted: PersonRange,
        kept: Container[Read | Entry] = (),
    ) -> None:
        self.concepts = concepts
        self._kept = kept
        self.people = People(wanted.ids)
        self._cdm = cdm
        self._wanted = wanted
        self._files: dict[str, TableFile] = {}
        self._domains: dict[str, DomainRows] = {}
        self._events: dict[Read, Events] = {}
        self._entries: dict[Entry, Index] = {}
        self._eras: dict[Persistence, tuple[Ints, Ints]] = {}
        self._lookups: dict[str, Lookup] = {}
        self._persons: dict[tuple[str, Kind], Values] = {}

    @cached_property
    def periods(self) -> Periods:
        """Their observation periods."""
        rows = self.domain("observation_period")
        return Periods(rows.key, rows.end)

    def file(self, table: str) -> TableFile:
        """The file of a table."""
        if table not in self._files:
            self._files[table] = TableFile(self._cdm.path_of(table))
        return self._files[table]

    def domain(self, name: str) -> DomainRows:
        """The rows of a domain."""
        if name not in self._domains:
            domain = DOMAINS[name]
            self._domains[name] = DomainRows(
                domain, self.file(domain.table), self.people, self._wanted
            )
        return self._domains[name]

    def coded(self, domain: DomainRows, column: str | None, codes: CodeSet) -> Rows:
        """The rows whose `column` holds a concept of the set; none when there is no such column."""
        if column is None:
            return domain.every[:0]
        return domain.postings(column).rows(self.concepts[codes])

    def events(self, read: Read) -> Events:
        """The events of a Read."""
        found = self._events.get(read)
        if found is None:
            found = reads.found(self, read)
            if read in self._kept:
                self._events[read] = found
        return found

    def entered(self, entry: Entry) -> Index:
        """The entry events of a cohort."""
        found = self._entries.get(entry)
        if found is None:
            found = entries.entered(self, entry)
            if entry in self._kept:
                self._entries[entry] = found
        return found

    def eras(self, way_out: Persistence) -> tuple[Ints, Ints]:
        """First and last days of the eras of exposure that end a period."""
        found = self._eras.get(way_out)
        if found is None:
            found = self._eras[way_out] = exits.eras(self, way_out)
        return found

    def holds(self, group: Group, index: Index) -> Mask:
        """Which of the index events satisfy the group."""
        return groups.holds(self, group, index)

    def lookup(self, table: str) -> Lookup:
        """A table that events lead to, by its id."""
        if table not in self._lookups:
            self._lookups[table] = Lookup(self.file(table), f"{table}_id", self._wanted)
        return self._lookups[table]

    def person(self, column: str, kind: Kind) -> Values:
        """A column of PERSON, by the person's position."""
        found = self._persons.get((column, kind))
        if found is None:
            found = self.lookup("person").column(column, kind, Values(self.people.ids))
            self._persons[column, kind] = found
        return found
