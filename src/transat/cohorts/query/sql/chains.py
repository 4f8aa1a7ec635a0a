"""Spells of a person joined into periods: those of a cohort, and eras of exposure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transat.cohorts.query.sql.layout import plus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transat.cohorts.query.sql.clauses import Clauses


def chained(spells: str, gap: int, clauses: Clauses, keys: Sequence[str] = ("person_id",)) -> str:
    """The query of spells (keys, start_date, end_date) joined over gaps.

    One joins those of the same keys before it when it starts at most `gap` days after the last end
    of them. Spells of the same days may be taken in any order: the periods are the same.
    """
    key = ", ".join(keys)
    order = f"PARTITION BY {key} ORDER BY start_date, end_date"
    before = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    last = f"max(end_date) OVER (\n            {order}\n            {before}\n        )"
    opened = clauses.add(
        "opened",
        f"SELECT {key}, start_date, end_date,\n"
        f"    CASE\n        WHEN {plus(last, gap)} >= start_date THEN 0\n        ELSE 1\n"
        f"    END AS opens\nFROM {spells}",
    )
    numbered = clauses.add(
        "chained",
        f"SELECT {key}, start_date, end_date,\n    sum(opens) OVER (\n        {order}, opens DESC\n"
        "        ROWS UNBOUNDED PRECEDING\n    ) AS period\n"
        f"FROM {opened}",
    )
    return (
        f"SELECT {key}, min(start_date) AS start_date, max(end_date) AS end_date\n"
        f"FROM {numbered}\nGROUP BY {key}, period"
    )
