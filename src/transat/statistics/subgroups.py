"""One metric for everybody and for each group: sex, age band, country, and their combinations.

Question
    Is the model as good, and as well calibrated, in women as in men, in the old, on either shore?

Formula
    The people of a `risk_histogram` are split by its 0/1 columns and by site; the metric is
    computed from the rows of each group alone. Groups are: everybody, each value of each column,
    each combination of all columns; each over all sites and at every site.

What is shown
    A group with fewer than `least` people, people with the event by the horizon, or without it, is
    named and masked: neither its metric nor its counts are given. Counts of the others are rounded
    up to tens, so that a masked group is not had by subtraction. A metric that does not exist in a
    group (StudyError) is named with its reason.

References
    Collins GS et al. (2024) BMJ 385:e078378, doi:10.1136/bmj-2023-078378 (TRIPOD+AI, fairness).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Generic, TypeVar

from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.statistics.risk_histogram import Result
from transat.statistics.scored_rows import ScoredRows

T = TypeVar("T")

_FEW = Text("Effectif trop petit.", "Too few people.")


@dataclass(frozen=True, slots=True)
class Group(Generic[T]):
    """site: its name, empty for all together. values: of the columns that tell the group apart.
    metric: None where masked or without meaning there, and then `why`. persons, events: rounded up
    to tens; 0 where masked."""

    site: str
    values: tuple[tuple[str, int], ...]
    metric: T | None
    persons: int
    events: int
    why: Text | None


def by_group(
    told: Result,
    sites: Sequence[str],
    horizon: float,
    metric: Callable[[ScoredRows], T],
    event: int = 1,
    least: int = 11,
) -> tuple[Group[T], ...]:
    """The metric for each group over all sites, then at each where there are several.

    sites: their names, in the order of the releases. metric: of rows, such as
    `partial(time_auc, horizon=60)`.

    Where the horizon is no edge that every site kept, no group has a metric, and each says so.

    Raises ValueError where there are not as many names as sites.
    """
    if len(sites) != len(told.sites):
        raise ValueError("sites: one name each")

    def at_edge(rows: ScoredRows) -> T:
        told.told(horizon)
        return metric(rows)

    found = []
    for at, site in ((None, ""), *(enumerate(sites) if len(sites) > 1 else ())):
        for values in _groups(told.by):
            rows = told.rows(at, **dict(values))
            found.append(_group(site, values, rows, horizon, at_edge, event, least))
    return tuple(found)


def _groups(by: tuple[str, ...]) -> Iterator[tuple[tuple[str, int], ...]]:
    yield ()
    for name in by:
        yield ((name, 1),)
        yield ((name, 0),)
    if len(by) > 1:
        for values in product((1, 0), repeat=len(by)):
            yield tuple(zip(by, values, strict=True))


def _group(
    site: str,
    values: tuple[tuple[str, int], ...],
    rows: ScoredRows,
    horizon: float,
    metric: Callable[[ScoredRows], T],
    event: int,
    least: int,
) -> Group[T]:
    events = int(((rows.event == event) & (rows.time <= horizon)).sum())
    if min(rows.n, events, rows.n - events) < least:
        return Group(site, values, None, 0, 0, _FEW)
    persons, shown = -(-rows.n // 10) * 10, -(-events // 10) * 10
    try:
        return Group(site, values, metric(rows), persons, shown, None)
    except StudyError as error:
        return Group(site, values, None, persons, shown, error.what)
