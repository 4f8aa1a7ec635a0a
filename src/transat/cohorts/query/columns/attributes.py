"""What filters ask of an event: its own columns, those of rows it leads to, what dates give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from transat.cohorts.query.columns import keys
from transat.cohorts.query.columns.values import Kind, Values
from transat.cohorts.query.domains import DERIVED, REACHED

if TYPE_CHECKING:
    from transat.cohorts.query.columns.keys import Ints
    from transat.cohorts.query.columns.world import World


class Dated(Protocol):
    """Events or entry events: dates, and columns of their tables."""

    @property
    def key(self) -> Ints: ...

    @property
    def end(self) -> Ints: ...

    def column(self, name: str, kind: Kind) -> Values:
        """A column of the events' own tables."""


def attribute(world: World, events: Dated, name: str, kind: Kind) -> Values:
    """The attribute `name` (`domains.attributes`) of each event, read as `kind`."""
    if name in DERIVED:
        return _derived(world, events, name)
    table, _, column = name.rpartition(".")
    if not table:
        return events.column(name, kind)
    if table == "person":
        return world.person(column, kind).take(keys.person(events.key))
    leads = events.column(REACHED[table], "integer")
    found = world.lookup(table).column(column, kind, leads)
    if table != "visit_occurrence":
        return found
    whose = world.lookup(table).column("person_id", "integer", leads)
    own = whose.values == world.people.ids[keys.person(events.key)]
    return Values(found.values, own & ~whose.missing & ~found.missing, found.words)


def _derived(world: World, events: Dated, name: str) -> Values:
    if name == "start_date":
        return _day(events.key)
    if name == "end_date":
        return _day(events.end)
    if name == "duration":
        both = keys.known(events.key) & keys.known(events.end)
        return Values(events.end - events.key, both)
    if name.startswith("age_at_"):
        return _age(world, events.key if name == "age_at_start" else events.end)
    bound = name.removeprefix("ratio_to_")
    return _ratio(events.column("value_as_number", "number"), events.column(bound, "number"))


def _day(key: Ints) -> Values:
    return Values(keys.days(key), keys.known(key))


def _age(world: World, key: Ints) -> Values:
    """The calendar year less the year of birth."""
    born = world.person("year_of_birth", "integer").take(keys.person(key))
    known = keys.known(key) & ~born.missing
    since = np.where(known, keys.days(key) - keys.EPOCH, 0).astype("datetime64[D]")
    year = since.astype("datetime64[Y]").astype(np.int64) + 1970
    return Values(year - born.values, known)


def _ratio(value: Values, bound: Values) -> Values:
    """A value over a bound of its range; unknown over a bound of 0."""
    known = ~value.missing & ~bound.missing & (bound.values != 0)
    ratio = np.divide(
        value.values, bound.values, out=np.zeros(len(known)), where=known, casting="unsafe"
    )
    return Values(ratio, known)
