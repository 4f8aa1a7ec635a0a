"""The columns that hold concept ids, numbered: one histogram serves all that is asked of them."""

from __future__ import annotations

from functools import cache

from transat.quality.dqd.catalogue import checks


@cache
def places() -> dict[tuple[str, str], int]:
    """Number of each (table, column) that points to the concept table or has a concept check."""
    found = (
        (c.table, c.field)
        for c in checks()
        if c.type.level == "CONCEPT"
        or (c.type.name == "isStandardValidConcept")
        or (c.type.name == "isForeignKey" and c.row["fkTableName"] == "CONCEPT")
    )
    return {column: number for number, column in enumerate(dict.fromkeys(found))}


def place_of(table: str, column: str) -> int:
    """The number of one of them. Raises KeyError."""
    return places()[table, column]
