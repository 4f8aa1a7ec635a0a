"""How many records of each kind there are month by month, and how many people could have had one.

A series is a domain, or a domain's records in one vocabulary. Months outside the days that the CDM
observes are left out, and so are its first and last when they are not whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from transat.quality.examined import Examined

Counts = NDArray[np.float64]

#: Tables, the column that dates their records, and the columns of what the record is.
DOMAINS: Final[Mapping[str, tuple[str, str, str]]] = {
    "visit_occurrence": ("visit_start_date", "visit_source_concept_id", "visit_concept_id"),
    "condition_occurrence": (
        "condition_start_date", "condition_source_concept_id", "condition_concept_id",
    ),
    "procedure_occurrence": (
        "procedure_date", "procedure_source_concept_id", "procedure_concept_id",
    ),
    "drug_exposure": ("drug_exposure_start_date", "drug_source_concept_id", "drug_concept_id"),
    "device_exposure": (
        "device_exposure_start_date", "device_source_concept_id", "device_concept_id",
    ),
    "measurement": (
        "measurement_date", "measurement_source_concept_id", "measurement_concept_id",
    ),
    "observation": (
        "observation_date", "observation_source_concept_id", "observation_concept_id",
    ),
}  # fmt: skip
COVER: Final = "payer_plan_period"


@dataclass(frozen=True, slots=True)
class Series:
    """Counts of one kind of record by month, and the people observed.

    vocabulary: empty for the whole domain. first: first day of the first month. counts, observed:
    (N,) records of the month, and people observed on its 15th.
    """

    domain: str
    vocabulary: str
    first: date
    counts: Counts
    observed: Counts

    def month(self, place: int) -> date:
        """First day of the month at `place`."""
        return month_of(index_of(self.first) + place)


def index_of(day: date) -> int:
    """Months since year 0."""
    return 12 * day.year + day.month - 1


def month_of(index: int) -> date:
    """First day of the month that `index_of` numbers so."""
    return date(index // 12, index % 12 + 1, 1)


def all_series(examined: Examined) -> tuple[Series, ...]:
    """Every series of the CDM; none when it observes less than one whole month."""
    bounds = _bounds(examined)
    if bounds is None:
        return ()
    first, last = bounds
    observed = _present(examined, "observation_period", "''", first, last).get(
        "", np.zeros(last - first + 1)
    )
    found = []
    for domain, (day, source, concept) in DOMAINS.items():
        if examined.rows(domain):
            counts = _counts(examined, domain, day, source, concept, first, last)
            found += [Series(domain, v, month_of(first), c, observed) for v, c in counts.items()]
    if examined.rows(COVER):
        plans = _present(
            examined, COVER, "coalesce(plan_source_value, payer_source_value, '')", first, last
        )
        found += [Series(COVER, v, month_of(first), c, observed) for v, c in plans.items()]
    return tuple(found)


def _bounds(examined: Examined) -> tuple[int, int] | None:
    rows = examined.engine.rows(
        "SELECT min(observation_period_start_date), max(observation_period_end_date + 1) "
        "FROM observation_period"
    )
    start, end = rows[0]
    if start is None or end is None:
        return None
    first = index_of(start) + (start.day > 1)
    last = index_of(end) - 1
    return (first, last) if last >= first else None


def _counts(
    examined: Examined, domain: str, day: str, source: str, concept: str, first: int, last: int
) -> dict[str, Counts]:
    rows = examined.engine.rows(f"""
        SELECT coalesce(c.vocabulary_id, w.vocabulary_id, '') AS vocabulary, r.month,
               CAST(sum(r.lines) AS BIGINT)
        FROM (SELECT {source} AS source, {concept} AS standard,
                     12 * year({day}) + month({day}) - 1 AS month, count(*) AS lines
              FROM {domain} WHERE {day} IS NOT NULL GROUP BY 1, 2, 3) AS r
        LEFT JOIN concept AS c ON c.concept_id = r.source AND r.source <> 0
        LEFT JOIN concept AS w ON w.concept_id = r.standard AND r.standard <> 0
        GROUP BY 1, 2 ORDER BY 1, 2""")
    whole = np.zeros(last - first + 1)
    found: dict[str, Counts] = {"": whole}
    for vocabulary, month, lines in rows:
        if first <= month <= last:
            whole[month - first] += lines
            if vocabulary:
                series = found.setdefault(vocabulary, np.zeros(last - first + 1))
                series[month - first] += lines
    return found if len(found) > 2 else {"": whole}


def _present(examined: Examined, table: str, name: str, first: int, last: int) -> dict[str, Counts]:
    """People whose period covers the 15th of each month, by `name`."""
    steps = examined.engine.rows(f"""
        SELECT name, month, CAST(sum(step) AS BIGINT) FROM (
            SELECT {name} AS name, 12 * year({table}_start_date) + month({table}_start_date) - 1
                   + CASE WHEN day({table}_start_date) > 15 THEN 1 ELSE 0 END AS month, 1 AS step
            FROM {table}
            UNION ALL
            SELECT {name}, 12 * year({table}_end_date) + month({table}_end_date) - 1
                   + CASE WHEN day({table}_end_date) >= 15 THEN 1 ELSE 0 END, -1 FROM {table})
            AS steps
        GROUP BY 1, 2 ORDER BY 1, 2""")
    found: dict[str, Counts] = {}
    for value, month, step in steps:
        series = found.setdefault(value, np.zeros(last - first + 1))
        if month <= last:
            series[max(month - first, 0)] += step
    return {value: np.cumsum(series) for value, series in found.items()}
