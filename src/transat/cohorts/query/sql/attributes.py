"""Attributes of an event as SQL expressions, and the joins that lead to what they name."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from transat.cohorts.query.domains import DOMAINS, PREGNANCY, REACHED, attributes
from transat.engines.cdm import SQL_TYPES
from transat.tables.omop import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from transat.cohorts.query.domains import Domain


@dataclass(slots=True)
class Told:
    """An event in a query: where it and the days of its edges are said.

    alias: of its relation, which has a `person_id`. start, end: SQL of its edges. own: SQL of its
    own attributes by name. joins: relations that the attributes asked for so far need, by table.
    """

    alias: str
    start: str
    end: str
    own: Mapping[str, str]
    joins: dict[str, str] = field(default_factory=dict)

    def of(self, attribute: str) -> str:
        """SQL of an attribute (domains.attributes); NULL for one that the event has not."""
        derived = self._derived(attribute)
        if derived is not None:
            return derived
        table, _, column = attribute.rpartition(".")
        if table and attribute not in self.own:
            return self._reached(table, column)
        return self.own.get(attribute) or _null(attribute)

    def _derived(self, attribute: str) -> str | None:
        if attribute == "start_date":
            return self.start
        if attribute == "end_date":
            return self.end
        if attribute == "duration":
            return f"({self.end} - {self.start})"
        if attribute.startswith("age_at_"):
            day = self.start if attribute == "age_at_start" else self.end
            return f"(year({day}) - {self._reached('person', 'year_of_birth')})"
        if attribute.startswith("ratio_to_") and attribute not in self.own:
            limit = self.of(attribute.removeprefix("ratio_to_"))
            return f"({self.of('value_as_number')} / nullif({limit}, 0))"
        return None

    def _reached(self, table: str, column: str) -> str:
        key = REACHED[table]
        leads = f"{self.alias}.person_id" if table == "person" else self.own.get(key)
        if leads is None:
            return _null(f"{table}.{column}")
        of_same = (
            f" AND {table}.person_id = {self.alias}.person_id"
            if table == "visit_occurrence"
            else ""
        )
        self.joins[table] = f"LEFT JOIN {table} ON {table}.{key} = {leads}{of_same}"
        return _as_day(f"{table}.{column}", _type(table, column))

    def joined(self) -> str:
        """The joins, each on its line."""
        return "".join(f"\n{join}" for _, join in sorted(self.joins.items()))


def own_attributes(domain: Domain, alias: str) -> dict[str, str]:
    """SQL of the columns of a domain's table, instants as days."""
    names = (name for name in attributes(domain.table) if "." not in name)
    types = _types(domain.table)
    return {n: _as_day(f"{alias}.{n}", types[n]) for n in names if n in types}


def day_of(domain: Domain, column: str, alias: str = "e") -> str:
    """SQL of a date of a domain's table; eras have instants in OMOP 5.4."""
    return _as_day(f"{alias}.{column}", _types(domain.table)[column])


def column_of(attribute: str) -> str:
    """The name of the column that carries an attribute of an event."""
    return "of_" + attribute.replace(".", "_")


def carried(alias: str, names: Iterable[str]) -> dict[str, str]:
    """SQL of attributes that a relation carries under `column_of`."""
    return {name: f"{alias}.{column_of(name)}" for name in names}


def pregnancies(source: str | None, present: Iterable[str]) -> str:
    """The query of the extension `pregnancy`: columns that `source` lacks are null.

    source: a relation; None for a CDM that has none. present: its columns.
    """
    names = {name.lower() for name in present}
    columns = (
        f"CAST({name if name in names else 'NULL'} AS {sql_type}) AS {name}"
        for name, sql_type in _types("pregnancy").items()
    )
    return f"SELECT {', '.join(columns)}" + (f" FROM {source}" if source else " WHERE false")


def _as_day(column: str, sql_type: str) -> str:
    return f"CAST({column} AS DATE)" if sql_type == "TIMESTAMP" else column


@cache
def _types(table: str) -> Mapping[str, str]:
    declared = (
        PREGNANCY if table == "pregnancy" else {c.name: c.type for c in tables()[table].columns}
    )
    return {name: SQL_TYPES[kind] for name, kind in declared.items()}


def _type(table: str, column: str) -> str:
    return _types(table)[column]


def _null(attribute: str) -> str:
    """NULL of the type that the attribute has where it is known."""
    table, _, column = attribute.rpartition(".")
    known = [_types(table)] if table else [_types(d.table) for d in DOMAINS.values()]
    found = next((types[column] for types in known if column in types), "DOUBLE")
    return f"CAST(NULL AS {'DATE' if found == 'TIMESTAMP' else found})"
