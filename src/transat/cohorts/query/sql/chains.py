"""Spells of a person joined into periods: those of a cohort, and eras of exposure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transat.cohorts.query.sql.layout import plus

if TYPE_CHECKING:
    from transat.cohorts.query.sql.clauses import Clauses


def chained(spells: str, gap: int, clauses: Clauses) -> str:
    """The query of spells (person_id, start_date, end_date) joined over gaps.

    One joins those before it when it starts at most `gap` days after the last end of them. Spells
    of the same days may be taken in any order: the periods are the same.
    """
    order = "PARTITION BY person_id ORDER BY start_date, end_date"
    last = f"max(end_date) OVER ({order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    opened = clauses.add(
        "opened",
        "SELECT person_id, start_date, end_date,\n"
        f"    CASE WHEN {plus(last, gap)} >= start_date THEN 0 ELSE 1 END AS opens\n"
        f"FROM {spells}",
    )
    numbered = clauses.add(
        "chained",
        "SELECT person_id, start_date, end_date,\n"
        f"    sum(opens) OVER ({order}, opens DESC ROWS UNBOUNDED PRECEDING) AS period\n"
        f"FROM {opened}",
    )
    return (
        "SELECT person_id, min(start_date) AS start_date, max(end_date) AS end_date\n"
        f"FROM {numbered}\nGROUP BY person_id, period"
    )
