"""HIPPS whole: from the records of a CDM to pregnancies that do not overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from transat.cohorts.episodes.hip import hip
from transat.cohorts.episodes.intervals import Ints, Mask, first_of, within
from transat.cohorts.episodes.match import Concluded, Matched, conclude, match
from transat.cohorts.episodes.parameters import LAST, OUTCOMES, HippsParameters
from transat.cohorts.episodes.progress import progress
from transat.cohorts.episodes.records import EVENT_TABLES, Ends, Records, forget, gather, read
from transat.cohorts.episodes.starts import (
    CLASSES,
    DATINGS,
    DEFAULT,
    Starts,
    precision_class,
    starts,
)
from transat.cohorts.spacing import accepted, separate_starts

if TYPE_CHECKING:
    from transat.engines.engine import Engine

_DELIVERY: Final = OUTCOMES.index("delivery")
_LIVE_BIRTH: Final = OUTCOMES.index("live_birth")


@dataclass(frozen=True, slots=True)
class Episodes:
    """Pregnancies in order of (person, end): (n,) each.

    category: place in OUTCOMES; row: of the outcome in Ends, -1 without one. dating: place in
    DATINGS; spread, precision: as in Starts. moved: start put behind the previous pregnancy.
    """

    person: Ints
    start: Ints
    end: Ints
    category: Ints
    row: Ints
    dating: Ints
    spread: Ints
    precision: Ints
    moved: Mask

    def take(self, index: Ints | Mask) -> Episodes:
        """The rows of `index`."""
        return Episodes(*(getattr(self, name)[index] for name in self.__slots__))


def find(engine: Engine, parameters: HippsParameters) -> tuple[pa.Table, int]:
    """The pregnancies of the CDM attached to `engine`, and how many starts were moved.

    Needs `infant_birth`. Columns as `cohorts.pregnancies.COLUMNS`; plurality is null.
    """
    tables, moved = [], 0
    for low, high in gather(engine, parameters):
        records = read(engine, low, high)
        found = _alive(engine, apart(infer(records, parameters), parameters), parameters)
        tables.append(_table(found, records.ends))
        moved += int(found.moved.sum())
    forget(engine)
    whole = pa.concat_tables(tables)
    numbers = pa.array(np.arange(1, whole.num_rows + 1))
    return whole.add_column(0, "episode_id", numbers), moved


def infer(records: Records, parameters: HippsParameters) -> Episodes:
    """The episodes of HIPPS, which may overlap."""
    by_outcome = hip(records, parameters)
    by_signs = progress(records.signs, records.ends, parameters)
    matched = match(by_outcome, by_signs)
    concluded = conclude(matched, by_outcome, by_signs, parameters)
    return _dated(matched, concluded, starts(matched, records.evidence, parameters), parameters)


def _dated(
    matched: Matched, concluded: Concluded, found: Starts, parameters: HippsParameters
) -> Episodes:
    """Believe a start when the gestation that it makes is one of the outcome."""
    category = concluded.category
    gestation = concluded.end - found.start
    low = np.where(category == LAST, 1, parameters.min_days[category])
    most = np.where(category == LAST, np.iinfo(np.int64).max, parameters.max_days[category])
    undated = (found.dating == DEFAULT) | (gestation < low) | (gestation > most)
    width = (parameters.max_days - parameters.min_days)[category]
    usual = parameters.undated_days[category]
    return _sorted(
        Episodes(
            matched.person,
            np.where(undated, concluded.end - usual, found.start),
            concluded.end,
            category,
            concluded.row,
            np.where(undated, DEFAULT, found.dating),
            np.where(undated, width, found.spread),
            np.where(undated, _error(category, parameters), found.precision),
            np.zeros(len(category), np.bool_),
        )
    )


def _error(category: Ints, parameters: HippsParameters) -> Ints:
    """Largest error of a start that nothing says."""
    usual = parameters.undated_days
    error: Ints = np.maximum(usual - parameters.min_days, parameters.max_days - usual)
    return error[category]


def apart(episodes: Episodes, parameters: HippsParameters) -> Episodes:
    """No two pregnancies of a woman at once.

    Two outcomes too close are one pregnancy, the one of higher priority. A start inside the
    previous pregnancy is moved behind it. A pregnancy without a known end that overlaps one with an
    outcome, or a later one without, is part of it. Published: overlaps stay, or all but one of the
    episodes that overlap each other are dropped.
    """
    ended = episodes.take(episodes.category != LAST)
    order = np.arange(len(ended.end))
    ended = ended.take(
        accepted(ended.person, ended.end, ended.category, order, parameters.spacing_matrix())
    )
    ended = _behind(ended, parameters)
    unknown = episodes.take(episodes.category == LAST)
    both = _sorted(_joined(ended, unknown.take(~_within(unknown, ended))))
    swallowed = np.zeros(len(both.end), np.bool_)
    same = both.person[1:] == both.person[:-1]
    swallowed[:-1] = same & (both.start[1:] <= both.end[:-1]) & (both.category[:-1] == LAST)
    return both.take(~swallowed)


def _behind(ended: Episodes, parameters: HippsParameters) -> Episodes:
    retry = parameters.retry_days[ended.category]
    start, moved = separate_starts(ended.person, ended.start, ended.end, retry)
    width = (parameters.max_days - parameters.min_days)[ended.category]
    error = _error(ended.category, parameters)
    return Episodes(
        ended.person,
        start,
        ended.end,
        ended.category,
        ended.row,
        np.where(moved, DEFAULT, ended.dating),
        np.where(moved, width, ended.spread),
        np.where(moved, error, ended.precision),
        moved,
    )


def _within(unknown: Episodes, ended: Episodes) -> Mask:
    """Which of `unknown` overlap one of `ended`."""
    longest = int((ended.end - ended.start).max(initial=0))
    one, other = within(
        unknown.person, unknown.start, unknown.end + longest, ended.person, ended.end
    )
    overlap = np.zeros(len(unknown.end), np.bool_)
    overlap[one[ended.start[other] <= unknown.end[one]]] = True
    return overlap


def _joined(one: Episodes, other: Episodes) -> Episodes:
    return Episodes(
        *(np.concatenate((getattr(one, n), getattr(other, n))) for n in Episodes.__slots__)
    )


def _sorted(one: Episodes) -> Episodes:
    """In order of (person, end); of the same end and outcome, the one known best."""
    order = np.lexsort(
        (one.row, one.start, one.spread, one.dating == DEFAULT, one.category, one.end, one.person)
    )
    ordered = one.take(order)
    return ordered.take(first_of(ordered.person, ordered.end, ordered.category))


def _alive(engine: Engine, found: Episodes, parameters: HippsParameters) -> Episodes:
    """A delivery near which a linked infant was born is a live birth."""
    births = engine.arrow("""
        SELECT DISTINCT mother_id, date_diff('day', DATE '1970-01-01', birth_date) AS day
        FROM infant_birth WHERE day_known ORDER BY ALL""")
    mother, day = (births[name].to_numpy().astype(np.int64) for name in ("mother_id", "day"))
    tolerance = parameters.tolerance_days
    rows = np.flatnonzero(found.category == _DELIVERY)
    hit, _ = within(
        found.person[rows], found.end[rows] - tolerance, found.end[rows] + tolerance, mother, day
    )
    category = found.category.copy()
    category[rows[hit]] = _LIVE_BIRTH
    return Episodes(
        found.person, found.start, found.end, category, found.row, found.dating, found.spread,
        found.precision, found.moved,
    )  # fmt: skip


def _table(found: Episodes, ends: Ends) -> pa.Table:
    known = found.row >= 0
    row = found.row[known]
    return pa.table(
        {
            "person_id": found.person,
            "start_date": _dates(found.start),
            "end_date": _dates(found.end),
            "outcome": _names(OUTCOMES, found.category),
            "gestation_days": (found.end - found.start).astype(np.int32),
            "dating": _names(DATINGS, found.dating),
            "precision_days": found.precision.astype(np.int32),
            "plurality": pa.nulls(len(known), pa.int32()),
            "visit_occurrence_id": _where(known, ends.visit[row], ends.visit[row] > 0),
            "event_table": pa.array(np.array(EVENT_TABLES)).take(
                _where(known, ends.event_table[row])
            ),
            "event_id": _where(known, ends.event[row]),
            "precision_class": _names(CLASSES, precision_class(found.spread)),
        }
    )


def _dates(days: Ints) -> pa.Array:
    return pa.array(days.astype(np.int32), pa.int32()).cast(pa.date32())


def _names(names: tuple[str, ...], place: Ints) -> pa.Array:
    return pa.array(np.array(names)[place], pa.string())


def _where(known: Mask, values: Ints, believed: Mask | None = None) -> pa.Array:
    """`values` where known, null elsewhere and where not believed."""
    spread = np.zeros(len(known), np.int64)
    spread[known] = values
    valid = known.copy()
    if believed is not None:
        valid[known] = believed
    return pa.array(spread, mask=~valid)
