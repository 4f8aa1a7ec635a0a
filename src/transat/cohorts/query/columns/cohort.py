"""One definition on a range of persons: its periods, and how many events each step left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transat.cohorts.query.columns import collapse, keys
from transat.cohorts.query.columns.entries import limited
from transat.cohorts.query.columns.exits import censored, ends

if TYPE_CHECKING:
    from transat.cohorts.query.columns.keys import Ints
    from transat.cohorts.query.columns.world import World
    from transat.cohorts.query.model import Cohort


@dataclass(frozen=True, slots=True)
class Periods:
    """Keys of the first and last days, sorted; events and persons after each step."""

    start: Ints
    end: Ints
    steps: tuple[tuple[int, int], ...]


def steps(cohort: Cohort) -> list[tuple[str, int | None]]:
    """Kind and rule of each step of the attrition, in order (executor.ATTRITION_SCHEMA)."""
    qualified = [] if cohort.qualified is None else [("qualified", None)]
    rules = [("rule", n) for n in range(len(cohort.rules))]
    return [("entry", None), *qualified, *rules, ("limit", None), ("cohort", None)]


def periods(world: World, cohort: Cohort) -> Periods:
    """The periods of a cohort among the persons of `world`."""
    index = world.entered(cohort.entry)
    left = [(len(index), index.persons())]
    if cohort.qualified is not None:
        index = index.keep(world.holds(cohort.qualified, index))
        index = limited(index, cohort.qualified_limit)
        left.append((len(index), index.persons()))
    for rule in cohort.rules:
        index = index.keep(world.holds(rule.group, index))
        left.append((len(index), index.persons()))
    index = limited(index, cohort.limit)
    left.append((len(index), index.persons()))
    end = censored(world, index, ends(world, index, cohort.exit), cohort.censoring)
    ended = end < keys.LAST
    start, end = collapse.joined(index.key[ended], end[ended], cohort.gap)
    first = None if cohort.from_date is None else keys.day(cohort.from_date)
    last = None if cohort.to_date is None else keys.day(cohort.to_date)
    start, end = collapse.cut(start, end, first, last)
    left.append((len(start), keys.persons(start)))
    return Periods(start, end, tuple(left))
